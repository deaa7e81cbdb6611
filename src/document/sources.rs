//! AttributeSource documents to the settings of sources.

mod ldap;
mod sql;

use std::collections::BTreeMap;

use crate::attributes::http::{Answers, HttpMethod, HttpSettings, Login, UrlTemplate, is_header};
use crate::attributes::source::{Freshness, GivenAttribute, Limits, SourceKind, SourceSettings};
use crate::attributes::tls::TlsSettings;
use crate::attributes::user_name::{Case, UserNames};
use crate::document::fields::Fields;
use crate::document::finding::{Code, Finding};
use crate::document::kinds::{Cardinality, Missing};
use crate::document::read::{Draft, Kind};
use crate::document::validate::unknown;
use crate::model::name::Name;

/// What a document's user names can become.
#[derive(Clone, Copy, PartialEq, Eq)]
enum UserNameWord {
    AsGiven,
    LowerCase,
    WithoutRealm,
}

impl Draft {
    pub(super) fn attribute_source(&mut self, fields: &mut Fields<'_>) -> Option<()> {
        let name = self.declare(Kind::AttributeSource, fields);
        let kind = kind(fields);
        let mut given = Vec::new();
        for (attribute, from) in fields.mapping("attributes") {
            match from.as_slice() {
                [from] => given.push((attribute, from.as_str().to_owned())),
                _ => {
                    let message = format!("where `{}` is in the answer is one text", attribute.as_str());
                    fields.find(Code::BadValue, &attribute.place, message);
                }
            }
        }
        let groups = fields.text("groups").map(|text| {
            if kind.as_ref().is_some_and(points) && !is_pointer(text.as_str()) {
                fields.find(Code::BadValue, &text.place, not_a_pointer(text.as_str()));
            }
            text.as_str().to_owned()
        });
        if let Some(SourceKind::Ldap(ldap)) = &kind
            && ldap.groups.is_some() != groups.is_some()
        {
            let place = fields.place();
            let message = "`groups`, the attribute that has a group's name, and `groups` below `ldap`, where they are, go together";
            fields.find(Code::MissingField, &place, message);
        }
        if given.is_empty() && groups.is_none() {
            let place = fields.place();
            fields.find(Code::MissingField, &place, "a source gives `attributes` or `groups`, and this one neither");
        }
        let user_names = user_names(fields);
        let precedence = fields.number("precedence", 0..=1_000_000).unwrap_or(0);
        let freshness = freshness(fields);
        let limits = limits(fields);
        let _for_people = fields.description();
        let (name, kind) = (name?, kind?);
        self.given.extend(given.into_iter().map(|(attribute, from)| (name.clone(), attribute, from)));
        let settings = SourceSettings {
            name: name.clone(),
            gives: BTreeMap::new(),
            groups,
            precedence: u32::try_from(precedence).unwrap_or(u32::MAX),
            user_names,
            freshness,
            limits,
            kind,
        };
        self.documents.sources.insert(name, settings);
        Some(())
    }
}

/// One section says what the source is.
fn kind(fields: &mut Fields<'_>) -> Option<SourceKind> {
    const KINDS: [&str; 3] = ["http", "ldap", "sql"];
    let said: Vec<&'static str> = KINDS.into_iter().filter(|kind| fields.has(kind)).collect();
    if let [_, second, ..] = said.as_slice()
        && let Some(place) = fields.place_of(second)
    {
        let message = format!("a source is one of {}, and this one is {}", KINDS.join(", "), said.join(" and "));
        fields.find(Code::BadValue, &place, message).help = Some("write an AttributeSource for each system".to_owned());
        KINDS.into_iter().for_each(|kind| fields.pass_over(kind));
        return None;
    }
    if let Some(mut http) = fields.section("http") {
        let settings = self::http(&mut http);
        http.end();
        return settings.map(SourceKind::Http);
    }
    if let Some(mut ldap) = fields.section("ldap") {
        let settings = ldap::settings(&mut ldap);
        ldap.end();
        return settings.map(SourceKind::Ldap);
    }
    if let Some(mut sql) = fields.section("sql") {
        let settings = sql::settings(&mut sql);
        sql.end();
        return settings.map(SourceKind::Sql);
    }
    let place = fields.place();
    fields.find(Code::MissingField, &place, "what the source is, is missing").help =
        Some("add a section `http:`, `ldap:` or `sql:`".to_owned());
    None
}

