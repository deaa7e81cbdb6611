//! What changes in a directory and in a database is seen in Trino: within `ttl`, and at once where the source says so.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::attributes::postgres::{self, Postgres};
use crate::attributes::slapd::{self, BIND, Slapd, group, person, person_dn};
use crate::trino::mesh::{Mesh, alone};

/// What is fresh in the directory.
const TTL: Duration = Duration::from_secs(2);

const PEOPLE: &str = "INSERT INTO people (login, country) VALUES ('di_jay', 'CL'), ('di_ana', 'AT')";

fn documents(slapd: &Slapd, postgres: &Postgres) -> String {
    let (ldap, sql, ttl) = (slapd.tls_url(), postgres.url("127.0.0.1"), TTL.as_secs());
    format!(
        r#"{{kind: Attribute, name: di_town, type: text}}
---
{{kind: Attribute, name: di_country, type: text}}
---
kind: AttributeSource
name: di directory
ldap:
  url: {ldap}
  authorities: ldap-authority
  bind: {BIND}
  password: ldap-password
  base: ou=people,dc=example,dc=org
  filter: (&(objectClass=inetOrgPerson)(uid={{user}}))
  groups: {{base: "ou=groups,dc=example,dc=org", filter: "(member={{dn}})", nested: true}}
attributes: {{di_town: l}}
groups: cn
ttl: {ttl}s
stale_ttl: {ttl}s
jitter: 0
---
kind: AttributeSource
name: di database
sql:
  url: {sql}
  authorities: sql-authority
  user: meshward
  password: sql-password
  query: SELECT country FROM people WHERE login = $1
  channel: people_changed
attributes: {{di_country: country}}
ttl: 1h
---
kind: Policy
name: di
on: lake.directories.*
rules:
  - allow members of group "di_readers" to read
  - only show rows where town = @di_town and country = @di_country for everyone except user "root"
"#
    )
}

fn filled(mesh: &Mesh) {
    static FILLED: OnceLock<()> = OnceLock::new();
    FILLED.get_or_init(|| {
        mesh.prepare(&[
            "CREATE SCHEMA lake.directories",
            "CREATE TABLE lake.directories.orders AS SELECT * FROM (VALUES ('Wien', 'AT'), ('Santiago', 'CL'), ('Santiago', 'AT'), ('Wien', 'CL')) AS t (town, country)",
        ]);
    });
}

/// The rows that somebody sees; `None` for one who may not read.
fn seen(mesh: &Mesh, user: &str) -> Option<Vec<Vec<Value>>> {
    mesh.user(user).run("SELECT town, country FROM lake.directories.orders").ok().map(|answer| answer.rows)
}

fn until_seen(mesh: &Mesh, user: &str, expected: Option<&[[&str; 2]]>, within: Duration) {
    let started = Instant::now();
    let expected = expected.map(|rows| rows.iter().map(|row| row.map(|cell| json!(cell)).to_vec()).collect());
    loop {
        let rows = seen(mesh, user);
        if rows == expected {
            return;
        }
        assert!(started.elapsed() < within, "{user} sees {rows:?}, and not {expected:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_change_in_a_directory_or_database_is_seen_within_ttl_or_at_once_when_it_is_said() {
    if !slapd::there() || !postgres::there() {
        return;
    }
    let Some(mesh) = alone() else { return };
    filled(&mesh);
    let people = person("di_jay", "l: Santiago\n") + &person("di_ana", "l: Wien\n");
    let slapd = Slapd::start(&(people + &group("di_readers", &[person_dn("di_jay"), person_dn("di_ana")])));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut postgres = runtime.block_on(Postgres::start(PEOPLE));
    slapd.share_secrets(&mesh.secrets());
    postgres.share_secrets(&mesh.secrets());
    mesh.publish("directories", &documents(&slapd, &postgres));

    // A server that just started waits for nothing but its sources.
    let (soon, within_ttl) = (Duration::from_secs(10), TTL + Duration::from_secs(3));
    until_seen(&mesh, "di_jay", Some(&[["Santiago", "CL"]]), soon);
    until_seen(&mesh, "di_ana", Some(&[["Wien", "AT"]]), soon);
    assert_eq!(seen(&mesh, "di_nobody"), None);
    assert_eq!(seen(&mesh, "DI_JAY"), None);

    slapd.set("di_jay", "l", &["Wien"]);
    until_seen(&mesh, "di_jay", Some(&[["Wien", "CL"]]), within_ttl);
    runtime.block_on(postgres.execute("UPDATE people SET country = 'AT'; NOTIFY people_changed, 'di_jay'"));
    until_seen(&mesh, "di_jay", Some(&[["Wien", "AT"]]), Duration::from_secs(3));

    // Who leaves the group reads nothing any longer.
    let readers = "dn: cn=di_readers,ou=groups,dc=example,dc=org\nchangetype: modify\ndelete: member\nmember: ";
    slapd.modify(&format!("{readers}{}\n", person_dn("di_ana")));
    until_seen(&mesh, "di_ana", None, within_ttl);

    // What is known stands in for the database, and when that is forgotten no row is shown.
    postgres.stop();
    until_seen(&mesh, "di_jay", Some(&[["Wien", "AT"]]), soon);
    runtime.block_on(postgres.start_again());
    runtime.block_on(postgres.execute("REVOKE SELECT ON people FROM meshward; NOTIFY people_changed"));
    until_seen(&mesh, "di_jay", Some(&[]), Duration::from_secs(20));
    runtime.block_on(postgres.execute("GRANT SELECT ON people TO meshward"));
    until_seen(&mesh, "di_jay", Some(&[["Wien", "AT"]]), Duration::from_secs(20));
}
