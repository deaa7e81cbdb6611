//! What rules can tell apart: which rules are on a place, and what of a subject a rule looks at. Subjects of whom every rule on a
//! place sees the same are decided alike there, so that whoever asks about all of them asks about one.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::engine::audience::audience;
use crate::engine::combine::is_lifted;
use crate::engine::listing::rule_reach;
use crate::engine::partial::{Row, fold};
use crate::engine::rules::EngineRule;
use crate::engine::snapshot::Snapshot;
use crate::engine::standing::{Acting, Asker, Standing};
use crate::engine::target::{Place, Reach};
use crate::engine::truth::Truth;
use crate::language::syntax::{Condition, Mention, Sentence, Target};
use crate::model::name::{Name, TableName};
use crate::model::subject::Subject;
use crate::model::value::Value;

/// The rules that reach a place, or something in it, whomever they are about, by their place in the snapshot.
pub(crate) fn rules_at(snapshot: &Snapshot, place: Place<'_>) -> Vec<(usize, Reach)> {
    let nobody = Subject {
        asking: crate::model::subject::Party::default(),
        invoker: None,
        now: jiff::Timestamp::UNIX_EPOCH,
        cluster: Arc::from(""),
    };
    let asker = Asker::new(snapshot, &nobody);
    let standing = asker.asking();
    // The rules of one policy have one target.
    let mut last: Option<(*const Target, bool, Reach)> = None;
    let mut reached = Vec::new();
    for (number, rule) in snapshot.rules.iter().enumerate() {
        let (target, gives) = (Arc::as_ptr(&rule.target), gives(&rule.sentence));
        let reach = match last {
            Some((known, of, reach)) if std::ptr::eq(known, target) && of == gives => reach,
            _ => rule_reach(&standing, rule, place),
        };
        last = Some((target, gives, reach));
        if reach != Reach::None {
            reached.push((number, reach));
        }
    }
    reached
}

/// Whether a rule allows something; others restrict.
pub(crate) fn gives(sentence: &Sentence) -> bool {
    matches!(sentence, Sentence::Allow { .. } | Sentence::ActAs { .. })
}

/// What one rule looks at in one subject. Equal of two subjects: the rule treats them alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Looks {
    in_force: bool,
    audience: Truth,
    purpose: Truth,
    lifted: bool,
    facts: Vec<Fact>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Fact {
    Is(Truth),
    Values(Option<BTreeSet<Value>>, Truth),
    Listed(Vec<Value>),
}

impl Looks {
    /// Whether a rule that sees this of somebody can do anything to them. `gives`: it allows something.
    pub(crate) fn can_apply(&self, gives: bool) -> bool {
        self.in_force && if gives { self.audience.is_true() } else { self.audience.may_be_true() && !self.lifted }
    }
}

/// What a rule looks at in whom Trino names, or in the invoker behind.
pub(crate) fn looks(standing: &Standing<'_>, rule: &EngineRule, table: Option<&TableName>) -> Looks {
    let acting = |purposes: &[crate::language::syntax::Spanned<Name>]| {
        Truth::any(purposes.iter().map(|purpose| standing.asker.acting.acting_for(&purpose.node)))
    };
    let mut facts = Vec::new();
    let purpose = match &rule.sentence {
        Sentence::Allow { purposes, rows, .. } => {
            rows.iter().for_each(|rows| facts_of(standing, rows, &mut facts));
            acting(purposes)
        }
        Sentence::Deny { purposes, .. } | Sentence::LimitUse { purposes, .. } => acting(purposes),
        Sentence::OnlyShowRows { rows, .. } => {
            facts_of(standing, rows, &mut facts);
            Truth::True
        }
        Sentence::MaskColumns { cells, .. } => {
            cells.iter().for_each(|cells| facts_of(standing, cells, &mut facts));
            Truth::True
        }
        Sentence::ActAs { .. }
        | Sentence::HideColumns { .. }
        | Sentence::OnlyShowColumns { .. }
        | Sentence::NeverShow { .. } => Truth::True,
    };
    Looks {
        in_force: rule.holds_on(standing.asker.day),
        audience: rule.sentence.audience().map_or(Truth::True, |of| audience(standing, of, table)),
        purpose,
        lifted: is_lifted(standing, rule),
        facts,
    }
}

fn facts_of(standing: &Standing<'_>, condition: &Condition, facts: &mut Vec<Fact>) {
    condition.mentions(&mut |mention| match mention {
        Mention::Attribute(name) => {
            facts.push(Fact::Values(standing.attribute(&name.node), standing.is_present(&name.node)))
        }
        Mention::Whole(condition) => facts.push(Fact::Is(known(standing, condition))),
        Mention::List(list) => {
            facts.push(Fact::Listed(standing.snapshot().lists.get(&list.node).cloned().unwrap_or_default()))
        }
        Mention::Column(_) | Mention::ColumnTagged(_) => {}
    });
}

/// What a condition about people is for one of them.
pub(crate) fn known(standing: &Standing<'_>, condition: &Condition) -> Truth {
    fold(standing, condition, &Row::NONE).known().unwrap_or(Truth::Unknown)
}

/// Whether the subject names a purpose that nothing proves.
pub(crate) fn names_unproven_purpose(asker: &Asker<'_>) -> bool {
    matches!(asker.acting, Acting::Unproven(_))
}
