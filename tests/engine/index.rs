//! The law of the index: a decision of an indexed snapshot equals one that asks every rule.

use std::collections::BTreeSet;
use std::sync::Arc;

use meshward::attributes::Needed;
use meshward::engine::decide;
use meshward::engine::snapshot::Snapshot;
use meshward::model::action::Action;
use meshward::model::decision::Decision;
use meshward::model::name::Identifier;
use meshward::model::request::{AccessRequest, Listing, Request, Resource, TableRequest};
use meshward::model::subject::{Identity, Party, Subject};

use crate::engine::case::Case;
use crate::engine::random::{self, Dice};

const WORLDS: u64 = 1_500;

/// Everything that can be asked about a case's table, and names beside it.
fn requests(case: &Case) -> Vec<Request> {
    let table = &case.table.name;
    let name = |text: &str| Identifier::new(text);
    let (catalog, schema) = (table.catalog.clone(), table.schema.clone());
    let names = vec![
        table.table.clone(),
        name("other"),
        name("people"),
        name("orders"),
        name("t1"),
        name("t2"),
        name(&format!("{}$files", table.table)),
        name("x"),
    ];
    let columns: Vec<Identifier> =
        case.table.columns.iter().map(|column| column.name.clone()).chain([name("x")]).collect();
    let of_table = || Resource::Table { table: table.clone(), columns: columns.clone() };
    let mut requests = vec![
        Request::Table(TableRequest { table: table.clone(), columns: case.table.columns.clone() }),
        Request::Listing(Listing::Catalogs(vec![catalog.clone(), name("x")])),
        Request::Listing(Listing::Schemas { catalog: catalog.clone(), schemas: vec![schema.clone(), name("x")] }),
        Request::Listing(Listing::Tables {
            catalog: catalog.clone(),
            schemas: vec![(schema.clone(), names.clone()), (name("x"), names.clone())],
        }),
        Request::Listing(Listing::Columns {
            catalog: catalog.clone(),
            schemas: vec![(schema.clone(), names.iter().map(|table| (table.clone(), columns.clone())).collect())],
        }),
        Request::Listing(Listing::Functions { catalog: catalog.clone(), schemas: vec![(schema.clone(), names)] }),
    ];
    let access = |action, resource, target| Request::Access(AccessRequest { action, resource, target });
    let other = || {
        Some(Resource::Table {
            table: meshward::model::name::TableName { table: name("moved"), ..table.clone() },
            columns: Vec::new(),
        })
    };
    requests.extend([
        access(Action::ExecuteQuery, Resource::System, None),
        access(Action::ReadSystemInformation, Resource::System, None),
        access(Action::SelectFromColumns, of_table(), None),
        access(Action::CreateViewWithSelectFromColumns, of_table(), None),
        access(Action::InsertIntoTable, of_table(), None),
        access(Action::DropTable, of_table(), None),
        access(Action::RenameTable, of_table(), other()),
        access(Action::ShowCreateTable, of_table(), None),
        access(Action::CreateSchema, Resource::Schema { catalog: catalog.clone(), schema: schema.clone() }, None),
        access(Action::DropSchema, Resource::Schema { catalog: catalog.clone(), schema: schema.clone() }, None),
        access(Action::AccessCatalog, Resource::Catalog(catalog.clone()), None),
        access(
            Action::ExecuteFunction,
            Resource::Function { catalog: catalog.clone(), schema, function: name("f") },
            None,
        ),
        access(
            Action::SetCatalogSessionProperty,
            Resource::SessionProperty { catalog: Some(catalog), property: name("p") },
            None,
        ),
        access(
            Action::SetSystemSessionProperty,
            Resource::SessionProperty { catalog: None, property: name("p") },
            None,
        ),
    ]);
    requests
}

