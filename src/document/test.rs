//! `kind: Test`: what somebody is expected to see, and where the expectation is written. No decision depends on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::document::finding::Place;
use crate::language::syntax::{Condition, MaskWord};
use crate::model::action::Action;
use crate::model::cell::Cell;
use crate::model::name::{Name, TableName};
use crate::model::request::{Column, Resource};
use crate::model::subject::Resolved;

/// `kind: Test`
#[derive(Clone, Debug)]
pub struct Test {
    /// Its name.
    pub name: Name,
    /// For people.
    pub description: Option<String>,
    /// Its cases, at least one.
    pub cases: Vec<Case>,
}

/// Who asks what, and what is expected.
#[derive(Clone, Debug)]
pub struct Case {
    /// The case's own name, or its place in the test counted from 1; `None`: the test has this case alone.
    pub name: Option<String>,
    /// Where it is written.
    pub place: Place,
    /// Who asks; in a definer view the view's owner.
    pub who: Person,
    /// Who started the query, where that is somebody else.
    pub invoker: Option<Person>,
    /// The purpose that the query names.
    pub purpose: Option<Name>,
    /// When it is asked; `None`: now.
    pub at: Option<Timestamp>,
    /// The asking cluster's name.
    pub cluster: Arc<str>,
    /// What is asked.
    pub question: Question,
    /// What is expected.
    pub expected: Expected,
}

/// Somebody, as far as the test says.
#[derive(Clone, Debug)]
pub struct Person {
    /// The user's name. What a User document of that name says is known too.
    pub user: Arc<str>,
    /// Groups in Trino.
    pub groups: BTreeSet<Arc<str>>,
    /// Whether a source of groups did not answer, so that these may not be all.
    pub groups_are_unknown: bool,
    /// Enabled roles.
    pub roles: BTreeSet<Arc<str>>,
    /// Attributes that the test gives, in place of what documents say.
    pub attributes: BTreeMap<Name, Resolved>,
}

/// What is asked.
#[derive(Clone, Debug)]
pub enum Question {
    /// To read a table.
    Read {
        /// The table.
        table: TableName,
        /// Its columns; empty where none are known.
        columns: Vec<Column>,
        /// Rows that it holds, a cell for each column.
        data: Vec<Vec<Cell>>,
    },
    /// Any other action.
    Act {
        /// The action.
        action: Action,
        /// On what.
        on: Resource,
        /// The new name of renames.
        to: Option<Resource>,
    },
}

/// What is expected.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Whether it is allowed.
    pub verdict: Expectation<ExpectedVerdict>,
    /// The rows that may be seen.
    pub rows: Option<Expectation<ExpectedRows>>,
    /// What columns show, by their place among the columns.
    pub shown: Vec<(usize, Expectation<ExpectedColumn>)>,
    /// The rows of the data that are seen, and their cells.
    pub sees: Option<Expectation<Vec<Expectation<ExpectedRow>>>>,
}

/// Something that is expected, and where that is written.
#[derive(Clone, Debug)]
pub struct Expectation<T> {
    /// What.
    pub what: T,
    /// Where.
    pub place: Place,
}

/// Whether something is expected to be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedVerdict {
    /// It is.
    Allowed,
    /// It is not.
    Denied,
}

/// Which rows are expected.
#[derive(Clone, Debug)]
pub enum ExpectedRows {
    /// All.
    All,
    /// None.
    None,
    /// Those for which a condition is TRUE.
    Where(Condition),
}

/// What a column is expected to show.
#[derive(Clone, Debug)]
pub enum ExpectedColumn {
    /// Its values.
    Clear,
    /// Nothing: it is hidden.
    Hidden,
    /// What a mask makes of the cells that it is on; `None`: all.
    Masked(Box<(MaskWord, Option<Condition>)>),
}

/// A row that is expected: columns by their place, what each shows, and where that is written. Other columns are not looked at.
pub type ExpectedRow = Vec<(usize, Expectation<Cell>)>;
