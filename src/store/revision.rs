//! The revision that answers now, and those that running queries are pinned to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::attributes::held::{Epoch, Seen};
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The digest of the documents.
    pub documents: [u8; 32],
    /// The state of the attributes that sources give; `None` where there are no sources.
    pub attributes: Option<AttributesPin>,
}

/// On which state of its subject's attributes a query stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributesPin {
    /// Names it on the server that the query began on.
    pub epoch: Epoch,
    /// What that server knew of who started the query, for the other servers.
    pub seen: Vec<Seen>,
}

impl Pin {
    /// Says which form the bytes have: without and with attributes.
    const DOCUMENTS: u8 = 1;
    const WITH_ATTRIBUTES: u8 = 2;

    /// Reads what [`Pin::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        let (documents, rest) = rest.split_first_chunk()?;
        let attributes = match *version {
            Self::DOCUMENTS => None,
            Self::WITH_ATTRIBUTES => {
                let (epoch, mut rest) = rest.split_first_chunk()?;
                let mut seen = Vec::new();
                while !rest.is_empty() {
                    let (place, after) = rest.split_first_chunk()?;
                    let (digest, after) = after.split_first_chunk()?;
                    seen.push((*place, *digest));
                    rest = after;
                }
                Some(AttributesPin { epoch: *epoch, seen })
            }
            _ => return None,
        };
        if attributes.is_none() && !rest.is_empty() {
            return None;
        }
        Some(Self { documents: *documents, attributes })
    }

    /// As it goes over the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        let version = if self.attributes.is_some() { Self::WITH_ATTRIBUTES } else { Self::DOCUMENTS };
        let mut bytes = vec![version];
        bytes.extend(self.documents);
        if let Some(AttributesPin { epoch, seen }) = &self.attributes {
            bytes.extend(epoch);
            seen.iter().for_each(|(place, digest)| bytes.extend(place.iter().chain(digest)));
        }
        bytes
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
    /// The revision is here, and the attributes are not as they were when the query began.
    #[error("{0}")]
    Attributes(#[from] crate::attributes::Gone),
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
    pub fn get(&self, pin: Option<&Pin>) -> Result<Arc<Revision>, NoRevision> {
        let current = self.current.load();
        let Some(pin) = pin else { return current.clone().ok_or(NoRevision::NoneYet) };
        if let Some(current) = current.as_ref().filter(|current| current.digest == pin.documents) {
            return Ok(Arc::clone(current));
        }
        let superseded = self.superseded.lock().unwrap_or_else(PoisonError::into_inner);
        let found = superseded.iter().map(|(_, revision)| revision).find(|revision| revision.digest == pin.documents);
        found.cloned().ok_or(NoRevision::Gone)
    }

    /// The sources of all revisions.
    pub fn sources(&self) -> &Sources {
        &self.sources
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
