//! Random rules over the pools' names.

use std::sync::Arc;

use meshward::language::parse;
use meshward::language::syntax::{
    ActionWord, Age, Audience, AudienceBase, Case as Casing, ColumnTarget, ColumnWord, Comparison, Condition, Days,
    Lifting, MaskWord, Member, Operand, Rule, Sentence, Set, Span, Spanned, Target, TextMatch, Unit,
};
use meshward::model::mask::{Mask, Period, Step};
use meshward::model::name::{Identifier, Name};
use meshward::model::regex::Regex;
use meshward::model::value::Value;

use crate::engine::random::document::{ATTRIBUTES, SINGLE};
use crate::engine::random::rows::COLUMNS;
use crate::engine::random::{CLUSTERS, Dice, GROUPS, Kind, PURPOSES, ROLES, TAGS, TEXTS, USERS, name, value};

fn at<T>(node: T) -> Spanned<T> {
    Spanned::new(node, Span::default())
}

fn exact(dice: &mut Dice, from: &[&str]) -> Spanned<Arc<str>> {
    at(Arc::from(dice.pick(from)))
}

fn named(dice: &mut Dice, from: &[&str]) -> Spanned<Name> {
    at(name(dice.pick(from)))
}

pub(super) fn rule(dice: &mut Dice) -> Rule {
    let sentence = sentence(dice);
    let lifting = if dice.chance(20) && !matches!(sentence, Sentence::Allow { .. }) {
        Lifting::ByException
    } else {
        Lifting::Never
    };
    Rule { sentence, lifting }
}

fn sentence(dice: &mut Dice) -> Sentence {
    let purposes =
        |dice: &mut Dice| if dice.chance(20) { dice.some(1, 2, |dice| named(dice, PURPOSES)) } else { Vec::new() };
    let action = |dice: &mut Dice, words: &[&str]| vec![at(ActionWord(name(dice.pick(words))))];
    match dice.below(16) {
        0..=2 => {
            let rows = dice.chance(60).then(|| condition(dice, 2));
            let words: &[&str] =
                if rows.is_some() { &["read"] } else { &["read", "see", "share", "select from columns", "drop"] };
            Sentence::Allow { audience: audience(dice), actions: action(dice, words), rows, purposes: purposes(dice) }
        }
        3 => Sentence::Deny {
            audience: audience(dice),
            actions: action(dice, &["read", "see", "write", "share", "select from columns"]),
            purposes: purposes(dice),
        },
        4..=8 => Sentence::OnlyShowRows { rows: condition(dice, 2), audience: audience(dice) },
        9..=12 => {
            let cells = dice.chance(45).then(|| condition(dice, 1));
            Sentence::MaskColumns { columns: columns(dice), mask: mask(dice), cells, audience: audience(dice) }
        }
        13 if dice.chance(60) => Sentence::HideColumns { columns: columns(dice), audience: audience(dice) },
        13 => Sentence::OnlyShowColumns { columns: columns(dice), audience: audience(dice) },
        14 => Sentence::NeverShow { columns: columns(dice), floor: mask(dice) },
        _ => Sentence::LimitUse { purposes: dice.some(1, 2, |dice| named(dice, PURPOSES)), audience: audience(dice) },
    }
}

fn audience(dice: &mut Dice) -> Audience {
    let of = if dice.chance(65) { AudienceBase::Everyone } else { AudienceBase::AnyOf(dice.some(1, 2, member)) };
    let except = if dice.chance(40) { dice.some(1, 2, member) } else { Vec::new() };
    Audience { of, except }
}

/// Somebody by what is always known.
pub(super) fn known_member(dice: &mut Dice) -> Member {
    match dice.below(4) {
        0 => Member::Group(exact(dice, GROUPS)),
        1 => Member::Role(exact(dice, ROLES)),
        2 => Member::User(exact(dice, USERS)),
        _ => Member::Those(about_subject(dice)),
    }
}

