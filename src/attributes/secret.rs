//! Secrets and files of certificates: documents name them, and the folder that has them is the operator's.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::attributes::source::LoadFailure;

/// The largest secret or file of certificates that is read.
const LARGEST: u64 = 1024 * 1024;

/// The name of a file in the folder of secrets.
// INVARIANT: one part of a path that does not start with a dot, so that a document reaches nothing but what lies in the folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SecretName(Arc<str>);

impl SecretName {
    /// Letters, digits, `-`, `_` and `.`, the dot not in front; `None` for anything else.
    pub fn new(name: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let good = !name.is_empty() && !name.starts_with('.') && name.chars().all(allowed);
        good.then(|| Self(Arc::from(name)))
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text that is never shown: it has no `Display`, and its `Debug` says nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, for what is sent to the source.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The folder of secrets, one file each, as a mounted Kubernetes Secret is.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    folder: Option<PathBuf>,
}

impl Secrets {
    /// The folder that the configuration names; `None`: there are no secrets.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// Reads a secret as it is now, so that a changed one is used with the next question. A line end behind it is no part of it.
    pub async fn read(&self, name: &SecretName) -> Result<Secret, LoadFailure> {
        let text = String::from_utf8(self.read_bytes(name).await?);
        let text = text.map_err(|_| LoadFailure::Credentials(format!("the secret `{name}` is not text")))?;
        Ok(Secret(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// Reads a file as it is now: certificates and keys.
    pub async fn read_bytes(&self, name: &SecretName) -> Result<Vec<u8>, LoadFailure> {
        let refused = |why: String| LoadFailure::Credentials(format!("the secret `{name}` cannot be read: {why}"));
        let folder = self.folder.as_ref().ok_or_else(|| refused("`secrets` is not configured".to_owned()))?;
        let path = folder.join(&*name.0);
        let length = tokio::fs::metadata(&path).await.map_err(|error| refused(error.kind().to_string()))?.len();
        if length > LARGEST {
            return Err(refused(format!("it has {length} bytes, and at most {LARGEST} are read")));
        }
        tokio::fs::read(&path).await.map_err(|error| refused(error.kind().to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_a_file_of_the_folder_and_of_no_other() {
        for good in ["hr-token", "ca.pem", "A_1"] {
            assert!(SecretName::new(good).is_some(), "{good}");
        }
        for bad in ["", "..", ".hidden", "../x", "a/b", "/etc/passwd", "a\0", "a b", "a\\b"] {
            assert_eq!(SecretName::new(bad), None, "{bad}");
        }
    }

    #[tokio::test]
    async fn a_secret_is_read_as_it_is_now_and_shown_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Secrets::new(Some(folder.path().to_owned()));
        let name = SecretName::new("token").unwrap();
        assert!(matches!(secrets.read(&name).await, Err(LoadFailure::Credentials(_))));
        for text in ["s3cret\n", "changed\r\n"] {
            std::fs::write(folder.path().join("token"), text).unwrap();
            let secret = secrets.read(&name).await.unwrap();
            assert_eq!(secret.expose(), text.trim_end());
            assert_eq!(format!("{secret:?}"), "***");
        }
        assert!(matches!(Secrets::default().read(&name).await, Err(LoadFailure::Credentials(_))));
    }
}
