//! Attributes and groups from a real directory.

use std::fmt::Write as _;
use std::fs;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use meshward::attributes::Known;

use crate::attributes::people::{Asked, said};
use crate::attributes::slapd::{self, BIND, PASSWORD, Slapd, group, group_dn, person, person_dn};

/// Nobody waits longer, with what a busy machine adds.
const TIMEOUT: Duration = Duration::from_millis(800);
const SLACK: Duration = Duration::from_millis(700);

/// Documents with a source over a directory; `ldap` and `more` are more lines of its section and of the source.
fn documents(url: &str, ldap: &str, more: &str) -> String {
    let ldap = ldap.replace('\n', "\n  ");
    let timeout =
        if more.contains("timeout:") { String::new() } else { format!("timeout: {}ms\n", TIMEOUT.as_millis()) };
    format!(
        "{{kind: Attribute, name: country, type: text}}\n---\n{{kind: Attribute, name: clearance, type: number, single: true}}\n---\n\
         {{kind: Attribute, name: active, type: boolean}}\n---\n\
         kind: AttributeSource\nname: directory\nldap:\n  url: {url}\n  bind: {BIND}\n  password: ldap-password\n  \
         base: ou=people,dc=example,dc=org\n  {ldap}\n\
         attributes: {{country: st, clearance: employeeNumber, active: olcReadOnly}}\n{timeout}{more}\n"
    )
}

const PLAIN: &str = "insecure: true\nfilter: (&(objectClass=inetOrgPerson)(uid={user}))";

fn asked(slapd: &Slapd, ldap: &str, more: &str) -> Asked {
    let asked = Asked::of(&documents(&slapd.url(), ldap, more));
    slapd.share_secrets(asked.secrets.path());
    asked
}

fn groups(known: &Known) -> String {
    match &known.party.unknown_groups {
        Some(why) => format!("unknown: {why}"),
        None => known.party.identity.groups.iter().map(|group| &**group).collect::<Vec<_>>().join(" "),
    }
}

/// 10,000 people in 200 groups, groups within groups, and people whose names are traps.
fn tree() -> String {
    let mut tree = String::new();
    for n in 0..10_000 {
        let group = group_dn(&format!("team{}", n % 200));
        let country = ["AT", "CL", "DE"][n % 3];
        tree += &person(&format!("p{n:05}"), &format!("st: {country}\nemployeeNumber: {n}\nmemberOf: {group}\n"));
    }
    for team in 0..200 {
        let members: Vec<String> = (team..10_000).step_by(200).map(|n| person_dn(&format!("p{n:05}"))).collect();
        tree += &group(&format!("team{team}"), &members);
    }
    // team0 is in division, that in company, and that in division again.
    tree += &group("division", &[group_dn("team0"), group_dn("company")]);
    tree += &group("company", &[group_dn("division")]);
    tree += &group("Risk\\, EU", &[person_dn("p00001")]);
    for n in 0..40 {
        let member = if n == 0 { person_dn("p00007") } else { group_dn(&format!("deep{}", n - 1)) };
        tree += &group(&format!("deep{n}"), &[member]);
    }
    for n in 0..1_200 {
        tree += &group(&format!("many{n:04}"), &[person_dn("p00009")]);
    }
    tree += "dn: cn=posix,ou=groups,dc=example,dc=org\nobjectClass: posixGroup\ncn: posix\ngidNumber: 1\nmemberUid: p00002\n\n";
    tree += &person("Mixed", "st: AT\nst: CL\nolcReadOnly: TRUE\n");
    tree += &person("wild*card", "st: WILD\n");
    tree += &person("two", "st: AT\n");
    tree += "dn: cn=second,ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\nobjectClass: extensibleObject\nuid: two\ncn: second\nsn: x\nst: CL\n\n";
    tree += &person("bare", "");
    tree += &person(
        "outside",
        "st: AT\nmemberOf: cn=boss,ou=services,dc=example,dc=org\nmemberOf: cn=team1,ou=groups,dc=example,dc=org\n",
    );
    tree += &person("binary", "jpegPhoto:: /w==\n");
    tree
}

/// The tree of 10,000, shared by tests that change nothing.
fn big() -> &'static Slapd {
    static BIG: OnceLock<Slapd> = OnceLock::new();
    BIG.get_or_init(|| Slapd::start_shared(&tree()))
}

fn small() -> Slapd {
    Slapd::start(
        &(person("jay", "st: CL\nemployeeNumber: 3\n")
            + &person("ana", "st: AT\n")
            + &group("finance", &[person_dn("jay")])),
    )
}

