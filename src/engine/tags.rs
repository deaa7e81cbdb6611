//! Which tags sit on what, who placed them, and when a placing counts.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashSet};

use crate::document::kinds::{Documents, PlacedBy};
use crate::model::name::{Identifier, Name, TableName};

/// What a tag's being there does for the rule that asks.
///
/// Tags from below only tighten: a domain's tag counts where it makes a restriction bind, and where it would release only the
/// mesh's tags count, and those that a Tag lets others place in the mesh's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polarity {
    /// It makes a restriction bind.
    Binds,
    /// It lets something through.
    Releases,
}

impl Polarity {
    pub(crate) fn opposite(self) -> Self {
        match self {
            Self::Binds => Self::Releases,
            Self::Releases => Self::Binds,
        }
    }
}

/// A tag that was placed on a table or column.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Placed {
    tag: Name,
    /// The domain that placed it; `None`: the mesh, or somebody in its name.
    by: Option<Name>,
}

impl Placed {
    /// The tag.
    pub(crate) fn tag(&self) -> &Name {
        &self.tag
    }
}

/// The tags of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TableTags {
    table: Vec<Placed>,
    /// In the columns' order, each once.
    columns: Vec<(Identifier, Vec<Placed>)>,
    /// Every tag of the table and what its dots imply, whoever placed it: where rules are looked up.
    on_table: BTreeSet<Name>,
    /// The same of its columns.
    on_columns: BTreeSet<Name>,
}

static NO_TAGS: TableTags =
    TableTags { table: Vec::new(), columns: Vec::new(), on_table: BTreeSet::new(), on_columns: BTreeSet::new() };

/// The tags of every table that has some.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tags {
    tables: HashMap<TableName, TableTags>,
    /// The tables that have tags, by catalog and schema.
    catalogs: HashMap<Identifier, HashMap<Identifier, HashSet<Identifier>>>,
}

impl Tags {
    pub(crate) fn of_documents(documents: &Documents) -> Self {
        let mut tags = Self::default();
        for tagging in documents.taggings.values() {
            let table = tags.tables.entry(tagging.table.clone()).or_default();
            let placed = |tag: &Name| {
                let in_the_meshs_name =
                    documents.tags.get(tag).is_some_and(|tag| tag.placed_by == PlacedBy::StewardsOfTheDomain);
                Placed { tag: tag.clone(), by: if in_the_meshs_name { None } else { tagging.domain.clone() } }
            };
            table.table.extend(tagging.tags.iter().map(placed));
            table.on_table.extend(tagging.tags.iter().flat_map(Name::and_above));
            table.on_columns.extend(tagging.columns.values().flatten().flat_map(Name::and_above));
            let columns = tagging.columns.iter();
            table.columns.extend(columns.map(|(column, tags)| (column.clone(), tags.iter().map(placed).collect())));
        }
        tags.tables.values_mut().for_each(TableTags::put_in_order);
        for table in tags.tables.keys() {
            let schemas = tags.catalogs.entry(table.catalog.clone()).or_default();
            schemas.entry(table.schema.clone()).or_default().insert(table.table.clone());
        }
        tags
    }

    /// A table's tags. A metadata table that has none has those of the table that it describes.
    pub(crate) fn of(&self, table: &TableName) -> &TableTags {
        let of_base = || table.bases().find_map(|base| self.tables.get(&base));
        self.tables.get(table).or_else(of_base).unwrap_or(&NO_TAGS)
    }

    /// The tables of a schema that have tags; `None`: it has none.
    pub(crate) fn in_schema(&self, catalog: &Identifier, schema: &Identifier) -> Option<&HashSet<Identifier>> {
        self.catalogs.get(catalog)?.get(schema)
    }

