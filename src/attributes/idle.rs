//! Connections that wait for their next question.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::clock;

/// A connection that lay unused for longer is closed: firewalls forget such connections without saying so.
const LONGEST_IDLE: Duration = Duration::from_secs(60);

/// A connection that is older is closed, so that a changed password, right or address counts.
const OLDEST: Duration = Duration::from_secs(600);

/// What was opened, and when.
#[derive(Debug)]
pub(super) struct Opened<C> {
    /// The connection.
    pub(super) connection: C,
    at: Instant,
}

/// Connections between two questions.
// INVARIANT: a question owns its connection, and gives it back only when it has read the answer to its end. A question that is
// dropped or fails takes its connection with it, so that no other question reads the rest of its answer.
#[derive(Debug)]
pub(super) struct Idle<C> {
    waiting: Mutex<Vec<(Opened<C>, Instant)>>,
    most: usize,
}

impl<C> Opened<C> {
    pub(super) fn now(connection: C) -> Self {
        Self { connection, at: clock::instant() }
    }
}

impl<C> Idle<C> {
    /// At most so many wait; as many questions are under way at most, so there are never more connections than twice that.
    pub(super) fn new(most: usize) -> Self {
        Self { waiting: Mutex::default(), most }
    }

    /// The one that was used last, so that what is not needed grows old and goes.
    pub(super) fn take(&self) -> Option<Opened<C>> {
        let now = clock::instant();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|(opened, since)| {
            now.duration_since(*since) < LONGEST_IDLE && now.duration_since(opened.at) < OLDEST
        });
        waiting.pop().map(|(opened, _)| opened)
    }

    /// Gives a connection back.
    pub(super) fn put(&self, opened: Opened<C>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < self.most {
            waiting.push((opened, clock::instant()));
        }
    }
}
