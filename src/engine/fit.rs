//! What a column's type can hold of a mask, and what a mask that it cannot hold falls to.

use std::fmt;

use jiff::tz::TimeZone;

use crate::engine::compare;
use crate::language::syntax::MaskWord;
use crate::model::column_type::ColumnType;
use crate::model::mask::{KeyedFunction, Mask};
use crate::model::value::{Number, Value, ValueType};
use crate::sql::expression::{Literal, Masked};

/// How many characters a SHA-256 in hexadecimal has.
const HASH_LENGTH: u32 = 64;
/// How many characters a pseudonym of text has: 128 bits in hexadecimal.
const PSEUDONYM_LENGTH: u32 = 32;

/// A mask on a column of some type: the mask itself, or the next stronger one that the type can hold, at last NULL.
#[derive(Clone, Debug)]
pub struct Fit {
    pub(crate) masked: Masked,
    /// What the mask falls to, where the type cannot hold it.
    pub fallen: Option<Fallen>,
}

/// What a mask that a type cannot hold falls to. Prints as `shown as NULL, since it is for text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallen {
    /// The mask that is shown in its place; NULL where no other is left.
    pub to: Mask,
    /// Why.
    pub why: Misfit,
}

/// Why a type cannot hold a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// It makes other values: `text`, `numbers`, `dates and timestamps`.
    IsFor(&'static str),
    /// What it makes has so many characters.
    Needs(u32),
    /// The constant is no value of the type, or would be cut off or rounded.
    Constant,
    /// Arrays, maps, rows and a connector's own types are masked as a whole.
    MaskedWhole,
    /// The type is not known.
    TypeNotKnown,
}

impl fmt::Display for Fallen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.to {
            Mask::Null => f.write_str("shown as NULL, since ")?,
            to => write!(f, "shown with {to}, since ")?,
        }
        match self.why {
            Misfit::IsFor(values) => write!(f, "it is for {values}"),
            Misfit::Needs(length) => write!(f, "it needs {length} characters"),
            Misfit::Constant => f.write_str("the type does not hold the constant as it is written"),
            Misfit::MaskedWhole => f.write_str("values of this type can only be masked as a whole"),
            Misfit::TypeNotKnown => f.write_str("the type is not known"),
        }
    }
}

/// What a column of a type shows under a mask. `zone` is the mesh's: it makes instants of constant days.
pub fn fit(mask: &MaskWord, column_type: ColumnType, zone: &TimeZone) -> Fit {
    let mask = match mask {
        MaskWord::Known(mask) => mask,
        MaskWord::Sql(text) => return Fit { masked: Masked::Sql(text.node.to_string()), fallen: None },
    };
    let why = match hold(mask, column_type, zone) {
        Ok(masked) => return Fit { masked, fallen: None },
        Err(why) => why,
    };
    let next = stronger(mask).iter().find_map(|next| Some((next, hold(next, column_type, zone).ok()?)));
    let (to, masked) = next.map_or((Mask::Null, Masked::Null), |(next, masked)| (next.clone(), masked));
    Fit { masked, fallen: Some(Fallen { to, why }) }
}

/// The stronger masks that need nothing of the rule's author, weakest first; NULL, which every type holds, is not among them.
fn stronger(mask: &Mask) -> &'static [Mask] {
    match mask {
        // Partial masks compare only within their kind, so that nothing but a constant and NULL is stronger.
        Mask::FormatPreserving => &[Mask::Pseudonym, Mask::Hash],
        Mask::Pseudonym => &[Mask::Hash],
        Mask::Null
        | Mask::Constant(_)
        | Mask::Hash
        | Mask::KeepFirst(_)
        | Mask::KeepLast(_)
        | Mask::EmailDomain
        | Mask::Regex(_)
        | Mask::Round(_)
        | Mask::Bucket(_)
        | Mask::Truncate(_) => &[],
    }
}

