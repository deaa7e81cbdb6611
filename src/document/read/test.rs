//! `kind: Test`: what its cases say, a case's own fields before the document's. What a value means depends on other documents, so it
//! stays text here; [`crate::document::validate`] reads it.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::document::fields::{Fields, Text, TextRow};
use crate::document::finding::{Code, Place};
use crate::document::read::table::columns;
use crate::document::read::{Draft, Kind};
use crate::document::test::{Expectation, ExpectedColumn, ExpectedRows, ExpectedVerdict, Test};
use crate::language::diagnostic::near_miss;
use crate::language::parse;
use crate::model::action::{Action, ActionSet};
use crate::model::name::{Identifier, Name};
use crate::model::request::{Column, Resource};

/// A case as it is written.
#[derive(Clone, Debug)]
pub(in crate::document) struct DraftCase {
    pub(in crate::document) test: Name,
    pub(in crate::document) name: Option<String>,
    pub(in crate::document) place: Place,
    pub(in crate::document) given: Given,
    pub(in crate::document) expected: DraftExpected,
}

/// What a case, or the document for all its cases, says about the question.
#[derive(Clone, Debug, Default)]
pub(in crate::document) struct Given {
    pub(in crate::document) who: DraftPerson,
    pub(in crate::document) invoker: Option<DraftPerson>,
    pub(in crate::document) purpose: Option<Name>,
    pub(in crate::document) at: Option<Timestamp>,
    pub(in crate::document) cluster: Option<Text>,
    pub(in crate::document) action: Option<Action>,
    pub(in crate::document) on: Option<(Resource, Place)>,
    pub(in crate::document) to: Option<Resource>,
    pub(in crate::document) columns: Option<Vec<Column>>,
    pub(in crate::document) data: Option<Vec<TextRow>>,
}

/// Somebody, as it is written.
#[derive(Clone, Debug, Default)]
pub(in crate::document) struct DraftPerson {
    pub(in crate::document) user: Option<Text>,
    pub(in crate::document) groups: Option<Vec<Text>>,
    pub(in crate::document) roles: Option<Vec<Text>>,
    pub(in crate::document) attributes: Option<Vec<(Text, Vec<Text>)>>,
    /// Attributes, or `groups`, that no source could tell.
    pub(in crate::document) unknown: Option<Vec<(Name, Place)>>,
}

/// What a case expects, as it is written.
#[derive(Clone, Debug)]
pub(in crate::document) struct DraftExpected {
    pub(in crate::document) verdict: Expectation<ExpectedVerdict>,
    pub(in crate::document) rows: Option<(ExpectedRows, Text)>,
    pub(in crate::document) shown: Vec<(Text, ExpectedColumn, Text)>,
    pub(in crate::document) sees: Option<(Vec<TextRow>, Place)>,
}

const EXPECTATIONS: [&str; 4] = ["expect", "rows", "shown", "sees"];

impl Draft {
    pub(super) fn test(&mut self, fields: &mut Fields<'_>) -> Option<()> {
        let name = self.declare(Kind::Test, fields);
        let description = fields.description();
        let common = self.given(fields);
        let place = fields.place();
        let mut cases = Vec::new();
        let listed = fields.list("cases");
        if listed.as_ref().is_some_and(Vec::is_empty) {
            fields.find(Code::MissingField, &place, "the test has no cases");
        }
        match listed {
            None => cases.push((None, place, common, expected(fields))),
            Some(nodes) => {
                if let Some(field) = EXPECTATIONS.into_iter().find(|field| fields.has(field)) {
                    let message =
                        format!("`{field}` belongs to a case: what is expected differs from one to the other");
                    fields.find(Code::BadValue, &place, message);
                }
                EXPECTATIONS.into_iter().for_each(|field| fields.pass_over(field));
                for (index, node) in nodes.into_iter().enumerate() {
                    let Some(mut fields) = fields.item(node, "a case") else { continue };
                    let own = fields.text("name").map(|text| text.scalar.text);
                    let place = fields.place();
                    let given = self.given(&mut fields).or(&common);
                    let expected = expected(&mut fields);
                    fields.end();
                    cases.push((Some(own.unwrap_or_else(|| (index + 1).to_string())), place, given, expected));
                }
            }
        }
        let test = name?;
        self.documents.tests.insert(test.clone(), Test { name: test.clone(), description, cases: Vec::new() });
        for (name, place, given, expected) in cases {
            let Some(expected) = expected else { continue };
            self.cases.push(DraftCase { test: test.clone(), name, place, given, expected });
        }
        Some(())
    }

