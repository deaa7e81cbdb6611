//! All documents together: what they name exists, circles do not, sentences mean something.

mod cases;

use std::collections::{BTreeMap, BTreeSet};

use crate::document::fields::Text;
use crate::document::finding::{Code, Finding, Place};
use crate::document::kinds::{Cardinality, Documents};
use crate::document::read::{Draft, Kind};
use crate::document::sources;
use crate::language::check::{self, Vocabulary};
use crate::language::diagnostic::near_miss;
use crate::language::pattern::Pattern;
use crate::language::syntax::{Audience, AudienceBase, Lifting, Target};
use crate::model::name::{Name, TableName};
use crate::model::value::Value;

/// The documents if nothing is wrong with them, else everything that is.
pub(super) fn validate(mut draft: Draft) -> Result<Documents, Vec<Finding>> {
    let vocabulary = draft.documents.vocabulary();
    let mut findings = std::mem::take(&mut draft.findings);
    findings.extend(references(&draft));
    findings.extend(tags(&draft, &vocabulary));
    findings.extend(circles(&draft));
    findings.extend(sentences(&draft, &vocabulary));
    findings.extend(exceptions(&draft));
    findings.extend(tagged_outside(&draft));
    findings.extend(ruled_outside(&draft));
    findings.extend(values(&mut draft));
    findings.extend(cases::cases(&mut draft, &vocabulary));
    findings.extend(sources::given(&mut draft));
    findings.sort_by(|a, b| a.place.cmp_in_files(&b.place));
    if findings.is_empty() { Ok(draft.documents) } else { Err(findings) }
}

fn names(documents: &Documents, kind: Kind) -> Vec<&Name> {
    match kind {
        Kind::Policy => documents.policies.keys().collect(),
        Kind::Domain => documents.domains.keys().collect(),
        Kind::Purpose => documents.purposes.keys().collect(),
        Kind::Attribute => documents.attributes.keys().collect(),
        Kind::Tag => documents.tags.keys().collect(),
        Kind::Tagging => documents.taggings.keys().collect(),
        Kind::Grant => documents.grants.keys().collect(),
        Kind::List => documents.lists.keys().collect(),
        Kind::Test => documents.tests.keys().collect(),
        Kind::AttributeSource => documents.sources.keys().collect(),
        Kind::User | Kind::Table => Vec::new(),
    }
}

pub(super) fn unknown<'a>(kind: &str, name: &Name, place: &Place, known: impl Iterator<Item = &'a str>) -> Finding {
    let mut finding =
        Finding::new(Code::UnknownReference, place.clone(), format!("there is no {kind} `{}`", name.as_str()));
    finding.help = near_miss(name.as_str(), known).map(|meant| format!("did you mean `{meant}`?"));
    finding
}

fn references(draft: &Draft) -> impl Iterator<Item = Finding> + '_ {
    // A document that was not read whole is declared all the same: its own finding is enough.
    draft.references.iter().filter(|(kind, name, _)| draft.place_of(*kind, name).is_none()).map(
        |(kind, name, place)| {
            let known = names(&draft.documents, *kind);
            unknown(&kind.to_string().to_lowercase(), name, place, known.into_iter().map(Name::as_str))
        },
    )
}

fn tags(draft: &Draft, vocabulary: &Vocabulary) -> Vec<Finding> {
    let undeclared = draft.tags.iter().filter(|(tag, _)| !vocabulary.tags.contains(tag));
    undeclared.map(|(tag, place)| unknown("tag", tag, place, vocabulary.tags.iter().map(Name::as_str))).collect()
}

fn circles(draft: &Draft) -> Vec<Finding> {
    let domains: BTreeMap<&Name, Vec<&Name>> =
        draft.documents.domains.values().map(|domain| (&domain.name, domain.parent.iter().collect())).collect();
    let purposes: BTreeMap<&Name, Vec<&Name>> =
        draft.documents.purposes.values().map(|purpose| (&purpose.name, purpose.parents.iter().collect())).collect();
    let mut findings = Vec::new();
    for (kind, above) in [(Kind::Domain, domains), (Kind::Purpose, purposes)] {
        for name in above.keys() {
            if is_above_itself(name, &above)
                && let Some(place) = draft.place_of(kind, name)
            {
                let message = format!("{} `{name}` is above itself", kind.to_string().to_lowercase());
                findings.push(Finding::new(Code::Circle, place.clone(), message));
            }
        }
    }
    findings
}

fn is_above_itself(name: &Name, above: &BTreeMap<&Name, Vec<&Name>>) -> bool {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&Name> = above.get(name).cloned().unwrap_or_default();
    while let Some(next) = open.pop() {
        if next == name {
            return true;
        }
        if seen.insert(next) {
            open.extend(above.get(next).into_iter().flatten());
        }
    }
    false
}

fn sentences(draft: &Draft, vocabulary: &Vocabulary) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |text: &Text, diagnostics: Vec<crate::language::diagnostic::Diagnostic>| {
        findings.extend(diagnostics.into_iter().map(|diagnostic| text.finding(diagnostic)));
    };
    for (rule, authority, naming, text) in &draft.rules {
        add(text, check::rule(rule, vocabulary, *authority, *naming));
    }
    for (target, text) in &draft.targets {
        add(text, check::target(target, vocabulary));
    }
    for (members, text) in &draft.people {
        let audience = Audience { of: AudienceBase::AnyOf(members.clone()), except: Vec::new() };
        add(text, check::audience(&audience, vocabulary));
    }
    findings
}

