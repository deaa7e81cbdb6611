//! Policies as the engine reads them: one entry for each rule, with the authority and the days on which it holds.

use std::sync::Arc;

use jiff::civil::Date;

use crate::attributes::Needed;
use crate::document::kinds::{Documents, Policy};
use crate::engine::needs;
use crate::language::syntax::{Lifting, Sentence, Target};
use crate::model::action::{Action, ActionGroup, ActionSet, Actions};
use crate::model::decision::RuleReference;
use crate::model::name::Name;

/// One rule of one policy.
#[derive(Clone, Debug)]
pub(crate) struct EngineRule {
    /// For people.
    pub(crate) reference: Arc<RuleReference>,
    /// The domain that made it; `None`: the mesh.
    pub(crate) domain: Option<Name>,
    /// What it is on.
    pub(crate) target: Arc<Target>,
    /// What it says.
    pub(crate) sentence: Sentence,
    /// The actions that it allows or denies; none for other sentences.
    pub(crate) actions: Actions,
    /// Those of them that make their object visible.
    pub(crate) shows: Actions,
    /// The exception that may lift it: policy and rule name.
    pub(crate) liftable: Option<(Name, Name)>,
    /// What must be known of a party to say what the rule says to it.
    pub(crate) needs: Needed,
    from: Option<Date>,
    until: Option<Date>,
}

impl EngineRule {
    /// Whether it holds on a day; both ends included.
    pub(crate) fn holds_on(&self, day: Date) -> bool {
        holds(self.from, self.until, day)
    }

    /// The same rule as if no grant could lift it.
    pub(crate) fn unlifted(&self) -> Self {
        Self { liftable: None, ..self.clone() }
    }

    /// The first and the last day on which it holds.
    pub(crate) fn period(&self) -> (Option<Date>, Option<Date>) {
        (self.from, self.until)
    }

    /// The days on which it begins to hold, and on which it no longer does.
    pub(crate) fn days(&self) -> impl Iterator<Item = Date> {
        turning_days(self.from, self.until)
    }
}

/// Whether a day lies within; both ends included.
pub(crate) fn holds(from: Option<Date>, until: Option<Date>, day: Date) -> bool {
    from.is_none_or(|from| from <= day) && until.is_none_or(|until| day <= until)
}

/// The days on which something begins to hold, and on which it no longer does.
pub(crate) fn turning_days(from: Option<Date>, until: Option<Date>) -> impl Iterator<Item = Date> {
    [from, until.and_then(|until| until.tomorrow().ok())].into_iter().flatten()
}

/// Every rule of every policy, in the policies' order.
pub(crate) fn rules(documents: &Documents) -> Vec<EngineRule> {
    documents.policies.values().flat_map(|policy| policy_rules(policy, documents)).collect()
}

fn policy_rules<'a>(policy: &'a Policy, documents: &'a Documents) -> impl Iterator<Item = EngineRule> + 'a {
    let target = Arc::new(policy.on.clone());
    policy.rules.iter().enumerate().map(move |(index, rule)| EngineRule {
        reference: Arc::new(RuleReference {
            policy: policy.name.clone(),
            rule: rule.name.as_ref().map_or_else(|| (index + 1).to_string(), ToString::to_string),
            sentence: rule.rule.to_string(),
        }),
        domain: policy.domain.clone(),
        target: Arc::clone(&target),
        actions: actions_of(&rule.rule.sentence),
        shows: actions_of(&rule.rule.sentence).only(shows),
        sentence: rule.rule.sentence.clone(),
        liftable: match (&rule.name, rule.rule.lifting) {
            (Some(name), Lifting::ByException) => Some((policy.name.clone(), name.clone())),
            _ => None,
        },
        needs: needs::of_rule(&policy.name, rule, documents),
        from: policy.from,
        until: policy.until,
    })
}

fn actions_of(sentence: &Sentence) -> Actions {
    let (Sentence::Allow { actions: words, .. } | Sentence::Deny { actions: words, .. }) = sentence else {
        return Actions::default();
    };
    let sets: Vec<ActionSet> = words.iter().filter_map(|word| ActionSet::named(word.node.0.folded())).collect();
    Action::ALL.iter().copied().filter(|action| sets.iter().any(|set| set.contains(*action))).collect()
}

/// Whether being allowed an action makes its object visible; what everybody may do, and what concerns the cluster, does not.
fn shows(action: Action) -> bool {
    !matches!(action.group(), ActionGroup::Use | ActionGroup::Administer)
}
