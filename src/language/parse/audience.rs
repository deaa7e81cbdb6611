//! Whom a rule is about: `everyone except members of group "dba"`.

use crate::language::diagnostic::{Code, Diagnostic};
use crate::language::lex::Token;
use crate::language::parse::condition::{condition, primary};
use crate::language::parse::cursor::Cursor;
use crate::language::parse::habit;
use crate::language::syntax::{Audience, AudienceBase, Member};

const MEMBER_WORDS: &[&str] =
    &["everyone", "members", "user", "users", "those", "when", "owners", "stewards", "writers", "anyone"];

pub(super) fn audience(cursor: &mut Cursor<'_>) -> Result<Audience, Diagnostic> {
    let of = if cursor.takes_any(&["everyone|everybody", "all users", "anyone|anybody"]) {
        AudienceBase::Everyone
    } else {
        AudienceBase::AnyOf(members(cursor)?)
    };
    let except =
        if cursor.takes_any(&["except for", "except", "unless", "but not"]) { members(cursor)? } else { Vec::new() };
    if cursor.sees("except") {
        let message = "an audience has one `except`, which reaches to its end";
        return Err(Diagnostic::new(Code::UnexpectedText, cursor.span(), message)
            .with_help("write the alternatives after the one `except`, with `or` between them"));
    }
    Ok(Audience { of, except })
}

/// Alternatives, with `or` or commas between them.
pub(super) fn members(cursor: &mut Cursor<'_>) -> Result<Vec<Member>, Diagnostic> {
    let mut members = Vec::new();
    member(cursor, &mut members, Joined::ByOr)?;
    loop {
        if cursor.sees("or by exception") {
            return Ok(members);
        }
        let comma = cursor.takes_symbol(",");
        let or = cursor.takes("or");
        if comma || or {
            member(cursor, &mut members, Joined::ByOr)?;
        } else if cursor.sees("and") {
            let help = "write `or` between them for people who are either; write `those who are both A and B` for people \
                        who are both";
            return Err(Diagnostic::new(
                Code::AndBetweenAudiences,
                cursor.span(),
                "`and` between two audiences can be read in two ways",
            )
            .with_help(help));
        } else {
            return Ok(members);
        }
    }
}

/// How the members around are joined: inside `both A and B` a condition does not run on over `and`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joined {
    ByOr,
    ByAnd,
}

fn member(cursor: &mut Cursor<'_>, members: &mut Vec<Member>, joined: Joined) -> Result<(), Diagnostic> {
    cursor.skip(&["the", "any", "all", "to"]);
    if cursor.takes("those|people|users who are both") || cursor.takes("both") {
        members.push(cursor.nested(both)?);
    } else if cursor.takes("those|people|users|anyone|someone with|possessing") || cursor.takes("those|people for whom")
    {
        let read = if joined == Joined::ByAnd { primary } else { condition };
        members.push(Member::Those(cursor.of_people(read)?));
    } else if cursor.takes("owners") {
        of_the_domain(cursor);
        members.push(Member::Owners);
    } else if cursor.takes("stewards") {
        of_the_domain(cursor);
        members.push(Member::Stewards);
    } else if cursor.takes("writers") {
        of_the_domain(cursor);
        members.push(Member::Writers);
    } else {
        // `when user is acting for purpose`, `those who are members of group`, `users in the group`
        let people = cursor.sees("users in|who|acting|working|are|is");
        if cursor.takes("those|people|anyone") || cursor.takes("when|while|if") || (people && cursor.takes("users")) {
            cursor.takes_any(&["the user is|are", "user is|are", "users are", "they are", "who are|is", "is|are"]);
        }
        named(cursor, members)?;
    }
    Ok(())
}

fn of_the_domain(cursor: &mut Cursor<'_>) {
    cursor.takes_any(&["of the domain", "of its domain"]);
}

