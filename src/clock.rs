//! The only place that reads the time.

use std::time::Instant;

use jiff::Timestamp;

/// How far a query's start may lie from the server's clock and still be the time that the query counts as asked.
const BELIEVED: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// The wall clock.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// A clock that only goes forward, for measuring.
pub fn instant() -> Instant {
    Instant::now()
}

/// The time at which a query counts as asked: its start when that is within a minute of the server's clock, else the clock.
pub fn asked_at(query_start: Option<Timestamp>, now: Timestamp) -> Timestamp {
    query_start.filter(|start| now.duration_since(*start).abs() <= BELIEVED).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_far_from_the_clock_is_not_believed() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let near: Timestamp = "2026-11-24T11:59:30Z".parse().unwrap();
        for far in ["2026-11-24T11:00:00Z", "2030-01-01T00:00:00Z", "-009999-01-02T01:59:59Z"] {
            assert_eq!(asked_at(Some(far.parse().unwrap()), now), now, "{far}");
        }
        assert_eq!(asked_at(Some(near), now), near);
        assert_eq!(asked_at(None, now), now);
    }
}
