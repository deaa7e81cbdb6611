//! The path, as a live request takes it: the revision, the attributes, the decision, the record.

use std::sync::Arc;

use jiff::Timestamp;
use tracing::{Instrument, info_span};
use uuid::Uuid;

use crate::attributes::held::{Held, Queries};
use crate::attributes::{Consulted, Known};
use crate::audit::{self, Record};
use crate::clock;
use crate::engine;
use crate::model::decision::Decision;
use crate::model::request::Request;
use crate::model::subject::{Identity, Party, Subject};
use crate::store::revision::{AttributesPin, NoRevision, Pin, Revision, Revisions};

/// A request and who makes it, in which query.
#[derive(Clone, Debug)]
pub struct Question {
    /// Trino's query id; empty outside a query.
    pub query_id: String,
    /// When the query started.
    pub query_start: Option<Timestamp>,
    /// Whom Trino names.
    pub identity: Identity,
    /// Who started the query, where that is another identity.
    pub invoker: Option<Identity>,
    /// The asking cluster.
    pub cluster: Arc<str>,
    /// The pin of the query's first answer.
    pub pin: Option<Pin>,
    /// What is asked.
    pub request: Request,
}

/// A decision, and what it rests on.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Names the decision in the record.
    pub decision_id: Uuid,
    /// To be sent with every later request of the query.
    pub pin: Pin,
    /// The revision that answered.
    pub revision: u64,
    /// The decision.
    pub decision: Decision,
}

/// What answering needs: shared by the doors.
#[derive(Clone, Debug)]
pub struct Answerer {
    /// The revisions.
    pub revisions: Arc<Revisions>,
    /// The queries that began lately, and what they stand on.
    pub queries: Queries,
}

impl Answerer {
    /// Answers a live request.
    pub async fn answer(&self, question: Question) -> Result<Answer, NoRevision> {
        let Question { query_id, query_start, identity, invoker, cluster, pin, request } = question;
        let revision = self.revisions.get(pin.as_ref())?;
        let snapshot = &revision.snapshot;
        let (asking, invoker) =
            (revision.attributes.unresolved(identity), invoker.map(|invoker| revision.attributes.unresolved(invoker)));
        let parties: Vec<&Party> = [Some(&asking), invoker.as_ref()].into_iter().flatten().collect();
        let needed = &snapshot.needed(&request, &parties);
        let held = self.held(&revision, pin.as_ref());
        let initiator = Arc::clone(&invoker.as_ref().unwrap_or(&asking).identity.user);
        let resolve = |party: Party| revision.attributes.resolve(party.identity, needed, held.as_deref());
        let of_invoker = async {
            match invoker {
                Some(invoker) => resolve(invoker).await.map(Some),
                None => Ok(None),
            }
        };
        let parties = async { tokio::join!(resolve(asking), of_invoker) };
        let resolving = info_span!("resolve", attributes = needed.attributes.len());
        let (asking, invoker) = parties.instrument(resolving).await;
        let (asking, invoker) = (asking?, invoker?);
        asking.still_holds()?;
        invoker.iter().try_for_each(Known::still_holds)?;
        let consulted: Vec<Consulted> = asking
            .consulted
            .into_iter()
            .chain(invoker.iter().flat_map(|invoker| invoker.consulted.iter().cloned()))
            .collect();
        let subject = Subject {
            asking: asking.party,
            invoker: invoker.map(|invoker| invoker.party),
            now: clock::asked_at(query_start, clock::now()),
            cluster,
        };
        let decision =
            info_span!("decide", revision = revision.number).in_scope(|| engine::decide(snapshot, &subject, &request));
        let pin = pin.unwrap_or_else(|| Pin {
            documents: revision.digest,
            attributes: held.map(|held| {
                let seen = revision.attributes.seen(&initiator, &held);
                AttributesPin { epoch: held.epoch, seen }
            }),
        });
        let answer = Answer { decision_id: Uuid::now_v7(), pin, revision: revision.number, decision };
        info_span!("record").in_scope(|| record(&query_id, &subject, &consulted, &request, &answer));
        Ok(answer)
    }
}

impl Answerer {
    /// What the query stands on; `None` where no source can change.
    fn held(&self, revision: &Revision, pin: Option<&Pin>) -> Option<Arc<Held>> {
        if revision.attributes.sources().is_empty() {
            return None;
        }
        Some(match pin.and_then(|pin| pin.attributes.as_ref()) {
            Some(pin) => self.queries.of(pin.epoch, &pin.seen),
            None => self.queries.begin(),
        })
    }
}

fn record(query_id: &str, subject: &Subject, consulted: &[Consulted], request: &Request, answer: &Answer) {
    let credentials = &subject.initiator().identity.extra_credentials;
    audit::record(&Record {
        decision_id: answer.decision_id,
        query_id,
        user: &subject.asking.identity.user,
        invoker: subject.invoker.as_ref().map(|invoker| &*invoker.identity.user),
        purpose: credentials.get(engine::PURPOSE_CREDENTIAL).map(String::as_str),
        cluster: &subject.cluster,
        revision: answer.revision,
        attributes: consulted,
        request,
        decision: &answer.decision,
    });
}
