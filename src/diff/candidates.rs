//! The values of one column that predicates can tell apart: each literal, one value of each gap between literals, NULL.
//!
//! INVARIANT: for every value that the column can hold there is a candidate for which each of the predicates' atoms is the same. So
//! what holds of no candidate holds of no row. A candidate that no value may stand behind is marked as such.

use std::cmp::Ordering;
use std::str::FromStr;

use bigdecimal::BigDecimal;
use jiff::civil::{Date, DateTime};
use jiff::{Span, Timestamp};

use crate::model::cell::Cell;
use crate::model::column_type::ColumnType;
use crate::sql::expression::{Affix, Literal};

/// A value of a row, as far as comparing goes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Datum {
    Text(String),
    /// Blanks at the end do not count.
    Padded(String),
    Number(BigDecimal),
    NotANumber,
    Boolean(bool),
    Date(Date),
    Local(DateTime),
    Instant(Timestamp),
    /// Of a type that nothing compares with.
    Opaque,
}

/// One candidate.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// `None`: NULL.
    pub(super) datum: Option<Datum>,
    /// What each atom that looks into text says, by the atom's number; empty: what it says of the datum.
    pub(super) assumed: Vec<(usize, bool)>,
    /// Whether the column can hold it.
    pub(super) real: bool,
}

impl Candidate {
    fn real(datum: Datum) -> Self {
        Self { datum: Some(datum), assumed: Vec::new(), real: true }
    }
}

impl Datum {
    pub(super) fn of_literal(literal: &Literal) -> Self {
        let number = |text: String| BigDecimal::from_str(&text).map_or(Self::Opaque, |n| Self::Number(n.normalized()));
        match literal {
            Literal::Text(text) => Self::Text(text.clone()),
            Literal::Char(text, _) => Self::Padded(text.clone()),
            Literal::Decimal(n) | Literal::Double(n) | Literal::Real(n) => number(n.to_string()),
            Literal::Boolean(value) => Self::Boolean(*value),
            Literal::Date(date) => Self::Date(*date),
            Literal::LocalTimestamp(at) => Self::Local(*at),
            Literal::Instant(at) => Self::Instant(*at),
        }
    }

    /// `None` where nothing is before, equal or after: NaN, and things of different kinds.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Padded(a) | Self::Text(a), Self::Padded(b) | Self::Text(b)) => Some(padded(a, b)),
            (Self::Number(a), Self::Number(b)) => Some(a.cmp(b)),
            (Self::Boolean(a), Self::Boolean(b)) => Some(a.cmp(b)),
            (Self::Date(a), Self::Date(b)) => Some(a.cmp(b)),
            (Self::Local(a), Self::Local(b)) => Some(a.cmp(b)),
            (Self::Instant(a), Self::Instant(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// As a cell of a column.
    pub(super) fn cell(&self, column_type: ColumnType) -> Cell {
        match self {
            Self::Text(text) => Cell::Text(text.clone()),
            Self::Padded(text) => Cell::Char(text.trim_end_matches(' ').to_owned()),
            Self::Number(number) => match column_type {
                ColumnType::Double => number.to_plain_string().parse().map_or(Cell::Null, Cell::Double),
                ColumnType::Real => number.to_plain_string().parse().map_or(Cell::Null, Cell::Real),
                // A whole number compares as a decimal with decimals and whole numbers alike.
                _ => Cell::Decimal(number.clone()),
            },
            Self::NotANumber if column_type == ColumnType::Real => Cell::Real(f32::NAN),
            Self::NotANumber => Cell::Double(f64::NAN),
            Self::Boolean(value) => Cell::Boolean(*value),
            Self::Date(date) => Cell::Date(*date),
            Self::Local(at) => Cell::Timestamp(*at),
            Self::Instant(at) => Cell::Instant(*at),
            Self::Opaque => Cell::Opaque(String::new()),
        }
    }

    /// As SQL would have it, for people.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(text) | Self::Padded(text) => format!("'{}'", text.replace('\'', "''").escape_debug()),
            Self::Number(number) => number.to_plain_string(),
            Self::NotANumber => "NaN".to_owned(),
            Self::Boolean(value) => value.to_string(),
            Self::Date(date) => format!("'{date}'"),
            Self::Local(at) => format!("'{}'", at.strftime("%Y-%m-%d %H:%M:%S%.f")),
            Self::Instant(at) => format!("'{at}'"),
            Self::Opaque => "any value".to_owned(),
        }
    }
}

