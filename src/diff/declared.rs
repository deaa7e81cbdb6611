//! The declared users of both folders, and the values of attributes that they and others may have.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use crate::diff::Side;
use crate::diff::interest::{AttributeInterest, Interest};
use crate::diff::people::{Position, SOMEBODY};
use crate::document::kinds::Documents;
use crate::engine::apart::known;
use crate::engine::standing::Asker;
use crate::engine::truth::Truth;
use crate::model::name::Name;
use crate::model::subject::{Identity, Party, Resolved, Subject};
use crate::model::value::{Number, Value, ValueType};

/// The most values of one attribute that are looked at besides those of declared users.
const MOST_VALUES: usize = 8;

/// The declared users of either folder, and what the documents say of them.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) users: Vec<Arc<str>>,
    attributes: BTreeMap<Name, Held>,
}

/// One attribute of every declared user: each distinct way to have it, and each user's.
#[derive(Debug, Default)]
struct Held {
    ways: Vec<Position>,
    of_users: Vec<usize>,
}

/// The ways to have an attribute that are looked at.
#[derive(Debug, Default)]
pub(super) struct Positions {
    pub(super) all: Vec<Position>,
    /// Each declared user's, by its place.
    pub(super) of_users: Vec<u16>,
    /// Whether rules mention more values than are looked at.
    pub(super) cut: bool,
}

impl Declared {
    /// Reads both folders.
    pub(super) fn of(old: &Documents, new: &Documents) -> Self {
        let users: BTreeSet<&String> = old.users.keys().chain(new.users.keys()).collect();
        let resolved = |documents: &Documents, user: &str, attribute: &Name| match documents
            .users
            .get(user)
            .and_then(|user| user.attributes.get(attribute))
        {
            Some(values) => Resolved::Values(values.iter().cloned().collect()),
            None => Resolved::Missing,
        };
        let held = |attribute: &Name| {
            let mut held = Held::default();
            let mut known: HashMap<String, usize> = HashMap::new();
            for user in &users {
                let way = Position::Holds { old: resolved(old, user, attribute), new: resolved(new, user, attribute) };
                let at = *known.entry(format!("{way:?}")).or_insert_with(|| {
                    held.ways.push(way);
                    held.ways.len() - 1
                });
                held.of_users.push(at);
            }
            held
        };
        let names: BTreeSet<&Name> = old.attributes.keys().chain(new.attributes.keys()).collect();
        Self {
            attributes: names.into_iter().map(|name| (name.clone(), held(name))).collect(),
            users: users.into_iter().map(|user| Arc::from(user.as_str())).collect(),
        }
    }

    /// The names that matter, after one that does not.
    pub(super) fn user_positions(&self, interest: &Interest<'_>) -> Vec<Position> {
        let mut names: BTreeSet<Arc<str>> = interest.users.clone();
        if interest.exact_user {
            names.extend(self.users.iter().cloned());
        }
        [Position::Another].into_iter().chain(names.into_iter().map(Position::Named)).collect()
    }

