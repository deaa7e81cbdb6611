//! Patterns over Trino's names: `lake.finance.*`.

use std::sync::Arc;

use crate::model::name::{Identifier, TableName};

/// One to three parts, each a name with `*` for any run of characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    parts: Vec<PatternPart>,
}

/// Which tables of one schema a pattern covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TablesOf<'a> {
    /// Every one of them, or none.
    AllOrNone,
    /// The one of this name.
    One(&'a str),
    /// Some, by a pattern of their names.
    Some,
}

impl Pattern {
    /// `None` unless there are one to three parts.
    // INVARIANT: 1 <= parts.len() <= 3
    pub fn new(parts: Vec<PatternPart>) -> Option<Self> {
        (1..=3).contains(&parts.len()).then_some(Self { parts })
    }

    /// The parts, outermost first.
    pub fn parts(&self) -> &[PatternPart] {
        &self.parts
    }

    /// Whether the names tell that nothing can be covered by both: some part is a plain name in one, which the other does not match.
    pub fn is_apart_from(&self, other: &Pattern) -> bool {
        let apart = |(mine, theirs): (&PatternPart, &PatternPart)| match (mine.pieces(), theirs.pieces()) {
            ([mine], _) => !theirs.matches(&Identifier::new(mine)),
            (_, [theirs]) => !mine.matches(&Identifier::new(theirs)),
            _ => false,
        };
        self.parts.iter().zip(&other.parts).any(apart)
    }

    /// The names that its first parts are, as far as they have no `*`.
    pub fn exact_start(&self) -> Vec<Identifier> {
        let exact = |part: &PatternPart| match part.pieces() {
            [only] => Some(Identifier::new(only)),
            _ => None,
        };
        self.parts.iter().map_while(exact).collect()
    }

    /// Which tables of a schema it covers.
    pub fn tables_of(&self, catalog: &Identifier, schema: &Identifier) -> TablesOf<'_> {
        match self.parts.as_slice() {
            [of, within, table] if of.matches(catalog) && within.matches(schema) => match table.pieces() {
                [only] => TablesOf::One(only),
                pieces if pieces.iter().all(|piece| piece.is_empty()) => TablesOf::AllOrNone,
                _ => TablesOf::Some,
            },
            _ => TablesOf::AllOrNone,
        }
    }

    /// Whether it covers a table: names it, its schema or its catalog.
    pub fn covers(&self, table: &TableName) -> bool {
        let name = [&table.catalog, &table.schema, &table.table];
        self.parts.iter().zip(name).all(|(part, name)| part.matches(name))
    }
}

/// One part of a pattern, in lower case: literal pieces with "any run of characters" between them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PatternPart {
    pieces: Vec<Arc<str>>,
}

impl PatternPart {
    /// Builds a part from the pieces that stand between its stars: `["a"]` is exactly `a`, `["", ""]` is `*`.
    // INVARIANT: at least one piece.
    pub fn new(pieces: Vec<String>) -> Option<Self> {
        if pieces.is_empty() {
            return None;
        }
        Some(Self { pieces: pieces.into_iter().map(|piece| Arc::from(piece.to_lowercase())).collect() })
    }

    /// The pieces between the stars, in lower case.
    pub fn pieces(&self) -> &[Arc<str>] {
        &self.pieces
    }

    /// Whether a name matches, `*` standing for any run of characters.
    pub fn matches(&self, name: &Identifier) -> bool {
        let [first, rest @ ..] = self.pieces() else { return false };
        let Some((last, middle)) = rest.split_last() else { return first.as_ref() == name.as_str() };
        let Some(mut left) = name.as_str().strip_prefix(first.as_ref()) else { return false };
        for piece in middle {
            // The leftmost place is as good as any: what follows has more room.
            match left.split_once(piece.as_ref()) {
                Some((_, after)) => left = after,
                None => return false,
            }
        }
        left.ends_with(last.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_run_of_characters_within_a_part() {
        let part = |text: &str| PatternPart::new(text.split('*').map(str::to_owned).collect()).unwrap();
        for (pattern, name, expected) in [
            ("*", "anything", true),
            ("*", "", true),
            ("a*", "a", true),
            ("a*", "ba", false),
            ("*a", "aba", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("ab", "abc", false),
        ] {
            assert_eq!(part(pattern).matches(&Identifier::new(name)), expected, "{pattern} {name}");
        }
    }
}
