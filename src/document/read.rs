//! One document to its kind. What depends on other documents is only noted here; [`crate::document::validate`] looks at it when all
//! are read.

mod table;
pub(super) mod test;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::document::fields::{Fields, Text};
use crate::document::finding::{Code, Finding, Place};
use crate::document::kinds::{
    Attribute, Cardinality, Documents, Domain, Given, Grant, List, Missing, PlacedBy, Policy, PolicyRule, Purpose, Tag,
    Tagging, User,
};
use crate::document::read::test::DraftCase;
use crate::document::warning::Warning;
use crate::document::written::{Written, WrittenPolicy};
use crate::document::yaml::Node;
use crate::language::check::{Authority, Naming, built_in};
use crate::language::diagnostic::near_miss;
use crate::language::parse;
use crate::language::syntax::{Member, Rule, Target};
use crate::model::name::{Identifier, Name};
use crate::model::value::{Value, ValueType};

/// The kinds of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Policy,
    Domain,
    Purpose,
    Attribute,
    Tag,
    Tagging,
    User,
    Grant,
    List,
    Table,
    Test,
    AttributeSource,
}

impl Kind {
    const ALL: [(&'static str, Kind); 12] = [
        ("Policy", Self::Policy),
        ("Domain", Self::Domain),
        ("Purpose", Self::Purpose),
        ("Attribute", Self::Attribute),
        ("Tag", Self::Tag),
        ("Tagging", Self::Tagging),
        ("User", Self::User),
        ("Grant", Self::Grant),
        ("List", Self::List),
        ("Table", Self::Table),
        ("Test", Self::Test),
        ("AttributeSource", Self::AttributeSource),
    ];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::ALL.iter().find(|(_, kind)| kind == self).map_or("", |(word, _)| word);
        f.write_str(word)
    }
}

/// Everything read so far, and what is still to be looked at.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) documents: Documents,
    pub(super) findings: Vec<Finding>,
    pub(super) references: Vec<(Kind, Name, Place)>,
    pub(super) rules: Vec<(Rule, Authority, Naming, Text)>,
    pub(super) targets: Vec<(Target, Text)>,
    pub(super) people: Vec<(Vec<Member>, Text)>,
    /// A user's values as written: user, attribute, values.
    pub(super) values: Vec<(String, Text, Vec<Text>)>,
    /// The attributes that sources give: source, attribute, where in the answer.
    pub(super) given: Vec<(Name, Text, String)>,
    /// Exceptions: policy, rule, where it was written.
    pub(super) exceptions: Vec<(Name, Name, Place)>,
    /// Tags of taggings.
    pub(super) tags: Vec<(Name, Place)>,
    /// What domains' policies are on, to be compared with what the domain owns.
    pub(super) ruled_by: Vec<(Name, Target, Text)>,
    /// Domains' taggings, to be compared with what the domain owns.
    pub(super) tagged_by: Vec<(Name, Name, Place)>,
    pub(super) written: Written,
    /// Tests' cases, to be read as the types that other documents say.
    pub(super) cases: Vec<DraftCase>,
    places: BTreeMap<(Kind, String), Place>,
}

impl Draft {
    pub(super) fn place_of(&self, kind: Kind, name: &Name) -> Option<&Place> {
        self.places.get(&(kind, name.folded().to_owned()))
    }

    /// Reads one document into the draft.
    pub(super) fn read(&mut self, node: Node) {
        let mut findings = std::mem::take(&mut self.findings);
        if let Some(mut fields) = Fields::of(node, "a document", &mut findings)
            && let Some(kind) = kind_of(&mut fields)
        {
            match kind {
                Kind::Policy => self.policy(&mut fields),
                Kind::Domain => self.domain(&mut fields),
                Kind::Purpose => self.purpose(&mut fields),
                Kind::Attribute => self.attribute(&mut fields),
                Kind::Tag => self.tag(&mut fields),
                Kind::Tagging => self.tagging(&mut fields),
                Kind::User => self.user(&mut fields),
                Kind::Grant => self.grant(&mut fields),
                Kind::List => self.list(&mut fields),
                Kind::Table => self.table(&mut fields),
                Kind::Test => self.test(&mut fields),
                Kind::AttributeSource => self.attribute_source(&mut fields),
            };
            fields.end();
        }
        self.findings = findings;
    }

