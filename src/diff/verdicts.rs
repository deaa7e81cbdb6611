//! The verdicts on actions before and after.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diff::blame::{Blame, references};
use crate::diff::change::{Bench, Change, Pair, Way};
use crate::diff::context::Context;
use crate::diff::finding::{Certainty, What};
use crate::diff::places::ActsOn;
use crate::engine::decide;
use crate::engine::rules::EngineRule;
use crate::model::action::{Action, ActionGroup};
use crate::model::decision::{Decision, RuleReference};
use crate::model::request::{AccessRequest, Request, Resource};

/// Actions that every rule treats alike.
#[derive(Debug)]
pub(super) struct Alike {
    actions: Vec<Action>,
    /// By their places among the rules: those on which the verdict depends.
    rules: Vec<usize>,
    /// Whether the verdict depends on nothing but what these look at, and so is the same on everything in the context.
    on_rules_alone: bool,
}

/// Before, after, and why.
pub(super) type Verdicts = (bool, bool, Blame);

impl Bench<'_, '_> {
    /// The actions whose verdict is another, with the new verdict and why.
    pub(super) fn verdicts(&self, pair: &Pair, resource: &Resource) -> Vec<(Action, bool, Blame)> {
        let mut differing = Vec::new();
        for (number, alike) in self.alike.iter().enumerate() {
            let Some(first) = alike.actions.first().filter(|first| is_asked_of(**first, resource)) else { continue };
            let verdicts = if alike.on_rules_alone && pair.old.asking.attributes == pair.new.asking.attributes {
                let looks = alike.rules.iter().filter_map(|rule| pair.looks.get(*rule).copied()).collect();
                let key = (number, looks);
                let known = self.known.borrow().get(&key).cloned();
                known.unwrap_or_else(|| {
                    let verdicts = self.verdict(pair, *first, resource);
                    self.known.borrow_mut().insert(key, verdicts.clone());
                    verdicts
                })
            } else {
                self.verdict(pair, *first, resource)
            };
            if verdicts.0 != verdicts.1 {
                differing.extend(alike.actions.iter().map(|action| (*action, verdicts.1, verdicts.2.clone())));
            }
        }
        differing
    }

    fn verdict(&self, pair: &Pair, action: Action, resource: &Resource) -> Verdicts {
        let [old, new] = self.sides;
        // A rename within the same place.
        let request =
            Request::Access(AccessRequest { action, resource: resource.clone(), target: Some(resource.clone()) });
        let (Decision::Access(before), Decision::Access(after)) =
            (decide(old.snapshot, &pair.old, &request), decide(new.snapshot, &pair.new, &request))
        else {
            return (false, false, Blame::default());
        };
        let (was, is) = (before.verdict.is_allowed(), after.verdict.is_allowed());
        if was == is {
            return (was, is, Blame::default());
        }
        let determined: [&mut dyn Iterator<Item = &Arc<RuleReference>>; 2] =
            [&mut references(&before.determined_by, &|_| true), &mut references(&after.determined_by, &|_| true)];
        let mut causes = self.rules.causes(self.sides, self.steps, self.context, determined);
        if causes.is_empty() {
            let of = |rule: &EngineRule| rule.actions.contains(action);
            causes = self.rules.every_cause(self.sides, self.steps, self.context, of);
        }
        let likely = Blame { causes, people: false };
        let blame = self.undoing(pair, likely, &|without, subject| match decide(without, subject, &request) {
            Decision::Access(decision) => decision.verdict.is_allowed() == was,
            _ => false,
        });
        (was, is, blame)
    }