    fn given(&mut self, fields: &mut Fields<'_>) -> Given {
        let purpose = fields.name("purpose");
        let invoker = fields.section("invoker").map(|mut fields| {
            let person = person(&mut fields);
            fields.end();
            person
        });
        let who = person(fields);
        Given {
            who,
            invoker,
            purpose: self.refer(Kind::Purpose, &purpose),
            at: at(fields),
            cluster: fields.text("cluster"),
            action: action(fields),
            on: resource(fields),
            to: fields.text("to").and_then(|text| renamed(fields, &text)),
            columns: fields.has("columns").then(|| columns(fields)).or_else(|| {
                fields.pass_over("columns");
                None
            }),
            data: fields.rows("data").map(|(rows, _)| rows),
        }
    }
}

impl Given {
    /// What is said here, and where nothing is, there.
    fn or(self, common: &Self) -> Self {
        Self {
            who: self.who.or(&common.who),
            invoker: self.invoker.or_else(|| common.invoker.clone()),
            purpose: self.purpose.or_else(|| common.purpose.clone()),
            at: self.at.or(common.at),
            cluster: self.cluster.or_else(|| common.cluster.clone()),
            action: self.action.or(common.action),
            on: self.on.or_else(|| common.on.clone()),
            to: self.to.or_else(|| common.to.clone()),
            columns: self.columns.or_else(|| common.columns.clone()),
            data: self.data.or_else(|| common.data.clone()),
        }
    }
}

impl DraftPerson {
    fn or(self, common: &Self) -> Self {
        Self {
            user: self.user.or_else(|| common.user.clone()),
            groups: self.groups.or_else(|| common.groups.clone()),
            roles: self.roles.or_else(|| common.roles.clone()),
            attributes: self.attributes.or_else(|| common.attributes.clone()),
            unknown: self.unknown.or_else(|| common.unknown.clone()),
        }
    }
}

fn person(fields: &mut Fields<'_>) -> DraftPerson {
    let said = ["groups", "roles", "attributes", "unknown"].map(|field| fields.has(field));
    let [groups, roles, attributes, unknown] = said;
    DraftPerson {
        user: fields.text("user"),
        groups: Some(fields.texts("groups")).filter(|_| groups),
        roles: Some(fields.texts("roles")).filter(|_| roles),
        attributes: Some(fields.mapping("attributes")).filter(|_| attributes),
        unknown: Some(fields.names("unknown")).filter(|_| unknown),
    }
}

/// An instant; a day alone is its noon.
fn at(fields: &mut Fields<'_>) -> Option<Timestamp> {
    let text = fields.text("at")?;
    let written = text.as_str().trim();
    let noon = |day: Date| day.at(12, 0, 0, 0).to_zoned_datetime(jiff::tz::TimeZone::UTC).map(|at| at.timestamp());
    let at = written.parse().ok().or_else(|| written.parse::<Date>().ok().and_then(|day| noon(day).ok()));
    if at.is_none() {
        fields.find(Code::BadValue, &text.place, format!("`{written}` is not a time")).help =
            Some("write a time as 2027-01-31T09:00:00Z, or a day as 2027-01-31 for its noon in UTC".to_owned());
    }
    at
}

fn action(fields: &mut Fields<'_>) -> Option<Action> {
    let text = fields.text("action")?;
    let read = ActionSet::named("read");
    match ActionSet::named(text.as_str()) {
        set if set == read => Some(Action::SelectFromColumns),
        Some(ActionSet::One(action)) => Some(action),
        Some(ActionSet::Group(group)) => {
            let message = format!("`{}` is several actions, and a case is about one", group.word());
            let members = Action::ALL.iter().filter(|action| action.group() == group).map(Action::to_string);
            fields.find(Code::BadValue, &text.place, message).help =
                Some(format!("it is one of: {}", members.collect::<Vec<_>>().join(", ")));
            None
        }
        None => {
            let words: Vec<String> = Action::ALL.iter().map(Action::to_string).collect();
            let meant = near_miss(text.as_str(), words.iter().map(String::as_str));
            let message = format!("there is no action `{}`", text.as_str());
            fields.find(Code::BadValue, &text.place, message).help = Some(match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "docs/actions.md lists them".to_owned(),
            });
            None
        }
    }
}

