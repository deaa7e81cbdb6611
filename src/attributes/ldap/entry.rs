//! Entries of a directory, read without trusting their form.

use ldap3::asn1::{PL, StructureTag};

use crate::attributes::source::LoadFailure;
use crate::model::value::ValueType;

/// One entry: its name, and the values of the attributes that were asked for.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) dn: String,
    attributes: Vec<(String, Vec<Vec<u8>>)>,
}

impl Entry {
    /// Reads a SearchResultEntry (RFC 4511, 4.5.2).
    pub(super) fn read(tag: StructureTag) -> Result<Self, LoadFailure> {
        let garbage = || LoadFailure::Garbage("an entry is not of the form of RFC 4511".to_owned());
        entry(tag).ok_or_else(garbage)
    }

    /// How much was read for it.
    pub(super) fn bytes(&self) -> usize {
        let of =
            |(name, values): &(String, Vec<Vec<u8>>)| name.len() + values.iter().map(|v| v.len() + 8).sum::<usize>();
        self.dn.len() + self.attributes.iter().map(of).sum::<usize>()
    }

    /// An attribute's values; `None` where the entry has none.
    pub(super) fn texts(&self, attribute: &str) -> Result<Option<Vec<String>>, LoadFailure> {
        let mut texts = None;
        for (description, values) in &self.attributes {
            if description.eq_ignore_ascii_case(attribute) {
                let values: Result<Vec<String>, _> = values.iter().cloned().map(String::from_utf8).collect();
                let garbage = |_| LoadFailure::Garbage(format!("`{attribute}` has a value that is not text"));
                texts.get_or_insert_with(Vec::new).extend(values.map_err(garbage)?);
            } else if is_piece_of(description, attribute) {
                // FAIL-CLOSED: Active Directory gives 1,500 values at once, and the rest to those who ask for it.
                return Err(LoadFailure::TooLarge);
            }
        }
        Ok(texts.filter(|texts| !texts.is_empty()))
    }

    /// An attribute's values as texts of a type.
    pub(super) fn typed(&self, attribute: &str, wanted: ValueType) -> Result<Option<Vec<String>>, LoadFailure> {
        let texts = self.texts(attribute)?;
        Ok(texts.map(|texts| texts.into_iter().map(|text| written(text, wanted)).collect()))
    }
}

/// `memberOf;range=0-1499` is a piece of `memberOf`.
fn is_piece_of(description: &str, attribute: &str) -> bool {
    let mut parts = description.split(';');
    let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(attribute));
    named && parts.any(|option| option.to_ascii_lowercase().starts_with("range="))
}

/// A directory writes `TRUE` and `20240229103000Z` (RFC 4517) where documents have `true` and `2024-02-29T10:30:00Z`. What is not
/// written so stays as it is, and is then not of the type.
fn written(text: String, wanted: ValueType) -> String {
    match wanted {
        ValueType::Boolean => match text.as_str() {
            "TRUE" => "true".to_owned(),
            "FALSE" => "false".to_owned(),
            _ => text,
        },
        ValueType::Timestamp => {
            let plain = text.strip_suffix('Z').map(|time| time.strip_suffix(".0").unwrap_or(time));
            let time = plain.and_then(|time| jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", time).ok());
            time.map_or(text, |time| format!("{time}Z"))
        }
        ValueType::Text | ValueType::Number | ValueType::Date => text,
    }
}

fn entry(tag: StructureTag) -> Option<Entry> {
    const SEARCH_RESULT_ENTRY: u64 = 4;
    if tag.id != SEARCH_RESULT_ENTRY {
        return None;
    }
    let [dn, attributes] = <[StructureTag; 2]>::try_from(parts(tag)?).ok()?;
    let attributes = parts(attributes)?.into_iter().map(attribute).collect::<Option<_>>()?;
    Some(Entry { dn: String::from_utf8(octets(dn)?).ok()?, attributes })
}

fn attribute(tag: StructureTag) -> Option<(String, Vec<Vec<u8>>)> {
    let [description, values] = <[StructureTag; 2]>::try_from(parts(tag)?).ok()?;
    let values = parts(values)?.into_iter().map(octets).collect::<Option<_>>()?;
    Some((String::from_utf8(octets(description)?).ok()?, values))
}

fn parts(tag: StructureTag) -> Option<Vec<StructureTag>> {
    match tag.payload {
        PL::C(parts) => Some(parts),
        PL::P(_) => None,
    }
}

fn octets(tag: StructureTag) -> Option<Vec<u8>> {
    match tag.payload {
        PL::P(octets) => Some(octets),
        PL::C(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use ldap3::asn1::TagClass;

    use super::*;

    fn primitive(text: &str) -> StructureTag {
        StructureTag { class: TagClass::Universal, id: 4, payload: PL::P(text.as_bytes().to_vec()) }
    }

    fn constructed(id: u64, parts: Vec<StructureTag>) -> StructureTag {
        StructureTag { class: TagClass::Universal, id, payload: PL::C(parts) }
    }

    fn with(description: &str, values: &[&str]) -> StructureTag {
        let values = constructed(17, values.iter().map(|value| primitive(value)).collect());
        let attributes = constructed(16, vec![constructed(16, vec![primitive(description), values])]);
        constructed(4, vec![primitive("uid=jay,dc=x"), attributes])
    }

    #[test]
    fn an_attribute_in_pieces_is_too_large_and_not_absent() {
        let entry = Entry::read(with("memberOf;range=0-1499", &["cn=a"])).unwrap();
        assert_eq!(entry.texts("memberOf"), Err(LoadFailure::TooLarge));
        assert_eq!(entry.texts("member"), Ok(None));
        assert_eq!(
            Entry::read(with("MEMBEROF", &["cn=a"])).unwrap().texts("memberOf"),
            Ok(Some(vec!["cn=a".to_owned()]))
        );
    }

    #[test]
    fn what_is_no_entry_is_unreadable() {
        let whole = || with("c", &["AT"]);
        assert!(Entry::read(whole()).is_ok());
        let other = StructureTag { id: 5, ..whole() };
        let flat = StructureTag { payload: PL::P(b"x".to_vec()), ..whole() };
        let short = constructed(4, vec![primitive("dc=x")]);
        let twisted = constructed(4, vec![constructed(16, Vec::new()), primitive("dc=x")]);
        for tag in [other, flat, short, twisted] {
            assert!(matches!(Entry::read(tag), Err(LoadFailure::Garbage(_))));
        }
    }

    #[test]
    fn values_of_a_directorys_types_are_read() {
        for (text, wanted, written_as) in [
            ("TRUE", ValueType::Boolean, "true"),
            ("true", ValueType::Boolean, "true"),
            ("20240229103000Z", ValueType::Timestamp, "2024-02-29T10:30:00Z"),
            ("20240229103000.0Z", ValueType::Timestamp, "2024-02-29T10:30:00Z"),
            ("20240229103000+0100", ValueType::Timestamp, "20240229103000+0100"),
            ("TRUE", ValueType::Text, "TRUE"),
        ] {
            assert_eq!(written(text.to_owned(), wanted), written_as);
        }
    }
}
