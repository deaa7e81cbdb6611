//! What is asked about: the tables that documents name, one for each kind of table that a rule may be on and nobody named yet, and
//! everything else that rules can be on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::document::kinds::{Documents, Tagging};
use crate::engine::target::Place;
use crate::language::pattern::{Pattern, PatternPart};
use crate::language::syntax::{Member, Sentence, Target};
use crate::model::action::{Action, ActionGroup};
use crate::model::name::{Identifier, Name, TableName};
use crate::model::request::Resource;

/// Names of what nobody named.
const ANOTHER: [&str; 3] = ["another_catalog", "another_schema", "another_table"];

/// More kinds of tables that nobody named are not looked at.
const MOST_SKETCHES: usize = 500;

/// A table that is asked about, with its name for people.
#[derive(Clone, Debug)]
pub(super) struct AskedTable {
    pub(super) name: TableName,
    pub(super) shown: String,
    /// Whether documents name it.
    pub(super) declared: bool,
}

/// A kind of table that a rule may be on and nobody named.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Sketch {
    parts: [Option<String>; 3],
    tags: BTreeSet<Name>,
    column_tags: BTreeSet<Name>,
}

/// The tables to ask about.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) tables: Vec<AskedTable>,
    /// What makes those of them that nobody named.
    pub(super) taggings: Vec<Tagging>,
    /// Whether targets tell more kinds of tables apart than are asked about.
    pub(super) cut: bool,
}

/// Every table to ask about.
pub(super) fn tables(old: &Documents, new: &Documents) -> Tables {
    let mut named: BTreeSet<TableName> = BTreeSet::new();
    let mut sketches: BTreeSet<Sketch> = BTreeSet::from([Sketch::default()]);
    for documents in [old, new] {
        named.extend(documents.tables.keys().cloned());
        named.extend(documents.taggings.values().map(|tagging| tagging.table.clone()));
        for policy in documents.policies.values() {
            named.extend(policy.on.patterns().filter_map(exact));
            sketches.extend(sketched(&policy.on, documents));
        }
        for domain in documents.domains.values() {
            named.extend(domain.owns.iter().filter_map(exact));
            sketches.extend(domain.owns.iter().map(of_pattern));
        }
    }
    let on_columns: BTreeSet<Name> = [old, new]
        .into_iter()
        .flat_map(|documents| documents.taggings.values())
        .flat_map(|tagging| tagging.columns.values().flatten().flat_map(Name::and_above))
        .collect();
    let declared_tags = [old, new].into_iter().flat_map(|documents| documents.tags.keys());
    let unplaced = declared_tags.filter(|tag| !on_columns.contains(*tag));
    sketches.extend(unplaced.map(|tag| Sketch { column_tags: BTreeSet::from([tag.clone()]), ..Sketch::default() }));
    let mut tables: Vec<AskedTable> =
        named.iter().map(|name| AskedTable { name: name.clone(), shown: name.to_string(), declared: true }).collect();
    let mut taggings = Vec::new();
    let cut = sketches.len() > MOST_SKETCHES;
    for (number, sketch) in sketches.into_iter().take(MOST_SKETCHES).enumerate() {
        let (table, tagging) = sketch.table(number);
        if !named.contains(&table.name) {
            tables.push(table);
            taggings.extend(tagging);
        }
    }
    Tables { tables, taggings, cut }
}

fn exact(pattern: &Pattern) -> Option<TableName> {
    match pattern.exact_start().as_slice() {
        [catalog, schema, table] => {
            Some(TableName { catalog: catalog.clone(), schema: schema.clone(), table: table.clone() })
        }
        _ => None,
    }
}

/// A name that a part of a pattern matches.
fn instance(part: &PatternPart, place: usize) -> String {
    match part.pieces() {
        [only] => only.to_string(),
        pieces if pieces.iter().all(|piece| piece.is_empty()) => {
            ANOTHER.get(place).copied().unwrap_or("another").to_owned()
        }
        pieces => pieces.join("another"),
    }
}

fn of_pattern(pattern: &Pattern) -> Sketch {
    let mut sketch = Sketch::default();
    for (place, part) in pattern.parts().iter().enumerate() {
        if let Some(slot) = sketch.parts.get_mut(place) {
            *slot = Some(instance(part, place));
        }
    }
    sketch
}

