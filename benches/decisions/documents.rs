//! What people wait for when they change rules: check, fmt, diff.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use jiff::tz::TimeZone;
use meshward::diff::diff;
use meshward::document::finding::Source;
use meshward::document::format;
use meshward::document::kinds::{Documents, Tagging, User};
use meshward::model::name::{Identifier, Name, TableName};
use meshward::model::value::Value;

use crate::measure::{ms, times};
use crate::mesh;

const RULES: usize = 10_000;
const TABLES: usize = 10_000;
const USERS: usize = 1_000;

pub(crate) fn run() {
    println!("\ndocuments");
    let text = mesh::text(RULES);
    let checked = times(5, || drop(black_box(mesh::read(&text))));
    println!("{:>60}: {:>8.0} ms", "check of 10,000 rules", ms(checked.median()));
    let source = Arc::new(Source::new("mesh.yaml", text));
    let formatted = times(5, || drop(black_box(format::canonical(&source).unwrap())));
    println!("{:>60}: {:>8.0} ms", "fmt of 10,000 rules", ms(formatted.median()));
    let old = populated(mesh::documents(1_000));
    let now = "2026-11-24T12:00:00Z".parse().unwrap();
    for (what, new) in changes(&old) {
        let mut gains = 0;
        let took = times(1, || gains = diff(&old, &new, &TimeZone::UTC, now).gains.len());
        println!("{what:>60}: {:>8.0} ms, {gains} gains", ms(took.median()));
    }
}

/// With a thousand people of ten departments and fifty countries, and ten thousand tables of ten kinds.
fn populated(mut documents: Documents) -> Documents {
    let name = |text: &str| Name::new(text).unwrap();
    for user in 0..USERS {
        let department = if user % 10 == 0 { "FINANCE".to_owned() } else { format!("D{}", user % 10) };
        let attributes = BTreeMap::from([
            (name("department"), vec![Value::text(&department)]),
            (name("country"), vec![Value::text(&format!("C{}", user % 50))]),
        ]);
        let user = User { name: format!("user{user}"), attributes };
        documents.users.insert(user.name.clone(), user);
    }
    for table in 0..TABLES {
        let schema = if table % 2 == 0 { "finance".to_owned() } else { format!("s{}", table % 500) };
        let tags = ["PII.Name", "PII.Card", "Geo.Country"];
        let columns = tags.iter().take(1 + table % 3).enumerate();
        let columns = columns.map(|(at, tag)| (Identifier::new(&format!("c{at}")), vec![name(tag)])).collect();
        let tagging = Tagging {
            name: name(&format!("bulk {table}")),
            domain: None,
            table: TableName::new("lake", &schema, &format!("bulk{table}")),
            tags: vec![name(&format!("Topic.T{}", table % 10))],
            columns,
        };
        documents.taggings.insert(tagging.name.clone(), tagging);
    }
    documents
}

fn changes(old: &Documents) -> [(&'static str, Documents); 3] {
    let with = |policy: &str, change: &dyn Fn(&str) -> String| {
        let mut new = old.clone();
        let policy = new.policies.get_mut(&Name::new(policy).unwrap()).unwrap();
        for rule in &mut policy.rules {
            rule.rule = meshward::language::parse::rule(&change(&rule.rule.to_string())).unwrap();
        }
        new
    };
    [
        ("diff of 10,000 tables and 1,000 users: nothing changed", old.clone()),
        ("one table's rule changed", with("p0", &|rule| rule.replace("'r0'", "'r1'"))),
        (
            "a rule on most tables changed",
            with("personal-data", &|rule| {
                rule.replace(
                    "for everyone except members of group \"privacy\"",
                    "for everyone except members of group \"support\"",
                )
            }),
        ),
    ]
}
