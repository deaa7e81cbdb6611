//! Folding a condition: what is known becomes a truth, what depends on the row stays as a predicate.
//!
//! Only laws that hold in three values are used: `x AND FALSE`, `x OR TRUE`, the neutral elements, double NOT.

use std::collections::BTreeMap;

use jiff::{Span, Timestamp};

use crate::engine::compare::{self, Origin, RowColumn};
use crate::engine::standing::Standing;
use crate::engine::truth::Truth;
use crate::language::syntax::{Age, Case, Comparison, Condition, Days, Operand, Set, TextMatch, Unit};
use crate::model::column_type::ColumnType;
use crate::model::name::{Identifier, Name};
use crate::model::request::Column;
use crate::model::value::Value;
use crate::sql::expression::Predicate;

/// What is left of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Residual {
    /// It is known.
    Known(Truth),
    /// It depends on the row.
    Open(Predicate),
}

impl Residual {
    pub(crate) const UNKNOWN: Self = Self::Known(Truth::Unknown);

    pub(crate) fn known(self) -> Option<Truth> {
        match self {
            Self::Known(truth) => Some(truth),
            Self::Open(_) => None,
        }
    }

    fn into_predicate(self) -> Option<Predicate> {
        match self {
            Self::Known(Truth::Unknown) => Some(Predicate::Unknown),
            Self::Known(_) => None,
            Self::Open(predicate) => Some(predicate),
        }
    }
}

/// The columns that a condition may name, and which column stands for each tag in this reading.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) columns: &'a [Column],
    pub(crate) reading: &'a BTreeMap<Name, Identifier>,
}

static NO_READING: BTreeMap<Name, Identifier> = BTreeMap::new();

impl Row<'_> {
    /// No row: a condition about people.
    pub(crate) const NONE: Row<'static> = Row { columns: &[], reading: &NO_READING };

    // FAIL-CLOSED: a column that the table lacks, or whose tag sits on none, is unknown.
    fn column(&self, name: &Identifier) -> Side {
        match self.columns.iter().find(|column| &column.name == name) {
            Some(column) => Side::Column(RowColumn { name: name.clone(), column_type: column.column_type }),
            None => Side::Unknown,
        }
    }
}

pub(crate) fn all(parts: Vec<Residual>) -> Residual {
    let known = Truth::all(parts.iter().filter_map(|part| match part {
        Residual::Known(truth) => Some(*truth),
        Residual::Open(_) => None,
    }));
    if known == Truth::False {
        return Residual::Known(Truth::False);
    }
    joined(parts, known, Predicate::And, |predicate| match predicate {
        Predicate::And(inner) => inner,
        one => vec![one],
    })
}

pub(crate) fn any(parts: Vec<Residual>) -> Residual {
    let known = Truth::any(parts.iter().filter_map(|part| match part {
        Residual::Known(truth) => Some(*truth),
        Residual::Open(_) => None,
    }));
    if known == Truth::True {
        return Residual::Known(Truth::True);
    }
    joined(parts, known, Predicate::Or, |predicate| match predicate {
        Predicate::Or(inner) => inner,
        one => vec![one],
    })
}

/// The open parts, with one UNKNOWN among them where something is not known.
fn joined(
    parts: Vec<Residual>,
    known: Truth,
    join: impl Fn(Vec<Predicate>) -> Predicate,
    flatten: impl Fn(Predicate) -> Vec<Predicate>,
) -> Residual {
    let mut open: Vec<Predicate> = parts
        .into_iter()
        .filter(|part| matches!(part, Residual::Open(_)))
        .filter_map(Residual::into_predicate)
        .flat_map(flatten)
        .collect();
    if known == Truth::Unknown && !open.is_empty() && !open.contains(&Predicate::Unknown) {
        open.push(Predicate::Unknown);
    }
    match open.len() {
        0 => Residual::Known(known),
        1 => open.pop().map_or(Residual::UNKNOWN, Residual::Open),
        _ => Residual::Open(join(open)),
    }
}

pub(crate) fn not(residual: Residual) -> Residual {
    match residual {
        Residual::Known(truth) => Residual::Known(truth.not()),
        Residual::Open(Predicate::Not(inner)) => Residual::Open(*inner),
        Residual::Open(predicate) => Residual::Open(Predicate::Not(Box::new(predicate))),
    }
}

/// One side of a comparison.
#[derive(Clone, Debug)]
enum Side {
    Column(RowColumn),
    Values(Vec<(Value, Origin)>),
    Unknown,
}

