//! Points to words: the people at some of the points that were looked at, in as few phrases as say it.

use std::collections::{BTreeSet, HashMap};

use crate::diff::declared::Declared;
use crate::diff::people::{Axis, People, Point, Position};
use crate::model::subject::Resolved;
use crate::model::value::Value;

/// More phrases than this are not written for one change.
const MOST_PHRASES: usize = 12;

/// More values than this are not listed in a phrase.
const MOST_LISTED: usize = 4;

/// Some people: for each axis the positions that they may be at.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    at: Vec<BTreeSet<u16>>,
}

/// People in words, with the declared users among them.
#[derive(Clone, Debug)]
pub(super) struct Who {
    pub(super) words: String,
    pub(super) users: BTreeSet<String>,
    /// Whether they are people of groups or roles, which the documents do not tell.
    pub(super) by_membership: bool,
    /// A point among them.
    pub(super) example: usize,
}

impl Group {
    fn has(&self, point: &[u16]) -> bool {
        self.at.iter().zip(point).all(|(positions, at)| positions.contains(at))
    }
}

/// A point without what does not matter.
struct Spot {
    at: Point,
    is_in: bool,
    /// One of the points that it was.
    example: usize,
}

/// Points that say something, with the axes on which nothing depends left out: those have their first position.
struct Spots {
    all: Vec<Spot>,
    matters: Vec<bool>,
}

impl Spots {
    fn of(people: &People, is_in: &dyn Fn(usize) -> Option<bool>) -> Self {
        let points = people.points.iter().enumerate();
        let spot = |(example, at): (usize, &Point)| is_in(example).map(|is_in| Spot { at: at.clone(), is_in, example });
        let mut spots = Self { all: points.filter_map(spot).collect(), matters: vec![true; people.axes.len()] };
        for axis in (0..people.axes.len()).rev() {
            spots.leave_out(axis);
        }
        spots
    }

    /// Leaves an axis out if no two points differ there alone and in whether they are in.
    fn leave_out(&mut self, axis: usize) {
        let mut known: HashMap<Point, (bool, usize)> = HashMap::new();
        for spot in &self.all {
            let mut at = spot.at.clone();
            if let Some(position) = at.get_mut(axis) {
                *position = 0;
            }
            let (is_in, _) = *known.entry(at).or_insert((spot.is_in, spot.example));
            if is_in != spot.is_in {
                return;
            }
        }
        if let Some(matters) = self.matters.get_mut(axis) {
            *matters = false;
        }
        self.all = known.into_iter().map(|(at, (is_in, example))| Spot { at, is_in, example }).collect();
        self.all.sort_by_key(|spot| spot.example);
    }

    fn group_of(&self, people: &People, spot: &Spot) -> Group {
        let every = |axis: usize| {
            let positions = people.axes.get(axis).map_or(0, |(_, positions)| positions.len());
            (0..positions).filter_map(|at| u16::try_from(at).ok()).collect()
        };
        let at = spot.at.iter().zip(&self.matters).enumerate();
        Group {
            at: at.map(|(axis, (at, matters))| if *matters { BTreeSet::from([*at]) } else { every(axis) }).collect(),
        }
    }
}

/// Puts the points for which `is_in` holds into words. `is_in`: `None` for a point that says nothing.
pub(super) fn told(people: &People, declared: &Declared, is_in: &dyn Fn(usize) -> Option<bool>) -> Vec<Who> {
    let spots = Spots::of(people, is_in);
    let mut covered: Vec<bool> = spots.all.iter().map(|spot| !spot.is_in).collect();
    let mut groups: Vec<(Group, usize)> = Vec::new();
    while let Some(first) = covered.iter().position(|covered| !covered).and_then(|first| spots.all.get(first)) {
        if groups.len() == MOST_PHRASES {
            break;
        }
        let group = grown(&spots, spots.group_of(people, first), people);
        for (covered, spot) in covered.iter_mut().zip(&spots.all) {
            *covered |= group.has(&spot.at);
        }
        groups.push((group, first.example));
    }
    without_superfluous(&spots, &mut groups);
    let mut all: Vec<Who> = groups.iter().map(|(group, first)| in_words(people, declared, group, *first)).collect();
    all.extend(rest_in_words(people, declared, &spots, &covered, is_in));
    all
}

/// Leaves out the groups of whom every point is in another one.
fn without_superfluous(spots: &Spots, groups: &mut Vec<(Group, usize)>) {
    for at in (0..groups.len()).rev() {
        let superfluous = groups.get(at).is_some_and(|(group, _)| {
            let mut own = spots.all.iter().filter(|spot| spot.is_in && group.has(&spot.at));
            own.all(|spot| groups.iter().enumerate().any(|(other, (of, _))| other != at && of.has(&spot.at)))
        });
        if superfluous {
            groups.remove(at);
        }
    }
}

