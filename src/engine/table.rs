//! One table for one party, and for the party behind it where a definer view stands between.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::engine::combine::{
    Authorities, OnColumn, Restraints, TableView, allowance_applies, purposes_needed, rules_on,
};
use crate::engine::lattice::{self, Applied};
use crate::engine::partial::{Residual, any};
use crate::engine::rules::EngineRule;
use crate::engine::standing::{Asker, Standing};
use crate::engine::target::Place;
use crate::engine::truth::Truth;
use crate::engine::{listing, reason};
use crate::language::syntax::Sentence;
use crate::model::action::Action;
use crate::model::decision::{ColumnDecision, Contribution, Effect, Expression, Rows, SqlText, TableDecision, Verdict};
use crate::model::name::{Identifier, Name, TableName};
use crate::model::request::{Column, TableRequest};
use crate::sql::expression::{Masked, Predicate};
use crate::sql::print;

pub(crate) fn decide(asker: &Asker<'_>, request: &TableRequest) -> TableDecision {
    bench(asker, request).decide()
}

pub(super) fn bench<'a>(asker: &'a Asker<'a>, request: &'a TableRequest) -> Bench<'a> {
    Bench { of_base: of_base(asker, &request.table), ..Bench::new(asker, &request.table, request) }
}

/// A connector's metadata table (`orders$files`) holds values and bounds of the table that it describes: it is for those who see
/// that table unfiltered and unmasked. `None`: the name is not that of a metadata table.
///
/// A table's own name may be of that form too, and nothing tells which it is. So the rules on the name itself restrain as well.
fn of_base(asker: &Asker<'_>, table: &TableName) -> Option<Verdict> {
    let mut bases = table.bases().peekable();
    bases.peek()?;
    Some(match bases.find(|base| !sees_raw(asker, base)) {
        None => Verdict::Allow,
        Some(base) => Verdict::Deny(format!("{table} is for those who see {base} unfiltered and unmasked")),
    })
}

/// Whether the party, and the invoker behind it, may read the table and nothing of it is withheld. Columns that the rules name and
/// nobody listed count as there.
pub(crate) fn sees_raw(asker: &Asker<'_>, table: &TableName) -> bool {
    let columns = listing::columns_that_rules_name(asker, table);
    let request = TableRequest { table: table.clone(), columns };
    let decision = Bench::new(asker, table, &request).decide();
    decision.read.is_allowed()
        && decision.rows == Rows::All
        && decision.columns.iter().all(|column| *column == ColumnDecision::Clear)
}

/// Whether no row of the table is hidden from the party. Columns that the rules name and nobody listed count as there.
pub(crate) fn shows_every_row(asker: &Asker<'_>, table: &TableName) -> bool {
    let columns = listing::columns_that_rules_name(asker, table);
    decide(asker, &TableRequest { table: table.clone(), columns }).rows == Rows::All
}

/// Whether the table's catalog may be used at all.
fn catalog_verdict(asker: &Asker<'_>, table: &TableName, open: bool) -> Verdict {
    let catalog = Place::Catalog(&table.catalog);
    // Where the table is open, something in its catalog is.
    let visible = if open {
        listing::may_be_seen(&asker.asking(), catalog)
    } else {
        listing::is_visible(&asker.asking(), catalog)
    };
    if visible {
        Verdict::Allow
    } else {
        Verdict::Deny(format!("nothing in catalog {} is open to `{}`", table.catalog, asker.asking().user()))
    }
}

/// Everything that one decision is made from.
pub(super) struct Bench<'a> {
    asker: &'a Asker<'a>,
    asking: Standing<'a>,
    view: TableView<'a>,
    /// The rules that hold here and can be about whom Trino names.
    rules: Vec<&'a EngineRule>,
    own: Restraints<'a>,
    /// What binds the invoker of a definer view besides.
    behind: Option<Restraints<'a>>,
    shares: Vec<&'a EngineRule>,
    allows: Vec<(&'a EngineRule, Residual)>,
    /// Of a metadata table, what the tables that it may describe say in the place of allows.
    of_base: Option<Verdict>,
}

