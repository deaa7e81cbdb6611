//! Names that are almost others: columns that a table lacks, groups that are named nowhere else.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::document::finding::Finding;
use crate::document::warning::Warning;
use crate::language::diagnostic::near_miss;
use crate::language::syntax::{ColumnWord, Condition, Member, Mention, Span, Spanned};
use crate::lint::known::KnownTable;
use crate::lint::{Mesh, Ruled, Ruling};
use crate::model::name::Identifier;

/// So many declared tables are asked for a column that is like another.
const MOST_TABLES_ASKED: usize = 32;

/// Columns that a rule names and that no table has which it binds.
pub(super) fn columns(mesh: &Mesh<'_>, rule: &Ruled<'_, '_>, findings: &mut Vec<Finding>) {
    let sentence = &rule.rule.rule.sentence;
    let mut named: Vec<&Spanned<Identifier>> = Vec::new();
    for word in sentence.columns().into_iter().flat_map(|columns| columns.of.iter().chain(&columns.except)) {
        if let ColumnWord::Named(column) = word {
            named.push(column);
        }
    }
    for condition in sentence.conditions() {
        condition.mentions(&mut |mention| {
            if let Mention::Column(column) = mention
                && !named.contains(&column)
            {
                named.push(column);
            }
        });
    }
    if named.is_empty() {
        return;
    }
    let tables = rule.ruling.tables.iter().filter_map(|at| mesh.known.table(*at));
    let declared: Vec<&KnownTable<'_>> = tables.filter(|table| table.declared.is_some()).collect();
    if declared.is_empty() {
        return;
    }
    // A pattern may cover tables that nothing declares, and then only what is like another name is known to be wrong.
    let all_declared = is_one_table(rule) && rule.ruling.tables.len() == declared.len();
    for column in named {
        if declared.iter().any(|table| table.column_type(&column.node).is_some()) {
            continue;
        }
        let names = declared.iter().take(MOST_TABLES_ASKED).filter_map(|table| table.declared);
        let meant =
            near_miss(column.node.as_str(), names.flat_map(|table| &table.columns).map(|known| known.name.as_str()));
        if let Some(finding) = lacking(rule, column, &declared, meant, all_declared) {
            findings.push(finding);
        }
    }
}

fn is_one_table(rule: &Ruled<'_, '_>) -> bool {
    let mut patterns = rule.ruling.policy.on.patterns();
    matches!((patterns.next(), patterns.next()), (Some(pattern), None) if pattern.exact_start().len() == 3)
}

fn lacking(
    rule: &Ruled<'_, '_>,
    column: &Spanned<Identifier>,
    declared: &[&KnownTable<'_>],
    meant: Option<&str>,
    all_declared: bool,
) -> Option<Finding> {
    let message = match declared {
        [only] => format!("{} has no column `{}`", only.name, column.node),
        many => format!("none of the {} declared tables here has a column `{}`", many.len(), column.node),
    };
    let finding = rule.warn(Warning::NoSuchColumn, column.span, message);
    match meant {
        Some(meant) if all_declared || is_slip(column.node.as_str(), meant) => {
            Some(finding.with_help(format!("did you mean `{meant}`?")))
        }
        _ if all_declared => Some(finding.with_help("see the columns of its Table document")),
        _ => None,
    }
}

/// Columns that a tagging names and that the Table document of its table lacks: what they were to protect goes free.
pub(super) fn tagged_columns(mesh: &Mesh<'_>, findings: &mut Vec<Finding>) {
    for (table, column, place) in &mesh.written.tagged_columns {
        let Some(declared) = mesh.documents.tables.get(table) else { continue };
        if declared.columns.iter().any(|known| &known.name == column) {
            continue;
        }
        let message = format!("{table} has no column `{column}`, so this tags nothing");
        let finding = Finding::warning(Warning::NoSuchColumn, place.clone(), message);
        let help = match near_miss(column.as_str(), declared.columns.iter().map(|known| known.name.as_str())) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "see the columns of its Table document".to_owned(),
        };
        findings.push(finding.with_help(help));
    }
}

/// Whether one name can be the other, mistyped: a letter wrong, missing, too many, or two swapped.
fn is_slip(written: &str, meant: &str) -> bool {
    meant.chars().count() >= 4 && strsim::osa_distance(written, meant) == 1
}

