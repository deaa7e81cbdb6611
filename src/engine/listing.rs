//! What may be listed: an object is visible to those who are allowed anything on it or in it.

use std::collections::HashSet;

use crate::engine::access::{self, candidates};
use crate::engine::combine::{
    Authorities, TableView, allowance_applies, denial_applies, polarity_of, reader, rules_on,
};
use crate::engine::index::Index;
use crate::engine::rules::EngineRule;
use crate::engine::standing::{Asker, Standing};
use crate::engine::target::{Place, Reach, pattern_reach, reach};
use crate::language::pattern::TablesOf;
use crate::language::syntax::{ColumnTarget, ColumnWord, Sentence};
use crate::model::action::{Action, Actions};
use crate::model::name::{Identifier, TableName};
use crate::model::request::{Column, Listing};

pub(crate) fn decide(asker: &Asker<'_>, listing: &Listing) -> Vec<bool> {
    let asking = asker.asking();
    let visible = |place: Place<'_>| is_visible(&asking, place);
    match listing {
        Listing::Catalogs(catalogs) => catalogs.iter().map(|catalog| visible(Place::Catalog(catalog))).collect(),
        Listing::Schemas { catalog, schemas } => {
            schemas.iter().map(|schema| visible(Place::Schema(catalog, schema))).collect()
        }
        Listing::Tables { catalog, schemas } => {
            let rules: Vec<&EngineRule> = asker.snapshot.rules_of(allows_and_denies(&asking)).collect();
            let of_schema = |(schema, tables): &(Identifier, Vec<Identifier>)| {
                visible_tables(&asking, &rules, catalog, schema, tables)
            };
            schemas.iter().flat_map(of_schema).collect()
        }
        Listing::Columns { catalog, schemas } => schemas
            .iter()
            .flat_map(|(schema, tables)| tables.iter().map(move |(table, columns)| (schema, table, columns)))
            .flat_map(|(schema, table, columns)| visible_columns(asker, &full_name(catalog, schema, table), columns))
            .collect(),
        Listing::Functions { catalog, schemas } => {
            let functions = schemas.iter().flat_map(|(schema, names)| names.iter().map(move |name| (schema, name)));
            functions.map(|(schema, function)| visible(Place::Function(catalog, schema, function))).collect()
        }
        Listing::QueryOwners(owners) => {
            owners.iter().map(|(user, _)| access::may_see_queries_of(asker, user)).collect()
        }
    }
}

/// The allows and denials that can be about the party, wherever they are on.
fn allows_and_denies(asking: &Standing<'_>) -> Vec<u32> {
    let index = &asking.asker.snapshot.index;
    [index.denies(asking.person), index.allows(asking.person)].concat()
}

fn full_name(catalog: &Identifier, schema: &Identifier, table: &Identifier) -> TableName {
    TableName { catalog: catalog.clone(), schema: schema.clone(), table: table.clone() }
}

/// A metadata table (`orders$files`) is listed with the table that it describes.
pub(crate) fn table_is_visible(standing: &Standing<'_>, table: &TableName) -> bool {
    let mut bases = table.bases().peekable();
    if bases.peek().is_none() {
        return is_visible(standing, Place::Table(table));
    }
    may_be_seen(standing, Place::Table(table)) && bases.all(|base| is_visible(standing, Place::Table(&base)))
}

/// Whether a place may be listed: some action on it or in it is allowed and not denied, and seeing it is not denied.
pub(crate) fn is_visible(standing: &Standing<'_>, place: Place<'_>) -> bool {
    let asker = standing.asker;
    let table = match place {
        Place::Table(table) => Some(table),
        _ => None,
    };
    let denied = denied_at(standing, place);
    if denied.contains(seeing(place)) {
        return false;
    }
    asker.snapshot.rules_of(candidates(standing, place, Index::allows)).any(|rule| {
        matches!(rule.sentence, Sentence::Allow { .. })
            && !rule.shows.without(denied).is_empty()
            && rule.holds_on(asker.day)
            && rule_reach(standing, rule, place) != Reach::None
            && allowance_applies(standing, rule, table)
    })
}

/// Whether a place in which something is open may be listed: seeing it is not denied.
pub(crate) fn may_be_seen(standing: &Standing<'_>, place: Place<'_>) -> bool {
    !denied_at(standing, place).contains(seeing(place))
}

/// The actions that are denied on the whole of a place.
fn denied_at(standing: &Standing<'_>, place: Place<'_>) -> Actions {
    let asker = standing.asker;
    let table = match place {
        Place::Table(table) => Some(table),
        _ => None,
    };
    asker
        .snapshot
        .rules_of(candidates(standing, place, Index::denies))
        .filter(|rule| matches!(rule.sentence, Sentence::Deny { .. }) && rule.holds_on(asker.day))
        .filter(|rule| rule_reach(standing, rule, place) == Reach::Whole && denial_applies(standing, rule, table))
        .fold(Actions::default(), |denied, rule| denied.and(rule.actions))
}

