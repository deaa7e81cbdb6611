//! A source that is a directory: OpenLDAP, Active Directory, and others that speak LDAP.

mod connection;
mod dn;
mod entry;
mod filter;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use self::connection::{Budget, Connection, Door, Search};
use self::dn::Dn;
use self::entry::Entry;
pub use self::filter::{GroupFilter, UserFilter};
use crate::attributes::idle::{Idle, Opened};
use crate::attributes::secret::{SecretName, Secrets};
use crate::attributes::source::{Answer, GivenAttribute, LoadFailure, Said, SourceSettings};
use crate::attributes::tls::{TlsClient, TlsSettings};
use crate::attributes::user_name::{SourceUser, UserNames};
use crate::model::name::Name;

/// A filter that finds more entries for one name finds too many.
const MOST_ENTRIES: usize = 16;

/// The most groups of one user.
const MOST_GROUPS: usize = 5_000;

/// Groups within groups are followed that deep.
const DEEPEST: usize = 32;

/// So many groups are asked about in one search.
const GROUPS_AT_ONCE: usize = 100;

/// How a directory is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LdapSettings {
    /// Where.
    pub url: LdapUrl,
    /// How what is said is protected on its way.
    pub encryption: Encryption,
    /// TLS.
    pub tls: TlsSettings,
    /// The distinguished name of the account that Meshward logs in with.
    pub bind: String,
    /// Its password.
    pub password: SecretName,
    /// Below this the users are.
    pub base: Base,
    /// Which of the entries there is the user's.
    pub filter: UserFilter,
    /// How groups are found.
    pub groups: Option<GroupSearch>,
    /// What becomes of parts of the directory that another server has. They are never followed.
    pub referrals: Referrals,
}

/// How what is said to a directory is protected on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encryption {
    /// TLS from the beginning: `ldaps://`.
    Tls,
    /// TLS on a connection that began without: `ldap://` and StartTLS.
    StartTls,
    /// Not at all.
    None,
}

/// What becomes of parts of the directory that another server has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Referrals {
    /// An answer that leaves one out is no answer.
    #[default]
    Fail,
    /// They are as if they were not there.
    Ignore,
}

/// How the groups of a user are found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GroupSearch {
    /// An attribute of the user's entry names them: `memberOf`.
    Attribute {
        /// The attribute.
        attribute: String,
        /// Groups elsewhere do not count.
        base: Base,
    },
    /// They are searched for.
    Search {
        /// Below this they are.
        base: Base,
        /// Which of the entries there are the user's groups.
        filter: GroupFilter,
        /// Whether the groups that a group is in are the user's too, and are searched for in the same way.
        nested: bool,
    },
}

/// `ldap://host:port` or `ldaps://host:port`, and nothing behind it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LdapUrl(String);

/// The distinguished name of the root of a part of a directory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Base {
    text: String,
    dn: Dn,
}

impl LdapUrl {
    /// Takes a URL; says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("this is not a URL: {error}"))?;
        if !matches!(url.scheme(), "ldap" | "ldaps") || url.host_str().is_none_or(str::is_empty) {
            return Err(
                "a directory's URL is ldap://host or ldaps://host, with a port where it is another one".to_owned()
            );
        }
        let more = url.path().len() > 1 || url.query().is_some() || url.fragment().is_some();
        if more || !url.username().is_empty() || url.password().is_some() {
            return Err("bind, base and filter stand in fields of their own, and not in the URL".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether it asks for TLS from the beginning.
    pub fn is_ldaps(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| url.scheme() == "ldaps")
    }
}

impl Base {
    /// Reads a distinguished name; `None` for what is none, and for the root of all.
    pub fn new(text: &str) -> Option<Self> {
        Some(Self { text: text.to_owned(), dn: Dn::parse(text)? })
    }
}

/// A directory.
pub struct Ldap {
    settings: LdapSettings,
    attributes: BTreeMap<Name, GivenAttribute>,
    /// The attribute that has a group's name.
    group_name: Option<String>,
    user_names: UserNames,
    timeout: Duration,
    secrets: Secrets,
    tls: TlsClient,
    idle: Idle<Connection>,
}

impl std::fmt::Debug for Ldap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ldap").field("url", &self.settings.url).finish_non_exhaustive()
    }
}

