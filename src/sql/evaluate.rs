//! The trees over one row, as Trino evaluates what is printed of them. What cannot be told exactly as Trino would tell it is an error
//! and never a guess.

use std::cmp::Ordering;

use bigdecimal::{BigDecimal, Signed as _, ToPrimitive as _, Zero as _};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use crate::model::cell::Cell;
use crate::model::column_type::ColumnType;
use crate::model::mask::Period;
use crate::model::name::Identifier;
use crate::model::regex::Regex;
use crate::model::request::Column;
use crate::sql::expression::{Affix, Literal, Masked, Operator, Predicate, Scalar};

/// Why there is no answer without a Trino.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} cannot be told without a Trino")]
pub struct Undecidable(String);

fn undecidable<T>(what: impl Into<String>) -> Result<T, Undecidable> {
    Err(Undecidable(what.into()))
}

/// A row of a table: a cell for each column.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The columns.
    pub columns: &'a [Column],
    /// Their values, in the same order.
    pub cells: &'a [Cell],
}

impl Row<'_> {
    fn cell(&self, column: &Identifier) -> Result<Cell, Undecidable> {
        let place = self.columns.iter().position(|own| own.name == *column);
        match place.and_then(|place| self.cells.get(place)) {
            Some(cell) => Ok(cell.clone()),
            None => undecidable(format!("what is in column {column}")),
        }
    }

    /// Whether a predicate is TRUE of the row; `None`: UNKNOWN. The three values are SQL's.
    pub fn is(&self, predicate: &Predicate) -> Result<Option<bool>, Undecidable> {
        match predicate {
            Predicate::Unknown => Ok(None),
            // Every part is asked, as Trino may ask: one that cannot be told may fail the query.
            Predicate::And(parts) => self.joined(parts, false),
            Predicate::Or(parts) => self.joined(parts, true),
            Predicate::Not(inner) => Ok(self.is(inner)?.map(|is| !is)),
            Predicate::Compare(left, operator, right) => compare(&self.scalar(left)?, *operator, &self.scalar(right)?),
            Predicate::In(left, values) => {
                let left = self.scalar(left)?;
                values.iter().try_fold(Some(false), |any, value| {
                    Ok(either(any, compare(&left, Operator::Equal, &literal(value)?)?, true))
                })
            }
            Predicate::IsNull(inner) => Ok(Some(self.scalar(inner)? == Cell::Null)),
            Predicate::IsTrue(inner) => Ok(Some(self.scalar(inner)? == Cell::Boolean(true))),
            Predicate::Like(left, affix, wanted) => match self.scalar(left)? {
                Cell::Null => Ok(None),
                Cell::Text(text) | Cell::Char(text) => Ok(Some(match affix {
                    Affix::Prefix => text.starts_with(wanted),
                    Affix::Suffix => text.ends_with(wanted),
                    Affix::Infix => text.contains(wanted),
                })),
                other => undecidable(format!("what text {other} is")),
            },
            Predicate::Sql(_) => undecidable("what a rule's own SQL gives"),
        }
    }

    /// `decisive` is the value that one part is enough for.
    fn joined(&self, parts: &[Predicate], decisive: bool) -> Result<Option<bool>, Undecidable> {
        parts.iter().try_fold(Some(!decisive), |joined, part| Ok(either(joined, self.is(part)?, decisive)))
    }

    fn scalar(&self, scalar: &Scalar) -> Result<Cell, Undecidable> {
        match scalar {
            Scalar::Column(column, _) => self.cell(column),
            Scalar::LowerColumn(column, _) => Ok(match self.cell(column)? {
                Cell::Text(text) => Cell::Text(lower(&text)),
                Cell::Char(text) => Cell::Char(lower(&text)),
                other => other,
            }),
            Scalar::Literal(value) => literal(value),
        }
    }

    /// What the cell of a column shows under a mask.
    pub fn shows(&self, column: &Column, masked: &Masked) -> Result<Cell, Undecidable> {
        let cell = self.cell(&column.name)?;
        match masked {
            Masked::Null => Ok(Cell::Null),
            Masked::Clear => Ok(cell),
            Masked::Constant(value) => constant(value, column.column_type),
            Masked::HashText => text(cell, |text| Some(hexadecimal(&Sha256::digest(text.as_bytes())))),
            Masked::HashBytes => match cell {
                Cell::Null => Ok(Cell::Null),
                Cell::Bytes(bytes) => Ok(Cell::Bytes(Sha256::digest(&bytes).to_vec())),
                other => undecidable(format!("the hash of {other}")),
            },
            Masked::KeepFirst(count) => text(cell, |text| Some(kept(text, *count, End::First))),
            Masked::KeepLast(count) => text(cell, |text| Some(kept(text, *count, End::Last))),
            Masked::EmailDomain => text(cell, |text| text.rsplit_once('@').map(|(_, domain)| domain.to_owned())),
            Masked::Keyed(_) => undecidable("what the masking key makes of a value"),
            Masked::Regex(regex) => replaced(cell, regex, column.column_type),
            Masked::Round(step) => rounded(cell, *step, column.column_type),
            Masked::Bucket(width) => bucketed(cell, *width, column.column_type),
            Masked::Truncate(period) => truncated(cell, *period),
            Masked::Sql(_) => undecidable("what a rule's own SQL shows"),
            // Shown only where the condition is FALSE.
            Masked::Where { condition, masked, otherwise } => match self.is(condition)? {
                Some(false) => self.shows(column, otherwise),
                Some(true) | None => self.shows(column, masked),
            },
        }
    }
}

