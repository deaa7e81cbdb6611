//! `meshward schema`

use std::io::Write as _;

use crate::cli::Exit;

/// The published file; `tests/schema.rs` keeps it true to what is read.
const SCHEMA: &str = include_str!("../../docs/meshward.schema.json");

/// `meshward schema`
#[derive(Debug, clap::Args)]
pub(super) struct Schema {}

impl Schema {
    pub(super) fn run(self) -> Exit {
        say!("{}", SCHEMA.trim_end());
        Exit::Fine
    }
}
