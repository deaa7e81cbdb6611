//! What policies and rules are on: targets that cover nothing, tags that are nowhere, tables that go free.

use std::collections::BTreeSet;

use crate::document::finding::Finding;
use crate::document::warning::Warning;
use crate::engine::MOST_READINGS;
use crate::language::pattern::{Pattern, PatternPart};
use crate::language::syntax::{ColumnWord, Condition, Mention, Sentence, Spanned, Target};
use crate::lint::known::{KnownTable, is_closed};
use crate::lint::{Mesh, Ruled, Ruling};
use crate::model::name::{Identifier, Name};

/// More tables than this are only counted.
const MOST_TABLES_NAMED: usize = 3;

pub(super) fn lint(mesh: &Mesh<'_>, ruling: &Ruling<'_>, findings: &mut Vec<Finding>) {
    if outside(mesh, ruling, findings) {
        return;
    }
    let on = &ruling.policy.on;
    if covers_nothing(mesh, on) || (is_closed(on) && ruling.tables.is_empty()) {
        let message =
            format!("no table that the documents tag or assign is among {on}, so these rules apply to nothing");
        findings.push(
            ruling.warn_on(Warning::EmptyTarget, message).with_help("tag what it is meant for, or mend the target"),
        );
    }
}

/// Whether a target needs something of a domain that owns nothing.
fn covers_nothing(mesh: &Mesh<'_>, target: &Target) -> bool {
    match target {
        Target::TablesInDomain(domain) => mesh.snapshot.domains.patterns_of(&domain.node).next().is_none(),
        Target::And(parts) => parts.iter().any(|part| covers_nothing(mesh, part)),
        Target::Or(parts) => parts.iter().all(|part| covers_nothing(mesh, part)),
        Target::Except(of, _) => covers_nothing(mesh, of),
        _ => false,
    }
}

/// A domain's policy binds only what the domain owns, so what else it is on goes free of it.
fn outside(mesh: &Mesh<'_>, ruling: &Ruling<'_>, findings: &mut Vec<Finding>) -> bool {
    let Some(domain) = &ruling.policy.domain else { return false };
    let on = &ruling.policy.on;
    let why = match reaching_outside(mesh, domain, on) {
        Some(why) => why,
        None if is_closed(on) => {
            let all = mesh.known.within(on, None, mesh.snapshot);
            let own: BTreeSet<usize> = ruling.tables.iter().copied().collect();
            let strangers: Vec<&KnownTable<'_>> =
                all.iter().filter(|at| !own.contains(at)).filter_map(|at| mesh.known.table(*at)).collect();
            if strangers.is_empty() {
                return false;
            }
            format!("{} not its own", are(&strangers))
        }
        None => return false,
    };
    let message = format!("domain `{domain}` binds only what it owns: {why}");
    let help = format!(
        "write `on: tables in domain {domain}`, with `tagged ...` after it if it is about tags, or let the mesh make the policy"
    );
    findings.push(ruling.warn_on(Warning::ReachesOutside, message).with_help(help));
    true
}

/// Why a target is wider than what a domain owns, as far as its words tell.
fn reaching_outside(mesh: &Mesh<'_>, domain: &Name, target: &Target) -> Option<String> {
    match target {
        Target::Everything => Some("`everything` is wider".to_owned()),
        Target::System => Some("the system is nobody's".to_owned()),
        Target::SessionProperties(_) => None,
        Target::Pattern(pattern) => {
            let mut owned = mesh.snapshot.domains.patterns_of(domain);
            // What it owns nothing of is refused.
            (!owned.any(|owned| contains(owned, &pattern.node))).then(|| format!("`{}` is wider", pattern.node))
        }
        Target::TablesInDomain(other) => {
            let above = mesh.snapshot.domains.above(&other.node);
            (!above.contains(domain)).then(|| format!("domain `{}` is no part of it", other.node))
        }
        // One part that keeps inside is enough.
        Target::And(parts) => {
            let all: Option<Vec<String>> = parts.iter().map(|part| reaching_outside(mesh, domain, part)).collect();
            all?.into_iter().next()
        }
        Target::Or(parts) => parts.iter().find_map(|part| reaching_outside(mesh, domain, part)),
        Target::Except(of, _) => reaching_outside(mesh, domain, of),
        Target::TablesTagged(_)
        | Target::TablesWithColumnsTagged(_)
        | Target::UntaggedTables
        | Target::Functions(_) => None,
    }
}

/// Whether all that one pattern covers is covered by the other, as far as the names tell.
fn contains(wide: &Pattern, narrow: &Pattern) -> bool {
    let covers_all = |part: &PatternPart| part.pieces().len() > 1 && part.pieces().iter().all(|piece| piece.is_empty());
    wide.parts().iter().enumerate().all(|(at, part)| match narrow.parts().get(at).map(PatternPart::pieces) {
        Some([exact]) => part.matches(&Identifier::new(exact)),
        Some(pieces) => covers_all(part) || part.pieces() == pieces,
        None => covers_all(part),
    })
}

