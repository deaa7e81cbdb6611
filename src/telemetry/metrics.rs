//! Metrics, their names and help. No label is a user, a table or a rule.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use tonic::{Code, Status};

use crate::model::decision::{Decision, Verdict};
use crate::telemetry::sources::SourcesMetrics;

/// Seconds, from 25 µs to 1 s.
const BUCKETS: [f64; 14] = [25e-6, 50e-6, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 1.0];

/// The RPCs of the decision service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Rpc {
    /// `DecideTable`
    DecideTable,
    /// `CheckAccess`
    CheckAccess,
    /// `FilterResources`
    FilterResources,
}

impl Rpc {
    /// The full method name, as OpenTelemetry's RPC conventions have it.
    pub fn method(self) -> &'static str {
        match self {
            Self::DecideTable => "meshward.decision.v1.DecisionService/DecideTable",
            Self::CheckAccess => "meshward.decision.v1.DecisionService/CheckAccess",
            Self::FilterResources => "meshward.decision.v1.DecisionService/FilterResources",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RpcLabels {
    rpc: Rpc,
    code: String,
}

impl RpcLabels {
    fn new(rpc: Rpc, code: Code) -> Self {
        Self { rpc, code: format!("{code:?}") }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DecisionLabels {
    kind: &'static str,
    effect: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReadingLabels {
    result: &'static str,
}

/// The counters of decisions, looked up once.
#[derive(Debug)]
struct Decisions {
    tables: Effects,
    accesses: Effects,
    listings: Counter,
}

#[derive(Debug)]
struct Effects {
    allow: Counter,
    deny: Counter,
}

impl Decisions {
    fn of(family: &Family<DecisionLabels, Counter>) -> Self {
        let counter = |kind, effect| family.get_or_create_owned(&DecisionLabels { kind, effect });
        let effects = |kind| Effects { allow: counter(kind, "allow"), deny: counter(kind, "deny") };
        Self { tables: effects("table"), accesses: effects("access"), listings: counter("listing", "allow") }
    }
}

impl Effects {
    fn of(&self, verdict: &Verdict) -> &Counter {
        if verdict.is_allowed() { &self.allow } else { &self.deny }
    }
}

/// Every metric of the server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    rpcs: Family<RpcLabels, Counter>,
    /// Of `rpcs`, those that were answered, by the RPC.
    answered: [Counter; 3],
    decisions: Decisions,
    duration: Histogram,
    revision: Gauge,
    since: Gauge,
    readings: Family<ReadingLabels, Counter>,
    refused: Gauge,
    sources: SourcesMetrics,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("meshward");
        let rpcs = Family::default();
        registry.register(
            "rpcs",
            "RPCs answered, by gRPC status code; CANCELLED where the caller went away",
            rpcs.clone(),
        );
        let decisions = Family::default();
        registry.register("decisions", "Decisions made", decisions.clone());
        let answered = [Rpc::DecideTable, Rpc::CheckAccess, Rpc::FilterResources]
            .map(|rpc| rpcs.get_or_create_owned(&RpcLabels::new(rpc, Code::Ok)));
        let duration = Histogram::new(BUCKETS);
        registry.register_with_unit(
            "decision_duration",
            "Time from the revision to the record, attributes included",
            Unit::Seconds,
            duration.clone(),
        );
        let revision = Gauge::default();
        registry.register("revision", "The revision that answers", revision.clone());
        let since = Gauge::default();
        registry.register_with_unit("revision_since_timestamp", "When it came to answer", Unit::Seconds, since.clone());
        let readings = Family::default();
        registry.register("document_readings", "Readings of the documents", readings.clone());
        let refused = Gauge::default();
        registry.register("documents_refused", "1 while the documents as they are now do not check", refused.clone());
        let sources = SourcesMetrics::register(&mut registry);
        registry.register("build", "The server's version", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        Self {
            registry,
            rpcs,
            answered,
            decisions: Decisions::of(&decisions),
            duration,
            revision,
            since,
            readings,
            refused,
            sources,
        }
    }
}

impl Metrics {
    /// The metrics in the OpenMetrics text format.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        text::encode(&mut out, &self.registry)?;
        Ok(out)
    }

    /// The metrics of the sources of attributes.
    pub fn sources(&self) -> &SourcesMetrics {
        &self.sources
    }

    /// Counts an RPC from its begin. What is dropped without an end counts as cancelled, never as well.
    pub fn begin(self: &Arc<Self>, rpc: Rpc) -> Counted {
        Counted { metrics: Arc::clone(self), rpc, code: Code::Cancelled }
    }

    /// Counts a decision.
    pub fn decided(&self, decision: &Decision, took: Duration) {
        let Decisions { tables, accesses, listings } = &self.decisions;
        let counter = match decision {
            Decision::Table(table) => tables.of(&table.read),
            Decision::Access(access) => accesses.of(&access.verdict),
            Decision::Listing(_) => listings,
        };
        counter.inc();
        self.duration.observe(took.as_secs_f64());
    }

    /// Notes a reading of the documents, and what answers after it.
    pub fn documents_read(&self, taken: bool, revision: Option<(u64, jiff::Timestamp)>) {
        self.readings.get_or_create(&ReadingLabels { result: if taken { "taken" } else { "refused" } }).inc();
        self.refused.set(i64::from(!taken));
        if let Some((number, since)) = revision {
            self.revision.set(i64::try_from(number).unwrap_or(i64::MAX));
            self.since.set(since.as_second());
        }
    }
}

/// An RPC under way.
#[derive(Debug)]
pub struct Counted {
    metrics: Arc<Metrics>,
    rpc: Rpc,
    code: Code,
}

impl Counted {
    /// The RPC's end, passed through.
    pub fn end<T>(mut self, result: Result<T, Status>) -> Result<T, Status> {
        self.code = result.as_ref().map_or_else(Status::code, |_| Code::Ok);
        result
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let [table, access, filter] = &self.metrics.answered;
        match (self.code, self.rpc) {
            (Code::Ok, Rpc::DecideTable) => table.inc(),
            (Code::Ok, Rpc::CheckAccess) => access.inc(),
            (Code::Ok, Rpc::FilterResources) => filter.inc(),
            (code, rpc) => self.metrics.rpcs.get_or_create(&RpcLabels::new(rpc, code)).inc(),
        };
    }
}
