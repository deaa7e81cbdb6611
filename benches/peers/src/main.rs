//! The same allows and denials in Meshward, Cedar and Rego (regorus), asked the same question in one process, in turn.
//!
//! The others get the form that suits them: in Cedar groups, tags and domains are parents of entities, in Rego a person's groups are the
//! keys of an object. All three answer yes or no, and nothing else.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::hint::black_box;
use std::str::FromStr as _;
use std::sync::Arc;

use cedar_policy::{Authorizer, Context, Entities, Entity, EntityUid, PolicySet, RestrictedExpression};
use jiff::tz::TimeZone;
use meshward::document::finding::Source;
use meshward::document::load;
use meshward::engine::decide;
use meshward::engine::snapshot::Snapshot;
use meshward::model::action::Action;
use meshward::model::decision::Decision;
use meshward::model::name::TableName;
use meshward::model::request::{AccessRequest, Request, Resource};
use meshward::model::subject::{Identity, Party, Subject};
use meshward::store::revision;

#[path = "../../decisions/measure.rs"]
#[allow(dead_code, reason = "the other benchmarks use more of it")]
mod measure;

use measure::{times, us};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USER: &str = "jay";
const TABLE: [&str; 3] = ["lake", "finance", "transactions"];

/// What rules are on. Of ten pairs of rules six are about a table, two about a tag, two about everything.
enum On {
    Table(String, String),
    Tag(usize),
    Everything,
}

fn on(pair: usize) -> On {
    match pair % 10 {
        0..6 => On::Table(format!("s{}", pair % 500), format!("t{pair}")),
        6 | 7 => On::Tag(pair % 100),
        _ => On::Everything,
    }
}

fn groups() -> Vec<String> {
    ["finance", "everyone", "vienna"]
        .map(str::to_owned)
        .into_iter()
        .chain((0..20).map(|n| format!("team-{n}")))
        .collect()
}

fn main() {
    println!(
        "\none yes or no about one table, the same allows and denials in each engine, in process; the subject is in 23 groups"
    );
    println!("{:>10} {:>12} {:>12} {:>12} {:>18}", "rules", "engine", "median µs", "p99 µs", "times Meshward's");
    for rules in [1_000, 10_000] {
        let pairs = rules / 2;
        let mut ours = None;
        let engines: [(&str, Box<dyn FnMut() -> bool>, usize); 3] = [
            ("Meshward", Box::new(meshward(pairs)), 20_000),
            ("Cedar", Box::new(cedar(pairs)), 50),
            ("regorus", Box::new(rego(pairs)), 50),
        ];
        for (name, mut ask, calls) in engines {
            assert!(ask(), "{name} allows it");
            let measured = times(calls, || {
                black_box(ask());
            });
            let median = us(measured.median());
            let base = *ours.get_or_insert(median);
            println!(
                "{rules:>10} {name:>12} {median:>12.2} {:>12.2} {:>18.1}",
                us(measured.percentile(0.99)),
                median / base
            );
        }
    }
}

fn meshward(pairs: usize) -> impl FnMut() -> bool {
    let mut text = String::from(
        "{kind: Attribute, name: department, type: text}\n---\n{kind: User, name: jay, attributes: {department: FINANCE}}\n---\n\
         {kind: Domain, name: finance, owns: [lake.finance.*]}\n---\n{kind: Policy, name: finance, on: tables in domain finance, \
         rules: [\"allow those with @department = 'FINANCE' to read\", 'deny members of group \"contractors\" to read']}\n",
    );
    for tag in 0..100 {
        write!(text, "---\n{{kind: Tag, name: T{tag}}}\n").unwrap();
    }
    for pair in 0..pairs {
        let on = match on(pair) {
            On::Table(schema, table) => format!("lake.{schema}.{table}"),
            On::Tag(tag) => format!("tables tagged T{tag}"),
            On::Everything => "everything".to_owned(),
        };
        write!(
            text,
            "---\n{{kind: Policy, name: p{pair}, on: {on}, rules: ['allow members of group \"g{pair}\" to read', 'deny members of group \
             \"x{pair}\" to read']}}\n"
        )
        .unwrap();
    }
    let source = Arc::new(Source::new("mesh.yaml", text));
    let documents = load::texts(&[source]).map_err(|findings| findings[0].render()).unwrap().documents;
    let snapshot = Snapshot::build(&documents, &TimeZone::UTC);
    let identity = Identity {
        groups: groups().iter().map(|group| Arc::from(group.as_str())).collect(),
        ..Identity::of_user(USER)
    };
    let subject = Subject {
        asking: Party { identity, attributes: revision::users(&documents).of(USER), ..Party::default() },
        invoker: None,
        now: jiff::Timestamp::now(),
        cluster: Arc::from(""),
    };
    let [catalog, schema, table] = TABLE;
    let resource = Resource::Table { table: TableName::new(catalog, schema, table), columns: Vec::new() };
    let request = Request::Access(AccessRequest { action: Action::SelectFromColumns, resource, target: None });
    move || match decide(&snapshot, black_box(&subject), black_box(&request)) {
        Decision::Access(access) => access.verdict.is_allowed(),
        _ => false,
    }
}

