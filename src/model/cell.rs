//! Values of a table's rows, as Trino holds them: what tests of documents show rules to. No decision sees one.

use std::fmt;

use bigdecimal::BigDecimal;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use crate::model::column_type::ColumnType;
use crate::model::value::Number;

/// One value of a row.
#[derive(Clone, Debug)]
pub enum Cell {
    /// NULL.
    Null,
    /// `boolean`
    Boolean(bool),
    /// `tinyint` to `bigint`
    Integer(i64),
    /// `decimal(p,s)`
    Decimal(BigDecimal),
    /// `double`
    Double(f64),
    /// `real`
    Real(f32),
    /// `varchar`, `varchar(n)`
    Text(String),
    /// `char(n)`, without the blanks at its end.
    Char(String),
    /// `varbinary`
    Bytes(Vec<u8>),
    /// `date`
    Date(Date),
    /// `timestamp(p)`
    Timestamp(DateTime),
    /// `timestamp(p) with time zone`; its zone is UTC.
    Instant(Timestamp),
    /// A value of a type that no rule compares with, as it was written.
    Opaque(String),
}

/// Whether two are the same value, as `IS NOT DISTINCT FROM` has it: NULL is NULL, NaN is NaN.
impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Boolean(a), Self::Boolean(b)) => a == b,
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Decimal(a), Self::Decimal(b)) => a == b,
            (Self::Double(a), Self::Double(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Self::Real(a), Self::Real(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Self::Text(a), Self::Text(b)) | (Self::Char(a), Self::Char(b)) | (Self::Opaque(a), Self::Opaque(b)) => {
                a == b
            }
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Date(a), Self::Date(b)) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            (Self::Instant(a), Self::Instant(b)) => a == b,
            _ => false,
        }
    }
}

impl Cell {
    /// Reads text as a value of a column's type. What the type would cut off or round is no value of it.
    ///
    /// # Errors
    /// How a value of the type is written.
    pub fn read(text: &str, column_type: ColumnType) -> Result<Self, String> {
        let trimmed = text.trim();
        let whole = |least: i64, most: i64| {
            let number = trimmed.parse().ok().filter(|number| (least..=most).contains(number));
            number.map(Self::Integer).ok_or_else(|| format!("a whole number from {least} to {most}"))
        };
        match column_type {
            ColumnType::Boolean => {
                trimmed.parse().map(Self::Boolean).map_err(|_| "`true` or `false`, in lower case".to_owned())
            }
            ColumnType::Tinyint => whole(i8::MIN.into(), i8::MAX.into()),
            ColumnType::Smallint => whole(i16::MIN.into(), i16::MAX.into()),
            ColumnType::Integer => whole(i32::MIN.into(), i32::MAX.into()),
            ColumnType::Bigint => whole(i64::MIN, i64::MAX),
            ColumnType::Real => trimmed.parse().map(Self::Real).map_err(|_| "a number, such as 2.5 or 1e30".to_owned()),
            ColumnType::Double => {
                trimmed.parse().map(Self::Double).map_err(|_| "a number, such as 2.5 or 1e30".to_owned())
            }
            ColumnType::Decimal { precision, scale } => decimal(trimmed, precision, scale),
            ColumnType::Varchar(None) => Ok(Self::Text(text.to_owned())),
            ColumnType::Varchar(Some(length)) => at_most(text, length).map(|text| Self::Text(text.to_owned())),
            ColumnType::Char(length) => {
                at_most(text.trim_end_matches(' '), length).map(|text| Self::Char(text.to_owned()))
            }
            ColumnType::Varbinary => bytes(trimmed),
            ColumnType::Date => trimmed.parse().map(Self::Date).map_err(|_| "a day, such as 2027-01-31".to_owned()),
            ColumnType::Timestamp(precision) => timestamp(trimmed, precision).map(Self::Timestamp),
            ColumnType::TimestampWithTimeZone(precision) => instant(trimmed, precision),
            ColumnType::Unknown => Err("of a known type: say which type the column has".to_owned()),
            ColumnType::Json
            | ColumnType::Time(_)
            | ColumnType::TimeWithTimeZone(_)
            | ColumnType::Uuid
            | ColumnType::IpAddress
            | ColumnType::Other => Ok(Self::Opaque(text.to_owned())),
        }
    }
}

