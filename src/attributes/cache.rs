//! The cache in front of one source: what is fresh is used, what is stale is used and asked again behind, and of what is asked for by
//! many at once the source hears once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use sha2::{Digest as _, Sha256};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;
use tracing::debug;

use crate::attributes::circuit::Circuit;
use crate::attributes::entry::{Entry, Presence, State};
use crate::attributes::secret::Secrets;
use crate::attributes::source::{LoadFailure, Source, SourceSettings};
use crate::attributes::sql::Heard;
use crate::attributes::user_name::SourceUser;
use crate::clock;
use crate::telemetry::sources::{Cause, LookedUp, SourceMetrics};

/// What was known before a change is kept for that long, of that many users.
const EARLIER: Duration = Duration::from_secs(900);
const MOST_EARLIER: u64 = 10_000;

/// What came of a question.
type Loaded = Result<Arc<Entry>, LoadFailure>;

/// A question under way; nothing until it ends.
type Ending = watch::Receiver<Option<Loaded>>;

/// A source with what is known from it.
///
/// INVARIANT: the settings never change, and the key of everything inside is the user as the source calls them. So no two users,
/// sources or configurations of a source are ever mixed.
#[derive(Debug)]
pub struct CachedSource {
    settings: SourceSettings,
    /// Of the settings; equal on every replica.
    digest: [u8; 32],
    source: Source,
    known: Cache<SourceUser, Arc<Entry>>,
    /// What was known before the last change, for queries that began on another server and stand on it.
    earlier: Cache<SourceUser, Arc<Entry>>,
    // Taken to begin and to end a question, and to forget; never across an await, and never where the cache has the answer.
    flights: Mutex<HashMap<SourceUser, Flight>>,
    next_flight: AtomicU64,
    questions: Semaphore,
    refreshes: Arc<Semaphore>,
    circuit: Circuit,
    metrics: SourceMetrics,
    _listening: Option<Listening>,
}

/// Listening to a source that says by itself what has changed; it ends with the source.
#[derive(Debug)]
struct Listening(JoinHandle<()>);

/// A question under way.
#[derive(Debug)]
struct Flight {
    number: u64,
    ending: Ending,
}

/// What a look-up finds at once.
#[derive(Debug)]
pub(super) enum LookUp {
    /// This.
    Known(Arc<Entry>),
    /// The source must be asked first, and is being asked.
    Waiting(Wait),
}

/// Somebody who waits for a source.
#[derive(Debug)]
pub(super) struct Wait {
    source: Arc<CachedSource>,
    ending: Ending,
    until: tokio::time::Instant,
    /// What may stand in for an answer.
    stand_in: Option<Arc<Entry>>,
}

impl CachedSource {
    /// Opens a source, with nothing known yet.
    pub(super) fn open(settings: &SourceSettings, secrets: &Secrets, metrics: SourceMetrics) -> Arc<Self> {
        let limits = settings.limits;
        // Whatever is small weighs its share of the whole, so that neither bound is passed.
        let least = (limits.bytes / limits.entries.max(1)).max(1);
        let weight =
            move |_: &SourceUser, entry: &Arc<Entry>| u32::try_from(entry.bytes().max(least)).unwrap_or(u32::MAX);
        let concurrency = usize::from(limits.concurrency);
        let source = Source::open(settings, secrets);
        Arc::new_cyclic(|own| Self {
            digest: Sha256::digest(format!("{settings:?}")).into(),
            _listening: Listening::begin(&source, own),
            source,
            known: Cache::builder()
                .max_capacity(limits.bytes)
                .eviction_policy(EvictionPolicy::lru())
                .weigher(weight)
                .time_to_live(settings.freshness.hard_ttl.max(settings.freshness.negative_ttl))
                .build(),
            earlier: Cache::builder().max_capacity(limits.entries.min(MOST_EARLIER)).time_to_live(EARLIER).build(),
            flights: Mutex::default(),
            next_flight: AtomicU64::new(0),
            questions: Semaphore::new(concurrency),
            refreshes: Arc::new(Semaphore::new(concurrency.div_ceil(2))),
            circuit: Circuit::new(limits.failures, limits.pause),
            settings: settings.clone(),
            metrics,
        })
    }

    /// What its document says.
    pub fn settings(&self) -> &SourceSettings {
        &self.settings
    }

