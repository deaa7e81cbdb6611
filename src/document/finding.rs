//! What is wrong with a document, where, and how to mend it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

use crate::language::diagnostic;

/// A file of documents.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// Its path, as people know it.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// A place in a file.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub source: Arc<Source>,
    /// The bytes.
    pub range: Range<usize>,
}

impl Place {
    pub(super) fn new(source: &Arc<Source>, range: Range<usize>) -> Self {
        Self { source: Arc::clone(source), range }
    }

    pub(super) fn until(&self, end: &Place) -> Self {
        Self { source: Arc::clone(&self.source), range: self.range.start..end.range.end.max(self.range.start) }
    }

    /// Line and column of the first byte, counted from 1, the column in characters.
    pub fn line_and_column(&self) -> (usize, usize) {
        let before = self.source.text.get(..self.range.start).unwrap_or(&self.source.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.line_and_column();
        write!(f, "{}:{line}:{column}", self.source.path)
    }
}

/// The codes of what can be wrong with a document; those of a sentence are [`diagnostic::Code`]'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// Something in a sentence.
    Sentence(diagnostic::Code),
    /// A file or folder cannot be read.
    Unreadable,
    /// The text is not YAML as it is accepted here.
    NotYaml,
    /// A document's kind is missing or unknown.
    UnknownKind,
    /// A field is unknown.
    UnknownField,
    /// A field is missing.
    MissingField,
    /// A field's value is not of the form that it needs.
    BadValue,
    /// Two documents have the same name, or names that fold together.
    DuplicateName,
    /// A document names another that does not exist.
    UnknownReference,
    /// Documents name each other in a circle.
    Circle,
    /// A name that is built in is declared.
    Reserved,
    /// A domain speaks of what it does not own.
    OutsideDomain,
}

impl Code {
    /// The codes that are documents' own, in order.
    pub const OWN: [Code; 11] = [
        Self::Unreadable,
        Self::NotYaml,
        Self::UnknownKind,
        Self::UnknownField,
        Self::MissingField,
        Self::BadValue,
        Self::DuplicateName,
        Self::UnknownReference,
        Self::Circle,
        Self::Reserved,
        Self::OutsideDomain,
    ];

    /// The code as people quote it; each has a page in `docs/errors/`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sentence(code) => code.as_str(),
            Self::Unreadable => "MW0101",
            Self::NotYaml => "MW0102",
            Self::UnknownKind => "MW0103",
            Self::UnknownField => "MW0104",
            Self::MissingField => "MW0105",
            Self::BadValue => "MW0106",
            Self::DuplicateName => "MW0107",
            Self::UnknownReference => "MW0108",
            Self::Circle => "MW0109",
            Self::Reserved => "MW0110",
            Self::OutsideDomain => "MW0111",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its stable code.
    pub code: Code,
    /// Where.
    pub place: Place,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
}

impl Finding {
    pub(super) fn new(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self { code, place, message: message.into(), help: None }
    }

    /// A finding in a sentence that is a source of its own, as one on the command line is.
    pub fn in_sentence(sentence: &Arc<Source>, found: diagnostic::Diagnostic) -> Self {
        let place = Place::new(sentence, found.span.start..found.span.end);
        Self { code: Code::Sentence(found.code), place, message: found.message, help: found.help }
    }

    #[must_use]
    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The finding with the lines that it is about and a caret below them.
    pub fn render(&self) -> String {
        let text = &self.place.source.text;
        let title = Level::ERROR.primary_title(&self.message).id(self.code.as_str());
        let end = self.place.range.end.min(text.len());
        let range = self.place.range.start.min(end)..end;
        let snippet = Snippet::source(text).path(&self.place.source.path);
        let group = title.element(snippet.annotation(AnnotationKind::Primary.span(range)));
        let group = match &self.help {
            Some(help) => group.element(Level::HELP.message(help)),
            None => group,
        };
        Renderer::plain().render(&[group])
    }

    /// The finding for machines.
    pub fn entry(&self) -> FindingEntry<'_> {
        let (line, column) = self.place.line_and_column();
        FindingEntry {
            code: self.code.as_str(),
            file: &self.place.source.path,
            line,
            column,
            message: &self.message,
            help: self.help.as_deref(),
        }
    }
}

/// A finding as `--format json` prints it.
#[derive(Debug, Serialize)]
pub struct FindingEntry<'a> {
    code: &'a str,
    file: &'a str,
    line: usize,
    column: usize,
    message: &'a str,
    help: Option<&'a str>,
}
