//! A view launders nothing.

use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::trino::mesh::{Mesh, fair};

/// `base` belongs to a domain. For vic, the mesh restricts rows, a column and a cell, and the domain one more row.
/// `sharer` may share by a rule of the domain, `publisher` by a rule of the mesh, `maker` may not share.
pub(super) const DOCUMENTS: &str = r#"
{kind: Domain, name: views, owns: [lake.views.*]}
---
kind: Policy
name: views-mesh
on: lake.views.*
rules:
  - allow user "vic", "vera", "maker", "sharer", "publisher" to read, create
---
kind: Policy
name: views-base
on: lake.views.base
rules:
  - allow user "publisher" to share
  - only show rows where country = 'CL' for user "vic"
  - mask column salary with null for user "vic"
  - mask column note with constant 'masked' where level > 1 for user "vic"
---
kind: Policy
name: views-views
on: lake.views.* except lake.views.base
rules:
  - allow user "maker", "sharer", "publisher" to share
---
kind: Policy
name: views-domain
domain: views
on: lake.views.base
rules:
  - allow user "sharer" to share
  - only show rows where id <> 1 for user "vic"
  - mask column owner with null for user "sharer"
---
kind: Policy
name: views-filtered
on: lake.views.filtered
rules:
  - only show rows where id < 3 for user "vic"
  - hide column owner for user "vic"
"#;

const TABLES: &[&str] = &[
    "CREATE SCHEMA lake.views",
    "CREATE TABLE lake.views.base AS SELECT * FROM (VALUES
        (1, 'CL', 100, 1, 'n1', 'o1'), (2, 'CL', 200, 2, 'n2', 'o2'), (3, 'PE', 300, 1, 'n3', 'o3'), (4, NULL, 400, 2, 'n4', 'o4'),
        (5, 'CL', 500, CAST(NULL AS integer), 'n5', 'o5')) AS t (id, country, salary, level, note, owner)",
];

fn filled(mesh: &Mesh) {
    static FILLED: OnceLock<()> = OnceLock::new();
    FILLED.get_or_init(|| {
        mesh.prepare(TABLES);
        for (user, statement) in [
            ("root", "CREATE VIEW lake.views.by_root AS SELECT * FROM lake.views.base"),
            ("maker", "CREATE VIEW lake.views.by_maker AS SELECT * FROM lake.views.base"),
            ("sharer", "CREATE VIEW lake.views.by_sharer AS SELECT * FROM lake.views.base"),
            ("publisher", "CREATE VIEW lake.views.by_publisher AS SELECT * FROM lake.views.base"),
            ("maker", "CREATE VIEW lake.views.invoker SECURITY INVOKER AS SELECT * FROM lake.views.base"),
            ("publisher", "CREATE VIEW lake.views.over_sharer AS SELECT * FROM lake.views.by_sharer"),
            ("sharer", "CREATE VIEW lake.views.over_publisher AS SELECT * FROM lake.views.by_publisher"),
            ("maker", "CREATE VIEW lake.views.over_maker AS SELECT * FROM lake.views.by_maker"),
            ("sharer", "CREATE VIEW lake.views.over_invoker AS SELECT * FROM lake.views.invoker"),
            ("maker", "CREATE VIEW lake.views.invoker_over_sharer SECURITY INVOKER AS SELECT * FROM lake.views.by_sharer"),
            ("publisher", "CREATE VIEW lake.views.filtered AS SELECT * FROM lake.views.base"),
            ("sharer", "CREATE VIEW lake.views.totals AS SELECT country, count(*) AS n, sum(salary) AS total, min(note) AS note
                FROM lake.views.base GROUP BY country"),
            ("sharer", "CREATE VIEW lake.views.joined AS SELECT a.id, b.note FROM lake.views.base a JOIN lake.views.base b ON a.id = b.id"),
        ] {
            mesh.user(user).run(statement).unwrap_or_else(|failure| panic!("{failure:?}\n{statement}"));
        }
    });
}

/// What holds of a row: whose restrictions bind.
#[derive(Clone, Copy)]
struct Binding {
    mesh_on_vic: bool,
    domain_on_vic: bool,
    domain_on_sharer: bool,
}

fn expected(mesh: &Mesh, binding: Binding) -> Vec<Vec<Value>> {
    let raw = mesh.user("root").rows("SELECT * FROM lake.views.base");
    assert_eq!(raw.len(), 5);
    let seen = raw
        .into_iter()
        .filter(|row| (!binding.mesh_on_vic || row[1] == "CL") && (!binding.domain_on_vic || row[0] != 1));
    seen.map(|mut row| {
        if binding.mesh_on_vic {
            row[2] = Value::Null;
            if row[3].as_i64().is_none_or(|level| level > 1) {
                // `note` is a varchar(2), which cannot hold `masked`.
                row[4] = Value::Null;
            }
        }
        if binding.domain_on_sharer {
            row[5] = Value::Null;
        }
        row
    })
    .collect()
}

const NOTHING: Binding = Binding { mesh_on_vic: false, domain_on_vic: false, domain_on_sharer: false };
const MESH: Binding = Binding { mesh_on_vic: true, ..NOTHING };
const MESH_AND_DOMAIN: Binding = Binding { domain_on_vic: true, ..MESH };

fn check(mesh: &Mesh, user: &str, view: &str, binding: Binding) {
    let expected = expected(mesh, binding);
    let seen = mesh.user(user).rows(&format!("SELECT * FROM lake.views.{view}"));
    assert_eq!(seen, expected, "{user} reads {view}");
    let count = mesh.user(user).rows(&format!("SELECT count(*) FROM lake.views.{view}"));
    assert_eq!(count, [[json!(expected.len())]], "{user} counts {view}");
}

#[test]
fn a_definer_who_may_not_share_opens_nothing() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    for view in ["by_root", "by_maker", "over_maker"] {
        for user in ["vic", "vera"] {
            for sql in ["SELECT * FROM", "SELECT count(*) FROM", "SELECT 1 FROM", "SHOW STATS FOR"] {
                let message = mesh.user(user).denied(&format!("{sql} lake.views.{view}"));
                assert!(message.contains("share lake.views.base"), "{message}");
            }
        }
    }
    // One's own view is no way through another's eyes.
    check(&mesh, "maker", "by_maker", NOTHING);
    check(&mesh, "root", "by_root", NOTHING);
}

