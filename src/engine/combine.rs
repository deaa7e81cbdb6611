//! What binds one party at one table: denials, purposes, row guards, masks, hidden columns.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::kinds::Grant;
use crate::engine::audience::audience;
use crate::engine::fit::fit;
use crate::engine::lattice::Applied;
use crate::engine::partial::{Residual, Row, all, fold};
use crate::engine::rules::{EngineRule, holds};
use crate::engine::standing::Standing;
use crate::engine::tags::{Placed, Polarity, Reader, TableTags};
use crate::engine::target::{Place, Reach, reach};
use crate::engine::truth::Truth;
use crate::language::syntax::{ColumnTarget, ColumnWord, Condition, MaskWord, Mention, Sentence};
use crate::model::action::Action;
use crate::model::name::{Identifier, Name, TableName};
use crate::model::request::Column;

/// A sentence with tags in its condition is read once for each combination of tagged columns. Above this nothing is shown.
pub(crate) const MOST_READINGS: usize = 64;

/// A table as the rules see it.
#[derive(Debug)]
pub(crate) struct TableView<'a> {
    pub(crate) table: &'a TableName,
    pub(crate) columns: &'a [Column],
    tags: &'a TableTags,
    /// The tags of each column, in the request's order.
    placed: Vec<&'a [Placed]>,
}

/// Which rules bind a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authorities {
    /// The mesh's and those of the table's domains.
    All,
    /// The mesh's alone: what binds the invoker of a definer view.
    Mesh,
}

/// What binds one party at one table.
#[derive(Debug)]
pub(crate) struct Restraints<'a> {
    pub(crate) denies: Vec<&'a EngineRule>,
    pub(crate) limits: Vec<&'a EngineRule>,
    pub(crate) guards: Vec<(&'a EngineRule, Residual)>,
    /// One for each column of the request, in its order.
    pub(crate) columns: Vec<OnColumn<'a>>,
}

/// What binds one party at one column.
#[derive(Debug, Default)]
pub(crate) struct OnColumn<'a> {
    pub(crate) masks: Vec<MaskOf<'a>>,
    pub(crate) hidden: Vec<&'a EngineRule>,
}

impl OnColumn<'_> {
    pub(crate) fn is_clear(&self) -> bool {
        self.masks.is_empty() && self.hidden.is_empty()
    }
}

/// A mask, and the rule that puts it there.
#[derive(Debug)]
pub(crate) struct MaskOf<'a> {
    pub(crate) rule: &'a EngineRule,
    pub(crate) applied: Applied,
}

impl<'a> TableView<'a> {
    pub(crate) fn new(standing: &Standing<'a>, table: &'a TableName, columns: &'a [Column]) -> Self {
        let tags = standing.snapshot().tags.of(table);
        Self { table, columns, tags, placed: columns.iter().map(|column| tags.on_column(&column.name)).collect() }
    }

