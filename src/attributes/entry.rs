//! What is known of one user from one source, typed, and how long it may be used.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use crate::attributes::source::{Answer, Freshness, GivenAttribute, SourceSettings};
use crate::model::name::Name;
use crate::model::subject::Resolved;
use crate::model::value::Value;

/// Tells one state of a user's attributes from another. Equal on every replica for equal values.
pub type EntryDigest = [u8; 16];

/// What one source says of one user. What is learned later is another entry.
#[derive(Debug)]
pub struct Entry {
    /// Every attribute that the source gives; those that it does not have for the user are missing.
    pub attributes: BTreeMap<Name, Resolved>,
    /// The groups; empty where the source gives none.
    pub groups: BTreeSet<Arc<str>>,
    /// Whether the source knows the user.
    pub presence: Presence,
    /// When it was asked: what it says is at least as new.
    pub asked: Instant,
    /// The values' digest.
    pub digest: EntryDigest,
    /// The source's `ttl`, shortened by the jitter.
    fresh_for: Duration,
    freshness: Freshness,
    /// The age, in milliseconds, before which it is not refreshed again after that failed.
    rests_until: AtomicU64,
}

/// Whether a source knows a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It does.
    Found,
    /// It answered that it does not.
    NotFound,
}

/// How far an entry may be used, by its age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Without asking again.
    Fresh,
    /// At once, while the source is asked behind it.
    Stale,
    /// Only while the source cannot answer: it is asked first.
    StandIn,
    /// No longer.
    Expired,
}

impl State {
    /// The state as people read it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::StandIn => "stand-in",
            Self::Expired => "expired",
        }
    }
}

impl Entry {
    /// Types an answer. `chance` in 0..=1 is how much of the jitter is taken off.
    pub fn new(settings: &SourceSettings, answer: Answer, asked: Instant, chance: f64) -> Self {
        let (said, presence) = match answer {
            Answer::Found(said) => (said, Presence::Found),
            Answer::NotFound => (Default::default(), Presence::NotFound),
        };
        let resolve = |(name, given): (&Name, &GivenAttribute)| {
            let resolved = match said.attributes.get(name) {
                Some(texts) => typed(given, texts),
                None => Resolved::Missing,
            };
            (name.clone(), resolved)
        };
        let attributes: BTreeMap<Name, Resolved> = settings.gives.iter().map(resolve).collect();
        let freshness = settings.freshness;
        let shortened = f64::from(freshness.jitter) / 100.0 * chance.clamp(0.0, 1.0);
        Self {
            digest: digest(&attributes, &said.groups),
            attributes,
            groups: said.groups,
            presence,
            asked,
            fresh_for: freshness.ttl.mul_f64(1.0 - shortened),
            freshness,
            rests_until: AtomicU64::new(0),
        }
    }

    /// How old it is.
    pub fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.asked)
    }

    /// How far it may be used now.
    pub fn state(&self, now: Instant) -> State {
        let age = self.age(now);
        let Freshness { stale_ttl, hard_ttl, negative_ttl, .. } = self.freshness;
        match self.presence {
            Presence::NotFound if age < negative_ttl => State::Fresh,
            Presence::NotFound => State::Expired,
            Presence::Found if age < self.fresh_for => State::Fresh,
            Presence::Found if age < stale_ttl => State::Stale,
            Presence::Found if age < hard_ttl => State::StandIn,
            Presence::Found => State::Expired,
        }
    }

    /// Whether a query that stands on it may still decide by it: that a user was not found holds as long as the query may last.
    pub(super) fn may_decide(&self, now: Instant) -> bool {
        self.age(now) < self.freshness.hard_ttl || self.state(now) != State::Expired
    }

    /// Whether it is time to ask again behind it: not right after that failed.
    pub(super) fn may_refresh(&self, now: Instant) -> bool {
        self.age(now) >= Duration::from_millis(self.rests_until.load(Ordering::Relaxed))
    }

    /// Asking again behind it failed: not again for a while.
    pub(super) fn rest(&self, now: Instant, pause: Duration) {
        let until = (self.age(now) + pause).as_millis();
        self.rests_until.store(u64::try_from(until).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// About how many bytes it takes, with its place in the cache.
    pub fn bytes(&self) -> u64 {
        let of_attribute = |resolved: &Resolved| match resolved {
            Resolved::Values(values) => values.iter().map(|value| 48 + text_length(value)).sum::<usize>(),
            Resolved::Missing => 0,
            Resolved::Unknown(why) => why.len(),
        };
        let attributes: usize = self.attributes.values().map(|resolved| 96 + of_attribute(resolved)).sum();
        let groups: usize = self.groups.iter().map(|group| 40 + group.len()).sum();
        u64::try_from(400 + attributes + groups).unwrap_or(u64::MAX)
    }
}

fn text_length(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        _ => 32,
    }
}

// FAIL-CLOSED: of several values, one that is not of the type makes the whole attribute unknown.
fn typed(given: &GivenAttribute, texts: &[String]) -> Resolved {
    let values: Option<BTreeSet<Value>> = texts.iter().map(|text| Value::read(text, given.value_type)).collect();
    match values {
        None => Resolved::Unknown(Arc::from(format!("the source gives something that is not a {}", given.value_type))),
        Some(values) if given.single && values.len() > 1 => {
            Resolved::Unknown(Arc::from("the source gives several values, and one at most is declared"))
        }
        Some(values) => Resolved::Values(values),
    }
}

fn digest(attributes: &BTreeMap<Name, Resolved>, groups: &BTreeSet<Arc<str>>) -> EntryDigest {
    let mut digest = Sha256::new();
    // Lengths keep two neighbours from being taken for one.
    let mut add = |text: &str| {
        digest.update(text.len().to_be_bytes());
        digest.update(text);
    };
    for (name, resolved) in attributes {
        add(name.folded());
        match resolved {
            Resolved::Values(values) => {
                add(&values.len().to_string());
                values.iter().for_each(|value| add(&value.written()));
            }
            Resolved::Missing => add("missing"),
            Resolved::Unknown(_) => add("unknown"),
        }
    }
    groups.iter().for_each(|group| add(group));
    let whole: [u8; 32] = digest.finalize().into();
    let mut half = EntryDigest::default();
    half.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
    half
}
