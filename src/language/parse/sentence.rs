//! The forms of a sentence. The order is fixed: verb, what, how, `where`, audience, purpose.

use crate::language::diagnostic::{Code, Diagnostic};
use crate::language::lex::Token;
use crate::language::parse::audience::{audience, members};
use crate::language::parse::columns::columns;
use crate::language::parse::condition::condition;
use crate::language::parse::cursor::Cursor;
use crate::language::parse::habit;
use crate::language::parse::mask::mask;
use crate::language::syntax::{
    ActionWord, Audience, AudienceBase, ColumnTarget, Condition, Lifting, MaskWord, Rule, Sentence, Spanned,
};
use crate::model::name::Name;

const VERBS: &[&str] = &[
    "allow",
    "deny",
    "only show rows where",
    "only show columns",
    "mask",
    "hide",
    "limit use to purpose",
    "never show",
];

/// Words that people know from other products for what nothing in Trino's access control can do.
const NOT_ENFORCEABLE: &[(&str, &str)] = &[
    ("aggregate|aggregates|aggregated", "publish a view with the aggregates and allow its owner to `share`"),
    ("require|enforce", "publish a view with the wanted shape and allow its owner to `share`"),
    ("join|joins|joining", "publish the permitted join as a view and allow its owner to `share`"),
    ("limit rows|row|results|queries", "use Trino's own limits: query.max-scan-physical-bytes, resource groups"),
    ("forbid|prevent joining|joins", "publish the permitted join as a view and allow its owner to `share`"),
];

pub(super) fn rule(cursor: &mut Cursor<'_>) -> Result<Rule, Diagnostic> {
    let sentence = sentence(cursor)?;
    let lifting = if cursor.takes("or by exception") { Lifting::ByException } else { Lifting::Never };
    Ok(Rule { sentence, lifting })
}

fn sentence(cursor: &mut Cursor<'_>) -> Result<Sentence, Diagnostic> {
    cursor.takes("please");
    if cursor.takes("allow|allows|permit|let") {
        allow(cursor)
    } else if cursor.takes("deny|denies|forbid") {
        deny(cursor)
    } else if cursor.takes_any(&["only show|shows", "show|shows only"]) {
        only_show(cursor)
    } else if cursor.takes("mask|masks") {
        mask_columns(cursor)
    } else if cursor.takes("hide|hides") {
        let columns = cursor.recover(&["for"], hidden);
        let audience = restricted(cursor);
        let (columns, audience) = cursor.both(columns, audience)?;
        Ok(Sentence::HideColumns { columns, audience })
    } else if cursor.takes("limit|limits use|usage to the") {
        limit_use(cursor)
    } else if cursor.takes("never show|shows") {
        never_show(cursor)
    } else {
        Err(unknown_verb(cursor))
    }
}

fn unknown_verb(cursor: &mut Cursor<'_>) -> Diagnostic {
    if let Some(diagnostic) = not_enforceable(cursor) {
        return diagnostic;
    }
    let what = "a rule's verb: `allow`, `deny`, `only show`, `mask`, `hide`, `limit use` or `never show`";
    let diagnostic = cursor.expected(what, VERBS);
    match habit::opening(cursor) {
        Some(help) => diagnostic.with_help(help),
        None => diagnostic,
    }
}

fn not_enforceable(cursor: &Cursor<'_>) -> Option<Diagnostic> {
    let (_, instead) = NOT_ENFORCEABLE.iter().find(|(words, _)| cursor.sees(words))?;
    let message =
        "Trino's access control sees one table at a time and no shape of the query, so this cannot be enforced";
    Some(Diagnostic::new(Code::NotEnforceable, cursor.span(), message).with_help(*instead))
}

/// `for A`. A restriction that names nobody is for everyone.
// FAIL-CLOSED: what was forgotten restricts more people, never fewer.
fn restricted(cursor: &mut Cursor<'_>) -> Result<Audience, Diagnostic> {
    if cursor.at_end() || cursor.sees("or by exception") {
        return Ok(Audience { of: AudienceBase::Everyone, except: Vec::new() });
    }
    cursor.demand(&["for"])?;
    audience(cursor)
}

