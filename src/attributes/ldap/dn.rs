//! Distinguished names as directories write them (RFC 4514).

/// A distinguished name, from its own part to the root.
// INVARIANT: types and values are in small letters and without needless spaces, so that names of one entry are equal. Two entries
// may be equal too, where a directory tells values apart by case; names decide what is below a base and what was seen already.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Dn(Vec<Rdn>);

/// One part: one attribute and value, or more with `+` between them.
type Rdn = Vec<(String, String)>;

impl Dn {
    /// Reads a name; `None` for what is no name.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let rdns = split(text, ',').map(|rdn| parse_rdn(rdn?)).collect::<Option<Vec<Rdn>>>()?;
        let folded = |(kind, value): (String, String)| (kind.to_lowercase(), fold(&value));
        Some(Self(rdns.into_iter().map(|rdn| rdn.into_iter().map(folded).collect()).collect()))
    }

    /// Whether it is the base or below it.
    pub(super) fn is_within(&self, base: &Self) -> bool {
        self.0.ends_with(&base.0)
    }
}

/// The value of the name's own part, where that is the one attribute; `None` otherwise. `cn=Risk\, EU,ou=groups` has the `cn` `Risk, EU`.
pub(super) fn own_value(text: &str, attribute: &str) -> Option<String> {
    let rdn = parse_rdn(split(text, ',').next()??)?;
    match <[(String, String); 1]>::try_from(rdn) {
        Ok([(kind, value)]) if kind.eq_ignore_ascii_case(attribute) => Some(value),
        _ => None,
    }
}

/// The parts between separators that are not escaped; `None` for a part that ends within an escape.
fn split(text: &str, separator: char) -> impl Iterator<Item = Option<&str>> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let at = rest?;
        let mut escaped = false;
        for (place, c) in at.char_indices() {
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == separator {
                let (part, behind) = at.split_at(place);
                rest = behind.strip_prefix(separator);
                return Some(Some(part));
            }
        }
        rest = None;
        Some((!escaped).then_some(at))
    })
}

fn parse_rdn(text: &str) -> Option<Rdn> {
    split(text, '+').map(|part| parse_value(part?)).collect()
}

fn parse_value(text: &str) -> Option<(String, String)> {
    let (kind, value) = text.split_once('=')?;
    let kind = kind.trim();
    let named = !kind.is_empty() && kind.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    // `#04...` is a value in BER, and quotes are of an older standard: neither is a name for people.
    let plain = !value.trim_start().starts_with(['#', '"']);
    (named && plain).then_some(())?;
    Some((kind.to_owned(), unescape(value)?))
}

fn unescape(text: &str) -> Option<String> {
    // Spaces around a value are the writer's; one that counts is escaped.
    let text = text.trim_start_matches(' ');
    let mut bytes = Vec::with_capacity(text.len());
    let mut counted = 0;
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            if byte != b' ' {
                counted = bytes.len();
            }
            continue;
        }
        let escaped = rest.next()?;
        match hex(escaped) {
            Some(high) => bytes.push(high * 16 + hex(rest.next()?)?),
            None => bytes.push(escaped),
        }
        counted = bytes.len();
    }
    bytes.truncate(counted);
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn fold(value: &str) -> String {
    value.to_lowercase().split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_part_of_a_name_is_read_as_it_was_meant() {
        for (dn, wanted) in [
            ("cn=analysts,ou=groups,dc=example,dc=org", Some("analysts")),
            ("CN=Risk\\, EU,OU=groups", Some("Risk, EU")),
            ("cn=R\\2C EU,dc=x", Some("R, EU")),
            ("cn=J\\C3\\A4y,dc=x", Some("J\u{e4}y")),
            ("cn= padded ,dc=x", Some("padded")),
            ("cn=kept\\ ,dc=x", Some("kept ")),
            ("cn=a\\+b,dc=x", Some("a+b")),
            ("cn=a=b,dc=x", Some("a=b")),
            ("cn=a+ou=b,dc=x", None),
            ("ou=analysts,dc=x", None),
            ("cn=#0403616263,dc=x", None),
            ("cn=\"a,b\",dc=x", None),
            ("cn=a\\", None),
            ("cn=\\C3,dc=x", None),
            ("analysts", None),
            ("", None),
        ] {
            assert_eq!(own_value(dn, "cn").as_deref(), wanted, "{dn}");
        }
    }

    #[test]
    fn a_name_is_within_a_base_by_whole_parts() {
        let dn = |text| Dn::parse(text).unwrap();
        let base = dn("ou=Groups, dc=example,dc=org");
        for within in
            ["ou=groups,dc=example,dc=org", "CN=a,OU=GROUPS,DC=Example,DC=org", "cn=a\\,b,ou=groups,dc=example,dc=org"]
        {
            assert!(dn(within).is_within(&base), "{within}");
        }
        for outside in ["dc=example,dc=org", "cn=a\\,ou=groups,dc=example,dc=org", "cn=a,ou=mygroups,dc=example,dc=org"]
        {
            assert!(!dn(outside).is_within(&base), "{outside}");
        }
        assert_eq!(Dn::parse("cn=a,,dc=x"), None);
    }
}
