//! The words for the person who is denied something: which rule, or that none allowed it, and who can help.

use crate::engine::rules::EngineRule;
use crate::engine::standing::{Acting, Asker, Standing};
use crate::language::syntax::{Member, Sentence};
use crate::model::action::Action;
use crate::model::name::{Name, TableName};

/// A rule forbids it.
pub(crate) fn denied_by(asker: &Asker<'_>, rule: &EngineRule, table: Option<&TableName>) -> String {
    format!("{} says: {}{}", policy(rule), rule.reference.sentence, whom_to_ask(asker, table))
}

/// No rule allows it.
pub(crate) fn nothing_allows(standing: &Standing<'_>, action: Action, on: &str, table: Option<&TableName>) -> String {
    let what = match action {
        Action::SelectFromColumns => "read".to_owned(),
        Action::CreateViewWithSelectFromColumns => "share".to_owned(),
        action => action.to_string(),
    };
    format!("no rule allows `{}` to {what}{on}{}", standing.user(), whom_to_ask(standing.asker, table))
}

/// Rules allow reading for other purposes than the query's.
pub(crate) fn read_for(standing: &Standing<'_>, purposes: &[Name], table: &TableName) -> String {
    format!(
        "rules allow `{}` to read {table} only for purpose {}, and {}{}",
        standing.user(),
        quoted(purposes),
        not_acting(standing.asker, purposes),
        whom_to_ask(standing.asker, Some(table)),
    )
}

/// Use is limited to other purposes than the query's.
pub(crate) fn limited(asker: &Asker<'_>, rules: &[&EngineRule], purposes: &[Name], table: &TableName) -> String {
    let by = rules.first().map(|rule| policy(rule)).unwrap_or_default();
    format!(
        "{by} limits the use of {table} to purpose {}, and {}{}",
        quoted(purposes),
        not_acting(asker, purposes),
        whom_to_ask(asker, Some(table)),
    )
}

fn quoted(purposes: &[Name]) -> String {
    let names: Vec<String> = purposes.iter().map(|purpose| format!("\"{purpose}\"")).collect();
    names.join(" or ")
}

/// What is wrong with the query's purpose, and how to name one that would do.
fn not_acting(asker: &Asker<'_>, purposes: &[Name]) -> String {
    let because = match &asker.acting {
        Acting::Nothing => "the query names no purpose".to_owned(),
        Acting::Unproven(claimed) => {
            let declared = Name::new(claimed).is_some_and(|name| asker.snapshot.purposes.contains_key(&name));
            return if declared {
                let user = &asker.subject.initiator().identity.user;
                format!("no grant lets `{user}` act for \"{claimed}\"; ask for a grant")
            } else {
                format!("there is no purpose \"{claimed}\"")
            };
        }
        Acting::For(_) => "the query acts for another purpose".to_owned(),
    };
    let example = purposes.first().map(|purpose| purpose.folded().replace('_', "-")).unwrap_or_default();
    format!("{because}; name one with the extra credential `purpose`, for example --extra-credential purpose={example}")
}

/// The purposes that a limit names.
pub(crate) fn limited_to(rule: &EngineRule) -> impl Iterator<Item = &Name> {
    let purposes = match &rule.sentence {
        Sentence::LimitUse { purposes, .. } => purposes.as_slice(),
        _ => &[],
    };
    purposes.iter().map(|purpose| &purpose.node)
}

/// The purposes that would satisfy every limit at once; where no single one does, those of the first.
pub(crate) fn usable_purposes(limits: &[&EngineRule]) -> Vec<Name> {
    let of = |rule: &EngineRule| -> Vec<Name> { limited_to(rule).cloned().collect() };
    let Some((first, rest)) = limits.split_first() else { return Vec::new() };
    let first = of(first);
    let common: Vec<Name> =
        first.iter().filter(|purpose| rest.iter().all(|rule| of(rule).contains(purpose))).cloned().collect();
    if common.is_empty() { first } else { common }
}

fn policy(rule: &EngineRule) -> String {
    format!("policy `{}` (rule {})", rule.reference.policy, rule.reference.rule)
}

fn whom_to_ask(asker: &Asker<'_>, table: Option<&TableName>) -> String {
    let domain = table.and_then(|table| asker.snapshot.domains.owning(table).find(|domain| !domain.owners.is_empty()));
    match domain {
        Some(domain) => {
            let owners: Vec<String> = domain.owners.iter().map(Member::to_string).collect();
            format!("; ask the owners of domain {}: {}", domain.name, owners.join(" or "))
        }
        None => String::new(),
    }
}
