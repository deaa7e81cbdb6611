//! Which points are alike: before and after, every rule on the place looks at the same in them.

use std::collections::{BTreeSet, HashMap};

use crate::diff::Side;
use crate::diff::change::Pair;
use crate::diff::context::Context;
use crate::diff::interest::Interest;
use crate::diff::people::{Age, Axis, People, Point, Position};
use crate::engine::apart::{Looks, gives, looks, names_unproven_purpose};
use crate::engine::rules::EngineRule;
use crate::engine::standing::Asker;
use crate::model::name::TableName;

/// People, and which of them are alike.
#[derive(Debug)]
pub(super) struct Kinds {
    pub(super) people: People,
    /// Which kind each point is of; `None`: it stands for nobody.
    pub(super) of_point: Vec<Option<usize>>,
    pub(super) pairs: Vec<Pair>,
}

/// What something is at a point, known by the few axes that it depends on.
struct Known<T> {
    /// Each with the number of positions on it.
    axes: Vec<(usize, u128)>,
    at: HashMap<u128, T>,
}

impl<T: Copy> Known<T> {
    fn on(axes: &BTreeSet<usize>, people: &People) -> Self {
        let positions = |axis: usize| people.axes.get(axis).map_or(1, |(_, positions)| positions.len());
        let axes = axes.iter().map(|axis| (*axis, u128::try_from(positions(*axis)).unwrap_or(1)));
        Self { axes: axes.collect(), at: HashMap::new() }
    }

    fn get(&mut self, point: &Point, find: impl FnOnce() -> T) -> T {
        // Of more combinations than there are numbers no two that are looked at are likely to meet; they would have to agree on most.
        let key = self.axes.iter().fold(0_u128, |key, (axis, positions)| {
            key.wrapping_mul(*positions).wrapping_add(u128::from(point.get(*axis).copied().unwrap_or_default()))
        });
        *self.at.entry(key).or_insert_with(find)
    }
}

