//! Conditions: what they are made of, and what they mention.

use std::sync::Arc;

use crate::language::syntax::{Span, Spanned};
use crate::model::name::{Identifier, Name};
use crate::model::value::Value;

/// A condition over the subject, the row, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `A and B and ...`, at least two, none of them an `And`.
    And(Vec<Condition>),
    /// `A or B or ...`, at least two, none of them an `Or`.
    Or(Vec<Condition>),
    /// `not A`
    Not(Box<Condition>),
    /// `a = b` and its kin. `a <> b` is exactly `not a = b`.
    Compare {
        /// The left operand.
        left: Operand,
        /// How.
        operator: Comparison,
        /// The right operand.
        right: Operand,
        /// Whether case counts.
        case: Case,
    },
    /// `a in ('x', 'y')`, `a in @countries`, `a in the list EEA`; `not in` is [`Condition::Not`] around it.
    In {
        /// What is looked for.
        left: Operand,
        /// Where.
        set: Set,
        /// Whether case counts.
        case: Case,
    },
    /// `@roles includes 'x'`: any of the attribute's values equals.
    Includes {
        /// The attribute.
        attribute: Spanned<Name>,
        /// What it has to include.
        value: Operand,
        /// Whether case counts.
        case: Case,
    },
    /// `a between x and y`, both ends included.
    Between {
        /// What lies between.
        left: Operand,
        /// The lower end.
        low: Operand,
        /// The upper end.
        high: Operand,
    },
    /// `a starts with 'x'` and its kin.
    TextMatch {
        /// The text.
        left: Operand,
        /// How.
        kind: TextMatch,
        /// What is looked for.
        right: Operand,
        /// Whether case counts.
        case: Case,
    },
    /// `a is null`; `is not null` is [`Condition::Not`] around it.
    IsNull(Operand),
    /// `a is true`: never UNKNOWN. `is not true` is [`Condition::Not`] around it.
    IsTrue(Operand),
    /// `@a is present`
    IsPresent(Spanned<Name>),
    /// `a is within the last 90 days`: from that long ago until now.
    WithinLast {
        /// The date or timestamp.
        left: Operand,
        /// How long.
        age: Age,
    },
    /// `a is older than 90 days`
    OlderThan {
        /// The date or timestamp.
        left: Operand,
        /// How long.
        age: Age,
    },
    /// `client_id is in the client book of the user`
    InRelation {
        /// The key.
        left: Operand,
        /// The relation.
        relation: Spanned<Name>,
    },
    /// `member of group "g"`
    MemberOf(Spanned<Arc<str>>),
    /// `in role "r"`
    InRole(Spanned<Arc<str>>),
    /// `user is "u"`
    UserIs(Spanned<Arc<str>>),
    /// `acting for purpose "p"`
    ActingFor(Spanned<Name>),
    /// `between 08:00 and 18:00` (in the mesh's time zone, first included, last excluded; over midnight when the first is later).
    ClockBetween(jiff::civil::Time, jiff::civil::Time),
    /// `on weekdays`, `on weekends`
    On(Days),
    /// `sql '...'` over the row: mesh authority only.
    Sql(Spanned<Arc<str>>),
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A column by name.
    Column(Spanned<Identifier>),
    /// `column tagged T`: read once for each column that has it.
    ColumnTagged(Spanned<Name>),
    /// `@attribute`
    Attribute(Spanned<Name>),
    /// A literal.
    Literal(Spanned<Value>),
}

/// A set of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Set {
    /// Literals written out, at least one.
    Values(Vec<Spanned<Value>>),
    /// The values of an attribute.
    Attribute(Spanned<Name>),
    /// A List document.
    List(Spanned<Name>),
    /// A column: `'x' in country` reads as equality.
    Column(Spanned<Identifier>),
    /// `@departments in column tagged Department`
    ColumnTagged(Spanned<Name>),
}

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// What holds with the sides changed: `a < b` is `b > a`.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Self::Equal | Self::NotEqual => self,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }
}