fn sketched(target: &Target, documents: &Documents) -> Vec<Sketch> {
    match target {
        Target::Everything | Target::UntaggedTables => vec![Sketch::default()],
        Target::System | Target::Functions(_) | Target::SessionProperties(_) => Vec::new(),
        Target::Pattern(pattern) => vec![of_pattern(&pattern.node)],
        Target::TablesTagged(tag) => {
            vec![Sketch { tags: BTreeSet::from([tag.node.clone()]), ..Sketch::default() }]
        }
        Target::TablesWithColumnsTagged(tag) => {
            vec![Sketch { column_tags: BTreeSet::from([tag.node.clone()]), ..Sketch::default() }]
        }
        Target::TablesInDomain(domain) => {
            let owned = documents.domains.get(&domain.node).into_iter().flat_map(|domain| &domain.owns);
            owned.map(of_pattern).take(2).collect()
        }
        Target::And(parts) => {
            let parts = parts.iter().map(|part| sketched(part, documents));
            parts
                .reduce(|left, right| left.iter().flat_map(|one| right.iter().map(|other| one.with(other))).collect())
                .unwrap_or_default()
        }
        Target::Or(parts) => parts.iter().flat_map(|part| sketched(part, documents)).collect(),
        // Both what is left and what is taken out.
        Target::Except(of, without) => {
            let of = sketched(of, documents);
            let without = sketched(without, documents);
            let both = of.iter().flat_map(|one| without.iter().map(|other| one.with(other))).collect();
            [of.clone(), both].concat()
        }
    }
}

impl Sketch {
    fn with(&self, other: &Self) -> Self {
        let mut parts = self.parts.clone();
        for (mine, theirs) in parts.iter_mut().zip(&other.parts) {
            // The longer name is the narrower one.
            if mine.is_none() || theirs.as_ref().is_some_and(|theirs| !theirs.starts_with("another")) {
                *mine = theirs.clone().or(mine.take());
            }
        }
        Self {
            parts,
            tags: self.tags.union(&other.tags).cloned().collect(),
            column_tags: self.column_tags.union(&other.column_tags).cloned().collect(),
        }
    }

    fn table(&self, number: usize) -> (AskedTable, Option<Tagging>) {
        let tagged = !self.tags.is_empty() || !self.column_tags.is_empty();
        let part = |place: usize| {
            let of = self.parts.get(place).cloned().flatten();
            of.unwrap_or_else(|| ANOTHER.get(place).copied().unwrap_or("another").to_owned())
        };
        let own = match (self.parts.get(2), tagged) {
            (Some(Some(exact)), _) if !exact.contains("another") => part(2),
            (_, true) => format!("{}_{number}", part(2)),
            _ => part(2),
        };
        let name = TableName::new(&part(0), &part(1), &own);
        let within: Vec<String> =
            self.parts.iter().take(2).map_while(Clone::clone).filter(|part| !part.contains("another")).collect();
        let mut shown = match (self.parts.get(2), within.is_empty()) {
            (Some(Some(table)), _) if table.as_str() != "another_table" => format!("a table like {name}"),
            (_, true) => "any other table".to_owned(),
            (_, false) => format!("any other table of {}", within.join(".")),
        };
        let quoted = |tags: &BTreeSet<Name>| tags.iter().map(Name::as_str).collect::<Vec<_>>().join(" and ");
        if !self.tags.is_empty() {
            shown.push_str(&format!(" tagged {}", quoted(&self.tags)));
        }
        if !self.column_tags.is_empty() {
            shown.push_str(&format!(" with a column tagged {}", quoted(&self.column_tags)));
        }
        let columns: BTreeMap<Identifier, Vec<Name>> = self
            .column_tags
            .iter()
            .map(|tag| (Identifier::new(&format!("a column tagged {}", tag.folded())), vec![tag.clone()]))
            .collect();
        let tagging = Name::new(&format!("meshward diff {number}")).filter(|_| tagged).map(|tagging| Tagging {
            name: tagging,
            domain: None,
            table: name.clone(),
            tags: self.tags.iter().cloned().collect(),
            columns,
        });
        (AskedTable { name, shown, declared: false }, tagging)
    }
}

/// Something other than a table that actions are on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Thing {
    pub(super) resource: Resource,
    pub(super) shown: String,
}

