//! Which of several masks on one column wins.
//!
//! The order is the product's and is printed in `docs/language.md`: hide > null > constant > hash > clear; the partial masks (keep
//! first, keep last, e-mail domain, round, truncate) stand between constant and clear and compare only within their kind. Two that
//! cannot be compared give NULL.

use std::cmp::Ordering;

use jiff::tz::TimeZone;

use crate::engine::compare;
use crate::language::syntax::MaskWord;
use crate::model::column_type::ColumnType;
use crate::model::mask::{Mask, Period};
use crate::model::value::{Number, Value, ValueType};
use crate::sql::expression::{Literal, Masked, Predicate};

/// More conditional masks than this on one column make it NULL: the expression would grow with the square of their number.
const MOST_CONDITIONAL_MASKS: usize = 12;

/// A mask that a rule puts on a column, everywhere or for some cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) masked: Masked,
    /// The cells where it is TRUE or UNKNOWN are masked; `None`: all cells.
    pub(crate) cells: Option<Predicate>,
}

/// The mask as a column's type can hold it, or the next stronger one that it can, at last NULL.
pub(crate) fn for_type(word: &MaskWord, column_type: ColumnType, zone: &TimeZone) -> Masked {
    let mask = match word {
        MaskWord::Known(mask) => mask,
        MaskWord::Sql(text) => return Masked::Sql(text.node.to_string()),
    };
    let is_text = matches!(column_type, ColumnType::Varchar(_) | ColumnType::Char(_));
    match mask {
        Mask::Constant(value) => constant(value, column_type, zone).map_or(Masked::Null, Masked::Constant),
        Mask::Hash => match column_type {
            ColumnType::Varchar(None) => Masked::HashText,
            ColumnType::Varchar(Some(length)) | ColumnType::Char(length) if length >= 64 => Masked::HashText,
            ColumnType::Varbinary => Masked::HashBytes,
            _ => Masked::Null,
        },
        Mask::KeepFirst(count) if is_text => Masked::KeepFirst(*count),
        Mask::KeepLast(count) if is_text => Masked::KeepLast(*count),
        Mask::EmailDomain if is_text => Masked::EmailDomain,
        Mask::Round(step) => match column_type {
            ColumnType::Tinyint
            | ColumnType::Smallint
            | ColumnType::Integer
            | ColumnType::Bigint
            | ColumnType::Real
            | ColumnType::Double
            | ColumnType::Decimal { .. } => Masked::Round(step.get()),
            _ => Masked::Null,
        },
        Mask::Truncate(period) => match column_type {
            ColumnType::Date | ColumnType::Timestamp(_) | ColumnType::TimestampWithTimeZone(_) => {
                Masked::Truncate(*period)
            }
            _ => Masked::Null,
        },
        Mask::Null | Mask::KeepFirst(_) | Mask::KeepLast(_) | Mask::EmailDomain => Masked::Null,
    }
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

/// `Greater`: the left one protects more. `None`: they cannot be compared.
fn protection(left: &Masked, right: &Masked) -> Option<Ordering> {
    use Masked::{Clear, Constant, EmailDomain, HashBytes, HashText, KeepFirst, KeepLast, Null, Round, Sql, Truncate};
    if left == right {
        return Some(Ordering::Equal);
    }
    match (left, right) {
        (Null, _) | (_, Clear) => Some(Ordering::Greater),
        (_, Null) | (Clear, _) => Some(Ordering::Less),
        (Constant(_), Constant(_) | Sql(_) | Masked::Where { .. }) | (Sql(_) | Masked::Where { .. }, Constant(_)) => {
            None
        }
        (Constant(_), HashText | HashBytes | KeepFirst(_) | KeepLast(_) | EmailDomain | Round(_) | Truncate(_)) => {
            Some(Ordering::Greater)
        }
        (HashText | HashBytes | KeepFirst(_) | KeepLast(_) | EmailDomain | Round(_) | Truncate(_), Constant(_)) => {
            Some(Ordering::Less)
        }
        // Fewer characters kept tell less.
        (KeepFirst(left), KeepFirst(right)) | (KeepLast(left), KeepLast(right)) => Some(right.cmp(left)),
        // A multiple of 100 tells less than a multiple of 10; one of 15 cannot be compared with one of 10.
        (Round(left), Round(right)) if left % right == 0 => Some(Ordering::Greater),
        (Round(left), Round(right)) if right % left == 0 => Some(Ordering::Less),
        (Truncate(left), Truncate(right)) => Some(coarseness(*left).cmp(&coarseness(*right))),
        _ => None,
    }
}

fn coarseness(period: Period) -> u8 {
    match period {
        Period::Year => 3,
        Period::Month => 2,
        Period::Day => 1,
    }
}

/// The strongest of masks that all apply, in whatever order they come: NULL as soon as two of them cannot be compared.
fn strongest<'a>(mut masks: impl Iterator<Item = &'a Masked> + Clone) -> Masked {
    let mut strongest: Option<&Masked> = None;
    while let Some(mask) = masks.next() {
        // Each with all that follow.
        if masks.clone().any(|other| protection(mask, other).is_none()) {
            return Masked::Null;
        }
        if strongest.is_none_or(|known| protection(known, mask) == Some(Ordering::Less)) {
            strongest = Some(mask);
        }
    }
    strongest.cloned().unwrap_or(Masked::Clear)
}

