//! Outcomes as JUnit XML, which CI systems read.

use quick_junit::{NonSuccessKind, Report as JunitReport, TestCase, TestCaseStatus, TestSuite};

use crate::policy_test::{Outcome, Report};

/// The report as XML: a suite for each test, a case for each of its cases.
///
/// # Errors
/// What cannot be written as XML.
pub fn xml(report: &Report) -> Result<String, quick_junit::SerializeError> {
    let mut junit = JunitReport::new("meshward");
    let mut outcomes = report.outcomes.iter().peekable();
    while let Some(first) = outcomes.next() {
        let mut suite = TestSuite::new(first.test.as_str());
        suite.add_test_case(case(first));
        while let Some(next) = outcomes.next_if(|next| next.test == first.test) {
            suite.add_test_case(case(next));
        }
        junit.add_test_suite(suite);
    }
    junit.to_string()
}

fn case(outcome: &Outcome) -> TestCase {
    let status = match outcome.findings.first() {
        None => TestCaseStatus::success(),
        Some(first) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(&first.message).set_type(first.code.as_str()).set_description(outcome.said());
            status
        }
    };
    let mut case = TestCase::new(outcome.case.as_deref().unwrap_or(outcome.test.as_str()), status);
    case.set_classname(outcome.test.as_str());
    let (line, _) = outcome.place.line_and_column();
    case.extra.insert("file".into(), outcome.place.source.path.as_str().into());
    case.extra.insert("line".into(), line.to_string().into());
    case
}
