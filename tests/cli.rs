//! The verbs that ask no server, run as a person runs them.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// Exit code, standard output, standard error.
pub(crate) fn run(arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
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

/// A folder with one warning, one that is accepted, and one note.
fn warned(accept: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "kind: Policy\nname: p\non: lake.s.*\n{accept}rules:\n  - mask column n with sql 'lower(\"ä\")' for everyone\n---\n{{kind: Policy, \
         name: q, on: lake.s.*, accept: {{MW0210: looked at}}, rules: [\"mask column m with sql 'x' for everyone\"]}}\n"
    );
    std::fs::write(folder.path().join("a policy.yaml"), text).unwrap();
    folder
}

#[test]
fn warnings_are_told_and_refuse_nothing_unless_it_is_asked() {
    let folder = warned("");
    let path = folder.path().to_str().unwrap();
    let (code, said, found) = run(&["check", path], "");
    assert_eq!(code, Some(0), "{found}");
    assert!(
        found.contains("warning[MW0210]: nothing here checks this SQL") && found.contains("policy.yaml:5:28"),
        "{found}"
    );
    assert!(said.contains("2 policies with 2 rules") && said.contains("1 warning, 1 accepted warning"), "{said}");
    assert_eq!(run(&["check", "--deny-warnings", path], "").0, Some(4));
    assert_eq!(run(&["check", "--deny-warnings", FINANCE], "").0, Some(0));
    let accepted = warned("accept: {MW0210: looked at too}\n");
    assert_eq!(run(&["check", "--deny-warnings", accepted.path().to_str().unwrap()], "").0, Some(0));

    let (code, said, _) = run(&["check", "--format", "json", path], "");
    let findings = json(&said)["findings"].as_array().unwrap().clone();
    assert_eq!((code, findings.len()), (Some(0), 2));
    assert_eq!((&findings[0]["severity"], &findings[0]["accepted"]), (&"warning".into(), &serde_json::Value::Null));
    assert_eq!(findings[1]["accepted"], "looked at");
}

#[test]
fn a_verdict_that_cannot_be_written_is_no_verdict() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_meshward"))
        .args(["check", FINANCE])
        .stdout(full)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(1));
}

