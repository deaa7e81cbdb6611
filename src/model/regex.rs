//! Regular expressions of masks: those that Trino's two engines (JONI, which goes back and tries again, and RE2J) take alike.
//!
//! A pattern is about the whole value, and the replacement says all that is shown, so that nothing of a value is shown that the
//! rule's author did not name. What the engines read in different ways is refused: so are assertions, flags, Unicode classes and
//! references back. So is what could keep JONI busy for ever.

use std::ops::Range;
use std::sync::Arc;

use regex_syntax::ast::parse::ParserBuilder;
use regex_syntax::ast::{
    Assertion, AssertionKind, Ast, ClassPerl, ClassPerlKind, ClassSet, ClassSetItem, GroupKind, Literal, Repetition,
    RepetitionKind, RepetitionRange, Span,
};

/// In how many ways a pattern may match at most; an unbounded repetition counts as [`UNBOUNDED`].
// INVARIANT: repetitions do not nest and there are four unbounded ones at most, so that a text of n characters is tried in fewer
// ways than n to the power of four, and in so many only where all four take the same characters.
const MOST_WAYS: u64 = 1_000_000_000_000;
const UNBOUNDED: u64 = 1_000;
const LONGEST: usize = 1_000;
const MOST_GROUPS: usize = 9;
const DEEPEST_NESTING: u32 = 16;
/// RE2J takes no more.
const MOST_REPETITIONS: u32 = 1_000;

/// A pattern for the whole value, and what is shown in its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Regex {
    pattern: Arc<str>,
    replacement: Arc<str>,
    normal: Arc<str>,
}

/// Why a pattern or replacement is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegexMistake {
    /// Which of the two texts it is in.
    pub part: RegexPart,
    /// The bytes of that text that are wrong.
    pub range: Range<usize>,
    /// What is wrong, and what would do.
    pub what: String,
}

/// One of the two texts of a [`Regex`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegexPart {
    /// The pattern.
    Pattern,
    /// The replacement.
    Replacement,
}

impl Regex {
    /// Reads a pattern and its replacement: text in which `$1` to `$9` are the pattern's groups, and `\$` and `\\` the signs.
    pub fn new(pattern: &str, replacement: &str) -> Result<Self, RegexMistake> {
        let wrong = |part| move |(range, what): Wrong| RegexMistake { part, range, what };
        let mut reader = Reader { ways: 1, groups: 0, normal: String::new() };
        reader.pattern(pattern).map_err(wrong(RegexPart::Pattern))?;
        check_replacement(replacement, reader.groups).map_err(wrong(RegexPart::Replacement))?;
        Ok(Self {
            pattern: Arc::from(pattern),
            replacement: Arc::from(replacement),
            normal: Arc::from(format!("\\A(?:{})\\z", reader.normal)),
        })
    }

    /// The pattern as its author wrote it.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// The replacement as its author wrote it, which is how Trino's `regexp_replace` reads it too.
    pub fn replacement(&self) -> &str {
        &self.replacement
    }

    /// The pattern for the whole value, in signs that both of Trino's engines read alike: `\d` is `[0-9]`.
    pub fn normal(&self) -> &str {
        &self.normal
    }
}

type Wrong = (Range<usize>, String);

fn at(span: &Span, what: &str) -> Wrong {
    (span.start.offset..span.end.offset, what.to_owned())
}

/// `$1` to `$9`, of groups that there are; `\` before `$` and `\`.
// INVARIANT: there are nine groups at most, so a digit after `$1` is never read as part of the number.
fn check_replacement(replacement: &str, groups: usize) -> Result<(), Wrong> {
    if replacement.len() > LONGEST {
        return Err((0..replacement.len(), format!("a replacement has {LONGEST} bytes at most")));
    }
    let mut characters = replacement.char_indices();
    while let Some((start, c)) = characters.next() {
        if c != '$' && c != '\\' {
            continue;
        }
        let next = characters.next();
        let range = start..next.map_or(replacement.len(), |(at, c)| at + c.len_utf8());
        match (c, next.map(|(_, next)| next)) {
            ('\\', Some('$' | '\\')) => {}
            ('\\', _) => return Err((range, "`\\` stands before `$` or another `\\` only".to_owned())),
            (_, Some('0')) => return Err((range, "`$0` is the whole value, which a mask may not show".to_owned())),
            (_, Some(digit @ '1'..='9')) => {
                if digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()) > Some(groups) {
                    return Err((range, format!("there is no group {digit}: the pattern has {groups}")));
                }
            }
            _ => return Err((range, "`$` stands before a group's number; the sign itself is `\\$`".to_owned())),
        }
    }
    Ok(())
}