fn member(dice: &mut Dice) -> Member {
    match dice.below(10) {
        0..=3 => known_member(dice),
        4 | 5 => Member::ActingFor(named(dice, PURPOSES)),
        6 => Member::Both(dice.some(2, 3, known_member)),
        7 => dice.one(&[Member::Owners, Member::Stewards, Member::Writers]),
        _ => Member::Those(subject_condition(dice, 2)),
    }
}

fn subject_condition(dice: &mut Dice, depth: usize) -> Condition {
    if depth == 0 || dice.chance(50) {
        return if dice.chance(20) { Condition::ActingFor(named(dice, PURPOSES)) } else { about_subject(dice) };
    }
    combined(dice, |dice| subject_condition(dice, depth - 1))
}

fn combined(dice: &mut Dice, mut part: impl FnMut(&mut Dice) -> Condition) -> Condition {
    match dice.below(3) {
        0 => Condition::Not(Box::new(part(dice))),
        1 => Condition::And(dice.some(2, 3, part)),
        _ => Condition::Or(dice.some(2, 3, part)),
    }
}

fn about_subject(dice: &mut Dice) -> Condition {
    let (attribute, kind) = dice.one(ATTRIBUTES);
    let operand = Operand::Attribute(at(name(attribute)));
    let literal = |dice: &mut Dice| Operand::Literal(at(value(dice, kind)));
    match dice.below(16) {
        0 => Condition::MemberOf(exact(dice, GROUPS)),
        1 => Condition::InRole(exact(dice, ROLES)),
        2 => Condition::UserIs(exact(dice, USERS)),
        3 => Condition::IsPresent(at(name(dice.pick(&[attribute, attribute, "principal", "groups"])))),
        4 => Condition::Includes { attribute: at(name(attribute)), value: literal(dice), case: casing(dice) },
        5 => {
            let values = dice.some(1, 3, |dice| at(value(dice, kind)));
            Condition::In { left: operand, set: Set::Values(values), case: Casing::Exact }
        }
        6 => Condition::IsTrue(Operand::Attribute(at(name("employed")))),
        7 => {
            let time =
                |dice: &mut Dice| jiff::civil::Time::constant(dice.one(&[0, 8, 12, 18, 23]), dice.one(&[0, 30]), 0, 0);
            Condition::ClockBetween(time(dice), time(dice))
        }
        8 => Condition::On(dice.one(&[Days::Weekdays, Days::Weekends])),
        9 => {
            let left = Operand::Attribute(named(dice, &["user", "principal", "groups", "roles", "cluster"]));
            let texts: Vec<&str> = [USERS, GROUPS, ROLES, CLUSTERS].concat();
            let right = Operand::Literal(at(Value::text(dice.pick(&texts))));
            Condition::Compare {
                left,
                operator: dice.one(&[Comparison::Equal, Comparison::NotEqual]),
                right,
                case: casing(dice),
            }
        }
        10 => Condition::WithinLast { left: Operand::Attribute(named(dice, &["hired", "login"])), age: age(dice) },
        _ => {
            let operator = if SINGLE.contains(&attribute) { comparison(dice, kind) } else { Comparison::Equal };
            Condition::Compare { left: operand, operator, right: literal(dice), case: casing(dice) }
        }
    }
}

fn casing(dice: &mut Dice) -> Casing {
    if dice.chance(20) { Casing::Ignored } else { Casing::Exact }
}

fn comparison(dice: &mut Dice, kind: Kind) -> Comparison {
    if kind == Kind::Boolean || dice.chance(40) {
        return dice.one(&[Comparison::Equal, Comparison::NotEqual]);
    }
    dice.one(&[Comparison::Less, Comparison::LessOrEqual, Comparison::Greater, Comparison::GreaterOrEqual])
}

fn age(dice: &mut Dice) -> Age {
    Age { count: dice.one(&[1, 2, 12, 90]), unit: dice.one(&[Unit::Days, Unit::Weeks, Unit::Months, Unit::Years]) }
}

/// A condition over rows, with conditions over the subject among its parts.
fn condition(dice: &mut Dice, depth: usize) -> Condition {
    if depth == 0 || dice.chance(55) {
        return if dice.chance(15) { subject_condition(dice, 0) } else { about_row(dice) };
    }
    combined(dice, |dice| condition(dice, depth - 1))
}

