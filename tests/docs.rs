//! The documentation: its examples are read by the very code that they document, and what it lists is complete.
//!
//! Fenced blocks by their info string:
//! `meshward` sentences, one in a line; with `canonical` each prints back unchanged; with `target`, `audience` that is what they are;
//! `yaml` documents when the block begins with a kind: they check, all that they name included; with `fragment` they are a part;
//! `text paraphrase` what `meshward paraphrase` says;
//! with `warns` they are taken, with the warning of the page's code, and the block after it is what is said;
//! the first two with `wrong`: they are refused, on a page of `docs/errors` with the page's code, and a `text` block after it is what is said.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use meshward::config::Config;
use meshward::document::finding::{Code, Source};
use meshward::document::load;
use meshward::document::warning::Warning;
use meshward::language::check::Vocabulary;
use meshward::language::diagnostic::{self, Diagnostic};
use meshward::language::{paraphrase, parse};
use meshward::model::decision::Decision;
use meshward::policy_test;
use meshward::telemetry::metrics::{Metrics, Rpc};

use crate::lint::warnings;

/// A fenced block of a page.
struct Block {
    page: PathBuf,
    line: usize,
    info: Vec<String>,
    text: String,
}

impl Block {
    fn has(&self, word: &str) -> bool {
        self.info.iter().any(|other| other == word)
    }

    fn at(&self) -> String {
        format!("{}:{}", self.page.strip_prefix(root()).unwrap().display(), self.line)
    }

