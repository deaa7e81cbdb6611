//! Messages to the model's types and back. The only module that names generated types; what cannot be read is INVALID_ARGUMENT.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use prost::bytes::Bytes;
use tonic::Status;

use crate::answer::{Answer, Question};
use crate::model::action::Action;
use crate::model::column_type::ColumnType;
use crate::model::decision::{
    AccessDecision, ColumnDecision, Contribution, Decision, Expression, Rows, RuleReference, TableDecision, Verdict,
};
use crate::model::mask::KeyedFunction;
use crate::model::name::{Identifier, TableName};
use crate::model::request::{AccessRequest, Column, Listing, Request, Resource, TableRequest};
use crate::model::subject::Identity;
use crate::rpc::convert::proto::column_decision::Access;
use crate::rpc::convert::proto::filter_resources_request::Resources;
use crate::rpc::convert::proto::resource::Kind;
use crate::rpc::question::{AskedIn, Parts, Readings, TableQuestion};
use crate::store::revision::Pin;

/// The generated types.
#[expect(unreachable_pub, reason = "generated; the proto file has the words")]
#[expect(clippy::allow_attributes_without_reason, clippy::allow_attributes, reason = "generated")]
pub(super) mod proto {
    tonic::include_proto!("meshward.decision.v1");
}

/// The generated service.
#[expect(unreachable_pub, clippy::allow_attributes_without_reason, clippy::allow_attributes, reason = "generated")]
pub(super) mod door {
    include!(concat!(env!("OUT_DIR"), "/door/meshward.decision.v1.rs"));
}

/// What reflection shows.
pub(super) const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

fn unreadable(why: impl Into<String>) -> Status {
    Status::invalid_argument(why)
}

/// What every request of a query says.
#[derive(Clone, Debug)]
pub(super) struct Context {
    query_id: String,
    query_start: Option<Timestamp>,
    identity: Identity,
    invoker: Option<Identity>,
    cluster: Arc<str>,
    pub(super) pin: Option<Pin>,
}

impl Context {
    pub(super) fn asking(self, request: Request) -> Question {
        let Self { query_id, query_start, identity, invoker, cluster, pin } = self;
        Question { query_id, query_start, identity, invoker, cluster, pin, request }
    }

    pub(super) fn query_id(&self) -> &str {
        &self.query_id
    }
}

pub(super) fn context(context: Option<proto::RequestContext>) -> Result<Context, Status> {
    let proto::RequestContext {
        query_id,
        query_start,
        identity: asking,
        invoker,
        cluster,
        trino_version: _,
        plugin_version: _,
        pin,
        supported_features: _,
    } = context.ok_or_else(|| unreadable("the context is missing"))?;
    let asking = asking.ok_or_else(|| unreadable("the identity is missing"))?;
    // FAIL-CLOSED: inside a definer view the identity is the view's owner, so who started the query must be known.
    if !query_id.is_empty() && invoker.is_none() {
        return Err(unreadable("a request of a query must name the invoker"));
    }
    // Outside a view the two are one.
    let invoker = invoker.filter(|invoker| *invoker != asking).map(identity).transpose()?;
    let asking = identity(asking)?;
    Ok(Context {
        query_id,
        query_start: query_start.map(timestamp).transpose()?,
        invoker: invoker.filter(|invoker| *invoker != asking),
        identity: asking,
        cluster: Arc::from(cluster),
        pin: self::pin(&pin)?,
    })
}

fn pin(bytes: &[u8]) -> Result<Option<Pin>, Status> {
    match bytes.is_empty() {
        true => Ok(None),
        false => Pin::from_bytes(bytes).map(Some).ok_or_else(|| unreadable("the pin is not one of this server's")),
    }
}

/// What the parts of questions about tables were read as.
#[derive(Debug, Default)]
pub(super) struct Questions {
    identities: Readings<Identity>,
    tables: Readings<TableRequest>,
}

