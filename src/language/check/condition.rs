//! Checking conditions: what they name, and whether what they compare can ever be equal.

use crate::language::check::vocabulary::{ASSERTED, AttributeKind, Built};
use crate::language::check::{Check, Force};
use crate::language::diagnostic::{Code, near_miss};
use crate::language::syntax::{Comparison, Condition, Operand, Set, Span, Spanned};
use crate::model::name::Name;
use crate::model::value::{Value, ValueType};

/// What a condition may speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    Subject,
    Row,
}

pub(super) fn check_condition(check: &mut Check<'_>, condition: &Condition, about: About, force: Force) {
    match condition {
        Condition::And(parts) | Condition::Or(parts) => {
            parts.iter().for_each(|part| check_condition(check, part, about, force));
        }
        Condition::Not(inner) => {
            // FAIL-CLOSED: `not @source = 'x'` releases where `@source = 'x'` restricts, and the other way round; asserted
            // attributes are UNKNOWN today, so only the plain direction is accepted.
            let opposite = if force == Force::Restricts { Force::Releases } else { Force::Restricts };
            check_condition(check, inner, about, opposite);
        }
        Condition::Compare { left, operator, right, .. } => {
            operands(check, &[left, right], about, force);
            compatible(check, left, right);
            [left, right].into_iter().for_each(|side| quoted_attribute(check, side));
            if !matches!(operator, Comparison::Equal | Comparison::NotEqual) {
                ordered(check, &[left, right]);
            }
        }
        Condition::Between { left, low, high } => {
            operands(check, &[left, low, high], about, force);
            compatible(check, left, low);
            compatible(check, left, high);
            ordered(check, &[left, low, high]);
        }
        Condition::In { left, set, .. } => {
            operands(check, &[left], about, force);
            check_set(check, left, set, about, force);
        }
        Condition::Includes { attribute, value, .. } => {
            let attribute = Operand::Attribute(attribute.clone());
            operands(check, &[&attribute, value], about, force);
            compatible(check, &attribute, value);
            quoted_attribute(check, value);
        }
        Condition::TextMatch { left, right, .. } => operands(check, &[left, right], about, force),
        Condition::IsNull(operand) | Condition::IsTrue(operand) => operands(check, &[operand], about, force),
        Condition::WithinLast { left, .. } | Condition::OlderThan { left, .. } => {
            operands(check, &[left], about, force);
            ordered(check, &[left]);
        }
        Condition::IsPresent(attribute) => {
            check_attribute(check, attribute, force);
        }
        Condition::InRelation { left, relation } => {
            operands(check, &[left], about, force);
            check.declared(Code::UnknownList, relation, "relation", |vocabulary| &vocabulary.relations);
        }
        Condition::ActingFor(purpose) => check.purpose(purpose),
        Condition::Sql(text) => {
            if about == About::Subject {
                check.find(
                    Code::ColumnInAudience,
                    text.span,
                    "`sql` reads rows, and an audience is about people".to_owned(),
                );
            }
            check.sql(text.span);
        }
        Condition::MemberOf(_)
        | Condition::InRole(_)
        | Condition::UserIs(_)
        | Condition::ClockBetween(..)
        | Condition::On(_) => {}
    }
}

fn operands(check: &mut Check<'_>, operands: &[&Operand], about: About, force: Force) {
    for operand in operands {
        match operand {
            Operand::Column(column) => in_audience(check, about, column.span, column.node.as_str()),
            Operand::ColumnTagged(tag) => {
                check.tag(tag);
                in_audience(check, about, tag.span, tag.node.as_str());
            }
            Operand::Attribute(attribute) => {
                check_attribute(check, attribute, force);
            }
            Operand::Literal(_) => {}
        }
    }
}

fn in_audience(check: &mut Check<'_>, about: About, span: Span, column: &str) {
    if about == About::Row {
        return;
    }
    let attribute = check.vocabulary.attributes.keys().find(|name| name.folded() == column).map(Name::folded);
    let help = match attribute {
        Some(attribute) => format!("did you mean the attribute `@{attribute}`?"),
        None => format!("an attribute is written `@{column}`; conditions on columns stand after `where`"),
    };
    let message = format!("an audience is about people, and `{column}` is a column");
    check.find(Code::ColumnInAudience, span, message).help = Some(help);
}

