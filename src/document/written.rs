//! Where what the documents say was written, for those who speak of it when all is read.

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use crate::document::fields::Text;
use crate::document::finding::Place;
use crate::document::warning::Warning;
use crate::model::name::{Identifier, Name, TableName};

/// Where the documents of one reading were written.
#[derive(Clone, Debug, Default)]
pub struct Written {
    pub(crate) policies: BTreeMap<Name, WrittenPolicy>,
    /// The tables that taggings name.
    pub(crate) tables: Vec<(TableName, Place)>,
    /// The columns that taggings name.
    pub(crate) tagged_columns: Vec<(TableName, Identifier, Place)>,
}

/// Where a policy was written.
#[derive(Clone, Debug)]
pub(crate) struct WrittenPolicy {
    /// What it is on.
    pub(crate) on: Text,
    /// Its rules, in order.
    pub(crate) rules: Vec<Text>,
    /// Its last day.
    pub(crate) until: Option<Place>,
    /// The warnings that its author knows of, and why they are meant.
    pub(crate) accepted: BTreeMap<Warning, Arc<str>>,
}