/// Ways to look into text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextMatch {
    /// `starts with`
    StartsWith,
    /// `ends with`
    EndsWith,
    /// `contains`
    Contains,
}

/// Whether case counts in a comparison of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Case {
    /// It does.
    Exact,
    /// `ignoring case`
    Ignored,
}

/// A length of time back from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Age {
    /// How many, at least 1.
    pub count: u32,
    /// Of what.
    pub unit: Unit,
}

/// Units of age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Hours.
    Hours,
    /// Days.
    Days,
    /// Weeks.
    Weeks,
    /// Months.
    Months,
    /// Years.
    Years,
}

/// Days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Days {
    /// Monday to Friday.
    Weekdays,
    /// Saturday and Sunday.
    Weekends,
}

/// Something that a condition speaks of and that has to be known before it can be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mention<'a> {
    /// `@attribute`
    Attribute(&'a Spanned<Name>),
    /// `column tagged T`
    ColumnTagged(&'a Spanned<Name>),
    /// A column by name.
    Column(&'a Spanned<Identifier>),
    /// A List document.
    List(&'a Spanned<Name>),
    /// A condition that is about the person, the purpose or the hour alone, and has no operands: `member of group "g"`.
    Whole(&'a Condition),
}

impl Condition {
    /// Tells of the condition and of every one inside it.
    pub fn each<'a>(&'a self, tell: &mut impl FnMut(&'a Condition)) {
        tell(self);
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.each(tell)),
            Self::Not(inner) => inner.each(tell),
            _ => {}
        }
    }

    /// Tells of everything that the condition mentions, in the order of the text.
    // INVARIANT: every form is named here, so that a new one cannot be passed over.
    pub fn mentions<'a>(&'a self, tell: &mut impl FnMut(Mention<'a>)) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.mentions(tell)),
            Self::Not(inner) => inner.mentions(tell),
            Self::Compare { left, right, .. } | Self::TextMatch { left, right, .. } => {
                left.mention(tell);
                right.mention(tell);
            }
            Self::In { left, set, .. } => {
                left.mention(tell);
                set.mention(tell);
            }
            Self::Includes { attribute, value, .. } => {
                tell(Mention::Attribute(attribute));
                value.mention(tell);
            }
            Self::Between { left, low, high } => [left, low, high].into_iter().for_each(|side| side.mention(tell)),
            Self::IsNull(left)
            | Self::IsTrue(left)
            | Self::WithinLast { left, .. }
            | Self::OlderThan { left, .. }
            | Self::InRelation { left, .. } => left.mention(tell),
            Self::IsPresent(attribute) => tell(Mention::Attribute(attribute)),
            Self::MemberOf(_)
            | Self::InRole(_)
            | Self::UserIs(_)
            | Self::ActingFor(_)
            | Self::ClockBetween(..)
            | Self::On(_) => tell(Mention::Whole(self)),
            Self::Sql(_) => {}
        }
    }
}

impl Operand {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Column(column) => column.span,
            Self::ColumnTagged(tag) => tag.span,
            Self::Attribute(attribute) => attribute.span,
            Self::Literal(value) => value.span,
        }
    }

    fn mention<'a>(&'a self, tell: &mut impl FnMut(Mention<'a>)) {
        match self {
            Self::Column(column) => tell(Mention::Column(column)),
            Self::ColumnTagged(tag) => tell(Mention::ColumnTagged(tag)),
            Self::Attribute(attribute) => tell(Mention::Attribute(attribute)),
            Self::Literal(_) => {}
        }
    }
}

impl Set {
    fn mention<'a>(&'a self, tell: &mut impl FnMut(Mention<'a>)) {
        match self {
            Self::Column(column) => tell(Mention::Column(column)),
            Self::ColumnTagged(tag) => tell(Mention::ColumnTagged(tag)),
            Self::Attribute(attribute) => tell(Mention::Attribute(attribute)),
            Self::List(list) => tell(Mention::List(list)),
            Self::Values(_) => {}
        }
    }
}
