//! What is known of a user: sources that know attributes, and the cache in front of them.

pub mod http;
mod idle;
mod json;
pub mod ldap;
pub mod secret;
pub mod source;
pub mod sql;
pub mod tls;
pub mod user_name;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use crate::model::name::Name;
use crate::model::subject::{Identity, Party, Resolved};
use crate::model::value::Value;

/// The most users whose attributes are kept.
const MOST_ENTRIES: u64 = 100_000;

/// A user that nobody asked about for that long is forgotten.
const IDLE: Duration = Duration::from_secs(600);

/// The attributes that documents give, by exact user name. Immutable: a changed document makes a new one.
#[derive(Clone, Debug, Default)]
pub struct Users {
    declared: Vec<Name>,
    users: BTreeMap<String, BTreeMap<Name, BTreeSet<Value>>>,
}

impl Users {
    /// Takes the declared attributes, and users with their values.
    pub fn new(declared: Vec<Name>, users: BTreeMap<String, BTreeMap<Name, BTreeSet<Value>>>) -> Self {
        Self { declared, users }
    }

    /// Every declared attribute of a user. Documents always answer: what they do not give is missing, not unknown.
    pub fn of(&self, user: &str) -> BTreeMap<Name, Resolved> {
        let known = self.users.get(user);
        let resolve = |name: &Name| match known.and_then(|attributes| attributes.get(name)) {
            Some(values) => Resolved::Values(values.clone()),
            None => Resolved::Missing,
        };
        self.declared.iter().map(|name| (name.clone(), resolve(name))).collect()
    }
}

/// Which state of a source an answer came from. A changed source has another epoch, so that nothing is read across the change.
pub type Epoch = [u8; 32];

/// What one source said of one user.
type Said = Arc<BTreeMap<Name, Resolved>>;

/// Attributes by user, in front of the sources.
#[derive(Clone, Debug)]
pub struct Attributes {
    // INVARIANT: the key holds everything that the value depends on, so no two users and no two states of a source are ever mixed.
    cache: Cache<(Epoch, Arc<str>), Said>,
}

impl Default for Attributes {
    fn default() -> Self {
        Self { cache: Cache::builder().max_capacity(MOST_ENTRIES).time_to_idle(IDLE).build() }
    }
}

impl Attributes {
    /// Resolves the attributes that a decision can need. Groups, roles and the principal are Trino's and stand in the identity.
    pub async fn resolve(&self, users: &Users, epoch: Epoch, identity: Identity, needed: &[Name]) -> Party {
        if needed.is_empty() {
            return Party { identity, attributes: BTreeMap::new() };
        }
        let key = (epoch, Arc::clone(&identity.user));
        let known = self.cache.get_with(key, || Arc::new(users.of(&identity.user)));
        // FAIL-CLOSED: what the entry lacks stays out of the map, and an attribute that is not there is unknown.
        let attributes =
            needed.iter().filter_map(|name| known.get(name).map(|resolved| (name.clone(), resolved.clone()))).collect();
        Party { identity, attributes }
    }
}
