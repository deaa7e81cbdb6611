//! Comparing values with values, and columns with values: what each type can be compared with, and as what.

use std::cmp::Ordering;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::engine::partial::{Residual, all, any, not};
use crate::engine::truth::Truth;
use crate::language::syntax::{Case, Comparison, TextMatch};
use crate::model::column_type::ColumnType;
use crate::model::name::Identifier;
use crate::model::value::{Number, Value, ValueType};
use crate::sql::expression::{Affix, Literal, Operator, Predicate, Scalar};

/// Where a value comes from: text written in a rule may be read as the type of the other side, text of an attribute is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Rule,
    Subject,
}

/// A column of the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowColumn {
    pub(crate) name: Identifier,
    pub(crate) column_type: ColumnType,
}

impl RowColumn {
    pub(crate) fn scalar(&self) -> Scalar {
        Scalar::Column(self.name.clone(), self.column_type)
    }

    fn class(&self) -> Option<ValueType> {
        self.column_type.compares_with()
    }
}

/// The lower case of one text as Trino's `lower` has it: code point by code point. The one letter whose lower case is two code
/// points, `İ`, becomes the first of them there.
fn lower(text: &str) -> String {
    text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect()
}

/// Text written in a rule, read as the type that the other side has.
fn read_as(value: &Value, origin: Origin, wanted: ValueType) -> Option<Value> {
    match value {
        Value::Text(text) if origin == Origin::Rule && wanted != ValueType::Text => Value::read(text, wanted),
        value => (value.value_type() == wanted).then(|| value.clone()),
    }
}

/// Compares two known values; UNKNOWN where their types cannot be compared.
pub(crate) fn values(
    (left, left_origin): (&Value, Origin),
    operator: Comparison,
    (right, right_origin): (&Value, Origin),
    case: Case,
    zone: &TimeZone,
) -> Truth {
    let ordering = match (left, right) {
        (Value::Text(left), Value::Text(right)) if case == Case::Ignored => Some(lower(left).cmp(&lower(right))),
        (Value::Date(day), Value::Timestamp(at)) => return day_with_instant(*day, operator, *at, zone),
        (Value::Timestamp(at), Value::Date(day)) => return day_with_instant(*day, operator.mirrored(), *at, zone),
        (left, right) if left.value_type() == right.value_type() => Some(left.cmp(right)),
        (left, right) => {
            match (read_as(left, left_origin, right.value_type()), read_as(right, right_origin, left.value_type())) {
                (Some(left), _) => Some(left.cmp(right)),
                (None, Some(right)) => Some(left.cmp(&right)),
                (None, None) => None,
            }
        }
    };
    match ordering {
        Some(ordering) => holds(operator, ordering).into(),
        None => Truth::Unknown,
    }
}

fn holds(operator: Comparison, ordering: Ordering) -> bool {
    match operator {
        Comparison::Equal => ordering.is_eq(),
        Comparison::NotEqual => ordering.is_ne(),
        Comparison::Less => ordering.is_lt(),
        Comparison::LessOrEqual => ordering.is_le(),
        Comparison::Greater => ordering.is_gt(),
        Comparison::GreaterOrEqual => ordering.is_ge(),
    }
}

/// A date means the whole day in the mesh's time zone: an instant within it equals it.
fn day_with_instant(day: Date, operator: Comparison, at: jiff::Timestamp, zone: &TimeZone) -> Truth {
    holds(operator, day.cmp(&at.to_zoned_datetime(zone.clone()).date())).into()
}

/// `column operator value`
pub(crate) fn column_with_value(
    column: &RowColumn,
    operator: Comparison,
    (value, origin): (&Value, Origin),
    case: Case,
    zone: &TimeZone,
) -> Residual {
    // `a <> b` is exactly `not a = b`.
    let Some(sql) = sql_operator(operator) else {
        return not(column_with_value(column, Comparison::Equal, (value, origin), case, zone));
    };
    let Some(class) = column.class() else { return Residual::UNKNOWN };
    let day_of_instants = match (class, value) {
        (ValueType::Timestamp, Value::Date(day)) => Some(*day),
        (ValueType::Timestamp, Value::Text(text)) if origin == Origin::Rule => {
            text.parse::<Date>().ok().filter(|_| text.len() == 10)
        }
        _ => None,
    };
    if let Some(day) = day_of_instants {
        return instants_with_day(column, operator, day, zone);
    }
    if let (ValueType::Date, Value::Timestamp(at)) = (class, value) {
        // The column's day as a whole against the instant's day.
        let day = Literal::Date(at.to_zoned_datetime(zone.clone()).date());
        return Residual::Open(Predicate::Compare(column.scalar(), sql, Scalar::Literal(day)));
    }
    let Some(value) = read_as(value, origin, class) else { return Residual::UNKNOWN };
    if let (Value::Text(text), Case::Ignored) = (&value, case) {
        let left = Scalar::LowerColumn(column.name.clone(), column.column_type);
        return match literal(&Value::text(&lower(text)), column.column_type, zone) {
            Some(right) => Residual::Open(Predicate::Compare(left, sql, Scalar::Literal(right))),
            None => Residual::UNKNOWN,
        };
    }
    if let (Value::Number(number), Some(digits)) = (&value, exact_digits(column.column_type)) {
        return exact_with_number(column, sql, number, digits);
    }
    match literal(&value, column.column_type, zone) {
        Some(literal) => Residual::Open(Predicate::Compare(column.scalar(), sql, Scalar::Literal(literal))),
        None => Residual::UNKNOWN,
    }
}

