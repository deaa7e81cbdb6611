//! Any action but reading: allowed when a rule allows it and none denies it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::engine::audience::{audience, members};
use crate::engine::combine::{allowance_applies, denial_applies};
use crate::engine::index::{Index, Person};
use crate::engine::listing::{columns_that_rules_name, is_visible, rule_reach, table_is_visible, untyped};
use crate::engine::reason;
use crate::engine::rules::EngineRule;
use crate::engine::standing::{Asker, Known, Standing};
use crate::engine::table::{self, allows_action, denies_action};
use crate::engine::target::{Place, Reach};
use crate::language::pattern::{Pattern, PatternPart};
use crate::language::syntax::{Sentence, Target};
use crate::model::action::{Action, ActionGroup};
use crate::model::decision::{AccessDecision, ColumnDecision, Contribution, Effect, Verdict};
use crate::model::name::{Identifier, TableName};
use crate::model::request::{AccessRequest, Resource, TableRequest};
use crate::model::subject::{Identity, Party};

/// The schema in which connectors keep functions and procedures that reach data below every filter.
const CONNECTORS_OWN_SCHEMA: &str = "system";

pub(crate) fn decide(asker: &Asker<'_>, request: &AccessRequest) -> AccessDecision {
    let asking = asker.asking();
    let place = place_of(&request.resource);
    let table = match &request.resource {
        Resource::Table { table, .. } => Some(table),
        _ => None,
    };
    if let Some(rule) = denying(&asking, request.action, place, table) {
        return decision(Verdict::Deny(reason::denied_by(asker, rule, table)), Some((rule, Effect::Denies)));
    }
    let allowing = allowing(&asking, request.action, place, table);
    let verdict = match request.action {
        Action::SelectFromColumns | Action::CreateViewWithSelectFromColumns => return reading(asker, request),
        Action::ViewQueryOwnedBy | Action::KillQueryOwnedBy if owns_query(&asking, &request.resource) => Verdict::Allow,
        Action::ImpersonateUser if may_act_as(&asking, &request.resource) => Verdict::Allow,
        Action::SetCatalogSessionProperty if !catalog_is_visible(&asking, &request.resource) => {
            Verdict::Deny(format!("nothing in the catalog is open to `{}`", asking.user()))
        }
        action if action.group() == ActionGroup::Use => Verdict::Allow,
        Action::ShowCreateTable if a_column_is_hidden(asker, &request.resource) => {
            Verdict::Deny("SHOW CREATE TABLE lists every column, and some are hidden from you; use DESCRIBE".to_owned())
        }
        action if action.group() == ActionGroup::See && sees(&asking, &request.resource) => Verdict::Allow,
        _ if allowing.is_some() => also_needed(asker, request),
        action => Verdict::Deny(reason::nothing_allows(&asking, action, &on(&request.resource), table)),
    };
    let by = if verdict.is_allowed() { allowing.map(|rule| (rule, Effect::Allows)) } else { None };
    decision(verdict, by)
}

fn decision(verdict: Verdict, by: Option<(&EngineRule, Effect)>) -> AccessDecision {
    let determined_by = by.map(|(rule, effect)| Contribution { rule: Arc::clone(&rule.reference), effect });
    AccessDecision { verdict, determined_by: determined_by.into_iter().collect() }
}

/// Whether the party may see the queries of a user: their own, or by a rule.
pub(crate) fn may_see_queries_of(asker: &Asker<'_>, owner: &str) -> bool {
    let resource = Resource::User { user: Arc::from(owner), groups: BTreeSet::new() };
    let request = AccessRequest { action: Action::ViewQueryOwnedBy, resource, target: None };
    decide(asker, &request).verdict.is_allowed()
}

fn place_of(resource: &Resource) -> Place<'_> {
    match resource {
        Resource::System | Resource::User { .. } | Resource::Role(_) => Place::System,
        Resource::Catalog(catalog) => Place::Catalog(catalog),
        Resource::Schema { catalog, schema } => Place::Schema(catalog, schema),
        Resource::Table { table, .. } => Place::Table(table),
        Resource::Function { catalog, schema, function } => Place::Function(catalog, schema, function),
        Resource::SessionProperty { catalog: None, property } => Place::SystemProperty(property),
        Resource::SessionProperty { catalog: Some(catalog), property } => Place::CatalogProperty(catalog, property),
    }
}

/// The action's object, for a reason.
fn on(resource: &Resource) -> String {
    match resource {
        Resource::System => String::new(),
        Resource::Catalog(catalog) => format!(" on catalog {catalog}"),
        Resource::Schema { catalog, schema } => format!(" on schema {catalog}.{schema}"),
        Resource::Table { table, .. } => format!(" on {table}"),
        Resource::Function { catalog, schema, function } => format!(" {catalog}.{schema}.{function}"),
        Resource::SessionProperty { property, .. } => format!(" {property}"),
        Resource::User { user, .. } => format!(" `{user}`"),
        Resource::Role(role) => format!(" `{role}`"),
    }
}

