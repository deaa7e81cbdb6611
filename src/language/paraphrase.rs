//! What a rule means, told to whom it restricts and to whom it releases, in words that need no SQL: what an author reads to see
//! whether the sentence says what was meant.
//!
//! The words are true in three values: a restriction binds whoever is not known to be released, an `allow` serves whoever is known
//! to be meant, a row of which the condition cannot be told is not shown.

mod audience;
mod condition;
mod target;

use std::fmt::{self, Write as _};

use serde::Serialize;

use crate::language::check::Vocabulary;
use crate::language::paraphrase::audience::{Certainty, Who, everyone_else, left_out, meant};
use crate::language::paraphrase::condition::{Telling, quoted, value, visible};
use crate::language::syntax::{
    ActionWord, Audience, ColumnTarget, ColumnWord, Condition, Lifting, MaskWord, Mention, Rule, Sentence, Spanned,
};
use crate::model::mask::{Mask, Period};
use crate::model::name::Name;

pub use target::target;

/// A rule in plain words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Paraphrase {
    /// What it means for each of its audiences: one, or two where somebody is left out.
    pub sides: Vec<Side>,
    /// What a reader could miss: how it joins with other rules, and what happens where something is not known.
    pub notes: Vec<String>,
}

/// What a rule means for one audience.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Side {
    /// How the rule stands to them.
    pub role: Role,
    /// Who they are and what they may or may not: a whole sentence.
    pub says: String,
}

/// How a rule stands to an audience.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The rule gives them something.
    Allowed,
    /// The rule gives them nothing, and takes nothing.
    Others,
    /// The rule takes something from them.
    Restricted,
    /// The rule takes nothing from them.
    Released,
}

impl Role {
    /// The word that stands before what is said.
    pub fn word(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Others => "others",
            Self::Restricted => "restricted",
            Self::Released => "released",
        }
    }
}

/// For people: a line for each audience and each note.
impl fmt::Display for Paraphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sides = self.sides.iter().map(|side| (side.role.word(), &side.says));
        let notes = self.notes.iter().map(|note| ("note", note));
        for (at, (word, text)) in sides.chain(notes).enumerate() {
            let end = if at == 0 { "" } else { "\n" };
            write!(f, "{end}{:<12}{text}", format!("{word}:"))?;
        }
        Ok(())
    }
}

/// Tells what a rule means. The vocabulary says which attributes have several values; one that is not declared may.
pub fn rule(rule: &Rule, vocabulary: &Vocabulary) -> Paraphrase {
    let telling = Telling { vocabulary };
    let mut told = sentence(&rule.sentence, &telling);
    if rule.lifting == Lifting::ByException {
        told.notes.push("whoever has an approved exception is released until it ends".to_owned());
    }
    told
}

fn sentence(sentence: &Sentence, telling: &Telling<'_>) -> Paraphrase {
    match sentence {
        Sentence::Allow { audience, actions, rows, purposes } => allow(telling, audience, actions, rows, purposes),
        Sentence::ActAs { audience, targets } => {
            let may = format!("may act as {}: run queries in their name", telling.members(targets));
            gives(telling, audience, &may, &may, "may act as nobody by this rule", Vec::new())
        }
        Sentence::Deny { audience, actions, purposes } => {
            let when = in_query_for(purposes, " or of which that is not certain");
            let may_not = format!("may not {}{when}, whatever allows it", action_list(actions));
            takes(
                telling,
                audience,
                [&may_not, &may_not],
                ["is forbidden nothing by this rule", "are forbidden nothing by this rule"],
                vec!["whoever is not forbidden still needs a rule that allows it".to_owned()],
            )
        }
        Sentence::OnlyShowRows { rows, audience } => {
            let only = format!("only the rows where {}", telling.condition(rows));
            takes(
                telling,
                audience,
                [&format!("sees {only}"), &format!("see {only}")],
                ["loses no row by this rule", "lose no row by this rule"],
                row_notes(rows, Scope::Guard),
            )
        }
        Sentence::MaskColumns { columns, mask, cells, audience } => {
            mask_columns(telling, columns, mask, cells, audience)
        }
        Sentence::HideColumns { columns, audience } => {
            let not = format!("not see {}: not listed and not to be queried", columns_list(columns));
            takes(
                telling,
                audience,
                [&format!("does {not}"), &format!("do {not}")],
                [
                    "sees them, unless another rule hides or masks them",
                    "see them, unless another rule hides or masks them",
                ],
                vec!["hiding is stronger than any mask".to_owned()],
            )
        }
        Sentence::OnlyShowColumns { columns, audience } => {
            let only = format!("only {}; every other column is hidden", columns_list(columns));
            takes(
                telling,
                audience,
                [&format!("sees {only}"), &format!("see {only}")],
                ["loses no column by this rule", "lose no column by this rule"],
                vec!["what it leaves visible another rule may still mask or hide".to_owned()],
            )
        }
        Sentence::LimitUse { purposes, audience } => {
            let only = format!("may read only{}; else reading is refused", in_query_for(purposes, ""));
            let any = "may read for any purpose or none, as far as this rule goes";
            let note = "it allows nothing: reading still needs a rule that allows it".to_owned();
            takes(telling, audience, [&only, &only], [any, any], vec![note])
        }
        Sentence::NeverShow { columns, floor } => Paraphrase {
            sides: vec![Side {
                role: Role::Restricted,
                says: format!(
                    "everyone sees, in place of the values of {}, at most {}",
                    columns_list(columns),
                    mask_words(floor)
                ),
            }],
            notes: vec![
                "a floor: no rule's `except` and no exception lifts it, and a stronger mask of another rule wins"
                    .to_owned(),
            ],
        },
    }
}