#[test]
fn a_table_is_listed_among_others_as_it_is_alone() {
    for world in 0..WORLDS {
        let mut dice = Dice::new(world.wrapping_mul(104_729));
        for case in random::cases(&mut dice, 2, 2) {
            let snapshot = Snapshot::build(&case.documents, &case.zone);
            let table = &case.table.name;
            let listed = |tables: Vec<Identifier>| {
                let schemas = vec![(table.schema.clone(), tables)];
                let listing = Listing::Tables { catalog: table.catalog.clone(), schemas };
                match decide(&snapshot, &case.subject, &Request::Listing(listing)) {
                    Decision::Listing(kept) => kept,
                    other => panic!("{other:?}"),
                }
            };
            let mut names: Vec<Identifier> =
                case.documents.taggings.values().map(|tagging| tagging.table.table.clone()).collect();
            let patterns = case.documents.policies.values().flat_map(|policy| policy.on.patterns());
            let owned = case.documents.domains.values().flat_map(|domain| &domain.owns);
            let parts = patterns.chain(owned).filter_map(|pattern| pattern.parts().get(2));
            names.extend(parts.map(|part| Identifier::new(&part.pieces().join("x"))));
            names.extend(["other", "people", "x", ""].map(Identifier::new));
            names.push(Identifier::new(&format!("{}$files", table.table)));
            let alone: Vec<bool> = names.iter().flat_map(|name| listed(vec![name.clone()])).collect();
            assert_eq!(listed(names.clone()), alone, "world {world}\n{case}\n{names:?}");
        }
    }
}

#[test]
fn an_indexed_decision_equals_a_scan_of_all_rules() {
    let mut asked = 0;
    for world in 0..WORLDS {
        let mut dice = Dice::new(world.wrapping_mul(7_919));
        let cases = random::cases(&mut dice, 2, 2);
        let snapshot = Snapshot::build(&cases[0].documents, &cases[0].zone);
        let scanning = snapshot.clone().scanning();
        for case in &cases {
            for request in requests(case) {
                let (indexed, scanned) =
                    (decide(&snapshot, &case.subject, &request), decide(&scanning, &case.subject, &request));
                assert!(
                    indexed == scanned,
                    "world {world}\n{case}\n{request:?}\nindexed {indexed:?}\nscanned {scanned:?}"
                );
                asked += 1;
            }
        }
    }
    assert!(asked > 50_000, "only {asked} requests were compared");
}

/// The party with only what is needed, as a server resolves it that fetches nothing else.
fn with_only(needed: &Needed, party: &Party) -> Party {
    let mut party = party.clone();
    party.attributes.retain(|name, _| needed.attributes.contains(name));
    if !needed.groups {
        // No source of groups was asked, so none failed and none gave a group.
        party.unknown_groups = None;
        party.identity.groups.clear();
    }
    party
}

#[test]
fn deciding_with_only_what_is_needed_equals_deciding_with_all() {
    let (mut asked, mut less) = (0, 0);
    for world in 0..WORLDS / 3 {
        let mut dice = Dice::new(world.wrapping_mul(15_485_863));
        let cases = random::cases(&mut dice, 2, 2);
        let snapshot = Snapshot::build(&cases[0].documents, &cases[0].zone);
        for case in &cases {
            for request in requests(case) {
                // Before sources are asked nobody's groups are known.
                let unresolved = |party: &Party| Party {
                    identity: Identity { groups: BTreeSet::new(), ..party.identity.clone() },
                    unknown_groups: Some(Arc::from("not asked yet")),
                    ..Party::default()
                };
                let parties: Vec<Party> = [Some(&case.subject.asking), case.subject.invoker.as_ref()]
                    .into_iter()
                    .flatten()
                    .map(unresolved)
                    .collect();
                let needed = snapshot.needed(&request, &parties.iter().collect::<Vec<_>>());
                let subject = Subject {
                    asking: with_only(&needed, &case.subject.asking),
                    invoker: case.subject.invoker.as_ref().map(|invoker| with_only(&needed, invoker)),
                    ..case.subject.clone()
                };
                let (with_all, with_less) =
                    (decide(&snapshot, &case.subject, &request), decide(&snapshot, &subject, &request));
                assert!(
                    with_all == with_less,
                    "world {world}\n{case}\n{request:?}\nneeded {needed:?}\nall {with_all:?}\nless {with_less:?}"
                );
                asked += 1;
                less += usize::from(needed.attributes.len() < case.documents.attributes.len());
            }
        }
    }
    assert!(asked > 20_000 && less > asked / 2, "{less} of {asked} needed less than all");
}
