//! The tables that documents know of, with their tags and columns, found without looking at each.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::document::kinds::{Documents, Policy, Table};
use crate::engine::snapshot::Snapshot;
use crate::language::pattern::Pattern;
use crate::language::syntax::{ColumnTarget, ColumnWord, Target};
use crate::model::column_type::ColumnType;
use crate::model::name::{Identifier, Name, TableName};

/// The tables that taggings and Table documents name.
pub(super) struct Known<'a> {
    /// In the order of their names.
    pub(super) tables: Vec<KnownTable<'a>>,
    by_schema: HashMap<(&'a Identifier, &'a Identifier), Vec<usize>>,
    by_catalog: HashMap<&'a Identifier, Vec<usize>>,
    tagged: HashMap<Name, Vec<usize>>,
    column_tagged: HashMap<Name, Vec<usize>>,
    /// Declared tables by the names of their columns.
    with_column: HashMap<&'a Identifier, Vec<usize>>,
}

/// A table that the documents name.
pub(super) struct KnownTable<'a> {
    pub(super) name: &'a TableName,
    /// Its Table document, which has all of its columns.
    pub(super) declared: Option<&'a Table>,
    tags: BTreeSet<&'a Name>,
    /// The tags of its columns.
    pub(super) columns: BTreeMap<&'a Identifier, BTreeSet<&'a Name>>,
}

impl KnownTable<'_> {
    /// How many columns have the tag or one below it.
    pub(super) fn columns_tagged(&self, tag: &Name) -> usize {
        self.columns.values().filter(|tags| tags.iter().any(|placed| placed.is_within(tag))).count()
    }

    /// The type of a column; `None`: the documents do not tell.
    pub(super) fn column_type(&self, column: &Identifier) -> Option<ColumnType> {
        let columns = &self.declared?.columns;
        columns.iter().find(|known| &known.name == column).map(|known| known.column_type)
    }
}

impl<'a> Known<'a> {
    pub(super) fn of_documents(documents: &'a Documents) -> Self {
        let mut tables: BTreeMap<&TableName, KnownTable<'a>> = BTreeMap::new();
        let empty = |name| KnownTable { name, declared: None, tags: BTreeSet::new(), columns: BTreeMap::new() };
        for tagging in documents.taggings.values() {
            let table = tables.entry(&tagging.table).or_insert_with(|| empty(&tagging.table));
            table.tags.extend(&tagging.tags);
            for (column, tags) in &tagging.columns {
                table.columns.entry(column).or_default().extend(tags);
            }
        }
        for (name, declared) in &documents.tables {
            tables.entry(name).or_insert_with(|| empty(name)).declared = Some(declared);
        }
        let mut known = Self {
            tables: tables.into_values().collect(),
            by_schema: HashMap::new(),
            by_catalog: HashMap::new(),
            tagged: HashMap::new(),
            column_tagged: HashMap::new(),
            with_column: HashMap::new(),
        };
        for (at, table) in known.tables.iter().enumerate() {
            known.by_schema.entry((&table.name.catalog, &table.name.schema)).or_default().push(at);
            known.by_catalog.entry(&table.name.catalog).or_default().push(at);
            for column in table.declared.into_iter().flat_map(|declared| &declared.columns) {
                known.with_column.entry(&column.name).or_default().push(at);
            }
            for tag in with_above(table.tags.iter()) {
                known.tagged.entry(tag).or_default().push(at);
            }
            for tag in with_above(table.columns.values().flatten()) {
                known.column_tagged.entry(tag).or_default().push(at);
            }
        }
        known
    }

    /// The known tables that a policy's restrictions can bind.
    pub(super) fn bound_by(&self, snapshot: &Snapshot, policy: &Policy) -> Vec<usize> {
        self.within(&policy.on, policy.domain.as_ref(), snapshot)
    }

    /// The known tables that a target covers, and that the domain owns if there is one.
    pub(super) fn within(&self, target: &Target, domain: Option<&Name>, snapshot: &Snapshot) -> Vec<usize> {
        let mut candidates = self.candidates(target, snapshot);
        if let Some(domain) = domain {
            let owned = self.owned(domain, snapshot);
            if owned.len() < candidates.len() {
                candidates = owned;
            }
        }
        candidates.retain(|at| self.tables.get(*at).is_some_and(|table| snapshot.binds(domain, target, table.name)));
        candidates
    }

