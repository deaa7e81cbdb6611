//! One connection to a database, with its query prepared.

use std::sync::Arc;

use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::attributes::source::LoadFailure;
use crate::attributes::user_name::SourceUser;

/// The largest row that is read, in characters of JSON.
const LARGEST_ROW: usize = 256 * 1024;

/// How a connection is opened.
#[derive(Debug)]
pub(super) struct Door<'a> {
    pub(super) config: &'a Config,
    /// TLS; `None`: none.
    pub(super) tls: Option<Arc<ClientConfig>>,
}

/// A connection that is logged in and reads only.
pub(super) struct Connection {
    client: Client,
    query: Statement,
    _conversation: Conversation,
}

/// What carries a connection's messages. It ends with whoever needs it, whatever the database is still saying.
pub(super) struct Conversation(JoinHandle<()>);

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Connection {
    /// Opens a connection, makes sure that it reads only, and prepares the query.
    pub(super) async fn open(door: Door<'_>, query: &str) -> Result<Self, LoadFailure> {
        let (client, conversation) = match door.tls {
            Some(tls) => {
                let tls = MakeRustlsConnect::new(ClientConfig::clone(&tls));
                let (client, connection) = door.config.connect(tls).await.map_err(failure)?;
                (client, Conversation::carry(connection))
            }
            None => {
                let (client, connection) = door.config.connect(NoTls).await.map_err(failure)?;
                (client, Conversation::carry(connection))
            }
        };
        must_read_only(&client).await?;
        // PostgreSQL writes the row as JSON, with its own text for every type. The query is in parentheses, where nothing but reading
        // is allowed, and a row that is too large is cut there, before it is sent.
        let one_more = LARGEST_ROW + 1;
        let whole = format!("SELECT left(row_to_json(answer)::text, {one_more}) FROM (\n{query}\n) AS answer LIMIT 2");
        let query = client.prepare_typed(&whole, &[Type::TEXT]).await.map_err(failure)?;
        Ok(Self { client, query, _conversation: conversation })
    }

    /// The user's row as JSON; `None` where there is none.
    pub(super) async fn ask(&self, user: &SourceUser) -> Result<Option<String>, LoadFailure> {
        let rows = self.client.query(&self.query, &[&user.as_str()]).await.map_err(failure)?;
        let row = match rows.as_slice() {
            [] => return Ok(None),
            [row] => row.try_get::<_, String>(0).map_err(failure)?,
            // FAIL-CLOSED: two rows are two people of one name, or a join that someone has to look at.
            _ => return Err(LoadFailure::Garbage("the query gives more than one row; see `array_agg`".to_owned())),
        };
        // Each character is a byte at least.
        if row.len() > LARGEST_ROW { Err(LoadFailure::TooLarge) } else { Ok(Some(row)) }
    }
}

impl Conversation {
    fn carry<S, T>(connection: tokio_postgres::Connection<S, T>) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        Self(tokio::spawn(async move {
            // Whoever waits for an answer learns of the end by not getting one.
            let _ended = connection.await;
        }))
    }

    /// Does something for as long as somebody needs it.
    pub(super) fn of(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }
}

// A pooler in between may take what is asked of a session and not pass it on.
async fn must_read_only(client: &Client) -> Result<(), LoadFailure> {
    let said = client.simple_query("SHOW transaction_read_only").await.map_err(failure)?;
    let read_only = said.iter().any(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0) == Some("on"),
        _ => false,
    });
    read_only
        .then_some(())
        .ok_or_else(|| LoadFailure::Refused("the session could write: is a pooler in between?".to_owned()))
}

// FAIL-CLOSED: what a database says of data (classes 22, 23, P0) may have a value in it; of those there is only the code.
pub(super) fn failure(error: tokio_postgres::Error) -> LoadFailure {
    const CONNECTION: &[&str] = &["08", "53", "57", "58"];
    const LOGIN: &[&str] = &["28"];
    const ABOUT_NAMES: &[&str] = &["0A", "25", "3D", "3F", "42"];
    const QUERY_CANCELED: &str = "57014";
    if let Some(said) = error.as_db_error() {
        let code = said.code().code();
        let of = |classes: &[&str]| classes.iter().any(|class| code.starts_with(class));
        if code == QUERY_CANCELED {
            LoadFailure::Timeout
        } else if of(LOGIN) {
            LoadFailure::Credentials(format!("{} (SQLSTATE {code})", said.message()))
        } else if of(CONNECTION) {
            LoadFailure::Unreachable(format!("SQLSTATE {code}"))
        } else if of(ABOUT_NAMES) {
            LoadFailure::Refused(format!("{} (SQLSTATE {code})", said.message()))
        } else {
            LoadFailure::Refused(format!("SQLSTATE {code}"))
        }
    } else {
        let mut said = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            said = format!("{said}: {inner}");
            cause = inner.source();
        }
        LoadFailure::Unreachable(said)
    }
}
