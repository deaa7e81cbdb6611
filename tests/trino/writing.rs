//! Writing into tables that are filtered and masked. The memory connector inserts and creates; what Trino itself refuses comes
//! through readably.

use std::sync::OnceLock;

use serde_json::json;

use crate::trino::mesh::{Mesh, fair};

pub(super) const DOCUMENTS: &str = r#"
kind: Policy
name: writing
on: lake.writing.*
rules:
  - allow user "wes" to read, write, create, alter, drop
  - allow user "wanda" to write
---
kind: Policy
name: writing-filtered
on: lake.writing.filtered
rules:
  - only show rows where country = 'CL' for user "wes" or user "wanda"
---
kind: Policy
name: writing-masked
on: lake.writing.masked
rules:
  - mask column salary with round to 1000 for user "wes"
---
kind: Policy
name: writing-hidden
on: lake.writing.hidden
rules:
  - hide column level for user "wes"
"#;

fn filled(mesh: &Mesh) {
    static FILLED: OnceLock<()> = OnceLock::new();
    FILLED.get_or_init(|| {
        mesh.prepare(&[
            "CREATE SCHEMA lake.writing",
            "CREATE TABLE lake.writing.filtered AS SELECT * FROM (VALUES (1, 'CL', 1234), (2, 'PE', 2345), (3, NULL, 3456))
                AS t (id, country, salary)",
            "CREATE TABLE lake.writing.masked AS SELECT * FROM lake.writing.filtered",
            "CREATE TABLE lake.writing.hidden AS SELECT *, id AS level FROM lake.writing.filtered",
        ]);
    });
}

#[test]
fn only_rows_that_the_writer_would_see_can_be_inserted() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    for user in ["wes", "wanda"] {
        let client = mesh.user(user);
        for row in ["(9, 'PE', 1)", "(9, NULL, 1)", "(9, 'CL', 1), (9, 'PE', 1)"] {
            let message = client.denied(&format!("INSERT INTO lake.writing.filtered VALUES {row}"));
            assert!(message.contains("does not match a row filter"), "{user}: {message}");
        }
        client.run("INSERT INTO lake.writing.filtered VALUES (8, 'CL', 1)").unwrap();
    }
    assert_eq!(
        mesh.user("root").rows("SELECT id, count(*) FROM lake.writing.filtered WHERE id > 3 GROUP BY id"),
        [[json!(8), json!(2)]]
    );
    // Who may write and not read gets nothing back.
    mesh.user("wanda").denied("INSERT INTO lake.writing.filtered SELECT * FROM lake.writing.filtered");
    mesh.user("wanda").denied("SELECT * FROM lake.writing.filtered");
}

#[test]
fn what_trino_refuses_on_filtered_and_masked_tables_is_said_readably() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let merge = |table: &str| {
        format!(
            "MERGE INTO lake.writing.{table} t USING (VALUES 1) AS s (x) ON t.id = s.x WHEN MATCHED THEN UPDATE SET salary = 1"
        )
    };
    for (sql, said) in [
        (
            "INSERT INTO lake.writing.masked VALUES (9, 'CL', 1)".to_owned(),
            "Insert into table with column masks is not supported",
        ),
        (
            "UPDATE lake.writing.filtered SET salary = 1".to_owned(),
            "Updating a table with a row filter is not supported",
        ),
        (
            "UPDATE lake.writing.masked SET country = 'x'".to_owned(),
            "Updating a table with column masks is not supported",
        ),
        ("DELETE FROM lake.writing.masked WHERE salary = 1234".to_owned(), "Delete from table with column mask"),
        (merge("filtered"), "Cannot merge into a table with row filters"),
        // The memory connector is asked before the masks are.
        (merge("masked"), "This connector does not support modifying table rows"),
    ] {
        let failure = mesh.user("wes").failure(&sql);
        assert_eq!(
            (failure.name.as_str(), failure.message.contains(said)),
            ("NOT_SUPPORTED", true),
            "{sql}: {failure:?}"
        );
    }
}

#[test]
fn a_copy_holds_what_its_maker_saw() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let wes = mesh.user("wes");
    wes.run("CREATE TABLE lake.writing.copy AS SELECT * FROM lake.writing.masked").unwrap();
    wes.run("CREATE TABLE lake.writing.part AS SELECT * FROM lake.writing.filtered WHERE id < 4").unwrap();
    wes.run("CREATE TABLE lake.writing.narrow AS SELECT * FROM lake.writing.hidden").unwrap();
    let root = mesh.user("root");
    // 1234, 2345 and 3456, to the nearest thousand.
    assert_eq!(root.rows("SELECT salary FROM lake.writing.copy"), [[json!(1000)], [json!(2000)], [json!(3000)]]);
    assert_eq!(root.rows("SELECT id, salary FROM lake.writing.part"), [[json!(1), json!(1234)]]);
    assert_eq!(root.run("SELECT * FROM lake.writing.narrow").unwrap().columns.len(), 3);
    wes.run("CREATE TABLE lake.writing.target (salary integer)").unwrap();
    wes.run("INSERT INTO lake.writing.target SELECT salary FROM lake.writing.masked").unwrap();
    assert_eq!(root.rows("SELECT sum(salary) FROM lake.writing.target"), [[json!(6000)]]);
}

#[test]
fn a_name_is_not_dropped_to_drop_its_rules() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    for sql in [
        "ALTER TABLE lake.writing.masked RENAME TO lake.writing.free",
        "ALTER TABLE lake.writing.masked RENAME COLUMN salary TO wage",
        "ALTER TABLE lake.writing.filtered RENAME TO lake.writing.free",
        "ALTER TABLE lake.writing.hidden RENAME COLUMN level TO grade",
        "ALTER SCHEMA lake.writing RENAME TO free",
    ] {
        mesh.user("wes").denied(sql);
    }
    let unseen = mesh.user("wes").denied("SHOW CREATE TABLE lake.writing.hidden");
    assert!(unseen.contains("some are hidden"), "{unseen}");
    assert!(mesh.user("wes").texts("SHOW CREATE TABLE lake.writing.filtered").concat().contains("salary"));
}

#[test]
fn what_no_rule_allows_is_refused_and_says_so() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let nobody = mesh.user("nobody");
    for sql in [
        "SELECT * FROM lake.writing.filtered",
        "INSERT INTO lake.writing.filtered VALUES (9, 'CL', 1)",
        "DELETE FROM lake.writing.filtered",
        "UPDATE lake.writing.filtered SET salary = 1",
        "TRUNCATE TABLE lake.writing.filtered",
        "CREATE TABLE lake.writing.mine (x integer)",
        "CREATE SCHEMA lake.mine",
        "DROP TABLE lake.writing.filtered",
        "ALTER TABLE lake.writing.filtered ADD COLUMN x integer",
        "COMMENT ON TABLE lake.writing.filtered IS 'x'",
        "CREATE VIEW lake.writing.mine AS SELECT 1 AS x",
        "SHOW CREATE TABLE lake.writing.filtered",
        "SHOW COLUMNS FROM lake.writing.filtered",
        "SHOW TABLES FROM lake.writing",
        "GRANT SELECT ON lake.writing.filtered TO USER nobody",
    ] {
        let message = nobody.denied(sql);
        assert!(!message.contains("1234") && !message.contains("PE"), "{message}");
    }
}