/// The digits that an exact numeric type has before and after the point.
fn exact_digits(column_type: ColumnType) -> Option<(u8, u8)> {
    match column_type {
        ColumnType::Tinyint => Some((3, 0)),
        ColumnType::Smallint => Some((5, 0)),
        ColumnType::Integer => Some((10, 0)),
        ColumnType::Bigint => Some((19, 0)),
        ColumnType::Decimal { precision, scale } => Some((precision.saturating_sub(scale), scale)),
        _ => None,
    }
}

/// Whether 38 digits hold whatever two columns of exact numbers hold; others need none.
fn share_a_decimal(left: &RowColumn, right: &RowColumn) -> bool {
    match (exact_digits(left.column_type), exact_digits(right.column_type)) {
        (Some((left_whole, left_scale)), Some((right_whole, right_scale))) => {
            left_whole.max(right_whole) + left_scale.max(right_scale) <= 38
        }
        _ => true,
    }
}

/// A column of exact numbers against a number that its type may not hold. Trino would bring both to a type of at most 38 digits,
/// and fail the query on a row that does not fit; so what is printed is a number of the column's own digits.
fn exact_with_number(column: &RowColumn, operator: Operator, number: &Number, (whole, scale): (u8, u8)) -> Residual {
    let against = |operator, number: &Number| {
        let number = Scalar::Literal(Literal::Decimal(number.clone()));
        Residual::Open(Predicate::Compare(column.scalar(), operator, number))
    };
    let zero = Number::from(0);
    // TRUE, and FALSE, of every value that is not NULL.
    let always = || any(vec![against(Operator::LessOrEqual, &zero), against(Operator::Greater, &zero)]);
    let never = || all(vec![against(Operator::Less, &zero), against(Operator::Greater, &zero)]);
    let floor = number.floor(scale);
    if floor.whole_digits() > usize::from(whole) {
        let below_all = number.is_negative();
        return match operator {
            Operator::Equal => never(),
            Operator::Less | Operator::LessOrEqual if below_all => never(),
            Operator::Greater | Operator::GreaterOrEqual if !below_all => never(),
            _ => always(),
        };
    }
    match operator {
        operator if floor == *number => against(operator, number),
        Operator::Equal => never(),
        // Between two neighbours of the column's type.
        Operator::Less | Operator::LessOrEqual => against(Operator::LessOrEqual, &floor),
        Operator::Greater | Operator::GreaterOrEqual => against(Operator::Greater, &floor),
    }
}

fn sql_operator(operator: Comparison) -> Option<Operator> {
    match operator {
        Comparison::Equal => Some(Operator::Equal),
        Comparison::NotEqual => None,
        Comparison::Less => Some(Operator::Less),
        Comparison::LessOrEqual => Some(Operator::LessOrEqual),
        Comparison::Greater => Some(Operator::Greater),
        Comparison::GreaterOrEqual => Some(Operator::GreaterOrEqual),
    }
}

/// A column of instants against a whole day: within it, before its start, or not before the next day's.
fn instants_with_day(column: &RowColumn, operator: Comparison, day: Date, zone: &TimeZone) -> Residual {
    let bound = |day: Date, operator: Operator| match day_start(day, column.column_type, zone) {
        Some(start) => Residual::Open(Predicate::Compare(column.scalar(), operator, Scalar::Literal(start))),
        None => Residual::UNKNOWN,
    };
    // The last day that there is, which people write for "no end", has no next: whatever is not before it is within it.
    let until_its_end = match day.tomorrow() {
        Ok(next) => bound(next, Operator::Less),
        Err(_) => any(vec![bound(day, Operator::Less), bound(day, Operator::GreaterOrEqual)]),
    };
    match operator {
        Comparison::Equal => all(vec![bound(day, Operator::GreaterOrEqual), until_its_end]),
        Comparison::NotEqual => not(instants_with_day(column, Comparison::Equal, day, zone)),
        Comparison::Less => bound(day, Operator::Less),
        Comparison::LessOrEqual => until_its_end,
        Comparison::Greater => not(until_its_end),
        Comparison::GreaterOrEqual => bound(day, Operator::GreaterOrEqual),
    }
}

fn day_start(day: Date, column_type: ColumnType, zone: &TimeZone) -> Option<Literal> {
    match column_type {
        ColumnType::Timestamp(_) => Some(Literal::LocalTimestamp(day.at(0, 0, 0, 0))),
        ColumnType::TimestampWithTimeZone(_) => {
            day.to_zoned_datetime(zone.clone()).ok().map(|start| Literal::Instant(start.timestamp()))
        }
        _ => None,
    }
}

