//! Random cases for a real Trino: the same questions as the differential test's, with what the oracle expects, all as SQL text.

use std::fmt::Write as _;

use meshward::engine::snapshot::Snapshot;
use meshward::model::column_type::ColumnType;
use meshward::model::decision::{ColumnDecision, Rows};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use crate::engine::case::Case;
use crate::engine::cell::Cell;
use crate::engine::differential::decided;
use crate::engine::evaluated;
use crate::engine::oracle;
use crate::engine::random::{self, Dice};

/// One case, ready to be put to Trino.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The case for people: documents, who asks, the table.
    pub about: String,
    /// Makes `{table}` with its rows, in a catalog that can; the first column, `row id`, numbers them from 0.
    pub create_table: String,
    /// What the engine lets pass: the rows for which every one is TRUE. A single `FALSE`: none.
    pub filters: Vec<String>,
    /// For each column its name and, where it is not clear, what is shown; hidden columns are not among them.
    pub masks: Vec<(String, Option<String>)>,
    /// For each row whether it is seen, and each shown cell as a literal of its type, in the order of `masks`.
    pub expected: Vec<(bool, Vec<String>)>,
    /// A query over no table that returns a row for each difference between what Trino makes of the filters and masks and what
    /// the oracle expects: it has to return none.
    pub differences: String,
}

/// Makes cases from a seed. Those in which nothing is filtered or masked are left out.
pub fn sampled_cases(seed: u64, count: usize) -> Vec<Sample> {
    let mut dice = Dice::new(seed);
    let mut samples = Vec::new();
    while samples.len() < count {
        let cases = random::cases(&mut dice, 2, 2);
        let snapshot = Snapshot::build(&cases[0].documents, &cases[0].zone);
        samples.extend(cases.iter().filter_map(|case| sample(case, &snapshot)).take(count - samples.len()));
    }
    samples
}

fn sample(case: &Case, snapshot: &Snapshot) -> Option<Sample> {
    let decision = decided(case, snapshot);
    let expected = oracle::answer(case);
    let filters: Vec<String> = match &decision.rows {
        Rows::All => Vec::new(),
        Rows::None => vec!["FALSE".to_owned()],
        Rows::Where(expressions) => expressions.iter().map(|one| one.sql.to_string()).collect(),
    };
    let mut masks = Vec::new();
    let mut shown = Vec::new();
    for (position, (column, decision)) in case.table.columns.iter().zip(&decision.columns).enumerate() {
        let name = column.name.as_str().to_owned();
        match decision {
            ColumnDecision::Hidden(_) => continue,
            ColumnDecision::Clear => masks.push((name, None)),
            ColumnDecision::Masked(expression) => masks.push((name, Some(expression.sql.to_string()))),
        }
        shown.push(position);
    }
    if matches!(decision.rows, Rows::All | Rows::None) && masks.iter().all(|(_, mask)| mask.is_none()) {
        return None;
    }
    let told: Vec<(bool, Vec<Cell>)> = expected
        .rows
        .iter()
        .map(|row| (if expected.read { row.seen } else { row.guarded_in }, row.cells.clone()))
        .collect();
    evaluated::assert_tells(case, snapshot, &decision, &told);
    let expected: Vec<(bool, Vec<String>)> = expected
        .rows
        .iter()
        .map(|row| {
            let seen = if expected.read { row.seen } else { row.guarded_in };
            let cells = shown.iter().map(|position| literal(&row.cells[*position], case.table.type_of(*position)));
            (seen, cells.collect())
        })
        .collect();
    let differences = differences(case, &filters, &masks, &expected);
    let create_table = format!("CREATE TABLE {{table}} AS SELECT * FROM {}", rows(case));
    Some(Sample { about: case.to_string(), create_table, filters, masks, expected, differences })
}

fn differences(
    case: &Case,
    filters: &[String],
    masks: &[(String, Option<String>)],
    expected: &[(bool, Vec<String>)],
) -> String {
    let seen = filters.iter().map(|filter| format!("({filter})")).collect::<Vec<_>>();
    let seen = if seen.is_empty() { "TRUE".to_owned() } else { seen.join(" AND ") };
    let mut made = format!("SELECT \"row id\" AS id, COALESCE({seen}, FALSE) AS seen");
    let mut differs = "made.seen <> wanted.seen".to_owned();
    let mut wanted_columns = "id, seen".to_owned();
    for (index, (name, mask)) in masks.iter().enumerate() {
        let shown = mask.clone().unwrap_or_else(|| quoted(name));
        write!(made, ", {shown} AS c{index}").unwrap();
        write!(differs, " OR made.c{index} IS DISTINCT FROM wanted.c{index}").unwrap();
        write!(wanted_columns, ", c{index}").unwrap();
    }
    let wanted: Vec<String> = expected
        .iter()
        .enumerate()
        .map(|(row, (seen, cells))| {
            let cells: String = cells.iter().map(|cell| format!(", {cell}")).collect();
            format!("({row}, {seen}{cells})")
        })
        .collect();
    format!(
        "SELECT made.*, wanted.* FROM ({made} FROM {}) AS made JOIN (VALUES {}) AS wanted({wanted_columns}) ON made.id = wanted.id WHERE {differs}",
        rows(case),
        wanted.join(", "),
    )
}

