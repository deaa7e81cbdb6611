//! Conditions, in three values, for one party and one row.

use std::cmp::Ordering;

use bigdecimal::BigDecimal;
use jiff::civil::Weekday;
use jiff::{Span, Timestamp};
use meshward::document::kinds::{Cardinality, Missing};
use meshward::language::syntax::{Age, Case as Casing, Comparison, Condition, Days, Operand, Set, TextMatch, Unit};
use meshward::model::column_type::ColumnType;
use meshward::model::name::{Identifier, Name};
use meshward::model::subject::{Party, Resolved};
use meshward::model::value::{Value, ValueType};

use crate::engine::cell::Cell;
use crate::engine::oracle::scope::Reading;
use crate::engine::oracle::truth::Truth;
use crate::engine::oracle::{Oracle, is_member};

/// One side of a comparison, evaluated.
enum Side<'a> {
    /// A value of the row, and its type.
    Cell(&'a Cell, ColumnType),
    /// The values of an attribute, a list, or a literal.
    Values(Vec<Value>, Origin),
    /// Nothing is known of it.
    Unknown,
    /// There is nothing; comparing with it is UNKNOWN, as with NULL.
    Missing,
}

/// Where values come from: the text of a literal may be read as what it is compared with, that of an attribute may not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Written,
    Resolved,
}

/// The row, and which columns the sentence's tags mean.
type RowReading<'a> = Option<(usize, &'a Reading)>;

