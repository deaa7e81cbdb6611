//! Text to tokens.

use crate::language::diagnostic::{Code, Diagnostic};
use crate::language::syntax::Span;

/// The longest text that is read, in bytes. A sentence is a line or two; what is longer is a mistake or an attack.
pub(crate) const LONGEST_TEXT: usize = 16 * 1024;

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A run of letters, digits, `_`, `$`, `*`, with `-` and `.` inside: `read`, `PII.Email`, `lake.finance.*`.
    Word(String),
    /// `90`, `-1.5`
    Number(String),
    /// `2027-01-01`
    Date(jiff::civil::Date),
    /// `08:00`
    Time(jiff::civil::Time),
    /// Text in quotes of any kind, without them.
    Quoted(String),
    /// `@country`, `[@country of employment]`, without the sign.
    Attribute(String),
    /// `[Business Line]`, without the brackets.
    Bracketed(String),
    /// `=`, `<>` (also written `!=`), `<`, `<=`, `>`, `>=`, `(`, `)`, `,`, `.`
    Symbol(&'static str),
}

/// A token and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Lexeme {
    pub(crate) token: Token,
    pub(crate) span: Span,
}

/// Reads a whole text.
pub(crate) fn lex(text: &str) -> Result<Vec<Lexeme>, Diagnostic> {
    if text.len() > LONGEST_TEXT {
        let span = Span { start: 0, end: text.len() };
        return Err(Diagnostic::new(Code::TooMuch, span, format!("a sentence may have {LONGEST_TEXT} bytes at most")));
    }
    let mut lexer = Lexer { text, at: 0 };
    let mut lexemes = Vec::new();
    while let Some(lexeme) = lexer.next()? {
        lexemes.push(lexeme);
    }
    // A pasted sentence may end in a full stop.
    if lexemes.last().is_some_and(|last| last.token == Token::Symbol(".")) {
        lexemes.pop();
    }
    Ok(lexemes)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn peek_second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> String {
        let taken: String = self.rest().chars().take_while(|c| accept(*c)).collect();
        self.at += taken.len();
        taken
    }

    fn next(&mut self) -> Result<Option<Lexeme>, Diagnostic> {
        self.take_while(char::is_whitespace);
        let start = self.at;
        let Some(first) = self.peek() else { return Ok(None) };
        let token = if let Some(close) = closing_quote(first) {
            self.quoted(first, close)?
        } else if first == '@' {
            self.at += 1;
            let name = self.take_while(|c| is_word_char(c) || c == '-');
            if name.is_empty() {
                let span = Span { start, end: self.at };
                return Err(Diagnostic::new(Code::UnexpectedText, span, "`@` must be followed by an attribute's name"));
            }
            Token::Attribute(name)
        } else if first == '[' {
            self.bracketed()?
        } else if first.is_ascii_digit() || (first == '-' && self.peek_second().is_some_and(|c| c.is_ascii_digit())) {
            self.number_like()
        } else if is_word_char(first) {
            Token::Word(self.word())
        } else {
            self.symbol(first)?
        };
        Ok(Some(Lexeme { token, span: Span { start, end: self.at } }))
    }

    fn quoted(&mut self, open: char, close: char) -> Result<Token, Diagnostic> {
        let start = self.at;
        self.at += open.len_utf8();
        let mut content = String::new();
        loop {
            let Some(c) = self.peek() else {
                let span = Span { start, end: start + open.len_utf8() };
                return Err(Diagnostic::new(Code::UnclosedQuote, span, format!("this `{open}` is never closed"))
                    .with_help(format!("add the closing `{close}`; a quote inside the text is written twice")));
            };
            self.at += c.len_utf8();
            if c != close {
                content.push(c);
            } else if open == close && self.peek() == Some(close) {
                self.at += close.len_utf8();
                content.push(close);
            } else {
                return Ok(Token::Quoted(content));
            }
        }
    }

    fn bracketed(&mut self) -> Result<Token, Diagnostic> {
        let start = self.at;
        self.at += 1;
        let mut content = String::new();
        loop {
            content.push_str(&self.take_while(|c| c != ']'));
            if self.peek() != Some(']') {
                let span = Span { start, end: start + 1 };
                return Err(Diagnostic::new(Code::UnclosedQuote, span, "this `[` is never closed"));
            }
            self.at += 1;
            // As in quotes, the closing sign written twice is one of the text.
            if self.peek() != Some(']') {
                break;
            }
            self.at += 1;
            content.push(']');
        }
        let content = content.trim();
        match content.strip_prefix('@') {
            Some(name) if !name.trim().is_empty() => Ok(Token::Attribute(name.trim().to_owned())),
            None if !content.is_empty() => Ok(Token::Bracketed(content.to_owned())),
            _ => {
                let span = Span { start, end: self.at };
                Err(Diagnostic::new(Code::UnexpectedText, span, "there is no name between the brackets"))
            }
        }
    }

    fn number_like(&mut self) -> Token {
        let start = self.at;
        if self.peek() == Some('-') {
            self.at += 1;
        }
        let mut text = self.take_while(|c| is_word_char(c) || c == ':');
        while matches!(self.peek(), Some('-' | '.')) && self.peek_second().is_some_and(is_word_char) {
            text.extend(self.peek());
            self.at += 1;
            text.push_str(&self.take_while(|c| is_word_char(c) || c == ':'));
        }
        let written = self.text.get(start..self.at).unwrap_or("");
        if let Ok(date) = written.parse::<jiff::civil::Date>()
            && written.len() == 10
        {
            return Token::Date(date);
        }
        if written.contains(':')
            && let Ok(time) = written.parse::<jiff::civil::Time>()
        {
            return Token::Time(time);
        }
        if written.strip_prefix('-').unwrap_or(written).chars().all(|c| c.is_ascii_digit() || c == '.') {
            return Token::Number(written.to_owned());
        }
        Token::Word(written.to_owned())
    }

    fn word(&mut self) -> String {
        let mut word = self.take_while(is_word_char);
        loop {
            match (self.peek(), self.peek_second()) {
                (Some(joint @ ('-' | '.')), Some(next)) if is_word_char(next) => {
                    word.push(joint);
                    self.at += 1;
                    word.push_str(&self.take_while(is_word_char));
                }
                (Some(apostrophe @ ('\'' | '’')), Some('s'))
                    if !self.rest().chars().nth(2).is_some_and(is_word_char) =>
                {
                    word.push_str("'s");
                    self.at += apostrophe.len_utf8() + 1;
                }
                _ => return word,
            }
        }
    }

    fn symbol(&mut self, first: char) -> Result<Token, Diagnostic> {
        for (written, symbol) in [
            ("<>", "<>"),
            ("!=", "<>"),
            ("<=", "<="),
            (">=", ">="),
            ("≤", "<="),
            ("≥", ">="),
            ("≠", "<>"),
            ("==", "="),
            ("=", "="),
            ("<", "<"),
            (">", ">"),
            ("(", "("),
            (")", ")"),
            (",", ","),
            (".", "."),
        ] {
            if self.rest().starts_with(written) {
                self.at += written.len();
                return Ok(Token::Symbol(symbol));
            }
        }
        let span = Span { start: self.at, end: self.at + first.len_utf8() };
        let diagnostic = Diagnostic::new(Code::UnexpectedText, span, format!("`{first}` means nothing here"));
        Err(match first {
            '&' => diagnostic.with_help("write `and`"),
            '|' => diagnostic.with_help("write `or`"),
            '/' => match self.slashed_date() {
                Some(help) => diagnostic.with_help(help),
                None => diagnostic,
            },
            '!' => diagnostic.with_help("write `not` before what is not to hold"),
            _ => diagnostic,
        })
    }
}

impl Lexer<'_> {
    /// `01/02/2026`, read up to its first `/`: the dates that it can be.
    fn slashed_date(&self) -> Option<String> {
        let number = |text: &str| text.parse::<i8>().ok();
        let first = number(self.text.get(..self.at)?.rsplit(|c: char| !c.is_ascii_digit()).next()?)?;
        let (second, year) = self.rest().strip_prefix('/')?.split_once('/')?;
        let (second, year) = (number(second)?, year.get(..4)?.parse::<i16>().ok()?);
        let dates =
            [(second, first), (first, second)].map(|(month, day)| jiff::civil::Date::new(year, month, day).ok());
        match dates {
            [Some(one), Some(other)] if one != other => Some(format!("write `{one}` or `{other}`: year, month, day")),
            [Some(date), _] | [_, Some(date)] => Some(format!("write `{date}`: year, month, day")),
            [None, None] => None,
        }
    }
}

fn closing_quote(open: char) -> Option<char> {
    match open {
        '\'' | '"' | '`' => Some(open),
        '“' | '„' => Some('”'),
        '‘' | '‚' => Some('’'),
        '«' => Some('»'),
        _ => None,
    }
}

/// Characters that words are made of.
pub(crate) fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$' || c == '*'
}
