//! `kind: Table`: the columns that a table has, and their types in Trino.

use crate::document::fields::Fields;
use crate::document::finding::Code;
use crate::document::kinds::Table;
use crate::document::read::{Draft, Kind};
use crate::language::diagnostic::near_miss;
use crate::model::column_type::ColumnType;
use crate::model::request::Column;

impl Draft {
    pub(super) fn table(&mut self, fields: &mut Fields<'_>) -> Option<()> {
        let table = fields.table("name");
        let description = fields.description();
        let columns = columns(fields);
        let (name, place) = table?;
        let key = name.to_string();
        if self.claim(Kind::Table, &key, &key, &place, fields) {
            if columns.is_empty() {
                fields.find(Code::MissingField, &place, format!("{name} has no columns")).help =
                    Some("add `columns: {id: bigint, ...}`".to_owned());
            }
            self.documents.tables.insert(name.clone(), Table { name, columns, description });
        }
        Some(())
    }
}

/// `columns`: names and types.
pub(super) fn columns(fields: &mut Fields<'_>) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for (name, types) in fields.mapping("columns") {
        let Some(column) = fields.column(&name) else { continue };
        let [written] = types.as_slice() else {
            fields.find(Code::BadValue, &name.place, format!("column `{column}` has one type"));
            continue;
        };
        if columns.iter().any(|other| other.name == column) {
            let finding = fields.find(Code::DuplicateName, &name.place, format!("column `{column}` is there twice"));
            finding.help = Some("Trino compares columns in lower case".to_owned());
            continue;
        }
        let column_type = ColumnType::parse(written.as_str());
        if matches!(column_type, ColumnType::Other | ColumnType::Unknown)
            && let Err(meant) = stranger(written.as_str())
        {
            let message = format!("Trino has no type `{}`", written.as_str());
            fields.find(Code::BadValue, &written.place, message).help = Some(meant);
        }
        columns.push(Column::typed(column, column_type));
    }
    columns
}

/// Types that no rule compares with and only NULL masks. A connector may have more of its own, so that only what looks like a
/// misspelt type is a mistake.
const OPAQUE: [&str; 18] = [
    "array",
    "map",
    "row",
    "interval day to second",
    "interval year to month",
    "hyperloglog",
    "p4hyperloglog",
    "setdigest",
    "qdigest",
    "tdigest",
    "geometry",
    "sphericalgeography",
    "bingtile",
    "kdbtree",
    "color",
    "objectid",
    "number",
    "variant",
];

const KNOWN: [&str; 17] = [
    "boolean",
    "tinyint",
    "smallint",
    "integer",
    "bigint",
    "real",
    "double",
    "decimal",
    "varchar",
    "char",
    "varbinary",
    "json",
    "date",
    "time",
    "timestamp",
    "uuid",
    "ipaddress",
];

/// Whether a type that is not one of [`ColumnType`]'s own can be one at all; else what was meant.
fn stranger(written: &str) -> Result<(), String> {
    let lower = written.trim().to_lowercase();
    let base = lower.split('(').next().unwrap_or("").trim();
    if OPAQUE.contains(&base) {
        return Ok(());
    }
    if lower.contains('(') && !lower.contains(')') {
        return Err("put quotes around it: within `{...}` a comma ends text that has none".to_owned());
    }
    if KNOWN.contains(&base) {
        return Err(format!("`{base}` takes other parameters: for example decimal(12,2), varchar(25), timestamp(3)"));
    }
    match near_miss(base, KNOWN.into_iter().chain(OPAQUE)) {
        Some(meant) => Err(format!("did you mean `{meant}`?")),
        None if base.is_empty() => Err("write the type as Trino's DESCRIBE does".to_owned()),
        None => Ok(()),
    }
}