impl Oracle<'_> {
    pub(super) fn condition(&self, condition: &Condition, party: &Party, row: RowReading<'_>) -> Truth {
        if let Some((_, Reading::TooMany)) = row {
            return Truth::Unknown;
        }
        let side = |operand: &Operand| self.side(operand, party, row);
        match condition {
            Condition::And(parts) => {
                parts.iter().fold(Truth::True, |all, part| all.and(self.condition(part, party, row)))
            }
            Condition::Or(parts) => {
                parts.iter().fold(Truth::False, |any, part| any.or(self.condition(part, party, row)))
            }
            Condition::Not(inner) => self.condition(inner, party, row).not(),
            Condition::Compare { left, operator, right, case } => {
                self.compare(&side(left), *operator, &side(right), *case)
            }
            Condition::In { left, set, case } => self.is_in(&side(left), set, *case, party, row),
            Condition::Includes { attribute, value, case } => {
                let attribute = self.attribute(&attribute.node, party);
                self.compare(&attribute, Comparison::Equal, &side(value), *case)
            }
            Condition::Between { left, low, high } => {
                let above = self.compare(&side(left), Comparison::GreaterOrEqual, &side(low), Casing::Exact);
                above.and(self.compare(&side(left), Comparison::LessOrEqual, &side(high), Casing::Exact))
            }
            Condition::TextMatch { left, kind, right, case } => text_match(&side(left), *kind, &side(right), *case),
            Condition::IsNull(operand) => match side(operand) {
                Side::Cell(cell, _) => Truth::of(matches!(cell, Cell::Null)),
                _ => Truth::Unknown,
            },
            Condition::IsTrue(operand) => is_true(&side(operand)),
            Condition::IsPresent(attribute) => match self.attribute(&attribute.node, party) {
                Side::Values(values, _) => Truth::of(!values.is_empty()),
                Side::Missing => Truth::False,
                _ => Truth::Unknown,
            },
            Condition::WithinLast { left, age } => self.age(&side(left), *age, Truth::True),
            Condition::OlderThan { left, age } => self.age(&side(left), *age, Truth::False),
            // No document can declare a relation yet, so nothing is known of any.
            Condition::InRelation { .. } | Condition::Sql(_) => Truth::Unknown,
            Condition::MemberOf(group) => is_member(party, &group.node),
            Condition::InRole(role) => Truth::of(party.identity.enabled_roles.contains(&role.node)),
            Condition::UserIs(user) => Truth::of(party.identity.user == user.node),
            Condition::ActingFor(purpose) => self.acting_for(&purpose.node),
            Condition::ClockBetween(from, to) => {
                let time = self.now().time();
                Truth::of(if from <= to { *from <= time && time < *to } else { time >= *from || time < *to })
            }
            Condition::On(days) => {
                let weekend = matches!(self.now().date().weekday(), Weekday::Saturday | Weekday::Sunday);
                Truth::of(weekend == (*days == Days::Weekends))
            }
        }
    }

    /// The query's time on the mesh's clock.
    fn now(&self) -> jiff::civil::DateTime {
        self.case.subject.now.to_zoned_datetime(self.case.zone.clone()).datetime()
    }

    fn side<'c>(&'c self, operand: &Operand, party: &Party, row: RowReading<'_>) -> Side<'c> {
        match operand {
            Operand::Column(column) => self.cell_of(Some(&column.node), row),
            Operand::ColumnTagged(tag) => {
                let column = match row {
                    Some((_, Reading::As(columns))) => columns.get(&tag.node).and_then(Option::as_ref),
                    _ => None,
                };
                self.cell_of(column, row)
            }
            Operand::Attribute(attribute) => self.attribute(&attribute.node, party),
            Operand::Literal(value) => Side::Values(vec![value.node.clone()], Origin::Written),
        }
    }

    fn cell_of<'c>(&'c self, column: Option<&Identifier>, row: RowReading<'_>) -> Side<'c> {
        let (Some(column), Some((row, _))) = (column, row) else { return Side::Unknown };
        match self.case.table.position(column) {
            Some(position) => Side::Cell(&self.case.table.rows[row][position], self.case.table.type_of(position)),
            None => Side::Unknown,
        }
    }

    fn attribute(&self, name: &Name, party: &Party) -> Side<'static> {
        let identity = &party.identity;
        let texts = |texts: &mut dyn Iterator<Item = &std::sync::Arc<str>>| {
            Side::Values(texts.map(|text| Value::Text(text.clone())).collect(), Origin::Resolved)
        };
        match name.folded() {
            "user" => return texts(&mut [&identity.user].into_iter()),
            "principal" => {
                return identity
                    .principal
                    .as_ref()
                    .map_or(Side::Missing, |principal| texts(&mut [principal].into_iter()));
            }
            // One more group would be one more value.
            "groups" if party.unknown_groups.is_some() => return Side::Unknown,
            "groups" => return texts(&mut identity.groups.iter()),
            "roles" => return texts(&mut identity.enabled_roles.iter()),
            "cluster" => return texts(&mut [&self.case.subject.cluster].into_iter()),
            "query_time" => return Side::Values(vec![Value::Timestamp(self.case.subject.now)], Origin::Resolved),
            _ => {}
        }
        let Some(declared) = self.case.documents.attributes.get(name) else { return Side::Unknown };
        match party.attributes.get(name) {
            None | Some(Resolved::Unknown(_)) => Side::Unknown,
            Some(Resolved::Missing) => match declared.missing {
                Missing::None => Side::Values(Vec::new(), Origin::Resolved),
                Missing::Unknown => Side::Missing,
            },
            Some(Resolved::Values(values)) => {
                let mistyped = values.iter().any(|value| value.value_type() != declared.value_type);
                let too_many = declared.cardinality == Cardinality::Single && values.len() > 1;
                if mistyped || too_many {
                    Side::Unknown
                } else {
                    Side::Values(values.iter().cloned().collect(), Origin::Resolved)
                }
            }
        }
    }

    fn is_in(&self, left: &Side<'_>, set: &Set, case: Casing, party: &Party, row: RowReading<'_>) -> Truth {
        let equal = |right: &Side<'_>| self.compare(left, Comparison::Equal, right, case);
        match set {
            Set::Values(values) => values.iter().fold(Truth::False, |any, value| {
                any.or(equal(&Side::Values(vec![value.node.clone()], Origin::Written)))
            }),
            Set::Attribute(attribute) => equal(&self.attribute(&attribute.node, party)),
            Set::List(list) => match self.case.documents.lists.get(&list.node) {
                Some(list) => equal(&Side::Values(list.values.clone(), Origin::Resolved)),
                None => Truth::Unknown,
            },
            Set::Column(column) => equal(&self.cell_of(Some(&column.node), row)),
            Set::ColumnTagged(tag) => equal(&self.side(&Operand::ColumnTagged(tag.clone()), party, row)),
        }
    }

    /// `<>` is exactly not `=`. Several values mean any of them, and what is ordered has one at most.
    fn compare(&self, left: &Side<'_>, operator: Comparison, right: &Side<'_>, case: Casing) -> Truth {
        if operator == Comparison::NotEqual {
            return self.compare(left, Comparison::Equal, right, case).not();
        }
        let pair = |ordering: Option<Option<Ordering>>| match ordering {
            None => Truth::Unknown,
            Some(None) => Truth::False,
            Some(Some(ordering)) => Truth::of(holds(operator, ordering)),
        };
        match (left, right) {
            (Side::Unknown | Side::Missing, _) | (_, Side::Unknown | Side::Missing) => Truth::Unknown,
            // No decimal has the digits to hold both columns.
            (
                Side::Cell(_, ColumnType::Decimal { precision: p1, scale: s1 }),
                Side::Cell(_, ColumnType::Decimal { precision: p2, scale: s2 }),
            ) if (p1 - s1).max(p2 - s2) + s1.max(s2) > 38 => Truth::Unknown,
            (Side::Cell(a, _), Side::Cell(b, _)) => pair(cells(a, b, case)),
            (Side::Cell(cell, of), Side::Values(values, origin)) => {
                any(values, |value| pair(self.cell_value(cell, *of, value, *origin, case)))
            }
            (Side::Values(values, origin), Side::Cell(cell, of)) => any(values, |value| {
                pair(self.cell_value(cell, *of, value, *origin, case).map(|found| found.map(Ordering::reverse)))
            }),
            (Side::Values(a, from_a), Side::Values(b, from_b)) => {
                any(a, |a| any(b, |b| pair(self.values(a, *from_a, b, *from_b, case))))
            }
        }
    }

    /// `None`: cannot be compared, or not known. `Some(None)`: neither before, nor after, nor equal.
    fn cell_value(
        &self,
        cell: &Cell,
        of: ColumnType,
        value: &Value,
        origin: Origin,
        case: Casing,
    ) -> Option<Option<Ordering>> {
        let wanted = value_type(of)?;
        let value = match (value, origin) {
            // What is written of an instant may be a day.
            (Value::Text(text), Origin::Written) if wanted == ValueType::Timestamp => {
                Value::read(text, wanted).or_else(|| Value::read(text, ValueType::Date))?
            }
            (Value::Text(text), Origin::Written) if wanted != ValueType::Text => Value::read(text, wanted)?,
            (value, _) => value.clone(),
        };
        match (cell, &value) {
            (Cell::Null, _) => None,
            (Cell::Boolean(a), Value::Boolean(b)) => Some(Some(a.cmp(b))),
            (Cell::Integer(a), Value::Number(b)) => Some(Some(BigDecimal::from(*a).cmp(&exact(&b.to_string())))),
            (Cell::Decimal(a), Value::Number(b)) => Some(Some(a.cmp(&exact(&b.to_string())))),
            (Cell::Double(a), Value::Number(b)) => Some(a.partial_cmp(&b.to_string().parse().unwrap())),
            (Cell::Real(a), Value::Number(b)) => Some(a.partial_cmp(&b.to_string().parse().unwrap())),
            (Cell::Text(a) | Cell::Char(a), Value::Text(b)) => {
                Some(Some(text_order(a, b, case, matches!(cell, Cell::Char(_)))))
            }
            // A date is the whole day, in the mesh's time zone.
            (Cell::Date(a), Value::Date(b)) => Some(Some(a.cmp(b))),
            (Cell::Date(a), Value::Timestamp(b)) => Some(Some(a.cmp(&self.local(*b).date()))),
            (Cell::Timestamp(a), Value::Date(b)) => Some(Some(a.date().cmp(b))),
            // A day that begins beyond the last instant cannot be compared.
            (Cell::Instant(a), Value::Date(b)) => {
                b.to_zoned_datetime(self.case.zone.clone()).ok()?;
                Some(Some(self.local(*a).date().cmp(b)))
            }
            (Cell::Timestamp(a), Value::Timestamp(b)) => Some(Some(a.cmp(&self.local(*b)))),
            (Cell::Instant(a), Value::Timestamp(b)) => Some(Some(a.cmp(b))),
            _ => None,
        }
    }

    fn values(&self, a: &Value, from_a: Origin, b: &Value, from_b: Origin, case: Casing) -> Option<Option<Ordering>> {
        let read = |value: &Value, origin: Origin, wanted: ValueType| match (value, origin) {
            (Value::Text(text), Origin::Written) if wanted != ValueType::Text => Value::read(text, wanted),
            (value, _) => Some(value.clone()),
        };
        let (a, b) = (read(a, from_a, b.value_type())?, read(b, from_b, a.value_type())?);
        match (&a, &b) {
            (Value::Text(a), Value::Text(b)) => Some(Some(text_order(a, b, case, false))),
            (Value::Date(a), Value::Timestamp(b)) => Some(Some(a.cmp(&self.local(*b).date()))),
            (Value::Timestamp(a), Value::Date(b)) => Some(Some(self.local(*a).date().cmp(b))),
            (a, b) if a.value_type() == b.value_type() => Some(Some(a.cmp(b))),
            _ => None,
        }
    }

    fn local(&self, at: Timestamp) -> jiff::civil::DateTime {
        at.to_zoned_datetime(self.case.zone.clone()).datetime()
    }

    /// Within: from that long ago until now. Older: before that.
    fn age(&self, side: &Side<'_>, age: Age, within: Truth) -> Truth {
        let count = i64::from(age.count);
        let span = match age.unit {
            Unit::Hours => Span::new().hours(count),
            Unit::Days => Span::new().days(count),
            Unit::Weeks => Span::new().weeks(count),
            Unit::Months => Span::new().months(count),
            Unit::Years => Span::new().years(count),
        };
        let now = self.case.subject.now.to_zoned_datetime(self.case.zone.clone());
        let Ok(then) = now.checked_sub(span) else { return Truth::Unknown };
        let between = |then: Ordering, now: Ordering| {
            if within == Truth::True { then.is_ge() && now.is_le() } else { then.is_lt() }
        };
        match side {
            Side::Cell(Cell::Date(at), _) => Truth::of(between(at.cmp(&then.date()), at.cmp(&now.date()))),
            Side::Cell(Cell::Timestamp(at), _) => Truth::of(between(at.cmp(&then.datetime()), at.cmp(&now.datetime()))),
            Side::Cell(Cell::Instant(at), _) => Truth::of(between(at.cmp(&then.timestamp()), at.cmp(&now.timestamp()))),
            Side::Values(values, _) => any(values, |value| match value {
                Value::Date(at) => Truth::of(between(at.cmp(&then.date()), at.cmp(&now.date()))),
                Value::Timestamp(at) => Truth::of(between(at.cmp(&then.timestamp()), at.cmp(&now.timestamp()))),
                _ => Truth::Unknown,
            }),
            _ => Truth::Unknown,
        }
    }
}