/// AND and OR in three values: `decisive` is FALSE for the one and TRUE for the other.
fn either(left: Option<bool>, right: Option<bool>, decisive: bool) -> Option<bool> {
    match (left, right) {
        (Some(value), _) | (_, Some(value)) if value == decisive => Some(decisive),
        (Some(_), Some(_)) => Some(!decisive),
        _ => None,
    }
}

fn compare(left: &Cell, operator: Operator, right: &Cell) -> Result<Option<bool>, Undecidable> {
    if matches!((left, right), (Cell::Null, _) | (_, Cell::Null)) {
        return Ok(None);
    }
    let holds = |ordering: Ordering| match operator {
        Operator::Equal => ordering.is_eq(),
        Operator::Less => ordering.is_lt(),
        Operator::LessOrEqual => ordering.is_le(),
        Operator::Greater => ordering.is_gt(),
        Operator::GreaterOrEqual => ordering.is_ge(),
    };
    // NaN is neither before, nor after, nor equal.
    Ok(Some(order(left, right)?.is_some_and(holds)))
}

fn order(left: &Cell, right: &Cell) -> Result<Option<Ordering>, Undecidable> {
    Ok(match (left, right) {
        (Cell::Boolean(a), Cell::Boolean(b)) => Some(a.cmp(b)),
        (Cell::Integer(a), Cell::Integer(b)) => Some(a.cmp(b)),
        (Cell::Integer(a), Cell::Decimal(b)) => Some(BigDecimal::from(*a).cmp(b)),
        (Cell::Decimal(a), Cell::Integer(b)) => Some(a.cmp(&BigDecimal::from(*b))),
        (Cell::Decimal(a), Cell::Decimal(b)) => Some(a.cmp(b)),
        (Cell::Double(a), Cell::Double(b)) => a.partial_cmp(b),
        (Cell::Real(a), Cell::Real(b)) => a.partial_cmp(b),
        (Cell::Real(a), Cell::Double(b)) => f64::from(*a).partial_cmp(b),
        (Cell::Double(a), Cell::Real(b)) => a.partial_cmp(&f64::from(*b)),
        (Cell::Text(a), Cell::Text(b)) => Some(a.cmp(b)),
        (Cell::Char(a), Cell::Char(b)) => Some(padded(a, b).cmp(&padded(b, a))),
        (Cell::Date(a), Cell::Date(b)) => Some(a.cmp(b)),
        (Cell::Timestamp(a), Cell::Timestamp(b)) => Some(a.cmp(b)),
        (Cell::Instant(a), Cell::Instant(b)) => Some(a.cmp(b)),
        // Trino brings two types to one by rules of its own, some of which have changed.
        (left, right) => return undecidable(format!("how {left} compares with {right}")),
    })
}

/// The longer of two char values decides how many blanks the other has.
fn padded(text: &str, other: &str) -> String {
    let missing = other.chars().count().saturating_sub(text.chars().count());
    format!("{text}{}", " ".repeat(missing))
}

/// Code point by code point, as Trino's `lower`.
fn lower(text: &str) -> String {
    text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect()
}