    /// The settings' digest.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// Looks a user up. Where the source must be asked it is being asked when this returns, so that several sources are asked side by
    /// side.
    pub(super) fn look_up(self: &Arc<Self>, user: &SourceUser) -> LookUp {
        let now = clock::instant();
        let entry = self.known.get(user);
        let state = entry.as_ref().map_or(State::Expired, |entry| entry.state(now));
        match (state, entry) {
            (State::Fresh, Some(entry)) => {
                let negative = entry.presence == Presence::NotFound;
                self.metrics.looked_up(if negative { LookedUp::Negative } else { LookedUp::Hit });
                LookUp::Known(entry)
            }
            (State::Stale, Some(entry)) => {
                self.metrics.looked_up(LookedUp::Stale);
                if entry.may_refresh(now) {
                    self.refresh(user, now);
                }
                LookUp::Known(entry)
            }
            (state, entry) => {
                self.metrics.looked_up(LookedUp::Miss);
                LookUp::Waiting(self.wait(user, now, entry.filter(|_| state == State::StandIn)))
            }
        }
    }

    /// Asks again, whatever is known.
    pub(super) async fn ask_again(self: &Arc<Self>, user: &SourceUser) -> Loaded {
        self.wait(user, clock::instant(), None).end().await
    }

    fn wait(self: &Arc<Self>, user: &SourceUser, now: Instant, stand_in: Option<Arc<Entry>>) -> Wait {
        let ending = self.ending_of(user, now);
        let until = tokio::time::Instant::from_std(now + self.settings.limits.timeout);
        Wait { source: Arc::clone(self), ending, until, stand_in }
    }

    /// What was known before the last change.
    pub(super) fn earlier(&self, user: &SourceUser) -> Option<Arc<Entry>> {
        self.earlier.get(user)
    }

    /// What is known of a user now, without asking anybody.
    pub fn peek(&self, user: &SourceUser) -> Option<Arc<Entry>> {
        self.known.get(user)
    }

    /// Forgets a user. Nothing that was asked before this is used by a decision that begins after it.
    pub fn forget(&self, user: &SourceUser) {
        let mut flights = self.flights();
        flights.remove(user);
        self.known.invalidate(user);
        self.earlier.invalidate(user);
    }

    /// Forgets everybody.
    pub fn forget_all(&self) {
        let mut flights = self.flights();
        flights.clear();
        self.known.invalidate_all();
        self.earlier.invalidate_all();
    }

    /// How many users are known. Notes in the metrics how old what is known is.
    pub fn measure(&self) -> u64 {
        self.known.run_pending_tasks();
        let now = clock::instant();
        let oldest = self.known.iter().map(|(_, entry)| entry.age(now)).max().unwrap_or_default();
        self.metrics.kept(self.known.entry_count(), oldest);
        self.known.entry_count()
    }

