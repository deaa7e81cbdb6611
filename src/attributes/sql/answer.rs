//! A row as PostgreSQL writes it in JSON, to texts. What is not of the form that is looked for makes the whole row unreadable.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::attributes::source::{LoadFailure, Said};
use crate::model::name::Name;

/// A row's columns, each with its value as it was written: a number keeps all its digits.
#[derive(Debug)]
struct Row<'r>(BTreeMap<String, &'r RawValue>);

/// Reads the attributes and groups of a row.
pub(super) fn read(row: &str, columns: &BTreeMap<Name, String>, groups: Option<&str>) -> Result<Said, LoadFailure> {
    // What the parser says names places, and columns.
    let row: Row<'_> =
        serde_json::from_str(row).map_err(|error| LoadFailure::Garbage(format!("the row cannot be read: {error}")))?;
    let mut said = Said::default();
    for (name, column) in columns {
        if let Some(values) = row.texts(column)? {
            said.attributes.insert(name.clone(), values);
        }
    }
    if let Some(column) = groups {
        // FAIL-CLOSED: NULL does not say that there are no groups; an empty array does.
        let names = row.texts(column)?.ok_or_else(|| unreadable(column, "is NULL; no groups are an empty array"))?;
        said.groups = names.into_iter().map(Arc::from).collect::<BTreeSet<_>>();
    }
    Ok(said)
}

impl Row<'_> {
    /// One value or an array of them; `None` for NULL.
    fn texts(&self, column: &str) -> Result<Option<Vec<String>>, LoadFailure> {
        // FAIL-CLOSED: a query without the column is a mistake in it, and not a user without the attribute.
        let value = self.0.get(column).ok_or_else(|| unreadable(column, "is not a column of the query"))?;
        match value.get() {
            "null" => Ok(None),
            array if array.starts_with('[') => {
                let values: Vec<&RawValue> =
                    serde_json::from_str(array).map_err(|_| unreadable(column, "cannot be read"))?;
                values.into_iter().map(|value| text(value, column)).collect::<Result<_, _>>().map(Some)
            }
            _ => text(value, column).map(|text| Some(vec![text])),
        }
    }
}

fn text(value: &RawValue, column: &str) -> Result<String, LoadFailure> {
    let written = value.get();
    if written == "null" {
        Err(unreadable(column, "is an array with NULL in it; see `FILTER (WHERE ... IS NOT NULL)`"))
    } else if written.starts_with('"') {
        serde_json::from_str(written).map_err(|_| unreadable(column, "cannot be read"))
    } else if written.starts_with(['[', '{']) {
        Err(unreadable(column, "is neither a value nor an array of values"))
    } else {
        Ok(written.to_owned())
    }
}

fn unreadable(column: &str, why: &str) -> LoadFailure {
    LoadFailure::Garbage(format!("`{column}` {why}"))
}

impl<'de: 'r, 'r> Deserialize<'de> for Row<'r> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Columns;

        impl<'de> Visitor<'de> for Columns {
            type Value = Row<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row<'de>, A::Error> {
                let mut columns = BTreeMap::new();
                while let Some((column, value)) = map.next_entry::<String, &'de RawValue>()? {
                    // FAIL-CLOSED: of two columns of one name, nobody knows which is meant.
                    if columns.insert(column, value).is_some() {
                        return Err(A::Error::custom("two columns have one name"));
                    }
                }
                Ok(Row(columns))
            }
        }

        deserializer.deserialize_map(Columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(row: &str, groups: Option<&str>) -> Result<(Vec<String>, Vec<String>), LoadFailure> {
        let name = Name::new("a").unwrap();
        let said = read(row, &BTreeMap::from([(name.clone(), "c".to_owned())]), groups)?;
        let values = said.attributes.get(&name).cloned();
        Ok((
            values.unwrap_or_else(|| vec!["missing".to_owned()]),
            said.groups.iter().map(ToString::to_string).collect(),
        ))
    }

    #[test]
    fn values_are_read_as_postgresql_writes_them() {
        for (row, wanted) in [
            (r#"{"c":"AT"}"#, &["AT"][..]),
            (r#"{"c":"a\"\u00e4\\"}"#, &["a\"\u{e4}\\"]),
            (r#"{"c":12345678901234567890.123456789}"#, &["12345678901234567890.123456789"]),
            (r#"{"c":true}"#, &["true"]),
            (r#"{"c":["AT","CL"], "x":{}}"#, &["AT", "CL"]),
            (r#"{"c":[]}"#, &[]),
            (r#"{"c":null}"#, &["missing"]),
        ] {
            assert_eq!(check(row, None).unwrap().0, wanted, "{row}");
        }
        assert_eq!(check(r#"{"c":null,"g":["a","b"]}"#, Some("g")).unwrap().1, ["a", "b"]);
        assert_eq!(check(r#"{"c":null,"g":[]}"#, Some("g")).unwrap().1, [""; 0]);
    }

    #[test]
    fn what_is_not_a_row_of_values_is_unreadable() {
        for row in [
            "",
            "[]",
            "null",
            r#"{"c":"AT""#,
            r#"{"C":"AT"}"#,
            r#"{"c":"AT","c":"CL"}"#,
            r#"{"c":{"x":1}}"#,
            r#"{"c":[["AT"]]}"#,
            r#"{"c":["AT",null]}"#,
        ] {
            assert!(matches!(check(row, None), Err(LoadFailure::Garbage(_))), "{row}");
        }
        for row in [r#"{"c":"AT","g":null}"#, r#"{"c":"AT"}"#] {
            assert!(matches!(check(row, Some("g")), Err(LoadFailure::Garbage(_))), "{row}");
        }
    }
}
