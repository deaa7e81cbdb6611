//! Trino's operators and casts.

use std::cmp::Ordering;

use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive, Zero};
use jiff::civil::DateTime;
use sqlparser::ast::{BinaryOperator, CharacterLength, DataType, ExactNumberInfo, TimezoneInfo};

use crate::engine::run_sql::{Datum, Refusal, Result, fail, refuse};

pub(super) fn not(value: Datum) -> Result<Datum> {
    match value {
        Datum::Boolean(value) => Ok(Datum::Boolean(!value)),
        Datum::Null => Ok(Datum::Null),
        other => refuse(format!("NOT {other:?}")),
    }
}

pub(super) fn negate(value: Datum) -> Result<Datum> {
    match value {
        Datum::Integer(value) => Ok(Datum::Integer(-value)),
        other => refuse(format!("- {other:?}")),
    }
}

pub(super) fn and(left: Datum, right: Datum) -> Result<Datum> {
    match (left, right) {
        (Datum::Boolean(false), Datum::Boolean(_) | Datum::Null) | (Datum::Null, Datum::Boolean(false)) => {
            Ok(Datum::Boolean(false))
        }
        (Datum::Boolean(true), right @ (Datum::Boolean(_) | Datum::Null)) => Ok(right),
        (Datum::Null, Datum::Boolean(true) | Datum::Null) => Ok(Datum::Null),
        (left, right) => refuse(format!("{left:?} AND {right:?}")),
    }
}

pub(super) fn or(left: Datum, right: Datum) -> Result<Datum> {
    not(and(not(left)?, not(right)?)?)
}

pub(super) fn binary(left: &Datum, op: &BinaryOperator, right: &Datum) -> Result<Datum> {
    let test: fn(Ordering) -> bool = match op {
        BinaryOperator::Eq => Ordering::is_eq,
        BinaryOperator::NotEq => Ordering::is_ne,
        BinaryOperator::Lt => Ordering::is_lt,
        BinaryOperator::LtEq => Ordering::is_le,
        BinaryOperator::Gt => Ordering::is_gt,
        BinaryOperator::GtEq => Ordering::is_ge,
        op => return arithmetic(left, op, right),
    };
    if matches!((left, right), (Datum::Null, _) | (_, Datum::Null)) {
        return Ok(Datum::Null);
    }
    // NaN is neither before, nor after, nor equal.
    Ok(Datum::Boolean(order(left, right)?.is_some_and(test)))
}

fn order(left: &Datum, right: &Datum) -> Result<Option<Ordering>> {
    Ok(match (left, right) {
        (Datum::Boolean(a), Datum::Boolean(b)) => Some(a.cmp(b)),
        (Datum::Integer(a), Datum::Integer(b)) => Some(a.cmp(b)),
        (Datum::Integer(_) | Datum::Decimal(..), Datum::Integer(_) | Datum::Decimal(..)) => {
            return exact_order(left, right);
        }
        (Datum::Double(a), Datum::Double(b)) => a.partial_cmp(b),
        (Datum::Real(a), Datum::Real(b)) => a.partial_cmp(b),
        (Datum::Text(a), Datum::Text(b)) => Some(a.cmp(b)),
        (Datum::Char(a), Datum::Char(b)) => {
            let length = a.chars().count().max(b.chars().count());
            let pad = |text: &str| format!("{text}{}", " ".repeat(length - text.chars().count()));
            Some(pad(a).cmp(&pad(b)))
        }
        (Datum::Bytes(a), Datum::Bytes(b)) => Some(a.cmp(b)),
        (Datum::Date(a), Datum::Date(b)) => Some(a.cmp(b)),
        (Datum::Timestamp(a), Datum::Timestamp(b)) => Some(a.cmp(b)),
        (Datum::Instant(a), Datum::Instant(b)) => Some(a.cmp(b)),
        (a, b) => return refuse(format!("{a:?} compared with {b:?}")),
    })
}

/// Both are brought to one type of at most 38 digits, which fails on what that cannot hold.
fn exact_order(left: &Datum, right: &Datum) -> Result<Option<Ordering>> {
    let (Some((a, p1, s1)), Some((b, p2, s2))) = (as_decimal(left), as_decimal(right)) else {
        return refuse(format!("{left:?} compared with {right:?}"));
    };
    let scale = s1.max(s2);
    for (value, precision, own_scale) in [(&a, p1, s1), (&b, p2, s2)] {
        let widened = i64::try_from(precision).unwrap() - own_scale + scale;
        if widened > 38 && digits(&value.with_scale(scale)) > 38 {
            return fail(format!("{value} does not fit a decimal(38, {scale})"));
        }
    }
    Ok(Some(a.cmp(&b)))
}

