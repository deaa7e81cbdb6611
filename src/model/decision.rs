//! Answers: values with reasons, never errors and never bare booleans.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::model::mask::KeyedFunction;
use crate::model::name::{Identifier, Name};

/// The answer to a [`crate::model::request::Request`], of the same kind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// About one table.
    Table(TableDecision),
    /// About one action.
    Access(AccessDecision),
    /// Which names may be listed: one for each name, in the request's order, depth first.
    Listing(Vec<bool>),
}

/// What one identity may see of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct TableDecision {
    /// May the catalog be used?
    pub catalog: Verdict,
    /// May the table be read?
    pub read: Verdict,
    /// May others be let read it through a view?
    pub share: Verdict,
    /// One for each column of the request, in its order.
    pub columns: Vec<ColumnDecision>,
    /// The rows that may be seen.
    pub rows: Rows,
    /// The rules that determined the answer, and what each did.
    pub determined_by: Vec<Contribution>,
    /// When use is limited and the query's purpose is not among them: the purposes that would do.
    pub usable_purposes: Vec<Name>,
}

/// Whether one action may be done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct AccessDecision {
    /// The answer.
    pub verdict: Verdict,
    /// The rules that determined it.
    pub determined_by: Vec<Contribution>,
}

impl AccessDecision {
    /// A denial that no rule made.
    pub fn denied(why: &str) -> Self {
        Self { verdict: Verdict::Deny(why.to_owned()), determined_by: Vec::new() }
    }
}

/// Allowed, or denied with the words for the person.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// Allowed.
    Allow,
    /// Denied: why, and where to ask.
    Deny(String),
}

impl Verdict {
    /// Whether it is allowed.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow)
    }
}

/// The rows that may be seen. There is no empty predicate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rows {
    /// All.
    All,
    /// None.
    None,
    /// Those for which every expression is TRUE; at least one expression.
    Where(Vec<Expression>),
}

/// What happens to one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnDecision {
    /// Shown as it is.
    Clear,
    /// Shown through an expression of the column's type.
    Masked(Expression),
    /// Not listed, not selectable; why, for the person.
    Hidden(String),
}

/// SQL over the table's columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// The text.
    pub sql: SqlText,
    /// The columns that it reads.
    pub reads: Vec<Identifier>,
    /// Those of them that the user may not select.
    pub hidden_columns: Vec<Identifier>,
    /// The plugin's functions that it calls, which no user may.
    pub executes: BTreeSet<KeyedFunction>,
}

impl Expression {
    /// Whether the plugin lends its own identity to the expression, because the user's may not do all that is in it.
    pub fn runs_as_plugin(&self) -> bool {
        !self.hidden_columns.is_empty() || !self.executes.is_empty()
    }
}

/// SQL text as Trino will evaluate it.
// INVARIANT: made by src/sql/print.rs alone; a test greps for that.
#[derive(Clone, PartialEq, Eq)]
pub struct SqlText(String);

impl SqlText {
    /// For the printer only.
    pub(crate) fn printed(text: String) -> Self {
        Self(text)
    }

    /// The text; never empty.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text itself.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Debug for SqlText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for SqlText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A rule, for people.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleReference {
    /// The policy's name.
    pub policy: Name,
    /// The rule's own name, or its place in the policy counted from 1.
    pub rule: String,
    /// The rule in canonical form.
    pub sentence: String,
}

/// What a rule did to an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contribution {
    /// The rule.
    pub rule: Arc<RuleReference>,
    /// What it did.
    pub effect: Effect,
}

impl fmt::Display for Contribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}: {}", self.rule.policy, self.rule.rule, self.effect, self.rule.sentence)
    }
}

/// The ways in which a rule determines an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// It allows.
    Allows,
    /// It denies.
    Denies,
    /// It limits the purposes.
    LimitsUse,
    /// It takes rows away.
    Rows,
    /// It masks a column.
    Masks(Identifier),
    /// It hides a column.
    Hides(Identifier),
    /// It sets the least protection of a column.
    Floors(Identifier),
}

impl fmt::Display for Effect {
    /// What the rule does, in words that follow its name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allows => f.write_str("allows"),
            Self::Denies => f.write_str("denies"),
            Self::LimitsUse => f.write_str("limits the use"),
            Self::Rows => f.write_str("takes rows away"),
            Self::Masks(column) => write!(f, "masks {column}"),
            Self::Hides(column) => write!(f, "hides {column}"),
            Self::Floors(column) => write!(f, "sets the least protection of {column}"),
        }
    }
}
