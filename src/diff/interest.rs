//! What rules ask of people: the groups, roles, users, attribute values, purposes and hours that any of some rules mentions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::{Date, Time};

use crate::document::kinds::Grant;
use crate::engine::rules::{EngineRule, turning_days};
use crate::language::check::{Built, built_in};
use crate::language::syntax::{
    Audience, AudienceBase, Case, Comparison, Condition, Member, Mention, Operand, Sentence, Set, Spanned,
};
use crate::model::name::Name;
use crate::model::value::Value;

/// What is asked of one attribute.
#[derive(Debug, Default)]
pub(super) struct AttributeInterest<'a> {
    /// What it is compared with.
    pub(super) literals: BTreeSet<Value>,
    /// Whether something is asked of its order.
    pub(super) ordered: bool,
    /// Whether its very values matter: it is compared with columns or with another attribute.
    pub(super) exact: bool,
    /// The conditions on it alone.
    pub(super) leaves: Vec<&'a Condition>,
}

/// What is asked of people.
#[derive(Debug, Default)]
pub(super) struct Interest<'a> {
    pub(super) users: BTreeSet<Arc<str>>,
    /// Whether every user's name matters.
    pub(super) exact_user: bool,
    pub(super) groups: BTreeSet<Arc<str>>,
    pub(super) roles: BTreeSet<Arc<str>>,
    /// Whether all of somebody's groups are looked at.
    pub(super) every_group: bool,
    /// Whether all of somebody's roles are looked at.
    pub(super) every_role: bool,
    pub(super) clusters: BTreeSet<Arc<str>>,
    /// Whether the cluster is looked at.
    pub(super) any_cluster: bool,
    pub(super) purposes: BTreeSet<Name>,
    /// Whether every purpose matters.
    pub(super) every_purpose: bool,
    pub(super) attributes: BTreeMap<Name, AttributeInterest<'a>>,
    pub(super) lists: BTreeSet<Name>,
    pub(super) hours: BTreeSet<Time>,
    pub(super) weekdays: bool,
    pub(super) days: BTreeSet<Date>,
    /// Whether the people of the table's domain are named.
    pub(super) domain_people: bool,
    /// What columns are compared with.
    pub(super) row_literals: BTreeSet<Value>,
    /// Whether SQL of a rule's own is among them.
    pub(super) sql: bool,
}

impl<'a> Interest<'a> {
    pub(super) fn rule(&mut self, rule: &'a EngineRule) {
        self.days.extend(rule.days());
        if let Some(audience) = rule.sentence.audience() {
            self.audience(audience);
        }
        match &rule.sentence {
            Sentence::Allow { rows, purposes, .. } => {
                rows.iter().for_each(|rows| self.condition(rows));
                self.named_purposes(purposes);
            }
            Sentence::Deny { purposes, .. } | Sentence::LimitUse { purposes, .. } => self.named_purposes(purposes),
            Sentence::OnlyShowRows { rows, .. } => self.condition(rows),
            Sentence::MaskColumns { cells, .. } => cells.iter().for_each(|cells| self.condition(cells)),
            Sentence::ActAs { .. }
            | Sentence::HideColumns { .. }
            | Sentence::OnlyShowColumns { .. }
            | Sentence::NeverShow { .. } => {}
        }
    }

    pub(super) fn grant(&mut self, grant: &'a Grant) {
        self.days.extend(turning_days(grant.from, grant.until));
        self.members(&grant.to);
    }

    fn named_purposes(&mut self, purposes: &[Spanned<Name>]) {
        self.purposes.extend(purposes.iter().map(|purpose| purpose.node.clone()));
    }

    fn audience(&mut self, audience: &'a Audience) {
        if let AudienceBase::AnyOf(members) = &audience.of {
            self.members(members);
        }
        self.members(&audience.except);
    }

    pub(super) fn members(&mut self, members: &'a [Member]) {
        for member in members {
            match member {
                Member::Group(group) => drop(self.groups.insert(Arc::clone(&group.node))),
                Member::Role(role) => drop(self.roles.insert(Arc::clone(&role.node))),
                Member::User(user) => drop(self.users.insert(Arc::clone(&user.node))),
                Member::ActingFor(purpose) => drop(self.purposes.insert(purpose.node.clone())),
                Member::Those(condition) => self.condition(condition),
                Member::Both(all) => self.members(all),
                Member::Owners | Member::Stewards | Member::Writers => self.domain_people = true,
            }
        }
    }

