//! What is declared, as far as sentences can name it. The documents fill it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::name::Name;
use crate::model::value::ValueType;

/// Everything that a sentence can name.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// Declared attributes.
    pub attributes: BTreeMap<Name, AttributeKind>,
    /// Tags, with every ancestor that a dotted name implies.
    pub tags: BTreeSet<Name>,
    /// Purposes.
    pub purposes: BTreeSet<Name>,
    /// Domains.
    pub domains: BTreeSet<Name>,
    /// Lists and the types of their values.
    pub lists: BTreeMap<Name, ValueType>,
    /// Relations.
    pub relations: BTreeSet<Name>,
}

/// What a sentence has to know of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributeKind {
    /// Its type.
    pub value_type: ValueType,
    /// Whether it has one value at most, so that it can be ordered.
    pub single: bool,
}

/// Who makes a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The mesh.
    Mesh,
    /// A domain, over its own tables.
    Domain,
}

/// Whether a rule has a name of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// It has.
    Named,
    /// It goes by its place in the policy.
    Unnamed,
}

/// The attributes that every subject has without a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Built {
    /// `@user`
    User,
    /// `@principal`
    Principal,
    /// `@groups`
    Groups,
    /// `@roles`
    Roles,
    /// `@purpose`
    Purpose,
    /// `@cluster`
    Cluster,
    /// `@query_time`
    QueryTime,
}

impl Built {
    /// Every built-in attribute.
    pub const ALL: [Built; 7] =
        [Self::User, Self::Principal, Self::Groups, Self::Roles, Self::Purpose, Self::Cluster, Self::QueryTime];

    /// The attribute's folded name.
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Principal => "principal",
            Self::Groups => "groups",
            Self::Roles => "roles",
            Self::Purpose => "purpose",
            Self::Cluster => "cluster",
            Self::QueryTime => "query_time",
        }
    }

    /// Its type and cardinality.
    pub fn kind(self) -> AttributeKind {
        match self {
            Self::QueryTime => AttributeKind { value_type: ValueType::Timestamp, single: true },
            Self::Groups | Self::Roles | Self::Purpose => AttributeKind { value_type: ValueType::Text, single: false },
            Self::User | Self::Principal | Self::Cluster => AttributeKind { value_type: ValueType::Text, single: true },
        }
    }
}

/// The built-in attribute of a name, if it is one. No document may declare such a name.
pub fn built_in(name: &Name) -> Option<Built> {
    Built::ALL.into_iter().find(|built| built.word() == name.folded())
}

/// The names of what a client merely asserts. They may restrict, never release; this server does not learn them yet, so they are
/// UNKNOWN, which protects.
pub(super) const ASSERTED: [&str; 2] = ["source", "client_tags"];

impl Vocabulary {
    /// The kind of an attribute, built in or declared.
    pub fn attribute(&self, name: &Name) -> Option<AttributeKind> {
        match built_in(name) {
            Some(built) => Some(built.kind()),
            None if ASSERTED.contains(&name.folded()) => {
                Some(AttributeKind { value_type: ValueType::Text, single: false })
            }
            None => self.attributes.get(name).copied(),
        }
    }

    /// Adds a tag and all that its dots imply: `PII.Email` is a `PII`.
    pub fn add_tag(&mut self, tag: &Name) {
        self.tags.extend(tag.and_above());
    }
}
