//! Sources behind a running server: what a query stands on, and who may see and forget.

use std::fs;

use serde_json::json;
use tonic::Code;

use crate::attributes::people::{Mood, People};
use crate::server::process::{Server, context, decide_table, eventually, proto, rows, run};

/// Everybody sees the rows of their own country, which only the source knows; who is in its group "audit" sees all.
fn mesh(people: &People, more: &str) -> String {
    format!(
        "{{kind: Attribute, name: country, type: text}}\n---\nkind: Policy\nname: p\non: lake.s.*\nrules:\n  - allow everyone to read\n  - only \
         show rows where country = @country for everyone except members of group \"audit\"\n---\nkind: AttributeSource\nname: hr\nhttp: {{url: \
         'http://{}/people/{{user}}', not_found: 404}}\nattributes: {{country: /country}}\ngroups: /groups\ntimeout: 500ms\npause: \
         100ms\n{more}",
        people.address
    )
}

/// A server with a token for its administrators.
fn start(yaml: &str) -> (Server, tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens").display().to_string();
    fs::write(&tokens, "# administrators\nadm1n-t0ken\n").unwrap();
    let server = Server::start_with(yaml, &[("MESHWARD_HTTP__TOKENS", &tokens)]);
    server.until_revision(1);
    (server, folder, tokens)
}

async fn seen_by(server: &Server, user: &str) -> String {
    let answer = server.client().await.decide_table(decide_table(context(user))).await.unwrap();
    rows(&answer.into_inner())
}