impl<'a> Bench<'a> {
    fn new(asker: &'a Asker<'a>, table: &'a TableName, request: &'a TableRequest) -> Self {
        let asking = asker.asking();
        let view = TableView::new(&asking, table, &request.columns);
        let rules = rules_on(&asking, table, Authorities::All);
        let own = view.restraints(&asking, &rules);
        let allowing = |action| -> Vec<&EngineRule> {
            let applies =
                |rule: &&&EngineRule| allows_action(rule, action) && allowance_applies(&asking, rule, Some(table));
            rules.iter().filter(applies).copied().collect()
        };
        let shares = allowing(Action::CreateViewWithSelectFromColumns);
        let allows =
            allowing(Action::SelectFromColumns).into_iter().map(|rule| (rule, scope(&view, &asking, rule))).collect();
        // A view launders nothing: the mesh's restrictions on the invoker bind, unless a mesh rule lets the definer share.
        let shared_by_the_mesh =
            shares.iter().any(|rule| rule.domain.is_none()) && sharing_denied_by(&rules, &view, &asking).is_none();
        let behind = asker
            .invoker()
            .filter(|_| !shared_by_the_mesh)
            .map(|invoker| view.restraints(&invoker, &rules_on(&invoker, table, Authorities::Mesh)));
        Self { asker, asking, view, rules, own, behind, shares, allows, of_base: None }
    }

