//! Warnings: what is right as it stands and is probably not what its author meant. Documents that only warn are taken.
//!
//! A warning is given where it is known to be right: what the documents do not say, such as a table that no document names, is
//! never a reason for one. Nothing here compares every rule with every other.

mod condition;
mod known;
mod masks;
mod people;
mod power;
mod reach;
mod shadow;
mod spelling;
pub(crate) mod tables;

use jiff::civil::Date;

use crate::document::finding::{Finding, Place};
use crate::document::kinds::{Documents, Policy, PolicyRule};
use crate::document::load::Loaded;
use crate::document::warning::Warning;
use crate::document::written::{Text, Written, WrittenPolicy};
use crate::engine::snapshot::Snapshot;
use crate::language::check::Vocabulary;
use crate::language::syntax::Span;
use crate::lint::known::Known;

/// Every warning about documents that check, in the order of the files. What a policy accepts is among them, marked so.
///
/// `snapshot` is made of the same documents; `today` says what has ended.
pub fn warnings(loaded: &Loaded, snapshot: &Snapshot, today: Date) -> Vec<Finding> {
    let (documents, written) = (&loaded.documents, &loaded.written);
    let mesh = Mesh {
        documents,
        written,
        vocabulary: documents.vocabulary(),
        snapshot,
        today,
        known: Known::of_documents(documents),
    };
    let policies: Vec<Ruling<'_>> = documents.policies.values().filter_map(|policy| mesh.ruling(policy)).collect();
    let mut findings = Vec::new();
    for ruling in &policies {
        reach::lint(&mesh, ruling, &mut findings);
        power::ending(&mesh, ruling, &mut findings);
        for rule in ruling.rules() {
            reach::columns(&mesh, &rule, &mut findings);
            condition::lint(&mesh, &rule, &mut findings);
            people::lint(&rule, &mut findings);
            power::lint(&rule, &mut findings);
            spelling::columns(&mesh, &rule, &mut findings);
            masks::fitting(&mesh, &rule, &mut findings);
        }
    }
    shadow::lint(&policies, &mut findings);
    masks::lint(&mesh, &policies, &mut findings);
    people::purposes(&mesh, &policies, &mut findings);
    spelling::groups(&mesh, &policies, &mut findings);
    spelling::tagged_columns(&mesh, &mut findings);
    tables::lint(&mesh, &policies, &mut findings);
    findings.sort_by(|a, b| a.place.cmp_in_files(&b.place));
    findings
}

/// Everything that a warning may depend on.
struct Mesh<'a> {
    documents: &'a Documents,
    written: &'a Written,
    vocabulary: Vocabulary,
    snapshot: &'a Snapshot,
    today: Date,
    known: Known<'a>,
}

impl<'a> Mesh<'a> {
    fn ruling(&self, policy: &'a Policy) -> Option<Ruling<'a>> {
        let written = self.written.policies.get(&policy.name)?;
        Some(Ruling { policy, written, tables: self.known.bound_by(self.snapshot, policy) })
    }
}

/// A policy, where it was written, and which of the known tables it binds.
struct Ruling<'a> {
    policy: &'a Policy,
    written: &'a WrittenPolicy,
    /// Places in [`Known::tables`].
    tables: Vec<usize>,
}

impl<'a> Ruling<'a> {
    fn rules(&self) -> impl Iterator<Item = Ruled<'a, '_>> {
        let texts = self.policy.rules.iter().zip(&self.written.rules);
        texts.enumerate().map(|(at, (rule, text))| Ruled { ruling: self, at, rule, text })
    }

    /// A warning about what the policy is on.
    fn warn_on(&self, warning: Warning, message: impl Into<String>) -> Finding {
        self.warn(warning, self.written.on.place.clone(), message)
    }

    /// A warning, accepted where the policy says that it is meant.
    fn warn(&self, warning: Warning, place: Place, message: impl Into<String>) -> Finding {
        let accepted = self.written.accepted.get(&warning).cloned();
        Finding { accepted, ..Finding::warning(warning, place, message) }
    }
}

/// A rule of a policy.
#[derive(Clone, Copy)]
struct Ruled<'a, 'r> {
    ruling: &'r Ruling<'a>,
    at: usize,
    rule: &'a PolicyRule,
    text: &'a Text,
}

impl Ruled<'_, '_> {
    /// A warning about some words of the sentence.
    fn warn(&self, warning: Warning, span: Span, message: impl Into<String>) -> Finding {
        self.ruling.warn(warning, self.text.within(span), message)
    }

    /// A warning about the whole sentence.
    fn warn_whole(&self, warning: Warning, message: impl Into<String>) -> Finding {
        self.ruling.warn(warning, self.text.place.clone(), message)
    }

    /// The rule as people name it: `policy/rule`.
    fn reference(&self) -> String {
        match &self.rule.name {
            Some(name) => format!("{}/{name}", self.ruling.policy.name),
            None => format!("{}/{}", self.ruling.policy.name, self.at + 1),
        }
    }
}
