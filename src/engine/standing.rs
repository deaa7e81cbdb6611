//! What is known about who asks: the purpose of the query, and each party's attributes.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;

use crate::document::kinds::{Cardinality, Given, Missing};
use crate::engine::audience;
use crate::engine::index::Person;
use crate::engine::rules::holds;
use crate::engine::snapshot::Snapshot;
use crate::engine::truth::Truth;
use crate::language::check::{Built, built_in};
use crate::model::name::Name;
use crate::model::subject::{Party, Resolved, Subject};
use crate::model::value::Value;

/// The extra credential in which a client names the purpose of its query.
pub(crate) const PURPOSE_CREDENTIAL: &str = "purpose";

/// The purpose that a query acts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Acting {
    /// A purpose that a grant gives to the query's initiator, with everything above it.
    For(BTreeSet<Name>),
    /// No purpose was named.
    Nothing,
    /// A purpose was named that is not declared, or that no grant gives. FAIL-CLOSED: acting for anything is UNKNOWN, so that the
    /// claim may restrict and never release.
    Unproven(Arc<str>),
}

impl Acting {
    pub(crate) fn acting_for(&self, purpose: &Name) -> Truth {
        match self {
            Self::For(purposes) => purposes.contains(purpose).into(),
            Self::Nothing => Truth::False,
            Self::Unproven(_) => Truth::Unknown,
        }
    }
}

/// One request's subject before one snapshot.
#[derive(Debug)]
pub(crate) struct Asker<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) subject: &'a Subject,
    pub(crate) acting: Acting,
    pub(crate) day: Date,
    asking: Person<'a>,
    invoker: Option<Person<'a>>,
}

impl<'a> Asker<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, subject: &'a Subject) -> Self {
        // While the purpose is being proved nothing may rest on it.
        let unproven = Acting::Unproven(Arc::from(""));
        let person = |party: &'a Party| snapshot.index.person(party);
        let mut asker = Self {
            snapshot,
            subject,
            acting: unproven,
            day: snapshot.day(subject.now),
            asking: person(&subject.asking),
            invoker: subject.invoker.as_ref().map(person),
        };
        asker.acting = asker.prove_purpose();
        asker
    }

    fn prove_purpose(&self) -> Acting {
        let initiator = self.subject.initiator();
        let Some(claimed) = initiator.identity.extra_credentials.get(PURPOSE_CREDENTIAL) else {
            return Acting::Nothing;
        };
        let proven = Name::new(claimed).and_then(|purpose| {
            let above = self.snapshot.purposes.get(&purpose)?;
            let standing = self.invoker().unwrap_or_else(|| self.asking());
            let given = self.snapshot.grants.iter().any(|grant| {
                grant.gives == Given::Purpose(purpose.clone())
                    && holds(grant.from, grant.until, self.day)
                    && audience::members(&standing, &grant.to, None).is_true()
            });
            given.then(|| above.clone())
        });
        match proven {
            Some(purposes) => Acting::For(purposes),
            None => Acting::Unproven(Arc::from(claimed.as_str())),
        }
    }

    /// Whom Trino names for the check.
    pub(crate) fn asking(&self) -> Standing<'_> {
        self.standing(&self.subject.asking, &self.asking)
    }

    /// Who started the query, where that is somebody else.
    pub(crate) fn invoker(&self) -> Option<Standing<'_>> {
        let (party, person) = self.subject.invoker.as_ref().zip(self.invoker.as_ref())?;
        Some(self.standing(party, person))
    }

    fn standing<'s>(&'s self, party: &'s Party, person: &'s Person<'s>) -> Standing<'s> {
        let known = if party.unknown_groups.is_none() { Known::Whole } else { Known::NotAllGroups };
        Standing { asker: self, party, person, known }
    }
}

/// How much of a party's identity is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// All of it.
    Whole,
    /// All but groups that a source could not tell.
    NotAllGroups,
    /// The name and the groups that are there: of whom one would become, Trino tells neither all groups nor any role.
    NameAlone,
}

/// One party of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing<'a> {
    pub(crate) asker: &'a Asker<'a>,
    pub(crate) party: &'a Party,
    pub(crate) person: &'a Person<'a>,
    pub(crate) known: Known,
}

