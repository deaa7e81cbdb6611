//! Rules that are allowed to do more than others, so that somebody should know of each: SQL text, what reaches beneath all rules,
//! protection that ends.

use crate::document::finding::Finding;
use crate::document::warning::Warning;
use crate::engine::opens_beneath;
use crate::language::syntax::{Condition, MaskWord, Sentence};
use crate::lint::{Mesh, Ruled, Ruling};
use crate::model::action::{Action, ActionSet};
use crate::model::mask::KeyedFunction;

pub(super) fn lint(rule: &Ruled<'_, '_>, findings: &mut Vec<Finding>) {
    sql(rule, findings);
    beneath(rule, findings);
}

fn sql(rule: &Ruled<'_, '_>, findings: &mut Vec<Finding>) {
    let sentence = &rule.rule.rule.sentence;
    let mut spans = Vec::new();
    if let Sentence::MaskColumns { mask: MaskWord::Sql(text), .. }
    | Sentence::NeverShow { floor: MaskWord::Sql(text), .. } = sentence
    {
        spans.push(text.span);
    }
    for condition in sentence.conditions() {
        condition.each(&mut |part| {
            if let Condition::Sql(text) = part {
                spans.push(text.span);
            }
        });
    }
    findings.extend(spans.into_iter().map(|span| {
        rule.warn(Warning::RawSql, span, "nothing here checks this SQL: neither its columns nor what it shows")
            .with_help("say it in the language's own words where they are enough, or accept it with a reason")
    }));
}

fn beneath(rule: &Ruled<'_, '_>, findings: &mut Vec<Finding>) {
    let policy = rule.ruling.policy;
    let Sentence::Allow { audience, actions, .. } = &rule.rule.rule.sentence else { return };
    let executes = |word: &str| {
        let set = ActionSet::named(word);
        let all = [Action::ExecuteFunction, Action::ExecuteProcedure, Action::ExecuteTableProcedure];
        set.is_some_and(|set| all.into_iter().any(|action| set.contains(action)))
    };
    if policy.domain.is_some() || !actions.iter().any(|action| executes(action.node.0.folded())) {
        return;
    }
    for pattern in opens_beneath(&policy.on) {
        let own = pattern.parts().first().is_some_and(|catalog| catalog.to_string() == KeyedFunction::CATALOG);
        let reaches = if own {
            "gives back what format-preserving masks hide"
        } else {
            "reaches data beneath every filter and mask"
        };
        let message = format!("this opens {pattern}, which {reaches}, to {audience}");
        findings.push(
            rule.warn_whole(Warning::BeneathTheRules, message)
                .with_help("accept it with a reason if they may see all that it reaches"),
        );
    }
}

/// A policy whose protection is over on a day.
pub(super) fn ending(mesh: &Mesh<'_>, ruling: &Ruling<'_>, findings: &mut Vec<Finding>) {
    let (Some(until), Some(place)) = (ruling.policy.until, &ruling.written.until) else { return };
    if until < mesh.today {
        let message = format!("the last day was {until}: none of these rules applies any more");
        findings.push(
            ruling.warn(Warning::NeverTrue, place.clone(), message).with_help("remove the policy, or set a later day"),
        );
        return;
    }
    let restricts = |sentence: &Sentence| !matches!(sentence, Sentence::Allow { .. } | Sentence::ActAs { .. });
    if ruling.policy.rules.iter().any(|rule| restricts(&rule.rule.sentence)) {
        let message = format!("after {until} nothing of what this policy restricts is restricted by it any more");
        findings.push(ruling.warn(Warning::RestrictionEnds, place.clone(), message).with_help(
            "leave `until` out to keep restricting; what is meant to end is an `allow`, in a policy of its own",
        ));
    }
}
