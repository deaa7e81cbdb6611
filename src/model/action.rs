//! Actions: one for each thing that Trino asks, in Trino's words, gathered in the groups that people use in sentences.
//! `docs/actions.md` has the table; a test keeps the two alike.

use std::fmt;

use crate::model::name::fold;

macro_rules! actions {
    ($($variant:ident, $word:literal, $group:ident;)+) => {
        /// One thing that Trino asks. The word is the SPI method's name without `checkCan`, `can` or `get`, in lower snake case.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action {
            $(#[doc = concat!("`", $word, "`")] $variant,)+
        }

        impl Action {
            /// Every action, in the order of the SPI.
            pub const ALL: &'static [Action] = &[$(Action::$variant,)+];

            /// The action's word on the wire and, with spaces for underscores, in sentences.
            pub fn word(self) -> &'static str {
                match self { $(Action::$variant => $word,)+ }
            }

            /// The group that the action belongs to.
            pub fn group(self) -> ActionGroup {
                match self { $(Action::$variant => ActionGroup::$group,)+ }
            }
        }
    };
}

actions! {
    ImpersonateUser, "impersonate_user", Administer;
    ExecuteQuery, "execute_query", Use;
    ViewQueryOwnedBy, "view_query_owned_by", Administer;
    KillQueryOwnedBy, "kill_query_owned_by", Administer;
    ReadSystemInformation, "read_system_information", Administer;
    WriteSystemInformation, "write_system_information", Administer;
    SetSystemSessionProperty, "set_system_session_property", Use;
    AccessCatalog, "access_catalog", See;
    CreateCatalog, "create_catalog", Administer;
    DropCatalog, "drop_catalog", Administer;
    FilterCatalogs, "filter_catalogs", See;
    CreateSchema, "create_schema", Create;
    DropSchema, "drop_schema", Drop;
    RenameSchema, "rename_schema", Alter;
    SetSchemaAuthorization, "set_schema_authorization", Manage;
    ShowSchemas, "show_schemas", See;
    FilterSchemas, "filter_schemas", See;
    ShowCreateSchema, "show_create_schema", See;
    ShowCreateTable, "show_create_table", See;
    CreateTable, "create_table", Create;
    DropTable, "drop_table", Drop;
    RenameTable, "rename_table", Alter;
    SetTableProperties, "set_table_properties", Alter;
    SetTableComment, "set_table_comment", Alter;
    SetViewComment, "set_view_comment", Alter;
    SetColumnComment, "set_column_comment", Alter;
    ShowTables, "show_tables", See;
    FilterTables, "filter_tables", See;
    ShowColumns, "show_columns", See;
    FilterColumns, "filter_columns", See;
    AddColumn, "add_column", Alter;
    AlterColumn, "alter_column", Alter;
    DropColumn, "drop_column", Alter;
    SetTableAuthorization, "set_table_authorization", Manage;
    RenameColumn, "rename_column", Alter;
    SelectFromColumns, "select_from_columns", Read;
    InsertIntoTable, "insert_into_table", Write;
    DeleteFromTable, "delete_from_table", Write;
    TruncateTable, "truncate_table", Write;
    UpdateTableColumns, "update_table_columns", Write;
    CreateView, "create_view", Create;
    RenameView, "rename_view", Alter;
    SetViewAuthorization, "set_view_authorization", Manage;
    RefreshView, "refresh_view", Alter;
    SetMaterializedViewAuthorization, "set_materialized_view_authorization", Manage;
    DropView, "drop_view", Drop;
    CreateViewWithSelectFromColumns, "create_view_with_select_from_columns", Share;
    CreateMaterializedView, "create_materialized_view", Create;
    RefreshMaterializedView, "refresh_materialized_view", Write;
    SetMaterializedViewProperties, "set_materialized_view_properties", Alter;
    DropMaterializedView, "drop_materialized_view", Drop;
    RenameMaterializedView, "rename_materialized_view", Alter;
    SetCatalogSessionProperty, "set_catalog_session_property", Use;
    GrantSchemaPrivilege, "grant_schema_privilege", Manage;
    DenySchemaPrivilege, "deny_schema_privilege", Manage;
    RevokeSchemaPrivilege, "revoke_schema_privilege", Manage;
    GrantTablePrivilege, "grant_table_privilege", Manage;
    DenyTablePrivilege, "deny_table_privilege", Manage;
    RevokeTablePrivilege, "revoke_table_privilege", Manage;
    GrantTableBranchPrivilege, "grant_table_branch_privilege", Manage;
    DenyTableBranchPrivilege, "deny_table_branch_privilege", Manage;
    RevokeTableBranchPrivilege, "revoke_table_branch_privilege", Manage;
    GrantEntityPrivilege, "grant_entity_privilege", Manage;
    DenyEntityPrivilege, "deny_entity_privilege", Manage;
    RevokeEntityPrivilege, "revoke_entity_privilege", Manage;
    ShowRoles, "show_roles", Manage;
    CreateRole, "create_role", Manage;
    DropRole, "drop_role", Manage;
    GrantRoles, "grant_roles", Manage;
    RevokeRoles, "revoke_roles", Manage;
    ShowCurrentRoles, "show_current_roles", Use;
    ShowRoleGrants, "show_role_grants", Use;
    ExecuteProcedure, "execute_procedure", Execute;
    ExecuteFunction, "execute_function", Execute;
    CreateViewWithExecuteFunction, "create_view_with_execute_function", Share;
    ExecuteTableProcedure, "execute_table_procedure", Execute;
    ShowFunctions, "show_functions", See;
    FilterFunctions, "filter_functions", See;
    CreateFunction, "create_function", Create;
    DropFunction, "drop_function", Drop;
    ShowCreateFunction, "show_create_function", See;
    ShowBranches, "show_branches", See;
    CreateBranch, "create_branch", Alter;
    DropBranch, "drop_branch", Alter;
    FastForwardBranch, "fast_forward_branch", Alter;
    SetEntityAuthorization, "set_entity_authorization", Manage;
}

