//! A source that is a PostgreSQL database: one query, with the user as its one parameter.

mod answer;
mod connection;
mod listen;

use std::collections::BTreeMap;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use self::connection::{Connection, Door};
pub use self::listen::Heard;
use crate::attributes::idle::{Idle, Opened};
use crate::attributes::secret::{SecretName, Secrets};
use crate::attributes::source::{Answer, LoadFailure, SourceSettings};
use crate::attributes::tls::{TlsClient, TlsSettings};
use crate::attributes::user_name::SourceUser;
use crate::model::name::Name;

/// How a database is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SqlSettings {
    /// Where.
    pub url: SqlUrl,
    /// Whether TLS is spoken. The server's certificate must then be for the host in the URL.
    pub encrypted: bool,
    /// TLS.
    pub tls: TlsSettings,
    /// The role that Meshward logs in as.
    pub user: String,
    /// Its password; `None` for a role that needs none, or shows a certificate.
    pub password: Option<SecretName>,
    /// The query: `$1` is the user's name, a text. It gives one row, whose columns the attributes come from, or none.
    pub query: Query,
    /// The channel on which the database says whose attributes have changed.
    pub channel: Option<Channel>,
}

/// `postgresql://host:port/database`, with several hosts where there are several.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SqlUrl(String);

/// One query.
// INVARIANT: it is sent as it is written, and the user's name beside it as a parameter: no text is ever put together from a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Query(String);

/// The name of a channel: small letters, digits, `_`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Channel(String);

impl SqlUrl {
    /// Takes a URL; says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        if !text.starts_with("postgresql://") && !text.starts_with("postgres://") {
            return Err(
                "a database's URL is postgresql://host/database, with a port where it is another one".to_owned()
            );
        }
        // What the parser says of a URL may have a password of the URL in it.
        let config: Config = text.parse().map_err(|_| "this is not a URL of a PostgreSQL database".to_owned())?;
        if config.get_user().is_some() || config.get_password().is_some() {
            return Err("`user` and `password` stand in fields of their own, and not in the URL".to_owned());
        }
        if text.contains('?') {
            return Err("the URL has no parameters: how the database is asked stands in fields of its own".to_owned());
        }
        if config.get_hosts().is_empty() || config.get_dbname().is_none() {
            return Err("the URL names a host and a database: postgresql://host/database".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl Query {
    /// Takes a query; says what is wrong with it, as far as can be seen without the database.
    pub fn new(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let text = text.strip_suffix(';').unwrap_or(text);
        if text.contains('\0') {
            return Err("a query has no NUL in it".to_owned());
        }
        if !text.contains("$1") {
            return Err("the query does not say where the user's name goes: write `$1` there".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl Channel {
    /// Takes a name; `None` for what is none. A name with capital letters would be another one in `NOTIFY`, where it stands without quotes.
    pub fn new(text: &str) -> Option<Self> {
        let begins = text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        let goes_on = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        (begins && goes_on && text.len() <= 63).then(|| Self(text.to_owned()))
    }
}

/// A database.
pub struct Sql {
    settings: SqlSettings,
    /// From which column each attribute comes.
    columns: BTreeMap<Name, String>,
    /// The column that has the user's groups.
    groups: Option<String>,
    timeout: Duration,
    secrets: Secrets,
    tls: TlsClient,
    idle: Idle<Connection>,
}

impl std::fmt::Debug for Sql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sql").field("url", &self.settings.url).finish_non_exhaustive()
    }
}

impl Sql {
    /// Asks as the settings say.
    pub fn new(source: &SourceSettings, settings: &SqlSettings, secrets: Secrets) -> Self {
        Self {
            settings: settings.clone(),
            columns: source.gives.iter().map(|(name, given)| (name.clone(), given.from.clone())).collect(),
            groups: source.groups.clone(),
            timeout: source.limits.timeout,
            secrets,
            tls: TlsClient::default(),
            idle: Idle::new(usize::from(source.limits.concurrency)),
        }
    }

    /// Asks for one user.
    pub async fn load(&self, user: &SourceUser) -> Result<Answer, LoadFailure> {
        while let Some(opened) = self.idle.take() {
            match opened.connection.ask(user).await {
                // The database closed a connection that lay unused: that says nothing of a new one.
                Err(LoadFailure::Unreachable(_)) => {}
                Err(failure) => return Err(failure),
                Ok(row) => {
                    self.idle.put(opened);
                    return self.read(row);
                }
            }
        }
        let config = self.config().await?;
        let opened = Opened::now(Connection::open(self.door(&config).await?, &self.settings.query.0).await?);
        let row = opened.connection.ask(user).await?;
        self.idle.put(opened);
        self.read(row)
    }

    fn read(&self, row: Option<String>) -> Result<Answer, LoadFailure> {
        match row {
            Some(row) => answer::read(&row, &self.columns, self.groups.as_deref()).map(Answer::Found),
            None => Ok(Answer::NotFound),
        }
    }

    async fn door<'a>(&self, config: &'a Config) -> Result<Door<'a>, LoadFailure> {
        let tls = match self.settings.encrypted {
            true => Some(self.tls.get(&self.settings.tls, &self.secrets).await?),
            false => None,
        };
        Ok(Door { config, tls })
    }

    async fn config(&self) -> Result<Config, LoadFailure> {
        let settings = &self.settings;
        let refused = |_| LoadFailure::Unreachable("this is not a URL of a PostgreSQL database".to_owned());
        let mut config: Config = settings.url.0.parse().map_err(refused)?;
        config.user(&settings.user).application_name("meshward").connect_timeout(self.timeout);
        config.ssl_mode(if settings.encrypted { SslMode::Require } else { SslMode::Disable });
        config
            .keepalives_idle(Duration::from_secs(30))
            .keepalives_interval(Duration::from_secs(10))
            .keepalives_retries(3);
        let timeout = self.timeout.as_millis().max(1);
        config.options(format!("-c default_transaction_read_only=on -c statement_timeout={timeout} -c timezone=UTC"));
        if let Some(password) = &settings.password {
            config.password(self.secrets.read(password).await?.expose());
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_database_and_nothing_else() {
        for good in ["postgresql://hr.example/hr", "postgres://a:5433,b/hr", "postgresql://127.0.0.1:5432/hr"] {
            assert!(SqlUrl::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "hr",
            "host=hr dbname=hr",
            "mysql://hr/hr",
            "postgresql://hr.example",
            "postgresql:///hr",
            "postgresql://jay@hr/hr",
            "postgresql://jay:secret@hr/hr",
            "postgresql://hr/hr?sslmode=disable",
        ] {
            let refused = SqlUrl::new(bad).unwrap_err();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn a_query_has_a_place_for_the_user_and_a_channel_is_a_plain_name() {
        assert_eq!(Query::new(" SELECT $1; ").unwrap(), Query("SELECT $1".to_owned()));
        assert!(Query::new("SELECT 1").is_err());
        assert!(Channel::new("meshward_people").is_some());
        for bad in ["", "People", "a-b", "1a", "a\"; DROP TABLE x; --", &"a".repeat(64)] {
            assert_eq!(Channel::new(bad), None, "{bad}");
        }
    }
}