/// The table's rows as a relation.
fn rows(case: &Case) -> String {
    let values: Vec<String> = case
        .table
        .rows
        .iter()
        .enumerate()
        .map(|(row, cells)| {
            let cells = cells.iter().enumerate().map(|(column, cell)| literal(cell, case.table.type_of(column)));
            format!("({row}{})", cells.map(|cell| format!(", {cell}")).collect::<String>())
        })
        .collect();
    let names: String = case.table.columns.iter().map(|column| format!(", {}", quoted(column.name.as_str()))).collect();
    format!("(VALUES {}) AS t(\"row id\"{names})", values.join(", "))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn text(text: &str) -> String {
    if text.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let escaped: String = text.chars().map(|c| format!("\\+{:06X}", u32::from(c))).collect();
    format!("U&'{escaped}'")
}

/// A cell as a literal of its column's type, written without the product's printer.
fn literal(cell: &Cell, of: ColumnType) -> String {
    let type_name = type_name(of);
    match cell {
        Cell::Null => format!("CAST(NULL AS {type_name})"),
        Cell::Boolean(value) => value.to_string(),
        Cell::Integer(value) => format!("CAST(DECIMAL '{value}' AS {type_name})"),
        Cell::Decimal(value) => format!("CAST(DECIMAL '{}' AS {type_name})", value.to_plain_string()),
        Cell::Double(value) => format!("CAST('{}' AS double)", float(*value)),
        Cell::Real(value) => format!("CAST('{}' AS real)", float(f64::from(*value))),
        Cell::Text(value) | Cell::Char(value) => format!("CAST({} AS {type_name})", text(value)),
        Cell::Bytes(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
            format!("X'{digits}'")
        }
        Cell::Date(date) => format!("DATE '{date}'"),
        Cell::Timestamp(at) => format!("CAST(TIMESTAMP '{}' AS {type_name})", at.strftime("%Y-%m-%d %H:%M:%S%.6f")),
        Cell::Instant(at) => {
            let at = at.to_zoned_datetime(jiff::tz::TimeZone::UTC).datetime();
            format!("CAST(TIMESTAMP '{} UTC' AS {type_name})", at.strftime("%Y-%m-%d %H:%M:%S%.6f"))
        }
        Cell::Opaque => match of {
            ColumnType::Uuid => "UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59'".to_owned(),
            ColumnType::Other => "ARRAY['opaque']".to_owned(),
            _ => "CAST('opaque' AS varchar)".to_owned(),
        },
    }
}

/// As Trino reads it back from text.
fn float(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() }
    } else {
        format!("{value:e}")
    }
}

fn type_name(of: ColumnType) -> String {
    match of {
        ColumnType::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
        ColumnType::Varchar(Some(length)) => format!("varchar({length})"),
        ColumnType::Varchar(None) | ColumnType::Unknown => "varchar".to_owned(),
        ColumnType::Char(length) => format!("char({length})"),
        ColumnType::Timestamp(precision) => format!("timestamp({precision})"),
        ColumnType::TimestampWithTimeZone(precision) => format!("timestamp({precision}) with time zone"),
        ColumnType::Other => "array(varchar(6))".to_owned(),
        simple => format!("{simple:?}").to_lowercase(),
    }
}

#[test]
fn samples_for_trino_are_whole_queries() {
    let samples = sampled_cases(7, 100);
    assert_eq!(samples.len(), 100);
    for sample in samples {
        // The parser has no such name of a type.
        let query = sample.differences.replace("array(varchar(6))", "varchar");
        match Parser::parse_sql(&GenericDialect {}, &query) {
            Ok(statements) => assert_eq!(statements.len(), 1, "{query}"),
            Err(error) => panic!("{error}: {query}"),
        }
        assert!(!sample.expected.is_empty() && !sample.about.is_empty() && sample.create_table.contains("{table}"));
        assert!(!sample.filters.is_empty() || sample.masks.iter().any(|(_, mask)| mask.is_some()));
    }
}
