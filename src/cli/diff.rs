//! `meshward diff`

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::json;

use crate::cli::config::ConfigFile;
use crate::cli::{Exit, Format, failed, print_json, report};
use crate::clock;
use crate::diff::diff;
use crate::diff::finding::{Cause, Certainty, Diff as Differences, Finding, What};
use crate::document::kinds::Documents;
use crate::document::load;

/// More users than this are only counted.
const MOST_USERS: usize = 3;

/// More tables than this are only counted.
const MOST_TABLES: usize = 3;

/// `meshward diff OLD NEW`
#[derive(Debug, clap::Args)]
pub(super) struct Diff {
    #[command(flatten)]
    file: ConfigFile,
    /// The folder of documents before.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The folder of documents after.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// When it is asked, as 2027-01-31T09:00:00Z; without, now.
    #[arg(long)]
    at: Option<Timestamp>,
    /// For whom to print.
    #[arg(long, value_enum, default_value = "text")]
    format: DiffFormat,
}

/// What a diff is printed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DiffFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For a pull request.
    Markdown,
}

impl Diff {
    pub(super) fn run(self) -> Exit {
        let config = match self.file.load([]) {
            Ok(config) => config,
            Err(error) => return failed(error),
        };
        let (old, new) = match (self.documents(&self.old), self.documents(&self.new)) {
            (Ok(old), Ok(new)) => (old, new),
            (Err(exit), _) | (_, Err(exit)) => return exit,
        };
        let diff = diff(&old, &new, &config.timezone.0, self.at.unwrap_or_else(clock::now));
        match self.format {
            DiffFormat::Text => say!("{}", text(&diff)),
            DiffFormat::Json => print_json(&json!(diff)),
            DiffFormat::Markdown => say!("{}", markdown(&diff)),
        }
        if diff.somebody_gains() { Exit::Denied } else { Exit::Fine }
    }

    fn documents(&self, folder: &Path) -> Result<Documents, Exit> {
        load::folder(folder).map(|loaded| loaded.documents).map_err(|findings| {
            if self.format == DiffFormat::Json {
                return report(&findings, Format::Json);
            }
            eprintln!("{} does not check:\n", folder.display());
            report(&findings, Format::Text)
        })
    }
}

/// The diff for a terminal.
fn text(diff: &Differences) -> String {
    let mut text = summary(diff);
    for (title, findings, gains) in [("GAINS", &diff.gains, true), ("LOSSES", &diff.losses, false)] {
        if findings.is_empty() {
            continue;
        }
        let _infallible = write!(text, "\n\n{title}");
        for finding in findings {
            let _infallible = write!(text, "\n\n{}\n  {}", who(finding), what(finding, gains));
            for (name, value) in details(finding) {
                let _infallible = write!(text, "\n  {name:<8} {value}");
            }
        }
    }
    for (title, lines) in [("CANNOT BE TOLD", &diff.cannot_be_told), ("NOT LOOKED AT", &diff.not_covered)] {
        if lines.is_empty() {
            continue;
        }
        let _infallible = write!(text, "\n\n{title}");
        lines.iter().for_each(|what| {
            let _infallible = write!(text, "\n  {what}");
        });
    }
    text
}

/// The diff as a comment on a pull request.
fn markdown(diff: &Differences) -> String {
    let mut text = format!("**{}**", summary(diff));
    for (title, findings, gains) in [("Gains", &diff.gains, true), ("Losses", &diff.losses, false)] {
        if findings.is_empty() {
            continue;
        }
        let _infallible = write!(text, "\n\n### {title}\n");
        for finding in findings {
            let _infallible = write!(text, "\n- **{}**: {}", escaped(&who(finding)), escaped(&what(finding, gains)));
            for (name, value) in details(finding) {
                let _infallible = write!(text, "\n  - {name}: {}", code(&value));
            }
        }
    }
    for (title, lines) in [("Cannot be told", &diff.cannot_be_told), ("Not looked at", &diff.not_covered)] {
        if lines.is_empty() {
            continue;
        }
        let _infallible = write!(text, "\n\n### {title}\n");
        lines.iter().for_each(|what| {
            let _infallible = write!(text, "\n- {}", escaped(what));
        });
    }
    text
}

