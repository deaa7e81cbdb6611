//! One kind of person before one table or other thing: what is decided before and after, and what differs.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::diff::Side;
use crate::diff::blame::Blame;
use crate::diff::cells::{Shows, shown_besides};
use crate::diff::context::{Context, Rules};
use crate::diff::finding::{Certainty, What};
use crate::diff::places::{ActsOn, only_lists};
use crate::diff::region::Found;
use crate::diff::rows::seen_besides;
use crate::diff::shown;
use crate::diff::undo::{Step, Steps};
use crate::diff::verdicts::{Alike, Verdicts, alike};
use crate::engine::decide_table;
use crate::engine::rules::EngineRule;
use crate::engine::snapshot::Snapshot;
use crate::engine::trees::{RowsTree, TableTrees, trees};
use crate::language::syntax::Sentence;
use crate::model::action::Action;
use crate::model::decision::{ColumnDecision, Effect, TableDecision};
use crate::model::name::Identifier;
use crate::model::request::{Column, Resource, TableRequest};
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
    pub(super) because: Blame,
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

/// What is asked with: both folders, the rules on the place, and the actions that they tell apart.
#[derive(Debug)]
pub(super) struct Bench<'a, 'b> {
    pub(super) sides: [&'b Side<'a>; 2],
    pub(super) rules: &'b Rules,
    pub(super) context: &'b Context<'a>,
    pub(super) steps: &'b Steps,
    /// Those that can matter here; `None`: too many to take each of them back.
    pub(super) steps_here: Option<Vec<&'b Step>>,
    pub(super) alike: Vec<Alike>,
    /// The verdicts that were asked for already, by the actions and what the rules look at.
    pub(super) known: RefCell<HashMap<(usize, Vec<usize>), Verdicts>>,
}

impl<'a, 'b> Bench<'a, 'b> {
    pub(super) fn new(
        sides: [&'b Side<'a>; 2],
        (rules, steps): (&'b Rules, &'b Steps),
        context: &'b Context<'a>,
        on: ActsOn,
    ) -> Self {
        let steps_here = steps.on(sides, context);
        Self { sides, rules, context, steps, steps_here, alike: alike(context, on), known: RefCell::default() }
    }

    /// What differs at a table.
    pub(super) fn table(&self, pair: &Pair, request: &TableRequest) -> Vec<Change> {
        let [old, new] = self.sides.map(|side| side.snapshot);
        let subjects = [&pair.old, &pair.new];
        let open = |decision: &TableDecision| decision.read.is_allowed() && decision.catalog.is_allowed();
        let kind = Kind { whole: What::Table, open: &open };
        let mut changes = self.compared([old, new], subjects, request, &kind, true);
        self.blame(pair, &mut changes, &|without, subject| {
            self.compared([old, without], [&pair.old, subject], request, &kind, false)
        });
        let opened = changes.iter().any(|change| change.what == What::Table);
        let resource = Resource::Table { table: request.table.clone(), columns: Vec::new() };
        let mut verdicts = self.verdicts(pair, &resource);
        verdicts.retain(|(action, ..)| !(opened && only_lists(*action)));
        let shared = [decide_table(old, &pair.old, request), decide_table(new, &pair.new, request)];
        let [could, can] = shared.each_ref().map(|decision| decision.share.is_allowed());
        if could != can {
            let [before, after] = &shared;
            let blame = self.undoing(pair, self.because([before, after], &|_| true), &|without, subject| {
                decide_table(without, subject, request).share.is_allowed() == could
            });
            verdicts.push((Action::CreateViewWithSelectFromColumns, can, blame));
        }
        self.actions(&verdicts, ActsOn::Table, &mut changes);
        changes
    }

