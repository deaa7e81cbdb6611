//! Everything that decisions need, made once from the documents of a revision and never changed.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::HashMap;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::attributes::Needed;
use crate::document::kinds::{Attribute, Documents, Domain, Given, Grant};
use crate::engine::index::Index;
use crate::engine::needs;
use crate::engine::rules::{EngineRule, rules};
use crate::engine::tags::{Polarity, Reader, Tags};
use crate::engine::target::{Place, Reach, reach};
use crate::language::pattern::Pattern;
use crate::language::syntax::{Sentence, Target};
use crate::model::name::{Identifier, Name, TableName};
use crate::model::value::Value;

/// An immutable, compiled revision.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) rules: Vec<EngineRule>,
    pub(crate) index: Index,
    pub(crate) tags: Tags,
    pub(crate) domains: Domains,
    /// Each purpose with itself and everything above it.
    pub(crate) purposes: BTreeMap<Name, BTreeSet<Name>>,
    pub(crate) attributes: BTreeMap<Name, Attribute>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) lists: BTreeMap<Name, Vec<Value>>,
    pub(crate) zone: TimeZone,
    /// What any rule or grant asks of a party.
    pub(crate) needed_anywhere: Needed,
    pub(crate) needed_for_purposes: Needed,
    pub(crate) rules_with_needs: Vec<u32>,
}

impl Snapshot {
    /// Compiles documents that have been validated. A date means the whole day in `zone`.
    pub fn build(documents: &Documents, zone: &TimeZone) -> Self {
        let rules = rules(documents);
        let domains = Domains::of_documents(documents);
        let needed_for_purposes = needs::of_purposes(documents);
        Self {
            needed_anywhere: needs::together(rules.iter().map(|rule| &rule.needs).chain([&needed_for_purposes])),
            needed_for_purposes,
            rules_with_needs: rules_with_needs(&rules),
            tags: Tags::of_documents(documents),
            purposes: documents.purposes.keys().map(|name| (name.clone(), above_purpose(documents, name))).collect(),
            attributes: documents.attributes.clone(),
            grants: documents.grants.values().cloned().collect(),
            lists: documents.lists.iter().map(|(name, list)| (name.clone(), list.values.clone())).collect(),
            zone: zone.clone(),
            index: Index::of_rules(&rules),
            rules,
            domains,
        }
    }

    /// The same revision decided by asking every rule: what an indexed decision must equal.
    #[must_use]
    pub fn scanning(mut self) -> Self {
        self.index = Index::scanning(&self.rules);
        self
    }

    /// The same with other rules.
    #[must_use]
    pub(crate) fn with_rules(self, rules: Vec<EngineRule>) -> Self {
        Self {
            needed_anywhere: needs::together(rules.iter().map(|rule| &rule.needs).chain([&self.needed_for_purposes])),
            rules_with_needs: rules_with_needs(&rules),
            index: Index::of_rules(&rules),
            rules,
            ..self
        }
    }

    /// The rules that name an attribute, as `policy/rule`.
    pub fn rules_that_use(&self, attribute: &Name) -> Vec<String> {
        let rules = self.rules.iter().filter(|rule| needs::names(&rule.sentence, attribute));
        rules.map(|rule| format!("{}/{}", rule.reference.policy, rule.reference.rule)).collect()
    }

    /// The day that a point in time belongs to, in the mesh's time zone.
    pub(crate) fn day(&self, at: jiff::Timestamp) -> Date {
        at.to_zoned_datetime(self.zone.clone()).date()
    }

    /// Rules by their ids.
    pub(crate) fn rules_of(&self, ids: Vec<u32>) -> impl Iterator<Item = &EngineRule> {
        ids.into_iter().filter_map(|id| self.rules.get(usize::try_from(id).ok()?))
    }

    /// The grants of exceptions to one rule.
    pub(crate) fn exceptions_to<'a>(&'a self, rule: &'a (Name, Name)) -> impl Iterator<Item = &'a Grant> {
        self.grants.iter().filter(move |grant| match &grant.gives {
            Given::Exception { policy, rule: name } => policy == &rule.0 && name == &rule.1,
            Given::Purpose(_) => false,
        })
    }

    /// Whether restrictions of a policy on `target`, made by `domain` or by the mesh, can bind a table.
    pub(crate) fn binds(&self, domain: Option<&Name>, target: &Target, table: &TableName) -> bool {
        let above = domain.map_or(&[][..], |domain| self.domains.above(domain));
        let reader = Reader { domain, above };
        domain.is_none_or(|domain| self.domains.patterns_of(domain).any(|pattern| pattern.covers(table)))
            && reach(target, Place::Table(table), self, reader, Polarity::Binds) == Reach::Whole
    }

    /// The grants of purposes.
    pub(crate) fn purpose_grants(&self) -> impl Iterator<Item = &Grant> {
        self.grants.iter().filter(|grant| matches!(grant.gives, Given::Purpose(_)))
    }

