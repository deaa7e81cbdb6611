//! Whether a policy is on a table, which columns a rule names, and as which columns its tags are read.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use meshward::document::kinds::{Domain, PlacedBy, Policy};
use meshward::language::pattern::{Pattern, PatternPart};
use meshward::language::syntax::Member;
use meshward::language::syntax::{ColumnTarget, ColumnWord, Condition, Operand, Set, Target};
use meshward::model::name::{Identifier, Name};
use meshward::model::subject::Party;

use crate::engine::oracle::Oracle;
use crate::engine::oracle::truth::Truth;

/// Which tags count where a rule names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// A mesh rule, where the tag tightens: all.
    All,
    /// A mesh rule, where the tag releases: those that the mesh stands for.
    Firm,
    /// A domain's own rule: all, in front of `except` and behind it.
    Own,
}

/// Columns that a sentence's tags are read as; `None`: the table has none for this tag.
pub(super) type Reading = BTreeMap<Name, Option<Identifier>>;

impl Oracle<'_> {
    pub(super) fn in_time(&self, from: Option<Date>, until: Option<Date>) -> bool {
        let today = self.case.subject.now.to_zoned_datetime(self.case.zone.clone()).date();
        from.is_none_or(|from| from <= today) && until.is_none_or(|until| today <= until)
    }

    /// In a mesh rule a domain's tag counts where it tightens. In a domain's own rule every tag counts.
    pub(super) fn weight(&self, policy: &Policy, releases: bool) -> Weight {
        match (&policy.domain, releases) {
            (Some(_), _) => Weight::Own,
            (None, true) => Weight::Firm,
            (None, false) => Weight::All,
        }
    }

    /// The weight behind an `except`: what releases in front of it restricts behind it.
    fn opposite(weight: Weight) -> Weight {
        match weight {
            Weight::All => Weight::Firm,
            Weight::Firm => Weight::All,
            Weight::Own => Weight::Own,
        }
    }

    fn owner(&self) -> Option<&Domain> {
        self.case.documents.domains.values().find(|domain| domain.owns.iter().any(|pattern| self.covers(pattern)))
    }

    /// A table is in its owner's domain and in every domain above that.
    pub(super) fn is_own_table(&self, domain: &Name) -> bool {
        let mut at = self.owner();
        while let Some(known) = at {
            if known.name == *domain {
                return true;
            }
            at = known.parent.as_ref().and_then(|parent| self.case.documents.domains.get(parent));
        }
        false
    }

    pub(super) fn of_the_domain(&self, party: &Party, members: impl Fn(&Domain) -> &Vec<Member>) -> Truth {
        self.owner().map_or(Truth::False, |domain| self.any_of(members(domain), party))
    }

    fn covers(&self, pattern: &Pattern) -> bool {
        let name = &self.case.table.name;
        let parts = [&name.catalog, &name.schema, &name.table];
        pattern.parts().iter().zip(parts).all(|(part, own)| matches_part(part, own.as_str()))
    }

    /// Tags of the table (`None`) or of a column.
    fn tags(&self, column: Option<&Identifier>, weight: Weight) -> Vec<Name> {
        let mut tags = Vec::new();
        for tagging in self.case.documents.taggings.values() {
            if tagging.table != self.case.table.name {
                continue;
            }
            let by_mesh = match &tagging.domain {
                None => true,
                Some(domain) if self.is_own_table(domain) => false,
                Some(_) => continue,
            };
            let placed = match column {
                None => &tagging.tags,
                Some(column) => match tagging.columns.get(column) {
                    Some(tags) => tags,
                    None => continue,
                },
            };
            for tag in placed {
                let lent =
                    self.case.documents.tags.get(tag).is_some_and(|tag| tag.placed_by == PlacedBy::StewardsOfTheDomain);
                if weight != Weight::Firm || by_mesh || lent {
                    tags.push(tag.clone());
                }
            }
        }
        tags
    }

    fn has_tag(&self, column: Option<&Identifier>, tag: &Name, weight: Weight) -> bool {
        self.tags(column, weight).iter().any(|placed| placed.is_within(tag))
    }

    pub(super) fn is_on(&self, target: &Target, weight: Weight) -> bool {
        match target {
            Target::Everything => true,
            Target::System | Target::Functions(_) | Target::SessionProperties(_) => false,
            Target::Pattern(pattern) => self.covers(&pattern.node),
            Target::TablesTagged(tag) => self.has_tag(None, &tag.node, weight),
            Target::TablesInDomain(domain) => self.is_own_table(&domain.node),
            Target::TablesWithColumnsTagged(tag) => !self.columns_tagged(&tag.node, weight).is_empty(),
            Target::UntaggedTables => self.tags(None, Self::opposite(weight)).is_empty(),
            Target::And(parts) => parts.iter().all(|part| self.is_on(part, weight)),
            Target::Or(parts) => parts.iter().any(|part| self.is_on(part, weight)),
            Target::Except(of, without) => self.is_on(of, weight) && !self.is_on(without, Self::opposite(weight)),
        }
    }

    pub(super) fn has_column(&self, target: &ColumnTarget, column: usize, weight: Weight) -> bool {
        let name = &self.case.table.columns[column].name;
        let any = |words: &[ColumnWord], weight: Weight| {
            words.iter().any(|word| match word {
                ColumnWord::Named(named) => named.node == *name,
                ColumnWord::Tagged(tag) => self.has_tag(Some(name), &tag.node, weight),
                ColumnWord::Untagged => self.tags(Some(name), Self::opposite(weight)).is_empty(),
            })
        };
        any(&target.of, weight) && !any(&target.except, Self::opposite(weight))
    }

    /// The readings of a guard. None: its tags are on no column, so it does not bind this table.
    pub(super) fn readings_of_guard(&self, condition: &Condition, policy: &Policy) -> Vec<Reading> {
        let tags = tags_named(condition);
        if !tags.is_empty() && tags.iter().all(|tag| self.columns_tagged(tag, Weight::All).is_empty()) {
            return Vec::new();
        }
        let firm = self.weight(policy, true);
        // Where the rule binds by the mesh's tags alone, a domain's tag takes nothing of that away: what could not be
        // evaluated without it is a reading still.
        let binds_without_help = tags.iter().any(|tag| !self.columns_tagged(tag, firm).is_empty());
        self.readings(&tags, |tag| self.readings_of_tag(tag, firm, binds_without_help))
    }

    /// The readings of which cells a mask covers. The mask's columns say that it binds; what cannot be evaluated masks.
    pub(super) fn readings_of_cells(&self, condition: &Condition, policy: &Policy) -> Vec<Reading> {
        let firm = self.weight(policy, true);
        self.readings(&tags_named(condition), |tag| self.readings_of_tag(tag, firm, true))
    }

    /// The readings of an allow's scope. A tag that only a domain placed gives nothing.
    pub(super) fn readings_that_release(&self, condition: &Condition, policy: &Policy) -> Vec<Reading> {
        let tags = tags_named(condition);
        let firm = self.weight(policy, true);
        self.readings(&tags, |tag| self.readings_of_tag(tag, firm, true))
    }

    /// The columns that a tag may mean, and whether it means one that the table lacks as well.
    fn readings_of_tag(&self, tag: &Name, firm: Weight, firm_needed: bool) -> Vec<Option<Identifier>> {
        let mut columns: Vec<Option<Identifier>> =
            self.columns_tagged(tag, Weight::All).into_iter().map(Some).collect();
        if columns.is_empty() || (firm_needed && self.columns_tagged(tag, firm).is_empty()) {
            columns.push(None);
        }
        columns
    }

    fn readings(&self, tags: &[Name], columns: impl Fn(&Name) -> Vec<Option<Identifier>>) -> Vec<Reading> {
        let mut readings = vec![Reading::new()];
        for tag in tags {
            let mut longer = Vec::new();
            for column in columns(tag) {
                for reading in &readings {
                    let mut reading = reading.clone();
                    reading.insert(tag.clone(), column.clone());
                    longer.push(reading);
                }
            }
            readings = longer;
        }
        readings
    }

    /// The columns with a tag: by what is placed, whether or not the question names them all.
    fn columns_tagged(&self, tag: &Name, weight: Weight) -> BTreeSet<Identifier> {
        let placed = self.case.documents.taggings.values().filter(|tagging| tagging.table == self.case.table.name);
        let columns = placed.flat_map(|tagging| tagging.columns.keys());
        columns.filter(|column| self.has_tag(Some(column), tag, weight)).cloned().collect()
    }
}

