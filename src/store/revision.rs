//! The revision that answers now, and those that running queries are pinned to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::attributes::{Attributes, Sources, Users};
use crate::clock;
use crate::document::kinds::Documents;
use crate::document::load::Loaded;
use crate::engine::snapshot::Snapshot;

/// How long a superseded revision still answers the queries that began under it.
const RETAINED: Duration = Duration::from_secs(900);

/// The most superseded revisions that are kept.
const MOST_RETAINED: usize = 64;

/// A compiled revision. Immutable.
#[derive(Debug)]
pub struct Revision {
    /// Counts from 1 as this server learns of revisions.
    pub number: u64,
    /// SHA-256 of what it was made from: equal for equal documents, on every replica.
    pub digest: [u8; 32],
    /// When it came to answer.
    pub since: Timestamp,
    /// What decides.
    pub snapshot: Snapshot,
    /// What it knows of users: by its documents, and by the sources that they name.
    pub attributes: Attributes,
}

/// What a query's first answer says and its later requests repeat: under which rules and attributes it was decided.
///
/// Attributes come from documents today, so the digest of the documents stands for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin([u8; 32]);

impl Pin {
    const VERSION: u8 = 1;

    /// The pin of a revision.
    pub fn of(revision: &Revision) -> Self {
        Self(revision.digest)
    }

    /// Reads what [`Pin::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (version, digest) = bytes.split_first()?;
        (*version == Self::VERSION).then(|| digest.try_into().ok().map(Self))?
    }

    /// As it goes over the wire.
    pub fn to_bytes(self) -> Vec<u8> {
        [Self::VERSION].into_iter().chain(self.0).collect()
    }
}

/// Why no revision answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRevision {
    /// Nothing good was loaded yet.
    #[error("no revision is loaded")]
    NoneYet,
    /// The pinned one is not, or no longer, here.
    #[error("the revision that the query began under is gone")]
    Gone,
}

/// The current revision and the recent ones.
#[derive(Debug)]
pub struct Revisions {
    current: ArcSwapOption<Revision>,
    // Taken by publishing and by requests pinned to a superseded revision; never by a request that the current one answers.
    superseded: Mutex<VecDeque<(Instant, Arc<Revision>)>>,
    zone: TimeZone,
    sources: Sources,
}

impl Revisions {
    /// Holds nothing yet. A date means the whole day in `zone`.
    pub fn new(zone: TimeZone, sources: Sources) -> Self {
        Self { current: ArcSwapOption::empty(), superseded: Mutex::default(), zone, sources }
    }

    /// The revision that answers a query: the pinned one, or the current one for a query that has no pin yet.
    pub fn get(&self, pin: Option<Pin>) -> Result<Arc<Revision>, NoRevision> {
        let current = self.current.load();
        let Some(pin) = pin else { return current.clone().ok_or(NoRevision::NoneYet) };
        if let Some(current) = current.as_ref().filter(|current| Pin::of(current) == pin) {
            return Ok(Arc::clone(current));
        }
        let superseded = self.superseded.lock().unwrap_or_else(PoisonError::into_inner);
        let found = superseded.iter().map(|(_, revision)| revision).find(|revision| Pin::of(revision) == pin);
        found.cloned().ok_or(NoRevision::Gone)
    }

    /// The current revision.
    pub fn current(&self) -> Option<Arc<Revision>> {
        self.current.load_full()
    }

    /// Compiles documents beside the running revision and swaps it in, in one store. `None` when they are what answers already.
    pub fn publish(&self, loaded: &Loaded) -> Option<Arc<Revision>> {
        let before = self.current();
        if before.as_ref().is_some_and(|before| before.digest == loaded.digest) {
            return None;
        }
        let revision = Arc::new(Revision {
            number: before.as_ref().map_or(0, |before| before.number) + 1,
            digest: loaded.digest,
            since: clock::now(),
            snapshot: Snapshot::build(&loaded.documents, &self.zone),
            attributes: attributes(&loaded.documents, &self.sources),
        });
        let mut superseded = self.superseded.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::instant();
        superseded.retain(|(since, _)| now.duration_since(*since) < RETAINED);
        superseded.extend(before.map(|before| (now, before)));
        while superseded.len() > MOST_RETAINED {
            superseded.pop_front();
        }
        self.current.store(Some(Arc::clone(&revision)));
        Some(revision)
    }
}

/// What documents know of users, and the sources that they name.
pub fn attributes(documents: &Documents, sources: &Sources) -> Attributes {
    Attributes::new(users(documents), documents.sources.values().map(|settings| sources.open(settings)).collect())
}

/// The attributes that documents give.
pub fn users(documents: &Documents) -> Users {
    let values = |user: &crate::document::kinds::User| -> BTreeMap<_, BTreeSet<_>> {
        user.attributes.iter().map(|(name, values)| (name.clone(), values.iter().cloned().collect())).collect()
    };
    let declared = documents.attributes.keys().cloned().collect();
    Users::new(declared, documents.users.values().map(|user| (user.name.clone(), values(user))).collect())
}