#[tokio::test]
async fn attributes_come_from_a_tree_of_10_000_people() {
    if !slapd::there() {
        return;
    }
    let asked = asked(big(), PLAIN, "");
    for (user, country, clearance, active) in [
        ("p00000", "AT", "0", "missing"),
        ("p09999", "AT", "9999", "missing"),
        ("p04000", "CL", "4000", "missing"),
        ("Mixed", "AT CL", "missing", "true"),
        ("bare", "missing", "missing", "missing"),
        ("p10000", "missing", "missing", "missing"),
    ] {
        let known = asked.know(user).await;
        let values = ["country", "clearance", "active"].map(|name| said(&known, name));
        assert_eq!(values, [country, clearance, active], "{user}");
    }
}

#[tokio::test]
async fn a_user_who_differs_by_case_spaces_or_wildcards_is_another_one() {
    if !slapd::there() {
        return;
    }
    let asked = asked(big(), PLAIN, "");
    // The directory itself takes each of these for an entry, or would, were it not escaped.
    for user in [
        "P00000",
        "p00000 ",
        " p00000",
        "mixed",
        "MIXED",
        "p0000*",
        "*",
        "p00000)(uid=*",
        "p00000))(|(uid=p00000",
        "\\70\\3000000",
        "wild\\2acard",
        "p00000\u{200b}",
        "two ",
        "Two",
    ] {
        assert_eq!(said(&asked.know(user).await, "country"), "missing", "{user}");
    }
    assert_eq!(said(&asked.know("wild*card").await, "country"), "WILD");
}

#[tokio::test]
async fn names_are_folded_where_the_document_says_so() {
    if !slapd::there() {
        return;
    }
    let asked = asked(big(), PLAIN, "user_names: [without realm, lower case]\nrealms: [EXAMPLE.ORG]\n");
    for user in ["Mixed", "mixed", "MIXED@EXAMPLE.ORG", "EXAMPLE.ORG\\mixed"] {
        assert_eq!(said(&asked.know(user).await, "country"), "AT CL", "{user}");
    }
    for user in ["mixed@OTHER.ORG", "mixed ", "mi*ed"] {
        assert_eq!(said(&asked.know(user).await, "country"), "missing", "{user}");
    }
}

#[tokio::test]
async fn two_entries_of_one_name_are_nobody() {
    if !slapd::there() {
        return;
    }
    let asked = asked(big(), PLAIN, "");
    assert!(said(&asked.know("two").await, "country").contains("more than one entry"));
    let all = asked_with_filter("(|(uid={user})(objectClass=inetOrgPerson))");
    assert!(said(&all.know("p00000").await, "country").contains("too large"));
    let asked = Asked::of(&documents(&big().url(), PLAIN, "").replace("country: st", "country: jpegPhoto"));
    big().share_secrets(asked.secrets.path());
    let text = said(&asked.know("binary").await, "country");
    assert!(text.starts_with("unknown") && text.contains("not text"), "{text}");
}

fn asked_with_filter(filter: &str) -> Asked {
    asked(big(), &format!("insecure: true\nfilter: {filter}"), "")
}

#[tokio::test]
async fn groups_are_found_by_each_way() {
    if !slapd::there() {
        return;
    }
    let search = |filter: &str, more: &str| {
        format!("{PLAIN}\ngroups:\n  base: ou=groups,dc=example,dc=org\n  filter: {filter}\n  {more}")
    };
    let attribute = format!("{PLAIN}\ngroups:\n  base: ou=groups,dc=example,dc=org\n  attribute: memberOf");
    for (what, ldap, user, wanted) in [
        ("memberOf", attribute.clone(), "p00000", "team0"),
        ("memberOf, elsewhere", attribute.clone(), "outside", "team1"),
        ("memberOf, none", attribute, "bare", ""),
        ("search", search("(member={dn})", ""), "p00000", "team0"),
        ("search, a name with a comma", search("(member={dn})", ""), "p00001", "Risk, EU team1"),
        ("search, none", search("(member={dn})", ""), "bare", ""),
        ("walk through a circle", search("(member={dn})", "nested: true"), "p00000", "company division team0"),
        ("by the user's name", search("(&(objectClass=posixGroup)(memberUid={user}))", ""), "p00002", "posix"),
        ("either", search("(|(member={dn})(memberUid={user}))", ""), "p00002", "posix team2"),
    ] {
        let asked = asked(big(), &ldap, "groups: cn\n");
        assert_eq!(groups(&asked.know(user).await), wanted, "{what}");
    }
    let by_number = asked(big(), &search("(memberUid={user})", ""), "groups: gidNumber\n");
    assert_eq!(groups(&by_number.know("p00002").await), "1");
}

