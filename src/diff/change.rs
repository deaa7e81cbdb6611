//! One kind of person before one table or other thing: what is decided before and after, and what differs.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::diff::Side;
use crate::diff::cells::{Shows, shown_besides};
use crate::diff::context::{Context, Rules};
use crate::diff::finding::{Cause, Certainty, What};
use crate::diff::places::{ActsOn, only_lists};
use crate::diff::region::Found;
use crate::diff::rows::seen_besides;
use crate::diff::shown;
use crate::engine::rules::EngineRule;
use crate::engine::snapshot::Snapshot;
use crate::engine::trees::{RowsTree, TableTrees, trees};
use crate::engine::{decide, decide_table};
use crate::language::syntax::Sentence;
use crate::model::action::{Action, ActionGroup};
use crate::model::decision::{ColumnDecision, Contribution, Decision, Effect, RuleReference, TableDecision};
use crate::model::name::Identifier;
use crate::model::request::{AccessRequest, Column, Request, Resource, TableRequest};
use crate::model::subject::Subject;
use crate::sql::expression::Masked;

/// Which way something changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Way {
    Gain,
    Loss,
}

/// Something that differs for somebody.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) way: Way,
    pub(super) what: What,
    pub(super) before: String,
    pub(super) after: String,
    pub(super) certainty: Certainty,
    pub(super) because: BTreeSet<Cause>,
}

/// One kind of person, as both folders see them.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) old: Subject,
    pub(super) new: Subject,
    /// What each rule on the place looks at, the old rules before the new ones.
    pub(super) looks: Vec<usize>,
    /// Whether the rules that can do anything to them are the same before and after, and look at the same.
    pub(super) alike: bool,
}

/// Actions that every rule treats alike.
#[derive(Debug)]
struct Alike {
    actions: Vec<Action>,
    /// By their places among the rules: those on which the verdict depends.
    rules: Vec<usize>,
    /// Whether the verdict depends on nothing but what these look at, and so is the same on everything in the context.
    on_rules_alone: bool,
}

/// Before, after, and why.
type Verdicts = (bool, bool, BTreeSet<Cause>);

/// What is asked with: both folders, the rules on the place, and the actions that they tell apart.
#[derive(Debug)]
pub(super) struct Bench<'a, 'b> {
    pub(super) sides: [&'b Side<'a>; 2],
    pub(super) rules: &'b Rules,
    pub(super) context: &'b Context<'a>,
    alike: Vec<Alike>,
    /// The verdicts that were asked for already, by the actions and what the rules look at.
    known: RefCell<HashMap<(usize, Vec<usize>), Verdicts>>,
}

impl<'a, 'b> Bench<'a, 'b> {
    pub(super) fn new(sides: [&'b Side<'a>; 2], rules: &'b Rules, context: &'b Context<'a>, on: ActsOn) -> Self {
        Self { sides, rules, context, alike: alike(context, on), known: RefCell::default() }
    }

    /// What differs at a table.
    pub(super) fn table(&self, pair: &Pair, request: &TableRequest) -> Vec<Change> {
        let [old_side, new_side] = self.sides;
        let (old, before) = decided(old_side.snapshot, &pair.old, request);
        let (new, after) = decided(new_side.snapshot, &pair.new, request);
        let open = |decision: &TableDecision| decision.read.is_allowed() && decision.catalog.is_allowed();
        let mut changes = Vec::new();
        let whole =
            |effect: &Effect| !matches!(effect, Effect::Rows | Effect::Masks(_) | Effect::Hides(_) | Effect::Floors(_));
        match (open(&old), open(&new)) {
            (false, false) => {}
            (false, true) => changes.push(Change {
                way: Way::Gain,
                what: What::Table,
                before: "nothing".to_owned(),
                after: shown::table(&new, &after, &request.columns),
                certainty: Certainty::Certain,
                because: self.because(&old, &new, &whole),
            }),
            (true, false) => changes.push(Change {
                way: Way::Loss,
                what: What::Table,
                before: shown::table(&old, &before, &request.columns),
                after: "nothing".to_owned(),
                certainty: Certainty::Certain,
                because: self.because(&old, &new, &whole),
            }),
            (true, true) => {
                self.rows([&old, &new], [&before, &after], &mut changes);
                self.columns([&old, &new], [&before, &after], request, &mut changes);
            }
        }
        let opened = open(&old) != open(&new);
        let resource = Resource::Table { table: request.table.clone(), columns: Vec::new() };
        let mut verdicts = self.verdicts(pair, &resource);
        verdicts.retain(|(action, ..)| !(opened && only_lists(*action)));
        if old.share.is_allowed() != new.share.is_allowed() {
            let causes = self.because(&old, &new, &|_| true);
            verdicts.push((Action::CreateViewWithSelectFromColumns, new.share.is_allowed(), causes));
        }
        self.actions(&verdicts, ActsOn::Table, &mut changes);
        changes
    }

