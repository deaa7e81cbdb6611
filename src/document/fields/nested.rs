//! Fields that hold mappings in turn: rows of a table, cases of a test.

use crate::document::fields::{Fields, Text};
use crate::document::finding::{Code, Place};
use crate::document::yaml::{Node, NodeValue};

/// A row as it is written: columns and values.
#[derive(Clone, Debug)]
pub(in crate::document) struct TextRow {
    pub(in crate::document) cells: Vec<(Text, Text)>,
    pub(in crate::document) place: Place,
}

impl Fields<'_> {
    /// Whether a field that was not taken yet says something.
    pub(in crate::document) fn has(&self, field: &str) -> bool {
        self.entries.iter().any(|(key, node)| {
            key.as_str() == field && !matches!(&node.value, NodeValue::Scalar(scalar) if scalar.is_absent())
        })
    }

    /// Takes a field that is known, and not looked at here.
    pub(in crate::document) fn pass_over(&mut self, field: &'static str) {
        let _passed_over = self.take(field);
    }

    /// One of a list's mappings, with fields of its own.
    pub(in crate::document) fn item(&mut self, node: Node, what: &str) -> Option<Fields<'_>> {
        Fields::of(node, what, self.findings)
    }

    /// A list of mappings.
    pub(in crate::document) fn list(&mut self, field: &'static str) -> Option<Vec<Node>> {
        let node = self.take(field)?;
        match node.value {
            NodeValue::Sequence(items) => Some(items),
            _ => {
                self.find(Code::BadValue, &node.place, format!("`{field}` is a list")).help =
                    Some("start each with `- `".to_owned());
                None
            }
        }
    }

    /// Rows of a table, each a mapping of columns to values; and where the field stands.
    pub(in crate::document) fn rows(&mut self, field: &'static str) -> Option<(Vec<TextRow>, Place)> {
        let place = self.entries.iter().find(|(key, _)| key.as_str() == field).map(|(key, _)| key.place.clone());
        let items = self.list(field)?;
        Some((items.into_iter().filter_map(|item| self.row(item)).collect(), place?))
    }

    fn row(&mut self, item: Node) -> Option<TextRow> {
        let NodeValue::Mapping(entries) = item.value else {
            self.find(Code::BadValue, &item.place, "a row is a mapping of columns to values").help =
                Some("write a row as `- {id: 1, country: CL}`".to_owned());
            return None;
        };
        let mut row = TextRow { cells: Vec::new(), place: item.place };
        for (at, (column, value)) in entries.into_iter().enumerate() {
            let Some(column) = self.text_of(column, "a column's name") else { continue };
            let Some(value) = self.text_of(value, "a value") else { continue };
            row.place = if at == 0 { column.place.until(&value.place) } else { row.place.until(&value.place) };
            row.cells.push((column, value));
        }
        Some(row)
    }
}