    /// What restrains a party here, of the rules that hold here.
    pub(crate) fn restraints(&self, standing: &Standing<'a>, rules: &[&'a EngineRule]) -> Restraints<'a> {
        let mut restraints = Restraints {
            denies: Vec::new(),
            limits: Vec::new(),
            guards: Vec::new(),
            columns: self.columns.iter().map(|_| OnColumn::default()).collect(),
        };
        rules.iter().for_each(|rule| self.restrain(standing, rule, &mut restraints));
        restraints
    }

    fn restrain(&self, standing: &Standing<'a>, rule: &'a EngineRule, restraints: &mut Restraints<'a>) {
        match &rule.sentence {
            Sentence::Deny { .. }
                if rule.actions.contains(Action::SelectFromColumns) && self.denies(standing, rule) =>
            {
                restraints.denies.push(rule);
            }
            Sentence::LimitUse { purposes, audience: of } if binds(standing, rule, of, Some(self.table)) => {
                let acting = Truth::any(purposes.iter().map(|purpose| standing.asker.acting.acting_for(&purpose.node)));
                if !acting.is_true() {
                    restraints.limits.push(rule);
                }
            }
            Sentence::OnlyShowRows { rows, audience: of } if binds(standing, rule, of, Some(self.table)) => {
                let guards = self.guards(standing, reader(standing, rule), rows);
                restraints.guards.extend(guards.into_iter().map(|residual| (rule, residual)));
            }
            Sentence::MaskColumns { columns, mask, cells, audience: of }
                if binds(standing, rule, of, Some(self.table)) =>
            {
                let cells = self.cells(standing, reader(standing, rule), cells.as_ref());
                for index in self.matching(columns, reader(standing, rule), Polarity::Binds) {
                    for cells in &cells {
                        self.mask(standing, rule, index, mask, cells, restraints);
                    }
                }
            }
            Sentence::HideColumns { columns, audience: of } if binds(standing, rule, of, Some(self.table)) => {
                let covered = self.matching(columns, reader(standing, rule), Polarity::Binds);
                restraints.hide(rule, |index| covered.binary_search(&index).is_ok());
            }
            Sentence::OnlyShowColumns { columns, audience: of } if binds(standing, rule, of, Some(self.table)) => {
                let shown = self.matching(columns, reader(standing, rule), Polarity::Releases);
                restraints.hide(rule, |index| shown.binary_search(&index).is_err());
            }
            // For everybody: no other rule's `except` and no grant lifts it.
            Sentence::NeverShow { columns, floor } => {
                for index in self.matching(columns, reader(standing, rule), Polarity::Binds) {
                    self.mask(standing, rule, index, floor, &None, restraints);
                }
            }
            _ => {}
        }
    }

    /// Whether a denial that holds here applies to the party: TRUE or UNKNOWN.
    pub(crate) fn denies(&self, standing: &Standing<'_>, rule: &EngineRule) -> bool {
        denial_applies(standing, rule, Some(self.table))
    }

    fn mask(
        &self,
        standing: &Standing<'a>,
        rule: &'a EngineRule,
        index: usize,
        mask: &MaskWord,
        cells: &Option<crate::sql::expression::Predicate>,
        restraints: &mut Restraints<'a>,
    ) {
        let (Some(column), Some(on)) = (self.columns.get(index), restraints.columns.get_mut(index)) else { return };
        let masked = fit(mask, column.column_type, &standing.snapshot().zone).masked;
        on.masks.push(MaskOf { rule, applied: Applied { masked, cells: cells.clone() } });
    }

    /// The cells that a mask is on, one entry for each reading of its condition; `None` in an entry: all cells.
    pub(crate) fn cells(
        &self,
        standing: &Standing<'a>,
        reader: Reader<'_>,
        condition: Option<&Condition>,
    ) -> Vec<Option<crate::sql::expression::Predicate>> {
        let Some(condition) = condition else { return vec![None] };
        // The mask's columns make it bind. A tag that only a domain placed would take cells away from it.
        match self.readings(condition, reader, Polarity::Releases) {
            // The masked column is there and the condition's column is not: that part is unknown.
            Readings::DoesNotBind => self.cells_of(standing, condition, &BTreeMap::new()).into_iter().collect(),
            Readings::TooMany => vec![None],
            Readings::Each(readings) => {
                readings.iter().filter_map(|reading| self.cells_of(standing, condition, reading)).collect()
            }
        }
    }

    /// The cells of one reading; `None`: none, `Some(None)`: all.
    fn cells_of(
        &self,
        standing: &Standing<'a>,
        condition: &Condition,
        reading: &BTreeMap<Name, Identifier>,
    ) -> Option<Option<crate::sql::expression::Predicate>> {
        match self.fold(standing, condition, reading) {
            Residual::Known(Truth::False) => None,
            Residual::Known(_) => Some(None),
            Residual::Open(predicate) => Some(Some(predicate)),
        }
    }

    /// The rows that an allow with a scope gives: all of its readings must hold.
    pub(crate) fn scope(&self, standing: &Standing<'a>, rule: &EngineRule, rows: &Condition) -> Residual {
        match self.readings(rows, reader(standing, rule), Polarity::Releases) {
            Readings::Each(readings) => {
                all(readings.iter().map(|reading| self.fold(standing, rows, reading)).collect())
            }
            Readings::DoesNotBind => Residual::UNKNOWN,
            Readings::TooMany => Residual::Known(Truth::False),
        }
    }

    /// What is left of each reading of a guard; all must hold.
    pub(crate) fn guards(&self, standing: &Standing<'a>, reader: Reader<'_>, rows: &Condition) -> Vec<Residual> {
        match self.readings(rows, reader, Polarity::Binds) {
            Readings::DoesNotBind => Vec::new(),
            Readings::TooMany => vec![Residual::Known(Truth::False)],
            Readings::Each(readings) => readings.iter().map(|reading| self.fold(standing, rows, reading)).collect(),
        }
    }

    fn fold(&self, standing: &Standing<'a>, condition: &Condition, reading: &BTreeMap<Name, Identifier>) -> Residual {
        fold(standing, condition, &Row { columns: self.columns, reading })
    }

    /// The places of the columns that a target covers, in the request's order.
    pub(crate) fn matching(&self, target: &ColumnTarget, reader: Reader<'_>, polarity: Polarity) -> Vec<usize> {
        let covers = |words: &[ColumnWord], column: &Identifier, placed: &[Placed], polarity| {
            words.iter().any(|word| match word {
                ColumnWord::Named(name) => &name.node == column,
                ColumnWord::Tagged(tag) => reader.any(placed, &tag.node, polarity),
                ColumnWord::Untagged => reader.is_untagged(placed, polarity),
            })
        };
        let columns = self.columns.iter().zip(&self.placed).enumerate();
        columns
            .filter(|(_, (column, placed))| {
                covers(&target.of, &column.name, placed, polarity)
                    && !covers(&target.except, &column.name, placed, polarity.opposite())
            })
            .map(|(index, _)| index)
            .collect()
    }

    /// Every way to put columns in the place of a condition's tags. Which tags make the rule bind at all depends on what it does
    /// when it binds.
    fn readings(&self, condition: &Condition, reader: Reader<'_>, polarity: Polarity) -> Readings {
        let mut tags = BTreeSet::new();
        tags_of(condition, &mut tags);
        let trusted = |tag: &Name| reader.a_column_has(self.tags, tag, Polarity::Releases);
        let bound = tags.iter().any(|tag| reader.a_column_has(self.tags, tag, polarity));
        if !tags.is_empty() && !bound {
            return Readings::DoesNotBind;
        }
        let some_trusted = tags.iter().any(trusted);
        let mut readings: Vec<BTreeMap<Name, Identifier>> = vec![BTreeMap::new()];
        for tag in &tags {
            // FAIL-CLOSED: a tag that only a domain placed does not supply the column that the mesh's tagging lacks.
            if some_trusted && !trusted(tag) {
                continue;
            }
            let columns: Vec<&Identifier> = reader.columns_with(self.tags, tag, Polarity::Binds).collect();
            if columns.is_empty() {
                continue;
            }
            if readings.len().saturating_mul(columns.len()) > MOST_READINGS {
                return Readings::TooMany;
            }
            readings = readings
                .iter()
                .flat_map(|reading| {
                    columns.iter().map(|column| {
                        let mut reading = reading.clone();
                        reading.insert(tag.clone(), (*column).clone());
                        reading
                    })
                })
                .collect();
        }
        Readings::Each(readings)
    }
}

