//! How the server starts, reloads and stops.

use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::server::process::{PATIENCE, Server, context, decide_table, eventually, rows, rows_of, run};

async fn health(server: &Server, service: &str) -> Option<ServingStatus> {
    let channel = server_channel(server).await?;
    let request = HealthCheckRequest { service: service.to_owned() };
    let answer = HealthClient::new(channel).check(request).await.ok()?;
    Some(answer.into_inner().status())
}

async fn server_channel(server: &Server) -> Option<tonic::transport::Channel> {
    tonic::transport::Endpoint::from_shared(format!("http://{}", server.grpc)).ok()?.connect().await.ok()
}

async fn until_health(server: &Server, service: &str, wanted: ServingStatus) {
    let started = std::time::Instant::now();
    while health(server, service).await != Some(wanted) {
        assert!(started.elapsed() < PATIENCE, "{service:?} never was {wanted:?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn nothing_is_served_before_the_first_good_documents() {
    let server = Server::start("kind: Nonsense");
    until_health(&server, "", ServingStatus::NotServing).await;
    assert_eq!(server.get("/readyz").unwrap().0, 503);
    assert_eq!(server.state()["state"], "starting");
    let refused = server.client().await.decide_table(decide_table(context("jay"))).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert_eq!(refused.metadata().get("meshward-reason").unwrap(), "NO_REVISION");

    server.write(&rows_of("CL"));
    until_health(&server, "", ServingStatus::Serving).await;
    assert_eq!(server.get("/readyz").unwrap().0, 200);
}

#[tokio::test]
async fn bad_documents_are_refused_whole_and_the_last_good_revision_answers() {
    let server = Server::start(&rows_of("CL"));
    server.until_revision(1);
    // One good file beside one bad file: neither is taken.
    server.write(&(rows_of("AT") + "---\nkind: Nonsense\n"));
    eventually("the documents are refused", || server.state()["documents"] == "refused");
    assert_eq!(server.state()["revision"], 1);
    assert_eq!(server.get("/readyz").unwrap().0, 200);
    until_health(&server, "meshward.documents", ServingStatus::NotServing).await;
    until_health(&server, "", ServingStatus::Serving).await;
    let answer = server.client().await.decide_table(decide_table(context("jay"))).await.unwrap().into_inner();
    assert_eq!(rows(&answer), "\"country\" = 'CL'");
    assert!(server.get("/metrics").unwrap().1.contains("meshward_documents_refused 1\n"));

    server.write(&rows_of("AT"));
    server.until_revision(2);
    assert_eq!(server.state()["documents"], "good");
    until_health(&server, "meshward.documents", ServingStatus::Serving).await;
}

#[tokio::test]
async fn a_folder_that_vanishes_takes_nothing_away() {
    let server = Server::start(&rows_of("CL"));
    server.until_revision(1);
    std::fs::remove_file(server.documents.path().join("mesh.yaml")).unwrap();
    eventually("the empty folder is refused", || server.state()["documents"] == "refused");
    let answer = server.client().await.decide_table(decide_table(context("jay"))).await.unwrap().into_inner();
    assert_eq!(rows(&answer), "\"country\" = 'CL'");
}

#[tokio::test]
async fn a_server_that_is_told_to_go_says_so_before_it_goes() {
    let mut server = Server::start_with(&rows_of("CL"), &[("MESHWARD_DRAIN_DELAY", "1s")]);
    server.until_revision(1);
    let mut client = server.client().await;
    server.terminate();
    until_health(&server, "", ServingStatus::NotServing).await;
    assert_eq!(server.get("/readyz").unwrap().0, 503);
    // Who has not noticed yet is still answered.
    client.decide_table(decide_table(context("jay"))).await.unwrap();
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn exit_codes_tell_what_happened() {
    let folder = tempfile::tempdir().unwrap();
    let documents = folder.path().to_str().unwrap();
    std::fs::write(folder.path().join("a.yaml"), rows_of("CL")).unwrap();
    assert_eq!(run(&["check", documents]).0, Some(0));
    assert_eq!(run(&["checkk"]).0, Some(2));
    let explain = |table: &str| run(&["explain", "--documents", documents, "--user", "jay", "--table", table]).0;
    assert_eq!(explain("lake.s.t"), Some(0));
    assert_eq!(explain("lake.other.t"), Some(3));
    assert_eq!(explain("lake"), Some(2));
    let masked =
        "{kind: Policy, name: masks, on: lake.s.t, rules: ['mask column n with format preserving for everyone']}";
    std::fs::write(folder.path().join("b.yaml"), masked).unwrap();
    let typed = ["--column", "n:bigint", "--column", "country:varchar"];
    let said =
        run(&[&["explain", "--documents", documents, "--user", "jay", "--table", "lake.s.t"], &typed[..]].concat()).1;
    let note = "note      format preserving is not possible on n: shown with pseudonym, since it is for text";
    assert!(said.contains(note) && said.matches("note").count() == 1, "{said}");
    std::fs::write(folder.path().join("b.yaml"), "kind: Nonsense").unwrap();
    assert_eq!(run(&["check", documents]).0, Some(4));
    assert_eq!(explain("lake.s.t"), Some(4));
    assert_eq!(run(&["serve"]).0, Some(1));
    let json: serde_json::Value = serde_json::from_str(&run(&["check", "--format", "json", documents]).1).unwrap();
    assert_eq!(json["findings"][0]["code"], "MW0103");
    assert_eq!(json["findings"][0]["line"], 1);
}

#[tokio::test]
async fn reflection_is_offered_when_it_is_asked_for_and_not_otherwise() {
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
    use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

    let services = async |server: &Server| -> Option<ServerReflectionResponse> {
        let request = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(MessageRequest::ListServices(String::new())),
        };
        let mut client = ServerReflectionClient::new(server_channel(server).await?);
        client.server_reflection_info(tokio_stream::once(request)).await.ok()?.into_inner().message().await.ok()?
    };
    let server = Server::start_with(&rows_of("CL"), &[("MESHWARD_GRPC__REFLECTION", "true")]);
    server.until_revision(1);
    let Some(MessageResponse::ListServicesResponse(listed)) = services(&server).await.unwrap().message_response else {
        panic!("no list of services");
    };
    assert!(listed.service.iter().any(|service| service.name == "meshward.decision.v1.DecisionService"));

    let server = Server::start(&rows_of("CL"));
    server.until_revision(1);
    assert!(services(&server).await.is_none());
}

#[test]
fn reading_the_folder_is_no_change_of_it() {
    let server = Server::start(&rows_of("CL"));
    server.write(&rows_of("AT"));
    server.until_revision(2);
    let readings = || {
        let text = server.get("/metrics").unwrap().1;
        let count =
            text.lines().find_map(|line| line.strip_prefix("meshward_document_readings_total{result=\"taken\"} "));
        count.unwrap().parse::<u64>().unwrap()
    };
    std::thread::sleep(std::time::Duration::from_millis(500));
    let before = readings();
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert!(readings() <= before + 1, "{before} readings became {}", readings());
}
