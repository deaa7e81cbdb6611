//! Rules that another rule on the same target makes idle. Rules are compared by what they are on and what they say, never each with
//! each.

use std::collections::HashMap;

use jiff::civil::Date;

use crate::document::finding::Finding;
use crate::document::warning::Warning;
use crate::engine::compare_masks;
use crate::language::syntax::{ActionWord, Audience, AudienceBase, Lifting, MaskWord, Sentence, Spanned};
use crate::lint::{Ruled, Ruling};

/// What rules must share to be compared: the target, who makes them, and when they hold.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Where {
    on: String,
    domain: Option<String>,
    from: Option<Date>,
    until: Option<Date>,
}

/// What stands for all rules of one place.
#[derive(Default)]
struct Seen {
    sentences: HashMap<String, String>,
    /// Who may read every row for any purpose, by the audience's words.
    reads_all: HashMap<String, String>,
    /// For everyone, by the columns' words: the strongest that applies to every cell.
    hidden: HashMap<String, String>,
    masked: HashMap<String, (MaskWord, String, usize)>,
}

pub(super) fn lint(policies: &[Ruling<'_>], findings: &mut Vec<Finding>) {
    let mut places: HashMap<Where, Vec<Ruled<'_, '_>>> = HashMap::new();
    for ruling in policies {
        let policy = ruling.policy;
        let place = Where {
            on: policy.on.to_string(),
            domain: policy.domain.as_ref().map(|domain| domain.folded().to_owned()),
            from: policy.from,
            until: policy.until,
        };
        places.entry(place).or_default().extend(ruling.rules());
    }
    for rules in places.values() {
        let seen = seen(rules);
        rules.iter().enumerate().for_each(|(at, rule)| compare(&seen, at, rule, findings));
    }
}

fn seen(rules: &[Ruled<'_, '_>]) -> Seen {
    let mut seen = Seen::default();
    for (at, rule) in rules.iter().enumerate() {
        let whole = &rule.rule.rule;
        seen.sentences.entry(whole.to_string()).or_insert_with(|| rule.reference());
        match &whole.sentence {
            Sentence::Allow { audience, actions, rows: None, purposes } if purposes.is_empty() && reads(actions) => {
                seen.reads_all.entry(audience.to_string()).or_insert_with(|| rule.reference());
            }
            Sentence::HideColumns { columns, audience } if always(audience, whole.lifting) => {
                seen.hidden.entry(columns.to_string()).or_insert_with(|| rule.reference());
            }
            Sentence::MaskColumns { columns, mask, cells: None, audience } if always(audience, whole.lifting) => {
                let strongest =
                    seen.masked.entry(columns.to_string()).or_insert_with(|| (mask.clone(), rule.reference(), at));
                if compare_masks(mask, &strongest.0).is_some_and(std::cmp::Ordering::is_gt) {
                    *strongest = (mask.clone(), rule.reference(), at);
                }
            }
            _ => {}
        }
    }
    seen
}

fn reads(actions: &[Spanned<ActionWord>]) -> bool {
    actions.iter().any(|action| action.node.0.folded() == "read")
}

/// Whether nobody ever goes free.
fn always(audience: &Audience, lifting: Lifting) -> bool {
    audience.of == AudienceBase::Everyone && audience.except.is_empty() && lifting == Lifting::Never
}

fn compare(seen: &Seen, at: usize, rule: &Ruled<'_, '_>, findings: &mut Vec<Finding>) {
    let whole = &rule.rule.rule;
    let own = rule.reference();
    let mut warn = |by: &str, why: &str| {
        let message = format!("`{by}` {why}");
        findings.push(rule.warn_whole(Warning::Shadowed, message).with_help("remove this rule, or the other"));
    };
    if let Some(first) = seen.sentences.get(&whole.to_string()).filter(|first| **first != own) {
        return warn(first, "says the same on the same, so this adds nothing");
    }
    match &whole.sentence {
        Sentence::Allow { audience, actions, rows, purposes }
            if (rows.is_some() || !purposes.is_empty())
                && actions.iter().all(|action| action.node.0.folded() == "read") =>
        {
            let all = seen.reads_all.get(&audience.to_string()).or_else(|| seen.reads_all.get("everyone"));
            if let Some(all) = all {
                warn(
                    all,
                    "lets the same people read every row for any purpose, so this gives nothing more and takes nothing away",
                );
            }
        }
        Sentence::MaskColumns { columns, mask, .. } => {
            if let Some(hidden) = seen.hidden.get(&columns.to_string()) {
                return warn(hidden, "hides these columns from everyone, so nobody ever sees this mask");
            }
            if let Some((other, by, place)) = seen.masked.get(&columns.to_string())
                && *place != at
                && compare_masks(other, mask).is_some_and(std::cmp::Ordering::is_ge)
            {
                warn(by, "masks these columns for everyone and protects no less, so nobody ever sees this mask");
            }
        }
        Sentence::HideColumns { columns, .. } => {
            if let Some(hidden) = seen.hidden.get(&columns.to_string()).filter(|hidden| **hidden != own) {
                warn(hidden, "hides these columns from everyone already");
            }
        }
        _ => {}
    }
}
