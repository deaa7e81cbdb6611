//! What people write out of habit, from SQL, other products or plain speech, and what to write instead.

use crate::language::diagnostic::{Code, Diagnostic};
use crate::language::lex::Token;
use crate::language::parse::cursor::Cursor;
use crate::language::parse::operand::literal;
use crate::language::syntax::{Comparison, Condition, Operand};

/// Words that people begin a sentence with, and the form that says it.
const OPENINGS: &[(&str, &str)] = &[
    ("nobody|none|noone may|can|should|shall|must", "write `deny everyone to ...`"),
    ("no one may|can|should|shall|must", "write `deny everyone to ...`"),
    ("nobody|noone", "write `deny everyone to ...`"),
    ("do|never not allow|let|permit", "write `deny ... to ...`, such as `deny everyone to drop`"),
    ("don't|never allow|let|permit", "write `deny ... to ...`, such as `deny everyone to drop`"),
    ("do not show|display|reveal", "write `hide column ...`"),
    ("never reveal|display", "write `hide column ...`"),
    ("show|reveal|display", "write `only show rows where ...` or `only show columns ...`"),
];

/// Words that begin a condition, which does not stand after actions.
pub(super) const CONDITIONS: [&str; 9] =
    ["unless", "but", "without", "except", "if", "when", "while", "outside", "provided"];

/// What to write for a sentence that does not begin with a verb.
pub(super) fn opening(cursor: &mut Cursor<'_>) -> Option<String> {
    if let Some((_, help)) = OPENINGS.iter().find(|(words, _)| cursor.sees(words)) {
        return Some((*help).to_owned());
    }
    let before = cursor.position();
    let mut who = None;
    // `analysts may only see`: whom it is about stands before the first of these.
    while !cursor.at_end() && who.is_none() {
        cursor.advance();
        if cursor.sees("may|can|must|should only") {
            who = Some(
                "write `only show rows where ... for members of group \"...\"` or `only show columns ... for ...`",
            );
        } else if cursor.sees("may|can|must|should not") {
            who = Some("write `deny members of group \"...\" to ...`");
        } else if cursor.sees("may|can") {
            who = Some("write `allow members of group \"...\" to ...`");
        }
    }
    cursor.rewind(before);
    who.map(str::to_owned)
}

