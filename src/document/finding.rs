//! What is wrong with a document, where, and how to mend it.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

use crate::document::warning::Warning;
use crate::language::diagnostic;

/// A file of documents.
#[derive(Debug)]
pub struct Source {
    /// Its path, as people know it.
    pub path: String,
    /// Its text.
    pub text: String,
    /// The first byte of each line, when somebody has asked.
    lines: OnceLock<Vec<usize>>,
}

impl Source {
    /// A file's path and text.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into(), lines: OnceLock::new() }
    }

    /// Line and column of a byte, counted from 1, the column in characters.
    fn line_and_column(&self, at: usize) -> (usize, usize) {
        let starts = || std::iter::once(0).chain(self.text.match_indices('\n').map(|(end, _)| end + 1)).collect();
        let lines = self.lines.get_or_init(starts);
        let line = lines.partition_point(|start| *start <= at).max(1);
        let start = lines.get(line - 1).copied().unwrap_or_default();
        let column = self.text.get(start..at).unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path && self.text == other.text
    }
}

impl Eq for Source {}

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

    /// The same place, with what stands there made unreadable: it may be a secret, and findings are logged.
    pub(super) fn covered(&self) -> Self {
        let Some(secret) = self.source.text.get(self.range.clone()) else { return self.clone() };
        let mut text = self.source.text.clone();
        text.replace_range(self.range.clone(), &"*".repeat(secret.len()));
        Self { source: Arc::new(Source::new(&self.source.path, text)), range: self.range.clone() }
    }

    /// The order in which a folder is read.
    pub(crate) fn cmp_in_files(&self, other: &Self) -> std::cmp::Ordering {
        (&self.source.path, self.range.start).cmp(&(&other.source.path, other.range.start))
    }

    /// Line and column of the first byte, counted from 1, the column in characters.
    pub fn line_and_column(&self) -> (usize, usize) {
        self.source.line_and_column(self.range.start)
    }

    /// Line and column after the last byte.
    pub fn end_line_and_column(&self) -> (usize, usize) {
        self.source.line_and_column(self.range.end)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.line_and_column();
        write!(f, "{}:{line}:{column}", self.source.path)
    }
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The documents are refused.
    Error,
    /// They are taken, and this is probably not what was meant.
    Warning,
    /// They are taken, and this is worth knowing.
    Note,
}

impl Severity {
    /// The severity's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
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
    /// A test's case is decided otherwise than it expects.
    OtherThanExpected,
    /// A test's case expects what cannot be told without a Trino.
    NotTellable,
    /// Nothing is wrong, and this is probably not what was meant.
    Warning(Warning),
}

impl Code {
    /// The codes that are documents' own, in order.
    pub const OWN: [Code; 13] = [
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
        Self::OtherThanExpected,
        Self::NotTellable,
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
            Self::OtherThanExpected => "MW0401",
            Self::NotTellable => "MW0402",
            Self::Warning(warning) => warning.as_str(),
        }
    }

    /// What it means, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Sentence(code) => code.meaning(),
            Self::Unreadable => "a file or folder cannot be read",
            Self::NotYaml => "the text is not YAML as it is accepted here",
            Self::UnknownKind => "there is no such kind of document",
            Self::UnknownField => "there is no such field",
            Self::MissingField => "a field is missing",
            Self::BadValue => "a value is not of the form that its field needs",
            Self::DuplicateName => "a name is there twice",
            Self::UnknownReference => "a document names what does not exist",
            Self::Circle => "documents name each other in a circle",
            Self::Reserved => "a name that is built in is declared",
            Self::OutsideDomain => "a domain speaks of what it does not own",
            Self::OtherThanExpected => "a test expects something else",
            Self::NotTellable => "a test expects what cannot be told without a Trino",
            Self::Warning(warning) => warning.meaning(),
        }
    }
}

/// One thing that is wrong, or that is probably not meant.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its stable code.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// Why the documents say that it is meant: then nobody is warned of it.
    pub accepted: Option<Arc<str>>,
}

impl Finding {
    pub(crate) fn new(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, place, message: message.into(), help: None, accepted: None }
    }

    /// A warning.
    pub(crate) fn warning(warning: Warning, place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::new(Code::Warning(warning), place, message) }
    }

    /// The same, as what is only worth knowing.
    #[must_use]
    pub(crate) fn into_note(self) -> Self {
        Self { severity: Severity::Note, ..self }
    }

    /// Whether somebody has to be warned: it is a warning, and no document accepts it.
    pub fn warns(&self) -> bool {
        self.severity == Severity::Warning && self.accepted.is_none()
    }

    /// A finding in a sentence that is a source of its own, as one on the command line is.
    pub fn in_sentence(sentence: &Arc<Source>, found: diagnostic::Diagnostic) -> Self {
        let place = Place::new(sentence, found.span.start..found.span.end);
        Self { help: found.help, ..Self::new(Code::Sentence(found.code), place, found.message) }
    }

    #[must_use]
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The finding with the lines that it is about and a caret below them.
    pub fn render(&self) -> String {
        let text = &self.place.source.text;
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let title = level.primary_title(&self.message).id(self.code.as_str());
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
            severity: self.severity,
            file: &self.place.source.path,
            line,
            column,
            message: &self.message,
            help: self.help.as_deref(),
            accepted: self.accepted.as_deref(),
        }
    }
}

/// A finding as `--format json` prints it.
#[derive(Debug, Serialize)]
pub struct FindingEntry<'a> {
    code: &'a str,
    severity: Severity,
    file: &'a str,
    line: usize,
    column: usize,
    message: &'a str,
    help: Option<&'a str>,
    /// Why the documents say that it is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<&'a str>,
}
