//! Names. Meshward's own names compare folded, Trino's identifiers compare in lower case, users and groups compare exactly.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A name of Meshward's own vocabulary (tag, purpose, attribute, policy, domain, list): shown as written, compared folded.
///
/// Folding maps case, and each run of space, `-` and `_`, to one `_`, and removes nothing, so that
/// `--extra-credential purpose=fraud-detection` names the purpose "fraud detection".
#[derive(Clone)]
pub struct Name {
    written: Arc<str>,
    folded: Arc<str>,
}

impl Name {
    /// Takes a name as written. Surrounding white space is not part of a name; an empty name is `None`.
    pub fn new(written: &str) -> Option<Self> {
        let written = written.trim();
        if written.is_empty() {
            return None;
        }
        Some(Self { written: Arc::from(written), folded: Arc::from(fold(written)) })
    }

    /// The name as its author wrote it.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The form in which names compare.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// The name and all that its dots imply: `PII.Email` and `PII`.
    pub fn and_above(&self) -> impl Iterator<Item = Name> + '_ {
        let dots = self.written.char_indices().filter(|(_, c)| *c == '.').map(|(at, _)| at);
        dots.filter_map(|at| self.written.get(..at)).filter_map(Name::new).chain([self.clone()])
    }

    /// Whether this name is `ancestor` or lies below it in the hierarchy that dots make: `PII.Email` is a `PII`.
    pub fn is_within(&self, ancestor: &Name) -> bool {
        match self.folded.strip_prefix(ancestor.folded()) {
            Some(rest) => rest.is_empty() || rest.starts_with('.'),
            None => false,
        }
    }
}

/// Folds case and each run of space, `-` and `_` to one `_`.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut in_gap = false;
    for c in text.trim().chars() {
        if c.is_whitespace() || c == '-' || c == '_' {
            if !in_gap {
                folded.push('_');
            }
            in_gap = true;
        } else {
            in_gap = false;
            folded.extend(c.to_lowercase());
        }
    }
    folded
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded.cmp(&other.folded)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.written, f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// Capital letters that Unicode has given a lower case since version 13, the oldest that a Java under Trino knows.
const YOUNG_CAPITALS: [(char, char); 7] = [
    ('\u{1c89}', '\u{1c89}'),
    ('\u{2c2f}', '\u{2c2f}'),
    ('\u{a7c0}', '\u{a7c0}'),
    ('\u{a7cb}', '\u{a7dc}'),
    ('\u{10570}', '\u{10595}'),
    ('\u{10d50}', '\u{10d65}'),
    ('\u{16ea0}', '\u{16eb8}'),
];

/// The capital in a name of which Trino may have another lower case than we: then a rule that names it would bind nothing.
///
/// Java decides by the words of a text which lower case a `Σ` has, Rust by its letters: `ΟΔΟΣ_Α` comes out different. And a letter
/// that one of the two is too old to know stays as it is there.
pub fn uncertain_capital(text: &str) -> Option<char> {
    let young = |c: &char| YOUNG_CAPITALS.iter().any(|(first, last)| (first..=last).contains(&c)) && !c.is_lowercase();
    text.chars().find(|c| *c == 'Σ' || young(c))
}

/// A Trino identifier: a catalog, schema, table, column, function or property, in the lower case in which Trino compares it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identifier(Arc<str>);

impl Identifier {
    /// Takes an identifier in any case.
    pub fn new(text: &str) -> Self {
        // Most identifiers come in lower case already.
        if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
            return Self(Arc::from(text));
        }
        Self(Arc::from(text.to_lowercase()))
    }

    /// The identifier in lower case, without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A table, view or materialized view by its full name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    /// The catalog.
    pub catalog: Identifier,
    /// The schema.
    pub schema: Identifier,
    /// The table.
    pub table: Identifier,
}

impl TableName {
    /// Builds a full name from its parts.
    pub fn new(catalog: &str, schema: &str, table: &str) -> Self {
        Self { catalog: Identifier::new(catalog), schema: Identifier::new(schema), table: Identifier::new(table) }
    }

    /// The tables that this one may describe, if it is a connector's metadata table: of `orders$partitions` that is `orders`. A `$`
    /// can be part of a table's own name too, so `a$b$files` may describe `a` or `a$b`.
    pub fn bases(&self) -> impl Iterator<Item = TableName> + '_ {
        let name = self.table.as_str();
        let ends = name.char_indices().filter(move |(at, c)| *c == '$' && *at > 0 && at + 1 < name.len());
        ends.filter_map(move |(end, _)| name.get(..end)).map(|base| Self {
            catalog: self.catalog.clone(),
            schema: self.schema.clone(),
            table: Identifier::new(base),
        })
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.catalog, self.schema, self.table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_with_case_space_hyphen_and_underscore_folded() {
        let name = |text| Name::new(text).unwrap();
        assert_eq!(name("Fraud  Detection"), name("fraud-detection"));
        assert_eq!(name("fraud_detection").folded(), "fraud_detection");
        assert_ne!(name("frauddetection"), name("fraud detection"));
        assert!(Name::new("  ").is_none());
    }

    #[test]
    fn dots_make_the_hierarchy_of_tags() {
        let name = |text| Name::new(text).unwrap();
        assert!(name("PII.Email").is_within(&name("pii")));
        assert!(name("PII").is_within(&name("PII")));
        assert!(!name("PIIX.Email").is_within(&name("PII")));
        assert!(!name("PII").is_within(&name("PII.Email")));
    }

    #[test]
    fn a_metadata_table_names_the_table_it_describes() {
        let bases = |name| {
            TableName::new("c", "s", name).bases().map(|base| base.table.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(bases("t$files"), ["t"]);
        assert_eq!(bases("a$b$files"), ["a", "a$b"]);
        for table in ["t", "$t", "t$"] {
            assert!(bases(table).is_empty(), "{table}");
        }
    }
}
