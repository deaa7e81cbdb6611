//! What a user's attributes are not: missing, empty, of another type, too many.

use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::trino::mesh::{Mesh, fair};

pub(super) const DOCUMENTS: &str = r#"
{kind: Attribute, name: at_word, type: text}
---
{kind: Attribute, name: at_limit, type: number, single: true}
---
{kind: Attribute, name: at_blocked, type: text, missing: none}
---
{kind: Attribute, name: at_day, type: date}
---
{kind: User, name: at_full, attributes: {at_word: x, at_limit: 2, at_blocked: y, at_day: 2024-02-29}}
---
{kind: User, name: at_empty, attributes: {at_word: [], at_limit: [], at_blocked: [], at_day: []}}
---
{kind: User, name: at_many, attributes: {at_word: [x, y], at_blocked: [x, y], at_day: [2024-02-29, 2024-03-01]}}
---
{kind: Policy, name: at, on: lake.attributes.*, rules: ['allow user "at_full", "at_empty", "at_many", "at_missing" to read']}
---
{kind: Policy, name: at-equal, on: lake.attributes.equal, rules: [only show rows where s = @at_word for everyone except user "root"]}
---
{kind: Policy, name: at-differ, on: lake.attributes.differ, rules: [only show rows where s <> @at_word for everyone except user "root"]}
---
{kind: Policy, name: at-less, on: lake.attributes.less, rules: [only show rows where n <= @at_limit for everyone except user "root"]}
---
{kind: Policy, name: at-typed, on: lake.attributes.typed, rules: [only show rows where n = @at_word for everyone except user "root"]}
---
{kind: Policy, name: at-typed-not, on: lake.attributes.typed_not, rules: [only show rows where n <> @at_word for everyone except user "root"]}
---
{kind: Policy, name: at-blocked, on: lake.attributes.blocked, rules: [only show rows where s not in @at_blocked for everyone except user "root"]}
---
{kind: Policy, name: at-day, on: lake.attributes.dated, rules: [only show rows where d = @at_day for everyone except user "root"]}
---
{kind: Policy, name: at-present, on: lake.attributes.present, rules: [only show rows where n = 1 for those with @at_word is not present]}
---
{kind: Policy, name: at-cell, on: lake.attributes.cell, rules: [mask column s with null where s <> @at_word for everyone except user "root"]}
---
{kind: Policy, name: at-unless, on: lake.attributes.unless, rules: [only show rows where n = 1 for everyone except user "root" or those with @at_word = 'x']}
---
{kind: Policy, name: at-lost, on: lake.attributes.lost, rules: [only show rows where no_such_column = @at_word for everyone except user "root"]}
"#;

const TABLES: &[&str] =
    &["equal", "differ", "less", "typed", "typed_not", "blocked", "dated", "present", "cell", "unless", "lost"];

fn filled(mesh: &Mesh) {
    static FILLED: OnceLock<()> = OnceLock::new();
    FILLED.get_or_init(|| {
        mesh.prepare(&["CREATE SCHEMA lake.attributes"]);
        for table in TABLES {
            mesh.prepare(&[&format!(
                "CREATE TABLE lake.attributes.{table} AS SELECT * FROM (VALUES (1, 'x', DATE '2024-02-29'), (2, 'y', DATE '2024-03-01'),
                    (3, NULL, NULL)) AS t (n, s, d)"
            )]);
        }
    });
}

#[test]
fn what_is_not_known_of_a_user_shows_nothing() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    // full: x, 2, y, the 29th; empty: known to have none; many: x and y; missing: nothing is known.
    for (table, [full, empty, many, missing]) in [
        ("equal", [&[1][..], &[], &[1, 2], &[]]),
        ("differ", [&[2], &[1, 2, 3], &[], &[]]),
        ("less", [&[1, 2], &[], &[], &[]]),
        // Text is no number: the comparison is not known, and neither is its opposite. Nothing is compared with no value.
        ("typed", [&[], &[], &[], &[]]),
        ("typed_not", [&[], &[1, 2, 3], &[], &[]]),
        ("blocked", [&[1], &[1, 2, 3], &[], &[1, 2, 3]]),
        ("dated", [&[1], &[], &[1, 2], &[]]),
        ("present", [&[1, 2, 3], &[1], &[1, 2, 3], &[1]]),
        ("unless", [&[1, 2, 3], &[1], &[1, 2, 3], &[1]]),
        ("lost", [&[], &[], &[], &[]]),
    ] {
        for (user, expected) in [("at_full", full), ("at_empty", empty), ("at_many", many), ("at_missing", missing)] {
            let expected: Vec<Vec<Value>> = expected.iter().map(|n| vec![json!(n)]).collect();
            let seen = mesh.user(user).rows(&format!("SELECT n FROM lake.attributes.{table}"));
            assert_eq!(seen, expected, "{user} reads {table}");
        }
    }
}

#[test]
fn a_cell_whose_condition_is_not_known_is_masked() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    for (user, shown) in [("at_full", &["x"][..]), ("at_many", &["x", "y"]), ("at_empty", &[]), ("at_missing", &[])] {
        let rows = mesh.user(user).rows("SELECT s FROM lake.attributes.cell WHERE s IS NOT NULL");
        let expected: Vec<Vec<Value>> = shown.iter().map(|word| vec![json!(word)]).collect();
        assert_eq!(rows, expected, "{user}");
        assert_eq!(mesh.user(user).rows("SELECT count(*) FROM lake.attributes.cell"), [[json!(3)]]);
    }
}
