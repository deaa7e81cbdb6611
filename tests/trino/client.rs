//! Trino's HTTP protocol: a statement is posted, and its `nextUri` followed to the end.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::http::{Response, StatusCode};

/// How long one statement may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who asks, and with which headers.
#[derive(Clone)]
pub(super) struct Client {
    address: SocketAddr,
    headers: Vec<(String, String)>,
}

/// What a statement gave.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) query: String,
    /// Names and types.
    pub(super) columns: Vec<(String, String)>,
    pub(super) rows: Vec<Vec<Value>>,
    /// What Trino tells the client to remember: `x-trino-added-prepare` and its kin.
    pub(super) told: BTreeMap<String, String>,
}

/// Why a statement failed.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) message: String,
}

impl Client {
    pub(super) fn new(address: SocketAddr, user: &str) -> Self {
        // What today's clients understand: timestamps in their own precision, and being told to go on as somebody else.
        let capabilities = "PARAMETRIC_DATETIME,SESSION_AUTHORIZATION";
        Self { address, headers: Vec::new() }
            .with("X-Trino-User", user)
            .with("X-Trino-Client-Capabilities", capabilities)
    }

    /// Sends a header with every statement.
    pub(super) fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// Acts for a purpose.
    pub(super) fn acting_for(&self, purpose: &str) -> Self {
        self.with("X-Trino-Extra-Credential", &format!("purpose={purpose}"))
    }

    /// Runs a statement to its end.
    pub(super) fn run(&self, sql: &str) -> Result<Answer, Failure> {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .new_agent();
        let started = Instant::now();
        let mut answer = Answer { query: String::new(), columns: Vec::new(), rows: Vec::new(), told: BTreeMap::new() };
        let mut post = agent.post(format!("http://{}/v1/statement", self.address));
        for (name, value) in &self.headers {
            post = post.header(name, value);
        }
        let mut response = post.send(sql).unwrap();
        loop {
            if response.status() == StatusCode::SERVICE_UNAVAILABLE {
                panic!("Trino is not available");
            }
            let (page, told) = read(&mut response);
            answer.told.extend(told);
            if let Some(failure) = failure(&page) {
                return Err(failure);
            }
            page["id"].as_str().unwrap_or_default().clone_into(&mut answer.query);
            if let Some(columns) = page["columns"].as_array() {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                answer.columns = columns.iter().map(|column| (text(&column["name"]), text(&column["type"]))).collect();
            }
            if let Some(rows) = page["data"].as_array() {
                answer.rows.extend(rows.iter().map(|row| row.as_array().unwrap().clone()));
            }
            let Some(next) = page["nextUri"].as_str() else { return Ok(answer) };
            assert!(started.elapsed() < PATIENCE, "it takes too long: {sql}");
            response = agent.get(next).call().unwrap();
        }
    }

    /// The rows of a statement that must succeed, sorted by their text.
    pub(super) fn rows(&self, sql: &str) -> Vec<Vec<Value>> {
        let mut rows = self.run(sql).unwrap_or_else(|failure| panic!("{failure:?}\n{sql}")).rows;
        sort(&mut rows);
        rows
    }

    /// The first column's texts of a statement that must succeed, in order.
    pub(super) fn texts(&self, sql: &str) -> Vec<String> {
        let answer = self.run(sql).unwrap_or_else(|failure| panic!("{failure:?}\n{sql}"));
        answer.rows.iter().map(|row| row[0].as_str().unwrap_or("NULL").to_owned()).collect()
    }

    /// The failure of a statement that must fail.
    pub(super) fn failure(&self, sql: &str) -> Failure {
        match self.run(sql) {
            Ok(answer) => panic!("it ought to fail and gave {:?}\n{sql}", answer.rows),
            Err(failure) => failure,
        }
    }

    /// The message of a statement that must be denied.
    pub(super) fn denied(&self, sql: &str) -> String {
        let failure = self.failure(sql);
        // Of a table with no column to be seen, Trino does not tell whether it is there.
        let unseen = failure.message.contains("Relation not found or not allowed");
        assert!(failure.name == "PERMISSION_DENIED" || unseen, "{failure:?}\n{sql}");
        failure.message
    }
}

/// Rows in an order that does not depend on how Trino ran the query.
pub(super) fn sort(rows: &mut [Vec<Value>]) {
    rows.sort_by_cached_key(|row| serde_json::to_string(row).unwrap());
}

fn read(response: &mut Response<ureq::Body>) -> (Value, BTreeMap<String, String>) {
    let told = response.headers().iter().filter(|(name, _)| name.as_str().starts_with("x-trino-"));
    let told = told.map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned())).collect();
    let status = response.status();
    let body = response.body_mut().with_config().limit(64 << 20).read_to_string().unwrap();
    let page = serde_json::from_str(&body).unwrap_or_else(|_| {
        // A user who may not even begin is told by plain HTTP.
        serde_json::json!({"error": {"errorName": status.to_string(), "errorType": "HTTP", "message": body}})
    });
    (page, told)
}

fn failure(page: &Value) -> Option<Failure> {
    let error = page.get("error").filter(|error| !error.is_null())?;
    let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
    Some(Failure { name: text("errorName"), kind: text("errorType"), message: text("message") })
}
