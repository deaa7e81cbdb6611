//! One source of attributes: what its document says, how it is asked, and what it can answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::attributes::http::{Http, HttpSettings};
use crate::attributes::ldap::{Ldap, LdapSettings};
use crate::attributes::secret::Secrets;
use crate::attributes::sql::{Sql, SqlSettings};
use crate::attributes::user_name::{SourceUser, UserNames};
use crate::model::name::Name;
use crate::model::value::ValueType;

/// What one AttributeSource document says. Two sources with equal settings are one source and share what they know.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SourceSettings {
    /// Its name.
    pub name: Name,
    /// The attributes that it gives.
    pub gives: BTreeMap<Name, GivenAttribute>,
    /// Where in its answer the user's groups are, in the source's own way of pointing; `None`: it gives none.
    pub groups: Option<String>,
    /// Of several sources that give one attribute, the one with the greatest number counts first.
    pub precedence: u32,
    /// What it calls the users that Trino names.
    pub user_names: UserNames,
    /// How long its answers hold.
    pub freshness: Freshness,
    /// How much may be asked of it and kept from it.
    pub limits: Limits,
    /// What it is and how it is reached.
    pub kind: SourceKind,
}

/// One attribute that a source gives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GivenAttribute {
    /// Where in the answer it is: a JSON pointer, the name of a directory's attribute, a column.
    pub from: String,
    /// The type that the attribute is declared with.
    pub value_type: ValueType,
    /// Whether it is declared with one value at most.
    pub single: bool,
}

/// How long answers hold, each counted from the moment at which they were asked for. `ttl <= stale_ttl <= hard_ttl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Freshness {
    /// So long an answer is used without asking again.
    pub ttl: Duration,
    /// So long it is used at once while the source is asked behind it. After that, decisions wait for the source.
    pub stale_ttl: Duration,
    /// So long it stands in while the source cannot answer. After that, nothing of it is used.
    pub hard_ttl: Duration,
    /// So long it holds that the source does not know a user.
    pub negative_ttl: Duration,
    /// By how much of itself, in percent, `ttl` is shortened at random, so that what was loaded together does not go stale together.
    pub jitter: u8,
}

/// How much may be asked of a source and kept from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// A decision waits that long at most, queueing included.
    pub timeout: Duration,
    /// That many questions are under way at once; refreshing takes half of them at most.
    pub concurrency: u16,
    /// After that many failures in a row the source is left alone.
    pub failures: u32,
    /// And for that long; then one question tries it again.
    pub pause: Duration,
    /// That many users are kept.
    pub entries: u64,
    /// And that many bytes of what is known of them.
    pub bytes: u64,
}

impl Default for Freshness {
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(300),
            stale_ttl: Duration::from_secs(900),
            hard_ttl: Duration::from_secs(3600),
            negative_ttl: Duration::from_secs(15),
            jitter: 10,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(1),
            concurrency: 16,
            failures: 5,
            pause: Duration::from_secs(5),
            entries: 100_000,
            bytes: 256 * 1024 * 1024,
        }
    }
}

/// What a source is, with what only its kind needs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// An HTTP service that answers in JSON.
    Http(HttpSettings),
    /// A directory.
    Ldap(LdapSettings),
    /// A database that speaks SQL.
    Sql(SqlSettings),
}

/// A source that can be asked.
#[derive(Debug)]
pub enum Source {
    /// An HTTP service that answers in JSON.
    Http(Box<Http>),
    /// A directory.
    Ldap(Box<Ldap>),
    /// A database that speaks SQL.
    Sql(Arc<Sql>),
}

impl Source {
    /// Makes ready to ask. Nothing is connected yet, and what cannot be read yet (a secret that is not there) fails the questions.
    pub fn open(settings: &SourceSettings, secrets: &Secrets) -> Self {
        match &settings.kind {
            SourceKind::Http(http) => Self::Http(Box::new(Http::new(settings, http, secrets.clone()))),
            SourceKind::Ldap(ldap) => Self::Ldap(Box::new(Ldap::new(settings, ldap, secrets.clone()))),
            SourceKind::Sql(sql) => Self::Sql(Arc::new(Sql::new(settings, sql, secrets.clone()))),
        }
    }

    /// Asks for one user. The caller bounds the time: a dropped question must leave nothing behind that blocks another one.
    pub async fn load(&self, user: &SourceUser) -> Result<Answer, LoadFailure> {
        match self {
            Self::Http(http) => http.load(user).await,
            Self::Ldap(ldap) => ldap.load(user).await,
            Self::Sql(sql) => sql.load(user).await,
        }
    }
}

/// What a source says of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It knows the user.
    Found(Said),
    /// It answered that it does not know the user.
    NotFound,
}

/// What a source knows of a user, as texts. An attribute that is not in the map is one that the source does not have for this user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The values of the attributes that it gives.
    pub attributes: BTreeMap<Name, Vec<String>>,
    /// The user's groups; empty where it gives none.
    pub groups: BTreeSet<Arc<str>>,
}

/// Why a source did not answer. FAIL-CLOSED: none of these is ever an empty answer; the attributes are unknown.
///
/// What is in the texts goes to logs and `explain`: never a secret, never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadFailure {
    /// No answer in time.
    #[error("it did not answer in time")]
    Timeout,
    /// No connection, or a broken one.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// It refused the question.
    #[error("it refused: {0}")]
    Refused(String),
    /// An answer that cannot be read.
    #[error("its answer cannot be read: {0}")]
    Garbage(String),
    /// An answer larger than is read.
    #[error("its answer is too large")]
    TooLarge,
    /// Too many questions are under way already.
    #[error("too many questions to it are under way")]
    Busy,
    /// It failed lately and is left alone for a while.
    #[error("it failed lately and is left alone for a while")]
    CircuitOpen,
    /// A secret or a file of certificates cannot be read, or the source does not accept it.
    #[error("{0}")]
    Credentials(String),
    /// The user's name cannot be asked for there.
    #[error("the user's name cannot be asked for there")]
    UserName,
    /// The question ended without an answer, which is a mistake of ours.
    #[error("the question ended without an answer")]
    Broken,
}

impl LoadFailure {
    /// The kind in one word, for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Unreachable(_) => "unreachable",
            Self::Refused(_) => "refused",
            Self::Garbage(_) => "garbage",
            Self::TooLarge => "too_large",
            Self::Busy => "busy",
            Self::CircuitOpen => "circuit_open",
            Self::Credentials(_) => "credentials",
            Self::UserName => "user_name",
            Self::Broken => "broken",
        }
    }
}
