//! The section `ldap` of an AttributeSource.

use crate::attributes::ldap::{
    Base, Encryption, GroupFilter, GroupSearch, LdapSettings, LdapUrl, Referrals, UserFilter,
};
use crate::document::fields::{Fields, Text};
use crate::document::finding::Code;
use crate::document::sources::tls;

pub(super) fn settings(fields: &mut Fields<'_>) -> Option<LdapSettings> {
    let url = fields.required_text("url", "ldaps://directory.example.com").and_then(|text| {
        // A password may stand in it.
        LdapUrl::new(text.as_str()).map_err(|why| fields.find(Code::BadValue, &text.place.covered(), why)).ok()
    });
    let insecure = fields.boolean("insecure").unwrap_or(false);
    let encryption = match (url.as_ref().is_some_and(LdapUrl::is_ldaps), insecure) {
        (true, false) => Some(Encryption::Tls),
        (true, true) => {
            let place = fields.place();
            fields.find(Code::BadValue, &place, "ldaps:// is TLS, and `insecure` is for doing without");
            None
        }
        (false, false) => Some(Encryption::StartTls),
        (false, true) => Some(Encryption::None),
    };
    let tls = tls(fields);
    let bind = fields.required_text("bind", "cn=meshward,ou=services,dc=example,dc=com").and_then(|text| {
        let name = Base::new(text.as_str()).map(|_| text.as_str().to_owned());
        if name.is_none() {
            fields.find(Code::BadValue, &text.place, not_a_name(&text));
        }
        name
    });
    let password = fields.required_secret("password", "ldap-password");
    let base = fields.required_text("base", "ou=people,dc=example,dc=com").and_then(|text| base(fields, &text));
    let filter = fields.required_text("filter", "(uid={user})").and_then(|text| {
        UserFilter::new(text.as_str()).map_err(|why| fields.find(Code::BadValue, &text.place, why)).ok()
    });
    let words = [("fail", Referrals::Fail), ("ignore", Referrals::Ignore)];
    let referrals = match fields.text("referrals") {
        Some(text) => fields.word("referrals", &text, &words),
        None => Some(Referrals::default()),
    };
    let groups = match fields.section("groups") {
        Some(mut section) => {
            let found = groups(&mut section);
            section.end();
            Some(found?)
        }
        None => None,
    };
    let (url, encryption, bind, password, base) = (url?, encryption?, bind?, password?, base?);
    Some(LdapSettings { url, encryption, tls, bind, password, base, filter: filter?, groups, referrals: referrals? })
}

fn groups(fields: &mut Fields<'_>) -> Option<GroupSearch> {
    let base = fields.required_text("base", "ou=groups,dc=example,dc=com").and_then(|text| base(fields, &text));
    let attribute = fields.text("attribute");
    let filter = fields.text("filter");
    let nested = fields.boolean("nested").unwrap_or(false);
    match (attribute, filter) {
        (Some(attribute), None) if !nested => {
            Some(GroupSearch::Attribute { attribute: attribute.as_str().to_owned(), base: base? })
        }
        (None, Some(text)) => {
            let filter = match GroupFilter::new(text.as_str()) {
                Ok(filter) if nested && !filter.is_of_dn_alone() => {
                    Err("groups within groups are found by `{dn}` alone".to_owned())
                }
                other => other,
            };
            let filter = filter.map_err(|why| fields.find(Code::BadValue, &text.place, why)).ok();
            Some(GroupSearch::Search { base: base?, filter: filter?, nested })
        }
        _ => {
            let place = fields.place();
            let message =
                "groups are named by an `attribute` of the user, or found by a `filter`, which may be `nested`";
            fields.find(Code::BadValue, &place, message);
            None
        }
    }
}

fn base(fields: &mut Fields<'_>, text: &Text) -> Option<Base> {
    let base = Base::new(text.as_str());
    if base.is_none() {
        fields.find(Code::BadValue, &text.place, not_a_name(text));
    }
    base
}

fn not_a_name(text: &Text) -> String {
    format!("`{}` is not a distinguished name such as `ou=people,dc=example,dc=com`", text.as_str())
}