impl Ldap {
    /// Asks as the settings say.
    pub fn new(source: &SourceSettings, settings: &LdapSettings, secrets: Secrets) -> Self {
        Self {
            settings: settings.clone(),
            attributes: source.gives.clone(),
            group_name: source.groups.clone(),
            user_names: source.user_names.clone(),
            timeout: source.limits.timeout,
            secrets,
            tls: TlsClient::default(),
            idle: Idle::new(usize::from(source.limits.concurrency)),
        }
    }

    /// Asks for one user.
    pub async fn load(&self, user: &SourceUser) -> Result<Answer, LoadFailure> {
        while let Some(mut opened) = self.idle.take() {
            if !opened.connection.is_open() {
                continue;
            }
            match self.ask(&mut opened.connection, user).await {
                // The directory closed a connection that lay unused: that says nothing of a new one.
                Err(LoadFailure::Unreachable(_)) => {}
                Err(failure) => return Err(failure),
                Ok(answer) => {
                    self.idle.put(opened);
                    return Ok(answer);
                }
            }
        }
        let mut opened = Opened::now(self.connect().await?);
        let answer = self.ask(&mut opened.connection, user).await?;
        self.idle.put(opened);
        Ok(answer)
    }

    async fn connect(&self) -> Result<Connection, LoadFailure> {
        let settings = &self.settings;
        let password = self.secrets.read(&settings.password).await?;
        // FAIL-CLOSED: a login with a name and no password succeeds as nobody (RFC 4513), and nobody may see nothing.
        if password.expose().is_empty() {
            return Err(LoadFailure::Credentials(format!("the secret `{}` is empty", settings.password)));
        }
        let tls = match settings.encryption {
            Encryption::None => None,
            Encryption::Tls | Encryption::StartTls => Some(self.tls.get(&settings.tls, &self.secrets).await?),
        };
        let mut connection = Connection::open(Door {
            url: &settings.url.0,
            tls,
            start_tls: settings.encryption == Encryption::StartTls,
            bind: &settings.bind,
            password: &password,
            timeout: self.timeout,
        })
        .await?;
        if matches!(&settings.groups, Some(GroupSearch::Search { filter, .. }) if filter.is_in_chain()) {
            connection.must_know_in_chain().await?;
        }
        Ok(connection)
    }

    async fn ask(&self, connection: &mut Connection, user: &SourceUser) -> Result<Answer, LoadFailure> {
        let mut budget = Budget::default();
        let Some(entry) = self.entry(connection, user, &mut budget).await? else { return Ok(Answer::NotFound) };
        let mut said = Said::default();
        for (name, given) in &self.attributes {
            if let Some(values) = entry.typed(&given.from, given.value_type)? {
                said.attributes.insert(name.clone(), values);
            }
        }
        if let (Some(groups), Some(name)) = (&self.settings.groups, &self.group_name) {
            said.groups = match groups {
                GroupSearch::Attribute { attribute, base } => named_groups(&entry, attribute, base, name)?,
                GroupSearch::Search { base, filter, nested } => {
                    let search = Walk { base, filter, nested: *nested, name, user };
                    self.walk(connection, &search, &entry.dn, &mut budget).await?
                }
            };
        }
        Ok(Answer::Found(said))
    }

    /// The user's own entry.
    // FAIL-CLOSED: a directory compares without regard to case and spaces, and Trino's users differ by both. An entry counts when it
    // has the very name, as the source's `user_names` reads it; two such entries are two people, and neither is the user.
    async fn entry(
        &self,
        connection: &mut Connection,
        user: &SourceUser,
        budget: &mut Budget,
    ) -> Result<Option<Entry>, LoadFailure> {
        let filter = self.settings.filter.of(user.as_str());
        let named_by = self.settings.filter.attribute();
        let mut attributes: Vec<&str> = self.attributes.values().map(|given| given.from.as_str()).collect();
        attributes.push(named_by);
        if let Some(GroupSearch::Attribute { attribute, .. }) = &self.settings.groups {
            attributes.push(attribute);
        }
        let search = Search {
            base: &self.settings.base.text,
            filter: &filter,
            attributes,
            most: MOST_ENTRIES,
            whole: self.settings.referrals == Referrals::Fail,
        };
        let mut own = None;
        for entry in connection.search(&search, budget).await? {
            let names = entry.texts(named_by)?.unwrap_or_default();
            let named = names.iter().filter_map(|name| self.settings.filter.named_by(name));
            if named.into_iter().any(|name| self.user_names.is_name_of(name, user)) && own.replace(entry).is_some() {
                return Err(LoadFailure::Garbage("more than one entry has the user's name".to_owned()));
            }
        }
        Ok(own)
    }

