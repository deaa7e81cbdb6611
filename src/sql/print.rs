//! The only maker of SQL text.
//!
//! Identifiers are always quoted, literals always typed; nothing of a rule, a user or a row can break out of either. What is
//! printed is visible to the querying user, so nothing secret is ever in it.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::model::column_type::ColumnType;
use crate::model::decision::SqlText;
use crate::model::mask::KeyedFunction;
use crate::model::name::Identifier;
use crate::sql::expression::{Affix, Literal, Masked, Operator, Predicate, Scalar};

/// Prints a row filter. Trino puts the conditions of the user's own WHERE behind it in one AND.
// FAIL-CLOSED: of `UNKNOWN AND x`, Trino still evaluates `x`, and an `x` that fails (`1 / (salary - 500)`, `fail(name)`) tells a
// hidden row's value. The second half is FALSE there, which ends the AND; it also keeps the releases that evaluate conditions in
// an order that they learn from doing so here. The first half is what Trino can push down into a connector.
pub fn filter(predicate: &Predicate) -> SqlText {
    let predicate = self::predicate(predicate);
    SqlText::printed(format!("({predicate}) AND COALESCE({predicate}, FALSE)"))
}

/// Prints a predicate as people read it, for those who compare filters. Trino gets [`filter`].
pub fn condition(predicate: &Predicate) -> SqlText {
    SqlText::printed(self::predicate(predicate))
}

/// Prints a column's mask, of the column's own type.
pub fn mask(masked: &Masked, column: &Identifier, column_type: ColumnType) -> SqlText {
    SqlText::printed(cast(&self::masked(masked, column, column_type), column_type))
}

/// The filter that no row passes.
pub fn nothing() -> SqlText {
    SqlText::printed("FALSE".to_owned())
}

fn predicate(predicate: &Predicate) -> String {
    match predicate {
        Predicate::Unknown => "CAST(NULL AS boolean)".to_owned(),
        Predicate::And(parts) => joined(parts, " AND "),
        Predicate::Or(parts) => joined(parts, " OR "),
        Predicate::Not(inner) => format!("NOT ({})", self::predicate(inner)),
        // A literal on the left is mirrored to the right.
        Predicate::Compare(
            left @ Scalar::Literal(_),
            operator,
            right @ (Scalar::Column(..) | Scalar::LowerColumn(..)),
        ) => {
            format!("{} {} {}", scalar(right), symbol(operator.mirrored()), scalar(left))
        }
        Predicate::Compare(left, operator, right) => {
            format!("{} {} {}", scalar(left), symbol(*operator), scalar(right))
        }
        Predicate::In(left, values) => match values.as_slice() {
            [] => "FALSE".to_owned(),
            [one] => format!("{} = {}", scalar(left), literal(one)),
            many => {
                let values: Vec<String> = many.iter().map(literal).collect();
                format!("{} IN ({})", scalar(left), values.join(", "))
            }
        },
        Predicate::IsNull(inner) => format!("{} IS NULL", scalar(inner)),
        Predicate::IsTrue(inner) => format!("COALESCE({}, FALSE)", scalar(inner)),
        Predicate::Like(left, affix, text) => {
            let escaped: String = text.chars().fold(String::new(), |mut escaped, c| {
                if matches!(c, '%' | '_' | '\\') {
                    escaped.push('\\');
                }
                escaped.push(c);
                escaped
            });
            let pattern = match affix {
                Affix::Prefix => format!("{escaped}%"),
                Affix::Suffix => format!("%{escaped}"),
                Affix::Infix => format!("%{escaped}%"),
            };
            format!("{} LIKE {} ESCAPE '\\'", text_of(left), quoted_text(&pattern))
        }
        Predicate::Sql(text) => format!("({text}\n)"),
    }
}

fn joined(parts: &[Predicate], separator: &str) -> String {
    let parts: Vec<String> = parts.iter().map(|part| format!("({})", predicate(part))).collect();
    parts.join(separator)
}

fn symbol(operator: Operator) -> &'static str {
    match operator {
        Operator::Equal => "=",
        Operator::Less => "<",
        Operator::LessOrEqual => "<=",
        Operator::Greater => ">",
        Operator::GreaterOrEqual => ">=",
    }
}

fn scalar(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Column(column, _) => identifier(column),
        // A char stays one, so that blanks at the end do not count.
        Scalar::LowerColumn(_, ColumnType::Char(length)) => format!("CAST({} AS char({length}))", text_of(scalar)),
        Scalar::LowerColumn(..) => text_of(scalar),
        Scalar::Literal(value) => literal(value),
    }
}

fn text_of(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Column(column, column_type) => column_text(column, *column_type),
        Scalar::LowerColumn(column, column_type) => format!("lower({})", column_text(column, *column_type)),
        scalar @ Scalar::Literal(_) => format!("CAST({} AS varchar)", self::scalar(scalar)),
    }
}

