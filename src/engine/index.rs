//! Which rules can matter: rules(resource) ∩ rules(subject).
//!
//! The law: a rule that a look-up leaves out would not have applied. What it brings is still asked everything, so the index can cost
//! time and never an answer.

use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use crate::engine::rules::EngineRule;
use crate::engine::snapshot::Domains;
use crate::engine::tags::TableTags;
use crate::language::pattern::Pattern;
use crate::language::syntax::{AudienceBase, Member, Sentence, Target};
use crate::model::name::{Identifier, Name, TableName};
use crate::model::subject::Party;

/// A rule's place in the snapshot's list, which is the policies' order.
type RuleId = u32;

/// Rules that share a resource, by whom they are about.
#[derive(Clone, Debug, Default)]
struct Bucket {
    /// About everyone, or about people who are not known by name and group alone.
    everyone: Vec<RuleId>,
    groups: HashMap<Arc<str>, Vec<RuleId>>,
    users: HashMap<Arc<str>, Vec<RuleId>>,
}

impl Bucket {
    fn insert(&mut self, id: RuleId, sentence: &Sentence) {
        let Some(members) = people(sentence) else { return self.everyone.push(id) };
        for member in members {
            let ids = match member {
                Member::Group(group) => self.groups.entry(Arc::clone(&group.node)).or_default(),
                Member::User(user) => self.users.entry(Arc::clone(&user.node)).or_default(),
                _ => &mut self.everyone,
            };
            if ids.last() != Some(&id) {
                ids.push(id);
            }
        }
    }

    /// The rules that can be about somebody.
    fn about(&self, person: &Person<'_>, into: &mut Vec<RuleId>) {
        into.extend(&self.everyone);
        if !self.users.is_empty() {
            into.extend(self.users.get(person.user).into_iter().flatten());
        }
        if !self.groups.is_empty() {
            match &person.groups {
                Some(groups) => {
                    groups.iter().filter_map(|group| self.groups.get(*group)).for_each(|ids| into.extend(ids));
                }
                None => self.groups.values().for_each(|ids| into.extend(ids)),
            }
        }
    }
}

/// Somebody, as far as rules can be looked up by.
#[derive(Debug)]
pub(crate) struct Person<'a> {
    user: &'a str,
    /// Those of their groups that some rule names: of many groups few are. `None`: not all of their groups are known, so that rules
    /// about any group can be about them.
    groups: Option<Vec<&'a str>>,
}

/// The people whom a sentence names, when it names all of them by group or user: nobody else can it be about.
///
/// Whether somebody is in a group is known unless a source of groups failed: [`Person`] tells.
fn people(sentence: &Sentence) -> Option<&[Member]> {
    match &sentence.audience()?.of {
        AudienceBase::AnyOf(members)
            if members.iter().all(|member| matches!(member, Member::Group(_) | Member::User(_))) =>
        {
            Some(members)
        }
        _ => None,
    }
}

/// The rules on a schema and on its tables.
#[derive(Clone, Debug, Default)]
struct SchemaRules {
    whole: Bucket,
    tables: HashMap<Identifier, Bucket>,
}

/// The rules on a catalog and on what is in it.
#[derive(Clone, Debug, Default)]
struct CatalogRules {
    whole: Bucket,
    schemas: HashMap<Identifier, SchemaRules>,
}

/// Every rule of a snapshot, by what it is on and whom it is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// On every table, or on tables that nothing narrows down.
    everywhere: Bucket,
    catalogs: HashMap<Identifier, CatalogRules>,
    tags: HashMap<Name, Bucket>,
    column_tags: HashMap<Name, Bucket>,
    domains: HashMap<Name, Bucket>,
    /// On the cluster and its session properties.
    system: Bucket,
    denies: Bucket,
    allows: Bucket,
    /// Every group that a rule is looked up by.
    groups: HashSet<Arc<str>>,
}

