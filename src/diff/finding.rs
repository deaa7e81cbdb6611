//! What a diff says: who gains or loses what, and why.

use std::collections::BTreeSet;

use serde::Serialize;

/// Everything that differs, gains first and the gravest first.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Diff {
    /// What somebody gains.
    pub gains: Vec<Finding>,
    /// What somebody loses.
    pub losses: Vec<Finding>,
    /// Changes of which it cannot be told what anybody gains. They count as gains.
    pub cannot_be_told: Vec<String>,
    /// What was not looked at, in words.
    pub not_covered: Vec<String>,
}

/// One group of people, and what changes for all of them alike.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// Who: `members of group "finance"`.
    pub who: String,
    /// The declared users among them; with `by_membership`, those who are if they have the groups and roles.
    pub users: BTreeSet<String>,
    /// Whether they are people of groups or roles, which the documents do not tell.
    pub by_membership: bool,
    /// What.
    pub what: What,
    /// On which tables, or what else.
    pub on: BTreeSet<String>,
    /// One of them, before and after.
    pub example: Example,
    /// Why.
    pub because: BTreeSet<Cause>,
}

/// Things that people gain or lose, the gravest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Reading the table at all.
    Table,
    /// Some of its rows.
    Rows,
    /// A column that is hidden on the other side.
    Column(String),
    /// What a weaker mask shows.
    Cells(String),
    /// What is seen of it through views of those who may share it, and not on one's own.
    Views,
    /// Actions, in the language's words.
    Actions(Vec<String>),
}

/// One case of a finding.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    /// On what.
    pub on: String,
    /// Before.
    pub before: String,
    /// After.
    pub after: String,
    /// How sure that is.
    pub certainty: Certainty,
}

/// How sure a finding is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// It is so.
    Certain,
    /// It is so for this row.
    Row(String),
    /// It can neither be proved nor ruled out. It counts as if it were so.
    CannotBeTold,
}

/// Why something changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A rule.
    Rule {
        /// Its policy.
        policy: String,
        /// Its name, or its place in the policy.
        rule: String,
        /// What became of it.
        turn: Turn,
        /// What it says, or said.
        sentence: String,
    },
    /// Another document, in words.
    Document(String),
}

/// What became of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It says something else.
    Changed,
    /// It is the same and is now on the table.
    Reaches,
    /// It is the same and is no longer on the table.
    ReachesNoLonger,
}

impl Turn {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Reaches => "now on it",
            Self::ReachesNoLonger => "no longer on it",
        }
    }
}

impl Diff {
    /// Whether anybody gains anything, or may.
    pub fn somebody_gains(&self) -> bool {
        !self.gains.is_empty() || !self.cannot_be_told.is_empty()
    }
}
