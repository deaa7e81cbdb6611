//! `meshward attributes`: what a running server knows of a user, and forgetting it.

use std::io::Write as _;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::attributes::shown::Shown;
use crate::cli::config::ConfigFile;
use crate::cli::{Exit, Format, failed, print_json};
use crate::http::attributes::{Forget, Show};

/// `meshward attributes show jay`
#[derive(Debug, clap::Args)]
pub(super) struct Attributes {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Say what is known of a user: each value, where it comes from, and how old it is.
    Show {
        /// The user, as Trino names them.
        user: String,
        #[command(flatten)]
        server: Server,
        /// For whom to print.
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
    /// Forget what is known, so that the sources are asked again at once.
    Invalidate {
        /// Only of this user, as Trino names them.
        #[arg(long)]
        user: Option<String>,
        /// Only from this source.
        #[arg(long)]
        source: Option<String>,
        #[command(flatten)]
        server: Server,
    },
}

/// Which server is asked.
#[derive(Debug, clap::Args)]
struct Server {
    #[command(flatten)]
    file: ConfigFile,
    /// The server's HTTP address; without, `http.listen` of the configuration.
    #[arg(long, value_name = "HOST:PORT")]
    server: Option<String>,
    /// A file whose first line is a token; without, `http.tokens` of the configuration.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl Attributes {
    pub(super) fn run(self) -> Exit {
        match self.verb {
            Verb::Show { user, server, format } => match server.ask::<Shown>("show", &Show { user }) {
                Ok(shown) => print(&shown, format),
                Err(why) => failed(why),
            },
            Verb::Invalidate { user, source, server } => {
                match server.ask::<serde_json::Value>("invalidate", &Forget { user, source }) {
                    Ok(_) => Exit::Fine,
                    Err(why) => failed(why),
                }
            }
        }
    }
}

impl Server {
    fn ask<T: DeserializeOwned>(&self, what: &str, body: &impl Serialize) -> Result<T, String> {
        let config = self.file.load([]).map_err(|error| error.to_string())?;
        let file = self.token_file.as_ref().or(config.http.tokens.as_ref());
        let file = file.ok_or("name a file with a token: --token-file, or `http.tokens` in the configuration")?;
        let tokens = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let mut lines = tokens.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let token = lines.next().ok_or_else(|| format!("{} has no token", file.display()))?;
        let server = self.server.clone().unwrap_or_else(|| config.http.listen.to_string());
        let question = async {
            let client = reqwest::Client::builder().no_proxy().tls_backend_preconfigured(no_tls()?).build()?;
            let url = format!("http://{server}/admin/attributes/{what}");
            let answer = client.post(url).bearer_auth(token).json(body).send().await?;
            Ok::<_, Box<dyn std::error::Error>>((answer.status(), answer.bytes().await?))
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
        let (status, body) = runtime.block_on(question).map_err(|error| format!("{server}: {error}"))?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|error| error.to_string());
        }
        let refused: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        Err(format!("{server} says {status}: {}", refused.get("error").and_then(|why| why.as_str()).unwrap_or("")))
    }
}

/// The door is plain HTTP, and the client insists on being told of TLS.
fn no_tls() -> Result<rustls::ClientConfig, String> {
    crate::attributes::tls::TlsMaterial::nobody().client().map_err(|error| error.to_string())
}

fn print(shown: &Shown, format: Format) -> Exit {
    if format == Format::Json {
        return match serde_json::to_value(shown) {
            Ok(value) => {
                print_json(&value);
                Exit::Fine
            }
            Err(error) => failed(error),
        };
    }
    say!("{}", shown.user);
    for attribute in &shown.attributes {
        say!("  {}", attribute.line());
        if !attribute.used_by.is_empty() {
            say!("      used by {}", attribute.used_by.join(", "));
        }
    }
    if !shown.groups.is_empty() {
        say!("  groups from sources: {}", shown.groups.join(", "));
    }
    for source in &shown.sources {
        match (&source.why, source.age) {
            (Some(why), _) => say!("  source {}: failed: {why}", source.name),
            (None, age) => say!("  source {}: {}, {} s old", source.name, source.state, age.unwrap_or_default()),
        }
    }
    Exit::Fine
}
