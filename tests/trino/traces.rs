//! Trino's trace and the server's are one.

use std::collections::BTreeMap;

use crate::trino::mesh::{eventually, fair};
use crate::trino::otlp::Received;

pub(super) const DOCUMENTS: &str = r#"
kind: Policy
name: traces
on: lake.traces.*
rules:
  - allow user "tracy" to read
"#;

fn attribute(received: &Received, key: &str) -> Option<String> {
    let attribute = received.span.attributes.iter().find(|attribute| attribute.key == key)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        opentelemetry_proto::tonic::common::v1::any_value::Value::StringValue(text) => Some(text.clone()),
        _ => None,
    }
}

#[test]
fn a_decision_is_a_span_of_the_querys_own_trace() {
    let Some(mesh) = fair() else { return };
    mesh.prepare(&["CREATE SCHEMA lake.traces", "CREATE TABLE lake.traces.t AS SELECT 1 AS x"]);
    let query = mesh.user("tracy").run("SELECT x FROM lake.traces.t").unwrap().query;
    let requests = |spans: &[Received]| -> Vec<Received> {
        let ours = spans.iter().filter(|received| received.service == "meshward");
        ours.filter(|received| attribute(received, "query_id").is_some_and(|id| id == query)).cloned().collect()
    };
    let decisions = |spans: &[Received], request: &Received| -> usize {
        let of_request = |received: &&Received| {
            received.span.name == "decide"
                && received.span.trace_id == request.span.trace_id
                && received.span.parent_span_id == request.span.span_id
        };
        spans.iter().filter(of_request).count()
    };
    let is_trinos = |received: &Received| received.service != "meshward";
    // The exporters send in batches, each in its own time.
    eventually("both have sent the query's spans", || {
        let spans = mesh.traces.spans();
        let ours = requests(&spans);
        let trace = |request: &Received| {
            spans.iter().any(|span| is_trinos(span) && span.span.span_id == request.span.parent_span_id)
        };
        ours.len() >= 2 && ours.iter().all(|request| decisions(&spans, request) == 1 && trace(request))
    });
    let spans = mesh.traces.spans();
    let by_id: BTreeMap<&[u8], &Received> =
        spans.iter().map(|received| (&received.span.span_id[..], received)).collect();
    for request in requests(&spans) {
        // Up through Trino's spans, all of one trace, to the query's.
        let mut names = vec![request.span.name.clone()];
        let mut at = &request;
        while let Some(parent) = by_id.get(&at.span.parent_span_id[..]) {
            assert_eq!(parent.span.trace_id, request.span.trace_id);
            names.push(parent.span.name.clone());
            at = parent;
        }
        println!("{}", names.join(" < "));
        assert!(names.len() >= 3, "{names:?}");
        assert!(names.iter().any(|name| name.starts_with("AccessControl.")), "{names:?}");
    }
}
