//! A question put to both evaluators.

use std::fmt;
use std::sync::Arc;

use jiff::tz::TimeZone;
use meshward::document::kinds::{Documents, Given, PlacedBy};
use meshward::model::column_type::ColumnType;
use meshward::model::name::{Identifier, TableName};
use meshward::model::request::Column;
use meshward::model::subject::{Party, Subject};

use crate::engine::cell::Cell;

/// A table with its rows.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: TableName,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn position(&self, column: &Identifier) -> Option<usize> {
        self.columns.iter().position(|own| own.name == *column)
    }

    pub(crate) fn type_of(&self, position: usize) -> ColumnType {
        self.columns[position].column_type
    }
}

/// Documents, who asks, and about what.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) documents: Arc<Documents>,
    pub(crate) zone: TimeZone,
    pub(crate) subject: Subject,
    pub(crate) table: Table,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let documents = &self.documents;
        for policy in documents.policies.values() {
            let domain = policy.domain.as_ref().map_or("the mesh".to_owned(), ToString::to_string);
            writeln!(f, "policy {} of {domain} on {} {:?} to {:?}", policy.name, policy.on, policy.from, policy.until)?;
            for rule in &policy.rules {
                writeln!(
                    f,
                    "  - {}{}",
                    rule.name.as_ref().map_or(String::new(), |name| format!("{name}: ")),
                    rule.rule
                )?;
            }
        }
        let rules: String =
            documents.policies.values().flat_map(|policy| &policy.rules).map(|rule| rule.rule.to_string()).collect();
        let named = |name: &str| rules.contains(name);
        for domain in documents.domains.values() {
            let owns: Vec<String> = domain.owns.iter().map(ToString::to_string).collect();
            writeln!(
                f,
                "domain {} below {:?} owns {owns:?} owners {:?} stewards {:?} writers {:?}",
                domain.name, domain.parent, domain.owners, domain.stewards, domain.writers
            )?;
        }
        for attribute in documents.attributes.values().filter(|attribute| named(attribute.name.folded())) {
            writeln!(
                f,
                "attribute {} {} {:?} {:?}",
                attribute.name, attribute.value_type, attribute.cardinality, attribute.missing
            )?;
        }
        for tag in documents.tags.values().filter(|tag| tag.placed_by != PlacedBy::Mesh) {
            writeln!(f, "tag {} {:?}", tag.name, tag.placed_by)?;
        }
        for tagging in documents.taggings.values() {
            writeln!(
                f,
                "tagging {} of {:?} on {} {:?} {:?}",
                tagging.name, tagging.domain, tagging.table, tagging.tags, tagging.columns
            )?;
        }
        for list in documents.lists.values().filter(|list| named(list.name.as_str())) {
            writeln!(f, "list {} {:?}", list.name, list.values)?;
        }
        for grant in documents.grants.values() {
            let gives = match &grant.gives {
                Given::Purpose(purpose) => format!("purpose {purpose}"),
                Given::Exception { policy, rule } => format!("exception to {policy}/{rule}"),
            };
            let to: Vec<String> = grant.to.iter().map(ToString::to_string).collect();
            writeln!(f, "grant {gives} to {to:?} {:?} to {:?}", grant.from, grant.until)?;
        }
        party(f, "asking", &self.subject.asking, named)?;
        if let Some(invoker) = &self.subject.invoker {
            party(f, "invoker", invoker, named)?;
        }
        writeln!(f, "now {} in {:?} cluster {}", self.subject.now, self.zone.iana_name(), self.subject.cluster)?;
        writeln!(f, "table {}", self.table.name)?;
        for (index, column) in self.table.columns.iter().enumerate() {
            let cells: Vec<String> = self.table.rows.iter().map(|row| row[index].to_string()).collect();
            writeln!(f, "  {} {:?}: {}", column.name, column.column_type, cells.join(" | "))?;
        }
        Ok(())
    }
}

fn party(f: &mut fmt::Formatter<'_>, role: &str, party: &Party, named: impl Fn(&str) -> bool) -> fmt::Result {
    let identity = &party.identity;
    let attributes: Vec<_> = party.attributes.iter().filter(|(name, _)| named(name.folded())).collect();
    writeln!(
        f,
        "{role} {:?} groups {:?} roles {:?} principal {:?} credentials {:?} attributes {:?}",
        identity.user,
        identity
            .groups
            .iter()
            .map(|group| &**group)
            .chain(party.unknown_groups.iter().map(|_| "?"))
            .collect::<Vec<_>>(),
        identity.enabled_roles,
        identity.principal,
        identity.extra_credentials,
        attributes
    )
}
