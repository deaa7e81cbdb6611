//! What a decision's SQL is printed from, for those who evaluate it without a Trino; and how rules bear on a subject, for those who
//! count which rules were ever met. No live request comes here.

use std::sync::Arc;

use crate::engine::combine::{Authorities, TableView, allowance_applies, binds, denial_applies, reader, rules_on};
use crate::engine::fit::fit;
use crate::engine::lattice::{self, Applied};
use crate::engine::partial::Residual;
use crate::engine::rules::EngineRule;
use crate::engine::snapshot::Snapshot;
use crate::engine::standing::{Asker, Standing};
use crate::engine::table;
use crate::engine::tags::{Polarity, Reader};
use crate::engine::truth::Truth;
use crate::language::syntax::{AudienceBase, Condition, MaskWord, Sentence};
use crate::model::action::Action;
use crate::model::decision::{RuleReference, Verdict};
use crate::model::request::TableRequest;
use crate::model::subject::Subject;
use crate::sql::expression::{Masked, Predicate};

/// A table decision's rows and columns before they are printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableTrees {
    /// The rows that may be seen.
    pub rows: RowsTree,
    /// What each column of the request shows. Of a hidden column, what it would show.
    pub masks: Vec<Masked>,
}

/// The rows that may be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowsTree {
    /// All.
    All,
    /// None.
    None,
    /// Those for which every predicate is TRUE; at least one predicate.
    Where(Vec<Predicate>),
}

impl RowsTree {
    fn of(residuals: Vec<Residual>) -> Self {
        let mut predicates = Vec::new();
        for residual in residuals {
            match residual {
                Residual::Known(Truth::True) => {}
                Residual::Known(_) => return Self::None,
                Residual::Open(predicate) if predicate.is_never_true() => return Self::None,
                Residual::Open(predicate) => predicates.push(predicate),
            }
        }
        if predicates.is_empty() { Self::All } else { Self::Where(predicates) }
    }
}

/// The trees of a decision about a table, given whether reading is allowed.
pub fn trees(snapshot: &Snapshot, subject: &Subject, request: &TableRequest, read: &Verdict) -> TableTrees {
    let asker = Asker::new(snapshot, subject);
    let bench = table::bench(&asker, request);
    TableTrees {
        rows: RowsTree::of(bench.residuals(read)),
        masks: (0..request.columns.len()).map(|index| bench.masked(index)).collect(),
    }
}

/// How the mesh reads tags.
const MESH: Reader<'static> = Reader { domain: None, above: &[] };

/// The rows for which a condition is TRUE, read as a guard of the mesh that binds whom Trino names.
pub(crate) fn rows_where(
    snapshot: &Snapshot,
    subject: &Subject,
    request: &TableRequest,
    condition: &Condition,
) -> RowsTree {
    let asker = Asker::new(snapshot, subject);
    let asking = asker.asking();
    RowsTree::of(TableView::new(&asking, &request.table, &request.columns).guards(&asking, MESH, condition))
}

/// What a mask alone makes of a column, read as a rule of the mesh that binds whom Trino names.
pub(crate) fn masked_with(
    snapshot: &Snapshot,
    subject: &Subject,
    request: &TableRequest,
    index: usize,
    (mask, cells): (&MaskWord, Option<&Condition>),
) -> Option<Masked> {
    let asker = Asker::new(snapshot, subject);
    let asking = asker.asking();
    let column = request.columns.get(index)?;
    let view = TableView::new(&asking, &request.table, &request.columns);
    let masked = fit(mask, column.column_type, &snapshot.zone).masked;
    let cells = view.cells(&asking, MESH, cells).into_iter();
    let applied: Vec<Applied> = cells.map(|cells| Applied { masked: masked.clone(), cells }).collect();
    Some(lattice::combine(&applied.iter().collect::<Vec<_>>()))
}

/// A rule, for those who count.
#[derive(Clone, Debug)]
pub(crate) struct Countable {
    pub(crate) reference: Arc<RuleReference>,
    /// Whether there can be somebody whom it leaves alone.
    pub(crate) selective: bool,
}

