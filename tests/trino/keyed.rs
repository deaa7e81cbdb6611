//! Masks by a key, which are functions of a catalog: the same pseudonym everywhere, the value back for who may have it, and no way
//! to ask what the mask of a guess would be.

use std::sync::OnceLock;

use serde_json::Value;

use crate::trino::mesh::{MASKING_KEY, Mesh, fair};

/// `pia` reads pseudonyms, `fay` and `rob` text of the same form, which `fay` may turn back. `rita` may too, and tries to do so for others.
/// `guess` knows possible values.
pub(super) const DOCUMENTS: &str = r#"
kind: Policy
name: keyed
on: lake.keyed.* except lake.keyed.seen
rules:
  - allow user "pia", "fay", "rob", "rita", "guess", "sub" to read, create, execute, drop
  - allow user "rita" to share
  - mask column ssn or customer or code with pseudonym for user "pia", "guess"
  - mask column ssn with format preserving for user "fay", "rob", "rita"
  - mask column customer with null where ssn starts with '2' for user "fay"
---
kind: Policy
name: keyed-hidden
on: lake.keyed.hidden
rules:
  - hide column ssn for user "sub"
  - mask column customer with pseudonym where ssn starts with '1' for user "sub"
---
kind: Policy
name: keyed-view
on: lake.keyed.seen
rules:
  - allow user "pia", "rita" to read, create
---
kind: Policy
name: keyed-functions
on: functions lake.keyed.*
rules:
  - allow user "rita" to create, share, execute
  - allow user "rob" to execute
---
kind: Policy
name: keyed-reveal
on: functions meshward.system.reveal
rules:
  - allow user "fay", "rita" to execute
---
kind: Policy
name: keyed-not-by-pattern
on: functions meshward.system.*
rules:
  - allow user "guess" to execute
---
kind: Policy
name: keyed-of-everything
on: everything
rules:
  - allow user "guess" to execute
"#;

const TABLES: &[&str] = &[
    "CREATE SCHEMA lake.keyed",
    "CREATE TABLE lake.keyed.people AS SELECT * FROM (VALUES
        (VARCHAR '123-45-6789', BIGINT '7', CAST('a' AS char(40))), (VARCHAR '223-45-6789', BIGINT '8', CAST('b' AS char(40))),
        (CAST(NULL AS varchar), CAST(NULL AS bigint), CAST(NULL AS char(40)))) AS t (ssn, customer, code)",
    "CREATE TABLE lake.keyed.orders AS SELECT * FROM (VALUES
        (CAST('123-45-6789' AS varchar(40)), BIGINT '7', 10), (CAST('123-45-6789' AS varchar(40)), BIGINT '7', 20),
        (CAST('323-45-6789' AS varchar(40)), BIGINT '9', 30)) AS t (ssn, customer, amount)",
    "CREATE TABLE lake.keyed.hidden AS SELECT * FROM (VALUES (VARCHAR '123-45-6789', BIGINT '7'), (VARCHAR '223-45-6789', BIGINT '8'))
        AS t (ssn, customer)",
    "CREATE TABLE lake.keyed.forms AS SELECT * FROM (VALUES
        VARCHAR '4111 1111 1111 1111', VARCHAR 'AB 123456-x', VARCHAR '12345', VARCHAR 'abcd', VARCHAR 'Müller 1234567', VARCHAR '',
        VARCHAR '1234567') AS t (ssn)",
];

fn filled(mesh: &Mesh) {
    static FILLED: OnceLock<()> = OnceLock::new();
    FILLED.get_or_init(|| mesh.prepare(TABLES));
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

#[test]
fn a_pseudonym_is_the_same_in_every_table_and_tables_join_on_it() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let pia = mesh.user("pia");
    let shown = pia.rows("SELECT ssn, customer, code FROM lake.keyed.people");
    let clear = mesh.user("root").rows("SELECT ssn, customer, code FROM lake.keyed.people");
    assert_eq!(shown.len(), 3);
    let there: Vec<&Vec<Value>> = shown.iter().filter(|row| !row[0].is_null()).collect();
    assert_eq!(there.len(), 2, "NULL stays NULL: {shown:?}");
    for row in there {
        assert!(text(&row[0]).len() == 32 && text(&row[0]).chars().all(|c| c.is_ascii_hexdigit()), "{row:?}");
        assert!(row[1].is_i64() && text(&row[2]).trim_end().len() == 32, "{row:?}");
        assert!(clear.iter().all(|clear| clear[0] != row[0] && clear[1] != row[1] && clear[2] != row[2]), "{row:?}");
    }
    for join in ["p.ssn = o.ssn", "p.customer = o.customer"] {
        let sql = format!(
            "SELECT sum(amount), count(DISTINCT p.ssn) FROM lake.keyed.people p JOIN lake.keyed.orders o ON {join}"
        );
        assert_eq!(pia.rows(&sql), mesh.user("root").rows(&sql), "{join}");
        assert_eq!(pia.rows(&sql), [[Value::from(30), Value::from(1)]]);
    }
    // One and the same for the one behind a view too.
    mesh.user("rita").run("CREATE VIEW lake.keyed.seen SECURITY INVOKER AS SELECT ssn FROM lake.keyed.orders").unwrap();
    assert_eq!(
        pia.rows("SELECT DISTINCT ssn FROM lake.keyed.seen"),
        pia.rows("SELECT DISTINCT ssn FROM lake.keyed.orders")
    );
}

