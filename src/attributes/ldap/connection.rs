//! One connection to a directory: opened, logged in, and asked.

use std::sync::Arc;
use std::time::Duration;

use ldap3::adapters::{Adapter, PagedResults};
use ldap3::{LdapConnAsync, LdapConnSettings, LdapError, Scope, SearchOptions};
use rustls::ClientConfig;
use tokio::task::JoinHandle;

use crate::attributes::ldap::entry::Entry;
use crate::attributes::secret::Secret;
use crate::attributes::source::LoadFailure;

/// So many entries are asked for at once; Active Directory gives no more than 1,000.
const PAGE: i32 = 500;

/// The largest answer to one question about a user, all searches together.
const LARGEST_ANSWER: usize = 1024 * 1024;

/// What says, in the root of a directory, that it is Active Directory, or Active Directory Lightweight Directory Services.
const ACTIVE_DIRECTORY: &[&str] = &["1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1851"];

/// How a connection is opened.
#[derive(Debug)]
pub(super) struct Door<'a> {
    pub(super) url: &'a str,
    /// TLS; `None`: none.
    pub(super) tls: Option<Arc<ClientConfig>>,
    /// TLS begins on a connection that is open already.
    pub(super) start_tls: bool,
    pub(super) bind: &'a str,
    pub(super) password: &'a Secret,
    /// How long the directory may work on one search.
    pub(super) timeout: Duration,
}

/// A connection that is logged in.
pub(super) struct Connection {
    ldap: ldap3::Ldap,
    driver: JoinHandle<()>,
    timelimit: i32,
}

/// What is looked for.
#[derive(Debug)]
pub(super) struct Search<'a> {
    pub(super) base: &'a str,
    pub(super) filter: &'a str,
    pub(super) attributes: Vec<&'a str>,
    /// With more entries the answer is too large.
    pub(super) most: usize,
    /// Whether a part of the directory that another server has is a failure, or as if it were not there.
    pub(super) whole: bool,
}

/// How much may still be read.
#[derive(Debug)]
pub(super) struct Budget(usize);

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Drop for Connection {
    // Closes the socket at once, whatever the directory is still saying.
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self(LARGEST_ANSWER)
    }
}

impl Budget {
    fn spend(&mut self, bytes: usize) -> Result<(), LoadFailure> {
        self.0 = self.0.checked_sub(bytes).ok_or(LoadFailure::TooLarge)?;
        Ok(())
    }
}

impl Connection {
    /// Opens a connection and logs in.
    pub(super) async fn open(door: Door<'_>) -> Result<Self, LoadFailure> {
        let mut settings = LdapConnSettings::new();
        if let Some(tls) = door.tls {
            settings = settings.set_config(tls).set_starttls(door.start_tls);
        }
        let (conversation, ldap) = LdapConnAsync::with_settings(settings, door.url).await.map_err(failure)?;
        let driver = tokio::spawn(async move {
            // Whoever waits for an answer learns of the end by not getting one.
            let _ended = conversation.drive().await;
        });
        let timelimit = i32::try_from(door.timeout.as_secs()).unwrap_or(i32::MAX).max(1);
        let mut connection = Self { ldap, driver, timelimit };
        let bound = connection.ldap.simple_bind(door.bind, door.password.expose()).await.map_err(failure)?;
        const INVALID_CREDENTIALS: u32 = 49;
        if bound.rc == INVALID_CREDENTIALS {
            return Err(LoadFailure::Credentials(
                "the login ended with result code 49 (invalidCredentials)".to_owned(),
            ));
        }
        succeeded("the login", bound.rc)?;
        Ok(connection)
    }

    /// Whether it is of use still, as far as is known.
    pub(super) fn is_open(&mut self) -> bool {
        !self.ldap.is_closed() && !self.driver.is_finished()
    }