/// Every rule, in the policies' order.
pub(crate) fn countable(snapshot: &Snapshot) -> Vec<Countable> {
    let of = |rule: &EngineRule| Countable { reference: Arc::clone(&rule.reference), selective: selective(rule) };
    snapshot.rules.iter().map(of).collect()
}

fn selective(rule: &EngineRule) -> bool {
    let for_some = rule
        .sentence
        .audience()
        .is_some_and(|audience| audience.of != AudienceBase::Everyone || !audience.except.is_empty());
    let for_purposes = match &rule.sentence {
        Sentence::Allow { purposes, .. } | Sentence::Deny { purposes, .. } => !purposes.is_empty(),
        Sentence::LimitUse { .. } => true,
        _ => false,
    };
    for_some || for_purposes || rule.liftable.is_some()
}

/// What a rule that is on a table does to a subject there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bearing {
    /// It applies.
    Applies,
    /// It is about others, or an exception lifts it.
    LeavesAlone,
}

/// A rule on a table, and how it bears on a subject.
#[derive(Clone, Debug)]
pub(crate) struct Borne {
    pub(crate) rule: Arc<RuleReference>,
    pub(crate) bearing: Bearing,
    /// Whether it is about the verdict; others are about what is seen where reading is allowed.
    pub(crate) on_verdict: bool,
}

/// How the rules on a table bear on a subject. The snapshot has to be a scanning one: the index leaves out rules about others.
pub(crate) fn bearings(snapshot: &Snapshot, subject: &Subject, request: &TableRequest, action: Action) -> Vec<Borne> {
    let asker = Asker::new(snapshot, subject);
    let mut all = of_party(&asker.asking(), request, action, Authorities::All);
    if let Some(invoker) = asker.invoker() {
        all.extend(of_party(&invoker, request, action, Authorities::Mesh));
    }
    all
}

fn of_party(party: &Standing<'_>, request: &TableRequest, action: Action, authorities: Authorities) -> Vec<Borne> {
    let view = TableView::new(party, &request.table, &request.columns);
    let bearing = |rule: &EngineRule| {
        let applies = applies(party, &view, rule, action)?;
        let bearing = if applies { Bearing::Applies } else { Bearing::LeavesAlone };
        let on_verdict = matches!(
            rule.sentence,
            Sentence::Allow { .. } | Sentence::Deny { .. } | Sentence::ActAs { .. } | Sentence::LimitUse { .. }
        );
        Some(Borne { rule: Arc::clone(&rule.reference), bearing, on_verdict })
    };
    rules_on(party, &request.table, authorities).into_iter().filter_map(bearing).collect()
}

/// Whether a rule applies to a party; `None`: it has nothing to do with the action or with any column.
fn applies(party: &Standing<'_>, view: &TableView<'_>, rule: &EngineRule, action: Action) -> Option<bool> {
    let table = Some(view.table);
    let reads = matches!(action, Action::SelectFromColumns | Action::CreateViewWithSelectFromColumns);
    let has_some = |columns| !view.matching(columns, reader(party, rule), Polarity::Binds).is_empty();
    match &rule.sentence {
        Sentence::Allow { .. } => rule.actions.contains(action).then(|| allowance_applies(party, rule, table)),
        Sentence::Deny { .. } => rule.actions.contains(action).then(|| denial_applies(party, rule, table)),
        Sentence::ActAs { .. } => None,
        _ if !reads => None,
        Sentence::OnlyShowRows { rows, audience } => {
            let on_table = !view.guards(party, reader(party, rule), rows).is_empty();
            on_table.then(|| binds(party, rule, audience, table))
        }
        Sentence::MaskColumns { columns, audience, .. } | Sentence::HideColumns { columns, audience } => {
            has_some(columns).then(|| binds(party, rule, audience, table))
        }
        Sentence::OnlyShowColumns { audience, .. } => Some(binds(party, rule, audience, table)),
        Sentence::LimitUse { purposes, audience } => {
            let acting = Truth::any(purposes.iter().map(|purpose| party.asker.acting.acting_for(&purpose.node)));
            Some(binds(party, rule, audience, table) && !acting.is_true())
        }
        Sentence::NeverShow { columns, .. } => has_some(columns).then_some(true),
    }
}
