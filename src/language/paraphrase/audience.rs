//! Whom a rule is about, and whom it leaves out, as parts of a sentence.

use crate::language::paraphrase::condition::{Telling, quoted};
use crate::language::syntax::{Audience, AudienceBase, Member};

/// People as the subject of a sentence.
pub(super) struct Who {
    pub(super) text: String,
    /// Whether the verb is that of several people.
    pub(super) several: bool,
}

/// What of people who are left out has to hold so that a rule is about them all the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Certainty {
    /// A restriction: that they are left out is not known.
    NotKnown,
    /// An allow: that they are not left out is known.
    KnownNot,
}

/// Those whom a rule is about.
pub(super) fn meant(telling: &Telling<'_>, audience: &Audience, certainty: Certainty) -> Who {
    let not: Vec<String> = audience.except.iter().map(|member| telling.is_not(member, certainty)).collect();
    let not = not.join(" and ") + pause(&audience.except);
    match (&audience.of, audience.except.is_empty()) {
        (AudienceBase::Everyone, true) => Who { text: "everyone".to_owned(), several: false },
        (AudienceBase::Everyone, false) => Who { text: format!("those {not}"), several: true },
        (AudienceBase::AnyOf(members), true) => {
            Who { text: telling.members(members) + pause(members), several: are_several(members) }
        }
        (AudienceBase::AnyOf(members), false) => {
            Who { text: format!("of {}, those {not}", telling.members(members)), several: true }
        }
    }
}

/// A condition is long, and what follows it is not part of it.
fn pause(members: &[Member]) -> &'static str {
    if matches!(members.last(), Some(Member::Those(_) | Member::Both(_))) { "," } else { "" }
}

/// Those whom a restriction leaves out; `None`: nobody.
pub(super) fn left_out(telling: &Telling<'_>, audience: &Audience) -> Option<Who> {
    match (&audience.of, audience.except.as_slice()) {
        (AudienceBase::Everyone, []) => None,
        (AudienceBase::Everyone, except) => {
            Some(Who { text: telling.members(except) + pause(except), several: are_several(except) })
        }
        (AudienceBase::AnyOf(_), []) => Some(Who { text: "everyone else".to_owned(), several: false }),
        (AudienceBase::AnyOf(_), except) => {
            Some(Who { text: format!("everyone else, {} too,", telling.members(except)), several: false })
        }
    }
}

/// Those to whom an allow gives nothing; `None`: nobody.
pub(super) fn everyone_else(telling: &Telling<'_>, audience: &Audience) -> Option<String> {
    match (&audience.of, audience.except.as_slice()) {
        (AudienceBase::Everyone, []) => None,
        (AudienceBase::Everyone, except) => Some(telling.members(except) + pause(except)),
        (AudienceBase::AnyOf(_), []) => Some("all others".to_owned()),
        (AudienceBase::AnyOf(_), except) => Some(format!("all others, and {},", telling.members(except))),
    }
}

/// Whether it can be that nothing says if somebody is meant: all but a user's own name may be unknown.
pub(super) fn can_be_unknown(audience: &Audience) -> bool {
    let of = match &audience.of {
        AudienceBase::Everyone => &[][..],
        AudienceBase::AnyOf(members) => members,
    };
    of.iter().chain(&audience.except).any(|member| !matches!(member, Member::User(_)))
}

fn are_several(members: &[Member]) -> bool {
    !matches!(members, [Member::User(_)])
}

impl Telling<'_> {
    /// People by what they are, as alternatives.
    pub(super) fn members(&self, members: &[Member]) -> String {
        let told: Vec<String> = members.iter().map(|member| self.member(member)).collect();
        told.join(" or ")
    }

    fn member(&self, member: &Member) -> String {
        match member {
            Member::Group(group) => format!("members of group {}", quoted(&group.node)),
            Member::Role(role) => format!("those in role {}", quoted(&role.node)),
            Member::User(user) => format!("user {}", quoted(&user.node)),
            Member::ActingFor(purpose) => format!("those acting for purpose {}", quoted(purpose.node.as_str())),
            Member::Those(condition) => format!("those for whom it holds that {}", self.condition(condition)),
            Member::Both(members) => {
                let all: Vec<String> = members.iter().map(|member| self.member(member)).collect();
                format!("those who are at once {}", all.join(" and "))
            }
            Member::Owners => "owners of the table's domain".to_owned(),
            Member::Stewards => "stewards of the table's domain".to_owned(),
            Member::Writers => "writers of the table's domain".to_owned(),
        }
    }

    fn is_not(&self, member: &Member, certainty: Certainty) -> String {
        match member {
            Member::Group(group) => format!("who are not members of group {}", quoted(&group.node)),
            Member::Role(role) => format!("who are not in role {}", quoted(&role.node)),
            Member::User(user) => format!("who are not user {}", quoted(&user.node)),
            Member::ActingFor(purpose) => format!("who are not acting for purpose {}", quoted(purpose.node.as_str())),
            Member::Those(condition) => {
                let known = match certainty {
                    Certainty::NotKnown => "for whom it does not hold, or is not known, that",
                    Certainty::KnownNot => "for whom it is known not to hold that",
                };
                format!("{known} {}", self.condition(condition))
            }
            Member::Both(members) => {
                let all: Vec<String> = members.iter().map(|member| self.member(member)).collect();
                format!("who are not at once {}", all.join(" and "))
            }
            Member::Owners => "who are not owners of the table's domain".to_owned(),
            Member::Stewards => "who are not stewards of the table's domain".to_owned(),
            Member::Writers => "who are not writers of the table's domain".to_owned(),
        }
    }
}
