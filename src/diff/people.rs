//! Whom to ask about: one point for each kind of person, purpose and hour that some rules can tell apart.
//!
//! Every declared user is there with what the documents say of them; besides there is somebody for each value that a rule mentions,
//! for another one, and for none. Which groups and roles people have, the documents do not say: each is looked at with and without.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::diff::Side;
use crate::diff::declared::{Declared, Positions};
use crate::diff::interest::Interest;
use crate::diff::layout::{combinations, subsets, synthetic};
use crate::document::kinds::{Documents, Given};
use crate::engine::PURPOSE_CREDENTIAL;
use crate::model::name::Name;
use crate::model::subject::{Identity, Party, Resolved, Subject};

/// The most points in time.
const MOST_INSTANTS: usize = 24;

/// So many people, invented and declared, are looked at with each group that no changed rule names, where there are too many.
const SOME: usize = 8;

/// A user whom no document and no rule names.
pub(super) const SOMEBODY: &str = "somebody";

/// What a query claims that acts for a purpose that nothing proves.
const UNPROVEN: &str = "a purpose that no grant gives";

/// Something in which people, purposes and hours differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    User,
    Attribute(Name),
    Group(Arc<str>),
    Role(Arc<str>),
    Cluster,
    Purpose,
    Instant,
}

/// One way to be on an axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// Of a user or a cluster: by name.
    Named(Arc<str>),
    /// Of a user or a cluster: none that is named.
    Another,
    /// Of a group or role: has it.
    Has,
    /// Of a group or role: has it not.
    Lacks,
    /// Of an attribute: what is known of it before and after.
    Holds { old: Resolved, new: Resolved },
    /// Acts for no purpose.
    NoPurpose,
    /// Acts for a purpose.
    Purpose(Name),
    /// Names a purpose that no grant gives.
    Unproven,
    /// When it is asked.
    At(Timestamp),
}

/// The place of one point on each axis.
pub(super) type Point = Vec<u16>;

/// The points that some rules can tell apart.
#[derive(Debug)]
pub(super) struct People {
    pub(super) axes: Vec<(Axis, Vec<Position>)>,
    pub(super) points: Vec<Point>,
    /// Declared users, by their places on the first axes, which are about persons.
    pub(super) declared: BTreeMap<Vec<u16>, Vec<usize>>,
    /// Why some combinations were left out; `None`: all were looked at.
    pub(super) left_out: Option<String>,
    persons: usize,
}