/// What the action is on: one of the fields that name something.
fn resource(fields: &mut Fields<'_>) -> Option<(Resource, Place)> {
    const NAMING: [&str; 7] = ["table", "schema", "catalog", "function", "session_property", "another_user", "role"];
    let mut named = Vec::new();
    for field in NAMING {
        named.extend(fields.text(field).map(|text| (field, text)));
    }
    if let [_, (field, second), ..] = named.as_slice() {
        let message = format!("a case is about one thing, and `{field}` names another");
        fields.find(Code::BadValue, &second.place, message);
    }
    let (field, text) = named.into_iter().next()?;
    let resource = match field {
        "table" => Resource::Table { table: fields.table_of(&text)?, columns: Vec::new() },
        "schema" => schema(fields, &text)?,
        "catalog" => Resource::Catalog(Identifier::new(text.as_str())),
        "function" => {
            let [catalog, schema, function] = fields.exact(&text, "function", "catalog.schema.function")?;
            Resource::Function { catalog, schema, function }
        }
        "session_property" => match text.as_str().split_once('.') {
            Some((catalog, property)) => Resource::SessionProperty {
                catalog: Some(Identifier::new(catalog)),
                property: Identifier::new(property),
            },
            None => Resource::SessionProperty { catalog: None, property: Identifier::new(text.as_str()) },
        },
        "another_user" => Resource::User { user: text.as_str().into(), groups: Default::default() },
        _ => Resource::Role(text.as_str().into()),
    };
    Some((resource, text.place))
}

fn schema(fields: &mut Fields<'_>, text: &Text) -> Option<Resource> {
    let [catalog, schema] = fields.exact(text, "schema", "catalog.schema")?;
    Some(Resource::Schema { catalog, schema })
}

/// A new name: of a table with three parts, of a schema with two.
fn renamed(fields: &mut Fields<'_>, text: &Text) -> Option<Resource> {
    if text.as_str().matches('.').count() == 1 {
        return schema(fields, text);
    }
    fields.table_of(text).map(|table| Resource::Table { table, columns: Vec::new() })
}

fn expected(fields: &mut Fields<'_>) -> Option<DraftExpected> {
    let place = fields.place();
    let written = EXPECTATIONS.into_iter().any(|field| fields.has(field));
    let expects = fields.text("expect");
    let rows = fields.text("rows").and_then(|text| rows(fields, text));
    let shown = shown(fields);
    let sees = fields.rows("sees");
    let detailed = rows.is_some() || !shown.is_empty() || sees.is_some();
    let verdict = match expects {
        Some(text) => {
            let words = [("allowed", ExpectedVerdict::Allowed), ("denied", ExpectedVerdict::Denied)];
            Expectation { what: fields.word("expect", &text, &words)?, place: text.place }
        }
        None if detailed => Expectation { what: ExpectedVerdict::Allowed, place: place.clone() },
        // What was written and could not be read has a finding of its own.
        None if written => return None,
        None => {
            fields.find(Code::MissingField, &place, "the case expects nothing").help =
                Some("add `expect: denied`, `expect: allowed`, `rows`, `shown` or `sees`".to_owned());
            return None;
        }
    };
    if verdict.what == ExpectedVerdict::Denied && detailed {
        fields.find(Code::BadValue, &verdict.place, "who is denied sees no rows and no columns").help =
            Some("leave out `expect`, or `rows`, `shown` and `sees`".to_owned());
    }
    Some(DraftExpected { verdict, rows, shown, sees })
}

fn rows(fields: &mut Fields<'_>, text: Text) -> Option<(ExpectedRows, Text)> {
    let rows = match text.as_str().trim() {
        "all" => ExpectedRows::All,
        "none" => ExpectedRows::None,
        _ => ExpectedRows::Where(fields.parsed(&text, parse::condition)?),
    };
    Some((rows, text))
}

fn shown(fields: &mut Fields<'_>) -> Vec<(Text, ExpectedColumn, Text)> {
    let mut shown = Vec::new();
    let (written, columns) = (fields.has("shown"), fields.mapping("shown"));
    if written && columns.is_empty() {
        let place = fields.place();
        fields.find(Code::MissingField, &place, "`shown` names no column").help =
            Some("write each column and what it shows: `shown: {email: email domain, ssn: hidden}`".to_owned());
    }
    for (column, texts) in columns {
        let Ok([text]) = <[Text; 1]>::try_from(texts) else {
            let message = format!("column `{}` shows one thing", column.as_str());
            fields.find(Code::BadValue, &column.place, message);
            continue;
        };
        let what = match text.as_str().trim() {
            "clear" => Some(ExpectedColumn::Clear),
            "hidden" => Some(ExpectedColumn::Hidden),
            _ => fields.parsed(&text, parse::mask).map(|masked| ExpectedColumn::Masked(Box::new(masked))),
        };
        shown.extend(what.map(|what| (column, what, text)));
    }
    shown
}
