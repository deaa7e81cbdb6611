//! Why something differs: the steps between the folders that alone undo it. Where none does, as when each of two is enough, what
//! the rules tell that determined both answers.

use std::collections::BTreeSet;

use crate::diff::change::{Bench, Change, Pair, Way};
use crate::diff::finding::{Cause, Turn, What};
use crate::diff::undo::Step;
use crate::engine::snapshot::Snapshot;
use crate::model::decision::{Contribution, Effect, TableDecision};
use crate::model::subject::Subject;

/// Why something differs.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Blame {
    pub(super) causes: BTreeSet<Cause>,
    /// Whether it is also due to what the documents say of the people themselves.
    pub(super) people: bool,
}

/// One thing to take back: a step, or what is known of who asks.
#[derive(Clone, Copy)]
enum Undo<'s> {
    Step(&'s Step),
    People,
}

impl Bench<'_, '_> {
    /// What can be taken back; `None`: too much.
    fn undos(&self, pair: &Pair) -> Option<Vec<Undo<'_>>> {
        let steps = self.steps_here.as_ref()?.iter().map(|step| Undo::Step(step));
        let people = (pair.old.asking.attributes != pair.new.asking.attributes).then_some(Undo::People);
        Some(steps.chain(people).collect())
    }

    fn enter(&self, undo: Undo<'_>, likely: &Blame, blame: &mut Blame) {
        match undo {
            Undo::People => blame.people = true,
            Undo::Step(step) => {
                blame.causes.extend(step.cause(self.sides, self.context));
                if step.is_a_document() {
                    // A tag or a domain brings rules to a place, and takes them from it.
                    let reaches = |cause: &&Cause| {
                        matches!(cause, Cause::Rule { turn: Turn::Reaches | Turn::ReachesNoLonger, .. })
                    };
                    blame.causes.extend(likely.causes.iter().filter(reaches).cloned());
                }
            }
        }
    }

    /// What alone undoes one thing, of which `likely` is said where nothing does.
    pub(super) fn undoing(&self, pair: &Pair, likely: Blame, is_undone: &dyn Fn(&Snapshot, &Subject) -> bool) -> Blame {
        let Some(undos) = self.undos(pair) else { return likely };
        let mut blame = Blame::default();
        for undo in &undos {
            // What is there alone it must be.
            if undos.len() == 1 || self.without(*undo, pair, is_undone) {
                self.enter(*undo, &likely, &mut blame);
            }
        }
        if blame == Blame::default() { likely } else { blame }
    }

    /// Says of each change what alone undoes it. `again`: what differs where something is taken back.
    pub(super) fn blame(
        &self,
        pair: &Pair,
        changes: &mut [Change],
        again: &dyn Fn(&Snapshot, &Subject) -> Vec<Change>,
    ) {
        let Some(undos) = self.undos(pair).filter(|_| !changes.is_empty()) else { return };
        let mut blames = vec![Blame::default(); changes.len()];
        for undo in &undos {
            let left = if undos.len() == 1 { Vec::new() } else { self.without(*undo, pair, again) };
            for (change, blame) in changes.iter().zip(&mut blames) {
                if is_undone(change, &left) {
                    self.enter(*undo, &change.because, blame);
                }
            }
        }
        for (change, blame) in changes.iter_mut().zip(blames) {
            if blame != Blame::default() {
                change.because = blame;
            }
        }
    }

    fn without<T>(&self, undo: Undo<'_>, pair: &Pair, ask: &dyn Fn(&Snapshot, &Subject) -> T) -> T {
        match undo {
            Undo::Step(step) => ask(step.without(self.sides), &pair.new),
            Undo::People => ask(self.sides[1].snapshot, &pair.old),
        }
    }

    /// The likely reasons: rules that determined the answer in one folder in one of some ways, and are not on the place in the other.
    pub(super) fn because(&self, [old, new]: [&TableDecision; 2], of: &dyn Fn(&Effect) -> bool) -> Blame {
        let causes = |of: &dyn Fn(&Effect) -> bool| {
            let [mut old, mut new] = [old, new].map(|decision| references(&decision.determined_by, of));
            self.rules.causes(self.sides, self.steps, self.context, [&mut old, &mut new])
        };
        let found = causes(of);
        let found = if found.is_empty() { causes(&|_| true) } else { found };
        let every = || self.rules.every_cause(self.sides, self.steps, self.context, |_| true);
        Blame { causes: if found.is_empty() { every() } else { found }, people: false }
    }
}

/// Whether a change is not among those that are left. Of rows or cells it cannot be told where nothing of them is left at all.
fn is_undone(change: &Change, left: &[Change]) -> bool {
    let closes = |what: &What| match (&change.what, what) {
        (What::Rows | What::Column(_) | What::Cells(_), What::Table | What::Views) => true,
        (What::Cells(cells), What::Column(column)) => cells == column,
        _ => false,
    };
    left.iter().all(|other| {
        let same = other.way == change.way && other.what == change.what;
        !(same || other.way == Way::Loss && closes(&other.what))
    })
}

pub(super) fn references<'r>(
    determined_by: &'r [Contribution],
    of: &'r dyn Fn(&Effect) -> bool,
) -> impl Iterator<Item = &'r std::sync::Arc<crate::model::decision::RuleReference>> {
    determined_by.iter().filter(move |part| of(&part.effect)).map(|part| &part.rule)
}