/// What an action does to everything inside its object: a denial on a part of it binds too.
fn reaches_inside(action: Action) -> bool {
    matches!(
        action,
        Action::DropSchema
            | Action::RenameSchema
            | Action::SetSchemaAuthorization
            | Action::DropCatalog
            | Action::GrantSchemaPrivilege
            | Action::DenySchemaPrivilege
            | Action::RevokeSchemaPrivilege
    )
}

/// The rules that can be on a place and about the party; `elsewhere` finds those of places that have no look-up of their own.
pub(crate) fn candidates(
    asking: &Standing<'_>,
    place: Place<'_>,
    elsewhere: impl Fn(&Index, &Person<'_>) -> Vec<u32>,
) -> Vec<u32> {
    let snapshot = asking.asker.snapshot;
    let person = asking.person;
    match place {
        Place::Table(table) => snapshot.index.on_table(table, snapshot.tags.of(table), &snapshot.domains, person),
        Place::System | Place::SystemProperty(_) => snapshot.index.on_system(person),
        _ => elsewhere(&snapshot.index, person),
    }
}

fn denying<'a>(
    asking: &Standing<'a>,
    action: Action,
    place: Place<'_>,
    table: Option<&TableName>,
) -> Option<&'a EngineRule> {
    let enough = if reaches_inside(action) { Reach::Within } else { Reach::Whole };
    let snapshot = asking.asker.snapshot;
    snapshot.rules_of(candidates(asking, place, Index::denies)).find(|rule| {
        denies_action(rule, action)
            && rule.holds_on(asking.asker.day)
            && rule_reach(asking, rule, place) >= enough
            && denial_applies(asking, rule, table)
    })
}

fn allowing<'a>(
    asking: &Standing<'a>,
    action: Action,
    place: Place<'_>,
    table: Option<&TableName>,
) -> Option<&'a EngineRule> {
    let snapshot = asking.asker.snapshot;
    snapshot.rules_of(candidates(asking, place, Index::allows)).find(|rule| {
        allows_action(rule, action)
            && rule.holds_on(asking.asker.day)
            && rule_reach(asking, rule, place) == Reach::Whole
            && by_name_where_needed(rule, place)
            && allowance_applies(asking, rule, table)
    })
}

/// A connector's own functions and procedures reach data below every filter: only a mesh rule on `functions` that names the very
/// function opens them.
fn by_name_where_needed(rule: &EngineRule, place: Place<'_>) -> bool {
    let Place::Function(_, schema, _) = place else { return true };
    if schema.as_str() != CONNECTORS_OWN_SCHEMA {
        return true;
    }
    rule.domain.is_none() && names_functions(&rule.target)
}

/// The functions on which a mesh policy with this target would open what reaches data below every filter.
pub(crate) fn opens_beneath(target: &Target) -> Vec<&Pattern> {
    let in_connectors_own = |pattern: &&Pattern| {
        let schema = Identifier::new(CONNECTORS_OWN_SCHEMA);
        pattern.parts().get(1).is_some_and(|part| part.matches(&schema))
    };
    let functions = if names_functions(target) { target.functions() } else { Vec::new() };
    functions.into_iter().filter(in_connectors_own).collect()
}

fn names_functions(target: &Target) -> bool {
    let exact = |part: &PatternPart| part.pieces().len() == 1;
    match target {
        Target::Functions(pattern) => matches!(pattern.node.parts(), [_, _, function] if exact(function)),
        Target::Or(parts) => parts.iter().all(names_functions),
        Target::And(parts) => parts.iter().any(names_functions),
        Target::Except(of, _) => names_functions(of),
        _ => false,
    }
}

fn owns_query(asking: &Standing<'_>, resource: &Resource) -> bool {
    matches!(resource, Resource::User { user, .. } if user.as_ref() == asking.user())
}

fn may_act_as(asking: &Standing<'_>, resource: &Resource) -> bool {
    let Resource::User { user, groups } = resource else { return false };
    let identity = Identity { groups: groups.clone(), ..Identity::of_user(user) };
    let target = Party { identity, ..Party::default() };
    // FAIL-CLOSED: Trino asks with the name alone. No group and no role is then known to be missing.
    let person = asking.snapshot().index.person(&target);
    let target = Standing { asker: asking.asker, party: &target, person: &person, known: Known::NameAlone };
    asking.asker.snapshot.rules.iter().any(|rule| {
        let Sentence::ActAs { audience: who, targets } = &rule.sentence else { return false };
        rule.domain.is_none()
            && rule.holds_on(asking.asker.day)
            && rule_reach(asking, rule, Place::System) == Reach::Whole
            && audience(asking, who, None).is_true()
            && members(&target, targets, None).is_true()
    })
}

fn catalog_is_visible(asking: &Standing<'_>, resource: &Resource) -> bool {
    match resource {
        Resource::SessionProperty { catalog: Some(catalog), .. } => is_visible(asking, Place::Catalog(catalog)),
        _ => false,
    }
}

