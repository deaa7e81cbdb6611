//! What is known of a user: the documents, the sources that know attributes, and the cache in front of each.

pub mod cache;
mod circuit;
pub mod entry;
pub mod held;
pub mod http;
mod idle;
mod json;
pub mod ldap;
pub mod secret;
pub mod shown;
pub mod source;
pub mod sql;
pub mod tls;
pub mod user_name;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::attributes::cache::{CachedSource, LookUp};
use crate::attributes::entry::{Entry, State};
use crate::attributes::held::{Held, Seen};
use crate::attributes::secret::Secrets;
use crate::attributes::source::{LoadFailure, SourceSettings};
use crate::attributes::user_name::SourceUser;
use crate::clock;
use crate::model::name::Name;
use crate::model::subject::{Identity, Party, Resolved};
use crate::model::value::Value;
use crate::telemetry::sources::SourcesMetrics;

/// The attributes that documents give, by exact user name. Immutable: a changed document makes a new one.
#[derive(Clone, Debug, Default)]
pub struct Users {
    declared: Vec<Name>,
    users: BTreeMap<String, BTreeMap<Name, BTreeSet<Value>>>,
}

impl Users {
    /// Takes the declared attributes, and users with their values.
    pub fn new(declared: Vec<Name>, users: BTreeMap<String, BTreeMap<Name, BTreeSet<Value>>>) -> Self {
        Self { declared, users }
    }

    /// Every declared attribute of a user. Documents always answer: what they do not give is missing, not unknown.
    pub fn of(&self, user: &str) -> BTreeMap<Name, Resolved> {
        let known = self.users.get(user);
        let resolve = |name: &Name| match known.and_then(|attributes| attributes.get(name)) {
            Some(values) => Resolved::Values(values.clone()),
            None => Resolved::Missing,
        };
        self.declared.iter().map(|name| (name.clone(), resolve(name))).collect()
    }
}

/// What a decision can need to know of who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needed {
    /// The declared attributes.
    pub attributes: Vec<Name>,
    /// Whether it matters which groups somebody is in.
    pub groups: bool,
}

/// Every source that some revision asks. Revisions with equal settings of a source share it and what is known from it.
#[derive(Debug)]
pub struct Sources {
    secrets: Secrets,
    metrics: SourcesMetrics,
    open: Mutex<Vec<Weak<CachedSource>>>,
}

impl Sources {
    /// Sources find their secrets in one folder.
    pub fn new(secrets: Secrets, metrics: SourcesMetrics) -> Self {
        Self { secrets, metrics, open: Mutex::default() }
    }

    /// The source with these settings; one that is open already knows what it knows.
    pub fn open(&self, settings: &SourceSettings) -> Arc<CachedSource> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|source| source.strong_count() > 0);
        let known = open.iter().filter_map(Weak::upgrade).find(|source| source.settings() == settings);
        known.unwrap_or_else(|| {
            let metrics = self.metrics.of(settings.name.folded());
            let source = CachedSource::open(settings, &self.secrets, metrics);
            open.push(Arc::downgrade(&source));
            source
        })
    }
}

impl Sources {
    /// Forgets one user or everybody, at one source or at all, whichever revision asks it. Gives the names of these sources.
    pub fn forget(&self, user: Option<&str>, at: Option<&Name>) -> Vec<String> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names = BTreeSet::new();
        for source in open.iter().filter_map(Weak::upgrade) {
            let settings = source.settings();
            if at.is_some_and(|name| *name != settings.name) {
                continue;
            }
            names.insert(settings.name.to_string());
            match user.map(|user| settings.user_names.of(user)) {
                None => source.forget_all(),
                Some(Some(user)) => source.forget(&user),
                // What is never asked for is not known.
                Some(None) => {}
            }
        }
        names.into_iter().collect()
    }
}

/// The attributes of one revision: what its documents give, and the sources that they name.
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    users: Users,
    /// The one that counts first comes first.
    sources: Vec<Arc<CachedSource>>,
}

/// What one source said when it was asked for a party.
#[derive(Clone, Debug)]
pub struct Consulted {
    /// The source.
    pub source: Arc<CachedSource>,
    /// What it knows, or why it did not answer.
    pub said: Result<Arc<Entry>, LoadFailure>,
}

