//! A process that ends with this one, however this one ends.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use std::os::unix::process::CommandExt as _;

/// The watchdog's standard input is a pipe from this process. When that closes, the process is killed and `$1` removed.
const WATCHDOG: &str = r#"trap "" INT TERM HUP; gone=$1; shift; "$@" & child=$!; cat > /dev/null; kill -9 $child; wait; [ -z "$gone" ] || rm -rf "$gone""#;

/// A process under a watchdog; killed when this is dropped and when the test's process is gone.
pub(crate) struct Guarded(Child);

impl Guarded {
    /// Starts a program. `log` gets what it writes; `remove` is a directory that goes with it.
    pub(crate) fn start(program: &[&str], environment: &[(String, String)], log: &Path, remove: Option<&Path>) -> Self {
        let log = File::create(log).unwrap();
        let child = Command::new("bash")
            .args(["-c", WATCHDOG, "watchdog", remove.map_or("", |path| path.to_str().unwrap())])
            .args(program)
            .envs(environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _reaped = self.0.wait();
    }
}