/// Where a part of a pattern stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Matched exactly once in every match.
    Always,
    /// In an alternative.
    Alternative,
    /// In a repetition.
    Repeated,
}

struct Reader {
    ways: u64,
    groups: usize,
    normal: String,
}

impl Reader {
    fn pattern(&mut self, pattern: &str) -> Result<(), Wrong> {
        if pattern.is_empty() || pattern.len() > LONGEST {
            return Err((0..pattern.len(), format!("a pattern has 1 to {LONGEST} bytes")));
        }
        let ast = ParserBuilder::new()
            .nest_limit(DEEPEST_NESTING)
            .build()
            .parse(pattern)
            .map_err(|error| at(error.span(), &error.kind().to_string()))?;
        // The pattern is about the whole value, so these two say nothing where they stand.
        let is = |ast: &Ast, wanted: &[AssertionKind]| matches!(ast, Ast::Assertion(is) if wanted.contains(&is.kind));
        let starts = |ast: &Ast| is(ast, &[AssertionKind::StartLine, AssertionKind::StartText]);
        let ends = |ast: &Ast| is(ast, &[AssertionKind::EndLine, AssertionKind::EndText]);
        match &ast {
            Ast::Concat(concat) => {
                let mut parts = concat.asts.as_slice();
                if let [first, rest @ ..] = parts
                    && starts(first)
                {
                    parts = rest;
                }
                if let [rest @ .., last] = parts
                    && ends(last)
                {
                    parts = rest;
                }
                parts.iter().try_for_each(|part| self.part(part, Place::Always))?;
            }
            ast => self.part(ast, Place::Always)?,
        }
        if self.ways > MOST_WAYS {
            let what =
                "this can match in too many ways to be tried on every value: use fewer repetitions, or bounded ones";
            return Err((0..pattern.len(), what.to_owned()));
        }
        Ok(())
    }

    fn part(&mut self, ast: &Ast, place: Place) -> Result<(), Wrong> {
        match ast {
            Ast::Empty(_) => Ok(()),
            Ast::Literal(literal) => {
                self.literal(literal);
                Ok(())
            }
            Ast::Dot(_) => {
                self.normal.push('.');
                Ok(())
            }
            Ast::ClassPerl(class) => {
                self.normal.push_str(if class.negated { "[^" } else { "[" });
                self.perl(class);
                self.normal.push(']');
                Ok(())
            }
            Ast::ClassBracketed(class) => {
                self.normal.push_str(if class.negated { "[^" } else { "[" });
                match &class.kind {
                    ClassSet::Item(item) => self.item(item)?,
                    ClassSet::BinaryOp(operation) => {
                        return Err(at(
                            &operation.span,
                            "sets of characters cannot be joined here: list the characters",
                        ));
                    }
                }
                self.normal.push(']');
                Ok(())
            }
            Ast::Concat(concat) => concat.asts.iter().try_for_each(|part| self.part(part, place)),
            Ast::Alternation(alternation) if place == Place::Repeated => {
                Err(at(&alternation.span, "an alternative cannot be repeated: use a set, such as `[ab]`"))
            }
            Ast::Alternation(alternation) => {
                self.ways = self.ways.saturating_mul(u64::try_from(alternation.asts.len()).unwrap_or(u64::MAX));
                for (index, part) in alternation.asts.iter().enumerate() {
                    if index > 0 {
                        self.normal.push('|');
                    }
                    self.part(part, Place::Alternative)?;
                }
                Ok(())
            }
            Ast::Group(group) => match &group.kind {
                GroupKind::CaptureIndex(_) if place != Place::Always => {
                    Err(at(&group.span, "a group must be in every match exactly once: write `(?:...)` here"))
                }
                GroupKind::CaptureIndex(_) => {
                    self.groups += 1;
                    if self.groups > MOST_GROUPS {
                        return Err(at(&group.span, "there can be nine groups: write `(?:...)` for what is not shown"));
                    }
                    self.grouped("(", &group.ast, place)
                }
                GroupKind::NonCapturing(flags) if flags.items.is_empty() => self.grouped("(?:", &group.ast, place),
                GroupKind::NonCapturing(_) => {
                    Err(at(&group.span, "flags are not possible: write `[Aa]` for both cases"))
                }
                GroupKind::CaptureName { .. } => {
                    Err(at(&group.span, "groups have no names here: write `(...)` and `$1`"))
                }
            },
            Ast::Repetition(repetition) => self.repetition(repetition, place),
            Ast::Assertion(assertion) => Err(assertion_refused(assertion)),
            Ast::Flags(flags) => Err(at(&flags.span, "flags are not possible: write `[Aa]` for both cases")),
            Ast::ClassUnicode(class) => {
                Err(at(&class.span, "Unicode classes differ between engines: list the characters"))
            }
        }
    }

