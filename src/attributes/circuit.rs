//! A source that fails again and again is left alone for a while, so that nobody waits for it in vain and it can recover.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Counts failures in a row and says whether to ask at all.
#[derive(Debug)]
pub(super) struct Circuit {
    most_failures: u32,
    pause: Duration,
    now: Mutex<CircuitState>,
}

#[derive(Clone, Copy, Debug, Default)]
struct CircuitState {
    failures: u32,
    /// Since when it is left alone, or since the last question that tried it.
    open_since: Option<Instant>,
}

impl Circuit {
    pub(super) fn new(most_failures: u32, pause: Duration) -> Self {
        Self { most_failures, pause, now: Mutex::default() }
    }

    /// Whether a question may be asked; after each pause, one may.
    // INVARIANT: who was let through and never came back closes nothing and blocks nobody: the next may try after a pause.
    pub(super) fn admits(&self, now: Instant) -> bool {
        let mut state = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        match state.open_since {
            None => true,
            Some(since) if now.saturating_duration_since(since) >= self.pause => {
                state.open_since = Some(now);
                true
            }
            Some(_) => false,
        }
    }

    /// Whether it is left alone now. Asking this tries nothing.
    pub(super) fn rests(&self, now: Instant) -> bool {
        let state = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        state.open_since.is_some_and(|since| now.saturating_duration_since(since) < self.pause)
    }

    /// The source answered.
    pub(super) fn answered(&self) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = CircuitState::default();
    }

    /// The source failed as a whole, not only for one user.
    pub(super) fn failed(&self, now: Instant) {
        let mut state = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures = state.failures.saturating_add(1);
        if state.failures >= self.most_failures {
            state.open_since = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_failures_in_a_row_one_question_in_a_pause_tries_the_source() {
        let start = crate::clock::instant();
        let at = |seconds| start + Duration::from_secs(seconds);
        let circuit = Circuit::new(2, Duration::from_secs(10));
        circuit.failed(at(0));
        assert!(circuit.admits(at(0)));
        circuit.answered();
        circuit.failed(at(1));
        assert!(circuit.admits(at(1)), "an answer between them: not in a row");
        circuit.failed(at(1));
        assert!(!circuit.admits(at(10)));
        assert!(circuit.admits(at(11)), "one tries");
        assert!(!circuit.admits(at(11)), "and no other");
        circuit.failed(at(12));
        assert!(!circuit.admits(at(21)));
        assert!(circuit.admits(at(22)));
        circuit.answered();
        assert!(circuit.admits(at(22)) && circuit.admits(at(22)));
    }
}