fn http(fields: &mut Fields<'_>) -> Option<HttpSettings> {
    let insecure = fields.boolean("insecure").unwrap_or(false);
    let words = [("json", Answers::Json), ("user info", Answers::UserInfo)];
    let answers = match fields.text("answers") {
        Some(text) => fields.word("answers", &text, &words),
        None => Some(Answers::Json),
    };
    let url = fields.required_text("url", "https://people.example.com/users/{user}").and_then(|text| {
        let url = UrlTemplate::new(text.as_str());
        let why = match &url {
            Err(why) => Some(why.clone()),
            Ok(url) if url.is_open() && !insecure => {
                Some("whoever is on the way could change the answers: use https, or say `insecure: true`".to_owned())
            }
            Ok(url) if !url.names_the_user() && answers == Some(Answers::Json) => {
                Some("the URL does not say where the user's name goes: write `{user}` there".to_owned())
            }
            Ok(_) => None,
        };
        if let Some(why) = why {
            // A password may stand in it.
            fields.find(Code::BadValue, &text.place.covered(), why);
            return None;
        }
        url.ok()
    });
    let method = match fields.text("method") {
        Some(text) => fields.word("method", &text, &[("GET", HttpMethod::Get), ("POST", HttpMethod::Post)]),
        None => Some(HttpMethod::Get),
    };
    let mut headers = BTreeMap::new();
    for (name, values) in fields.mapping("headers") {
        match values.as_slice() {
            [value] if is_header(name.as_str(), value.as_str()) => {
                headers.insert(name.as_str().to_owned(), value.as_str().to_owned());
            }
            _ => {
                fields.find(Code::BadValue, &name.place, format!("`{}` is not a header with one value", name.as_str()));
            }
        }
    }
    let (tls, login) = (tls(fields), login(fields));
    let not_found = fields.number("not_found", 400..=499).and_then(|status| u16::try_from(status).ok());
    let person = fields.text("person").map(|text| {
        if !is_pointer(text.as_str()) {
            fields.find(Code::BadValue, &text.place, not_a_pointer(text.as_str()));
        }
        text.as_str().to_owned()
    });
    let (url, method, answers) = (url?, method?, answers?);
    Some(HttpSettings { url, method, headers, login: login?, tls, answers, not_found, person })
}

fn login(fields: &mut Fields<'_>) -> Option<Login> {
    let user = fields.text("user");
    match (user, fields.secret("password"), fields.secret("token")) {
        (None, None, None) => Some(Login::None),
        (Some(user), Some(password), None) => Some(Login::Basic { user: user.as_str().to_owned(), password }),
        (None, None, Some(token)) => Some(Login::Bearer(token)),
        _ => {
            let place = fields.place();
            fields.find(Code::BadValue, &place, "a login is a `user` with a `password`, or a `token`");
            None
        }
    }
}

/// Where TLS to a source gets its certificates; for every kind of source.
pub(super) fn tls(fields: &mut Fields<'_>) -> TlsSettings {
    let authorities = fields.secret("authorities");
    let (chain, key) = (fields.secret("certificate"), fields.secret("key"));
    if chain.is_some() != key.is_some() {
        let place = fields.place();
        fields.find(Code::MissingField, &place, "`certificate` and `key` go together");
    }
    TlsSettings { authorities, certificate: chain.zip(key) }
}

fn user_names(fields: &mut Fields<'_>) -> UserNames {
    let words = [
        ("as given", UserNameWord::AsGiven),
        ("lower case", UserNameWord::LowerCase),
        ("without realm", UserNameWord::WithoutRealm),
    ];
    let texts = fields.texts("user_names");
    let said: Vec<UserNameWord> = texts.iter().filter_map(|text| fields.word("user_names", text, &words)).collect();
    let realms: Vec<String> = fields.texts("realms").iter().map(|text| text.as_str().to_owned()).collect();
    let place = fields.place();
    if said.contains(&UserNameWord::AsGiven) && said.len() > 1 {
        fields.find(Code::BadValue, &place, "`as given` goes with nothing else");
    }
    if said.contains(&UserNameWord::WithoutRealm) == realms.is_empty() {
        fields.find(
            Code::MissingField,
            &place,
            "`user_names: without realm` and `realms`, which are taken away, go together",
        );
    }
    let case = if said.contains(&UserNameWord::LowerCase) { Case::Lower } else { Case::AsGiven };
    UserNames { without_realms: realms, case }
}

