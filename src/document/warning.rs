//! The codes of what is right as it stands and is probably not what its author meant. [`crate::lint`] finds them.

macro_rules! warnings {
    ($($variant:ident = $code:literal, $meaning:literal;)+) => {
        /// The stable codes of warnings; each has a page in `docs/errors/`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Warning {
            $(#[doc = $meaning] $variant,)+
        }

        impl Warning {
            /// Every code, in order.
            pub const ALL: &'static [Warning] = &[$(Warning::$variant,)+];

            /// The code as people quote it.
            pub fn as_str(self) -> &'static str {
                match self { $(Warning::$variant => $code,)+ }
            }

            /// What it means, in a few words.
            pub fn meaning(self) -> &'static str {
                match self { $(Warning::$variant => $meaning,)+ }
            }
        }
    };
}

warnings! {
    WideningException = "MW0201", "an exception for a purpose lifts a limit on rows";
    NeverTrue = "MW0202", "a rule or a part of it can never apply";
    EmptyTarget = "MW0203", "a policy is on nothing";
    TagNowhere = "MW0204", "a rule names a tag that is on no column";
    TableLeftOut = "MW0205", "a limit on rows leaves tables out";
    Shadowed = "MW0206", "another rule makes this one idle";
    BelowFloor = "MW0207", "a mask is not above a floor";
    MasksFallToNull = "MW0208", "two masks on one column make it NULL";
    PurposeNotGranted = "MW0209", "nobody is granted a purpose";
    RawSql = "MW0210", "a rule has SQL in it";
    ReachesOutside = "MW0211", "a domain's policy reaches outside the domain";
    NeverComparable = "MW0212", "a column's type compares with nothing of the kind";
    GroupNearMiss = "MW0213", "a group is named once, and almost like another";
    RestrictionEnds = "MW0214", "a restriction ends on a day";
    BeneathTheRules = "MW0215", "a rule opens what reaches beneath all rules";
    TooManyReadings = "MW0216", "a rule has too many readings and shows nothing";
    NoSuchColumn = "MW0217", "a table has no such column";
    ActsAsGroup = "MW0218", "impersonation of a group never applies";
    MaskDoesNotFit = "MW0219", "a mask is none for a column's type";
    NoSuchTable = "MW0220", "a table is named that no document declares, and almost like one that is";
}

impl Warning {
    /// The warning of a code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|warning| warning.as_str() == code)
    }
}
