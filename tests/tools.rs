//! What tests need and a newcomer may lack.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// Whether the tools are there. If not, the tests that are named `tests` are skipped, which is said once; where `CI=true` is set,
/// a skip is a failure.
#[expect(clippy::disallowed_methods, reason = "whether a skip is a failure is for whoever runs the tests to say")]
pub(crate) fn there(tests: &'static str, tools: &[&str]) -> bool {
    static SAID: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    let output = Command::new(script()).args(tools).output().unwrap();
    if output.status.success() {
        return true;
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
    let why = format!("{tests} are skipped: {said}");
    assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "{why}");
    // Past the capture of what tests print: a skip is to be seen.
    if SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(tests) {
        let _told = writeln!(std::io::stderr(), "{why}");
    }
    false
}

/// Where a tool is that is there.
pub(crate) fn path(tool: &str) -> PathBuf {
    let output = Command::new(script()).args(["--where", tool]).output().unwrap();
    assert!(output.status.success(), "{tool} is there");
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/tools")
}
