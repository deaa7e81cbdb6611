//! The fields of one document, taken one by one: what is missing, unknown or malformed becomes a finding, and reading goes on.

mod nested;

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use granit_parser::ScalarStyle;
use jiff::civil::Date;

use crate::attributes::secret::SecretName;
use crate::config::Period;
use crate::document::finding::{Code, Finding, Place};
use crate::document::yaml::{Node, NodeValue, Scalar, within};
use crate::language::diagnostic::{Diagnostic, near_miss};
use crate::language::parse;
use crate::language::pattern::Pattern;
use crate::language::syntax::{AudienceBase, Member, Span};
use crate::model::name::{Identifier, Name, TableName};

/// Text of a document and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(super) scalar: Scalar,
    pub(crate) place: Place,
}

impl Text {
    pub(crate) fn as_str(&self) -> &str {
        &self.scalar.text
    }

    /// A finding in a sentence, pointed into the file.
    pub(super) fn finding(&self, diagnostic: Diagnostic) -> Finding {
        let place = self.within(diagnostic.span);
        Finding { help: diagnostic.help, ..Finding::new(Code::Sentence(diagnostic.code), place, diagnostic.message) }
    }

    /// The place in the file of some words of a sentence.
    pub(crate) fn within(&self, span: Span) -> Place {
        within(&self.scalar, &self.place, span)
    }
}

pub(super) use crate::document::fields::nested::TextRow;

/// An entry of a mapping, as an example.
fn entry_of(field: &str) -> &'static str {
    match field {
        "accept" => "MW0201: <why it is meant>",
        "columns" => "<column>: <its type or tags>",
        "attributes" => "<attribute>: <its value, or where the source has it>",
        "shown" => "<column>: <what it shows>",
        _ => "<name>: <value>",
    }
}

/// A mapping whose fields are taken out until none may be left.
pub(super) struct Fields<'f> {
    entries: Vec<(Text, Node)>,
    known: Vec<&'static str>,
    /// The first field: enough to point at the document.
    place: Place,
    findings: &'f mut Vec<Finding>,
}

impl<'f> Fields<'f> {
    /// `None`, with a finding, for what is not a mapping with texts as keys.
    pub(super) fn of(node: Node, what: &str, findings: &'f mut Vec<Finding>) -> Option<Self> {
        let NodeValue::Mapping(entries) = node.value else {
            findings.push(Finding::new(Code::BadValue, node.place, format!("{what} is a mapping of fields")));
            return None;
        };
        let mut fields = Self { entries: Vec::new(), known: Vec::new(), place: node.place, findings };
        for (at, (key, value)) in entries.into_iter().enumerate() {
            let Some(key) = fields.text_of(key, "a field's name") else { continue };
            if at == 0 {
                fields.place = key.place.clone();
            }
            if fields.entries.iter().any(|(other, _)| other.as_str() == key.as_str()) {
                fields.find(Code::DuplicateName, &key.place, format!("the field `{}` is written twice", key.as_str()));
            } else {
                fields.entries.push((key, value));
            }
        }
        Some(fields)
    }

    /// The document's place.
    pub(super) fn place(&self) -> Place {
        self.place.clone()
    }

