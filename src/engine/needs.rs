//! What must be known of a party before a request can be decided: of all attributes, those that rules in play name.
//!
//! The law: a decision that knows only what is needed equals one that knows everything. What is said here may be too much and never too
//! little.

use crate::attributes::Needed;
use crate::document::kinds::{Documents, Given, PolicyRule};
use crate::engine::snapshot::Snapshot;
use crate::engine::tags::Reader;
use crate::engine::target::{Place, Reach, reach};
use crate::language::check::{Built, built_in};
use crate::language::syntax::{Audience, AudienceBase, Condition, Lifting, Member, Mention, Sentence};
use crate::model::action::{Action, ActionGroup};
use crate::model::name::{Name, TableName};
use crate::model::request::{Request, Resource};
use crate::model::subject::Party;

/// Collects names as they are met.
#[derive(Default)]
struct Collected {
    needed: Needed,
    /// `owners`, `stewards` or `writers` are named.
    domains: bool,
}

/// What a rule asks of a party, exceptions to it and the people of domains included.
pub(crate) fn of_rule(policy: &Name, rule: &PolicyRule, documents: &Documents) -> Needed {
    let mut collected = Collected::default();
    collected.sentence(&rule.rule.sentence);
    if let (Some(name), Lifting::ByException) = (&rule.name, rule.rule.lifting) {
        let lifts =
            |gives: &Given| matches!(gives, Given::Exception { policy: of, rule } if of == policy && rule == name);
        let grants = documents.grants.values().filter(|grant| lifts(&grant.gives));
        grants.for_each(|grant| collected.members(&grant.to));
    }
    if collected.domains {
        for domain in documents.domains.values() {
            [&domain.owners, &domain.stewards, &domain.writers]
                .into_iter()
                .for_each(|people| collected.members(people));
        }
    }
    collected.declared(documents)
}

/// What grants of purposes ask of who started a query.
pub(crate) fn of_purposes(documents: &Documents) -> Needed {
    let mut collected = Collected::default();
    let grants = documents.grants.values().filter(|grant| matches!(grant.gives, Given::Purpose(_)));
    grants.for_each(|grant| collected.members(&grant.to));
    collected.declared(documents)
}

/// What several need together.
pub(crate) fn together<'a>(all: impl IntoIterator<Item = &'a Needed>) -> Needed {
    let mut together = Needed::default();
    for needed in all {
        together.attributes.extend(needed.attributes.iter().cloned());
        together.groups |= needed.groups;
    }
    together.attributes.sort();
    together.attributes.dedup();
    together
}

/// Whether a sentence itself names an attribute.
pub(crate) fn names(sentence: &Sentence, attribute: &Name) -> bool {
    let mut collected = Collected::default();
    collected.sentence(sentence);
    collected.needed.attributes.contains(attribute)
}

impl Collected {
    fn declared(mut self, documents: &Documents) -> Needed {
        self.needed.attributes.retain(|name| documents.attributes.contains_key(name));
        together([&self.needed])
    }

    fn sentence(&mut self, sentence: &Sentence) {
        match sentence {
            Sentence::Allow { audience, rows, .. } => {
                self.audience(audience);
                rows.iter().for_each(|rows| self.condition(rows));
            }
            Sentence::OnlyShowRows { rows, audience } => {
                self.audience(audience);
                self.condition(rows);
            }
            Sentence::MaskColumns { cells, audience, .. } => {
                self.audience(audience);
                cells.iter().for_each(|cells| self.condition(cells));
            }
            Sentence::ActAs { audience, targets } => {
                self.audience(audience);
                self.members(targets);
            }
            Sentence::Deny { audience, .. }
            | Sentence::HideColumns { audience, .. }
            | Sentence::OnlyShowColumns { audience, .. }
            | Sentence::LimitUse { audience, .. } => self.audience(audience),
            Sentence::NeverShow { .. } => {}
        }
    }

    fn audience(&mut self, audience: &Audience) {
        if let AudienceBase::AnyOf(members) = &audience.of {
            self.members(members);
        }
        self.members(&audience.except);
    }

    fn members(&mut self, members: &[Member]) {
        for member in members {
            match member {
                Member::Those(condition) => self.condition(condition),
                Member::Both(inner) => self.members(inner),
                Member::Group(_) => self.needed.groups = true,
                Member::Owners | Member::Stewards | Member::Writers => self.domains = true,
                Member::Role(_) | Member::User(_) | Member::ActingFor(_) => {}
            }
        }
    }

    fn condition(&mut self, condition: &Condition) {
        condition.mentions(&mut |mention| match mention {
            Mention::Attribute(attribute) if built_in(&attribute.node) == Some(Built::Groups) => {
                self.needed.groups = true
            }
            Mention::Attribute(attribute) => self.needed.attributes.push(attribute.node.clone()),
            Mention::Whole(Condition::MemberOf(_)) => self.needed.groups = true,
            Mention::Column(_) | Mention::ColumnTagged(_) | Mention::List(_) | Mention::Whole(_) => {}
        });
    }
}

impl Snapshot {
    /// What a decision about this request can need to know of its parties, of whom so far the identities are known. Where sources give
    /// groups, the parties' groups are not all known yet, and `unknown_groups` says so.
    pub fn needed(&self, request: &Request, parties: &[&Party]) -> Needed {
        let purpose = |party: &&Party| party.identity.extra_credentials.contains_key(super::PURPOSE_CREDENTIAL);
        let by_purpose = parties.iter().any(purpose).then_some(&self.needed_for_purposes);
        let ids: Vec<u32> = match request {
            Request::Table(request) => self.on_table(&request.table, parties),
            Request::Access(access) => match &access.resource {
                // The new name of a rename may be anywhere.
                Resource::Table { table, .. }
                    if access.target.is_none() && access.action != Action::FastForwardBranch =>
                {
                    self.on_table(table, parties)
                }
                Resource::System | Resource::SessionProperty { catalog: None, .. }
                    if access.action.group() != ActionGroup::See =>
                {
                    parties.iter().flat_map(|party| self.index.on_system(&self.index.person(party))).collect()
                }
                _ => return self.needed_anywhere.clone(),
            },
            Request::Listing(_) => return self.needed_anywhere.clone(),
            Request::Unrecognised(_) => return Needed::default(),
        };
        together(self.rules_of(ids).map(|rule| &rule.needs).chain(by_purpose))
    }

    /// The rules on a table and on what it may be a metadata table of; and those that open or close its catalog.
    fn on_table(&self, table: &TableName, parties: &[&Party]) -> Vec<u32> {
        let mut ids = Vec::new();
        let people: Vec<_> = parties.iter().map(|party| self.index.person(party)).collect();
        for table in table.bases().chain([table.clone()]) {
            for person in &people {
                ids.extend(self.index.on_table(&table, self.tags.of(&table), &self.domains, person));
            }
        }
        let catalog = Place::Catalog(&table.catalog);
        ids.extend(self.rules_with_needs.iter().copied().filter(|id| {
            self.rules_of(vec![*id]).any(|rule| {
                let above = rule.domain.as_ref().map_or(&[][..], |domain| self.domains.above(domain));
                let reader = Reader { domain: rule.domain.as_ref(), above };
                let polarity = super::combine::polarity_of(&rule.sentence);
                reach(&rule.target, catalog, self, reader, polarity) != Reach::None
            })
        }));
        ids
    }
}
