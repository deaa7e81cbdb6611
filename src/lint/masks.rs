//! Masks that meet on a column: below a floor, or two that cannot be compared. Columns are looked at by their tags, so that many
//! columns with the same tags are one.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use crate::document::finding::Finding;
use crate::document::warning::Warning;
use crate::engine::compare_masks;
use crate::engine::fit::{Fallen, Misfit, fit};
use crate::language::syntax::{AudienceBase, ColumnTarget, ColumnWord, MaskWord, Sentence};
use crate::lint::{Mesh, Ruled, Ruling};
use crate::model::name::{Identifier, Name};

/// So many tables with columns of the same tags are looked at: more of a kind are bound by the same rules, or nearly.
const MOST_TABLES_ALIKE: usize = 16;

/// More masks on columns of the same tags are not compared.
const MOST_MASKS: usize = 64;

/// A rule that masks every cell of its columns, for those whom it binds.
struct Masking<'a, 'r> {
    rule: Ruled<'a, 'r>,
    columns: &'a ColumnTarget,
    mask: &'a MaskWord,
    is_floor: bool,
    /// Whether it binds everybody but those named after `except`.
    for_everyone: bool,
}

/// Columns with the same tags, on some of the tables that have one.
struct Alike<'k> {
    tags: BTreeSet<&'k Name>,
    tables: Vec<usize>,
}

pub(super) fn lint(mesh: &Mesh<'_>, policies: &[Ruling<'_>], findings: &mut Vec<Finding>) {
    let masks: Vec<Masking<'_, '_>> = policies.iter().flat_map(Ruling::rules).filter_map(masking).collect();
    let mut by_tag: BTreeMap<&Name, Vec<usize>> = BTreeMap::new();
    let mut by_name: BTreeMap<&Identifier, Vec<usize>> = BTreeMap::new();
    for (at, masking) in masks.iter().enumerate() {
        for word in &masking.columns.of {
            match word {
                ColumnWord::Tagged(tag) => by_tag.entry(&tag.node).or_default().push(at),
                ColumnWord::Named(column) => by_name.entry(&column.node).or_default().push(at),
                ColumnWord::Untagged => {}
            }
        }
    }
    let mut told = BTreeSet::new();
    let mut meet = |column: Option<&Identifier>, alike: &Alike<'_>| {
        let above: BTreeSet<Name> = alike.tags.iter().flat_map(|tag| tag.and_above()).collect();
        let mut here: Vec<usize> = above.iter().filter_map(|tag| by_tag.get(tag)).flatten().copied().collect();
        here.extend(column.and_then(|column| by_name.get(column)).into_iter().flatten());
        here.sort_unstable();
        here.dedup();
        here.truncate(MOST_MASKS);
        for (index, left) in here.iter().enumerate() {
            for right in here.iter().skip(index + 1) {
                let (Some(one), Some(other)) = (masks.get(*left), masks.get(*right)) else { continue };
                if !told.contains(&(*left, *right))
                    && let Some(finding) = pair(one, other, column, alike)
                {
                    told.insert((*left, *right));
                    findings.push(finding);
                }
            }
        }
    };
    for (column, alike) in kinds_of_columns(mesh, &by_name) {
        meet(column, &alike);
    }
}

/// Whether a target covers a column with these tags.
fn covers(target: &ColumnTarget, column: Option<&Identifier>, tags: &BTreeSet<&Name>) -> bool {
    let any = |words: &[ColumnWord]| {
        words.iter().any(|word| match word {
            ColumnWord::Named(named) => Some(&named.node) == column,
            ColumnWord::Tagged(tag) => tags.iter().any(|placed| placed.is_within(&tag.node)),
            ColumnWord::Untagged => tags.is_empty(),
        })
    };
    any(&target.of) && !any(&target.except)
}

fn masking<'a, 'r>(rule: Ruled<'a, 'r>) -> Option<Masking<'a, 'r>> {
    match &rule.rule.rule.sentence {
        Sentence::MaskColumns { columns, mask, cells: None, audience } => {
            let for_everyone = audience.of == AudienceBase::Everyone;
            Some(Masking { rule, columns, mask, is_floor: false, for_everyone })
        }
        Sentence::NeverShow { columns, floor } => {
            Some(Masking { rule, columns, mask: floor, is_floor: true, for_everyone: true })
        }
        _ => None,
    }
}

