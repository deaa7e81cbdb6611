//! Tests of documents: what passes, what does not, and with which words; which rules were met; and that no decision depends on them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use jiff::tz::TimeZone;
use meshward::document::finding::Source;
use meshward::document::load;
use meshward::policy_test::{self, Report, junit};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(name: &str, text: &str) -> Report {
    let source = Arc::new(Source::new(name, text));
    let loaded = load::texts(&[source]).unwrap_or_else(|findings| {
        panic!("{}", findings.iter().map(|finding| finding.render() + "\n").collect::<String>())
    });
    let now = "2026-03-15T12:00:00Z".parse().unwrap();
    policy_test::run(&loaded.documents, &TimeZone::get("Europe/Berlin").unwrap(), now, None)
}

fn said(report: &Report) -> String {
    let mut said = String::new();
    for outcome in &report.outcomes {
        match outcome.passed() {
            true => said += &format!("passed: {}\n", outcome.title()),
            false => said += &format!("\nfailed: {}\n{}\n\n", outcome.title(), outcome.said()),
        }
    }
    for rule in &report.coverage.rules {
        let words = if rule.selective { "left alone" } else { "for everybody, left alone" };
        said +=
            &format!("{}/{} decided {}, {words} {}\n", rule.rule.policy, rule.rule.rule, rule.decided, rule.left_alone);
    }
    said + &format!("{} %\n", report.coverage.percent())
}

/// Every case: what the tests of `cases/NAME.yaml` come to is `cases/NAME.txt`; `UPDATE=1` writes it.
#[test]
fn tests_come_to_what_they_come_to() {
    let (mut count, mut wrong) = (0, Vec::new());
    for entry in fs::read_dir(root().join("tests/policy_test/cases")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let said = said(&run(&name, &fs::read_to_string(&path).unwrap()));
        let expected = path.with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&expected, &said).unwrap();
        } else if said != fs::read_to_string(&expected).unwrap_or_default() {
            wrong.push(format!("{name}:\n{said}"));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 6, "only {count} cases were found");
}

/// Runs `meshward test` over a folder with one file.
fn meshward_test(text: &str, more: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mesh.yaml"), text).unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_meshward")).arg("test").arg(folder.path()).args(more).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

const MESH: &str = "kind: Policy\nname: p\non: lake.s.t\nrules:\n  - allow members of group \"a\" to read\n  - deny user \"x\" to drop\n---\n";

fn test_of(name: &str, expect: &str) -> String {
    format!("---\n{{kind: Test, name: {name}, table: lake.s.t, user: u, groups: a, expect: {expect}}}\n")
}

#[test]
fn the_exit_code_says_whether_all_passed_and_enough_was_covered() {
    let passing = format!("{MESH}{}", test_of("fine", "allowed"));
    let failing = format!("{passing}{}", test_of("wrong", "denied"));
    for (text, flags, code) in [
        (&passing, &[][..], 0),
        (&failing, &[], 1),
        (&failing, &["--filter", "FIN"], 0),
        (&failing, &["--filter", "nothing is called that"], 1),
        (&passing, &["--min-coverage", "50"], 0),
        (&passing, &["--min-coverage", "51"], 1),
        (&passing, &["--min-coverage", "101"], 2),
        (&MESH.to_owned(), &[], 1),
        (&format!("{MESH}kind: Test\nname: t\n"), &[], 4),
    ] {
        let (got, out, err) = meshward_test(text, flags);
        assert_eq!(got, code, "{flags:?}\n{text}\n{out}\n{err}");
    }
}

#[test]
fn outcomes_are_written_for_programs_and_for_ci() {
    let text = format!("{MESH}{}{}", test_of("fine", "allowed"), test_of("<wrong> & so", "denied"));
    let (_, out, _) = meshward_test(&text, &["--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&json["passed"], &json["failed"]), (&1.into(), &1.into()));
    assert_eq!(json["tests"][0]["findings"][0]["code"], "MW0401");
    assert_eq!(json["tests"][0]["findings"][0]["line"], 11);
    assert_eq!(json["tests"][1]["because"][0]["policy"], "p");
    assert_eq!(json["coverage"]["percent"], 50);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("junit.xml");
    let (code, ..) = meshward_test(&text, &["--junit", file.to_str().unwrap()]);
    assert_eq!(code, 1);
    let xml = fs::read_to_string(file).unwrap();
    let read = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    assert_eq!((read.tests, read.failures), (2, 1));
    assert!(xml.contains("&lt;wrong&gt; &amp;") && xml.contains("mesh.yaml") && xml.contains("MW0401"), "{xml}");
}

#[test]
fn control_characters_of_documents_do_not_break_the_xml() {
    let text = format!("{MESH}{}", test_of("\"bell \\a, escape \\e[31m\"", "denied"));
    let xml = junit::xml(&run("mesh.yaml", &text)).unwrap();
    assert!(quick_junit::Report::deserialize_from_str(&xml).is_ok(), "{xml:?}");
    assert!(!xml.contains('\u{7}') && !xml.contains('\u{1b}'), "{xml:?}");
}

#[test]
fn no_decision_depends_on_a_test() {
    let with = format!("{MESH}{}", test_of("fine", "allowed"));
    let built = |text: &str| {
        let source = Arc::new(Source::new("m", text));
        let documents = load::texts(&[source]).unwrap().documents;
        format!("{:?}", meshward::engine::snapshot::Snapshot::build(&documents, &TimeZone::UTC))
    };
    assert_eq!(built(&with), built(MESH));
}

#[test]
fn the_example_s_tests_pass_and_cover_every_rule() {
    let loaded = load::folder(&root().join("examples/finance")).unwrap();
    let now = "2026-03-15T12:00:00Z".parse().unwrap();
    let report = policy_test::run(&loaded.documents, &TimeZone::UTC, now, None);
    let failed: Vec<String> =
        report.outcomes.iter().filter(|outcome| !outcome.passed()).map(policy_test::Outcome::said).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert_eq!(report.coverage.percent(), 100, "{:?}", report.coverage.never_decided().collect::<Vec<_>>());
    assert!(report.outcomes.len() >= 20);
}