    fn grouped(&mut self, open: &str, inner: &Ast, place: Place) -> Result<(), Wrong> {
        self.normal.push_str(open);
        self.part(inner, place)?;
        self.normal.push(')');
        Ok(())
    }

    fn repetition(&mut self, repetition: &Repetition, place: Place) -> Result<(), Wrong> {
        if place == Place::Repeated {
            return Err(at(&repetition.span, "a repetition cannot be in another one"));
        }
        if matches!(*repetition.ast, Ast::Repetition(_)) {
            return Err(at(
                &repetition.op.span,
                "one repetition does not follow another: what the second means differs",
            ));
        }
        let (least, most) = match &repetition.op.kind {
            RepetitionKind::ZeroOrOne => (0, Some(1)),
            RepetitionKind::ZeroOrMore => (0, None),
            RepetitionKind::OneOrMore => (1, None),
            RepetitionKind::Range(RepetitionRange::Exactly(count)) => (*count, Some(*count)),
            RepetitionKind::Range(RepetitionRange::AtLeast(least)) => (*least, None),
            RepetitionKind::Range(RepetitionRange::Bounded(least, most)) => (*least, Some(*most)),
        };
        if most == Some(0) || most.unwrap_or(least) > MOST_REPETITIONS {
            return Err(at(&repetition.op.span, "a repetition is from 1 to 1000 times"));
        }
        // What is there or not is no loop.
        let within = if most == Some(1) { Place::Alternative } else { Place::Repeated };
        self.part(&repetition.ast, within)?;
        let ways = most.map_or(UNBOUNDED, |most| u64::from(most - least) + 1);
        self.ways = self.ways.saturating_mul(ways);
        let written = match (least, most) {
            (0, None) => "*".to_owned(),
            (1, None) => "+".to_owned(),
            (least, None) => format!("{{{least},}}"),
            (0, Some(1)) => "?".to_owned(),
            (least, Some(most)) if least == most => format!("{{{least}}}"),
            (least, Some(most)) => format!("{{{least},{most}}}"),
        };
        self.normal.push_str(&written);
        // An exact count is the same either way, and engines read its `?` in different ways.
        if !repetition.greedy && most != Some(least) {
            self.normal.push('?');
        }
        Ok(())
    }

    fn item(&mut self, item: &ClassSetItem) -> Result<(), Wrong> {
        match item {
            ClassSetItem::Empty(_) => Ok(()),
            ClassSetItem::Literal(literal) => {
                self.literal(literal);
                Ok(())
            }
            ClassSetItem::Range(range) => {
                self.literal(&range.start);
                self.normal.push('-');
                self.literal(&range.end);
                Ok(())
            }
            ClassSetItem::Perl(class) if !class.negated => {
                self.perl(class);
                Ok(())
            }
            ClassSetItem::Union(union) => union.items.iter().try_for_each(|item| self.item(item)),
            ClassSetItem::Perl(_) | ClassSetItem::Ascii(_) | ClassSetItem::Unicode(_) | ClassSetItem::Bracketed(_) => {
                Err(at(item.span(), "a set lists characters, ranges such as `a-z`, and `\\d`, `\\w`, `\\s`"))
            }
        }
    }