    pub(super) fn actions(&self, verdicts: &[(Action, bool, Blame)], on: ActsOn, changes: &mut Vec<Change>) {
        for way in [Way::Gain, Way::Loss] {
            let of = || verdicts.iter().filter(|(_, allowed, _)| *allowed == (way == Way::Gain));
            // What has one reason is told together.
            let reasons: BTreeSet<&Blame> = of().map(|(_, _, blame)| blame).collect();
            for because in reasons {
                let actions: Vec<Action> =
                    of().filter(|(_, _, blame)| *blame == *because).map(|(action, ..)| *action).collect();
                let (before, after) = if way == Way::Gain { ("denied", "allowed") } else { ("allowed", "denied") };
                changes.push(Change {
                    way,
                    what: What::Actions(words(&actions, on)),
                    before: before.to_owned(),
                    after: after.to_owned(),
                    certainty: Certainty::Certain,
                    because: because.clone(),
                });
            }
        }
    }
}

/// Whether Trino asks for the action on just this resource.
fn is_asked_of(action: Action, resource: &Resource) -> bool {
    match (action, resource) {
        (Action::SetSystemSessionProperty, Resource::SessionProperty { catalog, .. }) => catalog.is_none(),
        (Action::SetCatalogSessionProperty, Resource::SessionProperty { catalog, .. }) => catalog.is_some(),
        _ => true,
    }
}

/// The actions on something, in groups that no rule tells apart. Those that need more than an allow stand alone.
pub(super) fn alike(context: &Context<'_>, on: ActsOn) -> Vec<Alike> {
    let reads = |action| matches!(action, Action::SelectFromColumns | Action::CreateViewWithSelectFromColumns);
    let rules: Vec<&EngineRule> = context.rules.iter().flatten().copied().collect();
    let mut groups: Vec<Alike> = Vec::new();
    for action in on.actions().filter(|action| !reads(*action)) {
        let by = |action: Action| -> Vec<bool> { rules.iter().map(|rule| rule.actions.contains(action)).collect() };
        let alone = needs_more(action);
        let same = groups.iter_mut().find(|group| {
            group.actions.first().is_some_and(|known| {
                !alone && !needs_more(*known) && known.group() == action.group() && by(*known) == by(action)
            })
        });
        if let Some(group) = same {
            group.actions.push(action);
            continue;
        }
        // What is listed depends on every allow and every denial, of whatever.
        let counts = |rule: &EngineRule| match action.group() {
            ActionGroup::See => !rule.actions.is_empty(),
            _ => rule.actions.contains(action),
        };
        groups.push(Alike {
            actions: vec![action],
            rules: rules.iter().enumerate().filter(|(_, rule)| counts(rule)).map(|(place, _)| place).collect(),
            on_rules_alone: !alone && on == ActsOn::Table,
        });
    }
    groups
}

/// Whether an action needs more than an allow and no denial, or is open without.
fn needs_more(action: Action) -> bool {
    matches!(
        action,
        Action::ImpersonateUser
            | Action::ViewQueryOwnedBy
            | Action::KillQueryOwnedBy
            | Action::ShowCreateTable
            | Action::RenameTable
            | Action::RenameView
            | Action::RenameMaterializedView
            | Action::RenameColumn
            | Action::RenameSchema
            | Action::FastForwardBranch
            | Action::TruncateTable
            | Action::UpdateTableColumns
            | Action::SetSystemSessionProperty
            | Action::SetCatalogSessionProperty
            | Action::DropSchema
            | Action::SetSchemaAuthorization
            | Action::DropCatalog
            | Action::GrantSchemaPrivilege
            | Action::DenySchemaPrivilege
            | Action::RevokeSchemaPrivilege
    )
}

/// Actions in the language's words: a group where all of its actions on such a thing are there.
fn words(actions: &[Action], on: ActsOn) -> Vec<String> {
    let mut words = Vec::new();
    for group in ActionGroup::ALL {
        let of: Vec<Action> = on.actions().filter(|action| action.group() == group).collect();
        let named: Vec<&Action> = actions.iter().filter(|action| action.group() == group).collect();
        if !of.is_empty() && of.iter().all(|action| actions.contains(action)) {
            words.push(group.word().to_owned());
        } else {
            words.extend(named.iter().map(ToString::to_string));
        }
    }
    words
}