impl People {
    /// Lays the points out.
    pub(super) fn of(
        sides: [&Side<'_>; 2],
        users: &Declared,
        interest: &Interest<'_>,
        foremost: &Interest<'_>,
        most: usize,
    ) -> Self {
        let [old, new] = sides;
        let now = new.now;
        let mut axes = vec![(Axis::User, users.user_positions(interest))];
        let names = axes.first().map(|(_, positions)| positions.clone()).unwrap_or_default();
        let own_place = |user: &Arc<str>| {
            let place = names.iter().position(|at| matches!(at, Position::Named(name) if name == user));
            u16::try_from(place.unwrap_or_default()).unwrap_or_default()
        };
        let mut values_cut = false;
        let mut places: Vec<Vec<u16>> = users.users.iter().map(|user| vec![own_place(user)]).collect();
        for name in interest.attributes.keys() {
            let Positions { all, of_users, cut } = users.positions(sides, name, interest);
            values_cut |= cut;
            places
                .iter_mut()
                .enumerate()
                .for_each(|(at, place)| place.push(of_users.get(at).copied().unwrap_or_default()));
            axes.push((Axis::Attribute(name.clone()), all));
        }
        let mut declared: BTreeMap<Vec<u16>, Vec<usize>> = BTreeMap::new();
        places.into_iter().enumerate().for_each(|(user, place)| declared.entry(place).or_default().push(user));
        let declared_names =
            (0..).zip(&names).filter(|(_, at)| matches!(at, Position::Named(name) if users.users.contains(name)));
        let declared_names: BTreeSet<u16> = declared_names.map(|(place, _)| place).collect();
        let mut people = Self { persons: axes.len(), axes, points: Vec::new(), declared, left_out: None };
        let (instants, times_cut) = instants(interest, now, &old.snapshot.zone);
        // Those that changed rules name come first.
        let groups =
            interest.groups.iter().map(|group| (foremost.groups.contains(group), Axis::Group(Arc::clone(group))));
        let roles = interest.roles.iter().map(|role| (foremost.roles.contains(role), Axis::Role(Arc::clone(role))));
        let mut memberships: Vec<(bool, Axis)> = groups.chain(roles).collect();
        memberships.sort_by_key(|(foremost, _)| !foremost);
        let foremost = memberships.iter().filter(|(foremost, _)| *foremost).count();
        people.axes.extend(memberships.into_iter().map(|(_, axis)| (axis, vec![Position::Lacks, Position::Has])));
        let clusters = interest.clusters.iter().map(|cluster| Position::Named(Arc::clone(cluster)));
        people.axes.push((Axis::Cluster, [Position::Another].into_iter().chain(clusters).collect()));
        people.axes.push((Axis::Purpose, purposes(old.documents, new.documents, interest)));
        people.axes.push((Axis::Instant, instants.into_iter().map(Position::At).collect()));
        people.lay_out(most, foremost, &declared_names);
        if values_cut || times_cut {
            people.left_out.get_or_insert_with(|| "not every value and time that rules name".to_owned());
        }
        people
    }

    /// Every combination where there is room. Else everybody with the groups and roles that changed rules name, and some people with
    /// each of the others. `foremost`: how many axes of groups and roles changed rules name.
    fn lay_out(&mut self, most: usize, foremost: usize, declared_names: &BTreeSet<u16>) {
        let (of_persons, rest) = self.axes.split_at(self.persons);
        let groups = rest.len().saturating_sub(3);
        let circumstances = combinations(rest.get(groups..).unwrap_or_default());
        let declared: Vec<Vec<u16>> = self.declared.keys().cloned().collect();
        // Of declared users the documents say what they have.
        let is_invented = |person: &Vec<u16>| {
            person.first().is_none_or(|name| !declared_names.contains(name)) && !self.declared.contains_key(person)
        };
        let every_person = synthetic(of_persons, usize::MAX);
        let all_persons = every_person.is_some();
        let room = most / (foremost + 2) / circumstances.len().max(1);
        let invented = every_person.filter(|all| all.len() <= room.max(64)).or_else(|| synthetic(of_persons, 64));
        let invented: Vec<Vec<u16>> = invented.unwrap_or_default().into_iter().filter(is_invented).collect();
        let some: Vec<Vec<u16>> = invented.iter().take(SOME).chain(declared.iter().take(SOME)).cloned().collect();
        let everybody = [declared, invented].concat();
        let every = 1_usize.checked_shl(u32::try_from(groups).unwrap_or(u32::MAX)).unwrap_or(usize::MAX);
        let points = everybody.len().saturating_mul(circumstances.len());
        let mut laid: BTreeSet<Point> = BTreeSet::new();
        let mut lay = |persons: &[Vec<u16>], subsets: &[Vec<u16>]| {
            for at in &circumstances {
                for subset in subsets {
                    for person in persons {
                        let point: Point = [person, subset, at].into_iter().flatten().copied().collect();
                        if laid.insert(point.clone()) {
                            self.points.push(point);
                        }
                    }
                }
            }
        };
        if points.saturating_mul(every) <= most {
            lay(&everybody, &subsets(groups, every));
            if !all_persons {
                self.left_out = Some("not every combination of attributes".to_owned());
            }
            return;
        }
        let mut of_changed = subsets(foremost, most / 2 / points.max(1));
        of_changed.iter_mut().for_each(|subset| subset.resize(groups, 0));
        lay(&everybody, &of_changed);
        lay(&some, &subsets(groups, most / 2 / some.len().max(1) / circumstances.len().max(1)));
        self.left_out =
            Some(format!("{} of some {every} combinations of groups, roles and attributes", self.points.len()));
    }

    pub(super) fn position(&self, point: &Point, axis: usize) -> Option<(&Axis, &Position)> {
        let (of, positions) = self.axes.get(axis)?;
        Some((of, positions.get(usize::from(*point.get(axis)?))?))
    }

    /// How many of the axes are about persons.
    pub(super) fn persons(&self) -> usize {
        self.persons
    }

    /// Who asks at a point, before or after.
    pub(super) fn subject(&self, point: &Point, age: Age) -> Subject {
        let mut subject = Subject {
            asking: Party { identity: Identity::of_user(SOMEBODY), ..Party::default() },
            invoker: None,
            now: Timestamp::UNIX_EPOCH,
            cluster: Arc::from("another cluster"),
        };
        for axis in 0..self.axes.len() {
            let Some((of, position)) = self.position(point, axis) else { continue };
            let identity = &mut subject.asking.identity;
            match (of, position) {
                (Axis::User, Position::Named(name)) => identity.user = Arc::clone(name),
                (Axis::Cluster, Position::Named(name)) => subject.cluster = Arc::clone(name),
                (Axis::Group(group), Position::Has) => drop(identity.groups.insert(Arc::clone(group))),
                (Axis::Role(role), Position::Has) => drop(identity.enabled_roles.insert(Arc::clone(role))),
                (Axis::Attribute(name), Position::Holds { old, new }) => {
                    let resolved = if age == Age::Old { old } else { new };
                    subject.asking.attributes.insert(name.clone(), resolved.clone());
                }
                (_, Position::Purpose(purpose)) => {
                    identity.extra_credentials.insert(PURPOSE_CREDENTIAL.to_owned(), purpose.as_str().to_owned());
                }
                (_, Position::Unproven) => {
                    identity.extra_credentials.insert(PURPOSE_CREDENTIAL.to_owned(), UNPROVEN.to_owned());
                }
                (_, Position::At(at)) => subject.now = *at,
                _ => {}
            }
        }
        let principal = Arc::clone(&subject.asking.identity.user);
        subject.asking.identity.principal = Some(principal);
        subject
    }
}

/// Which of the two folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    Old,
    New,
}