    /// The ways to have an attribute, those that are invented before those of declared users, and each declared user's. Where only
    /// the truth of conditions matters there is one way for each.
    pub(super) fn positions(&self, sides: [&Side<'_>; 2], name: &Name, interest: &Interest<'_>) -> Positions {
        let [old, new] = sides;
        let Some(of) = interest.attributes.get(name) else { return Positions::default() };
        let declared = new.documents.attributes.get(name).or_else(|| old.documents.attributes.get(name));
        let value_type = declared.map_or(ValueType::Text, |declared| declared.value_type);
        let alike = |resolved: Resolved| Position::Holds { old: resolved.clone(), new: resolved };
        let print = |position: &Position| {
            if of.exact { format!("{position:?}") } else { format!("{:?}", fingerprint(sides, name, of, position)) }
        };
        let mut positions = Vec::new();
        let mut known: HashMap<String, u16> = HashMap::new();
        let mut place = |position: Position| {
            *known.entry(print(&position)).or_insert_with(|| {
                positions.push(position);
                u16::try_from(positions.len() - 1).unwrap_or_default()
            })
        };
        place(alike(Resolved::Missing));
        let (values, cut) = invented(value_type, of, interest, [old.documents, new.documents]);
        for value in values {
            place(alike(Resolved::Values(BTreeSet::from([value]))));
        }
        let of_users = self.attributes.get(name).map_or_else(Vec::new, |held| {
            let ways: Vec<u16> = held.ways.iter().cloned().map(place).collect();
            held.of_users.iter().map(|way| ways.get(*way).copied().unwrap_or_default()).collect()
        });
        Positions { all: positions, of_users, cut }
    }
}

/// The truth of each condition on one attribute alone, before and after.
fn fingerprint([old, new]: [&Side<'_>; 2], name: &Name, of: &AttributeInterest<'_>, position: &Position) -> Vec<u8> {
    let Position::Holds { old: before, new: after } = position else { return Vec::new() };
    let mut truths = Vec::new();
    for (side, resolved) in [(old, before), (new, after)] {
        let party = Party {
            identity: Identity::of_user(SOMEBODY),
            attributes: BTreeMap::from([(name.clone(), resolved.clone())]),
            ..Party::default()
        };
        let subject = Subject { asking: party, invoker: None, now: side.now, cluster: Arc::from("") };
        let asker = Asker::new(side.snapshot, &subject);
        truths.extend(of.leaves.iter().map(|leaf| match known(&asker.asking(), leaf) {
            Truth::True => 1,
            Truth::False => 0,
            Truth::Unknown => 2,
        }));
    }
    truths
}

/// Values that somebody may have: those that rules mention, those beside them, and another.
fn invented(
    value_type: ValueType,
    of: &AttributeInterest<'_>,
    interest: &Interest<'_>,
    documents: [&Documents; 2],
) -> (Vec<Value>, bool) {
    // What is in one of two lists and not in the other is what a change of it is about.
    let of_list = |list: &Name| {
        let [old, new] = documents.map(|of| of.lists.get(list).map_or(&[][..], |list| &list.values));
        let apart = |these: &'_ [Value], those: &[Value]| -> Vec<Value> {
            these.iter().filter(|value| !those.contains(value)).cloned().collect()
        };
        let both = old.iter().take(2).chain(new.iter().take(2)).cloned();
        apart(old, new).into_iter().chain(apart(new, old)).chain(both).collect::<Vec<Value>>()
    };
    let listed: Vec<Value> = interest.lists.iter().flat_map(of_list).collect();
    let row_literals = interest.row_literals.iter().filter(|_| of.exact);
    let read = |value: &Value| match value {
        Value::Text(text) => Value::read(text, value_type),
        value => (value.value_type() == value_type).then(|| value.clone()),
    };
    let mut values: Vec<Value> = Vec::new();
    let add = |value: Value, values: &mut Vec<Value>| {
        if !values.contains(&value) {
            values.push(value);
        }
    };
    let mut cut = false;
    for value in listed.iter().chain(&of.literals).chain(row_literals).filter_map(read) {
        if values.len() >= MOST_VALUES {
            cut |= !values.contains(&value);
            continue;
        }
        if of.ordered {
            beside(&value).into_iter().for_each(|value| add(value, &mut values));
        }
        add(value, &mut values);
    }
    let another = match value_type {
        ValueType::Text => Value::text("another"),
        ValueType::Number => Value::Number(Number::from(7_919)),
        ValueType::Boolean => Value::Boolean(!values.contains(&Value::Boolean(false))),
        ValueType::Date => Value::Date(jiff::civil::Date::constant(2001, 2, 3)),
        ValueType::Timestamp => Value::Timestamp(Timestamp::UNIX_EPOCH),
    };
    add(another, &mut values);
    (values, cut)
}

fn beside(value: &Value) -> Vec<Value> {
    match value {
        Value::Number(number) => [-1, 1]
            .into_iter()
            .filter_map(|step: i64| {
                let near: bigdecimal::BigDecimal = number.to_string().parse().ok()?;
                Number::parse(&(near + bigdecimal::BigDecimal::from(step)).to_plain_string()).map(Value::Number)
            })
            .collect(),
        Value::Date(day) => {
            [day.yesterday(), day.tomorrow()].into_iter().filter_map(Result::ok).map(Value::Date).collect()
        }
        Value::Text(text) => vec![Value::text(&format!("{text}a")), Value::text("")],
        Value::Boolean(_) | Value::Timestamp(_) => Vec::new(),
    }
}
