//! Conditions that can never be TRUE, and comparisons that a column's type does not know.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::document::finding::Finding;
use crate::document::warning::Warning;
use crate::language::syntax::{
    AudienceBase, Case, Comparison, Condition, Member, Operand, Sentence, Set, Span, Spanned,
};
use crate::lint::{Mesh, Ruled};
use crate::model::column_type::ColumnType;
use crate::model::name::{Identifier, Name};
use crate::model::value::{Value, ValueType};

pub(super) fn lint(mesh: &Mesh<'_>, rule: &Ruled<'_, '_>, findings: &mut Vec<Finding>) {
    let sentence = &rule.rule.rule.sentence;
    nobody(rule, sentence, findings);
    for condition in sentence.conditions() {
        condition.each(&mut |part| {
            if let Some(span) = contradiction(mesh, part) {
                findings.push(
                    rule.warn(Warning::NeverTrue, span, format!("`{part}` can never be true"))
                        .with_help("write `or` where one of them is enough"),
                );
            }
            comparisons(mesh, rule, part, findings);
        });
    }
}

/// An audience whose every member its `except` takes out again.
fn nobody(rule: &Ruled<'_, '_>, sentence: &Sentence, findings: &mut Vec<Finding>) {
    let Some(audience) = sentence.audience() else { return };
    let AudienceBase::AnyOf(members) = &audience.of else { return };
    if members.iter().all(|member| audience.except.contains(member)) {
        let message = format!("`{audience}` is nobody: what is named is taken out again");
        findings.push(rule.warn_whole(Warning::NeverTrue, message));
    }
    for member in audience.members() {
        if let Some((first, second)) = two_users(member) {
            let message = format!("nobody is both user `{}` and user `{}`", first.node, second.node);
            findings.push(rule.warn(Warning::NeverTrue, second.span, message).with_help("write `or` between them"));
        }
    }
}

type User = Spanned<Arc<str>>;

/// Two users whom a `both` asks somebody to be.
fn two_users(member: &Member) -> Option<(&User, &User)> {
    let Member::Both(members) = member else { return None };
    let mut users = members.iter().filter_map(|member| match member {
        Member::User(user) => Some(user),
        _ => None,
    });
    let first = users.next()?;
    users.find(|user| *user != first).map(|other| (first, other))
}

/// Where a condition contradicts itself: its parts cannot all be TRUE.
fn contradiction(mesh: &Mesh<'_>, condition: &Condition) -> Option<Span> {
    match condition {
        Condition::And(parts) => {
            let bounds: Vec<Bound<'_>> = parts.iter().flat_map(|part| bounds(mesh, part)).collect();
            bounds
                .iter()
                .enumerate()
                .find_map(|(at, one)| {
                    bounds.iter().skip(at + 1).find(|other| one.excludes(other)).map(|other| other.span)
                })
                .or_else(|| opposites(parts))
        }
        Condition::Between { low: Operand::Literal(low), high: Operand::Literal(high), .. } => {
            (order(&low.node, &high.node) == Some(Ordering::Greater)).then_some(high.span)
        }
        Condition::ClockBetween(from, to) if from == to => Some(Span::default()),
        _ => None,
    }
}

/// `A and not A`, without looking at each pair.
fn opposites(parts: &[Condition]) -> Option<Span> {
    let negated: Vec<&Condition> = parts
        .iter()
        .filter_map(|part| match part {
            Condition::Not(inner) => Some(&**inner),
            _ => None,
        })
        .collect();
    let opposite = parts.iter().any(|part| negated.contains(&part));
    opposite.then(Span::default)
}

/// What one value is bound to by a part of an `and`.
struct Bound<'a> {
    of: Subject<'a>,
    operator: Comparison,
    value: &'a Value,
    span: Span,
}

