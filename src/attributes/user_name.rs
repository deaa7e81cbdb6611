//! What a source calls a user: the name that Trino gives, changed as the source's document says and in no other way.

use std::sync::Arc;

/// The longest name that is asked for, in bytes.
const LONGEST: usize = 512;

/// How a source's names of users come from Trino's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UserNames {
    /// The realms that are taken away: `jay@EXAMPLE.COM` and `EXAMPLE.COM\jay` are asked for as `jay`. Case makes no difference to
    /// a realm. A name with any other realm stays as it is.
    pub without_realms: Vec<String>,
    /// What becomes of capital letters, after the realm.
    pub case: Case,
}

/// What becomes of capital letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Case {
    /// They stay.
    #[default]
    AsGiven,
    /// They become small ones.
    Lower,
}

/// A user's name as a source is asked for it.
// INVARIANT: not empty, not longer than `LONGEST`, and without control characters. Everything else is for the source to escape.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceUser(Arc<str>);

impl SourceUser {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl UserNames {
    /// The name that the source has for the user whom Trino names; `None` for one that no source is asked for.
    pub fn of(&self, user: &str) -> Option<SourceUser> {
        let bare = self.without_realms.iter().find_map(|realm| without_realm(user, realm)).unwrap_or(user);
        let name = self.cased(bare);
        let good = !name.is_empty() && name.len() <= LONGEST && !name.chars().any(char::is_control);
        good.then(|| SourceUser(Arc::from(name)))
    }

    /// Whether a name that a source holds is the one that it was asked for. Sources that compare more loosely find other users' too.
    pub fn is_name_of(&self, held: &str, user: &SourceUser) -> bool {
        self.cased(held) == user.as_str()
    }

    fn cased(&self, name: &str) -> String {
        match self.case {
            Case::AsGiven => name.to_owned(),
            Case::Lower => name.chars().map(lower).collect(),
        }
    }
}

fn without_realm<'u>(user: &'u str, realm: &str) -> Option<&'u str> {
    let behind = user.rsplit_once('@').filter(|(_, other)| other.eq_ignore_ascii_case(realm)).map(|(name, _)| name);
    behind
        .or_else(|| user.split_once('\\').filter(|(other, _)| other.eq_ignore_ascii_case(realm)).map(|(_, name)| name))
}

// FAIL-CLOSED: the Kelvin sign would become `k` and make somebody else of its user; such letters stay.
fn lower(letter: char) -> char {
    let mut small = letter.to_lowercase();
    match (small.next(), small.next()) {
        (Some(small), None) if small.is_ascii() == letter.is_ascii() => small,
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(realms: &[&str], case: Case) -> UserNames {
        UserNames { without_realms: realms.iter().map(|realm| (*realm).to_owned()).collect(), case }
    }

    #[test]
    fn a_name_is_changed_as_the_document_says_and_in_no_other_way() {
        let (as_given, lower) = (names(&[], Case::AsGiven), names(&[], Case::Lower));
        let without = names(&["EXAMPLE.COM", "corp"], Case::AsGiven);
        let both = names(&["EXAMPLE.COM"], Case::Lower);
        for (how, user, wanted) in [
            (&as_given, "Jay@EXAMPLE.COM", "Jay@EXAMPLE.COM"),
            (&as_given, " jay ", " jay "),
            (&lower, "JÄY@X", "jäy@x"),
            (&lower, "\u{212a}ate", "\u{212a}ate"),
            (&lower, "\u{130}ris", "\u{130}ris"),
            (&without, "Jay@example.com", "Jay"),
            (&without, "CORP\\Jay", "Jay"),
            (&without, "jay@EVIL.COM", "jay@EVIL.COM"),
            (&without, "jay@EXAMPLE.COM.EVIL", "jay@EXAMPLE.COM.EVIL"),
            (&without, "jay@EVIL@EXAMPLE.COM", "jay@EVIL"),
            (&without, "EVIL\\jay@corpse", "EVIL\\jay@corpse"),
            (&both, "Jay@EXAMPLE.COM", "jay"),
            (&both, "Jay", "jay"),
        ] {
            assert_eq!(how.of(user).unwrap().as_str(), wanted, "{user}");
        }
    }

    #[test]
    fn what_is_no_name_at_a_source_is_not_asked_for() {
        let names = names(&["X"], Case::Lower);
        for user in ["", "@X", "X\\", "a\0b", "a\nb", &"a".repeat(LONGEST + 1)] {
            assert_eq!(names.of(user), None, "{user:?}");
        }
    }
}
