//! How points are laid out over axes: every combination where there is room, else the plainest ones.

use crate::diff::people::{Axis, Position};

/// Every combination of positions, by number; `None`: more than that many. Of `usize::MAX` none is left out below a thousand.
pub(super) fn synthetic(axes: &[(Axis, Vec<Position>)], most: usize) -> Option<Vec<Vec<u16>>> {
    let size = axes.iter().try_fold(1_usize, |size, (_, positions)| size.checked_mul(positions.len()));
    let limit = if most == usize::MAX { 1_024 } else { most };
    if size.is_some_and(|size| size <= limit) {
        return Some(combinations(axes));
    }
    if most == usize::MAX {
        return None;
    }
    // Nobody in particular, and what differs from that in one thing, then in two.
    let nobody = vec![0_u16; axes.len()];
    let with = |base: &[u16], axis: usize, at: usize| {
        let mut changed = base.to_vec();
        if let (Some(place), Ok(at)) = (changed.get_mut(axis), u16::try_from(at)) {
            *place = at;
        }
        changed
    };
    let ways = |axis: usize| 1..axes.get(axis).map_or(0, |(_, positions)| positions.len());
    let mut all = vec![nobody.clone()];
    for axis in 0..axes.len() {
        all.extend(ways(axis).map(|at| with(&nobody, axis, at)));
    }
    for axis in 0..axes.len() {
        for other in axis + 1..axes.len() {
            for at in ways(axis) {
                if all.len() >= limit.max(axes.len()) {
                    return Some(all);
                }
                all.extend(ways(other).map(|other_at| with(&with(&nobody, axis, at), other, other_at)));
            }
        }
    }
    Some(all)
}

/// Every combination of positions, by number.
pub(super) fn combinations(axes: &[(Axis, Vec<Position>)]) -> Vec<Vec<u16>> {
    let mut all: Vec<Vec<u16>> = vec![Vec::new()];
    for (_, positions) in axes {
        let numbers = || (0..positions.len()).filter_map(|at| u16::try_from(at).ok());
        all = all
            .iter()
            .flat_map(|start| {
                numbers().map(move |at| {
                    let mut longer = start.clone();
                    longer.push(at);
                    longer
                })
            })
            .collect();
    }
    all
}

/// Subsets of that many things, smaller ones first: all where there is room, else none of them, each alone, as many pairs as fit, and
/// all of them.
pub(super) fn subsets(count: usize, room: usize) -> Vec<Vec<u16>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    if count < 16 && 1_usize << count <= room {
        let mut all: Vec<Vec<u16>> =
            (0..1_usize << count).map(|bits| (0..count).map(|at| u16::from(bits >> at & 1 == 1)).collect()).collect();
        all.sort_by_key(|subset| subset.iter().filter(|has| **has == 1).count());
        return all;
    }
    let mut all = vec![vec![0; count]];
    all.extend((0..count).map(|one| (0..count).map(|at| u16::from(at == one)).collect()));
    let pairs = (0..count).flat_map(|one| (one + 1..count).map(move |other| (one, other)));
    let left = room.saturating_sub(all.len() + 1);
    all.extend(pairs.take(left).map(|(one, other)| (0..count).map(|at| u16::from(at == one || at == other)).collect()));
    all.push(vec![1; count]);
    all
}