/// As `char` compares: the shorter one filled up with blanks.
fn padded(a: &str, b: &str) -> Ordering {
    let length = a.chars().count().max(b.chars().count());
    let fill = |text: &str| format!("{text:<length$}");
    fill(a).cmp(&fill(b))
}

/// What predicates say of one column.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) literals: Vec<Datum>,
    /// Whether something is asked of its order.
    pub(super) ordered: bool,
    /// Whether it is compared with another column.
    pub(super) paired: bool,
    /// The atoms that look into its text.
    pub(super) within: Vec<Within>,
}

/// An atom that looks into text, or at its lower case.
#[derive(Debug)]
pub(super) struct Within {
    /// The atom's number.
    pub(super) atom: usize,
    /// Whether it looks at the lower case.
    pub(super) lowered: bool,
    /// Where it looks; `None`: at the whole.
    pub(super) affix: Option<Affix>,
    /// Text for which it holds.
    pub(super) held: String,
}

/// Above so many atoms that look into one text their combinations are not counted up.
const MOST_WITHIN: usize = 6;

/// The candidates of a column; `None` where there would be too many.
pub(super) fn candidates(column_type: ColumnType, asked: &Asked) -> Option<Vec<Candidate>> {
    let mut literals = asked.literals.clone();
    literals.sort_by(|a, b| a.compare(b).unwrap_or(Ordering::Equal));
    literals.dedup_by(|a, b| a.compare(b) == Some(Ordering::Equal));
    let gaps = if asked.paired { 2 } else { 1 };
    let mut all: Vec<Candidate> = literals.iter().cloned().map(Candidate::real).collect();
    match column_type {
        ColumnType::Varchar(_) | ColumnType::Char(_) => text(column_type, asked, &literals, gaps, &mut all)?,
        ColumnType::Boolean => all = [true, false].map(|value| Candidate::real(Datum::Boolean(value))).to_vec(),
        _ if literals.is_empty() => all.extend(any_value(column_type, gaps)),
        _ => all.extend(neighbours(column_type, &literals, gaps)),
    }
    if matches!(column_type, ColumnType::Double | ColumnType::Real) {
        all.push(Candidate::real(Datum::NotANumber));
    }
    all.push(Candidate { datum: None, assumed: Vec::new(), real: true });
    Some(all)
}

fn any_value(column_type: ColumnType, count: usize) -> Vec<Candidate> {
    let of = |n: usize| match column_type {
        ColumnType::Tinyint
        | ColumnType::Smallint
        | ColumnType::Integer
        | ColumnType::Bigint
        | ColumnType::Real
        | ColumnType::Double
        | ColumnType::Decimal { .. } => Datum::Number(BigDecimal::from(i64::try_from(n).unwrap_or_default())),
        ColumnType::Date => Datum::Date(Date::constant(2000, 1, if n == 0 { 1 } else { 2 })),
        ColumnType::Timestamp(_) => Datum::Local(DateTime::constant(2000, 1, if n == 0 { 1 } else { 2 }, 0, 0, 0, 0)),
        ColumnType::TimestampWithTimeZone(_) => {
            Datum::Instant(if n == 0 { Timestamp::UNIX_EPOCH } else { Timestamp::MAX })
        }
        _ => Datum::Opaque,
    };
    (0..count).map(|n| Candidate::real(of(n))).collect()
}

