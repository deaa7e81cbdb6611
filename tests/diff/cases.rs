//! Pairs of folders with what `meshward diff` says of them.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Every case: what is said of `cases/NAME/old.yaml` and `new.yaml` is `cases/NAME/said.txt`; `UPDATE=1` writes it.
#[test]
fn a_diff_says_who_gains_and_loses_what() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diff/cases");
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(&cases).unwrap() {
        let case = entry.unwrap().path();
        let said = said(&case, "text");
        let expected = case.join("said.txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&expected, &said).unwrap();
        } else if said != fs::read_to_string(&expected).unwrap_or_default() {
            wrong.push(format!("{}:\n{said}", case.display()));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 10, "only {count} cases were found");
}

/// What is said, with the exit code.
fn said(case: &Path, format: &str) -> String {
    let folders = tempfile::tempdir().unwrap();
    for name in ["old", "new"] {
        fs::create_dir(folders.path().join(name)).unwrap();
        let file = folders.path().join(name).join("mesh.yaml");
        fs::copy(case.join(format!("{name}.yaml")), file).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_meshward"))
        .args(["diff", "--at", "2026-11-24T12:00:00Z", "--format", format, "old", "new"])
        .current_dir(folders.path())
        .output()
        .unwrap();
    format!(
        "{}{}exit code {}\n",
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
        output.status.code().unwrap()
    )
}