    fn condition(&mut self, condition: &'a Condition) {
        match condition {
            Condition::And(parts) | Condition::Or(parts) => parts.iter().for_each(|part| self.condition(part)),
            Condition::Not(inner) => self.condition(inner),
            Condition::MemberOf(group) => drop(self.groups.insert(Arc::clone(&group.node))),
            Condition::InRole(role) => drop(self.roles.insert(Arc::clone(&role.node))),
            Condition::UserIs(user) => drop(self.users.insert(Arc::clone(&user.node))),
            Condition::ActingFor(purpose) => drop(self.purposes.insert(purpose.node.clone())),
            Condition::ClockBetween(from, to) => self.hours.extend([*from, *to]),
            Condition::On(_) => self.weekdays = true,
            Condition::Sql(_) => self.sql = true,
            leaf => self.leaf(leaf),
        }
    }

    /// A comparison: what is compared in it, and with what.
    fn leaf(&mut self, leaf: &'a Condition) {
        let (mut attributes, mut columns) = (Vec::new(), 0);
        leaf.mentions(&mut |mention| match mention {
            Mention::Attribute(name) => attributes.push(&name.node),
            Mention::Column(_) | Mention::ColumnTagged(_) => columns += 1,
            Mention::List(list) => drop(self.lists.insert(list.node.clone())),
            Mention::Whole(_) => {}
        });
        let literals = literals_of(leaf);
        if columns > 0 {
            self.row_literals.extend(literals.iter().cloned());
        }
        let exact = columns > 0 || attributes.len() > 1;
        let ordered = matches!(
            leaf,
            Condition::Between { .. }
                | Condition::WithinLast { .. }
                | Condition::OlderThan { .. }
                | Condition::Compare {
                    operator: Comparison::Less
                        | Comparison::LessOrEqual
                        | Comparison::Greater
                        | Comparison::GreaterOrEqual,
                    ..
                }
        );
        for name in attributes {
            match built_in(name) {
                // Who a beginning of a name or another case of it means, each name tells.
                Some(built) => self.built_in(built, &literals, exact || !is_plain(leaf)),
                None => {
                    let of = self.attributes.entry(name.clone()).or_default();
                    of.literals.extend(literals.iter().cloned());
                    of.exact |= exact;
                    of.ordered |= ordered;
                    of.leaves.push(leaf);
                }
            }
        }
    }

    fn built_in(&mut self, built: Built, literals: &[Value], exact: bool) {
        let texts = || {
            literals.iter().filter_map(|literal| match literal {
                Value::Text(text) => Some(Arc::clone(text)),
                _ => None,
            })
        };
        // One group besides those that are named, for what is asked of all of them.
        let another = |what: &str| Arc::from(format!("another {what}"));
        match built {
            // What is asked of the text of a name is asked of each name.
            Built::User | Built::Principal => {
                self.users.extend(texts());
                self.exact_user |= exact || literals.is_empty();
            }
            Built::Groups => {
                self.groups.extend(texts());
                self.groups.insert(another("group"));
                self.every_group = true;
            }
            Built::Roles => {
                self.roles.extend(texts());
                self.roles.insert(another("role"));
                self.every_role = true;
            }
            Built::Purpose => self.every_purpose = true,
            Built::Cluster => {
                self.clusters.extend(texts());
                self.any_cluster = true;
            }
            Built::QueryTime => self.days.extend(literals.iter().filter_map(|literal| match literal {
                Value::Date(day) => Some(*day),
                Value::Timestamp(at) => Some(at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date()),
                Value::Text(text) => text.get(..10).and_then(|day| day.parse().ok()),
                _ => None,
            })),
        }
    }
}

fn is_plain(leaf: &Condition) -> bool {
    matches!(
        leaf,
        Condition::Compare { operator: Comparison::Equal | Comparison::NotEqual, case: Case::Exact, .. }
            | Condition::In { case: Case::Exact, set: Set::Values(_), .. }
            | Condition::Includes { case: Case::Exact, .. }
    )
}

/// The literals of one comparison.
fn literals_of(leaf: &Condition) -> Vec<Value> {
    let mut literals = Vec::new();
    let mut add = |operand: &Operand| {
        if let Operand::Literal(value) = operand {
            literals.push(value.node.clone());
        }
    };
    match leaf {
        Condition::Compare { left, right, .. } | Condition::TextMatch { left, right, .. } => {
            add(left);
            add(right);
        }
        Condition::Between { left, low, high } => [left, low, high].into_iter().for_each(add),
        Condition::Includes { value, .. } => add(value),
        Condition::In { left, set, .. } => {
            add(left);
            if let Set::Values(values) = set {
                literals.extend(values.iter().map(|value| value.node.clone()));
            }
        }
        _ => {}
    }
    literals
}