/// The masks that are on all cells.
fn everywhere<'m>(applied: &'m [&'m Applied]) -> impl Iterator<Item = &'m Masked> + Clone {
    applied.iter().filter(|mask| mask.cells.is_none()).map(|mask| &mask.masked)
}

/// What a cell shows under all masks that apply to its column: the strongest of those whose condition is TRUE or UNKNOWN there.
pub(crate) fn combine(applied: &[&Applied]) -> Masked {
    let base = strongest(everywhere(applied));
    let mut conditional: Vec<(Predicate, Masked)> = Vec::new();
    for mask in applied {
        let Some(cells) = &mask.cells else { continue };
        let known = conditional.iter().any(|(known, masked)| known == cells && *masked == mask.masked);
        if base != Masked::Null && !known {
            conditional.push((cells.clone(), mask.masked.clone()));
        }
    }
    if conditional.len() > MOST_CONDITIONAL_MASKS {
        return Masked::Null;
    }
    let where_both = incomparable_pairs(&conditional);
    // What each makes of its cells together with what applies everywhere.
    for (_, masked) in &mut conditional {
        *masked = strongest(everywhere(applied).chain([&masked.clone()]));
    }
    conditional.retain(|(_, masked)| *masked != base);
    // Weakest innermost: what is looked at first wins.
    conditional.sort_by_key(|(_, masked)| rank(masked));
    let layers = conditional.into_iter().chain(where_both);
    layers.fold(base, |otherwise, (condition, masked)| Masked::Where {
        condition,
        masked: Box::new(masked),
        otherwise: Box::new(otherwise),
    })
}

/// Where two masks that cannot be compared both apply, nothing is shown.
fn incomparable_pairs(conditional: &[(Predicate, Masked)]) -> Vec<(Predicate, Masked)> {
    let mut pairs = Vec::new();
    for (index, (left_cells, left)) in conditional.iter().enumerate() {
        for (right_cells, right) in conditional.iter().skip(index + 1) {
            if protection(left, right).is_none() {
                // AND is FALSE exactly where one of the two is FALSE.
                pairs.push((Predicate::And(vec![left_cells.clone(), right_cells.clone()]), Masked::Null));
            }
        }
    }
    pairs
}

/// An order that agrees with [`protection`] wherever it compares: higher protects more.
fn rank(masked: &Masked) -> (u8, i64) {
    match masked {
        Masked::Clear => (0, 0),
        Masked::Truncate(period) => (1, i64::from(coarseness(*period))),
        Masked::Round(step) => (1, i64::from(*step)),
        Masked::KeepFirst(count) | Masked::KeepLast(count) => (1, -i64::from(*count)),
        Masked::EmailDomain | Masked::Sql(_) | Masked::Where { .. } => (1, 0),
        Masked::HashText | Masked::HashBytes => (2, 0),
        Masked::Constant(_) => (3, 0),
        Masked::Null => (4, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn everywhere(masked: Masked) -> Applied {
        Applied { masked, cells: None }
    }

    fn text(text: &str) -> Masked {
        Masked::Constant(Literal::Text(text.to_owned()))
    }

    #[test]
    fn the_stronger_mask_wins_and_incomparable_ones_give_null() {
        let cases = [
            (Masked::HashText, Masked::Null, Masked::Null),
            (Masked::HashText, text("x"), text("x")),
            (text("x"), text("y"), Masked::Null),
            (Masked::KeepFirst(4), Masked::KeepFirst(2), Masked::KeepFirst(2)),
            (Masked::KeepFirst(2), Masked::KeepLast(2), Masked::Null),
            (Masked::KeepFirst(2), Masked::HashText, Masked::Null),
            (Masked::KeepFirst(2), text("x"), text("x")),
            (Masked::Round(100), Masked::Round(10), Masked::Round(100)),
            (Masked::Round(15), Masked::Round(10), Masked::Null),
            (Masked::Truncate(Period::Year), Masked::Truncate(Period::Day), Masked::Truncate(Period::Year)),
            (Masked::EmailDomain, Masked::EmailDomain, Masked::EmailDomain),
            (Masked::Sql("f(x)".to_owned()), Masked::HashText, Masked::Null),
        ];
        for (left, right, expected) in cases {
            for pair in [[left.clone(), right.clone()], [right.clone(), left.clone()]] {
                let [left, right] = pair.map(everywhere);
                assert_eq!(combine(&[&left, &right]), expected, "{left:?} with {right:?}");
            }
        }
        assert_eq!(combine(&[]), Masked::Clear);
    }

    #[test]
    fn where_two_incomparable_masks_both_apply_nothing_is_shown() {
        let cells = |name: &str| Predicate::Sql(name.to_owned());
        let applied = |masked, name| Applied { masked, cells: Some(cells(name)) };
        let (left, right) = (applied(Masked::KeepFirst(1), "a"), applied(Masked::KeepLast(1), "b"));
        let combined = combine(&[&left, &right]);
        let Masked::Where { condition, masked, .. } = combined else { panic!("{combined:?}") };
        assert_eq!(condition, Predicate::And(vec![cells("a"), cells("b")]));
        assert_eq!(*masked, Masked::Null);
    }

    #[test]
    fn a_constant_that_the_type_would_cut_off_becomes_null() {
        let constant = |value: &Value, column_type| {
            for_type(&MaskWord::Known(Mask::Constant(value.clone())), column_type, &TimeZone::UTC)
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
