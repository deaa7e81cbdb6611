//! Values of a table's rows, as Trino holds them. Data only: what compares and computes is each evaluator's own.

use std::fmt;

use bigdecimal::BigDecimal;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

/// One value of a row.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Null,
    Boolean(bool),
    /// tinyint to bigint
    Integer(i64),
    Decimal(BigDecimal),
    Double(f64),
    Real(f32),
    /// varchar
    Text(String),
    /// char(n), without the blanks at its end.
    Char(String),
    Bytes(Vec<u8>),
    Date(Date),
    Timestamp(DateTime),
    Instant(Timestamp),
    /// Of a type that nothing reads.
    Opaque,
}

/// Whether two evaluators mean the same value: NaN is itself, and `1.50` is `1.5`.
impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) | (Self::Opaque, Self::Opaque) => true,
            (Self::Boolean(a), Self::Boolean(b)) => a == b,
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Decimal(a), Self::Decimal(b)) => a == b,
            (Self::Double(a), Self::Double(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Self::Real(a), Self::Real(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Char(a), Self::Char(b)) => a.trim_end_matches(' ') == b.trim_end_matches(' '),
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Date(a), Self::Date(b)) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            (Self::Instant(a), Self::Instant(b)) => a == b,
            _ => false,
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
