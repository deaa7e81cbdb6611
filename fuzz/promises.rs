//! What holds for any input. The fuzz targets look for one for which it does not; `make test` replays `fuzz/corpus`.
#![allow(dead_code, reason = "each target uses one promise")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::tz::TimeZone;
use meshward::document::finding::Source;
use meshward::document::kinds::{Documents, Policy, PolicyRule};
use meshward::document::{format, load};
use meshward::engine::decide;
use meshward::engine::snapshot::Snapshot;
use meshward::language::parse;
use meshward::language::syntax::Target;
use meshward::model::column_type::ColumnType;
use meshward::model::name::{Identifier, Name, TableName};
use meshward::model::request::{Column, Request, TableRequest};
use meshward::model::subject::{Identity, Party, Resolved, Subject};
use meshward::model::value::Value;
use meshward::rpc;

/// What is read prints as something that reads as the same, and points inside the text where it is not read.
pub(crate) fn parse(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match parse::rule(text) {
        Ok(rule) => assert!(parse::rule(&rule.to_string()).is_ok_and(|again| again == rule), "{rule}"),
        Err(diagnostics) => {
            assert!(!diagnostics.is_empty());
            assert!(diagnostics.iter().all(|one| text.get(one.span.start..one.span.end).is_some()), "{diagnostics:?}");
        }
    }
    if let Ok(target) = parse::target(text) {
        assert!(parse::target(&target.to_string()).is_ok_and(|again| again == target), "{target}");
    }
    if let Ok(audience) = parse::audience(text) {
        assert!(parse::audience(&audience.to_string()).is_ok_and(|again| again == audience), "{audience}");
    }
}

/// Any text is documents or findings that can be shown; formatting what it formatted changes nothing.
pub(crate) fn documents(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let source = |text: &str| Arc::new(Source::new("fuzz.yaml", text));
    if let Err(findings) = load::texts(&[source(text)]) {
        assert!(!findings.is_empty());
        findings.iter().take(5).for_each(|finding| assert!(finding.render().contains(finding.code.as_str())));
    }
    if let Ok(formatted) = format::canonical(&source(text)) {
        assert_eq!(format::canonical(&source(&formatted)).ok().as_ref(), Some(&formatted));
    }
}

/// Any bytes are a question or a refusal, and the same one however they are read.
pub(crate) fn decode(data: &[u8]) {
    let question = rpc::table_question(data);
    if let Ok(question) = &question {
        assert!(!question.identity.user.is_empty());
    }
    // Read by parts or in one go, it is the same.
    let at_once = rpc::table_question_at_once(data);
    assert_eq!(format!("{:?}", question.ok()), format!("{:?}", at_once.ok()));
}

/// Any rules, one in a line, are decided as a scan decides them, and as many columns are answered as were asked about.
pub(crate) fn evaluate(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let rules = text.lines().take(64).filter_map(|line| parse::rule(line).ok());
    let rules: Vec<PolicyRule> = rules.map(|rule| PolicyRule { name: None, rule }).collect();
    let Some(name) = Name::new("fuzz") else { return };
    let policy = Policy {
        name: name.clone(),
        domain: None,
        description: None,
        on: Target::Everything,
        rules,
        from: None,
        until: None,
    };
    let documents = Documents { policies: BTreeMap::from([(name, policy)]), ..Documents::default() };
    let snapshot = Snapshot::build(&documents, &TimeZone::UTC);
    let (subject, request) = (subject(), request());
    let indexed = decide(&snapshot, &subject, &Request::Table(request.clone()));
    if let meshward::model::decision::Decision::Table(table) = &indexed {
        assert_eq!(table.columns.len(), request.columns.len());
    }
    assert_eq!(decide(&snapshot.scanning(), &subject, &Request::Table(request)), indexed);
}

fn subject() -> Subject {
    let attributes = [("country", Value::text("CL")), ("level", Value::text("it's"))].into_iter();
    let attributes = attributes
        .filter_map(|(name, value)| Some((Name::new(name)?, Resolved::Values(BTreeSet::from([value])))))
        .collect();
    let identity = Identity { groups: BTreeSet::from([Arc::from("g")]), ..Identity::of_user("jay") };
    Subject {
        asking: Party { identity, attributes, ..Party::default() },
        invoker: None,
        now: jiff::Timestamp::UNIX_EPOCH,
        cluster: Arc::from(""),
    }
}

fn request() -> TableRequest {
    let types = [
        "varchar",
        "varchar(2)",
        "char(3)",
        "bigint",
        "double",
        "decimal(12,2)",
        "date",
        "timestamp(3)",
        "boolean",
        "json",
        "array(bigint)",
        "",
    ];
    let columns = types.iter().enumerate().map(|(index, column_type)| {
        Column::typed(Identifier::new(&format!("c{index}")), ColumnType::parse(column_type))
    });
    TableRequest { table: TableName::new("lake", "s", "t"), columns: columns.collect() }
}
