//! What is asked: a table, one action, or a listing.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::action::Action;
use crate::model::column_type::ColumnType;
use crate::model::name::{Identifier, TableName};

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Everything about one table.
    Table(TableRequest),
    /// One action on one resource.
    Access(AccessRequest),
    /// Which names may be listed.
    Listing(Listing),
    /// An action or a resource that this server does not know. Actions are an open set: it is denied, with these words for the
    /// person, and is no error.
    Unrecognised(String),
}

/// Asks about one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRequest {
    /// The table.
    pub table: TableName,
    /// The columns, in the caller's order.
    pub columns: Vec<Column>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: Identifier,
    /// Its Trino type; [`ColumnType::Unknown`] where the check names no types.
    pub column_type: ColumnType,
    /// A connector's hidden column, where the check says so.
    pub hidden: bool,
}

impl Column {
    /// A column of which only the name is known.
    pub fn named(name: Identifier) -> Self {
        Self::typed(name, ColumnType::Unknown)
    }

    /// An ordinary column.
    pub fn typed(name: Identifier, column_type: ColumnType) -> Self {
        Self { name, column_type, hidden: false }
    }

    /// Whether the connector, and not the table, has it (`$path`, `$partition`, `_message`). Checks that name columns alone do not
    /// say; connectors begin such names with `$`.
    pub fn is_the_connectors(&self) -> bool {
        self.hidden || self.name.as_str().starts_with('$')
    }
}

/// Asks for one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRequest {
    /// The action.
    pub action: Action,
    /// On what.
    pub resource: Resource,
    /// The new name of renames and moves.
    pub target: Option<Resource>,
}

/// What an action is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// The cluster itself.
    System,
    /// A catalog.
    Catalog(Identifier),
    /// A schema.
    Schema {
        /// Its catalog.
        catalog: Identifier,
        /// Its name.
        schema: Identifier,
    },
    /// A table, with the columns that the action names.
    Table {
        /// The table.
        table: TableName,
        /// The columns.
        columns: Vec<Identifier>,
    },
    /// A function or procedure.
    Function {
        /// Its catalog.
        catalog: Identifier,
        /// Its schema.
        schema: Identifier,
        /// Its name.
        function: Identifier,
    },
    /// A session property, of a catalog or of the system.
    SessionProperty {
        /// The catalog, if it is a catalog's.
        catalog: Option<Identifier>,
        /// Its name.
        property: Identifier,
    },
    /// A user: impersonated, or the owner of a query.
    User {
        /// The name, exactly.
        user: Arc<str>,
        /// The groups, where Trino knows them.
        groups: BTreeSet<Arc<str>>,
    },
    /// A role.
    Role(Arc<str>),
}

/// A table's name within its schema, and its columns' names.
pub type TableColumns = (Identifier, Vec<Identifier>);

/// Names to be filtered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    /// Catalogs.
    Catalogs(Vec<Identifier>),
    /// Schemas of a catalog.
    Schemas {
        /// The catalog.
        catalog: Identifier,
        /// The names.
        schemas: Vec<Identifier>,
    },
    /// Tables of a catalog, by schema.
    Tables {
        /// The catalog.
        catalog: Identifier,
        /// Schemas and their tables.
        schemas: Vec<(Identifier, Vec<Identifier>)>,
    },
    /// Columns of tables.
    Columns {
        /// The catalog.
        catalog: Identifier,
        /// Schemas, their tables, and those's columns.
        schemas: Vec<(Identifier, Vec<TableColumns>)>,
    },
    /// Functions of a catalog, by schema.
    Functions {
        /// The catalog.
        catalog: Identifier,
        /// Schemas and their functions.
        schemas: Vec<(Identifier, Vec<Identifier>)>,
    },
    /// Owners of queries: user and groups.
    QueryOwners(Vec<(Arc<str>, BTreeSet<Arc<str>>)>),
}
