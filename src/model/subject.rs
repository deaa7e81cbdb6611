//! Who asks: identities as Trino gives them, and the attributes that were resolved for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::name::{Identifier, Name};
use crate::model::value::Value;

/// A Trino identity (`io.trino.spi.security.Identity`), users and groups exactly as Trino gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The user name.
    pub user: Arc<str>,
    /// The groups of Trino's group provider, and once attributes are resolved those that sources give.
    pub groups: BTreeSet<Arc<str>>,
    /// The authenticated principal.
    pub principal: Option<Arc<str>>,
    /// Enabled system roles.
    pub enabled_roles: BTreeSet<Arc<str>>,
    /// The role selected in each catalog, where one is.
    pub catalog_roles: BTreeMap<Identifier, Arc<str>>,
    /// The extra credentials that the plugin forwards.
    pub extra_credentials: BTreeMap<String, String>,
}

impl Identity {
    /// An identity with a name and nothing else.
    pub fn of_user(user: &str) -> Self {
        Self { user: Arc::from(user), ..Self::default() }
    }
}

/// What became of the look-up of one attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// The attribute's values; an empty set equals nothing, so comparisons are FALSE.
    Values(BTreeSet<Value>),
    /// Every source answered, and none has the attribute for this user.
    Missing,
    /// No source could answer, or an answer was not of the declared type. The reason is for `explain` and the logs.
    Unknown(Arc<str>),
}

/// An identity with its attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    /// The identity.
    pub identity: Identity,
    /// Its attributes. FAIL-CLOSED: one that is not in the map was not resolved, which is unknown and not missing.
    pub attributes: BTreeMap<Name, Resolved>,
    /// Why the identity's groups may not be all of the user's: a source of groups that did not answer. `None`: they are all.
    pub unknown_groups: Option<Arc<str>>,
}

/// Everybody and everything known about who asks, when, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Whom Trino names for the check; in a definer view the view's owner.
    pub asking: Party,
    /// Who started the query, where that is somebody else. The purpose of a query is this party's.
    pub invoker: Option<Party>,
    /// The time at which the query counts as asked.
    pub now: jiff::Timestamp,
    /// The asking cluster's name.
    pub cluster: Arc<str>,
}

impl Subject {
    /// Who started the query.
    pub fn initiator(&self) -> &Party {
        self.invoker.as_ref().unwrap_or(&self.asking)
    }
}
