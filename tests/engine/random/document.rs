//! Random documents that check.

use std::collections::BTreeMap;

use jiff::civil::Date;
use meshward::document::kinds::{
    Attribute, Cardinality, Documents, Domain, Given, Grant, List, Missing, PlacedBy, Policy, PolicyRule, Purpose, Tag,
    Tagging,
};
use meshward::language::check::{self, AttributeKind, Authority, Naming, Vocabulary};
use meshward::language::parse;
use meshward::language::syntax::{Lifting, Member};
use meshward::model::name::{Identifier, Name, TableName};

use crate::engine::random::rows::{COLUMNS, TABLES};
use crate::engine::random::{Dice, Kind, PURPOSES, TAGS, name, rule, value};

pub(super) const ATTRIBUTES: &[(&str, Kind)] = &[
    ("nation", Kind::Text),
    ("area", Kind::Text),
    ("label", Kind::Text),
    ("clearance", Kind::Number),
    ("levels", Kind::Number),
    ("employed", Kind::Boolean),
    ("hired", Kind::Date),
    ("login", Kind::Timestamp),
];

/// Attributes that may be ordered.
pub(super) const SINGLE: &[&str] = &["label", "clearance", "employed", "hired", "login"];

pub(super) fn documents(dice: &mut Dice) -> Documents {
    let mut documents = Documents::default();
    purposes(&mut documents);
    attributes(dice, &mut documents);
    for tag in TAGS {
        let placed_by = if dice.chance(25) { PlacedBy::StewardsOfTheDomain } else { PlacedBy::Mesh };
        documents.tags.insert(name(tag), Tag { name: name(tag), placed_by, description: None });
    }
    domains(dice, &mut documents);
    taggings(dice, &mut documents);
    for (list, kind) in [("EEA", Kind::Text), ("sizes", Kind::Number)] {
        let values = dice.some(1, 4, |dice| value(dice, kind));
        documents.lists.insert(name(list), List { name: name(list), value_type: kind, values });
    }
    let vocabulary = vocabulary(&documents);
    policies(dice, &mut documents, &vocabulary);
    grants(dice, &mut documents);
    documents
}

fn purposes(documents: &mut Documents) {
    for purpose in PURPOSES {
        let parents = if *purpose == "fraud detection" { vec![name("investigation")] } else { Vec::new() };
        documents.purposes.insert(name(purpose), Purpose { name: name(purpose), parents, description: None });
    }
}

fn attributes(dice: &mut Dice, documents: &mut Documents) {
    for (attribute, value_type) in ATTRIBUTES {
        let cardinality = if SINGLE.contains(attribute) { Cardinality::Single } else { Cardinality::Many };
        let missing = if dice.chance(30) { Missing::None } else { Missing::Unknown };
        let name = name(attribute);
        let attribute =
            Attribute { name: name.clone(), value_type: *value_type, cardinality, missing, description: None };
        documents.attributes.insert(name, attribute);
    }
}

fn domains(dice: &mut Dice, documents: &mut Documents) {
    for (domain, parent) in [("corp", None), ("finance", Some("corp")), ("hr", None)] {
        // In the language's own text, so that a pattern is what people write.
        let owns = vec![parse::pattern(&format!("lake.{domain}.*")).unwrap()];
        let people = |dice: &mut Dice| -> Vec<Member> { dice.some(0, 2, rule::known_member) };
        let domain = Domain {
            name: name(domain),
            parent: parent.map(name),
            owns,
            owners: people(dice),
            stewards: people(dice),
            writers: people(dice),
            description: None,
        };
        documents.domains.insert(domain.name.clone(), domain);
    }
}