fn allow(cursor: &mut Cursor<'_>) -> Result<Sentence, Diagnostic> {
    let audience = cursor.recover(&["to"], audience);
    if cursor.takes("to act as") {
        let targets = members(cursor);
        let (audience, targets) = cursor.both(audience, targets)?;
        return Ok(Sentence::ActAs { audience, targets });
    }
    let gives = given(cursor);
    let (audience, (actions, rows, purposes)) = cursor.both(audience, gives)?;
    Ok(Sentence::Allow { audience, actions, rows, purposes })
}

type Actions = Vec<Spanned<ActionWord>>;
type Purposes = Vec<Spanned<Name>>;

/// `to read rows where C for purpose P`
fn given(cursor: &mut Cursor<'_>) -> Result<(Actions, Option<Condition>, Purposes), Diagnostic> {
    cursor.demand(&["to"])?;
    let actions = actions(cursor)?;
    let rows = if cursor.takes_any(&["only the rows where", "only rows where", "the rows where", "rows where"]) {
        condition(cursor).map(Some)
    } else if cursor.sees("where") {
        Err(cursor.expected("`rows where` and a condition", &[]).with_help("write `rows where` in place of `where`"))
    } else if cursor.sees("only|rows") || cursor.sees("the rows") {
        Err(cursor.expected("`rows where` and a condition", &["rows where"]))
    } else {
        Ok(None)
    };
    Ok((actions, rows?, given_purposes(cursor)?))
}

fn deny(cursor: &mut Cursor<'_>) -> Result<Sentence, Diagnostic> {
    let audience = cursor.recover(&["to"], audience);
    let denied = denied(cursor);
    let (audience, (actions, purposes)) = cursor.both(audience, denied)?;
    Ok(Sentence::Deny { audience, actions, purposes })
}

/// `to drop for purpose P`
fn denied(cursor: &mut Cursor<'_>) -> Result<(Actions, Purposes), Diagnostic> {
    cursor.demand(&["to"])?;
    Ok((actions(cursor)?, given_purposes(cursor)?))
}

fn actions(cursor: &mut Cursor<'_>) -> Result<Actions, Diagnostic> {
    let mut actions = Vec::new();
    loop {
        let name = action_name(cursor)?;
        actions.push(Spanned::new(ActionWord(name.node), name.span));
        let ends = cursor.sees("or by exception");
        if ends || (!cursor.takes_symbol(",") && !cursor.takes_any(&["and", "or"])) {
            return Ok(actions);
        }
    }
}

/// Words that end an action's.
const ENDS_OF_ACTIONS: [&str; 6] = ["and", "or", "rows", "only", "for", "where"];

/// Whether an action is words also when a space stands for each `-` and `_`, as it is printed: `a-or-b` would be two. No action has
/// `weekdays`, a place or a number in it, which stand after an action.
fn reads_as_words(action: &Name) -> bool {
    let ends = |part: &str| {
        ENDS_OF_ACTIONS.contains(&part)
            || habit::CONDITIONS.contains(&part)
            || matches!(part, "weekdays" | "weekends" | "everything")
    };
    let is_word = |part: &str| part.starts_with(char::is_alphabetic) && !part.contains(['.', '*']) && !ends(part);
    action.folded().split('_').all(is_word)
}

/// An action's words. Some contain words that end a name elsewhere: `create view with select from columns`.
fn action_name(cursor: &mut Cursor<'_>) -> Result<Spanned<Name>, Diagnostic> {
    let start = cursor.span();
    let mut words: Vec<String> = Vec::new();
    while let Some(Token::Word(word)) = cursor.peek() {
        let ends =
            ENDS_OF_ACTIONS.iter().chain(&habit::CONDITIONS).any(|end| cursor.sees(end)) || cursor.sees("the rows");
        if ends || cursor.sees_when() || cursor.sees_day() || cursor.sees_object() {
            break;
        }
        words.push(word.to_lowercase());
        cursor.advance();
    }
    match Name::new(&words.join(" ")).filter(reads_as_words) {
        Some(name) => Ok(Spanned::new(name, cursor.span_from(start))),
        None => Err(cursor.expected("what they may do, such as `read`", &["read", "see", "write"])),
    }
}

/// `for purpose P` at the end of a sentence.
fn given_purposes(cursor: &mut Cursor<'_>) -> Result<Purposes, Diagnostic> {
    let purposes = for_purposes(cursor)?;
    match habit::after_actions(cursor) {
        Some(diagnostic) => Err(diagnostic),
        None => Ok(purposes),
    }
}

