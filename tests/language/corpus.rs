//! `cases/*.yaml`: sentences and what becomes of them.

use std::collections::BTreeMap;
use std::path::Path;

use meshward::language::check::{self, AttributeKind, Authority, Naming, Vocabulary};
use meshward::language::diagnostic::{Code, Diagnostic};
use meshward::language::parse;
use meshward::model::name::Name;
use meshward::model::value::ValueType;
use serde::Deserialize;

/// What of the language a text is.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reads {
    #[default]
    Rule,
    Target,
    Audience,
    Pattern,
}

/// Text that is fine.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Good {
    text: String,
    #[serde(default)]
    reads: Reads,
    /// The canonical form; left out where the text is canonical itself.
    canonical: Option<String>,
    /// What check says of it: nothing, unless the case is about that.
    #[serde(default)]
    check: Checked,
}

/// Whether the standard vocabulary has all that a case names.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Checked {
    #[default]
    Clean,
    Skipped,
}

/// Text that is wrong.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bad {
    text: String,
    #[serde(default)]
    reads: Reads,
    code: String,
    underlined: String,
    message: String,
    help: Option<String>,
    /// What else is underlined, when more than one thing is wrong.
    #[serde(default)]
    also: Vec<String>,
    #[serde(default)]
    authority: Maker,
    #[serde(default)]
    naming: Named,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Named {
    #[default]
    Yes,
    No,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Maker {
    #[default]
    Mesh,
    Domain,
}

fn cases<T: serde::de::DeserializeOwned>(file: &str) -> Vec<T> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language/cases").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads text and gives its canonical form.
fn canonical(text: &str, reads: Reads) -> Result<String, Vec<Diagnostic>> {
    match reads {
        Reads::Rule => parse::rule(text).map(|tree| tree.to_string()),
        Reads::Target => parse::target(text).map(|tree| tree.to_string()),
        Reads::Audience => parse::audience(text).map(|tree| tree.to_string()),
        Reads::Pattern => parse::pattern(text).map(|tree| tree.to_string()),
    }
}

/// What is said about a text, by the parser or else by the check against the standard vocabulary.
pub(crate) fn findings(text: &str, reads: Reads, authority: Authority, naming: Naming) -> Vec<Diagnostic> {
    let vocabulary = standard_vocabulary();
    let checked = match reads {
        Reads::Rule => parse::rule(text).map(|tree| check::rule(&tree, &vocabulary, authority, naming)),
        Reads::Target => parse::target(text).map(|tree| check::target(&tree, &vocabulary)),
        Reads::Audience => parse::audience(text).map(|tree| check::audience(&tree, &vocabulary)),
        Reads::Pattern => parse::pattern(text).map(|_| Vec::new()),
    };
    checked.unwrap_or_else(|diagnostics| diagnostics)
}

fn check_good(file: &str) {
    let mut failures = Vec::new();
    for case in cases::<Good>(file) {
        let wanted = case.canonical.as_deref().unwrap_or(&case.text);
        match canonical(&case.text, case.reads) {
            Err(diagnostics) => failures.push(format!("{}\n  is refused: {diagnostics:?}", case.text)),
            Ok(printed) if printed != wanted => {
                failures.push(format!("{}\n  wanted  {wanted}\n  printed {printed}", case.text));
            }
            Ok(printed) => match canonical(&printed, case.reads) {
                Ok(again) if again == printed => {}
                other => failures.push(format!("{printed}\n  read again is {other:?}")),
            },
        }
        let found = findings(&case.text, case.reads, Authority::Mesh, Naming::Named);
        if case.check == Checked::Clean && !found.is_empty() {
            failures.push(format!("{}\n  check says {found:?}", case.text));
        }
    }
    assert!(failures.is_empty(), "{} of {file} failed\n{}", failures.len(), failures.join("\n"));
}

fn check_bad(file: &str) {
    let mut failures = Vec::new();
    for case in cases::<Bad>(file) {
        let authority = match case.authority {
            Maker::Mesh => Authority::Mesh,
            Maker::Domain => Authority::Domain,
        };
        let naming = match case.naming {
            Named::Yes => Naming::Named,
            Named::No => Naming::Unnamed,
        };
        let found = findings(&case.text, case.reads, authority, naming);
        let Some(first) = found.first() else {
            failures.push(format!("{}\n  nothing is said", case.text));
            continue;
        };
        let underlined = &case.text[first.span.start..first.span.end];
        let said = (first.code.as_str(), underlined, first.message.as_str(), first.help.as_deref());
        let wanted = (case.code.as_str(), case.underlined.as_str(), case.message.as_str(), case.help.as_deref());
        if said != wanted {
            failures.push(format!("{}\n  wanted {wanted:?}\n  said   {said:?}", case.text));
        }
        let also: Vec<&str> = found.iter().skip(1).map(|other| &case.text[other.span.start..other.span.end]).collect();
        if also != case.also {
            failures.push(format!("{}\n  wanted also {:?}\n  said also   {also:?}", case.text, case.also));
        }
    }
    assert!(failures.is_empty(), "{} of {file} failed\n{}", failures.len(), failures.join("\n"));
}

/// What the cases' sentences name.
pub(crate) fn standard_vocabulary() -> Vocabulary {
    let name = |text: &str| Name::new(text).unwrap();
    let mut vocabulary = Vocabulary::default();
    for tag in ["PII.Email", "PII.SSN", "Geo.Country", "Geo.Location", "EventTime", "Billing", "Key", "Department"] {
        vocabulary.add_tag(&name(tag));
    }
    let many = |value_type| AttributeKind { value_type, single: false };
    let single = |value_type| AttributeKind { value_type, single: true };
    let attributes: BTreeMap<&str, AttributeKind> = BTreeMap::from([
        ("department", many(ValueType::Text)),
        ("country_of_employment", many(ValueType::Text)),
        ("business_line", many(ValueType::Text)),
        ("allowed_countries", many(ValueType::Text)),
        ("work_location", many(ValueType::Text)),
        ("blocked", many(ValueType::Text)),
        ("region", many(ValueType::Text)),
        ("clearance", single(ValueType::Number)),
        ("levels", many(ValueType::Number)),
        ("employed", single(ValueType::Boolean)),
        ("hired", single(ValueType::Date)),
    ]);
    vocabulary.attributes = attributes.into_iter().map(|(attribute, kind)| (name(attribute), kind)).collect();
    vocabulary.purposes = ["fraud detection", "audit"].map(name).into();
    vocabulary.domains = ["finance", "hr"].map(name).into();
    vocabulary.lists = BTreeMap::from([(name("EEA"), ValueType::Text)]);
    vocabulary.relations = [name("client book")].into();
    vocabulary
}

#[test]
fn every_form_of_the_design_reads_and_prints_as_itself() {
    check_good("forms.yaml");
}

#[test]
fn what_people_write_loosely_has_one_canonical_form() {
    check_good("loose.yaml");
}

#[test]
fn what_a_policy_is_on_has_one_canonical_form() {
    check_good("targets.yaml");
}

#[test]
fn a_wrong_sentence_is_answered_with_where_and_how_to_mend_it() {
    check_bad("wrong.yaml");
}

#[test]
fn every_code_of_a_diagnostic_is_provoked_by_a_case() {
    let provoked: Vec<String> = cases::<Bad>("wrong.yaml").into_iter().map(|case| case.code).collect();
    let missing: Vec<&str> =
        Code::ALL.iter().map(|code| code.as_str()).filter(|code| !provoked.iter().any(|seen| seen == code)).collect();
    assert!(missing.is_empty(), "no case provokes {missing:?}");
}