    /// The tables that are on a tag's columns.
    pub(super) fn with_column_tagged(&self, tag: &Name) -> &[usize] {
        self.column_tagged.get(tag).map_or(&[], Vec::as_slice)
    }

    /// The tables that may have columns of a target.
    pub(super) fn with_columns(&self, columns: &ColumnTarget) -> BTreeSet<usize> {
        let mut tables = BTreeSet::new();
        for word in &columns.of {
            match word {
                ColumnWord::Named(column) => tables.extend(self.with_column.get(&column.node).into_iter().flatten()),
                ColumnWord::Tagged(tag) => tables.extend(self.with_column_tagged(&tag.node)),
                ColumnWord::Untagged => tables.extend(0..self.tables.len()),
            }
        }
        tables
    }

    pub(super) fn table(&self, at: usize) -> Option<&KnownTable<'a>> {
        self.tables.get(at)
    }

    fn owned(&self, domain: &Name, snapshot: &Snapshot) -> Vec<usize> {
        let patterns = snapshot.domains.patterns_of(domain);
        let all: BTreeSet<usize> = patterns.flat_map(|pattern| self.named(pattern)).collect();
        all.into_iter().collect()
    }

    /// All that a target covers, and more.
    fn candidates(&self, target: &Target, snapshot: &Snapshot) -> Vec<usize> {
        match target {
            Target::Everything | Target::UntaggedTables => (0..self.tables.len()).collect(),
            Target::System | Target::Functions(_) | Target::SessionProperties(_) => Vec::new(),
            Target::Pattern(pattern) => self.named(&pattern.node),
            Target::TablesTagged(tag) => self.tagged.get(&tag.node).cloned().unwrap_or_default(),
            Target::TablesWithColumnsTagged(tag) => self.with_column_tagged(&tag.node).to_vec(),
            Target::TablesInDomain(domain) => self.owned(&domain.node, snapshot),
            Target::And(parts) => {
                let parts = parts.iter().map(|part| self.candidates(part, snapshot));
                parts.min_by_key(Vec::len).unwrap_or_default()
            }
            Target::Or(parts) => {
                let all: BTreeSet<usize> = parts.iter().flat_map(|part| self.candidates(part, snapshot)).collect();
                all.into_iter().collect()
            }
            Target::Except(of, _) => self.candidates(of, snapshot),
        }
    }

    /// The tables that a pattern may cover, by the parts that are plain names.
    fn named(&self, pattern: &Pattern) -> Vec<usize> {
        match pattern.exact_start().as_slice() {
            [] => (0..self.tables.len()).collect(),
            [catalog] => self.by_catalog.get(catalog).cloned().unwrap_or_default(),
            [catalog, schema] => self.by_schema.get(&(catalog, schema)).cloned().unwrap_or_default(),
            [catalog, schema, table, ..] => {
                let name = TableName { catalog: catalog.clone(), schema: schema.clone(), table: table.clone() };
                self.tables.binary_search_by(|known| known.name.cmp(&name)).into_iter().collect()
            }
        }
    }
}

fn with_above<'n>(tags: impl Iterator<Item = &'n &'n Name>) -> BTreeSet<Name> {
    tags.flat_map(|tag| tag.and_above()).collect()
}

/// Whether every table that a target can cover is known: tags are nowhere but in documents.
pub(super) fn is_closed(target: &Target) -> bool {
    match target {
        Target::TablesTagged(_) | Target::TablesWithColumnsTagged(_) => true,
        Target::And(parts) => parts.iter().any(is_closed),
        Target::Or(parts) => parts.iter().all(is_closed),
        Target::Except(of, _) => is_closed(of),
        Target::Everything
        | Target::System
        | Target::Pattern(_)
        | Target::TablesInDomain(_)
        | Target::UntaggedTables
        | Target::Functions(_)
        | Target::SessionProperties(_) => false,
    }
}