fn allow(
    telling: &Telling<'_>,
    audience: &Audience,
    actions: &[Spanned<ActionWord>],
    rows: &Option<Condition>,
    purposes: &[Spanned<Name>],
) -> Paraphrase {
    let query = in_query_for(purposes, "");
    let mut may = format!("may {}{query}", action_list(actions));
    let mut notes = Vec::new();
    match rows {
        Some(rows) => {
            let comma = if query.is_empty() { "" } else { "," };
            let _ = write!(may, "{comma} the rows where {}", telling.condition(rows));
            notes.push("it is no filter: another rule that allows reading may give them more rows".to_owned());
            notes.extend(row_notes(rows, Scope::Allow));
        }
        None => notes.push("restrictions still take away rows, columns and values".to_owned()),
    }
    gives(telling, audience, &may, &may, "get nothing from this rule", notes)
}

fn mask_columns(
    telling: &Telling<'_>,
    columns: &ColumnTarget,
    mask: &MaskWord,
    cells: &Option<Condition>,
    audience: &Audience,
) -> Paraphrase {
    let mut of = columns_list(columns);
    let mut notes = vec![
        "a stronger mask of another rule wins; where two cannot be compared, and where the column's type cannot hold the mask, \
         nothing (NULL) is shown"
            .to_owned(),
    ];
    if let Some(cells) = cells {
        let _ = write!(of, " in the rows where {}, or where that cannot be told", telling.condition(cells));
        notes.extend(row_notes(cells, Scope::Cells));
    }
    let shown = format!(", in place of the values of {of}, {}", mask_words(mask));
    takes(
        telling,
        audience,
        [&format!("sees{shown}"), &format!("see{shown}")],
        [
            "sees them as they are, unless another rule masks or hides them",
            "see them as they are, unless another rule masks or hides them",
        ],
        notes,
    )
}

/// A restriction: it binds whoever is not known to be left out. Each thing that is said is given for one person and for several.
fn takes(
    telling: &Telling<'_>,
    audience: &Audience,
    restricted: [&str; 2],
    released: [&str; 2],
    mut notes: Vec<String>,
) -> Paraphrase {
    let say = |role, who: Who, [one, many]: [&str; 2]| Side {
        role,
        says: format!("{} {}", who.text, if who.several { many } else { one }),
    };
    let mut sides = vec![say(Role::Restricted, meant(telling, audience, Certainty::NotKnown), restricted)];
    if let Some(out) = left_out(telling, audience) {
        sides.push(say(Role::Released, out, released));
        if audience::can_be_unknown(audience) {
            notes.push("whoever is not known to be released is restricted".to_owned());
        }
    }
    Paraphrase { sides, notes }
}

/// An allow: it serves whoever is known to be meant.
fn gives(
    telling: &Telling<'_>,
    audience: &Audience,
    one: &str,
    many: &str,
    others: &str,
    mut notes: Vec<String>,
) -> Paraphrase {
    let who = meant(telling, audience, Certainty::KnownNot);
    let says = format!("{} {}", who.text, if who.several { many } else { one });
    let mut sides = vec![Side { role: Role::Allowed, says }];
    if let Some(out) = everyone_else(telling, audience) {
        sides.push(Side { role: Role::Others, says: format!("{out} {others}") });
        if audience::can_be_unknown(audience) {
            notes.push("whoever is not known to be allowed is one of the others".to_owned());
        }
    }
    Paraphrase { sides, notes }
}

