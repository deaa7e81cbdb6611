//! Runs the SQL that the engine prints, as Trino would: read by a parser that is not ours, evaluated with Trino's types.
//! What Trino would refuse to analyse, or fail on, is an error here and never a value.

mod function;
mod operate;

use std::collections::BTreeMap;

use bigdecimal::BigDecimal;
use meshward::model::column_type::ColumnType;
use meshward::model::request::Column;
use sqlparser::ast::{
    BinaryOperator, DataType, Expr, InTarget, TrimWhereField, TypedString, UnaryOperator, Value as Token,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use crate::engine::cell::Cell;

/// A value with as much of its Trino type as operators look at.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Datum {
    Null,
    Boolean(bool),
    Integer(i64),
    Decimal(BigDecimal, u64, i64),
    Double(f64),
    Real(f32),
    Text(String),
    /// With all its blanks.
    Char(String),
    Bytes(Vec<u8>),
    Date(jiff::civil::Date),
    Timestamp(jiff::civil::DateTime),
    Instant(jiff::Timestamp),
    Opaque,
}

/// Why there is no value.
#[derive(Debug, PartialEq)]
pub(crate) enum Refusal {
    /// Trino would not analyse the query.
    Analysis(String),
    /// The query would fail at this row; `TRY` catches it.
    Failure(String),
}

pub(super) type Result<T> = std::result::Result<T, Refusal>;

pub(super) fn refuse<T>(what: impl Into<String>) -> Result<T> {
    Err(Refusal::Analysis(what.into()))
}

pub(super) fn fail<T>(what: impl Into<String>) -> Result<T> {
    Err(Refusal::Failure(what.into()))
}

/// Reads one expression, all of it.
pub(crate) fn parse(sql: &str) -> std::result::Result<Expr, String> {
    let mut parser = Parser::new(&GenericDialect {}).try_with_sql(sql).map_err(|error| error.to_string())?;
    let expression = parser.parse_expr().map_err(|error| error.to_string())?;
    match &parser.peek_token().token {
        sqlparser::tokenizer::Token::EOF => Ok(expression),
        more => Err(format!("more after the expression: {more}")),
    }
}

/// One row, by column name.
pub(crate) struct Row {
    values: BTreeMap<String, Datum>,
}

impl Row {
    pub(crate) fn new(columns: &[Column], cells: &[Cell]) -> Self {
        let pairs = columns.iter().zip(cells);
        Self {
            values: pairs
                .map(|(column, cell)| (column.name.as_str().to_owned(), datum(cell, column.column_type)))
                .collect(),
        }
    }

    /// Whether a filter lets the row pass.
    pub(crate) fn passes(&self, filter: &Expr) -> Result<bool> {
        match self.evaluate(filter)? {
            Datum::Boolean(passes) => Ok(passes),
            Datum::Null => Ok(false),
            other => refuse(format!("a filter of type {other:?}")),
        }
    }

    /// What a mask shows.
    pub(crate) fn shows(&self, mask: &Expr) -> Result<Cell> {
        self.evaluate(mask).map(cell)
    }

    fn evaluate(&self, expression: &Expr) -> Result<Datum> {
        match expression {
            Expr::Identifier(name) if name.quote_style == Some('"') => match self.values.get(&name.value) {
                Some(value) => Ok(value.clone()),
                None => refuse(format!("no column {name}")),
            },
            Expr::Nested(inner) => self.evaluate(inner),
            Expr::Value(value) => literal(&value.value),
            Expr::TypedString(typed) => typed_literal(typed),
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => operate::not(self.evaluate(expr)?),
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => operate::negate(self.evaluate(expr)?),
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
                operate::and(self.evaluate(left)?, self.evaluate(right)?)
            }
            Expr::BinaryOp { left, op: BinaryOperator::Or, right } => {
                operate::or(self.evaluate(left)?, self.evaluate(right)?)
            }
            Expr::BinaryOp { left, op, right } => operate::binary(&self.evaluate(left)?, op, &self.evaluate(right)?),
            Expr::IsNull(inner) => Ok(Datum::Boolean(self.evaluate(inner)? == Datum::Null)),
            Expr::IsNotNull(inner) => Ok(Datum::Boolean(self.evaluate(inner)? != Datum::Null)),
            Expr::In { expr, target: InTarget::List(list), negated: false, .. } => {
                let left = self.evaluate(expr)?;
                list.iter().try_fold(Datum::Boolean(false), |any, item| {
                    operate::or(any, operate::binary(&left, &BinaryOperator::Eq, &self.evaluate(item)?)?)
                })
            }
            Expr::Like { negated: false, expr, pattern, escape_char, .. } => {
                let escape = match escape_char {
                    Some(escape) => self.evaluate(escape)?,
                    None => return refuse("LIKE without ESCAPE"),
                };
                operate::like(&self.evaluate(expr)?, &self.evaluate(pattern)?, &escape)
            }
            Expr::Cast { expr, data_type, format: None, .. } => operate::cast(self.evaluate(expr)?, data_type),
            Expr::Case { operand: None, conditions, else_result, .. } => {
                for when in conditions {
                    if self.evaluate(&when.condition)? == Datum::Boolean(true) {
                        return self.evaluate(&when.result);
                    }
                }
                else_result.as_ref().map_or(Ok(Datum::Null), |otherwise| self.evaluate(otherwise))
            }
            Expr::Substring { expr, substring_from: Some(from), substring_for, .. } => {
                let length = substring_for.as_ref().map(|length| self.evaluate(length)).transpose()?;
                function::substr(&self.evaluate(expr)?, &self.evaluate(from)?, length.as_ref())
            }
            Expr::Trim {
                expr,
                trim_where: Some(TrimWhereField::Trailing),
                trim_what: Some(what),
                trim_characters: None,
            } => function::trim_end(self.evaluate(expr)?, &self.evaluate(what)?),
            Expr::Function(called) => self.call(called),
            other => refuse(format!("not evaluated here: {other}")),
        }
    }

    fn call(&self, called: &sqlparser::ast::Function) -> Result<Datum> {
        let sqlparser::ast::FunctionArguments::List(list) = &called.args else { return refuse("no arguments") };
        let mut arguments = Vec::new();
        for argument in &list.args {
            match argument {
                sqlparser::ast::FunctionArg::Unnamed(sqlparser::ast::FunctionArgExpr::Expr(expression)) => {
                    arguments.push(expression);
                }
                other => return refuse(format!("argument {other}")),
            }
        }
        let name = called.name.to_string().to_lowercase().replace("\"meshward\".\"system\".", "meshward.");
        match (name.as_str(), arguments.as_slice()) {
            ("if", [condition, then, otherwise]) => match self.evaluate(condition)? {
                Datum::Boolean(true) => self.evaluate(then),
                _ => self.evaluate(otherwise),
            },
            ("try", [inner]) => match self.evaluate(inner) {
                Err(Refusal::Failure(_)) => Ok(Datum::Null),
                other => other,
            },
            ("nullif", [first, second]) => {
                let value = self.evaluate(first)?;
                match operate::binary(&value, &BinaryOperator::Eq, &self.evaluate(second)?)? {
                    Datum::Boolean(true) => Ok(Datum::Null),
                    _ => Ok(value),
                }
            }
            ("coalesce", [first, second]) => match self.evaluate(first)? {
                Datum::Null => self.evaluate(second),
                value => Ok(value),
            },
            (name, arguments) => {
                let values: Vec<Datum> =
                    arguments.iter().map(|argument| self.evaluate(argument)).collect::<Result<_>>()?;
                function::call(name, &values)
            }
        }
    }
}