impl<'a> Restraints<'a> {
    fn hide(&mut self, rule: &'a EngineRule, hides: impl Fn(usize) -> bool) {
        let columns = self.columns.iter_mut().enumerate();
        columns.filter(|(index, _)| hides(*index)).for_each(|(_, on)| on.hidden.push(rule));
    }
}

/// The ways to read a condition that names tags.
enum Readings {
    /// None of the tags is on any column.
    DoesNotBind,
    /// More than [`MOST_READINGS`].
    TooMany,
    /// Each; a tag that is on no column is in none of them, which makes its part unknown.
    Each(Vec<BTreeMap<Name, Identifier>>),
}

fn tags_of(condition: &Condition, into: &mut BTreeSet<Name>) {
    condition.mentions(&mut |mention| {
        if let Mention::ColumnTagged(tag) = mention {
            into.insert(tag.node.clone());
        }
    });
}

/// The rules of some authorities that hold today, whose target is a table, and that can be about a party.
pub(crate) fn rules_on<'a>(
    standing: &Standing<'a>,
    table: &TableName,
    authorities: Authorities,
) -> Vec<&'a EngineRule> {
    let snapshot = standing.asker.snapshot;
    let tags = snapshot.tags.of(table);
    let ids = snapshot.index.on_table(table, tags, &snapshot.domains, standing.person);
    let binds_here = |rule: &&EngineRule| {
        (authorities == Authorities::All || rule.domain.is_none())
            && rule.holds_on(standing.asker.day)
            && may_rule_over(standing, rule, table)
            && reach(&rule.target, Place::Table(table), snapshot, reader(standing, rule), polarity_of(&rule.sentence))
                == Reach::Whole
    };
    snapshot.rules_of(ids).filter(binds_here).collect()
}

