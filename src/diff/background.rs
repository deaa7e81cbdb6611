//! What else than rules differs between the folders.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::finding::{Cause, Turn};
use crate::diff::interest::Interest;
use crate::diff::undo::Part;
use crate::document::kinds::{Cardinality, Documents, PlacedBy};
use crate::model::name::Name;

/// More documents or users than this are not named as reasons of one finding.
const MOST_TOLD: usize = 3;

/// What else than rules and tags differs between the folders and can change an answer.
#[derive(Debug, Default)]
pub(super) struct Background {
    attributes: BTreeSet<Name>,
    lists: BTreeSet<Name>,
    purposes: bool,
    /// All documents but policies and users, in words.
    pub(super) documents: Vec<(Part, String)>,
    /// The users, in words.
    pub(super) users: BTreeMap<String, String>,
}

impl Background {
    pub(super) fn of(old: &Documents, new: &Documents) -> Self {
        let mut background = Self::default();
        let mut told = Differing(Vec::new());
        let mut turned = told.part("attribute", &old.attributes, &new.attributes, Part::Attribute);
        for (user, turn) in differing(&old.users, &new.users) {
            for documents in [old, new] {
                turned.extend(documents.users.get(&user).into_iter().flat_map(|user| user.attributes.keys().cloned()));
            }
            let words = format!("user `{user}` was {}", turn.word());
            background.users.insert(user, words);
        }
        background.attributes = turned;
        background.lists = told.part("list", &old.lists, &new.lists, Part::List);
        let purposes = told.part("purpose", &old.purposes, &new.purposes, Part::Purpose);
        let grants = told.part("grant", &old.grants, &new.grants, Part::Grant);
        background.purposes = !purposes.is_empty() || !grants.is_empty();
        told.part("domain", &old.domains, &new.domains, Part::Domain);
        told.part("tag", &old.tags, &new.tags, Part::Tag);
        told.part("tagging", &old.taggings, &new.taggings, Part::Tagging);
        background.documents = told.0;
        background
    }

    /// The first of everything that differs, where nothing more is known.
    pub(super) fn first(&self) -> impl Iterator<Item = Cause> {
        let words = self.documents.iter().map(|(_, words)| words).chain(self.users.values());
        words.take(MOST_TOLD).cloned().map(Cause::Document)
    }

    /// What became of those users who differ.
    pub(super) fn of_users(&self, users: &BTreeSet<String>) -> impl Iterator<Item = Cause> {
        let differing: Vec<&String> = users.iter().filter_map(|user| self.users.get(user)).collect();
        let more = differing.len().saturating_sub(MOST_TOLD);
        let rest = (more > 0).then(|| format!("{more} more users were added, removed or changed"));
        differing.into_iter().take(MOST_TOLD).cloned().chain(rest).map(Cause::Document)
    }

    /// Whether there is nothing that can matter.
    pub(super) fn is_the_same(&self) -> bool {
        self.attributes.is_empty() && self.lists.is_empty() && !self.purposes
    }

    /// Whether it can matter to those rules.
    pub(super) fn matters_to(&self, interest: &Interest<'_>) -> bool {
        let about_purposes = !interest.purposes.is_empty() || interest.every_purpose;
        (about_purposes && self.purposes)
            || interest.attributes.keys().any(|name| self.attributes.contains(name))
            || interest.lists.iter().any(|list| self.lists.contains(list))
    }
}

/// Documents that differ, in words.
struct Differing(Vec<(Part, String)>);

impl Differing {
    fn part<V: PartialEq>(
        &mut self,
        kind: &str,
        old: &BTreeMap<Name, V>,
        new: &BTreeMap<Name, V>,
        part: fn(Name) -> Part,
    ) -> BTreeSet<Name> {
        let mut names = BTreeSet::new();
        for (name, turn) in differing(old, new) {
            self.0.push((part(name.clone()), format!("{kind} `{name}` was {}", turn.word())));
            names.insert(name);
        }
        names
    }
}

/// The names of what is not alike in both, and what became of it.
fn differing<K: Ord + Clone, V: PartialEq>(old: &BTreeMap<K, V>, new: &BTreeMap<K, V>) -> BTreeMap<K, Turn> {
    let turn = |name: &K| match (old.get(name), new.get(name)) {
        (Some(old), Some(new)) if old == new => None,
        (Some(_), Some(_)) => Some(Turn::Changed),
        (None, _) => Some(Turn::Added),
        (_, None) => Some(Turn::Removed),
    };
    old.keys().chain(new.keys()).filter_map(|name| Some((name.clone(), turn(name)?))).collect()
}

/// What changes in a way of which the documents do not tell who gains by it: where attributes come from, and who may place tags.
pub(super) fn cannot_be_told(old: &Documents, new: &Documents) -> Vec<String> {
    let mut told = Vec::new();
    for (name, turn) in differing(&old.sources, &new.sources) {
        told.push(format!("source `{name}` was {}: who has which attributes, it alone knows", turn.word()));
    }
    for (name, attribute) in &new.attributes {
        let was_single = old.attributes.get(name).is_some_and(|old| old.cardinality == Cardinality::Single);
        if was_single && attribute.cardinality == Cardinality::Many {
            told.push(format!(
                "attribute `{name}` may have several values now: whoever has them was somebody unknown before"
            ));
        }
    }
    for (name, tag) in &new.tags {
        let was_the_meshs = old.tags.get(name).is_some_and(|old| old.placed_by == PlacedBy::Mesh);
        if was_the_meshs && tag.placed_by == PlacedBy::StewardsOfTheDomain {
            told.push(format!(
                "tag `{name}` may be placed by the stewards of a domain now: where they will, nobody knows"
            ));
        }
    }
    told
}
