//! Metrics of the sources of attributes.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Seconds, from 0.5 ms to 10 s.
const BUCKETS: [f64; 10] = [5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 5e-2, 0.1, 0.5, 1.0, 10.0];

/// What a look-up found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookedUp {
    /// Something fresh.
    Hit,
    /// That the source does not know the user.
    Negative,
    /// Something stale, used at once.
    Stale,
    /// Nothing that may be used without asking.
    Miss,
    /// After a miss and a failure, something that may stand in.
    StandIn,
}

/// Why a source is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A decision waits.
    Miss,
    /// What is used is stale.
    Refresh,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabels {
    source: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LookUpLabels {
    source: String,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LoadLabels {
    source: String,
    cause: &'static str,
    result: &'static str,
}

/// The metrics of all sources.
#[derive(Clone, Debug)]
pub struct SourcesMetrics {
    look_ups: Family<LookUpLabels, Counter>,
    loads: Family<LoadLabels, Counter>,
    duration: Family<SourceLabels, Histogram>,
    entries: Family<SourceLabels, Gauge>,
    oldest: Family<SourceLabels, Gauge>,
}

impl SourcesMetrics {
    /// Registers them.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            look_ups: Family::default(),
            loads: Family::default(),
            duration: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            entries: Family::default(),
            oldest: Family::default(),
        };
        registry.register("attribute_lookups", "Look-ups of a user at a source's cache", metrics.look_ups.clone());
        registry.register("attribute_loads", "Questions to a source, by what came of them", metrics.loads.clone());
        registry.register_with_unit(
            "attribute_load_duration",
            "Time of a question to a source, queueing included",
            Unit::Seconds,
            metrics.duration.clone(),
        );
        registry.register("attribute_entries", "Users that are known from a source", metrics.entries.clone());
        registry.register_with_unit(
            "attribute_oldest_age",
            "Age of the oldest entry that is kept",
            Unit::Seconds,
            metrics.oldest.clone(),
        );
        metrics
    }

    /// The metrics of one source.
    pub fn of(&self, source: &str) -> SourceMetrics {
        let look_up = |result| {
            let labels = LookUpLabels { source: source.to_owned(), result };
            self.look_ups.get_or_create_owned(&labels)
        };
        let labels = SourceLabels { source: source.to_owned() };
        SourceMetrics {
            hits: look_up("hit"),
            negatives: look_up("negative"),
            stale: look_up("stale"),
            misses: look_up("miss"),
            stand_ins: look_up("stand_in"),
            loads: self.loads.clone(),
            duration: self.duration.get_or_create_owned(&labels),
            entries: self.entries.get_or_create_owned(&labels),
            oldest: self.oldest.get_or_create_owned(&labels),
            source: source.to_owned(),
        }
    }
}

/// The metrics of one source, at hand without a look-up.
#[derive(Clone, Debug)]
pub struct SourceMetrics {
    source: String,
    hits: Counter,
    negatives: Counter,
    stale: Counter,
    misses: Counter,
    stand_ins: Counter,
    loads: Family<LoadLabels, Counter>,
    duration: Histogram,
    entries: Gauge,
    oldest: Gauge,
}

impl SourceMetrics {
    /// Counts a look-up.
    pub fn looked_up(&self, found: LookedUp) {
        match found {
            LookedUp::Hit => &self.hits,
            LookedUp::Negative => &self.negatives,
            LookedUp::Stale => &self.stale,
            LookedUp::Miss => &self.misses,
            LookedUp::StandIn => &self.stand_ins,
        }
        .inc();
    }

    /// Counts a question: `found`, `not_found`, or the kind of failure.
    pub fn loaded(&self, cause: Cause, result: &'static str, took: Duration) {
        let cause = match cause {
            Cause::Miss => "miss",
            Cause::Refresh => "refresh",
        };
        self.loads.get_or_create(&LoadLabels { source: self.source.clone(), cause, result }).inc();
        self.duration.observe(took.as_secs_f64());
    }

    /// Notes what is kept.
    pub fn kept(&self, entries: u64, oldest: Duration) {
        self.entries.set(i64::try_from(entries).unwrap_or(i64::MAX));
        self.oldest.set(i64::try_from(oldest.as_secs()).unwrap_or(i64::MAX));
    }
}