    /// On a page about one code, that code.
    fn code(&self) -> Option<&str> {
        self.page.file_stem().and_then(|stem| stem.to_str()).filter(|stem| stem.starts_with("MW"))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(page: &str) -> String {
    fs::read_to_string(root().join(page)).unwrap()
}

fn pages() -> Vec<PathBuf> {
    let mut pages = Vec::new();
    let mut open = vec![root().to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                open.push(path);
            } else if name.ends_with(".md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let mut open: Option<Block> = None;
        for (index, line) in text.lines().enumerate() {
            match (&mut open, line.trim_start().strip_prefix("```")) {
                (None, Some(info)) => {
                    let info = info.split_whitespace().map(str::to_owned).collect();
                    open = Some(Block { page: page.clone(), line: index + 1, info, text: String::new() });
                }
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (Some(block), None) => block.text.push_str(&format!("{line}\n")),
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{} has a block that is not closed", page.display());
    }
    blocks
}

fn printed(block: &Block, sentence: &str) -> Result<String, Vec<Diagnostic>> {
    if block.has("target") {
        parse::target(sentence).map(|target| target.to_string())
    } else if block.has("audience") {
        parse::audience(sentence).map(|audience| audience.to_string())
    } else {
        parse::rule(sentence).map(|rule| rule.to_string())
    }
}

#[test]
fn every_sentence_of_the_documentation_is_what_it_is_said_to_be() {
    let (mut count, mut failures) = (0, Vec::new());
    for block in blocks().iter().filter(|block| block.has("meshward")) {
        for sentence in block.text.lines().filter(|line| !line.trim().is_empty()) {
            count += 1;
            let wrong = match (printed(block, sentence), block.has("wrong")) {
                (Ok(printed), false) if !block.has("canonical") || printed == sentence => continue,
                (Ok(printed), false) => format!("prints as {printed}"),
                (Ok(_), true) => "is accepted".to_owned(),
                (Err(found), true) if block.code().is_none_or(|code| found.iter().any(|d| d.code.as_str() == code)) => {
                    continue;
                }
                (Err(found), _) => format!("{found:?}"),
            };
            failures.push(format!("{} {sentence}\n  {wrong}", block.at()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(count >= 80, "only {count} sentences were found");
}

/// Blocks that are whole documents.
fn whole_documents() -> Vec<Block> {
    let begins = |block: &Block| {
        let first = block.text.lines().find(|line| !line.starts_with('#')).unwrap_or("");
        first.starts_with("kind:") || first.starts_with("{kind:")
    };
    let whole = |block: &Block| block.has("yaml") && !block.has("fragment") && begins(block);
    blocks().into_iter().filter(whole).collect()
}

/// Where each block of documents stands, and its text.
pub(crate) fn document_blocks() -> Vec<(String, String)> {
    whole_documents().into_iter().map(|block| (block.at(), block.text)).collect()
}

#[test]
fn every_document_of_the_documentation_checks_by_itself() {
    let (mut count, mut failures) = (0, Vec::new());
    for block in whole_documents() {
        count += 1;
        let checked = load::texts(&[Arc::new(Source::new(block.at(), &*block.text))]);
        match (checked, block.has("wrong")) {
            (Ok(_), false) => {}
            (Ok(_), true) => failures.push(format!("{} is accepted", block.at())),
            (Err(found), true)
                if block.code().is_none_or(|code| found.iter().any(|finding| finding.code.as_str() == code)) => {}
            (Err(found), _) => failures.extend(found.iter().map(|finding| finding.render())),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(count >= 20, "only {count} blocks of documents were found");
}

/// On a page about a warning: what warns, what is said of it, and what does not warn.
#[test]
fn every_warning_that_a_page_shows_is_what_is_said() {
    let (mut count, mut failures) = (0, Vec::new());
    for [block, shown] in blocks().array_windows() {
        let (Some(code), true) = (block.code(), block.has("yaml")) else { continue };
        let found = warnings(&[Arc::new(Source::new("policies.yaml", &*block.text))]).unwrap_or_default();
        let said: Vec<String> =
            found.iter().filter(|finding| finding.warns()).map(|finding| finding.render()).collect();
        if !block.has("warns") {
            assert!(block.has("wrong") || said.is_empty(), "{}: {said:?}", block.at());
            continue;
        }
        count += 1;
        let all_of_it = found.iter().all(|finding| finding.code.as_str() == code);
        if !all_of_it || !shown.has("text") || said.join("\n\n") != shown.text.trim() {
            failures.push(format!("{}\n{}", shown.at(), said.join("\n\n")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(count, Warning::ALL.len());
}

/// On a page about a code, the block after a wrong one shows what is said of it.
#[test]
fn every_finding_that_a_page_shows_is_what_is_said() {
    let (mut count, mut failures) = (0, Vec::new());
    for [wrong, shown] in blocks().array_windows() {
        if !(wrong.code().is_some() && wrong.has("yaml") && wrong.has("wrong") && shown.has("text")) {
            continue;
        }
        count += 1;
        let path = shown.text.split_once("--> ").and_then(|(_, rest)| rest.split(':').next()).unwrap_or("");
        let source = Arc::new(Source::new(path, wrong.text.clone()));
        let said: Vec<String> = load::texts(&[source]).unwrap_err().iter().map(|finding| finding.render()).collect();
        let said = said.join("\n\n");
        if !said.contains(shown.text.trim()) {
            failures.push(format!("{}\n{said}", shown.at()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(count >= 10, "only {count} were found");
}

#[test]
fn every_paraphrase_of_the_documentation_is_what_is_told() {
    let mut count = 0;
    for block in blocks().iter().filter(|block| block.has("paraphrase")) {
        let (command, shown) = block.text.split_once('\n').unwrap();
        let sentence = command.strip_prefix("$ meshward paraphrase '").unwrap().strip_suffix('\'').unwrap();
        let rule = parse::rule(sentence).unwrap();
        let told = paraphrase::rule(&rule, &Vocabulary::default()).to_string().replace('\n', "\n   ");
        assert_eq!(shown, format!("{rule}\n   {told}\n"), "{}", block.at());
        count += 1;
    }
    assert!(count >= 1, "none was found");
}

#[test]
fn every_test_of_the_documentation_comes_to_what_it_is_said_to() {
    let (mut count, mut failures) = ([0, 0], Vec::new());
    let blocks = blocks();
    for (index, block) in blocks.iter().enumerate().filter(|(_, block)| block.has("yaml") && block.has("test")) {
        let shown = blocks.get(index + 1).filter(|_| block.has("failing")).map_or("", |shown| shown.text.trim());
        let path = shown.split_once("--> ").and_then(|(_, rest)| rest.split(':').next()).unwrap_or("");
        let source = Arc::new(Source::new(path, block.text.clone()));
        let documents = load::texts(&[source]).unwrap().documents;
        let now = "2026-03-15T12:00:00Z".parse().unwrap();
        let report = policy_test::run(&documents, &jiff::tz::TimeZone::UTC, now, None);
        let failing = block.has("failing");
        count[usize::from(failing)] += report.outcomes.len();
        for outcome in &report.outcomes {
            if outcome.passed() == failing || !outcome.said().contains(shown) {
                failures.push(format!("{} {}\n{}", block.at(), outcome.title(), outcome.said()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(count[0] >= 5 && count[1] >= 3, "{count:?}");
}

#[test]
fn every_code_has_a_page() {
    let index = read("docs/errors/README.md");
    let sentences = diagnostic::Code::ALL.iter().map(|code| code.as_str());
    let warnings = Warning::ALL.iter().map(|warning| warning.as_str());
    for code in sentences.chain(Code::OWN.map(Code::as_str)).chain(warnings) {
        let page = read(&format!("docs/errors/{code}.md"));
        assert!(page.starts_with(&format!("# {code}: ")), "{code}'s page has no title");
        assert!(index.contains(&format!("[{code}]({code}.md)")), "{code} is not in the index");
    }
}

fn all_are_named(page: &str, what: &[String]) {
    let text = read(page);
    let missing: Vec<&String> = what.iter().filter(|word| !text.contains(&format!("`{word}`"))).collect();
    assert!(missing.is_empty(), "{page} does not name {missing:?}");
}

#[test]
fn every_property_and_error_of_the_plugin_is_documented() {
    let source = "trino-shim/src/main/java/dev/meshward/trino";
    let constants = read(&format!("{source}/ConfigReader.java"));
    // A name that ends in a dot is the beginning of several.
    let property = |rest: &str| format!("meshward.{rest}{}", if rest.ends_with('.') { "*" } else { "" });
    let constants = constants.split(" = \"meshward.").skip(1).filter_map(|rest| rest.split('"').next());
    let properties: Vec<String> = constants.map(property).collect();
    assert!(properties.len() >= 13, "only {properties:?} were found");
    all_are_named("docs/plugin.md", &properties);
    let errors = read(&format!("{source}/MeshwardErrorCode.java"));
    let errors: Vec<String> = errors
        .lines()
        .filter_map(|line| {
            line.trim().strip_prefix("MESHWARD_")?.split_once('(').map(|(name, _)| format!("MESHWARD_{name}"))
        })
        .collect();
    assert!(errors.len() >= 10, "only {errors:?} were found");
    all_are_named("docs/plugin.md", &errors);
}

#[test]
fn every_configuration_key_and_metric_is_documented() {
    let mut keys = Vec::new();
    for (key, value) in serde_json::to_value(Config::default()).unwrap().as_object().unwrap() {
        match value.as_object() {
            Some(section) => keys.extend(section.keys().map(|inner| format!("{key}.{inner}"))),
            None => keys.push(key.clone()),
        }
    }
    all_are_named("docs/server.md", &keys);
    let metrics = Arc::new(Metrics::default());
    // What was never counted is not in the text.
    drop(metrics.begin(Rpc::DecideTable));
    metrics.decided(&Decision::Listing(Vec::new()), Duration::ZERO);
    metrics.documents_read(true, None);
    let metrics = metrics.text().unwrap();
    let metrics: Vec<String> =
        metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next().map(str::to_owned)).collect();
    assert!(metrics.len() >= 8, "only {metrics:?} were found");
    let page = read("docs/server.md");
    for metric in metrics {
        assert!(page.contains(&metric), "docs/server.md does not name {metric}");
    }
}

/// A heading's anchor, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    kept.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[test]
fn every_link_of_the_documentation_leads_somewhere() {
    let mut broken = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let linked = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let found = linked.exists()
                && (heading.is_empty()
                    || fs::read_to_string(&linked)
                        .unwrap_or_default()
                        .lines()
                        .filter(|line| line.starts_with('#'))
                        .any(|line| anchor(line.trim_start_matches('#').trim()) == heading));
            if !found {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_code_map_names_every_module() {
    let map = read("ARCHITECTURE.md");
    let map = map.split_once("## Code map").unwrap().1.split_once("## Invariants").unwrap().0;
    // `src/engine/` and `src/engine.rs` are one module.
    let module = |path: &str| path.split(['/', '.']).next().unwrap().to_owned();
    let mapped: BTreeSet<String> =
        map.lines().filter_map(|line| line.strip_prefix("| `src/")?.split('`').next()).map(module).collect();
    let entries = fs::read_dir(root().join("src")).unwrap();
    let names = entries.map(|entry| module(&entry.unwrap().file_name().to_string_lossy()));
    assert_eq!(mapped, names.filter(|name| name != "lib").collect());
}

#[test]
fn only_the_door_knows_generated_types() {
    let mut open = vec![root().join("src")];
    while let Some(at) = open.pop() {
        if at.is_dir() {
            open.extend(fs::read_dir(&at).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        // The question's own reading is tested against the generated one.
        let door = ["rpc/convert.rs", "rpc/service.rs", "rpc/question.rs"].iter().any(|door| at.ends_with(door));
        let text = fs::read_to_string(&at).unwrap();
        assert!(
            door || !(text.contains("proto::") || text.contains("include_proto")),
            "{} names generated types",
            at.display()
        );
    }
}