fn any<T>(values: &[T], test: impl Fn(&T) -> Truth) -> Truth {
    values.iter().fold(Truth::False, |any, value| any.or(test(value)))
}

fn holds(operator: Comparison, ordering: Ordering) -> bool {
    match operator {
        Comparison::Equal => ordering.is_eq(),
        Comparison::NotEqual => ordering.is_ne(),
        Comparison::Less => ordering.is_lt(),
        Comparison::LessOrEqual => ordering.is_le(),
        Comparison::Greater => ordering.is_gt(),
        Comparison::GreaterOrEqual => ordering.is_ge(),
    }
}

fn exact(text: &str) -> BigDecimal {
    text.parse().unwrap()
}

/// What a column's values can be compared with; `None`: nothing.
fn value_type(of: ColumnType) -> Option<ValueType> {
    match of {
        ColumnType::Boolean => Some(ValueType::Boolean),
        ColumnType::Tinyint
        | ColumnType::Smallint
        | ColumnType::Integer
        | ColumnType::Bigint
        | ColumnType::Real
        | ColumnType::Double
        | ColumnType::Decimal { .. } => Some(ValueType::Number),
        ColumnType::Varchar(_) | ColumnType::Char(_) => Some(ValueType::Text),
        ColumnType::Date => Some(ValueType::Date),
        ColumnType::Timestamp(_) | ColumnType::TimestampWithTimeZone(_) => Some(ValueType::Timestamp),
        _ => None,
    }
}