fn sees(asking: &Standing<'_>, resource: &Resource) -> bool {
    match resource {
        Resource::Table { table, .. } => table_is_visible(asking, table),
        Resource::System | Resource::User { .. } | Resource::Role(_) | Resource::SessionProperty { .. } => false,
        resource => is_visible(asking, place_of(resource)),
    }
}

/// Whether a rule hides a column from the party. Columns that the rules name and nobody listed count as there.
fn a_column_is_hidden(asker: &Asker<'_>, resource: &Resource) -> bool {
    let Resource::Table { table, .. } = resource else { return false };
    let request = TableRequest { table: table.clone(), columns: columns_that_rules_name(asker, table) };
    let decision = table::decide(asker, &request);
    decision.columns.iter().any(|column| matches!(column, ColumnDecision::Hidden(_)))
}

/// SELECT asked as a plain check: the table's verdict, and none of the columns hidden.
fn reading(asker: &Asker<'_>, request: &AccessRequest) -> AccessDecision {
    let Resource::Table { table, columns } = &request.resource else {
        return decision(Verdict::Deny("only tables are read".to_owned()), None);
    };
    let of_table = table::decide(asker, &TableRequest { table: table.clone(), columns: untyped(columns) });
    let verdict = if request.action == Action::SelectFromColumns { of_table.read } else { of_table.share };
    let hidden = of_table.columns.into_iter().find_map(|column| match column {
        ColumnDecision::Hidden(reason) => Some(reason),
        _ => None,
    });
    let verdict = match (verdict, hidden) {
        (Verdict::Allow, Some(reason)) => Verdict::Deny(reason),
        (verdict, _) => verdict,
    };
    AccessDecision { verdict, determined_by: of_table.determined_by }
}

/// What some actions need besides being allowed.
fn also_needed(asker: &Asker<'_>, request: &AccessRequest) -> Verdict {
    match (request.action, &request.resource) {
        // A name is not dropped to drop its rules.
        (
            Action::RenameTable
            | Action::RenameView
            | Action::RenameMaterializedView
            | Action::RenameColumn
            | Action::FastForwardBranch,
            Resource::Table { table, .. },
        ) => {
            if !table::sees_raw(asker, table) {
                return Verdict::Deny(format!(
                    "{} needs that one sees {table} unfiltered and unmasked, so that rules are not left behind with the name",
                    request.action
                ));
            }
            may_create_at_new_name(asker, request)
        }
        (Action::RenameSchema, Resource::Schema { catalog, schema }) => match restricted_within(asker, catalog, schema)
        {
            Some(rule) => Verdict::Deny(reason::denied_by(asker, rule, None)),
            None => may_create_at_new_name(asker, request),
        },
        // DELETE takes the rows that one is shown; this takes all.
        (Action::TruncateTable, Resource::Table { table, .. }) => {
            if table::shows_every_row(asker, table) {
                Verdict::Allow
            } else {
                Verdict::Deny(format!("some rows of {table} are hidden from you; use DELETE for those that are not"))
            }
        }
        (Action::UpdateTableColumns, Resource::Table { table, columns }) => {
            let request = TableRequest { table: table.clone(), columns: untyped(columns) };
            let hidden = table::decide(asker, &request).columns.into_iter().find_map(|column| match column {
                ColumnDecision::Hidden(reason) => Some(reason),
                _ => None,
            });
            hidden.map_or(Verdict::Allow, Verdict::Deny)
        }
        _ => Verdict::Allow,
    }
}

fn may_create_at_new_name(asker: &Asker<'_>, request: &AccessRequest) -> Verdict {
    let action = match request.action {
        Action::RenameTable => Action::CreateTable,
        Action::RenameView => Action::CreateView,
        Action::RenameMaterializedView => Action::CreateMaterializedView,
        Action::RenameSchema => Action::CreateSchema,
        _ => return Verdict::Allow,
    };
    match &request.target {
        Some(target) => decide(asker, &AccessRequest { action, resource: target.clone(), target: None }).verdict,
        // FAIL-CLOSED: a rename that does not say where to is not known to be allowed there.
        None => Verdict::Deny("the new name is not known".to_owned()),
    }
}

/// A rule that restricts the party on something that is or may come to be in the schema.
fn restricted_within<'a>(asker: &'a Asker<'a>, catalog: &Identifier, schema: &Identifier) -> Option<&'a EngineRule> {
    let asking = asker.asking();
    asker.snapshot.rules.iter().find(|rule| {
        let audience_of = match &rule.sentence {
            Sentence::OnlyShowRows { audience, .. }
            | Sentence::MaskColumns { audience, .. }
            | Sentence::HideColumns { audience, .. }
            | Sentence::OnlyShowColumns { audience, .. }
            | Sentence::LimitUse { audience, .. } => Some(audience),
            Sentence::NeverShow { .. } => None,
            Sentence::Allow { .. } | Sentence::ActAs { .. } | Sentence::Deny { .. } => return false,
        };
        let binds = audience_of.is_none_or(|of| audience(&asking, of, None).may_be_true());
        rule.holds_on(asker.day) && binds && rule_reach(&asking, rule, Place::Schema(catalog, schema)) != Reach::None
    })
}
