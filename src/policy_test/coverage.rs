//! Which rules the cases met.

use std::collections::HashMap;
use std::sync::Arc;

use crate::document::test::{Case, Question};
use crate::engine::snapshot::Snapshot;
use crate::engine::trees::{Bearing, Borne, bearings, countable};
use crate::model::action::Action;
use crate::model::decision::RuleReference;
use crate::model::request::{Resource, TableRequest};
use crate::model::subject::Subject;
use crate::policy_test::Mesh;
use crate::policy_test::judge::Judged;

/// How often cases met each rule.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// One for each rule, in the policies' order.
    pub rules: Vec<RuleCoverage>,
}

/// How often cases met one rule.
#[derive(Clone, Debug)]
pub struct RuleCoverage {
    /// The rule.
    pub rule: Arc<RuleReference>,
    /// Cases that it determined, or to which it applied and that it did not change. Of denied cases those alone that it denies.
    pub decided: usize,
    /// Cases on its tables about somebody whom it leaves alone.
    pub left_alone: usize,
    /// Whether there can be such a case.
    pub selective: bool,
}

impl Coverage {
    pub(super) fn of_rules(snapshot: &Snapshot) -> Self {
        let rule = |rule: crate::engine::trees::Countable| RuleCoverage {
            rule: rule.reference,
            decided: 0,
            left_alone: 0,
            selective: rule.selective,
        };
        Self { rules: countable(snapshot).into_iter().map(rule).collect() }
    }

    /// Counts what one case met.
    pub(super) fn count(&mut self, mesh: &Mesh, case: &Case, subject: &Subject, judged: &Judged) {
        // Whether each rule decided; a rule that is on nothing of the case is not in the map.
        let mut met: HashMap<Arc<RuleReference>, bool> = HashMap::new();
        let mut meet = |rule: &Arc<RuleReference>, decided: bool| *met.entry(Arc::clone(rule)).or_default() |= decided;
        for Borne { rule, bearing, on_verdict } in on_table(mesh, case, subject) {
            let applies = bearing == Bearing::Applies;
            // Who is denied sees nothing, so what a rule would have taken away nobody tried; nor did an allow decide anything.
            match judged.denied {
                false => meet(&rule, applies),
                true if on_verdict && !applies => meet(&rule, false),
                true => {}
            }
        }
        judged.because.iter().for_each(|contribution| meet(&contribution.rule, true));
        for rule in &mut self.rules {
            match met.get(&rule.rule) {
                Some(true) => rule.decided += 1,
                Some(false) => rule.left_alone += 1,
                None => {}
            }
        }
    }

    /// The rules that no case decided.
    pub fn never_decided(&self) -> impl Iterator<Item = &RuleCoverage> {
        self.rules.iter().filter(|rule| rule.decided == 0)
    }

    /// The rules that decided every case that they could have left alone.
    pub fn never_left_alone(&self) -> impl Iterator<Item = &RuleCoverage> {
        self.rules.iter().filter(|rule| rule.selective && rule.decided > 0 && rule.left_alone == 0)
    }

    /// How many of a hundred rules some case decided, rounded down. Of no rules all are.
    pub fn percent(&self) -> usize {
        let decided = self.rules.len() - self.never_decided().count();
        (decided * 100).checked_div(self.rules.len()).unwrap_or(100)
    }
}

fn on_table(mesh: &Mesh, case: &Case, subject: &Subject) -> Vec<Borne> {
    let (table, columns, action) = match &case.question {
        Question::Read { table, columns, .. } => (table, columns.clone(), Action::SelectFromColumns),
        Question::Act { action, on: Resource::Table { table, .. }, .. } => (table, Vec::new(), *action),
        Question::Act { .. } => return Vec::new(),
    };
    let request = TableRequest { table: table.clone(), columns };
    bearings(&mesh.scanning, subject, &request, action)
}