fn literal(value: &Token) -> Result<Datum> {
    match value {
        Token::Null => Ok(Datum::Null),
        Token::Boolean(value) => Ok(Datum::Boolean(*value)),
        Token::SingleQuotedString(text) | Token::UnicodeStringLiteral(text) => Ok(Datum::Text(text.clone())),
        Token::Number(number, _) => match number.parse() {
            Ok(number) => Ok(Datum::Integer(number)),
            Err(_) => refuse(format!("number {number}")),
        },
        other => refuse(format!("literal {other}")),
    }
}

fn typed_literal(typed: &TypedString) -> Result<Datum> {
    let Token::SingleQuotedString(text) = &typed.value.value else { return refuse("typed literal") };
    let bad = |_| Refusal::Analysis(format!("{typed}"));
    match &typed.data_type {
        DataType::Decimal(_) => operate::decimal_literal(text),
        DataType::Double(_) => text.parse().map(Datum::Double).map_err(|_| Refusal::Analysis(typed.to_string())),
        DataType::Real => text.parse().map(Datum::Real).map_err(|_| Refusal::Analysis(typed.to_string())),
        DataType::Date => text.parse().map(Datum::Date).map_err(bad),
        DataType::Timestamp(..) => match text.strip_suffix(" UTC") {
            None => text.replace(' ', "T").parse().map(Datum::Timestamp).map_err(bad),
            Some(text) => format!("{}Z", text.replace(' ', "T")).parse().map(Datum::Instant).map_err(bad),
        },
        other => refuse(format!("literal of type {other}")),
    }
}

fn datum(cell: &Cell, of: ColumnType) -> Datum {
    match cell {
        Cell::Null => Datum::Null,
        Cell::Boolean(value) => Datum::Boolean(*value),
        Cell::Integer(value) => Datum::Integer(*value),
        Cell::Decimal(value) => match of {
            ColumnType::Decimal { precision, scale } => {
                Datum::Decimal(value.with_scale(i64::from(scale)), u64::from(precision), i64::from(scale))
            }
            _ => Datum::Opaque,
        },
        Cell::Double(value) => Datum::Double(*value),
        Cell::Real(value) => Datum::Real(*value),
        Cell::Text(text) => Datum::Text(text.clone()),
        Cell::Char(text) => match of {
            ColumnType::Char(length) => {
                let blanks = (length as usize).saturating_sub(text.chars().count());
                Datum::Char(format!("{text}{}", " ".repeat(blanks)))
            }
            _ => Datum::Opaque,
        },
        Cell::Bytes(bytes) => Datum::Bytes(bytes.clone()),
        Cell::Date(date) => Datum::Date(*date),
        Cell::Timestamp(at) => Datum::Timestamp(*at),
        Cell::Instant(at) => Datum::Instant(*at),
        Cell::Opaque => Datum::Opaque,
    }
}

pub(super) fn cell(datum: Datum) -> Cell {
    match datum {
        Datum::Null => Cell::Null,
        Datum::Boolean(value) => Cell::Boolean(value),
        Datum::Integer(value) => Cell::Integer(value),
        Datum::Decimal(value, ..) => Cell::Decimal(value),
        Datum::Double(value) => Cell::Double(value),
        Datum::Real(value) => Cell::Real(value),
        Datum::Text(text) => Cell::Text(text),
        Datum::Char(text) => Cell::Char(text.trim_end_matches(' ').to_owned()),
        Datum::Bytes(bytes) => Cell::Bytes(bytes),
        Datum::Date(date) => Cell::Date(date),
        Datum::Timestamp(at) => Cell::Timestamp(at),
        Datum::Instant(at) => Cell::Instant(at),
        Datum::Opaque => Cell::Opaque,
    }
}
