//! The example of docs/diff.md: the sentences in it are changed in the finance mesh, and what is said is what is shown.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The blocks of a page that begin with an info string, with `UPDATE=1` written for the last.
fn blocks<'p>(page: &'p str, info: &str) -> Vec<&'p str> {
    let opening = format!("```{info}\n");
    page.split(opening.as_str()).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

#[test]
fn the_example_of_the_page_is_what_is_said() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("docs/diff.md");
    let page = fs::read_to_string(&path).unwrap();
    let sentences = blocks(&page, "meshward");
    let changed = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(root.join("examples/finance")).unwrap() {
        let file = entry.unwrap().path();
        let mut text = fs::read_to_string(&file).unwrap();
        for (old, new) in sentences[0].lines().zip(sentences[1].lines()) {
            text = text.replace(&format!("- {old}\n"), &format!("- {new}\n"));
        }
        fs::write(changed.path().join(file.file_name().unwrap()), text).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_meshward"))
        .args(["diff", "--at", "2026-11-24T12:00:00Z"])
        .arg(root.join("examples/finance"))
        .arg(changed.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let shown = blocks(&page, "text diff")[0];
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, page.replace(shown, said.trim_end())).unwrap();
    } else {
        assert_eq!(said.trim_end(), shown);
    }
    assert_eq!(output.status.code(), Some(3));
}
