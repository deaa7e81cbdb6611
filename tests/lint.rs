//! Warnings: for each code a case where it is given and one where it is not.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::date;
use jiff::tz::TimeZone;
use meshward::document::finding::{Finding, Severity, Source};
use meshward::document::load;
use meshward::document::warning::Warning;
use meshward::engine::snapshot::Snapshot;
use meshward::lint;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The warnings about some files, as of one day.
pub(crate) fn warnings(sources: &[Arc<Source>]) -> Result<Vec<Finding>, Vec<Finding>> {
    let loaded = load::texts(sources)?;
    let snapshot = Snapshot::build(&loaded.documents, &TimeZone::UTC);
    Ok(lint::warnings(&loaded, &snapshot, date(2026, 11, 24)))
}

fn of_file(path: &Path) -> Vec<Finding> {
    let name = path.file_name().unwrap().to_string_lossy();
    let source = Arc::new(Source::new(name, fs::read_to_string(path).unwrap_or_else(|_| panic!("{}", path.display()))));
    warnings(&[source]).unwrap_or_else(|found| panic!("{}", said(&found)))
}

fn said(findings: &[Finding]) -> String {
    findings.iter().map(|finding| finding.render() + "\n\n").collect()
}

/// `cases/CODE.hit.yaml` gives what `cases/CODE.hit.txt` has, and that code alone; `UPDATE=1` writes it. `cases/CODE.miss.yaml`
/// comes near and gives nothing.
#[test]
fn each_warning_is_given_where_it_is_right_and_nowhere_else() {
    let cases = root().join("tests/lint/cases");
    let mut wrong = Vec::new();
    for warning in Warning::ALL {
        let code = warning.as_str();
        let hits = of_file(&cases.join(format!("{code}.hit.yaml")));
        let strangers: Vec<&str> = hits.iter().map(|hit| hit.code.as_str()).filter(|other| *other != code).collect();
        let expected = cases.join(format!("{code}.hit.txt"));
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&expected, said(&hits)).unwrap();
        }
        if !strangers.is_empty() || hits.is_empty() || fs::read_to_string(&expected).unwrap_or_default() != said(&hits)
        {
            wrong.push(format!("{code}.hit ({strangers:?}):\n{}", said(&hits)));
        }
        let misses = of_file(&cases.join(format!("{code}.miss.yaml")));
        if !misses.is_empty() {
            wrong.push(format!("{code}.miss:\n{}", said(&misses)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn yaml_files(folder: PathBuf) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")).collect()
}

#[test]
fn the_examples_are_as_they_are_meant() {
    for folder in fs::read_dir(root().join("examples")).unwrap() {
        let sources = yaml_files(folder.unwrap().path());
        let sources: Vec<Arc<Source>> = sources
            .iter()
            .map(|path| Arc::new(Source::new(path.display().to_string(), fs::read_to_string(path).unwrap())))
            .collect();
        let found = warnings(&sources).unwrap();
        assert!(found.is_empty(), "{}", said(&found));
    }
}

#[test]
fn what_is_accepted_with_a_reason_warns_nobody() {
    let text = |accept: &str| {
        format!(
            "{{kind: Purpose, name: audit}}\n---\n{{kind: Grant, name: g, to: user \"ann\", purpose: audit}}\n---\nkind: Policy\nname: \
             p\non: everything\n{accept}rules:\n  - only show rows where n = 1 for everyone except those acting for purpose audit\n"
        )
    };
    let found = |accept: &str| warnings(&[Arc::new(Source::new("a.yaml", text(accept)))]);
    let plain = found("").unwrap();
    assert!(plain[0].warns() && plain[0].severity == Severity::Warning);
    let accepted = found("accept: {MW0201: auditors see all rows}\n").unwrap();
    assert!(!accepted[0].warns());
    assert_eq!(accepted[0].accepted.as_deref(), Some("auditors see all rows"));
    for wrong in
        ["accept: {MW0201: ''}\n", "accept: {MW0103: because}\n", "accept: {MW9999: because}\n", "accept: MW0201\n"]
    {
        let refused = found(wrong).unwrap_err();
        assert_eq!(refused[0].code.as_str(), "MW0106", "{wrong}");
    }
}