impl Kinds {
    pub(super) fn of(sides: [&Side<'_>; 2], context: &Context<'_>, people: People, table: Option<&TableName>) -> Self {
        let purpose_axes = axes_of_purposes(sides, &people);
        let mut unproven: Known<bool> = Known::on(&purpose_axes, &people);
        let rules = [Age::Old, Age::New]
            .into_iter()
            .zip(&context.rules)
            .flat_map(|(age, rules)| rules.iter().map(move |rule| (age, *rule)));
        let mut looked: Vec<(Age, &EngineRule, Known<usize>)> = rules
            .map(|(age, rule)| {
                (age, rule, Known::on(&axes_of(rule, age, sides, &people, &purpose_axes, table), &people))
            })
            .collect();
        let side = |age: Age| if age == Age::Old { sides[0] } else { sides[1] };
        let mut distinct: HashMap<(bool, Looks), usize> = HashMap::new();
        let mut can_apply: Vec<bool> = Vec::new();
        let twins = twins(context);
        let mut known: HashMap<Vec<usize>, usize> = HashMap::new();
        let (mut of_point, mut pairs) = (Vec::new(), Vec::new());
        for point in &people.points {
            let ask = |age: Age, told: &mut dyn FnMut(&Asker<'_>)| {
                let subject = people.subject(point, age);
                told(&Asker::new(side(age).snapshot, &subject));
            };
            // One point stands for all purposes that nothing proves.
            let stands_for_nobody = names_purpose(&people, point)
                && unproven.get(point, || {
                    let mut unproven = true;
                    for age in [Age::Old, Age::New] {
                        ask(age, &mut |asker| unproven &= names_unproven_purpose(asker));
                    }
                    unproven
                });
            if stands_for_nobody {
                of_point.push(None);
                continue;
            }
            let mut key = Vec::with_capacity(looked.len());
            for (age, rule, known) in &mut looked {
                key.push(known.get(point, || {
                    let mut number = 0;
                    ask(*age, &mut |asker| {
                        let (gives, looks) = (gives(&rule.sentence), looks(&asker.asking(), rule, table));
                        let applies = looks.can_apply(gives);
                        number = *distinct.entry((gives, looks)).or_insert_with(|| {
                            can_apply.push(applies);
                            can_apply.len() - 1
                        });
                    });
                    number
                }));
            }
            let number = match known.get(&key) {
                Some(number) => *number,
                None => {
                    let (old, new) = (people.subject(point, Age::Old), people.subject(point, Age::New));
                    let alike = twins.iter().all(|twins| twins.are_alike(&key, &can_apply));
                    pairs.push(Pair { old, new, looks: key.clone(), alike });
                    known.insert(key, pairs.len() - 1);
                    pairs.len() - 1
                }
            };
            of_point.push(Some(number));
        }
        Self { people, of_point, pairs }
    }
}

/// A rule's places among the old and the new rules.
enum Twins {
    /// It is on the place in both folders.
    Both(usize, usize),
    /// It is there in one alone.
    One(usize),
}

impl Twins {
    /// Whether it does the same before and after to somebody in whom the rules look at this.
    fn are_alike(&self, looks: &[usize], can_apply: &[bool]) -> bool {
        match self {
            Self::Both(old, new) => looks.get(*old) == looks.get(*new),
            Self::One(rule) => looks.get(*rule).and_then(|looks| can_apply.get(*looks)) == Some(&false),
        }
    }
}

fn twins(context: &Context<'_>) -> Vec<Twins> {
    let [old, new] = &context.on;
    let after = |on| new.iter().position(|other| other == on).map(|place| old.len() + place);
    let of_old = old.iter().enumerate().map(|(place, on)| match after(on) {
        Some(twin) => Twins::Both(place, twin),
        None => Twins::One(place),
    });
    let of_new = new.iter().enumerate().filter(|(_, on)| !old.contains(on));
    of_old.chain(of_new.map(|(place, _)| Twins::One(old.len() + place))).collect()
}

fn names_purpose(people: &People, point: &Point) -> bool {
    (0..people.axes.len()).any(|axis| matches!(people.position(point, axis), Some((_, Position::Purpose(_)))))
}

/// The axes on which it depends for which purpose somebody acts: the purpose that is named, and what grants ask of people.
fn axes_of_purposes(sides: [&Side<'_>; 2], people: &People) -> BTreeSet<usize> {
    let mut interest = Interest::default();
    sides.into_iter().flat_map(|side| side.snapshot.purpose_grants()).for_each(|grant| interest.grant(grant));
    let mut axes = axes_in(&interest, people);
    axes.extend(people.axes.iter().position(|(axis, _)| *axis == Axis::Purpose));
    axes
}

/// The axes on which it depends what a rule looks at.
fn axes_of(
    rule: &EngineRule,
    age: Age,
    sides: [&Side<'_>; 2],
    people: &People,
    purpose_axes: &BTreeSet<usize>,
    table: Option<&TableName>,
) -> BTreeSet<usize> {
    let interest = Context::of_one(rule, usize::from(age == Age::New)).interest(sides, table);
    let mut axes = axes_in(&interest, people);
    if !interest.purposes.is_empty() || interest.every_purpose {
        axes.extend(purpose_axes);
    }
    axes
}

fn axes_in(interest: &Interest<'_>, people: &People) -> BTreeSet<usize> {
    let is_in = |axis: &Axis| match axis {
        Axis::User => interest.exact_user || !interest.users.is_empty(),
        Axis::Attribute(name) => interest.attributes.contains_key(name),
        Axis::Group(group) => interest.groups.contains(group) || interest.every_group,
        Axis::Role(role) => interest.roles.contains(role) || interest.every_role,
        Axis::Cluster => !interest.clusters.is_empty() || interest.any_cluster,
        Axis::Purpose => false,
        // Days on which something begins or ends, hours, ages: everything may depend on when it is asked.
        Axis::Instant => true,
    };
    people.axes.iter().enumerate().filter(|(_, (axis, _))| is_in(axis)).map(|(number, _)| number).collect()
}
