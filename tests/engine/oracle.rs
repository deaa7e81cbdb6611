//! The reference evaluator: no index, no folding, row by row, written from the design's words and not from the engine's code.
//! It is slow and plain on purpose, and stays for ever.

mod condition;
mod mask;
mod scope;
mod truth;

use meshward::document::kinds::{Given, Policy, PolicyRule};
use meshward::language::syntax::{Audience, AudienceBase, Condition, Lifting, MaskWord, Member, Sentence, Spanned};
use meshward::model::action::{Action, ActionSet};
use meshward::model::mask::Mask;
use meshward::model::name::Name;
use meshward::model::subject::Party;

use crate::engine::case::Case;
use crate::engine::cell::Cell;
use crate::engine::oracle::truth::Truth;

pub(crate) use crate::engine::oracle::scope::Weight;

/// What may be seen of a case's table.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) read: bool,
    pub(crate) hidden: Vec<bool>,
    pub(crate) rows: Vec<Row>,
}

/// What may be seen of one row.
#[derive(Debug)]
pub(crate) struct Row {
    /// Whether the guards let it pass; what a filter says where reading is denied.
    pub(crate) guarded_in: bool,
    /// Whether an allow's scope has it, and the guards let it pass.
    pub(crate) seen: bool,
    /// What is shown in place of each value; meaningless in hidden columns.
    pub(crate) cells: Vec<Cell>,
}

/// A rule that is in force today on this table.
struct Bound<'a> {
    policy: &'a Policy,
    rule: &'a PolicyRule,
    /// As what the table's tags were read to find that it is on this table.
    weight: Weight<'a>,
}

/// Asks the oracle.
pub(crate) fn answer(case: &Case) -> Answer {
    Oracle { case }.answer()
}

struct Oracle<'a> {
    case: &'a Case,
}

impl<'a> Oracle<'a> {
    fn answer(&self) -> Answer {
        let restrictions = self.restrictions();
        let hidden = (0..self.case.table.columns.len()).map(|column| self.is_hidden(&restrictions, column)).collect();
        let rows = (0..self.case.table.rows.len()).map(|row| self.row(&restrictions, row)).collect();
        Answer { read: self.may_read(&restrictions), hidden, rows }
    }

