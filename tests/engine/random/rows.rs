//! Random tables.

use meshward::model::column_type::ColumnType;
use meshward::model::name::{Identifier, TableName};
use meshward::model::request::Column;

use crate::engine::case::Table;
use crate::engine::cell::Cell;
use crate::engine::random::{DATES, Dice, INSTANTS, NUMBERS, TEXTS};

pub(super) const TABLES: &[(&str, &str)] =
    &[("finance", "orders"), ("hr", "people"), ("corp", "board"), ("other", "stuff")];

/// Every column that rules may name, with the types that it may have.
pub(super) const COLUMNS: &[(&str, &[&str])] = &[
    ("country", &["varchar(2)", "varchar", "char(3)"]),
    ("name", &["varchar"]),
    ("name2", &["varchar"]),
    ("email", &["varchar(80)", "varchar"]),
    ("code", &["char(5)", "char(70)"]),
    ("weird \"col", &["varchar(8)"]),
    ("amount", &["decimal(12,2)", "decimal(38,0)", "decimal(3,1)", "decimal(38,4)"]),
    ("total", &["decimal(12,2)"]),
    ("visits", &["bigint", "integer", "tinyint", "smallint"]),
    ("ratio", &["double"]),
    ("part", &["real"]),
    ("active", &["boolean"]),
    ("born", &["date"]),
    ("at", &["timestamp(3)", "timestamp(6)"]),
    ("seen_at", &["timestamp(3) with time zone"]),
    ("raw", &["varbinary"]),
    ("tags", &["array(varchar)"]),
    ("key", &["uuid"]),
    ("mystery", &[""]),
];

pub(super) fn table(dice: &mut Dice) -> Table {
    let (schema, table) = dice.one(TABLES);
    let mut columns = Vec::new();
    for (name, types) in COLUMNS {
        if dice.chance(45) {
            let column_type = ColumnType::parse(dice.pick(types));
            columns.push(Column::typed(Identifier::new(name), column_type));
        }
    }
    let rows = dice.some(2, 5, |dice| columns.iter().map(|column| cell(dice, column.column_type)).collect());
    Table { name: TableName::new("lake", schema, table), columns, rows }
}

fn cut(text: &str, length: u32) -> String {
    text.chars().take(length as usize).collect()
}

fn cell(dice: &mut Dice, of: ColumnType) -> Cell {
    if dice.chance(15) {
        return Cell::Null;
    }
    let integer = |dice: &mut Dice, limit: i64| {
        let numbers = [0, 1, -1, 2, 5, 10, 14, 15, 49, 50, 100, 127, -128, 150, limit, -limit - 1];
        let fitting: Vec<i64> =
            numbers.into_iter().filter(|number| *number <= limit && *number >= -limit - 1).collect();
        Cell::Integer(dice.one(&fitting))
    };
    match of {
        ColumnType::Boolean => Cell::Boolean(dice.chance(50)),
        ColumnType::Tinyint => integer(dice, i8::MAX.into()),
        ColumnType::Smallint => integer(dice, i16::MAX.into()),
        ColumnType::Integer => integer(dice, i32::MAX.into()),
        ColumnType::Bigint => integer(dice, i64::MAX),
        ColumnType::Real => {
            Cell::Real(dice.one(&[0.0, -0.0, 0.1, 2.5, -2.5, 10.0, 149.99, f32::NAN, f32::INFINITY, 1e30]))
        }
        ColumnType::Double => Cell::Double(dice.one(&[
            0.0,
            -0.0,
            0.1,
            2.5,
            -2.5,
            10.0,
            149.99,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            1e300,
        ])),
        ColumnType::Decimal { precision, scale } => {
            let numbers: Vec<bigdecimal::BigDecimal> = NUMBERS
                .iter()
                .map(|text| text.parse::<bigdecimal::BigDecimal>().unwrap().with_scale(i64::from(scale)))
                .filter(|number| number.digits() <= u64::from(precision))
                .collect();
            Cell::Decimal(dice.one(&numbers))
        }
        ColumnType::Varchar(length) => Cell::Text(cut(dice.pick(TEXTS), length.unwrap_or(1000))),
        ColumnType::Char(length) => Cell::Char(cut(dice.pick(TEXTS), length).trim_end_matches(' ').to_owned()),
        ColumnType::Varbinary => Cell::Bytes(dice.pick(TEXTS).as_bytes().to_vec()),
        ColumnType::Date => Cell::Date(dice.pick(DATES).parse().unwrap()),
        ColumnType::Timestamp(_) if dice.chance(30) => {
            Cell::Timestamp(jiff::civil::DateTime::from(dice.pick(DATES).parse::<jiff::civil::Date>().unwrap()))
        }
        ColumnType::Timestamp(_) => {
            let at: jiff::Timestamp = dice.pick(INSTANTS).parse().unwrap();
            Cell::Timestamp(at.to_zoned_datetime(jiff::tz::TimeZone::UTC).datetime())
        }
        ColumnType::TimestampWithTimeZone(_) => Cell::Instant(dice.pick(INSTANTS).parse().unwrap()),
        _ => Cell::Opaque,
    }
}