fn freshness(fields: &mut Fields<'_>) -> Freshness {
    let usual = Freshness::default();
    let ttl = fields.period("ttl").unwrap_or(usual.ttl);
    // Who shortens or lengthens one has not to think of the others.
    let stale_ttl = fields.period("stale_ttl").unwrap_or(ttl * 3);
    let hard_ttl = fields.period("hard_ttl").unwrap_or(stale_ttl * 4);
    if ttl > stale_ttl || stale_ttl > hard_ttl {
        let place = fields.place();
        fields.find(Code::BadValue, &place, "`ttl` is at most `stale_ttl`, and that at most `hard_ttl`");
    }
    Freshness {
        ttl,
        stale_ttl,
        hard_ttl,
        negative_ttl: fields.period("negative_ttl").unwrap_or(usual.negative_ttl),
        jitter: fields.number("jitter", 0..=50).and_then(|percent| u8::try_from(percent).ok()).unwrap_or(usual.jitter),
    }
}

fn limits(fields: &mut Fields<'_>) -> Limits {
    let usual = Limits::default();
    Limits {
        timeout: fields.period("timeout").unwrap_or(usual.timeout),
        concurrency: fields
            .number("concurrency", 1..=1024)
            .and_then(|number| u16::try_from(number).ok())
            .unwrap_or(usual.concurrency),
        failures: fields
            .number("failures", 1..=1_000_000)
            .and_then(|number| u32::try_from(number).ok())
            .unwrap_or(usual.failures),
        pause: fields.period("pause").unwrap_or(usual.pause),
        entries: fields.number("entries", 1..=100_000_000).unwrap_or(usual.entries),
        bytes: fields.number("bytes", 1..=u64::MAX >> 20).unwrap_or(usual.bytes),
    }
}

/// What sources give is declared, where it is looked for can be looked for, and no two sources stand at one height.
pub(super) fn given(draft: &mut Draft) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (source, attribute, from) in std::mem::take(&mut draft.given) {
        let Some(name) = Name::new(attribute.as_str()) else { continue };
        let Some(declared) = draft.documents.attributes.get(&name) else {
            let known = draft.documents.attributes.keys().map(Name::as_str);
            findings.push(unknown("attribute", &name, &attribute.place, known));
            continue;
        };
        let single = declared.cardinality == Cardinality::Single;
        let given = GivenAttribute { from, value_type: declared.value_type, single };
        let Some(settings) = draft.documents.sources.get(&source) else { continue };
        if points(&settings.kind) && !is_pointer(&given.from) {
            findings.push(Finding::new(Code::BadValue, attribute.place.clone(), not_a_pointer(&given.from)));
        }
        if declared.missing == Missing::None && !proves_somebody(settings) {
            let message = format!("`{name}` is the empty set where it is missing, so an error's page would give it");
            findings.push(Finding::new(Code::BadValue, attribute.place.clone(), message).with_help(
                "add `person` below `http`: a JSON pointer to what every answer about somebody has, such as `/id`",
            ));
        }
        let rival = draft.documents.sources.values().find(|other| {
            other.name != source && other.precedence == settings.precedence && other.gives.contains_key(&name)
        });
        if let Some(rival) = rival {
            let message = format!("`{name}` comes from `{}` too, and neither source counts first", rival.name);
            findings.push(
                Finding::new(Code::DuplicateName, attribute.place.clone(), message)
                    .with_help("give one of them a greater `precedence`"),
            );
        }
        if let Some(settings) = draft.documents.sources.get_mut(&source)
            && settings.gives.insert(name.clone(), given).is_some()
        {
            let message = format!("`{name}` is there twice");
            findings.push(Finding::new(Code::DuplicateName, attribute.place.clone(), message));
        }
    }
    findings
}

/// Whether an answer without values is still one about somebody.
fn proves_somebody(settings: &SourceSettings) -> bool {
    match &settings.kind {
        SourceKind::Http(http) => {
            http.answers == Answers::UserInfo || http.person.is_some() || settings.groups.is_some()
        }
        SourceKind::Ldap(_) | SourceKind::Sql(_) => true,
    }
}

/// Whether what is looked for in an answer is found by JSON pointers.
fn points(kind: &SourceKind) -> bool {
    match kind {
        SourceKind::Http(http) => http.answers == Answers::Json,
        SourceKind::Ldap(_) | SourceKind::Sql(_) => false,
    }
}

fn not_a_pointer(text: &str) -> String {
    format!("`{text}` is not a JSON pointer such as `/person/country`")
}

fn is_pointer(text: &str) -> bool {
    text.is_empty() || text.starts_with('/')
}
