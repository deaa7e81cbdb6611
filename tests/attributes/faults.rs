//! Each fault, named after what holds in spite of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::attributes::people::{Asked, Mood, People, documents, said};

fn url(people: &People) -> String {
    format!("http://{}/people/{{user}}", people.address)
}

async fn wait(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

/// Everybody's country is their own name, so that a value that is somebody else's shows.
fn crowd(size: usize) -> Value {
    Value::Object((0..size).map(|n| (format!("user{n}"), json!({ "country": format!("user{n}") }))).collect())
}

#[tokio::test]
async fn a_thousand_who_miss_one_user_at_once_are_one_question() {
    let people = People::start(&json!({ "jay": { "country": "CL" } }));
    people.mood(&Mood { slow: 100, ..Mood::default() });
    let asked = Arc::new(Asked::of(&documents(&url(&people), "")));
    let all: Vec<_> = (0..1_000)
        .map(|_| {
            let asked = Arc::clone(&asked);
            tokio::spawn(async move { asked.resolve("jay", "country").await })
        })
        .collect();
    for one in all {
        assert_eq!(one.await.unwrap(), "CL");
    }
    assert_eq!(people.seen().calls, 1);
}

#[tokio::test]
async fn nobody_gets_another_users_value_whatever_happens_at_once() {
    let people = People::start(&crowd(50));
    let more = "ttl: 20ms\nstale_ttl: 40ms\nhard_ttl: 80ms\nentries: 20\nbytes: 20000\nconcurrency: 8\ntimeout: 2s\n";
    let asked = Arc::new(Asked::of(&documents(&url(&people), more)));
    let all: Vec<_> = (0..50)
        .map(|n| {
            let asked = Arc::clone(&asked);
            tokio::spawn(async move {
                let user = format!("user{n}");
                for round in 0..20 {
                    let value = asked.resolve(&user, "country").await;
                    assert!(value == user || value.starts_with("unknown"), "{user} got {value}");
                    if round % 7 == n % 7 {
                        asked.attributes.sources()[0].forget_all();
                    }
                }
            })
        })
        .collect();
    for one in all {
        one.await.unwrap();
    }
    let seen = people.seen();
    assert!(seen.at_once <= 8, "no more at once than allowed: {}", seen.at_once);
    assert!(seen.calls > 100, "{}", seen.calls);
}

/// Every fault, and how long one waits for it at most.
#[tokio::test]
async fn a_failure_is_never_an_empty_set_and_never_waits_longer_than_the_timeout() {
    let mut people = People::start(&json!({ "jay": { "country": "CL", "groups": ["finance"] } }));
    let more = "groups: /groups\ntimeout: 400ms\npause: 50ms\n";
    let asked = Asked::of(&documents(&url(&people), more));
    let moods = [
        ("slow", "timeout", Mood { slow: 2_000, ..Mood::default() }),
        ("500", "unreachable", Mood { status: Some(500), ..Mood::default() }),
        ("503", "unreachable", Mood { status: Some(503), ..Mood::default() }),
        ("204", "refused", Mood { status: Some(204), ..Mood::default() }),
        ("403", "credentials", Mood { status: Some(403), ..Mood::default() }),
        ("a redirect", "refused", Mood { redirect: Some("/people/ben".to_owned()), ..Mood::default() }),
        ("nothing", "garbage", Mood { body: Some(String::new()), ..Mood::default() }),
        ("a page", "garbage", Mood { body: Some("<html>".to_owned()), ..Mood::default() }),
        ("half an answer", "garbage", Mood { body: Some("{\"country\": [\"CL\"".to_owned()), ..Mood::default() }),
        ("a list", "garbage", Mood { body: Some("[]".to_owned()), ..Mood::default() }),
        ("null", "garbage", Mood { body: Some("null".to_owned()), ..Mood::default() }),
        ("no groups", "garbage", Mood { body: Some("{\"country\": \"CL\"}".to_owned()), ..Mood::default() }),
        (
            "an object for a value",
            "garbage",
            Mood { body: Some("{\"country\": {\"a\": 1}, \"groups\": []}".to_owned()), ..Mood::default() },
        ),
        ("more than is read", "too_large", Mood { flood: 3_000_000, ..Mood::default() }),
    ];
    for (what, kind, mood) in moods {
        people.mood(&mood);
        wait(60).await;
        check(&asked, what, kind).await;
    }
    people.mood(&Mood::default());
    people.pause();
    check(&asked, "paused", "timeout").await;
    people.go_on();
    people.stop();
    wait(60).await;
    check(&asked, "stopped", "unreachable").await;
    people.resume_as_new(&json!({ "jay": { "country": "CL", "groups": ["finance"] } }));
    wait(60).await;
    let known = asked.know("jay").await;
    assert_eq!(said(&known, "country"), "CL", "well again by itself");
    assert!(known.party.unknown_groups.is_none() && known.party.identity.groups.contains("finance"));
}

async fn check(asked: &Asked, what: &str, kind: &str) {
    let started = Instant::now();
    let known = asked.know("jay").await;
    assert!(started.elapsed() < Duration::from_millis(700), "{what}: waited {:?}", started.elapsed());
    let value = said(&known, "country");
    assert!(value.starts_with("unknown: source `hr`"), "{what}: {value}");
    assert!(known.party.unknown_groups.is_some(), "{what}: the groups count as known");
    assert_eq!(known.consulted[0].said.as_ref().unwrap_err().kind(), kind, "{what}");
}

#[tokio::test]
async fn who_goes_away_takes_nothing_from_those_who_wait() {
    let people = People::start(&json!({ "jay": { "country": "CL" } }));
    people.mood(&Mood { slow: 200, ..Mood::default() });
    let asked = Arc::new(Asked::of(&documents(&url(&people), "")));
    let first = {
        let asked = Arc::clone(&asked);
        tokio::spawn(async move { asked.resolve("jay", "country").await })
    };
    wait(50).await;
    let second = {
        let asked = Arc::clone(&asked);
        tokio::spawn(async move { asked.resolve("jay", "country").await })
    };
    wait(50).await;
    first.abort();
    assert_eq!(second.await.unwrap(), "CL");
    assert_eq!(people.seen().calls, 1);
}

#[tokio::test]
async fn what_came_too_late_is_not_kept_and_blocks_nobody() {
    let people = People::start(&json!({ "jay": { "country": "CL" }, "ben": { "country": "AT" } }));
    let asked = Asked::of(&documents(&url(&people), "timeout: 200ms\nconcurrency: 1\nfailures: 100\n"));
    people.mood(&Mood { slow: 5_000, ..Mood::default() });
    assert!(asked.resolve("jay", "country").await.contains("in time"));
    people.mood(&Mood::default());
    assert_eq!(asked.resolve("ben", "country").await, "AT");
    assert_eq!(asked.resolve("jay", "country").await, "CL");
}

#[tokio::test]
async fn a_failing_source_is_left_alone_and_a_herd_is_not_let_loose_when_it_is_back() {
    let mut people = People::start(&crowd(200));
    let more = "timeout: 300ms\nfailures: 3\npause: 400ms\nconcurrency: 4\n";
    let asked = Arc::new(Asked::of(&documents(&url(&people), more)));
    people.stop();
    for n in 0..20 {
        assert!(asked.resolve(&format!("user{n}"), "country").await.starts_with("unknown"));
    }
    assert_eq!(asked.count("meshward_attribute_loads_total{source=\"hr\",cause=\"miss\",result=\"unreachable\"}"), 3.0);
    let started = Instant::now();
    assert!(asked.resolve("user1", "country").await.contains("left alone"));
    assert!(started.elapsed() < Duration::from_millis(50), "nobody waits for what is left alone");

    people.resume_as_new(&crowd(200));
    people.mood(&Mood { slow: 20, ..Mood::default() });
    people.seen();
    let began = Instant::now();
    let all: Vec<_> = (0..200)
        .map(|n| {
            let asked = Arc::clone(&asked);
            tokio::spawn(async move {
                let user = format!("user{n}");
                while asked.resolve(&user, "country").await != user {
                    wait(20).await;
                    assert!(began.elapsed() < Duration::from_secs(15), "it did not come back");
                }
            })
        })
        .collect();
    for one in all {
        one.await.unwrap();
    }
    let seen = people.seen();
    assert!(seen.at_once <= 4, "{} at once", seen.at_once);
    assert!(seen.calls <= 400, "{} calls for 200 users", seen.calls);
}

#[tokio::test]
async fn a_source_that_fails_for_one_user_at_once_is_not_asked_all_the_time() {
    let people = People::start(&json!({ "jay": { "country": "CL" } }));
    let asked =
        Asked::of(&documents(&url(&people), "ttl: 100ms\nstale_ttl: 10s\nhard_ttl: 20s\njitter: 0\npause: 5s\n"));
    assert_eq!(asked.resolve("jay", "country").await, "CL");
    people.mood(&Mood { body: Some("nonsense".to_owned()), ..Mood::default() });
    people.seen();
    wait(150).await;
    for _ in 0..200 {
        assert_eq!(asked.resolve("jay", "country").await, "CL");
        wait(1).await;
    }
    assert_eq!(people.seen().calls, 1);
}