    fn all_restraints(&self) -> impl Iterator<Item = &Restraints<'a>> {
        [Some(&self.own), self.behind.as_ref()].into_iter().flatten()
    }

    /// What binds at one column of the request, of the party and of who is behind it.
    fn on_column(&self, index: usize) -> impl Iterator<Item = &OnColumn<'a>> {
        self.all_restraints().filter_map(move |restraints| restraints.columns.get(index))
    }

    fn decide(self) -> TableDecision {
        let limits: Vec<&EngineRule> = self.all_restraints().flat_map(|restraints| restraints.limits.clone()).collect();
        let usable_purposes = if self.allows.is_empty() && self.of_base.is_none() {
            self.allowing_purposes(&limits)
        } else {
            reason::usable_purposes(&limits)
        };
        let read = self.read(&limits, &usable_purposes);
        let share = self.share(&read);
        let hidden = self.hidden();
        let selectable = |column: &Identifier| {
            let place = self.view.columns.iter().position(|known| &known.name == column);
            read.is_allowed() && place.is_some_and(|place| hidden.get(place).is_none_or(Option::is_none))
        };
        let expression = |sql: SqlText, reads: Option<Vec<Identifier>>| {
            // SQL of a rule's own may read any column.
            let reads = reads.unwrap_or_else(|| self.view.columns.iter().map(|column| column.name.clone()).collect());
            let hidden_columns = reads.iter().filter(|column| !selectable(column)).cloned().collect();
            Expression { sql, reads, hidden_columns, executes: BTreeSet::new() }
        };
        let rows = self.rows(&read, &expression);
        let columns = self.columns(&hidden, &expression);
        let determined_by = self.determined_by(&read, &limits);
        TableDecision {
            // Where something is open for a purpose the reading verdict says which; of a catalog Trino would only say no.
            catalog: catalog_verdict(self.asker, self.view.table, read.is_allowed() || !usable_purposes.is_empty()),
            read,
            share,
            columns,
            rows,
            determined_by,
            usable_purposes,
        }
    }

    /// Where nothing allows reading: the purposes for which something would, and no limit stands against it.
    fn allowing_purposes(&self, limits: &[&EngineRule]) -> Vec<Name> {
        let snapshot = self.asker.snapshot;
        let within_limits = |purpose: &Name| {
            let above = snapshot.purposes.get(purpose);
            limits.iter().all(|rule| above.is_some_and(|above| reason::limited_to(rule).any(|to| above.contains(to))))
        };
        let reading = self.rules.iter().filter(|rule| allows_action(rule, Action::SelectFromColumns));
        let mut purposes: Vec<Name> =
            reading.flat_map(|rule| purposes_needed(&self.asking, rule, self.view.table)).collect();
        purposes.retain(within_limits);
        purposes.sort();
        purposes.dedup();
        purposes
    }

    fn read(&self, limits: &[&EngineRule], usable_purposes: &[Name]) -> Verdict {
        let table = self.view.table;
        if let Some(deny) = self.all_restraints().flat_map(|restraints| &restraints.denies).next() {
            return Verdict::Deny(reason::denied_by(self.asker, deny, Some(table)));
        }
        if let Some(Verdict::Deny(reason)) = &self.of_base {
            return Verdict::Deny(reason.clone());
        }
        if self.allows.is_empty() && self.of_base.is_none() {
            if !usable_purposes.is_empty() {
                return Verdict::Deny(reason::read_for(&self.asking, usable_purposes, table));
            }
            let on = format!(" {table}");
            return Verdict::Deny(reason::nothing_allows(&self.asking, Action::SelectFromColumns, &on, Some(table)));
        }
        if !limits.is_empty() {
            return Verdict::Deny(reason::limited(self.asker, limits, usable_purposes, table));
        }
        Verdict::Allow
    }

    fn share(&self, read: &Verdict) -> Verdict {
        let table = self.view.table;
        match (read, sharing_denied_by(&self.rules, &self.view, &self.asking)) {
            (Verdict::Deny(reason), _) => Verdict::Deny(reason.clone()),
            (Verdict::Allow, Some(rule)) => Verdict::Deny(reason::denied_by(self.asker, rule, Some(table))),
            (Verdict::Allow, None) if self.shares.is_empty() && self.of_base.is_none() => {
                let on = format!(" {table} through a view");
                Verdict::Deny(reason::nothing_allows(
                    &self.asking,
                    Action::CreateViewWithSelectFromColumns,
                    &on,
                    Some(table),
                ))
            }
            (Verdict::Allow, None) => Verdict::Allow,
        }
    }

    /// For each column, why it is hidden if it is.
    fn hidden(&self) -> Vec<Option<String>> {
        let why = |index: usize| {
            let mut rules = self.on_column(index).flat_map(|on| &on.hidden);
            rules.next().map(|rule| reason::denied_by(self.asker, rule, Some(self.view.table)))
        };
        let mut hidden: Vec<Option<String>> = (0..self.view.columns.len()).map(why).collect();
        // FAIL-CLOSED: a connector's own column holds values of the others, as `$path` and `$partition` do those of partitioning
        // columns, and `_message` the whole row.
        let connectors = self.view.columns.iter().enumerate().filter(|(_, column)| column.is_the_connectors());
        for (index, column) in connectors.filter(|(_, column)| self.withholds_others(&column.name)) {
            if let Some(hidden) = hidden.get_mut(index) {
                let table = self.view.table;
                hidden.get_or_insert_with(|| {
                    format!("{} is for those from whom no column of {table} is hidden or masked", column.name)
                });
            }
        }
        hidden
    }

    /// Whether another column is hidden or masked for the party or the invoker behind it. A request that says of some column that
    /// it is hidden brings all of them; otherwise those that rules name count as there.
    fn withholds_others(&self, own: &Identifier) -> bool {
        let others = |restraints: &Restraints<'_>, columns: &[Column]| {
            restraints.columns.iter().zip(columns).any(|(on, column)| !on.is_clear() && column.name != *own)
        };
        if self.all_restraints().any(|restraints| others(restraints, self.view.columns)) {
            return true;
        }
        if self.view.columns.iter().any(|column| column.hidden) {
            return false;
        }
        let columns = listing::columns_that_rules_name(self.asker, self.view.table);
        let view = TableView::new(&self.asking, self.view.table, &columns);
        let behind = self.behind.as_ref().and_then(|_| self.asker.invoker());
        others(&view.restraints(&self.asking, &self.rules), &columns)
            || behind.is_some_and(|invoker| {
                let rules = rules_on(&invoker, self.view.table, Authorities::Mesh);
                others(&view.restraints(&invoker, &rules), &columns)
            })
    }

    /// The conditions that every row seen fulfils.
    pub(super) fn residuals(&self, read: &Verdict) -> Vec<Residual> {
        let mut residuals: Vec<Residual> = self
            .all_restraints()
            .flat_map(|restraints| &restraints.guards)
            .map(|(_, residual)| residual.clone())
            .collect();
        // Who may not read is refused SELECT; Trino then asks for the filter to check inserted rows with, which is the guards alone.
        if read.is_allowed() && self.of_base.is_none() {
            residuals.push(any(self.allows.iter().map(|(_, scope)| scope.clone()).collect()));
        }
        residuals
    }

    fn rows(&self, read: &Verdict, expression: &impl Fn(SqlText, Option<Vec<Identifier>>) -> Expression) -> Rows {
        let mut filters: Vec<Expression> = Vec::new();
        for residual in self.residuals(read) {
            match residual {
                Residual::Known(Truth::True) => {}
                Residual::Known(_) => return Rows::None,
                Residual::Open(predicate) if predicate.is_never_true() => return Rows::None,
                Residual::Open(predicate) => {
                    let filter = expression(print::filter(&predicate), columns_of(&predicate));
                    if !filters.contains(&filter) {
                        filters.push(filter);
                    }
                }
            }
        }
        if filters.is_empty() { Rows::All } else { Rows::Where(filters) }
    }

    /// What a column shows, hidden or not, under all masks on it.
    pub(super) fn masked(&self, index: usize) -> Masked {
        let applied: Vec<&Applied> = self.on_column(index).flat_map(|on| &on.masks).map(|mask| &mask.applied).collect();
        if applied.is_empty() { Masked::Clear } else { lattice::combine(&applied) }
    }

    fn columns(
        &self,
        hidden: &[Option<String>],
        expression: &impl Fn(SqlText, Option<Vec<Identifier>>) -> Expression,
    ) -> Vec<ColumnDecision> {
        let decide = |(index, column): (usize, &Column)| {
            if let Some(Some(reason)) = hidden.get(index) {
                return ColumnDecision::Hidden(reason.clone());
            }
            match self.masked(index) {
                Masked::Clear => ColumnDecision::Clear,
                masked => {
                    let mut reads = vec![column.name.clone()];
                    let reads = masked.columns(&mut reads).map(|()| reads);
                    let sql = print::mask(&masked, &column.name, column.column_type);
                    ColumnDecision::Masked(Expression { executes: masked.executes(), ..expression(sql, reads) })
                }
            }
        };
        self.view.columns.iter().enumerate().map(decide).collect()
    }

    /// The rules that determined the answer.
    fn determined_by(&self, read: &Verdict, limits: &[&EngineRule]) -> Vec<Contribution> {
        let mut all: Vec<Contribution> = Vec::new();
        for restraints in self.all_restraints() {
            restraints.denies.iter().for_each(|rule| contribute(&mut all, 0, rule, Effect::Denies));
            for (rule, residual) in &restraints.guards {
                if *residual != Residual::Known(Truth::True) {
                    contribute(&mut all, 0, rule, Effect::Rows);
                }
            }
        }
        for (index, column) in self.view.columns.iter().enumerate() {
            // Of one column there are few, and those of others are others.
            let own = all.len();
            for on in self.on_column(index) {
                on.hidden.iter().for_each(|rule| contribute(&mut all, own, rule, Effect::Hides(column.name.clone())));
                for mask in &on.masks {
                    let name = column.name.clone();
                    let is_floor = matches!(mask.rule.sentence, Sentence::NeverShow { .. });
                    let effect = if is_floor { Effect::Floors(name) } else { Effect::Masks(name) };
                    contribute(&mut all, own, mask.rule, effect);
                }
            }
        }
        let own = all.len();
        limits.iter().for_each(|rule| contribute(&mut all, own, rule, Effect::LimitsUse));
        if read.is_allowed() {
            self.allows.iter().for_each(|(rule, _)| contribute(&mut all, own, rule, Effect::Allows));
        }
        all
    }
}

