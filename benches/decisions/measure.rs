//! Taking times.

use std::time::{Duration, Instant};

/// The times of many calls.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The time that a share of the calls did not exceed.
    pub(crate) fn percentile(&self, share: f64) -> Duration {
        let last = self.0.len() - 1;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place in a list"
        )]
        let at = (last as f64 * share).round() as usize;
        self.0[at.min(last)]
    }

    pub(crate) fn median(&self) -> Duration {
        self.percentile(0.5)
    }
}

/// The times of `calls` calls, after some that warm up.
pub(crate) fn times(calls: usize, mut call: impl FnMut()) -> Times {
    (0..calls / 10 + 1).for_each(|_| call());
    let measured = (0..calls).map(|_| {
        let started = Instant::now();
        call();
        started.elapsed()
    });
    Times::new(measured.collect())
}

/// Microseconds.
pub(crate) fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Milliseconds.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// This process's resident memory in MiB.
pub(crate) fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    kib.unwrap_or(f64::NAN) / 1024.0
}