    pub(super) fn find(&mut self, code: Code, place: &Place, message: impl Into<String>) -> &mut Finding {
        self.findings.push(Finding::new(code, place.clone(), message));
        let last = self.findings.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "the element was pushed in the line above")]
        &mut self.findings[last]
    }

    pub(super) fn add(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.extend(findings);
    }

    /// Where a field's value stands, if it is there and not taken yet.
    pub(super) fn place_of(&self, field: &str) -> Option<Place> {
        self.entries.iter().find(|(key, _)| key.as_str() == field).map(|(_, node)| node.place.clone())
    }

    fn take(&mut self, field: &'static str) -> Option<Node> {
        self.known.push(field);
        let at = self.entries.iter().position(|(key, _)| key.as_str() == field)?;
        let (_, node) = self.entries.remove(at);
        let absent = matches!(&node.value, NodeValue::Scalar(scalar) if scalar.is_absent());
        (!absent).then_some(node)
    }

    fn required(&mut self, field: &'static str, what: &str) -> Option<Node> {
        let node = self.take(field);
        if node.is_none() {
            let place = self.place();
            self.find(Code::MissingField, &place, format!("the field `{field}` is missing")).help =
                Some(format!("add `{field}: {what}`"));
        }
        node
    }

    fn text_of(&mut self, node: Node, what: &str) -> Option<Text> {
        match node.value {
            NodeValue::Scalar(scalar) => Some(Text { scalar, place: node.place }),
            _ => {
                self.find(Code::BadValue, &node.place, format!("{what} is a text"));
                None
            }
        }
    }

    pub(super) fn text(&mut self, field: &'static str) -> Option<Text> {
        let node = self.take(field)?;
        self.text_of(node, &format!("`{field}`"))
    }

    pub(super) fn required_text(&mut self, field: &'static str, what: &str) -> Option<Text> {
        let node = self.required(field, what)?;
        self.text_of(node, &format!("`{field}`"))
    }

    /// Text of the language; of a list it is said how the language joins.
    pub(super) fn required_sentence(&mut self, field: &'static str, what: &str) -> Option<Text> {
        let node = self.required(field, what)?;
        let NodeValue::Sequence(items) = &node.value else { return self.text_of(node, &format!("`{field}`")) };
        let joined: Vec<&str> = items
            .iter()
            .filter_map(|item| match &item.value {
                NodeValue::Scalar(scalar) => Some(scalar.text.as_str()),
                _ => None,
            })
            .collect();
        let help = format!("write `{field}: {}`", joined.join(" or "));
        self.find(Code::BadValue, &node.place, format!("`{field}` is one text, not a list")).help = Some(help);
        None
    }

    pub(super) fn description(&mut self) -> Option<String> {
        self.text("description").map(|text| text.scalar.text)
    }

    pub(super) fn name_of(&mut self, text: &Text) -> Option<Name> {
        let name = Name::new(text.as_str());
        if name.is_none() {
            self.find(Code::BadValue, &text.place, "a name needs at least one character");
        }
        name
    }

    pub(super) fn name(&mut self, field: &'static str) -> Option<(Name, Place)> {
        let text = self.text(field)?;
        self.name_of(&text).map(|name| (name, text.place))
    }

    pub(super) fn required_name(&mut self, field: &'static str) -> Option<(Name, Place)> {
        let text = self.required_text(field, "<name>")?;
        self.name_of(&text).map(|name| (name, text.place))
    }

    /// One text, or a list of them.
    fn texts_of(&mut self, node: Node, what: &str) -> Vec<Text> {
        match node.value {
            NodeValue::Sequence(items) => items.into_iter().filter_map(|item| self.text_of(item, what)).collect(),
            _ => self.text_of(node, what).into_iter().collect(),
        }
    }

    pub(super) fn texts(&mut self, field: &'static str) -> Vec<Text> {
        match self.take(field) {
            Some(node) => self.texts_of(node, &format!("each of `{field}`")),
            None => Vec::new(),
        }
    }

    pub(super) fn names(&mut self, field: &'static str) -> Vec<(Name, Place)> {
        let texts = self.texts(field);
        texts.into_iter().filter_map(|text| self.name_of(&text).map(|name| (name, text.place))).collect()
    }

    /// A list of rules or the like: each a text, or a mapping of one key to a text.
    pub(super) fn named_texts(&mut self, field: &'static str) -> Vec<(Option<Text>, Text)> {
        let Some(node) = self.required(field, "[...]") else { return Vec::new() };
        let NodeValue::Sequence(items) = node.value else {
            self.find(Code::BadValue, &node.place, format!("`{field}` is a list")).help =
                Some("start each with `- `".to_owned());
            return Vec::new();
        };
        items.into_iter().filter_map(|item| self.named_text(item)).collect()
    }

    fn named_text(&mut self, item: Node) -> Option<(Option<Text>, Text)> {
        match item.value {
            NodeValue::Mapping(entries) => match <[_; 1]>::try_from(entries) {
                Ok([(key, value)]) => {
                    let key = self.text_of(key, "a rule's name")?;
                    Some((Some(key), self.text_of(value, "a rule")?))
                }
                Err(_) => {
                    self.find(Code::BadValue, &item.place, "a rule is a sentence, or one name with its sentence")
                        .help = Some("put quotes around a sentence that has `: ` in it".to_owned());
                    None
                }
            },
            _ => self.text_of(item, "a rule").map(|text| (None, text)),
        }
    }

    /// A mapping of texts to texts or lists of them.
    pub(super) fn mapping(&mut self, field: &'static str) -> Vec<(Text, Vec<Text>)> {
        let Some(node) = self.take(field) else { return Vec::new() };
        let NodeValue::Mapping(entries) = node.value else {
            self.find(Code::BadValue, &node.place, format!("`{field}` is a mapping")).help =
                Some(format!("write `{field}: {{{}}}`", entry_of(field)));
            return Vec::new();
        };
        let mut read: Vec<(Text, Vec<Text>)> = Vec::new();
        for (key, value) in entries {
            let Some(key) = self.text_of(key, "a key") else { continue };
            if read.iter().any(|(other, _)| other.as_str() == key.as_str()) {
                self.find(Code::DuplicateName, &key.place, format!("`{}` is written twice", key.as_str()));
                continue;
            }
            let values = self.texts_of(value, "each value");
            read.push((key, values));
        }
        read
    }

    pub(super) fn date(&mut self, field: &'static str) -> Option<Date> {
        let text = self.text(field)?;
        let date = text.as_str().trim().parse().ok();
        if date.is_none() {
            self.find(Code::BadValue, &text.place, format!("`{}` is not a day", text.as_str())).help =
                Some("write a day as 2027-01-31".to_owned());
        }
        date
    }

    pub(super) fn boolean(&mut self, field: &'static str) -> Option<bool> {
        let text = self.text(field)?;
        match (text.as_str(), text.scalar.style) {
            ("true", ScalarStyle::Plain) => Some(true),
            ("false", ScalarStyle::Plain) => Some(false),
            (written, _) => {
                let message = format!("`{field}` is true or false, not `{written}`");
                self.find(Code::BadValue, &text.place, message);
                None
            }
        }
    }

    /// A mapping with fields of its own.
    pub(super) fn section(&mut self, field: &'static str) -> Option<Fields<'_>> {
        let node = self.take(field)?;
        Fields::of(node, &format!("`{field}`"), self.findings)
    }

    /// A length of time.
    pub(super) fn period(&mut self, field: &'static str) -> Option<Duration> {
        let text = self.text(field)?;
        match Period::from_str(text.as_str()) {
            Ok(period) => Some(period.0),
            Err(why) => {
                self.find(Code::BadValue, &text.place, why);
                None
            }
        }
    }

    /// A whole number within bounds, both included.
    pub(super) fn number(&mut self, field: &'static str, within: RangeInclusive<u64>) -> Option<u64> {
        let text = self.text(field)?;
        let number = text.as_str().parse().ok().filter(|number| within.contains(number));
        if number.is_none() {
            let message = format!("`{field}` is a number from {} to {}", within.start(), within.end());
            self.find(Code::BadValue, &text.place, message);
        }
        number
    }

    /// The name of a secret.
    pub(super) fn secret(&mut self, field: &'static str) -> Option<SecretName> {
        let text = self.text(field)?;
        self.secret_of(field, &text)
    }

    /// The name of a secret that must be there.
    pub(super) fn required_secret(&mut self, field: &'static str, what: &str) -> Option<SecretName> {
        let text = self.required_text(field, what)?;
        self.secret_of(field, &text)
    }

    fn secret_of(&mut self, field: &'static str, text: &Text) -> Option<SecretName> {
        let name = SecretName::new(text.as_str());
        if name.is_none() {
            // What was written may be the secret itself.
            self.find(
                Code::BadValue,
                &text.place.covered(),
                format!("`{field}` is the name of a file in the folder of secrets"),
            )
            .help = Some("a name has letters, digits, `-`, `_` and `.`".to_owned());
        }
        name
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(&mut self, field: &'static str, text: &Text, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| *word == text.as_str()).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let help = match near_miss(text.as_str(), all.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("it is one of: {}", all.join(", ")),
            };
            let message = format!("`{field}` cannot be `{}`", text.as_str());
            self.find(Code::BadValue, &text.place, message).help = Some(help);
        }
        found
    }

    /// A tree of the language, its diagnostics pointed into the file.
    pub(super) fn parsed<T>(&mut self, text: &Text, parse: impl Fn(&str) -> Result<T, Vec<Diagnostic>>) -> Option<T> {
        match parse(text.as_str()) {
            Ok(tree) => Some(tree),
            Err(diagnostics) => {
                self.add(diagnostics.into_iter().map(|diagnostic| text.finding(diagnostic)));
                None
            }
        }
    }

    /// Who: an audience that names people.
    pub(super) fn people(&mut self, field: &'static str) -> Option<(Vec<Member>, Text)> {
        let text = self.text(field)?;
        self.people_of(field, text)
    }

    pub(super) fn required_people(&mut self, field: &'static str) -> Option<(Vec<Member>, Text)> {
        let text = self.required_text(field, "members of group \"finance\"")?;
        self.people_of(field, text)
    }

    fn people_of(&mut self, field: &'static str, text: Text) -> Option<(Vec<Member>, Text)> {
        let audience = self.parsed(&text, parse::audience)?;
        match audience.of {
            AudienceBase::AnyOf(members) if audience.except.is_empty() => Some((members, text)),
            _ => {
                self.find(Code::BadValue, &text.place, format!("`{field}` names people, without `except`")).help =
                    Some("for example: members of group \"finance-owners\" or user \"ann\"".to_owned());
                None
            }
        }
    }

    pub(super) fn patterns(&mut self, field: &'static str) -> Vec<Pattern> {
        let texts = self.texts(field);
        texts.iter().filter_map(|text| self.parsed(text, parse::pattern)).collect()
    }

    /// One table by its full name.
    pub(super) fn table(&mut self, field: &'static str) -> Option<(TableName, Place)> {
        let text = self.required_text(field, "catalog.schema.table")?;
        self.table_of(&text).map(|table| (table, text.place))
    }

    pub(super) fn table_of(&mut self, text: &Text) -> Option<TableName> {
        let [catalog, schema, table] = self.exact(text, "table", "catalog.schema.table")?;
        Some(TableName::new(catalog.as_str(), schema.as_str(), table.as_str()))
    }

    /// The name of one thing: as many parts as the thing has, and no `*`.
    pub(super) fn exact<const N: usize>(&mut self, text: &Text, what: &str, form: &str) -> Option<[Identifier; N]> {
        let pattern = self.parsed(text, parse::pattern)?;
        let exact: Vec<Identifier> = pattern
            .parts()
            .iter()
            .filter_map(|part| match part.pieces() {
                [only] => Some(Identifier::new(only)),
                _ => None,
            })
            .collect();
        let exact = exact.try_into().ok();
        if exact.is_none() {
            let message = format!("`{}` is not the full name of one {what}", text.as_str());
            self.find(Code::BadValue, &text.place, message).help = Some(format!("write {form}, without `*`"));
        }
        exact
    }

    /// A column's name, as a key of a mapping.
    pub(super) fn column(&mut self, text: &Text) -> Option<Identifier> {
        let span = Span { start: 0, end: text.as_str().len() };
        match Diagnostic::uncertain_case(text.as_str(), span) {
            Some(diagnostic) => {
                self.add([text.finding(diagnostic)]);
                None
            }
            None => Some(Identifier::new(text.as_str())),
        }
    }

    /// Whatever is left was not asked for.
    pub(super) fn end(mut self) {
        for (key, _) in std::mem::take(&mut self.entries) {
            let help = match near_miss(key.as_str(), self.known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("its fields are: {}", self.known.join(", ")),
            };
            self.find(Code::UnknownField, &key.place, format!("there is no field `{}`", key.as_str())).help =
                Some(help);
        }
    }
}
