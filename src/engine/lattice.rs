//! Which of several masks on one column wins.
//!
//! The order is the product's and is printed in `docs/language.md`: hide > null > constant > hash > pseudonym > format
//! preserving > clear; the partial masks (keep
//! first, keep last, e-mail domain, regex, round, bucket, truncate) stand between constant and clear and compare only within their
//! kind. Two that cannot be compared give NULL.

use std::cmp::Ordering;

use crate::language::syntax::MaskWord;
use crate::model::mask::{KeyedFunction, Mask, Period};
use crate::sql::expression::{Literal, Masked, Predicate};

/// More conditional masks than this on one column make it NULL: the expression would grow with the square of their number.
const MOST_CONDITIONAL_MASKS: usize = 12;

/// More different masks than this on one column make it NULL: each is compared with each.
const MOST_MASKS: usize = 64;

/// A mask that a rule puts on a column, everywhere or for some cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) masked: Masked,
    /// The cells where it is TRUE or UNKNOWN are masked; `None`: all cells.
    pub(crate) cells: Option<Predicate>,
}

/// `Greater`: the left one protects more. `None`: they cannot be compared.
pub(crate) fn protection(left: &Masked, right: &Masked) -> Option<Ordering> {
    use Masked::{Bucket, Clear, Constant, HashBytes, HashText, Keyed, Null, Round, Sql, Truncate};
    if left == right {
        return Some(Ordering::Equal);
    }
    match (left, right) {
        (Null, _) | (_, Clear) => Some(Ordering::Greater),
        (_, Null) | (Clear, _) => Some(Ordering::Less),
        (Constant(_), Constant(_) | Sql(_) | Masked::Where { .. }) | (Sql(_) | Masked::Where { .. }, Constant(_)) => {
            None
        }
        (Constant(_), _) => Some(Ordering::Greater),
        (_, Constant(_)) => Some(Ordering::Less),
        (HashText | HashBytes, Keyed(_)) => Some(Ordering::Greater),
        (Keyed(_), HashText | HashBytes) => Some(Ordering::Less),
        (Keyed(KeyedFunction::Pseudonym), Keyed(_)) => Some(Ordering::Greater),
        (Keyed(_), Keyed(KeyedFunction::Pseudonym)) => Some(Ordering::Less),
        // A range of 100 is made of ranges of 10, and not of ranges of 15.
        (Bucket(left), Bucket(right)) if left % right == 0 => Some(Ordering::Greater),
        (Bucket(left), Bucket(right)) if right % left == 0 => Some(Ordering::Less),
        // The same for what is rounded, if the ratio is odd: 149 and 151 are one number to the nearest 10, and two to the nearest 100.
        (Round(left), Round(right)) if left % right == 0 && (left / right) % 2 == 1 => Some(Ordering::Greater),
        (Round(left), Round(right)) if right % left == 0 && (right / left) % 2 == 1 => Some(Ordering::Less),
        // FAIL-CLOSED: more characters kept do not always tell more. Of a text of four, keeping four shows none and keeping two shows two.
        (Truncate(left), Truncate(right)) => Some(coarseness(*left).cmp(&coarseness(*right))),
        _ => None,
    }
}

/// The same for masks as rules name them, whatever the column's type.
pub(crate) fn compare_masks(left: &MaskWord, right: &MaskWord) -> Option<Ordering> {
    let masked = |word: &MaskWord| match word {
        MaskWord::Sql(text) => Masked::Sql(text.node.to_string()),
        MaskWord::Known(Mask::Null) => Masked::Null,
        MaskWord::Known(Mask::Constant(value)) => Masked::Constant(Literal::Text(value.written())),
        MaskWord::Known(Mask::Hash) => Masked::HashText,
        MaskWord::Known(Mask::Pseudonym) => Masked::Keyed(KeyedFunction::Pseudonym),
        MaskWord::Known(Mask::FormatPreserving) => Masked::Keyed(KeyedFunction::FormatPreserving),
        MaskWord::Known(Mask::KeepFirst(count)) => Masked::KeepFirst(*count),
        MaskWord::Known(Mask::KeepLast(count)) => Masked::KeepLast(*count),
        MaskWord::Known(Mask::EmailDomain) => Masked::EmailDomain,
        MaskWord::Known(Mask::Regex(regex)) => Masked::Regex(regex.clone()),
        MaskWord::Known(Mask::Round(step)) => Masked::Round(step.get()),
        MaskWord::Known(Mask::Bucket(width)) => Masked::Bucket(width.get()),
        MaskWord::Known(Mask::Truncate(period)) => Masked::Truncate(*period),
    };
    protection(&masked(left), &masked(right))
}

