//! What the server is told: defaults, then `meshward.yaml`, then `MESHWARD_<SECTION>__<KEY>`, then flags. Nothing else reads the
//! environment.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The environment's prefix.
const PREFIX: &str = "MESHWARD_";

/// Everything that can be configured.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The folder of documents.
    pub documents: Option<PathBuf>,
    /// The folder of secrets that AttributeSource documents name, one file each.
    pub secrets: Option<PathBuf>,
    /// The mesh's time zone, an IANA name: what a day is, and what `between 08:00 and 18:00` means.
    pub timezone: Zone,
    /// How long a stopping server says NOT_SERVING before it closes, so that clients find the others.
    pub drain_delay: Period,
    /// The decision service.
    pub grpc: Grpc,
    /// Health and metrics.
    pub http: Http,
    /// What the server says about itself.
    pub log: Log,
}

/// The decision service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grpc {
    /// `host:port` or `unix:/path`.
    pub listen: Listen,
    /// The server's certificate chain, PEM. Read again when it changes.
    pub certificate: Option<PathBuf>,
    /// The certificate's key, PEM.
    pub key: Option<PathBuf>,
    /// The authorities whose client certificates are accepted, PEM. With it, a client without one is refused.
    pub client_authorities: Option<PathBuf>,
    /// A file of accepted bearer tokens, one in a line.
    pub tokens: Option<PathBuf>,
    /// Listen beyond loopback without TLS and client credentials: anybody who reaches the port may ask about anybody.
    pub insecure: bool,
    /// Offer gRPC reflection.
    pub reflection: bool,
    /// A connection is closed after that long, so that clients find new replicas.
    pub max_connection_age: Period,
}

/// Health and metrics.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// `host:port`. Health and metrics tell nothing of data, users or rules.
    pub listen: SocketAddr,
    /// A file of bearer tokens, one in a line, of those who may see and forget attributes here. Without it nobody may.
    pub tokens: Option<PathBuf>,
    /// Take tokens on an address beyond loopback, where they can be read on their way.
    pub insecure: bool,
}

/// What the server says about itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `text` or `json`.
    pub format: LogFormat,
    /// A filter such as `info` or `meshward=debug`.
    pub level: String,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object in a line.
    Json,
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// TCP.
    Tcp(SocketAddr),
    /// A Unix domain socket.
    Unix(PathBuf),
}

/// A length of time: `500ms`, `5s`, `5m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(pub Duration);

/// A time zone by its IANA name.
#[derive(Clone, Debug)]
pub struct Zone(pub TimeZone);

/// Why a configuration is refused, naming the key.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl Default for Config {
    fn default() -> Self {
        Self {
            documents: None,
            secrets: None,
            timezone: Zone(TimeZone::UTC),
            drain_delay: Period(Duration::from_secs(5)),
            grpc: Grpc::default(),
            http: Http::default(),
            log: Log::default(),
        }
    }
}

impl Default for Grpc {
    fn default() -> Self {
        Self {
            listen: Listen::Tcp(SocketAddr::from(([127, 0, 0, 1], 9471))),
            certificate: None,
            key: None,
            client_authorities: None,
            tokens: None,
            insecure: false,
            reflection: false,
            max_connection_age: Period(Duration::from_secs(300)),
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 9472)), tokens: None, insecure: false }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".to_owned() }
    }
}

impl Config {
    /// Reads the file, if there is one, and lays the environment and then `flags` (key with dots, value) over it.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Result<Self, ConfigError> {
        let mut tree = match file {
            Some(file) => read(file)?,
            None => Value::Object(Map::new()),
        };
        for (variable, value) in environment {
            let Some(key) = variable.strip_prefix(PREFIX) else { continue };
            if !is_key(key) {
                if let Some((section, rest)) = key.split_once('_').filter(|(section, _)| is_section(section)) {
                    return Err(ConfigError(format!("{variable}: did you mean {PREFIX}{section}__{rest}?")));
                }
                // Tools around the server have variables too, none of them with a section.
                if key.contains("__") {
                    return Err(ConfigError(format!("{variable}: there is no such section")));
                }
                continue;
            }
            let path: Vec<String> = key.to_lowercase().split("__").map(str::to_owned).collect();
            set(&mut tree, &path, &value).map_err(|why| ConfigError(format!("{variable}: {why}")))?;
        }
        for (key, value) in flags {
            let path: Vec<String> = key.split('.').map(str::to_owned).collect();
            set(&mut tree, &path, &value).map_err(|why| ConfigError(format!("{key}: {why}")))?;
        }
        let config: Self = serde_json::from_value(tree).map_err(|error| ConfigError(error.to_string()))?;
        config.validate()?;
        Ok(config)
    }

    fn validate(&self) -> Result<(), ConfigError> {
        let grpc = &self.grpc;
        if grpc.certificate.is_some() != grpc.key.is_some() {
            return Err(ConfigError("grpc.certificate and grpc.key go together".to_owned()));
        }
        if grpc.client_authorities.is_some() && grpc.certificate.is_none() {
            return Err(ConfigError("grpc.client_authorities needs grpc.certificate and grpc.key".to_owned()));
        }
        let protected = grpc.certificate.is_some() && (grpc.client_authorities.is_some() || grpc.tokens.is_some());
        if grpc.listen.is_beyond_loopback() && !protected && !grpc.insecure {
            return Err(ConfigError(format!(
                "grpc.listen {} is reachable from elsewhere, so it needs TLS (grpc.certificate, grpc.key) and a client credential \
                 (grpc.client_authorities or grpc.tokens); grpc.insecure: true does without, and then anybody who reaches the \
                 port may ask about anybody",
                grpc.listen
            )));
        }
        let http = &self.http;
        if http.tokens.is_some() && is_beyond_loopback(&http.listen) && !http.insecure {
            return Err(ConfigError(format!(
                "http.listen {} is reachable from elsewhere and has no TLS, so http.tokens could be read on their way; http.insecure: \
                 true takes them all the same",
                http.listen
            )));
        }
        Ok(())
    }
}

