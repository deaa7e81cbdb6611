//! Whether the server may be asked: not before the first good documents, not while it drains.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::store::folder::Folder;
use crate::store::revision::Revisions;

/// The server's state, for probes.
#[derive(Debug)]
pub struct Health {
    revisions: Arc<Revisions>,
    folder: Arc<Folder>,
    draining: AtomicBool,
}

/// The state as `/readyz` shows it.
#[derive(Clone, Debug, Serialize)]
pub struct HealthState {
    /// `starting`, `ready` or `draining`.
    state: &'static str,
    /// The revision that answers.
    revision: Option<u64>,
    /// `good`, or `refused` while the documents as they are now do not check and an older revision answers.
    documents: &'static str,
    /// How many findings the documents have. What they are is in the log.
    findings: usize,
}

impl HealthState {
    /// Whether the server may be asked.
    pub fn is_ready(&self) -> bool {
        self.state == "ready"
    }

    /// Whether the documents as they are now check.
    pub fn documents_are_good(&self) -> bool {
        self.findings == 0
    }
}

impl Health {
    /// Looks at the revisions and at the folder that they come from.
    pub fn new(revisions: Arc<Revisions>, folder: Arc<Folder>) -> Self {
        Self { revisions, folder, draining: AtomicBool::new(false) }
    }

    /// Says from now on that the server is going away.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// The state now.
    pub fn state(&self) -> HealthState {
        let revision = self.revisions.current().map(|revision| revision.number);
        let findings = self.folder.last().findings;
        let state = match (self.draining.load(Ordering::Relaxed), revision) {
            (true, _) => "draining",
            (false, None) => "starting",
            (false, Some(_)) => "ready",
        };
        HealthState { state, revision, documents: if findings == 0 { "good" } else { "refused" }, findings }
    }
}
