//! Trees to text: the one canonical form. Reading what is printed gives the same tree.

mod audience;
mod condition;
mod target;

use std::fmt;

use crate::language::lex::is_word_char;
use crate::language::syntax::{ActionWord, ColumnTarget, ColumnWord, Lifting, MaskWord, Rule, Sentence, Spanned};
use crate::model::mask::Mask;
use crate::model::name::Name;
use crate::model::value::Value;

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.sentence)?;
        match self.lifting {
            Lifting::Never => Ok(()),
            Lifting::ByException => f.write_str(" or by exception"),
        }
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow { audience, actions, rows, purposes } => {
                write!(f, "allow {audience} to {}", Actions(actions))?;
                if let Some(rows) = rows {
                    write!(f, " rows where {rows}")?;
                }
                write!(f, "{}", ForPurposes(purposes))
            }
            Self::ActAs { audience, targets } => {
                write!(f, "allow {audience} to act as {}", audience::Members(targets))
            }
            Self::Deny { audience, actions, purposes } => {
                write!(f, "deny {audience} to {}{}", Actions(actions), ForPurposes(purposes))
            }
            Self::OnlyShowRows { rows, audience } => write!(f, "only show rows where {rows} for {audience}"),
            Self::MaskColumns { columns, mask, cells, audience } => {
                write!(f, "mask {columns} with {mask}")?;
                if let Some(cells) = cells {
                    write!(f, " where {cells}")?;
                }
                write!(f, " for {audience}")
            }
            Self::HideColumns { columns, audience } => write!(f, "hide {columns} for {audience}"),
            Self::OnlyShowColumns { columns, audience } => write!(f, "only show {columns} for {audience}"),
            Self::LimitUse { purposes, audience } => {
                write!(f, "limit use to purpose {} for {audience}", Purposes(purposes))
            }
            Self::NeverShow { columns, floor } => write!(f, "never show {columns} less protected than {floor}"),
        }
    }
}

struct Actions<'a>(&'a [Spanned<ActionWord>]);

impl fmt::Display for Actions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, action) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{}", action.node.0.folded().replace('_', " "))?;
        }
        Ok(())
    }
}

struct Purposes<'a>(&'a [Spanned<Name>]);

impl fmt::Display for Purposes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, purpose) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { " or " };
            write!(f, "{separator}{}", Quoted(purpose.node.as_str()))?;
        }
        Ok(())
    }
}

struct ForPurposes<'a>(&'a [Spanned<Name>]);

impl fmt::Display for ForPurposes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " for purpose {}", Purposes(self.0)) }
    }
}

impl fmt::Display for ColumnTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = None;
        for (index, word) in self.of.iter().enumerate() {
            write!(f, "{}", if index == 0 { "" } else { " or " })?;
            column_word(f, word, before)?;
            before = Some(word);
        }
        for (index, word) in self.except.iter().enumerate() {
            write!(f, "{}", if index == 0 { " except " } else { " or " })?;
            column_word(f, word, before)?;
            before = Some(word);
        }
        Ok(())
    }
}

fn column_word(f: &mut fmt::Formatter<'_>, word: &ColumnWord, before: Option<&ColumnWord>) -> fmt::Result {
    match word {
        ColumnWord::Untagged => f.write_str("untagged columns"),
        ColumnWord::Named(column) => match before {
            Some(ColumnWord::Named(_)) => write!(f, "{}", ColumnName(column.node.as_str())),
            _ => write!(f, "column {}", ColumnName(column.node.as_str())),
        },
        ColumnWord::Tagged(tag) => match before {
            Some(ColumnWord::Tagged(_) | ColumnWord::Untagged) => write!(f, "{}", TagName(&tag.node)),
            _ => write!(f, "columns tagged {}", TagName(&tag.node)),
        },
    }
}