fn is_text(column_type: ColumnType) -> bool {
    matches!(column_type, ColumnType::Varchar(_) | ColumnType::Char(_))
}

/// A column as text. The blanks that fill a char up to its length are no part of it: `ends with`, a hash and the last characters
/// are about what was written.
fn column_text(column: &Identifier, column_type: ColumnType) -> String {
    let name = identifier(column);
    match column_type {
        ColumnType::Char(_) => format!("TRIM(TRAILING ' ' FROM CAST({name} AS varchar))"),
        _ => ["CAST(", &name, " AS varchar)"].concat(),
    }
}

/// A quoted identifier, a quote inside doubled.
fn identifier(identifier: &Identifier) -> String {
    let name = identifier.as_str();
    let doubled = if name.contains('"') { Cow::Owned(name.replace('"', "\"\"")) } else { Cow::Borrowed(name) };
    ["\"", &doubled, "\""].concat()
}

fn literal(value: &Literal) -> String {
    match value {
        Literal::Text(text) => quoted_text(text),
        Literal::Char(text, length) => format!("CAST({} AS char({length}))", quoted_text(text)),
        Literal::Decimal(number) => format!("DECIMAL '{number}'"),
        Literal::Double(number) => format!("DOUBLE '{number}'"),
        Literal::Real(number) => format!("REAL '{number}'"),
        Literal::Boolean(true) => "TRUE".to_owned(),
        Literal::Boolean(false) => "FALSE".to_owned(),
        Literal::Date(date) => format!("DATE '{date}'"),
        Literal::LocalTimestamp(at) => format!("TIMESTAMP '{}'", at.strftime("%Y-%m-%d %H:%M:%S%.6f")),
        Literal::Instant(at) => {
            let at = at.to_zoned_datetime(jiff::tz::TimeZone::UTC).datetime();
            format!("TIMESTAMP '{} UTC'", at.strftime("%Y-%m-%d %H:%M:%S%.6f"))
        }
    }
}

/// Text as a literal. Control characters, and what a terminal or a log could mistake, go by code point: `U&'...'`.
fn quoted_text(text: &str) -> String {
    let plain = |c: char| !c.is_control() && !is_bidirectional_control(c) && c != '\u{feff}';
    if text.chars().all(plain) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut escaped = String::from("U&'");
    for c in text.chars() {
        match c {
            '\'' => escaped.push_str("''"),
            '\\' => escaped.push_str("\\\\"),
            c if plain(c) => escaped.push(c),
            c => {
                let _infallible = write!(escaped, "\\+{:06X}", u32::from(c));
            }
        }
    }
    escaped.push('\'');
    escaped
}

fn is_bidirectional_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

fn masked(masked: &Masked, column: &Identifier, column_type: ColumnType) -> String {
    let name = || identifier(column);
    let text = || column_text(column, column_type);
    match masked {
        Masked::Null => "NULL".to_owned(),
        Masked::Clear => name(),
        Masked::Constant(value) => literal(value),
        Masked::HashText => format!("lower(to_hex(sha256(to_utf8({}))))", text()),
        Masked::HashBytes => format!("sha256({})", name()),
        Masked::Keyed(function) => {
            let value = if is_text(column_type) { text() } else { name() };
            let path = [KeyedFunction::CATALOG, KeyedFunction::SCHEMA, function.name()];
            format!("{}({value})", path.map(|part| identifier(&Identifier::new(part))).join("."))
        }
        Masked::KeepFirst(count) => {
            let text = text();
            format!("rpad(IF(length({text}) > {count}, substr({text}, 1, {count}), ''), length({text}), '*')")
        }
        Masked::KeepLast(count) => {
            let text = text();
            format!("lpad(IF(length({text}) > {count}, substr({text}, -{count}), ''), length({text}), '*')")
        }
        Masked::EmailDomain => format!("regexp_extract({}, '@([^@]*)$', 1)", text()),
        // FAIL-CLOSED: `regexp_replace` gives text that the pattern does not match as it is, so that what stays the same is NULL.
        Masked::Regex(regex) => {
            let (pattern, replacement) = (quoted_text(regex.normal()), quoted_text(regex.replacement()));
            let replaced = format!("regexp_replace({}, {pattern}, {replacement})", text());
            format!("NULLIF({}, {})", cast(&replaced, column_type), name())
        }
        Masked::Round(step) => rounded(&name(), *step, column_type),
        Masked::Bucket(width) => bucketed(&name(), *width, column_type),
        Masked::Truncate(period) => format!("date_trunc('{}', {})", period.word(), name()),
        Masked::Sql(text) => format!("({text}\n)"),
        // FAIL-CLOSED: shown only where the condition is FALSE; UNKNOWN falls to ELSE, which is the mask.
        Masked::Where { condition, masked, otherwise } => format!(
            "CASE WHEN NOT ({}) THEN {} ELSE {} END",
            predicate(condition),
            cast(&self::masked(otherwise, column, column_type), column_type),
            cast(&self::masked(masked, column, column_type), column_type),
        ),
    }
}