/// Folds a condition for one party and one reading of the row.
pub(crate) fn fold(standing: &Standing<'_>, condition: &Condition, row: &Row<'_>) -> Residual {
    let side = |operand: &Operand| side(standing, operand, row);
    match condition {
        Condition::And(parts) => all(parts.iter().map(|part| fold(standing, part, row)).collect()),
        Condition::Or(parts) => any(parts.iter().map(|part| fold(standing, part, row)).collect()),
        Condition::Not(inner) => not(fold(standing, inner, row)),
        Condition::Compare { left, operator, right, case } => {
            compare(standing, &side(left), *operator, &side(right), *case)
        }
        Condition::In { left, set, case } => {
            compare(standing, &side(left), Comparison::Equal, &set_side(standing, set, row), *case)
        }
        Condition::Includes { attribute, value, case } => {
            let attribute = side(&Operand::Attribute(attribute.clone()));
            compare(standing, &attribute, Comparison::Equal, &side(value), *case)
        }
        Condition::Between { left, low, high } => {
            let left = side(left);
            all(vec![
                compare(standing, &left, Comparison::GreaterOrEqual, &side(low), Case::Exact),
                compare(standing, &left, Comparison::LessOrEqual, &side(high), Case::Exact),
            ])
        }
        Condition::TextMatch { left, kind, right, case } => text_match(&side(left), *kind, &side(right), *case),
        Condition::IsNull(operand) => match side(operand) {
            Side::Column(column) => Residual::Open(Predicate::IsNull(column.scalar())),
            Side::Values(values) => Residual::Known(values.is_empty().into()),
            Side::Unknown => Residual::UNKNOWN,
        },
        Condition::IsTrue(operand) => is_true(&side(operand)),
        Condition::IsPresent(attribute) => Residual::Known(standing.is_present(&attribute.node)),
        Condition::WithinLast { left, age } => within_last(standing, &side(left), *age),
        Condition::OlderThan { left, age } => match before(standing, *age) {
            Some(start) => compare(standing, &side(left), Comparison::Less, &start, Case::Exact),
            None => Residual::UNKNOWN,
        },
        Condition::MemberOf(group) => Residual::Known(standing.is_member_of(&group.node)),
        Condition::InRole(role) => Residual::Known(standing.is_in_role(&role.node)),
        Condition::UserIs(user) => Residual::Known((standing.user() == &*user.node).into()),
        Condition::ActingFor(purpose) => Residual::Known(standing.asker.acting.acting_for(&purpose.node)),
        Condition::ClockBetween(from, to) => {
            let now = local_time(standing);
            Residual::Known(if from <= to { *from <= now && now < *to } else { *from <= now || now < *to }.into())
        }
        Condition::On(days) => {
            let weekend =
                matches!(standing.asker.day.weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday);
            Residual::Known((weekend == (*days == Days::Weekends)).into())
        }
        // FAIL-CLOSED: no source of relations is there yet, so whether a key is in one is not known.
        Condition::InRelation { .. } => Residual::UNKNOWN,
        Condition::Sql(text) => Residual::Open(Predicate::Sql(text.node.to_string())),
    }
}

fn local_time(standing: &Standing<'_>) -> jiff::civil::Time {
    standing.asker.subject.now.to_zoned_datetime(standing.snapshot().zone.clone()).time()
}

fn side(standing: &Standing<'_>, operand: &Operand, row: &Row<'_>) -> Side {
    match operand {
        Operand::Column(column) => row.column(&column.node),
        Operand::ColumnTagged(tag) => row.reading.get(&tag.node).map_or(Side::Unknown, |column| row.column(column)),
        Operand::Attribute(attribute) => attribute_side(standing, &attribute.node),
        Operand::Literal(value) => Side::Values(vec![(value.node.clone(), Origin::Rule)]),
    }
}

fn attribute_side(standing: &Standing<'_>, name: &Name) -> Side {
    match standing.attribute(name) {
        Some(values) => Side::Values(values.into_iter().map(|value| (value, Origin::Subject)).collect()),
        None => Side::Unknown,
    }
}

fn set_side(standing: &Standing<'_>, set: &Set, row: &Row<'_>) -> Side {
    match set {
        Set::Values(values) => Side::Values(values.iter().map(|value| (value.node.clone(), Origin::Rule)).collect()),
        Set::Attribute(attribute) => attribute_side(standing, &attribute.node),
        Set::List(list) => match standing.snapshot().lists.get(&list.node) {
            Some(values) => Side::Values(values.iter().map(|value| (value.clone(), Origin::Subject)).collect()),
            None => Side::Unknown,
        },
        Set::Column(column) => row.column(&column.node),
        Set::ColumnTagged(tag) => row.reading.get(&tag.node).map_or(Side::Unknown, |column| row.column(column)),
    }
}

