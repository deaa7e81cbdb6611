//! Rows before and after: does somebody see more of them, fewer, or others?

use crate::diff::region::{Found, find};
use crate::engine::trees::RowsTree;
use crate::engine::truth::Truth;
use crate::sql::expression::Predicate;

/// A row that is seen under the first and not under the second.
pub(super) fn seen_besides(seen: &RowsTree, unseen: &RowsTree) -> Found {
    match (seen, unseen) {
        (RowsTree::None, _) | (_, RowsTree::All) => Found::None,
        (RowsTree::All, RowsTree::None) => Found::Row(String::new()),
        (RowsTree::All, RowsTree::Where(filters)) => search(&[], filters),
        (RowsTree::Where(filters), RowsTree::None) => search_any(filters),
        (RowsTree::Where(seen), RowsTree::Where(unseen)) => search(seen, unseen),
    }
}

fn search_any(filters: &[Predicate]) -> Found {
    let filters: Vec<&Predicate> = filters.iter().collect();
    find(&filters, |truths| truths.iter().all(|truth| truth.is_true()))
}

fn search(seen: &[Predicate], unseen: &[Predicate]) -> Found {
    let (seen, unseen) = (conjuncts(seen), conjuncts(unseen));
    // What is required of every row before and after alike cannot tell them apart.
    let left: Vec<&Predicate> = unseen.iter().copied().filter(|part| !seen.contains(part)).collect();
    if left.is_empty() {
        return Found::None;
    }
    let all: Vec<&Predicate> = seen.iter().chain(&left).copied().collect();
    let wanted = |truths: &[Truth]| {
        let (seen, left) = truths.split_at_checked(seen.len()).unwrap_or((truths, &[]));
        seen.iter().all(|truth| truth.is_true()) && left.iter().any(|truth| !truth.is_true())
    };
    match find(&all, wanted) {
        // With fewer conditions on the row there may be few enough classes; what holds of more rows holds of these.
        Found::Unknown => {
            let own: Vec<&Predicate> =
                seen.iter().copied().filter(|part| left.iter().any(|left| share_columns(part, left))).collect();
            let all: Vec<&Predicate> = own.iter().chain(&left).copied().collect();
            let wanted = |truths: &[Truth]| {
                let (own, left) = truths.split_at_checked(own.len()).unwrap_or((truths, &[]));
                own.iter().all(|truth| truth.is_true()) && left.iter().any(|truth| !truth.is_true())
            };
            if find(&all, wanted) == Found::None { Found::None } else { Found::Unknown }
        }
        found => found,
    }
}

fn share_columns(one: &Predicate, other: &Predicate) -> bool {
    let (mut columns, mut others) = (Vec::new(), Vec::new());
    let known = one.columns(&mut columns).and(other.columns(&mut others));
    known.is_none() || columns.iter().any(|column| others.contains(column))
}

/// What all has to be TRUE.
pub(super) fn conjuncts(filters: &[Predicate]) -> Vec<&Predicate> {
    let mut parts: Vec<&Predicate> = Vec::new();
    for filter in filters {
        let of = match filter {
            Predicate::And(parts) => parts.iter().collect(),
            one => vec![one],
        };
        of.into_iter().for_each(|part| {
            if !parts.contains(&part) {
                parts.push(part);
            }
        });
    }
    parts
}
