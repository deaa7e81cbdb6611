//! `meshward completion`

use std::io::Write as _;

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use crate::cli::{Cli, Exit};

/// `meshward completion bash`
#[derive(Debug, clap::Args)]
pub(super) struct Completion {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

impl Completion {
    pub(super) fn run(self) -> Exit {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), "meshward", &mut script);
        say!("{}", String::from_utf8_lossy(&script));
        Exit::Fine
    }
}