#[tokio::test]
async fn more_groups_than_a_page_are_all_there() {
    if !slapd::there() {
        return;
    }
    let ldap =
        format!("{PLAIN}\ngroups:\n  base: ou=groups,dc=example,dc=org\n  filter: (member={{dn}})\n  nested: true");
    let known = asked(big(), &ldap, "groups: cn\ntimeout: 5s\n").know("p00009").await;
    assert_eq!(known.party.unknown_groups, None);
    assert_eq!(known.party.identity.groups.len(), 1_201);
}

#[tokio::test]
async fn groups_that_cannot_be_told_are_unknown_and_not_none() {
    if !slapd::there() {
        return;
    }
    let groups_by = |lines: &str| format!("{PLAIN}\ngroups:\n  {}", lines.replace('\n', "\n  "));
    let base = "base: ou=groups,dc=example,dc=org";
    for (what, ldap, name, user, why) in [
        // OpenLDAP does not know the rule, and says success and nothing.
        (
            "in chain",
            format!("{base}\nfilter: (member:1.2.840.113556.1.4.1941:={{dn}})"),
            "cn",
            "p00000",
            "in-chain rule",
        ),
        ("too deep", format!("{base}\nfilter: (member={{dn}})\nnested: true"), "cn", "p00007", "deep"),
        (
            "no such base",
            "base: ou=nowhere,dc=example,dc=org\nfilter: (member={dn})".to_owned(),
            "cn",
            "p00000",
            "noSuchObject",
        ),
        ("no name", format!("{base}\nfilter: (member={{dn}})"), "description", "p00000", "has no `description`"),
        ("another name", format!("{base}\nattribute: memberOf"), "ou", "p00000", "does not begin with"),
        ("not names", format!("{base}\nattribute: sn"), "cn", "p00000", "names no entry"),
        ("the user is unknown twice", format!("{base}\nattribute: memberOf"), "cn", "two", "more than one entry"),
    ] {
        let asked = asked(big(), &groups_by(&ldap), &format!("groups: {name}\n"));
        let groups = groups(&asked.know(user).await);
        assert!(groups.starts_with("unknown") && groups.contains(why), "{what}: {groups}");
    }
}

#[tokio::test]
async fn a_referral_is_no_answer() {
    if !slapd::there() {
        return;
    }
    let elsewhere = "dn: ou=elsewhere,ou=people,dc=example,dc=org\nobjectClass: referral\nobjectClass: extensibleObject\n\
                     ou: elsewhere\nref: ldap://127.0.0.1:1/ou=elsewhere,dc=example,dc=org\n\n";
    let slapd = Slapd::start(&(person("jay", "st: CL\n") + elsewhere));
    let strict = asked(&slapd, PLAIN, "");
    for user in ["jay", "nobody"] {
        assert!(said(&strict.know(user).await, "country").contains("refers to another server"), "{user}");
    }
    let loose = asked(&slapd, &format!("{PLAIN}\nreferrals: ignore"), "");
    assert_eq!(said(&loose.know("jay").await, "country"), "CL");
    assert_eq!(said(&loose.know("nobody").await, "country"), "missing");
    let below = documents(&slapd.url(), PLAIN, "").replace("base: ou=people", "base: ou=elsewhere,ou=people");
    let below = Asked::of(&below);
    slapd.share_secrets(below.secrets.path());
    assert!(said(&below.know("jay").await, "country").contains("referral"));
}

