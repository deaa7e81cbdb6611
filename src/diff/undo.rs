//! The single steps from one folder to the other, and what is decided where one of them is taken back: what a finding is due to, its
//! step alone undoes.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::diff::Side;
use crate::diff::context::Context;
use crate::diff::finding::{Cause, Turn};
use crate::document::kinds::Documents;
use crate::engine::rules::EngineRule;
use crate::engine::snapshot::Snapshot;
use crate::model::decision::RuleReference;
use crate::model::name::Name;

/// Above so many steps that can matter to a place none of them is taken back there.
const MOST_STEPS: usize = 12;

/// Above so many rules in all the snapshots of one step each they are not made.
const MOST_RULES: usize = 200_000;

/// A rule that has come, is gone or is another; by its places in the old and the new folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RuleStep {
    old: Option<usize>,
    new: Option<usize>,
}

/// What kind of document differs, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Attribute(Name),
    List(Name),
    Purpose(Name),
    Grant(Name),
    Domain(Name),
    Tag(Name),
    Tagging(Name),
}

#[derive(Debug)]
enum What {
    Rule(RuleStep),
    /// A document, with what became of it in words.
    Document(Part, String),
}

/// One step, and the new folder without it.
#[derive(Debug)]
pub(super) struct Step {
    what: What,
    without: OnceCell<Snapshot>,
}

/// Every step between two folders, but those of users, whose attributes are theirs alone.
#[derive(Debug)]
pub(super) struct Steps {
    all: Vec<Step>,
    /// By a rule's address, on either side: its step.
    of_rule: [HashMap<*const RuleReference, RuleStep>; 2],
}

impl Steps {
    pub(super) fn of([old, new]: [&Side<'_>; 2], documents: Vec<(Part, String)>) -> Self {
        let rules = rule_steps(&old.snapshot.rules, &new.snapshot.rules);
        let mut of_rule = [HashMap::new(), HashMap::new()];
        for step in &rules {
            for (map, (side, place)) in of_rule.iter_mut().zip([(old, step.old), (new, step.new)]) {
                let rule = place.and_then(|place| side.snapshot.rules.get(place));
                map.extend(rule.map(|rule| (Arc::as_ptr(&rule.reference), *step)));
            }
        }
        let rules = rules.into_iter().map(What::Rule);
        let documents = documents.into_iter().map(|(part, words)| What::Document(part, words));
        let all = rules.chain(documents).map(|what| Step { what, without: OnceCell::new() }).collect();
        Self { all, of_rule }
    }

    /// The steps that can matter on a place; `None`: there are too many.
    pub(super) fn on<'s>(&'s self, sides: [&Side<'_>; 2], context: &Context<'_>) -> Option<Vec<&'s Step>> {
        let [old, new] = sides.map(|side| side.snapshot.rules.as_slice());
        let [on_old, on_new]: [HashSet<*const RuleReference>; 2] =
            [0, 1].map(|side: usize| addresses(context.rules.get(side).into_iter().flatten().copied()));
        let is_on = |rules: &[EngineRule], place: Option<usize>, on: &HashSet<*const RuleReference>| {
            place.and_then(|place| rules.get(place)).is_some_and(|rule| on.contains(&Arc::as_ptr(&rule.reference)))
        };
        let matters = |step: &&Step| match &step.what {
            What::Rule(step) => is_on(old, step.old, &on_old) || is_on(new, step.new, &on_new),
            What::Document(..) => true,
        };
        let on: Vec<&Step> = self.all.iter().filter(matters).collect();
        let rules = (old.len() + new.len()).saturating_mul(self.all.len());
        (on.len() <= MOST_STEPS && rules <= MOST_RULES).then_some(on)
    }

    /// What a rule's own step is, if it has one. `side`: in which folder the rule is.
    pub(super) fn of_rule(&self, side: usize, rule: &Arc<RuleReference>) -> Option<RuleStep> {
        self.of_rule.get(side)?.get(&Arc::as_ptr(rule)).copied()
    }
}