/// A party with its attributes, and where they come from.
#[derive(Clone, Debug)]
pub struct Known {
    /// The party.
    pub party: Party,
    /// The sources that were asked, the one that counts first in front.
    pub consulted: Vec<Consulted>,
}

impl Known {
    /// Whether all of it may still be used: what was there at once can have come to its end while something else was waited for.
    pub fn still_holds(&self) -> Result<(), Gone> {
        let now = clock::instant();
        let mut entries = self.consulted.iter().filter_map(|one| one.said.as_ref().ok());
        if entries.all(|entry| entry.may_decide(now)) { Ok(()) } else { Err(Gone) }
    }
}

/// Where the value of an attribute comes from.
#[derive(Clone, Copy, Debug)]
pub enum Origin<'a> {
    /// From documents.
    Documents,
    /// From a source, or for want of an answer from it.
    Source(&'a Consulted),
    /// Nobody has it.
    Nowhere,
}

/// What a query stood on is no longer known here, or never was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the attributes that the query began with are gone")]
pub struct Gone;

/// A source that is asked for a user.
struct Question<'a> {
    source: &'a Arc<CachedSource>,
    /// `None`: the source has no name for the user.
    user: Option<SourceUser>,
    /// What the query was told before.
    before: Option<Result<Arc<Entry>, LoadFailure>>,
    look_up: Option<LookUp>,
}

impl<'a> Question<'a> {
    fn ask(source: &'a Arc<CachedSource>, user: &str, held: Option<&Held>) -> Self {
        let user = source.settings().user_names.of(user);
        let before = user.as_ref().zip(held).and_then(|(user, held)| held.said(source, user));
        let look_up = user.as_ref().filter(|_| before.is_none()).map(|user| source.look_up(user));
        Self { source, user, before, look_up }
    }

    async fn answered(self, held: Option<&Held>) -> Result<Consulted, Gone> {
        let Self { source, user, before, look_up } = self;
        let said = match (before, look_up, user) {
            (Some(Ok(entry)), ..) if !entry.may_decide(clock::instant()) => return Err(Gone),
            (Some(said), ..) => said,
            (None, Some(look_up), Some(user)) => {
                let said = match look_up {
                    LookUp::Known(entry) => Ok(entry),
                    LookUp::Waiting(wait) => wait.end().await,
                };
                match held {
                    Some(held) => {
                        let said = as_expected(source, &user, held, said).await?;
                        held.keep(source, user, said)
                    }
                    None => said,
                }
            }
            (None, ..) => Err(LoadFailure::UserName),
        };
        Ok(Consulted { source: Arc::clone(source), said })
    }
}

/// What the server knew on which the query began: it may be what is known here, was known before, or is known after asking again.
async fn as_expected(
    source: &Arc<CachedSource>,
    user: &SourceUser,
    held: &Held,
    said: Result<Arc<Entry>, LoadFailure>,
) -> Result<Result<Arc<Entry>, LoadFailure>, Gone> {
    let Some(expected) = held.expected(source, user) else { return Ok(said) };
    let usable = |entry: &Arc<Entry>| entry.digest == expected && entry.state(clock::instant()) != State::Expired;
    // FAIL-CLOSED: who was told something elsewhere is not told here that nothing is known; and has waited long enough.
    let Ok(said) = said else { return Err(Gone) };
    let known = Some(said).filter(usable).or_else(|| source.earlier(user).filter(usable));
    match known {
        Some(entry) => Ok(Ok(entry)),
        None => source.ask_again(user).await.ok().filter(usable).map(Ok).ok_or(Gone),
    }
}

impl Attributes {
    /// Documents count first, then the sources by their precedence.
    pub fn new(users: Users, mut sources: Vec<Arc<CachedSource>>) -> Self {
        sources.sort_by_key(|source| Reverse(source.settings().precedence));
        Self { users, sources }
    }

    /// A party of whom only the identity is known. Where sources give groups, not all groups are known yet.
    pub fn unresolved(&self, identity: Identity) -> Party {
        let gives_groups = self.sources.iter().any(|source| source.settings().groups.is_some());
        let unknown_groups = gives_groups.then(|| Arc::from("the sources were not asked yet"));
        Party { identity, attributes: BTreeMap::new(), unknown_groups }
    }

