//! A folder of documents, read again when it changes. A bad folder is refused whole and the last good revision keeps answering.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tracing::{error, info, warn};

use crate::clock;
use crate::document::finding::Finding;
use crate::document::load;
use crate::lint;
use crate::store::revision::Revisions;

/// Changes that come closer together than this are read once.
const SETTLING: Duration = Duration::from_millis(200);

/// The folder is read that often without being told of a change: not every file system tells.
const UNTOLD: Duration = Duration::from_secs(10);

/// More findings than this are not logged: `meshward check` shows them.
const MOST_FINDINGS_LOGGED: usize = 20;

/// What became of the last reading.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// What was wrong, rendered, as far as it is logged; empty when the folder was taken.
    refused: Vec<String>,
    /// How many findings there were.
    pub findings: usize,
}

/// The folder and the state of its last reading.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    revisions: Arc<Revisions>,
    last: Mutex<Reading>,
}

impl Folder {
    /// Names the folder and where its revisions go.
    pub fn new(path: PathBuf, revisions: Arc<Revisions>) -> Self {
        Self { path, revisions, last: Mutex::default() }
    }

    /// What became of the last reading.
    pub fn last(&self) -> Reading {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the folder and publishes what it holds. On findings nothing changes; they are logged when they are new.
    pub fn read(&self) -> Result<(), Vec<Finding>> {
        let loaded = load::folder(&self.path);
        let findings = loaded.as_ref().err().map_or(0, Vec::len);
        let refused: Vec<String> = match &loaded {
            Ok(_) => Vec::new(),
            Err(findings) => findings.iter().take(MOST_FINDINGS_LOGGED).map(Finding::render).collect(),
        };
        let news = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            let news = last.refused != refused;
            last.refused.clone_from(&refused);
            last.findings = findings;
            news
        };
        if news && !refused.is_empty() {
            let what = match self.revisions.current() {
                Some(revision) => format!("revision {} keeps answering", revision.number),
                None => "nothing is answered until they check".to_owned(),
            };
            error!(findings, "documents refused, {what}\n{}", refused.join("\n"));
        }
        let loaded = loaded?;
        if let Some(revision) = self.revisions.publish(&loaded) {
            let today = revision.snapshot.day(clock::now());
            let warnings =
                lint::warnings(&loaded, &revision.snapshot, today).iter().filter(|found| found.warns()).count();
            info!(revision = revision.number, warnings, "documents taken");
        }
        Ok(())
    }

    /// Reads the folder whenever it changes, for ever. `after` is told of every reading.
    pub async fn watch(self: Arc<Self>, after: impl Fn() + Send + 'static) {
        let (told, mut changes) = mpsc::channel::<()>(1);
        let _watcher = self.watcher(told);
        loop {
            // A sender that is gone, because nothing could be watched, leaves the timer.
            let change = tokio::time::timeout(UNTOLD, changes.recv()).await;
            if matches!(change, Ok(None)) {
                tokio::time::sleep(UNTOLD).await;
            } else if change.is_ok() {
                tokio::time::sleep(SETTLING).await;
                while changes.try_recv().is_ok() {}
            }
            let folder = Arc::clone(&self);
            // Reading is work for the disk and the processor: decisions do not wait for it.
            let read = tokio::task::spawn_blocking(move || folder.read()).await;
            if let Err(panicked) = read {
                error!(%panicked, "reading the documents failed");
            }
            after();
        }
    }

    fn watcher(&self, told: mpsc::Sender<()>) -> Option<RecommendedWatcher> {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading opens and closes files: to be told of that would be to read for ever.
            if event.is_ok_and(|event| event.kind.is_access()) {
                return;
            }
            // A full channel has a change in it already.
            let _full = told.try_send(());
        });
        let watching = watcher.and_then(|mut watcher| {
            watcher.watch(&self.path, RecursiveMode::Recursive)?;
            Ok(watcher)
        });
        match watching {
            Ok(watcher) => Some(watcher),
            Err(error) => {
                warn!(%error, "the documents' folder cannot be watched; it is read every {} s", UNTOLD.as_secs());
                None
            }
        }
    }
}