/// The tables of one schema. Most of them have no tags and no pattern tells them from the others: what holds for one such table holds
/// for all of them, so it is asked once.
fn visible_tables(
    standing: &Standing<'_>,
    rules: &[&EngineRule],
    catalog: &Identifier,
    schema: &Identifier,
    tables: &[Identifier],
) -> Vec<bool> {
    let snapshot = standing.asker.snapshot;
    let alone = |table: &Identifier| table_is_visible(standing, &full_name(catalog, schema, table));
    let mut named = HashSet::new();
    let patterns = rules.iter().flat_map(|rule| rule.target.patterns());
    for pattern in patterns.chain(snapshot.domains.patterns_near(catalog, schema)) {
        match pattern.tables_of(catalog, schema) {
            TablesOf::AllOrNone => {}
            TablesOf::One(table) => {
                named.insert(table);
            }
            TablesOf::Some => return tables.iter().map(alone).collect(),
        }
    }
    let tagged = snapshot.tags.in_schema(catalog, schema);
    let differs = |table: &Identifier| {
        named.contains(table.as_str())
            || tagged.is_some_and(|tagged| tagged.contains(table))
            || table.as_str().contains('$')
    };
    let mut ordinary: Option<bool> = None;
    let visible = |table: &Identifier| {
        if differs(table) { alone(table) } else { *ordinary.get_or_insert_with(|| alone(table)) }
    };
    tables.iter().map(visible).collect()
}

fn seeing(place: Place<'_>) -> Action {
    match place {
        Place::Catalog(_) => Action::FilterCatalogs,
        Place::Schema(..) => Action::FilterSchemas,
        Place::Function(..) => Action::FilterFunctions,
        _ => Action::FilterTables,
    }
}

/// How far a rule reaches over a place; a domain's rule only over what the domain owns.
pub(crate) fn rule_reach(standing: &Standing<'_>, rule: &EngineRule, place: Place<'_>) -> Reach {
    let snapshot = standing.asker.snapshot;
    let polarity = polarity_of(&rule.sentence);
    let of_target = || reach(&rule.target, place, snapshot, reader(standing, rule), polarity);
    match &rule.domain {
        None => of_target(),
        Some(domain) => {
            let owned = snapshot.domains.patterns_of(domain).map(|pattern| pattern_reach(pattern, place)).max();
            owned.unwrap_or(Reach::None).min(of_target())
        }
    }
}

fn visible_columns(asker: &Asker<'_>, table: &TableName, columns: &[Identifier]) -> Vec<bool> {
    let asking = asker.asking();
    if !table_is_visible(&asking, table) {
        return vec![false; columns.len()];
    }
    let columns = untyped(columns);
    let mut visible = vec![true; columns.len()];
    let hides =
        |rule: &&EngineRule| matches!(rule.sentence, Sentence::HideColumns { .. } | Sentence::OnlyShowColumns { .. });
    for table in table.bases().chain([table.clone()]) {
        let hiding: Vec<&EngineRule> = rules_on(&asking, &table, Authorities::All).into_iter().filter(hides).collect();
        if hiding.is_empty() {
            continue;
        }
        let restraints = TableView::new(&asking, &table, &columns).restraints(&asking, &hiding);
        visible.iter_mut().zip(&restraints.columns).for_each(|(seen, on)| *seen &= on.hidden.is_empty());
    }
    visible
}

/// Columns of which only the names are known.
pub(crate) fn untyped(columns: &[Identifier]) -> Vec<Column> {
    columns.iter().map(|name| Column::named(name.clone())).collect()
}

/// The columns that rules or taggings name for a table, and one that nobody named and that has no tag: what a table may have.
pub(crate) fn columns_that_rules_name(asker: &Asker<'_>, table: &TableName) -> Vec<Column> {
    let mut names: Vec<Identifier> = asker.snapshot.known_columns(table);
    for rule in &asker.snapshot.rules {
        match &rule.sentence {
            Sentence::MaskColumns { columns, .. }
            | Sentence::HideColumns { columns, .. }
            | Sentence::OnlyShowColumns { columns, .. }
            | Sentence::NeverShow { columns, .. } => named(columns, &mut names),
            _ => {}
        }
    }
    // The empty name is no column's, so no rule names it and no tag is on it.
    names.push(Identifier::new(""));
    names.sort();
    names.dedup();
    untyped(&names)
}

fn named(columns: &ColumnTarget, into: &mut Vec<Identifier>) {
    for word in columns.of.iter().chain(&columns.except) {
        if let ColumnWord::Named(name) = word {
            into.push(name.node.clone());
        }
    }
}