/// `=` and its kin; with several values any of them. `<>` is exactly `not =`.
fn compare(standing: &Standing<'_>, left: &Side, operator: Comparison, right: &Side, case: Case) -> Residual {
    if operator == Comparison::NotEqual {
        return not(compare(standing, left, Comparison::Equal, right, case));
    }
    let zone = &standing.snapshot().zone;
    let ordered = operator != Comparison::Equal;
    match (left, right) {
        (Side::Unknown, _) | (_, Side::Unknown) => Residual::UNKNOWN,
        // What has several values is neither before nor after anything.
        (Side::Values(values), _) | (_, Side::Values(values)) if ordered && values.len() > 1 => Residual::UNKNOWN,
        (Side::Values(lefts), Side::Values(rights)) => {
            let pairs = lefts.iter().flat_map(|left| rights.iter().map(move |right| (left, right)));
            Residual::Known(Truth::any(pairs.map(|((left, left_origin), (right, right_origin))| {
                compare::values((left, *left_origin), operator, (right, *right_origin), case, zone)
            })))
        }
        (Side::Column(column), Side::Values(values)) => with_column(column, operator, values, case, zone),
        (Side::Values(values), Side::Column(column)) => with_column(column, operator.mirrored(), values, case, zone),
        (Side::Column(left), Side::Column(right)) => compare::columns(left, operator, right, case),
    }
}

fn with_column(
    column: &RowColumn,
    operator: Comparison,
    values: &[(Value, Origin)],
    case: Case,
    zone: &jiff::tz::TimeZone,
) -> Residual {
    if operator == Comparison::Equal {
        return compare::column_in(column, values, case, zone);
    }
    any(values
        .iter()
        .map(|(value, origin)| compare::column_with_value(column, operator, (value, *origin), case, zone))
        .collect())
}

fn text_match(left: &Side, kind: TextMatch, right: &Side, case: Case) -> Residual {
    match (left, right) {
        (Side::Column(column), Side::Values(values)) => {
            any(values.iter().map(|(value, _)| compare::column_text(column, kind, value, case)).collect())
        }
        (Side::Values(lefts), Side::Values(rights)) => {
            let pairs = lefts.iter().flat_map(|left| rights.iter().map(move |right| (left, right)));
            Residual::Known(Truth::any(pairs.map(|((left, _), (right, _))| compare::texts(left, kind, right, case))))
        }
        _ => Residual::UNKNOWN,
    }
}

fn is_true(side: &Side) -> Residual {
    match side {
        Side::Column(column) if column.column_type == ColumnType::Boolean => {
            Residual::Open(Predicate::IsTrue(column.scalar()))
        }
        Side::Values(values) if values.iter().all(|(value, _)| matches!(value, Value::Boolean(_))) => {
            Residual::Known(values.iter().any(|(value, _)| value == &Value::Boolean(true)).into())
        }
        _ => Residual::UNKNOWN,
    }
}

/// From that long ago until now: what lies in the future is not within the last days.
fn within_last(standing: &Standing<'_>, left: &Side, age: Age) -> Residual {
    let Some(start) = before(standing, age) else { return Residual::UNKNOWN };
    let now = Side::Values(vec![(Value::Timestamp(standing.asker.subject.now), Origin::Rule)]);
    all(vec![
        compare(standing, left, Comparison::GreaterOrEqual, &start, Case::Exact),
        compare(standing, left, Comparison::LessOrEqual, &now, Case::Exact),
    ])
}

/// The instant that long before now.
fn before(standing: &Standing<'_>, age: Age) -> Option<Side> {
    let count = i64::from(age.count);
    let span: Span = match age.unit {
        Unit::Hours => Span::new().try_hours(count).ok()?,
        Unit::Days => Span::new().try_days(count).ok()?,
        Unit::Weeks => Span::new().try_weeks(count).ok()?,
        Unit::Months => Span::new().try_months(count).ok()?,
        Unit::Years => Span::new().try_years(count).ok()?,
    };
    let now = standing.asker.subject.now.to_zoned_datetime(standing.snapshot().zone.clone());
    let start: Timestamp = now.checked_sub(span).ok()?.timestamp();
    Some(Side::Values(vec![(Value::Timestamp(start), Origin::Rule)]))
}
