//! Trino's functions, as far as masks and filters call them.

use std::fmt::Write as _;

use bigdecimal::{BigDecimal, RoundingMode, Zero};
use jiff::civil::{Date, DateTime};
use sha2::{Digest, Sha256};

use crate::engine::cell::Cell;
use crate::engine::keyed;
use crate::engine::run_sql::{Datum, Refusal, Result, cell, refuse};

pub(super) fn call(name: &str, arguments: &[Datum]) -> Result<Datum> {
    if arguments.contains(&Datum::Null) {
        return Ok(Datum::Null);
    }
    match (name, arguments) {
        ("lower", [Datum::Text(text)]) => Ok(Datum::Text(lower(text))),
        ("length", [Datum::Text(text)]) => Ok(Datum::Integer(i64::try_from(text.chars().count()).unwrap())),
        ("rpad", [Datum::Text(text), Datum::Integer(size), Datum::Text(pad)]) => {
            Ok(Datum::Text(padded(text, *size, pad, false)))
        }
        ("lpad", [Datum::Text(text), Datum::Integer(size), Datum::Text(pad)]) => {
            Ok(Datum::Text(padded(text, *size, pad, true)))
        }
        ("to_utf8", [Datum::Text(text)]) => Ok(Datum::Bytes(text.as_bytes().to_vec())),
        ("sha256", [Datum::Bytes(bytes)]) => Ok(Datum::Bytes(Sha256::digest(bytes).to_vec())),
        ("to_hex", [Datum::Bytes(bytes)]) => Ok(Datum::Text(bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02X}").unwrap();
            text
        }))),
        // The one pattern that masks use; `$` is the end of the text, also before a line feed at its end.
        ("regexp_extract", [Datum::Text(text), Datum::Text(pattern), Datum::Integer(1)]) => email_domain(text, pattern),
        ("meshward.\"pseudonym\"", [value]) => Ok(match (value, keyed::pseudonym(&cell(value.clone()))) {
            (_, Cell::Text(text)) => Datum::Text(text),
            (_, Cell::Bytes(bytes)) => Datum::Bytes(bytes),
            (_, Cell::Integer(number)) => Datum::Integer(number),
            (_, Cell::Opaque) => Datum::Opaque,
            (value, _) => return refuse(format!("pseudonym of {value:?}")),
        }),
        ("meshward.\"format_preserving\"", [Datum::Text(text)]) => {
            Ok(keyed::format_preserving(text).map_or(Datum::Null, Datum::Text))
        }
        ("regexp_replace", [Datum::Text(text), Datum::Text(pattern), Datum::Text(replacement)]) => {
            replaced(text, pattern, replacement)
        }
        ("is_finite", [Datum::Double(value)]) => Ok(Datum::Boolean(value.is_finite())),
        ("round", [Datum::Double(value)]) => Ok(Datum::Double(value.round())),
        ("round", [Datum::Decimal(value, precision, scale)]) => {
            let precision =
                (precision - u64::try_from(*scale).unwrap() + u64::try_from((*scale).min(1)).unwrap()).min(38);
            Ok(Datum::Decimal(value.with_scale_round(0, RoundingMode::HalfUp), precision, 0))
        }
        ("abs", [Datum::Decimal(value, precision, scale)]) => Ok(Datum::Decimal(value.abs(), *precision, *scale)),
        ("sign", [Datum::Decimal(value, ..)]) => {
            let sign = if value.is_zero() {
                0
            } else if *value < BigDecimal::zero() {
                -1
            } else {
                1
            };
            Ok(Datum::Decimal(BigDecimal::from(sign), 1, 0))
        }
        ("date_trunc", [Datum::Text(period), value]) => truncated(period, value),
        (name, arguments) => refuse(format!("{name} of {arguments:?}")),
    }
}

/// Each code point by itself, as Java's `Character.toLowerCase(int)`.
fn lower(text: &str) -> String {
    text.chars().map(|c| c.to_lowercase().next().unwrap()).collect()
}