pub(super) fn columns(mesh: &Mesh<'_>, rule: &Ruled<'_, '_>, findings: &mut Vec<Finding>) {
    let sentence = &rule.rule.rule.sentence;
    if let Some(columns) = sentence.columns() {
        for word in &columns.of {
            if let ColumnWord::Tagged(tag) = word {
                nowhere(mesh, rule, tag, findings);
            }
        }
    }
    let (Sentence::OnlyShowRows { rows, .. }
    | Sentence::Allow { rows: Some(rows), .. }
    | Sentence::MaskColumns { cells: Some(rows), .. }) = sentence
    else {
        return;
    };
    let tags = column_tags(rows);
    let found = findings.len();
    tags.iter().for_each(|tag| nowhere(mesh, rule, tag, findings));
    if findings.len() == found && !tags.is_empty() {
        too_many_readings(mesh, rule, &tags, findings);
        if matches!(sentence, Sentence::OnlyShowRows { .. }) {
            left_out(mesh, rule, &tags, findings);
        }
    }
}

/// The tags of columns that a condition names, each once.
fn column_tags(condition: &Condition) -> Vec<&Spanned<Name>> {
    let mut tags: Vec<&Spanned<Name>> = Vec::new();
    condition.mentions(&mut |mention| {
        if let Mention::ColumnTagged(tag) = mention
            && !tags.contains(&tag)
        {
            tags.push(tag);
        }
    });
    tags
}

/// A tag that is on no column of what the policy is on.
fn nowhere(mesh: &Mesh<'_>, rule: &Ruled<'_, '_>, tag: &Spanned<Name>, findings: &mut Vec<Finding>) {
    let tagged = mesh.known.with_column_tagged(&tag.node);
    if tagged.iter().any(|at| rule.ruling.tables.binary_search(at).is_ok()) {
        return;
    }
    let message = if tagged.is_empty() {
        format!("no column is tagged `{}`, so it binds nothing", tag.node)
    } else if rule.ruling.tables.is_empty() {
        // The policy is on nothing that is known, which is said of the policy.
        return;
    } else {
        format!("no column of {} is tagged `{}`, so it binds nothing", rule.ruling.policy.on, tag.node)
    };
    findings.push(
        rule.warn(Warning::TagNowhere, tag.span, message).with_help("tag the columns that are meant, in a Tagging"),
    );
}

/// Known tables of the target that have none of the tags, so that the limit does not bind them.
fn left_out(mesh: &Mesh<'_>, rule: &Ruled<'_, '_>, tags: &[&Spanned<Name>], findings: &mut Vec<Finding>) {
    let on = &rule.ruling.policy.on;
    let by_the_tag = |target: &Target| matches!(target, Target::TablesWithColumnsTagged(_) | Target::Everything);
    if by_the_tag(on) {
        return;
    }
    let tables = rule.ruling.tables.iter().filter_map(|at| mesh.known.table(*at));
    let free: Vec<&KnownTable<'_>> =
        tables.filter(|table| tags.iter().all(|tag| table.columns_tagged(&tag.node) == 0)).collect();
    let Some(first) = tags.first() else { return };
    if free.is_empty() {
        return;
    }
    let message = format!("{} without a column tagged `{}`, so this does not bind there", are(&free), first.node);
    let finding = rule
        .warn(Warning::TableLeftOut, first.span, message)
        .with_help("tag the column there, or write `on: tables with columns tagged ...` if they are not meant");
    // A pattern or a domain may well hold tables of other kinds.
    findings.push(if is_closed(on) { finding } else { finding.into_note() });
}

/// More ways to read a condition than are looked at: then nothing is shown.
fn too_many_readings(mesh: &Mesh<'_>, rule: &Ruled<'_, '_>, tags: &[&Spanned<Name>], findings: &mut Vec<Finding>) {
    let readings = |table: &&KnownTable<'_>| {
        let each = tags.iter().map(|tag| table.columns_tagged(&tag.node).max(1));
        each.fold(1_usize, usize::saturating_mul)
    };
    let tables = rule.ruling.tables.iter().filter_map(|at| mesh.known.table(*at));
    let Some(table) = tables.into_iter().find(|table| readings(table) > MOST_READINGS) else { return };
    let Some(first) = tags.first() else { return };
    let message = format!(
        "on {} this is read in {} ways, and of more than {MOST_READINGS} none is looked at: what it is on is not shown",
        table.name,
        readings(&table)
    );
    findings.push(
        rule.warn(Warning::TooManyReadings, first.span, message)
            .with_help("name a tag that fewer columns have, or the columns themselves"),
    );
}

/// `lake.a.b, lake.a.c and 4 more are`
fn are(tables: &[&KnownTable<'_>]) -> String {
    let named: Vec<String> = tables.iter().take(MOST_TABLES_NAMED).map(|table| table.name.to_string()).collect();
    match (tables.len(), tables.len().saturating_sub(MOST_TABLES_NAMED)) {
        (1, _) => format!("{} is", named.join("")),
        (_, 0) => format!("{} are", named.join(", ")),
        (_, more) => format!("{} and {more} more are", named.join(", ")),
    }
}
