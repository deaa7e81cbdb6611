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
---
kind: Policy
name: reading-statistics
on: tpch.tiny.customer
rules:
  - allow members of group "analysts" to read
  - only show rows where nationkey = 3 for user "ben"
  - hide column phone for user "ben"
  - mask column acctbal with round to 100 for user "cleo"
  - mask column custkey with null where mktsegment = 'BUILDING' for user "cleo"
---
kind: Policy
name: reading-gated
on: lake.reading_gated.*
rules:
  - allow members of group "analysts" to read
  - only show rows where level < 3 for members of group "analysts"
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
    "CREATE SCHEMA lake.reading_gated",
    "CREATE TABLE lake.reading_gated.people AS SELECT id, level FROM lake.reading.people",
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

/// Queries of any shape over `people` and what they must be equal to, over the rows that the rules show.
#[test]
fn every_shape_of_query_sees_the_same_rows_and_cells() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let seen = expected(&mesh, &["CL"]);
    let ids: Vec<Vec<Value>> = seen.iter().map(|row| vec![row[0].clone()]).collect();
    let salaries: i64 = seen.iter().filter_map(|row| row[3].as_i64()).sum();
    let pairs = seen.iter().flat_map(|left| seen.iter().map(move |right| (left, right)));
    let pairs: Vec<Vec<Value>> = pairs
        .filter(|(left, right)| left[1] == right[1] && left[0].as_i64() < right[0].as_i64())
        .map(|(left, right)| vec![left[0].clone(), right[0].clone()])
        .collect();
    let named: Vec<Vec<Value>> = seen.iter().map(|row| vec![row[0].clone(), json!("Chile")]).collect();
    let count = vec![vec![json!(seen.len())]];
    let ben = mesh.user("ben");
    for (sql, expected) in [
        ("SELECT id FROM lake.reading.people", &ids),
        ("SELECT p.id FROM lake.reading.people AS p", &ids),
        ("WITH p AS (SELECT * FROM lake.reading.people) SELECT id FROM p", &ids),
        ("SELECT id FROM (SELECT * FROM lake.reading.people ORDER BY id LIMIT 100)", &ids),
        ("SELECT id FROM lake.reading.people WHERE country IN (SELECT country FROM lake.reading.people)", &ids),
        (
            "SELECT id FROM lake.reading.people p WHERE EXISTS (SELECT 1 FROM lake.reading.people q WHERE q.id = p.id)",
            &ids,
        ),
        ("SELECT id FROM lake.reading.people UNION SELECT id FROM lake.reading.people", &ids),
        ("SELECT count(*) FROM lake.reading.people", &count),
        ("SELECT (SELECT count(*) FROM lake.reading.people)", &count),
        ("SELECT count(*) FROM lake.reading.people WHERE country IS NOT NULL", &count),
        ("SELECT max(x) FROM (SELECT row_number() OVER () AS x FROM lake.reading.people)", &count),
        ("SELECT sum(salary) FROM lake.reading.people", &vec![vec![json!(salaries)]]),
        (
            "SELECT a.id, b.id FROM lake.reading.people a JOIN lake.reading.people b ON a.country = b.country AND a.id < b.id",
            &pairs,
        ),
        (
            "SELECT p.id, c.name FROM lake.reading.people p JOIN lake.reading.countries c ON c.country = p.country",
            &named,
        ),
        (
            "SELECT p.id, c.name FROM lake.reading.countries c LEFT JOIN lake.reading.people p USING (country)
             WHERE p.id IS NOT NULL",
            &named,
        ),
        ("EXECUTE IMMEDIATE 'SELECT id FROM lake.reading.people WHERE country = ?' USING 'CL'", &ids),
    ] {
        let mut expected = expected.clone();
        sort(&mut expected);
        assert_eq!(ben.rows(sql), expected, "{sql}");
    }
    // Nothing of the others, whatever is asked for.
    for nothing in [
        "SELECT 1 FROM lake.reading.people WHERE country = 'PE' OR country IS NULL",
        "SELECT 1 FROM lake.reading.people WHERE id IN (3, 4, 5)",
        "SELECT 1 FROM lake.reading.people WHERE salary = 200",
        "SELECT 1 FROM lake.reading.people WHERE email LIKE '%@%'",
        "SELECT id FROM lake.reading.people EXCEPT SELECT id FROM lake.reading.people",
    ] {
        assert_eq!(ben.rows(nothing), Vec::<Vec<Value>>::new(), "{nothing}");
    }
}