fn check_attribute(check: &mut Check<'_>, attribute: &Spanned<Name>, force: Force) -> Option<AttributeKind> {
    if ASSERTED.contains(&attribute.node.folded()) && force == Force::Releases {
        let message = format!(
            "`@{}` is what a client merely says, so it may restrict and never release",
            attribute.node.folded()
        );
        check.find(Code::AssertedReleases, attribute.span, message);
    }
    let kind = check.vocabulary.attribute(&attribute.node);
    if kind.is_none() {
        let vocabulary = check.vocabulary;
        let built = Built::ALL.iter().map(|built| built.word());
        let declared = vocabulary.attributes.keys().map(Name::folded);
        let meant = near_miss(attribute.node.folded(), built.chain(declared));
        let help = match meant {
            Some(meant) => format!("did you mean `@{meant}`?"),
            None => "declare it: `{kind: Attribute, name: ..., type: text}`".to_owned(),
        };
        let message = format!("there is no attribute `@{}`", attribute.node.folded());
        check.find(Code::UnknownAttribute, attribute.span, message).help = Some(help);
    }
    kind
}

fn check_set(check: &mut Check<'_>, left: &Operand, set: &Set, about: About, force: Force) {
    match set {
        Set::Values(values) => {
            for value in values.iter().map(|value| Operand::Literal(value.clone())) {
                compatible(check, left, &value);
                quoted_attribute(check, &value);
            }
        }
        Set::Attribute(attribute) => {
            let right = Operand::Attribute(attribute.clone());
            operands(check, &[&right], about, force);
            compatible(check, left, &right);
        }
        Set::Column(column) => operands(check, &[&Operand::Column(column.clone())], about, force),
        Set::ColumnTagged(tag) => operands(check, &[&Operand::ColumnTagged(tag.clone())], about, force),
        Set::List(list) => {
            if !check.vocabulary.lists.contains_key(&list.node) {
                let vocabulary = check.vocabulary;
                let candidates = vocabulary.lists.keys().map(Name::as_str);
                check.unknown(Code::UnknownList, list.span, "list", list.node.as_str(), candidates);
            }
        }
    }
}

/// `country = "@country of employment"`: quotes make a text of what is the name of an attribute.
fn quoted_attribute(check: &mut Check<'_>, operand: &Operand) {
    let Operand::Literal(Spanned { node: Value::Text(text), span }) = operand else { return };
    let Some(name) = text.strip_prefix('@').and_then(|name| Name::new(&name.trim().replace(' ', "_"))) else { return };
    let vocabulary = check.vocabulary;
    let all = Built::ALL.iter().map(|built| built.word()).chain(vocabulary.attributes.keys().map(Name::folded));
    let meant = match vocabulary.attribute(&name) {
        Some(_) => Some(name.folded()),
        None => near_miss(name.folded(), all),
    };
    if let Some(meant) = meant {
        let message = format!("`{text}` in quotes is a text and no attribute");
        check.find(Code::UnexpectedText, *span, message).help = Some(format!("did you mean the attribute `@{meant}`?"));
    }
}

/// Two sides whose types are known here and can never be equal. Columns' types are known only when a table is asked about.
fn compatible(check: &mut Check<'_>, left: &Operand, right: &Operand) {
    let (Some(left_type), Some(right_type)) = (known_type(check, left), known_type(check, right)) else { return };
    let readable = |literal: &Operand, wanted: ValueType| match literal {
        Operand::Literal(Spanned { node: Value::Text(text), .. }) => Value::read(text, wanted).is_some(),
        _ => false,
    };
    let dates = |a, b| matches!((a, b), (ValueType::Date, ValueType::Timestamp));
    let fits = left_type == right_type
        || readable(left, right_type)
        || readable(right, left_type)
        || dates(left_type, right_type)
        || dates(right_type, left_type);
    if !fits {
        let message = format!("{left} is a {left_type} and {right} is a {right_type}, so they can never be equal");
        check.find(Code::TypeMismatch, right.span(), message);
    }
}

fn known_type(check: &Check<'_>, operand: &Operand) -> Option<ValueType> {
    match operand {
        Operand::Attribute(attribute) => check.vocabulary.attribute(&attribute.node).map(|kind| kind.value_type),
        Operand::Literal(value) => Some(value.node.value_type()),
        Operand::Column(_) | Operand::ColumnTagged(_) => None,
    }
}

fn ordered(check: &mut Check<'_>, operands: &[&Operand]) {
    for operand in operands {
        let Operand::Attribute(attribute) = operand else { continue };
        if check.vocabulary.attribute(&attribute.node).is_some_and(|kind| !kind.single) {
            let name = attribute.node.folded().to_owned();
            let message = format!("`@{name}` may have several values, so nothing is before or after it");
            check.find(Code::NeedsSingle, attribute.span, message).help =
                Some("declare it `single: true` if it has one value at most".to_owned());
        }
    }
}