/// The values beside each literal, and one of each gap between two.
fn neighbours(column_type: ColumnType, literals: &[Datum], gaps: usize) -> Vec<Candidate> {
    let mut beside: Vec<Datum> = Vec::new();
    for literal in literals {
        for step in 1..=i64::try_from(gaps).unwrap_or(1) {
            beside.extend(stepped(column_type, literal, step));
            beside.extend(stepped(column_type, literal, -step));
        }
    }
    for pair in literals.windows(2) {
        if let [Datum::Number(a), Datum::Number(b)] = pair
            && matches!(column_type, ColumnType::Double | ColumnType::Real)
        {
            let middle = (a + b) / BigDecimal::from(2);
            beside.push(Datum::Number(((a + &middle) / BigDecimal::from(2)).normalized()));
            beside.push(Datum::Number(middle.normalized()));
        }
    }
    beside.retain(|datum| !literals.contains(datum));
    let mut distinct: Vec<Datum> = Vec::new();
    for datum in beside {
        if !distinct.contains(&datum) {
            distinct.push(datum);
        }
    }
    let fits = |datum: &Datum| match (column_type, datum) {
        (ColumnType::Tinyint, Datum::Number(n)) => within(n, i64::from(i8::MIN), i64::from(i8::MAX)),
        (ColumnType::Smallint, Datum::Number(n)) => within(n, i64::from(i16::MIN), i64::from(i16::MAX)),
        (ColumnType::Integer, Datum::Number(n)) => within(n, i64::from(i32::MIN), i64::from(i32::MAX)),
        (ColumnType::Bigint, Datum::Number(n)) => within(n, i64::MIN, i64::MAX),
        (ColumnType::Decimal { precision, .. }, Datum::Number(n)) => n.digits() <= u64::from(precision),
        _ => true,
    };
    distinct.into_iter().map(|datum| Candidate { real: fits(&datum), ..Candidate::real(datum) }).collect()
}

fn within(number: &BigDecimal, least: i64, most: i64) -> bool {
    (BigDecimal::from(least)..=BigDecimal::from(most)).contains(number)
}

/// The value so many of its type's smallest steps away.
fn stepped(column_type: ColumnType, datum: &Datum, steps: i64) -> Option<Datum> {
    Some(match datum {
        Datum::Number(n) => {
            let step = match column_type {
                ColumnType::Decimal { scale, .. } => BigDecimal::new(1.into(), i64::from(scale)),
                _ => BigDecimal::from(1),
            };
            Datum::Number((n + step * BigDecimal::from(steps)).normalized())
        }
        Datum::Date(date) => Datum::Date(date.checked_add(Span::new().try_days(steps).ok()?).ok()?),
        Datum::Local(at) => Datum::Local(at.checked_add(tick(column_type, steps)?).ok()?),
        Datum::Instant(at) => Datum::Instant(at.checked_add(tick(column_type, steps)?).ok()?),
        _ => return None,
    })
}

fn tick(column_type: ColumnType, steps: i64) -> Option<Span> {
    match column_type {
        ColumnType::Timestamp(0) | ColumnType::TimestampWithTimeZone(0) => Span::new().try_seconds(steps).ok(),
        ColumnType::Timestamp(1..=3) | ColumnType::TimestampWithTimeZone(1..=3) => {
            Span::new().try_milliseconds(steps).ok()
        }
        _ => Span::new().try_microseconds(steps).ok(),
    }
}

/// Text for people's eyes that is none of the literals.
const OTHERS: [&str; 8] = ["another", "other", "xy", "zz", "qq", "w", "7", "~"];