impl fmt::Display for MaskWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(mask) => write!(f, "{mask}"),
            Self::Sql(text) => write!(f, "sql {}", Literal(&Value::Text(text.node.clone()))),
        }
    }
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Constant(value) => write!(f, "constant {}", Literal(value)),
            Self::Hash => f.write_str("hash"),
            Self::Pseudonym => f.write_str("pseudonym"),
            Self::FormatPreserving => f.write_str("format preserving"),
            Self::KeepFirst(count) => write!(f, "keep first {count}"),
            Self::KeepLast(count) => write!(f, "keep last {count}"),
            Self::EmailDomain => f.write_str("email domain"),
            Self::Regex(regex) => {
                let quoted = |text| Literal(&Value::text(text)).to_string();
                write!(f, "regex {} replaced by {}", quoted(regex.pattern()), quoted(regex.replacement()))
            }
            Self::Round(step) => write!(f, "round to {}", step.get()),
            Self::Bucket(width) => write!(f, "bucket {}", width.get()),
            Self::Truncate(period) => write!(f, "truncate to {}", period.word()),
        }
    }
}

/// A name after `group`, `purpose` and their like: in double quotes, a double quote inside written twice.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.replace('"', "\"\""))
    }
}

/// A literal value; text in single quotes, a single quote inside written twice.
struct Literal<'a>(&'a Value);

impl fmt::Display for Literal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Value::Timestamp(instant) => write!(f, "'{instant}'"),
            value => f.write_str(&value.written()),
        }
    }
}

/// A column's name, bare where it reads back as the same name.
struct ColumnName<'a>(&'a str);

impl fmt::Display for ColumnName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_plain(self.0) { f.write_str(self.0) } else { write!(f, "{}", Quoted(self.0)) }
    }
}

/// A tag's name, bare where it reads back as the same name.
struct TagName<'a>(&'a Name);

impl fmt::Display for TagName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.as_str();
        let plain = text.split('.').all(is_plain);
        if plain { f.write_str(text) } else { write!(f, "{}", Quoted(text)) }
    }
}

/// An attribute: `@name`, or `[@odd name]`.
struct AttributeName<'a>(&'a Name);

impl fmt::Display for AttributeName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.folded();
        if text.chars().all(|c| is_word_char(c) && c != '*') {
            write!(f, "@{text}")
        } else {
            write!(f, "[@{}]", text.replace(']', "]]"))
        }
    }
}

/// Whether a word reads back as a name and not as a keyword: one word of letters, digits and `_` that no part of the grammar
/// takes for its own.
fn is_plain(word: &str) -> bool {
    const KEYWORDS: &[&str] = &[
        "a",
        "acting",
        "add",
        "all",
        "an",
        "and",
        "any",
        "anybody",
        "anyone",
        "are",
        "as",
        "attribute",
        "between",
        "both",
        "but",
        "by",
        "catalog",
        "column",
        "columns",
        "constant",
        "contain",
        "contains",
        "current_user",
        "do",
        "does",
        "empty",
        "end",
        "ends",
        "equals",
        "everybody",
        "everyone",
        "everything",
        "except",
        "exception",
        "false",
        "for",
        "from",
        "function",
        "functions",
        "group",
        "groups",
        "has",
        "hash",
        "if",
        "ignoring",
        "in",
        "include",
        "includes",
        "is",
        "it",
        "its",
        "less",
        "list",
        "matches",
        "matching",
        "member",
        "members",
        "not",
        "null",
        "of",
        "older",
        "on",
        "only",
        "or",
        "owners",
        "possesses",
        "present",
        "purpose",
        "purposes",
        "role",
        "rows",
        "schema",
        "session",
        "session_user",
        "show",
        "sql",
        "start",
        "starts",
        "stewards",
        "system",
        "table",
        "tables",
        "tagged",
        "than",
        "that",
        "the",
        "their",
        "them",
        "to",
        "true",
        "under",
        "unless",
        "untagged",
        "user",
        "users",
        "using",
        "value",
        "values",
        "weekdays",
        "weekends",
        "when",
        "where",
        "which",
        "while",
        "who",
        "with",
        "within",
        "working",
        "writers",
    ];
    let starts_well = word.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_');
    let letters =
        word.chars().all(|c| (c.is_alphanumeric() || c == '_') && c.to_lowercase().eq([c]) || c.is_ascii_alphabetic());
    starts_well && letters && !KEYWORDS.contains(&word.to_lowercase().as_str())
}
