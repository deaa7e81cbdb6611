//! The verbs that ask no server, run as a person runs them.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// Exit code, standard output, standard error.
fn run(arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_meshward"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

const FINANCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/finance");

#[test]
fn a_paraphrase_is_told_of_a_sentence_of_lines_and_of_a_folder() {
    let (code, said, _) = run(&["paraphrase", "hide columns tagged PII for everyone except user \"x\""], "");
    assert_eq!(code, Some(0));
    assert!(said.contains("restricted: those who are not user \"x\" do not see"), "{said}");
    assert!(said.contains("released:   user \"x\" sees them"), "{said}");

    let (code, said, _) =
        run(&["paraphrase", "-", "--format", "json"], "allow everyone to read\n\ndeny user x to drop\n");
    assert_eq!(code, Some(0));
    let rules = json(&said)["rules"].as_array().unwrap().clone();
    assert_eq!(rules.len(), 2);
    assert_eq!(rules[1]["sides"][0]["role"], "restricted");

    let one = ["paraphrase", "--documents", FINANCE, "--policy", "Personal Data", "--rule", "2"];
    let (code, said, _) = run(&one, "");
    assert_eq!(code, Some(0));
    assert!(said.contains("(the mesh's) on the tables with a column tagged PII"), "{said}");
    assert!(said.contains("2. mask columns tagged PII.Email") && !said.contains("1. mask"), "{said}");
}

#[test]
fn a_wrong_sentence_or_name_is_no_paraphrase() {
    let (code, said, found) = run(&["paraphrase", "hide colums x"], "");
    assert_eq!((code, said.as_str()), (Some(4), ""));
    assert!(found.contains("MW0001") && found.contains("did you mean `columns`?"), "{found}");
    let (code, _, found) = run(&["paraphrase", "--documents", FINANCE, "--policy", "nope"], "");
    assert_eq!(code, Some(1));
    assert!(found.contains("there is no policy `nope`"), "{found}");
    assert_eq!(run(&["paraphrase", "--documents", FINANCE, "--policy", "turnover", "--rule", "9"], "").0, Some(1));
}
