//! What the largest sentences cost: `docs/security.md` states the bounds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use meshward::document::kinds::{Documents, Policy, PolicyRule, Tagging};
use meshward::engine::decide;
use meshward::engine::snapshot::Snapshot;
use meshward::language::{parse, syntax::Target};
use meshward::model::column_type::ColumnType;
use meshward::model::decision::{ColumnDecision, Decision, Rows, TableDecision};
use meshward::model::name::{Identifier, Name, TableName};
use meshward::model::request::{Column, Request, TableRequest};
use meshward::model::subject::{Identity, Party, Subject};

/// A worker thread of the server has 2 MiB; a quarter of that must do, even without optimisation.
const SMALL_STACK: usize = 512 * 1024;

/// Of a test's build on a busy machine. Optimised, the worst of these takes a hundredth.
const PATIENCE: Duration = Duration::from_secs(20);

/// The longest text of a sentence.
const LONGEST: usize = 16 * 1024;

/// As many columns as a wide table has, each tagged `A` or `B`.
const COLUMNS: usize = 400;

fn table() -> TableName {
    TableName::new("lake", "s", "t")
}

/// A sentence filled up to its longest with `filling`.
fn filled(before: &str, filling: &str, after: &str) -> String {
    let times = (LONGEST - before.len() - after.len()) / filling.len();
    format!("{before}{}{after}", filling.repeat(times))
}

fn documents(sentences: &[String], tagged: usize) -> Documents {
    let name = |text: &str| Name::new(text).unwrap();
    let rule = |sentence: &String| PolicyRule {
        name: None,
        rule: parse::rule(sentence).unwrap_or_else(|why| panic!("{}\n{why:?}", &sentence[..80.min(sentence.len())])),
    };
    let policy = Policy {
        name: name("p"),
        domain: None,
        description: None,
        on: Target::Everything,
        rules: sentences.iter().map(rule).collect(),
        from: None,
        until: None,
    };
    let columns = (0..tagged)
        .map(|column| (Identifier::new(&format!("c{column}")), vec![name(if column % 2 == 0 { "A" } else { "B" })]));
    let tagging = Tagging {
        name: name("t"),
        domain: None,
        table: table(),
        tags: Vec::new(),
        columns: columns.collect::<BTreeMap<_, _>>(),
    };
    Documents {
        policies: BTreeMap::from([(name("p"), policy)]),
        taggings: BTreeMap::from([(name("t"), tagging)]),
        ..Documents::default()
    }
}

/// Decides about a table of many columns, on a small stack and in time.
fn decided(sentences: Vec<String>, tagged: usize) -> TableDecision {
    let thread = std::thread::Builder::new().stack_size(SMALL_STACK).spawn(move || {
        let snapshot = Snapshot::build(&documents(&sentences, tagged), &TimeZone::UTC);
        let subject = Subject {
            asking: Party { identity: Identity::of_user("jay"), ..Party::default() },
            invoker: None,
            now: jiff::Timestamp::UNIX_EPOCH,
            cluster: Arc::from(""),
        };
        let columns = (0..COLUMNS)
            .map(|column| Column::typed(Identifier::new(&format!("c{column}")), ColumnType::Varchar(None)))
            .collect();
        let request = Request::Table(TableRequest { table: table(), columns });
        let started = Instant::now();
        let decision = decide(&snapshot, &subject, &request);
        assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
        decision
    });
    match thread.unwrap().join().unwrap() {
        Decision::Table(decision) => decision,
        other => panic!("{other:?}"),
    }
}

/// The bytes of SQL that an answer carries.
fn size(decision: &TableDecision) -> usize {
    let filters = match &decision.rows {
        Rows::Where(filters) => filters.iter().map(|filter| filter.sql.as_str().len()).sum(),
        Rows::All | Rows::None => 0,
    };
    let masks = decision.columns.iter().map(|column| match column {
        ColumnDecision::Masked(mask) => mask.sql.as_str().len(),
        ColumnDecision::Clear | ColumnDecision::Hidden(_) => 0,
    });
    filters + masks.sum::<usize>()
}

