//! The rules on a place before and after, and whether anything about them is another.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use crate::diff::Side;
use crate::diff::finding::{Cause, Turn};
use crate::diff::interest::Interest;
use crate::diff::undo::{Steps, rule_cause};
use crate::engine::apart::rules_at;
use crate::engine::rules::EngineRule;
use crate::engine::snapshot::Snapshot;
use crate::engine::target::{Place, Reach};
use crate::model::decision::RuleReference;
use crate::model::name::{Name, TableName};

/// The same number: the same rule, wherever it stands and whatever it is called.
type RuleId = u32;

/// Both folders' rules by what they say.
#[derive(Debug)]
pub(super) struct Rules {
    ids: [Vec<RuleId>; 2],
    by_reference: [HashMap<*const RuleReference, RuleId>; 2],
    all: [BTreeSet<RuleId>; 2],
}

/// Rules on a place, of one folder: in no order, for order has no meaning.
type On = Vec<(RuleId, Reach)>;

/// By what two places are told apart: the rules on them, and the people of the domains that own them where rules name those.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    on: [On; 2],
    people: [String; 2],
    /// Metadata tables stand alone.
    alone: Option<TableName>,
}

/// The rules on some places, before and after.
#[derive(Clone, Debug)]
pub(super) struct Context<'a> {
    pub(super) rules: [Vec<&'a EngineRule>; 2],
    /// What each of them is, and how far it reaches.
    pub(super) on: [Vec<(RuleId, Reach)>; 2],
    ids: [BTreeSet<RuleId>; 2],
}

impl Rules {
    pub(super) fn of(sides: [&Side<'_>; 2]) -> Self {
        let mut known: HashMap<String, RuleId> = HashMap::new();
        let mut number = |side: &Side<'_>| -> Vec<RuleId> {
            let mut ids = Vec::new();
            for rule in &side.snapshot.rules {
                let next = RuleId::try_from(known.len()).unwrap_or(RuleId::MAX);
                ids.push(*known.entry(identity(side.snapshot, rule)).or_insert(next));
            }
            ids
        };
        let ids = sides.map(&mut number);
        let mut by_reference = [HashMap::new(), HashMap::new()];
        for ((side, ids), map) in sides.into_iter().zip(&ids).zip(&mut by_reference) {
            *map = side.snapshot.rules.iter().zip(ids).map(|(rule, id)| (Arc::as_ptr(&rule.reference), *id)).collect();
        }
        let all = [0, 1].map(|side: usize| ids.get(side).into_iter().flatten().copied().collect());
        Self { ids, by_reference, all }
    }