/// `*` is any run of characters, within a part.
fn matches_part(part: &PatternPart, name: &str) -> bool {
    fn matches(pieces: &[std::sync::Arc<str>], name: &str) -> bool {
        match pieces {
            [] => name.is_empty(),
            [only] => name == &**only,
            [first, rest @ ..] => match name.strip_prefix(&**first) {
                Some(tail) => (0..=tail.len()).any(|at| tail.is_char_boundary(at) && matches(rest, &tail[at..])),
                None => false,
            },
        }
    }
    matches(part.pieces(), name)
}

/// The tags that a condition names columns by, each once.
fn tags_named(condition: &Condition) -> Vec<Name> {
    let mut tags = Vec::new();
    collect(condition, &mut tags);
    tags.sort();
    tags.dedup();
    tags
}

fn collect(condition: &Condition, tags: &mut Vec<Name>) {
    let mut operand = |operand: &Operand| {
        if let Operand::ColumnTagged(tag) = operand {
            tags.push(tag.node.clone());
        }
    };
    match condition {
        Condition::And(parts) | Condition::Or(parts) => parts.iter().for_each(|part| collect(part, tags)),
        Condition::Not(inner) => collect(inner, tags),
        Condition::Compare { left, right, .. } | Condition::TextMatch { left, right, .. } => {
            operand(left);
            operand(right);
        }
        Condition::In { left, set, .. } => {
            operand(left);
            if let Set::ColumnTagged(tag) = set {
                tags.push(tag.node.clone());
            }
        }
        Condition::Includes { value, .. } => operand(value),
        Condition::Between { left, low, high } => [left, low, high].into_iter().for_each(operand),
        Condition::IsNull(left)
        | Condition::IsTrue(left)
        | Condition::WithinLast { left, .. }
        | Condition::OlderThan { left, .. }
        | Condition::InRelation { left, .. } => operand(left),
        Condition::IsPresent(_)
        | Condition::MemberOf(_)
        | Condition::InRole(_)
        | Condition::UserIs(_)
        | Condition::ActingFor(_)
        | Condition::ClockBetween(..)
        | Condition::On(_)
        | Condition::Sql(_) => {}
    }
}