/// Where a rule about tables is found.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Everywhere,
    ColumnTag(Name),
    Tag(Name),
    Domain(Name),
    Catalog(Identifier),
    Schema(Identifier, Identifier),
    Table(Identifier, Identifier, Identifier),
}

impl Key {
    /// Fewer rules are found behind a narrower key.
    fn narrowness(&self) -> u8 {
        match self {
            Self::Everywhere => 0,
            Self::Catalog(_) => 1,
            Self::ColumnTag(_) => 2,
            Self::Tag(_) => 3,
            Self::Domain(_) => 4,
            Self::Schema(..) => 5,
            Self::Table(..) => 6,
        }
    }
}

impl Index {
    pub(crate) fn of_rules(rules: &[EngineRule]) -> Self {
        let mut index = Self::default();
        for (id, rule) in rules.iter().enumerate() {
            // A snapshot with more rules than fit cannot be made from files of the size that is read.
            let Ok(id) = RuleId::try_from(id) else { break };
            for member in people(&rule.sentence).into_iter().flatten() {
                if let Member::Group(group) = member {
                    index.groups.insert(Arc::clone(&group.node));
                }
            }
            for key in keys_of_rule(rule) {
                index.bucket(key).insert(id, &rule.sentence);
            }
            if reaches_system(&rule.target) {
                index.system.insert(id, &rule.sentence);
            }
            match &rule.sentence {
                Sentence::Deny { .. } => index.denies.insert(id, &rule.sentence),
                Sentence::Allow { .. } => index.allows.insert(id, &rule.sentence),
                _ => {}
            }
        }
        index
    }

    /// An index that leaves nothing out: every look-up brings every rule. What the law is tested against, and benchmarks.
    pub(crate) fn scanning(rules: &[EngineRule]) -> Self {
        let every = |wanted: fn(&Sentence) -> bool| Bucket {
            everyone: (0..).zip(rules).filter(|(_, rule)| wanted(&rule.sentence)).map(|(id, _)| id).collect(),
            ..Bucket::default()
        };
        Self {
            everywhere: every(|_| true),
            system: every(|_| true),
            denies: every(|sentence| matches!(sentence, Sentence::Deny { .. })),
            allows: every(|sentence| matches!(sentence, Sentence::Allow { .. })),
            ..Self::default()
        }
    }

    fn bucket(&mut self, key: Key) -> &mut Bucket {
        match key {
            Key::Everywhere => &mut self.everywhere,
            Key::ColumnTag(tag) => self.column_tags.entry(tag).or_default(),
            Key::Tag(tag) => self.tags.entry(tag).or_default(),
            Key::Domain(domain) => self.domains.entry(domain).or_default(),
            Key::Catalog(catalog) => &mut self.catalogs.entry(catalog).or_default().whole,
            Key::Schema(catalog, schema) => {
                &mut self.catalogs.entry(catalog).or_default().schemas.entry(schema).or_default().whole
            }
            Key::Table(catalog, schema, table) => {
                let schema = self.catalogs.entry(catalog).or_default().schemas.entry(schema).or_default();
                schema.tables.entry(table).or_default()
            }
        }
    }

    /// The rules that can be on a table and about somebody, in the policies' order.
    pub(crate) fn on_table(
        &self,
        table: &TableName,
        tags: &TableTags,
        domains: &Domains,
        person: &Person<'_>,
    ) -> Vec<RuleId> {
        let mut ids = Vec::new();
        let mut add = |bucket: Option<&Bucket>| {
            if let Some(bucket) = bucket {
                bucket.about(person, &mut ids);
            }
        };
        add(Some(&self.everywhere));
        if let Some(catalog) = self.catalogs.get(&table.catalog) {
            add(Some(&catalog.whole));
            if let Some(schema) = catalog.schemas.get(&table.schema) {
                add(Some(&schema.whole));
                add(schema.tables.get(&table.table));
            }
        }
        if !self.tags.is_empty() {
            tags.table_tags_and_above().iter().for_each(|tag| add(self.tags.get(tag)));
        }
        if !self.column_tags.is_empty() {
            tags.column_tags_and_above().iter().for_each(|tag| add(self.column_tags.get(tag)));
        }
        if !self.domains.is_empty() {
            let owners = domains.owning(table).flat_map(|domain| domains.above(&domain.name));
            owners.for_each(|domain| add(self.domains.get(domain)));
        }
        in_order(ids)
    }

