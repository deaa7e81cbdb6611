//! `meshward config`, and the configuration of every verb that needs one.

use std::path::PathBuf;

use crate::cli::{Exit, failed, print_json};
use crate::config::{Config, ConfigError};

/// `meshward config`
#[derive(Debug, clap::Args)]
pub(super) struct PrintConfig {
    #[command(flatten)]
    file: ConfigFile,
}

/// Where the configuration is.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ConfigFile {
    /// The configuration's file; without, `meshward.yaml` if there is one.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl ConfigFile {
    pub(super) fn load(&self, flags: impl IntoIterator<Item = (&'static str, String)>) -> Result<Config, ConfigError> {
        let usual = PathBuf::from("meshward.yaml");
        let file = self.config.clone().or_else(|| usual.exists().then_some(usual));
        Config::load(file.as_deref(), environment(), flags)
    }
}

/// The environment's variables that are text.
pub(super) fn environment() -> Vec<(String, String)> {
    std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?))).collect()
}

impl PrintConfig {
    pub(super) fn run(self) -> Exit {
        match self.file.load([]).map(serde_json::to_value) {
            Ok(Ok(config)) => {
                print_json(&config);
                Exit::Fine
            }
            Ok(Err(error)) => failed(error),
            Err(error) => failed(error),
        }
    }
}