    /// What differs in rows and columns. `why`: also, for what reasons that is likely.
    fn compared(
        &self,
        [old, new]: [&Snapshot; 2],
        subjects: [&Subject; 2],
        request: &TableRequest,
        kind: &Kind<'_>,
        why: bool,
    ) -> Vec<Change> {
        let (old, before) = decided(old, subjects[0], request);
        let (new, after) = decided(new, subjects[1], request);
        let mut changes = Vec::new();
        let whole = |effect: &Effect| {
            kind.whole == What::Views
                || !matches!(effect, Effect::Rows | Effect::Masks(_) | Effect::Hides(_) | Effect::Floors(_))
        };
        let because = |of: &dyn Fn(&Effect) -> bool| {
            if why { self.because([&old, &new], of) } else { Blame::default() }
        };
        match ((kind.open)(&old), (kind.open)(&new)) {
            (false, false) => {}
            (true, true) => {
                rows([&before, &after], &because, &mut changes);
                columns([&old, &new], [&before, &after], request, &because, &mut changes);
            }
            (was, _) => changes.push(Change {
                way: if was { Way::Loss } else { Way::Gain },
                what: kind.whole.clone(),
                before: if was { shown::table(&old, &before, &request.columns) } else { "nothing".to_owned() },
                after: if was { "nothing".to_owned() } else { shown::table(&new, &after, &request.columns) },
                certainty: Certainty::Certain,
                because: because(&whole),
            }),
        }
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
        let [old, new] = self.sides.map(|side| side.snapshot);
        let (before, after) = (behind(&definer.old, &reader.old), behind(&definer.new, &reader.new));
        let open = |decision: &TableDecision| {
            decision.read.is_allowed() && decision.catalog.is_allowed() && decision.share.is_allowed()
        };
        let kind = Kind { whole: What::Views, open: &open };
        let mut changes = self.compared([old, new], [&before, &after], request, &kind, true);
        let pair = Pair { old: before, new: after, looks: Vec::new(), alike: false };
        self.blame(&pair, &mut changes, &|without, subject| {
            self.compared([old, without], [&pair.old, subject], request, &kind, false)
        });
        changes
    }

    /// What differs at something other than a table.
    pub(super) fn thing(&self, pair: &Pair, resource: &Resource) -> Vec<Change> {
        let mut changes = Vec::new();
        self.actions(&self.verdicts(pair, resource), ActsOn::of(resource), &mut changes);
        changes
    }
}

/// What is compared of a table: what one sees oneself, or through somebody's view.
struct Kind<'k> {
    /// What is gained or lost where it is open on one side alone.
    whole: What,
    open: &'k dyn Fn(&TableDecision) -> bool,
}

/// The likely reasons among rules that had some effects.
type Because<'w> = dyn Fn(&dyn Fn(&Effect) -> bool) -> Blame + 'w;

/// The decision about a table, and what its SQL was printed from.
fn decided(snapshot: &Snapshot, subject: &Subject, request: &TableRequest) -> (TableDecision, TableTrees) {
    let decision = decide_table(snapshot, subject, request);
    let trees = trees(snapshot, subject, request, &decision.read);
    (decision, trees)
}

fn rows(trees: [&TableTrees; 2], because: &Because<'_>, changes: &mut Vec<Change>) {
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
                because: because(&effects),
            });
        }
    }
}

fn columns(
    decisions: [&TableDecision; 2],
    trees: [&TableTrees; 2],
    request: &TableRequest,
    because: &Because<'_>,
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
        let because = || because(&|effect| is_about(effect, &column.name));
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

/// What is shown of a column; `None`: it is hidden.
fn shown_of<'t>(decision: Option<&TableDecision>, trees: Option<&'t TableTrees>, at: usize) -> Option<&'t Masked> {
    match decision?.columns.get(at)? {
        ColumnDecision::Hidden(_) => None,
        _ => trees?.masks.get(at),
    }
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

/// The columns that are asked about, for a class of tables.
pub(super) fn request(table: &crate::model::name::TableName, columns: &[Column]) -> TableRequest {
    TableRequest { table: table.clone(), columns: columns.to_vec() }
}
