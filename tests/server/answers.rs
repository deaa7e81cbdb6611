//! What is answered, and what is refused as unreadable.

use tonic::Code;

use crate::server::process::{Server, context, decide_table, identity, proto, rows, rows_of, table};

const DENY: i32 = proto::Effect::Deny as i32;

#[tokio::test]
async fn a_query_stays_with_the_revision_of_its_first_answer() {
    let mut server = Server::start(&rows_of("CL"));
    server.until_revision(1);
    let mut client = server.client().await;
    let first = client.decide_table(decide_table(context("jay"))).await.unwrap().into_inner();
    assert_eq!(rows(&first), "\"country\" = 'CL'");
    assert_eq!(first.revision, 1);

    server.write(&rows_of("AT"));
    server.until_revision(2);
    let pinned = || proto::RequestContext { pin: first.pin.clone(), ..context("jay") };
    let again = client.decide_table(decide_table(pinned())).await.unwrap().into_inner();
    assert_eq!((rows(&again), again.revision, &again.pin), ("\"country\" = 'CL'".to_owned(), 1, &first.pin));
    let other = client.decide_table(decide_table(context("jay"))).await.unwrap().into_inner();
    assert_eq!((rows(&other).as_str(), other.revision), ("\"country\" = 'AT'", 2));

    // A server that never knew the revision says so: the query fails and is not decided by other rules.
    server.restart();
    let refused = server.client().await.decide_table(decide_table(pinned())).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(refused.metadata().get("meshward-reason").unwrap(), "REVISION_GONE");

    // The same documents are the same revision, whoever read them and whenever.
    let pinned = || proto::RequestContext { pin: other.pin.clone(), ..context("jay") };
    let again = server.client().await.decide_table(decide_table(pinned())).await.unwrap().into_inner();
    assert_eq!(rows(&again), "\"country\" = 'AT'");
}

#[tokio::test]
async fn a_keyed_mask_says_what_must_be_understood_and_which_function_it_calls() {
    let mask = |mask: &str| {
        let rules = format!("[allow everyone to read, 'mask column country with {mask} for everyone']");
        Server::start(&format!("{{kind: Policy, name: p, on: everything, rules: {rules}}}"))
    };
    let ask = async |server: &Server| {
        server.until_revision(1);
        let answer = server.client().await.decide_table(decide_table(context("jay"))).await.unwrap().into_inner();
        let Some(proto::column_decision::Access::Mask(mask)) = answer.columns[0].access.clone() else { panic!() };
        let functions: Vec<String> =
            mask.executes.iter().map(|of| format!("{}.{}.{}", of.catalog, of.schema, of.function)).collect();
        (answer.required_features, mask.run_as_plugin, functions)
    };
    let keyed = ask(&mask("pseudonym")).await;
    assert_eq!(keyed, (vec!["keyed-masks".to_owned()], true, vec!["meshward.system.pseudonym".to_owned()]));
    assert_eq!(ask(&mask("hash")).await, (Vec::new(), false, Vec::new()));
}

#[tokio::test]
async fn what_cannot_be_read_is_an_invalid_argument_and_never_an_answer() {
    let server = Server::start(&rows_of("CL"));
    let mut client = server.client().await;
    let change = |change: fn(&mut proto::DecideTableRequest)| {
        let mut request = decide_table(context("jay"));
        change(&mut request);
        request
    };
    fn asker(request: &mut proto::DecideTableRequest) -> &mut proto::RequestContext {
        request.context.as_mut().unwrap()
    }
    let cases = [
        ("no context", change(|request| request.context = None)),
        ("no identity", change(|request| asker(request).identity = None)),
        ("no user", change(|request| asker(request).identity = Some(identity("")))),
        ("a query without its invoker", change(|request| asker(request).invoker = None)),
        ("a pin of somebody else's", change(|request| asker(request).pin = vec![1, 2, 3].into())),
        ("no table", change(|request| request.table = None)),
        ("a table without a schema", change(|request| request.table = table("lake..t"))),
        (
            "a start beyond time",
            change(|request| {
                asker(request).query_start = Some(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 });
            }),
        ),
    ];
    for (what, request) in cases {
        let refused = client.decide_table(request).await.expect_err(what);
        assert_eq!(refused.code(), Code::InvalidArgument, "{what}: {refused}");
    }
}