/// A word that is no name, where people should be named: the form that it belongs to.
pub(super) fn no_name(cursor: &Cursor<'_>) -> Option<&'static str> {
    let forms = [
        ("by", "what can be lifted ends in `or by exception`"),
        ("not|without|but", "write `everyone except members of group \"...\"`"),
        ("unless", "write `everyone except those acting for purpose \"...\"`"),
        ("for", "write `those acting for purpose \"...\"`"),
        ("only", "leave out `only`: a rule is about those alone whom it names"),
        ("nobody", "write `deny everyone to ...`"),
    ];
    forms.into_iter().find(|(words, _)| cursor.sees(words)).map(|(_, help)| help)
}

/// What stands after actions and is no part of them.
pub(super) fn after_actions(cursor: &mut Cursor<'_>) -> Option<Diagnostic> {
    let before = cursor.position();
    if cursor.takes("for") {
        if [
            "everyone|everybody",
            "member|members",
            "user|users|people|those|anyone|someone",
            "group|groups|role|roles",
            "the group|role|user|users|members",
        ]
        .iter()
        .any(|word| cursor.sees(word))
        {
            cursor.rewind(before);
            let whom = "whom an `allow` is for stands before `to`: `allow members of group \"...\" to read`";
            return Some(cursor.expected("`for purpose`", &[]).with_help(whom));
        }
        let name = cursor.exact_name("a purpose").map_or_else(|_| "...".into(), |name| name.node);
        cursor.rewind(before);
        return Some(cursor.expected("`for purpose`", &[]).with_help(format!("write `for purpose \"{name}\"`")));
    }
    let conditions = "conditions come as `for purpose \"...\"`, or say whom: `allow those with ... to`, `deny everyone except ... to`";
    CONDITIONS
        .iter()
        .any(|word| cursor.sees(word))
        .then(|| cursor.expected("the end of the sentence", &[]).with_help(conditions))
}

/// What follows a whole sentence and was to narrow it.
pub(super) fn narrowing(cursor: &Cursor<'_>) -> Option<&'static str> {
    let forms = [
        ("but|unless|without", "write `except` and whom: `everyone except members of group \"...\"`"),
        ("outside", "write `except` and whom: `everyone except those with ...`"),
    ];
    forms.into_iter().find(|(words, _)| cursor.sees(words)).map(|(_, help)| help)
}

/// `the phone column`, `PII columns`: the word for what it is stands before a name.
pub(super) fn column_after_name(cursor: &mut Cursor<'_>) -> Option<Diagnostic> {
    let before = cursor.position();
    let start = cursor.span();
    let name = cursor.found();
    cursor.advance();
    let one = cursor.takes("column");
    let found = if one || cursor.takes("columns") {
        let span = cursor.span_from(start);
        let what = if one { "column" } else { "columns tagged" };
        let message = format!("`{what}` stands before the name");
        Some(Diagnostic::new(Code::UnexpectedText, span, message).with_help(format!("write `{what} {name}`")))
    } else {
        None
    };
    cursor.rewind(before);
    found
}

/// `country = 'PT' or 'ES'`: a value alone after `or` is no condition.
pub(super) fn further_value(cursor: &mut Cursor<'_>, last: Option<&Condition>) -> Option<Diagnostic> {
    let Some(Condition::Compare { left, operator, right: right @ Operand::Literal(_), .. }) = last else { return None };
    let word = match operator {
        Comparison::Equal => "in",
        Comparison::NotEqual => "not in",
        _ => return None,
    };
    let before = cursor.position();
    let start = cursor.span();
    let value = literal(cursor).ok().flatten();
    let span = cursor.span_from(start);
    let ends = cursor.at_end() || cursor.sees("for|or|and") || cursor.sees_symbol(")") || cursor.sees_symbol(",");
    cursor.rewind(before);
    let value = Operand::Literal(value.filter(|_| ends)?);
    let message = format!("{value} alone is no condition");
    Some(
        Diagnostic::new(Code::UnexpectedText, span, message)
            .with_help(format!("write `{left} {word} ({right}, {value})`")),
    )
}

/// `1,000`: the number without what separates its thousands.
pub(super) fn thousands(cursor: &Cursor<'_>) -> Option<String> {
    let (before, after) = cursor.around();
    let rest = after.strip_prefix(',')?;
    let digits = |c: char| c.is_ascii_digit();
    let first = before.rsplit(|c: char| !digits(c)).next()?;
    let more = rest.split(|c: char| !digits(c) && c != ',').next()?;
    let groups = more.split(',').all(|group| group.len() == 3);
    (groups && (1..=3).contains(&first.len()))
        .then(|| format!("write `{first}{}`: a number has nothing between its digits", more.replace(',', "")))
}

/// `four`: the number in digits.
pub(super) fn in_digits(cursor: &Cursor<'_>) -> Option<String> {
    let words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    let at = words.iter().position(|word| cursor.sees(word))?;
    Some(format!("write `{}`", at + 1))
}

/// `9am`, `5pm`, `9`: the time of day as the language writes it.
pub(super) fn clock_time(cursor: &Cursor<'_>) -> Option<String> {
    let (Some(Token::Word(word)) | Some(Token::Number(word))) = cursor.peek() else { return None };
    let word = word.to_lowercase();
    let (digits, half) = match (word.strip_suffix("am"), word.strip_suffix("pm")) {
        (Some(digits), _) => (digits, Some(0)),
        (_, Some(digits)) => (digits, Some(12)),
        _ => (word.as_str(), None),
    };
    let hour: u32 = digits.parse().ok()?;
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        None if hour < 24 => hour,
        _ => return None,
    };
    Some(format!("write `{hour:02}:00`"))
}