impl Questions {
    /// The same as [`context`], of the parts that are not read yet.
    pub(super) fn context(&self, context: Option<AskedIn>) -> Result<Context, Status> {
        let AskedIn {
            query_id,
            query_start,
            identity: asking,
            invoker,
            cluster,
            trino_version: _,
            plugin_version: _,
            pin,
            supported_features: _,
        } = context.ok_or_else(|| unreadable("the context is missing"))?;
        if asking.is_empty() {
            return Err(unreadable("the identity is missing"));
        }
        // FAIL-CLOSED: inside a definer view the identity is the view's owner, so who started the query must be known.
        if !query_id.is_empty() && invoker.is_empty() {
            return Err(unreadable("a request of a query must name the invoker"));
        }
        let invoker = match invoker.is_empty() || invoker == asking {
            true => None,
            false => Some(self.identity(invoker)?),
        };
        let asking = self.identity(asking)?;
        Ok(Context {
            query_id,
            query_start: query_start.map(timestamp).transpose()?,
            invoker: invoker.filter(|invoker| *invoker != asking),
            identity: asking,
            cluster: Arc::from(cluster),
            pin: self::pin(&pin)?,
        })
    }

    fn identity(&self, bytes: Vec<Bytes>) -> Result<Identity, Status> {
        let read = |parts: &Parts| identity(message(&parts.name)?);
        self.identities.of(Parts { name: bytes, columns: Vec::new() }, read).map(|identity| (*identity).clone())
    }

    /// The same as [`table_name`] and [`table_request`], of the parts that are not read yet.
    pub(super) fn table(&self, table: Vec<Bytes>, columns: Vec<Bytes>) -> Result<Arc<TableRequest>, Status> {
        let read = |parts: &Parts| {
            let name = if parts.name.is_empty() { None } else { Some(message(&parts.name)?) };
            let columns: Result<Vec<_>, _> = parts.columns.iter().map(|column| message([column])).collect();
            Ok(table_request(table_name(name)?, columns?))
        };
        self.tables.of(Parts { name: table, columns }, read)
    }
}

/// A message whose pieces may come one after another.
fn message<'a, M: prost::Message + Default>(pieces: impl IntoIterator<Item = &'a Bytes>) -> Result<M, Status> {
    let mut message = M::default();
    for piece in pieces {
        message.merge(piece.clone()).map_err(|error| unreadable(error.to_string()))?;
    }
    Ok(message)
}

/// Reads a `DecideTableRequest` from its bytes, as the door does: for fuzzing, and for replaying what was recorded.
pub fn table_question(bytes: &[u8]) -> Result<Question, Status> {
    let TableQuestion { context, table, branch: _, columns } =
        prost::Message::decode(bytes).map_err(|error| unreadable(error.to_string()))?;
    let questions = Questions::default();
    let table = questions.table(table, columns)?;
    Ok(questions.context(context)?.asking(Request::Table((*table).clone())))
}

/// The same in one go, with the generated type: what reading by parts must equal.
pub fn table_question_at_once(bytes: &[u8]) -> Result<Question, Status> {
    let proto::DecideTableRequest { context: asked_in, table, branch: _, columns } =
        prost::Message::decode(bytes).map_err(|error| unreadable(error.to_string()))?;
    Ok(context(asked_in)?.asking(Request::Table(table_request(table_name(table)?, columns))))
}

fn timestamp(at: prost_types::Timestamp) -> Result<Timestamp, Status> {
    Timestamp::new(at.seconds, at.nanos).map_err(|_| unreadable("the query's start is out of range"))
}