/// A number as a decimal with precision and scale; integers as Trino coerces them.
fn as_decimal(value: &Datum) -> Option<(BigDecimal, u64, i64)> {
    match value {
        Datum::Integer(value) => Some((BigDecimal::from(*value), 19, 0)),
        Datum::Decimal(value, precision, scale) => Some((value.clone(), *precision, *scale)),
        _ => None,
    }
}

/// Trino's result types of decimal arithmetic: overflow beyond 38 digits fails.
fn arithmetic(left: &Datum, op: &BinaryOperator, right: &Datum) -> Result<Datum> {
    if matches!((left, right), (Datum::Null, _) | (_, Datum::Null)) {
        return Ok(Datum::Null);
    }
    let double = |value: &Datum| match value {
        Datum::Double(value) => Some(*value),
        Datum::Real(value) => Some(f64::from(*value)),
        _ => None,
    };
    if let (Some(a), Some(b)) = (double(left), double(right)) {
        return match op {
            BinaryOperator::Divide => Ok(Datum::Double(a / b)),
            BinaryOperator::Multiply => Ok(Datum::Double(a * b)),
            BinaryOperator::Plus => Ok(Datum::Double(a + b)),
            BinaryOperator::Minus => Ok(Datum::Double(a - b)),
            BinaryOperator::Modulo => Ok(Datum::Double(a % b)),
            op => refuse(format!("{left:?} {op} {right:?}")),
        };
    }
    let (Some((a, p1, s1)), Some((b, p2, s2))) = (as_decimal(left), as_decimal(right)) else {
        return refuse(format!("{left:?} {op} {right:?}"));
    };
    let scale = s1.max(s2);
    let whole = |p: u64, s: i64| i64::try_from(p).unwrap() - s;
    let (value, precision, scale) = match op {
        BinaryOperator::Plus => (a + b, whole(p1, s1).max(whole(p2, s2)) + scale + 1, scale),
        BinaryOperator::Minus => (a - b, whole(p1, s1).max(whole(p2, s2)) + scale + 1, scale),
        BinaryOperator::Multiply => (a * b, i64::try_from(p1 + p2).unwrap(), s1 + s2),
        BinaryOperator::Divide => return refuse("a decimal quotient, whose scale depends on Trino's release"),
        BinaryOperator::Modulo if b.is_zero() => return fail("division by zero"),
        BinaryOperator::Modulo => (a % b, whole(p1, s1).min(whole(p2, s2)) + scale, scale),
        op => return refuse(format!("{left:?} {op} {right:?}")),
    };
    if scale > 38 {
        return refuse("scale above 38");
    }
    bounded(value, u64::try_from(precision).unwrap().min(38), scale)
}

fn digits(value: &BigDecimal) -> u64 {
    let text = value.as_bigint_and_exponent().0.to_string();
    u64::try_from(text.trim_start_matches('-').trim_start_matches('0').len()).unwrap()
}

fn bounded(value: BigDecimal, precision: u64, scale: i64) -> Result<Datum> {
    let value = value.with_scale_round(scale, RoundingMode::HalfUp);
    if digits(&value) > precision { fail("decimal overflow") } else { Ok(Datum::Decimal(value, precision, scale)) }
}

pub(super) fn decimal_literal(text: &str) -> Result<Datum> {
    let Ok(value) = text.parse::<BigDecimal>() else { return refuse(format!("DECIMAL '{text}'")) };
    let scale = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let written = text.bytes().filter(u8::is_ascii_digit).count();
    let scale = i64::try_from(scale).unwrap();
    if written > 38 {
        return refuse(format!("DECIMAL '{text}'"));
    }
    Ok(Datum::Decimal(value.with_scale(scale), digits(&value).max(u64::try_from(scale).unwrap()).max(1), scale))
}

/// The first `length` characters of text.
fn cut(text: &str, length: u64) -> String {
    text.chars().take(usize::try_from(length).unwrap()).collect()
}

fn length(of: &Option<CharacterLength>) -> Option<u64> {
    match of {
        Some(CharacterLength::IntegerLength { length, .. }) => Some(*length),
        _ => None,
    }
}