#[tokio::test]
async fn a_change_at_the_source_is_seen_at_once_after_invalidation_and_within_ttl_without() {
    let people = People::start(
        &json!({ "jay": { "country": "CL", "groups": [] }, "ana": { "country": "AT", "groups": ["audit"] } }),
    );
    let (server, _folder, tokens) = start(&mesh(&people, "ttl: 1s\njitter: 0\n"));
    assert_eq!(seen_by(&server, "jay").await, "\"country\" = 'CL'");
    assert_eq!(seen_by(&server, "ana").await, "TRUE");

    people.set(&json!({ "jay": { "country": "DE", "groups": [] }, "ana": { "country": "AT", "groups": [] } }));
    assert_eq!(seen_by(&server, "jay").await, "\"country\" = 'CL'");
    let http = server.http.to_string();
    let invalidate = |more: &[&str]| {
        let all = [&["attributes", "invalidate", "--server", &http, "--token-file", &tokens], more].concat();
        run(&all)
    };
    assert_eq!(invalidate(&["--user", "jay"]).0, Some(0));
    assert_eq!(seen_by(&server, "jay").await, "\"country\" = 'DE'");
    // Those of nobody else: they are seen within ttl, by themselves.
    for _ in 0..200 {
        if seen_by(&server, "ana").await != "TRUE" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(seen_by(&server, "ana").await, "\"country\" = 'AT'");
    assert_eq!(invalidate(&["--source", "HR"]).0, Some(0));
    let (code, _, error) = invalidate(&["--source", "nobody"]);
    assert_eq!(code, Some(1));
    assert!(error.contains("no such source"), "{error}");
}

#[tokio::test]
async fn a_failing_source_of_groups_lets_restrictions_bind_and_fails_no_query() {
    let mut people = People::start(&json!({ "ana": { "country": "AT", "groups": ["audit"] } }));
    let (server, _folder, _tokens) = start(&mesh(&people, ""));
    people.stop();
    assert_eq!(seen_by(&server, "ana").await, "FALSE", "neither the country nor the groups are known");
    people.resume_as_new(&json!({ "ana": { "country": "AT", "groups": ["audit"] } }));
    for _ in 0..200 {
        if seen_by(&server, "ana").await == "TRUE" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("it is not well again by itself");
}

#[tokio::test]
async fn a_query_stays_with_the_attributes_of_its_first_answer_and_a_change_fails_it_elsewhere() {
    let people = People::start(&json!({ "jay": { "country": "CL", "groups": [] } }));
    let yaml = mesh(&people, "");
    let (here, _folder, tokens) = start(&yaml);
    let (elsewhere, ..) = start(&yaml);
    let ask = async |server: &Server, pin: &[u8]| {
        let context = proto::RequestContext { pin: pin.to_vec().into(), ..context("jay") };
        server.client().await.decide_table(decide_table(context)).await.map(tonic::Response::into_inner)
    };
    let first = ask(&here, &[]).await.unwrap();
    assert_eq!(rows(&first), "\"country\" = 'CL'");
    assert_eq!(rows(&ask(&elsewhere, &first.pin).await.unwrap()), "\"country\" = 'CL'", "the same is known there");

    people.set(&json!({ "jay": { "country": "DE", "groups": [] } }));
    let forget = |server: &Server| {
        run(&["attributes", "invalidate", "--server", &server.http.to_string(), "--token-file", &tokens]);
    };
    forget(&here);
    let again = ask(&here, &first.pin).await.unwrap();
    assert_eq!((rows(&again).as_str(), &again.pin), ("\"country\" = 'CL'", &first.pin), "the query stands on it");
    let other = ask(&here, &[]).await.unwrap();
    assert_eq!(rows(&other), "\"country\" = 'DE'", "another query does not");

    // There the query has been already, and the value is held. Another query of the same pin's server is new there: it asks again.
    assert_eq!(rows(&ask(&elsewhere, &first.pin).await.unwrap()), "\"country\" = 'CL'");
    let answer = ask(&elsewhere, &other.pin).await.unwrap();
    assert_eq!((rows(&answer).as_str(), &answer.pin), ("\"country\" = 'DE'", &other.pin));

    // A server that has never known what the query stands on says so.
    let (late, ..) = start(&yaml);
    let refused = ask(&late, &first.pin).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(refused.metadata().get("meshward-reason").unwrap(), "ATTRIBUTES_GONE");
    people.mood(&Mood { status: Some(503), ..Mood::default() });
    let (blind, ..) = start(&yaml);
    assert_eq!(ask(&blind, &other.pin).await.unwrap_err().code(), Code::FailedPrecondition);
    assert_eq!(rows(&ask(&blind, &[]).await.unwrap()), "FALSE");
}

#[tokio::test]
async fn a_query_that_waited_in_vain_does_not_wait_again() {
    let people = People::start(&json!({ "jay": { "country": "CL", "groups": [] } }));
    let (server, ..) = start(&mesh(&people, ""));
    people.pause();
    let first = server.client().await.decide_table(decide_table(context("jay"))).await.unwrap().into_inner();
    assert_eq!(rows(&first), "FALSE");
    people.go_on();
    let started = std::time::Instant::now();
    let pinned = proto::RequestContext { pin: first.pin.clone(), ..context("jay") };
    let again = server.client().await.decide_table(decide_table(pinned)).await.unwrap().into_inner();
    assert_eq!(rows(&again), "FALSE", "and is told the same");
    assert!(started.elapsed() < std::time::Duration::from_millis(300));
}

#[tokio::test]
async fn attributes_are_for_those_with_a_token_and_without_tokens_for_nobody() {
    let people = People::start(&json!({ "jay": { "country": "CL", "groups": ["finance"] } }));
    let (server, folder, tokens) = start(&mesh(&people, ""));
    let wrong = folder.path().join("wrong").display().to_string();
    fs::write(&wrong, "guessed\n").unwrap();
    let show = |server: &Server, file: &str| {
        run(&["attributes", "show", "jay", "--server", &server.http.to_string(), "--token-file", file])
    };
    let (code, shown, _) = show(&server, &tokens);
    assert_eq!(code, Some(0));
    for line in
        ["@country = 'CL' (hr, fresh, 0 s old)", "used by p/2", "groups from sources: finance", "source hr: fresh"]
    {
        assert!(shown.contains(line), "{line} is not in\n{shown}");
    }
    let (code, shown, error) = show(&server, &wrong);
    assert_eq!((code, shown.as_str()), (Some(1), ""));
    assert!(error.contains("401") && !error.contains("guessed"), "{error}");
    people.mood(&Mood { status: Some(503), ..Mood::default() });
    run(&["attributes", "invalidate", "--server", &server.http.to_string(), "--token-file", &tokens]);
    let shown = show(&server, &tokens).1;
    assert!(
        shown.contains("@country is unknown: source `hr`: it cannot be reached: it says status 503 (hr, failed)"),
        "{shown}"
    );

    let closed = Server::start(&mesh(&people, ""));
    closed.until_revision(1);
    let (code, _, error) = show(&closed, &tokens);
    assert_eq!(code, Some(1));
    assert!(error.contains("nobody may ask"), "{error}");
}

#[tokio::test]
async fn explain_asks_the_sources_and_says_where_each_value_comes_from() {
    let people = People::start(&json!({ "jay": { "country": "CL", "groups": [] } }));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mesh.yaml"), mesh(&people, "")).unwrap();
    let documents = folder.path().display().to_string();
    let explain = || {
        run(&[
            "explain",
            "--documents",
            &documents,
            "--user",
            "jay",
            "--table",
            "lake.s.t",
            "--column",
            "country:varchar",
        ])
    };
    let (code, said, _) = explain();
    assert_eq!(code, Some(0));
    assert!(said.contains("attribute @country = 'CL' (hr, fresh, 0 s old)") && said.contains("= 'CL'"), "{said}");
    people.mood(&Mood { body: Some("{".to_owned()), ..Mood::default() });
    let (_, said, _) = explain();
    assert!(said.contains("rows      none") && said.contains("@country is unknown: source `hr`"), "{said}");
}

#[tokio::test]
async fn metrics_tell_of_each_source_and_of_no_user() {
    let people = People::start(&json!({ "jay": { "country": "CL", "groups": [] } }));
    let (server, ..) = start(&mesh(&people, ""));
    for _ in 0..3 {
        seen_by(&server, "jay").await;
    }
    eventually("the metrics are there", || {
        let text = server.get("/metrics").unwrap().1;
        assert!(!text.contains("jay"), "{text}");
        [
            "meshward_attribute_lookups_total{source=\"hr\",result=\"hit\"} 2",
            "meshward_attribute_lookups_total{source=\"hr\",result=\"miss\"} 1",
            "meshward_attribute_loads_total{source=\"hr\",cause=\"miss\",result=\"found\"} 1",
            "meshward_attribute_entries{source=\"hr\"} 1",
            "meshward_attribute_load_duration_seconds_count{source=\"hr\"} 1",
        ]
        .iter()
        .all(|line| text.contains(line))
    });
}
