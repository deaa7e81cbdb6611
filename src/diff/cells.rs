//! A column's cells before and after: does somebody see more in one of them?

use std::cmp::Ordering;

use crate::diff::region::{Found, find};
use crate::diff::rows::conjuncts;
use crate::engine::lattice::protection;
use crate::engine::trees::RowsTree;
use crate::engine::truth::Truth;
use crate::sql::expression::{Masked, Predicate};

/// How what is shown of a column compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shows {
    /// In no row more.
    NoMore,
    /// In some rows more; which, in words.
    More(Found),
    /// In some rows something else, of which it cannot be told whether it is more.
    Other(Found),
}

/// A row that is seen, in which the first shows what the second protects.
pub(super) fn shown_besides(shows: &Masked, protects: &Masked, rows: &RowsTree) -> Shows {
    if shows == protects {
        return Shows::NoMore;
    }
    let rows = match rows {
        RowsTree::None => return Shows::NoMore,
        RowsTree::All => Vec::new(),
        RowsTree::Where(filters) => conjuncts(filters),
    };
    let mut conditions: Vec<&Predicate> = rows.clone();
    conditions_of(shows, &mut conditions);
    conditions_of(protects, &mut conditions);
    let looking_for = |wanted: fn(Option<Ordering>) -> bool| {
        find(&conditions, |truths| {
            let truth = |of: &Predicate| {
                conditions.iter().position(|known| *known == of).and_then(|at| truths.get(at).copied())
            };
            rows.iter().zip(truths).all(|(_, truth)| truth.is_true())
                && wanted(protection(leaf(shows, &truth), leaf(protects, &truth)))
        })
    };
    match looking_for(|order| order == Some(Ordering::Less)) {
        Found::Row(row) => return Shows::More(Found::Row(row)),
        Found::None => {}
        Found::Unknown => return Shows::More(Found::Unknown),
    }
    match looking_for(|order| order.is_none()) {
        Found::None => Shows::NoMore,
        found => Shows::Other(found),
    }
}

fn conditions_of<'a>(masked: &'a Masked, into: &mut Vec<&'a Predicate>) {
    if let Masked::Where { condition, masked, otherwise } = masked {
        if !into.contains(&condition) {
            into.push(condition);
        }
        conditions_of(masked, into);
        conditions_of(otherwise, into);
    }
}

/// What is shown where the conditions are so: a mask is on the cells for which its condition is TRUE or UNKNOWN.
fn leaf<'a>(masked: &'a Masked, truth: &impl Fn(&Predicate) -> Option<Truth>) -> &'a Masked {
    match masked {
        Masked::Where { condition, masked, otherwise } => match truth(condition) {
            Some(Truth::False) => leaf(otherwise, truth),
            _ => leaf(masked, truth),
        },
        leaf => leaf,
    }
}
