//! The kinds of documents, read and typed. Everything that can change a decision is one of these.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::attributes::source::SourceSettings;
use crate::document::test::Test;
use crate::language::check::{AttributeKind, Vocabulary};
use crate::language::pattern::Pattern;
use crate::language::syntax::{Member, Rule, Target};
use crate::model::name::{Identifier, Name, TableName};
use crate::model::request::Column;
use crate::model::value::{Value, ValueType};

/// All documents of one revision, by kind and name. References between them hold: see [`crate::document`].
#[derive(Clone, Debug, Default)]
pub struct Documents {
    /// Policies.
    pub policies: BTreeMap<Name, Policy>,
    /// Domains.
    pub domains: BTreeMap<Name, Domain>,
    /// Purposes.
    pub purposes: BTreeMap<Name, Purpose>,
    /// Declared attributes; the built-in ones are not among them.
    pub attributes: BTreeMap<Name, Attribute>,
    /// Tags.
    pub tags: BTreeMap<Name, Tag>,
    /// Taggings.
    pub taggings: BTreeMap<Name, Tagging>,
    /// Users with their attributes, by exact user name.
    pub users: BTreeMap<String, User>,
    /// Grants.
    pub grants: BTreeMap<Name, Grant>,
    /// Lists.
    pub lists: BTreeMap<Name, List>,
    /// Tables with their columns. No decision depends on them: Trino tells a table's columns and types itself.
    pub tables: BTreeMap<TableName, Table>,
    /// Tests of the others. No decision depends on them.
    pub tests: BTreeMap<Name, Test>,
    /// Sources of attributes.
    pub sources: BTreeMap<Name, SourceSettings>,
}

impl Documents {
    /// What sentences can name.
    pub fn vocabulary(&self) -> Vocabulary {
        let kind = |attribute: &Attribute| AttributeKind {
            value_type: attribute.value_type,
            single: attribute.cardinality == Cardinality::Single,
        };
        let mut vocabulary = Vocabulary {
            attributes: self.attributes.iter().map(|(name, attribute)| (name.clone(), kind(attribute))).collect(),
            purposes: self.purposes.keys().cloned().collect(),
            domains: self.domains.keys().cloned().collect(),
            lists: self.lists.values().map(|list| (list.name.clone(), list.value_type)).collect(),
            ..Vocabulary::default()
        };
        self.tags.keys().for_each(|tag| vocabulary.add_tag(tag));
        vocabulary
    }
}

/// `kind: Policy`
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its name.
    pub name: Name,
    /// The domain whose rules these are; `None`: the mesh's.
    pub domain: Option<Name>,
    /// For people.
    pub description: Option<String>,
    /// What its rules are on.
    pub on: Target,
    /// Its rules, in order.
    pub rules: Vec<PolicyRule>,
    /// The first day on which it holds.
    pub from: Option<Date>,
    /// The last day on which it holds.
    pub until: Option<Date>,
}

/// A rule of a policy.
#[derive(Clone, Debug)]
pub struct PolicyRule {
    /// Its own name, if it has one.
    pub name: Option<Name>,
    /// What it says.
    pub rule: Rule,
}

/// `kind: Domain`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// Its name.
    pub name: Name,
    /// The domain that it is part of.
    pub parent: Option<Name>,
    /// What it owns: catalogs, schemas, tables.
    pub owns: Vec<Pattern>,
    /// Who answers for it; any of these.
    pub owners: Vec<Member>,
    /// Who may place tags in it.
    pub stewards: Vec<Member>,
    /// Who writes its data.
    pub writers: Vec<Member>,
    /// For people.
    pub description: Option<String>,
}

/// `kind: Purpose`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// Its name.
    pub name: Name,
    /// Acting for this purpose is acting for these too.
    pub parents: Vec<Name>,
    /// For people.
    pub description: Option<String>,
}

/// `kind: Attribute`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub value_type: ValueType,
    /// Whether it has one value at most.
    pub cardinality: Cardinality,
    /// What a source's answer without it means.
    pub missing: Missing,
    /// For people.
    pub description: Option<String>,
}

/// How many values an attribute may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cardinality {
    /// `single: true`: several values make it UNKNOWN.
    Single,
    /// Any number.
    Many,
}

/// What it means that a source answered without an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Comparisons with it are UNKNOWN.
    Unknown,
    /// `missing: none`: it is the empty set.
    None,
}

/// `kind: Tag`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its name; dots make the hierarchy.
    pub name: Name,
    /// Whose placing of it counts as the mesh's.
    pub placed_by: PlacedBy,
    /// For people.
    pub description: Option<String>,
}

/// Who may place a tag in the mesh's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlacedBy {
    /// Only the mesh.
    Mesh,
    /// `placed_by: stewards of the domain`: a domain's tagging counts as the mesh's.
    StewardsOfTheDomain,
}

/// `kind: Tagging`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagging {
    /// Its name.
    pub name: Name,
    /// The domain that made it; `None`: the mesh.
    pub domain: Option<Name>,
    /// The table.
    pub table: TableName,
    /// The table's tags.
    pub tags: Vec<Name>,
    /// The columns' tags.
    pub columns: BTreeMap<Identifier, Vec<Name>>,
}

/// `kind: User`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The user's name, exactly as Trino gives it.
    pub name: String,
    /// The attributes' values, of the declared types.
    pub attributes: BTreeMap<Name, Vec<Value>>,
}

/// `kind: Grant`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its name.
    pub name: Name,
    /// To whom; any of these.
    pub to: Vec<Member>,
    /// What it gives.
    pub gives: Given,
    /// The first day on which it holds.
    pub from: Option<Date>,
    /// The last day on which it holds.
    pub until: Option<Date>,
}

/// What a grant gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// `purpose: p`: to act for a purpose.
    Purpose(Name),
    /// `exception_to: policy/rule`: a named rule that ends in `or by exception` does not bind.
    Exception {
        /// The policy.
        policy: Name,
        /// The rule.
        rule: Name,
    },
}

/// `kind: List`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Its name.
    pub name: Name,
    /// The values' type.
    pub value_type: ValueType,
    /// The values.
    pub values: Vec<Value>,
}

/// `kind: Table`: what a table looks like, for those who read documents without a Trino.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The table.
    pub name: TableName,
    /// All its columns, in the order in which they are written, with their types.
    pub columns: Vec<Column>,
    /// For people.
    pub description: Option<String>,
}