/// What a condition on rows decides.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// The rows that a guard leaves.
    Guard,
    /// The rows that an allow gives.
    Allow,
    /// The cells that a mask is on.
    Cells,
}

fn row_notes(condition: &Condition, scope: Scope) -> Vec<String> {
    let mut notes = Vec::new();
    let mut tags: Vec<&Name> = Vec::new();
    condition.mentions(&mut |mention| {
        if let Mention::ColumnTagged(tag) = mention
            && !tags.contains(&&tag.node)
        {
            tags.push(&tag.node);
        }
    });
    match scope {
        Scope::Guard => notes.push(
            "a row of which that cannot be told, because a value is missing or not known, is not shown".to_owned(),
        ),
        Scope::Allow => notes.push("a row of which that cannot be told is not given".to_owned()),
        Scope::Cells => {}
    }
    if !tags.is_empty() {
        let names: Vec<String> = tags.iter().map(|tag| visible(tag.as_str())).collect();
        let tagged = names.join(" or ");
        notes.push(match scope {
            Scope::Guard => format!(
                "a table without a column tagged {tagged} is not restricted by it; of several such columns each counts"
            ),
            Scope::Allow => format!(
                "of a table without a column tagged {tagged} it gives no row; of several such columns each counts"
            ),
            Scope::Cells => format!(
                "in a table without a column tagged {tagged} that cannot be told; of several such columns each counts"
            ),
        });
    }
    notes
}

fn in_query_for(purposes: &[Spanned<Name>], or: &str) -> String {
    if purposes.is_empty() {
        return String::new();
    }
    format!(" in a query that acts for {}{or}", purpose_list(purposes))
}

fn purpose_list(purposes: &[Spanned<Name>]) -> String {
    let names: Vec<String> = purposes.iter().map(|purpose| quoted(purpose.node.as_str())).collect();
    format!("purpose {}", names.join(" or "))
}

fn action_list(actions: &[Spanned<ActionWord>]) -> String {
    let words: Vec<String> = actions.iter().map(|action| visible(&action.node.0.folded().replace('_', " "))).collect();
    words.join(", ")
}

fn columns_list(columns: &ColumnTarget) -> String {
    let of: Vec<String> = columns.of.iter().map(column_word).collect();
    let mut list = of.join(" and ");
    if !columns.except.is_empty() {
        let except: Vec<String> = columns.except.iter().map(column_word).collect();
        let _ = write!(list, ", without {}", except.join(" and "));
    }
    list
}

fn column_word(word: &ColumnWord) -> String {
    match word {
        ColumnWord::Named(column) => format!("the column {}", visible(column.node.as_str())),
        ColumnWord::Tagged(tag) => format!("the columns tagged {}", visible(tag.node.as_str())),
        ColumnWord::Untagged => "the columns without a tag".to_owned(),
    }
}

fn mask_words(mask: &MaskWord) -> String {
    let mask = match mask {
        MaskWord::Known(mask) => mask,
        MaskWord::Sql(text) => return format!("the result of the SQL expression {}", quoted(&text.node)),
    };
    match mask {
        Mask::Null => "nothing (NULL)".to_owned(),
        Mask::Constant(constant) => format!("always {}", value(constant)),
        Mask::Hash => "a hash, which is the same for equal values".to_owned(),
        Mask::Pseudonym => "a pseudonym, which is the same for equal values in every table".to_owned(),
        Mask::FormatPreserving => {
            "other characters in the same form, which those who may reveal it can turn back".to_owned()
        }
        Mask::KeepFirst(count) => format!("the first {} and `*` for the rest", characters(*count)),
        Mask::KeepLast(count) => format!("the last {} and `*` for the rest", characters(*count)),
        Mask::EmailDomain => "the domain of the e-mail address".to_owned(),
        Mask::Regex(regex) => format!(
            "{} where the whole value matches the pattern {}, and nothing (NULL) elsewhere",
            quoted(regex.replacement()),
            quoted(regex.pattern())
        ),
        Mask::Round(step) => format!("the nearest multiple of {}", step.get()),
        Mask::Bucket(width) => format!("the start of the range of {} that the number is in", width.get()),
        Mask::Truncate(Period::Year) => "the year".to_owned(),
        Mask::Truncate(Period::Month) => "the month of the year".to_owned(),
        Mask::Truncate(Period::Day) => "the day without its time".to_owned(),
    }
}

fn characters(count: u32) -> String {
    if count == 1 { "character".to_owned() } else { format!("{count} characters") }
}