impl Thing {
    pub(super) fn place(&self) -> Option<Place<'_>> {
        Some(match &self.resource {
            Resource::System | Resource::User { .. } | Resource::Role(_) => Place::System,
            Resource::Catalog(catalog) => Place::Catalog(catalog),
            Resource::Schema { catalog, schema } => Place::Schema(catalog, schema),
            Resource::Function { catalog, schema, function } => Place::Function(catalog, schema, function),
            Resource::SessionProperty { catalog: None, property } => Place::SystemProperty(property),
            Resource::SessionProperty { catalog: Some(catalog), property } => Place::CatalogProperty(catalog, property),
            Resource::Table { .. } => return None,
        })
    }
}

/// What is not a table and rules may be on.
pub(super) fn things(old: &Documents, new: &Documents, tables: &[AskedTable]) -> Vec<Thing> {
    let mut schemas: BTreeSet<(Identifier, Identifier)> =
        tables.iter().map(|table| (table.name.catalog.clone(), table.name.schema.clone())).collect();
    let mut functions: BTreeSet<[String; 3]> = BTreeSet::new();
    let mut properties: BTreeSet<(Option<String>, String)> = BTreeSet::from([(None, "another_property".to_owned())]);
    let mut users: BTreeSet<(Arc<str>, BTreeSet<Arc<str>>)> =
        BTreeSet::from([(Arc::from("another user"), BTreeSet::new())]);
    for policy in old.policies.values().chain(new.policies.values()) {
        of_target(&policy.on, &mut functions, &mut properties);
        for rule in &policy.rules {
            if let Sentence::ActAs { targets, .. } = &rule.rule.sentence {
                act_as(targets, &mut users);
            }
        }
    }
    let catalogs: BTreeSet<Identifier> = schemas.iter().map(|(catalog, _)| catalog.clone()).collect();
    for catalog in &catalogs {
        schemas.insert((catalog.clone(), Identifier::new("another_schema")));
        for (schema, function) in [("another_schema", "another_function"), ("system", "another_procedure")] {
            functions.insert([catalog.as_str(), schema, function].map(str::to_owned));
        }
        properties.insert((Some(catalog.to_string()), "another_property".to_owned()));
    }
    let mut things = vec![
        Thing { resource: Resource::System, shown: "the cluster".to_owned() },
        Thing { resource: Resource::Role(Arc::from("another role")), shown: "roles".to_owned() },
    ];
    let mut add = |resource: Resource, shown: String| things.push(Thing { resource, shown });
    for catalog in catalogs {
        add(Resource::Catalog(catalog.clone()), format!("catalog {catalog}"));
    }
    for (catalog, schema) in schemas {
        let shown = format!("schema {catalog}.{schema}");
        add(Resource::Schema { catalog, schema }, shown);
    }
    for [catalog, schema, function] in &functions {
        let shown = format!("function {catalog}.{schema}.{function}");
        let (catalog, schema) = (Identifier::new(catalog), Identifier::new(schema));
        add(Resource::Function { catalog, schema, function: Identifier::new(function) }, shown);
    }
    for (catalog, property) in &properties {
        let shown = match catalog {
            Some(catalog) => format!("session property {catalog}.{property}"),
            None => format!("session property {property}"),
        };
        let catalog = catalog.as_deref().map(Identifier::new);
        add(Resource::SessionProperty { catalog, property: Identifier::new(property) }, shown);
    }
    for (user, groups) in users {
        let shown = match groups.first() {
            Some(group) => format!("a member of group \"{group}\""),
            None => format!("user \"{user}\""),
        };
        add(Resource::User { user, groups }, shown);
    }
    things
}

fn of_target(
    target: &Target,
    functions: &mut BTreeSet<[String; 3]>,
    properties: &mut BTreeSet<(Option<String>, String)>,
) {
    match target {
        Target::Functions(pattern) => {
            let part = |place: usize, otherwise: &str| {
                pattern.node.parts().get(place).map_or_else(|| otherwise.to_owned(), |part| instance(part, place))
            };
            functions.insert([part(0, "another_catalog"), part(1, "another_schema"), part(2, "another_function")]);
        }
        Target::SessionProperties(patterns) => {
            for pattern in patterns {
                match pattern.node.parts() {
                    [property] => drop(properties.insert((None, instance(property, 2)))),
                    [catalog, property] => {
                        properties.insert((Some(instance(catalog, 0)), instance(property, 2)));
                    }
                    _ => {}
                }
            }
        }
        Target::And(parts) | Target::Or(parts) => {
            parts.iter().for_each(|part| of_target(part, functions, properties));
        }
        Target::Except(of, without) => {
            of_target(of, functions, properties);
            of_target(without, functions, properties);
        }
        _ => {}
    }
}

