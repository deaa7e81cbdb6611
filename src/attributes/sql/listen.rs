//! What the database says by itself: whose attributes have changed.

use std::future::poll_fn;
use std::time::Duration;

use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_postgres::{AsyncMessage, Client, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::{info, warn};

use crate::attributes::source::LoadFailure;
use crate::attributes::sql::Sql;
use crate::attributes::sql::connection::{Conversation, Door, failure};
use crate::clock;

/// A silent database is asked that often whether it is still there.
const PING: Duration = Duration::from_secs(5);

/// After a loss it is tried again after that long, then after twice that, up to `SLOWEST`.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const SLOWEST: Duration = Duration::from_secs(30);

/// What was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The attributes of the user whom the database calls so have changed.
    User(String),
    /// Anything may have changed: that was said, or nothing was heard for a while.
    All,
}

impl Sql {
    /// Whether the database says by itself what has changed.
    pub fn speaks(&self) -> bool {
        self.settings.channel.is_some()
    }

    /// Listens for as long as it is polled, and passes on what is heard.
    // FAIL-CLOSED: what was said while nobody listened is not said again, so each new beginning counts as a change of everything.
    pub async fn listen(&self, heard: impl Fn(Heard)) {
        let mut pause = FIRST_PAUSE;
        loop {
            let ended = match self.subscribe().await {
                Ok(subscription) => {
                    info!(source = %self.settings.url.0, "listening for changed attributes");
                    let since = clock::instant();
                    heard(Heard::All);
                    let ended = subscription.pass_on(&heard, self.timeout).await;
                    // Each beginning makes everybody's attributes be asked for again, so it is not done often.
                    if clock::instant().duration_since(since) > SLOWEST {
                        pause = FIRST_PAUSE;
                    }
                    ended
                }
                Err(failure) => failure,
            };
            warn!(source = %self.settings.url.0, %ended, "not listening for changed attributes; they are seen when their ttl ends");
            sleep(pause).await;
            pause = (pause * 2).min(SLOWEST);
        }
    }

    async fn subscribe(&self) -> Result<Subscription, LoadFailure> {
        let Some(channel) = &self.settings.channel else { return Err(LoadFailure::Broken) };
        let config = self.config().await?;
        let door = self.door(&config).await?;
        let subscription =
            timeout(self.timeout, Subscription::open(door)).await.map_err(|_| LoadFailure::Timeout)??;
        // INVARIANT: a channel's name is letters, digits and `_`.
        let listen = format!("LISTEN \"{}\"", channel.0);
        let listening = timeout(self.timeout, subscription.client.batch_execute(&listen));
        listening.await.map_err(|_| LoadFailure::Timeout)?.map_err(failure)?;
        Ok(subscription)
    }
}

/// A connection that listens.
struct Subscription {
    client: Client,
    said: mpsc::Receiver<Heard>,
    _conversation: Conversation,
}

impl Subscription {
    async fn open(door: Door<'_>) -> Result<Self, LoadFailure> {
        match door.tls {
            Some(tls) => {
                let tls = MakeRustlsConnect::new(ClientConfig::clone(&tls));
                let (client, connection) = door.config.connect(tls).await.map_err(failure)?;
                Ok(Self::of(client, connection))
            }
            None => {
                let (client, connection) = door.config.connect(NoTls).await.map_err(failure)?;
                Ok(Self::of(client, connection))
            }
        }
    }

    fn of<S, T>(client: Client, mut connection: tokio_postgres::Connection<S, T>) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (say, said) = mpsc::channel(1024);
        let conversation = Conversation::of(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                if let AsyncMessage::Notification(notification) = message {
                    let user = notification.payload();
                    let heard = if user.is_empty() { Heard::All } else { Heard::User(user.to_owned()) };
                    if say.send(heard).await.is_err() {
                        return;
                    }
                }
            }
        });
        Self { client, said, _conversation: conversation }
    }

    /// Passes on what is said until the connection ends or is silent for too long; returns why.
    async fn pass_on(mut self, heard: &impl Fn(Heard), patience: Duration) -> LoadFailure {
        loop {
            match timeout(PING, self.said.recv()).await {
                Ok(Some(said)) => heard(said),
                Ok(None) => return LoadFailure::Unreachable("the connection ended".to_owned()),
                Err(_silent) => match timeout(patience, self.client.check_connection()).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => return failure(error),
                    Err(_late) => return LoadFailure::Timeout,
                },
            }
        }
    }
}
