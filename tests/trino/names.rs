//! Odd names and odd values: nothing breaks out of where it stands.

use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::trino::client::sort;
use crate::trino::mesh::{Mesh, fair};

pub(super) const DOCUMENTS: &str = r#"
{kind: Attribute, name: name_kinds, type: text}
---
{kind: Tag, name: Names.Open}
---
{kind: Tagging, name: names-wide, table: lake.names.wide, columns: {c0: Names.Open}}
---
{kind: User, name: "o'brien \"q\" --", attributes: {name_kinds: ["it's", "\\", "a\"b", "%", "日本\u200e", "') OR TRUE --", "\n"]}}
---
kind: Policy
name: names-odd
on: lake.names.odd
rules:
  - allow user "o'brien ""q"" --" to read
  - only show rows where column "order in" in @name_kinds for everyone except user "root"
  - mask column 'a"b' with constant '''; DROP TABLE x --' for everyone except user "root"
  - mask column "SELECT" with keep first 1 where column "order in" contains '%' for everyone except user "root"
  - hide column "ünsichtbar" for everyone except user "root"
---
kind: Policy
name: names-owned
on: lake.names.owned
rules:
  - allow everyone to read
  - only show rows where owner = @user for everyone except user "root"
---
kind: Policy
name: names-wide
on: lake.names.wide
rules:
  - allow user "wide" to read
  - mask untagged columns with null for user "wide"
"#;

fn filled(mesh: &Mesh) {
    static FILLED: OnceLock<()> = OnceLock::new();
    FILLED.get_or_init(|| {
        let columns: Vec<String> = (0..1000).map(|column| format!("{column} AS c{column}")).collect();
        mesh.prepare(&[
            "CREATE SCHEMA lake.names",
            r#"CREATE TABLE lake.names.odd AS SELECT * FROM (VALUES
                (CAST('it''s' AS varchar), CAST('x1' AS varchar), CAST('first' AS varchar), 1), ('\', 'x2', 'second', 2),
                ('a"b', 'x3', 'third', 3), ('%', 'x4', 'fourth', 4), (U&'\65E5\672C\200E', 'x5', 'fifth', 5),
                (''') OR TRUE --', 'x6', 'sixth', 6), (U&'\000A', 'x7', 'seventh', 7), (U&'\65E5\672C', 'x8', 'eighth', 8),
                ('x', 'x9', 'ninth', 9), (NULL, 'x10', 'tenth', 10)) AS t ("order in", "a""b", "select", "ünsichtbar")"#,
            r#"CREATE TABLE lake.names.owned AS SELECT * FROM (VALUES ('o''brien "q" --', 1), ('o''brien', 2), ('ana', 3),
                (NULL, 4)) AS t (owner, id)"#,
            &format!("CREATE TABLE lake.names.wide AS SELECT {}", columns.join(", ")),
        ]);
    });
}

#[test]
fn columns_values_and_users_with_quotes_are_what_they_are() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let kinds = ["it's", "\\", "a\"b", "%", "日本\u{200e}", "') OR TRUE --", "\n"];
    let raw = mesh.user("root").rows(r#"SELECT "order in", "a""b", "select" FROM lake.names.odd"#);
    assert_eq!(raw.len(), 10);
    let mut expected: Vec<Vec<Value>> = raw
        .into_iter()
        .filter(|row| row[0].as_str().is_some_and(|kind| kinds.contains(&kind)))
        .map(|row| {
            let word = row[2].as_str().unwrap();
            let shown: String = if row[0].as_str().unwrap().contains('%') {
                word.chars().take(1).chain(std::iter::repeat_n('*', word.chars().count() - 1)).collect()
            } else {
                word.to_owned()
            };
            vec![row[0].clone(), json!("'; DROP TABLE x --"), json!(shown)]
        })
        .collect();
    sort(&mut expected);
    assert_eq!(expected.len(), kinds.len());
    let client = mesh.user("o'brien \"q\" --");
    assert_eq!(client.rows("SELECT * FROM lake.names.odd"), expected);
    assert_eq!(client.rows(r#"SELECT "order in", "a""b", "select" FROM lake.names.odd AS "t ""u""""#), expected);
    let hidden = client.denied(r#"SELECT "ünsichtbar" FROM lake.names.odd"#);
    assert!(hidden.contains("ünsichtbar"), "{hidden}");
}

#[test]
fn a_users_name_is_compared_exactly() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    for (user, ids) in [
        ("o'brien \"q\" --", &[1][..]),
        ("o'brien", &[2]),
        ("ana", &[3]),
        ("Ana", &[]),
        ("x' OR '1'='1", &[]),
        ("ana' --", &[]),
        ("NULL", &[]),
        ("%", &[]),
    ] {
        let expected: Vec<Vec<Value>> = ids.iter().map(|id| vec![json!(id)]).collect();
        assert_eq!(mesh.user(user).rows("SELECT id FROM lake.names.owned"), expected, "{user}");
    }
}

#[test]
fn a_table_of_a_thousand_columns_is_masked_whole() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let rows = mesh.user("wide").rows("SELECT * FROM lake.names.wide");
    let mut expected = vec![Value::Null; 1000];
    expected[0] = json!(0);
    assert_eq!(rows, [expected]);
}