    fn heard(&self, heard: &Heard) {
        match heard {
            Heard::All => self.forget_all(),
            // Nobody is known by a name that no source is asked for.
            Heard::User(name) => drop(self.settings.user_names.of(name).map(|user| self.forget(&user))),
        }
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<SourceUser, Flight>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The question about a user that is under way, or one that begins now.
    fn ending_of(self: &Arc<Self>, user: &SourceUser, now: Instant) -> Ending {
        let mut flights = self.flights();
        match flights.get(user) {
            Some(flight) => flight.ending.clone(),
            None => self.begin(&mut flights, user, now, None),
        }
    }

    /// Asks behind what is stale, unless somebody does, the source is left alone, or enough is being refreshed: the next look-up tries
    /// again.
    fn refresh(self: &Arc<Self>, user: &SourceUser, now: Instant) {
        if self.circuit.rests(now) {
            return;
        }
        let Ok(permit) = Arc::clone(&self.refreshes).try_acquire_owned() else { return };
        let mut flights = self.flights();
        if !flights.contains_key(user) {
            self.begin(&mut flights, user, now, Some(permit));
        }
    }

    // The question is a task of its own: whoever waits for it may go away, and it ends all the same, for the others.
    fn begin(
        self: &Arc<Self>,
        flights: &mut HashMap<SourceUser, Flight>,
        user: &SourceUser,
        asked: Instant,
        refresh: Option<OwnedSemaphorePermit>,
    ) -> Ending {
        let (ended, ending) = watch::channel(None);
        let number = self.next_flight.fetch_add(1, Ordering::Relaxed);
        flights.insert(user.clone(), Flight { number, ending: ending.clone() });
        let landing = Landing { source: Arc::clone(self), user: user.clone(), number };
        tokio::spawn(async move {
            let cause = if refresh.is_some() { Cause::Refresh } else { Cause::Miss };
            let loaded = landing.source.load(&landing.user, asked, cause).await;
            drop(refresh);
            landing.source.land(&landing, &loaded);
            // That nobody waits any longer is no matter.
            let _nobody = ended.send(Some(loaded));
        });
        ending
    }

    async fn load(&self, user: &SourceUser, asked: Instant, cause: Cause) -> Loaded {
        let loaded = self.ask(user).await;
        let took = clock::instant().saturating_duration_since(asked);
        let source_failed = matches!(
            loaded,
            // Accounts are locked after some wrong passwords.
            Err(LoadFailure::Timeout | LoadFailure::Unreachable(_) | LoadFailure::Credentials(_))
        );
        match &loaded {
            _ if source_failed => self.circuit.failed(clock::instant()),
            Ok(_) => self.circuit.answered(),
            Err(_) => {}
        }
        let result = match &loaded {
            Ok(entry) if entry.presence == Presence::NotFound => "not_found",
            Ok(_) => "found",
            Err(failure) => failure.kind(),
        };
        self.metrics.loaded(cause, result, took);
        if let Err(failure) = &loaded {
            debug!(source = %self.settings.name, failure = failure.kind(), "a source did not answer");
        }
        loaded
    }

    /// Asks in its turn. Who waits for this has a time of their own: an answer that comes after it is kept for others.
    async fn ask(&self, user: &SourceUser) -> Loaded {
        let timeout = self.settings.limits.timeout;
        let turn = tokio::time::timeout(timeout, self.questions.acquire()).await;
        let _turn = turn.map_err(|_| LoadFailure::Busy)?.map_err(|_| LoadFailure::Broken)?;
        // Asked now and not before the turn came: the circuit may have opened meanwhile.
        let asked = clock::instant();
        if !self.circuit.admits(asked) {
            return Err(LoadFailure::CircuitOpen);
        }
        let answer = tokio::time::timeout(timeout, self.source.load(user)).await;
        let answer = answer.unwrap_or(Err(LoadFailure::Timeout))?;
        Ok(Arc::new(Entry::new(&self.settings, answer, asked, chance())))
    }

    // INVARIANT: only the question that is registered is kept. One that was forgotten while it was under way is nobody's.
    fn land(&self, landing: &Landing, loaded: &Loaded) {
        let mut flights = self.flights();
        if flights.get(&landing.user).is_some_and(|flight| flight.number == landing.number) {
            flights.remove(&landing.user);
            match (loaded, self.known.get(&landing.user)) {
                (Ok(entry), old) => {
                    if let Some(old) = old.filter(|old| old.digest != entry.digest) {
                        self.earlier.insert(landing.user.clone(), old);
                    }
                    self.known.insert(landing.user.clone(), Arc::clone(entry));
                }
                // A source that fails for one user alone, and fast, would be asked all the time.
                (Err(_), Some(old)) => old.rest(clock::instant(), self.settings.limits.pause),
                (Err(_), None) => {}
            }
        }
    }
}

impl Listening {
    fn begin(source: &Source, own: &Weak<CachedSource>) -> Option<Self> {
        let Source::Sql(sql) = source else { return None };
        // Without a runtime nobody asks either.
        let runtime = Handle::try_current().ok().filter(|_| sql.speaks())?;
        let (sql, own) = (Arc::clone(sql), Weak::clone(own));
        Some(Self(runtime.spawn(async move {
            sql.listen(|heard| {
                if let Some(source) = own.upgrade() {
                    source.heard(&heard);
                }
            })
            .await;
        })))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Ends a question however it ends: one that panicked blocks nobody either.
struct Landing {
    source: Arc<CachedSource>,
    user: SourceUser,
    number: u64,
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.source.land(self, &Err(LoadFailure::Broken));
    }
}

impl Wait {
    /// Waits for the answer, at most for the source's timeout.
    pub(super) async fn end(mut self) -> Loaded {
        let loaded = match tokio::time::timeout_at(self.until, self.ending.wait_for(Option::is_some)).await {
            Ok(Ok(loaded)) => loaded.clone().unwrap_or(Err(LoadFailure::Broken)),
            Ok(Err(_)) => Err(LoadFailure::Broken),
            Err(_) => Err(LoadFailure::Timeout),
        };
        loaded.or_else(|failure| {
            // Waiting took time: it may have come to its end meanwhile.
            let usable = self.stand_in.filter(|entry| entry.state(clock::instant()) != State::Expired);
            if usable.is_some() {
                self.source.metrics.looked_up(LookedUp::StandIn);
            }
            usable.ok_or(failure)
        })
    }
}

/// Any number from 0 to 1.
fn chance() -> f64 {
    let random = uuid::Uuid::new_v4().as_u64_pair().1 & 0xffff_ffff;
    #[expect(clippy::cast_precision_loss, reason = "32 bits fit")]
    let chance = random as f64 / f64::from(u32::MAX);
    chance
}
