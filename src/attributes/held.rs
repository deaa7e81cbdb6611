//! What a query stands on: the entries that its first answers used are those that its later ones use.
//!
//! One server holds them. A query whose requests go to several servers carries the digests of what the first one knew of the user, and a
//! server that does not know the same says so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use sha2::{Digest as _, Sha256};

use crate::attributes::cache::CachedSource;
use crate::attributes::entry::{Entry, EntryDigest};
use crate::attributes::source::LoadFailure;
use crate::attributes::user_name::SourceUser;

/// As long as a superseded revision answers.
const HELD: Duration = Duration::from_secs(900);

/// The most queries whose entries are held; of more, those that were quiet the longest are forgotten.
const MOST_QUERIES: u64 = 50_000;

/// Names the state of the attributes that a query stands on.
pub type Epoch = [u8; 16];

/// A source and a user in it, short.
pub type Place = [u8; 8];

/// What the first answer's server knew of the user at one source.
pub type Seen = (Place, EntryDigest);

/// What a source said to a query.
type Said = Result<Arc<Entry>, LoadFailure>;

/// What one query stands on.
#[derive(Debug)]
pub struct Held {
    /// Names it.
    pub epoch: Epoch,
    said: Mutex<HashMap<([u8; 32], SourceUser), Said>>,
    /// What another server knew; empty where the query began here.
    expected: HashMap<Place, EntryDigest>,
}

/// The queries that began lately.
#[derive(Clone, Debug)]
pub struct Queries {
    held: Cache<Epoch, Arc<Held>>,
}

impl Default for Queries {
    fn default() -> Self {
        // By any other policy the query that began last would go first.
        let quietest_first = EvictionPolicy::lru();
        Self {
            held: Cache::builder()
                .max_capacity(MOST_QUERIES)
                .eviction_policy(quietest_first)
                .time_to_idle(HELD)
                .build(),
        }
    }
}

impl Queries {
    /// A query's first request.
    pub fn begin(&self) -> Arc<Held> {
        self.hold(*uuid::Uuid::now_v7().as_bytes(), &[])
    }

    /// A later request of a query that began here, or on another server, which had seen this.
    pub fn of(&self, epoch: Epoch, seen: &[Seen]) -> Arc<Held> {
        self.held.get(&epoch).unwrap_or_else(|| self.hold(epoch, seen))
    }

    fn hold(&self, epoch: Epoch, seen: &[Seen]) -> Arc<Held> {
        let new = || Arc::new(Held { epoch, said: Mutex::default(), expected: seen.iter().copied().collect() });
        // Of two requests that come at once one makes it.
        self.held.get_with(epoch, new)
    }
}

impl Held {
    /// What the query was told before of a user by a source.
    pub(super) fn said(&self, source: &CachedSource, user: &SourceUser) -> Option<Said> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.get(&(*source.digest(), user.clone())).cloned()
    }

    /// Keeps what a source says, or gives what another request of the query kept before.
    // INVARIANT: the first word stays, failures too, so that a query that waited once for a source does not wait again.
    pub(super) fn keep(&self, source: &CachedSource, user: SourceUser, said: Said) -> Said {
        let mut kept = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entry((*source.digest(), user)).or_insert(said).clone()
    }

    /// What must be known of a user, where the query began elsewhere.
    pub(super) fn expected(&self, source: &CachedSource, user: &SourceUser) -> Option<EntryDigest> {
        if self.expected.is_empty() { None } else { self.expected.get(&place(source, user)).copied() }
    }
}

/// The short name of a user in a source, equal on every server.
pub(super) fn place(source: &CachedSource, user: &SourceUser) -> Place {
    let mut digest = Sha256::new();
    digest.update(source.digest());
    digest.update(user.as_str());
    let whole: [u8; 32] = digest.finalize().into();
    let mut place = Place::default();
    place.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
    place
}
