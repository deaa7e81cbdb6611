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

/// Which tags count where a rule names one: all where that tightens, and where it releases only those from the rule's own height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Weight<'a> {
    releases: bool,
    /// The domain whose rule it is; `None`: the mesh's.
    domain: Option<&'a Name>,
}

impl Weight<'_> {
    /// The weight behind an `except`: what releases in front of it restricts behind it.
    fn opposite(self) -> Self {
        Self { releases: !self.releases, ..self }
    }
}

/// A sentence is read at most so often; above that nothing is shown.
const MOST_READINGS: usize = 64;

/// Which columns a sentence's tags mean.
#[derive(Clone, Debug)]
pub(super) enum Reading {
    /// For each tag its column; `None`: the table has none for it.
    As(BTreeMap<Name, Option<Identifier>>),
    /// There are too many readings to look at any: whatever is asked of the row is unknown.
    TooMany,
}

impl Oracle<'_> {
    pub(super) fn in_time(&self, from: Option<Date>, until: Option<Date>) -> bool {
        let today = self.case.subject.now.to_zoned_datetime(self.case.zone.clone()).date();
        from.is_none_or(|from| from <= today) && until.is_none_or(|until| today <= until)
    }

    pub(super) fn weight<'p>(&self, policy: &'p Policy, releases: bool) -> Weight<'p> {
        Weight { releases, domain: policy.domain.as_ref() }
    }

    fn owner(&self) -> Option<&Domain> {
        self.case.documents.domains.values().find(|domain| domain.owns.iter().any(|pattern| self.covers(pattern)))
    }

    /// A table is in its owner's domain and in every domain above that.
    pub(super) fn is_own_table(&self, domain: &Name) -> bool {
        self.owner().is_some_and(|owner| self.is_within(&owner.name, domain))
    }

    /// Whether a domain is another or lies below it.
    fn is_within(&self, domain: &Name, above: &Name) -> bool {
        let mut at = self.case.documents.domains.get(domain);
        while let Some(known) = at {
            if known.name == *above {
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
    fn tags(&self, column: Option<&Identifier>, weight: Weight<'_>) -> Vec<Name> {
        let mut tags = Vec::new();
        for tagging in self.case.documents.taggings.values() {
            if tagging.table != self.case.table.name {
                continue;
            }
            // Tags from below the rule only tighten.
            let from_above = match (&tagging.domain, weight.domain) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(tagging), Some(rule)) => self.is_within(rule, tagging),
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
                if !weight.releases || from_above || lent {
                    tags.push(tag.clone());
                }
            }
        }
        tags
    }

    fn has_tag(&self, column: Option<&Identifier>, tag: &Name, weight: Weight<'_>) -> bool {
        self.tags(column, weight).iter().any(|placed| placed.is_within(tag))
    }

    pub(super) fn is_on(&self, target: &Target, weight: Weight<'_>) -> bool {
        match target {
            Target::Everything => true,
            Target::System | Target::Functions(_) | Target::SessionProperties(_) => false,
            Target::Pattern(pattern) => self.covers(&pattern.node),
            Target::TablesTagged(tag) => self.has_tag(None, &tag.node, weight),
            Target::TablesInDomain(domain) => self.is_own_table(&domain.node),
            Target::TablesWithColumnsTagged(tag) => !self.columns_tagged(&tag.node, weight).is_empty(),
            Target::UntaggedTables => self.tags(None, weight.opposite()).is_empty(),
            Target::And(parts) => parts.iter().all(|part| self.is_on(part, weight)),
            Target::Or(parts) => parts.iter().any(|part| self.is_on(part, weight)),
            Target::Except(of, without) => self.is_on(of, weight) && !self.is_on(without, weight.opposite()),
        }
    }

    pub(super) fn has_column(&self, target: &ColumnTarget, column: usize, weight: Weight<'_>) -> bool {
        let name = &self.case.table.columns[column].name;
        let any = |words: &[ColumnWord], weight: Weight<'_>| {
            words.iter().any(|word| match word {
                ColumnWord::Named(named) => named.node == *name,
                ColumnWord::Tagged(tag) => self.has_tag(Some(name), &tag.node, weight),
                ColumnWord::Untagged => self.tags(Some(name), weight.opposite()).is_empty(),
            })
        };
        any(&target.of, weight) && !any(&target.except, weight.opposite())
    }

    /// The readings of a guard. None: its tags are on no column, so it does not bind this table.
    pub(super) fn readings_of_guard(&self, condition: &Condition, policy: &Policy) -> Vec<Reading> {
        let tags = tags_named(condition);
        let firm = self.weight(policy, true);
        if !tags.is_empty() && tags.iter().all(|tag| self.columns_tagged(tag, firm.opposite()).is_empty()) {
            return Vec::new();
        }
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

    /// The readings of an allow's scope. A tag that only a domain placed gives nothing; none: the scope is on no row.
    pub(super) fn readings_that_release(&self, condition: &Condition, policy: &Policy) -> Vec<Reading> {
        let tags = tags_named(condition);
        let firm = self.weight(policy, true);
        if !tags.is_empty() && tags.iter().all(|tag| self.columns_tagged(tag, firm).is_empty()) {
            return Vec::new();
        }
        self.readings(&tags, |tag| self.readings_of_tag(tag, firm, true))
    }

    /// The columns that a tag may mean. `None`: one that the table lacks; a column that is there by a domain's tag alone takes
    /// nothing of that away, for what is TRUE or FALSE with an unknown part is so with any.
    fn readings_of_tag(&self, tag: &Name, firm: Weight<'_>, firm_needed: bool) -> Vec<Option<Identifier>> {
        let columns = self.columns_tagged(tag, firm.opposite());
        if columns.is_empty() || (firm_needed && self.columns_tagged(tag, firm).is_empty()) {
            return vec![None];
        }
        columns.into_iter().map(Some).collect()
    }

    /// Every combination. Above [`MOST_READINGS`] one that nothing is known of, which shows nothing.
    fn readings(&self, tags: &[Name], columns: impl Fn(&Name) -> Vec<Option<Identifier>>) -> Vec<Reading> {
        let mut readings = vec![BTreeMap::new()];
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
        if readings.len() > MOST_READINGS {
            return vec![Reading::TooMany];
        }
        readings.into_iter().map(Reading::As).collect()
    }

    /// The columns with a tag: by what is placed, whether or not the question names them all.
    fn columns_tagged(&self, tag: &Name, weight: Weight<'_>) -> BTreeSet<Identifier> {
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
