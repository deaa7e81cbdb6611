//! Folders of documents: what is refused, and with which words.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use meshward::document::finding::{Finding, Source};
use meshward::document::{format, load};

/// Every case: what `check` says of `cases/NAME.yaml` is `cases/NAME.txt`; `UPDATE=1` writes it.
#[test]
fn findings_say_what_is_wrong_where_and_how_to_mend_it() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents/cases");
    let mut count = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(&cases).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let said = check(&name, &fs::read_to_string(&path).unwrap());
        let expected = path.with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&expected, &said).unwrap();
        } else if said != fs::read_to_string(&expected).unwrap_or_default() {
            wrong.push(format!("{name}:\n{said}"));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 18, "only {count} cases were found");
}

fn check(name: &str, text: &str) -> String {
    let source = Arc::new(Source::new(name, text));
    match load::texts(&[source]) {
        Ok(_) => "nothing wrong\n".to_owned(),
        Err(findings) => findings.iter().map(|finding| finding.render() + "\n\n").collect(),
    }
}

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn a_file_of_100_mb_is_refused_without_being_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = fs::File::create(folder.path().join("large.yaml")).unwrap();
    file.set_len(100 * 1024 * 1024).unwrap();
    assert_eq!(codes(&load::folder(folder.path()).unwrap_err()), ["MW0101"]);
}

#[test]
fn a_folder_without_documents_or_that_is_not_there_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(codes(&load::folder(folder.path()).unwrap_err()), ["MW0101"]);
    assert_eq!(codes(&load::folder(&folder.path().join("missing")).unwrap_err()), ["MW0101"]);
    fs::write(folder.path().join("binary.yaml"), [0xff, 0xfe, 0x00]).unwrap();
    assert_eq!(codes(&load::folder(folder.path()).unwrap_err()), ["MW0101"]);
}

#[test]
fn a_mounted_config_map_is_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("..2026_11_24");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("a.yaml"), "{kind: Tag, name: PII}\n").unwrap();
    std::os::unix::fs::symlink(&data, folder.path().join("..data")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("..data/a.yaml"), folder.path().join("a.yaml")).unwrap();
    assert_eq!(load::folder(folder.path()).unwrap().documents.tags.len(), 1);
}

#[test]
fn equal_folders_have_equal_digests_and_moved_text_has_not() {
    let digest = |files: &[(&str, &str)]| {
        let sources: Vec<_> = files.iter().map(|(path, text)| Arc::new(Source::new(*path, *text))).collect();
        load::texts(&sources).unwrap().digest
    };
    let (a, b) = ("{kind: Tag, name: A}\n", "{kind: Tag, name: B}\n");
    assert_eq!(digest(&[("a", a), ("b", b)]), digest(&[("a", a), ("b", b)]));
    assert_ne!(digest(&[("a", a), ("b", b)]), digest(&[("a", b), ("b", a)]));
    assert_ne!(digest(&[("a", a)]), digest(&[("a", a), ("b", "")]));
}

#[test]
fn fmt_is_stable_and_keeps_comments() {
    let written = r#"# why this is here
kind: Policy
name: p   # the name
on: Everything
rules:
  - Only Shows Rows where [@country of employment] = Country and [@business line] = Business Line for everyone except those working for fraud detection purposes.
  - hidden: "hide columns tagged PII for everyone"   # a comment
  - 'mask column salary with constant ''x: y'' for everyone'
---
{kind: Policy, name: q, on: everything, rules: [Allow everyone to read]}
"#;
    let canonical = |text: &str| format::canonical(&Arc::new(Source::new("p.yaml", text))).unwrap();
    let formatted = canonical(written);
    let expected = r#"# why this is here
kind: Policy
name: p   # the name
on: everything
rules:
  - only show rows where @country_of_employment = country and @business_line = business_line for everyone except those acting for purpose "fraud detection"
  - hidden: "hide columns tagged PII for everyone"   # a comment
  - 'mask column salary with constant ''x: y'' for everyone'
---
{kind: Policy, name: q, on: everything, rules: [allow everyone to read]}
"#;
    assert_eq!(formatted, expected);
    assert_eq!(canonical(&formatted), formatted);
}