    /// The attributes that rules may name.
    pub fn declared(&self) -> &[Name] {
        &self.users.declared
    }

    /// The sources, the one that counts first in front.
    pub fn sources(&self) -> &[Arc<CachedSource>] {
        &self.sources
    }

    /// Resolves what a decision can need. The sources are asked side by side, and each is waited for no longer than its timeout. What a
    /// query was told before it is told again, or that it is gone.
    pub async fn resolve(&self, identity: Identity, needed: &Needed, held: Option<&Held>) -> Result<Known, Gone> {
        let gives = |source: &&Arc<CachedSource>| {
            let settings = source.settings();
            needed.attributes.iter().any(|name| settings.gives.contains_key(name))
                || (needed.groups && settings.groups.is_some())
        };
        // Every source is being asked before the first is waited for.
        let ask = |source| Question::ask(source, &identity.user, held);
        let asked: Vec<Question<'_>> = self.sources.iter().filter(gives).map(ask).collect();
        let mut consulted = Vec::with_capacity(asked.len());
        for question in asked {
            consulted.push(question.answered(held).await?);
        }
        Ok(Known { party: self.party(identity, needed, &consulted), consulted })
    }

    /// What is known of a user now, at every source, without asking. From here on the query stands on it.
    pub fn seen(&self, user: &str, held: &Held) -> Vec<Seen> {
        let seen = |source: &Arc<CachedSource>| {
            let user = source.settings().user_names.of(user)?;
            let usable = |entry: &Arc<Entry>| matches!(entry.state(clock::instant()), State::Fresh | State::Stale);
            let said = match held.said(source, &user) {
                Some(said) => said,
                None => held.keep(source, user.clone(), Ok(source.peek(&user).filter(usable)?)),
            };
            Some((held::place(source, &user), said.ok()?.digest))
        };
        self.sources.iter().filter_map(seen).collect()
    }

    fn party(&self, mut identity: Identity, needed: &Needed, consulted: &[Consulted]) -> Party {
        let of_documents = self.users.users.get(&*identity.user);
        let mut attributes = BTreeMap::new();
        for name in &needed.attributes {
            let resolved = match of_documents.and_then(|given| given.get(name)) {
                Some(values) => Resolved::Values(values.clone()),
                None => from_sources(name, consulted).0,
            };
            attributes.insert(name.clone(), resolved);
        }
        let mut unknown_groups = None;
        for Consulted { source, said } in consulted.iter().filter(|one| one.source.settings().groups.is_some()) {
            match said {
                Ok(entry) => identity.groups.extend(entry.groups.iter().cloned()),
                // FAIL-CLOSED: without this source nobody is known to be in no other group.
                Err(failure) => unknown_groups = Some(why(source, failure)),
            }
        }
        Party { identity, attributes, unknown_groups }
    }

    /// Where the value of an attribute of somebody comes from.
    pub fn origin<'a>(&self, user: &str, name: &Name, consulted: &'a [Consulted]) -> Origin<'a> {
        if self.users.users.get(user).is_some_and(|given| given.contains_key(name)) {
            return Origin::Documents;
        }
        from_sources(name, consulted).1.map_or(Origin::Nowhere, Origin::Source)
    }
}

/// The first source that has a value decides, and so does the first that should have answered and did not.
// FAIL-CLOSED: what a source that counts less says is no answer for one that counts more and failed.
fn from_sources<'a>(name: &Name, consulted: &'a [Consulted]) -> (Resolved, Option<&'a Consulted>) {
    let mut without = None;
    for one in consulted.iter().filter(|one| one.source.settings().gives.contains_key(name)) {
        match &one.said {
            Err(failure) => return (Resolved::Unknown(why(&one.source, failure)), Some(one)),
            Ok(entry) => match entry.attributes.get(name) {
                Some(Resolved::Missing) => without = without.or(Some(one)),
                Some(resolved) => return (resolved.clone(), Some(one)),
                // What a source gives is in each of its entries.
                None => return (Resolved::Unknown(why(&one.source, &LoadFailure::Broken)), Some(one)),
            },
        }
    }
    (Resolved::Missing, without)
}

fn why(source: &CachedSource, failure: &LoadFailure) -> Arc<str> {
    Arc::from(format!("source `{}`: {failure}", source.settings().name))
}