#[test]
fn a_domains_share_leaves_the_meshs_restrictions_on_the_invoker() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let of_sharer = Binding { domain_on_sharer: true, ..NOTHING };
    check(&mesh, "vic", "base", MESH_AND_DOMAIN);
    check(&mesh, "vic", "by_sharer", Binding { mesh_on_vic: true, ..of_sharer });
    check(&mesh, "vera", "by_sharer", of_sharer);
    check(&mesh, "sharer", "by_sharer", of_sharer);
}

#[test]
fn a_share_of_the_mesh_lifts_the_restrictions_for_those_who_read_the_view() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    check(&mesh, "vic", "by_publisher", NOTHING);
    check(&mesh, "vera", "by_publisher", NOTHING);
}

#[test]
fn an_invoker_view_is_read_with_the_invokers_eyes() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    check(&mesh, "vic", "invoker", MESH_AND_DOMAIN);
    check(&mesh, "vera", "invoker", NOTHING);
}

#[test]
fn views_over_views_add_up() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let of_sharer = Binding { domain_on_sharer: true, ..NOTHING };
    // The table is read as the innermost definer; its share is what counts.
    check(&mesh, "vic", "over_sharer", Binding { mesh_on_vic: true, ..of_sharer });
    check(&mesh, "vic", "over_publisher", NOTHING);
    check(&mesh, "vera", "over_sharer", of_sharer);
    // An invoker view inside a definer view is read as that definer.
    check(&mesh, "vic", "over_invoker", Binding { mesh_on_vic: true, ..of_sharer });
    check(&mesh, "vic", "invoker_over_sharer", Binding { mesh_on_vic: true, ..of_sharer });
}

#[test]
fn a_views_own_rules_and_shapes_are_honoured() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let vic = mesh.user("vic");
    // The view has a row filter and a hidden column of its own.
    let raw = mesh.user("root").rows("SELECT id, country, salary, level, note FROM lake.views.base WHERE id < 3");
    assert_eq!(vic.rows("SELECT * FROM lake.views.filtered"), raw);
    vic.denied("SELECT owner FROM lake.views.filtered");
    // Aggregates inside a view are over the rows and cells of the invoker.
    assert_eq!(vic.rows("SELECT country, n, total FROM lake.views.totals"), [[json!("CL"), json!(3), Value::Null]]);
    assert_eq!(mesh.user("vera").rows("SELECT sum(n), sum(total) FROM lake.views.totals"), [[json!(5), json!(1500)]]);
    assert_eq!(vic.rows("SELECT id FROM lake.views.joined"), [[json!(1)], [json!(2)], [json!(5)]]);
}