fn coarseness(period: Period) -> u8 {
    match period {
        Period::Year => 3,
        Period::Month => 2,
        Period::Day => 1,
    }
}

/// The strongest of masks that all apply, in whatever order they come: NULL as soon as two of them cannot be compared.
fn strongest<'a>(masks: impl Iterator<Item = &'a Masked>) -> Masked {
    let mut different: Vec<&Masked> = Vec::new();
    let mut strongest: Option<&Masked> = None;
    for mask in masks {
        if different.contains(&mask) {
            continue;
        }
        if different.len() == MOST_MASKS || different.iter().any(|other| protection(mask, other).is_none()) {
            return Masked::Null;
        }
        if strongest.is_none_or(|known| protection(known, mask) == Some(Ordering::Less)) {
            strongest = Some(mask);
        }
        different.push(mask);
    }
    strongest.cloned().unwrap_or(Masked::Clear)
}

/// The masks that are on all cells.
fn everywhere<'m>(applied: &'m [&'m Applied]) -> impl Iterator<Item = &'m Masked> {
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
        Masked::Round(step) | Masked::Bucket(step) => (1, i64::from(*step)),
        Masked::KeepFirst(count) | Masked::KeepLast(count) => (1, -i64::from(*count)),
        Masked::EmailDomain | Masked::Regex(_) | Masked::Sql(_) | Masked::Where { .. } => (1, 0),
        Masked::Keyed(KeyedFunction::FormatPreserving) => (2, 0),
        Masked::Keyed(KeyedFunction::Pseudonym) => (3, 0),
        Masked::HashText | Masked::HashBytes => (4, 0),
        Masked::Constant(_) => (5, 0),
        Masked::Null => (6, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::regex::Regex;
    use crate::sql::expression::Literal;

    fn everywhere(masked: Masked) -> Applied {
        Applied { masked, cells: None }
    }

    fn text(text: &str) -> Masked {
        Masked::Constant(Literal::Text(text.to_owned()))
    }

    const PSEUDONYM: Masked = Masked::Keyed(KeyedFunction::Pseudonym);
    const FORMAT_PRESERVING: Masked = Masked::Keyed(KeyedFunction::FormatPreserving);

    fn regex(pattern: &str, replacement: &str) -> Masked {
        Masked::Regex(Regex::new(pattern, replacement).unwrap())
    }

    #[test]
    fn the_stronger_mask_wins_and_incomparable_ones_give_null() {
        let cases = [
            (Masked::HashText, Masked::Null, Masked::Null),
            (Masked::HashText, text("x"), text("x")),
            (text("x"), text("y"), Masked::Null),
            (Masked::KeepFirst(4), Masked::KeepFirst(2), Masked::Null),
            (Masked::KeepFirst(2), Masked::KeepFirst(2), Masked::KeepFirst(2)),
            (Masked::KeepFirst(2), Masked::KeepLast(2), Masked::Null),
            (Masked::KeepFirst(2), Masked::HashText, Masked::Null),
            (Masked::KeepFirst(2), text("x"), text("x")),
            (Masked::Round(300), Masked::Round(100), Masked::Round(300)),
            (Masked::Round(100), Masked::Round(10), Masked::Null),
            (Masked::Round(15), Masked::Round(10), Masked::Null),
            (Masked::Bucket(100), Masked::Bucket(10), Masked::Bucket(100)),
            (Masked::Bucket(100), Masked::Round(100), Masked::Null),
            (Masked::Truncate(Period::Year), Masked::Truncate(Period::Day), Masked::Truncate(Period::Year)),
            (PSEUDONYM, Masked::HashText, Masked::HashText),
            (PSEUDONYM, FORMAT_PRESERVING, PSEUDONYM),
            (FORMAT_PRESERVING, text("x"), text("x")),
            (FORMAT_PRESERVING, Masked::KeepLast(4), Masked::Null),
            (regex("a.*", "b"), regex("a.*", "b"), regex("a.*", "b")),
            (regex("a.*", "b"), regex("a.*", "c"), Masked::Null),
            (regex("a.*", "b"), text("x"), text("x")),
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
}