/// A value as a literal of a column's type; `None` where the type cannot be compared with it.
pub(crate) fn literal(value: &Value, column_type: ColumnType, zone: &TimeZone) -> Option<Literal> {
    Some(match (value, column_type) {
        (Value::Text(text), ColumnType::Varchar(_)) => Literal::Text(text.to_string()),
        (Value::Text(text), ColumnType::Char(length)) => {
            let needed = u32::try_from(text.chars().count()).ok()?;
            Literal::Char(text.to_string(), length.max(needed).max(1))
        }
        (Value::Number(number), ColumnType::Double) => Literal::Double(number.clone()),
        (Value::Number(number), ColumnType::Real) => Literal::Real(number.clone()),
        (
            Value::Number(number),
            ColumnType::Tinyint
            | ColumnType::Smallint
            | ColumnType::Integer
            | ColumnType::Bigint
            | ColumnType::Decimal { .. },
        ) => Literal::Decimal(number.clone()),
        (Value::Boolean(value), ColumnType::Boolean) => Literal::Boolean(*value),
        (Value::Date(date), ColumnType::Date) => Literal::Date(*date),
        (Value::Timestamp(at), ColumnType::Timestamp(_)) => {
            Literal::LocalTimestamp(at.to_zoned_datetime(zone.clone()).datetime())
        }
        (Value::Timestamp(at), ColumnType::TimestampWithTimeZone(_)) => Literal::Instant(*at),
        _ => return None,
    })
}

/// `column = any of the values`. No value: FALSE.
pub(crate) fn column_in(column: &RowColumn, set: &[(Value, Origin)], case: Case, zone: &TimeZone) -> Residual {
    let mut literals = Vec::new();
    let mut parts = Vec::new();
    for (value, origin) in set {
        match column_with_value(column, Comparison::Equal, (value, *origin), case, zone) {
            Residual::Open(Predicate::Compare(Scalar::Column(..), Operator::Equal, Scalar::Literal(literal))) => {
                literals.push(literal);
            }
            part => parts.push(part),
        }
    }
    if !literals.is_empty() {
        parts.insert(0, Residual::Open(Predicate::In(column.scalar(), literals)));
    }
    any(parts)
}

/// `left operator right` of two columns.
pub(crate) fn columns(left: &RowColumn, operator: Comparison, right: &RowColumn, case: Case) -> Residual {
    let Some(sql) = sql_operator(operator) else { return not(columns(left, Comparison::Equal, right, case)) };
    let zoned = |column: &RowColumn| matches!(column.column_type, ColumnType::TimestampWithTimeZone(_));
    match (left.class(), right.class()) {
        (Some(ValueType::Text), Some(ValueType::Text)) if case == Case::Ignored => {
            let lowered = |column: &RowColumn| Scalar::LowerColumn(column.name.clone(), column.column_type);
            Residual::Open(Predicate::Compare(lowered(left), sql, lowered(right)))
        }
        // FAIL-CLOSED: Trino would bring both to one decimal and fail the query on a row that does not fit.
        (Some(ValueType::Number), Some(ValueType::Number)) if !share_a_decimal(left, right) => Residual::UNKNOWN,
        (Some(a), Some(b)) if a == b && zoned(left) == zoned(right) => {
            Residual::Open(Predicate::Compare(left.scalar(), sql, right.scalar()))
        }
        _ => Residual::UNKNOWN,
    }
}

/// `left starts with right` of two known values.
pub(crate) fn texts(left: &Value, kind: TextMatch, right: &Value, case: Case) -> Truth {
    let (Value::Text(left), Value::Text(right)) = (left, right) else { return Truth::Unknown };
    let (left, right) = match case {
        Case::Exact => (left.to_string(), right.to_string()),
        Case::Ignored => (lower(left), lower(right)),
    };
    match kind {
        TextMatch::StartsWith => left.starts_with(&right).into(),
        TextMatch::EndsWith => left.ends_with(&right).into(),
        TextMatch::Contains => left.contains(&right).into(),
    }
}

/// `column starts with value`
pub(crate) fn column_text(column: &RowColumn, kind: TextMatch, value: &Value, case: Case) -> Residual {
    let Value::Text(text) = value else { return Residual::UNKNOWN };
    if !matches!(column.column_type, ColumnType::Varchar(_) | ColumnType::Char(_)) {
        return Residual::UNKNOWN;
    }
    let affix = match kind {
        TextMatch::StartsWith => Affix::Prefix,
        TextMatch::EndsWith => Affix::Suffix,
        TextMatch::Contains => Affix::Infix,
    };
    Residual::Open(match case {
        Case::Exact => Predicate::Like(column.scalar(), affix, text.to_string()),
        Case::Ignored => {
            Predicate::Like(Scalar::LowerColumn(column.name.clone(), column.column_type), affix, lower(text))
        }
    })
}
