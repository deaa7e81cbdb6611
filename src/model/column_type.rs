//! Trino's column types, as far as rules and masks have to tell them apart.

use crate::model::value::ValueType;

/// A column's Trino type, read from the SPI's display name.
// INVARIANT: holds numbers only, never text of the request, so that printing it into a CAST can inject nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// `boolean`
    Boolean,
    /// `tinyint`
    Tinyint,
    /// `smallint`
    Smallint,
    /// `integer`
    Integer,
    /// `bigint`
    Bigint,
    /// `real`
    Real,
    /// `double`
    Double,
    /// `decimal(p,s)`
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// `varchar`, `varchar(n)`
    Varchar(Option<u32>),
    /// `char(n)`
    Char(u32),
    /// `varbinary`
    Varbinary,
    /// `json`
    Json,
    /// `date`
    Date,
    /// `time(p)`
    Time(u8),
    /// `time(p) with time zone`
    TimeWithTimeZone(u8),
    /// `timestamp(p)`
    Timestamp(u8),
    /// `timestamp(p) with time zone`
    TimestampWithTimeZone(u8),
    /// `uuid`
    Uuid,
    /// `ipaddress`
    IpAddress,
    /// Any other type: arrays, maps, rows, connectors' own. Only NULL masks it, and nothing compares with it.
    Other,
    /// The check names no type. A restriction that depends on it protects.
    Unknown,
}

impl ColumnType {
    /// The values that such a column compares with; `None`: no value compares with it, or the type is not known.
    pub fn compares_with(self) -> Option<ValueType> {
        match self {
            Self::Varchar(_) | Self::Char(_) => Some(ValueType::Text),
            Self::Tinyint
            | Self::Smallint
            | Self::Integer
            | Self::Bigint
            | Self::Real
            | Self::Double
            | Self::Decimal { .. } => Some(ValueType::Number),
            Self::Boolean => Some(ValueType::Boolean),
            Self::Date => Some(ValueType::Date),
            Self::Timestamp(_) | Self::TimestampWithTimeZone(_) => Some(ValueType::Timestamp),
            Self::Varbinary
            | Self::Json
            | Self::Time(_)
            | Self::TimeWithTimeZone(_)
            | Self::Uuid
            | Self::IpAddress
            | Self::Other
            | Self::Unknown => None,
        }
    }

    /// Reads a display name. What is not recognised is [`ColumnType::Other`]; empty text is [`ColumnType::Unknown`].
    pub fn parse(display_name: &str) -> Self {
        // Trino writes types in lower case; only what comes from people may not be.
        if display_name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Self::parse_lower_case(&display_name.to_ascii_lowercase());
        }
        Self::parse_lower_case(display_name)
    }

    fn parse_lower_case(display_name: &str) -> Self {
        let name = display_name.trim();
        match name {
            "" => return Self::Unknown,
            "boolean" => return Self::Boolean,
            "tinyint" => return Self::Tinyint,
            "smallint" => return Self::Smallint,
            "integer" | "int" => return Self::Integer,
            "bigint" => return Self::Bigint,
            "real" => return Self::Real,
            "double" => return Self::Double,
            "varchar" => return Self::Varchar(None),
            "varbinary" => return Self::Varbinary,
            "json" => return Self::Json,
            "date" => return Self::Date,
            "uuid" => return Self::Uuid,
            "ipaddress" => return Self::IpAddress,
            _ => {}
        }
        Self::parse_parametric(name).unwrap_or(Self::Other)
    }

    fn parse_parametric(name: &str) -> Option<Self> {
        let (base, rest) = match name.split_once('(') {
            Some((base, rest)) => (base.trim(), rest),
            None => return Self::parse_unparametrised_time(name),
        };
        let (parameters, suffix) = rest.split_once(')')?;
        let mut numbers = parameters.split(',').map(|part| part.trim().parse::<u32>());
        let first = numbers.next()?.ok()?;
        let second = numbers.next();
        if numbers.next().is_some() {
            return None;
        }
        let zoned = match suffix.trim() {
            "" => false,
            "with time zone" => true,
            _ => return None,
        };
        let small = |limit: u32| u8::try_from(first).ok().filter(|_| first <= limit);
        match (base, second, zoned) {
            ("varchar", None, false) => Some(Self::Varchar(Some(first))),
            ("char", None, false) => Some(Self::Char(first)),
            ("decimal", Some(Ok(scale)), false) => {
                let scale = u8::try_from(scale).ok().filter(|_| scale <= first)?;
                Some(Self::Decimal { precision: small(38)?, scale })
            }
            ("time", None, false) => Some(Self::Time(small(12)?)),
            ("time", None, true) => Some(Self::TimeWithTimeZone(small(12)?)),
            ("timestamp", None, false) => Some(Self::Timestamp(small(12)?)),
            ("timestamp", None, true) => Some(Self::TimestampWithTimeZone(small(12)?)),
            _ => None,
        }
    }

    fn parse_unparametrised_time(name: &str) -> Option<Self> {
        match name {
            "time" => Some(Self::Time(3)),
            "time with time zone" => Some(Self::TimeWithTimeZone(3)),
            "timestamp" => Some(Self::Timestamp(3)),
            "timestamp with time zone" => Some(Self::TimestampWithTimeZone(3)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_names_are_read_and_strangers_are_other() {
        let cases = [
            ("varchar(25)", ColumnType::Varchar(Some(25))),
            ("decimal(12,2)", ColumnType::Decimal { precision: 12, scale: 2 }),
            ("decimal(12, 2)", ColumnType::Decimal { precision: 12, scale: 2 }),
            ("timestamp(6) with time zone", ColumnType::TimestampWithTimeZone(6)),
            ("timestamp(3)", ColumnType::Timestamp(3)),
            ("char(1)", ColumnType::Char(1)),
            ("row(a bigint)", ColumnType::Other),
            ("array(varchar(3))", ColumnType::Other),
            ("map(varchar, bigint)", ColumnType::Other),
            ("decimal(99,2)", ColumnType::Other),
            ("varchar(3)) or true --", ColumnType::Other),
            ("hyperloglog", ColumnType::Other),
            ("", ColumnType::Unknown),
        ];
        for (name, expected) in cases {
            assert_eq!(ColumnType::parse(name), expected, "{name}");
        }
    }
}
