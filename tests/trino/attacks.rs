//! Ways around a rule that its author did not think of: names, roles, a connector's own columns, statements that see more.

use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::trino::mesh::{Mesh, fair};

pub(super) const DOCUMENTS: &str = r#"
kind: Policy
name: attacks
on: lake.attacks.*
rules:
  - allow user "eve" to read, write
  - allow user "mallory" to read
---
kind: Policy
name: attacks-dollar
on: lake.attacks."pay$roll"
rules:
  - mask column salary with null for user "eve"
  - hide column ssn for user "eve"
  - deny user "mallory" to read
---
kind: Policy
name: attacks-part
on: lake.attacks."pay$roll$part"
rules:
  - only show rows where id = 1 for user "eve"
---
kind: Policy
name: attacks-roles
on: lake.attacks.roles
rules:
  - hide column ssn for everyone except user "root" or those in role "boss"
  - mask column salary with null for everyone except user "root" or those with not 'intern' in @roles
---
kind: Policy
name: attacks-filtered
on: lake.attacks.filtered
rules:
  - only show rows where id < 3 for user "eve"
---
kind: Policy
name: attacks-statistics
on: tpch.tiny.orders
rules:
  - allow user "eve" to read
  - only show rows where custkey = 370 for user "eve"
---
kind: Policy
name: attacks-connector
on: tpch.tiny.region
rules:
  - allow user "eve", "mallory" to read
  - mask column name with null for user "eve"
---
kind: Policy
name: attacks-acting
on: the system
rules:
  - allow user "mallory" to act as those with not member of group "makers"
  - allow user "eve" to act as those with not in role "boss"
"#;

fn filled(mesh: &Mesh) {
    static FILLED: OnceLock<()> = OnceLock::new();
    FILLED.get_or_init(|| {
        let table = |name: &str| {
            format!("CREATE TABLE lake.attacks.{name} AS SELECT * FROM (VALUES (1, '123', 10), (2, '456', 20), (3, '789', 30)) AS t (id, ssn, salary)")
        };
        mesh.prepare(&[
            "CREATE SCHEMA lake.attacks",
            &table(r#""pay$roll""#),
            &table(r#""pay$roll$part""#),
            &table(r#""odd$one""#),
            &table("roles"),
            &table("filtered"),
        ]);
    });
}

#[test]
fn a_table_whose_name_looks_like_a_metadata_tables_keeps_its_own_rules() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let eve = mesh.user("eve");
    assert_eq!(
        eve.rows(r#"SELECT * FROM lake.attacks."pay$roll""#),
        [[json!(1), Value::Null], [json!(2), Value::Null], [json!(3), Value::Null]]
    );
    eve.denied(r#"SELECT ssn FROM lake.attacks."pay$roll""#);
    assert_eq!(eve.texts(r#"DESCRIBE lake.attacks."pay$roll""#), ["id", "salary"]);
    mesh.user("mallory").denied(r#"SELECT id FROM lake.attacks."pay$roll""#);
    // It may be a metadata table of `pay$roll` as well, which eve does not see unmasked.
    eve.denied(r#"SELECT id FROM lake.attacks."pay$roll$part""#);
    assert_eq!(eve.rows(r#"SELECT count(ssn) FROM lake.attacks."odd$one""#), [[json!(3)]]);
}

#[test]
fn a_role_that_a_client_asserts_for_a_catalog_releases_nothing() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let hidden = [[json!(1), Value::Null], [json!(2), Value::Null], [json!(3), Value::Null]];
    for roles in ["lake=ROLE{boss}", "tpch=ROLE{boss}", "lake=ROLE{boss},tpch=ROLE{intern}"] {
        let eve = mesh.user("eve").with("X-Trino-Role", roles);
        assert_eq!(eve.rows("SELECT * FROM lake.attacks.roles"), hidden, "{roles}");
        eve.denied("SELECT ssn FROM lake.attacks.roles");
    }
}

#[test]
fn a_connectors_own_columns_are_for_those_who_see_the_others_unmasked() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    // Hive's and Iceberg's `$path` and `$partition`, and Kafka's `_message`, are hidden columns as this one is.
    let sql = "SELECT max(row_number) FROM tpch.tiny.region";
    assert_eq!(mesh.user("mallory").rows(sql), [[json!(4)]]);
    let refused = mesh.user("eve").denied(sql);
    assert!(refused.contains("row_number"), "{refused}");
    assert_eq!(mesh.user("eve").rows("SELECT count(regionkey) FROM tpch.tiny.region"), [[json!(5)]]);
}

#[test]
fn nobody_becomes_somebody_of_whom_a_group_or_role_is_not_known() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    // `maker` is in the group that is excepted. Trino asks with the name alone.
    for (original, user) in [("mallory", "maker"), ("mallory", "root"), ("eve", "root")] {
        let failure = mesh.user(user).with("X-Trino-Original-User", original).failure("SELECT 1");
        assert!(failure.message.contains("cannot impersonate user"), "{original} as {user}: {failure:?}");
    }
}

#[test]
fn truncating_takes_no_row_that_is_hidden() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let refused = mesh.user("eve").denied("TRUNCATE TABLE lake.attacks.filtered");
    assert!(refused.contains("some rows"), "{refused}");
    assert_eq!(mesh.user("root").rows("SELECT count(*) FROM lake.attacks.filtered"), [[json!(3)]]);
}

#[test]
fn a_statement_in_a_string_tells_no_more_of_hidden_rows() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let root = mesh.user("root").rows("SHOW STATS FOR tpch.tiny.orders");
    let price = root.iter().find(|row| row[0] == "totalprice").unwrap();
    let bounds = [price[5].as_str().unwrap(), price[6].as_str().unwrap()];
    for statement in [
        r"EXECUTE IMMEDIATE U&'EXPLAIN SHOW ST\0041TS FOR tpch.tiny.orders'",
        r"/* EXPLAIN */ EXECUTE IMMEDIATE U&'\0045XPLAIN (FORMAT JSON) SHOW ST\0041TS FOR tpch.tiny.orders'",
        r"EXECUTE IMMEDIATE U&'SHOW ST\0041TS FOR tpch.tiny.orders'",
    ] {
        let told = mesh.user("eve").run(statement).unwrap();
        let told = serde_json::to_string(&told.rows).unwrap();
        assert!(told.contains("totalprice") && bounds.iter().all(|bound| !told.contains(bound)), "{statement}: {told}");
    }
}
