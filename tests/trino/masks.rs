//! Every mask of the language on every type: a value of the column's own type or NULL, and never the clear value.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::trino::mesh::fair;

/// A column for each type: its name, its type, and the value of its one row.
const COLUMNS: &[(&str, &str, &str)] = &[
    ("flag", "boolean", "TRUE"),
    ("tiny", "tinyint", "TINYINT '127'"),
    ("tiny_low", "tinyint", "TINYINT '-44'"),
    ("small", "smallint", "SMALLINT '32767'"),
    ("small_half", "smallint", "SMALLINT '-45'"),
    ("whole", "integer", "123456"),
    ("big", "bigint", "9223372036854775807"),
    ("big_half", "bigint", "BIGINT '1234567890123456785'"),
    ("single", "real", "REAL '1234.5'"),
    ("twice", "double", "DOUBLE '1234.5'"),
    ("price", "decimal(12,2)", "DECIMAL '1234.56'"),
    ("share", "decimal(3,3)", "DECIMAL '0.999'"),
    ("huge", "decimal(38,0)", "DECIMAL '99999999999999999999999999999999999999'"),
    ("text", "varchar", "CAST('clear@mail.example' AS varchar)"),
    ("short", "varchar(5)", "'ab@cd'"),
    ("long", "varchar(80)", "CAST('ключ@mail.example' AS varchar(80))"),
    ("one", "varchar(1)", "'a'"),
    ("none", "varchar(0)", "''"),
    ("fixed", "char(4)", "CAST('ab@c' AS char(4))"),
    ("bytes", "varbinary", "X'00FF'"),
    ("document", "json", "JSON '{\"a\":1}'"),
    ("day", "date", "DATE '2024-05-17'"),
    ("hour", "time(3)", "TIME '13:14:15.678'"),
    ("hour_zoned", "time(3) with time zone", "TIME '13:14:15.678+02:00'"),
    ("moment", "timestamp(3)", "TIMESTAMP '2024-05-17 13:14:15.678'"),
    ("moment_fine", "timestamp(12)", "TIMESTAMP '2024-05-17 13:14:15.678901234567'"),
    ("instant", "timestamp(3) with time zone", "TIMESTAMP '2024-05-17 13:14:15.678 Europe/Vienna'"),
    ("id", "uuid", "UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59'"),
    ("address", "ipaddress", "IPADDRESS '10.0.0.1'"),
    ("span", "interval day to second", "INTERVAL '2' DAY"),
    ("years", "interval year to month", "INTERVAL '3' YEAR"),
    ("list", "array(varchar(5))", "CAST(ARRAY['clear'] AS array(varchar(5)))"),
    ("pairs", "map(varchar(5), bigint)", "CAST(MAP(ARRAY['clear'], ARRAY[1]) AS map(varchar(5), bigint))"),
    ("fields", "row(a bigint, b varchar(5))", "CAST(ROW(1, 'clear') AS row(a bigint, b varchar(5)))"),
];

struct Case {
    table: &'static str,
    mask: &'static str,
    /// What is shown where it is not NULL.
    shown: fn(&str) -> Option<Value>,
}

