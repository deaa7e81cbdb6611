//! Rules to decisions. Pure: no I/O, no clock, no async, no locks, no panics; everything is an argument.

mod access;
pub(crate) mod apart;
mod audience;
mod combine;
mod compare;
pub mod fit;
pub(crate) mod hints;
mod index;
pub(crate) mod lattice;
mod listing;
mod needs;
mod partial;
mod reason;
pub(crate) mod rules;
pub mod snapshot;
pub(crate) mod standing;
mod table;
pub(crate) mod tags;
pub(crate) mod target;
pub mod trees;
pub(crate) mod truth;
pub(crate) mod words;

pub(crate) use crate::engine::access::opens_beneath;
pub(crate) use crate::engine::combine::MOST_READINGS;
pub(crate) use crate::engine::lattice::compare_masks;
use crate::engine::snapshot::Snapshot;
use crate::engine::standing::Asker;
pub(crate) use crate::engine::standing::PURPOSE_CREDENTIAL;
use crate::model::decision::{AccessDecision, Decision, TableDecision};
use crate::model::request::{Request, TableRequest};
use crate::model::subject::Subject;

/// Decides one request: the whole of Meshward's meaning. Live requests, `explain` and every test call this.
pub fn decide(snapshot: &Snapshot, subject: &Subject, request: &Request) -> Decision {
    let asker = Asker::new(snapshot, subject);
    match request {
        Request::Table(request) => Decision::Table(table::decide(&asker, request)),
        Request::Access(request) => Decision::Access(access::decide(&asker, request)),
        Request::Listing(listing) => Decision::Listing(listing::decide(&asker, listing)),
        Request::Unrecognised(why) => Decision::Access(AccessDecision::denied(why)),
    }
}

/// [`decide`] of a request about a table.
pub fn decide_table(snapshot: &Snapshot, subject: &Subject, request: &TableRequest) -> TableDecision {
    table::decide(&Asker::new(snapshot, subject), request)
}
