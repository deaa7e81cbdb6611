//! A source that speaks HTTP and answers in JSON.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT, HeaderName, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, StatusCode, redirect};
use tokio::sync::Mutex;
use url::Url;

use crate::attributes::json;
use crate::attributes::secret::{SecretName, Secrets};
use crate::attributes::source::{Answer, LoadFailure, SourceSettings};
use crate::attributes::tls::{TlsMaterial, TlsSettings};
use crate::attributes::user_name::SourceUser;
use crate::model::name::Name;

/// The largest answer that is read. What one user has is some lines; what is larger is a mistake or an attack.
const LARGEST_ANSWER: usize = 1024 * 1024;

/// What stands for the user's name in a URL.
const USER: &str = "{user}";

/// What stands for it while a URL is looked at.
const ANYBODY: &str = "0anybody0";

/// Everything but what RFC 3986 calls unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How an HTTP source is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HttpSettings {
    /// Where.
    pub url: UrlTemplate,
    /// With which method.
    pub method: HttpMethod,
    /// Headers that go with every question; none of them is a secret.
    pub headers: BTreeMap<String, String>,
    /// How Meshward shows who it is.
    pub login: Login,
    /// TLS.
    pub tls: TlsSettings,
    /// What the answers look like.
    pub answers: Answers,
    /// The status that says that the source does not know the user. Without one, every status but 200 is a failure.
    pub not_found: Option<u16>,
    /// The JSON pointer to what every answer about somebody has; an answer without it is a failure.
    pub person: Option<String>,
}

/// The methods of questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HttpMethod {
    /// GET
    #[default]
    Get,
    /// POST, with no body.
    Post,
}

/// How Meshward shows a source who it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Login {
    /// Not at all, or by a client certificate.
    #[default]
    None,
    /// `Authorization: Basic`
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: SecretName,
    },
    /// `Authorization: Bearer`
    Bearer(SecretName),
}

/// What answers look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Answers {
    /// Any JSON; attributes and groups are found by JSON pointers.
    #[default]
    Json,
    /// `{"groups":[{"name":..}],"authorizations":{"attribute":["value"]}}`, asked for with `?userid=`; attributes are found by name.
    UserInfo,
}

/// A URL in whose path or query `{user}` stands for the user's name.
// INVARIANT: absolute, http or https, without a name, password or fragment, and just as a parser would write it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UrlTemplate(String);

impl UrlTemplate {
    /// Takes a URL; says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        let template = Self(text.to_owned());
        let example = text.replace(USER, ANYBODY);
        let url = Url::parse(&example).map_err(|error| format!("this is not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("the URL is neither http nor https".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a login stands in fields of its own, and not in the URL".to_owned());
        }
        if url.fragment().is_some() {
            return Err("the URL has a fragment, which is never sent".to_owned());
        }
        let origin = url.origin().ascii_serialization();
        let rest = text.strip_prefix(&origin).ok_or_else(|| format!("write the URL's beginning as {origin}"))?;
        if url.as_str() != example && url.as_str().strip_suffix('/') != Some(&example) {
            return Err(format!("write the URL as {}", url.as_str().replace(ANYBODY, USER)));
        }
        if rest.contains('{') && rest.replace(USER, "").contains(['{', '}']) {
            return Err("only `{user}` stands for something in a URL".to_owned());
        }
        Ok(template)
    }

    /// Whether it names the user.
    pub fn names_the_user(&self) -> bool {
        self.0.contains(USER)
    }

    /// Whether what goes there can be read or changed on its way through a network.
    pub fn is_open(&self) -> bool {
        let loopback = |url: &Url| match url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        Url::parse(&self.0.replace(USER, ANYBODY)).is_ok_and(|url| url.scheme() == "http" && !loopback(&url))
    }

    fn is_encrypted(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// The URL for one user. `None` where the name would lead elsewhere: `..` leaves its folder however it is encoded.
    // INVARIANT: what the URL parser makes of it is what was put together, so the name changes one part of the path or query alone.
    fn of(&self, user: &SourceUser) -> Option<Url> {
        // Servers take a path apart before or after they decode it, so that a name with a separator can name somebody else's page.
        let in_path = self.0.split('?').next().is_some_and(|path| path.contains(USER));
        if in_path && user.as_str().contains(['/', '\\']) {
            return None;
        }
        let name = utf8_percent_encode(user.as_str(), ENCODED).to_string();
        let mut filled = self.0.replace(USER, &name);
        if !self.names_the_user() {
            filled.push_str(if filled.contains('?') { "&userid=" } else { "?userid=" });
            filled.push_str(&name);
        }
        let url = Url::parse(&filled).ok()?;
        let without_root = |text: &str| text.replacen("/?", "?", 1);
        (url.as_str() == filled || without_root(url.as_str()) == without_root(&filled)).then_some(url)
    }
}