const CASES: &[Case] = &[
    Case { table: "with_null", mask: "null", shown: |_| None },
    Case {
        table: "with_text",
        mask: "constant 'xyz'",
        shown: |column| match column {
            "text" | "short" | "long" => Some(json!("xyz")),
            "fixed" => Some(json!("xyz ")),
            _ => None,
        },
    },
    Case {
        table: "with_number",
        mask: "constant 7",
        shown: |column| match column {
            "tiny" | "tiny_low" | "small" | "small_half" | "whole" | "big" | "big_half" => Some(json!(7)),
            "single" | "twice" => Some(json!(7.0)),
            "price" => Some(json!("7.00")),
            "huge" | "text" | "short" | "long" | "one" => Some(json!("7")),
            "fixed" => Some(json!("7   ")),
            _ => None,
        },
    },
    Case {
        table: "with_flag",
        mask: "constant false",
        shown: |column| match column {
            "flag" => Some(json!(false)),
            "text" | "short" | "long" => Some(json!("false")),
            _ => None,
        },
    },
    Case {
        table: "with_day",
        mask: "constant 2020-02-29",
        shown: |column| match column {
            "day" | "text" | "long" => Some(json!("2020-02-29")),
            _ => None,
        },
    },
    Case {
        table: "with_hash",
        mask: "hash",
        shown: |column| match column {
            "text" => Some(json!(sha256_hex("clear@mail.example"))),
            "long" => Some(json!(sha256_hex("ключ@mail.example"))),
            // SHA-256 of the bytes 00 FF, in base 64.
            "bytes" => Some(json!("But9amnuGeX733SQGNPSq/oEvL0TZdsxLrhtxxaTibg=")),
            _ => None,
        },
    },
    // Of the key of the tests: HMAC-SHA-256 as another program computes it.
    Case {
        table: "with_pseudonym",
        mask: "pseudonym",
        shown: |column| match column {
            "text" => Some(json!("828d9f529f128702f6958e790e94516a")),
            "long" => Some(json!("8e81653f21c22a21f57f9a33c18ecba0")),
            "bytes" => Some(json!("wR+XvjRRxeZ6EUx0n8tqMg==")),
            "id" => Some(json!("33f80542-7fd3-13be-0d23-3779b850f85b")),
            "big" => Some(json!(496_464_535_251_969_334_i64)),
            "big_half" => Some(json!(1_850_919_329_894_425_025_i64)),
            _ => None,
        },
    },
    Case {
        table: "with_format",
        mask: "format preserving",
        shown: |column| match column {
            "text" => Some(json!("kxzcs@prwt.dseucab")),
            // What no form is kept of has a pseudonym.
            "bytes" => Some(json!("wR+XvjRRxeZ6EUx0n8tqMg==")),
            "id" => Some(json!("33f80542-7fd3-13be-0d23-3779b850f85b")),
            "big" => Some(json!(496_464_535_251_969_334_i64)),
            "big_half" => Some(json!(1_850_919_329_894_425_025_i64)),
            _ => None,
        },
    },
    Case {
        table: "with_first",
        mask: "keep first 2",
        shown: |column| match column {
            "text" => Some(json!("cl****************")),
            "short" => Some(json!("ab***")),
            "long" => Some(json!("кл***************")),
            "one" => Some(json!("*")),
            "none" => Some(json!("")),
            "fixed" => Some(json!("ab**")),
            _ => None,
        },
    },
    Case {
        table: "with_last",
        mask: "keep last 2",
        shown: |column| match column {
            "text" => Some(json!("****************le")),
            "short" => Some(json!("***cd")),
            "long" => Some(json!("***************le")),
            "one" => Some(json!("*")),
            "none" => Some(json!("")),
            "fixed" => Some(json!("**@c")),
            _ => None,
        },
    },
    Case {
        table: "with_domain",
        mask: "email domain",
        shown: |column| match column {
            "text" | "long" => Some(json!("mail.example")),
            "short" => Some(json!("cd")),
            "fixed" => Some(json!("c   ")),
            _ => None,
        },
    },
    Case {
        table: "with_round",
        mask: "round to 10",
        shown: |column| match column {
            // 127 and 32767 would become what their types cannot hold.
            "tiny_low" => Some(json!(-40)),
            "small_half" => Some(json!(-50)),
            "whole" => Some(json!(123_460)),
            "big_half" => Some(json!(1_234_567_890_123_456_790_i64)),
            "single" | "twice" => Some(json!(1230.0)),
            "price" => Some(json!("1230.00")),
            "share" => Some(json!("0.000")),
            _ => None,
        },
    },
    Case {
        table: "with_regex",
        mask: r"regex '(..)[^@]*@(\S+?)\s*' replaced by '\$$2-$1'",
        shown: |column| match column {
            "text" => Some(json!("$mail.example-cl")),
            // Cut to the column's length.
            "short" => Some(json!("$cd-a")),
            "long" => Some(json!("$mail.example-кл")),
            "fixed" => Some(json!("$c-a")),
            _ => None,
        },
    },
    Case {
        // What would stay as it is.
        table: "with_same",
        mask: "regex '(.*)' replaced by '$1'",
        shown: |_| None,
    },
    Case {
        table: "with_bucket",
        mask: "bucket 10",
        shown: |column| match column {
            "tiny" => Some(json!(120)),
            "tiny_low" => Some(json!(-50)),
            "small" => Some(json!(32_760)),
            "small_half" => Some(json!(-50)),
            "whole" => Some(json!(123_450)),
            "big" => Some(json!(9_223_372_036_854_775_800_i64)),
            "big_half" => Some(json!(1_234_567_890_123_456_780_i64)),
            "single" | "twice" => Some(json!(1230.0)),
            "price" => Some(json!("1230.00")),
            "share" => Some(json!("0.000")),
            "huge" => Some(json!("99999999999999999999999999999999999990")),
            _ => None,
        },
    },
    Case {
        // The bound is below what the small types hold.
        table: "with_wide_bucket",
        mask: "bucket 1000000000",
        shown: |column| match column {
            "tiny" | "small" | "whole" => Some(json!(0)),
            "big" => Some(json!(9_223_372_036_000_000_000_i64)),
            "big_half" => Some(json!(1_234_567_890_000_000_000_i64)),
            "single" | "twice" => Some(json!(0.0)),
            "price" => Some(json!("0.00")),
            "share" => Some(json!("0.000")),
            "huge" => Some(json!("99999999999999999999999999999000000000")),
            _ => None,
        },
    },
    Case {
        table: "with_year",
        mask: "truncate to year",
        shown: |column| match column {
            "day" => Some(json!("2024-01-01")),
            "moment" => Some(json!("2024-01-01 00:00:00.000")),
            "moment_fine" => Some(json!("2024-01-01 00:00:00.000000000000")),
            "instant" => Some(json!("2024-01-01 00:00:00.000 Europe/Vienna")),
            _ => None,
        },
    },
    Case {
        table: "with_month",
        mask: "truncate to month",
        shown: |column| match column {
            "day" => Some(json!("2024-05-01")),
            "moment" => Some(json!("2024-05-01 00:00:00.000")),
            "moment_fine" => Some(json!("2024-05-01 00:00:00.000000000000")),
            "instant" => Some(json!("2024-05-01 00:00:00.000 Europe/Vienna")),
            _ => None,
        },
    },
    Case {
        table: "with_midnight",
        mask: "truncate to day",
        shown: |column| match column {
            // The day itself is what the mask keeps.
            "day" => Some(json!("2024-05-17")),
            "moment" => Some(json!("2024-05-17 00:00:00.000")),
            "moment_fine" => Some(json!("2024-05-17 00:00:00.000000000000")),
            "instant" => Some(json!("2024-05-17 00:00:00.000 Europe/Vienna")),
            _ => None,
        },
    },
    // A mask on some cells, where the condition is not known.
    Case { table: "with_cells", mask: "null where whole <> @mask_unknown", shown: |_| None },
];

