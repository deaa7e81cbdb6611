//! Random trees of every kind of node, with hostile names.

use std::sync::Arc;

use meshward::language::pattern::{Pattern, PatternPart};
use meshward::language::syntax::{
    ActionWord, Age, Audience, AudienceBase, Case, ColumnTarget, ColumnWord, Comparison, Condition, Days, Lifting,
    MaskWord, Member, Operand, Rule, Sentence, Set, Span, Spanned, Target, TextMatch, Unit,
};
use meshward::model::action::{Action, ActionGroup};
use meshward::model::mask::{Mask, Period, Step};
use meshward::model::name::{Identifier, Name};
use meshward::model::regex::Regex;
use meshward::model::value::{Number, Value};
use proptest::collection::vec;
use proptest::prelude::*;

/// Words that the grammar takes for its own somewhere, and more that look like it.
const KEYWORDS: &[&str] = &[
    "a",
    "acting",
    "all",
    "and",
    "any",
    "anyone",
    "are",
    "as",
    "attribute",
    "between",
    "both",
    "but",
    "by",
    "case",
    "catalog",
    "character",
    "column",
    "columns",
    "constant",
    "contain",
    "contains",
    "day",
    "days",
    "digits",
    "do",
    "does",
    "domain",
    "email",
    "empty",
    "ends",
    "equal",
    "equals",
    "everyone",
    "except",
    "exception",
    "false",
    "first",
    "for",
    "from",
    "function",
    "functions",
    "greater",
    "group",
    "groups",
    "has",
    "hash",
    "ignoring",
    "in",
    "includes",
    "is",
    "it",
    "its",
    "keep",
    "last",
    "least",
    "less",
    "list",
    "making",
    "matches",
    "matching",
    "member",
    "members",
    "more",
    "most",
    "no",
    "none",
    "not",
    "null",
    "of",
    "older",
    "on",
    "only",
    "or",
    "owners",
    "people",
    "possesses",
    "present",
    "properties",
    "property",
    "purpose",
    "purposes",
    "read",
    "role",
    "round",
    "rows",
    "schema",
    "session",
    "show",
    "shows",
    "someone",
    "sql",
    "starts",
    "stewards",
    "system",
    "table",
    "tables",
    "tag",
    "tagged",
    "than",
    "that",
    "the",
    "their",
    "them",
    "those",
    "to",
    "true",
    "truncate",
    "under",
    "unless",
    "untagged",
    "user",
    "users",
    "using",
    "value",
    "values",
    "weekdays",
    "when",
    "where",
    "which",
    "while",
    "who",
    "whom",
    "with",
    "within",
    "working",
    "writers",
    "year",
    "years",
    "user is",
    "order in",
    "or by exception",
];

fn at<T>(node: T) -> Spanned<T> {
    Spanned::new(node, Span::default())
}

/// Text that wants out of its quotes: any characters, quotes of every kind, bidi controls, comment signs.
pub(crate) fn hostile_text() -> BoxedStrategy<String> {
    prop_oneof![
        3 => "[a-z]{1,6}",
        3 => prop::sample::select(KEYWORDS).prop_map(str::to_owned),
        2 => "[A-Za-zÀ-ž_ .$*-]{1,10}",
        2 => r#"['"“”‘’„«»`\[\]@()<>=,.;:*\\-]{1,6}"#,
        1 => "[\u{202e}\u{2066}\u{200b}\u{feff}a-z\u{0}\n\t'\"]{1,6}",
        1 => "\\PC{1,8}",
        1 => any::<String>().prop_map(|text| text.chars().take(12).collect()),
        1 => Just("2024-01-01".to_owned()),
        1 => Just("90".to_owned()),
        1 => Just("08:00".to_owned()),
        1 => Just("x'); DROP TABLE t; --".to_owned()),
    ]
    .boxed()
}

fn exact() -> impl Strategy<Value = Spanned<Arc<str>>> {
    prop_oneof![9 => hostile_text(), 1 => Just(String::new())].prop_map(|text| at(Arc::from(text)))
}

fn name() -> impl Strategy<Value = Spanned<Name>> {
    hostile_text().prop_filter_map("empty", |text| Name::new(&text).map(at))
}

