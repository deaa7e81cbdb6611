//! Who one is, and what a session may do: functions, properties, roles, acting as somebody else, purposes.

use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::trino::mesh::{Mesh, fair};

pub(super) const DOCUMENTS: &str = r#"
{kind: Purpose, name: fraud detection}
---
{kind: Grant, name: sessions-fraud, to: user "sid", purpose: fraud detection}
---
kind: Policy
name: sessions
on: lake.sessions.*
rules:
  - allow user "sid", "sue" to read
  - only show rows where owner = @user for everyone except user "root"
---
kind: Policy
name: sessions-limited
on: lake.sessions.limited
rules:
  - limit use to purpose "fraud detection" for everyone except user "root"
---
kind: Policy
name: sessions-functions
on: functions lake.sessions.plus
rules:
  - allow user "sid" to execute
---
kind: Policy
name: sessions-properties
on: session properties query_max_run_time
rules:
  - deny user "sue" to set system session property
---
kind: Policy
name: sessions-acting
on: the system
rules:
  - allow user "tableau" to act as user "sid"
---
kind: Policy
name: sessions-banned
on: the system
rules:
  - deny user "banned" to execute query
"#;

fn filled(mesh: &Mesh) {
    static FILLED: OnceLock<()> = OnceLock::new();
    FILLED.get_or_init(|| {
        mesh.prepare(&[
            "CREATE SCHEMA lake.sessions",
            "CREATE TABLE lake.sessions.owned AS SELECT * FROM (VALUES (1, 'sid'), (2, 'sue'), (3, 'root')) AS t (id, owner)",
            "CREATE TABLE lake.sessions.limited AS SELECT * FROM lake.sessions.owned",
            "CREATE FUNCTION lake.sessions.plus(x bigint) RETURNS bigint RETURN x + 1",
        ]);
    });
}

fn one(id: i64) -> Vec<Vec<Value>> {
    vec![vec![json!(id)]]
}

#[test]
fn nobody_becomes_somebody_else_without_a_rule() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let sql = "SELECT id FROM lake.sessions.owned";
    let acting = |original: &str, user: &str| mesh.user(user).with("X-Trino-Original-User", original);
    assert_eq!(mesh.user("sid").rows(sql), one(1));
    // As a client goes on after SET SESSION AUTHORIZATION.
    assert_eq!(acting("tableau", "sid").rows(sql), one(1));
    for (original, user) in
        [("tableau", "sue"), ("tableau", "root"), ("sid", "root"), ("sid", "sue"), ("sid", "tableau")]
    {
        let failure = acting(original, user).failure(sql);
        assert!(failure.message.contains("cannot impersonate user"), "{original} as {user}: {failure:?}");
    }
    let told = mesh.user("tableau").run("SET SESSION AUTHORIZATION sid").unwrap().told;
    assert_eq!(told["x-trino-set-authorization-user"], "sid");
    for (user, other) in [("sid", "root"), ("tableau", "root"), ("sue", "sid")] {
        let message = mesh.user(user).denied(&format!("SET SESSION AUTHORIZATION {other}"));
        assert!(message.contains("cannot impersonate user"), "{message}");
    }
    let banned = mesh.user("banned").failure("SELECT 1");
    assert!(banned.message.contains("Cannot execute query"), "{banned:?}");
}

#[test]
fn functions_that_are_built_in_are_open_and_others_by_rule() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    assert_eq!(mesh.user("stranger").rows("SELECT upper('a'), length('abc')"), [[json!("A"), json!(3)]]);
    assert_eq!(mesh.user("stranger").rows("SELECT * FROM TABLE(sequence(1, 2))"), [[json!(1)], [json!(2)]]);
    assert_eq!(mesh.user("sid").rows("SELECT lake.sessions.plus(1)"), one(2));
    for user in ["sue", "stranger"] {
        let failure = mesh.user(user).failure("SELECT lake.sessions.plus(1)");
        assert!(failure.message.to_lowercase().contains("access denied"), "{user}: {failure:?}");
    }
    // Functions over a table see its rows: those that one is shown.
    let excluded =
        "SELECT * FROM TABLE(exclude_columns(input => TABLE(lake.sessions.owned), columns => DESCRIPTOR(owner)))";
    assert_eq!(mesh.user("sid").rows(excluded), one(1));
}

#[test]
fn session_properties_are_free_unless_a_rule_denies_one() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    mesh.user("sid").run("SET SESSION query_max_run_time = '1h'").unwrap();
    assert_eq!(mesh.user("sid").with("X-Trino-Session", "query_max_run_time=1h").rows("SELECT 1"), one(1));
    mesh.user("sue").denied("SET SESSION query_max_run_time = '1h'");
    let failure = mesh.user("sue").with("X-Trino-Session", "query_max_run_time=1h").failure("SELECT 1");
    assert!(failure.message.contains("Cannot set system session property query_max_run_time"), "{failure:?}");
    mesh.user("sue").run("SET SESSION query_max_execution_time = '1h'").unwrap();
    let unseen = mesh.user("stranger").with("X-Trino-Session", "tpch.x=1").failure("SELECT 1");
    assert_ne!(unseen.name, "", "{unseen:?}");
}

#[test]
fn roles_are_managed_by_those_who_may() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    for sql in ["SHOW ROLES", "CREATE ROLE r", "DROP ROLE r", "GRANT r TO USER sid", "REVOKE r FROM USER sid"] {
        let failure = mesh.user("sid").failure(sql);
        assert!(
            ["PERMISSION_DENIED", "NOT_SUPPORTED", "ROLE_NOT_FOUND", "INVALID_ROLE"].contains(&failure.name.as_str()),
            "{sql}: {failure:?}"
        );
    }
    // A role that a client asserts is nobody's.
    let failure = mesh.user("sid").with("X-Trino-Role", "system=ROLE{admin}").failure("SELECT 1");
    assert!(!failure.message.is_empty());
    assert_eq!(mesh.user("sid").with("X-Trino-Role", "system=ALL").rows("SELECT id FROM lake.sessions.owned"), one(1));
}

#[test]
fn a_purpose_counts_when_a_grant_proves_it() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let sql = "SELECT id FROM lake.sessions.limited";
    for purpose in ["fraud-detection", "fraud_detection", "Fraud+Detection"] {
        assert_eq!(mesh.user("sid").acting_for(purpose).rows(sql), one(1), "{purpose}");
    }
    let without = mesh.user("sid").denied(sql);
    assert!(without.contains("fraud detection"), "it says which purpose would do: {without}");
    mesh.user("sid").acting_for("audit").denied(sql);
    mesh.user("sid").with("X-Trino-Extra-Credential", "token=fraud-detection").denied(sql);
    mesh.user("sue").acting_for("fraud-detection").denied(sql);
    mesh.user("sue").denied(sql);
}