#[tokio::test]
async fn tls_is_spoken_with_the_server_that_the_authority_vouches_for_and_no_other() {
    if !slapd::there() {
        return;
    }
    let slapd = small();
    let filter = "filter: (uid={user})\nauthorities: ldap-authority";
    for url in [slapd.url(), slapd.tls_url()] {
        let asked = Asked::of(&documents(&url, filter, ""));
        slapd.share_secrets(asked.secrets.path());
        assert_eq!(said(&asked.know("jay").await, "country"), "CL", "{url}");
        let stranger = Asked::of(&documents(&url, filter, ""));
        slapd.share_secrets(stranger.secrets.path());
        fs::write(stranger.secrets.path().join("ldap-authority"), slapd::certificate("127.0.0.1").0).unwrap();
        let text = said(&stranger.know("jay").await, "country");
        assert!(text.starts_with("unknown") && text.contains("certificate"), "{text}");
        // Another name for this machine is not the one that the certificate is for.
        let misnamed = Asked::of(&documents(&url.replace("127.0.0.1", "localhost"), filter, ""));
        slapd.share_secrets(misnamed.secrets.path());
        let text = said(&misnamed.know("jay").await, "country");
        assert!(text.starts_with("unknown") && text.contains("certificate"), "{text}");
        // And by the system's authorities it is nobody's.
        let system = Asked::of(&documents(&url, "filter: (uid={user})", ""));
        slapd.share_secrets(system.secrets.path());
        assert!(said(&system.know("jay").await, "country").starts_with("unknown"));
    }
}

#[tokio::test]
async fn a_wrong_or_empty_password_is_a_failure_and_is_shown_nowhere() {
    if !slapd::there() {
        return;
    }
    let slapd = small();
    let asked = asked(&slapd, PLAIN, "pause: 20ms\nnegative_ttl: 1ms\n");
    // An empty password would log in as nobody, who finds nobody.
    for (password, why) in [("not-the-password", "invalidCredentials"), ("", "is empty")] {
        fs::write(asked.secrets.path().join("ldap-password"), password).unwrap();
        let text = said(&asked.know("jay").await, "country");
        assert!(text.starts_with("unknown") && text.contains(why), "{text}");
        assert!(password.is_empty() || !format!("{text}{asked:?}", asked = asked.attributes).contains(password));
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    fs::remove_file(asked.secrets.path().join("ldap-password")).unwrap();
    assert!(said(&asked.know("jay").await, "country").contains("cannot be read"));
    tokio::time::sleep(Duration::from_millis(30)).await;
    // Well again by itself.
    slapd.share_secrets(asked.secrets.path());
    assert_eq!(said(&asked.know("jay").await, "country"), "CL");
    assert!(!format!("{:?}", asked.attributes).contains(PASSWORD));
}

#[tokio::test]
async fn no_fault_of_a_directory_is_an_empty_set_and_all_is_well_again_by_itself() {
    if !slapd::there() {
        return;
    }
    let mut slapd = small();
    let ldap = format!("{PLAIN}\ngroups:\n  base: ou=groups,dc=example,dc=org\n  filter: (member={{dn}})");
    // Nothing holds for longer than a moment, so that every question goes to the directory.
    let more = "groups: cn\nttl: 1ms\nstale_ttl: 1ms\nhard_ttl: 1ms\nnegative_ttl: 1ms\njitter: 0\npause: 50ms\nfailures: 1000\n";
    let asked = asked(&slapd, &ldap, more);
    let well = async |asked: &Asked| {
        tokio::time::sleep(Duration::from_millis(60)).await;
        let known = asked.know("jay").await;
        assert_eq!((said(&known, "country"), groups(&known)), ("CL".to_owned(), "finance".to_owned()));
    };
    let ill = async |asked: &Asked, what: &str| {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let started = Instant::now();
        let known = asked.know("jay").await;
        let took = started.elapsed();
        assert!(said(&known, "country").starts_with("unknown"), "{what}: {}", said(&known, "country"));
        assert!(groups(&known).starts_with("unknown"), "{what}: {}", groups(&known));
        assert!(took < TIMEOUT + SLACK, "{what}: waited {took:?}");
    };
    well(&asked).await;
    slapd.pause();
    ill(&asked, "paused").await;
    ill(&asked, "paused, with a new connection").await;
    slapd.go_on();
    well(&asked).await;
    slapd.stop();
    ill(&asked, "stopped").await;
    slapd.start_again();
    well(&asked).await;
    slapd.set_access("access to * by anonymous auth by * none\n");
    ill(&asked, "nothing may be read").await;
    slapd.set_access("access to attrs=userPassword by anonymous auth\naccess to * by * read\n");
    well(&asked).await;
    slapd.set_access("access to dn.subtree=ou=groups,dc=example,dc=org by * none\naccess to * by * read\n");
    tokio::time::sleep(Duration::from_millis(60)).await;
    let known = asked.know("jay").await;
    assert!(groups(&known).starts_with("unknown"), "groups may not be read: {}", groups(&known));
}

#[tokio::test]
async fn what_is_no_directory_is_a_failure_within_the_timeout() {
    if !slapd::there() {
        return;
    }
    // A SearchResultDone and a BindResponse of success in every answer, an entry that is none, a length of 4 GiB, and noise.
    let bind = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00".as_slice();
    let cases: [(&str, Vec<u8>); 8] = [
        ("silence", Vec::new()),
        ("HTTP", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        ("noise", (0..=255).cycle().take(4_096).collect()),
        ("a long message", b"\x30\x84\xff\xff\xff\xff".to_vec()),
        ("a message without a number", b"\x30\x00".to_vec()),
        ("a response of another kind", b"\x30\x05\x02\x01\x01\x61\x00".to_vec()),
        ("a login and then noise", [bind, &[0xff; 64]].concat()),
        ("a login and an entry that is none", [bind, b"\x30\x05\x02\x01\x02\x64\x00"].concat()),
    ];
    for (what, bytes) in cases {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let _gone = tokio::io::AsyncWriteExt::write_all(&mut stream, &bytes).await;
                open.push(stream);
            }
        });
        let asked = Asked::of(&documents(&format!("ldap://{address}"), PLAIN, ""));
        fs::write(asked.secrets.path().join("ldap-password"), PASSWORD).unwrap();
        let started = Instant::now();
        let text = said(&asked.know("jay").await, "country");
        assert!(text.starts_with("unknown"), "{what}: {text}");
        assert!(!text.contains(PASSWORD), "{what}: {text}");
        assert!(started.elapsed() < TIMEOUT + SLACK, "{what}: waited {:?}", started.elapsed());
        server.abort();
    }
}

