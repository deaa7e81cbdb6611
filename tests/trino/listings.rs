//! What is listed: objects on which something is allowed, and of their columns those that are not hidden.

use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::trino::mesh::{Mesh, fair};

pub(super) const DOCUMENTS: &str = r#"
kind: Policy
name: listings
on: lake.listings.open or lake.listings.half
rules:
  - allow user "lea" to read
---
kind: Policy
name: listings-half
on: lake.listings.half
rules:
  - hide column secret for user "lea"
---
kind: Policy
name: listings-see
on: lake.listings_other.seen
rules:
  - allow user "lea" to see
"#;

fn filled(mesh: &Mesh) {
    static FILLED: OnceLock<()> = OnceLock::new();
    FILLED.get_or_init(|| {
        mesh.prepare(&[
            "CREATE SCHEMA lake.listings",
            "CREATE SCHEMA lake.listings_other",
            "CREATE SCHEMA lake.listings_closed",
            "CREATE TABLE lake.listings.open AS SELECT 1 AS a, 2 AS b",
            "CREATE TABLE lake.listings.half AS SELECT 1 AS a, 2 AS secret",
            "CREATE TABLE lake.listings.closed AS SELECT 1 AS a",
            "CREATE VIEW lake.listings.closed_view AS SELECT 1 AS a",
            "CREATE TABLE lake.listings_other.seen AS SELECT 1 AS a",
            "CREATE TABLE lake.listings_other.unseen AS SELECT 1 AS a",
            "CREATE TABLE lake.listings_closed.unseen AS SELECT 1 AS a",
        ]);
    });
}

#[test]
fn listings_show_what_is_open_and_nothing_else() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let lea = mesh.user("lea");
    // `owned` of another area is open to everyone.
    let ours = |rows: Vec<Vec<Value>>| -> Vec<Vec<Value>> {
        rows.into_iter().filter(|row| !row.iter().any(|cell| cell == "names" || cell == "owned")).collect()
    };
    let listed = |rows: &[&[&str]]| -> Vec<Vec<Value>> {
        rows.iter().map(|row| row.iter().map(|cell| json!(cell)).collect()).collect()
    };
    let tables: &[&[&str]] = &[&["listings", "half"], &["listings", "open"], &["listings_other", "seen"]];
    let columns: &[&[&str]] = &[&["half", "a"], &["open", "a"], &["open", "b"], &["seen", "a"]];
    for (sql, expected) in [
        ("SHOW CATALOGS", listed(&[&["lake"], &["system"]])),
        ("SHOW SCHEMAS FROM lake", listed(&[&["information_schema"], &["listings"], &["listings_other"]])),
        ("SHOW TABLES FROM lake.listings", listed(&[&["half"], &["open"]])),
        ("SHOW TABLES FROM lake.listings_other", listed(&[&["seen"]])),
        (
            "SELECT table_schema, table_name FROM lake.information_schema.tables WHERE table_schema <> 'information_schema'",
            listed(tables),
        ),
        (
            "SELECT table_name, column_name FROM lake.information_schema.columns WHERE table_schema LIKE 'listings%'",
            listed(columns),
        ),
        (
            "SELECT table_name, column_name FROM lake.information_schema.columns WHERE table_schema = 'listings' AND table_name = 'half'",
            listed(&[&["half", "a"]]),
        ),
        ("SELECT column_name FROM lake.information_schema.columns WHERE table_name = 'closed'", listed(&[])),
        (
            "SELECT schema_name FROM lake.information_schema.schemata WHERE schema_name LIKE 'listings%'",
            listed(&[&["listings"], &["listings_other"]]),
        ),
        ("SELECT table_name FROM lake.information_schema.views WHERE table_schema = 'listings'", listed(&[])),
        (
            "SELECT table_name, column_name FROM system.jdbc.columns WHERE table_cat = 'lake' AND table_schem LIKE 'listings%'",
            listed(columns),
        ),
        (
            "SELECT table_schem, table_name FROM system.jdbc.tables WHERE table_cat = 'lake' AND table_schem LIKE 'listings%'",
            listed(tables),
        ),
        ("SELECT catalog_name FROM system.metadata.catalogs", listed(&[&["lake"], &["system"]])),
        (
            "SELECT table_name FROM system.metadata.table_comments WHERE catalog_name = 'lake' AND schema_name = 'listings'",
            listed(&[&["half"], &["open"]]),
        ),
    ] {
        assert_eq!(ours(lea.rows(sql)), expected, "{sql}");
    }
    for describe in ["DESCRIBE lake.listings.half", "SHOW COLUMNS FROM lake.listings.half"] {
        let columns: Vec<Value> = lea.rows(describe).into_iter().map(|row| row[0].clone()).collect();
        assert_eq!(columns, [json!("a")], "{describe}");
    }
}

#[test]
fn what_is_not_listed_is_not_found_by_name_either() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let lea = mesh.user("lea");
    for sql in [
        "DESCRIBE lake.listings.closed",
        "SHOW TABLES FROM lake.listings_closed",
        "SHOW CREATE VIEW lake.listings.closed_view",
        "SHOW CREATE TABLE lake.listings.closed",
        "SELECT * FROM lake.listings.closed",
        "SELECT * FROM lake.listings_other.seen",
        "SHOW SCHEMAS FROM tpch",
        "SELECT * FROM tpch.tiny.nation",
        "SELECT secret FROM lake.listings.half",
        "SELECT \"secret\" FROM lake.listings.\"half\"",
    ] {
        lea.denied(sql);
    }
    // A connector's tables behind a table are that table's, and nobody's who does not see it whole.
    for suffix in ["properties", "partitions", "files", "history"] {
        let failure = lea.failure(&format!("SELECT * FROM lake.listings.\"half${suffix}\""));
        assert!(["PERMISSION_DENIED", "TABLE_NOT_FOUND"].contains(&failure.name.as_str()), "{failure:?}");
    }
}

#[test]
fn people_see_their_own_queries_and_operators_see_all() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    mesh.user("lea").rows("SELECT 'lea was here'");
    mesh.user("root").rows("SELECT 'root was here'");
    let of = |user: &str| mesh.user(user).rows("SELECT DISTINCT user FROM system.runtime.queries");
    assert_eq!(of("lea"), [[json!("lea")]]);
    let seen = of("operator");
    assert!(seen.contains(&vec![json!("lea")]) && seen.contains(&vec![json!("root")]), "{seen:?}");
    for table in ["nodes", "tasks", "transactions"] {
        let failure = mesh.user("lea").failure(&format!("SELECT * FROM system.runtime.{table}"));
        assert!(["PERMISSION_DENIED", "TABLE_NOT_FOUND"].contains(&failure.name.as_str()), "{failure:?}");
        assert!(
            !mesh
                .user("operator")
                .run(&format!("SELECT count(*) FROM system.runtime.{table}"))
                .unwrap()
                .rows
                .is_empty()
        );
    }
    // An operator is no reader of data.
    mesh.user("operator").denied("SELECT * FROM lake.listings.open");
    let query = mesh.user("root").run("SELECT 'still root'").unwrap().query;
    let kill = format!("CALL system.runtime.kill_query(query_id => '{query}', message => 'y')");
    let message = mesh.user("lea").denied(&kill);
    assert!(message.contains("Cannot kill query"), "{message}");
}