/// The value of a literal as it is printed.
fn literal(value: &Literal) -> Result<Cell, Undecidable> {
    Ok(match value {
        Literal::Text(text) => Cell::Text(text.clone()),
        Literal::Char(text, _) => Cell::Char(text.trim_end_matches(' ').to_owned()),
        Literal::Decimal(number) => Cell::Decimal(number.as_decimal().clone()),
        Literal::Double(number) => match number.to_string().parse() {
            Ok(number) => Cell::Double(number),
            Err(_) => return undecidable(format!("{number} as double")),
        },
        Literal::Real(number) => match number.to_string().parse() {
            Ok(number) => Cell::Real(number),
            Err(_) => return undecidable(format!("{number} as real")),
        },
        Literal::Boolean(value) => Cell::Boolean(*value),
        Literal::Date(date) => Cell::Date(*date),
        Literal::LocalTimestamp(at) => Cell::Timestamp(to_microsecond(*at)),
        Literal::Instant(at) => {
            let at = to_microsecond(at.to_zoned_datetime(TimeZone::UTC).datetime());
            match at.to_zoned_datetime(TimeZone::UTC) {
                Ok(at) => Cell::Instant(at.timestamp()),
                Err(_) => return undecidable(format!("the instant {at}")),
            }
        }
    })
}

/// Six digits of a second are printed.
fn to_microsecond(at: DateTime) -> DateTime {
    let whole = at.subsec_nanosecond() / 1_000 * 1_000;
    at.with().subsec_nanosecond(whole).build().unwrap_or(at)
}

/// A constant, cast to the column's type. Only one that the type holds becomes a mask.
fn constant(value: &Literal, column_type: ColumnType) -> Result<Cell, Undecidable> {
    match (literal(value)?, column_type) {
        (
            Cell::Decimal(number),
            ColumnType::Tinyint | ColumnType::Smallint | ColumnType::Integer | ColumnType::Bigint,
        ) => match number.to_i64() {
            Some(whole) => Ok(Cell::Integer(whole)),
            None => undecidable(format!("{number} as a whole number")),
        },
        (cell, _) => Ok(cell),
    }
}

/// A function of text; a char stays one.
fn text(cell: Cell, of: impl Fn(&str) -> Option<String>) -> Result<Cell, Undecidable> {
    match cell {
        Cell::Null => Ok(Cell::Null),
        Cell::Text(text) => Ok(of(&text).map_or(Cell::Null, Cell::Text)),
        Cell::Char(text) => Ok(of(&text).map_or(Cell::Null, |text| Cell::Char(text.trim_end_matches(' ').to_owned()))),
        other => undecidable(format!("what text {other} is")),
    }
}

/// What a pattern makes of the whole text, cut to the column's length; NULL where nothing changes.
fn replaced(cell: Cell, regex: &Regex, column_type: ColumnType) -> Result<Cell, Undecidable> {
    let Ok(pattern) = regex_lite::Regex::new(regex.normal()) else {
        return undecidable(format!("what `{}` matches", regex.pattern()));
    };
    let length = match column_type {
        ColumnType::Varchar(Some(length)) | ColumnType::Char(length) => usize::try_from(length).unwrap_or(usize::MAX),
        _ => usize::MAX,
    };
    let shown = text(cell.clone(), |text| {
        let replaced =
            pattern.replace_all(text, |groups: &regex_lite::Captures<'_>| expanded(regex.replacement(), groups));
        Some(replaced.chars().take(length).collect())
    })?;
    Ok(if shown == cell { Cell::Null } else { shown })
}

/// A replacement with its groups: `$1` to `$9`; `\` before a sign that stands for itself.
fn expanded(replacement: &str, groups: &regex_lite::Captures<'_>) -> String {
    let mut shown = String::new();
    let mut signs = replacement.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '$' => {
                let group =
                    signs.next().and_then(|digit| digit.to_digit(10)).and_then(|digit| usize::try_from(digit).ok());
                shown.push_str(group.and_then(|group| groups.get(group)).map_or("", |group| group.as_str()));
            }
            '\\' => shown.extend(signs.next()),
            sign => shown.push(sign),
        }
    }
    shown
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Clone, Copy)]
enum End {
    First,
    Last,
}

/// Nothing is kept of text that is not longer than what would be kept.
fn kept(text: &str, count: u32, end: End) -> String {
    let length = text.chars().count();
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if length <= count {
        return "*".repeat(length);
    }
    let stars = "*".repeat(length - count);
    match end {
        End::First => text.chars().take(count).chain(stars.chars()).collect(),
        End::Last => stars.chars().chain(text.chars().skip(length - count)).collect(),
    }
}

/// Up to here every whole number is a double, and rounding is exact.
const MOST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// With more digits after the point a product in the printed expression may overflow.
const MOST_SCALE: u8 = 27;

