//! Printing conditions.

use std::fmt;

use crate::language::print::{AttributeName, ColumnName, Literal, Quoted, TagName};
use crate::language::syntax::{Age, Case, Comparison, Condition, Days, Operand, Set, TextMatch, Unit};
use crate::model::value::Value;

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(parts) => joined(f, parts, " and "),
            Self::Or(parts) => joined(f, parts, " or "),
            Self::Not(inner) => negated(f, inner),
            Self::Compare { left, operator, right, case } => {
                write!(f, "{left} {} {right}{}", operator.symbol(), CaseWords(*case))
            }
            Self::In { left, set, case } => write!(f, "{left} in {set}{}", CaseWords(*case)),
            Self::Includes { attribute, value, case } => {
                write!(f, "{} includes {value}{}", AttributeName(&attribute.node), CaseWords(*case))
            }
            Self::Between { left, low, high } => write!(f, "{left} between {low} and {high}"),
            Self::TextMatch { left, kind, right, case } => {
                write!(f, "{left} {} {right}{}", kind.words(), CaseWords(*case))
            }
            Self::IsNull(operand) => write!(f, "{operand} is null"),
            Self::IsTrue(operand) => write!(f, "{operand} is true"),
            Self::IsPresent(attribute) => write!(f, "{} is present", AttributeName(&attribute.node)),
            Self::WithinLast { left, age } => write!(f, "{left} is within the last {age}"),
            Self::OlderThan { left, age } => write!(f, "{left} is older than {age}"),
            Self::InRelation { left, relation } => {
                write!(f, "{left} is in the {} of the user", Quoted(relation.node.as_str()))
            }
            Self::MemberOf(group) => write!(f, "member of group {}", Quoted(&group.node)),
            Self::InRole(role) => write!(f, "in role {}", Quoted(&role.node)),
            Self::UserIs(user) => write!(f, "user is {}", Quoted(&user.node)),
            Self::ActingFor(purpose) => write!(f, "acting for purpose {}", Quoted(purpose.node.as_str())),
            Self::ClockBetween(from, to) => write!(f, "between {} and {}", clock(*from), clock(*to)),
            Self::On(Days::Weekdays) => f.write_str("on weekdays"),
            Self::On(Days::Weekends) => f.write_str("on weekends"),
            Self::Sql(text) => write!(f, "sql {}", Literal(&Value::Text(text.node.clone()))),
        }
    }
}

fn clock(time: jiff::civil::Time) -> String {
    if time.second() == 0 && time.subsec_nanosecond() == 0 {
        format!("{:02}:{:02}", time.hour(), time.minute())
    } else {
        time.to_string()
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Condition], word: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        let separator = if index == 0 { "" } else { word };
        match part {
            Condition::And(_) | Condition::Or(_) => write!(f, "{separator}({part})")?,
            part => write!(f, "{separator}{part}")?,
        }
    }
    Ok(())
}

/// The natural word order where there is one: `country not in @blocked`, `a is not null`.
fn negated(f: &mut fmt::Formatter<'_>, inner: &Condition) -> fmt::Result {
    match inner {
        Condition::In { left, set, case } => write!(f, "{left} not in {set}{}", CaseWords(*case)),
        Condition::IsNull(operand) => write!(f, "{operand} is not null"),
        Condition::IsTrue(operand) => write!(f, "{operand} is not true"),
        Condition::IsPresent(attribute) => write!(f, "{} is not present", AttributeName(&attribute.node)),
        Condition::And(_) | Condition::Or(_) => write!(f, "not ({inner})"),
        inner => write!(f, "not {inner}"),
    }
}

struct CaseWords(Case);

impl fmt::Display for CaseWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Case::Exact => Ok(()),
            Case::Ignored => f.write_str(" ignoring case"),
        }
    }
}

impl Comparison {
    /// The operator in the language and in SQL.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl TextMatch {
    fn words(self) -> &'static str {
        match self {
            Self::StartsWith => "starts with",
            Self::EndsWith => "ends with",
            Self::Contains => "contains",
        }
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Hours => "hours",
            Unit::Days => "days",
            Unit::Weeks => "weeks",
            Unit::Months => "months",
            Unit::Years => "years",
        };
        write!(f, "{} {unit}", self.count)
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(column) => column_operand(f, column.node.as_str()),
            Self::ColumnTagged(tag) => write!(f, "column tagged {}", TagName(&tag.node)),
            Self::Attribute(attribute) => write!(f, "{}", AttributeName(&attribute.node)),
            Self::Literal(value) => write!(f, "{}", Literal(&value.node)),
        }
    }
}

/// Quoted text alone is a value, so an odd column says that it is one.
fn column_operand(f: &mut fmt::Formatter<'_>, column: &str) -> fmt::Result {
    if super::is_plain(column) { f.write_str(column) } else { write!(f, "column {}", ColumnName(column)) }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Values(values) => {
                for (index, value) in values.iter().enumerate() {
                    write!(f, "{}{}", if index == 0 { "(" } else { ", " }, Literal(&value.node))?;
                }
                f.write_str(")")
            }
            Self::Attribute(attribute) => write!(f, "{}", AttributeName(&attribute.node)),
            Self::List(list) => write!(f, "the list {}", Quoted(list.node.as_str())),
            Self::Column(column) => column_operand(f, column.node.as_str()),
            Self::ColumnTagged(tag) => write!(f, "column tagged {}", TagName(&tag.node)),
        }
    }
}
