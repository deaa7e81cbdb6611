//! How an HTTP source is asked, and what its answers can be.

use std::fs;

use meshward::attributes::http::UrlTemplate;
use serde_json::json;

use crate::attributes::people::{Asked, Mood, People, documents, said};

/// Names that mean something to URLs, JSON pointers, shells or nobody.
const HOSTILE: &[&str] = &[
    "jay/../admin",
    "jay?admin=true",
    "jay#x",
    "jay&userid=admin",
    "%61dmin",
    "%2e%2e",
    "admin;jay",
    "a b+c",
    "jay~1admin",
    "/admin",
    "\\admin",
    "@admin",
    "jäy☃",
    "'\"<>{}|^`[]",
    "{user}",
    "admin\u{200b}",
];

#[tokio::test]
async fn a_users_name_is_one_part_of_the_url_whatever_is_in_it() {
    let mut everybody =
        json!({ "admin": { "country": "ADMIN", "groups": [] }, "": { "country": "NOBODY", "groups": [] } });
    for name in HOSTILE {
        everybody[*name] = json!({ "country": *name, "groups": [] });
    }
    let people = People::start(&everybody);
    for url in ["people/{user}", "user-info?userid={user}"] {
        let info = url.starts_with("user-info");
        let mut yaml = documents(&format!("http://{}/{url}", people.address), "groups: /groups\n");
        if info {
            yaml = yaml
                .replace("  not_found", "  answers: user info\n  not_found")
                .replace("country: /country, clearance: /clearance", "country: country, clearance: clearance");
        }
        let asked = Asked::of(&yaml);
        for name in HOSTILE {
            let value = asked.resolve(name, "country").await;
            // A server may take a path apart after it has decoded it.
            if !info && name.contains(['/', '\\']) {
                assert!(value.contains("cannot be asked for"), "{name}: {value}");
            } else {
                assert_eq!(value, *name, "{url}");
            }
        }
        // What would leave its folder is not asked for at all, and an empty name is nobody's.
        people.seen();
        for name in ["..", "."] {
            let value = asked.resolve(name, "country").await;
            match info {
                true => assert_eq!(value, "missing", "{name}"),
                false => assert!(value.contains("cannot be asked for"), "{name}: {value}"),
            }
        }
        assert!(asked.resolve("", "country").await.contains("cannot be asked for"));
        assert!(asked.resolve("jay\nHost: x", "country").await.contains("cannot be asked for"));
        assert_eq!(people.seen().calls, if info { 2 } else { 0 });
    }
}

#[test]
fn a_url_says_what_it_means_or_is_refused() {
    for good in [
        "https://hr.example.com/people/{user}",
        "http://127.0.0.1:8080/u?id={user}&x=1",
        "https://hr.example.com/user-info",
        "https://hr.example.com",
        "https://[::1]:8443/{user}",
    ] {
        assert!(UrlTemplate::new(good).is_ok(), "{good}: {:?}", UrlTemplate::new(good));
    }
    for bad in [
        "hr.example.com/{user}",
        "ftp://hr.example.com/{user}",
        "file:///etc/passwd",
        "https://{user}.example.com/",
        "https://hr.example.com:{user}/",
        "https://meshward:secret@hr.example.com/{user}",
        "https://hr.example.com/#{user}",
        "https://hr.example.com/{name}",
        "https://hr.example.com/../{user}",
        "HTTPS://hr.example.com/{user}",
    ] {
        assert!(UrlTemplate::new(bad).is_err(), "{bad}");
    }
    for (url, open) in [
        ("http://hr.example.com/{user}", true),
        ("http://127.0.0.1/{user}", false),
        ("http://localhost/{user}", false),
        ("http://[::1]/{user}", false),
        ("https://hr.example.com/{user}", false),
    ] {
        assert_eq!(UrlTemplate::new(url).unwrap().is_open(), open, "{url}");
    }
}