fn kind_of(column: &str) -> Option<Kind> {
    match column {
        "country" | "name" | "name2" | "email" | "code" | "weird \"col" => Some(Kind::Text),
        "amount" | "total" | "visits" | "ratio" | "part" => Some(Kind::Number),
        "active" => Some(Kind::Boolean),
        "born" => Some(Kind::Date),
        "at" | "seen_at" => Some(Kind::Timestamp),
        _ => None,
    }
}

fn about_row(dice: &mut Dice) -> Condition {
    let column = dice.one(COLUMNS).0;
    let kind = match kind_of(column) {
        Some(kind) if !dice.chance(8) => kind,
        // Compared with what it cannot be compared with.
        _ => dice.one(&Kind::ALL),
    };
    let left = if dice.chance(20) {
        Operand::ColumnTagged(named(dice, TAGS))
    } else {
        Operand::Column(at(Identifier::new(column)))
    };
    match dice.below(14) {
        0 => Condition::IsNull(left),
        1 => Condition::IsTrue(if dice.chance(80) { Operand::Column(at(Identifier::new("active"))) } else { left }),
        2 => Condition::WithinLast { left, age: age(dice) },
        3 => Condition::OlderThan { left, age: age(dice) },
        4 | 5 => text_match(dice, left),
        6 => {
            let (low, high) = (single(dice, kind), single(dice, kind));
            Condition::Between { left, low, high }
        }
        7 | 8 => Condition::In { left, set: set(dice, kind), case: casing(dice) },
        9 => between_columns(dice),
        _ => {
            let operator = comparison(dice, kind);
            let ordered = !matches!(operator, Comparison::Equal | Comparison::NotEqual);
            let right = if ordered { single(dice, kind) } else { many(dice, kind) };
            let case = casing(dice);
            if dice.chance(20) {
                return Condition::Compare { left: right, operator, right: left, case };
            }
            Condition::Compare { left, operator, right, case }
        }
    }
}

fn between_columns(dice: &mut Dice) -> Condition {
    let (left, right) = dice.one(&[
        ("name", "name2"),
        ("name", "email"),
        ("amount", "total"),
        ("born", "born"),
        ("name", "visits"),
        ("at", "at"),
    ]);
    let column = |name: &str| Operand::Column(at(Identifier::new(name)));
    let operator = dice.one(&[Comparison::Equal, Comparison::NotEqual, Comparison::Less, Comparison::GreaterOrEqual]);
    Condition::Compare { left: column(left), operator, right: column(right), case: Casing::Exact }
}

fn text_match(dice: &mut Dice, left: Operand) -> Condition {
    let kind = dice.one(&[TextMatch::StartsWith, TextMatch::EndsWith, TextMatch::Contains]);
    let right = if dice.chance(70) {
        Operand::Literal(at(Value::text(dice.pick(TEXTS))))
    } else {
        Operand::Attribute(named(dice, &["nation", "area", "user"]))
    };
    Condition::TextMatch { left, kind, right, case: casing(dice) }
}

/// Something with one value at most.
fn single(dice: &mut Dice, kind: Kind) -> Operand {
    let attributes: &[&str] = match kind {
        Kind::Text => &["label", "user"],
        Kind::Number => &["clearance"],
        Kind::Boolean => &["employed"],
        Kind::Date => &["hired", "query_time"],
        Kind::Timestamp => &["login", "query_time", "hired"],
    };
    if dice.chance(30) { Operand::Attribute(named(dice, attributes)) } else { literal(dice, kind) }
}

fn literal(dice: &mut Dice, kind: Kind) -> Operand {
    // The language has no literal of an instant but text.
    let value = match value(dice, kind) {
        Value::Timestamp(at) => Value::text(&at.to_string()),
        value if dice.chance(10) => Value::text(&value.written()),
        value => value,
    };
    Operand::Literal(at(value))
}

