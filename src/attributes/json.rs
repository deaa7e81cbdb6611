//! JSON answers to texts. What is not of the form that is looked for makes the whole answer unreadable: nothing of it is believed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::attributes::source::{LoadFailure, Said};
use crate::model::name::Name;

/// A JSON number with more digits may have been rounded on its way here.
const MOST_EXACT_DIGITS: usize = 15;

/// Attributes and groups where JSON pointers (RFC 6901) lead.
pub(super) fn by_pointers(
    body: &[u8],
    attributes: &BTreeMap<Name, String>,
    groups: Option<&str>,
    person: Option<&str>,
) -> Result<Said, LoadFailure> {
    let answer = object(body)?;
    if let Some(pointer) = person
        && answer.pointer(pointer).is_none_or(Value::is_null)
    {
        // FAIL-CLOSED: an error that is said with status 200 is not somebody who has nothing.
        return Err(unreadable(pointer, "is not there"));
    }
    let mut said = Said::default();
    for (name, pointer) in attributes {
        if let Some(values) = answer.pointer(pointer).map_or(Ok(None), |value| texts(value, pointer))? {
            said.attributes.insert(name.clone(), values);
        }
    }
    if let Some(pointer) = groups {
        // FAIL-CLOSED: an answer without the groups does not say that there are none.
        let listed = answer.pointer(pointer).ok_or_else(|| unreadable(pointer, "is not there"))?;
        said.groups = groups_of(listed, pointer)?;
    }
    Ok(said)
}

/// The user-info contract: `{"groups":[{"name":..}],"authorizations":{"attribute":["value"]}}`.
pub(super) fn user_info(
    body: &[u8],
    attributes: &BTreeMap<Name, String>,
    with_groups: bool,
) -> Result<Said, LoadFailure> {
    let answer = object(body)?;
    let mut said = Said::default();
    let Some(Value::Object(authorizations)) = answer.get("authorizations") else {
        return Err(unreadable("authorizations", "is not an object"));
    };
    for (name, key) in attributes {
        if let Some(values) = authorizations.get(key).map_or(Ok(None), |value| texts(value, key))? {
            said.attributes.insert(name.clone(), values);
        }
    }
    if with_groups {
        let listed = answer.get("groups").ok_or_else(|| unreadable("groups", "is not there"))?;
        said.groups = groups_of(listed, "groups")?;
    }
    Ok(said)
}

fn object(body: &[u8]) -> Result<Value, LoadFailure> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(Value::Object(fields)),
        Ok(_) => Err(LoadFailure::Garbage("it is JSON and not an object".to_owned())),
        // The parser's words name places, not content.
        Err(error) => Err(LoadFailure::Garbage(format!("it is not JSON: {error}"))),
    }
}

fn unreadable(place: &str, why: &str) -> LoadFailure {
    LoadFailure::Garbage(format!("`{place}` {why}"))
}

/// One value or a list of them; `null` is as if it were not there.
fn texts(value: &Value, place: &str) -> Result<Option<Vec<String>>, LoadFailure> {
    match value {
        Value::Null => Ok(None),
        Value::Array(values) => values.iter().map(|value| text(value, place)).collect::<Result<_, _>>().map(Some),
        value => text(value, place).map(|text| Some(vec![text])),
    }
}

fn text(value: &Value, place: &str) -> Result<String, LoadFailure> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Number(number) if number.is_f64() => {
            let written = number.to_string();
            let digits = written.chars().filter(char::is_ascii_digit).count();
            if digits <= MOST_EXACT_DIGITS {
                Ok(written.strip_suffix(".0").map_or(written.clone(), str::to_owned))
            } else {
                Err(unreadable(place, "has more digits than a JSON number keeps: send it as text"))
            }
        }
        Value::Number(number) => Ok(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(unreadable(place, "is neither a text, a number, true, false, nor a list of these"))
        }
    }
}

/// A list of names, or of objects with a `name`.
fn groups_of(listed: &Value, place: &str) -> Result<BTreeSet<Arc<str>>, LoadFailure> {
    let Value::Array(listed) = listed else { return Err(unreadable(place, "is not a list")) };
    let name = |group: &Value| match group {
        Value::String(name) => Ok(Arc::from(name.as_str())),
        group => match group.get("name") {
            Some(Value::String(name)) => Ok(Arc::from(name.as_str())),
            _ => Err(unreadable(place, "has a group without a name")),
        },
    };
    listed.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_is_said_with_status_200_is_nobody_without_values() {
        let country = BTreeMap::from([(Name::new("country").unwrap(), "/country".to_owned())]);
        let said = |body: &str| by_pointers(body.as_bytes(), &country, None, Some("/id")).map(|said| said.attributes);
        assert!(matches!(said(r#"{"error": "the database is down"}"#), Err(LoadFailure::Garbage(_))));
        assert!(matches!(said(r#"{"id": null, "country": []}"#), Err(LoadFailure::Garbage(_))));
        assert_eq!(said(r#"{"id": "ben"}"#), Ok(BTreeMap::new()));
    }
}
