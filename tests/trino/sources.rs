//! Attributes that a source gives: what changes there changes what people see in Trino.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::attributes::people::People;
use crate::server::process::run;
use crate::trino::mesh::{Alone, alone, eventually};

const ROWS: &str = "SELECT n FROM lake.sources.t";

/// The mesh with a source whose values hold for `ttl`.
fn mesh(people: &People, ttl: &str) -> Option<Alone> {
    let mesh = alone()?;
    mesh.prepare(&[
        "CREATE SCHEMA IF NOT EXISTS lake.sources",
        "CREATE TABLE IF NOT EXISTS lake.sources.t AS SELECT * FROM (VALUES (1, 'CL'), (2, 'AT'), (3, 'DE')) AS t (n, country)",
    ]);
    mesh.publish(
        "sources",
        &format!(
            "{{kind: Attribute, name: so_country, type: text}}\n---\nkind: Policy\nname: so\non: lake.sources.*\nrules:\n  - allow user \"so_jay\", \
             \"so_ana\" to read\n  - only show rows where country = @so_country for everyone except user \"root\" or members of group \
             \"so_auditors\"\n---\nkind: AttributeSource\nname: so people\nhttp: {{url: 'http://{}/people/{{user}}', not_found: \
             404}}\nattributes: {{so_country: /country}}\ngroups: /groups\nttl: {ttl}\njitter: 0\ntimeout: 1s\npause: 200ms\n",
            people.address
        ),
    );
    Some(mesh)
}

fn numbers(numbers: &[i64]) -> Vec<Vec<Value>> {
    numbers.iter().map(|n| vec![json!(n)]).collect()
}

#[test]
fn a_change_at_the_source_is_seen_within_ttl() {
    let people = People::start(&json!({
        "so_jay": { "country": "CL", "groups": [] },
        "so_ana": { "country": "AT", "groups": ["so_auditors"] },
    }));
    let Some(mesh) = mesh(&people, "2s") else { return };
    assert_eq!(mesh.user("so_jay").rows(ROWS), numbers(&[1]));
    assert_eq!(mesh.user("so_ana").rows(ROWS), numbers(&[1, 2, 3]));
    people.set(&json!({
        "so_jay": { "country": ["AT", "DE"], "groups": [] },
        "so_ana": { "country": "AT", "groups": [] },
    }));
    let changed = Instant::now();
    eventually("the change is seen", || {
        // What is stale is used while it is asked for, so each query brings the next one nearer.
        mesh.user("so_jay").rows(ROWS) == numbers(&[2, 3]) && mesh.user("so_ana").rows(ROWS) == numbers(&[2])
    });
    assert!(changed.elapsed() < Duration::from_secs(10), "after {:?}", changed.elapsed());
}

#[test]
fn a_change_at_the_source_is_seen_at_once_after_invalidation() {
    let people = People::start(&json!({ "so_jay": { "country": "CL", "groups": [] } }));
    let Some(mesh) = mesh(&people, "1h") else { return };
    assert_eq!(mesh.user("so_jay").rows(ROWS), numbers(&[1]));
    people.set(&json!({ "so_jay": { "country": "DE", "groups": [] } }));
    assert_eq!(mesh.user("so_jay").rows(ROWS), numbers(&[1]), "nothing was said");
    let (server, tokens) = mesh.administration();
    let said = run(&["attributes", "invalidate", "--user", "so_jay", "--server", &server, "--token-file", &tokens]);
    assert_eq!(said.0, Some(0), "{}", said.2);
    assert_eq!(mesh.user("so_jay").rows(ROWS), numbers(&[3]));
}

#[test]
fn a_source_that_is_gone_shows_no_row_and_fails_no_query() {
    let mut people = People::start(&json!({ "so_ana": { "country": "AT", "groups": ["so_auditors"] } }));
    let Some(mesh) = mesh(&people, "1h") else { return };
    people.stop();
    assert_eq!(mesh.user("so_ana").rows(ROWS), numbers(&[]), "an auditor is not known to be one");
    people.resume_as_new(&json!({ "so_ana": { "country": "AT", "groups": ["so_auditors"] } }));
    eventually("it is well again by itself", || mesh.user("so_ana").rows(ROWS) == numbers(&[1, 2, 3]));
}