    /// The groups of a user, and the groups that these are in.
    async fn walk(
        &self,
        connection: &mut Connection,
        walk: &Walk<'_>,
        dn: &str,
        budget: &mut Budget,
    ) -> Result<BTreeSet<Arc<str>>, LoadFailure> {
        let mut groups = BTreeSet::new();
        // Groups in a circle are met once.
        let mut met = BTreeSet::new();
        let mut members = vec![dn.to_owned()];
        for _ in 0..DEEPEST {
            let mut found = Vec::new();
            for some in members.chunks(GROUPS_AT_ONCE) {
                let filter = walk.filter.of(some, walk.user.as_str());
                let search = Search {
                    base: &walk.base.text,
                    filter: &filter,
                    attributes: vec![walk.name],
                    most: MOST_GROUPS,
                    whole: self.settings.referrals == Referrals::Fail,
                };
                found.append(&mut connection.search(&search, budget).await?);
            }
            members.clear();
            for group in found {
                let dn = Dn::parse(&group.dn).ok_or_else(|| LoadFailure::Garbage("a group has no name".to_owned()))?;
                if met.insert(dn) {
                    groups.insert(group_name(&group, walk.name)?);
                    members.push(group.dn);
                }
            }
            if met.len() > MOST_GROUPS {
                return Err(LoadFailure::TooLarge);
            }
            if members.is_empty() || !walk.nested {
                return Ok(groups);
            }
        }
        Err(LoadFailure::Garbage(format!("groups lie within groups more than {DEEPEST} deep")))
    }
}

/// How groups are walked.
#[derive(Debug)]
struct Walk<'a> {
    base: &'a Base,
    filter: &'a GroupFilter,
    nested: bool,
    name: &'a str,
    user: &'a SourceUser,
}

// FAIL-CLOSED: a group whose name is not known is a group that a rule may name.
fn group_name(group: &Entry, attribute: &str) -> Result<Arc<str>, LoadFailure> {
    match group.texts(attribute)?.as_deref() {
        Some([name]) => Ok(Arc::from(name.as_str())),
        Some(_) => Err(LoadFailure::Garbage(format!("a group has more than one `{attribute}`"))),
        None => Err(LoadFailure::Garbage(format!("a group has no `{attribute}`"))),
    }
}

/// The groups that an attribute of the user's entry names by their distinguished names.
fn named_groups(entry: &Entry, attribute: &str, base: &Base, name: &str) -> Result<BTreeSet<Arc<str>>, LoadFailure> {
    let mut groups = BTreeSet::new();
    for text in entry.texts(attribute)?.unwrap_or_default() {
        let dn = Dn::parse(&text);
        let dn = dn.ok_or_else(|| LoadFailure::Garbage(format!("`{attribute}` has a value that names no entry")))?;
        if dn.is_within(&base.dn) {
            let own = dn::own_value(&text, name);
            let own =
                own.ok_or_else(|| LoadFailure::Garbage(format!("a group's name does not begin with `{name}=`")))?;
            groups.insert(Arc::from(own));
        }
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_server_and_nothing_else() {
        for good in ["ldap://localhost", "ldaps://dc1.corp.example:3269", "ldap://127.0.0.1:389/"] {
            assert!(LdapUrl::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "dc1",
            "http://dc1",
            "ldapi:///",
            "ldap://",
            "ldap://dc1/dc=corp",
            "ldap://cn=x:secret@dc1",
            "ldap://dc1?x",
        ] {
            assert!(LdapUrl::new(bad).is_err(), "{bad}");
        }
        assert!(LdapUrl::new("LDAPS://dc1").unwrap().is_ldaps());
    }
}