    /// Takes a document's name; a second document of that kind and name is a finding.
    pub(super) fn declare(&mut self, kind: Kind, fields: &mut Fields<'_>) -> Option<Name> {
        let (name, place) = fields.required_name("name")?;
        self.claim(kind, name.folded(), name.as_str(), &place, fields).then_some(name)
    }

    fn claim(&mut self, kind: Kind, key: &str, written: &str, place: &Place, fields: &mut Fields<'_>) -> bool {
        let key = (kind, key.to_owned());
        if let Some(first) = self.places.get(&key) {
            let finding = fields.find(Code::DuplicateName, place, format!("{kind} `{written}` is there twice"));
            let folds = match kind {
                Kind::User | Kind::Table => "",
                _ => "; case, spaces, `-` and `_` make no difference",
            };
            finding.help = Some(format!("the first is at {first:?}{folds}"));
            return false;
        }
        self.places.insert(key, place.clone());
        true
    }

    fn refer(&mut self, kind: Kind, name: &Option<(Name, Place)>) -> Option<Name> {
        let (name, place) = name.as_ref()?;
        self.references.push((kind, name.clone(), place.clone()));
        Some(name.clone())
    }

    fn refer_all(&mut self, kind: Kind, names: Vec<(Name, Place)>) -> Vec<Name> {
        names.into_iter().filter_map(|name| self.refer(kind, &Some(name))).collect()
    }

    fn people(&mut self, people: Option<(Vec<Member>, Text)>) -> Vec<Member> {
        let Some((members, text)) = people else { return Vec::new() };
        self.people.push((members.clone(), text));
        members
    }

    fn policy(&mut self, fields: &mut Fields<'_>) -> Option<()> {
        let name = self.declare(Kind::Policy, fields);
        let domain = fields.name("domain");
        let domain = self.refer(Kind::Domain, &domain);
        let description = fields.description();
        let on = fields.required_sentence("on", "<what it is on, for example `everything` or `lake.finance.*`>");
        let on = on.and_then(|text| {
            let target = fields.parsed(&text, parse::target)?;
            self.ruled_by.extend(domain.clone().map(|domain| (domain, target.clone(), text.clone())));
            self.targets.push((target.clone(), text.clone()));
            Some((target, text))
        });
        let authority = if domain.is_some() { Authority::Domain } else { Authority::Mesh };
        let (mut rules, mut written) = (Vec::new(), Vec::new());
        for (rule_name, text) in fields.named_texts("rules") {
            let naming = if rule_name.is_some() { Naming::Named } else { Naming::Unnamed };
            let rule_name = rule_name.and_then(|rule_name| {
                let folded = fields.name_of(&rule_name)?;
                if rules.iter().any(|rule: &PolicyRule| rule.name.as_ref() == Some(&folded)) {
                    fields.find(Code::DuplicateName, &rule_name.place, format!("there are two rules `{folded}`"));
                }
                Some(folded)
            });
            if let Some(rule) = fields.parsed(&text, parse::rule) {
                self.rules.push((rule.clone(), authority, naming, text.clone()));
                written.push(text);
                rules.push(PolicyRule { name: rule_name, rule });
            }
        }
        let ends = fields.place_of("until");
        let (from, until) = period(fields);
        let accepted = accepted(fields);
        let (name, (target, on)) = (name?, on?);
        self.written.policies.insert(name.clone(), WrittenPolicy { on, rules: written, until: ends, accepted });
        let policy = Policy { name, domain, description, on: target, rules, from, until };
        self.documents.policies.insert(policy.name.clone(), policy);
        Some(())
    }

    fn domain(&mut self, fields: &mut Fields<'_>) -> Option<()> {
        let name = self.declare(Kind::Domain, fields);
        let parent = fields.name("parent");
        let domain = Domain {
            parent: self.refer(Kind::Domain, &parent),
            owns: fields.patterns("owns"),
            owners: self.people(fields.people("owners")),
            stewards: self.people(fields.people("stewards")),
            writers: self.people(fields.people("writers")),
            description: fields.description(),
            name: name?,
        };
        self.documents.domains.insert(domain.name.clone(), domain);
        Some(())
    }