    fn perl(&mut self, class: &ClassPerl) {
        self.normal.push_str(match class.kind {
            ClassPerlKind::Digit => "0-9",
            ClassPerlKind::Word => "0-9A-Za-z_",
            ClassPerlKind::Space => r"\t\n\f\r ",
        });
    }

    fn literal(&mut self, literal: &Literal) {
        if "\\.+*?()|[]{}^$-&~#".contains(literal.c) {
            self.normal.push('\\');
        }
        self.normal.push(literal.c);
    }
}

fn assertion_refused(assertion: &Assertion) -> Wrong {
    let what = match assertion.kind {
        AssertionKind::StartLine | AssertionKind::StartText => {
            "`^` can only be first: a pattern is about the whole value"
        }
        AssertionKind::EndLine | AssertionKind::EndText => "`$` can only be last: a pattern is about the whole value",
        _ => "word boundaries differ between engines: name the characters",
    };
    at(&assertion.span, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_engines_take_alike_is_brought_to_one_form() {
        let cases = [
            (r"\d{3}-(\d{4})", r"\A(?:[0-9]{3}\-([0-9]{4}))\z"),
            (r"^(.)[^@]*@(.+)$", r"\A(?:(.)[^@]*@(.+))\z"),
            (r"(?:ab)?[\w.\-]+?", r"\A(?:(?:ab)?[0-9A-Za-z_\.\-]+?)\z"),
            (r"\S(a|b)", r"\A(?:[^\t\n\f\r ](a|b))\z"),
            (r"\$\x41é", r"\A(?:\$Aé)\z"),
            (r"a|b", r"\A(?:a|b)\z"),
            (r"(\d+)(?:\.\d+|,x)?", r"\A(?:([0-9]+)(?:\.[0-9]+|,x)?)\z"),
        ];
        for (pattern, normal) in cases {
            assert_eq!(Regex::new(pattern, "x").unwrap().normal(), normal, "{pattern}");
        }
    }

    #[test]
    fn what_they_read_in_two_ways_or_never_finish_is_refused() {
        let refused = [
            ("", 0..0),
            (r"(a+)+", 0..4),
            (r"(?:a|b)*", 3..6),
            (r"(a)?", 0..3),
            (r"(?:(a)|b)", 3..6),
            (r"(?:(?:a+)?)+", 3..10),
            (r"(?i)a", 0..4),
            (r"(?i:a)", 0..6),
            (r"(?<x>a)", 0..7),
            (r"\bword", 0..2),
            (r"a$b", 1..2),
            (r"a^b", 1..2),
            (r"\p{L}", 0..5),
            (r"[[:alpha:]]", 1..10),
            (r"[a&&b]", 1..5),
            (r"[\D]", 1..3),
            (r"(a", 0..1),
            (r"a{2,1}", 1..6),
            (r"a{0}", 1..4),
            (r"a{1001}", 1..7),
            (r".*a.*b.*c.*d.*e", 0..15),
            (r"(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)", 27..30),
            (r"(?=a)", 0..3),
            (r"\1", 0..2),
        ];
        for (pattern, range) in refused {
            let mistake = Regex::new(pattern, "x").unwrap_err();
            assert_eq!((mistake.part, mistake.range), (RegexPart::Pattern, range), "{pattern}: {}", mistake.what);
        }
        for (replacement, range) in
            [("$0", 0..2), ("a$2", 1..3), ("a$", 1..2), (r"a\b", 1..3), ("$x", 0..2), ("$é", 0..3)]
        {
            let mistake = Regex::new("(.)", replacement).unwrap_err();
            assert_eq!(
                (mistake.part, mistake.range),
                (RegexPart::Replacement, range),
                "{replacement}: {}",
                mistake.what
            );
        }
        assert!(Regex::new("(.)", r"$10\$\\*").is_ok());
    }
}
