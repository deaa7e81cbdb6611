//! Rows and cells: what a query shows is what the rules say, worked out over the raw rows.

use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::trino::client::sort;
use crate::trino::mesh::{Mesh, fair};

pub(super) const DOCUMENTS: &str = r#"
{kind: Attribute, name: read_country, type: text}
---
{kind: User, name: ana, attributes: {read_country: [CL, "Ö'st"]}}
---
{kind: User, name: ben, attributes: {read_country: CL}}
---
kind: Policy
name: reading
on: lake.reading.*
rules:
  - allow members of group "analysts" to read
  - only show rows where country = @read_country for members of group "analysts"
  - mask column email with email domain for members of group "analysts"
  - mask column salary with null where level > 3 for members of group "analysts"
  - hide column level for members of group "analysts"
"#;

const TABLES: &[&str] = &[
    "CREATE SCHEMA lake.reading",
    r"CREATE TABLE lake.reading.people AS SELECT * FROM (VALUES
        (1, 'CL', CAST('ann@one.example' AS varchar), 100, 1),
        (2, 'CL', 'bob@two.example', 200, 4),
        (3, 'PE', 'cid@three.example', 300, 2),
        (4, NULL, 'dee@four.example', 400, 5),
        (5, 'Ö''st', 'no mail', 500, CAST(NULL AS integer)),
        (6, 'CL', NULL, 600, 3)) AS t (id, country, email, salary, level)",
    "CREATE TABLE lake.reading.countries AS SELECT * FROM (VALUES ('CL', 'Chile'), ('PE', 'Peru')) AS t (country, name)",
];

fn filled(mesh: &Mesh) {
    static FILLED: OnceLock<()> = OnceLock::new();
    FILLED.get_or_init(|| mesh.prepare(TABLES));
}

/// What somebody employed in some countries ought to see of `people`: id, country, email, salary.
fn expected(mesh: &Mesh, countries: &[&str]) -> Vec<Vec<Value>> {
    let raw = mesh.user("root").rows("SELECT id, country, email, salary, level FROM lake.reading.people");
    assert_eq!(raw.len(), 6);
    let mut seen: Vec<Vec<Value>> = raw
        .into_iter()
        .filter(|row| row[1].as_str().is_some_and(|country| countries.contains(&country)))
        .map(|row| {
            let email = row[2].as_str().and_then(|email| email.rsplit_once('@')).map(|(_, domain)| domain);
            // Masked where the condition is TRUE or UNKNOWN.
            let salary = if row[4].as_i64().is_some_and(|level| level <= 3) { row[3].clone() } else { Value::Null };
            vec![row[0].clone(), row[1].clone(), json!(email), salary]
        })
        .collect();
    sort(&mut seen);
    seen
}

#[test]
fn a_query_shows_the_rows_and_cells_that_the_rules_show() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    for (user, countries) in [("ana", &["CL", "Ö'st"][..]), ("ben", &["CL"]), ("cleo", &[])] {
        let seen = mesh.user(user).rows("SELECT id, country, email, salary FROM lake.reading.people");
        assert_eq!(seen, expected(&mesh, countries), "{user}");
        let star = mesh.user(user).rows("SELECT * FROM lake.reading.people");
        assert_eq!(star, seen, "{user}: the hidden column is as if it were not there");
    }
}