fn identifier() -> impl Strategy<Value = Spanned<Identifier>> {
    hostile_text().prop_filter_map("empty", |text| (!text.is_empty()).then(|| at(Identifier::new(&text))))
}

pub(crate) fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => hostile_text().prop_map(|text| Value::text(&text)),
        1 => Just(Value::text("")),
        2 => "-?[0-9]{1,18}(\\.[0-9]{1,18})?"
            .prop_filter_map("not a number", |text| Number::parse(&text).map(Value::Number)),
        1 => any::<bool>().prop_map(Value::Boolean),
        1 => (0i16..=9999, 1i8..=12, 1i8..=28)
            .prop_filter_map("no date", |(y, m, d)| jiff::civil::Date::new(y, m, d).ok().map(Value::Date)),
    ]
}

fn operand() -> impl Strategy<Value = Operand> {
    prop_oneof![
        identifier().prop_map(Operand::Column),
        name().prop_map(Operand::ColumnTagged),
        name().prop_map(Operand::Attribute),
        value().prop_map(|value| Operand::Literal(at(value))),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    prop::sample::select(vec![Case::Exact, Case::Ignored])
}

fn age() -> impl Strategy<Value = Age> {
    let units = vec![Unit::Hours, Unit::Days, Unit::Weeks, Unit::Months, Unit::Years];
    (1u32..=100_000, prop::sample::select(units)).prop_map(|(count, unit)| Age { count, unit })
}

fn set() -> impl Strategy<Value = Set> {
    prop_oneof![
        vec(value().prop_map(at), 1..4).prop_map(Set::Values),
        name().prop_map(Set::Attribute),
        name().prop_map(Set::List),
        identifier().prop_map(Set::Column),
        name().prop_map(Set::ColumnTagged),
    ]
}

fn time() -> impl Strategy<Value = jiff::civil::Time> {
    (0i8..24, 0i8..60).prop_map(|(hour, minute)| jiff::civil::Time::constant(hour, minute, 0, 0))
}

fn atom() -> BoxedStrategy<Condition> {
    let comparison = prop::sample::select(vec![
        Comparison::Equal,
        Comparison::NotEqual,
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
    ]);
    let kinds = prop::sample::select(vec![TextMatch::StartsWith, TextMatch::EndsWith, TextMatch::Contains]);
    prop_oneof![
        (operand(), comparison, operand(), case()).prop_map(|(left, operator, right, case)| Condition::Compare {
            left,
            operator,
            right,
            case
        }),
        (operand(), set(), case()).prop_map(|(left, set, case)| Condition::In { left, set, case }),
        (name(), operand(), case()).prop_map(|(attribute, value, case)| Condition::Includes { attribute, value, case }),
        (operand(), operand(), operand()).prop_map(|(left, low, high)| Condition::Between { left, low, high }),
        (operand(), kinds, operand(), case()).prop_map(|(left, kind, right, case)| Condition::TextMatch {
            left,
            kind,
            right,
            case
        }),
        operand().prop_map(Condition::IsNull),
        operand().prop_map(Condition::IsTrue),
        name().prop_map(Condition::IsPresent),
        (operand(), age()).prop_map(|(left, age)| Condition::WithinLast { left, age }),
        (operand(), age()).prop_map(|(left, age)| Condition::OlderThan { left, age }),
        (operand(), name()).prop_map(|(left, relation)| Condition::InRelation { left, relation }),
        exact().prop_map(Condition::MemberOf),
        exact().prop_map(Condition::InRole),
        exact().prop_map(Condition::UserIs),
        name().prop_map(Condition::ActingFor),
        (time(), time()).prop_map(|(from, to)| Condition::ClockBetween(from, to)),
        prop::sample::select(vec![Days::Weekdays, Days::Weekends]).prop_map(Condition::On),
        exact().prop_map(Condition::Sql),
    ]
    .boxed()
}

/// Joins parts as the tree demands: at least two, none of the joint's own kind.
fn flat(parts: Vec<Condition>, and: bool) -> Condition {
    let mut flat = Vec::new();
    for part in parts {
        match part {
            Condition::And(inner) if and => flat.extend(inner),
            Condition::Or(inner) if !and => flat.extend(inner),
            part => flat.push(part),
        }
    }
    if and { Condition::And(flat) } else { Condition::Or(flat) }
}

pub(crate) fn condition() -> BoxedStrategy<Condition> {
    atom()
        .prop_recursive(4, 16, 3, |inner| {
            prop_oneof![
                inner.clone().prop_map(|inner| Condition::Not(Box::new(inner))),
                (vec(inner, 2..4), any::<bool>()).prop_map(|(parts, and)| flat(parts, and)),
            ]
        })
        .boxed()
}

fn member() -> BoxedStrategy<Member> {
    prop_oneof![
        exact().prop_map(Member::Group),
        exact().prop_map(Member::Role),
        exact().prop_map(Member::User),
        name().prop_map(Member::ActingFor),
        condition().prop_map(Member::Those),
        Just(Member::Owners),
        Just(Member::Stewards),
        Just(Member::Writers),
    ]
    .prop_recursive(2, 6, 3, |inner| {
        vec(inner, 2..4).prop_map(|members| {
            Member::Both(
                members
                    .into_iter()
                    .flat_map(|member| match member {
                        Member::Both(inner) => inner,
                        member => vec![member],
                    })
                    .collect(),
            )
        })
    })
    .boxed()
}

pub(crate) fn audience() -> impl Strategy<Value = Audience> {
    let base = prop_oneof![Just(AudienceBase::Everyone), vec(member(), 1..4).prop_map(AudienceBase::AnyOf)];
    (base, vec(member(), 0..3)).prop_map(|(of, except)| Audience { of, except })
}

fn column_words(least: usize) -> impl Strategy<Value = Vec<ColumnWord>> {
    let word = prop_oneof![
        identifier().prop_map(ColumnWord::Named),
        name().prop_map(ColumnWord::Tagged),
        Just(ColumnWord::Untagged),
    ];
    vec(word, least..4)
}

fn columns() -> impl Strategy<Value = ColumnTarget> {
    (column_words(1), column_words(0)).prop_map(|(of, except)| ColumnTarget { of, except })
}

/// Pieces that make a pattern more often than not, quotes among them.
fn regex() -> impl Strategy<Value = Regex> {
    let piece =
        prop::sample::select(vec!["a", "(b)", r"\d?", "[^@']", "\"", ".{2,3}", "(?:c d)?", "''", "é|f", r"\$", "“x”"]);
    let shown = prop::sample::select(vec!["*", "$1", r"\$", r"\\", "'", "\"", "»", ""]);
    (vec(piece, 1..5), vec(shown, 0..4))
        .prop_filter_map("regex", |(pieces, shown)| Regex::new(&pieces.concat(), &shown.concat()).ok())
}

fn mask() -> impl Strategy<Value = MaskWord> {
    let known = prop_oneof![
        Just(Mask::Null),
        value().prop_map(Mask::Constant),
        Just(Mask::Hash),
        (1u32..=10_000).prop_map(Mask::KeepFirst),
        (1u32..=10_000).prop_map(Mask::KeepLast),
        Just(Mask::EmailDomain),
        Just(Mask::Pseudonym),
        Just(Mask::FormatPreserving),
        regex().prop_map(Mask::Regex),
        (1u32..=1_000_000_000).prop_filter_map("width", |width| Step::new(width).map(Mask::Bucket)),
        (1u32..=1_000_000_000).prop_filter_map("step", |step| Step::new(step).map(Mask::Round)),
        prop::sample::select(vec![Period::Year, Period::Month, Period::Day]).prop_map(Mask::Truncate),
    ];
    prop_oneof![8 => known.prop_map(MaskWord::Known), 1 => exact().prop_map(MaskWord::Sql)]
}

fn actions() -> impl Strategy<Value = Vec<Spanned<ActionWord>>> {
    let words: Vec<String> = Action::ALL
        .iter()
        .map(|action| action.word().to_owned())
        .chain(ActionGroup::ALL.iter().map(|group| group.word().to_owned()))
        .collect();
    let action =
        prop::sample::select(words).prop_filter_map("empty", |word| Name::new(&word).map(|n| at(ActionWord(n))));
    vec(action, 1..4)
}

fn sentence() -> BoxedStrategy<Sentence> {
    let purposes = || vec(name(), 0..3);
    prop_oneof![
        (audience(), actions(), prop::option::of(condition()), purposes())
            .prop_map(|(audience, actions, rows, purposes)| Sentence::Allow { audience, actions, rows, purposes }),
        (audience(), vec(member(), 1..3)).prop_map(|(audience, targets)| Sentence::ActAs { audience, targets }),
        (audience(), actions(), purposes()).prop_map(|(audience, actions, purposes)| Sentence::Deny {
            audience,
            actions,
            purposes
        }),
        (condition(), audience()).prop_map(|(rows, audience)| Sentence::OnlyShowRows { rows, audience }),
        (columns(), mask(), prop::option::of(condition()), audience())
            .prop_map(|(columns, mask, cells, audience)| Sentence::MaskColumns { columns, mask, cells, audience }),
        (columns(), audience()).prop_map(|(columns, audience)| Sentence::HideColumns { columns, audience }),
        (columns(), audience()).prop_map(|(columns, audience)| Sentence::OnlyShowColumns { columns, audience }),
        (vec(name(), 1..3), audience()).prop_map(|(purposes, audience)| Sentence::LimitUse { purposes, audience }),
        (columns(), mask()).prop_map(|(columns, floor)| Sentence::NeverShow { columns, floor }),
    ]
    .boxed()
}

/// A rule of any form.
pub(crate) fn rule() -> impl Strategy<Value = Rule> {
    let lifting = prop::sample::select(vec![Lifting::Never, Lifting::ByException]);
    (sentence(), lifting).prop_map(|(sentence, lifting)| Rule { sentence, lifting })
}

fn pattern() -> impl Strategy<Value = Spanned<Pattern>> {
    let exact = hostile_text().prop_map(|text| vec![text]);
    let starred = vec("[a-z0-9_]{0,4}", 2..4);
    let part = prop_oneof![exact, starred].prop_filter_map("empty", PatternPart::new);
    vec(part, 1..4).prop_filter_map("parts", |parts| Pattern::new(parts).map(at))
}

/// A target of any form.
pub(crate) fn target() -> BoxedStrategy<Target> {
    prop_oneof![
        Just(Target::Everything),
        Just(Target::System),
        pattern().prop_map(Target::Pattern),
        name().prop_map(Target::TablesTagged),
        name().prop_map(Target::TablesInDomain),
        name().prop_map(Target::TablesWithColumnsTagged),
        Just(Target::UntaggedTables),
        pattern().prop_map(Target::Functions),
        vec(pattern(), 1..3).prop_map(Target::SessionProperties),
    ]
    .prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (vec(inner.clone(), 2..4), any::<bool>()).prop_map(|(parts, and)| {
                let mut flat = Vec::new();
                for part in parts {
                    match part {
                        Target::And(inner) if and => flat.extend(inner),
                        Target::Or(inner) if !and => flat.extend(inner),
                        part => flat.push(part),
                    }
                }
                if and { Target::And(flat) } else { Target::Or(flat) }
            }),
            (inner.clone(), inner).prop_map(|(of, without)| Target::Except(Box::new(of), Box::new(without))),
        ]
    })
    .boxed()
}

/// A soup of the language's own words: much of it nearly reads.
pub(crate) fn soup() -> impl Strategy<Value = String> {
    let openings = vec![
        "allow everyone to read rows where",
        "only show rows where",
        "mask columns",
        "hide columns tagged",
        "limit use to purpose",
        "deny those with",
        "allow",
        "never show",
        "only show columns",
        "mask column x with",
    ];
    let piece = prop_oneof![
        4 => prop::sample::select(KEYWORDS).prop_map(str::to_owned),
        3 => prop::sample::select(vec![
            "=", "<>", "<", ">=", "(", ")", ",", ".", "'x'", "\"g\"", "@country", "[@a b]", "[A b]", "90", "-1.5",
            "2024-01-01", "08:00", "country", "PII.Email", "*", "for everyone", "members of group \"g\"",
            "acting for purpose p", "country = 'x'", "is not null", "with null", "those with", "in the list L",
            "is in the client book of the user", "tagged PII", "user is x", "or by exception",
        ])
        .prop_map(str::to_owned),
        1 => hostile_text(),
    ];
    (prop::sample::select(openings), vec(piece, 0..14))
        .prop_map(|(opening, pieces)| format!("{opening} {}", pieces.join(" ")))
}
