//! What a query costs: calls of the plugin to the server.

use crate::trino::mesh::alone;

pub(super) const DOCUMENTS: &str = r#"
kind: Policy
name: calls
on: lake.calls.*
rules:
  - allow user "cal" to read
---
kind: Policy
name: calls-masked
on: lake.calls.masked
rules:
  - mask untagged columns with null for user "cal"
  - only show rows where c1 = 1 for user "cal"
"#;

#[test]
fn a_table_costs_one_call_and_a_query_one_more_however_many_columns_are_masked() {
    let Some(mesh) = alone() else { return };
    let columns: Vec<String> = (0..40).map(|column| format!("{column} AS c{column}")).collect();
    mesh.prepare(&[
        "CREATE SCHEMA lake.calls",
        &format!("CREATE TABLE lake.calls.masked AS SELECT {}", columns.join(", ")),
        &format!("CREATE TABLE lake.calls.clear AS SELECT {}", columns.join(", ")),
        "CREATE TABLE lake.calls.other AS SELECT 1 AS c1",
        "CREATE TABLE lake.calls.third AS SELECT 1 AS c1",
    ]);
    let cal = mesh.user("cal");
    for (sql, most) in [
        ("SELECT 1", 1),
        ("SELECT c1, c2 FROM lake.calls.clear", 2),
        ("SELECT * FROM lake.calls.clear", 2),
        ("SELECT c1, c2 FROM lake.calls.masked", 2),
        ("SELECT * FROM lake.calls.masked", 2),
        ("SELECT a.c1 FROM lake.calls.masked a JOIN lake.calls.masked b ON a.c1 = b.c2", 2),
        ("SELECT m.c1 FROM lake.calls.masked m JOIN lake.calls.clear c ON m.c1 = c.c2", 3),
        (
            "SELECT * FROM lake.calls.masked m JOIN lake.calls.clear c ON m.c1 = c.c2 JOIN lake.calls.other o ON o.c1 = c.c1",
            4,
        ),
        (
            "SELECT * FROM lake.calls.masked m, lake.calls.clear c, lake.calls.other o, lake.calls.third t WHERE o.c1 = t.c1",
            5,
        ),
    ] {
        let before = mesh.rpcs();
        cal.rows(sql);
        let cost = mesh.rpcs() - before;
        println!("{cost} calls: {sql}");
        assert!(cost <= most, "{cost} calls and not {most}: {sql}");
    }
}