#[tokio::test]
async fn the_user_info_contract_is_served_as_it_is() {
    let people = People::start(&json!({ "jay": { "country": ["CL", "AT"], "groups": ["finance", "Audit"] } }));
    let yaml = format!(
        "{{kind: Attribute, name: country, type: text}}\n---\nkind: AttributeSource\nname: iam\nhttp: {{url: 'http://{}/user-info', answers: \
         user info}}\nattributes: {{country: country}}\ngroups: groups\n",
        people.address
    );
    let asked = Asked::of(&yaml);
    let known = asked.know("jay").await;
    assert_eq!(said(&known, "country"), "AT CL");
    assert_eq!(known.party.identity.groups.iter().map(|group| &**group).collect::<Vec<_>>(), ["Audit", "finance"]);
    assert_eq!(people.seen().last, "GET /user-info?userid=jay");
    // Anything but 200 is a failure: 404 too.
    let unknown = asked.resolve("nobody", "country").await;
    assert!(unknown.starts_with("unknown: ") && unknown.contains("status 404"), "{unknown}");
    for body in ["{}", "{\"groups\":[]}", "{\"authorizations\":{}}", "{\"groups\":[{}],\"authorizations\":{}}"] {
        people.mood(&Mood { body: Some(body.to_owned()), ..Mood::default() });
        let value = asked.resolve(&format!("user{}", body.len()), "country").await;
        assert!(value.contains("cannot be read"), "{body}: {value}");
    }
    people.mood(&Mood { body: Some("{\"groups\":[],\"authorizations\":{}}".to_owned()), ..Mood::default() });
    assert_eq!(asked.resolve("ben", "country").await, "missing");
}

#[tokio::test]
async fn a_value_that_is_not_as_declared_is_unknown_and_one_that_is_not_there_is_missing() {
    let people = People::start(&json!({}));
    let asked = Asked::of(&documents(&format!("http://{}/people/{{user}}", people.address), ""));
    let cases = [
        ("{\"country\": \"CL\", \"clearance\": \"3\"}", "CL", "3"),
        ("{\"country\": [\"CL\", \"AT\"], \"clearance\": [3]}", "AT CL", "3"),
        ("{\"country\": [], \"clearance\": 2.50}", "", "2.5"),
        ("{\"country\": null}", "missing", "missing"),
        ("{\"country\": true, \"clearance\": true}", "true", "unknown: "),
        ("{\"clearance\": [3, 4]}", "missing", "unknown: "),
        ("{\"clearance\": \"three\"}", "missing", "unknown: "),
        ("{\"country\": [\"CL\", null]}", "unknown: ", "unknown: "),
        ("{\"clearance\": 1234567890.123456789}", "unknown: ", "unknown: "),
    ];
    for (number, (body, country, clearance)) in cases.iter().enumerate() {
        people.mood(&Mood { body: Some((*body).to_owned()), ..Mood::default() });
        let known = asked.know(&format!("user{number}")).await;
        for (attribute, wanted) in [("country", country), ("clearance", clearance)] {
            let value = said(&known, attribute);
            let right = if wanted.starts_with("unknown") { value.starts_with(wanted) } else { value == **wanted };
            assert!(right, "{body}: {attribute} is {value}, not {wanted}");
        }
    }
}

#[tokio::test]
async fn names_that_the_source_takes_for_one_are_one_there_and_two_elsewhere() {
    let people = People::start(
        &json!({ "jay": { "country": "CL" }, "Jay": { "country": "AT" }, "jay@X.ORG": { "country": "DE" } }),
    );
    let url = format!("http://{}/people/{{user}}", people.address);
    let as_given = Asked::of(&documents(&url, ""));
    let lower = Asked::of(&documents(&url, "user_names: lower case\n"));
    let bare = Asked::of(&documents(&url, "user_names: without realm\nrealms: x.org\n"));
    let both = Asked::of(&documents(&url, "user_names: [lower case, without realm]\nrealms: [X.ORG]\n"));
    for (asked, user, wanted) in [
        (&as_given, "jay", "CL"),
        (&as_given, "Jay", "AT"),
        (&as_given, "JAY", "missing"),
        (&as_given, "jay@X.ORG", "DE"),
        (&lower, "Jay", "CL"),
        (&lower, "JAY", "CL"),
        (&lower, "jay@X.ORG", "missing"),
        (&bare, "jay@X.ORG", "CL"),
        (&bare, "Jay@x.org", "AT"),
        (&bare, "jay@Y.ORG", "missing"),
        (&both, "JAY@x.org", "CL"),
    ] {
        assert_eq!(asked.resolve(user, "country").await, wanted, "{user}");
    }
}

