//! The server with the plugin on a real Trino: what people see, compared with what the rules say.
//!
//! One Trino serves all tests; each works in its own schema of the catalog `lake`, with its own users. What a user ought to see
//! is worked out in plain Rust over the rows that `root`, whom no rule restricts, reads. Without a JDK 25 or Maven the tests are
//! skipped, and each says so; where `CI=true` is set, a skip is a failure.

mod client;
mod mesh;
mod otlp;
mod proxy;

mod attacks;
mod attributes;
mod calls;
mod directories;
mod keyed;
mod listings;
mod masks;
mod names;
mod outages;
mod reading;
mod sampled;
mod sentences;
mod sessions;
mod sources;
mod traces;
mod views;
mod writing;

/// The documents of every area, taken together as one mesh.
const DOCUMENTS: &[(&str, &str)] = &[
    ("attacks", attacks::DOCUMENTS),
    ("attributes", attributes::DOCUMENTS),
    ("calls", calls::DOCUMENTS),
    ("keyed", keyed::DOCUMENTS),
    ("listings", listings::DOCUMENTS),
    ("names", names::DOCUMENTS),
    ("outages", outages::DOCUMENTS),
    ("reading", reading::DOCUMENTS),
    ("sessions", sessions::DOCUMENTS),
    ("traces", traces::DOCUMENTS),
    ("views", views::DOCUMENTS),
    ("writing", writing::DOCUMENTS),
];