/// The known columns by their tags; those that a rule names, by name too.
fn kinds_of_columns<'m>(
    mesh: &'m Mesh<'_>,
    by_name: &BTreeMap<&'m Identifier, Vec<usize>>,
) -> impl Iterator<Item = (Option<&'m Identifier>, Alike<'m>)> {
    let mut kinds: BTreeMap<(Option<&'m Identifier>, BTreeSet<&'m Name>), Vec<usize>> = BTreeMap::new();
    let mut add = |column: &'m Identifier, tags: BTreeSet<&'m Name>, table: usize| {
        let named = by_name.contains_key(column).then_some(column);
        let tables = kinds.entry((named, tags)).or_default();
        if tables.len() < MOST_TABLES_ALIKE {
            tables.push(table);
        }
    };
    for (at, table) in mesh.known.tables.iter().enumerate() {
        for (column, tags) in &table.columns {
            add(column, tags.iter().copied().collect(), at);
        }
        for column in table.declared.into_iter().flat_map(|declared| &declared.columns) {
            if by_name.contains_key(&column.name) && !table.columns.contains_key(&column.name) {
                add(&column.name, BTreeSet::new(), at);
            }
        }
    }
    kinds.into_iter().map(|((column, tags), tables)| (column, Alike { tags, tables }))
}

impl Masking<'_, '_> {
    /// What masks, in the words of the sentence.
    fn words(&self) -> String {
        format!("`{}` of `{}`", self.mask, self.rule.reference())
    }
}

/// A mask on declared columns whose types cannot hold it. Columns that a rule names by tag may well be of several types: then it is
/// worth knowing, and a warning only where the mask fits none.
pub(super) fn fitting(mesh: &Mesh<'_>, rule: &Ruled<'_, '_>, findings: &mut Vec<Finding>) {
    let (columns, mask) = match &rule.rule.rule.sentence {
        Sentence::MaskColumns { columns, mask, .. } => (columns, mask),
        Sentence::NeverShow { columns, floor } => (columns, floor),
        _ => return,
    };
    let (mut holds, mut first, mut others) = (false, None, 0_usize);
    let untagged = BTreeSet::new();
    for at in mesh.known.with_columns(columns) {
        let Some(table) = mesh.known.table(at).filter(|_| rule.ruling.tables.binary_search(&at).is_ok()) else {
            continue;
        };
        for column in table.declared.into_iter().flat_map(|declared| &declared.columns) {
            let tags = table.columns.get(&column.name).unwrap_or(&untagged);
            if !covers(columns, Some(&column.name), tags) {
                continue;
            }
            match fit(mask, column.column_type, &TimeZone::UTC).fallen {
                None => holds = true,
                Some(Fallen { why: Misfit::TypeNotKnown, .. }) => {}
                Some(fallen) if first.is_none() => first = Some((table.name, &column.name, fallen)),
                Some(_) => others += 1,
            }
        }
    }
    let Some((table, column, fallen)) = first else { return };
    let more = if others == 0 { String::new() } else { format!(", and so are {others} more columns") };
    let message = format!("column `{column}` of {table} is {fallen}{more}");
    let finding = rule
        .warn_whole(Warning::MaskDoesNotFit, message)
        .with_help("docs/language.md has which types hold which masks");
    findings.push(if holds { finding.into_note() } else { finding });
}

/// What is to be said of two masks that meet on columns of one kind.
fn pair(
    one: &Masking<'_, '_>,
    other: &Masking<'_, '_>,
    column: Option<&Identifier>,
    alike: &Alike<'_>,
) -> Option<Finding> {
    let both_on = |table: &&usize| {
        one.rule.ruling.tables.binary_search(table).is_ok() && other.rule.ruling.tables.binary_search(table).is_ok()
    };
    if !(covers(one.columns, column, &alike.tags) && covers(other.columns, column, &alike.tags)) {
        return None;
    }
    alike.tables.iter().find(both_on)?;
    let order = compare_masks(one.mask, other.mask);
    match (one.is_floor, other.is_floor) {
        (false, true) => below_floor(one, other, order),
        (true, false) => below_floor(other, one, order.map(Ordering::reverse)),
        _ if order.is_none() && one.for_everyone && other.for_everyone => {
            let message = format!(
                "{} and {} meet on a column{} and cannot be compared, so it is NULL",
                one.words(),
                other.words(),
                of_kind(column, alike)
            );
            Some(
                other
                    .rule
                    .warn_whole(Warning::MasksFallToNull, message)
                    .with_help("mask it once: leave the column out of one of them with `except`"),
            )
        }
        _ => None,
    }
}

fn below_floor(mask: &Masking<'_, '_>, floor: &Masking<'_, '_>, order: Option<Ordering>) -> Option<Finding> {
    let message = match order {
        Some(Ordering::Less) => {
            format!("{} protects more than this, so `{}` is never what is seen", floor.words(), mask.mask)
        }
        None => format!("the floor {} cannot be compared with `{}`, so NULL is shown", floor.words(), mask.mask),
        Some(_) => return None,
    };
    Some(
        mask.rule
            .warn_whole(Warning::BelowFloor, message)
            .with_help(format!("use `{}` or what is stronger: docs/language.md has the order", floor.mask)),
    )
}

fn of_kind(column: Option<&Identifier>, alike: &Alike<'_>) -> String {
    match column {
        Some(column) => format!(" `{column}`"),
        None => {
            let tags: Vec<&str> = alike.tags.iter().map(|tag| tag.as_str()).collect();
            format!(" tagged `{}`", tags.join("`, `"))
        }
    }
}
