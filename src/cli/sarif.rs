//! Findings in the Static Analysis Results Interchange Format 2.1.0, which code hosts show beside the lines.
//!
//! Only what we write of the format is here: a crate for all of it is generated from the schema at each build. A test holds the
//! result against the published schema.

use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::document::finding::{Code, Finding, Place, Severity};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What stands for itself in a path of a URI.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One run of `check` on a folder. What the documents accept is in it, as suppressed.
pub(super) fn log(folder: &Path, findings: &[Finding]) -> Value {
    let mut codes: Vec<Code> = Vec::new();
    for finding in findings {
        if !codes.contains(&finding.code) {
            codes.push(finding.code);
        }
    }
    codes.sort_by_key(|code| code.as_str());
    let results: Vec<Value> = findings.iter().map(|finding| result(folder, &codes, finding)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "meshward",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(code: Code) -> Value {
    let level = if matches!(code, Code::Warning(_)) { "warning" } else { "error" };
    json!({
        "id": code.as_str(),
        "shortDescription": { "text": code.meaning() },
        "defaultConfiguration": { "level": level },
    })
}

fn result(folder: &Path, codes: &[Code], finding: &Finding) -> Value {
    let text = match &finding.help {
        Some(help) => format!("{}\n{help}", finding.message),
        None => finding.message.clone(),
    };
    let mut result = serde_json::Map::new();
    result.insert("ruleId".to_owned(), json!(finding.code.as_str()));
    result.insert("ruleIndex".to_owned(), json!(codes.iter().position(|code| *code == finding.code)));
    result.insert("level".to_owned(), json!(level(finding.severity)));
    result.insert("message".to_owned(), json!({ "text": text }));
    result.insert("locations".to_owned(), json!([location(folder, &finding.place)]));
    if let Some(reason) = &finding.accepted {
        result.insert("suppressions".to_owned(), json!([{ "kind": "inSource", "justification": &**reason }]));
    }
    Value::Object(result)
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn location(folder: &Path, place: &Place) -> Value {
    let (line, column) = place.line_and_column();
    let (end_line, end_column) = place.end_line_and_column();
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&folder.join(&place.source.path)) },
        "region": { "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column },
    } })
}

/// A path as a reference: relative to where the command runs, as code hosts want it, unless it is absolute.
fn uri(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = text.strip_prefix("./").unwrap_or(&text);
    let scheme = if path.is_absolute() { "file://" } else { "" };
    format!("{scheme}{}", utf8_percent_encode(text, IN_PATH))
}
