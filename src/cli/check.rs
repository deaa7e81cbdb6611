//! `meshward check`

use std::io::Write as _;
use std::path::PathBuf;

use crate::cli::{Exit, Format, print_json, report};
use crate::document::kinds::Documents;
use crate::document::load;

/// `meshward check DIR`
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// The folder of documents.
    #[arg(value_name = "DIR", default_value = ".")]
    documents: PathBuf,
    /// For whom to print.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
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

impl Check {
    pub(super) fn run(self) -> Exit {
        let loaded = match load::folder(&self.documents) {
            Ok(loaded) => loaded,
            Err(findings) => return report(&findings, self.format),
        };
        let documents = &loaded.documents;
        let rules: usize = documents.policies.values().map(|policy| policy.rules.len()).sum();
        if self.format == Format::Text {
            short_patterns(documents).iter().for_each(|note| say!("note: {note}"));
        }
        match self.format {
            Format::Text => say!(
                "{} policies with {rules} rules, {} tags, {} taggings, {} attributes, {} purposes, {} grants: nothing wrong",
                documents.policies.len(),
                documents.tags.len(),
                documents.taggings.len(),
                documents.attributes.len(),
                documents.purposes.len(),
                documents.grants.len(),
            ),
            Format::Json => print_json(&serde_json::json!({ "findings": [], "rules": rules })),
        }
        Exit::Fine
    }
}