fn identity(identity: proto::Identity) -> Result<Identity, Status> {
    let proto::Identity { user, groups, principal, enabled_roles, catalog_roles, extra_credentials } = identity;
    if user.is_empty() {
        return Err(unreadable("the identity has no user"));
    }
    let role = |(catalog, role): (String, proto::CatalogRole)| match (role.r#type.as_str(), role.role) {
        ("ROLE", Some(role)) => Ok(Some((Identifier::new(&catalog), Arc::from(role)))),
        // ALL is not a role that a rule could name, and NONE is none.
        ("ALL" | "NONE", None) => Ok(None),
        _ => Err(unreadable("a catalog role is neither ROLE with a name, nor ALL, nor NONE")),
    };
    let catalog_roles = catalog_roles.into_iter().map(role).filter_map(Result::transpose).collect::<Result<_, _>>()?;
    Ok(Identity {
        user: Arc::from(user),
        groups: texts(groups),
        principal: principal.map(Arc::from),
        enabled_roles: texts(enabled_roles),
        catalog_roles,
        extra_credentials: extra_credentials.into_iter().collect::<BTreeMap<_, _>>(),
    })
}

fn texts(texts: Vec<String>) -> BTreeSet<Arc<str>> {
    texts.into_iter().map(Arc::from).collect()
}

fn table_name(table: Option<proto::TableName>) -> Result<TableName, Status> {
    let proto::TableName { catalog, schema, table } = table.ok_or_else(|| unreadable("the table is missing"))?;
    if [&catalog, &schema, &table].iter().any(|part| part.is_empty()) {
        return Err(unreadable("a part of the table's name is empty"));
    }
    Ok(TableName::new(&catalog, &schema, &table))
}

