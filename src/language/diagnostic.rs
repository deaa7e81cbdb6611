//! What is wrong with a sentence, where, and how to mend it: for its author, who need not know SQL.

use std::fmt;

use crate::language::syntax::Span;
use crate::model::name::uncertain_capital;

/// One finding in one text.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// The stable code; each has a page in `docs/errors/`.
    pub code: Code,
    /// The words that it is about, as bytes of the text that was read.
    pub span: Span,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A finding without help.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, span, message: message.into(), help: None }
    }

    /// A name of which Trino may have another lower case, so that what it is to bind would go free.
    pub(crate) fn uncertain_case(name: &str, span: Span) -> Option<Self> {
        let capital = uncertain_capital(name)?;
        let message =
            format!("the lower case of `{capital}` in a name depends on who writes it, so this may bind nothing");
        Some(Self::new(Code::UncertainCase, span, message).with_help("write the name in lower case, as Trino lists it"))
    }

    /// Adds how to mend it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

macro_rules! codes {
    ($($variant:ident = $code:literal, $meaning:literal;)+) => {
        /// The stable codes of what can be wrong with a sentence.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $variant,)+
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)+];

            /// What it means, in a few words.
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$variant => $meaning,)+ }
            }

            /// The code as people quote it.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $code,)+ }
            }
        }
    };
}

codes! {
    UnexpectedText = "MW0001", "something else was expected here";
    UnfinishedSentence = "MW0002", "the sentence ends too early";
    MixedAndOr = "MW0003", "`and` and `or` stand beside each other without parentheses";
    AndBetweenAudiences = "MW0004", "`and` stands between two audiences";
    UnclosedQuote = "MW0005", "a quote is not closed";
    TooMuch = "MW0006", "the text is too long or nested too deeply";
    NotEnforceable = "MW0007", "Trino cannot enforce this";
    MaskNotAvailable = "MW0008", "this mask is not available";
    BadNumber = "MW0009", "a number is out of range";
    UnknownAttribute = "MW0010", "an attribute is not declared";
    UnknownTag = "MW0011", "a tag is not declared";
    UnknownPurpose = "MW0012", "a purpose is not declared";
    UnknownDomain = "MW0013", "a domain is not declared";
    UnknownList = "MW0014", "a list or relation is not declared";
    UnknownAction = "MW0015", "there is no such action";
    TypeMismatch = "MW0016", "two things that are compared can never be equal";
    NeedsSingle = "MW0017", "an order comparison needs an attribute with one value";
    ColumnInAudience = "MW0018", "an audience is about people, not about rows";
    RowsNeedRead = "MW0019", "rows can be scoped for `read` alone";
    SqlIsTheMeshs = "MW0020", "`sql` is for mesh rules only";
    ExceptionNeedsName = "MW0021", "only a named rule can be lifted by exception";
    AssertedReleases = "MW0022", "what a client merely asserts may not release";
    NothingToLift = "MW0023", "an exception lifts a restriction, and this is none that can be lifted";
    UncertainCase = "MW0024", "Trino may write this name differently in lower case";
    BadRegex = "MW0025", "a regular expression is not one that every Trino reads alike";
}

impl Code {
    /// Whether it says that documents do not declare what a sentence names.
    pub fn is_undeclared(self) -> bool {
        matches!(
            self,
            Self::UnknownAttribute | Self::UnknownTag | Self::UnknownPurpose | Self::UnknownDomain | Self::UnknownList
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The candidate that `word` was probably meant to be.
pub fn near_miss<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&word, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