#[tokio::test]
async fn connections_are_used_again_bounded_and_never_with_half_an_answer() {
    if !slapd::there() {
        return;
    }
    let slapd = Slapd::start(&(0..100).fold(String::new(), |mut tree, n| {
        write!(tree, "{}", person(&format!("p{n}"), &format!("st: p{n}\n"))).unwrap();
        tree
    }));
    let more = "ttl: 1ms\nstale_ttl: 1ms\nhard_ttl: 1ms\njitter: 0\nconcurrency: 4\ntimeout: 300ms\npause: 1ms\nfailures: 1000\n";
    let asked = std::sync::Arc::new(asked(&slapd, PLAIN, more));
    let round = async |asked: &std::sync::Arc<Asked>| {
        let all: Vec<_> = (0..100)
            .map(|n| {
                let asked = std::sync::Arc::clone(asked);
                tokio::spawn(async move { (n, said(&asked.know(&format!("p{n}")).await, "country")) })
            })
            .collect();
        let mut answered = 0;
        for one in all {
            let (n, text) = one.await.unwrap();
            assert!(text == format!("p{n}") || text.starts_with("unknown"), "p{n} got {text}");
            answered += usize::from(!text.starts_with("unknown"));
        }
        answered
    };
    // The directory needs a moment to notice that a question was dropped.
    let bounded = async || {
        let gone = Instant::now() + Duration::from_secs(10);
        while slapd.connections() > 4 {
            assert!(Instant::now() < gone, "connections of dropped questions are closed");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let deadline = Instant::now() + Duration::from_secs(10);
    while round(&asked).await == 0 {
        assert!(Instant::now() < deadline, "somebody is answered");
    }
    bounded().await;
    // Questions are cut off in the middle of their answers, again and again.
    for _ in 0..5 {
        let pausing = async {
            for _ in 0..4 {
                slapd.pause();
                tokio::time::sleep(Duration::from_millis(120)).await;
                slapd.go_on();
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::join!(round(&asked), pausing);
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    while round(&asked).await < 100 {
        assert!(Instant::now() < deadline, "well again by itself");
    }
    bounded().await;
}

#[tokio::test]
async fn a_change_in_the_directory_is_seen_within_ttl_and_at_once_after_invalidation() {
    if !slapd::there() {
        return;
    }
    let slapd = small();
    let asked = asked(&slapd, PLAIN, "ttl: 500ms\nstale_ttl: 500ms\n");
    assert_eq!(said(&asked.know("jay").await, "country"), "CL");
    slapd.set("jay", "st", &["DE", "AT"]);
    assert_eq!(said(&asked.know("jay").await, "country"), "CL");
    tokio::time::sleep(Duration::from_millis(550)).await;
    assert_eq!(said(&asked.know("jay").await, "country"), "AT DE");
    slapd.set("jay", "st", &["CL"]);
    asked.attributes.sources()[0].forget_all();
    assert_eq!(said(&asked.know("jay").await, "country"), "CL");
}