/// What the phrases left over.
fn rest_in_words(
    people: &People,
    declared: &Declared,
    spots: &Spots,
    covered: &[bool],
    is_in: &dyn Fn(usize) -> Option<bool>,
) -> Option<Who> {
    let rest = covered.iter().filter(|covered| !**covered).count();
    let example = covered.iter().position(|covered| !covered).and_then(|first| spots.all.get(first))?.example;
    // Who they are by name is not left out.
    let points = people.points.iter().enumerate().filter(|(number, _)| is_in(*number) == Some(true));
    let places: BTreeSet<&[u16]> = points.filter_map(|(_, point)| point.get(..people.persons())).collect();
    let users = places.iter().flat_map(|place| people.declared.get(*place)).flatten();
    Some(Who {
        words: format!("{rest} more combinations of what people have"),
        by_membership: true,
        users: users.filter_map(|user| declared.users.get(*user)).map(ToString::to_string).collect(),
        example,
    })
}

/// The group with every position added that leaves it within the points that are in.
fn grown(spots: &Spots, mut group: Group, people: &People) -> Group {
    // First what brings more points, then what leaves an axis without a say and brings none.
    for brings_points in [true, true, false] {
        // What is about the hour and the purpose first: people are what is told last.
        for axis in (0..people.axes.len()).rev() {
            let positions = people.axes.get(axis).map_or(0, |(_, positions)| positions.len());
            let missing: Vec<u16> = (0..positions)
                .filter_map(|at| u16::try_from(at).ok())
                .filter(|at| group.at.get(axis).is_some_and(|known| !known.contains(at)))
                .collect();
            let steps: Vec<&[u16]> = if brings_points { missing.chunks(1).collect() } else { vec![&missing] };
            for step in steps {
                let mut added = spots.all.iter().filter(|spot| {
                    let mut others = group.at.iter().zip(&spot.at).enumerate();
                    spot.at.get(axis).is_some_and(|at| step.contains(at))
                        && others.all(|(other, (at, own))| other == axis || at.contains(own))
                });
                let mut brings = false;
                let fits = added.all(|spot| {
                    brings = true;
                    spot.is_in
                });
                if fits
                    && (brings || !brings_points)
                    && let Some(at) = group.at.get_mut(axis)
                {
                    at.extend(step);
                }
            }
        }
    }
    group
}

fn in_words(people: &People, declared: &Declared, group: &Group, example: usize) -> Who {
    let mut who = Vec::new();
    let mut with = Vec::new();
    let mut when = Vec::new();
    for ((axis, positions), at) in people.axes.iter().zip(&group.at) {
        if at.len() == positions.len() {
            continue;
        }
        let of = |at: &u16| positions.get(usize::from(*at));
        match axis {
            Axis::User => who.push(named(at.iter().filter_map(of), positions, "user")),
            Axis::Group(group) if at.contains(&1) => who.push(format!("members of group \"{group}\"")),
            Axis::Group(group) => with.push(format!("not in group \"{group}\"")),
            Axis::Role(role) if at.contains(&1) => with.push(format!("in role \"{role}\"")),
            Axis::Role(role) => with.push(format!("not in role \"{role}\"")),
            Axis::Attribute(name) => with.push(attribute(name.folded(), at, positions)),
            Axis::Cluster => when.push(format!("on {}", named(at.iter().filter_map(of), positions, "cluster"))),
            Axis::Purpose => when.push(purposes(at, positions)),
            Axis::Instant => when.push(instants(at, positions)),
        }
    }
    let mut words = if who.is_empty() { "everyone".to_owned() } else { who.join(" and ") };
    let with: Vec<String> = with.into_iter().filter(|part| !part.is_empty()).collect();
    if !with.is_empty() {
        words.push_str(if with.iter().all(|part| part.starts_with("with")) { " " } else { ", " });
        words.push_str(&with.join(", "));
    }
    when.iter().for_each(|part| {
        words.push_str(", ");
        words.push_str(part);
    });
    let users = people.declared.iter().filter(|(place, _)| group.has(place)).flat_map(|(_, users)| users);
    let users = users.filter_map(|user| declared.users.get(*user)).map(ToString::to_string).collect();
    let of_groups = people
        .axes
        .iter()
        .zip(&group.at)
        .any(|((axis, _), at)| matches!(axis, Axis::Group(_) | Axis::Role(_)) && at.len() == 1 && at.contains(&1));
    Who { words, users, by_membership: of_groups, example }
}