fn table_request(table: TableName, columns: Vec<proto::Column>) -> TableRequest {
    let columns = columns.into_iter().map(|column| Column {
        name: Identifier::new(&column.name),
        column_type: ColumnType::parse(&column.r#type),
        hidden: column.hidden,
    });
    TableRequest { table, columns: columns.collect() }
}

pub(super) fn access_request(request: proto::CheckAccessRequest) -> Result<Request, Status> {
    let proto::CheckAccessRequest { context: _, action, resource: on, target, grantee: _ } = request;
    let Some(known) = Action::named(&action) else {
        return Ok(Request::Unrecognised(format!("this server does not know the action `{action}`")));
    };
    let Some(on) = resource(on.ok_or_else(|| unreadable("the resource is missing"))?)? else {
        return Ok(Request::Unrecognised(format!("this server does not know what `{action}` is on")));
    };
    let target = match target {
        // A target that is not known may not be taken for none.
        Some(target) => match resource(target)? {
            Some(target) => Some(target),
            None => return Ok(Request::Unrecognised(format!("this server does not know where `{action}` leads"))),
        },
        None => None,
    };
    Ok(Request::Access(AccessRequest { action: known, resource: on, target }))
}

/// `None` for a kind of entity that this server does not know.
fn resource(resource: proto::Resource) -> Result<Option<Resource>, Status> {
    let name = |text: &str| Identifier::new(text);
    Ok(Some(match resource.kind.ok_or_else(|| unreadable("the resource's kind is missing"))? {
        Kind::System(_) => Resource::System,
        Kind::Catalog(catalog) => Resource::Catalog(name(&catalog.catalog)),
        Kind::Schema(schema) => Resource::Schema { catalog: name(&schema.catalog), schema: name(&schema.schema) },
        Kind::Table(table) => Resource::Table {
            table: table_name(table.table)?,
            columns: table.columns.iter().map(|column| name(column)).collect(),
        },
        Kind::Function(function) => Resource::Function {
            catalog: name(&function.catalog),
            schema: name(&function.schema),
            function: name(&function.function),
        },
        Kind::SessionProperty(property) => Resource::SessionProperty {
            catalog: property.catalog.as_deref().map(name),
            property: name(&property.property),
        },
        Kind::User(user) => Resource::User { user: Arc::from(user.user), groups: texts(user.groups) },
        Kind::Role(role) => Resource::Role(Arc::from(role.role)),
        Kind::Entity(entity) => match (entity.entity_kind.as_str(), entity.name.as_slice()) {
            ("TABLE" | "VIEW" | "MATERIALIZED VIEW", [catalog, schema, table]) => {
                Resource::Table { table: TableName::new(catalog, schema, table), columns: Vec::new() }
            }
            ("SCHEMA", [catalog, schema]) => Resource::Schema { catalog: name(catalog), schema: name(schema) },
            ("CATALOG", [catalog]) => Resource::Catalog(name(catalog)),
            ("FUNCTION", [catalog, schema, function]) => {
                Resource::Function { catalog: name(catalog), schema: name(schema), function: name(function) }
            }
            _ => return Ok(None),
        },
    }))
}

pub(super) fn listing(resources: Option<Resources>) -> Result<Listing, Status> {
    let names = |texts: Vec<String>| texts.iter().map(|text| Identifier::new(text)).collect::<Vec<_>>();
    Ok(match resources.ok_or_else(|| unreadable("the slice is empty"))? {
        Resources::Catalogs(list) => Listing::Catalogs(names(list.catalogs)),
        Resources::Schemas(list) => {
            Listing::Schemas { catalog: Identifier::new(&list.catalog), schemas: names(list.schemas) }
        }
        Resources::Tables(list) => Listing::Tables {
            catalog: Identifier::new(&list.catalog),
            schemas: list
                .schemas
                .into_iter()
                .map(|schema| (Identifier::new(&schema.schema), names(schema.tables)))
                .collect(),
        },
        Resources::Columns(list) => {
            let tables = |tables: Vec<proto::TableColumnNames>| {
                tables.into_iter().map(|table| (Identifier::new(&table.table), names(table.columns))).collect()
            };
            let schemas = list.schemas.into_iter();
            Listing::Columns {
                catalog: Identifier::new(&list.catalog),
                schemas: schemas.map(|schema| (Identifier::new(&schema.schema), tables(schema.tables))).collect(),
            }
        }
        Resources::Functions(list) => Listing::Functions {
            catalog: Identifier::new(&list.catalog),
            schemas: list
                .schemas
                .into_iter()
                .map(|schema| (Identifier::new(&schema.schema), names(schema.functions)))
                .collect(),
        },
        Resources::QueryOwners(list) => Listing::QueryOwners(
            list.owners.into_iter().map(|owner| (Arc::from(owner.user), texts(owner.groups))).collect(),
        ),
    })
}

fn wrong_kind() -> Status {
    Status::internal("the decision is not of the request's kind")
}

pub(super) fn table_answer(answer: Answer, table: &TableName) -> Result<proto::DecideTableResponse, Status> {
    let Decision::Table(decision) = answer.decision else { return Err(wrong_kind()) };
    let TableDecision { catalog, read, share, columns, rows, determined_by, usable_purposes } = decision;
    let rows = match rows {
        Rows::All => proto::decide_table_response::Rows::AllRows(proto::AllRows {}),
        Rows::None => proto::decide_table_response::Rows::NoRows(proto::NoRows {}),
        Rows::Where(filters) => proto::decide_table_response::Rows::RowFilters(proto::RowFilters {
            filters: filters.into_iter().map(|filter| expression(filter, table)).collect(),
        }),
    };
    let column = |column| match column {
        ColumnDecision::Clear => Access::Clear(proto::ClearColumn {}),
        ColumnDecision::Masked(mask) => Access::Mask(expression(mask, table)),
        ColumnDecision::Hidden(reason) => Access::Hidden(proto::HiddenColumn { reason }),
    };
    Ok(proto::DecideTableResponse {
        decision_id: answer.decision_id.to_string(),
        pin: answer.pin.to_bytes().into(),
        revision: answer.revision,
        required_features: required_features(&columns),
        catalog: Some(verdict(catalog)),
        read: Some(verdict(read)),
        share: Some(verdict(share)),
        columns: columns.into_iter().map(|decision| proto::ColumnDecision { access: Some(column(decision)) }).collect(),
        determined_by: references(&determined_by),
        usable_purposes: usable_purposes.iter().map(|purpose| purpose.as_str().to_owned()).collect(),
        rows: Some(rows),
    })
}

/// What must be understood to honour an answer: that masks may call functions of the plugin's own.
fn required_features(columns: &[ColumnDecision]) -> Vec<String> {
    let keyed = |column: &ColumnDecision| matches!(column, ColumnDecision::Masked(mask) if !mask.executes.is_empty());
    if columns.iter().any(keyed) { vec!["keyed-masks".to_owned()] } else { Vec::new() }
}

fn expression(expression: Expression, table: &TableName) -> proto::Expression {
    let run_as_plugin = expression.runs_as_plugin();
    let function = |function: &KeyedFunction| proto::FunctionResource {
        catalog: KeyedFunction::CATALOG.to_owned(),
        schema: KeyedFunction::SCHEMA.to_owned(),
        function: function.name().to_owned(),
    };
    let reads = || proto::TableColumns {
        table: Some(proto::TableName {
            catalog: table.catalog.as_str().to_owned(),
            schema: table.schema.as_str().to_owned(),
            table: table.table.as_str().to_owned(),
        }),
        columns: expression.reads.iter().map(|column| column.as_str().to_owned()).collect(),
    };
    proto::Expression {
        reads: if run_as_plugin { vec![reads()] } else { Vec::new() },
        executes: expression.executes.iter().map(function).collect(),
        sql: expression.sql.into_string(),
        run_as_plugin,
    }
}

fn verdict(verdict: Verdict) -> proto::Verdict {
    match verdict {
        Verdict::Allow => proto::Verdict { effect: proto::Effect::Allow.into(), reason: String::new() },
        Verdict::Deny(reason) => proto::Verdict { effect: proto::Effect::Deny.into(), reason },
    }
}

fn references(contributions: &[Contribution]) -> Vec<proto::RuleReference> {
    let mut rules: Vec<&Arc<RuleReference>> = contributions.iter().map(|contribution| &contribution.rule).collect();
    // A rule has one reference, so the same reference is the same rule.
    rules.sort_unstable_by_key(|rule| Arc::as_ptr(rule));
    rules.dedup_by(|left, right| Arc::ptr_eq(left, right));
    rules.sort();
    let reference = |rule: &&Arc<RuleReference>| proto::RuleReference {
        policy: rule.policy.as_str().to_owned(),
        rule: rule.rule.clone(),
        sentence: rule.sentence.clone(),
    };
    rules.iter().map(reference).collect()
}

pub(super) fn access_answer(answer: Answer) -> Result<proto::CheckAccessResponse, Status> {
    let Decision::Access(AccessDecision { verdict: decided, determined_by }) = answer.decision else {
        return Err(wrong_kind());
    };
    Ok(proto::CheckAccessResponse {
        decision_id: answer.decision_id.to_string(),
        pin: answer.pin.to_bytes().into(),
        revision: answer.revision,
        required_features: Vec::new(),
        verdict: Some(verdict(decided)),
        determined_by: references(&determined_by),
    })
}

pub(super) fn listing_answer(answer: Answer, slice: u32) -> Result<proto::FilterResourcesResponse, Status> {
    let Decision::Listing(kept) = answer.decision else { return Err(wrong_kind()) };
    let byte =
        |bits: &[bool]| bits.iter().enumerate().fold(0_u8, |byte, (place, kept)| byte | (u8::from(*kept) << place));
    Ok(proto::FilterResourcesResponse {
        slice,
        count: u32::try_from(kept.len()).map_err(|_| unreadable("the slice is too long"))?,
        kept: kept.chunks(8).map(byte).collect::<Vec<u8>>().into(),
        pin: answer.pin.to_bytes().into(),
        revision: answer.revision,
    })
}
