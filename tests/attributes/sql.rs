//! Attributes and groups from a real database.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use meshward::attributes::Known;

use crate::attributes::people::{Asked, said};
use crate::attributes::postgres::{self, PASSWORD, Postgres};
use crate::attributes::slapd::certificate;

/// Nobody waits longer, with what a busy machine adds.
const TIMEOUT: Duration = Duration::from_millis(800);
const SLACK: Duration = Duration::from_millis(700);

const PEOPLE: &str = "
INSERT INTO people VALUES ('jay', 'CL', 12345678901234567890.123456789, true, '2024-02-29', '2024-02-29 10:30:00+01'),
    ('ana', 'AT', 3, false, NULL, NULL), ('bare', NULL, NULL, NULL, NULL, NULL), ('JAY', 'DE', 1, true, NULL, NULL),
    ('o''brien', 'IE', 1, true, NULL, NULL), ('two', 'AT', 1, true, NULL, NULL), ('two', 'CL', 2, true, NULL, NULL);
INSERT INTO entitlements VALUES ('jay', 'retail'), ('jay', 'risk'), ('ana', 'risk');
";

/// Each person's columns, and the business lines as an array.
const QUERY: &str = "SELECT p.*, ARRAY(SELECT e.line FROM entitlements e WHERE e.login = p.login) AS lines FROM people p WHERE p.login = $1";

/// Documents with a source over a database; `sql` and `more` are more lines of its section and of the source.
fn documents(url: &str, query: &str, sql: &str, more: &str) -> String {
    let sql = sql.replace('\n', "\n  ");
    let timeout =
        if more.contains("timeout:") { String::new() } else { format!("timeout: {}ms\n", TIMEOUT.as_millis()) };
    format!(
        "{{kind: Attribute, name: country, type: text}}\n---\n{{kind: Attribute, name: clearance, type: number, single: true}}\n---\n\
         {{kind: Attribute, name: active, type: boolean}}\n---\n{{kind: Attribute, name: since, type: date}}\n---\n\
         {{kind: Attribute, name: seen, type: timestamp}}\n---\n{{kind: Attribute, name: lines, type: text}}\n---\n\
         kind: AttributeSource\nname: hr\nsql:\n  url: {url}\n  user: meshward\n  password: sql-password\n  query: |\n    {query}\n  \
         {sql}\nattributes: {{country: country, clearance: clearance, active: active, since: since, seen: seen, lines: lines}}\n\
         {timeout}{more}\n"
    )
}

const PLAIN: &str = "insecure: true";

fn asked(postgres: &Postgres, query: &str, sql: &str, more: &str) -> Asked {
    let asked = Asked::of(&documents(&postgres.url("127.0.0.1"), query, sql, more));
    postgres.share_secrets(asked.secrets.path());
    asked
}

fn groups(known: &Known) -> String {
    match &known.party.unknown_groups {
        Some(why) => format!("unknown: {why}"),
        None => known.party.identity.groups.iter().map(|group| &**group).collect::<Vec<_>>().join(" "),
    }
}

/// Every question goes to the database.
const NOTHING_HOLDS: &str =
    "ttl: 1ms\nstale_ttl: 1ms\nhard_ttl: 1ms\nnegative_ttl: 1ms\njitter: 0\npause: 50ms\nfailures: 1000\n";

#[tokio::test]
async fn attributes_come_from_a_row_with_all_their_digits_and_types() {
    if !postgres::there() {
        return;
    }
    let postgres = Postgres::start(PEOPLE).await;
    let asked = asked(&postgres, QUERY, PLAIN, "");
    let (exact, seen) = ("12345678901234567890.123456789", "2024-02-29T09:30:00Z");
    for (user, values) in [
        ("jay", ["CL", exact, "true", "2024-02-29", seen, "retail risk"]),
        ("ana", ["AT", "3", "false", "missing", "missing", "risk"]),
        ("JAY", ["DE", "1", "true", "missing", "missing", ""]),
        ("bare", ["missing", "missing", "missing", "missing", "missing", ""]),
        ("nobody", ["missing"; 6]),
    ] {
        let known = asked.know(user).await;
        let names = ["country", "clearance", "active", "since", "seen", "lines"];
        assert_eq!(names.map(|name| said(&known, name)), values, "{user}");
    }
}

