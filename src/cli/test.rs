//! `meshward test`

use std::io::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cli::config::ConfigFile;
use crate::cli::{Exit, Format, failed, print_json, report};
use crate::clock;
use crate::document::finding::Finding;
use crate::document::load;
use crate::policy_test::{self, Coverage, Outcome, Report, RuleCoverage, junit};

/// `meshward test DIR`
#[derive(Debug, clap::Args)]
pub(super) struct Test {
    /// The folder of documents, their tests among them.
    #[arg(value_name = "DIR", default_value = ".")]
    documents: PathBuf,
    #[command(flatten)]
    file: ConfigFile,
    /// Only cases with this text in the name of the test or the case; coverage is then not looked at.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Fail when fewer of a hundred rules were decided by some case.
    #[arg(long, value_name = "PERCENT", conflicts_with = "filter", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_coverage: Option<u8>,
    /// Write the outcomes to a file as JUnit XML besides.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// For whom to print.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Test {
    pub(super) fn run(self) -> Exit {
        let config = match self.file.load([]) {
            Ok(config) => config,
            Err(error) => return failed(error),
        };
        let loaded = match load::folder(&self.documents) {
            Ok(loaded) => loaded,
            Err(findings) => return report(&findings, self.format),
        };
        let outcomes = policy_test::run(&loaded.documents, &config.timezone.0, clock::now(), self.filter.as_deref());
        if let Some(file) = &self.junit {
            let written = junit::xml(&outcomes).map_err(|error| error.to_string());
            if let Err(error) = written.and_then(|xml| std::fs::write(file, xml).map_err(|error| error.to_string())) {
                return failed(format!("{}: {error}", file.display()));
            }
        }
        match self.format {
            Format::Text => self.print_text(&outcomes),
            Format::Json => print_json(&self.as_json(&outcomes)),
        }
        if outcomes.outcomes.is_empty() {
            let what = if self.filter.is_some() { "no case has that text in its name" } else { "there are no tests" };
            return failed(what);
        }
        let percent = outcomes.coverage.percent();
        if let Some(least) = self.min_coverage.filter(|least| percent < usize::from(*least)) {
            return failed(format!("{percent} of a hundred rules were decided by some case, and {least} have to be"));
        }
        if outcomes.outcomes.iter().all(Outcome::passed) { Exit::Fine } else { Exit::Failed }
    }

    fn print_text(&self, report: &Report) {
        for outcome in report.outcomes.iter().filter(|outcome| !outcome.passed()) {
            say!("failed: {}\n{}\n", outcome.title(), outcome.said());
        }
        if self.filter.is_none() {
            print_coverage(&report.coverage);
        }
        let failed = report.outcomes.iter().filter(|outcome| !outcome.passed()).count();
        say!("{} passed, {failed} failed", report.outcomes.len() - failed);
    }

    fn as_json(&self, report: &Report) -> Value {
        let tests = report.outcomes.iter().map(|outcome| {
            let (line, _) = outcome.place.line_and_column();
            json!({
                "test": outcome.test.as_str(),
                "case": outcome.case,
                "file": outcome.place.source.path,
                "line": line,
                "passed": outcome.passed(),
                "findings": outcome.findings.iter().map(Finding::entry).collect::<Vec<_>>(),
                "because": outcome.because.iter().map(|part| json!({
                    "policy": part.rule.policy.as_str(),
                    "rule": part.rule.rule,
                    "effect": part.effect.to_string(),
                })).collect::<Vec<_>>(),
                "notes": outcome.hints,
            })
        });
        let passed = report.outcomes.iter().filter(|outcome| outcome.passed()).count();
        let mut all = json!({
            "tests": tests.collect::<Vec<_>>(),
            "passed": passed,
            "failed": report.outcomes.len() - passed,
        });
        if self.filter.is_none()
            && let Some(fields) = all.as_object_mut()
        {
            fields.insert("coverage".to_owned(), coverage_as_json(&report.coverage));
        }
        all
    }
}

fn print_coverage(coverage: &Coverage) {
    let list = |title: &str, rules: Vec<&RuleCoverage>| {
        if !rules.is_empty() {
            say!("{title}");
            for rule in rules {
                say!("  {}/{}: {}", rule.rule.policy, rule.rule.rule, rule.rule.sentence);
            }
        }
    };
    list("no case decided these rules:", coverage.never_decided().collect());
    list("no case is about somebody whom these rules leave alone:", coverage.never_left_alone().collect());
    let decided = coverage.rules.len() - coverage.never_decided().count();
    say!("{decided} of {} rules decided by some case ({} %)", coverage.rules.len(), coverage.percent());
}

fn coverage_as_json(coverage: &Coverage) -> Value {
    let rules = coverage.rules.iter().map(|rule| {
        json!({
            "policy": rule.rule.policy.as_str(),
            "rule": rule.rule.rule,
            "decided": rule.decided,
            "left_alone": rule.left_alone,
            "selective": rule.selective,
        })
    });
    json!({ "percent": coverage.percent(), "rules": rules.collect::<Vec<_>>() })
}
