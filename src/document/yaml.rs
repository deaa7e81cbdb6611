//! YAML text to a tree that knows where everything stands. Anchors, aliases and tags are refused: no document needs them, and
//! they are what YAML bombs are made of.

use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle};

use crate::document::finding::{Code, Finding, Place, Source};
use std::sync::Arc;

const QUOTE_IT: &str = "put quotes around text that starts with a sign, such as `*`, `&` or `@`";

/// The deepest nesting that is read.
const DEEPEST: usize = 16;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: NodeValue,
    pub(super) place: Place,
}

#[derive(Clone, Debug)]
pub(super) enum NodeValue {
    /// Text as written, quotes and escapes resolved; `true`, `42` and dates are text too.
    Scalar(Scalar),
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
}

#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    pub(super) text: String,
    pub(super) style: ScalarStyle,
    /// Inside `[...]` or `{...}`, where a comma ends unquoted text.
    pub(super) in_flow: bool,
}

impl Scalar {
    /// Nothing was written, or `null`, without quotes.
    pub(super) fn is_absent(&self) -> bool {
        self.style == ScalarStyle::Plain && matches!(self.text.as_str(), "" | "~" | "null")
    }
}

/// Reads every document of a file.
pub(super) fn read(source: &Arc<Source>) -> Result<Vec<Node>, Finding> {
    let mut reader = Reader { parser: Parser::new_from_str(&source.text), source, flow: 0 };
    let mut documents = Vec::new();
    loop {
        match reader.next()? {
            (Event::StreamEnd, _) => return Ok(documents),
            (Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd, _) => {}
            (event, span) => {
                let node = reader.node(event, &span, 0)?;
                if !matches!(&node.value, NodeValue::Scalar(scalar) if scalar.is_absent()) {
                    documents.push(node);
                }
            }
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    source: &'a Arc<Source>,
    /// How many `[...]` and `{...}` are open.
    flow: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Finding> {
        loop {
            match self.parser.next_event() {
                Some(Ok((Event::Comment(..), _))) => {}
                Some(Ok(event)) => return Ok(event),
                Some(Err(error)) => {
                    let at = error.marker().byte_offset().unwrap_or(0);
                    let place = Place::new(self.source, at..at);
                    let finding = Finding::new(Code::NotYaml, place, format!("this is not YAML: {}", error.kind()));
                    // `*.finance.*` without quotes is an alias to YAML.
                    let sign =
                        self.source.text.get(at..).is_some_and(|rest| rest.starts_with(['*', '&', '!', '@', '`']));
                    return Err(if sign { finding.with_help(QUOTE_IT) } else { finding });
                }
                None => return Ok((Event::StreamEnd, Span::default())),
            }
        }
    }

    fn place(&self, span: &Span) -> Place {
        Place::new(self.source, span.byte_range().unwrap_or(0..0))
    }

    fn node(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<Node, Finding> {
        let place = self.place(span);
        if depth > DEEPEST {
            return Err(Finding::new(Code::NotYaml, place, format!("nested more than {DEEPEST} deep")));
        }
        match event {
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, _, Some(_))
            | Event::MappingStart(_, _, Some(_)) => {
                Err(Finding::new(Code::NotYaml, place, "YAML tags are not accepted")
                    .with_help("put quotes around text that starts with `!`"))
            }
            Event::Scalar(text, style, 0, None) => Ok(Node {
                value: NodeValue::Scalar(Scalar { text: text.into_owned(), style, in_flow: self.flow > 0 }),
                place,
            }),
            Event::SequenceStart(style, 0, None) => {
                self.flow += usize::from(style == StructureStyle::Flow);
                let node = self.sequence(place, depth)?;
                self.flow -= usize::from(style == StructureStyle::Flow);
                Ok(node)
            }
            Event::MappingStart(style, 0, None) => {
                self.flow += usize::from(style == StructureStyle::Flow);
                let node = self.mapping(place, depth)?;
                self.flow -= usize::from(style == StructureStyle::Flow);
                Ok(node)
            }
            _ => {
                Err(Finding::new(Code::NotYaml, place, "YAML anchors and aliases are not accepted").with_help(QUOTE_IT))
            }
        }
    }

    fn sequence(&mut self, start: Place, depth: usize) -> Result<Node, Finding> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, span) => {
                    let place = start.until(&self.place(&span));
                    return Ok(Node { value: NodeValue::Sequence(items), place });
                }
                (event, span) => items.push(self.node(event, &span, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, start: Place, depth: usize) -> Result<Node, Finding> {
        let mut entries = Vec::new();
        loop {
            match self.next()? {
                (Event::MappingEnd, span) => {
                    let place = start.until(&self.place(&span));
                    return Ok(Node { value: NodeValue::Mapping(entries), place });
                }
                (event, span) => {
                    let key = self.node(event, &span, depth + 1)?;
                    let (event, span) = self.next()?;
                    entries.push((key, self.node(event, &span, depth + 1)?));
                }
            }
        }
    }
}

/// The bytes of the file that a range of a scalar's text was read from: what a diagnostic of a sentence underlines.
///
/// Escapes, folded lines and block indentation make the two differ; where they cannot be lined up the whole scalar is meant.
pub(super) fn within(scalar: &Scalar, place: &Place, span: crate::language::syntax::Span) -> Place {
    let lined_up = line_up(&place.source.text, place.range.start, place.range.end, &scalar.text);
    let found = lined_up.and_then(|offsets| {
        let start = *offsets.get(span.start)?;
        let last = span.end.max(span.start + 1) - 1;
        let end = *offsets.get(last)? + 1;
        // A span may end inside a character only if the text and the file differ there.
        (start < end && place.source.text.get(start..end).is_some()).then_some(start..end)
    });
    match found {
        Some(range) => Place::new(&place.source, range),
        None => place.clone(),
    }
}

/// For each byte of `text` the byte of the file that it came from; one entry more for the end.
fn line_up(file: &str, from: usize, to: usize, text: &str) -> Option<Vec<usize>> {
    let mut offsets = Vec::with_capacity(text.len() + 1);
    let mut written = file.get(from..to)?.char_indices().map(|(at, c)| (from + at, c)).peekable();
    for c in text.chars() {
        loop {
            let (at, w) = *written.peek()?;
            if w == c {
                offsets.extend((0..c.len_utf8()).map(|byte| at + byte));
                written.next();
                // A single quote is written twice inside single quotes.
                if c == '\'' && matches!(written.peek(), Some((_, '\''))) && file.get(from..)?.starts_with('\'') {
                    written.next();
                }
                break;
            }
            if c == ' ' && w.is_whitespace() {
                offsets.push(at);
                while matches!(written.peek(), Some((_, w)) if w.is_whitespace()) {
                    written.next();
                }
                break;
            }
            // The opening quote, the block's sign, indentation.
            let skippable =
                w.is_whitespace() || (offsets.is_empty() && matches!(w, '\'' | '"' | '|' | '>' | '-' | '+'));
            if !skippable {
                return None;
            }
            written.next();
        }
    }
    let end = offsets.last().map_or(from, |last| last + 1);
    offsets.push(end);
    Some(offsets)
}
