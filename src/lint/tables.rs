//! Tables that are named and almost others: what was meant for the other goes free.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::finding::{Finding, Place};
use crate::document::kinds::Documents;
use crate::document::test::Question;
use crate::document::warning::Warning;
use crate::language::pattern::Pattern;
use crate::language::syntax::{Spanned, Target};
use crate::lint::spelling::is_the_same_mistyped;
use crate::lint::{Mesh, Ruling};
use crate::model::action::ActionGroup;
use crate::model::name::{Identifier, TableName};
use crate::model::request::Resource;

/// Of a schema in which more tables than this are named and not declared, nobody has listed the tables.
const MOST_NOT_DECLARED: usize = 8;

type Schema<'a> = (&'a Identifier, &'a Identifier);

/// Tables that a policy, a tagging or a test names, that no Table document declares, and that differ by a slip from one that is
/// declared. Only where every other table of the schema that anything names is declared: else the documents do not list its tables.
pub(super) fn lint(mesh: &Mesh<'_>, policies: &[Ruling<'_>], findings: &mut Vec<Finding>) {
    let declared = Declared::of(mesh.documents);
    let named = named(mesh, policies);
    let mut unlisted: BTreeMap<Schema<'_>, BTreeSet<&TableName>> = BTreeMap::new();
    for (name, _) in named.iter().filter(|(name, _)| !mesh.documents.tables.contains_key(name)) {
        unlisted.entry(schema_of(name)).or_default().insert(name);
    }
    let meant: BTreeMap<&TableName, &TableName> = unlisted
        .values()
        .filter(|names| names.len() <= MOST_NOT_DECLARED)
        .flatten()
        .filter_map(|name| declared.meant(name).map(|meant| (*name, meant)))
        .collect();
    let is_listed = |schema: Schema<'_>| {
        unlisted.get(&schema).is_none_or(|names| names.iter().all(|name| meant.contains_key(name)))
    };
    for (name, site) in &named {
        let Some(meant) = meant.get(name).filter(|meant| is_listed(schema_of(name)) && is_listed(schema_of(meant)))
        else {
            continue;
        };
        let message = format!("no document declares {name}, and {meant} is declared");
        let help = format!("did you mean `{meant}`? if there are both, write a Table document of this one too");
        let finding = match site {
            Site::Policy(ruling, place) => ruling.warn(Warning::NoSuchTable, place.clone(), message),
            Site::Document(place) => Finding::warning(Warning::NoSuchTable, place.clone(), message),
        };
        findings.push(finding.with_help(help));
    }
}

/// The table that was probably meant by one that no document names.
pub(crate) fn meant_in(documents: &Documents, name: &TableName) -> Option<TableName> {
    let mut known: BTreeSet<TableName> = documents.tables.keys().cloned().collect();
    known.extend(documents.taggings.values().map(|tagging| tagging.table.clone()));
    known.extend(documents.policies.values().flat_map(|policy| policy.on.patterns()).filter_map(one_table));
    if known.contains(name) {
        return None;
    }
    known.into_iter().find(|meant| is_mistyped(name, meant))
}

/// Whether one name can be the other with a slip in one of its parts.
fn is_mistyped(name: &TableName, meant: &TableName) -> bool {
    let parts = |name: &TableName| [name.catalog.clone(), name.schema.clone(), name.table.clone()];
    let (own, others) = (parts(name), parts(meant));
    let mut differing = own.iter().zip(&others).filter(|(own, other)| own != other);
    match (differing.next(), differing.next()) {
        (Some((own, other)), None) => is_the_same_mistyped(own.as_str(), other.as_str()),
        _ => false,
    }
}

/// The tables that have Table documents.
#[derive(Default)]
struct Declared<'a> {
    by_schema: BTreeMap<Schema<'a>, Vec<&'a TableName>>,
    by_own_name: BTreeMap<&'a Identifier, Vec<&'a TableName>>,
}

impl<'a> Declared<'a> {
    fn of(documents: &'a Documents) -> Self {
        let mut declared = Self::default();
        for name in documents.tables.keys() {
            declared.by_schema.entry(schema_of(name)).or_default().push(name);
            declared.by_own_name.entry(&name.table).or_default().push(name);
        }
        declared
    }

    /// In a schema that has declared tables the slip is in the table's own name.
    fn meant(&self, name: &TableName) -> Option<&'a TableName> {
        let near = self.by_schema.get(&schema_of(name)).or_else(|| self.by_own_name.get(&name.table))?;
        near.iter().copied().find(|meant| is_mistyped(name, meant))
    }
}

fn schema_of(name: &TableName) -> Schema<'_> {
    (&name.catalog, &name.schema)
}

/// Where a table is named.
enum Site<'a, 'r> {
    /// In what a policy is on.
    Policy(&'r Ruling<'a>, Place),
    /// In a document that accepts no warnings.
    Document(Place),
}

fn named<'a, 'r>(mesh: &Mesh<'a>, policies: &'r [Ruling<'a>]) -> Vec<(TableName, Site<'a, 'r>)> {
    let mut named = Vec::new();
    for ruling in policies {
        let mut patterns = Vec::new();
        patterns_of(&ruling.policy.on, &mut patterns);
        let tables = patterns.into_iter().filter_map(|pattern| Some((one_table(&pattern.node)?, pattern.span)));
        named.extend(tables.map(|(name, span)| (name, Site::Policy(ruling, ruling.written.on.within(span)))));
    }
    for (name, place) in &mesh.written.tables {
        named.push((name.clone(), Site::Document(place.clone())));
    }
    for case in mesh.documents.tests.values().flat_map(|test| &test.cases) {
        let table = match &case.question {
            Question::Read { table, .. } => table,
            // What is created has no document yet.
            Question::Act { action, on: Resource::Table { table, .. }, .. }
                if action.group() != ActionGroup::Create =>
            {
                table
            }
            Question::Act { .. } => continue,
        };
        named.push((table.clone(), Site::Document(case.place.clone())));
    }
    named
}

fn patterns_of<'t>(target: &'t Target, into: &mut Vec<&'t Spanned<Pattern>>) {
    match target {
        Target::Pattern(pattern) => into.push(pattern),
        Target::And(parts) | Target::Or(parts) => parts.iter().for_each(|part| patterns_of(part, into)),
        Target::Except(of, without) => [of, without].into_iter().for_each(|part| patterns_of(part, into)),
        _ => {}
    }
}

/// The one table that a pattern names.
fn one_table(pattern: &Pattern) -> Option<TableName> {
    match pattern.exact_start().as_slice() {
        [catalog, schema, table] => {
            Some(TableName { catalog: catalog.clone(), schema: schema.clone(), table: table.clone() })
        }
        _ => None,
    }
}