pub(super) fn trim_end(text: Datum, what: &Datum) -> Result<Datum> {
    match (text, what) {
        (Datum::Null, _) => Ok(Datum::Null),
        (Datum::Text(text), Datum::Text(what)) => {
            Ok(Datum::Text(text.trim_end_matches(|c| what.contains(c)).to_owned()))
        }
        (text, _) => refuse(format!("trim of {text:?}")),
    }
}

fn padded(text: &str, size: i64, pad: &str, left: bool) -> String {
    let size = usize::try_from(size).unwrap();
    let missing = size.saturating_sub(text.chars().count());
    let fill: String = pad.chars().cycle().take(missing).collect();
    let text: String = text.chars().take(size).collect();
    if left { format!("{fill}{text}") } else { format!("{text}{fill}") }
}

pub(super) fn substr(text: &Datum, from: &Datum, length: Option<&Datum>) -> Result<Datum> {
    let (Datum::Text(text), Datum::Integer(from)) = (text, from) else {
        return if *text == Datum::Null { Ok(Datum::Null) } else { refuse(format!("substr of {text:?}")) };
    };
    let characters: Vec<char> = text.chars().collect();
    let count = i64::try_from(characters.len()).unwrap();
    // From the end for a negative start; nothing where the start lies outside.
    let start = if *from < 0 { count + from } else { from - 1 };
    if start < 0 || start >= count {
        return Ok(Datum::Text(String::new()));
    }
    let taken = match length {
        Some(Datum::Integer(length)) => *length,
        None => count,
        Some(other) => return refuse(format!("length {other:?}")),
    };
    let kept = characters.iter().skip(usize::try_from(start).unwrap()).take(usize::try_from(taken.max(0)).unwrap());
    Ok(Datum::Text(kept.collect()))
}

fn email_domain(text: &str, pattern: &str) -> Result<Datum> {
    if pattern != "@([^@]*)$" {
        return refuse(format!("regexp {pattern}"));
    }
    Ok(text.rsplit_once('@').map_or(Datum::Null, |(_, domain)| Datum::Text(domain.to_owned())))
}

/// With the field's own engine. Its replacements have other signs than Trino's.
fn replaced(text: &str, pattern: &str, replacement: &str) -> Result<Datum> {
    let regex = regex_lite::Regex::new(pattern).map_err(|error| Refusal::Analysis(error.to_string()))?;
    let mut theirs = String::new();
    let mut signs = replacement.chars();
    while let Some(sign) = signs.next() {
        match (sign, if matches!(sign, '$' | '\\') { signs.next() } else { None }) {
            ('$', Some(group)) if group.is_ascii_digit() => write!(theirs, "${{{group}}}").unwrap(),
            ('\\', Some('$')) => theirs.push_str("$$"),
            ('\\', Some(other)) => theirs.push(other),
            ('$' | '\\', _) => return refuse(format!("replacement {replacement}")),
            (other, _) => theirs.push(other),
        }
    }
    Ok(Datum::Text(regex.replace_all(text, theirs).into_owned()))
}

fn truncated(period: &str, value: &Datum) -> Result<Datum> {
    let date = |date: Date| match period {
        "year" => Ok(date.first_of_year()),
        "month" => Ok(date.first_of_month()),
        "day" => Ok(date),
        period => Err(Refusal::Analysis(format!("date_trunc to {period}"))),
    };
    match value {
        Datum::Date(at) => date(*at).map(Datum::Date),
        Datum::Timestamp(at) => date(at.date()).map(|date| Datum::Timestamp(DateTime::from(date))),
        Datum::Instant(at) => {
            let utc = jiff::tz::TimeZone::UTC;
            let start = DateTime::from(date(at.to_zoned_datetime(utc.clone()).date())?);
            Ok(Datum::Instant(start.to_zoned_datetime(utc).unwrap().timestamp()))
        }
        other => refuse(format!("date_trunc of {other:?}")),
    }
}