    /// Whether any rule here lets people share.
    pub(super) fn somebody_may_share(&self) -> bool {
        let action = Action::CreateViewWithSelectFromColumns;
        let shares =
            |rule: &EngineRule| matches!(rule.sentence, Sentence::Allow { .. }) && rule.actions.contains(action);
        self.context.rules.iter().flatten().any(|rule| shares(rule))
    }

    /// Whether somebody may share a table before or after.
    pub(super) fn may_share(&self, pair: &Pair, request: &TableRequest) -> bool {
        let [old, new] = self.sides;
        let may = |side: &Side<'_>, subject: &Subject| decide_table(side.snapshot, subject, request).share.is_allowed();
        may(new, &pair.new) || may(old, &pair.old)
    }

    /// What differs for somebody who reads a table through a view of somebody else's.
    pub(super) fn view(&self, definer: &Pair, reader: &Pair, request: &TableRequest) -> Vec<Change> {
        let behind = |definer: &Subject, reader: &Subject| Subject {
            asking: definer.asking.clone(),
            invoker: Some(reader.asking.clone()),
            ..reader.clone()
        };
        let [old_side, new_side] = self.sides;
        let (old, before) = decided(old_side.snapshot, &behind(&definer.old, &reader.old), request);
        let (new, after) = decided(new_side.snapshot, &behind(&definer.new, &reader.new), request);
        let open = |decision: &TableDecision| {
            decision.read.is_allowed() && decision.catalog.is_allowed() && decision.share.is_allowed()
        };
        let mut changes = Vec::new();
        match (open(&old), open(&new)) {
            (false, false) => {}
            (true, true) => {
                self.rows([&old, &new], [&before, &after], &mut changes);
                self.columns([&old, &new], [&before, &after], request, &mut changes);
            }
            (was, _) => changes.push(Change {
                way: if was { Way::Loss } else { Way::Gain },
                what: What::Views,
                before: if was { shown::table(&old, &before, &request.columns) } else { "nothing".to_owned() },
                after: if was { "nothing".to_owned() } else { shown::table(&new, &after, &request.columns) },
                certainty: Certainty::Certain,
                because: self.because(&old, &new, &|_| true),
            }),
        }
        changes
    }

    /// What differs at something other than a table.
    pub(super) fn thing(&self, pair: &Pair, resource: &Resource) -> Vec<Change> {
        let mut changes = Vec::new();
        self.actions(&self.verdicts(pair, resource), ActsOn::of(resource), &mut changes);
        changes
    }

    fn rows(&self, decisions: [&TableDecision; 2], trees: [&TableTrees; 2], changes: &mut Vec<Change>) {
        let [before, after] = trees.map(|trees| &trees.rows);
        let more = seen_besides(after, before);
        let mut fewer = seen_besides(before, after);
        if more == Found::Unknown && fewer == Found::Unknown {
            // One line says it.
            fewer = Found::None;
        }
        for (way, found) in [(Way::Gain, more), (Way::Loss, fewer)] {
            if let Some(certainty) = certainty(found) {
                let effects = |effect: &Effect| matches!(effect, Effect::Rows | Effect::Allows);
                changes.push(Change {
                    way,
                    what: What::Rows,
                    before: shown::rows(before),
                    after: shown::rows(after),
                    certainty,
                    because: self.because(decisions[0], decisions[1], &effects),
                });
            }
        }
    }

    fn columns(
        &self,
        decisions: [&TableDecision; 2],
        trees: [&TableTrees; 2],
        request: &TableRequest,
        changes: &mut Vec<Change>,
    ) {
        let [before, after] = trees;
        let shown = |at: usize, side: usize| shown_of(decisions.get(side).copied(), trees.get(side).copied(), at);
        for (at, column) in request.columns.iter().enumerate() {
            let (was, is) = (shown(at, 0), shown(at, 1));
            if was == is {
                continue;
            }
            let name = shown::name(column).to_owned();
            let because = || self.because(decisions[0], decisions[1], &|effect| is_about(effect, &column.name));
            let mut add = |way, what, certainty| {
                let (before, after) = (shown::cells(was), shown::cells(is));
                changes.push(Change { way, what, before, after, certainty, because: because() });
            };
            match (was, is) {
                (None, Some(_)) => add(Way::Gain, What::Column(name), Certainty::Certain),
                (Some(_), None) => add(Way::Loss, What::Column(name), Certainty::Certain),
                (Some(was), Some(is)) => {
                    let more = more_shown(is, was, &after.rows);
                    let fewer = more_shown(was, is, &before.rows);
                    if let Some(certainty) = more {
                        add(Way::Gain, What::Cells(name.clone()), certainty);
                    }
                    if let Some(certainty) = fewer.filter(|fewer| *fewer != Certainty::CannotBeTold) {
                        add(Way::Loss, What::Cells(name), certainty);
                    }
                }
                (None, None) => {}
            }
        }
    }