/// Enters what a rule did, unless it is there from `own` on.
fn contribute(all: &mut Vec<Contribution>, own: usize, rule: &EngineRule, effect: Effect) {
    // A rule has one reference, so the same reference is the same rule.
    let same = |known: &Contribution| Arc::ptr_eq(&known.rule, &rule.reference) && known.effect == effect;
    if !all.iter().skip(own).any(same) {
        all.push(Contribution { rule: Arc::clone(&rule.reference), effect });
    }
}

/// The rule that denies letting others read through a view, if one does.
fn sharing_denied_by<'a>(
    rules: &[&'a EngineRule],
    view: &TableView<'a>,
    asking: &Standing<'a>,
) -> Option<&'a EngineRule> {
    let denies =
        |rule: &&&EngineRule| denies_action(rule, Action::CreateViewWithSelectFromColumns) && view.denies(asking, rule);
    rules.iter().find(denies).copied()
}

fn scope<'a>(view: &TableView<'a>, asking: &Standing<'a>, rule: &'a EngineRule) -> Residual {
    match &rule.sentence {
        Sentence::Allow { rows: Some(rows), .. } => view.scope(asking, rule, rows),
        _ => Residual::Known(Truth::True),
    }
}

fn columns_of(predicate: &Predicate) -> Option<Vec<Identifier>> {
    let mut columns = Vec::new();
    predicate.columns(&mut columns).map(|()| columns)
}

pub(crate) fn allows_action(rule: &EngineRule, action: Action) -> bool {
    matches!(rule.sentence, Sentence::Allow { .. }) && rule.actions.contains(action)
}

pub(crate) fn denies_action(rule: &EngineRule, action: Action) -> bool {
    matches!(rule.sentence, Sentence::Deny { .. }) && rule.actions.contains(action)
}
