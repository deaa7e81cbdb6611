//! Whom rules are about: exceptions that widen, purposes that nobody has, impersonation that never applies.

use std::collections::BTreeSet;

use crate::document::finding::Finding;
use crate::document::kinds::Given;
use crate::document::warning::Warning;
use crate::language::syntax::{Audience, Condition, Member, Sentence, Spanned};
use crate::lint::{Mesh, Ruled, Ruling};
use crate::model::name::Name;

pub(super) fn lint(rule: &Ruled<'_, '_>, findings: &mut Vec<Finding>) {
    match &rule.rule.rule.sentence {
        Sentence::OnlyShowRows { rows, audience } => widening(rule, rows, audience, findings),
        Sentence::ActAs { targets, .. } => acts_as(rule, targets, findings),
        _ => {}
    }
}

/// `only show rows ... for everyone except those acting for purpose "p"`: the purpose was meant to be demanded, and lifts the limit.
fn widening(rule: &Ruled<'_, '_>, rows: &Condition, audience: &Audience, findings: &mut Vec<Finding>) {
    for member in &audience.except {
        let Some(purpose) = releasing_purpose(member) else { continue };
        let others = audience.except.iter().filter(|other| releasing_purpose(other).is_none()).cloned().collect();
        let kept = Audience { of: audience.of.clone(), except: others };
        let message =
            format!("whoever acts for purpose `{}` is released from this limit and sees every row", purpose.node);
        let help = format!(
            "to keep the limit and demand the purpose write two rules: `only show rows where {rows} for {kept}` and `limit use to \
             purpose \"{}\" for {kept}`; if they are to see every row, accept it with a reason",
            purpose.node
        );
        findings.push(rule.warn(Warning::WideningException, purpose.span, message).with_help(help));
    }
}

/// The purpose that alone makes somebody one of the members.
fn releasing_purpose(member: &Member) -> Option<&Spanned<Name>> {
    match member {
        Member::ActingFor(purpose) | Member::Those(Condition::ActingFor(purpose)) => Some(purpose),
        Member::Those(Condition::Or(parts)) => parts.iter().find_map(|part| match part {
            Condition::ActingFor(purpose) => Some(purpose),
            _ => None,
        }),
        _ => None,
    }
}

/// Trino asks for impersonation with the user's name alone, so that nobody is known to be anything but that user.
fn acts_as(rule: &Ruled<'_, '_>, targets: &[Member], findings: &mut Vec<Finding>) {
    for member in targets {
        let (Member::Group(name) | Member::Role(name)) = member else { continue };
        let message =
            format!("Trino asks for impersonation with a user's name alone, so nobody is known to be of `{member}`");
        findings.push(
            rule.warn(Warning::ActsAsGroup, name.span, message)
                .with_help("name the users: `allow user \"tableau\" to act as user \"ann\" or user \"bob\"`"),
        );
    }
}

/// Purposes that rules name and that no grant gives to anybody, each once.
pub(super) fn purposes(mesh: &Mesh<'_>, policies: &[Ruling<'_>], findings: &mut Vec<Finding>) {
    let mut granted: BTreeSet<&Name> = BTreeSet::new();
    for grant in mesh.documents.grants.values() {
        if let Given::Purpose(purpose) = &grant.gives
            && grant.until.is_none_or(|until| until >= mesh.today)
        {
            // Acting for a purpose is acting for its parents.
            granted.extend(mesh.snapshot.purposes.get(purpose).into_iter().flatten());
        }
    }
    let mut told: BTreeSet<Name> = BTreeSet::new();
    for rule in policies.iter().flat_map(Ruling::rules) {
        for purpose in named_purposes(&rule.rule.rule.sentence) {
            if !granted.contains(&purpose.node) && told.insert(purpose.node.clone()) {
                let message = format!("no grant gives purpose `{}` to anybody, so nobody can act for it", purpose.node);
                let help = format!(
                    "add a grant: `{{kind: Grant, name: ..., to: members of group \"...\", purpose: {}}}`",
                    purpose.node
                );
                findings.push(rule.warn(Warning::PurposeNotGranted, purpose.span, message).with_help(help));
            }
        }
    }
}

fn named_purposes(sentence: &Sentence) -> Vec<&Spanned<Name>> {
    let mut named = Vec::new();
    if let Sentence::Allow { purposes, .. } | Sentence::Deny { purposes, .. } | Sentence::LimitUse { purposes, .. } =
        sentence
    {
        named.extend(purposes);
    }
    for member in sentence.members() {
        if let Member::ActingFor(purpose) = member {
            named.push(purpose);
        }
    }
    for condition in sentence.conditions() {
        condition.each(&mut |part| {
            if let Condition::ActingFor(purpose) = part {
                named.push(purpose);
            }
        });
    }
    named
}
