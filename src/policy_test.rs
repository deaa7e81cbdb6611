//! Tests of documents, run without a Trino: each case is decided as a live request is, and what differs from what it expects is said
//! with the place where it is expected. Coverage says which rules no case ever met.

mod coverage;
mod judge;
pub mod junit;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::attributes::Users;
use crate::document::finding::{Finding, Place};
use crate::document::kinds::Documents;
use crate::document::test::{Case, Person, Question};
use crate::engine::PURPOSE_CREDENTIAL;
use crate::engine::hints::hints;
use crate::engine::snapshot::Snapshot;
use crate::model::decision::Contribution;
use crate::model::name::Name;
use crate::model::request::{AccessRequest, Request, TableRequest};
use crate::model::subject::{Identity, Party, Subject};
use crate::store::revision;

pub use crate::policy_test::coverage::{Coverage, RuleCoverage};

/// How one case ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The test.
    pub test: Name,
    /// The case's own name or number, where the test has several.
    pub case: Option<String>,
    /// Where it is written.
    pub place: Place,
    /// What is not as expected; empty: it passed.
    pub findings: Vec<Finding>,
    /// The rules that determined the answer; of a denial those that deny, and none where nothing allows.
    pub because: Vec<Contribution>,
    /// Whether it was denied.
    pub denied: bool,
    /// Of a case that failed, what else the answer leans on.
    pub hints: Vec<String>,
}

impl Outcome {
    /// Whether everything is as expected.
    pub fn passed(&self) -> bool {
        self.findings.is_empty()
    }

    /// The test's and the case's name.
    pub fn title(&self) -> String {
        title(&self.test, self.case.as_deref())
    }

    /// What people read of a case that failed: the differences, the rules that determined the answer, and what else it leans on.
    pub fn said(&self) -> String {
        let mut said: Vec<String> = self.findings.iter().map(Finding::render).collect();
        said.extend(self.because.iter().map(|part| format!("  because {part}")));
        if self.because.is_empty() {
            said.push(format!("  because no rule {}", if self.denied { "allows it" } else { "applies" }));
        }
        said.extend(self.hints.iter().map(|hint| format!("  note {hint}")));
        said.join("\n")
    }
}

fn title(test: &Name, case: Option<&str>) -> String {
    match case {
        Some(case) => format!("{test}: {case}"),
        None => test.to_string(),
    }
}

/// How all cases ended.
#[derive(Clone, Debug)]
pub struct Report {
    /// One for each case that ran, in the order of the tests' names.
    pub outcomes: Vec<Outcome>,
    /// Which rules they met.
    pub coverage: Coverage,
}

/// Runs the cases of all tests, or those whose title contains `filter` in any case. A case that says no time is asked at `now`.
pub fn run(documents: &Documents, zone: &TimeZone, now: Timestamp, filter: Option<&str>) -> Report {
    let snapshot = Snapshot::build(documents, zone);
    let mesh = Mesh { scanning: snapshot.clone().scanning(), snapshot, users: revision::users(documents), now };
    let mut coverage = Coverage::of_rules(&mesh.snapshot);
    let filter = filter.map(str::to_lowercase);
    let mut outcomes = Vec::new();
    for test in documents.tests.values() {
        for case in &test.cases {
            let title = title(&test.name, case.name.as_deref()).to_lowercase();
            if filter.as_ref().is_some_and(|filter| !title.contains(filter)) {
                continue;
            }
            let subject = mesh.subject(case);
            let judged = judge::judge(&mesh, case, &subject);
            coverage.count(&mesh, case, &subject, &judged);
            let judge::Judged { findings, because, denied } = judged;
            outcomes.push(Outcome {
                test: test.name.clone(),
                case: case.name.clone(),
                place: case.place.clone(),
                hints: if findings.is_empty() { Vec::new() } else { mesh.hints(case, &subject) },
                findings,
                because,
                denied,
            });
        }
    }
    Report { outcomes, coverage }
}

/// What every case is decided from.
struct Mesh {
    snapshot: Snapshot,
    /// The same without the index, which leaves out rules about others.
    scanning: Snapshot,
    users: Users,
    now: Timestamp,
}

impl Mesh {
    fn hints(&self, case: &Case, subject: &Subject) -> Vec<String> {
        let request = match &case.question {
            Question::Read { table, columns, .. } => {
                Request::Table(TableRequest { table: table.clone(), columns: columns.clone() })
            }
            Question::Act { action, on, to } => {
                Request::Access(AccessRequest { action: *action, resource: on.clone(), target: to.clone() })
            }
        };
        hints(&self.snapshot, subject, &request)
    }

    fn subject(&self, case: &Case) -> Subject {
        let credentials: BTreeMap<String, String> =
            case.purpose.iter().map(|purpose| (PURPOSE_CREDENTIAL.to_owned(), purpose.as_str().to_owned())).collect();
        let party = |person: &Person| self.party(person, &credentials);
        Subject {
            asking: party(&case.who),
            invoker: case.invoker.as_ref().map(party),
            now: case.at.unwrap_or(self.now),
            cluster: Arc::clone(&case.cluster),
        }
    }

    fn party(&self, person: &Person, credentials: &BTreeMap<String, String>) -> Party {
        let mut attributes = self.users.of(&person.user);
        attributes.extend(person.attributes.clone());
        let identity = Identity {
            groups: person.groups.clone(),
            enabled_roles: person.roles.clone(),
            extra_credentials: credentials.clone(),
            ..Identity::of_user(&person.user)
        };
        let unknown_groups = person.groups_are_unknown.then(|| Arc::from("the test says so"));
        Party { identity, attributes, unknown_groups }
    }
}
