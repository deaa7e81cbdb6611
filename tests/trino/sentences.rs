//! Sentences as people type and paste them: in any case, with and without the articles, each enforced.

use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::trino::client::Client;
use crate::trino::mesh::{Mesh, fair};

/// What is seen of a row; `None`: it is not there.
type Seen = fn(&[Value]) -> Option<Vec<Value>>;

/// The same words, written in different ways; each is the rule of a table of its own.
struct Sentence {
    written: &'static [&'static str],
    /// What each of [`ASKERS`] sees: `None` where they may not read.
    seen: [Option<Seen>; 4],
}

/// Who asks, and for which purpose.
const ASKERS: [(&str, Option<&str>); 4] =
    [("sen_sales", None), ("sen_audit", None), ("sen_fraud", None), ("sen_fraud", Some("sentences-fraud-detection"))];

// The columns of a row, in order.
const SSN: usize = 1;
const DEPARTMENT: usize = 2;
const COUNTRY: usize = 3;
const BUSINESS_LINE: usize = 4;

fn whole(row: &[Value]) -> Option<Vec<Value>> {
    Some(row.to_vec())
}

fn nothing(_: &[Value]) -> Option<Vec<Value>> {
    None
}

fn without_ssn(row: &[Value]) -> Option<Vec<Value>> {
    let mut row = row.to_vec();
    row[SSN] = Value::Null;
    Some(row)
}

fn hashed_ssn(row: &[Value]) -> Option<Vec<Value>> {
    let mut row = row.to_vec();
    let hash = match row[SSN].as_str() {
        Some("078-05-1120") => json!("ef6385e04468128770c86bf7e098c70fa7bbc1a50d81a071087f925283a4e7af"),
        Some("219-09-9999") => json!("cefcfd691dce3593a7a1701afc78cea4fa686ec04d48fbcbda54acba4e2a0d1f"),
        _ => Value::Null,
    };
    row[SSN] = hash;
    Some(row)
}

fn sales(row: &[Value]) -> Option<Vec<Value>> {
    (row[DEPARTMENT] == "sales").then(|| row.to_vec())
}

fn audit(row: &[Value]) -> Option<Vec<Value>> {
    (row[DEPARTMENT] == "AUDIT").then(|| row.to_vec())
}

fn chile(row: &[Value]) -> Option<Vec<Value>> {
    (row[COUNTRY] == "CL").then(|| row.to_vec())
}

fn retail_in_chile(row: &[Value]) -> Option<Vec<Value>> {
    (row[COUNTRY] == "CL" && row[BUSINESS_LINE] == "Retail").then(|| row.to_vec())
}

const SENTENCES: &[Sentence] = &[
    Sentence {
        written: &[
            "Only Shows Rows where [@country of employment] = Country and [@business line] = Business Line for everyone except those working for sentences fraud detection purposes.",
            "ONLY SHOWS ROWS WHERE [@COUNTRY OF EMPLOYMENT] = COUNTRY AND [@BUSINESS LINE] = BUSINESS LINE FOR EVERYONE EXCEPT THOSE WORKING FOR SENTENCES FRAUD DETECTION PURPOSES",
            "only show the rows where country = the @country_of_employment and business_line = @business-line for everyone except those acting for the purpose “sentences fraud detection”",
        ],
        seen: [Some(retail_in_chile), Some(nothing), Some(nothing), Some(whole)],
    },
    Sentence {
        written: &[
            "mask all columns tagged SEN PII by making null for everyone except when user is acting under purpose sentences fraud detection",
            "MASK ALL COLUMNS TAGGED SEN PII BY MAKING NULL FOR EVERYONE EXCEPT WHEN USER IS ACTING UNDER PURPOSE SENTENCES FRAUD DETECTION",
            "mask all the columns tagged sen-pii by making null for everyone except when the user is acting under the purpose sentences fraud detection.",
        ],
        seen: [Some(without_ssn), Some(without_ssn), Some(without_ssn), Some(whole)],
    },
    Sentence {
        written: &[
            "only show rows where user is a member of a group that matches the value in the column tagged SenDepartment",
            "ONLY SHOW ROWS WHERE USER IS A MEMBER OF A GROUP THAT MATCHES THE VALUE IN THE COLUMN TAGGED SENDEPARTMENT",
            "only show rows where user is member of group that matches value in column tagged SenDepartment",
        ],
        seen: [Some(sales), Some(audit), Some(nothing), Some(nothing)],
    },
    Sentence {
        written: &[
            "only show rows where user possesses an attribute in work location that matches the value in the column tagged Sen.Location",
            "ONLY SHOW ROWS WHERE USER POSSESSES AN ATTRIBUTE IN WORK LOCATION THAT MATCHES THE VALUE IN THE COLUMN TAGGED SEN.LOCATION",
            "only show rows where the user possesses attribute in work location that matches value in column tagged Sen.Location",
        ],
        seen: [Some(chile), Some(whole), Some(nothing), Some(nothing)],
    },
    Sentence {
        written: &[
            "limit usage to purpose sentences fraud detection for everyone",
            "LIMIT USAGE TO PURPOSE SENTENCES FRAUD DETECTION FOR EVERYONE",
            "Limit the usage to the purpose “sentences fraud detection” for everyone.",
        ],
        seen: [None, None, None, Some(whole)],
    },
    Sentence {
        written: &[
            "mask columns tagged SEN PII.SSN using hashing for everyone except users in the group AUDIT",
            "MASK COLUMNS TAGGED SEN PII.SSN USING HASHING FOR EVERYONE EXCEPT USERS IN THE GROUP AUDIT",
            "mask the columns tagged sen_pii.ssn using hashing for everyone except users in group AUDIT",
        ],
        seen: [Some(hashed_ssn), Some(whole), Some(hashed_ssn), Some(hashed_ssn)],
    },
];