/// The variables below the prefix that name keys of the configuration: those whose first part is one.
fn is_key(key: &str) -> bool {
    let first = key.split("__").next().unwrap_or("");
    is_section(first) || matches!(first.to_lowercase().as_str(), "documents" | "secrets" | "timezone" | "drain_delay")
}

fn is_section(word: &str) -> bool {
    matches!(word.to_lowercase().as_str(), "grpc" | "http" | "log")
}

fn read(file: &Path) -> Result<Value, ConfigError> {
    let refused = |why: String| ConfigError(format!("{}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| refused(error.to_string()))?;
    let tree: Option<Value> = serde_saphyr::from_str(&text).map_err(|error| refused(error.to_string()))?;
    Ok(tree.unwrap_or_else(|| Value::Object(Map::new())))
}

fn set(tree: &mut Value, path: &[String], value: &str) -> Result<(), String> {
    let Some((last, sections)) = path.split_last() else { return Ok(()) };
    let mut at = tree;
    for section in sections {
        at = match at {
            Value::Object(fields) => fields.entry(section.clone()).or_insert_with(|| Value::Object(Map::new())),
            _ => return Err(format!("`{section}` is not a section")),
        };
    }
    let value = match value {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text => Value::String(text.to_owned()),
    };
    match at {
        Value::Object(fields) => {
            fields.insert(last.clone(), value);
            Ok(())
        }
        _ => Err(format!("`{last}` is not in a section")),
    }
}

fn is_beyond_loopback(address: &SocketAddr) -> bool {
    match address.ip() {
        IpAddr::V4(ip) => !ip.is_loopback(),
        IpAddr::V6(ip) => !ip.is_loopback(),
    }
}

impl Listen {
    fn is_beyond_loopback(&self) -> bool {
        match self {
            Self::Tcp(address) => is_beyond_loopback(address),
            Self::Unix(_) => false,
        }
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') => Ok(Self::Unix(PathBuf::from(path))),
            Some(_) => Err(format!("`{text}` needs an absolute path")),
            None => text.parse().map(Self::Tcp).map_err(|_| {
                format!("`{text}` is neither an address with a port, such as 127.0.0.1:9471, nor unix:/path")
            }),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || format!("`{text}` is not a length of time, such as 500ms, 5s or 5m");
        let duration: SignedDuration = text.parse().map_err(|_| refused())?;
        Duration::try_from(duration).map(Self).map_err(|_| refused())
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0.as_millis())
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        TimeZone::get(text).map(Self).map_err(|_| format!("`{text}` is not a time zone, such as Europe/Vienna"))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

macro_rules! written_as_text {
    ($($type:ty),+) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )+};
}

written_as_text!(Listen, Period, Zone);

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::load(None, variables.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())), [])
    }

    #[test]
    fn a_server_that_listens_beyond_loopback_needs_tls_and_a_client_credential() {
        let beyond = ("MESHWARD_GRPC__LISTEN", "0.0.0.0:9471");
        let tls = [("MESHWARD_GRPC__CERTIFICATE", "/c"), ("MESHWARD_GRPC__KEY", "/k")];
        assert!(with(&[beyond]).is_err());
        assert!(with(&[beyond, tls[0], tls[1]]).is_err());
        assert!(with(&[beyond, ("MESHWARD_GRPC__TOKENS", "/t")]).is_err());
        assert!(with(&[beyond, tls[0], tls[1], ("MESHWARD_GRPC__TOKENS", "/t")]).is_ok());
        assert!(with(&[beyond, tls[0], tls[1], ("MESHWARD_GRPC__CLIENT_AUTHORITIES", "/a")]).is_ok());
        assert!(with(&[beyond, ("MESHWARD_GRPC__INSECURE", "true")]).is_ok());
        assert!(with(&[("MESHWARD_GRPC__LISTEN", "unix:/run/meshward.sock")]).is_ok());
    }

    #[test]
    fn flags_lie_over_the_environment_and_unknown_keys_are_refused() {
        let environment = || [("MESHWARD_TIMEZONE".to_owned(), "Europe/Vienna".to_owned())];
        let config = Config::load(None, environment(), [("timezone", "Asia/Tokyo".to_owned())]).unwrap();
        assert_eq!(config.timezone.to_string(), "Asia/Tokyo");
        assert_eq!(Config::load(None, environment(), []).unwrap().timezone.to_string(), "Europe/Vienna");
        for (key, value, named) in [
            ("MESHWARD_GRPC__LISTENN", "x", "listenn"),
            ("MESHWARD_GPRC__LISTEN", "127.0.0.1:1", "MESHWARD_GPRC__LISTEN"),
            ("MESHWARD_GRPC_TOKENS", "/t", "MESHWARD_GRPC__TOKENS"),
            ("MESHWARD_TIMEZONE", "Mars", "Mars"),
            ("MESHWARD_DRAIN_DELAY", "-5s", "-5s"),
            ("MESHWARD_GRPC__LISTEN", "here", "here"),
        ] {
            let refused = with(&[(key, value)]).unwrap_err().to_string();
            assert!(refused.contains(named), "{key}: {refused}");
        }
    }
}