fn many(dice: &mut Dice, kind: Kind) -> Operand {
    let attributes: &[&str] = match kind {
        Kind::Text => &["nation", "area", "groups", "roles", "principal", "source"],
        Kind::Number => &["levels", "clearance"],
        _ => return single(dice, kind),
    };
    if dice.chance(50) { Operand::Attribute(named(dice, attributes)) } else { literal(dice, kind) }
}

fn set(dice: &mut Dice, kind: Kind) -> Set {
    match (dice.below(4), kind) {
        (0, Kind::Text) => Set::List(named(dice, &["EEA"])),
        (0, Kind::Number) => Set::List(named(dice, &["sizes"])),
        (1 | 2, _) => match many(dice, kind) {
            Operand::Attribute(attribute) => Set::Attribute(attribute),
            _ => set(dice, kind),
        },
        _ => Set::Values(dice.some(1, 3, |dice| match literal(dice, kind) {
            Operand::Literal(value) => value,
            _ => at(Value::text("")),
        })),
    }
}

fn columns(dice: &mut Dice) -> ColumnTarget {
    let word = |dice: &mut Dice| match dice.below(10) {
        0 => ColumnWord::Untagged,
        1..=4 => ColumnWord::Tagged(named(dice, TAGS)),
        _ => ColumnWord::Named(at(Identifier::new(dice.one(COLUMNS).0))),
    };
    let except = if dice.chance(25) { dice.some(1, 2, word) } else { Vec::new() };
    ColumnTarget { of: dice.some(1, 3, word), except }
}

/// Patterns that match some of the texts of rows and change some of those that they match.
const REGEXES: &[(&str, &str)] = &[
    ("(.).*", "$1*"),
    ("(.*)", "$1"),
    ("^([^@]?)[^@]*@(.+)$", "$1@$2"),
    (r"[A-Z]\w", r"\$\\"),
    (r"(\w+?)(\S*)", "$2-$1"),
    ("a|b|(?:C|D)[LE]", "x y"),
];

fn mask(dice: &mut Dice) -> MaskWord {
    MaskWord::Known(match dice.below(13) {
        0 => Mask::Null,
        1 | 2 => {
            let kind = dice.one(&[Kind::Text, Kind::Text, Kind::Number, Kind::Boolean, Kind::Date]);
            Mask::Constant(value(dice, kind))
        }
        3 | 4 => Mask::Hash,
        5 => Mask::KeepFirst(dice.one(&[1, 2, 4])),
        6 => Mask::KeepLast(dice.one(&[1, 2, 4])),
        7 => Mask::EmailDomain,
        8 => Mask::Round(Step::new(dice.one(&[1, 10, 100, 15, 1000])).unwrap()),
        13 | 14 => Mask::Pseudonym,
        15 => Mask::FormatPreserving,
        9 => Mask::Bucket(Step::new(dice.one(&[1, 10, 100, 15, 1000])).unwrap()),
        10 | 11 => {
            let (pattern, replacement) = dice.one(REGEXES);
            Mask::Regex(Regex::new(pattern, replacement).unwrap())
        }
        _ => Mask::Truncate(dice.one(&[Period::Year, Period::Month, Period::Day])),
    })
}

pub(super) fn target(dice: &mut Dice) -> Target {
    if dice.chance(35) {
        return Target::Everything;
    }
    let one = |dice: &mut Dice| match dice.below(8) {
        0 => Target::TablesTagged(named(dice, TAGS)),
        1 => Target::TablesWithColumnsTagged(named(dice, TAGS)),
        2 => Target::TablesInDomain(named(dice, &["corp", "finance", "hr"])),
        3 => parse::target(dice.pick(&["lake.finance.*", "lake.*", "lake.h*.p*e", "lake.*.stuff", "catalog lake"]))
            .unwrap(),
        4 => Target::Everything,
        5 => Target::UntaggedTables,
        6 => parse::target("functions lake.*").unwrap(),
        _ => parse::target("lake.finance.orders").unwrap(),
    };
    match dice.below(5) {
        0 => Target::And(dice.some(2, 2, one)),
        1 => Target::Or(dice.some(2, 2, one)),
        2 => Target::Except(Box::new(one(dice)), Box::new(one(dice))),
        _ => one(dice),
    }
}