impl<'a> Standing<'a> {
    pub(crate) fn snapshot(&self) -> &'a Snapshot {
        self.asker.snapshot
    }

    pub(crate) fn user(&self) -> &'a str {
        &self.party.identity.user
    }

    pub(crate) fn is_member_of(&self, group: &str) -> Truth {
        among(self.party.identity.groups.contains(group), self.known == Known::Whole)
    }

    // FAIL-CLOSED: the role of a catalog is what the client says. Trino lets a catalog that manages roles check it, and where none
    // does (tpch, memory, most others) believes it; which of the two it was, it does not tell.
    pub(crate) fn is_in_role(&self, role: &str) -> Truth {
        let identity = &self.party.identity;
        let asserted = identity.catalog_roles.values().any(|held| held.as_ref() == role);
        match among(identity.enabled_roles.contains(role), self.known != Known::NameAlone) {
            Truth::False if asserted => Truth::Unknown,
            truth => truth,
        }
    }

    /// The values of an attribute; `None` when they are not known.
    pub(crate) fn attribute(&self, name: &Name) -> Option<BTreeSet<Value>> {
        match built_in(name) {
            Some(built) => self.built_in_attribute(built),
            None => self.declared_attribute(name),
        }
    }

    fn built_in_attribute(&self, built: Built) -> Option<BTreeSet<Value>> {
        let identity = &self.party.identity;
        let texts = |texts: &BTreeSet<Arc<str>>| texts.iter().cloned().map(Value::Text).collect();
        let known = match self.known {
            Known::Whole => true,
            Known::NotAllGroups => built != Built::Groups,
            Known::NameAlone => !matches!(built, Built::Principal | Built::Groups | Built::Roles),
        };
        if !known {
            return None;
        }
        Some(match built {
            Built::User => BTreeSet::from([Value::Text(identity.user.clone())]),
            // Trino names no principal for some identities: missing, as any attribute can be.
            Built::Principal => BTreeSet::from([Value::Text(identity.principal.clone()?)]),
            Built::Groups => texts(&identity.groups),
            Built::Roles => {
                let proven = |role: &Arc<str>| identity.enabled_roles.contains(role);
                if !identity.catalog_roles.values().all(proven) {
                    return None;
                }
                texts(&identity.enabled_roles)
            }
            Built::Purpose => match &self.asker.acting {
                Acting::For(purposes) => purposes.iter().map(|purpose| Value::text(purpose.as_str())).collect(),
                Acting::Nothing => BTreeSet::new(),
                Acting::Unproven(_) => return None,
            },
            Built::Cluster => BTreeSet::from([Value::Text(self.asker.subject.cluster.clone())]),
            Built::QueryTime => BTreeSet::from([Value::Timestamp(self.asker.subject.now)]),
        })
    }

    // FAIL-CLOSED: an attribute that is undeclared, unresolved, mistyped, or has several values where one is declared is unknown.
    fn declared_attribute(&self, name: &Name) -> Option<BTreeSet<Value>> {
        let declared = self.snapshot().attributes.get(name)?;
        match self.party.attributes.get(name)? {
            Resolved::Values(values) => {
                let typed = values.iter().all(|value| value.value_type() == declared.value_type);
                let too_many = declared.cardinality == Cardinality::Single && values.len() > 1;
                (typed && !too_many).then(|| values.clone())
            }
            Resolved::Missing => match declared.missing {
                Missing::None => Some(BTreeSet::new()),
                Missing::Unknown => None,
            },
            Resolved::Unknown(_) => None,
        }
    }

    /// Whether an attribute has a value: FALSE where every source answered without one, UNKNOWN where no source could answer.
    pub(crate) fn is_present(&self, name: &Name) -> Truth {
        match self.attribute(name) {
            Some(values) => (!values.is_empty()).into(),
            None if self.known != Known::NameAlone && built_in(name) == Some(Built::Principal) => Truth::False,
            None if self.party.attributes.get(name) == Some(&Resolved::Missing) => Truth::False,
            None => Truth::Unknown,
        }
    }
}

/// What is not among things that are not known whole is not known to be missing.
fn among(is_there: bool, all_are_known: bool) -> Truth {
    if is_there || all_are_known { is_there.into() } else { Truth::Unknown }
}