pub(super) fn cast(value: Datum, to: &DataType) -> Result<Datum> {
    let impossible = |value: Datum| refuse(format!("{value:?} cast to {to}"));
    let integer = |value: Datum, least: i64, most: i64| {
        let number = match &value {
            Datum::Integer(number) => Some(*number),
            Datum::Decimal(number, ..) => number.with_scale_round(0, RoundingMode::HalfUp).to_i64(),
            _ => return impossible(value),
        };
        match number {
            Some(number) if (least..=most).contains(&number) => Ok(Datum::Integer(number)),
            _ => fail("out of range"),
        }
    };
    match (to, value) {
        (_, Datum::Null) => Ok(Datum::Null),
        (DataType::Boolean, value @ Datum::Boolean(_)) => Ok(value),
        (DataType::TinyInt(_), value) => integer(value, i8::MIN.into(), i8::MAX.into()),
        (DataType::SmallInt(_), value) => integer(value, i16::MIN.into(), i16::MAX.into()),
        (DataType::Integer(_) | DataType::Int(_), value) => integer(value, i32::MIN.into(), i32::MAX.into()),
        (DataType::BigInt(_), value) => integer(value, i64::MIN, i64::MAX),
        (DataType::Double(_), Datum::Real(value)) => Ok(Datum::Double(value.into())),
        (DataType::Double(_), value @ Datum::Double(_)) => Ok(value),
        (DataType::Real, value @ Datum::Real(_)) => Ok(value),
        #[expect(clippy::cast_possible_truncation, reason = "that is what the cast does")]
        (DataType::Real, Datum::Double(value)) => Ok(Datum::Real(value as f32)),
        (DataType::Decimal(ExactNumberInfo::PrecisionAndScale(precision, scale)), value) => match as_decimal(&value) {
            Some((value, ..)) => bounded(value, *precision, *scale),
            None => impossible(value),
        },
        (DataType::Varchar(of), Datum::Text(text) | Datum::Char(text)) => {
            Ok(Datum::Text(length(of).map_or(text.clone(), |length| cut(&text, length))))
        }
        (DataType::Char(of), Datum::Text(text) | Datum::Char(text)) => {
            let length = length(of).unwrap_or(1);
            let blanks = usize::try_from(length).unwrap().saturating_sub(text.chars().count());
            Ok(Datum::Char(format!("{}{}", cut(&text, length), " ".repeat(blanks))))
        }
        (DataType::Varbinary(_), value @ Datum::Bytes(_)) => Ok(value),
        (DataType::Date, value @ Datum::Date(_)) => Ok(value),
        (DataType::Timestamp(_, TimezoneInfo::None), value @ Datum::Timestamp(_)) => Ok(value),
        (DataType::Timestamp(_, TimezoneInfo::None), Datum::Date(date)) => Ok(Datum::Timestamp(DateTime::from(date))),
        (DataType::Timestamp(_, TimezoneInfo::WithTimeZone), value @ Datum::Instant(_)) => Ok(value),
        (DataType::Uuid, value @ Datum::Opaque) => Ok(value),
        (_, value) => impossible(value),
    }
}

pub(super) fn like(value: &Datum, pattern: &Datum, escape: &Datum) -> Result<Datum> {
    let (Datum::Text(pattern), Datum::Text(escape)) = (pattern, escape) else { return refuse("LIKE") };
    let text = match value {
        Datum::Null => return Ok(Datum::Null),
        Datum::Text(text) | Datum::Char(text) => text,
        other => return refuse(format!("{other:?} LIKE")),
    };
    let escape = escape.chars().next().ok_or_else(|| Refusal::Analysis("empty escape".to_owned()))?;
    let mut wanted = Vec::new();
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        wanted.push(match c {
            c if c == escape => match rest.next() {
                Some(c @ ('%' | '_')) => Wanted::One(c),
                Some(c) if c == escape => Wanted::One(c),
                _ => return fail("bad escape"),
            },
            '%' => Wanted::Run,
            '_' => Wanted::Any,
            c => Wanted::One(c),
        });
    }
    let text: Vec<char> = text.chars().collect();
    Ok(Datum::Boolean(matches(&text, &wanted)))
}

enum Wanted {
    One(char),
    Any,
    Run,
}

fn matches(text: &[char], wanted: &[Wanted]) -> bool {
    match (wanted, text) {
        ([], text) => text.is_empty(),
        ([Wanted::Run, rest @ ..], text) => (0..=text.len()).any(|at| matches(&text[at..], rest)),
        ([Wanted::Any, rest @ ..], [_, text @ ..]) => matches(text, rest),
        ([Wanted::One(c), rest @ ..], [first, text @ ..]) => c == first && matches(text, rest),
        (_, []) => false,
    }
}
