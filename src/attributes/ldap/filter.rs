//! Search filters with places for what is asked for, filled in so that nothing in a name is ever part of the filter (RFC 4515).

use ldap3::{ldap_escape, parse_filter};

/// The place of the user's name.
const USER: &str = "{user}";

/// The place of the distinguished name of a user or group.
const DN: &str = "{dn}";

/// The rule by which Active Directory follows groups within groups by itself.
const IN_CHAIN: &str = "1.2.840.113556.1.4.1941";

/// The filter that finds a user: `(&(objectClass=person)(uid={user}))`.
// INVARIANT: the name is compared in one place, `(attribute=prefix{user}suffix)`, with `=` and without wildcards, so that it is
// known which value an entry must have to be the user's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserFilter {
    text: String,
    attribute: String,
    prefix: String,
    suffix: String,
}

/// The filter that finds the groups of a user or group: `(member={dn})`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupFilter(String);

impl UserFilter {
    /// Reads a filter with one `{user}`; the error says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        well_formed(text)?;
        let Some((before, behind)) = text.split_once(USER).filter(|(_, behind)| !behind.contains(USER)) else {
            return Err(format!("the filter names {USER} in one place, such as (uid={USER})"));
        };
        if text.contains(DN) {
            return Err(format!("{DN} is for the filter of groups"));
        }
        let compared = before.rsplit_once('(').and_then(|(_, item)| item.split_once('='));
        let (attribute, prefix) = compared.ok_or_else(|| format!("{USER} is what an attribute is compared with"))?;
        let (suffix, _) = behind.split_once(')').ok_or_else(|| format!("{USER} stands within parentheses"))?;
        if attribute.is_empty() || !attribute.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(format!("{USER} is compared with `=`, and with an attribute: (uid={USER})"));
        }
        if [prefix, suffix].iter().any(|part| part.contains(['*', '\\'])) {
            return Err(format!("beside {USER} there are no wildcards and no escapes"));
        }
        let [attribute, prefix, suffix] = [attribute, prefix, suffix].map(str::to_owned);
        Ok(Self { text: text.to_owned(), attribute, prefix, suffix })
    }

    /// The filter for a user.
    pub fn of(&self, user: &str) -> String {
        self.text.replace(USER, &ldap_escape(user))
    }

    /// The attribute that holds users' names.
    pub fn attribute(&self) -> &str {
        &self.attribute
    }

    /// The user whom a value of that attribute names; `None` for one that the filter cannot have meant.
    pub fn named_by<'v>(&self, value: &'v str) -> Option<&'v str> {
        value.strip_prefix(&*self.prefix)?.strip_suffix(&*self.suffix)
    }
}

impl GroupFilter {
    /// Reads a filter with `{dn}`, `{user}`, or both; the error says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        well_formed(text)?;
        if !text.contains(USER) && !text.contains(DN) {
            return Err(format!("the filter names {DN} or {USER}, such as (member={DN})"));
        }
        for (at, _) in text.match_indices(USER).chain(text.match_indices(DN)) {
            let (before, _) = text.split_at(at);
            if !before.rsplit_once('(').is_some_and(|(_, item)| item.contains('=')) {
                return Err(format!("{USER} and {DN} are what an attribute is compared with"));
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether groups within groups can be found by asking again with the groups' own names.
    pub fn is_of_dn_alone(&self) -> bool {
        !self.0.contains(USER)
    }

    /// Whether it leans on the in-chain rule. A directory that does not know the rule answers that there are no groups.
    pub fn is_in_chain(&self) -> bool {
        self.0.contains(IN_CHAIN)
    }

    /// The filter for what any of these is a member of; `user` is who is asked about.
    pub fn of(&self, dns: &[String], user: &str) -> String {
        let user = ldap_escape(user);
        // What is filled in is escaped, and its braces too, so that it opens no other place.
        let of = |dn: &String| {
            let dn = ldap_escape(dn.as_str()).replace('{', "\\7b");
            self.0.replace(DN, &dn).replace(USER, &user)
        };
        match dns {
            [dn] => of(dn),
            dns => format!("(|{})", dns.iter().map(of).collect::<String>()),
        }
    }
}

fn well_formed(text: &str) -> Result<(), String> {
    let filled = text.replace(USER, "x").replace(DN, "x");
    let parenthesised = filled.starts_with('(') && filled.ends_with(')');
    let parsed = parenthesised && parse_filter(&filled).is_ok();
    parsed.then_some(()).ok_or_else(|| "this is not a search filter (RFC 4515), such as (uid={user})".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_part_of_the_filter() {
        let filter = UserFilter::new("(&(objectClass=person)(uid={user}))").unwrap();
        for (user, wanted) in [
            ("jay", "jay"),
            ("*", "\\2a"),
            ("jay)(uid=*", "jay\\29\\28uid=\\2a"),
            ("x)(|(objectClass=*)", "x\\29\\28|\\28objectClass=\\2a\\29"),
            ("a\\2a", "a\\5c2a"),
            ("{dn}", "{dn}"),
            ("j\u{e4}y\u{200b}", "j\u{e4}y\u{200b}"),
        ] {
            let filled = filter.of(user);
            assert_eq!(filled, format!("(&(objectClass=person)(uid={wanted}))"));
            assert!(parse_filter(&filled).is_ok(), "{filled}");
        }
        let groups = GroupFilter::new("(|(member={dn})(memberUid={user}))").unwrap();
        let filled = groups.of(&["cn=a)(b,dc=x".to_owned()], "*");
        assert_eq!(filled, "(|(member=cn=a\\29\\28b,dc=x)(memberUid=\\2a))");
        let filled = groups.of(&["cn={user},dc=x".to_owned(), "cn=b".to_owned()], "{dn}");
        let (first, second) = ("(|(member=cn=\\7buser},dc=x)(memberUid={dn}))", "(|(member=cn=b)(memberUid={dn}))");
        assert_eq!(filled, format!("(|{first}{second})"));
        assert!(parse_filter(&filled).is_ok());
    }

    #[test]
    fn an_entry_is_the_users_when_it_has_the_very_value() {
        let filter = UserFilter::new("(userPrincipalName={user}@corp.example)").unwrap();
        assert_eq!(filter.attribute(), "userPrincipalName");
        assert_eq!(filter.named_by("jay@corp.example"), Some("jay"));
        assert_eq!(filter.named_by("jay@other.example"), None);
    }

    #[test]
    fn a_filter_that_could_mean_more_than_it_says_is_refused() {
        for bad in [
            "",
            "uid={user}",
            "(uid={user}",
            "(uid=jay)",
            "({user}=jay)",
            "(uid={user}*)",
            "(uid=*{user})",
            "(uid>={user})",
            "(uid~={user})",
            "(uid:={user})",
            "(|(uid={user})(mail={user}))",
            "(uid={dn}{user})",
            "(&(uid={user})(x=y)",
        ] {
            assert!(UserFilter::new(bad).is_err(), "{bad}");
        }
        for bad in ["", "(member=x)", "({dn}=x)", "member={dn}", "(&({user}=x)(member={dn}))"] {
            assert!(GroupFilter::new(bad).is_err(), "{bad}");
        }
        assert!(UserFilter::new("(&(objectClass=user)(!(objectClass=computer))(sAMAccountName={user}))").is_ok());
        let in_chain = GroupFilter::new("(member:1.2.840.113556.1.4.1941:={dn})").unwrap();
        assert!(in_chain.is_in_chain() && in_chain.is_of_dn_alone());
    }
}