fn text(
    column_type: ColumnType,
    asked: &Asked,
    literals: &[Datum],
    gaps: usize,
    all: &mut Vec<Candidate>,
) -> Option<()> {
    let (longest, padded) = match column_type {
        ColumnType::Varchar(length) => (length, false),
        ColumnType::Char(length) => (Some(length), true),
        _ => (None, false),
    };
    let written: Vec<&str> = literals
        .iter()
        .filter_map(|literal| match literal {
            Datum::Text(text) | Datum::Padded(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let fits =
        |text: &str| longest.is_none_or(|most| text.chars().count() <= usize::try_from(most).unwrap_or(usize::MAX));
    let datum = |text: String| if padded { Datum::Padded(text) } else { Datum::Text(text) };
    let candidate = |text: String| Candidate { real: fits(&text), ..Candidate::real(datum(text)) };
    for one in all.iter_mut() {
        one.real = matches!(&one.datum, Some(Datum::Text(text) | Datum::Padded(text)) if fits(text));
    }
    let texts = if asked.ordered { between(&written, gaps) } else { others(&written, gaps, &fits) };
    if asked.within.is_empty() {
        all.extend(texts.into_iter().map(candidate));
        return Some(());
    }
    if asked.within.len() > MOST_WITHIN {
        return None;
    }
    for Within { affix, held, .. } in &asked.within {
        let built = match affix {
            None => vec![held.clone(), held.to_uppercase()],
            Some(Affix::Prefix) => vec![held.clone(), format!("{held}x"), held.to_uppercase()],
            Some(Affix::Suffix) => vec![format!("x{held}"), format!("x{held}").to_uppercase()],
            Some(Affix::Infix) => vec![format!("x{held}x"), format!("x{held}x").to_uppercase()],
        };
        all.extend(built.into_iter().map(candidate));
        for Within { affix: other, held: ending, .. } in &asked.within {
            if matches!((affix, other), (Some(Affix::Prefix | Affix::Infix), Some(Affix::Suffix | Affix::Infix))) {
                all.push(candidate(format!("{held}{ending}")));
            }
        }
    }
    all.extend(texts.iter().cloned().map(candidate));
    // Whatever text lies in a gap: every combination of what may be found within it.
    for bits in 0..1_usize << asked.within.len() {
        let assumed: Vec<(usize, bool)> =
            asked.within.iter().enumerate().map(|(place, of)| (of.atom, bits >> place & 1 == 1)).collect();
        if is_consistent(&asked.within, bits) {
            all.extend(texts.iter().map(|text| Candidate {
                datum: Some(datum(text.clone())),
                assumed: assumed.clone(),
                real: false,
            }));
        }
    }
    Some(())
}

/// Whether text can have these in it and not those: as far as one beginning, ending or part tells of another.
fn is_consistent(within: &[Within], bits: usize) -> bool {
    let holds = |place: usize| bits >> place & 1 == 1;
    let pairs = within.iter().enumerate().flat_map(|one| within.iter().enumerate().map(move |other| (one, other)));
    pairs.filter(|((_, one), (_, other))| one.lowered == other.lowered).all(|((at, one), (other_at, other))| {
        if !holds(at) {
            return true;
        }
        let (held, also) = (one.held.as_str(), other.held.as_str());
        let apart = |begins: fn(&str, &str) -> bool| !begins(held, also) && !begins(also, held);
        match (one.affix, other.affix) {
            (Some(Affix::Prefix), Some(Affix::Prefix)) if holds(other_at) => !apart(|a, b| a.starts_with(b)),
            (Some(Affix::Suffix), Some(Affix::Suffix)) if holds(other_at) => !apart(|a, b| a.ends_with(b)),
            _ if holds(other_at) => true,
            (Some(Affix::Prefix), Some(Affix::Prefix)) => !held.starts_with(also),
            (Some(Affix::Suffix), Some(Affix::Suffix)) => !held.ends_with(also),
            (Some(_), Some(Affix::Infix)) => !held.contains(also),
            _ => true,
        }
    })
}

/// Text that is none of those written.
fn others(written: &[&str], count: usize, fits: &impl Fn(&str) -> bool) -> Vec<String> {
    let is_new = |text: &str| !written.iter().any(|known| known.trim_end() == text);
    let mut found: Vec<String> =
        OTHERS.into_iter().filter(|text| fits(text) && is_new(text)).take(count).map(str::to_owned).collect();
    let numbered = (0..).map(|n: u32| format!("another {n}"));
    if found.len() < count {
        found.extend(numbered.filter(|text| is_new(text)).take(count - found.len()));
    }
    found
}

/// Text before, between and after those written, which are in order.
fn between(written: &[&str], count: usize) -> Vec<String> {
    let mut found = Vec::new();
    let before = |text: &&str| written.first().is_none_or(|first| text < first);
    found.extend(["", "\u{0}", "\u{1}", " ", "0"].into_iter().filter(before).take(count).map(str::to_owned));
    for (place, text) in written.iter().enumerate() {
        let next = written.get(place + 1);
        let after = ["a", "0", "!", "\u{1}", "\u{0}"].into_iter().map(|end| format!("{text}{end}"));
        found.extend(after.filter(|after| next.is_none_or(|next| after.as_str() < *next)).take(count.max(2)));
    }
    found
}
