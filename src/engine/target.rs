//! Whether a target covers a resource.

use crate::engine::snapshot::Snapshot;
use crate::engine::tags::{Polarity, Reader};
use crate::language::pattern::Pattern;
use crate::language::syntax::Target;
use crate::model::name::{Identifier, TableName};

/// What is asked about, as far as targets tell things apart.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    System,
    Catalog(&'a Identifier),
    Schema(&'a Identifier, &'a Identifier),
    Table(&'a TableName),
    Function(&'a Identifier, &'a Identifier, &'a Identifier),
    SystemProperty(&'a Identifier),
    CatalogProperty(&'a Identifier, &'a Identifier),
}

/// How far a target reaches over a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// Not at all.
    None,
    /// Something inside the place is, or may come to be, covered.
    Within,
    /// The place itself and all inside.
    Whole,
}

pub(crate) fn reach(
    target: &Target,
    place: Place<'_>,
    snapshot: &Snapshot,
    reader: Reader<'_>,
    polarity: Polarity,
) -> Reach {
    let again = |target: &Target| reach(target, place, snapshot, reader, polarity);
    match target {
        Target::Everything => Reach::Whole,
        Target::System => whole(matches!(place, Place::System | Place::SystemProperty(_))),
        Target::Pattern(pattern) => over_pattern(&pattern.node, place),
        Target::Functions(pattern) => over_functions(&pattern.node, place),
        Target::SessionProperties(patterns) => {
            patterns.iter().map(|pattern| over_property(&pattern.node, place)).max().unwrap_or(Reach::None)
        }
        Target::TablesInDomain(domain) => snapshot
            .domains
            .patterns_of(&domain.node)
            .map(|pattern| over_tables(pattern, place))
            .max()
            .unwrap_or(Reach::None),
        Target::TablesTagged(tag) => over_tagged(place, snapshot, |tags| reader.table_has(tags, &tag.node, polarity)),
        Target::TablesWithColumnsTagged(tag) => {
            over_tagged(place, snapshot, |tags| reader.a_column_has(tags, &tag.node, polarity))
        }
        Target::UntaggedTables => match place {
            Place::Table(table) => whole(reader.table_is_untagged(snapshot.tags.of(table), polarity)),
            // There may always be one more table.
            Place::Catalog(_) | Place::Schema(..) => Reach::Within,
            _ => Reach::None,
        },
        Target::And(parts) => parts.iter().map(again).min().unwrap_or(Reach::None),
        Target::Or(parts) => parts.iter().map(again).max().unwrap_or(Reach::None),
        Target::Except(of, without) => {
            let excepted = reach(without, place, snapshot, reader, polarity.opposite());
            match (again(of), excepted) {
                (_, Reach::Whole) => Reach::None,
                (of, Reach::Within) => of.min(Reach::Within),
                (of, Reach::None) => of,
            }
        }
    }
}

fn whole(is: bool) -> Reach {
    if is { Reach::Whole } else { Reach::None }
}

fn over_tagged(place: Place<'_>, snapshot: &Snapshot, has: impl Fn(&crate::engine::tags::TableTags) -> bool) -> Reach {
    let some = |found: bool| if found { Reach::Within } else { Reach::None };
    match place {
        Place::Table(table) => whole(has(snapshot.tags.of(table))),
        Place::Catalog(catalog) => some(snapshot.tags.in_catalog(catalog).any(|(_, tags)| has(tags))),
        Place::Schema(catalog, schema) => some(snapshot.tags.tables_of(catalog, schema).any(|(_, tags)| has(tags))),
        _ => Reach::None,
    }
}

/// A pattern covers what it names and all inside: catalogs, schemas, tables, and their functions and properties.
fn over_pattern(pattern: &Pattern, place: Place<'_>) -> Reach {
    match place {
        Place::System | Place::SystemProperty(_) => Reach::None,
        Place::Catalog(catalog) => over_name(pattern, &[catalog]),
        Place::Schema(catalog, schema) => over_name(pattern, &[catalog, schema]),
        Place::Table(table) => over_name(pattern, &[&table.catalog, &table.schema, &table.table]),
        // A pattern with three parts names tables, not functions.
        Place::Function(catalog, schema, _) => match over_name(pattern, &[catalog, schema]) {
            Reach::Within => Reach::None,
            reach => reach,
        },
        Place::CatalogProperty(catalog, _) => match over_name(pattern, &[catalog]) {
            Reach::Within => Reach::None,
            reach => reach,
        },
    }
}

/// The same, but only for tables and what contains them.
fn over_tables(pattern: &Pattern, place: Place<'_>) -> Reach {
    match place {
        Place::Catalog(_) | Place::Schema(..) | Place::Table(_) => over_pattern(pattern, place),
        _ => Reach::None,
    }
}

fn over_functions(pattern: &Pattern, place: Place<'_>) -> Reach {
    match place {
        Place::Function(catalog, schema, function) => over_name(pattern, &[catalog, schema, function]),
        Place::Catalog(catalog) => over_name(pattern, &[catalog]).min(Reach::Within),
        Place::Schema(catalog, schema) => over_name(pattern, &[catalog, schema]).min(Reach::Within),
        _ => Reach::None,
    }
}

fn over_property(pattern: &Pattern, place: Place<'_>) -> Reach {
    match (place, pattern.parts()) {
        (Place::SystemProperty(property), [part]) => whole(part.matches(property)),
        (Place::CatalogProperty(catalog, property), [of, part]) => whole(of.matches(catalog) && part.matches(property)),
        _ => Reach::None,
    }
}

fn over_name(pattern: &Pattern, name: &[&Identifier]) -> Reach {
    let parts = pattern.parts();
    if !parts.iter().zip(name).all(|(part, name)| part.matches(name)) {
        Reach::None
    } else if parts.len() <= name.len() {
        Reach::Whole
    } else {
        Reach::Within
    }
}

/// How far a pattern reaches over a place of tables.
pub(crate) fn pattern_reach(pattern: &Pattern, place: Place<'_>) -> Reach {
    over_pattern(pattern, place)
}
