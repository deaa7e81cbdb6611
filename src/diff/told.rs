//! What was found, put together: the same change of the same people is told once, the gravest first.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::change::Way;
use crate::diff::finding::{Cause, Diff, Finding, What};
use crate::diff::places;
use crate::model::action::Action;

/// A finding, before those of the same kind are put together.
pub(super) struct Told {
    pub(super) way: Way,
    /// Whether documents name what it is on; else it stands for what nobody named.
    pub(super) named: bool,
    pub(super) finding: Finding,
}

/// Findings of the same kind as one, in the order in which they are read.
pub(super) fn put_together(mut found: Vec<Told>) -> Diff {
    leave_out_what_goes_with_it(&mut found);
    let mut merged: BTreeMap<(Way, What, String, BTreeSet<Cause>), Finding> = BTreeMap::new();
    // The example is of a table that there is, where there is one.
    found.sort_by_key(|told| !told.named);
    for Told { way, finding, .. } in found {
        let key = (way, finding.what.clone(), finding.who.clone(), finding.because.clone());
        match merged.get_mut(&key) {
            Some(known) => {
                known.on.extend(finding.on);
                known.users.extend(finding.users);
            }
            None => drop(merged.insert(key, finding)),
        }
    }
    let mut diff = Diff::default();
    for ((way, ..), finding) in merged {
        match way {
            Way::Gain => diff.gains.push(finding),
            Way::Loss => diff.losses.push(finding),
        }
    }
    for list in [&mut diff.gains, &mut diff.losses] {
        // The gravest first; of those the ones for most people on most tables.
        list.sort_by_key(|finding| {
            (gravity(&finding.what), std::cmp::Reverse((finding.users.len(), finding.on.len())))
        });
    }
    diff
}

/// A catalog and a schema are listed where something in them is open. Where the same rules open that, it is said once.
fn leave_out_what_goes_with_it(found: &mut Vec<Told>) {
    let causes = |way: Way| -> BTreeSet<Cause> {
        let inside = found.iter().filter(|told| told.way == way && !goes_with_what_is_in_it(&told.finding));
        inside.flat_map(|told| told.finding.because.iter().cloned()).collect()
    };
    let told = [Way::Gain, Way::Loss].map(|way| (way, causes(way)));
    found.retain(|Told { way, finding, .. }| {
        let told = told.iter().any(|(of, told)| of == way && finding.because.iter().any(|cause| told.contains(cause)));
        !(goes_with_what_is_in_it(finding) && told)
    });
}

/// That something is listed, and a catalog's session properties, which are for those to whom something in it is visible.
fn goes_with_what_is_in_it(finding: &Finding) -> bool {
    let words = ["see", "set catalog session property"];
    let listing = |word: &String| {
        words.contains(&word.as_str()) || Action::named(&word.replace(' ', "_")).is_some_and(places::only_lists)
    };
    matches!(&finding.what, What::Actions(actions) if actions.iter().all(listing))
        && finding
            .on
            .iter()
            .all(|on| ["catalog ", "schema ", "session property "].iter().any(|kind| on.starts_with(kind)))
}

fn gravity(what: &What) -> u8 {
    match what {
        What::Table => 0,
        What::Rows => 1,
        What::Column(_) => 2,
        What::Cells(_) => 3,
        What::Views => 4,
        What::Actions(_) => 5,
    }
}