fn named(cursor: &mut Cursor<'_>, members: &mut Vec<Member>) -> Result<(), Diagnostic> {
    cursor.skip(&["a", "the"]);
    if cursor.takes("member|members of") || cursor.sees("in group|groups") {
        cursor.takes("in");
        cursor.skip(&["the", "a"]);
        cursor.demand(&["group", "groups"])?;
        members.push(Member::Group(cursor.exact_name("a group's name")?));
        more(cursor, members, |cursor| cursor.exact_name("a group's name").map(Member::Group))
    } else if cursor.takes("in role") || cursor.takes("with role") {
        members.push(Member::Role(cursor.exact_name("a role's name")?));
        more(cursor, members, |cursor| cursor.exact_name("a role's name").map(Member::Role))
    } else if cursor.takes("acting|working") {
        cursor.demand(&["for", "under"])?;
        cursor.skip(&["the"]);
        cursor.takes_any(&["purpose|purposes of", "purpose|purposes"]);
        members.push(Member::ActingFor(cursor.name("a purpose")?));
        more(cursor, members, |cursor| cursor.name("a purpose").map(Member::ActingFor))?;
        cursor.takes("purpose|purposes");
        Ok(())
    } else if cursor.takes("user|users") {
        members.push(Member::User(cursor.exact_name("a user's name")?));
        more(cursor, members, |cursor| cursor.exact_name("a user's name").map(Member::User))
    } else {
        Err(nobody(cursor))
    }
}

fn nobody(cursor: &Cursor<'_>) -> Diagnostic {
    let diagnostic = cursor.expected(
        "whom it is about: `everyone`, `members of group \"...\"`, `user \"...\"` or `those with ...`",
        MEMBER_WORDS,
    );
    if let Some(help) = habit::no_name(cursor) {
        diagnostic.with_help(help)
    } else if cursor.sees("group|groups") {
        diagnostic.with_help("write `members of group \"...\"`")
    } else if cursor.sees("role|roles") {
        diagnostic.with_help("write `those in role \"...\"`")
    } else if cursor.sees("purpose|purposes") {
        diagnostic.with_help("write `those acting for purpose \"...\"`")
    } else if matches!(cursor.peek(), Some(Token::Attribute(_))) {
        diagnostic.with_help(format!("write `those with {} ...`", cursor.found()))
    } else if diagnostic.help.is_none() && matches!(cursor.peek(), Some(Token::Quoted(_) | Token::Word(_))) {
        let name = cursor.found();
        let name = if name.starts_with(['"', '\'']) { name.to_owned() } else { format!("\"{name}\"") };
        diagnostic.with_help(format!("write `members of group {name}` or `user {name}`"))
    } else {
        diagnostic
    }
}

/// Further names of the same kind: `members of group "a", "b" or "c"`. Only quoted ones, a bare word may begin another member.
fn more(
    cursor: &mut Cursor<'_>,
    members: &mut Vec<Member>,
    read: impl Fn(&mut Cursor<'_>) -> Result<Member, Diagnostic>,
) -> Result<(), Diagnostic> {
    loop {
        let before = cursor.position();
        let comma = cursor.takes_symbol(",");
        let or = cursor.takes("or");
        if !(comma || or) || !matches!(cursor.peek(), Some(Token::Quoted(_))) {
            cursor.rewind(before);
            return Ok(());
        }
        members.push(read(cursor)?);
    }
}

fn both(cursor: &mut Cursor<'_>) -> Result<Member, Diagnostic> {
    let mut all = vec![one(cursor)?];
    cursor.demand(&["and"])?;
    all.push(one(cursor)?);
    while cursor.takes("and") {
        all.push(one(cursor)?);
    }
    let flat = all.into_iter().flat_map(|member| match member {
        Member::Both(inner) => inner,
        member => vec![member],
    });
    Ok(Member::Both(flat.collect()))
}

fn one(cursor: &mut Cursor<'_>) -> Result<Member, Diagnostic> {
    let start = cursor.span();
    let mut members = Vec::new();
    member(cursor, &mut members, Joined::ByAnd)?;
    match (members.pop(), members.is_empty()) {
        (Some(one), true) => Ok(one),
        _ => Err(Diagnostic::new(
            Code::UnexpectedText,
            cursor.span_from(start),
            "several names between `both` and `and` can be read in two ways",
        )
        .with_help("name one group, role, user or purpose on each side of `and`")),
    }
}