fn exceptions(draft: &Draft) -> Vec<Finding> {
    let lifts = |policy: &Name, rule: &Name| {
        let policy = draft.documents.policies.get(policy)?;
        policy.rules.iter().find(|candidate| candidate.name.as_ref() == Some(rule)).map(|found| found.rule.lifting)
    };
    let mut findings = Vec::new();
    for (policy, rule, place) in &draft.exceptions {
        match lifts(policy, rule) {
            Some(Lifting::ByException) => {}
            Some(Lifting::Never) => {
                let message = format!("rule `{rule}` of policy `{policy}` admits no exception");
                findings.push(
                    Finding::new(Code::UnknownReference, place.clone(), message)
                        .with_help("only a rule that ends in `or by exception` can be lifted"),
                );
            }
            None => {
                let known = draft.documents.policies.values().flat_map(|policy| {
                    let named = policy.rules.iter().filter_map(|rule| rule.name.as_ref());
                    named.map(|rule| format!("{}/{rule}", policy.name))
                });
                let known: Vec<String> = known.collect();
                let written = format!("{policy}/{rule}");
                let mut finding =
                    Finding::new(Code::UnknownReference, place.clone(), format!("there is no rule `{written}`"));
                finding.help = near_miss(&written, known.iter().map(String::as_str))
                    .map(|meant| format!("did you mean `{meant}`?"));
                findings.push(finding);
            }
        }
    }
    findings
}

/// A domain tags its own tables only.
fn tagged_outside(draft: &Draft) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (domain, tagging, place) in &draft.tagged_by {
        let Some(tagging) = draft.documents.taggings.get(tagging) else { continue };
        if draft.documents.domains.contains_key(domain) && !owns(&draft.documents, domain, &tagging.table) {
            let message = format!("domain `{domain}` does not own {}", tagging.table);
            findings.push(Finding::new(Code::OutsideDomain, place.clone(), message));
        }
    }
    findings
}

/// A domain's rules bind its own tables only: a policy on a pattern of which it owns nothing binds nothing.
fn ruled_outside(draft: &Draft) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (domain, target, text) in &draft.ruled_by {
        let Target::Pattern(pattern) = target else { continue };
        let mut owned =
            draft.documents.domains.values().filter(|part| is_part_of(&draft.documents, &part.name, domain));
        if draft.documents.domains.contains_key(domain)
            && owned.all(|part| part.owns.iter().all(|owns| owns.is_apart_from(&pattern.node)))
        {
            let message = format!("domain `{domain}` owns nothing of {}, so these rules bind nothing", text.as_str());
            findings.push(Finding::new(Code::OutsideDomain, text.place.clone(), message));
        }
    }
    findings
}

/// Whether a domain, or one that is part of it, owns a table.
fn owns(documents: &Documents, domain: &Name, table: &TableName) -> bool {
    let owned_by = |candidate: &Name| -> bool {
        let covers = |pattern: &Pattern| pattern.covers(table);
        documents.domains.get(candidate).is_some_and(|domain| domain.owns.iter().any(covers))
    };
    documents.domains.keys().any(|candidate| is_part_of(documents, candidate, domain) && owned_by(candidate))
}

fn is_part_of(documents: &Documents, part: &Name, whole: &Name) -> bool {
    let mut seen = BTreeSet::new();
    let mut next = Some(part);
    while let Some(current) = next.filter(|current| seen.insert((*current).clone())) {
        if current == whole {
            return true;
        }
        next = documents.domains.get(current).and_then(|domain| domain.parent.as_ref());
    }
    false
}

/// Users' values, of the declared types.
fn values(draft: &mut Draft) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (user, attribute, texts) in std::mem::take(&mut draft.values) {
        let read = values_of(&draft.documents, &attribute, &texts, &mut findings);
        if let (Some((name, values)), Some(user)) = (read, draft.documents.users.get_mut(&user)) {
            user.attributes.insert(name, values);
        }
    }
    findings
}

/// One attribute's values, of the declared type; `None`: it is not declared.
fn values_of(
    documents: &Documents,
    attribute: &Text,
    texts: &[Text],
    findings: &mut Vec<Finding>,
) -> Option<(Name, Vec<Value>)> {
    let declared = Name::new(attribute.as_str()).and_then(|name| documents.attributes.get(&name));
    let Some(declared) = declared else {
        let known = documents.attributes.keys().map(Name::as_str);
        let name = Name::new(attribute.as_str());
        findings.extend(name.map(|name| unknown("attribute", &name, &attribute.place, known)));
        return None;
    };
    let mut read = Vec::new();
    for text in texts {
        match Value::read(text.as_str(), declared.value_type) {
            Some(value) => read.push(value),
            None => {
                let message = format!("`{}` is not a {}", text.as_str(), declared.value_type);
                findings.push(Finding::new(Code::BadValue, text.place.clone(), message));
            }
        }
    }
    if declared.cardinality == Cardinality::Single && read.len() > 1 {
        let message = format!("`{}` has one value at most", declared.name);
        findings.push(Finding::new(Code::BadValue, attribute.place.clone(), message));
    }
    Some((declared.name.clone(), read))
}