    fn purpose(&mut self, fields: &mut Fields<'_>) -> Option<()> {
        let name = self.declare(Kind::Purpose, fields);
        let parents = fields.names("parents");
        let parents = self.refer_all(Kind::Purpose, parents);
        let purpose = Purpose { parents, description: fields.description(), name: name? };
        self.documents.purposes.insert(purpose.name.clone(), purpose);
        Some(())
    }

    fn attribute(&mut self, fields: &mut Fields<'_>) -> Option<()> {
        let name = self.declare(Kind::Attribute, fields);
        if let Some(name) = &name
            && (built_in(name).is_some() || matches!(name.folded(), "source" | "client_tags"))
        {
            let place = fields.place();
            fields.find(Code::Reserved, &place, format!("`@{}` is built in", name.folded()));
        }
        let value_type = value_type(fields);
        let cardinality =
            if fields.boolean("single").unwrap_or(false) { Cardinality::Single } else { Cardinality::Many };
        let missing = match fields.text("missing") {
            Some(text) => fields.word("missing", &text, &[("none", Missing::None), ("unknown", Missing::Unknown)])?,
            None => Missing::Unknown,
        };
        let description = fields.description();
        let attribute = Attribute { name: name?, value_type: value_type?, cardinality, missing, description };
        self.documents.attributes.insert(attribute.name.clone(), attribute);
        Some(())
    }

    fn tag(&mut self, fields: &mut Fields<'_>) -> Option<()> {
        let name = self.declare(Kind::Tag, fields);
        let placed_by = match fields.text("placed_by") {
            Some(text) => {
                let words = [("the mesh", PlacedBy::Mesh), ("stewards of the domain", PlacedBy::StewardsOfTheDomain)];
                fields.word("placed_by", &text, &words)?
            }
            None => PlacedBy::Mesh,
        };
        let tag = Tag { placed_by, description: fields.description(), name: name? };
        self.documents.tags.insert(tag.name.clone(), tag);
        Some(())
    }

    fn tagging(&mut self, fields: &mut Fields<'_>) -> Option<()> {
        let name = self.declare(Kind::Tagging, fields);
        let domain = fields.name("domain");
        let domain = self.refer(Kind::Domain, &domain);
        let table = fields.table("table");
        let tags = fields.names("tags");
        self.tags.extend(tags.iter().cloned());
        let mut columns: BTreeMap<Identifier, Vec<Name>> = BTreeMap::new();
        let mut places = Vec::new();
        for (column, column_tags) in fields.mapping("columns") {
            let place = column.place.clone();
            let Some(column) = fields.column(&column) else { continue };
            places.push((column.clone(), place));
            for tag in column_tags {
                if let Some(tag_name) = fields.name_of(&tag) {
                    self.tags.push((tag_name.clone(), tag.place));
                    columns.entry(column.clone()).or_default().push(tag_name);
                }
            }
        }
        let (name, (table, place)) = (name?, table?);
        self.written.tables.push((table.clone(), place.clone()));
        let places = places.into_iter().map(|(column, place)| (table.clone(), column, place));
        self.written.tagged_columns.extend(places);
        if let Some(domain) = &domain {
            self.tagged_by.push((domain.clone(), name.clone(), place));
        }
        let tags = tags.into_iter().map(|(tag, _)| tag).collect();
        self.documents.taggings.insert(name.clone(), Tagging { name, domain, table, tags, columns });
        Some(())
    }

    fn user(&mut self, fields: &mut Fields<'_>) -> Option<()> {
        let text = fields.required_text("name", "<the user's name in Trino>");
        let attributes = fields.mapping("attributes");
        let text = text?;
        let name = text.as_str().to_owned();
        // Users compare exactly.
        if self.claim(Kind::User, &name, &name, &text.place, fields) {
            self.documents.users.insert(name.clone(), User { name: name.clone(), attributes: BTreeMap::new() });
            self.values.extend(attributes.into_iter().map(|(attribute, values)| (name.clone(), attribute, values)));
        }
        Some(())
    }

