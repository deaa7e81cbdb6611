//! Rules to decisions. Pure: no I/O, no clock, no async, no locks, no panics; everything is an argument.

mod access;
mod audience;
mod combine;
mod compare;
pub mod fit;
mod index;
mod lattice;
mod listing;
mod partial;
mod reason;
mod rules;
pub mod snapshot;
mod standing;
mod table;
mod tags;
mod target;
pub mod trees;
mod truth;

use crate::engine::snapshot::Snapshot;
use crate::engine::standing::Asker;
pub(crate) use crate::engine::standing::PURPOSE_CREDENTIAL;
use crate::model::decision::{AccessDecision, Decision};
use crate::model::request::Request;
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