/// The purposes that somebody can act for and that matter.
fn purposes(old: &Documents, new: &Documents, interest: &Interest<'_>) -> Vec<Position> {
    if interest.purposes.is_empty() && !interest.every_purpose {
        return vec![Position::NoPurpose];
    }
    let given =
        [old, new].into_iter().flat_map(|documents| documents.grants.values()).filter_map(|grant| match &grant.gives {
            Given::Purpose(purpose) => Some(purpose.clone()),
            Given::Exception { .. } => None,
        });
    let given: BTreeSet<Name> = given.collect();
    [Position::NoPurpose, Position::Unproven].into_iter().chain(given.into_iter().map(Position::Purpose)).collect()
}

/// Now, and one point in time for each stretch of the day and each stretch of days that rules tell apart.
fn instants(interest: &Interest<'_>, now: Timestamp, zone: &TimeZone) -> (Vec<Timestamp>, bool) {
    let here = now.to_zoned_datetime(zone.clone());
    let mut instants = vec![now];
    let mut cut = false;
    let mut add = |at: Option<jiff::ZonedDateTime>| {
        if let Some(at) = at.map(|at| at.timestamp())
            && !instants.contains(&at)
        {
            if instants.len() < MOST_INSTANTS { instants.push(at) } else { cut = true }
        }
    };
    let is_weekend = |day: &jiff::civil::Date| {
        matches!(day.weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday)
    };
    let turns = interest.days.iter().copied().filter(|day| *day > here.date());
    for first in [here.date()].into_iter().chain(turns) {
        let ahead = if interest.weekdays { 7 } else { 1 };
        let week = (0..ahead).filter_map(|ahead| first.checked_add(jiff::Span::new().days(ahead)).ok());
        let mut seen = BTreeSet::new();
        for day in week.filter(|day| seen.insert(is_weekend(day))) {
            // Of today the hour that it is is there already.
            let now_or_noon = if day == first { here.time() } else { jiff::civil::Time::constant(12, 0, 0, 0) };
            for time in [now_or_noon].into_iter().chain(interest.hours.iter().copied()) {
                add(day.to_datetime(time).to_zoned_datetime(zone.clone()).ok());
            }
        }
    }
    (instants, cut)
}
