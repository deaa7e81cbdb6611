//! The server as a process: what it answers, when it refuses, how it starts, reloads and stops.

mod answers;
mod credentials;
mod lifecycle;
pub(crate) mod process;
mod swaps;
