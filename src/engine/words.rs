//! Residual conditions and masks in the words of the language, for people. No live request comes here.

use jiff::tz::TimeZone;

use crate::engine::trees::RowsTree;
use crate::language::syntax::{Case, Comparison, Condition, MaskWord, Operand, Set, Span, Spanned, TextMatch};
use crate::model::mask::{KeyedFunction, Mask, Step};
use crate::model::value::Value;
use crate::sql::expression::{Affix, Literal, Masked, Operator, Predicate, Scalar};

/// The rows that may be seen. A condition that several rules make is there once.
pub(crate) fn rows(rows: &RowsTree, zone: &TimeZone) -> String {
    let predicates = match rows {
        RowsTree::All => return "all".to_owned(),
        RowsTree::None => return "none".to_owned(),
        RowsTree::Where(predicates) => predicates,
    };
    let mut parts: Vec<&Predicate> = Vec::new();
    for predicate in predicates {
        let all = match predicate {
            Predicate::And(parts) => parts.as_slice(),
            one => std::slice::from_ref(one),
        };
        for part in all {
            if !parts.iter().any(|known| normal(known) == normal(part)) {
                parts.push(part);
            }
        }
    }
    match parts.as_slice() {
        [one] => condition(one, zone),
        several => condition(&Predicate::And(several.iter().copied().cloned().collect()), zone),
    }
}

pub(crate) fn masked(masked: &Masked, zone: &TimeZone) -> String {
    let known = |mask: Mask| MaskWord::Known(mask).to_string();
    match masked {
        Masked::Null => known(Mask::Null),
        Masked::Clear => "clear".to_owned(),
        Masked::Constant(value) => known(Mask::Constant(self::value(value, zone))),
        Masked::HashText | Masked::HashBytes => known(Mask::Hash),
        Masked::KeepFirst(count) => known(Mask::KeepFirst(*count)),
        Masked::KeepLast(count) => known(Mask::KeepLast(*count)),
        Masked::EmailDomain => known(Mask::EmailDomain),
        Masked::Keyed(KeyedFunction::Pseudonym) => known(Mask::Pseudonym),
        Masked::Keyed(KeyedFunction::FormatPreserving) => known(Mask::FormatPreserving),
        Masked::Regex(regex) => known(Mask::Regex(regex.clone())),
        Masked::Bucket(width) => {
            Step::new(*width).map_or_else(|| format!("bucket {width}"), |width| known(Mask::Bucket(width)))
        }
        Masked::Round(step) => {
            Step::new(*step).map_or_else(|| format!("round to {step}"), |step| known(Mask::Round(step)))
        }
        Masked::Truncate(period) => known(Mask::Truncate(*period)),
        Masked::Sql(text) => MaskWord::Sql(at(text.as_str().into())).to_string(),
        Masked::Where { condition, masked, otherwise } => {
            let here = format!("{} where {}", self::masked(masked, zone), self::condition(condition, zone));
            match **otherwise {
                Masked::Clear => here,
                ref otherwise => format!("{here}, else {}", self::masked(otherwise, zone)),
            }
        }
    }
}

fn at<T>(node: T) -> Spanned<T> {
    Spanned::new(node, Span::default())
}

/// `unknown` has no word in the language; everything else reads back.
pub(crate) fn condition(predicate: &Predicate, zone: &TimeZone) -> String {
    match predicate {
        Predicate::Unknown => "unknown".to_owned(),
        Predicate::And(parts) => joined(parts, " and ", zone),
        Predicate::Or(parts) => joined(parts, " or ", zone),
        Predicate::Not(inner) => match &**inner {
            Predicate::Compare(left, Operator::Equal, right) => {
                compare(left, Comparison::NotEqual, right, zone).to_string()
            }
            inner => match leaf(inner, zone) {
                Some(leaf) => Condition::Not(Box::new(leaf)).to_string(),
                None => format!("not ({})", condition(inner, zone)),
            },
        },
        one => leaf(one, zone).map_or_else(|| "unknown".to_owned(), |leaf| leaf.to_string()),
    }
}

fn joined(parts: &[Predicate], word: &str, zone: &TimeZone) -> String {
    let part = |part: &Predicate| match part {
        Predicate::And(_) | Predicate::Or(_) => format!("({})", condition(part, zone)),
        part => condition(part, zone),
    };
    parts.iter().map(part).collect::<Vec<_>>().join(word)
}

