//! Masks: which of several wins, and what it shows.

use std::fmt::Write as _;

use bigdecimal::{BigDecimal, RoundingMode};
use jiff::civil::{Date, DateTime};
use meshward::model::column_type::ColumnType;
use meshward::model::mask::{Mask, Period};
use meshward::model::regex::Regex;
use meshward::model::value::{Value, ValueType};
use sha2::{Digest, Sha256};

use crate::engine::cell::Cell;
use crate::engine::keyed;

/// What is shown in place of a value under these masks.
pub(super) fn shown(masks: &[&Mask], cell: &Cell, of: ColumnType) -> Cell {
    let held: Vec<&Mask> = masks.iter().map(|mask| fallen(mask, of)).collect();
    let Some(mask) = strongest(&held, of) else { return cell.clone() };
    apply(&mask, cell, of)
}

/// What a type cannot hold falls to the next stronger that it can; only null fits whatever the type.
fn fallen(mask: &Mask, of: ColumnType) -> &Mask {
    let stronger: &[Mask] = match mask {
        Mask::FormatPreserving => &[Mask::Pseudonym, Mask::Hash],
        Mask::Pseudonym => &[Mask::Hash],
        _ => &[],
    };
    std::iter::once(mask).chain(stronger).find(|mask| holds(of, mask)).unwrap_or(&Mask::Null)
}

/// The mask that is at least as strong as every other; where two cannot be compared, NULL.
fn strongest(masks: &[&Mask], of: ColumnType) -> Option<Mask> {
    let (first, _) = masks.split_first()?;
    let comparable = |one: &Mask| masks.iter().all(|other| at_least(one, other, of) || at_least(other, one, of));
    if !masks.iter().all(|mask| comparable(mask)) {
        return Some(Mask::Null);
    }
    Some(
        masks
            .iter()
            .fold(*first, |strongest, mask| if at_least(mask, strongest, of) { mask } else { strongest })
            .clone(),
    )
}

/// null > constant > hash > pseudonym > format preserving; partial ones stand below constant and compare within their kind, so not
/// with the hash.
fn at_least(one: &Mask, other: &Mask, of: ColumnType) -> bool {
    let rank = |mask: &Mask| match mask {
        Mask::Null => 2,
        Mask::Constant(_) => 1,
        _ => 0,
    };
    let whole = |mask: &Mask| match mask {
        Mask::Hash => Some(3),
        Mask::Pseudonym => Some(2),
        Mask::FormatPreserving => Some(1),
        _ => None,
    };
    match (one, other) {
        (one, other) if one == other => true,
        // What is shown is what counts: `1` and `'1'` are one constant in a column of text.
        (Mask::Constant(one), Mask::Constant(other)) => constant(one, of) == constant(other, of),
        // The coarser step tells no more only where every one of its parts is made of whole parts of the finer. The parts of what is
        // rounded have the multiples in their middle, so that an even number of them leaves halves at the ends.
        (Mask::Bucket(one), Mask::Bucket(other)) => one.get().is_multiple_of(other.get()),
        (Mask::Round(one), Mask::Round(other)) => {
            one.get().is_multiple_of(other.get()) && (one.get() / other.get()) % 2 == 1
        }
        (Mask::Truncate(one), Mask::Truncate(other)) => coarseness(*one) >= coarseness(*other),
        (one, other) => match (whole(one), whole(other)) {
            (Some(one), Some(other)) => one > other,
            _ => rank(one) > rank(other),
        },
    }
}

fn coarseness(period: Period) -> u8 {
    match period {
        Period::Year => 3,
        Period::Month => 2,
        Period::Day => 1,
    }
}

/// Whether a type can hold what a mask makes.
fn holds(of: ColumnType, mask: &Mask) -> bool {
    match mask {
        Mask::Null => true,
        Mask::Constant(value) => constant(value, of).is_some(),
        Mask::Hash => match of {
            ColumnType::Varchar(None) | ColumnType::Varbinary => true,
            ColumnType::Varchar(Some(length)) | ColumnType::Char(length) => length >= 64,
            _ => false,
        },
        Mask::Pseudonym => match of {
            ColumnType::Varchar(Some(length)) | ColumnType::Char(length) => length >= 32,
            ColumnType::Varchar(None) | ColumnType::Varbinary | ColumnType::Uuid | ColumnType::Bigint => true,
            _ => false,
        },
        Mask::KeepFirst(_) | Mask::KeepLast(_) | Mask::EmailDomain | Mask::Regex(_) | Mask::FormatPreserving => {
            matches!(of, ColumnType::Varchar(_) | ColumnType::Char(_))
        }
        Mask::Round(_) | Mask::Bucket(_) => matches!(
            of,
            ColumnType::Tinyint
                | ColumnType::Smallint
                | ColumnType::Integer
                | ColumnType::Bigint
                | ColumnType::Real
                | ColumnType::Double
                | ColumnType::Decimal { .. }
        ),
        Mask::Truncate(_) => {
            matches!(of, ColumnType::Date | ColumnType::Timestamp(_) | ColumnType::TimestampWithTimeZone(_))
        }
    }
}

