//! `meshward code`

use std::io::Write as _;

use crate::cli::{Exit, failed};
use crate::language::diagnostic::near_miss;

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// `meshward code MW0217`
#[derive(Debug, clap::Args)]
pub(super) struct ExplainCode {
    /// The code, such as MW0217.
    code: String,
}

impl ExplainCode {
    pub(super) fn run(self) -> Exit {
        let code = self.code.to_uppercase();
        if let Some((_, page)) = PAGES.iter().find(|(known, _)| *known == code) {
            say!("{}", page.trim_end());
            return Exit::Fine;
        }
        let meant = near_miss(&code, PAGES.iter().map(|(known, _)| *known));
        let meant = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
        failed(format!("there is no code `{}`{meant}", self.code))
    }
}
