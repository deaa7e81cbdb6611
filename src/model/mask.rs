//! Masks: what may be shown in place of a value.

use crate::model::regex::Regex;
use crate::model::value::Value;

/// A mask as a rule names it. What it becomes for a column depends on the column's type: a mask that the type cannot hold falls
/// to the next stronger one that it can, at last [`Mask::Null`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Mask {
    /// NULL.
    Null,
    /// The same value for every row.
    Constant(Value),
    /// The SHA-256 of the text, in hexadecimal.
    Hash,
    /// The same stand-in for the same value in every table, by a key that only the plugin holds.
    Pseudonym,
    /// Other text of the same form, by that key; who may execute the plugin's `reveal` gets the value back.
    FormatPreserving,
    /// The first characters; the rest become `*`.
    KeepFirst(u32),
    /// The last characters; the rest become `*`.
    KeepLast(u32),
    /// The domain of an e-mail address.
    EmailDomain,
    /// The replacement of text that the pattern matches as a whole; NULL of any other.
    Regex(Regex),
    /// The nearest multiple of a positive step.
    Round(Step),
    /// The lower bound of the range that the number is in.
    Bucket(Step),
    /// The first day or instant of the period.
    Truncate(Period),
}

/// A function of the plugin's catalog that makes masks by a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyedFunction {
    /// `pseudonym`
    Pseudonym,
    /// `format_preserving`
    FormatPreserving,
}

impl KeyedFunction {
    /// The catalog, which its connector lets have no other name.
    pub const CATALOG: &'static str = "meshward";
    /// The schema. Functions of a schema of this name are open only by a rule of the mesh that names the very function.
    pub const SCHEMA: &'static str = "system";

    /// The function's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pseudonym => "pseudonym",
            Self::FormatPreserving => "format_preserving",
        }
    }
}

/// A positive whole step of a rounding mask, or width of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Step(u32);

impl Step {
    /// A step from 1 to 1,000,000,000; `None` outside.
    pub fn new(step: u32) -> Option<Self> {
        (1..=1_000_000_000).contains(&step).then_some(Self(step))
    }

    /// The step.
    pub fn get(self) -> u32 {
        self.0
    }
}

/// What a date is truncated to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    /// 1 January.
    Year,
    /// The first of the month.
    Month,
    /// Midnight.
    Day,
}

impl Period {
    /// The period's word in the language and in Trino's `date_trunc`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
        }
    }
}
