//! Conditions in words.

use crate::language::check::{Built, Vocabulary, built_in};
use crate::language::syntax::{Age, Case, Comparison, Condition, Days, Operand, Set, TextMatch, Unit};
use crate::model::name::Name;
use crate::model::value::Value;

/// What the words depend on.
pub(super) struct Telling<'a> {
    pub(super) vocabulary: &'a Vocabulary,
}

/// Text in which nothing hides: signs that show nothing, or turn the writing's direction, are spelled out.
pub(super) fn visible(text: &str) -> String {
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if hides(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

/// A name in double quotes, as in a sentence.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", visible(&text.replace('"', "\"\"")))
}

/// A value as a sentence has it.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("'{}'", visible(&text.replace('\'', "''"))),
        value => value.written(),
    }
}

/// How an attribute is spoken of.
struct AttributeWords {
    /// `their department`, `their groups`
    whole: String,
    /// `one of their values of department`, `one of their groups`
    one: String,
    /// `none of their values of department`
    none: String,
    /// `include` or `includes`
    include: &'static str,
    /// Whether there may be several values.
    several: bool,
}

fn attribute_words(vocabulary: &Vocabulary, name: &Name) -> AttributeWords {
    let many = |plural: &str| AttributeWords {
        whole: format!("their {plural}"),
        one: format!("one of their {plural}"),
        none: format!("none of their {plural}"),
        include: "include",
        several: true,
    };
    let single = |whole: &str| AttributeWords {
        whole: whole.to_owned(),
        one: whole.to_owned(),
        none: format!("not {whole}"),
        include: "includes",
        several: false,
    };
    match built_in(name) {
        Some(Built::User) => single("their user name"),
        Some(Built::Principal) => single("their principal"),
        Some(Built::Groups) => many("groups"),
        Some(Built::Roles) => many("roles"),
        Some(Built::Purpose) => many("purposes of the query"),
        Some(Built::Cluster) => single("the cluster's name"),
        Some(Built::QueryTime) => single("the time of the query"),
        None => {
            let words = visible(&name.folded().replace('_', " "));
            if vocabulary.attribute(name).is_some_and(|kind| kind.single) {
                return single(&format!("their {words}"));
            }
            AttributeWords {
                whole: format!("their {words}"),
                one: format!("one of their values of {words}"),
                none: format!("none of their values of {words}"),
                include: "includes",
                several: true,
            }
        }
    }
}