#[test]
fn the_longest_and_the_deepest_conditions_are_decided_on_a_small_stack() {
    let (before, after) = ("only show rows where ", " for everyone");
    let nested = |open: &str, core: &str, times: usize| {
        format!("{before}{}{core}{}{after}", open.repeat(times), ")".repeat(times))
    };
    for sentence in [
        // `not` and the parentheses behind it are two levels.
        nested("not (", "c0 = 'x'", 24),
        nested("(c0 = 'x' or ", "c1 = 'y'", 47),
        nested("(c0 = 'x' and ", "c1 = 'y'", 47),
        filled(&format!("{before}c0 in ("), "'x', ", &format!("'y'){after}")),
        filled(&format!("{before}c0 = 'x'"), " or c1 = 'y'", after),
        filled(&format!("{before}c0 = 'x'"), " and not c1 = 'y'", after),
    ] {
        let decision = decided(vec!["allow everyone to read".to_owned(), sentence], 0);
        // The filter says its predicate twice, and a predicate grows by quotes, casts and parentheses.
        assert!(size(&decision) < 8 * LONGEST, "{} bytes", size(&decision));
    }
}

#[test]
fn readings_of_tags_are_few_and_above_that_nothing_is_shown() {
    let sentence = || {
        vec![
            "allow everyone to read".to_owned(),
            "only show rows where column tagged A = 'x' or column tagged B = 'y' for everyone".to_owned(),
        ]
    };
    let Rows::Where(filters) = decided(sentence(), 16).rows else { panic!("16 columns make 64 readings") };
    assert_eq!(filters.len(), 64);
    assert_eq!(decided(sentence(), 17).rows, Rows::None);
    assert_eq!(decided(sentence(), COLUMNS).rows, Rows::None);
}

#[test]
fn masks_of_many_cells_become_null() {
    let sentences = |count: usize| -> Vec<String> {
        let masks = (0..count)
            .map(|n| format!("mask columns tagged A, B with keep first {} where c{n} = 'x' for everyone", n + 1));
        ["allow everyone to read".to_owned()].into_iter().chain(masks).collect()
    };
    // Twelve conditions on each column.
    let twelve = decided(sentences(12), COLUMNS);
    assert!(size(&twelve) < COLUMNS * 12 * 1_000, "{} bytes", size(&twelve));
    let thirteen = decided(sentences(13), COLUMNS);
    assert!(size(&thirteen) < COLUMNS * 40, "{} bytes", size(&thirteen));
}

#[test]
fn as_many_rules_as_columns_are_decided_in_time() {
    let rules = (0..COLUMNS).map(|n| match n % 4 {
        0 => format!("mask columns tagged A with keep first {} for everyone", n + 1),
        1 => format!("only show rows where c{n} <> 'r{n}' for everyone"),
        2 => format!("hide column c{n} for everyone except members of group \"g{n}\""),
        _ => format!("never show columns tagged B less protected than keep last {}", n + 1),
    });
    let decision = decided(["allow everyone to read".to_owned()].into_iter().chain(rules).collect(), COLUMNS);
    assert_eq!(decision.columns.len(), COLUMNS);
}

#[test]
fn more_different_masks_than_are_compared_become_null() {
    let sentences = |count: usize| -> Vec<String> {
        let masks = (0..count).map(|n| format!("mask column c0 with keep first {} for everyone", n + 1));
        ["allow everyone to read".to_owned()]
            .into_iter()
            .chain(masks)
            .chain([format!("mask column c0 with keep first {count} for everyone")])
            .collect()
    };
    let shown = |count: usize| match &decided(sentences(count), 0).columns[0] {
        ColumnDecision::Masked(mask) => mask.sql.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(shown(1).contains("substr"), "the same one twice: {}", shown(1));
    assert_eq!(shown(65), "CAST(NULL AS varchar)");
}