fn hold(mask: &Mask, column_type: ColumnType, zone: &TimeZone) -> Result<Masked, Misfit> {
    if *mask == Mask::Null {
        return Ok(Masked::Null);
    }
    match column_type {
        ColumnType::Unknown => return Err(Misfit::TypeNotKnown),
        ColumnType::Other => return Err(Misfit::MaskedWhole),
        _ => {}
    }
    let on_text = |masked| match column_type {
        ColumnType::Varchar(_) | ColumnType::Char(_) => Ok(masked),
        _ => Err(Misfit::IsFor("text")),
    };
    let on_numbers = |masked| if is_number(column_type) { Ok(masked) } else { Err(Misfit::IsFor("numbers")) };
    match mask {
        Mask::Null => Ok(Masked::Null),
        Mask::Constant(value) => constant(value, column_type, zone).map(Masked::Constant).ok_or(Misfit::Constant),
        Mask::Hash => match column_type {
            ColumnType::Varchar(Some(length)) | ColumnType::Char(length) if length < HASH_LENGTH => {
                Err(Misfit::Needs(HASH_LENGTH))
            }
            ColumnType::Varchar(_) | ColumnType::Char(_) => Ok(Masked::HashText),
            ColumnType::Varbinary => Ok(Masked::HashBytes),
            _ => Err(Misfit::IsFor("text and varbinary")),
        },
        Mask::Pseudonym => match column_type {
            ColumnType::Varchar(Some(length)) | ColumnType::Char(length) if length < PSEUDONYM_LENGTH => {
                Err(Misfit::Needs(PSEUDONYM_LENGTH))
            }
            ColumnType::Varchar(_)
            | ColumnType::Char(_)
            | ColumnType::Varbinary
            | ColumnType::Uuid
            | ColumnType::Bigint => Ok(Masked::Keyed(KeyedFunction::Pseudonym)),
            _ => Err(Misfit::IsFor("text, varbinary, uuid and bigint")),
        },
        Mask::FormatPreserving => on_text(Masked::Keyed(KeyedFunction::FormatPreserving)),
        Mask::KeepFirst(count) => on_text(Masked::KeepFirst(*count)),
        Mask::KeepLast(count) => on_text(Masked::KeepLast(*count)),
        Mask::EmailDomain => on_text(Masked::EmailDomain),
        Mask::Regex(regex) => on_text(Masked::Regex(regex.clone())),
        Mask::Round(step) => on_numbers(Masked::Round(step.get())),
        Mask::Bucket(width) => on_numbers(Masked::Bucket(width.get())),
        Mask::Truncate(period) => match column_type {
            ColumnType::Date | ColumnType::Timestamp(_) | ColumnType::TimestampWithTimeZone(_) => {
                Ok(Masked::Truncate(*period))
            }
            _ => Err(Misfit::IsFor("dates and timestamps")),
        },
    }
}

fn is_number(column_type: ColumnType) -> bool {
    matches!(
        column_type,
        ColumnType::Tinyint
            | ColumnType::Smallint
            | ColumnType::Integer
            | ColumnType::Bigint
            | ColumnType::Real
            | ColumnType::Double
            | ColumnType::Decimal { .. }
    )
}

