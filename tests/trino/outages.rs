//! Nothing leaks when the server is away, late, broken, or without rules; and all is well again by itself.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::trino::client::{Answer, Failure};
use crate::trino::mesh::{Alone, DEADLINE, alone, eventually};
use crate::trino::proxy::Weather;

pub(super) const DOCUMENTS: &str = r#"
kind: Policy
name: outages
on: lake.outages.*
rules:
  - allow user "otto" to read
  - only show rows where country = 'CL' for user "otto"
  - mask column salary with null for user "otto"
"#;

const QUERY: &str = "SELECT id, country, salary FROM lake.outages.people";

fn ready() -> Option<Alone> {
    let mesh = alone()?;
    mesh.prepare(&[
        "CREATE SCHEMA IF NOT EXISTS lake.outages",
        "CREATE TABLE IF NOT EXISTS lake.outages.people AS SELECT * FROM (VALUES (1, 'CL', 'one unit'), (2, 'PE', 'two units'), (3, NULL, 'many units'))
            AS t (id, country, salary)",
        "CREATE TABLE IF NOT EXISTS lake.outages.more AS SELECT * FROM lake.outages.people",
    ]);
    assert_eq!(mesh.user("otto").rows(QUERY), seen());
    Some(mesh)
}

/// What otto ought to see.
fn seen() -> Vec<Vec<Value>> {
    vec![vec![json!(1), json!("CL"), Value::Null]]
}

/// A failure of ours: neither a denial, nor Trino's, nor telling.
fn is_ours(failure: &Failure, names: &[&str]) {
    assert!(names.contains(&failure.name.as_str()), "{failure:?}");
    assert_eq!(failure.kind, "EXTERNAL", "{failure:?}");
    for value in ["unit", "PE"] {
        assert!(!failure.message.contains(value), "{failure:?}");
    }
}

const ANY: &[&str] = &["MESHWARD_UNREACHABLE", "MESHWARD_TIMEOUT", "MESHWARD_BROKEN_ANSWER", "MESHWARD_REVISION_GONE"];

/// What is seen in bad weather is either right or a failure of ours.
fn is_right_or_ours(result: &Result<Answer, Failure>) {
    match result {
        Ok(answer) => assert_eq!(answer.rows, seen()),
        Err(failure) => is_ours(failure, ANY),
    }
}

/// Runs a query that is held before its n-th call, does something meanwhile, and lets it go on.
fn amid(mesh: &Alone, sql: &'static str, passing: usize, meanwhile: impl FnOnce()) -> Result<Answer, Failure> {
    mesh.weather(Weather::HoldAfter(passing));
    let otto = mesh.user("otto");
    let running = thread::spawn(move || otto.run(sql));
    mesh.until_held();
    meanwhile();
    mesh.weather(Weather::Fair);
    running.join().unwrap()
}

#[test]
fn without_a_server_a_query_fails_and_is_not_denied() {
    let Some(mesh) = ready() else { return };
    mesh.weather(Weather::Absent);
    for sql in [QUERY, "SELECT count(*) FROM lake.outages.people", "SELECT 1", "SHOW TABLES FROM lake.outages"] {
        is_ours(&mesh.user("otto").failure(sql), &["MESHWARD_UNREACHABLE", "MESHWARD_TIMEOUT"]);
    }
    // Who mends it is not locked out, and sees no data.
    assert!(!mesh.user("operator").run("SELECT query_id FROM system.runtime.queries").unwrap().rows.is_empty());
    is_ours(&mesh.user("operator").failure(QUERY), &["MESHWARD_UNREACHABLE", "MESHWARD_TIMEOUT"]);
    mesh.weather(Weather::Fair);
    eventually("it works again by itself", || mesh.user("otto").run(QUERY).is_ok_and(|answer| answer.rows == seen()));
}

#[test]
fn a_late_answer_is_no_answer() {
    let Some(mesh) = ready() else { return };
    mesh.weather(Weather::Slow(DEADLINE + Duration::from_secs(1)));
    is_ours(&mesh.user("otto").failure(QUERY), &["MESHWARD_TIMEOUT"]);
    mesh.weather(Weather::SilentAfter(0));
    is_ours(&mesh.user("otto").failure(QUERY), &["MESHWARD_TIMEOUT"]);
}