/// Two columns of one kind compare; others do not.
fn cells(a: &Cell, b: &Cell, case: Casing) -> Option<Option<Ordering>> {
    match (a, b) {
        (Cell::Boolean(a), Cell::Boolean(b)) => Some(Some(a.cmp(b))),
        (Cell::Integer(a), Cell::Integer(b)) => Some(Some(a.cmp(b))),
        (Cell::Decimal(a), Cell::Decimal(b)) => Some(Some(a.cmp(b))),
        (Cell::Double(a), Cell::Double(b)) => Some(a.partial_cmp(b)),
        (Cell::Text(a), Cell::Text(b)) => Some(Some(text_order(a, b, case, false))),
        (Cell::Date(a), Cell::Date(b)) => Some(Some(a.cmp(b))),
        (Cell::Timestamp(a), Cell::Timestamp(b)) => Some(Some(a.cmp(b))),
        (Cell::Instant(a), Cell::Instant(b)) => Some(Some(a.cmp(b))),
        _ => None,
    }
}

/// Code point by code point; where one side is char, blanks at the end do not count.
fn text_order(a: &str, b: &str, case: Casing, padded: bool) -> Ordering {
    let (a, b) = (cased(a, case), cased(b, case));
    if !padded {
        return a.cmp(&b);
    }
    let length = a.chars().count().max(b.chars().count());
    let pad = |text: &str| format!("{text}{}", " ".repeat(length - text.chars().count()));
    pad(&a).cmp(&pad(&b))
}