impl Step {
    /// The new folder without this step.
    pub(super) fn without(&self, [old, new]: [&Side<'_>; 2]) -> &Snapshot {
        self.without.get_or_init(|| match &self.what {
            What::Rule(step) => {
                let mut rules = new.snapshot.rules.clone();
                let before = step.old.and_then(|place| old.snapshot.rules.get(place)).cloned();
                match (step.new.filter(|place| *place < rules.len()), before) {
                    (Some(place), before) => drop(rules.splice(place..=place, before)),
                    (None, before) => rules.extend(before),
                }
                new.snapshot.clone().with_rules(rules)
            }
            What::Document(part, _) => {
                let mut documents = new.documents.clone();
                part.put_back(old.documents, &mut documents);
                Snapshot::build(&documents, &new.snapshot.zone)
            }
        })
    }

    /// What became of the rule or the document, as seen from a place.
    pub(super) fn cause(&self, sides: [&Side<'_>; 2], context: &Context<'_>) -> Option<Cause> {
        match &self.what {
            What::Rule(step) => step.cause(sides, context),
            What::Document(_, words) => Some(Cause::Document(words.clone())),
        }
    }

    /// Whether it is a document other than a policy, through which rules may reach a place.
    pub(super) fn is_a_document(&self) -> bool {
        matches!(self.what, What::Document(..))
    }
}

fn addresses<'r>(rules: impl Iterator<Item = &'r EngineRule>) -> HashSet<*const RuleReference> {
    rules.map(|rule| Arc::as_ptr(&rule.reference)).collect()
}

impl RuleStep {
    /// What became of the rule, as seen from a place.
    pub(super) fn cause(self, [old, new]: [&Side<'_>; 2], context: &Context<'_>) -> Option<Cause> {
        let before = self.old.and_then(|place| old.snapshot.rules.get(place));
        let after = self.new.and_then(|place| new.snapshot.rules.get(place));
        let [_, on_new] = &context.rules;
        let turn = match (before, after) {
            // Its policy is on something else.
            (Some(before), Some(after)) if says(before) == says(after) => {
                let is_on = on_new.iter().any(|rule| Arc::ptr_eq(&rule.reference, &after.reference));
                if is_on { Turn::Reaches } else { Turn::ReachesNoLonger }
            }
            (Some(_), Some(_)) => Turn::Changed,
            (Some(_), None) => Turn::Removed,
            (None, _) => Turn::Added,
        };
        Some(rule_cause(&after.or(before)?.reference, turn))
    }
}

/// A rule as a reason.
pub(super) fn rule_cause(rule: &RuleReference, turn: Turn) -> Cause {
    Cause::Rule { policy: rule.policy.to_string(), rule: rule.rule.clone(), turn, sentence: rule.sentence.clone() }
}

impl Part {
    fn put_back(&self, from: &Documents, into: &mut Documents) {
        fn put<V: Clone>(name: &Name, from: &BTreeMap<Name, V>, into: &mut BTreeMap<Name, V>) {
            match from.get(name) {
                Some(document) => drop(into.insert(name.clone(), document.clone())),
                None => drop(into.remove(name)),
            }
        }
        match self {
            Self::Attribute(name) => put(name, &from.attributes, &mut into.attributes),
            Self::List(name) => put(name, &from.lists, &mut into.lists),
            Self::Purpose(name) => put(name, &from.purposes, &mut into.purposes),
            Self::Grant(name) => put(name, &from.grants, &mut into.grants),
            Self::Domain(name) => put(name, &from.domains, &mut into.domains),
            Self::Tag(name) => put(name, &from.tags, &mut into.tags),
            Self::Tagging(name) => put(name, &from.taggings, &mut into.taggings),
        }
    }
}

/// What a rule says, and when and in whose name; not what it is on.
fn says(rule: &EngineRule) -> String {
    format!("{}|{:?}|{:?}|{}", rule.reference.sentence, rule.domain, rule.period(), rule.liftable.is_some())
}

/// The rules that are not the same in both folders. A rule that only moved or has another name is; where one has the name of one
/// that is gone it is that one, changed.
fn rule_steps(old: &[EngineRule], new: &[EngineRule]) -> Vec<RuleStep> {
    let mut gone: Vec<Option<usize>> = (0..old.len()).map(Some).collect();
    let mut come: Vec<Option<usize>> = (0..new.len()).map(Some).collect();
    // Of the same policy first: of many rules that say the same few are in it.
    for same_policy in [true, false] {
        let key = |rule: &EngineRule| {
            let policy = if same_policy { rule.reference.policy.folded() } else { "" };
            format!("{policy}|{}", says(rule))
        };
        let mut waiting: HashMap<String, Vec<usize>> = HashMap::new();
        for place in come.iter().flatten() {
            waiting.entry(new.get(*place).map(key).unwrap_or_default()).or_default().push(*place);
        }
        for slot in &mut gone {
            let Some(rule) = slot.and_then(|place| old.get(place)) else { continue };
            let Some(places) = waiting.get_mut(&key(rule)) else { continue };
            let is_it = |place: &usize| new.get(*place).is_some_and(|other| other.target == rule.target);
            if let Some(at) = places.iter().position(is_it) {
                let place = places.remove(at);
                come.get_mut(place).into_iter().for_each(|slot| *slot = None);
                *slot = None;
            }
        }
    }
    let name = |rule: &EngineRule| (rule.reference.policy.clone(), rule.reference.rule.clone());
    let mut named: BTreeMap<(Name, String), usize> =
        come.iter().flatten().filter_map(|place| Some((name(new.get(*place)?), *place))).collect();
    let mut steps = Vec::new();
    for place in gone.into_iter().flatten() {
        let twin = old.get(place).and_then(|rule| named.remove(&name(rule)));
        steps.push(RuleStep { old: Some(place), new: twin });
    }
    steps.extend(named.into_values().map(|place| RuleStep { old: None, new: Some(place) }));
    steps
}