    /// The rules on a place; `also`: those of other places that count there.
    pub(super) fn context<'a>(
        &self,
        sides: [&Side<'a>; 2],
        places: &[Place<'_>],
        table: Option<&TableName>,
    ) -> (Key, Context<'a>) {
        let [old, new] = [0, 1].map(|index: usize| self.on(sides.get(index), self.ids.get(index), places));
        let people = sides.map(|side| table.map_or_else(String::new, |table| domain_people(side.snapshot, table)));
        let names_people = |rules: &[&EngineRule]| {
            let mut interest = Interest::default();
            rules.iter().for_each(|rule| interest.rule(rule));
            interest.domain_people
        };
        let matters = people.iter().any(|people| !people.is_empty()) && (names_people(&old.1) || names_people(&new.1));
        let ids = [&old.0, &new.0].map(|on| on.iter().map(|(id, _)| *id).collect());
        let key = Key {
            on: [old.0, new.0],
            people: if matters { people } else { Default::default() },
            alone: table.filter(|table| table.bases().next().is_some()).cloned(),
        };
        (key, Context { rules: [old.1, new.1], on: [old.2, new.2], ids })
    }

    fn on<'a>(
        &self,
        side: Option<&&Side<'a>>,
        ids: Option<&Vec<RuleId>>,
        places: &[Place<'_>],
    ) -> (On, Vec<&'a EngineRule>, On) {
        let (Some(side), Some(ids)) = (side, ids) else { return Default::default() };
        let snapshot: &'a Snapshot = side.snapshot;
        let mut reached: BTreeMap<usize, Reach> = BTreeMap::new();
        for place in places {
            for (number, reach) in rules_at(snapshot, *place) {
                let known = reached.entry(number).or_insert(reach);
                *known = reach.max(*known);
            }
        }
        let each: On = reached.iter().filter_map(|(number, reach)| Some((*ids.get(*number)?, *reach))).collect();
        let mut on = each.clone();
        on.sort_unstable();
        on.dedup();
        (on, reached.keys().filter_map(|number| snapshot.rules.get(*number)).collect(), each)
    }

    /// Why an answer is another, as far as rules tell: those that determined it in one folder and are not on the place in the other.
    pub(super) fn causes(
        &self,
        sides: [&Side<'_>; 2],
        steps: &Steps,
        context: &Context<'_>,
        determined: [&mut dyn Iterator<Item = &Arc<RuleReference>>; 2],
    ) -> BTreeSet<Cause> {
        let mut causes = BTreeSet::new();
        for (side, rules) in determined.into_iter().enumerate() {
            let other = 1 - side;
            let (Some(ids), Some(elsewhere), Some(there)) =
                (self.by_reference.get(side), self.all.get(other), context.ids.get(other))
            else {
                continue;
            };
            for rule in rules {
                let Some(id) = ids.get(&Arc::as_ptr(rule)).filter(|id| !there.contains(*id)) else { continue };
                let turn = if side == 0 { Turn::ReachesNoLonger } else { Turn::Reaches };
                causes.extend(match steps.of_rule(side, rule) {
                    Some(step) => step.cause(sides, context),
                    // It is the same, and a tag or a domain brings it here or takes it away.
                    None => elsewhere.contains(id).then(|| rule_cause(rule, turn)),
                });
            }
        }
        causes
    }

    /// The rules that are on the place in one folder alone and of which something holds; where it holds of none, all of them.
    pub(super) fn every_cause(
        &self,
        sides: [&Side<'_>; 2],
        steps: &Steps,
        context: &Context<'_>,
        of: impl Fn(&EngineRule) -> bool,
    ) -> BTreeSet<Cause> {
        let [old, new] = &context.rules;
        let causes = |of: &dyn Fn(&EngineRule) -> bool| {
            let [mut old, mut new] =
                [old, new].map(|rules| rules.iter().filter(|rule| of(rule)).map(|rule| &rule.reference));
            self.causes(sides, steps, context, [&mut old, &mut new])
        };
        let found = causes(&of);
        if found.is_empty() { causes(&|_| true) } else { found }
    }
}

impl Key {
    /// Whether the rules are the same before and after.
    pub(super) fn is_unchanged(&self) -> bool {
        let [old, new] = &self.on;
        let [before, after] = &self.people;
        old == new && before == after
    }
}

impl<'a> Context<'a> {
    /// One rule of one folder by itself.
    pub(super) fn of_one(rule: &'a EngineRule, side: usize) -> Self {
        let mut alone = Self { rules: Default::default(), on: Default::default(), ids: Default::default() };
        alone.rules.get_mut(side).into_iter().for_each(|rules| rules.push(rule));
        alone
    }

    /// The rules that are on the place in one folder alone, or reach over it in another way.
    pub(super) fn changed(&self) -> impl Iterator<Item = &'a EngineRule> + '_ {
        let [old, new] = &self.on;
        let of = |rules: &'_ [&'a EngineRule], own: &'_ On, other: &'_ On| -> Vec<&'a EngineRule> {
            rules.iter().zip(own).filter(|(_, on)| !other.contains(on)).map(|(rule, _)| *rule).collect()
        };
        let [before, after] = &self.rules;
        [of(before, old, new), of(after, new, old)].into_iter().flatten()
    }

    /// What the rules ask of people: the grants that count for them, and the people of the domain, included.
    pub(super) fn interest(&self, sides: [&Side<'a>; 2], table: Option<&TableName>) -> Interest<'a> {
        let mut interest = Interest::default();
        self.rules.iter().flatten().for_each(|rule| interest.rule(rule));
        for (side, rules) in sides.into_iter().zip(&self.rules) {
            if interest.domain_people
                && let Some(table) = table
            {
                for domain in
                    side.documents.domains.values().filter(|domain| domain.owns.iter().any(|p| p.covers(table)))
                {
                    [&domain.owners, &domain.stewards, &domain.writers].into_iter().for_each(|of| interest.members(of));
                }
            }
            for rule in rules {
                if let Some(liftable) = &rule.liftable {
                    for grant in side.snapshot.exceptions_to(liftable) {
                        interest.grant(grant);
                    }
                }
            }
        }
        if !interest.purposes.is_empty() || interest.every_purpose {
            sides.into_iter().flat_map(|side| side.snapshot.purpose_grants()).for_each(|grant| interest.grant(grant));
        }
        interest
    }
}

/// What a rule says, and all about it that is not its name, its place or what it is on.
fn identity(snapshot: &Snapshot, rule: &EngineRule) -> String {
    let mut text = format!("{}|{:?}", rule.reference.sentence, rule.period());
    if let Some(domain) = &rule.domain {
        let above: Vec<&str> = snapshot.domains.above(domain).iter().map(Name::folded).collect();
        let _infallible = write!(text, "|{}", above.join("/"));
    }
    for grant in rule.liftable.iter().flat_map(|liftable| snapshot.exceptions_to(liftable)) {
        let to: Vec<String> = grant.to.iter().map(ToString::to_string).collect();
        let _infallible = write!(text, "|{} {:?} {:?}", to.join(","), grant.from, grant.until);
    }
    text
}

fn domain_people(snapshot: &Snapshot, table: &TableName) -> String {
    let mut text = String::new();
    for domain in snapshot.domains.owning(table) {
        for people in [&domain.owners, &domain.stewards, &domain.writers] {
            let people: Vec<String> = people.iter().map(ToString::to_string).collect();
            let _infallible = write!(text, "{};", people.join(","));
        }
    }
    text
}