/// A constant that the type holds as it is: nothing is cut off or rounded.
fn constant(value: &Value, column_type: ColumnType, zone: &TimeZone) -> Option<Literal> {
    let read = |wanted| match value {
        Value::Text(text) => Value::read(text, wanted),
        value => Some(value.clone()),
    };
    let integer = |least: i64, most: i64| -> Option<Literal> {
        let number = read(ValueType::Number)?;
        let whole: i64 = number.written().parse().ok()?;
        (least..=most).contains(&whole).then(|| Literal::Decimal(Number::from(whole)))
    };
    match column_type {
        ColumnType::Varchar(length) => {
            let text = value.written();
            let fits =
                length.is_none_or(|length| text.chars().count() <= usize::try_from(length).unwrap_or(usize::MAX));
            fits.then_some(Literal::Text(text))
        }
        ColumnType::Char(length) => {
            let text = value.written();
            (text.chars().count() <= usize::try_from(length).ok()?).then_some(Literal::Char(text, length))
        }
        ColumnType::Tinyint => integer(i64::from(i8::MIN), i64::from(i8::MAX)),
        ColumnType::Smallint => integer(i64::from(i16::MIN), i64::from(i16::MAX)),
        ColumnType::Integer => integer(i64::from(i32::MIN), i64::from(i32::MAX)),
        ColumnType::Bigint => integer(i64::MIN, i64::MAX),
        ColumnType::Decimal { precision, scale } => {
            let number = read(ValueType::Number)?;
            let written = number.written();
            let (whole, fraction) = written.split_once('.').unwrap_or((&written, ""));
            let digits = whole.trim_start_matches('-').trim_start_matches('0').len();
            let fits = digits <= usize::from(precision - scale) && fraction.len() <= usize::from(scale);
            if fits { compare::literal(&number, column_type, zone) } else { None }
        }
        ColumnType::Real | ColumnType::Double => compare::literal(&read(ValueType::Number)?, column_type, zone),
        ColumnType::Boolean => compare::literal(&read(ValueType::Boolean)?, column_type, zone),
        ColumnType::Date => compare::literal(&read(ValueType::Date)?, column_type, zone),
        ColumnType::Timestamp(_) | ColumnType::TimestampWithTimeZone(_) => {
            compare::literal(&read(ValueType::Timestamp)?, column_type, zone)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::parse;
    use crate::language::syntax::Sentence;

    const TYPES: &[&str] = &[
        "boolean",
        "tinyint",
        "smallint",
        "integer",
        "bigint",
        "real",
        "double",
        "decimal(12,2)",
        "varchar",
        "varchar(10)",
        "varchar(40)",
        "varchar(64)",
        "char(10)",
        "char(64)",
        "varbinary",
        "json",
        "date",
        "time(3)",
        "time(3) with time zone",
        "timestamp(3)",
        "timestamp(3) with time zone",
        "uuid",
        "ipaddress",
        "array(bigint)",
        "map(varchar, bigint)",
        "row(a bigint)",
        "hyperloglog",
        "",
    ];

    fn fit_of(mask: &str, column_type: &str) -> Fit {
        let rule = parse::rule(&format!("never show column n less protected than {mask}")).unwrap();
        let Sentence::NeverShow { floor, .. } = rule.sentence else { panic!("{mask}") };
        fit(&floor, ColumnType::parse(column_type), &TimeZone::UTC)
    }

    #[test]
    fn a_mask_that_a_type_cannot_hold_falls_and_says_to_what_and_why() {
        let cases = [
            ("keep first 2", "bigint", Some("shown as NULL, since it is for text")),
            ("keep last 2", "char(10)", None),
            ("email domain", "json", Some("shown as NULL, since it is for text")),
            ("regex 'a' replaced by 'b'", "date", Some("shown as NULL, since it is for text")),
            ("round to 10", "varchar", Some("shown as NULL, since it is for numbers")),
            ("bucket 10", "decimal(12,2)", None),
            ("bucket 10", "uuid", Some("shown as NULL, since it is for numbers")),
            ("truncate to day", "time(3)", Some("shown as NULL, since it is for dates and timestamps")),
            ("hash", "varchar(10)", Some("shown as NULL, since it needs 64 characters")),
            ("hash", "bigint", Some("shown as NULL, since it is for text and varbinary")),
            (
                "constant 'x'",
                "bigint",
                Some("shown as NULL, since the type does not hold the constant as it is written"),
            ),
            ("pseudonym", "bigint", None),
            ("pseudonym", "varchar(40)", None),
            ("pseudonym", "char(10)", Some("shown as NULL, since it needs 32 characters")),
            ("pseudonym", "integer", Some("shown as NULL, since it is for text, varbinary, uuid and bigint")),
            ("format preserving", "varchar(10)", None),
            ("format preserving", "bigint", Some("shown with pseudonym, since it is for text")),
            ("format preserving", "double", Some("shown as NULL, since it is for text")),
            (
                "pseudonym",
                "row(a bigint)",
                Some("shown as NULL, since values of this type can only be masked as a whole"),
            ),
            ("hash", "", Some("shown as NULL, since the type is not known")),
            ("null", "", None),
        ];
        for (mask, column_type, said) in cases {
            let fallen = fit_of(mask, column_type).fallen.map(|fallen| fallen.to_string());
            assert_eq!(fallen.as_deref(), said, "{mask} on {column_type}");
        }
    }

    #[test]
    fn no_mask_is_clear_on_any_type_and_none_falls_in_silence() {
        let masks = [
            "null",
            "constant 'x'",
            "constant 7",
            "hash",
            "pseudonym",
            "format preserving",
            "keep first 1",
            "keep last 1",
            "email domain",
            "regex '(.).*' replaced by '$1'",
            "round to 10",
            "bucket 10",
            "truncate to year",
        ];
        for (mask, column_type) in masks.iter().flat_map(|mask| TYPES.iter().map(move |of| (mask, of))) {
            let Fit { masked, fallen } = fit_of(mask, column_type);
            assert_ne!(masked, Masked::Clear, "{mask} on {column_type}");
            let to_null = fallen.as_ref().is_some_and(|fallen| fallen.to == Mask::Null) || *mask == "null";
            assert_eq!(masked == Masked::Null, to_null, "{mask} on {column_type}");
        }
    }

    #[test]
    fn a_constant_that_the_type_would_cut_off_becomes_null() {
        let constant = |value: &Value, column_type| {
            fit(&MaskWord::Known(Mask::Constant(value.clone())), column_type, &TimeZone::UTC).masked
        };
        assert_eq!(constant(&Value::text("hidden"), ColumnType::Varchar(Some(3))), Masked::Null);
        assert_ne!(constant(&Value::text("hid"), ColumnType::Varchar(Some(3))), Masked::Null);
        assert_eq!(constant(&Value::Number(Number::from(300)), ColumnType::Tinyint), Masked::Null);
        assert_eq!(constant(&Value::text("hidden"), ColumnType::Bigint), Masked::Null);
        assert_eq!(
            constant(&Value::Number(Number::parse("1.25").unwrap()), ColumnType::Decimal { precision: 3, scale: 1 }),
            Masked::Null
        );
    }
}
