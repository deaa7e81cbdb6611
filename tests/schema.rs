//! The JSON Schema that editors use says of fields what the reader says: the same kinds, the same fields, and of every document that
//! there is here the same verdict.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jsonschema::Validator;
use meshward::document::finding::{Code, Finding, Source};
use meshward::document::load;
use serde_json::Value;

use crate::docs;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn schema() -> Value {
    serde_json::from_str(&fs::read_to_string(root().join("docs/meshward.schema.json")).unwrap()).unwrap()
}

fn findings(text: &str) -> Vec<Finding> {
    load::texts(&[Arc::new(Source::new("x.yaml", text))]).err().unwrap_or_default()
}

fn words(list: &str) -> BTreeSet<String> {
    list.split(", ").map(str::to_owned).collect()
}

fn kinds(schema: &Value) -> BTreeSet<String> {
    let kinds = schema["properties"]["kind"]["enum"].as_array().unwrap();
    kinds.iter().map(|kind| kind.as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_schema_has_the_kinds_that_are_read() {
    let found = findings("kind: 'nothing like any of them'\n");
    let help = found[0].help.as_deref().unwrap();
    let schema = schema();
    assert_eq!(kinds(&schema), words(help.strip_prefix("the kinds are: ").unwrap()));
    for kind in kinds(&schema) {
        let wanted = serde_json::json!({ "$ref": format!("#/definitions/{kind}") });
        assert!(schema["allOf"].as_array().unwrap().iter().any(|branch| branch["then"] == wanted), "{kind}");
    }
}

/// The fields that the reader knows of a mapping with a field that it does not know.
fn fields_read(text: &str) -> BTreeSet<String> {
    let found = findings(text);
    let unknown = found.iter().find(|finding| finding.code == Code::UnknownField).unwrap_or_else(|| panic!("{text}"));
    words(unknown.help.as_deref().unwrap().strip_prefix("its fields are: ").unwrap())
}

fn fields_of(definition: &Value) -> BTreeSet<String> {
    assert_eq!(definition["additionalProperties"], false);
    definition["properties"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn every_kind_has_the_fields_that_are_read() {
    let schema = schema();
    let definitions = &schema["definitions"];
    for kind in kinds(&schema) {
        assert_eq!(fields_of(&definitions[&kind]), fields_read(&format!("{{kind: {kind}, qqqqqqqq: 1}}")), "{kind}");
    }
    for (definition, text) in [
        (&definitions["case"], "{kind: Test, name: t, cases: [{qqqqqqqq: 1}]}"),
        (
            &definitions["case"]["properties"]["invoker"]["anyOf"][0],
            "{kind: Test, name: t, cases: [{invoker: {qqqqqqqq: 1}}]}",
        ),
        (
            &definitions["AttributeSource"]["properties"]["http"],
            "{kind: AttributeSource, name: s, http: {qqqqqqqq: 1}}",
        ),
    ] {
        assert_eq!(fields_of(definition), fields_read(text), "{text}");
    }
}

#[test]
fn every_kind_requires_the_fields_that_the_reader_requires() {
    let schema = schema();
    for kind in kinds(&schema) {
        let required: BTreeSet<String> = schema["definitions"][&kind]["required"]
            .as_array()
            .unwrap()
            .iter()
            .map(|field| field.as_str().unwrap().to_owned())
            .collect();
        let missing: BTreeSet<String> = findings(&format!("{{kind: {kind}, name: a.b.c}}"))
            .iter()
            .filter(|finding| finding.code == Code::MissingField)
            .filter_map(|finding| Some(finding.message.strip_prefix("the field `")?.split('`').next()?.to_owned()))
            .collect();
        // Said in other words.
        let otherwise = match kind.as_str() {
            "Table" => vec!["columns"],
            _ => vec![],
        };
        let all = missing.into_iter().chain(otherwise.into_iter().map(str::to_owned));
        assert_eq!(required, all.chain(["kind".to_owned(), "name".to_owned()]).collect(), "{kind}");
    }
}

/// Where each document of a file lies.
fn documents(text: &str) -> Vec<Range<usize>> {
    let (mut start, mut at) = (0, 0);
    let mut ranges = Vec::new();
    for line in text.split_inclusive('\n') {
        if line.trim_end() == "---" {
            ranges.push(start..at);
            start = at + line.len();
        }
        at += line.len();
    }
    ranges.push(start..at);
    ranges
}

/// What a finding says of fields, as far as one document tells.
fn is_about_fields(finding: &Finding) -> bool {
    let elsewhere = [
        "which columns",
        "an exception ends",
        "a grant gives",
        "what is seen of no data",
        "the case says",
        "the invoker",
        "reading is of",
        "go together",
    ];
    match finding.code {
        Code::UnknownKind | Code::UnknownField => true,
        Code::MissingField => !elsewhere.iter().any(|words| finding.message.contains(words)),
        _ => false,
    }
}

/// A field's value can be of the right form for the schema and have no meaning for the reader.
fn may_be_either(finding: &Finding) -> bool {
    matches!(finding.code, Code::BadValue | Code::MissingField | Code::NotYaml | Code::DuplicateName)
}

fn compare(validator: &Validator, at: &str, text: &str, counts: &mut [usize; 2], wrong: &mut Vec<String>) {
    let found = findings(text);
    for range in documents(text) {
        let Ok(value) = serde_saphyr::from_str::<Value>(&text[range.clone()]) else { continue };
        if value.is_null() {
            continue;
        }
        let here: Vec<&Finding> = found.iter().filter(|finding| range.contains(&finding.place.range.start)).collect();
        let accepted = validator.is_valid(&value);
        if here.iter().any(|finding| is_about_fields(finding)) {
            counts[1] += 1;
            if accepted {
                wrong
                    .push(format!("{at}: the schema accepts what is refused: {:?}\n{}", here[0].message, &text[range]));
            }
        } else if !here.iter().any(|finding| may_be_either(finding)) {
            counts[0] += 1;
            for error in validator.iter_errors(&value) {
                wrong.push(format!("{at}: the schema refuses what is read: {error}\n{}", &text[range.clone()]));
            }
        }
    }
}

#[test]
fn every_document_is_to_the_schema_what_it_is_to_check() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let (mut counts, mut wrong) = ([0, 0], Vec::new());
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in ["examples/finance", "tests/documents/cases", "tests/policy_test/cases"] {
        files.extend(fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()));
    }
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "yaml")) {
        let text = fs::read_to_string(file).unwrap();
        compare(&validator, &file.display().to_string(), &text, &mut counts, &mut wrong);
    }
    for (at, text) in docs::document_blocks() {
        compare(&validator, &at, &text, &mut counts, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(counts[0] >= 140 && counts[1] >= 8, "{counts:?}");
}

#[test]
fn meshward_schema_prints_the_published_file() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_meshward")).arg("schema").output().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), schema());
}