    fn grant(&mut self, fields: &mut Fields<'_>) -> Option<()> {
        let name = self.declare(Kind::Grant, fields);
        let to = fields.required_people("to");
        let purpose = fields.name("purpose");
        let purpose = self.refer(Kind::Purpose, &purpose);
        let exception = fields.text("exception_to");
        let (from, until) = period(fields);
        let place = fields.place();
        let gives = match (purpose, exception) {
            (Some(purpose), None) => Given::Purpose(purpose),
            (None, Some(text)) => {
                if until.is_none() {
                    fields.find(Code::MissingField, &place, "an exception ends: the field `until` is missing");
                }
                self.exception(fields, &text)?
            }
            _ => {
                fields.find(Code::MissingField, &place, "a grant gives a `purpose` or is an `exception_to` a rule");
                return None;
            }
        };
        let grant = Grant { name: name?, to: self.people(to), gives, from, until };
        self.documents.grants.insert(grant.name.clone(), grant);
        Some(())
    }

    fn exception(&mut self, fields: &mut Fields<'_>, text: &Text) -> Option<Given> {
        let parts =
            text.as_str().split_once('/').and_then(|(policy, rule)| Some((Name::new(policy)?, Name::new(rule)?)));
        match parts {
            Some((policy, rule)) => {
                self.exceptions.push((policy.clone(), rule.clone(), text.place.clone()));
                Some(Given::Exception { policy, rule })
            }
            None => {
                fields.find(Code::BadValue, &text.place, "`exception_to` is a policy and its rule: `policy/rule`");
                None
            }
        }
    }

    fn list(&mut self, fields: &mut Fields<'_>) -> Option<()> {
        let name = self.declare(Kind::List, fields);
        let value_type = value_type(fields);
        let values: Vec<Value> =
            fields.texts("values").iter().filter_map(|text| typed(fields, text, value_type?)).collect();
        let list = List { name: name?, value_type: value_type?, values };
        self.documents.lists.insert(list.name.clone(), list);
        Some(())
    }
}

fn kind_of(fields: &mut Fields<'_>) -> Option<Kind> {
    let text = fields.required_text("kind", "Policy")?;
    let found = Kind::ALL.iter().find(|(word, _)| *word == text.as_str()).map(|(_, kind)| *kind);
    if found.is_none() {
        let words = Kind::ALL.iter().map(|(word, _)| *word);
        let help = match near_miss(text.as_str(), words.clone()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the kinds are: {}", words.collect::<Vec<_>>().join(", ")),
        };
        fields.find(Code::UnknownKind, &text.place, format!("there is no kind `{}`", text.as_str())).help = Some(help);
    }
    found
}

/// `accept: {MW0201: why}`
fn accepted(fields: &mut Fields<'_>) -> BTreeMap<Warning, Arc<str>> {
    let mut accepted = BTreeMap::new();
    for (code, reasons) in fields.mapping("accept") {
        let Some(warning) = Warning::of_code(code.as_str()) else {
            let message = format!("there is no warning `{}`", code.as_str());
            fields.find(Code::BadValue, &code.place, message).help =
                Some("a warning's code begins with MW02; an error cannot be accepted".to_owned());
            continue;
        };
        match reasons.as_slice() {
            [reason] if !reason.as_str().trim().is_empty() => {
                accepted.insert(warning, Arc::from(reason.as_str()));
            }
            _ => {
                let message = format!("why is {} meant? accepting it takes a reason", code.as_str());
                fields.find(Code::BadValue, &code.place, message).help =
                    Some(format!("write `accept: {{{}: <why>}}`", code.as_str()));
            }
        }
    }
    accepted
}

fn period(fields: &mut Fields<'_>) -> (Option<jiff::civil::Date>, Option<jiff::civil::Date>) {
    let (from, until) = (fields.date("from"), fields.date("until"));
    if let (Some(first), Some(last)) = (from, until)
        && first > last
    {
        let place = fields.place();
        fields.find(Code::BadValue, &place, format!("it would end on {last}, before it starts on {first}"));
    }
    (from, until)
}

fn value_type(fields: &mut Fields<'_>) -> Option<ValueType> {
    let text = fields.required_text("type", "text")?;
    fields.word("type", &text, &ValueType::ALL.map(|value_type| (value_type.word(), value_type)))
}

/// A value of a type, or a finding.
fn typed(fields: &mut Fields<'_>, text: &Text, value_type: ValueType) -> Option<Value> {
    let value = Value::read(text.as_str(), value_type);
    if value.is_none() {
        fields.find(Code::BadValue, &text.place, format!("`{}` is not a {value_type}", text.as_str()));
    }
    value
}