/// A predicate that is none of AND, OR, NOT, UNKNOWN, as the condition that it is left of.
fn leaf(predicate: &Predicate, zone: &TimeZone) -> Option<Condition> {
    Some(match predicate {
        Predicate::Compare(left, operator, right) => compare(left, comparison(*operator), right, zone),
        Predicate::In(left, values) => match values.as_slice() {
            [one] => compare(left, Comparison::Equal, &Scalar::Literal(one.clone()), zone),
            several => {
                let values = several.iter().map(|value| at(self::value(value, zone))).collect();
                Condition::In { left: operand(left, zone), set: Set::Values(values), case: case(left) }
            }
        },
        Predicate::IsNull(inner) => Condition::IsNull(operand(inner, zone)),
        Predicate::IsTrue(inner) => Condition::IsTrue(operand(inner, zone)),
        Predicate::Like(left, affix, text) => Condition::TextMatch {
            left: operand(left, zone),
            kind: match affix {
                Affix::Prefix => TextMatch::StartsWith,
                Affix::Suffix => TextMatch::EndsWith,
                Affix::Infix => TextMatch::Contains,
            },
            right: Operand::Literal(at(Value::text(text))),
            case: case(left),
        },
        Predicate::Sql(text) => Condition::Sql(at(text.as_str().into())),
        Predicate::Unknown | Predicate::And(_) | Predicate::Or(_) | Predicate::Not(_) => return None,
    })
}

fn compare(left: &Scalar, operator: Comparison, right: &Scalar, zone: &TimeZone) -> Condition {
    Condition::Compare { left: operand(left, zone), operator, right: operand(right, zone), case: case(left) }
}

fn comparison(operator: Operator) -> Comparison {
    match operator {
        Operator::Equal => Comparison::Equal,
        Operator::Less => Comparison::Less,
        Operator::LessOrEqual => Comparison::LessOrEqual,
        Operator::Greater => Comparison::Greater,
        Operator::GreaterOrEqual => Comparison::GreaterOrEqual,
    }
}

fn operand(scalar: &Scalar, zone: &TimeZone) -> Operand {
    match scalar {
        Scalar::Column(column, _) | Scalar::LowerColumn(column, _) => Operand::Column(at(column.clone())),
        Scalar::Literal(value) => Operand::Literal(at(self::value(value, zone))),
    }
}

fn case(scalar: &Scalar) -> Case {
    if matches!(scalar, Scalar::LowerColumn(..)) { Case::Ignored } else { Case::Exact }
}

fn value(literal: &Literal, zone: &TimeZone) -> Value {
    match literal {
        Literal::Text(text) | Literal::Char(text, _) => Value::text(text),
        Literal::Decimal(number) | Literal::Double(number) | Literal::Real(number) => Value::Number(number.clone()),
        Literal::Boolean(value) => Value::Boolean(*value),
        Literal::Date(date) => Value::Date(*date),
        Literal::Instant(at) => Value::Timestamp(*at),
        // A column without a zone is read in the mesh's.
        Literal::LocalTimestamp(at) => match at.to_zoned_datetime(zone.clone()) {
            Ok(at) => Value::Timestamp(at.timestamp()),
            Err(_) => Value::text(&at.to_string()),
        },
    }
}

/// The same predicates in one order and form, so that two that were written differently are seen to be the same: what is flat is
/// flat, nothing is there twice, and the order of AND, OR and IN is fixed.
pub(crate) fn normal(predicate: &Predicate) -> Predicate {
    match predicate {
        Predicate::And(parts) => {
            rejoined(parts, |part| if let Predicate::And(inner) = part { Ok(inner) } else { Err(part) }, Predicate::And)
        }
        Predicate::Or(parts) => {
            rejoined(parts, |part| if let Predicate::Or(inner) = part { Ok(inner) } else { Err(part) }, Predicate::Or)
        }
        Predicate::Not(inner) => Predicate::Not(Box::new(normal(inner))),
        Predicate::Compare(left @ Scalar::Literal(_), operator, right) => {
            normal(&Predicate::Compare(right.clone(), operator.mirrored(), left.clone()))
        }
        Predicate::In(left, values) => match values.as_slice() {
            [one] => Predicate::Compare(left.clone(), Operator::Equal, Scalar::Literal(one.clone())),
            several => {
                let mut values = several.to_vec();
                values.sort_by_cached_key(|value| format!("{value:?}"));
                values.dedup();
                Predicate::In(left.clone(), values)
            }
        },
        other => other.clone(),
    }
}

fn rejoined(
    parts: &[Predicate],
    flat: impl Fn(Predicate) -> Result<Vec<Predicate>, Predicate>,
    join: impl Fn(Vec<Predicate>) -> Predicate,
) -> Predicate {
    let mut all: Vec<Predicate> =
        parts.iter().flat_map(|part| flat(normal(part)).unwrap_or_else(|one| vec![one])).collect();
    all.sort_by_cached_key(|part| format!("{part:?}"));
    all.dedup();
    match all.len() {
        1 => all.remove(0),
        _ => join(all),
    }
}

/// A mask with its conditions in one form.
pub(crate) fn normal_mask(masked: &Masked) -> Masked {
    match masked {
        Masked::Where { condition, masked, otherwise } => Masked::Where {
            condition: normal(condition),
            masked: Box::new(normal_mask(masked)),
            otherwise: Box::new(normal_mask(otherwise)),
        },
        other => other.clone(),
    }
}