    /// Rules in force on this table, read with tags that bind or with tags that release.
    fn in_force(&self, releases: impl Fn(&Sentence) -> bool) -> Vec<Bound<'a>> {
        let mut bound = Vec::new();
        for policy in self.case.documents.policies.values() {
            if !self.in_time(policy.from, policy.until) {
                continue;
            }
            if let Some(domain) = &policy.domain
                && !self.is_own_table(domain)
            {
                continue;
            }
            for rule in &policy.rules {
                let weight = self.weight(policy, releases(&rule.rule.sentence));
                if self.is_on(&policy.on, weight) {
                    bound.push(Bound { policy, rule, weight });
                }
            }
        }
        bound
    }

    fn allows(&self) -> Vec<Bound<'a>> {
        let mut bound = self.in_force(|_| true);
        bound.retain(|bound| matches!(bound.rule.rule.sentence, Sentence::Allow { .. }));
        bound
    }

    /// Every restriction with whom it binds: the one who asks, and in the mesh's case the invoker of a view as well.
    fn restrictions(&self) -> Vec<(Bound<'a>, &'a Party)> {
        let mut restrictions = Vec::new();
        let shared = self.mesh_lets_definer_share();
        let subject = &self.case.subject;
        for parties in [Some(&subject.asking), subject.invoker.as_ref().filter(|_| !shared)].into_iter().enumerate() {
            let (index, Some(party)) = parties else { continue };
            for bound in self.in_force(|_| false) {
                if index == 1 && bound.policy.domain.is_some() {
                    continue;
                }
                if self.binds(&bound, party) {
                    restrictions.push((bound, party));
                }
            }
        }
        restrictions
    }

    /// "for everyone except C" binds unless C is TRUE; "for C" binds when C is TRUE or UNKNOWN; an exception lifts it.
    fn binds(&self, bound: &Bound<'_>, party: &Party) -> bool {
        let applies = match &bound.rule.rule.sentence {
            Sentence::Allow { .. } | Sentence::ActAs { .. } => return false,
            // A floor is for everybody, and no grant lifts it.
            Sentence::NeverShow { .. } => return true,
            Sentence::Deny { audience, purposes, .. } => {
                self.audience(audience, party).and(self.any_purpose(purposes, Truth::True)) != Truth::False
            }
            Sentence::OnlyShowRows { audience, .. }
            | Sentence::MaskColumns { audience, .. }
            | Sentence::HideColumns { audience, .. }
            | Sentence::OnlyShowColumns { audience, .. }
            | Sentence::LimitUse { audience, .. } => {
                let base = match &audience.of {
                    AudienceBase::Everyone => Truth::True,
                    AudienceBase::AnyOf(members) => self.any_of(members, party),
                };
                base != Truth::False && self.any_of(&audience.except, party) != Truth::True
            }
        };
        applies && !self.is_lifted(bound, party)
    }

    fn is_lifted(&self, bound: &Bound<'_>, party: &Party) -> bool {
        let Some(name) = &bound.rule.name else { return false };
        if bound.rule.rule.lifting == Lifting::Never {
            return false;
        }
        self.case.documents.grants.values().any(|grant| {
            let about_it = matches!(&grant.gives, Given::Exception { policy, rule } if *policy == bound.policy.name && rule == name);
            about_it && self.in_time(grant.from, grant.until) && self.any_of(&grant.to, party) == Truth::True
        })
    }

    fn audience(&self, audience: &Audience, party: &Party) -> Truth {
        let base = match &audience.of {
            AudienceBase::Everyone => Truth::True,
            AudienceBase::AnyOf(members) => self.any_of(members, party),
        };
        base.and(self.any_of(&audience.except, party).not())
    }

    fn any_of(&self, members: &[Member], party: &Party) -> Truth {
        members.iter().fold(Truth::False, |any, member| any.or(self.member(member, party)))
    }

    fn member(&self, member: &Member, party: &Party) -> Truth {
        match member {
            Member::Group(group) => is_member(party, &group.node),
            Member::Role(role) => Truth::of(party.identity.enabled_roles.contains(&role.node)),
            Member::User(user) => Truth::of(party.identity.user == user.node),
            Member::ActingFor(purpose) => self.acting_for(&purpose.node),
            Member::Those(condition) => self.condition(condition, party, None),
            Member::Both(members) => members.iter().fold(Truth::True, |all, one| all.and(self.member(one, party))),
            Member::Owners => self.of_the_domain(party, |domain| &domain.owners),
            Member::Stewards => self.of_the_domain(party, |domain| &domain.stewards),
            Member::Writers => self.of_the_domain(party, |domain| &domain.writers),
        }
    }

    fn any_purpose(&self, purposes: &[Spanned<Name>], if_none_named: Truth) -> Truth {
        if purposes.is_empty() {
            return if_none_named;
        }
        purposes.iter().fold(Truth::False, |any, purpose| any.or(self.acting_for(&purpose.node)))
    }

    /// A query acts for one purpose: the one that its initiator names and was granted, and all above it.
    fn acting_for(&self, purpose: &Name) -> Truth {
        let initiator = self.case.subject.initiator();
        let Some(named) = initiator.identity.extra_credentials.get("purpose") else { return Truth::False };
        let Some(named) = Name::new(named) else { return Truth::Unknown };
        let granted = self.case.documents.grants.values().any(|grant| {
            matches!(&grant.gives, Given::Purpose(given) if *given == named)
                && self.in_time(grant.from, grant.until)
                && self.any_of(&grant.to, initiator) == Truth::True
        });
        // What is merely asserted may restrict and never release: without a grant, nothing is known of the purpose.
        if granted { Truth::of(self.purposes_above(&named).contains(purpose)) } else { Truth::Unknown }
    }

    fn purposes_above(&self, purpose: &Name) -> Vec<Name> {
        let mut above = vec![purpose.clone()];
        let mut next = 0;
        while let Some(purpose) = above.get(next) {
            let parents = self.case.documents.purposes.get(purpose).map_or(Vec::new(), |known| known.parents.clone());
            above.extend(parents.into_iter().filter(|parent| !above.contains(parent)).collect::<Vec<_>>());
            next += 1;
        }
        above
    }

    fn may(&self, action: Action, mesh_only: bool) -> bool {
        self.allows().iter().any(|bound| {
            let Sentence::Allow { audience, actions, purposes, .. } = &bound.rule.rule.sentence else { return false };
            (bound.policy.domain.is_none() || !mesh_only)
                && names(actions, action)
                && self.allow_applies(audience, purposes) == Truth::True
        })
    }

    fn allow_applies(&self, audience: &Audience, purposes: &[Spanned<Name>]) -> Truth {
        self.audience(audience, &self.case.subject.asking).and(self.any_purpose(purposes, Truth::True))
    }

    /// Whether the mesh trusts the owner of a view with this table, so that the invoker's restrictions do not count.
    fn mesh_lets_definer_share(&self) -> bool {
        let action = Action::CreateViewWithSelectFromColumns;
        let denied = self.in_force(|_| false).iter().any(|bound| {
            matches!(&bound.rule.rule.sentence, Sentence::Deny { actions, .. } if names(actions, action))
                && self.binds(bound, &self.case.subject.asking)
        });
        self.may(action, true) && !denied
    }

    fn may_read(&self, restrictions: &[(Bound<'_>, &Party)]) -> bool {
        let refused = restrictions.iter().any(|(bound, _)| match &bound.rule.rule.sentence {
            Sentence::Deny { actions, .. } => names(actions, Action::SelectFromColumns),
            Sentence::LimitUse { purposes, .. } => self.any_purpose(purposes, Truth::False) != Truth::True,
            _ => false,
        });
        self.may(Action::SelectFromColumns, false) && !refused
    }

    fn is_hidden(&self, restrictions: &[(Bound<'_>, &Party)], column: usize) -> bool {
        restrictions.iter().any(|(bound, _)| match &bound.rule.rule.sentence {
            Sentence::HideColumns { columns, .. } => self.has_column(columns, column, bound.weight),
            Sentence::OnlyShowColumns { columns, .. } => {
                !self.has_column(columns, column, self.weight(bound.policy, true))
            }
            _ => false,
        })
    }

    fn row(&self, restrictions: &[(Bound<'_>, &Party)], row: usize) -> Row {
        let guarded_in = restrictions.iter().all(|(bound, party)| match &bound.rule.rule.sentence {
            Sentence::OnlyShowRows { rows, .. } => self
                .readings_of_guard(rows, bound.policy)
                .iter()
                .all(|reading| self.condition(rows, party, Some((row, reading))) == Truth::True),
            _ => true,
        });
        let in_scope = self.allows().iter().any(|bound| self.scope_has(bound, row));
        let cells = (0..self.case.table.columns.len()).map(|column| self.cell(restrictions, row, column)).collect();
        Row { guarded_in, seen: guarded_in && in_scope, cells }
    }

    /// Whether an allow to read applies and its scope has the row: a scope needs every reading of its tags.
    fn scope_has(&self, bound: &Bound<'_>, row: usize) -> bool {
        let Sentence::Allow { audience, actions, rows, purposes } = &bound.rule.rule.sentence else { return false };
        if !names(actions, Action::SelectFromColumns) || self.allow_applies(audience, purposes) != Truth::True {
            return false;
        }
        let Some(rows) = rows else { return true };
        let readings = self.readings_that_release(rows, bound.policy);
        !readings.is_empty()
            && readings
                .iter()
                .all(|reading| self.condition(rows, &self.case.subject.asking, Some((row, reading))) == Truth::True)
    }

    fn cell(&self, restrictions: &[(Bound<'_>, &Party)], row: usize, column: usize) -> Cell {
        let masks: Vec<&Mask> = restrictions
            .iter()
            .filter_map(|(bound, party)| match &bound.rule.rule.sentence {
                Sentence::MaskColumns { columns, mask: MaskWord::Known(mask), cells, .. } => {
                    let masked = self.has_column(columns, column, bound.weight)
                        && cells.as_ref().is_none_or(|cells| self.masks_cell(cells, bound, party, row));
                    masked.then_some(mask)
                }
                Sentence::NeverShow { columns, floor: MaskWord::Known(mask) } => {
                    self.has_column(columns, column, bound.weight).then_some(mask)
                }
                _ => None,
            })
            .collect();
        let cell = &self.case.table.rows[row][column];
        mask::shown(&masks, cell, self.case.table.type_of(column))
    }

    fn masks_cell(&self, cells: &Condition, bound: &Bound<'_>, party: &Party, row: usize) -> bool {
        self.readings_of_cells(cells, bound.policy)
            .iter()
            .any(|reading| self.condition(cells, party, Some((row, reading))) != Truth::False)
    }
}

/// Who is in a group is in it; whoever is not may be, where a source of groups did not answer.
fn is_member(party: &Party, group: &str) -> Truth {
    match (party.identity.groups.contains(group), &party.unknown_groups) {
        (true, _) => Truth::True,
        (false, None) => Truth::False,
        (false, Some(_)) => Truth::Unknown,
    }
}

fn names(actions: &[Spanned<meshward::language::syntax::ActionWord>], action: Action) -> bool {
    actions.iter().any(|word| ActionSet::named(word.node.0.folded()).is_some_and(|set| set.contains(action)))
}