/// Which way a sentence's target cuts.
pub(crate) fn polarity_of(sentence: &Sentence) -> Polarity {
    match sentence {
        Sentence::Allow { .. } | Sentence::ActAs { .. } => Polarity::Releases,
        _ => Polarity::Binds,
    }
}

/// How a rule reads tags.
pub(crate) fn reader<'a>(standing: &Standing<'a>, rule: &'a EngineRule) -> Reader<'a> {
    let above = rule.domain.as_ref().map_or(&[][..], |domain| standing.asker.snapshot.domains.above(domain));
    Reader { domain: rule.domain.as_ref(), above }
}

/// A domain's rules bind only its own tables.
fn may_rule_over(standing: &Standing<'_>, rule: &EngineRule, table: &TableName) -> bool {
    match &rule.domain {
        None => true,
        Some(domain) => standing.asker.snapshot.domains.patterns_of(domain).any(|pattern| pattern.covers(table)),
    }
}

/// Whether a restriction binds a party: unless the audience is FALSE, or a valid exception lifts the rule for them.
pub(crate) fn binds(
    standing: &Standing<'_>,
    rule: &EngineRule,
    of: &crate::language::syntax::Audience,
    table: Option<&TableName>,
) -> bool {
    audience(standing, of, table).may_be_true() && !is_lifted(standing, rule)
}

pub(crate) fn is_lifted(standing: &Standing<'_>, rule: &EngineRule) -> bool {
    lifting(standing, rule).is_some()
}

/// A grant that is valid and lifts a rule for the party.
pub(crate) fn lifting<'a>(standing: &Standing<'a>, rule: &'a EngineRule) -> Option<&'a Grant> {
    let liftable = rule.liftable.as_ref()?;
    standing.snapshot().exceptions_to(liftable).find(|grant| {
        holds(grant.from, grant.until, standing.asker.day)
            && crate::engine::audience::members(standing, &grant.to, None).is_true()
    })
}

/// Whether a denial applies to a party: TRUE or UNKNOWN.
pub(crate) fn denial_applies(standing: &Standing<'_>, rule: &EngineRule, table: Option<&TableName>) -> bool {
    let Sentence::Deny { audience: of, purposes, .. } = &rule.sentence else { return false };
    let for_purpose = purposes.is_empty()
        || Truth::any(purposes.iter().map(|purpose| standing.asker.acting.acting_for(&purpose.node))).may_be_true();
    for_purpose && binds(standing, rule, of, table)
}

/// The purposes of an allow that is about a party and for no purpose that the query acts for.
pub(crate) fn purposes_needed(standing: &Standing<'_>, rule: &EngineRule, table: &TableName) -> Vec<Name> {
    match &rule.sentence {
        Sentence::Allow { audience: of, purposes, .. } if audience(standing, of, Some(table)).is_true() => {
            purposes.iter().map(|purpose| purpose.node.clone()).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether an allow applies to a party: only when TRUE.
pub(crate) fn allowance_applies(standing: &Standing<'_>, rule: &EngineRule, table: Option<&TableName>) -> bool {
    let Sentence::Allow { audience: of, purposes, .. } = &rule.sentence else { return false };
    let for_purpose = purposes.is_empty()
        || Truth::any(purposes.iter().map(|purpose| standing.asker.acting.acting_for(&purpose.node))).is_true();
    for_purpose && audience(standing, of, table).is_true()
}