    /// Searches a subtree, page by page.
    // FAIL-CLOSED: entries count only when the directory says at the end that these were all.
    pub(super) async fn search(&mut self, search: &Search<'_>, budget: &mut Budget) -> Result<Vec<Entry>, LoadFailure> {
        let pages: Vec<Box<dyn Adapter<'_, _, _>>> = vec![Box::new(PagedResults::new(PAGE))];
        let mut answer = self
            .ldap
            .with_search_options(SearchOptions::new().timelimit(self.timelimit))
            .streaming_search_with(pages, search.base, Scope::Subtree, search.filter, search.attributes.clone())
            .await
            .map_err(failure)?;
        let mut entries = Vec::new();
        while let Some(item) = answer.next().await.map_err(failure)? {
            if item.is_ref() {
                if search.whole {
                    return Err(LoadFailure::Refused("it refers to another server for a part of the base".to_owned()));
                }
            } else if !item.is_intermediate() {
                if entries.len() == search.most {
                    return Err(LoadFailure::TooLarge);
                }
                let entry = Entry::read(item.0)?;
                budget.spend(entry.bytes())?;
                entries.push(entry);
            }
        }
        succeeded("a search", answer.finish().await.rc)?;
        Ok(entries)
    }

    /// Refuses a directory that does not know the in-chain rule.
    // FAIL-CLOSED: a filter with a rule that is not known is neither true nor false (RFC 4511), and finds nothing: the user would have
    // no groups.
    pub(super) async fn must_know_in_chain(&mut self) -> Result<(), LoadFailure> {
        const CAPABILITIES: &str = "supportedCapabilities";
        let options = SearchOptions::new().timelimit(self.timelimit);
        let answer = self.ldap.with_search_options(options).search("", Scope::Base, "(objectClass=*)", [CAPABILITIES]);
        let answer = answer.await.map_err(failure)?;
        succeeded("the search of its root", answer.1.rc)?;
        let mut known = Vec::new();
        for item in answer.0 {
            known.extend(Entry::read(item.0)?.texts(CAPABILITIES)?.unwrap_or_default());
        }
        let knows = known.iter().any(|known| ACTIVE_DIRECTORY.contains(&known.as_str()));
        knows.then_some(()).ok_or_else(|| {
            LoadFailure::Refused("it does not know the in-chain rule; use `nested: true` instead".to_owned())
        })
    }
}

/// Result codes of RFC 4511. Nothing but success is an answer.
fn succeeded(what: &str, code: u32) -> Result<(), LoadFailure> {
    let word = match code {
        0 => return Ok(()),
        3 => return Err(LoadFailure::Timeout),
        4 | 11 => return Err(LoadFailure::TooLarge),
        8 => "strongerAuthRequired",
        10 => "referral",
        13 => "confidentialityRequired",
        32 => "noSuchObject",
        34 => "invalidDNSyntax",
        50 => "insufficientAccessRights",
        51 => "busy",
        52 => "unavailable",
        53 => "unwillingToPerform",
        _ => "see RFC 4511",
    };
    Err(LoadFailure::Refused(format!("{what} ended with result code {code} ({word})")))
}

// What a directory says in words may have a user's name in it, and is not passed on.
fn failure(error: LdapError) -> LoadFailure {
    match error {
        LdapError::LdapResult { result } => match succeeded("StartTLS", result.rc) {
            Err(failure) => failure,
            Ok(()) => LoadFailure::Broken,
        },
        LdapError::Timeout { .. } => LoadFailure::Timeout,
        LdapError::FilterParsing => LoadFailure::UserName,
        LdapError::Io { source } => LoadFailure::Unreachable(source.to_string()),
        LdapError::Rustls { source } => LoadFailure::Unreachable(source.to_string()),
        LdapError::DNSName { .. } => LoadFailure::Unreachable("its name cannot be in a certificate".to_owned()),
        LdapError::OpSend { .. } | LdapError::ResultRecv { .. } | LdapError::EndOfStream => {
            LoadFailure::Unreachable("the connection ended".to_owned())
        }
        _ => LoadFailure::Garbage("it does not speak LDAP as it should".to_owned()),
    }
}