#[test]
fn a_prepared_statement_is_decided_for_whoever_executes_it() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let prepared =
        mesh.user("root").run("PREPARE p FROM SELECT id, salary FROM lake.reading.people WHERE id > ?").unwrap();
    let statement = &prepared.told["x-trino-added-prepare"];
    for (user, countries) in [("ana", &["CL", "Ö'st"][..]), ("ben", &["CL"])] {
        let mut expected: Vec<Vec<Value>> =
            expected(&mesh, countries).into_iter().map(|row| vec![row[0].clone(), row[3].clone()]).collect();
        sort(&mut expected);
        let client = mesh.user(user).with("X-Trino-Prepared-Statement", statement);
        assert_eq!(client.rows("EXECUTE p USING 0"), expected, "{user}");
        let columns = client.rows("DESCRIBE OUTPUT p");
        assert_eq!(
            columns.iter().map(|row| (&row[0], &row[4])).collect::<Vec<_>>(),
            [(&json!("id"), &json!("integer")), (&json!("salary"), &json!("integer")),]
        );
    }
}

/// A condition that fails on a row tells that the row is there, and what is in it.
#[test]
fn a_condition_that_fails_is_never_evaluated_on_a_hidden_row() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let ben = mesh.user("ben");
    let visible = expected(&mesh, &["CL"]).len();
    let root = mesh.user("root");
    // For each hidden row a condition that fails on it alone: PE, NULL, and another country.
    for id in [3, 4, 5] {
        for condition in [
            format!("1 / (id - {id}) > -9"),
            format!("1 / (id - {id}) > -9 AND country = 'CL'"),
            format!("country = 'CL' OR 1 / (id - {id}) > -9"),
            format!("IF(id = {id}, CAST(fail('row ' || CAST(id AS varchar)) AS boolean), TRUE)"),
            format!("CAST(IF(id = {id}, 'x', '1') AS bigint) = 1"),
            format!("element_at(ARRAY[1], IF(id = {id}, 0, 1)) = 1"),
            format!("cardinality(sequence(1, id, IF(id = {id}, 0, 1))) > 0"),
        ] {
            let sql = format!("SELECT count(*) FROM lake.reading.people WHERE {condition}");
            assert!(root.run(&sql).is_err(), "it ought to fail for who sees the row: {sql}");
            for sessions in ["", "columnar_filter_evaluation_enabled=false", "adaptive_filter_reordering_enabled=false"]
            {
                let client = if sessions.is_empty() { ben.clone() } else { ben.with("X-Trino-Session", sessions) };
                assert_eq!(client.rows(&sql), [[json!(visible)]], "{sessions} {sql}");
            }
        }
        let joined = format!(
            "SELECT count(*) FROM lake.reading.people p JOIN lake.reading.people q ON p.id = q.id AND 1 / (q.id - {id}) > -9"
        );
        assert_eq!(ben.rows(&joined), [[json!(visible)]], "{joined}");
        let function = format!(
            "WITH FUNCTION f(i integer, t varchar) RETURNS boolean DETERMINISTIC \
             RETURN IF(i = {id}, CAST(fail('it is ' || t) AS boolean), TRUE) \
             SELECT count(*) FROM lake.reading.people WHERE f(id, country)"
        );
        assert_eq!(ben.rows(&function), [[json!(visible)]], "{function}");
    }
}

