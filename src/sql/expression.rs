//! SQL as trees: predicates over a row, and masked values. Already typed for the columns that they touch, so that printing cannot fail.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use crate::model::column_type::ColumnType;
use crate::model::mask::{KeyedFunction, Period};
use crate::model::name::Identifier;
use crate::model::regex::Regex;
use crate::model::value::Number;

/// A predicate over one row, with SQL's three values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// Always UNKNOWN: something that the rule needs is not known.
    Unknown,
    /// All of them; at least two.
    And(Vec<Predicate>),
    /// Any of them; at least two.
    Or(Vec<Predicate>),
    /// The opposite; UNKNOWN stays UNKNOWN.
    Not(Box<Predicate>),
    /// A comparison.
    Compare(Scalar, Operator, Scalar),
    /// Equality with any of some literals; at least one.
    In(Scalar, Vec<Literal>),
    /// The value is NULL; never UNKNOWN.
    IsNull(Scalar),
    /// The boolean is TRUE; never UNKNOWN.
    IsTrue(Scalar),
    /// `LIKE`, the text taken literally.
    Like(Scalar, Affix, String),
    /// The rule's own SQL.
    Sql(String),
}

/// Comparison operators of SQL; `<>` is a negated `=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Operator {
    /// The operator with its sides exchanged.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Self::Equal => Self::Equal,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }
}

/// Where a text is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Affix {
    /// At the start.
    Prefix,
    /// At the end.
    Suffix,
    /// Anywhere.
    Infix,
}

/// A value in a predicate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// A column of the row.
    Column(Identifier, ColumnType),
    /// The column's text in lower case.
    LowerColumn(Identifier, ColumnType),
    /// A literal.
    Literal(Literal),
}

/// A literal, in the form that its column needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// `'...'`
    Text(String),
    /// `CAST('...' AS char(n))`: compares with blanks padded, as char does.
    Char(String, u32),
    /// An exact number.
    Decimal(Number),
    /// A `double`.
    Double(Number),
    /// A `real`.
    Real(Number),
    /// `TRUE`, `FALSE`
    Boolean(bool),
    /// A day.
    Date(Date),
    /// A local date and time, for columns without a zone.
    LocalTimestamp(DateTime),
    /// An instant, for columns with a zone.
    Instant(Timestamp),
}

/// What is shown in place of a column, still without the cast to the column's type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Masked {
    /// NULL.
    Null,
    /// The value itself.
    Clear,
    /// A literal of the column's type.
    Constant(Literal),
    /// SHA-256 of text, in hexadecimal.
    HashText,
    /// SHA-256 of bytes.
    HashBytes,
    /// What a keyed function of the plugin makes of the value.
    Keyed(KeyedFunction),
    /// The first characters, the rest as `*`; nothing of text that is not longer.
    KeepFirst(u32),
    /// The last characters, the rest as `*`; nothing of text that is not longer.
    KeepLast(u32),
    /// What follows the last `@`; NULL without one.
    EmailDomain,
    /// The replacement of text that the pattern matches as a whole; NULL of any other, and where it would be the value itself.
    Regex(Regex),
    /// The nearest multiple; NULL where the type cannot hold it.
    Round(u32),
    /// The next multiple that is not above; NULL where the type cannot hold it.
    Bucket(u32),
    /// The start of the period.
    Truncate(Period),
    /// The rule's own SQL.
    Sql(String),
    /// `masked` where the condition is TRUE or UNKNOWN, else `otherwise`.
    Where {
        /// For which cells.
        condition: Predicate,
        /// Shown there.
        masked: Box<Masked>,
        /// Shown elsewhere.
        otherwise: Box<Masked>,
    },
}

impl Predicate {
    /// The columns that the predicate reads. SQL of a rule's own is opaque: `None`.
    pub fn columns(&self, into: &mut Vec<Identifier>) -> Option<()> {
        match self {
            Self::Unknown => {}
            Self::And(parts) | Self::Or(parts) => parts.iter().try_for_each(|part| part.columns(into))?,
            Self::Not(inner) => inner.columns(into)?,
            Self::Compare(left, _, right) => {
                left.column(into);
                right.column(into);
            }
            Self::In(scalar, _) | Self::IsNull(scalar) | Self::IsTrue(scalar) | Self::Like(scalar, ..) => {
                scalar.column(into)
            }
            Self::Sql(_) => return None,
        }
        Some(())
    }

    /// Whether no row can make it TRUE.
    pub fn is_never_true(&self) -> bool {
        match self {
            Self::Unknown => true,
            Self::And(parts) => parts.iter().any(Self::is_never_true),
            Self::Or(parts) => parts.iter().all(Self::is_never_true),
            _ => false,
        }
    }
}

impl Scalar {
    fn column(&self, into: &mut Vec<Identifier>) {
        if let Self::Column(column, _) | Self::LowerColumn(column, _) = self
            && !into.contains(column)
        {
            into.push(column.clone());
        }
    }
}

impl Masked {
    /// The columns that the conditions read, besides the masked one. SQL of a rule's own is opaque: `None`.
    pub fn columns(&self, into: &mut Vec<Identifier>) -> Option<()> {
        match self {
            Self::Where { condition, masked, otherwise } => {
                condition.columns(into)?;
                masked.columns(into)?;
                otherwise.columns(into)
            }
            Self::Sql(_) => None,
            _ => Some(()),
        }
    }

    /// The keyed functions that it calls.
    pub fn executes(&self) -> BTreeSet<KeyedFunction> {
        match self {
            Self::Keyed(function) => BTreeSet::from([*function]),
            Self::Where { masked, otherwise, .. } => &masked.executes() | &otherwise.executes(),
            _ => BTreeSet::new(),
        }
    }
}