fn summary(diff: &Differences) -> String {
    let count = |count: usize, one: &str, many: &str| match count {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    };
    if diff.gains.is_empty() && diff.losses.is_empty() {
        return if diff.cannot_be_told.is_empty() {
            "Nobody gains or loses anything.".to_owned()
        } else {
            "Whether anybody gains anything cannot be told.".to_owned()
        };
    }
    format!("{}, {}", count(diff.gains.len(), "gain", "gains"), count(diff.losses.len(), "loss", "losses"))
}

/// `everyone with @department = 'FINANCE' (412 declared users, for example ann, bob)`
fn who(finding: &Finding) -> String {
    let users: Vec<&str> = finding.users.iter().take(MOST_USERS).map(String::as_str).collect();
    let users = users.join(", ");
    let among = match finding.users.len() {
        0 => return finding.who.clone(),
        1 => format!("declared: {users}"),
        few if few <= MOST_USERS => format!("declared: {users}"),
        many => format!("{many} declared users, for example {users}"),
    };
    let condition = if finding.by_membership { "; who of them is one, Trino knows" } else { "" };
    format!("{} ({among}{condition})", finding.who)
}

/// `may read lake.finance.transactions`
fn what(finding: &Finding, gains: bool) -> String {
    let on: Vec<&str> = finding.on.iter().map(String::as_str).collect();
    let on = match on.as_slice() {
        few if few.len() <= MOST_TABLES => few.join(", "),
        many => {
            let few: Vec<&str> = many.iter().take(MOST_TABLES).copied().collect();
            format!("{} and {} more", few.join(", "), many.len() - few.len())
        }
    };
    let maybe = if finding.example.certainty == Certainty::CannotBeTold { "may " } else { "" };
    match (&finding.what, gains) {
        (What::Table, true) => format!("can read {on}"),
        (What::Table, false) => format!("can no longer read {on}"),
        (What::Rows, true) => format!("{maybe}see more rows of {on}"),
        (What::Rows, false) => format!("{maybe}see fewer rows of {on}"),
        (What::Column(name), true) => format!("see column {name} of {on}"),
        (What::Column(name), false) => format!("no longer see column {name} of {on}"),
        (What::Cells(name), true) => format!("{maybe}see more of column {name} of {on}"),
        (What::Cells(name), false) => format!("{maybe}see less of column {name} of {on}"),
        (What::Views, true) => format!("{maybe}see more of {on} through views of those who may share it"),
        (What::Views, false) => format!("{maybe}see less of {on} through views of those who may share it"),
        (What::Actions(actions), true) => format!("can {} on {on}", actions.join(", ")),
        (What::Actions(actions), false) => format!("can no longer {} on {on}", actions.join(", ")),
    }
}

fn details(finding: &Finding) -> Vec<(&'static str, String)> {
    let example = &finding.example;
    let mut details = Vec::new();
    if !matches!(finding.what, What::Actions(_)) {
        if finding.on.len() > 1 {
            details.push(("example", example.on.clone()));
        }
        details.push(("before", example.before.clone()));
        details.push(("after", example.after.clone()));
    }
    match &example.certainty {
        Certainty::Certain => {}
        Certainty::Row(row) => details.push(("row", format!("for example one with {row}"))),
        Certainty::CannotBeTold => {
            details.push(("note", "it cannot be told whether this is more; it counts as a gain".to_owned()));
        }
    }
    for cause in &finding.because {
        details.push((
            "because",
            match cause {
                Cause::Rule { policy, rule, turn, sentence } => {
                    format!("rule {rule} of policy `{policy}` is {}: {sentence}", turn.word())
                }
                Cause::Document(what) => what.clone(),
            },
        ));
    }
    details
}

/// Text in which Markdown reads nothing.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, c| {
        if matches!(c, '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|' | '@') {
            escaped.push('\\');
        }
        escaped.push(c);
        escaped
    })
}

/// Text as code, whatever is in it.
fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if longest == 0 { format!("`{text}`") } else { format!("{fence} {text} {fence}") }
}
