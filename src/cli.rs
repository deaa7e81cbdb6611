//! The command line: one verb, one file.

/// Prints a line. A reader that has gone away, as `head` does, is no mistake and changes no exit code; that nothing can be written is
/// one.
macro_rules! say {
    ($($text:tt)*) => {
        if let Err(error) = writeln!(std::io::stdout(), $($text)*)
            && error.kind() != std::io::ErrorKind::BrokenPipe
        {
            eprintln!("meshward: what there is to say cannot be written: {error}");
            std::process::exit(1)
        }
    };
}

mod attributes;
mod check;
mod code;
mod completion;
mod config;
mod diff;
mod explain;
mod fmt;
mod paraphrase;
mod sarif;
mod schema;
mod serve;
mod test;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::document::finding::Finding;

/// The open policy plane for Trino and Starburst.
#[derive(Debug, Parser)]
#[command(name = "meshward", version, about, max_term_width = 120)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Answer Trino's questions.
    Serve(serve::Serve),
    /// Say what is wrong with a folder of documents.
    Check(check::Check),
    /// Write sentences in their canonical form.
    Fmt(fmt::Fmt),
    /// Say what a user may see of a table, in words and as SQL, and why.
    Explain(explain::Explain),
    /// Say who gains and who loses what from one folder of documents to another.
    Diff(diff::Diff),
    /// Say what rules mean, for those whom they restrict and those whom they release, in words that need no SQL.
    Paraphrase(paraphrase::ParaphraseRules),
    /// Run the tests of documents, and say which rules none of them met.
    Test(test::Test),
    /// See or forget what a running server knows of users.
    Attributes(attributes::Attributes),
    /// Print the configuration that is in force.
    Config(config::PrintConfig),
    /// Print what a code of an error or warning means, with examples.
    Code(code::ExplainCode),
    /// Print the JSON Schema of documents, for editors.
    Schema(schema::Schema),
    /// Print the script with which a shell completes this command.
    Completion(completion::Completion),
}

/// How a verb ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// All is well.
    Fine = 0,
    /// It did not work.
    Failed = 1,
    /// The answer is no: a denial, or somebody gains from a change.
    Denied = 3,
    /// The documents do not check.
    DocumentsInvalid = 4,
}

/// What a verb prints for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Where the documents are.
#[derive(Clone, Debug, clap::Args)]
struct DocumentsFolder {
    /// The folder of documents.
    #[arg(long, value_name = "DIR", default_value = ".")]
    documents: PathBuf,
}

/// Runs the verb that the command line names. Exit codes: 0 fine, 1 failed, 2 usage, 3 denied, 4 documents invalid.
pub fn run() -> ExitCode {
    let exit = match Cli::parse().verb {
        Verb::Serve(verb) => verb.run(),
        Verb::Check(verb) => verb.run(),
        Verb::Fmt(verb) => verb.run(),
        Verb::Explain(verb) => verb.run(),
        Verb::Diff(verb) => verb.run(),
        Verb::Paraphrase(verb) => verb.run(),
        Verb::Test(verb) => verb.run(),
        Verb::Attributes(verb) => verb.run(),
        Verb::Config(verb) => verb.run(),
        Verb::Code(verb) => verb.run(),
        Verb::Schema(verb) => verb.run(),
        Verb::Completion(verb) => verb.run(),
    };
    ExitCode::from(exit as u8)
}

/// More findings than this are only counted: nobody reads them, and rendering each looks at its whole file.
const MOST_FINDINGS_SHOWN: usize = 100;

/// Prints findings; those for people go to standard error.
fn report(findings: &[Finding], format: Format) -> Exit {
    match format {
        Format::Text => {
            print_findings(&findings.iter().collect::<Vec<_>>());
            eprintln!("{} error{}", findings.len(), if findings.len() == 1 { "" } else { "s" });
            if let Some(first) = findings.first() {
                eprintln!("`meshward code {}` says more of a code", first.code.as_str());
            }
        }
        Format::Json => {
            let entries: Vec<_> = findings.iter().map(Finding::entry).collect();
            print_json(&serde_json::json!({ "findings": entries }));
        }
    }
    Exit::DocumentsInvalid
}

fn print_findings(findings: &[&Finding]) {
    findings.iter().take(MOST_FINDINGS_SHOWN).for_each(|finding| eprintln!("{}\n", finding.render()));
    if findings.len() > MOST_FINDINGS_SHOWN {
        eprintln!("the first {MOST_FINDINGS_SHOWN} of {} are shown; --format json has all\n", findings.len());
    }
}

fn print_json(value: &serde_json::Value) {
    say!("{value:#}");
}

fn failed(why: impl std::fmt::Display) -> Exit {
    eprintln!("meshward: {why}");
    Exit::Failed
}