#[test]
fn an_answer_that_is_cut_or_garbled_is_no_answer() {
    let Some(mesh) = ready() else { return };
    mesh.weather(Weather::Garbled);
    is_ours(&mesh.user("otto").failure(QUERY), ANY);
    // What the server says to this query, cut at many places.
    for most in [0, 5, 9, 20, 60, 90, 120, 150, 200, 300, 400, 500, 700, 1000] {
        mesh.weather(Weather::Absent);
        mesh.weather(Weather::CutAfter(most));
        is_right_or_ours(&mesh.user("otto").run(QUERY));
    }
    // The first call is answered and no later one.
    for passing in 0..3 {
        mesh.weather(Weather::Absent);
        mesh.weather(Weather::CutInPlaceOfRpc(passing));
        is_right_or_ours(&mesh.user("otto").run(QUERY));
    }
}

#[test]
fn a_server_that_dies_amid_a_query_ends_it_and_one_that_comes_back_serves_again() {
    let Some(mesh) = ready() else { return };
    let result = amid(&mesh, QUERY, 1, || mesh.kill_server());
    is_ours(&result.unwrap_err(), &["MESHWARD_UNREACHABLE", "MESHWARD_TIMEOUT"]);
    mesh.start_server();
    eventually("it works again by itself", || mesh.user("otto").run(QUERY).is_ok_and(|answer| answer.rows == seen()));
}

#[test]
fn without_documents_nothing_is_served() {
    let Some(mesh) = ready() else { return };
    mesh.kill_server();
    mesh.clear_documents();
    mesh.start_server();
    assert_eq!(mesh.page("/readyz").unwrap().0, 503);
    for user in ["otto", "root"] {
        is_ours(&mesh.user(user).failure(QUERY), &["MESHWARD_UNREACHABLE", "MESHWARD_TIMEOUT"]);
    }
    mesh.write("outages", "kind: Nonsense");
    eventually("the documents are refused", || mesh.state()["documents"] == "refused");
    is_ours(&mesh.user("root").failure(QUERY), &["MESHWARD_UNREACHABLE", "MESHWARD_TIMEOUT"]);
}

#[test]
fn documents_that_do_not_check_leave_the_last_good_revision_answering() {
    let Some(mesh) = ready() else { return };
    let before = mesh.state()["revision"].clone();
    mesh.write("outages", "kind: Policy\nname: outages\non: lake.outages.*\nrules:\n  - allow everyone to raed\n");
    eventually("the documents are refused", || mesh.state()["documents"] == "refused");
    assert_eq!(mesh.state()["revision"], before);
    assert_eq!(mesh.user("otto").rows(QUERY), seen());
}

/// Rules under which otto sees other rows and another cell.
const OTHERWISE: &str = r#"
kind: Policy
name: outages
on: lake.outages.*
rules:
  - allow user "otto" to read
  - only show rows where country = 'PE' for user "otto"
"#;

#[test]
fn a_query_is_answered_by_one_revision_as_a_whole() {
    let Some(mesh) = ready() else { return };
    let result = amid(&mesh, QUERY, 1, || mesh.publish("outages", OTHERWISE));
    assert_eq!(result.unwrap().rows, seen());
    assert_eq!(mesh.user("otto").rows(QUERY), [[json!(2), json!("PE"), json!("two units")]]);

    // Two tables, the rules change between them.
    let join = "SELECT p.id, p.salary, m.id, m.salary FROM lake.outages.people p CROSS JOIN lake.outages.more m";
    let result = amid(&mesh, join, 2, || mesh.publish("outages", DOCUMENTS));
    assert_eq!(result.unwrap().rows, [[json!(2), json!("two units"), json!(2), json!("two units")]]);
    assert_eq!(mesh.user("otto").rows(join), [[json!(1), Value::Null, json!(1), Value::Null]]);
}

#[test]
fn a_query_whose_revision_is_forgotten_fails() {
    let Some(mesh) = ready() else { return };
    let result = amid(&mesh, QUERY, 1, || {
        mesh.kill_server();
        mesh.write("outages", OTHERWISE);
        mesh.start_server();
        eventually("the server is ready", || mesh.page("/readyz").is_some_and(|(code, _)| code == 200));
    });
    is_ours(&result.unwrap_err(), &["MESHWARD_REVISION_GONE", "MESHWARD_TIMEOUT", "MESHWARD_UNREACHABLE"]);
    assert_eq!(mesh.user("otto").rows(QUERY), [[json!(2), json!("PE"), json!("two units")]]);
}