/// Where groups are named.
#[derive(Default)]
struct Groups<'a, 'r> {
    /// How often.
    named: BTreeMap<&'a str, usize>,
    /// In a rule, for the last time.
    in_rule: BTreeMap<&'a str, (Ruled<'a, 'r>, Span)>,
}

impl<'a> Groups<'a, '_> {
    fn count(&mut self, group: &'a Spanned<Arc<str>>) {
        *self.named.entry(&*group.node).or_default() += 1;
    }

    fn count_people(&mut self, people: &'a [Member]) {
        let mut members = Vec::new();
        people.iter().for_each(|member| member.each(&mut members));
        members.into_iter().flat_map(groups_of).for_each(|group| self.count(group));
    }
}

fn groups_of(member: &Member) -> Vec<&Spanned<Arc<str>>> {
    let mut groups = Vec::new();
    match member {
        Member::Group(group) => groups.push(group),
        Member::Those(condition) => condition.each(&mut |part| {
            if let Condition::MemberOf(group) = part {
                groups.push(group);
            }
        }),
        _ => {}
    }
    groups
}

/// Groups that are named once, in a rule, and differ by a slip from one that is named more often. Which groups there are only Trino
/// knows, and it compares them exactly.
pub(super) fn groups(mesh: &Mesh<'_>, policies: &[Ruling<'_>], findings: &mut Vec<Finding>) {
    let mut groups = Groups::default();
    for rule in policies.iter().flat_map(Ruling::rules) {
        for member in rule.rule.rule.sentence.members() {
            for group in groups_of(member) {
                groups.count(group);
                groups.in_rule.insert(&group.node, (rule, group.span));
            }
        }
    }
    for domain in mesh.documents.domains.values() {
        [&domain.owners, &domain.stewards, &domain.writers].into_iter().for_each(|people| groups.count_people(people));
    }
    mesh.documents.grants.values().for_each(|grant| groups.count_people(&grant.to));

    let mut near: HashMap<String, Vec<&str>> = HashMap::new();
    for (group, _) in groups.named.iter().filter(|(_, times)| **times > 1) {
        for key in without_one(group) {
            near.entry(key).or_default().push(group);
        }
    }
    for (group, (rule, span)) in &groups.in_rule {
        if groups.named.get(group) != Some(&1) {
            continue;
        }
        let others = without_one(group).into_iter().filter_map(|key| near.get(&key)).flatten();
        if let Some(meant) = others.copied().find(|other| is_the_same_mistyped(group, other)) {
            let message =
                format!("group `{group}` is named here alone, and `{meant}` elsewhere; groups compare exactly");
            findings
                .push(rule.warn(Warning::GroupNearMiss, *span, message).with_help(format!("did you mean `{meant}`?")));
        }
    }
}

/// Longer names are not looked at.
const LONGEST_GROUP: usize = 64;

/// The name in lower case and all that is left of it without one of its characters: names one slip apart share one of these.
fn without_one(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.to_lowercase().chars().collect();
    if letters.len() > LONGEST_GROUP {
        return Vec::new();
    }
    let without = |at: usize| letters.iter().enumerate().filter(|(index, _)| *index != at).map(|(_, c)| c).collect();
    std::iter::once(letters.iter().collect()).chain((0..letters.len()).map(without)).collect()
}

/// Whether a name is another one, mistyped. `team-a` and `team-b`, or `q1` and `q2`, are two.
pub(super) fn is_the_same_mistyped(name: &str, other: &str) -> bool {
    if name == other {
        return false;
    }
    let (name, other) = (name.to_lowercase(), other.to_lowercase());
    if name == other {
        return true;
    }
    let without_digits = |text: &str| text.chars().filter(|c| !c.is_numeric()).collect::<String>();
    if without_digits(&name) == without_digits(&other) {
        return false;
    }
    let words = |text: &str| text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect::<Vec<String>>();
    let (own, others) = (words(&name), words(&other));
    let long_enough = own.len() != others.len()
        || own.iter().zip(&others).filter(|(a, b)| a != b).all(|(a, b)| a.chars().count().min(b.chars().count()) >= 4);
    long_enough && is_slip(&name, &other)
}
