//! The tree of a rule. What the parser makes, the printer prints, and the engine compiles.
//!
//! Two trees are equal when they mean the same text: spans never take part in comparison.

mod condition;

use std::sync::Arc;

use crate::language::pattern::Pattern;
use crate::model::mask::Mask;
use crate::model::name::{Identifier, Name};

pub use condition::{Age, Case, Comparison, Condition, Days, Mention, Operand, Set, TextMatch, Unit};

/// A range of bytes in the text that was parsed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// Something, and where in the text it stands.
#[derive(Clone, Copy, Debug)]
pub struct Spanned<T> {
    /// The thing.
    pub node: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Pairs a thing with its place.
    pub fn new(node: T, span: Span) -> Self {
        Self { node, span }
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl<T: Eq> Eq for Spanned<T> {}

/// One rule: a sentence, and whether an approved exception may lift it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it says.
    pub sentence: Sentence,
    /// Whether it ends in `or by exception`.
    pub lifting: Lifting,
}

/// Whether a Grant may lift a rule for its beneficiary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifting {
    /// Nothing lifts it.
    Never,
    /// An approved, expiring exception does.
    ByException,
}

/// The forms of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sentence {
    /// `allow A to read, write [rows where C] [for purpose P or Q]`
    Allow {
        /// Who.
        audience: Audience,
        /// What they may do.
        actions: Vec<Spanned<ActionWord>>,
        /// The rows that they may read; only together with `read` alone.
        rows: Option<Condition>,
        /// The purposes for which it holds; empty: any and none.
        purposes: Vec<Spanned<Name>>,
    },
    /// `allow A to act as members of group "g" or user "u"`: impersonation.
    ActAs {
        /// Who.
        audience: Audience,
        /// As whom: users and members of groups.
        targets: Vec<Member>,
    },
    /// `deny A to drop, alter [for purpose P]`
    Deny {
        /// Who.
        audience: Audience,
        /// What they may not do.
        actions: Vec<Spanned<ActionWord>>,
        /// The purposes for which it holds; empty: always.
        purposes: Vec<Spanned<Name>>,
    },
    /// `only show rows where C for A`
    OnlyShowRows {
        /// The rows that may be seen.
        rows: Condition,
        /// Whom it restricts.
        audience: Audience,
    },
    /// `mask columns X with M [where C] for A`
    MaskColumns {
        /// The columns.
        columns: ColumnTarget,
        /// What is shown instead.
        mask: MaskWord,
        /// The cells that are masked; `None`: all.
        cells: Option<Condition>,
        /// Whom it restricts.
        audience: Audience,
    },
    /// `hide columns X for A`
    HideColumns {
        /// The columns.
        columns: ColumnTarget,
        /// Whom it restricts.
        audience: Audience,
    },
    /// `only show columns X for A`: every other column is hidden.
    OnlyShowColumns {
        /// The columns that stay visible.
        columns: ColumnTarget,
        /// Whom it restricts.
        audience: Audience,
    },
    /// `limit use to purpose P or Q for A`
    LimitUse {
        /// The purposes, at least one.
        purposes: Vec<Spanned<Name>>,
        /// Whom it restricts.
        audience: Audience,
    },
    /// `never show columns X less protected than M`
    NeverShow {
        /// The columns.
        columns: ColumnTarget,
        /// The weakest mask that may be shown.
        floor: MaskWord,
    },
}

impl Sentence {
    /// Whom it is about; `None`: a floor, which is for everybody.
    pub fn audience(&self) -> Option<&Audience> {
        match self {
            Self::Allow { audience, .. }
            | Self::ActAs { audience, .. }
            | Self::Deny { audience, .. }
            | Self::OnlyShowRows { audience, .. }
            | Self::MaskColumns { audience, .. }
            | Self::HideColumns { audience, .. }
            | Self::OnlyShowColumns { audience, .. }
            | Self::LimitUse { audience, .. } => Some(audience),
            Self::NeverShow { .. } => None,
        }
    }
}

impl Sentence {
    /// Every condition in it: on the rows, on the cells, on people.
    pub fn conditions(&self) -> Vec<&Condition> {
        let mut conditions = Vec::new();
        match self {
            Self::Allow { rows, .. } => conditions.extend(rows),
            Self::OnlyShowRows { rows, .. } => conditions.push(rows),
            Self::MaskColumns { cells, .. } => conditions.extend(cells),
            Self::ActAs { .. }
            | Self::Deny { .. }
            | Self::HideColumns { .. }
            | Self::OnlyShowColumns { .. }
            | Self::LimitUse { .. }
            | Self::NeverShow { .. } => {}
        }
        self.members().into_iter().for_each(|member| {
            if let Member::Those(condition) = member {
                conditions.push(condition);
            }
        });
        conditions
    }