/// Enough rows that Trino learns in which order to evaluate conditions.
#[test]
fn an_order_of_conditions_that_trino_learns_shows_no_hidden_row() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    mesh.prepare(&["CREATE TABLE lake.reading.many AS SELECT id, IF(id % 100 = 3, IF(id % 200 = 3, 'PE', NULL), 'CL') AS country,
        IF(id % 100 = 3, 'secret', CAST(id AS varchar)) AS note
        FROM (SELECT x * 1000 + y AS id FROM UNNEST(sequence(0, 59)) AS a(x) CROSS JOIN UNNEST(sequence(0, 999)) AS b(y))"]);
    let ben = mesh.user("ben");
    let function = "WITH FUNCTION f(s varchar) RETURNS boolean DETERMINISTIC RETURN IF(s = 'secret', CAST(fail(s) AS boolean), s = '1')
        SELECT count(*) FROM lake.reading.many WHERE f(note)";
    assert!(mesh.user("root").run(function).is_err());
    assert_eq!(ben.rows(function), [[json!(1)]]);
    assert_eq!(ben.rows("SELECT count(*) FROM lake.reading.many WHERE CAST(note AS bigint) < 10"), [[json!(9)]]);
    assert!(mesh.user("root").run("SELECT count(*) FROM lake.reading.many WHERE luhn_check(note)").is_err());
    assert!(ben.rows("SELECT count(*) FROM lake.reading.many WHERE luhn_check(note)")[0][0].as_i64().unwrap() > 0);
}

#[test]
fn plans_and_statistics_tell_no_hidden_value() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let ben = mesh.user("ben");
    // The tpch connector keeps the least and greatest value of each column, of all rows.
    let root = mesh.user("root").rows("SHOW STATS FOR tpch.tiny.customer");
    let bounds: Vec<Value> =
        root.iter().filter(|row| row[0] == "acctbal").flat_map(|row| [row[5].clone(), row[6].clone()]).collect();
    assert!(bounds.iter().all(Value::is_string), "{bounds:?}");
    for statistics in [
        "SHOW STATS FOR tpch.tiny.customer",
        "SHOW STATS FOR (SELECT * FROM tpch.tiny.customer WHERE acctbal > 0)",
        "EXECUTE IMMEDIATE 'SHOW STATS FOR tpch.tiny.customer'",
    ] {
        for row in ben.rows(statistics) {
            assert_eq!((&row[5], &row[6]), (&Value::Null, &Value::Null), "{statistics}: {row:?}");
            assert_ne!(row[0], "phone", "a hidden column");
        }
        // The same as the rows of a plan.
        for plan in ["EXPLAIN", "EXPLAIN (TYPE LOGICAL)", "EXPLAIN (FORMAT JSON)", "explain /* */"] {
            let text = ben.run(&format!("{plan} {statistics}")).map_or_else(
                |failure| failure.message,
                |plan| plan.rows.iter().filter_map(|row| row[0].as_str()).collect(),
            );
            for bound in &bounds {
                assert!(!text.contains(bound.as_str().unwrap()), "{plan} {statistics}: {text}");
            }
        }
    }
    // Masks do not leave the bounds of what they mask.
    for row in mesh.user("cleo").rows("SHOW STATS FOR tpch.tiny.customer") {
        assert!(
            !["acctbal", "custkey"].iter().any(|masked| row[0] == *masked) || (row[5].is_null() && row[6].is_null()),
            "{row:?}"
        );
    }
    // Whoever sees every row gets what there is.
    let whole = mesh.user("ana").rows("SHOW STATS FOR tpch.tiny.customer");
    assert_eq!(whole.iter().find(|row| row[0] == "acctbal"), root.iter().find(|row| row[0] == "acctbal"));
    for plan in ["EXPLAIN", "EXPLAIN (TYPE IO)", "EXPLAIN (TYPE LOGICAL)", "EXPLAIN ANALYZE", "EXPLAIN ANALYZE VERBOSE"]
    {
        let text = ben.texts(&format!("{plan} SELECT * FROM lake.reading.people")).concat();
        for hidden in ["cid@", "dee@", "bob@", "ann@", "three.example", "Ö", "300", "400", "500"] {
            assert!(!text.contains(hidden), "{plan} shows {hidden}: {text}");
        }
        let failure = ben.failure(&format!("{plan} SELECT level FROM lake.reading.people"));
        assert_eq!(failure.name, "PERMISSION_DENIED", "{plan}: {failure:?}");
    }
    let analyze = ben.failure("ANALYZE lake.reading.people");
    assert!(["PERMISSION_DENIED", "NOT_SUPPORTED"].contains(&analyze.name.as_str()), "{analyze:?}");
}

#[test]
fn a_hidden_column_is_refused_wherever_it_is_named_and_still_filters_and_masks() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    let ana = mesh.user("ana");
    for sql in [
        "SELECT level FROM lake.reading.people",
        "SELECT count(level) FROM lake.reading.people",
        "SELECT id FROM lake.reading.people WHERE level = 1",
        "SELECT id FROM lake.reading.people ORDER BY level",
        "SELECT id FROM lake.reading.people GROUP BY id, level",
        "SELECT 1 FROM lake.reading.people p WHERE EXISTS (SELECT 1 FROM lake.reading.people q WHERE q.level = p.id)",
        "SELECT p.id FROM lake.reading.people p JOIN lake.reading.people q USING (level)",
        "SELECT rank() OVER (ORDER BY level) FROM lake.reading.people",
    ] {
        let message = ana.denied(sql);
        assert!(message.contains("Cannot select from columns [level]"), "{sql}: {message}");
        assert!(message.contains("hide column level"), "the reason is for people: {message}");
    }
    // `salary` is masked by `level`, which is hidden: the plugin's own identity reads it, and nobody can be that identity.
    assert_eq!(
        ana.rows("SELECT id, country, email, salary FROM lake.reading.people"),
        expected(&mesh, &["CL", "Ö'st"])
    );
    // A row filter that reads a hidden column.
    let seen = ana.rows("SELECT * FROM lake.reading_gated.people");
    let raw = mesh.user("root").rows("SELECT id FROM lake.reading.people WHERE level < 3");
    assert_eq!(seen, raw);
    ana.denied("SELECT level FROM lake.reading_gated.people");
}
