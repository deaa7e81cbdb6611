//! Bearer tokens of callers, from a file that is read again when it changes.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use sha2::{Digest, Sha256};
use tracing::{error, info};

/// The accepted tokens, as digests: comparing those tells nothing of a token by the time that it takes.
#[derive(Debug)]
pub struct Tokens {
    path: PathBuf,
    digests: ArcSwap<(Option<SystemTime>, Vec<[u8; 32]>)>,
}

impl Tokens {
    /// Reads the file: one token in a line, lines that start with `#` left out. No token at all is an error.
    pub fn read(path: &Path) -> Result<Self, String> {
        Ok(Self { path: path.to_owned(), digests: ArcSwap::from_pointee(digests(path)?) })
    }

    /// Reads the file again if it has changed. A bad file changes nothing.
    pub fn refresh(&self) {
        let changed = std::fs::metadata(&self.path).and_then(|metadata| metadata.modified()).ok();
        if changed == self.digests.load().0 {
            return;
        }
        match digests(&self.path) {
            Ok(read) => {
                info!(tokens = read.1.len(), "tokens taken");
                self.digests.store(read.into());
            }
            Err(error) => error!(error, "tokens refused, the last good ones stay"),
        }
    }

    /// Whether the text of an `Authorization` header carries an accepted token.
    pub fn accept(&self, authorization: Option<&str>) -> bool {
        let token = authorization.and_then(|value| value.strip_prefix("Bearer "));
        token.is_some_and(|token| self.digests.load().1.contains(&digest(token.trim())))
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn digests(path: &Path) -> Result<(Option<SystemTime>, Vec<[u8; 32]>), String> {
    let refused = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let changed = std::fs::metadata(path).and_then(|metadata| metadata.modified()).map_err(refused)?;
    let text = std::fs::read_to_string(path).map_err(refused)?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let digests: Vec<_> = lines.map(digest).collect();
    if digests.is_empty() {
        return Err(format!("{} has no token", path.display()));
    }
    Ok((Some(changed), digests))
}