fn at_most(text: &str, length: u32) -> Result<&str, String> {
    let fits = text.chars().count() <= usize::try_from(length).unwrap_or(usize::MAX);
    if fits { Ok(text) } else { Err(format!("text of at most {length} characters")) }
}

fn decimal(text: &str, precision: u8, scale: u8) -> Result<Cell, String> {
    let whole = precision.saturating_sub(scale);
    let fits = |number: &Number| number.floor(scale) == *number && number.whole_digits() <= usize::from(whole);
    let number = Number::parse(text).filter(fits);
    number
        .map(|number| Cell::Decimal(number.as_decimal().with_scale(i64::from(scale))))
        .ok_or_else(|| format!("a number of at most {whole} digits before the point and {scale} after it"))
}

fn bytes(text: &str) -> Result<Cell, String> {
    let digits = text.strip_prefix("X'").and_then(|rest| rest.strip_suffix('\'')).unwrap_or(text);
    let digit = |c: char| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits: Option<Vec<u8>> = digits.chars().map(digit).collect();
    match digits.as_deref().map(<[u8]>::as_chunks::<2>) {
        Some((pairs, [])) => Ok(Cell::Bytes(pairs.iter().map(|[high, low]| high << 4 | low).collect())),
        _ => Err("bytes as pairs of hexadecimal digits, such as 00ff".to_owned()),
    }
}

fn timestamp(text: &str, precision: u8) -> Result<DateTime, String> {
    let fraction = text.split_once('.').map_or(0, |(_, digits)| digits.chars().count());
    let how = || format!("a time such as 2027-01-31 09:00:00, with at most {} digits of a second", precision.min(9));
    if fraction > usize::from(precision.min(9)) || text.ends_with(['Z', 'z']) {
        return Err(how());
    }
    text.parse().map_err(|_| how())
}

/// In UTC alone: a value of another zone is truncated in that zone, and is another value than it seems.
fn instant(text: &str, precision: u8) -> Result<Cell, String> {
    let how =
        || format!("a time in UTC such as 2027-01-31T09:00:00Z, with at most {} digits of a second", precision.min(9));
    let local = text.strip_suffix(" UTC").or_else(|| text.strip_suffix('Z')).ok_or_else(how)?;
    let at = timestamp(local, precision).map_err(|_| how())?;
    at.to_zoned_datetime(jiff::tz::TimeZone::UTC).map(|at| Cell::Instant(at.timestamp())).map_err(|_| how())
}

impl fmt::Display for Cell {
    /// As it is written in documents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Decimal(value) => f.write_str(&value.to_plain_string()),
            Self::Double(value) => value.fmt(f),
            Self::Real(value) => value.fmt(f),
            Self::Text(text) | Self::Char(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Self::Bytes(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            Self::Date(date) => date.fmt(f),
            Self::Timestamp(at) => f.write_str(&at.to_string().replace('T', " ")),
            Self::Instant(at) => at.fmt(f),
            Self::Opaque(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_the_type_would_cut_off_or_round_is_no_value_of_it() {
        for (text, column_type) in [
            ("abc", "varchar(2)"),
            ("128", "tinyint"),
            ("1.255", "decimal(5,2)"),
            ("1000", "decimal(5,2)"),
            ("yes", "boolean"),
            ("0f0", "varbinary"),
            ("2026-02-30", "date"),
            ("2026-03-01 10:00:00.1234", "timestamp(3)"),
            ("2026-03-01T10:00:00+01:00", "timestamp(3) with time zone"),
            ("2026-03-01 10:00:00", "timestamp(3) with time zone"),
            ("1", ""),
        ] {
            assert!(Cell::read(text, ColumnType::parse(column_type)).is_err(), "{text} as {column_type}");
        }
    }

    #[test]
    fn values_are_written_as_they_are_read() {
        for (text, column_type, written) in [
            ("1.5", "decimal(5,2)", "1.50"),
            ("ab ", "char(5)", "'ab'"),
            ("00FF", "varbinary", "00ff"),
            ("2026-03-01T10:00:00", "timestamp(3)", "2026-03-01 10:00:00"),
            ("2026-03-01 10:00:00.5 UTC", "timestamp(3) with time zone", "2026-03-01T10:00:00.5Z"),
            ("[1, 2]", "array(bigint)", "[1, 2]"),
        ] {
            assert_eq!(Cell::read(text, ColumnType::parse(column_type)).unwrap().to_string(), written);
        }
    }
}