/// Every way to write a sentence, with the table that it rules.
fn tables() -> impl Iterator<Item = (String, &'static str, &'static Sentence)> {
    SENTENCES.iter().enumerate().flat_map(|(at, sentence)| {
        let written = sentence.written.iter().enumerate();
        written.map(move |(variant, written)| (format!("s{at}_{variant}"), *written, sentence))
    })
}

/// The documents: what the sentences name, and a policy and a tagging for each table.
pub(super) fn documents() -> String {
    let mut yaml = r#"
{kind: Purpose, name: sentences fraud detection}
---
{kind: Grant, name: sentences, to: user "sen_fraud", purpose: sentences fraud detection}
---
{kind: Attribute, name: country of employment, type: text}
---
{kind: Attribute, name: business line, type: text}
---
{kind: Attribute, name: work location, type: text}
---
{kind: Tag, name: SEN PII.SSN}
---
{kind: Tag, name: SenDepartment}
---
{kind: Tag, name: Sen.Location}
---
{kind: User, name: sen_sales, attributes: {country_of_employment: CL, business_line: Retail, work_location: CL}}
---
{kind: User, name: sen_audit, attributes: {country_of_employment: [CL, PE], work_location: [CL, PE]}}
---
{kind: Policy, name: sentences-read, on: lake.sentences.*, rules: [allow everyone to read]}
"#
    .to_owned();
    for (table, written, _) in tables() {
        yaml += &format!(
            "---\n{{kind: Policy, name: sentences {table}, on: lake.sentences.{table}, rules: ['{written}']}}\n---\n\
             {{kind: Tagging, name: sentences {table}, table: lake.sentences.{table}, \
             columns: {{ssn: SEN PII.SSN, department: SenDepartment, country: Sen.Location}}}}\n"
        );
    }
    yaml
}

const ROWS: &str = "SELECT * FROM (VALUES
    (1, CAST('078-05-1120' AS varchar), 'sales', 'CL', 'Retail'),
    (2, '219-09-9999', 'AUDIT', 'PE', 'Retail'),
    (3, NULL, 'sales', 'CL', 'Wealth')) AS t (id, ssn, department, country, business_line)";

fn filled(mesh: &Mesh) {
    static FILLED: OnceLock<()> = OnceLock::new();
    FILLED.get_or_init(|| {
        mesh.prepare(&["CREATE SCHEMA lake.sentences"]);
        for (table, ..) in tables() {
            mesh.prepare(&[&format!("CREATE TABLE lake.sentences.{table} AS {ROWS}")]);
        }
    });
}

fn asker(mesh: &Mesh, (user, purpose): (&str, Option<&str>)) -> Client {
    let client = mesh.user(user);
    match purpose {
        Some(purpose) => client.acting_for(purpose),
        None => client,
    }
}

#[test]
fn sentences_as_people_paste_them_are_enforced_in_any_case_with_or_without_articles() {
    let Some(mesh) = fair() else { return };
    filled(&mesh);
    // The rows as they were written: `root` is somebody whom these rules restrict too.
    let raw = mesh.user("root").rows(ROWS);
    assert_eq!(raw.len(), 3);
    for (table, written, sentence) in tables() {
        for (who, seen) in ASKERS.into_iter().zip(sentence.seen) {
            let answer = asker(&mesh, who).run(&format!("SELECT * FROM lake.sentences.{table} ORDER BY id"));
            match (seen, answer) {
                (Some(seen), Ok(answer)) => {
                    let expected: Vec<Vec<Value>> = raw.iter().filter_map(|row| seen(row)).collect();
                    assert_eq!(answer.rows, expected, "{who:?}: {written}");
                }
                (None, Err(failure)) => {
                    assert_eq!(failure.name, "PERMISSION_DENIED", "{who:?}: {written}: {failure:?}");
                    assert!(failure.message.contains("purpose=sentences-fraud-detection"), "{failure:?}");
                }
                (seen, answer) => panic!("{who:?}: {written}: {answer:?}, allowed: {}", seen.is_some()),
            }
        }
    }
}
