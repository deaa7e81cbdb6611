//! Typed values: of attributes, of literals in rules.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use bigdecimal::{BigDecimal, RoundingMode};

/// The types that attributes and literals have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ValueType {
    /// Text, compared code point by code point as Trino's varchar.
    Text,
    /// An exact decimal number of at most 38 digits, as Trino's decimal.
    Number,
    /// True or false.
    Boolean,
    /// A calendar day.
    Date,
    /// An instant, to the microsecond.
    Timestamp,
}

impl ValueType {
    /// Every type, in the order in which the docs list them.
    pub const ALL: [ValueType; 5] = [Self::Text, Self::Number, Self::Boolean, Self::Date, Self::Timestamp];

    /// The type's word in documents.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
        }
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// Text.
    Text(Arc<str>),
    /// An exact number, normalised: `1.50` and `1.5` are one value.
    Number(Number),
    /// True or false.
    Boolean(bool),
    /// A calendar day.
    Date(jiff::civil::Date),
    /// An instant.
    Timestamp(jiff::Timestamp),
}

impl Value {
    /// Text, from anything that is text.
    pub fn text(text: &str) -> Self {
        Self::Text(Arc::from(text))
    }

    /// The value's type.
    pub fn value_type(&self) -> ValueType {
        match self {
            Self::Text(_) => ValueType::Text,
            Self::Number(_) => ValueType::Number,
            Self::Boolean(_) => ValueType::Boolean,
            Self::Date(_) => ValueType::Date,
            Self::Timestamp(_) => ValueType::Timestamp,
        }
    }

    /// Reads text as a value of `wanted`: what an attribute source gives, or a literal compared with something typed.
    /// `None` when the text is not of that type; the caller then treats the value as unknown, never as absent.
    pub fn read(text: &str, wanted: ValueType) -> Option<Self> {
        match wanted {
            ValueType::Text => Some(Self::text(text)),
            ValueType::Number => Number::parse(text.trim()).map(Self::Number),
            ValueType::Boolean => match text.trim() {
                "true" => Some(Self::Boolean(true)),
                "false" => Some(Self::Boolean(false)),
                _ => None,
            },
            ValueType::Date => jiff::civil::Date::from_str(text.trim()).ok().map(Self::Date),
            ValueType::Timestamp => jiff::Timestamp::from_str(text.trim()).ok().map(Self::Timestamp),
        }
    }

    /// The value as it is written in documents and sentences, without quotes.
    pub fn written(&self) -> String {
        match self {
            Self::Text(text) => text.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Boolean(value) => value.to_string(),
            Self::Date(date) => date.to_string(),
            Self::Timestamp(instant) => instant.to_string(),
        }
    }
}

/// An exact decimal number that Trino's `decimal(38, s)` can hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Number(BigDecimal);

impl Number {
    /// Reads plain decimal notation: an optional sign, digits, an optional fraction; no exponent.
    /// `None` for anything else, and for more than 38 digits.
    // INVARIANT: at most 38 significant digits before and after the point together, so that SQL can always hold it.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (digits, None),
        };
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let well_formed = all_digits(whole) && fraction.is_none_or(all_digits);
        if !well_formed || whole.len() + fraction.map_or(0, str::len) > 38 {
            return None;
        }
        BigDecimal::from_str(text).ok().map(|number| Self(number.normalized()))
    }
}

impl Number {
    /// The number for arithmetic.
    pub fn as_decimal(&self) -> &BigDecimal {
        &self.0
    }

    /// The greatest number of at most `scale` digits after the point that is not greater than this one.
    #[must_use]
    pub fn floor(&self, scale: u8) -> Self {
        Self(self.0.with_scale_round(i64::from(scale), RoundingMode::Floor).normalized())
    }

    /// The digits before the point; zero has none.
    pub fn whole_digits(&self) -> usize {
        let written = self.to_string();
        let whole = written.trim_start_matches('-').split('.').next().unwrap_or_default();
        whole.trim_start_matches('0').len()
    }

    /// Whether it lies below zero.
    pub fn is_negative(&self) -> bool {
        self.0.sign() == bigdecimal::num_bigint::Sign::Minus
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self(BigDecimal::from(number).normalized())
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_plain_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_and_bounded() {
        assert_eq!(Number::parse("1.50"), Number::parse("1.5"));
        assert_eq!(Number::parse("-0.10").unwrap().to_string(), "-0.1");
        assert_eq!(Number::parse("100").unwrap().to_string(), "100");
        assert!(Number::parse(&"9".repeat(38)).is_some());
        for hostile in ["", "1e9", "1e999999999", ".5", "5.", "--1", "NaN", "1_000", &"9".repeat(39)] {
            assert_eq!(Number::parse(hostile), None, "{hostile}");
        }
    }

    #[test]
    fn a_number_has_a_floor_and_whole_digits() {
        let number = |text| Number::parse(text).unwrap();
        assert_eq!(number("2.57").floor(1), number("2.5"));
        assert_eq!(number("-2.57").floor(0), number("-3"));
        assert_eq!(number("2.5").floor(4), number("2.5"));
        assert_eq!((number("0.5").whole_digits(), number("-120.5").whole_digits()), (0, 3));
    }

    #[test]
    fn text_that_is_not_of_the_type_is_no_value() {
        assert_eq!(Value::read("yes", ValueType::Boolean), None);
        assert_eq!(Value::read("2024-02-30", ValueType::Date), None);
        assert_eq!(Value::read("2024-02-29", ValueType::Date).unwrap().written(), "2024-02-29");
        assert!(Value::read("2024-02-29T10:00:00Z", ValueType::Timestamp).is_some());
    }
}
