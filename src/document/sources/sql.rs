//! The section `sql` of an AttributeSource.

use crate::attributes::sql::{Channel, Query, SqlSettings, SqlUrl};
use crate::document::fields::Fields;
use crate::document::finding::Code;
use crate::document::sources::tls;

pub(super) fn settings(fields: &mut Fields<'_>) -> Option<SqlSettings> {
    let url = fields.required_text("url", "postgresql://people.example.com/hr").and_then(|text| {
        let url = SqlUrl::new(text.as_str());
        // A password may stand in it.
        url.map_err(|why| fields.find(Code::BadValue, &text.place.covered(), why)).ok()
    });
    let user = fields.required_text("user", "meshward").map(|text| text.as_str().to_owned());
    let password = fields.secret("password");
    let insecure = fields.boolean("insecure").unwrap_or(false);
    let tls = tls(fields);
    let query = fields
        .required_text("query", "SELECT country FROM people WHERE login = $1")
        .and_then(|text| Query::new(text.as_str()).map_err(|why| fields.find(Code::BadValue, &text.place, why)).ok());
    let channel = fields.text("channel").map(|text| {
        let channel = Channel::new(text.as_str());
        if channel.is_none() {
            let message = format!("`{}` is not a channel: small letters, digits and `_`", text.as_str());
            fields.find(Code::BadValue, &text.place, message);
        }
        channel
    });
    let (url, user, query) = (url?, user?, query?);
    let channel = match channel {
        Some(channel) => Some(channel?),
        None => None,
    };
    Some(SqlSettings { url, encrypted: !insecure, tls, user, password, query, channel })
}
