//! Whether a party belongs to an audience.

use crate::document::kinds::Domain;
use crate::engine::partial::{self, Row};
use crate::engine::standing::Standing;
use crate::engine::truth::Truth;
use crate::language::syntax::{Audience, AudienceBase, Member};
use crate::model::name::TableName;

/// Whether the party belongs to the audience. `table` is what `owners` and its kin are known by.
pub(crate) fn audience(standing: &Standing<'_>, audience: &Audience, table: Option<&TableName>) -> Truth {
    let of = match &audience.of {
        AudienceBase::Everyone => Truth::True,
        AudienceBase::AnyOf(any) => members(standing, any, table),
    };
    of.and(members(standing, &audience.except, table).not())
}

/// Whether the party is any of the members.
pub(crate) fn members(standing: &Standing<'_>, members: &[Member], table: Option<&TableName>) -> Truth {
    Truth::any(members.iter().map(|member| is(standing, member, table)))
}

fn is(standing: &Standing<'_>, member: &Member, table: Option<&TableName>) -> Truth {
    match member {
        Member::Group(group) => standing.is_member_of(&group.node),
        Member::Role(role) => standing.is_in_role(&role.node),
        Member::User(user) => (standing.user() == &*user.node).into(),
        Member::ActingFor(purpose) => standing.asker.acting.acting_for(&purpose.node),
        // An audience is about people: whatever depends on a row is unknown here.
        Member::Those(condition) => partial::fold(standing, condition, &Row::NONE).known().unwrap_or(Truth::Unknown),
        Member::Both(all) => Truth::all(all.iter().map(|member| is(standing, member, table))),
        Member::Owners => of_domain(standing, table, |domain| &domain.owners),
        Member::Stewards => of_domain(standing, table, |domain| &domain.stewards),
        Member::Writers => of_domain(standing, table, |domain| &domain.writers),
    }
}

fn of_domain(standing: &Standing<'_>, table: Option<&TableName>, role: impl Fn(&Domain) -> &[Member]) -> Truth {
    let Some(table) = table else { return Truth::False };
    // A domain's own audience cannot speak of a domain's audience in turn.
    Truth::any(standing.snapshot().domains.owning(table).map(|domain| members(standing, role(domain), None)))
}