fn rounded(cell: Cell, step: u32, column_type: ColumnType) -> Result<Cell, Undecidable> {
    let float = |number: f64| {
        let quotient = number / f64::from(step);
        if quotient.is_finite() && quotient.abs() >= MOST_WHOLE {
            return undecidable(format!("{number} rounded to {step}"));
        }
        Ok(quotient.round() * f64::from(step))
    };
    match (cell, column_type) {
        (Cell::Null, _) => Ok(Cell::Null),
        (Cell::Double(number), _) => float(number).map(Cell::Double),
        #[expect(clippy::cast_possible_truncation, reason = "the cast to real is what is shown")]
        (Cell::Real(number), _) => float(f64::from(number)).map(|rounded| Cell::Real(rounded as f32)),
        (Cell::Integer(number), _) => {
            let nearest = nearest(&BigDecimal::from(number), step);
            let fits = nearest.to_i64().filter(|number| Cell::read(&number.to_string(), column_type).is_ok());
            Ok(fits.map_or(Cell::Null, Cell::Integer))
        }
        (Cell::Decimal(number), ColumnType::Decimal { scale, .. }) if scale <= MOST_SCALE => {
            let nearest = nearest(&number, step).normalized().to_plain_string();
            // What the type cannot hold is NULL.
            Ok(Cell::read(&nearest, column_type).unwrap_or(Cell::Null))
        }
        (other, _) => undecidable(format!("{other} rounded to {step}")),
    }
}

/// The nearest multiple, half away from zero.
fn nearest(number: &BigDecimal, step: u32) -> BigDecimal {
    let step = BigDecimal::from(step);
    let rest = number % &step;
    let away = if rest.abs() * BigDecimal::from(2) >= step { number.signum() * &step } else { BigDecimal::zero() };
    number - rest + away
}

fn bucketed(cell: Cell, width: u32, column_type: ColumnType) -> Result<Cell, Undecidable> {
    let float = |number: f64| {
        let rest = number % f64::from(width);
        let below = if rest < 0.0 { f64::from(width) } else { 0.0 };
        number.is_finite().then_some(number - rest - below)
    };
    match (cell, column_type) {
        (Cell::Null, _) => Ok(Cell::Null),
        (Cell::Double(number), _) => Ok(float(number).map_or(Cell::Null, Cell::Double)),
        #[expect(clippy::cast_possible_truncation, reason = "the cast to real is what is shown")]
        (Cell::Real(number), _) => Ok(float(f64::from(number)).map_or(Cell::Null, |bound| Cell::Real(bound as f32))),
        (Cell::Integer(number), _) => {
            let bound = lower_bound(&BigDecimal::from(number), width);
            let fits = bound.to_i64().filter(|number| Cell::read(&number.to_string(), column_type).is_ok());
            Ok(fits.map_or(Cell::Null, Cell::Integer))
        }
        (Cell::Decimal(number), ColumnType::Decimal { scale, .. }) if scale <= MOST_SCALE => {
            let bound = lower_bound(&number, width).normalized().to_plain_string();
            Ok(Cell::read(&bound, column_type).unwrap_or(Cell::Null))
        }
        (other, _) => undecidable(format!("the range of {width} that {other} is in")),
    }
}

/// The greatest multiple that is not above.
fn lower_bound(number: &BigDecimal, width: u32) -> BigDecimal {
    let width = BigDecimal::from(width);
    let rest = number % &width;
    let below = if rest.is_negative() { width } else { BigDecimal::zero() };
    number - rest - below
}

fn truncated(cell: Cell, period: Period) -> Result<Cell, Undecidable> {
    let start = |date: Date| match period {
        Period::Year => date.first_of_year(),
        Period::Month => date.first_of_month(),
        Period::Day => date,
    };
    match cell {
        Cell::Null => Ok(Cell::Null),
        Cell::Date(date) => Ok(Cell::Date(start(date))),
        Cell::Timestamp(at) => Ok(Cell::Timestamp(DateTime::from(start(at.date())))),
        Cell::Instant(at) => {
            let start = DateTime::from(start(at.to_zoned_datetime(TimeZone::UTC).date()));
            match start.to_zoned_datetime(TimeZone::UTC) {
                Ok(start) => Ok(Cell::Instant(start.timestamp())),
                Err(_) => undecidable(format!("the start of the {} of {at}", period.word())),
            }
        }
        other => undecidable(format!("the start of the {} of {other}", period.word())),
    }
}
