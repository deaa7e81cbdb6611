//! `meshward fmt`

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::cli::{Exit, Format, failed, report};
use crate::document::{format, load};

/// `meshward fmt [--check] DIR`
#[derive(Debug, clap::Args)]
pub(super) struct Fmt {
    /// The folder of documents.
    #[arg(value_name = "DIR", default_value = ".")]
    documents: PathBuf,
    /// Change nothing; fail when something would change.
    #[arg(long)]
    check: bool,
}

impl Fmt {
    pub(super) fn run(self) -> Exit {
        let sources = match load::sources(&self.documents) {
            Ok(sources) => sources,
            Err(findings) => return report(&findings, Format::Text),
        };
        let (mut formatted, mut refused) = (Vec::new(), Vec::new());
        for source in sources {
            match format::canonical(&source) {
                Ok(text) => formatted.push((source, text)),
                Err(findings) => refused.extend(findings),
            }
        }
        if !refused.is_empty() {
            return report(&refused, Format::Text);
        }
        let mut exit = Exit::Fine;
        for (source, text) in &formatted {
            if *text == source.text {
                continue;
            }
            say!("{}", source.path);
            if self.check {
                exit = Exit::Failed;
            } else if let Err(error) = replace(&self.documents.join(&source.path), text) {
                return failed(format!("{}: {error}", source.path));
            }
        }
        exit
    }
}

/// Writes beside the file and renames: a reader, such as a running server, sees the old text or the new.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let beside = file.with_extension("yaml.new");
    std::fs::write(&beside, text)?;
    std::fs::rename(beside, file)
}