fn act_as(targets: &[Member], users: &mut BTreeSet<(Arc<str>, BTreeSet<Arc<str>>)>) {
    for target in targets {
        match target {
            Member::User(user) => drop(users.insert((Arc::clone(&user.node), BTreeSet::new()))),
            Member::Group(group) => {
                users.insert((Arc::from("another user"), BTreeSet::from([Arc::clone(&group.node)])));
            }
            _ => {}
        }
    }
}

/// On what Trino asks for an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ActsOn {
    System,
    User,
    Role,
    Catalog,
    Schema,
    Table,
    Function,
    Property,
}

impl ActsOn {
    pub(super) fn of(resource: &Resource) -> Self {
        match resource {
            Resource::System => Self::System,
            Resource::User { .. } => Self::User,
            Resource::Role(_) => Self::Role,
            Resource::Catalog(_) => Self::Catalog,
            Resource::Schema { .. } => Self::Schema,
            Resource::Table { .. } => Self::Table,
            Resource::Function { .. } => Self::Function,
            Resource::SessionProperty { .. } => Self::Property,
        }
    }

    /// The actions that are asked on it.
    pub(super) fn actions(self) -> impl Iterator<Item = Action> {
        Action::ALL.iter().copied().filter(move |action| acts_on(*action) == self)
    }
}

fn acts_on(action: Action) -> ActsOn {
    use Action::*;
    match action {
        ImpersonateUser | ViewQueryOwnedBy | KillQueryOwnedBy => ActsOn::User,
        ExecuteQuery | ReadSystemInformation | WriteSystemInformation => ActsOn::System,
        ShowRoles | ShowCurrentRoles | ShowRoleGrants | CreateRole | DropRole | GrantRoles | RevokeRoles => {
            ActsOn::Role
        }
        SetSystemSessionProperty | SetCatalogSessionProperty => ActsOn::Property,
        AccessCatalog | CreateCatalog | DropCatalog | FilterCatalogs | ShowSchemas => ActsOn::Catalog,
        CreateSchema
        | DropSchema
        | RenameSchema
        | SetSchemaAuthorization
        | FilterSchemas
        | ShowCreateSchema
        | ShowTables
        | ShowFunctions
        | GrantSchemaPrivilege
        | DenySchemaPrivilege
        | RevokeSchemaPrivilege => ActsOn::Schema,
        ExecuteProcedure
        | ExecuteFunction
        | CreateViewWithExecuteFunction
        | FilterFunctions
        | CreateFunction
        | DropFunction
        | ShowCreateFunction => ActsOn::Function,
        // A privilege on an entity is on whatever the entity is; tables are what people mean.
        ShowCreateTable
        | CreateTable
        | DropTable
        | RenameTable
        | SetTableProperties
        | SetTableComment
        | SetViewComment
        | SetColumnComment
        | FilterTables
        | ShowColumns
        | FilterColumns
        | AddColumn
        | AlterColumn
        | DropColumn
        | SetTableAuthorization
        | RenameColumn
        | SelectFromColumns
        | InsertIntoTable
        | DeleteFromTable
        | TruncateTable
        | UpdateTableColumns
        | CreateView
        | RenameView
        | SetViewAuthorization
        | RefreshView
        | SetMaterializedViewAuthorization
        | DropView
        | CreateViewWithSelectFromColumns
        | CreateMaterializedView
        | RefreshMaterializedView
        | SetMaterializedViewProperties
        | DropMaterializedView
        | RenameMaterializedView
        | GrantTablePrivilege
        | DenyTablePrivilege
        | RevokeTablePrivilege
        | GrantTableBranchPrivilege
        | DenyTableBranchPrivilege
        | RevokeTableBranchPrivilege
        | GrantEntityPrivilege
        | DenyEntityPrivilege
        | RevokeEntityPrivilege
        | ExecuteTableProcedure
        | ShowBranches
        | CreateBranch
        | DropBranch
        | FastForwardBranch
        | SetEntityAuthorization => ActsOn::Table,
    }
}

/// Whether an action only lists or describes.
pub(super) fn only_lists(action: Action) -> bool {
    action.group() == ActionGroup::See
}
