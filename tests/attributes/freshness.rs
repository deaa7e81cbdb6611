//! How long an answer holds.

use std::time::Duration;

use serde_json::json;

use crate::attributes::people::{Asked, Mood, People, documents};

/// `ttl` 300 ms, `stale_ttl` 600 ms, `hard_ttl` 1.2 s, no jitter.
const SHORT: &str =
    "ttl: 300ms\nstale_ttl: 600ms\nhard_ttl: 1200ms\nnegative_ttl: 300ms\njitter: 0\ntimeout: 500ms\npause: 100ms\n";

async fn wait(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

fn start(people: &serde_json::Value) -> (People, Asked) {
    let people = People::start(people);
    let asked = Asked::of(&documents(&format!("http://{}/people/{{user}}", people.address), SHORT));
    (people, asked)
}

#[tokio::test]
async fn what_is_fresh_is_not_asked_for_again() {
    let (people, asked) = start(&json!({ "jay": { "country": ["CL", "AT"], "clearance": 3 } }));
    for _ in 0..10 {
        assert_eq!(asked.resolve("jay", "country").await, "AT CL");
        assert_eq!(asked.resolve("jay", "clearance").await, "3");
    }
    assert_eq!(people.seen().calls, 1);
}

#[tokio::test]
async fn what_is_stale_is_used_at_once_and_asked_for_behind_by_one_question() {
    let (people, asked) = start(&json!({ "jay": { "country": "CL" } }));
    assert_eq!(asked.resolve("jay", "country").await, "CL");
    people.set(&json!({ "jay": { "country": "AT" } }));
    people.mood(&Mood { slow: 100, ..Mood::default() });
    people.seen();
    wait(350).await;
    let started = std::time::Instant::now();
    for _ in 0..20 {
        assert_eq!(asked.resolve("jay", "country").await, "CL", "stale is used at once");
    }
    assert!(started.elapsed() < Duration::from_millis(80), "nobody waits for a refresh: {:?}", started.elapsed());
    wait(200).await;
    assert_eq!(asked.resolve("jay", "country").await, "AT", "the refresh came behind");
    assert_eq!(people.seen().calls, 1, "one question refreshes");
}

#[tokio::test]
async fn what_is_older_than_stale_waits_for_the_source() {
    let (people, asked) = start(&json!({ "jay": { "country": "CL" } }));
    assert_eq!(asked.resolve("jay", "country").await, "CL");
    people.set(&json!({ "jay": { "country": "AT" } }));
    wait(650).await;
    assert_eq!(asked.resolve("jay", "country").await, "AT");
}

#[tokio::test]
async fn an_old_answer_stands_in_for_a_failing_source_and_no_longer_than_its_hard_end() {
    let (mut people, asked) = start(&json!({ "jay": { "country": "CL" } }));
    assert_eq!(asked.resolve("jay", "country").await, "CL");
    people.stop();
    wait(700).await;
    assert_eq!(asked.resolve("jay", "country").await, "CL", "it stands in");
    wait(550).await;
    let after = asked.resolve("jay", "country").await;
    assert!(after.starts_with("unknown: source `hr`"), "{after}");
    people.resume_as_new(&json!({ "jay": { "country": "AT" } }));
    wait(150).await;
    assert_eq!(asked.resolve("jay", "country").await, "AT", "well again by itself");
}

#[tokio::test]
async fn that_a_user_is_not_known_holds_for_its_own_time_and_is_missing_not_unknown() {
    let (people, asked) = start(&json!({}));
    for _ in 0..5 {
        assert_eq!(asked.resolve("jay", "country").await, "missing");
    }
    assert_eq!(people.seen().calls, 1);
    people.set(&json!({ "jay": { "country": "CL" } }));
    wait(350).await;
    assert_eq!(asked.resolve("jay", "country").await, "CL");
}

#[tokio::test]
async fn who_is_removed_at_the_source_loses_what_they_had() {
    let (people, asked) = start(&json!({ "jay": { "country": "CL" } }));
    assert_eq!(asked.resolve("jay", "country").await, "CL");
    people.set(&json!({}));
    wait(650).await;
    assert_eq!(asked.resolve("jay", "country").await, "missing");
}

#[tokio::test]
async fn what_is_forgotten_is_asked_for_again_and_a_question_under_way_is_not_kept() {
    let (people, asked) = start(&json!({ "jay": { "country": "CL" }, "ben": { "country": "DE" } }));
    assert_eq!(asked.resolve("jay", "country").await, "CL");
    assert_eq!(asked.resolve("ben", "country").await, "DE");
    people.set(&json!({ "jay": { "country": "AT" }, "ben": { "country": "FR" } }));
    let source = &asked.attributes.sources()[0];
    source.forget(&source.settings().user_names.of("jay").unwrap());
    assert_eq!(asked.resolve("jay", "country").await, "AT", "at once");
    assert_eq!(asked.resolve("ben", "country").await, "DE", "and nobody else");
    source.forget_all();
    assert_eq!(asked.resolve("ben", "country").await, "FR");

    // What was asked before the change and answered after it is not what later decisions use.
    people.mood(&Mood { slow: 200, body: Some("{\"country\":\"old\"}".to_owned()), ..Mood::default() });
    source.forget_all();
    let before = asked.resolve("jay", "country");
    let change = async {
        wait(100).await;
        people.mood(&Mood::default());
        source.forget_all();
        assert_eq!(asked.resolve("jay", "country").await, "AT");
    };
    let (before, ()) = tokio::join!(before, change);
    assert_eq!(before, "old");
    wait(150).await;
    assert_eq!(asked.resolve("jay", "country").await, "AT");
}

#[tokio::test]
async fn a_changed_configuration_of_a_source_shares_nothing_and_an_unchanged_one_everything() {
    let people = People::start(&json!({ "jay": { "country": "CL", "home": "AT" } }));
    let url = format!("http://{}/people/{{user}}", people.address);
    let mut asked = Asked::of(&documents(&url, ""));
    assert_eq!(asked.resolve("jay", "country").await, "CL");
    asked.read(&format!("{}---\n{{kind: Tag, name: PII}}\n", documents(&url, "")));
    assert_eq!(asked.resolve("jay", "country").await, "CL");
    assert_eq!(people.seen().calls, 1, "another revision, the same source");
    asked.read(&documents(&url, "").replace("country: /country", "country: /home"));
    assert_eq!(asked.resolve("jay", "country").await, "AT");
    asked.read(&documents(&url, "").replace("name: country, type: text", "name: country, type: number"));
    let mistyped = asked.resolve("jay", "country").await;
    assert!(mistyped.contains("not a number"), "{mistyped}");
}