/// The nearest multiple. `TRY` makes NULL of what the type cannot hold, where a failure would tell that the value is near its limit.
fn rounded(name: &str, step: u32, column_type: ColumnType) -> String {
    if matches!(column_type, ColumnType::Real | ColumnType::Double) {
        return format!("round({name} / DOUBLE '{step}') * DOUBLE '{step}'");
    }
    // Through the remainder, which is exact. The scale of a decimal quotient depends on Trino's release: where it keeps fractions
    // multiplying again gives the value itself, and where it does not 149.99 becomes 200.
    let own = sql_type(column_type).unwrap_or_default();
    let exact = exact_number(name, column_type);
    let rest = format!("{exact} % DECIMAL '{step}'");
    let away =
        format!("IF(abs({rest}) * DECIMAL '2' >= DECIMAL '{step}', sign({exact}) * DECIMAL '{step}', DECIMAL '0')");
    format!("TRY(CAST({exact} - ({rest}) + {away} AS {own}))")
}

/// The next multiple that is not above, through the remainder, which is exact for doubles too. NULL as for [`rounded`]; an infinity
/// is in no range.
fn bucketed(name: &str, width: u32, column_type: ColumnType) -> String {
    if matches!(column_type, ColumnType::Real | ColumnType::Double) {
        let (number, width) = (format!("CAST({name} AS double)"), format!("DOUBLE '{width}'"));
        let rest = format!("{number} % {width}");
        let below = format!("IF({rest} < DOUBLE '0', {width}, DOUBLE '0')");
        return format!("IF(is_finite({number}), {number} - ({rest}) - {below}, NULL)");
    }
    let own = sql_type(column_type).unwrap_or_default();
    let exact = exact_number(name, column_type);
    let rest = format!("{exact} % DECIMAL '{width}'");
    let below = format!("IF({rest} < DECIMAL '0', DECIMAL '{width}', DECIMAL '0')");
    format!("TRY(CAST({exact} - ({rest}) - {below} AS {own}))")
}

/// An integer or decimal as a decimal.
fn exact_number(name: &str, column_type: ColumnType) -> String {
    match column_type {
        ColumnType::Decimal { .. } => name.to_owned(),
        _ => format!("CAST({name} AS decimal(19, 0))"),
    }
}

/// A mask is always cast to its column's type: Trino refuses a mask that is only nearly of that type.
fn cast(sql: &str, column_type: ColumnType) -> String {
    match sql_type(column_type) {
        Some(type_name) => ["CAST(", sql, " AS ", &type_name, ")"].concat(),
        // Only NULL masks these, and an untyped NULL is of every type.
        None => sql.to_owned(),
    }
}

fn sql_type(column_type: ColumnType) -> Option<Cow<'static, str>> {
    Some(match column_type {
        ColumnType::Boolean => Cow::Borrowed("boolean"),
        ColumnType::Tinyint => Cow::Borrowed("tinyint"),
        ColumnType::Smallint => Cow::Borrowed("smallint"),
        ColumnType::Integer => Cow::Borrowed("integer"),
        ColumnType::Bigint => Cow::Borrowed("bigint"),
        ColumnType::Real => Cow::Borrowed("real"),
        ColumnType::Double => Cow::Borrowed("double"),
        ColumnType::Decimal { precision, scale } => format!("decimal({precision}, {scale})").into(),
        ColumnType::Varchar(None) => Cow::Borrowed("varchar"),
        ColumnType::Varchar(Some(length)) => format!("varchar({length})").into(),
        ColumnType::Char(length) => format!("char({length})").into(),
        ColumnType::Varbinary => Cow::Borrowed("varbinary"),
        ColumnType::Json => Cow::Borrowed("json"),
        ColumnType::Date => Cow::Borrowed("date"),
        ColumnType::Time(precision) => format!("time({precision})").into(),
        ColumnType::TimeWithTimeZone(precision) => format!("time({precision}) with time zone").into(),
        ColumnType::Timestamp(precision) => format!("timestamp({precision})").into(),
        ColumnType::TimestampWithTimeZone(precision) => format!("timestamp({precision}) with time zone").into(),
        ColumnType::Uuid => Cow::Borrowed("uuid"),
        ColumnType::IpAddress => Cow::Borrowed("ipaddress"),
        ColumnType::Other | ColumnType::Unknown => return None,
    })
}
