//! `meshward check`

use std::io::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use jiff::tz::TimeZone;

use crate::cli::{Exit, Format, print_findings, print_json, report, sarif};
use crate::clock;
use crate::document::finding::{Finding, Severity};
use crate::document::kinds::Documents;
use crate::document::load;
use crate::engine::snapshot::Snapshot;
use crate::lint;

/// `meshward check DIR`
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// The folder of documents.
    #[arg(value_name = "DIR", default_value = ".")]
    documents: PathBuf,
    /// For whom to print.
    #[arg(long, value_enum, default_value = "text")]
    format: CheckFormat,
    /// Exit with 4 when there are warnings that no document accepts.
    #[arg(long)]
    deny_warnings: bool,
}

/// Patterns that a person may have meant as a table's name: with one or two parts they name a catalog or a schema.
fn short_patterns(documents: &Documents) -> Vec<String> {
    let mut notes = Vec::new();
    for policy in documents.policies.values() {
        for pattern in policy.on.patterns() {
            // `catalog c` is said in so many words.
            if let [catalog, schema] = pattern.exact_start().as_slice()
                && pattern.parts().len() == 2
            {
                notes.push(format!(
                    "policy `{}` is on the schema `{schema}` of the catalog `{catalog}`; a table has three parts",
                    policy.name
                ));
            }
        }
    }
    notes
}

/// How many documents of each kind there are; of policies and their rules always.
fn contents(documents: &Documents, rules: usize) -> String {
    let policies = match documents.policies.len() {
        1 => "1 policy".to_owned(),
        many => format!("{many} policies"),
    };
    let kinds = [
        (documents.domains.len(), "domain"),
        (documents.tags.len(), "tag"),
        (documents.taggings.len(), "tagging"),
        (documents.attributes.len(), "attribute"),
        (documents.users.len(), "user"),
        (documents.sources.len(), "source"),
        (documents.purposes.len(), "purpose"),
        (documents.grants.len(), "grant"),
        (documents.lists.len(), "list"),
        (documents.tables.len(), "table"),
        (documents.tests.len(), "test"),
    ];
    let kinds = kinds.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| counted(count, what));
    let all: Vec<String> =
        std::iter::once(format!("{policies} with {}", counted(rules, "rule"))).chain(kinds).collect();
    all.join(", ")
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// What `check` prints for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For code hosts and editors: SARIF 2.1.0.
    Sarif,
}

impl Check {
    pub(super) fn run(self) -> Exit {
        let loaded = match load::folder(&self.documents) {
            Ok(loaded) => loaded,
            Err(findings) => {
                return match self.format {
                    CheckFormat::Text => report(&findings, Format::Text),
                    CheckFormat::Json => report(&findings, Format::Json),
                    CheckFormat::Sarif => {
                        print_json(&sarif::log(&self.documents, &findings));
                        Exit::DocumentsInvalid
                    }
                };
            }
        };
        let snapshot = Snapshot::build(&loaded.documents, &TimeZone::UTC);
        let today = clock::now().to_zoned_datetime(TimeZone::UTC).date();
        let findings = lint::warnings(&loaded, &snapshot, today);
        let warnings = findings.iter().filter(|finding| finding.warns()).count();
        let rules: usize = loaded.documents.policies.values().map(|policy| policy.rules.len()).sum();
        match self.format {
            CheckFormat::Text => self.tell(&loaded.documents, rules, &findings),
            CheckFormat::Json => {
                let entries: Vec<_> = findings.iter().map(Finding::entry).collect();
                print_json(&serde_json::json!({ "findings": entries, "rules": rules }));
            }
            CheckFormat::Sarif => print_json(&sarif::log(&self.documents, &findings)),
        }
        if self.deny_warnings && warnings > 0 { Exit::DocumentsInvalid } else { Exit::Fine }
    }

    fn tell(&self, documents: &Documents, rules: usize, findings: &[Finding]) {
        let shown: Vec<&Finding> = findings.iter().filter(|finding| finding.accepted.is_none()).collect();
        print_findings(&shown);
        short_patterns(documents).iter().for_each(|note| say!("note: {note}"));
        let count = |severity| shown.iter().filter(|finding| finding.severity == severity).count();
        let counts = [
            (count(Severity::Warning), "warning"),
            (count(Severity::Note), "note"),
            (findings.len() - shown.len(), "accepted warning"),
        ];
        let counts: Vec<String> =
            counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| counted(count, what)).collect();
        let found = if counts.is_empty() { "nothing wrong".to_owned() } else { counts.join(", ") };
        say!("{}: {found}", contents(documents, rules));
        if let Some(first) = shown.first() {
            say!("`meshward code {}` says more of a code", first.code.as_str());
        }
    }
}