fn uid(kind: &str, name: &str) -> EntityUid {
    EntityUid::from_str(&format!("{kind}::\"{name}\"")).unwrap()
}

fn cedar(pairs: usize) -> impl FnMut() -> bool {
    let mut text = String::from(
        "permit(principal, action == Action::\"read\", resource in Domain::\"finance\") when { principal.department == \"FINANCE\" };\n\
         forbid(principal in Group::\"contractors\", action == Action::\"read\", resource in Domain::\"finance\");\n",
    );
    for pair in 0..pairs {
        let on = match on(pair) {
            On::Table(schema, table) => format!("resource == Table::\"lake.{schema}.{table}\""),
            On::Tag(tag) => format!("resource in Tag::\"T{tag}\""),
            On::Everything => "resource".to_owned(),
        };
        for (effect, group) in [("permit", "g"), ("forbid", "x")] {
            writeln!(text, "{effect}(principal in Group::\"{group}{pair}\", action == Action::\"read\", {on});")
                .unwrap();
        }
    }
    let policies = PolicySet::from_str(&text).unwrap();
    let department = HashMap::from([("department".to_owned(), RestrictedExpression::new_string("FINANCE".to_owned()))]);
    let in_groups: HashSet<EntityUid> = groups().iter().map(|group| uid("Group", group)).collect();
    let person = Entity::new(uid("User", USER), department, in_groups.clone()).unwrap();
    let in_domain = HashSet::from([uid("Domain", "finance")]);
    let table = Entity::new(uid("Table", &TABLE.join(".")), HashMap::new(), in_domain.clone()).unwrap();
    let others =
        in_groups.into_iter().chain(in_domain).map(|uid| Entity::new(uid, HashMap::new(), HashSet::new()).unwrap());
    let entities = Entities::from_entities(others.chain([person, table]), None).unwrap();
    let request = cedar_policy::Request::new(
        uid("User", USER),
        uid("Action", "read"),
        uid("Table", &TABLE.join(".")),
        Context::empty(),
        None,
    )
    .unwrap();
    let authorizer = Authorizer::new();
    move || {
        authorizer.is_authorized(black_box(&request), &policies, &entities).decision() == cedar_policy::Decision::Allow
    }
}

fn rego(pairs: usize) -> impl FnMut() -> bool {
    let mut text = String::from(
        "package mesh\n\nimport rego.v1\n\ndefault allow := false\n\nallow if {\n    permitted\n    not forbidden\n}\n\npermitted if {\n    \
         input.action == \"read\"\n    input.domain == \"finance\"\n    input.department == \"FINANCE\"\n}\n\nforbidden if {\n    \
         input.action == \"read\"\n    input.domain == \"finance\"\n    input.groups.contractors\n}\n",
    );
    for pair in 0..pairs {
        let on = match on(pair) {
            On::Table(schema, table) => format!("input.table == \"lake.{schema}.{table}\"; "),
            On::Tag(tag) => format!("input.tags.T{tag}; "),
            On::Everything => String::new(),
        };
        // One line each: regorus reads at most 20,000 of a file.
        for (rule, group) in [("permitted", "g"), ("forbidden", "x")] {
            writeln!(text, "{rule} if {{ input.action == \"read\"; {on}input.groups.{group}{pair} }}").unwrap();
        }
    }
    let mut engine = regorus::Engine::new();
    engine.add_policy("mesh.rego".to_owned(), text).unwrap();
    let groups: Vec<String> = groups().iter().map(|group| format!("\"{group}\": true")).collect();
    let input = regorus::Value::from_json_str(&format!(
        "{{\"action\": \"read\", \"table\": \"{}\", \"domain\": \"finance\", \"department\": \"FINANCE\", \"tags\": {{}}, \"groups\": \
         {{{}}}}}",
        TABLE.join("."),
        groups.join(", ")
    ))
    .unwrap();
    move || {
        engine.set_input(black_box(input.clone()));
        engine.eval_rule("data.mesh.allow".to_owned()).unwrap() == regorus::Value::Bool(true)
    }
}
