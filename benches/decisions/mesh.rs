//! A mesh of any size: one table that is asked about, bound by a dozen rules, among as many other rules as wanted.

use std::fmt::Write as _;
use std::sync::Arc;

use jiff::tz::TimeZone;
use meshward::attributes::Users;
use meshward::document::finding::Source;
use meshward::document::kinds::Documents;
use meshward::document::load;
use meshward::engine::snapshot::Snapshot;
use meshward::model::column_type::ColumnType;
use meshward::model::name::{Identifier, TableName};
use meshward::model::request::{Column, Request, TableRequest};
use meshward::model::subject::{Identity, Party, Subject};
use meshward::store::revision;

/// The columns of the table that is asked about.
pub(crate) const COLUMNS: usize = 40;

/// How many of them are masked.
const MASKED: usize = 10;

/// The rules that bind the table that is asked about.
const CORE: &str = r#"
{kind: Attribute, name: department, type: text}
---
{kind: Attribute, name: country, type: text}
---
{kind: Purpose, name: fraud detection}
---
{kind: Grant, name: fraud, to: members of group "finance", purpose: fraud detection}
---
{kind: User, name: jay, attributes: {department: FINANCE, country: [CL, AT]}}
---
{kind: Tag, name: PII.Name}
---
{kind: Tag, name: PII.Card}
---
{kind: Tag, name: Geo.Country}
---
{kind: Domain, name: finance, owns: [lake.finance.*], owners: members of group "finance-owners"}
---
kind: Policy
name: personal-data
on: tables with columns tagged PII
rules:
  - mask columns tagged PII.Name with keep first 1 for everyone except members of group "privacy"
  - mask columns tagged PII.Card with hash for everyone
  - never show columns tagged PII.Card less protected than keep last 4
---
kind: Policy
name: countries
on: tables with columns tagged Geo.Country
rules:
  - only show rows where column tagged Geo.Country in @country for everyone except members of group "global"
---
kind: Policy
name: finance
domain: finance
on: tables in domain finance
rules:
  - allow those with @department = 'FINANCE' to read
  - allow members of group "finance" to see
  - deny members of group "contractors" to write
"#;

/// The documents of a mesh with that many rules.
pub(crate) fn documents(rules: usize) -> Documents {
    read(&text(rules))
}

/// Documents that check.
pub(crate) fn read(text: &str) -> Documents {
    let source = Arc::new(Source::new("mesh.yaml", text));
    load::texts(&[source]).map_err(|findings| findings[0].render()).expect("the mesh checks").documents
}

/// The same as one file.
pub(crate) fn text(rules: usize) -> String {
    let mut text = String::from(CORE);
    text.push_str(
        "---\n{kind: Tagging, name: transactions, table: lake.finance.transactions, columns: {country: Geo.Country",
    );
    for column in 0..MASKED {
        write!(text, ", c{column}: {}", if column % 2 == 0 { "PII.Name" } else { "PII.Card" }).unwrap();
    }
    text.push_str("}}\n");
    for topic in 0..100 {
        write!(text, "---\n{{kind: Tag, name: Topic.T{topic}}}\n").unwrap();
    }
    // Of ten other policies six are about single tables, two about tags, two about everything for one group; five rules each.
    for policy in 0..rules.saturating_sub(7) / 5 {
        let on = match policy % 10 {
            0..6 => format!("lake.s{}.t{policy}", policy % 500),
            6 | 7 => format!("tables tagged Topic.T{}", policy % 100),
            _ => "everything".to_owned(),
        };
        let who = format!("members of group \"g{policy}\"");
        write!(
            text,
            "---\nkind: Policy\nname: p{policy}\non: {on}\nrules:\n  - allow {who} to read\n  - only show rows where region = \
             'r{policy}' for {who}\n  - mask column secret with null for {who}\n  - hide column internal for {who}\n  - deny {who} to \
             drop, alter\n"
        )
        .unwrap();
    }
    text
}

pub(crate) fn snapshot(documents: &Documents) -> Snapshot {
    Snapshot::build(documents, &TimeZone::UTC)
}

pub(crate) fn table_request() -> TableRequest {
    let mut columns: Vec<Column> = (0..COLUMNS - 1)
        .map(|column| Column::typed(Identifier::new(&format!("c{column}")), ColumnType::Varchar(None)))
        .collect();
    columns.push(Column::typed(Identifier::new("country"), ColumnType::Varchar(Some(2))));
    TableRequest { table: TableName::new("lake", "finance", "transactions"), columns }
}

pub(crate) fn request() -> Request {
    Request::Table(table_request())
}

/// Groups of the one who asks: as many as a person of a large company is in.
pub(crate) fn groups() -> Vec<String> {
    ["finance", "everyone", "vienna"]
        .map(str::to_owned)
        .into_iter()
        .chain((0..20).map(|n| format!("team-{n}")))
        .collect()
}

pub(crate) fn subject(documents: &Documents) -> Subject {
    let users: Users = revision::users(documents);
    let identity = Identity {
        groups: groups().iter().map(|group| Arc::from(group.as_str())).collect(),
        ..Identity::of_user("jay")
    };
    Subject {
        asking: Party { identity, attributes: users.of("jay"), ..Party::default() },
        invoker: None,
        now: "2026-11-24T12:00:00Z".parse().unwrap(),
        cluster: Arc::from("bench"),
    }
}
