//! `meshward explain`: what nobody sees in the rules that determined an answer is said.

use crate::cli::run;

const MESH: &str = r#"
{kind: Purpose, name: fraud detection}
---
{kind: Attribute, name: country, type: text}
---
{kind: User, name: rosa, attributes: {country: CL}}
---
{kind: Table, name: lake.claims.claim, columns: {id: bigint, phone: varchar, country: varchar}}
---
kind: Policy
name: personal
on: lake.claims.claim
rules:
  - allow everyone to read
  - phone: mask columns phone with keep last 4 for everyone or by exception
  - only show rows where country = @country for everyone
---
{kind: Policy, name: limit, on: lake.claims.claim, rules: [limit use to purpose fraud detection for user "leo"]}
---
{kind: Grant, name: phone migration, to: user "rosa", exception_to: personal/phone, until: 2027-01-31}
---
{kind: Grant, name: the past, to: user "leo", exception_to: personal/phone, until: 2026-01-31}
---
{kind: Grant, name: fraud team, to: user "leo", purpose: fraud detection}
"#;

/// What is said of a table to a user, and the exit code.
fn explained(documents: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mesh.yaml"), documents).unwrap();
    let documents = folder.path().to_str().unwrap();
    let asked = ["explain", "--documents", documents, "--at", "2026-11-24T09:00:00Z"];
    let (code, said, wrong) = run(&[&asked, arguments].concat(), "");
    assert_eq!(wrong, "");
    (code, said)
}

fn claim(user: &str, more: &[&str]) -> String {
    explained(MESH, &[&["--user", user, "--table", "lake.claims.claim"], more].concat()).1
}

#[test]
fn a_rule_that_a_grant_lifts_is_named_and_one_that_is_not_lifted_is_not() {
    let said = claim("rosa", &[]);
    assert!(said.contains("column    phone: as it is"), "{said}");
    let lifted =
        "note      rule personal/phone is lifted for `rosa` by grant `phone migration` until 2027-01-31: mask column";
    assert!(said.contains(lifted), "{said}");
    // Another's grant, one that has ended, and columns that the rule is not about.
    for (user, more) in [("jay", &[][..]), ("leo", &[]), ("rosa", &["--column", "id:bigint"])] {
        let said = claim(user, more);
        assert!(!said.contains("is lifted"), "{user}: {said}");
    }
}

#[test]
fn a_claimed_purpose_that_is_not_proved_is_named() {
    let said = claim("rosa", &["--purpose", "fraud-detection"]);
    let unproved = "purpose `fraud detection` is claimed, and no grant gives it to `rosa`: rules take it as not known";
    assert!(said.contains(unproved), "{said}");
    let said = claim("leo", &["--purpose", "fraud detecton"]);
    assert!(said.contains("there is no purpose `fraud detecton`"), "{said}");
    assert!(said.contains("did you mean `fraud detection`?"), "{said}");
    let said = claim("leo", &["--purpose", "fraud-detection"]);
    assert!(!said.contains("purpose `"), "{said}");
}

#[test]
fn a_table_or_column_that_is_one_slip_away_is_asked_back() {
    let of = |table| explained(MESH, &["--user", "rosa", "--table", table]);
    let (code, said) = of("lake.claims.clam");
    assert_eq!(code, Some(3));
    assert!(said.contains("no document names lake.claims.clam; did you mean lake.claims.claim?"), "{said}");
    for other in ["lake.claims.payment", "lake.claims.claim"] {
        let (_, said) = of(other);
        assert!(!said.contains("did you mean"), "{other}: {said}");
    }
    let said = claim("rosa", &["--column", "id:bigint", "--column", "contry:varchar"]);
    let lacking = "there is no column `country` among those asked about: that part of personal/3 is unknown, so no row is shown on \
                   its account; did you mean `contry`?";
    assert!(said.contains("rows      none") && said.contains(lacking), "{said}");
    assert!(!claim("rosa", &[]).contains("there is no column"), "{said}");
}

#[test]
fn rows_and_masks_are_said_in_the_words_of_the_language_and_as_sql() {
    let said = claim("jay", &["--column", "phone:varchar"]);
    assert!(said.contains("rows      none"), "{said}");
    let said = claim("rosa", &[]);
    assert!(said.contains("rows      country = 'CL'\n    as SQL  (\"country\" = 'CL')"), "{said}");
    let said = claim("leo", &[]);
    assert!(said.contains("column    phone: keep last 4\n    as SQL  "), "{said}");
}
