//! What a decision leans on and none of the rules that determined it says, for people who wonder at the answer: rules that grants
//! lift, a purpose that is claimed and not proved, columns that are not there. No live request comes here.

use std::collections::BTreeSet;

use crate::document::kinds::Grant;
use crate::engine::combine::{
    Authorities, TableView, allowance_applies, binds, denial_applies, lifting, reader, rules_on,
};
use crate::engine::partial::Residual;
use crate::engine::rules::EngineRule;
use crate::engine::snapshot::Snapshot;
use crate::engine::standing::{Acting, Asker, Standing};
use crate::engine::tags::Polarity;
use crate::engine::truth::Truth;
use crate::language::diagnostic::near_miss;
use crate::language::syntax::{Condition, Mention, Sentence};
use crate::model::name::{Identifier, Name};
use crate::model::request::{AccessRequest, Request, Resource, TableRequest};
use crate::model::subject::Subject;

/// The hints to a request's answer, each a line; of a listing none.
pub(crate) fn hints(snapshot: &Snapshot, subject: &Subject, request: &Request) -> Vec<String> {
    let asker = Asker::new(snapshot, subject);
    let mut hints: Vec<String> = purpose(&asker).into_iter().collect();
    for (party, authorities) in parties(&asker) {
        match request {
            Request::Table(request) => of_table(&party, authorities, request, &mut hints),
            Request::Access(request) => of_action(&party, authorities, request, &mut hints),
            Request::Listing(_) | Request::Unrecognised(_) => {}
        }
    }
    hints
}

fn parties<'a>(asker: &'a Asker<'a>) -> impl Iterator<Item = (Standing<'a>, Authorities)> {
    let invoker = asker.invoker().map(|invoker| (invoker, Authorities::Mesh));
    std::iter::once((asker.asking(), Authorities::All)).chain(invoker)
}

/// Why the purpose that the query claims is not known to be its purpose.
fn purpose(asker: &Asker<'_>) -> Option<String> {
    let Acting::Unproven(claimed) = &asker.acting else { return None };
    let purposes = &asker.snapshot.purposes;
    Some(match Name::new(claimed).and_then(|name| purposes.get_key_value(&name)) {
        Some((declared, _)) => format!(
            "purpose `{declared}` is claimed, and no grant gives it to `{}`: rules take it as not known",
            asker.subject.initiator().identity.user
        ),
        None => {
            let meant = near_miss(claimed, purposes.keys().map(Name::as_str));
            let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
            format!("there is no purpose `{claimed}`: rules take it as not known{meant}")
        }
    })
}

fn of_table(party: &Standing<'_>, authorities: Authorities, request: &TableRequest, hints: &mut Vec<String>) {
    let view = TableView::new(party, &request.table, &request.columns);
    for rule in rules_on(party, &request.table, authorities) {
        if let Some(grant) = lifting(party, rule)
            && restrains_unlifted(party, &view, rule)
        {
            hints.push(lifted(party, rule, grant));
        }
        lacking(party, &view, rule, hints);
    }
}

fn of_action(party: &Standing<'_>, authorities: Authorities, request: &AccessRequest, hints: &mut Vec<String>) {
    let Resource::Table { table, .. } = &request.resource else { return };
    for rule in rules_on(party, table, authorities) {
        if let Some(grant) = lifting(party, rule)
            && rule.actions.contains(request.action)
            && denial_applies(party, &rule.unlifted(), Some(table))
        {
            hints.push(lifted(party, rule, grant));
        }
    }
}

fn restrains_unlifted(party: &Standing<'_>, view: &TableView<'_>, rule: &EngineRule) -> bool {
    let rule = rule.unlifted();
    let restraints = view.restraints(party, &[&rule]);
    let limits_rows = |(_, residual): &(_, Residual)| *residual != Residual::Known(Truth::True);
    !restraints.denies.is_empty()
        || !restraints.limits.is_empty()
        || restraints.guards.iter().any(limits_rows)
        || restraints.columns.iter().any(|column| !column.is_clear())
}

fn lifted(party: &Standing<'_>, rule: &EngineRule, grant: &Grant) -> String {
    let until = grant.until.map(|until| format!(" until {until}")).unwrap_or_default();
    let reference = &rule.reference;
    format!(
        "rule {}/{} is lifted for `{}` by grant `{}`{until}: {}",
        reference.policy,
        reference.rule,
        party.user(),
        grant.name,
        reference.sentence
    )
}

/// The columns that the condition of a rule names and that are not there: FAIL-CLOSED, their part of it is unknown.
fn lacking(party: &Standing<'_>, view: &TableView<'_>, rule: &EngineRule, hints: &mut Vec<String>) {
    let table = Some(view.table);
    let (condition, so) = match &rule.sentence {
        Sentence::OnlyShowRows { rows, audience } if binds(party, rule, audience, table) => {
            (rows, "no row is shown on its account")
        }
        Sentence::Allow { rows: Some(rows), .. } if allowance_applies(party, rule, table) => {
            (rows, "no row is shown on its account")
        }
        Sentence::MaskColumns { columns, cells: Some(cells), audience, .. }
            if binds(party, rule, audience, table)
                && !view.matching(columns, reader(party, rule), Polarity::Binds).is_empty() =>
        {
            (cells, "no cell is spared on its account")
        }
        _ => return,
    };
    for column in columns_of(condition) {
        if view.columns.iter().any(|known| known.name == *column) {
            continue;
        }
        let meant = near_miss(column.as_str(), view.columns.iter().map(|known| known.name.as_str()));
        let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        let reference = &rule.reference;
        hints.push(format!(
            "there is no column `{column}` among those asked about: that part of {}/{} is unknown, so {so}{meant}",
            reference.policy, reference.rule
        ));
    }
}

fn columns_of(condition: &Condition) -> BTreeSet<&Identifier> {
    let mut columns = BTreeSet::new();
    condition.mentions(&mut |mention| {
        if let Mention::Column(column) = mention {
            columns.insert(&column.node);
        }
    });
    columns
}