fn for_purposes(cursor: &mut Cursor<'_>) -> Result<Purposes, Diagnostic> {
    if cursor.takes_any(&["for purpose|purposes of", "for purpose|purposes"]) {
        purposes(cursor)
    } else {
        Ok(Vec::new())
    }
}

fn purposes(cursor: &mut Cursor<'_>) -> Result<Purposes, Diagnostic> {
    let mut purposes = vec![cursor.name("a purpose")?];
    while !cursor.sees("or by exception") && (cursor.takes_symbol(",") || cursor.takes("or")) {
        cursor.takes("or");
        cursor.takes("purpose|purposes");
        purposes.push(cursor.name("a purpose")?);
    }
    Ok(purposes)
}

fn only_show(cursor: &mut Cursor<'_>) -> Result<Sentence, Diagnostic> {
    cursor.takes("the");
    if cursor.takes("rows|row where") || cursor.takes("rows|row when") {
        let rows = cursor.recover(&["for"], condition);
        let audience = restricted(cursor);
        let (rows, audience) = cursor.both(rows, audience)?;
        return Ok(Sentence::OnlyShowRows { rows, audience });
    }
    if cursor.sees("column|columns") || cursor.sees("untagged") {
        let columns = cursor.recover(&["for"], columns);
        let audience = restricted(cursor);
        let (columns, audience) = cursor.both(columns, audience)?;
        return Ok(Sentence::OnlyShowColumns { columns, audience });
    }
    Err(not_enforceable(cursor)
        .unwrap_or_else(|| cursor.expected("`rows where` or `columns`", &["rows where", "columns"])))
}

/// `hide` takes columns away; a table is denied.
fn hidden(cursor: &mut Cursor<'_>) -> Result<ColumnTarget, Diagnostic> {
    if cursor.sees("everything|all for")
        || cursor.sees("table|tables")
        || (cursor.sees("everything") && cursor.is_last())
    {
        let help = "`hide` is for columns: write `deny ... to read` for a whole table";
        return Err(cursor.expected("`columns tagged` or `column`", &[]).with_help(help));
    }
    columns(cursor)
}

fn limit_use(cursor: &mut Cursor<'_>) -> Result<Sentence, Diagnostic> {
    if !cursor.takes("purpose|purposes") {
        let diagnostic = cursor.expected("`purpose`", &["purpose"]);
        let name = cursor.exact_name("a purpose").map_or_else(|_| "...".into(), |name| name.node);
        return Err(diagnostic.with_help(format!("write `limit use to purpose \"{name}\"`")));
    }
    let purposes = purposes(cursor)?;
    Ok(Sentence::LimitUse { purposes, audience: restricted(cursor)? })
}

fn never_show(cursor: &mut Cursor<'_>) -> Result<Sentence, Diagnostic> {
    let columns = columns(cursor)?;
    if cursor.at_end() || cursor.sees("to|for") {
        return Err(cursor
            .expected("`less protected than`", &[])
            .with_help(format!("write `hide {columns}`, or `never show {columns} less protected than` and a mask")));
    }
    cursor.demand(&["less protected than"])?;
    Ok(Sentence::NeverShow { columns, floor: mask(cursor)? })
}

fn mask_columns(cursor: &mut Cursor<'_>) -> Result<Sentence, Diagnostic> {
    let columns = cursor.recover(&["with|using|by", "where", "for"], columns);
    let mask = cursor.recover(&["where", "for"], |cursor| {
        if cursor.sees("for") || cursor.at_end() {
            let help =
                "say what is shown in its place: `with null`, `with hash`, `with constant '...'` or `with keep last 4`";
            return Err(cursor.expected("`with`", &[]).with_help(help));
        }
        cursor.demand(&["with", "using", "by"])?;
        mask(cursor)
    });
    let cells = if cursor.takes("where") { cursor.recover(&["for"], condition).map(Some) } else { Ok(None) };
    let audience = restricted(cursor);
    let shown = cursor.both(columns, mask);
    let whom = cursor.both(cells, audience);
    let ((columns, mask), (cells, audience)) = cursor.both(shown, whom)?;
    Ok(Sentence::MaskColumns { columns, mask, cells, audience })
}

/// `M [where C]`
pub(super) fn mask_of_cells(cursor: &mut Cursor<'_>) -> Result<(MaskWord, Option<Condition>), Diagnostic> {
    let mask = mask(cursor)?;
    let cells = if cursor.takes("where") { Some(condition(cursor)?) } else { None };
    Ok((mask, cells))
}