#[tokio::test]
async fn a_name_is_a_parameter_and_never_a_part_of_the_query() {
    if !postgres::there() {
        return;
    }
    let postgres = Postgres::start(PEOPLE).await;
    let asked = asked(&postgres, QUERY, PLAIN, "");
    for user in [
        "'",
        "jay'--",
        "' OR '1'='1",
        "x'; DROP TABLE people; --",
        "$1",
        "\\",
        "jay\\",
        "%",
        "j_y",
        "jay ",
        " jay",
        "Jay",
        "\u{ff07} OR 1=1",
    ] {
        assert_eq!(said(&asked.know(user).await, "country"), "missing", "{user}");
    }
    assert_eq!(said(&asked.know("o'brien").await, "country"), "IE");
    assert_eq!(said(&asked.know("jay").await, "country"), "CL");
}

#[tokio::test]
async fn groups_come_from_a_column() {
    if !postgres::there() {
        return;
    }
    let postgres = Postgres::start(PEOPLE).await;
    let asked = asked(&postgres, QUERY, PLAIN, "groups: lines\n");
    for (user, wanted) in [("jay", "retail risk"), ("bare", ""), ("nobody", "")] {
        assert_eq!(groups(&asked.know(user).await), wanted, "{user}");
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_a_failure_and_not_an_empty_set() {
    if !postgres::there() {
        return;
    }
    let postgres = Postgres::start(PEOPLE).await;
    let columns = "NULL AS clearance, NULL AS active, NULL AS since, NULL AS seen, NULL AS lines";
    for (what, query, why) in [
        ("two rows", QUERY.to_owned(), "more than one row"),
        ("no column", "SELECT country FROM people WHERE login = $1 LIMIT 1".to_owned(), "is not a column"),
        ("a column twice", format!("SELECT 'AT' AS country, 'CL' AS country, {columns} WHERE $1 <> ''"), "one name"),
        ("NULL in an array", format!("SELECT ARRAY['AT', NULL] AS country, {columns} WHERE $1 <> ''"), "NULL"),
        ("a record", format!("SELECT ROW('AT', 1) AS country, {columns} WHERE $1 <> ''"), "neither a value"),
        (
            "an array of arrays",
            format!("SELECT ARRAY[ARRAY['AT']] AS country, {columns} WHERE $1 <> ''"),
            "neither a value",
        ),
        ("too large", format!("SELECT repeat('x', 1000000) AS country, {columns} WHERE $1 <> ''"), "too large"),
        (
            "too large a name",
            format!("SELECT repeat('\u{e4}', 262144) AS country, {columns} WHERE $1 <> ''"),
            "too large",
        ),
        ("a wrong name", "SELECT * FROM nowhere WHERE login = $1".to_owned(), "\"nowhere\" does not exist"),
        ("no query", "SELEC $1".to_owned(), "syntax error"),
        ("two queries", format!("SELECT 1) AS a; {QUERY}"), "SQLSTATE 42601"),
        (
            "an error about a value",
            "SELECT ('secret' || $1)::int AS country FROM people LIMIT 1".to_owned(),
            "SQLSTATE 22P02",
        ),
        ("another type", "SELECT * FROM people WHERE clearance = $1".to_owned(), "SQLSTATE 42883"),
    ] {
        let text = said(&asked(&postgres, &query, PLAIN, "").know("two").await, "country");
        assert!(text.starts_with("unknown") && text.contains(why), "{what}: {text}");
        assert!(!text.contains("secret") && !text.contains("two\""), "{what}: {text}");
    }
    let grouped =
        asked(&postgres, &format!("SELECT 'AT' AS country, {columns} WHERE $1 <> ''"), PLAIN, "groups: lines\n");
    let text = groups(&grouped.know("jay").await);
    assert!(text.starts_with("unknown") && text.contains("is NULL"), "{text}");
}

#[tokio::test]
async fn nothing_is_written_even_by_a_role_that_could() {
    if !postgres::there() {
        return;
    }
    let postgres = Postgres::start(PEOPLE).await;
    postgres
        .execute(
            "GRANT INSERT, DELETE ON people TO meshward;
             CREATE FUNCTION writes(who text) RETURNS text LANGUAGE sql AS $$
                 INSERT INTO people VALUES (who, 'XX', 1, true, NULL, NULL) RETURNING country $$;",
        )
        .await;
    let columns = "NULL AS clearance, NULL AS active, NULL AS since, NULL AS seen, NULL AS lines";
    for query in [
        "DELETE FROM people WHERE login <> $1 RETURNING country".to_owned(),
        "WITH gone AS (DELETE FROM people WHERE login <> $1 RETURNING country) SELECT country FROM gone".to_owned(),
        format!("SELECT writes($1) AS country, {columns}"),
    ] {
        let text = said(&asked(&postgres, &query, PLAIN, "").know("jay").await, "country");
        assert!(text.starts_with("unknown") && text.contains("SQLSTATE"), "{text}");
    }
    let well = asked(&postgres, QUERY, PLAIN, "");
    for (user, country) in [("jay", "CL"), ("ana", "AT")] {
        assert_eq!(said(&well.know(user).await, "country"), country);
    }
}

#[tokio::test]
async fn tls_is_spoken_with_the_server_that_the_authority_vouches_for_and_no_other() {
    if !postgres::there() {
        return;
    }
    let postgres = Postgres::start(PEOPLE).await;
    let sql = "authorities: sql-authority";
    let good = asked(&postgres, QUERY, sql, "");
    assert_eq!(said(&good.know("jay").await, "country"), "CL");
    let encrypted = "EXISTS (SELECT FROM pg_stat_ssl s WHERE s.pid = pg_stat_activity.pid AND s.ssl)";
    assert_eq!(postgres.connections(encrypted).await, 1);
    let stranger = asked(&postgres, QUERY, sql, "");
    fs::write(stranger.secrets.path().join("sql-authority"), certificate("127.0.0.1").0).unwrap();
    let misnamed = Asked::of(&documents(&postgres.url("localhost"), QUERY, sql, ""));
    postgres.share_secrets(misnamed.secrets.path());
    for other in [stranger, misnamed, asked(&postgres, QUERY, "", "")] {
        let text = said(&other.know("jay").await, "country");
        assert!(text.starts_with("unknown") && text.contains("certificate"), "{text}");
    }
    // A server without TLS is not spoken to without it.
    postgres.execute("ALTER SYSTEM SET ssl = off").await;
    postgres.execute("SELECT pg_reload_conf()").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let text = said(&asked(&postgres, QUERY, sql, "").know("jay").await, "country");
    assert!(text.starts_with("unknown") && text.contains("TLS"), "{text}");
}

#[tokio::test]
async fn no_fault_of_a_database_is_an_empty_set_and_all_is_well_again_by_itself() {
    if !postgres::there() {
        return;
    }
    let mut postgres = Postgres::start(PEOPLE).await;
    let asked = asked(&postgres, QUERY, PLAIN, &format!("groups: lines\n{NOTHING_HOLDS}"));
    let well = async |asked: &Asked| {
        tokio::time::sleep(Duration::from_millis(60)).await;
        let known = asked.know("jay").await;
        assert_eq!((said(&known, "country"), groups(&known)), ("CL".to_owned(), "retail risk".to_owned()));
    };
    let ill = async |asked: &Asked, what: &str, why: &str| {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let started = Instant::now();
        let known = asked.know("jay").await;
        let (took, country) = (started.elapsed(), said(&known, "country"));
        assert!(country.starts_with("unknown") && country.contains(why), "{what}: {country}");
        assert!(groups(&known).starts_with("unknown"), "{what}: {}", groups(&known));
        assert!(!country.contains(PASSWORD), "{what}: {country}");
        assert!(took < TIMEOUT + SLACK, "{what}: waited {took:?}");
    };
    well(&asked).await;
    postgres.pause();
    ill(&asked, "paused", "in time").await;
    ill(&asked, "paused, with a new connection", "in time").await;
    postgres.go_on();
    well(&asked).await;
    postgres.stop();
    ill(&asked, "stopped", "cannot be reached").await;
    postgres.start_again().await;
    well(&asked).await;
    postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'meshward'").await;
    well(&asked).await;
    for (what, breaks, mends, why) in [
        ("no table", "ALTER TABLE people RENAME TO gone", "ALTER TABLE gone RENAME TO people", "does not exist"),
        (
            "no right",
            "REVOKE SELECT ON people FROM meshward",
            "GRANT SELECT ON people TO meshward",
            "permission denied",
        ),
        (
            "a slow query",
            "ALTER TABLE people RENAME TO fast; CREATE VIEW people AS SELECT fast.* FROM fast, pg_sleep(5); GRANT SELECT ON people TO meshward",
            "DROP VIEW people; ALTER TABLE fast RENAME TO people",
            "in time",
        ),
    ] {
        postgres.execute(breaks).await;
        ill(&asked, what, why).await;
        postgres.execute(mends).await;
        well(&asked).await;
    }
    let running = || postgres.connections("state = 'active'");
    let started = Instant::now();
    while running().await > 0 {
        assert!(started.elapsed() < TIMEOUT * 3, "the database works on a question that nobody waits for");
    }
    postgres.execute("ALTER ROLE meshward PASSWORD 'changed'").await;
    postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'meshward'").await;
    ill(&asked, "a wrong password", "password authentication failed").await;
    fs::write(asked.secrets.path().join("sql-password"), "changed\n").unwrap();
    well(&asked).await;
}

#[tokio::test]
async fn what_is_no_database_is_a_failure_within_the_timeout() {
    let cases: [(&str, Vec<u8>); 6] = [
        ("silence", Vec::new()),
        ("HTTP", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        ("noise", (0..=255).cycle().take(4_096).collect()),
        ("a long message", b"D\x7f\xff\xff\xff".to_vec()),
        ("an error without fields", b"E\x00\x00\x00\x05\x00".to_vec()),
        ("a login and then noise", [b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I".as_slice(), &[0xff; 64]].concat()),
    ];
    for (what, bytes) in cases {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("postgresql://{}/hr", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let _gone = tokio::io::AsyncWriteExt::write_all(&mut stream, &bytes).await;
                open.push(stream);
            }
        });
        for sql in [PLAIN, ""] {
            let asked = Asked::of(&documents(&url, QUERY, sql, ""));
            fs::write(asked.secrets.path().join("sql-password"), PASSWORD).unwrap();
            let started = Instant::now();
            let text = said(&asked.know("jay").await, "country");
            assert!(text.starts_with("unknown") && !text.contains(PASSWORD), "{what}: {text}");
            assert!(started.elapsed() < TIMEOUT + SLACK, "{what}: waited {:?}", started.elapsed());
        }
        server.abort();
    }
}

#[tokio::test]
async fn connections_are_used_again_bounded_and_never_with_half_an_answer() {
    if !postgres::there() {
        return;
    }
    let people: String =
        (0..100).map(|n| format!("INSERT INTO people VALUES ('p{n}', 'p{n}', {n}, true, NULL, NULL);")).collect();
    let postgres = Postgres::start(&people).await;
    let more = format!("{NOTHING_HOLDS}concurrency: 4\ntimeout: 300ms\n");
    let asked = Arc::new(asked(&postgres, QUERY, PLAIN, &more));
    let round = async |asked: &Arc<Asked>| {
        let all: Vec<_> = (0..100)
            .map(|n| {
                let asked = Arc::clone(asked);
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
    // The database needs a moment to notice that a question was dropped.
    let bounded = async || {
        let gone = Instant::now() + Duration::from_secs(10);
        while postgres.connections("true").await > 4 {
            assert!(Instant::now() < gone, "connections of dropped questions are closed");
        }
    };
    let deadline = Instant::now() + Duration::from_secs(10);
    while round(&asked).await == 0 {
        assert!(Instant::now() < deadline, "somebody is answered");
    }
    bounded().await;
    for _ in 0..5 {
        let pausing = async {
            for _ in 0..4 {
                postgres.pause();
                tokio::time::sleep(Duration::from_millis(120)).await;
                postgres.go_on();
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

/// Waits until an attribute is as it should be.
async fn eventually(asked: &Asked, user: &str, country: &str, within: Duration) {
    let started = Instant::now();
    loop {
        let text = said(&asked.know(user).await, "country");
        if text == country {
            return;
        }
        assert!(started.elapsed() < within, "{user} has {text}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn what_the_database_says_has_changed_is_asked_again_at_once_and_nothing_else() {
    if !postgres::there() {
        return;
    }
    let postgres = Postgres::start(PEOPLE).await;
    let asked = asked(&postgres, QUERY, "insecure: true\nchannel: people_changed", "ttl: 1h\n");
    let listening = "query LIKE 'LISTEN%'";
    let started = Instant::now();
    while postgres.connections(listening).await == 0 {
        assert!(started.elapsed() < Duration::from_secs(5), "it listens");
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    for user in ["jay", "ana"] {
        asked.know(user).await;
    }
    postgres.execute("UPDATE people SET country = 'FR' WHERE login IN ('jay', 'ana')").await;
    assert_eq!(said(&asked.know("jay").await, "country"), "CL");
    postgres.execute("NOTIFY another_channel, 'jay'").await;
    postgres.execute("NOTIFY people_changed, 'somebody'").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(said(&asked.know("jay").await, "country"), "CL");
    postgres.execute("NOTIFY people_changed, 'jay'").await;
    eventually(&asked, "jay", "FR", Duration::from_secs(2)).await;
    assert_eq!(said(&asked.know("ana").await, "country"), "AT");
    postgres.execute("NOTIFY people_changed").await;
    eventually(&asked, "ana", "FR", Duration::from_secs(2)).await;
    // What the page tells people to paste says it by itself.
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/postgresql.md")).unwrap();
    let trigger = page.split("```sql\n").find(|block| block.starts_with("CREATE FUNCTION")).unwrap();
    postgres.execute(trigger.split("```").next().unwrap()).await;
    postgres.execute("UPDATE people SET country = 'IT' WHERE login = 'jay'").await;
    eventually(&asked, "jay", "IT", Duration::from_secs(2)).await;
    postgres.execute("DELETE FROM people WHERE login = 'ana'").await;
    eventually(&asked, "ana", "missing", Duration::from_secs(2)).await;
}

#[tokio::test]
async fn what_was_said_while_nobody_listened_counts_when_listening_begins_again() {
    if !postgres::there() {
        return;
    }
    let mut postgres = Postgres::start(PEOPLE).await;
    let asked = asked(&postgres, QUERY, "insecure: true\nchannel: people_changed", "ttl: 1h\n");
    eventually(&asked, "jay", "CL", Duration::from_secs(5)).await;
    // The connection is cut and the change is said before there is a new one.
    postgres.stop();
    postgres.start_again().await;
    postgres.execute("UPDATE people SET country = 'FR' WHERE login = 'jay'; NOTIFY people_changed, 'jay'").await;
    eventually(&asked, "jay", "FR", Duration::from_secs(10)).await;
    drop(asked);
    let started = Instant::now();
    while postgres.connections("true").await > 0 {
        assert!(started.elapsed() < Duration::from_secs(5), "with the source the listening ends");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
