//! What is written down of every decision. Records go to the log under the target `meshward::audit`, one for each decision; a journal
//! that proves that nothing was removed takes their place later.

use uuid::Uuid;

use crate::attributes::Consulted;
use crate::attributes::shown::ShownSource;
use crate::model::decision::{Contribution, Decision, Rows, Verdict};
use crate::model::request::{Listing, Request};

/// One decision, as far as it is written down. Attributes' values and SQL are not.
#[derive(Debug)]
pub struct Record<'a> {
    /// The decision's id.
    pub decision_id: Uuid,
    /// Trino's query id; empty outside a query.
    pub query_id: &'a str,
    /// Whom Trino named.
    pub user: &'a str,
    /// Who started the query, where that is somebody else.
    pub invoker: Option<&'a str>,
    /// The purpose that the query named.
    pub purpose: Option<&'a str>,
    /// The asking cluster.
    pub cluster: &'a str,
    /// The revision that answered.
    pub revision: u64,
    /// The sources of attributes that the decision used; their values are not written down.
    pub attributes: &'a [Consulted],
    /// What was asked.
    pub request: &'a Request,
    /// The answer.
    pub decision: &'a Decision,
}

/// Writes a record down.
pub fn record(record: &Record<'_>) {
    tracing::info!(
        target: "meshward::audit",
        decision_id = %record.decision_id,
        query_id = record.query_id,
        user = record.user,
        invoker = record.invoker,
        purpose = record.purpose,
        cluster = record.cluster,
        revision = record.revision,
        attributes = sources(record.attributes),
        asked = asked(record.request),
        answer = answered(record.decision),
        rules = rules(record.decision),
    );
}

/// Which sources, in which state, how old.
fn sources(consulted: &[Consulted]) -> String {
    let one = |consulted: &Consulted| {
        let ShownSource { name, state, age, .. } = ShownSource::of(consulted);
        match age {
            Some(age) => format!("{name} {state} {age}s"),
            None => format!("{name} {state}"),
        }
    };
    consulted.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn asked(request: &Request) -> String {
    match request {
        Request::Table(table) => format!("table {}", table.table),
        Request::Access(access) => format!("{} {:?}", access.action, access.resource),
        Request::Listing(listing) => match listing {
            Listing::Catalogs(_) => "listing of catalogs".to_owned(),
            Listing::Schemas { catalog, .. } => format!("listing of schemas of {catalog}"),
            Listing::Tables { catalog, .. } => format!("listing of tables of {catalog}"),
            Listing::Columns { catalog, .. } => format!("listing of columns of {catalog}"),
            Listing::Functions { catalog, .. } => format!("listing of functions of {catalog}"),
            Listing::QueryOwners(_) => "listing of query owners".to_owned(),
        },
        Request::Unrecognised(what) => what.clone(),
    }
}

fn answered(decision: &Decision) -> &'static str {
    match decision {
        Decision::Table(table) => match (&table.read, &table.rows) {
            (Verdict::Deny(_), _) => "denied",
            (Verdict::Allow, Rows::All) => "allowed",
            (Verdict::Allow, Rows::None) => "allowed, no rows",
            (Verdict::Allow, Rows::Where(_)) => "allowed, some rows",
        },
        Decision::Access(access) => {
            if access.verdict.is_allowed() {
                "allowed"
            } else {
                "denied"
            }
        }
        Decision::Listing(_) => "listed",
    }
}

fn rules(decision: &Decision) -> String {
    let contributions: &[Contribution] = match decision {
        Decision::Table(table) => &table.determined_by,
        Decision::Access(access) => &access.determined_by,
        Decision::Listing(_) => &[],
    };
    let mut rules: Vec<String> =
        contributions.iter().map(|part| format!("{}/{}", part.rule.policy, part.rule.rule)).collect();
    rules.sort();
    rules.dedup();
    rules.join(" ")
}