    /// The tables that have tags, in one schema.
    pub(crate) fn tables_of<'a>(
        &'a self,
        catalog: &'a Identifier,
        schema: &'a Identifier,
    ) -> impl Iterator<Item = (&'a TableName, &'a TableTags)> {
        let names = self.in_schema(catalog, schema).into_iter().flatten().map(move |table| TableName {
            catalog: catalog.clone(),
            schema: schema.clone(),
            table: table.clone(),
        });
        names.filter_map(|name| self.tables.get_key_value(&name))
    }

    /// The tables that have tags, in one catalog.
    pub(crate) fn in_catalog<'a>(
        &'a self,
        catalog: &'a Identifier,
    ) -> impl Iterator<Item = (&'a TableName, &'a TableTags)> {
        let schemas = self.catalogs.get(catalog).into_iter().flatten();
        let names = schemas.flat_map(move |(schema, tables)| {
            tables.iter().map(move |table| TableName {
                catalog: catalog.clone(),
                schema: schema.clone(),
                table: table.clone(),
            })
        });
        names.filter_map(|name| self.tables.get_key_value(&name))
    }
}

/// Whose tags count for a rule, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    /// The domain that made the rule; `None`: the mesh.
    pub(crate) domain: Option<&'a Name>,
    /// That domain and all that it is part of.
    pub(crate) above: &'a [Name],
}

impl Reader<'_> {
    fn counts(&self, placed: &Placed, polarity: Polarity) -> bool {
        match (polarity, &placed.by) {
            (Polarity::Binds, _) | (Polarity::Releases, None) => true,
            (Polarity::Releases, Some(by)) => self.domain.is_some() && self.above.contains(by),
        }
    }

    /// Whether the tag or one below it is among these.
    pub(crate) fn any(&self, placed: &[Placed], tag: &Name, polarity: Polarity) -> bool {
        placed.iter().any(|placed| placed.tag.is_within(tag) && self.counts(placed, polarity))
    }

    /// Whether the table has the tag or one below it.
    pub(crate) fn table_has(&self, tags: &TableTags, tag: &Name, polarity: Polarity) -> bool {
        self.any(&tags.table, tag, polarity)
    }

    /// Whether some column has the tag or one below it.
    pub(crate) fn a_column_has(&self, tags: &TableTags, tag: &Name, polarity: Polarity) -> bool {
        tags.columns.iter().any(|(_, placed)| self.any(placed, tag, polarity))
    }

    /// The columns that have the tag or one below it.
    pub(crate) fn columns_with<'t>(
        &'t self,
        tags: &'t TableTags,
        tag: &'t Name,
        polarity: Polarity,
    ) -> impl Iterator<Item = &'t Identifier> {
        tags.columns.iter().filter(move |(_, placed)| self.any(placed, tag, polarity)).map(|(column, _)| column)
    }

    /// Whether what has these tags counts as untagged. Where that binds, a tag ends it only if it may release.
    pub(crate) fn is_untagged(&self, placed: &[Placed], polarity: Polarity) -> bool {
        !placed.iter().any(|placed| self.counts(placed, polarity.opposite()))
    }

    /// Whether the table counts as untagged.
    pub(crate) fn table_is_untagged(&self, tags: &TableTags, polarity: Polarity) -> bool {
        self.is_untagged(&tags.table, polarity)
    }
}

impl TableTags {
    /// The tags of a column.
    pub(crate) fn on_column(&self, column: &Identifier) -> &[Placed] {
        let place = self.columns.binary_search_by(|(known, _)| known.cmp(column)).ok();
        place.and_then(|place| self.columns.get(place)).map_or(&[], |(_, placed)| placed)
    }

    /// Sorts the columns and makes one of what several taggings say of the same.
    fn put_in_order(&mut self) {
        if self.columns.is_sorted_by(|(left, _), (right, _)| left < right) {
            return;
        }
        self.columns.sort_by(|(left, _), (right, _)| left.cmp(right));
        self.columns.dedup_by(|(column, placed), (before, all)| {
            let same = column == before;
            if same {
                all.append(placed);
            }
            same
        });
    }

    /// The columns that have any tag.
    pub(crate) fn tagged_columns(&self) -> impl Iterator<Item = &Identifier> {
        self.columns.iter().map(|(column, _)| column)
    }

    /// The table's tags and those above them, whoever placed them.
    pub(crate) fn table_tags_and_above(&self) -> &BTreeSet<Name> {
        &self.on_table
    }

    /// The columns' tags and those above them, whoever placed them.
    pub(crate) fn column_tags_and_above(&self) -> &BTreeSet<Name> {
        &self.on_columns
    }
}
