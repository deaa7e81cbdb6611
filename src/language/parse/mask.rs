//! Masks in a sentence: `null`, `keep last 4`, `regex '...' replaced by '...'`.

use crate::language::diagnostic::{Code, Diagnostic};
use crate::language::lex::Token;
use crate::language::parse::cursor::Cursor;
use crate::language::parse::operand::literal;
use crate::language::syntax::{MaskWord, Spanned};
use crate::model::mask::{Mask, Period, Step};
use crate::model::regex::{Regex, RegexPart};

const MASKS: &[&str] = &[
    "null",
    "constant",
    "hash",
    "pseudonym",
    "format preserving",
    "keep first",
    "keep last",
    "email domain",
    "regex",
    "round to",
    "bucket",
    "truncate to",
    "sql",
];

/// Words that people know from other products, for masks that are not there, and what comes nearest.
const UNAVAILABLE: &[(&str, &str)] = &[
    (
        "encrypt|encryption|encrypting|tokenize|tokenization|tokens",
        "`format preserving` can be reversed, `pseudonym` cannot",
    ),
    (
        "redact|redaction|redacting|redacted|blank|blanks|remove|nothing|empty|zero|zeros",
        "write `null` or `constant '...'`",
    ),
    (
        "noise|jitter|random|randomize|randomizing|shuffle|shuffling",
        "`round to` and `bucket` give numbers that are less exact",
    ),
    ("k-anonymity|k-anonymization", "`bucket` and `truncate to` make groups of values"),
];

pub(super) fn mask(cursor: &mut Cursor<'_>) -> Result<MaskWord, Diagnostic> {
    cursor.skip(&["a", "the", "its", "their", "making", "using", "them", "it"]);
    if cursor.takes("null|nulls|nulling") {
        return Ok(MaskWord::Known(Mask::Null));
    }
    if cursor.takes("hash|hashing|hashes|hashed") {
        return Ok(MaskWord::Known(Mask::Hash));
    }
    if cursor.takes("pseudonym|pseudonyms|pseudonymization|pseudonymizing") {
        return Ok(MaskWord::Known(Mask::Pseudonym));
    }
    if cursor.takes_any(&["format preserving|preservation encryption", "format preserving|preservation"])
        || cursor.takes_any(&["format-preserving encryption", "format-preserving"])
    {
        return Ok(MaskWord::Known(Mask::FormatPreserving));
    }
    if cursor.takes("constant") {
        return match literal(cursor)? {
            Some(value) => Ok(MaskWord::Known(Mask::Constant(value.node))),
            None => Err(cursor.expected("the constant, in quotes or a number", &[])),
        };
    }
    if cursor.takes_any(&["email domain|domains", "e-mail domain|domains"]) {
        return Ok(MaskWord::Known(Mask::EmailDomain));
    }
    if cursor.takes_any(&["keep|keeping first", "first"]) {
        return Ok(MaskWord::Known(Mask::KeepFirst(kept(cursor)?)));
    }
    if cursor.takes_any(&["keep|keeping last", "last"]) {
        return Ok(MaskWord::Known(Mask::KeepLast(kept(cursor)?)));
    }
    if cursor.takes_any(&["regex", "regular expression|expressions"]) {
        return regex(cursor).map(|regex| MaskWord::Known(Mask::Regex(regex)));
    }
    if cursor.takes("round|rounding|rounded to") {
        return step(cursor).map(|step| MaskWord::Known(Mask::Round(step)));
    }
    if cursor.takes("bucket|buckets|bucketing") {
        cursor.takes("of|to|by|into");
        return step(cursor).map(|width| MaskWord::Known(Mask::Bucket(width)));
    }
    if cursor.takes("truncate|truncated|truncating|truncation to") {
        return period(cursor).map(|period| MaskWord::Known(Mask::Truncate(period)));
    }
    if cursor.takes("sql") {
        return sql(cursor);
    }
    Err(unknown_mask(cursor))
}

fn kept(cursor: &mut Cursor<'_>) -> Result<u32, Diagnostic> {
    let count = cursor.count("a number of characters")?;
    cursor.takes("character|characters|digit|digits|letter|letters");
    if count.node > 10_000 {
        return Err(Diagnostic::new(Code::BadNumber, count.span, "at most 10000 characters can be kept"));
    }
    Ok(count.node)
}

fn period(cursor: &mut Cursor<'_>) -> Result<Period, Diagnostic> {
    cursor.takes("the");
    for (words, period) in [("year|years", Period::Year), ("month|months", Period::Month), ("day|days", Period::Day)] {
        if cursor.takes(words) {
            return Ok(period);
        }
    }
    Err(cursor.expected("`year`, `month` or `day`", &["year", "month", "day"]))
}

fn sql(cursor: &mut Cursor<'_>) -> Result<MaskWord, Diagnostic> {
    let text = quoted(cursor, "SQL text in quotes")?;
    Ok(MaskWord::Sql(Spanned::new(text.node.into(), text.span)))
}

fn step(cursor: &mut Cursor<'_>) -> Result<Step, Diagnostic> {
    let step = cursor.count("a whole number")?;
    Step::new(step.node).ok_or_else(|| Diagnostic::new(Code::BadNumber, step.span, "a step is from 1 to 1000000000"))
}

fn regex(cursor: &mut Cursor<'_>) -> Result<Regex, Diagnostic> {
    let pattern = quoted(cursor, "the pattern in quotes")?;
    cursor.demand(&["replaced by", "replaced with", "becoming", "to", "with", "by"])?;
    let replacement = quoted(cursor, "the replacement in quotes")?;
    Regex::new(&pattern.node, &replacement.node).map_err(|mistake| {
        let span = match mistake.part {
            RegexPart::Pattern => pattern.span,
            RegexPart::Replacement => replacement.span,
        };
        Diagnostic::new(Code::BadRegex, cursor.within_quotes(span, &mistake.range), mistake.what)
    })
}

fn quoted(cursor: &mut Cursor<'_>, what: &str) -> Result<Spanned<String>, Diagnostic> {
    let span = cursor.span();
    let Some(Token::Quoted(text)) = cursor.peek() else { return Err(cursor.expected(what, &[])) };
    cursor.advance();
    Ok(Spanned::new(text.clone(), span))
}

fn unknown_mask(cursor: &Cursor<'_>) -> Diagnostic {
    if let Some((_, instead)) = UNAVAILABLE.iter().find(|(words, _)| cursor.sees(words)) {
        return Diagnostic::new(Code::MaskNotAvailable, cursor.span(), "there is no such mask").with_help(*instead);
    }
    let diagnostic = cursor.expected("a mask, such as `null`, `hash`, `constant '...'` or `keep last 4`", MASKS);
    match cursor.peek() {
        Some(Token::Number(_) | Token::Date(_) | Token::Quoted(_)) => {
            let value = cursor.found();
            diagnostic.with_help(format!("write `constant {value}` to show that in place of every value"))
        }
        Some(Token::Word(word)) if word.chars().all(|c| c == '*') => {
            diagnostic.with_help(format!("write `constant '{word}'`, or `keep last 4` to show the end"))
        }
        _ if cursor.sees("sha256|sha-256|sha|sha1|sha-1|sha512|sha-512|md5|fingerprint") => {
            diagnostic.with_help("write `hash`, which is SHA-256")
        }
        _ => diagnostic,
    }
}