/// Lower case as Trino has it: each code point by itself.
fn cased(text: &str, case: Casing) -> String {
    match case {
        Casing::Exact => text.to_owned(),
        Casing::Ignored => text.chars().map(|c| c.to_lowercase().next().unwrap()).collect(),
    }
}

fn text_match(left: &Side<'_>, kind: TextMatch, right: &Side<'_>, case: Casing) -> Truth {
    let known = |side: &Side<'_>| !matches!(side, Side::Unknown | Side::Missing);
    let empty = |side: &Side<'_>| matches!(side, Side::Values(values, _) if values.is_empty());
    if known(left) && known(right) && (empty(left) || empty(right)) {
        return Truth::False;
    }
    let texts = |side: &Side<'_>| -> Option<Vec<String>> {
        match side {
            Side::Cell(Cell::Text(text) | Cell::Char(text), _) => Some(vec![cased(text, case)]),
            Side::Values(values, _) => values
                .iter()
                .map(|value| match value {
                    Value::Text(text) => Some(cased(text, case)),
                    _ => None,
                })
                .collect(),
            _ => None,
        }
    };
    let (Some(left), Some(right)) = (texts(left), texts(right)) else { return Truth::Unknown };
    any(&left, |left| {
        any(&right, |right| {
            Truth::of(match kind {
                TextMatch::StartsWith => left.starts_with(right.as_str()),
                TextMatch::EndsWith => left.ends_with(right.as_str()),
                TextMatch::Contains => left.contains(right.as_str()),
            })
        })
    })
}

/// Never UNKNOWN where there is a boolean or a NULL; a column of no boolean, and a missing attribute, is not known.
fn is_true(side: &Side<'_>) -> Truth {
    match side {
        Side::Cell(cell, ColumnType::Boolean) => Truth::of(matches!(cell, Cell::Boolean(true))),
        Side::Values(values, _) if values.iter().all(|value| matches!(value, Value::Boolean(_))) => {
            Truth::of(values.contains(&Value::Boolean(true)))
        }
        _ => Truth::Unknown,
    }
}