/// The policies of all cases, made from them.
pub(super) fn documents() -> String {
    let mut yaml = "{kind: Attribute, name: mask_unknown, type: number}\n".to_owned();
    for case in CASES {
        let (table, mask) = (case.table, case.mask.replace('\'', "''"));
        write!(
            yaml,
            "---\n{{kind: Policy, name: masks-{table}, on: lake.masks.{table}, rules: ['allow user \"max\" to read', \
             'mask untagged columns with {mask} for user \"max\"']}}\n"
        )
        .unwrap();
    }
    yaml
}

fn sha256_hex(text: &str) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

#[test]
fn a_mask_gives_a_value_of_the_columns_type_or_null_and_never_an_error_or_the_clear_value() {
    let Some(mesh) = fair() else { return };
    let columns: Vec<String> = COLUMNS.iter().map(|(name, _, value)| format!("{value} AS \"{name}\"")).collect();
    let nulls: Vec<String> = COLUMNS.iter().map(|(name, of, _)| format!("CAST(NULL AS {of}) AS \"{name}\"")).collect();
    let select = format!("SELECT {} UNION ALL SELECT {}", columns.join(", "), nulls.join(", "));
    mesh.prepare(&["CREATE SCHEMA lake.masks"]);
    let quoted: Vec<String> = COLUMNS.iter().map(|(name, ..)| format!("\"{name}\"")).collect();
    let quoted = quoted.join(", ");
    let mut wrong = String::new();
    for case in CASES {
        mesh.prepare(&[&format!("CREATE TABLE lake.masks.{} AS {select}", case.table)]);
        let first = format!("SELECT {quoted} FROM lake.masks.{}", case.table);
        let clear = mesh.user("root").run(&format!("{first} WHERE whole IS NOT NULL")).unwrap();
        let all = mesh.user("max").run(&first).unwrap_or_else(|failure| panic!("{}: {failure:?}", case.mask));
        assert_eq!(all.rows.len(), 2);
        for (index, (name, of, _)) in COLUMNS.iter().enumerate() {
            let shown: Vec<&Value> = all.rows.iter().map(|row| &row[index]).filter(|value| !value.is_null()).collect();
            let expected = (case.shown)(name);
            // The row of NULLs shows NULL, but for a constant.
            let rows = if case.mask.starts_with("constant") { 2 } else { 1 };
            let right = match &expected {
                None => shown.is_empty(),
                Some(value) => shown.len() == rows && shown.iter().all(|shown| *shown == value),
            };
            if !right {
                writeln!(wrong, "{name} {of} masked with {}: {shown:?} and not {expected:?}", case.mask).unwrap();
            }
            let whole_is_kept = ["none"].contains(name) || (*name == "day" && case.table == "with_midnight");
            if !whole_is_kept && shown.contains(&&clear.rows[0][index]) {
                writeln!(wrong, "{name} {of} masked with {} is clear", case.mask).unwrap();
            }
            assert_eq!(all.columns[index].1, clear.columns[index].1, "{name}: the type stays");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
