//! What is seen of a table, in words for a reviewer.

use crate::engine::trees::{RowsTree, TableTrees};
use crate::model::decision::{ColumnDecision, TableDecision};
use crate::model::mask::KeyedFunction;
use crate::model::request::Column;
use crate::sql::expression::{Literal, Masked};
use crate::sql::print;

/// Longer SQL is cut in what is said of it.
const LONGEST: usize = 300;

pub(super) fn rows(rows: &RowsTree) -> String {
    match rows {
        RowsTree::All => "all rows".to_owned(),
        RowsTree::None => "no rows".to_owned(),
        RowsTree::Where(filters) => {
            let printed: Vec<String> = filters.iter().map(|filter| print::condition(filter).to_string()).collect();
            let joined = if let [one] = printed.as_slice() {
                one.clone()
            } else {
                printed.iter().map(|part| format!("({part})")).collect::<Vec<_>>().join(" AND ")
            };
            format!("rows where {}", cut(joined))
        }
    }
}

/// On one line, and not too long.
fn cut(text: String) -> String {
    let text = text.replace('\n', "");
    if text.chars().count() <= LONGEST {
        return text;
    }
    let start: String = text.chars().take(LONGEST).collect();
    format!("{start}…")
}

/// What is seen of a table that is newly, or no longer, open.
pub(super) fn table(decision: &TableDecision, trees: &TableTrees, columns: &[Column]) -> String {
    let mut parts = vec![rows(&trees.rows)];
    let named = |wanted: fn(&ColumnDecision) -> bool| -> Vec<&str> {
        let shown = columns.iter().zip(&decision.columns).filter(|(_, shown)| wanted(shown));
        shown.map(|(column, _)| name(column)).collect()
    };
    let hidden = named(|shown| matches!(shown, ColumnDecision::Hidden(_)));
    let masked = named(|shown| matches!(shown, ColumnDecision::Masked(_)));
    for (names, what) in [(masked, "masked"), (hidden, "hidden")] {
        match names.as_slice() {
            [] => {}
            [one] => parts.push(format!("column {one} {what}")),
            many if many.len() > 6 => parts.push(format!("{} columns {what}", many.len())),
            many => parts.push(format!("columns {} {what}", many.join(", "))),
        }
    }
    parts.join(", ")
}

/// A column's name; the one that stands for those that nobody named.
pub(super) fn name(column: &Column) -> &str {
    match column.name.as_str() {
        "" => "that no rule or document names",
        name => name,
    }
}

/// What is shown of a column.
pub(super) fn cells(masked: Option<&Masked>) -> String {
    masked.map_or_else(|| "hidden".to_owned(), mask)
}

fn mask(masked: &Masked) -> String {
    match masked {
        Masked::Clear => "as it is".to_owned(),
        Masked::Null => "NULL".to_owned(),
        Masked::Constant(literal) => format!("constant {}", written(literal)),
        Masked::HashText | Masked::HashBytes => "hash".to_owned(),
        Masked::Keyed(KeyedFunction::Pseudonym) => "pseudonym".to_owned(),
        Masked::Keyed(KeyedFunction::FormatPreserving) => "format preserving".to_owned(),
        Masked::KeepFirst(count) => format!("keep first {count}"),
        Masked::KeepLast(count) => format!("keep last {count}"),
        Masked::EmailDomain => "email domain".to_owned(),
        Masked::Regex(regex) => format!("regex '{}' replaced by '{}'", regex.pattern(), regex.replacement()),
        Masked::Round(step) => format!("round to {step}"),
        Masked::Bucket(width) => format!("bucket {width}"),
        Masked::Truncate(period) => format!("truncate to {}", period.word()),
        Masked::Sql(text) => format!("sql {}", cut(text.clone())),
        Masked::Where { condition, masked, otherwise } => {
            let condition = cut(print::condition(condition).to_string());
            format!("{} where {condition}, else {}", mask(masked), mask(otherwise))
        }
    }
}

fn written(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) | Literal::Char(text, _) => format!("'{text}'"),
        Literal::Decimal(number) | Literal::Double(number) | Literal::Real(number) => number.to_string(),
        Literal::Boolean(value) => value.to_string(),
        Literal::Date(date) => date.to_string(),
        Literal::LocalTimestamp(at) => at.to_string(),
        Literal::Instant(at) => at.to_string(),
    }
}
