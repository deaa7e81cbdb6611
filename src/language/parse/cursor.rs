//! A place in the tokens of a sentence, and the small questions that every part of the grammar asks.

use std::ops::Range;
use std::sync::Arc;

use crate::language::diagnostic::{Code, Diagnostic, near_miss};
use crate::language::lex::{Lexeme, Token};
use crate::language::parse::habit;
use crate::language::syntax::{Span, Spanned};
use crate::model::name::{Identifier, Name};

/// The deepest nesting of parentheses and `not` that is read.
pub(super) const DEEPEST_NESTING: usize = 48;

/// Words that end a name made of several bare words. To use one as a name, quote it.
const STOP_WORDS: &[&str] = &[
    "and", "as", "between", "but", "by", "contain", "contains", "does", "end", "ends", "equals", "except", "for",
    "from", "has", "ignoring", "in", "includes", "is", "less", "matches", "not", "older", "only", "or", "purpose",
    "purposes", "rows", "start", "starts", "tagged", "that", "to", "unless", "using", "when", "where", "which", "who",
    "with", "within",
];

const ARTICLES: [&str; 3] = ["the", "a", "an"];

/// A place in the tokens of a sentence.
pub(super) struct Cursor<'a> {
    text: &'a str,
    lexemes: &'a [Lexeme],
    at: usize,
    depth: usize,
    /// Whether what is read is about people alone, so that bare words are no columns.
    of_people: bool,
    /// What was wrong with parts before the one that is read.
    earlier: Vec<Diagnostic>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str, lexemes: &'a [Lexeme]) -> Self {
        Self { text, lexemes, at: 0, depth: 0, of_people: false, earlier: Vec::new() }
    }

    pub(super) fn peek(&self) -> Option<&'a Token> {
        self.lexemes.get(self.at).map(|lexeme| &lexeme.token)
    }

    /// The place of the next token; at the end of the sentence, of its last character.
    pub(super) fn span(&self) -> Span {
        match self.lexemes.get(self.at) {
            Some(lexeme) => lexeme.span,
            None => {
                let end = self.lexemes.last().map_or(0, |last| last.span.end);
                let last_char =
                    self.text.get(..end).and_then(|text| text.chars().next_back()).map_or(0, char::len_utf8);
                Span { start: end - last_char, end }
            }
        }
    }

    /// From `start` to the end of what was last read.
    pub(super) fn span_from(&self, start: Span) -> Span {
        let end =
            self.at.checked_sub(1).and_then(|last| self.lexemes.get(last)).map_or(start.end, |last| last.span.end);
        Span { start: start.start, end: end.max(start.end) }
    }

    /// The place of some bytes of a quoted text, of which `quoted` is the place with its quotes.
    pub(super) fn within_quotes(&self, quoted: Span, range: &Range<usize>) -> Span {
        let source = self.text.get(quoted.start..quoted.end).unwrap_or("");
        let Some(open) = source.chars().next() else { return quoted };
        // Where each byte of the text stands: a quote of the text is written twice.
        let mut places: Vec<usize> = Vec::new();
        let mut characters = source.char_indices().skip(1).peekable();
        while let Some((at, c)) = characters.next() {
            places.extend((0..c.len_utf8()).map(|byte| quoted.start + at + byte));
            if c == open {
                characters.next_if(|(_, next)| *next == open);
            }
        }
        // The last place is the closing quote's.
        let place = |byte: usize| places.get(byte).or(places.last()).copied().unwrap_or(quoted.end);
        let start = place(range.start);
        Span { start, end: if range.is_empty() { start + 1 } else { place(range.end) } }
    }

    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn rewind(&mut self, position: usize) {
        self.at = position;
    }

    pub(super) fn at_end(&self) -> bool {
        self.at >= self.lexemes.len()
    }

    /// Whether the next token is the last.
    pub(super) fn is_last(&self) -> bool {
        self.at + 1 == self.lexemes.len()
    }

    /// The sentence must end here.
    pub(super) fn end(&self) -> Result<(), Diagnostic> {
        if self.at_end() { Ok(()) } else { Err(self.expected("the end of the sentence", &[])) }
    }

    fn word_at(&self, offset: usize) -> Option<String> {
        match &self.lexemes.get(self.at + offset)?.token {
            Token::Word(word) => Some(word.to_lowercase()),
            _ => None,
        }
    }

    /// Whether these words come next, in any case. One word of the phrase may offer choices: `acting|working for|under`. Articles
    /// after its first word may be there or not.
    pub(super) fn sees(&self, phrase: &str) -> bool {
        self.length(phrase).is_some()
    }

    /// Takes these words if they come next.
    pub(super) fn takes(&mut self, phrase: &str) -> bool {
        let length = self.length(phrase);
        self.at += length.unwrap_or(0);
        length.is_some()
    }

    /// How many words the phrase has here. A phrase never begins by passing over an article: `a` can be a column.
    fn length(&self, phrase: &str) -> Option<usize> {
        let mut length = 0;
        for (at, choices) in phrase.split(' ').enumerate() {
            let comes = |length| {
                self.word_at(length).is_some_and(|word| choices.split('|').any(|choice| choice == word.as_str()))
            };
            while at > 0 && !comes(length) && self.word_at(length).is_some_and(|word| ARTICLES.contains(&word.as_str()))
            {
                length += 1;
            }
            if comes(length) {
                length += 1;
            } else if at == 0 || !ARTICLES.contains(&choices) {
                return None;
            }
        }
        Some(length)
    }

    /// Takes these words if they come next and then a number.
    pub(super) fn takes_before_number(&mut self, phrase: &str) -> bool {
        let before = self.at;
        let takes = self.takes(phrase) && matches!(self.peek(), Some(Token::Number(_)));
        if !takes {
            self.at = before;
        }
        takes
    }

    /// Takes the first of these phrases that comes next.
    pub(super) fn takes_any(&mut self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.takes(phrase))
    }

    /// Takes words that carry no meaning here.
    pub(super) fn skip(&mut self, words: &[&str]) {
        while words.iter().any(|word| self.takes(word)) {}
    }

    pub(super) fn sees_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek(), Some(Token::Symbol(next)) if *next == symbol)
    }

    pub(super) fn takes_symbol(&mut self, symbol: &str) -> bool {
        let sees = self.sees_symbol(symbol);
        if sees {
            self.at += 1;
        }
        sees
    }

    /// Demands words, the first of the alternatives being the canonical one.
    pub(super) fn demand(&mut self, phrases: &[&str]) -> Result<(), Diagnostic> {
        if self.takes_any(phrases) {
            return Ok(());
        }
        let canonical = phrases.first().map_or("", |phrase| phrase.split('|').next().unwrap_or(phrase));
        Err(self.expected(&format!("`{canonical}`"), &[canonical]))
    }

    pub(super) fn demand_symbol(&mut self, symbol: &str) -> Result<(), Diagnostic> {
        if self.takes_symbol(symbol) { Ok(()) } else { Err(self.expected(&format!("`{symbol}`"), &[])) }
    }

    /// The next token as it is written.
    pub(super) fn found(&self) -> &'a str {
        let span = self.span();
        self.text.get(span.start..span.end).unwrap_or("")
    }

    /// The text before the next token and from it on.
    pub(super) fn around(&self) -> (&'a str, &'a str) {
        self.text.split_at_checked(self.span().start).unwrap_or((self.text, ""))
    }

    /// What to say when `what` should have come next; `words` are the keywords that it could have been.
    pub(super) fn expected(&self, what: &str, words: &[&str]) -> Diagnostic {
        let span = self.span();
        if self.at_end() {
            return Diagnostic::new(
                Code::UnfinishedSentence,
                span,
                format!("the sentence ends where {what} was expected"),
            );
        }
        let found = self.found();
        let message = format!("expected {what}, found `{found}`");
        let diagnostic = Diagnostic::new(Code::UnexpectedText, span, message);
        if let Some(help) = self.misplaced() {
            return diagnostic.with_help(help);
        }
        match near_miss(found, words.iter().copied()) {
            Some(meant) if !meant.eq_ignore_ascii_case(found) => {
                diagnostic.with_help(format!("did you mean `{meant}`?"))
            }
            _ => diagnostic,
        }
    }

    /// Where what comes next belongs, if it is something that people put into sentences and that stands elsewhere.
    fn misplaced(&self) -> Option<String> {
        let date_next = match self.lexemes.get(self.at + 1).map(|lexeme| &lexeme.token) {
            Some(Token::Date(date)) => Some(date),
            _ => None,
        };
        if let (true, Some(date)) = (self.sees("until|through"), date_next) {
            return Some(format!("the last day is a field of the policy, beside `on`: `until: {date}`"));
        }
        if let (true, Some(date)) = (self.sees("from|since|starting"), date_next) {
            return Some(format!("the first day is a field of the policy, beside `on`: `from: {date}`"));
        }
        if self.sees_when() {
            return Some(
                "when a rule holds is said of people: `those with on weekdays`, `those with between 08:00 and 18:00`"
                    .to_owned(),
            );
        }
        if let Some(help) = habit::thousands(self).or_else(|| habit::narrowing(self).map(str::to_owned)) {
            return Some(help);
        }
        self.sees_object().then(|| "what rules are on is a field of the policy: `on: catalog.schema.table`".to_owned())
    }

    /// `on weekdays`, `between 08:00`
    pub(super) fn sees_when(&self) -> bool {
        let time_next = matches!(self.lexemes.get(self.at + 1).map(|lexeme| &lexeme.token), Some(Token::Time(_)));
        self.sees("on weekdays|weekends") || (self.sees("between") && time_next)
    }

    /// `until 2027-01-01`
    pub(super) fn sees_day(&self) -> bool {
        let date_next = matches!(self.lexemes.get(self.at + 1).map(|lexeme| &lexeme.token), Some(Token::Date(_)));
        self.sees("until|through|from|since|starting") && date_next
    }

    /// `after 2027-01-01`
    fn sees_order(&self) -> bool {
        let date_next = matches!(self.lexemes.get(self.at + 1).map(|lexeme| &lexeme.token), Some(Token::Date(_)));
        self.sees("after|before") && date_next
    }

    /// `lake.finance.*`, `on lake.finance.*`, `on table orders`. Some actions have `from` and `table` in their own words.
    pub(super) fn sees_object(&self) -> bool {
        let is_object = |offset: usize| self.word_at(offset).is_some_and(|word| word.contains(['.', '*']));
        is_object(0)
            || (self.sees("on|in|from|of") && is_object(1))
            || self.sees("on table|tables|catalog|schema|domain|everything")
    }

    /// Reads a part of a sentence; when it is wrong, goes on to where the next begins, so that one reading tells of both.
    pub(super) fn recover<T>(
        &mut self,
        next: &[&str],
        read: impl FnOnce(&mut Self) -> Result<T, Diagnostic>,
    ) -> Result<T, Diagnostic> {
        let part = read(self);
        if part.is_err() {
            let in_condition = |cursor: &Self| {
                cursor.at.checked_sub(1).and_then(|before| cursor.lexemes.get(before)).is_some_and(
                    |before| matches!(&before.token, Token::Word(word) if matches!(word.as_str(), "acting" | "working")),
                )
            };
            while !self.at_end() && (in_condition(self) || !next.iter().any(|begins| self.sees(begins))) {
                self.advance();
            }
        }
        part
    }

    /// Both parts, or what is wrong with either; of two the first is kept for [`Cursor::diagnostics`].
    pub(super) fn both<A, B>(
        &mut self,
        first: Result<A, Diagnostic>,
        second: Result<B, Diagnostic>,
    ) -> Result<(A, B), Diagnostic> {
        match (first, second) {
            (Ok(first), Ok(second)) => Ok((first, second)),
            (Err(first), Err(second)) => {
                self.earlier.push(first);
                Err(second)
            }
            (Err(wrong), Ok(_)) | (Ok(_), Err(wrong)) => Err(wrong),
        }
    }

    /// All that was wrong, in the order of the text.
    pub(super) fn diagnostics(self, last: Diagnostic) -> Vec<Diagnostic> {
        let mut all = self.earlier;
        all.push(last);
        all.sort_by_key(|diagnostic| diagnostic.span.start);
        all
    }

    /// Goes one level of nesting deeper for as long as `read` runs.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Diagnostic>) -> Result<T, Diagnostic> {
        if self.depth >= DEEPEST_NESTING {
            let message = format!("parentheses and `not` may be nested {DEEPEST_NESTING} deep at most");
            return Err(Diagnostic::new(Code::TooMuch, self.span(), message));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Reads what is about people alone.
    pub(super) fn of_people<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.of_people, true);
        let result = read(self);
        self.of_people = before;
        result
    }

    pub(super) fn is_of_people(&self) -> bool {
        self.of_people
    }

    /// A run of bare words up to the next keyword or symbol, joined by spaces.
    fn bare_run(&mut self) -> Option<String> {
        let mut words: Vec<&str> = Vec::new();
        while let Some(Token::Word(word)) = self.peek() {
            let stops = STOP_WORDS.contains(&word.to_lowercase().as_str()) || word.contains('*');
            if stops || self.sees_when() || self.sees_day() || self.sees_order() {
                break;
            }
            words.push(word);
            self.advance();
        }
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// Text that is quoted, or a run of bare words: an exact name (group, user, role).
    pub(super) fn exact_name(&mut self, what: &str) -> Result<Spanned<Arc<str>>, Diagnostic> {
        let start = self.span();
        if let Some(Token::Quoted(text)) = self.peek() {
            self.advance();
            return Ok(Spanned::new(Arc::from(text.as_str()), start));
        }
        // FAIL-CLOSED: `group the contractors` names the contractors. A name that begins so is put in quotes.
        let is_article = self.word_at(0).is_some_and(|word| ARTICLES.contains(&word.as_str()));
        if is_article && self.word_at(1).is_some_and(|word| !STOP_WORDS.contains(&word.as_str())) {
            self.advance();
        }
        match self.bare_run() {
            Some(text) => Ok(Spanned::new(Arc::from(text), self.span_from(start))),
            None => Err(self.expected(what, &[])),
        }
    }

    /// The same, as a name of Meshward's vocabulary (tag, purpose, domain, list).
    pub(super) fn name(&mut self, what: &str) -> Result<Spanned<Name>, Diagnostic> {
        let text = self.exact_name(what)?;
        match Name::new(&text.node) {
            Some(name) => Ok(Spanned::new(name, text.span)),
            None => Err(Diagnostic::new(Code::UnexpectedText, text.span, format!("expected {what}, found nothing"))),
        }
    }

    /// A name that ends where one of these phrases begins, which is taken too; `None` where none of them follows.
    pub(super) fn name_before(&mut self, phrases: &[&str]) -> Option<Spanned<Name>> {
        let start = self.span();
        let mut words: Vec<&str> = Vec::new();
        while let Some(Token::Word(text) | Token::Quoted(text)) = self.peek() {
            words.push(text);
            self.advance();
            let end = self.span_from(start);
            if self.takes_any(phrases) {
                return Name::new(&words.join(" ")).map(|name| Spanned::new(name, end));
            }
        }
        None
    }

    /// A column's name: quoted or bracketed text as it is, or a run of bare words with `_` between them. `None`: there is none.
    pub(super) fn column(&mut self) -> Result<Option<Spanned<Identifier>>, Diagnostic> {
        let start = self.span();
        let text = match self.peek() {
            Some(Token::Quoted(text)) => text.clone(),
            Some(Token::Bracketed(text)) => text.replace(' ', "_"),
            _ => match self.bare_run() {
                Some(words) => return self.identifier(&words.replace(' ', "_"), self.span_from(start)).map(Some),
                None => return Ok(None),
            },
        };
        self.advance();
        self.identifier(&text, start).map(Some)
    }

    fn identifier(&self, text: &str, span: Span) -> Result<Spanned<Identifier>, Diagnostic> {
        match Diagnostic::uncertain_case(text, span) {
            Some(diagnostic) => Err(diagnostic),
            None => Ok(Spanned::new(Identifier::new(text), span)),
        }
    }

    /// A whole number of at least 1.
    pub(super) fn count(&mut self, what: &str) -> Result<Spanned<u32>, Diagnostic> {
        let span = self.span();
        let Some(Token::Number(number)) = self.peek() else {
            let diagnostic = self.expected(what, &[]);
            return Err(match habit::in_digits(self) {
                Some(help) => diagnostic.with_help(help),
                None => diagnostic,
            });
        };
        match number.parse::<u32>() {
            Ok(count) if count >= 1 => {
                self.advance();
                Ok(Spanned::new(count, span))
            }
            _ => {
                Err(Diagnostic::new(Code::BadNumber, span, format!("expected {what} of at least 1, found `{number}`")))
            }
        }
    }
}