fn integer_limit(of: ColumnType) -> Option<i64> {
    match of {
        ColumnType::Tinyint => Some(i64::from(i8::MAX)),
        ColumnType::Smallint => Some(i64::from(i16::MAX)),
        ColumnType::Integer => Some(i64::from(i32::MAX)),
        ColumnType::Bigint => Some(i64::MAX),
        _ => None,
    }
}

/// A whole number that an integer type holds.
fn integer(number: &BigDecimal, of: ColumnType) -> Option<Cell> {
    let limit = BigDecimal::from(integer_limit(of)?);
    let fits = number.is_integer() && *number <= limit && *number >= -&limit - 1;
    fits.then(|| Cell::Integer(number.with_scale(0).to_string().parse().unwrap()))
}

/// A number that a decimal type holds exactly.
fn decimal(number: &BigDecimal, precision: u8, scale: u8) -> Option<Cell> {
    let scaled = number.with_scale(i64::from(scale));
    let digits = scaled.as_bigint_and_exponent().0.to_string().trim_start_matches('-').len();
    (scaled == *number && digits <= usize::from(precision)).then_some(Cell::Decimal(scaled))
}

/// A constant is what its author wrote, read as the column's type.
fn constant(value: &Value, of: ColumnType) -> Option<Cell> {
    let written = value.written();
    let fits = |length: u32| written.chars().count() <= length as usize;
    match of {
        ColumnType::Varchar(None) => Some(Cell::Text(written)),
        ColumnType::Varchar(Some(length)) => fits(length).then_some(Cell::Text(written)),
        ColumnType::Char(length) => fits(length).then_some(Cell::Char(written)),
        ColumnType::Boolean => written.parse().ok().map(Cell::Boolean),
        ColumnType::Date => written.parse().ok().map(Cell::Date),
        ColumnType::Double => {
            Value::read(&written, ValueType::Number).and_then(|_| written.parse().ok().map(Cell::Double))
        }
        ColumnType::Real => Value::read(&written, ValueType::Number).and_then(|_| written.parse().ok().map(Cell::Real)),
        ColumnType::Decimal { precision, scale } => decimal(&written.parse().ok()?, precision, scale),
        of => integer(&written.parse().ok()?, of),
    }
}

fn apply(mask: &Mask, cell: &Cell, of: ColumnType) -> Cell {
    if let Mask::Constant(value) = mask {
        return constant(value, of).unwrap();
    }
    match (mask, cell) {
        (Mask::Null, _) | (_, Cell::Null) => Cell::Null,
        (Mask::Hash, Cell::Bytes(bytes)) => Cell::Bytes(Sha256::digest(bytes).to_vec()),
        (Mask::Hash, Cell::Text(text)) => Cell::Text(hexadecimal(text)),
        (Mask::Hash, Cell::Char(text)) => Cell::Char(hexadecimal(text)),
        (Mask::Pseudonym, cell) => keyed::pseudonym(cell),
        (Mask::FormatPreserving, Cell::Text(text)) => keyed::format_preserving(text).map_or(Cell::Null, Cell::Text),
        (Mask::FormatPreserving, Cell::Char(text)) => keyed::format_preserving(text).map_or(Cell::Null, Cell::Char),
        (mask, Cell::Text(text)) => partial_text(mask, text, of).map_or(Cell::Null, Cell::Text),
        (mask, Cell::Char(text)) => partial_text(mask, text, of).map_or(Cell::Null, Cell::Char),
        (Mask::Round(step), cell) => round(cell, step.get(), of),
        (Mask::Bucket(width), cell) => bucket(cell, width.get(), of),
        (Mask::Truncate(period), Cell::Date(date)) => Cell::Date(truncate_date(*date, *period)),
        (Mask::Truncate(period), Cell::Timestamp(at)) => {
            Cell::Timestamp(DateTime::from(truncate_date(at.date(), *period)))
        }
        // Trino's own instants carry their zone; those of the tests are all in UTC.
        (Mask::Truncate(period), Cell::Instant(at)) => {
            let utc = at.to_zoned_datetime(jiff::tz::TimeZone::UTC);
            let start = DateTime::from(truncate_date(utc.date(), *period));
            Cell::Instant(start.to_zoned_datetime(jiff::tz::TimeZone::UTC).unwrap().timestamp())
        }
        (mask, cell) => panic!("no {mask:?} of {cell:?}"),
    }
}