/// The groups of actions that sentences name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ActionGroup {
    /// Listings and DESCRIBE; no rows.
    See,
    /// Select; and everything in `see`.
    Read,
    /// Let others read through one's own views.
    Share,
    /// Insert, update, delete, truncate.
    Write,
    /// Make catalogs' objects.
    Create,
    /// Change objects, rename them, change their branches.
    Alter,
    /// Remove objects.
    Drop,
    /// Privileges, roles, ownership.
    Manage,
    /// Functions and procedures.
    Execute,
    /// Other people's queries, system information, catalogs, impersonation.
    Administer,
    /// Start a query, set session properties, see one's own roles: open to everyone unless denied.
    Use,
}

impl ActionGroup {
    /// Every group, in the order in which the docs list them.
    pub const ALL: [ActionGroup; 11] = [
        Self::See,
        Self::Read,
        Self::Share,
        Self::Write,
        Self::Create,
        Self::Alter,
        Self::Drop,
        Self::Manage,
        Self::Execute,
        Self::Administer,
        Self::Use,
    ];

    /// The group's word in sentences.
    pub fn word(self) -> &'static str {
        match self {
            Self::See => "see",
            Self::Read => "read",
            Self::Share => "share",
            Self::Write => "write",
            Self::Create => "create",
            Self::Alter => "alter",
            Self::Drop => "drop",
            Self::Manage => "manage",
            Self::Execute => "execute",
            Self::Administer => "administer",
            Self::Use => "use",
        }
    }

    /// Whether naming this group names the action. `read` includes `see`.
    pub fn contains(self, action: Action) -> bool {
        action.group() == self || (self == Self::Read && action.group() == Self::See)
    }
}

/// What an action word of a sentence stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActionSet {
    /// One action.
    One(Action),
    /// A group.
    Group(ActionGroup),
}

impl ActionSet {
    /// Looks a word up, folded: `drop table` and `drop_table` are one. `None` for a word that is neither action nor group.
    pub fn named(word: &str) -> Option<Self> {
        let folded = fold(word);
        let group = ActionGroup::ALL.into_iter().find(|group| group.word() == folded);
        group.map(Self::Group).or_else(|| Action::named(&folded).map(Self::One))
    }

    /// Whether the set has the action.
    pub fn contains(self, action: Action) -> bool {
        match self {
            Self::One(one) => one == action,
            Self::Group(group) => group.contains(action),
        }
    }
}

/// Any number of actions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Actions(u128);

impl Actions {
    /// Whether the action is among them.
    pub fn contains(self, action: Action) -> bool {
        self.0 & (1 << action as u32) != 0
    }

    /// These without others.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Those of these for which something holds.
    #[must_use]
    pub fn only(self, holds: impl Fn(Action) -> bool) -> Self {
        Action::ALL.iter().copied().filter(|action| self.contains(*action) && holds(*action)).collect()
    }

    /// These and others.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Action> for Actions {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        Self(actions.into_iter().fold(0, |bits, action| bits | 1 << action as u32))
    }
}

// INVARIANT: every action has a bit.
const _: () = assert!(Action::ALL.len() <= 128);

impl Action {
    /// The action of a wire word; `None` for one that this server does not know, which is then denied with a reason.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.word() == word)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word().replace('_', " "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_unique_across_actions_and_groups() {
        let mut words: Vec<_> = Action::ALL.iter().map(|action| action.word()).collect();
        words.extend(ActionGroup::ALL.iter().map(|group| group.word()));
        let all = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), all);
    }

    #[test]
    fn read_includes_see_and_nothing_else_includes_another() {
        assert!(ActionSet::named("read").unwrap().contains(Action::FilterTables));
        assert!(!ActionSet::named("see").unwrap().contains(Action::SelectFromColumns));
        assert!(!ActionSet::named("write").unwrap().contains(Action::ShowColumns));
        assert_eq!(ActionSet::named("Drop Table"), Some(ActionSet::One(Action::DropTable)));
        assert_eq!(ActionSet::named("peek"), None);
    }
}