    /// The columns that some rule or tagging names for a table: what `explain` shows when it is told no columns.
    pub fn known_columns(&self, table: &TableName) -> Vec<Identifier> {
        self.tags.of(table).tagged_columns().cloned().collect()
    }
}

/// The allows and denials that ask something of a party: they matter for a catalog too.
fn rules_with_needs(rules: &[EngineRule]) -> Vec<u32> {
    let asks = |rule: &EngineRule| {
        matches!(rule.sentence, Sentence::Allow { .. } | Sentence::Deny { .. }) && rule.needs != Needed::default()
    };
    (0..).zip(rules).filter(|(_, rule)| asks(rule)).map(|(id, _)| id).collect()
}

fn above_purpose(documents: &Documents, name: &Name) -> BTreeSet<Name> {
    let mut above = BTreeSet::new();
    let mut open = vec![name.clone()];
    while let Some(next) = open.pop() {
        if above.insert(next.clone())
            && let Some(purpose) = documents.purposes.get(&next)
        {
            open.extend(purpose.parents.iter().cloned());
        }
    }
    above
}

/// The domains and what they own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Domains {
    domains: BTreeMap<Name, Domain>,
    /// Each domain with itself and everything that it is part of, nearest first.
    above: BTreeMap<Name, Vec<Name>>,
    /// Each domain with itself and everything that is part of it.
    below: BTreeMap<Name, Vec<Name>>,
    /// The domains that may own something of a schema, by the exact parts that their patterns start with.
    anywhere: Vec<Name>,
    of_catalog: HashMap<Identifier, Vec<Name>>,
    of_schema: HashMap<Identifier, HashMap<Identifier, Vec<Name>>>,
}

impl Domains {
    fn of_documents(documents: &Documents) -> Self {
        let mut domains = Self { domains: documents.domains.clone(), ..Self::default() };
        for name in documents.domains.keys() {
            let mut above: Vec<Name> = Vec::new();
            let mut next = Some(name.clone());
            while let Some(current) = next.filter(|current| !above.contains(current)) {
                next = documents.domains.get(&current).and_then(|domain| domain.parent.clone());
                above.push(current);
            }
            for ancestor in &above {
                domains.below.entry(ancestor.clone()).or_default().push(name.clone());
            }
            domains.above.insert(name.clone(), above);
        }
        for domain in documents.domains.values() {
            domain.owns.iter().for_each(|pattern| domains.enter(&domain.name, pattern));
        }
        domains
    }

    fn enter(&mut self, domain: &Name, pattern: &Pattern) {
        let exact = pattern.exact_start();
        let owners = match exact.as_slice() {
            [] => &mut self.anywhere,
            [catalog] => self.of_catalog.entry(catalog.clone()).or_default(),
            [catalog, schema, ..] => {
                self.of_schema.entry(catalog.clone()).or_default().entry(schema.clone()).or_default()
            }
        };
        if owners.last() != Some(domain) {
            owners.push(domain.clone());
        }
    }

    /// The domain and everything that it is part of.
    pub(crate) fn above(&self, domain: &Name) -> &[Name] {
        self.above.get(domain).map_or(&[], Vec::as_slice)
    }

    /// What the domains own that may own something of a schema.
    pub(crate) fn patterns_near(&self, catalog: &Identifier, schema: &Identifier) -> impl Iterator<Item = &Pattern> {
        self.near(catalog, schema).into_iter().filter_map(|name| self.domains.get(name)).flat_map(|domain| &domain.owns)
    }

    fn near(&self, catalog: &Identifier, schema: &Identifier) -> Vec<&Name> {
        let of_catalog = self.of_catalog.get(catalog).into_iter().flatten();
        let of_schema = self.of_schema.get(catalog).and_then(|schemas| schemas.get(schema)).into_iter().flatten();
        let mut near: Vec<&Name> = self.anywhere.iter().chain(of_catalog).chain(of_schema).collect();
        near.sort_unstable();
        near.dedup();
        near
    }

    /// What a domain owns, the domains that are part of it included.
    pub(crate) fn patterns_of<'a>(&'a self, domain: &Name) -> impl Iterator<Item = &'a Pattern> {
        let below = self.below.get(domain).map_or(&[][..], Vec::as_slice);
        below.iter().filter_map(|name| self.domains.get(name)).flat_map(|domain| &domain.owns)
    }

    /// The domains that own a table themselves, without those that they are part of.
    pub(crate) fn owning<'a>(&'a self, table: &'a TableName) -> impl Iterator<Item = &'a Domain> {
        let owns = move |domain: &&Domain| domain.owns.iter().any(|pattern| pattern.covers(table));
        self.near(&table.catalog, &table.schema).into_iter().filter_map(|name| self.domains.get(name)).filter(owns)
    }
}
