//! A question about a table as it comes. The same people ask about the same tables again and again, so the identities and the
//! columns stay in their bytes, and what the bytes mean is looked up before it is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use prost::bytes::Bytes;
use tonic::Status;

/// The most bytes of questions that are kept with what they mean. A question without a place is read each time.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// A longer question is not kept.
const LONGEST: usize = 256 * 1024;

/// A `DecideTableRequest`, the same on the wire. Protobuf lets a part come in pieces, which are one message put together.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TableQuestion {
    /// Who asks.
    #[prost(message, optional, tag = "1")]
    pub(super) context: Option<AskedIn>,
    /// A `TableName`.
    #[prost(bytes = "bytes", repeated, tag = "2")]
    pub(super) table: Vec<Bytes>,
    /// The branch, where the check names one.
    #[prost(string, optional, tag = "3")]
    pub(super) branch: Option<String>,
    /// Each a `Column`.
    #[prost(bytes = "bytes", repeated, tag = "4")]
    pub(super) columns: Vec<Bytes>,
}

/// A `RequestContext`, the same on the wire.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct AskedIn {
    /// Trino's query id.
    #[prost(string, tag = "1")]
    pub(super) query_id: String,
    /// When the query started.
    #[prost(message, optional, tag = "2")]
    pub(super) query_start: Option<prost_types::Timestamp>,
    /// An `Identity`.
    #[prost(bytes = "bytes", repeated, tag = "3")]
    pub(super) identity: Vec<Bytes>,
    /// An `Identity`.
    #[prost(bytes = "bytes", repeated, tag = "4")]
    pub(super) invoker: Vec<Bytes>,
    /// The asking cluster.
    #[prost(string, tag = "5")]
    pub(super) cluster: String,
    /// Trino's version.
    #[prost(string, tag = "6")]
    pub(super) trino_version: String,
    /// The plugin's version.
    #[prost(string, tag = "7")]
    pub(super) plugin_version: String,
    /// The pin of the query's first answer.
    #[prost(bytes = "bytes", tag = "8")]
    pub(super) pin: Bytes,
    /// What the plugin can honour.
    #[prost(string, repeated, tag = "9")]
    pub(super) supported_features: Vec<String>,
}

/// The bytes of one thing: of each of its fields, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Parts {
    pub(super) name: Vec<Bytes>,
    pub(super) columns: Vec<Bytes>,
}

impl Parts {
    fn all(&self) -> impl Iterator<Item = &Bytes> {
        self.name.iter().chain(&self.columns)
    }

    /// The same bytes, apart from the message that they came in.
    fn alone(&self) -> Self {
        let alone = |parts: &[Bytes]| parts.iter().map(|part| Bytes::copy_from_slice(part)).collect();
        Self { name: alone(&self.name), columns: alone(&self.columns) }
    }
}

/// What bytes mean. A reading depends on nothing but its bytes, so it is never stale and nobody else's.
// INVARIANT: no lock is taken to look up.
#[derive(Debug)]
pub(super) struct Readings<T> {
    known: papaya::HashMap<Parts, Arc<T>, foldhash::quality::RandomState>,
    bytes: AtomicUsize,
}

impl<T> Default for Readings<T> {
    fn default() -> Self {
        Self { known: papaya::HashMap::default(), bytes: AtomicUsize::new(0) }
    }
}

impl<T> Readings<T> {
    /// What the bytes mean, looked up or read. What cannot be read is not kept.
    pub(super) fn of(&self, parts: Parts, read: impl FnOnce(&Parts) -> Result<T, Status>) -> Result<Arc<T>, Status> {
        let known = self.known.pin();
        if let Some(meaning) = known.get(&parts) {
            return Ok(Arc::clone(meaning));
        }
        let meaning = Arc::new(read(&parts)?);
        let length: usize = parts.all().map(|part| part.len() + size_of::<Bytes>()).sum();
        if length <= LONGEST {
            // Which ones are asked about changes slowly: to begin anew now and then costs less than to know the oldest.
            if self.bytes.fetch_add(length, Ordering::Relaxed) + length > MOST_BYTES {
                known.clear();
                self.bytes.store(length, Ordering::Relaxed);
            }
            known.insert(parts.alone(), Arc::clone(&meaning));
        }
        Ok(meaning)
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::TableQuestion;
    use crate::rpc::convert::proto;

    /// Every field is named, so that a new one of the contract does not compile until it is here and in [`TableQuestion`].
    #[test]
    fn a_table_question_is_the_contracts_message_whole() {
        let identity = |user: &str| proto::Identity { user: user.to_owned(), ..proto::Identity::default() };
        let context = proto::RequestContext {
            query_id: "query".to_owned(),
            query_start: Some(prost_types::Timestamp { seconds: 1, nanos: 2 }),
            identity: Some(identity("ann")),
            invoker: Some(identity("bob")),
            cluster: "cluster".to_owned(),
            trino_version: "483".to_owned(),
            plugin_version: "1".to_owned(),
            pin: vec![3].into(),
            supported_features: vec!["feature".to_owned()],
        };
        let table = proto::TableName { catalog: "c".to_owned(), schema: "s".to_owned(), table: "t".to_owned() };
        let column = proto::Column { name: "column".to_owned(), ..proto::Column::default() };
        let request = proto::DecideTableRequest {
            context: Some(context),
            table: Some(table),
            branch: Some("branch".to_owned()),
            columns: vec![column.clone(), column],
        };
        let sent = request.encode_to_vec();
        let read = TableQuestion::decode(sent.as_slice()).unwrap();
        assert_eq!(read.encode_to_vec(), sent);
    }
}