/// What has one value alone.
#[derive(PartialEq, Eq)]
enum Subject<'a> {
    Column(&'a Identifier),
    Tagged(&'a Name),
    Attribute(&'a Name),
}

fn bounds<'a>(mesh: &Mesh<'_>, part: &'a Condition) -> Vec<Bound<'a>> {
    let bound = |of: &'a Operand, operator, literal: &'a Operand| {
        let of = match of {
            Operand::Column(column) => Subject::Column(&column.node),
            Operand::ColumnTagged(tag) => Subject::Tagged(&tag.node),
            Operand::Attribute(name) if is_single(mesh, &name.node) => Subject::Attribute(&name.node),
            Operand::Attribute(_) | Operand::Literal(_) => return None,
        };
        let Operand::Literal(value) = literal else { return None };
        Some(Bound { of, operator, value: &value.node, span: value.span })
    };
    match part {
        Condition::Compare { left, operator, right, case: Case::Exact } => {
            bound(left, *operator, right).or_else(|| bound(right, operator.mirrored(), left)).into_iter().collect()
        }
        Condition::Between { left, low, high } => {
            let ends = [bound(left, Comparison::GreaterOrEqual, low), bound(left, Comparison::LessOrEqual, high)];
            ends.into_iter().flatten().collect()
        }
        _ => Vec::new(),
    }
}

fn is_single(mesh: &Mesh<'_>, attribute: &Name) -> bool {
    mesh.vocabulary.attribute(attribute).is_some_and(|kind| kind.single)
}

impl Bound<'_> {
    /// Whether no value meets both.
    fn excludes(&self, other: &Self) -> bool {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        if self.of != other.of {
            return false;
        }
        let Some(order) = order(self.value, other.value) else { return false };
        match (self.operator, other.operator) {
            (Equal, Equal) => order != Ordering::Equal,
            (Equal, NotEqual) | (NotEqual, Equal) => order == Ordering::Equal,
            (Equal, Less) | (Greater, Less) | (Greater, Equal) | (Greater, LessOrEqual) | (GreaterOrEqual, Less) => {
                order != Ordering::Less
            }
            (Less, Equal) | (Less, Greater) | (Equal, Greater) | (LessOrEqual, Greater) | (Less, GreaterOrEqual) => {
                order != Ordering::Greater
            }
            (Equal, LessOrEqual) | (GreaterOrEqual, Equal) | (GreaterOrEqual, LessOrEqual) => {
                order == Ordering::Greater
            }
            (LessOrEqual, Equal) | (Equal, GreaterOrEqual) | (LessOrEqual, GreaterOrEqual) => order == Ordering::Less,
            _ => false,
        }
    }
}

/// The order of two literals of one type. Texts may be numbers or days of the column's type, of which `'1'` and `'1.0'` are one.
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    if left == right {
        return Some(Ordering::Equal);
    }
    let comparable = left.value_type() == right.value_type() && !(could_be_other(left) && could_be_other(right));
    comparable.then(|| left.cmp(right))
}

fn could_be_other(value: &Value) -> bool {
    let others = [ValueType::Number, ValueType::Boolean, ValueType::Date, ValueType::Timestamp];
    matches!(value, Value::Text(text) if others.into_iter().any(|wanted| Value::read(text, wanted).is_some()))
}

/// Columns that are compared with what their type does not compare with, on tables whose columns' types are declared.
fn comparisons(mesh: &Mesh<'_>, rule: &Ruled<'_, '_>, part: &Condition, findings: &mut Vec<Finding>) {
    match part {
        Condition::Compare { left, right, .. } => {
            against(mesh, rule, left, right, findings);
            against(mesh, rule, right, left, findings);
        }
        Condition::Between { left, low, high } => {
            against(mesh, rule, left, low, findings);
            against(mesh, rule, left, high, findings);
        }
        Condition::In { left, set: Set::Values(values), .. } => {
            values.iter().for_each(|value| against(mesh, rule, left, &Operand::Literal(value.clone()), findings));
        }
        Condition::In { left, set: Set::Attribute(name), .. } => {
            against(mesh, rule, left, &Operand::Attribute(name.clone()), findings);
        }
        _ => {}
    }
}

fn against(mesh: &Mesh<'_>, rule: &Ruled<'_, '_>, column: &Operand, other: &Operand, findings: &mut Vec<Finding>) {
    let Operand::Column(column) = column else { return };
    let tables = rule.ruling.tables.iter().filter_map(|at| mesh.known.table(*at));
    for table in tables {
        let Some(column_type) = table.column_type(&column.node) else { continue };
        if column_type == ColumnType::Unknown || is_comparable(mesh, column_type, other) {
            continue;
        }
        let message = match column_type.compares_with() {
            Some(own) => format!(
                "{}'s `{}` is a {own}, and `{other}` is none, so this is never known to be true",
                table.name, column.node
            ),
            None => format!(
                "{}'s `{}` is of a type that compares with nothing, so this is never known to be true",
                table.name, column.node
            ),
        };
        findings.push(rule.warn(Warning::NeverComparable, column.span, message));
        return;
    }
}

fn is_comparable(mesh: &Mesh<'_>, column_type: ColumnType, other: &Operand) -> bool {
    let days =
        |a, b| matches!((a, b), (ValueType::Date, ValueType::Timestamp) | (ValueType::Timestamp, ValueType::Date));
    let fits = |own, given| own == given || days(own, given);
    match (column_type.compares_with(), other) {
        (None, Operand::Literal(_) | Operand::Attribute(_)) => false,
        (Some(own), Operand::Literal(literal)) => match &literal.node {
            Value::Text(text) => {
                Value::read(text, own).is_some()
                    || own == ValueType::Timestamp && Value::read(text, ValueType::Date).is_some()
            }
            value => fits(own, value.value_type()),
        },
        (Some(own), Operand::Attribute(name)) => {
            mesh.vocabulary.attribute(&name.node).is_none_or(|kind| fits(own, kind.value_type))
        }
        (_, Operand::Column(_) | Operand::ColumnTagged(_)) => true,
    }
}