#[test]
fn text_keeps_its_form_and_who_may_reveal_gets_it_back() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let form = |text: &str| -> String {
        text.chars()
            .map(|c| match c {
                '0'..='9' => '9',
                'a'..='z' => 'a',
                'A'..='Z' => 'A',
                c => c,
            })
            .collect()
    };
    let sql = "SELECT ssn FROM lake.keyed.forms";
    let clear = mesh.user("root").texts(sql);
    let shown = mesh.user("fay").texts(sql);
    for (clear, shown) in clear.iter().zip(&shown) {
        match clear.as_str() {
            // Fewer than a million texts have this form, or a letter would stay in clear.
            "12345" | "abcd" | "" | "Müller 1234567" => assert_eq!(shown, "NULL", "{clear}"),
            _ => {
                assert_eq!(form(shown), form(clear));
                assert_ne!(shown, clear);
            }
        }
    }
    let mut back = mesh.user("fay").texts("SELECT meshward.system.reveal(ssn) FROM lake.keyed.forms");
    let mut wanted: Vec<String> =
        clear.iter().zip(&shown).map(|(clear, shown)| if shown == "NULL" { shown } else { clear }.clone()).collect();
    back.sort();
    wanted.sort();
    assert_eq!(back, wanted);
    assert_eq!(mesh.user("rob").texts(sql), shown);
    for sql in [
        "SELECT meshward.system.reveal(ssn) FROM lake.keyed.forms",
        "SELECT meshward.system.reveal('4111 1111 1111 1111')",
        "EXPLAIN SELECT meshward.system.reveal('4111 1111 1111 1111')",
        "SELECT count(*) FROM lake.keyed.forms WHERE meshward.system.reveal(ssn) LIKE '4%'",
        "CREATE TABLE lake.keyed.stolen AS SELECT meshward.system.reveal(ssn) AS x FROM lake.keyed.forms",
    ] {
        let refused = mesh.user("rob").denied(sql);
        assert!(refused.contains("reveal"), "{refused}");
    }
}

#[test]
fn nobody_asks_what_the_mask_of_a_guess_would_be() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let guess = mesh.user("guess");
    // What a mask shows in the same query gives no right to the function.
    for function in ["pseudonym", "format_preserving", "reveal"] {
        let call = format!("meshward.system.{function}('123-45-6789')");
        for sql in [
            format!("SELECT {call}"),
            format!("SELECT ssn FROM lake.keyed.people WHERE ssn = {call}"),
            format!("SELECT ssn, {call} FROM lake.keyed.people"),
            format!("SELECT (SELECT {call}) FROM lake.keyed.people"),
            format!("EXPLAIN SELECT {call}"),
            format!("EXPLAIN ANALYZE SELECT {call}"),
            format!("VALUES {call}"),
            format!("CREATE VIEW lake.keyed.oracle AS SELECT {call} AS x"),
            format!("CREATE TABLE lake.keyed.oracle AS SELECT {call} AS x"),
            format!("WITH FUNCTION f() RETURNS varchar RETURN {call} SELECT f() FROM lake.keyed.people"),
            format!("EXECUTE IMMEDIATE 'SELECT meshward.system.{function}(?)' USING '123-45-6789'"),
            format!("SELECT MESHWARD.\"system\".\"{}\"('123-45-6789')", function.to_uppercase()),
        ] {
            guess.denied(&sql);
        }
        let path = guess.with("X-Trino-Path", "meshward.system");
        path.denied(&format!("SELECT {function}('123-45-6789')"));
        let prepared = format!("SELECT%20meshward.system.{function}(%3F)");
        guess.with("X-Trino-Prepared-Statement", &format!("p={prepared}")).denied("EXECUTE p USING '123-45-6789'");
    }
    // The plan names the function and nothing that would open it, and the key is nowhere.
    let plan = guess.texts("EXPLAIN SELECT ssn FROM lake.keyed.people").join("\n");
    assert!(plan.contains("pseudonym") && !plan.contains(MASKING_KEY), "{plan}");
    // The catalog is there for those alone who may use something of it.
    assert!(mesh.user("fay").rows("SHOW CATALOGS").iter().any(|row| row[0] == "meshward"));
    assert!(mesh.user("rob").rows("SHOW CATALOGS").iter().all(|row| row[0] != "meshward"));
}

#[test]
fn who_may_reveal_lends_it_to_nobody() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let rita = mesh.user("rita");
    // Only a rule of the mesh that lets her share the function would.
    rita.run("CREATE VIEW lake.keyed.lent AS SELECT meshward.system.reveal(ssn) AS x FROM lake.keyed.forms").unwrap();
    assert!(!rita.texts("SELECT x FROM lake.keyed.lent").is_empty());
    let refused = mesh.user("rob").failure("SELECT x FROM lake.keyed.lent");
    assert!(refused.message.contains("Access Denied: Cannot execute function meshward.system.reveal"), "{refused:?}");
    let create =
        "CREATE FUNCTION lake.keyed.lend(x varchar) RETURNS varchar SECURITY DEFINER RETURN meshward.system.reveal(x)";
    rita.run(create).unwrap();
    let sql = "SELECT lake.keyed.lend(ssn) FROM lake.keyed.forms";
    assert_eq!(rita.texts(sql).len(), 7);
    let refused = mesh.user("rob").failure(sql);
    assert!(refused.message.contains("Access Denied: Cannot execute function meshward.system.reveal"), "{refused:?}");
}

#[test]
fn a_keyed_mask_on_some_cells_reads_what_the_user_may_not() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let shown = mesh.user("sub").rows("SELECT customer FROM lake.keyed.hidden");
    let masked = shown.iter().filter(|row| row[0] != 8).count();
    assert_eq!((shown.len(), masked), (2, 1), "{shown:?}");
    assert!(shown.iter().all(|row| row[0] != 7));
}
