//! A folder of YAML files to documents.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::document::finding::{Code, Finding, Place, Source};
use crate::document::kinds::Documents;
use crate::document::read::Draft;
use crate::document::validate::validate;
use crate::document::written::Written;
use crate::document::yaml;

/// The largest file that is read. A document is some lines; what is larger is a mistake or an attack.
const LARGEST_FILE: u64 = 8 * 1024 * 1024;

/// The deepest folder below the given one.
const DEEPEST_FOLDER: usize = 16;

/// Documents and the digest of the text that they were read from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The documents.
    pub documents: Documents,
    /// SHA-256 over the files' paths and texts: replicas that read the same folder have the same digest.
    pub digest: [u8; 32],
    /// Where they were written.
    pub written: Written,
}

/// Reads every `.yaml` and `.yml` file of a folder and all below it; names that start with a dot are passed over.
///
/// A folder that does not check is refused whole, with every finding.
pub fn folder(path: &Path) -> Result<Loaded, Vec<Finding>> {
    texts(&sources(path)?)
}

/// Reads the texts of a folder's files, in the order of their paths.
pub fn sources(path: &Path) -> Result<Vec<Arc<Source>>, Vec<Finding>> {
    if path.is_file() {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let help = format!("documents are read as a whole, from a folder: {}", folder.display());
        return Err(vec![unreadable(path, "it is a file and no folder").with_help(help)]);
    }
    let mut files = Vec::new();
    collect(path, 0, &mut files).map_err(|finding| vec![finding])?;
    files.sort();
    let mut findings = Vec::new();
    let mut sources = Vec::new();
    for file in &files {
        match source(path, file) {
            Ok(source) => sources.push(source),
            Err(finding) => findings.push(finding),
        }
    }
    if sources.is_empty() && findings.is_empty() {
        findings.push(unreadable(path, "there is no .yaml file in it"));
    }
    if findings.is_empty() { Ok(sources) } else { Err(findings) }
}

/// Reads documents from texts in memory.
pub fn texts(sources: &[Arc<Source>]) -> Result<Loaded, Vec<Finding>> {
    let mut draft = Draft::default();
    let mut digest = Sha256::new();
    for source in sources {
        for part in [&source.path, &source.text] {
            // The length keeps two neighbours from being taken for one.
            digest.update(part.len().to_be_bytes());
            digest.update(part.as_bytes());
        }
        match yaml::read(source) {
            Ok(nodes) => nodes.into_iter().for_each(|node| draft.read(node)),
            Err(finding) => draft.findings.push(finding),
        }
    }
    let written = std::mem::take(&mut draft.written);
    Ok(Loaded { documents: validate(draft)?, digest: digest.finalize().into(), written })
}

fn unreadable(path: &Path, why: impl std::fmt::Display) -> Finding {
    let source = Arc::new(Source::new(path.display().to_string(), ""));
    let message = format!("{} cannot be read: {why}", path.display());
    Finding::new(Code::Unreadable, Place::new(&source, 0..0), message)
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Finding> {
    if depth > DEEPEST_FOLDER {
        return Err(unreadable(folder, format!("it lies more than {DEEPEST_FOLDER} folders deep")));
    }
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        // A link is followed: that is how a mounted ConfigMap looks.
        let metadata = fs::metadata(&path).map_err(|error| unreadable(&path, error))?;
        if metadata.is_dir() {
            collect(&path, depth + 1, files)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            files.push(path);
        }
    }
    Ok(())
}

fn source(folder: &Path, file: &Path) -> Result<Arc<Source>, Finding> {
    let length = fs::metadata(file).map_err(|error| unreadable(file, error))?.len();
    if length > LARGEST_FILE {
        return Err(unreadable(file, format!("it has {length} bytes, and at most {LARGEST_FILE} are read")));
    }
    let text = fs::read_to_string(file).map_err(|error| unreadable(file, error))?;
    let path = file.strip_prefix(folder).unwrap_or(file).display().to_string();
    Ok(Arc::new(Source::new(path, text)))
}