#[tokio::test]
async fn a_secret_goes_to_the_source_and_nowhere_else() {
    let people = People::start(&json!({ "jay": { "country": "CL" } }));
    let url = format!("http://{}/people/{{user}}", people.address);
    let with = |login: &str| {
        documents(&url, "").replace("  not_found", &format!("{login}  headers: {{X-Mesh: a}}\n  not_found"))
    };
    let bearer = Asked::of(&with("  token: hr-token\n"));
    assert!(bearer.resolve("jay", "country").await.contains("the secret `hr-token` cannot be read"));
    fs::write(bearer.secrets.path().join("hr-token"), "s3cret\n").unwrap();
    assert_eq!(bearer.resolve("jay", "country").await, "CL");
    let seen = people.seen();
    assert_eq!(seen.headers["authorization"], "Bearer s3cret");
    assert_eq!(seen.headers["x-mesh"], "a");
    let known = bearer.know("jay").await;
    assert!(!format!("{known:?}{:?}", bearer.attributes).contains("s3cret"));
    assert!(!bearer.metrics.text().unwrap().contains("s3cret"));

    let basic = Asked::of(&with("  user: meshward\n  password: hr-password\n"));
    fs::write(basic.secrets.path().join("hr-password"), "pä:ss").unwrap();
    assert_eq!(basic.resolve("jay", "country").await, "CL");
    assert_eq!(people.seen().headers["authorization"], "Basic bWVzaHdhcmQ6cMOkOnNz");
    // A header cannot be made of it: that fails, and says nothing of it.
    fs::write(bearer.secrets.path().join("hr-token"), "s3\u{1}cret").unwrap();
    bearer.attributes.sources()[0].forget_all();
    let value = bearer.resolve("jay", "country").await;
    assert!(value.starts_with("unknown") && !value.contains("cret"), "{value}");
}

#[tokio::test]
async fn of_several_sources_the_one_that_counts_first_decides_and_its_failure_too() {
    let (hr, iam) = (
        People::start(&json!({ "jay": { "country": "CL" }, "ben": {} })),
        People::start(&json!({ "jay": { "country": "AT" }, "ben": { "country": "DE" }, "ana": { "country": "FR" } })),
    );
    let source = |name: &str, people: &People, precedence: u32| {
        format!(
            "---\nkind: AttributeSource\nname: {name}\nprecedence: {precedence}\nhttp: {{url: 'http://{}/people/{{user}}', not_found: \
             404}}\nattributes: {{country: /country}}\n",
            people.address
        )
    };
    let yaml = format!(
        "{{kind: Attribute, name: country, type: text}}\n---\n{{kind: User, name: zoe, attributes: {{country: IT}}}}\n{}{}",
        source("iam", &iam, 1),
        source("hr", &hr, 2)
    );
    let mut asked = Asked::of(&yaml);
    for (user, wanted) in [("jay", "CL"), ("ben", "DE"), ("ana", "FR"), ("zoe", "IT"), ("nobody", "missing")] {
        assert_eq!(asked.resolve(user, "country").await, wanted, "{user}");
    }
    hr.mood(&Mood { status: Some(503), ..Mood::default() });
    asked.read(&yaml.replace("precedence: 2", "precedence: 3"));
    for user in ["jay", "ben", "ana"] {
        let value = asked.resolve(user, "country").await;
        assert!(value.starts_with("unknown: source `hr`"), "{user}: another source's word is no answer: {value}");
    }
    assert_eq!(asked.resolve("zoe", "country").await, "IT");
}