fn named<'p>(at: impl Iterator<Item = &'p Position> + Clone, positions: &[Position], what: &str) -> String {
    let quoted = |position: &Position| match position {
        Position::Named(name) => Some(format!("\"{name}\"")),
        _ => None,
    };
    if at.clone().any(|position| *position == Position::Another) {
        let missing: Vec<String> =
            positions.iter().filter(|position| !at.clone().any(|at| at == *position)).filter_map(quoted).collect();
        return format!("any {what} but {}", listed(&missing));
    }
    format!("{what} {}", listed(&at.filter_map(quoted).collect::<Vec<_>>()))
}

fn listed(all: &[String]) -> String {
    match all {
        [] => String::new(),
        many if many.len() > MOST_LISTED => {
            let first: Vec<&str> = many.iter().take(MOST_LISTED - 1).map(String::as_str).collect();
            format!("{} or {} others", first.join(", "), many.len() - MOST_LISTED + 1)
        }
        many => many.join(" or "),
    }
}

/// `with @department = 'FINANCE'`
fn attribute(name: &str, at: &BTreeSet<u16>, positions: &[Position]) -> String {
    let place = |position: usize| u16::try_from(position).unwrap_or(u16::MAX);
    let split = |inside: bool| -> Vec<&Position> {
        positions
            .iter()
            .enumerate()
            .filter(|(n, _)| at.contains(&place(*n)) == inside)
            .map(|(_, position)| position)
            .collect()
    };
    let (inside, outside) = (split(true), split(false));
    let is_missing =
        |position: &&Position| matches!(position, Position::Holds { old: Resolved::Missing, new: Resolved::Missing });
    let values = |of: &[&Position]| -> Vec<String> {
        of.iter().filter(|position| !is_missing(position)).map(|position| value(position)).collect()
    };
    if inside.iter().all(is_missing) {
        return format!("without @{name}");
    }
    if outside.iter().all(is_missing) {
        return format!("with @{name}");
    }
    if outside.len() < inside.len() {
        let present = if outside.iter().any(is_missing) { "with" } else { "unless with" };
        return if present == "with" {
            format!("with @{name} other than {}", listed(&values(&outside)))
        } else {
            format!("without @{name} = {}", listed(&values(&outside)))
        };
    }
    let missing = if inside.iter().any(is_missing) { " or without it" } else { "" };
    format!("with @{name} = {}{missing}", listed(&values(&inside)))
}

fn value(position: &Position) -> String {
    let one = |resolved: &Resolved| match resolved {
        Resolved::Values(values) if values.is_empty() => "nothing".to_owned(),
        Resolved::Values(values) => {
            let values: Vec<String> = values.iter().map(literal).collect();
            values.join(" and ")
        }
        Resolved::Missing => "nothing".to_owned(),
        Resolved::Unknown(_) => "something unknown".to_owned(),
    };
    match position {
        Position::Holds { old, new } if old == new => one(new),
        Position::Holds { old, new } => format!("{} (before: {})", one(new), one(old)),
        _ => String::new(),
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Number(_) | Value::Boolean(_) => value.written(),
        Value::Text(text) if &**text == "another" => "another".to_owned(),
        value => format!("'{}'", value.written()),
    }
}

fn purposes(at: &BTreeSet<u16>, positions: &[Position]) -> String {
    let mut words: Vec<String> = Vec::new();
    let acting: Vec<String> = at
        .iter()
        .filter_map(|at| match positions.get(usize::from(*at)) {
            Some(Position::Purpose(purpose)) => Some(format!("\"{purpose}\"")),
            _ => None,
        })
        .collect();
    let is = |wanted: &Position| at.iter().any(|at| positions.get(usize::from(*at)) == Some(wanted));
    if is(&Position::NoPurpose) && is(&Position::Unproven) {
        let at_none_of =
            positions.iter().enumerate().filter(|(place, _)| at.iter().all(|at| usize::from(*at) != *place));
        let others: Vec<String> = at_none_of
            .filter_map(|(_, position)| match position {
                Position::Purpose(purpose) => Some(format!("\"{purpose}\"")),
                _ => None,
            })
            .collect();
        return format!("not acting for purpose {}", listed(&others));
    }
    if !acting.is_empty() {
        words.push(format!("acting for purpose {}", listed(&acting)));
    }
    if is(&Position::NoPurpose) {
        words.push("without a purpose".to_owned());
    }
    if is(&Position::Unproven) {
        words.push("naming a purpose that no grant gives them".to_owned());
    }
    words.join(" or ")
}

fn instants(at: &BTreeSet<u16>, positions: &[Position]) -> String {
    let times: Vec<String> = at
        .iter()
        .filter_map(|at| match positions.get(usize::from(*at)) {
            Some(Position::At(time)) => Some(time.strftime("%A %Y-%m-%d %H:%M UTC").to_string()),
            _ => None,
        })
        .collect();
    format!("at {}", listed(&times))
}