#[tokio::test]
async fn an_action_that_the_server_does_not_know_is_denied_with_a_reason() {
    let server = Server::start("{kind: Policy, name: p, on: everything, rules: [allow everyone to administer]}");
    let mut client = server.client().await;
    let system = || Some(proto::Resource { kind: Some(proto::resource::Kind::System(proto::SystemResource {})) });
    let mut ask = async |action: &str, resource: Option<proto::Resource>| {
        let request = proto::CheckAccessRequest {
            context: Some(context("jay")),
            action: action.to_owned(),
            resource,
            ..proto::CheckAccessRequest::default()
        };
        client.check_access(request).await.map(|answer| answer.into_inner().verdict.unwrap())
    };
    let unknown = ask("teleport_table", system()).await.unwrap();
    assert_eq!(unknown.effect, DENY);
    assert!(unknown.reason.contains("teleport_table"), "{}", unknown.reason);
    assert_ne!(ask("read_system_information", system()).await.unwrap().effect, DENY);
    let entity = proto::EntityResource {
        entity_kind: "PORTAL".to_owned(),
        name: vec!["x".to_owned()],
        ..proto::EntityResource::default()
    };
    let entity = Some(proto::Resource { kind: Some(proto::resource::Kind::Entity(entity)) });
    assert_eq!(ask("set_entity_authorization", entity).await.unwrap().effect, DENY);
    assert_eq!(ask("read_system_information", None).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_listing_comes_back_as_bits_and_one_call_has_one_revision() {
    let server =
        Server::start("{kind: Policy, name: p, on: lake.s.t* except lake.s.t3, rules: [allow everyone to read]}");
    let mut client = server.client().await;
    let slice = |number: u32, tables: std::ops::Range<u32>| {
        let names = tables.map(|table| format!("t{table}")).chain(["x".to_owned()]);
        let tables = proto::SchemaTables { schema: "s".to_owned(), tables: names.collect() };
        let list = proto::TableList { catalog: "lake".to_owned(), schemas: vec![tables] };
        proto::FilterResourcesRequest {
            context: (number == 0).then(|| context("jay")),
            slice: number,
            resources: Some(proto::filter_resources_request::Resources::Tables(list)),
        }
    };
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let stream = tokio_stream::wrappers::ReceiverStream::new(receiver);
    sender.send(slice(0, 0..9)).await.unwrap();
    let mut answers = client.filter_resources(stream).await.unwrap().into_inner();
    let first = answers.message().await.unwrap().unwrap();
    assert_eq!((first.slice, first.count, &first.kept[..]), (0, 10, &[0b1111_0111, 0b0000_0001][..]));

    server.write("{kind: Policy, name: p, on: lake.other.*, rules: [allow everyone to read]}");
    server.until_revision(2);
    sender.send(slice(1, 0..2)).await.unwrap();
    let second = answers.message().await.unwrap().unwrap();
    assert_eq!((second.slice, second.count, &second.kept[..], second.revision), (1, 3, &[0b011][..], 1));
    drop(sender);
    assert!(answers.message().await.unwrap().is_none());
}

#[tokio::test]
async fn a_hidden_column_that_a_filter_reads_is_lent_to_the_plugin_and_nothing_else_is() {
    let server = Server::start(
        "kind: Policy\nname: p\non: lake.s.*\nrules:\n  - allow everyone to read\n  - hide column country for everyone\n  - only show \
         rows where country = 'CL' for everyone\n",
    );
    let mut client = server.client().await;
    let answer = client.decide_table(decide_table(context("jay"))).await.unwrap().into_inner();
    let Some(proto::decide_table_response::Rows::RowFilters(filters)) = answer.rows else { panic!("no filters") };
    let filter = &filters.filters[0];
    assert!(filter.run_as_plugin);
    assert_eq!(filter.reads, [proto::TableColumns { table: table("lake.s.t"), columns: vec!["country".to_owned()] }]);
}

#[tokio::test]
async fn where_a_row_lies_is_for_those_from_whom_no_column_is_withheld() {
    let server = Server::start(
        "kind: Policy\nname: p\non: lake.s.*\nrules:\n  - allow everyone to read\n  - mask column country with null for user \"jay\"\n  - \
         only show rows where country = 'CL' for user \"ben\"\n",
    );
    let mut client = server.client().await;
    for (user, is_hidden) in [("jay", true), ("ben", false), ("ana", false)] {
        let mut request = decide_table(context(user));
        request.columns.extend(["$path", "$partition"].map(|name| proto::Column {
            name: name.to_owned(),
            r#type: "varchar".to_owned(),
            hidden: true,
        }));
        let answer = client.decide_table(request).await.unwrap().into_inner();
        for column in &answer.columns[1..] {
            let hidden = matches!(column.access, Some(proto::column_decision::Access::Hidden(_)));
            assert_eq!(hidden, is_hidden, "{user}: {column:?}");
        }
    }
}