    /// The rules that can be on the cluster and about somebody.
    pub(crate) fn on_system(&self, person: &Person<'_>) -> Vec<RuleId> {
        listed(&self.system, person)
    }

    /// The denials that can be about somebody, wherever they are on.
    pub(crate) fn denies(&self, person: &Person<'_>) -> Vec<RuleId> {
        listed(&self.denies, person)
    }

    /// The allows that can be about somebody, wherever they are on.
    pub(crate) fn allows(&self, person: &Person<'_>) -> Vec<RuleId> {
        listed(&self.allows, person)
    }

    /// Somebody, for all look-ups of one decision.
    pub(crate) fn person<'a>(&self, party: &'a Party) -> Person<'a> {
        let identity = &party.identity;
        let named = || identity.groups.iter().map(|group| &**group).filter(|group| self.groups.contains(*group));
        let groups = party.unknown_groups.is_none().then(|| named().collect());
        Person { user: &identity.user, groups }
    }
}

fn listed(bucket: &Bucket, person: &Person<'_>) -> Vec<RuleId> {
    let mut ids = Vec::new();
    bucket.about(person, &mut ids);
    in_order(ids)
}

fn in_order(mut ids: Vec<RuleId>) -> Vec<RuleId> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn keys_of_rule(rule: &EngineRule) -> Vec<Key> {
    let keys = keys(&rule.target);
    match &rule.domain {
        // A domain's rule binds nothing but what the domain owns.
        Some(domain) => narrower(keys, vec![Key::Domain(domain.clone())]),
        None => keys,
    }
}

/// Where to look for a rule with this target; nowhere for what is not about tables.
fn keys(target: &Target) -> Vec<Key> {
    match target {
        Target::Everything | Target::UntaggedTables => vec![Key::Everywhere],
        Target::System | Target::Functions(_) | Target::SessionProperties(_) => Vec::new(),
        Target::Pattern(pattern) => vec![key_of_pattern(&pattern.node)],
        Target::TablesTagged(tag) => vec![Key::Tag(tag.node.clone())],
        Target::TablesWithColumnsTagged(tag) => vec![Key::ColumnTag(tag.node.clone())],
        Target::TablesInDomain(domain) => vec![Key::Domain(domain.node.clone())],
        Target::And(parts) => parts.iter().map(keys).reduce(narrower).unwrap_or_default(),
        Target::Or(parts) => parts.iter().flat_map(keys).collect(),
        Target::Except(of, _) => keys(of),
    }
}

/// Of two sets of keys that both hold, the one behind which fewer rules are found.
fn narrower(left: Vec<Key>, right: Vec<Key>) -> Vec<Key> {
    let widest = |keys: &[Key]| keys.iter().map(Key::narrowness).min().unwrap_or(u8::MAX);
    if widest(&left) >= widest(&right) { left } else { right }
}

fn key_of_pattern(pattern: &Pattern) -> Key {
    match pattern.exact_start().as_slice() {
        [] => Key::Everywhere,
        [catalog] => Key::Catalog(catalog.clone()),
        [catalog, schema] => Key::Schema(catalog.clone(), schema.clone()),
        [catalog, schema, table, ..] => Key::Table(catalog.clone(), schema.clone(), table.clone()),
    }
}

fn reaches_system(target: &Target) -> bool {
    match target {
        Target::Everything | Target::System | Target::SessionProperties(_) => true,
        Target::And(parts) => parts.iter().all(reaches_system),
        Target::Or(parts) => parts.iter().any(reaches_system),
        Target::Except(of, _) => reaches_system(of),
        _ => false,
    }
}