    /// Everybody whom it names, on either side of `except`; those inside `both` one by one.
    pub fn members(&self) -> Vec<&Member> {
        let mut members = Vec::new();
        if let Some(audience) = self.audience() {
            audience.members().for_each(|member| member.each(&mut members));
        }
        if let Self::ActAs { targets, .. } = self {
            targets.iter().for_each(|member| member.each(&mut members));
        }
        members
    }

    /// The columns that it is about.
    pub fn columns(&self) -> Option<&ColumnTarget> {
        match self {
            Self::MaskColumns { columns, .. }
            | Self::HideColumns { columns, .. }
            | Self::OnlyShowColumns { columns, .. }
            | Self::NeverShow { columns, .. } => Some(columns),
            Self::Allow { .. }
            | Self::ActAs { .. }
            | Self::Deny { .. }
            | Self::OnlyShowRows { .. }
            | Self::LimitUse { .. } => None,
        }
    }
}

impl Audience {
    /// Those named before `except` and after.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        let of = match &self.of {
            AudienceBase::Everyone => &[][..],
            AudienceBase::AnyOf(members) => members,
        };
        of.iter().chain(&self.except)
    }
}

impl Member {
    /// The member, or what `both` is made of.
    pub fn each<'a>(&'a self, into: &mut Vec<&'a Member>) {
        match self {
            Self::Both(members) => members.iter().for_each(|member| member.each(into)),
            member => into.push(member),
        }
    }
}

impl Target {
    /// The patterns of functions that it covers.
    pub fn functions(&self) -> Vec<&Pattern> {
        match self {
            Self::Functions(pattern) => vec![&pattern.node],
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::functions).collect(),
            Self::Except(of, _) => of.functions(),
            _ => Vec::new(),
        }
    }

    /// The patterns of names in it.
    pub fn patterns(&self) -> Box<dyn Iterator<Item = &Pattern> + '_> {
        match self {
            Self::Pattern(pattern) => Box::new([&pattern.node].into_iter()),
            Self::And(parts) | Self::Or(parts) => Box::new(parts.iter().flat_map(Self::patterns)),
            Self::Except(of, without) => Box::new(of.patterns().chain(without.patterns())),
            _ => Box::new(std::iter::empty()),
        }
    }
}

/// A mask in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MaskWord {
    /// A mask of the catalogue.
    Known(Mask),
    /// `sql '...'`: mesh authority only.
    Sql(Spanned<Arc<str>>),
}

/// An action or a group of actions, folded (`drop_table`, `read`); the check looks it up in [`crate::model::action`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionWord(pub Name);

/// Whom a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// Whom it names.
    pub of: AudienceBase,
    /// Whom it leaves out; any of them. Empty: nobody.
    pub except: Vec<Member>,
}

/// The part of an audience before `except`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AudienceBase {
    /// Everyone.
    Everyone,
    /// Any of these, at least one.
    AnyOf(Vec<Member>),
}

/// One alternative of an audience.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    /// `members of group "g"`; groups compare exactly.
    Group(Spanned<Arc<str>>),
    /// `those in role "r"`
    Role(Spanned<Arc<str>>),
    /// `user "u"`; users compare exactly.
    User(Spanned<Arc<str>>),
    /// `those acting for purpose "p"`, `when acting for purpose "p"`
    ActingFor(Spanned<Name>),
    /// `those with CONDITION`
    Those(Condition),
    /// `those who are both A and B`: all of them, at least two.
    Both(Vec<Member>),
    /// `owners`: of the table's domain.
    Owners,
    /// `stewards`: of the table's domain.
    Stewards,
    /// `writers of the domain`: of the table's domain.
    Writers,
}

/// Columns of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnTarget {
    /// Any of these, at least one.
    pub of: Vec<ColumnWord>,
    /// Without these.
    pub except: Vec<ColumnWord>,
}

/// One alternative of a column target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnWord {
    /// A column by name.
    Named(Spanned<Identifier>),
    /// Columns with a tag or one below it.
    Tagged(Spanned<Name>),
    /// Columns without any tag.
    Untagged,
}

/// What a policy is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `everything`
    Everything,
    /// `the system`: what concerns the cluster and no object.
    System,
    /// `catalog c`, `lake.finance.*`: what it names and all inside.
    Pattern(Spanned<Pattern>),
    /// `tables tagged T`
    TablesTagged(Spanned<Name>),
    /// `tables in domain d`, domains below it included.
    TablesInDomain(Spanned<Name>),
    /// `tables with columns tagged T`
    TablesWithColumnsTagged(Spanned<Name>),
    /// `untagged tables`
    UntaggedTables,
    /// `functions lake.tools.*`
    Functions(Spanned<Pattern>),
    /// `session properties a, lake.b`
    SessionProperties(Vec<Spanned<Pattern>>),
    /// `A and B`: all of them, at least two. `tables in domain d with columns tagged T` is one.
    And(Vec<Target>),
    /// `A or B`: any of them, at least two.
    Or(Vec<Target>),
    /// `A except B`
    Except(Box<Target>, Box<Target>),
}
