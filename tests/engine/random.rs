//! Random documents, people, tables and rows: small pools, so that things meet, with the hostile ones among them.

mod document;
mod rows;
mod rule;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use meshward::document::kinds::Documents;
use meshward::model::name::Name;
use meshward::model::subject::{Identity, Party, Resolved, Subject};
use meshward::model::value::{Number, Value};

use crate::engine::case::Case;

/// A reproducible source of choices (splitmix64).
#[derive(Clone, Debug)]
pub(crate) struct Dice {
    state: u64,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    /// TRUE in so many of a hundred.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    pub(crate) fn one<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    pub(crate) fn some<T>(&mut self, least: usize, most: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = least + self.below(most - least + 1);
        (0..count).map(|_| make(self)).collect()
    }
}

const USERS: &[&str] = &["ana", "bob", "o'neil", "Bob", "владимир"];
const GROUPS: &[&str] = &["finance", "audit", "AUDIT", "g\"x", "CL"];
const ROLES: &[&str] = &["analyst", "admin"];
const PURPOSES: &[&str] = &["fraud detection", "investigation", "audit"];
const TAGS: &[&str] = &["PII", "PII.Email", "PII.SSN", "Geo", "Geo.Country", "Time"];
const CLUSTERS: &[&str] = &["prod", "test"];

/// Texts of rows, attributes and rules alike.
const TEXTS: &[&str] = &[
    "",
    "a",
    "A",
    "CL",
    "cl",
    "DE",
    "o'neil",
    "x%_\\y",
    "%",
    "İ",
    "i",
    "ΟΔΟΣ",
    "οδος",
    "οδοσ",
    "a@b.c",
    "a@b@c.d",
    "ß",
    "ẞ",
    "ab ",
    " ab",
    "ab",
    "日本語",
    "\u{202e}x",
    "NULL",
    "5",
    "2024-02-29",
    "ana",
    "bob",
    "prod",
    "abcdefgh",
    "a\nb",
    "\"",
    "finance",
    "';--",
    "true",
];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2.5",
    "5",
    "-2.5",
    "10",
    "100",
    "149.99",
    "150",
    "99.5",
    "0.1",
    "127",
    "-128",
    "9223372036854775807",
    "99999999999999999999999999999999999999",
    "1234567.89",
];

/// What only one date in a while looks like, and the days around the ends of ages.
const DATES: &[&str] = &[
    "0001-01-01",
    "1969-12-31",
    "1970-01-01",
    "2023-03-01",
    "2024-02-28",
    "2024-02-29",
    "2024-03-01",
    "2025-12-15",
    "2026-01-31",
    "2026-02-28",
    "2026-03-14",
    "2026-03-15",
    "2026-03-16",
    "2026-03-31",
    "2026-04-01",
    "9999-12-31",
];

const INSTANTS: &[&str] = &[
    "1970-01-01T00:00:00Z",
    "2024-02-29T00:00:00Z",
    "2025-03-15T12:00:00Z",
    "2025-12-15T12:00:00Z",
    "2026-03-14T12:00:00Z",
    "2026-03-15T11:00:00Z",
    "2026-03-15T11:59:59.999Z",
    "2026-03-15T12:00:00Z",
    "2026-03-15T12:00:00.001Z",
    "2026-03-31T23:30:00.123Z",
    "2026-04-01T00:00:00Z",
    "2026-06-15T23:30:00Z",
];

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn number(text: &str) -> Number {
    Number::parse(text).unwrap()
}

fn value(dice: &mut Dice, kind: Kind) -> Value {
    match kind {
        Kind::Text => Value::text(dice.pick(TEXTS)),
        Kind::Number => Value::Number(number(dice.pick(NUMBERS))),
        Kind::Boolean => Value::Boolean(dice.chance(50)),
        Kind::Date => Value::Date(dice.pick(DATES).parse().unwrap()),
        Kind::Timestamp => Value::Timestamp(dice.pick(INSTANTS).parse().unwrap()),
    }
}

type Kind = meshward::model::value::ValueType;

/// Random documents that check.
pub(crate) fn mesh(dice: &mut Dice) -> Documents {
    document::documents(dice)
}

/// Several cases about one set of documents: a few people and tables each.
pub(crate) fn cases(dice: &mut Dice, people: usize, tables: usize) -> Vec<Case> {
    let documents = Arc::new(document::documents(dice));
    let zone = TimeZone::get(dice.pick(&["UTC", "UTC", "Europe/Berlin", "America/New_York"])).unwrap();
    let mut cases = Vec::new();
    for _ in 0..people {
        let subject = subject(dice);
        for _ in 0..tables {
            let table = rows::table(dice);
            cases.push(Case { documents: documents.clone(), zone: zone.clone(), subject: subject.clone(), table });
        }
    }
    cases
}

fn subject(dice: &mut Dice) -> Subject {
    let now = dice.pick(&[
        "2026-03-15T12:00:00Z",
        "2026-03-15T12:00:00Z",
        "2026-03-31T23:30:00.123Z",
        "2024-02-29T00:00:00Z",
        "2026-03-14T18:00:00Z",
        "2026-06-15T23:30:00Z",
    ]);
    Subject {
        asking: party(dice),
        invoker: if dice.chance(15) { Some(party(dice)) } else { None },
        now: now.parse::<Timestamp>().unwrap(),
        cluster: Arc::from(dice.pick(CLUSTERS)),
    }
}

fn party(dice: &mut Dice) -> Party {
    let set = |dice: &mut Dice, from: &[&str]| -> BTreeSet<Arc<str>> {
        dice.some(0, 2, |dice| Arc::from(dice.pick(from))).into_iter().collect()
    };
    let user: Arc<str> = Arc::from(dice.pick(USERS));
    let mut extra_credentials = BTreeMap::new();
    if dice.chance(50) {
        let purpose = dice.pick(&["fraud-detection", "Fraud Detection", "investigation", "audit", "unheard of"]);
        extra_credentials.insert("purpose".to_owned(), purpose.to_owned());
    }
    let identity = Identity {
        principal: dice.chance(80).then(|| user.clone()),
        user,
        groups: set(dice, GROUPS),
        enabled_roles: set(dice, ROLES),
        catalog_roles: BTreeMap::new(),
        extra_credentials,
    };
    let unknown_groups = dice.chance(15).then(|| Arc::from("no answer"));
    Party { identity, attributes: attributes(dice), unknown_groups }
}

fn attributes(dice: &mut Dice) -> BTreeMap<Name, Resolved> {
    let mut attributes = BTreeMap::new();
    for (attribute, kind) in document::ATTRIBUTES {
        let resolved = match dice.below(20) {
            0 => continue,
            1 => Resolved::Unknown(Arc::from("no answer")),
            2 | 3 => Resolved::Missing,
            4 => Resolved::Values(BTreeSet::new()),
            // Of another type than declared.
            5 => Resolved::Values([value(dice, Kind::Text), value(dice, Kind::Number)].into()),
            6..=8 => Resolved::Values(dice.some(2, 3, |dice| value(dice, *kind)).into_iter().collect()),
            _ => Resolved::Values([value(dice, *kind)].into()),
        };
        attributes.insert(name(attribute), resolved);
    }
    attributes
}