impl Telling<'_> {
    /// A clause that is TRUE where the condition is.
    pub(super) fn condition(&self, condition: &Condition) -> String {
        match condition {
            Condition::And(parts) => self.joined(parts, " and "),
            Condition::Or(parts) => self.joined(parts, " or "),
            Condition::Not(inner) => self.negated(inner),
            Condition::Compare { left, operator, right, case } => {
                self.comparison(left, *operator, right) + ignoring(*case)
            }
            Condition::In { left, set, case } => self.member_of_set(left, set, false) + ignoring(*case),
            Condition::Includes { attribute, value, case } => {
                let words = attribute_words(self.vocabulary, &attribute.node);
                format!("{} {} {}{}", words.whole, words.include, self.operand(value), ignoring(*case))
            }
            Condition::Between { left, low, high } => {
                format!("{} is from {} to {}", self.operand(left), self.operand(low), self.operand(high))
            }
            Condition::TextMatch { left, kind, right, case } => {
                let words = match kind {
                    TextMatch::StartsWith => "starts with",
                    TextMatch::EndsWith => "ends with",
                    TextMatch::Contains => "contains",
                };
                format!("{} {words} {}{}", self.operand(left), self.operand(right), ignoring(*case))
            }
            Condition::IsNull(Operand::Attribute(attribute)) => {
                format!("they have no value of {}", attribute_name(&attribute.node))
            }
            Condition::IsNull(operand) => format!("{} has no value", self.operand(operand)),
            Condition::IsTrue(operand) => format!("{} is true", self.operand(operand)),
            Condition::IsPresent(attribute) => format!("they have a value of {}", attribute_name(&attribute.node)),
            Condition::WithinLast { left, age } => {
                format!("{} lies within the last {} before the query", self.operand(left), length(*age))
            }
            Condition::OlderThan { left, age } => {
                format!("{} lies more than {} before the query", self.operand(left), length(*age))
            }
            Condition::InRelation { left, relation } => {
                format!("{} is in the user's {}", self.operand(left), visible(relation.node.as_str()))
            }
            Condition::MemberOf(group) => format!("they are a member of group {}", quoted(&group.node)),
            Condition::InRole(role) => format!("they are in role {}", quoted(&role.node)),
            Condition::UserIs(user) => format!("they are user {}", quoted(&user.node)),
            Condition::ActingFor(purpose) => format!("they act for purpose {}", quoted(purpose.node.as_str())),
            Condition::ClockBetween(from, to) => {
                format!("the query comes from {} on and before {}", clock(*from), clock(*to))
            }
            Condition::On(Days::Weekdays) => "the query comes from Monday to Friday".to_owned(),
            Condition::On(Days::Weekends) => "the query comes on a Saturday or Sunday".to_owned(),
            Condition::Sql(text) => format!("the SQL condition {} is true", quoted(&text.node)),
        }
    }

    fn joined(&self, parts: &[Condition], word: &str) -> String {
        let told: Vec<String> = parts
            .iter()
            .map(|part| match part {
                Condition::And(_) | Condition::Or(_) => format!("({})", self.condition(part)),
                part => self.condition(part),
            })
            .collect();
        told.join(word)
    }

    fn negated(&self, inner: &Condition) -> String {
        match inner {
            Condition::In { left, set, case } => self.member_of_set(left, set, true) + ignoring(*case),
            Condition::IsNull(Operand::Attribute(attribute)) => {
                format!("they have a value of {}", attribute_name(&attribute.node))
            }
            Condition::IsNull(operand) => format!("{} has a value", self.operand(operand)),
            Condition::IsTrue(operand) => format!("{} is false or has no value", self.operand(operand)),
            Condition::IsPresent(attribute) => format!("they have no value of {}", attribute_name(&attribute.node)),
            Condition::MemberOf(group) => format!("they are not a member of group {}", quoted(&group.node)),
            Condition::InRole(role) => format!("they are not in role {}", quoted(&role.node)),
            Condition::UserIs(user) => format!("they are not user {}", quoted(&user.node)),
            Condition::ActingFor(purpose) => format!("they do not act for purpose {}", quoted(purpose.node.as_str())),
            inner => format!("it is not so that ({})", self.condition(inner)),
        }
    }

    fn operand(&self, operand: &Operand) -> String {
        match operand {
            Operand::Column(column) => visible(column.node.as_str()),
            Operand::ColumnTagged(tag) => format!("the column tagged {}", visible(tag.node.as_str())),
            Operand::Attribute(attribute) => attribute_words(self.vocabulary, &attribute.node).one,
            Operand::Literal(literal) => value(&literal.node),
        }
    }

    /// An attribute's words, if it is one that may have several values.
    fn several(&self, operand: &Operand) -> Option<AttributeWords> {
        let Operand::Attribute(attribute) = operand else { return None };
        Some(attribute_words(self.vocabulary, &attribute.node)).filter(|words| words.several)
    }

    fn comparison(&self, left: &Operand, operator: Comparison, right: &Operand) -> String {
        // What is compared with an attribute comes first: `country is one of their values of ...`.
        if matches!(left, Operand::Attribute(_)) && matches!(right, Operand::Column(_) | Operand::ColumnTagged(_)) {
            return self.comparison(right, operator.mirrored(), left);
        }
        match (operator, self.several(left), self.several(right)) {
            (Comparison::Equal, Some(one), Some(other)) => {
                format!("{} and {} have a value in common", one.whole, other.whole)
            }
            (Comparison::NotEqual, Some(one), Some(other)) => {
                format!("{} and {} have no value in common", one.whole, other.whole)
            }
            (Comparison::Equal, Some(words), None) => {
                format!("{} {} {}", words.whole, words.include, self.operand(right))
            }
            (Comparison::NotEqual, Some(words), None) => {
                format!("{} {} not include {}", words.whole, does(words.include), self.operand(right))
            }
            (Comparison::NotEqual, None, Some(words)) => format!("{} is {}", self.operand(left), words.none),
            _ => format!("{} {} {}", self.operand(left), compared(operator), self.operand(right)),
        }
    }

    fn member_of_set(&self, left: &Operand, set: &Set, negated: bool) -> String {
        let as_operand = match set {
            Set::Column(column) => Some(Operand::Column(column.clone())),
            Set::ColumnTagged(tag) => Some(Operand::ColumnTagged(tag.clone())),
            Set::Attribute(attribute) => Some(Operand::Attribute(attribute.clone())),
            Set::Values(_) | Set::List(_) => None,
        };
        if let Some(right) = as_operand {
            let operator = if negated { Comparison::NotEqual } else { Comparison::Equal };
            return self.comparison(left, operator, &right);
        }
        let several = self.several(left);
        let (whole, is) = match &several {
            Some(words) => (words.whole.clone(), words.include),
            None => (self.operand(left), "is"),
        };
        match set {
            Set::Values(values) => {
                let values: Vec<String> = values.iter().map(|literal| value(&literal.node)).collect();
                match (values.as_slice(), negated) {
                    ([one], true) if several.is_none() => format!("{whole} is not {one}"),
                    ([one], true) => format!("{whole} {} not include {one}", does(is)),
                    (all, true) => format!("{whole} {is} neither {}", all.join(" nor ")),
                    (all, false) => format!("{whole} {is} {}", all.join(" or ")),
                }
            }
            Set::List(list) => {
                let list = quoted(list.node.as_str());
                format!("{whole} {is} {} value of the list {list}", if negated { "no" } else { "a" })
            }
            Set::Attribute(_) | Set::Column(_) | Set::ColumnTagged(_) => whole,
        }
    }
}

fn attribute_name(name: &Name) -> String {
    visible(&name.folded().replace('_', " "))
}

fn does(include: &str) -> &'static str {
    if include == "include" { "do" } else { "does" }
}

fn compared(operator: Comparison) -> &'static str {
    match operator {
        Comparison::Equal => "is",
        Comparison::NotEqual => "is not",
        Comparison::Less => "is less than",
        Comparison::LessOrEqual => "is at most",
        Comparison::Greater => "is more than",
        Comparison::GreaterOrEqual => "is at least",
    }
}

fn ignoring(case: Case) -> &'static str {
    match case {
        Case::Exact => "",
        Case::Ignored => " (upper and lower case being the same)",
    }
}

fn length(age: Age) -> String {
    let (one, many) = match age.unit {
        Unit::Hours => ("hour", "hours"),
        Unit::Days => ("day", "days"),
        Unit::Weeks => ("week", "weeks"),
        Unit::Months => ("month", "months"),
        Unit::Years => ("year", "years"),
    };
    if age.count == 1 { format!("1 {one}") } else { format!("{} {many}", age.count) }
}

fn clock(time: jiff::civil::Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}
