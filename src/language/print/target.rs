//! Printing targets and patterns.

use std::fmt;

use crate::language::pattern::{Pattern, PatternPart};
use crate::language::print::{Quoted, TagName};
use crate::language::syntax::Target;

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::System => f.write_str("the system"),
            Self::Pattern(pattern) if pattern.node.parts().len() == 1 => write!(f, "catalog {}", pattern.node),
            Self::Pattern(pattern) => write!(f, "{}", pattern.node),
            Self::TablesTagged(_) | Self::TablesInDomain(_) | Self::TablesWithColumnsTagged(_) => {
                f.write_str("tables")?;
                table_words(f, self)
            }
            Self::UntaggedTables => f.write_str("untagged tables"),
            Self::Functions(pattern) => write!(f, "functions {}", pattern.node),
            Self::SessionProperties(patterns) => {
                f.write_str("session properties ")?;
                for (index, pattern) in patterns.iter().enumerate() {
                    write!(f, "{}{}", if index == 0 { "" } else { ", " }, pattern.node)?;
                }
                Ok(())
            }
            Self::And(parts) if parts.iter().all(is_about_tables) => {
                f.write_str("tables")?;
                parts.iter().try_for_each(|part| table_words(f, part))
            }
            Self::And(parts) => joined(f, parts, " and "),
            Self::Or(parts) => joined(f, parts, " or "),
            Self::Except(of, without) => write!(f, "{} except {}", Side(of), Side(without)),
        }
    }
}

fn is_about_tables(target: &Target) -> bool {
    matches!(target, Target::TablesTagged(_) | Target::TablesInDomain(_) | Target::TablesWithColumnsTagged(_))
}

fn table_words(f: &mut fmt::Formatter<'_>, target: &Target) -> fmt::Result {
    match target {
        Target::TablesTagged(tag) => write!(f, " tagged {}", TagName(&tag.node)),
        Target::TablesInDomain(domain) => write!(f, " in domain {}", TagName(&domain.node)),
        Target::TablesWithColumnsTagged(tag) => write!(f, " with columns tagged {}", TagName(&tag.node)),
        _ => Ok(()),
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Target], word: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        write!(f, "{}", if index == 0 { "" } else { word })?;
        match part {
            // The next target after a comma-separated list could be read as one more property.
            Target::Or(_) | Target::And(_) | Target::Except(..) | Target::SessionProperties(_) => {
                write!(f, "({part})")?
            }
            part => write!(f, "{part}")?,
        }
    }
    Ok(())
}

/// One side of `except`.
struct Side<'a>(&'a Target);

impl fmt::Display for Side<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Target::Except(..) => write!(f, "({})", self.0),
            target => write!(f, "{target}"),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.parts().iter().enumerate() {
            write!(f, "{}{part}", if index == 0 { "" } else { "." })?;
        }
        Ok(())
    }
}

impl fmt::Display for PatternPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pieces() {
            [exact] if !super::is_plain(exact) => write!(f, "{}", Quoted(exact)),
            pieces => f.write_str(&pieces.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join("*")),
        }
    }
}
