//! What is known of a user, for people: each value, where it comes from, how old it is and how far it may be used.

use serde::{Deserialize, Serialize};

use crate::attributes::entry::Presence;
use crate::attributes::{Attributes, Consulted, Known, Origin};
use crate::clock;
use crate::model::name::Name;
use crate::model::subject::Resolved;

/// Everything about one user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shown {
    /// The user, as Trino names them.
    pub user: String,
    /// The attributes.
    pub attributes: Vec<ShownAttribute>,
    /// The groups that sources give.
    pub groups: Vec<String>,
    /// The sources that were asked.
    pub sources: Vec<ShownSource>,
}

/// One attribute.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ShownAttribute {
    /// Its name.
    pub name: String,
    /// Its values; `None` where there are none to compare.
    pub values: Option<Vec<String>>,
    /// Why there are none: `missing`, or what is unknown.
    pub why: Option<String>,
    /// `documents`, or the source that decided.
    pub source: Option<String>,
    /// How many seconds ago the source was asked.
    pub age: Option<u64>,
    /// `fresh`, `stale`, `stand-in`, `negative` or `failed`; `documents` are always fresh.
    pub state: Option<String>,
    /// The rules that name it, as `policy/rule`.
    pub used_by: Vec<String>,
}

/// One source.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ShownSource {
    /// Its name.
    pub name: String,
    /// As an attribute's.
    pub state: String,
    /// As an attribute's.
    pub age: Option<u64>,
    /// Why it failed.
    pub why: Option<String>,
}

impl Shown {
    /// Shows what was resolved; `used_by` tells the rules that name an attribute.
    pub fn new(attributes: &Attributes, known: &Known, used_by: impl Fn(&Name) -> Vec<String>) -> Self {
        let user = known.party.identity.user.to_string();
        let attribute = |(name, resolved): (&Name, &Resolved)| {
            let origin = attributes.origin(&user, name, &known.consulted);
            let (source, age, state) = match origin {
                Origin::Documents => (Some("documents".to_owned()), None, Some("fresh".to_owned())),
                Origin::Nowhere => (None, None, None),
                Origin::Source(consulted) => {
                    let ShownSource { name, state, age, .. } = ShownSource::of(consulted);
                    (Some(name), age, Some(state))
                }
            };
            let (values, why) = match resolved {
                Resolved::Values(values) => (Some(values.iter().map(|value| value.written()).collect()), None),
                Resolved::Missing => (None, Some("missing".to_owned())),
                Resolved::Unknown(why) => (None, Some(why.to_string())),
            };
            ShownAttribute { name: name.folded().to_owned(), values, why, source, age, state, used_by: used_by(name) }
        };
        Self {
            attributes: known.party.attributes.iter().map(attribute).collect(),
            groups: known.party.identity.groups.iter().map(ToString::to_string).collect(),
            sources: known.consulted.iter().map(ShownSource::of).collect(),
            user,
        }
    }
}

impl ShownSource {
    /// What came of asking a source.
    pub fn of(consulted: &Consulted) -> Self {
        let name = consulted.source.settings().name.to_string();
        match &consulted.said {
            Ok(entry) => {
                let now = clock::instant();
                let state = match entry.presence {
                    Presence::Found => entry.state(now).word(),
                    Presence::NotFound => "negative",
                };
                Self { name, state: state.to_owned(), age: Some(entry.age(now).as_secs()), why: None }
            }
            Err(failure) => Self { name, state: "failed".to_owned(), age: None, why: Some(failure.to_string()) },
        }
    }
}

impl ShownAttribute {
    /// The attribute in one line.
    pub fn line(&self) -> String {
        let what = match (&self.values, &self.why) {
            (Some(values), _) => {
                let quoted: Vec<String> = values.iter().map(|value| format!("'{value}'")).collect();
                format!("= {}", quoted.join(", "))
            }
            (None, Some(why)) if why == "missing" => "is missing".to_owned(),
            (None, why) => format!("is unknown: {}", why.as_deref().unwrap_or("")),
        };
        let from = match (&self.source, &self.state, self.age) {
            (Some(source), Some(state), Some(age)) => format!(" ({source}, {state}, {age} s old)"),
            (Some(source), Some(state), None) if source != "documents" => format!(" ({source}, {state})"),
            (Some(source), ..) => format!(" ({source})"),
            (None, ..) => ": no source gives it".to_owned(),
        };
        format!("@{} {what}{from}", self.name)
    }
}