/// An HTTP source.
pub struct Http {
    settings: HttpSettings,
    attributes: BTreeMap<Name, String>,
    groups: Option<String>,
    timeout: std::time::Duration,
    secrets: Secrets,
    /// The client for the certificates as they were when it was made.
    client: Mutex<Option<(TlsMaterial, Client)>>,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").field("url", &self.settings.url).finish_non_exhaustive()
    }
}

impl Http {
    /// Asks as the settings say.
    pub fn new(source: &SourceSettings, settings: &HttpSettings, secrets: Secrets) -> Self {
        Self {
            settings: settings.clone(),
            attributes: source.gives.iter().map(|(name, given)| (name.clone(), given.from.clone())).collect(),
            groups: source.groups.clone(),
            timeout: source.limits.timeout,
            secrets,
            client: Mutex::default(),
        }
    }

    /// Asks for one user.
    pub async fn load(&self, user: &SourceUser) -> Result<Answer, LoadFailure> {
        let url = self.settings.url.of(user).ok_or(LoadFailure::UserName)?;
        let mut answer = self.question(url).await?.send().await.map_err(failure)?;
        let status = answer.status();
        if self.settings.not_found == Some(status.as_u16()) {
            return Ok(Answer::NotFound);
        }
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            // Not this question but the service is in trouble.
            return Err(LoadFailure::Unreachable(format!("it says status {}", status.as_u16())));
        }
        if matches!(status.as_u16(), 401 | 403 | 407) {
            // Not this question but our login: asking on could lock the account.
            return Err(LoadFailure::Credentials(format!("status {}", status.as_u16())));
        }
        if status != StatusCode::OK {
            return Err(LoadFailure::Refused(format!("status {}", status.as_u16())));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failure)? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(LoadFailure::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let said = match self.settings.answers {
            Answers::Json => {
                json::by_pointers(&body, &self.attributes, self.groups.as_deref(), self.settings.person.as_deref())
            }
            Answers::UserInfo => json::user_info(&body, &self.attributes, self.groups.is_some()),
        };
        said.map(Answer::Found)
    }

    async fn question(&self, url: Url) -> Result<RequestBuilder, LoadFailure> {
        let method = match self.settings.method {
            HttpMethod::Get => Method::GET,
            HttpMethod::Post => Method::POST,
        };
        let mut question = self.client().await?.request(method, url).header(ACCEPT, "application/json");
        for (name, value) in &self.settings.headers {
            question = question.header(name, value);
        }
        Ok(match &self.settings.login {
            Login::None => question,
            Login::Basic { user, password } => {
                question.basic_auth(user, Some(self.secrets.read(password).await?.expose()))
            }
            Login::Bearer(token) => question.bearer_auth(self.secrets.read(token).await?.expose()),
        })
    }

    /// The client; a new one when a certificate has changed.
    async fn client(&self) -> Result<Client, LoadFailure> {
        let material = self.settings.tls.read(&self.secrets).await?;
        let mut kept = self.client.lock().await;
        if let Some((of, client)) = &*kept
            && *of == material
        {
            return Ok(client.clone());
        }
        // Reading the system's authorities takes longer than is spent for nothing.
        let tls = if self.settings.url.is_encrypted() { material.client()? } else { TlsMaterial::nobody().client()? };
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            // A redirect would send the login elsewhere, and a proxy that the environment names would see it.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(self.timeout)
            .read_timeout(self.timeout)
            .build()
            .map_err(|error| LoadFailure::Credentials(format!("no client can be made: {}", error.without_url())))?;
        *kept = Some((material, client.clone()));
        Ok(client)
    }
}

/// Whether a text can be a header's name and another its value.
pub fn is_header(name: &str, value: &str) -> bool {
    HeaderName::from_bytes(name.as_bytes()).is_ok() && HeaderValue::from_str(value).is_ok()
}

// A URL has the user's name in it, and what the client says may have the URL in it.
fn failure(error: reqwest::Error) -> LoadFailure {
    let error = error.without_url();
    if error.is_timeout() {
        return LoadFailure::Timeout;
    }
    let mut causes = BTreeSet::new();
    let mut said = vec![error.to_string()];
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        if causes.insert(inner.to_string()) {
            said.push(inner.to_string());
        }
        cause = inner.source();
    }
    LoadFailure::Unreachable(said.join(": "))
}