#[test]
fn sarif_is_what_the_published_schema_says() {
    // The schema as it is published has one pattern with a bracket too many, of a field that we do not write.
    let schema = include_str!("sarif/sarif-schema-2.1.0.json").replace("{2}]?$", "{2}?$");
    let schema = jsonschema::validator_for(&json(&schema)).unwrap();
    let checked = |folder: &str| {
        let (code, said, _) = run(&["check", "--format", "sarif", folder], "");
        let log = json(&said);
        let wrong: Vec<String> = schema.iter_errors(&log).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}\n{said}");
        (code, log)
    };
    assert!(!schema.is_valid(&json(r#"{"version": "2.1.0", "runs": [{"results": [{"level": "loud"}]}]}"#)));

    let folder = warned("");
    let (code, log) = checked(folder.path().to_str().unwrap());
    assert_eq!(code, Some(0));
    let results = &log["runs"][0]["results"];
    let place = &results[0]["locations"][0]["physicalLocation"];
    let uri = place["artifactLocation"]["uri"].as_str().unwrap();
    assert!(uri.starts_with("file:///") && uri.ends_with("/a%20policy.yaml"), "{uri}");
    // Columns are counted in characters, as `columnKind` says.
    let region = serde_json::json!({"startLine": 5, "startColumn": 28, "endLine": 5, "endColumn": 40});
    assert_eq!(place["region"], region);
    assert_eq!((&results[0]["level"], &results[0]["ruleIndex"]), (&"warning".into(), &0.into()));
    assert_eq!(results[1]["suppressions"][0]["justification"], "looked at");

    std::fs::write(folder.path().join("b.yaml"), "kind: Nonsense\n---\nkind: Policy\n").unwrap();
    let (code, log) = checked(folder.path().to_str().unwrap());
    assert_eq!(code, Some(4));
    let rules: Vec<&str> = log["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    assert_eq!(rules, ["MW0103", "MW0105"]);
    assert_eq!(checked(FINANCE).1["runs"][0]["results"], serde_json::json!([]));
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

/// Actions are the product's words; what else a sentence names is known only with documents.
#[test]
fn a_paraphrase_does_not_vouch_for_what_no_rule_can_say() {
    for (sentence, code) in [
        ("allow everyone to read unless purpose is fraud detection", "MW0001"),
        ("allow everyone to download", "MW0015"),
        ("allow those with salary > 3 to read", "MW0018"),
    ] {
        let (exit, said, found) = run(&["paraphrase", sentence], "");
        assert_eq!((exit, said.as_str()), (Some(4), ""), "{sentence}");
        assert!(found.contains(code), "{sentence}: {found}");
    }
    let undeclared = "only show rows where country = @contry_of_nowhere for everyone";
    assert_eq!(run(&["paraphrase", undeclared], "").0, Some(0));
    let (exit, said, found) = run(&["paraphrase", "--documents", FINANCE, undeclared], "");
    assert_eq!((exit, said.as_str()), (Some(4), ""));
    assert!(found.contains("there is no attribute `@contry_of_nowhere`"), "{found}");
}

/// The shells, and how each reads a script without running it; `None`: it has no such way.
const SHELLS: [(&str, Option<(&str, &str)>); 5] = [
    ("bash", Some(("bash", "-n"))),
    ("zsh", Some(("zsh", "-n"))),
    ("fish", Some(("fish", "--no-execute"))),
    ("elvish", None),
    ("powershell", None),
];

#[test]
fn every_shell_has_a_completion_script_that_it_accepts() {
    for (shell, reads) in SHELLS {
        let (code, script, _) = run(&["completion", shell], "");
        assert_eq!(code, Some(0));
        for word in ["explain", "--documents", "--min-coverage"] {
            // fish writes `-l min-coverage`.
            assert!(script.contains(word.trim_start_matches('-')), "{shell} does not complete {word}");
        }
        let Some((program, flag)) = reads else { continue };
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &script).unwrap();
        match Command::new(program).arg(flag).arg(file.path()).output() {
            Ok(output) => assert!(output.status.success(), "{shell}: {}", String::from_utf8_lossy(&output.stderr)),
            Err(_) if shell == "bash" => panic!("there is no bash"),
            Err(_) => println!("skipped: there is no {shell}, so nothing says whether it accepts its script"),
        }
    }
}

#[test]
fn bash_completes_a_verb() {
    let (_, script, _) = run(&["completion", "bash"], "");
    let ask = "COMP_WORDS=(meshward te); COMP_CWORD=1; _meshward meshward te meshward; echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash").arg("-c").arg(format!("{script}\n{ask}")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "test");
}

#[test]
fn check_counts_what_it_read_and_takes_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yaml");
    let text = "{kind: Tag, name: PII}\n---\n{kind: Tagging, name: t, table: lake.s.t, columns: {n: PII}}\n---\n{kind: User, name: jay}\n---\n\
                {kind: User, name: ann}\n";
    std::fs::write(&file, text).unwrap();
    let (_, said, _) = run(&["check", folder.path().to_str().unwrap()], "");
    assert_eq!(said, "0 policies with 0 rules, 1 tag, 1 tagging, 2 users: nothing wrong\n");
    let (code, _, found) = run(&["check", file.to_str().unwrap()], "");
    assert_eq!(code, Some(4));
    assert!(found.contains("it is a file and no folder") && found.contains(folder.path().to_str().unwrap()), "{found}");
}

#[test]
fn a_code_has_its_page_in_the_binary() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), "{kind: Tag, name: PII, accept: MW0201}").unwrap();
    let (_, _, found) = run(&["check", folder.path().to_str().unwrap()], "");
    assert!(found.contains("`meshward code MW0104` says more"), "{found}");
    let (code, said, _) = run(&["code", "mw0104"], "");
    assert_eq!(code, Some(0));
    assert!(said.starts_with("# MW0104: "), "{said}");
    let (code, _, wrong) = run(&["code", "MW9"], "");
    assert!(code == Some(1) && wrong.contains("there is no code `MW9`"), "{wrong}");
}