fn hexadecimal(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn partial_text(mask: &Mask, text: &str, of: ColumnType) -> Option<String> {
    let characters: Vec<char> = text.chars().collect();
    let length = characters.len();
    match mask {
        // All would be shown of a text that is not longer than what is kept, so none of it is.
        Mask::KeepFirst(count) | Mask::KeepLast(count) if length <= *count as usize => Some("*".repeat(length)),
        Mask::KeepFirst(count) => {
            let kept = *count as usize;
            Some(characters[..kept].iter().collect::<String>() + &"*".repeat(length - kept))
        }
        Mask::KeepLast(count) => {
            let hidden = length - *count as usize;
            Some("*".repeat(hidden) + &characters[hidden..].iter().collect::<String>())
        }
        Mask::EmailDomain => text.rsplit_once('@').map(|(_, domain)| domain.to_owned()),
        Mask::Regex(regex) => replaced(regex, text, of),
        mask => panic!("no {mask:?} of text"),
    }
}

/// The replacement of text that the pattern matches from its start to its end, cut to the column's length. What would be the value
/// itself is not shown.
fn replaced(regex: &Regex, text: &str, of: ColumnType) -> Option<String> {
    // Words and blanks are those of ASCII.
    let pattern = regex.pattern().replace(r"\w", "[0-9A-Za-z_]").replace(r"\S", r"[^\t\n\x0c\r ]");
    let pattern = regex_lite::Regex::new(&format!("^(?:{pattern})$")).unwrap();
    let groups = pattern.captures(text)?;
    let mut shown = String::new();
    let mut rest = regex.replacement();
    while let Some(sign) = rest.chars().next() {
        rest = &rest[sign.len_utf8()..];
        match sign {
            '$' => {
                shown.push_str(&groups[rest[..1].parse::<usize>().unwrap()]);
                rest = &rest[1..];
            }
            '\\' => {
                shown.push_str(&rest[..1]);
                rest = &rest[1..];
            }
            sign => shown.push(sign),
        }
    }
    if let ColumnType::Varchar(Some(length)) | ColumnType::Char(length) = of {
        shown = shown.chars().take(length as usize).collect();
    }
    let fills_up = matches!(of, ColumnType::Char(_));
    let shown = if fills_up { shown.trim_end_matches(' ').to_owned() } else { shown };
    (shown != text).then_some(shown)
}

/// The greatest multiple that is not above; NULL where the type cannot hold it.
fn bucket(cell: &Cell, width: u32, of: ColumnType) -> Cell {
    let bound = |number: &BigDecimal| {
        let width = BigDecimal::from(width);
        let rest = number % &width;
        if rest.sign() == bigdecimal::num_bigint::Sign::Minus { number - rest - width } else { number - rest }
    };
    let double = |number: BigDecimal| bound(&number).to_string().parse::<f64>().unwrap();
    match (cell, of) {
        (Cell::Integer(number), of) => integer(&bound(&BigDecimal::from(*number)), of).unwrap_or(Cell::Null),
        (Cell::Decimal(number), ColumnType::Decimal { precision, scale }) => {
            decimal(&bound(number), precision, scale).unwrap_or(Cell::Null)
        }
        (Cell::Double(number), _) => {
            BigDecimal::try_from(*number).map_or(Cell::Null, |number| Cell::Double(double(number)))
        }
        #[expect(clippy::cast_possible_truncation, reason = "real is what is shown")]
        (Cell::Real(number), _) => {
            BigDecimal::try_from(*number).map_or(Cell::Null, |number| Cell::Real(double(number) as f32))
        }
        (cell, of) => panic!("no bucket of {cell:?} as {of:?}"),
    }
}

/// The nearest multiple, half away from zero; NULL where the type cannot hold it.
fn round(cell: &Cell, step: u32, of: ColumnType) -> Cell {
    let nearest = |number: &BigDecimal| {
        // In units of half a step, so that the division below is exact to whole numbers.
        let step = BigDecimal::from(step);
        let quotient = (number / &step).with_scale_round(30, RoundingMode::Down);
        quotient.with_scale_round(0, RoundingMode::HalfUp) * step
    };
    match (cell, of) {
        (Cell::Integer(number), of) => integer(&nearest(&BigDecimal::from(*number)), of).unwrap_or(Cell::Null),
        (Cell::Decimal(number), ColumnType::Decimal { precision, scale }) => {
            decimal(&nearest(number), precision, scale).unwrap_or(Cell::Null)
        }
        (Cell::Double(number), _) => Cell::Double((number / f64::from(step)).round() * f64::from(step)),
        #[expect(clippy::cast_possible_truncation, reason = "real is what is shown")]
        (Cell::Real(number), _) => {
            Cell::Real(((f64::from(*number) / f64::from(step)).round() * f64::from(step)) as f32)
        }
        (cell, of) => panic!("no rounding of {cell:?} as {of:?}"),
    }
}

fn truncate_date(date: Date, period: Period) -> Date {
    match period {
        Period::Year => date.first_of_year(),
        Period::Month => date.first_of_month(),
        Period::Day => date,
    }
}