fn taggings(dice: &mut Dice, documents: &mut Documents) {
    for (schema, table) in TABLES {
        for by in [None, Some("finance"), Some("hr"), Some("corp")] {
            // A domain tags its own tables only, and those of the domains below it.
            let own = by.is_none_or(|by| by == *schema || (by == "corp" && *schema == "finance"));
            if !own || !dice.chance(if by.is_none() { 70 } else { 40 }) {
                continue;
            }
            let tags = |dice: &mut Dice| -> Vec<Name> { dice.some(1, 2, |dice| name(dice.pick(TAGS))) };
            let mut columns = BTreeMap::new();
            for (column, _) in COLUMNS {
                if dice.chance(20) {
                    columns.insert(Identifier::new(column), tags(dice));
                }
            }
            let tagging = Tagging {
                name: name(&format!("{table} by {}", by.unwrap_or("mesh"))),
                domain: by.map(name),
                table: TableName::new("lake", schema, table),
                tags: if dice.chance(50) { tags(dice) } else { Vec::new() },
                columns,
            };
            documents.taggings.insert(tagging.name.clone(), tagging);
        }
    }
}

fn vocabulary(documents: &Documents) -> Vocabulary {
    let mut vocabulary = Vocabulary::default();
    documents.tags.keys().for_each(|tag| vocabulary.add_tag(tag));
    for attribute in documents.attributes.values() {
        let single = attribute.cardinality == Cardinality::Single;
        vocabulary
            .attributes
            .insert(attribute.name.clone(), AttributeKind { value_type: attribute.value_type, single });
    }
    vocabulary.purposes = documents.purposes.keys().cloned().collect();
    vocabulary.domains = documents.domains.keys().cloned().collect();
    vocabulary.lists = documents.lists.iter().map(|(name, list)| (name.clone(), list.value_type)).collect();
    vocabulary
}

fn period(dice: &mut Dice) -> (Option<Date>, Option<Date>) {
    let from = dice.chance(10).then(|| dice.one(&["2026-03-15", "2026-03-16", "2024-01-01"]).parse().unwrap());
    let until = dice.chance(10).then(|| dice.one(&["2026-03-14", "2026-03-15", "2027-01-01"]).parse().unwrap());
    (from, until)
}

fn policies(dice: &mut Dice, documents: &mut Documents, vocabulary: &Vocabulary) {
    let count = 1 + dice.below(4);
    for index in 0..count {
        let domain = if dice.chance(25) { Some(name(dice.pick(&["finance", "hr", "corp"]))) } else { None };
        let authority = if domain.is_some() { Authority::Domain } else { Authority::Mesh };
        let mut rules = Vec::new();
        if index == 0 {
            let text =
                dice.pick(&["allow everyone to read", "allow everyone to read", "allow everyone to share, read"]);
            rules.push(PolicyRule { name: None, rule: parse::rule(text).unwrap() });
        }
        for number in 0..=dice.below(3) {
            let rule = rule::rule(dice);
            let named = dice.chance(50) || rule.lifting == Lifting::ByException;
            let naming = if named { Naming::Named } else { Naming::Unnamed };
            if check::rule(&rule, vocabulary, authority, naming).is_empty() {
                rules.push(PolicyRule { name: named.then(|| name(&format!("r{number}"))), rule });
            }
        }
        let (from, until) = period(dice);
        let name = name(&format!("p{index}"));
        let on = if index == 0 { meshward::language::syntax::Target::Everything } else { rule::target(dice) };
        documents.policies.insert(name.clone(), Policy { name, domain, description: None, on, rules, from, until });
    }
}

fn grants(dice: &mut Dice, documents: &mut Documents) {
    let mut given: Vec<Given> = PURPOSES.iter().map(|purpose| Given::Purpose(name(purpose))).collect();
    for policy in documents.policies.values() {
        for rule in &policy.rules {
            if let Some(rule) = &rule.name {
                given.push(Given::Exception { policy: policy.name.clone(), rule: rule.clone() });
            }
        }
    }
    for (index, gives) in given.into_iter().enumerate() {
        if dice.chance(60) {
            let (from, until) = period(dice);
            let until = until.or_else(|| "2030-01-01".parse().ok());
            let to = dice.some(1, 3, rule::known_member);
            let name = name(&format!("g{index}"));
            documents.grants.insert(name.clone(), Grant { name, to, gives, from, until });
        }
    }
}