    /// The actions whose verdict is another, with the new verdict and why.
    fn verdicts(&self, pair: &Pair, resource: &Resource) -> Vec<(Action, bool, BTreeSet<Cause>)> {
        let mut differing = Vec::new();
        for (number, alike) in self.alike.iter().enumerate() {
            let Some(first) = alike.actions.first().filter(|first| is_asked_of(**first, resource)) else { continue };
            let verdicts = if alike.on_rules_alone {
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
            return (false, false, BTreeSet::new());
        };
        let (was, is) = (before.verdict.is_allowed(), after.verdict.is_allowed());
        if was == is {
            return (was, is, BTreeSet::new());
        }
        let determined: [&mut dyn Iterator<Item = &Arc<RuleReference>>; 2] =
            [&mut references(&before.determined_by, &|_| true), &mut references(&after.determined_by, &|_| true)];
        let mut causes = self.rules.causes(self.context, determined);
        if causes.is_empty() {
            causes = self.rules.every_cause(self.context, |rule| rule.actions.contains(action));
        }
        (was, is, causes)
    }

    fn actions(&self, verdicts: &[(Action, bool, BTreeSet<Cause>)], on: ActsOn, changes: &mut Vec<Change>) {
        for way in [Way::Gain, Way::Loss] {
            let of = || verdicts.iter().filter(|(_, allowed, _)| *allowed == (way == Way::Gain));
            // What has one reason is told together.
            let reasons: BTreeSet<&BTreeSet<Cause>> = of().map(|(_, _, causes)| causes).collect();
            for because in reasons {
                let actions: Vec<Action> =
                    of().filter(|(_, _, causes)| causes == because).map(|(action, ..)| *action).collect();
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

    fn because(&self, old: &TableDecision, new: &TableDecision, of: &dyn Fn(&Effect) -> bool) -> BTreeSet<Cause> {
        let causes = |of: &dyn Fn(&Effect) -> bool| {
            self.rules.causes(
                self.context,
                [&mut references(&old.determined_by, of), &mut references(&new.determined_by, of)],
            )
        };
        let found = causes(of);
        let found = if found.is_empty() { causes(&|_| true) } else { found };
        if found.is_empty() { self.rules.every_cause(self.context, |_| true) } else { found }
    }
}

/// The decision about a table, and what its SQL was printed from.
fn decided(snapshot: &Snapshot, subject: &Subject, request: &TableRequest) -> (TableDecision, TableTrees) {
    let decision = decide_table(snapshot, subject, request);
    let trees = trees(snapshot, subject, request, &decision.read);
    (decision, trees)
}

/// What is shown of a column; `None`: it is hidden.
fn shown_of<'t>(decision: Option<&TableDecision>, trees: Option<&'t TableTrees>, at: usize) -> Option<&'t Masked> {
    match decision?.columns.get(at)? {
        ColumnDecision::Hidden(_) => None,
        _ => trees?.masks.get(at),
    }
}

fn references<'r>(
    determined_by: &'r [Contribution],
    of: &'r dyn Fn(&Effect) -> bool,
) -> impl Iterator<Item = &'r Arc<RuleReference>> {
    determined_by.iter().filter(move |part| of(&part.effect)).map(|part| &part.rule)
}

fn is_about(effect: &Effect, column: &Identifier) -> bool {
    matches!(effect, Effect::Masks(name) | Effect::Hides(name) | Effect::Floors(name) if name == column)
}

fn certainty(found: Found) -> Option<Certainty> {
    match found {
        Found::None => None,
        Found::Row(row) if row.is_empty() => Some(Certainty::Certain),
        Found::Row(row) => Some(Certainty::Row(row)),
        Found::Unknown => Some(Certainty::CannotBeTold),
    }
}

fn more_shown(shows: &Masked, protects: &Masked, rows: &RowsTree) -> Option<Certainty> {
    match shown_besides(shows, protects, rows) {
        Shows::NoMore => None,
        Shows::More(found) => certainty(found),
        Shows::Other(_) => Some(Certainty::CannotBeTold),
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
fn alike(context: &Context<'_>, on: ActsOn) -> Vec<Alike> {
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

/// The columns that are asked about, for a class of tables.
pub(super) fn request(table: &crate::model::name::TableName, columns: &[Column]) -> TableRequest {
    TableRequest { table: table.clone(), columns: columns.to_vec() }
}
