//! Printing audiences.

use std::fmt;

use crate::language::print::Quoted;
use crate::language::syntax::{Audience, AudienceBase, Condition, Member};

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.of {
            AudienceBase::Everyone => f.write_str("everyone")?,
            AudienceBase::AnyOf(members) => write!(f, "{}", Members(members))?,
        }
        if self.except.is_empty() { Ok(()) } else { write!(f, " except {}", Members(&self.except)) }
    }
}

/// Alternatives. A condition runs on over `or`, so a comma ends it.
pub(super) struct Members<'a>(pub(super) &'a [Member]);

impl fmt::Display for Members<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before: Option<&Member> = None;
        for member in self.0 {
            match before {
                None => {}
                Some(Member::Those(_) | Member::Both(_)) => f.write_str(", ")?,
                Some(_) => f.write_str(" or ")?,
            }
            write!(f, "{member}")?;
            before = Some(member);
        }
        Ok(())
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(group) => write!(f, "members of group {}", Quoted(&group.node)),
            Self::Role(role) => write!(f, "those in role {}", Quoted(&role.node)),
            Self::User(user) => write!(f, "user {}", Quoted(&user.node)),
            Self::ActingFor(purpose) => write!(f, "those acting for purpose {}", Quoted(purpose.node.as_str())),
            Self::Those(condition) => write!(f, "those with {condition}"),
            Self::Both(members) => {
                f.write_str("those who are both ")?;
                for (index, member) in members.iter().enumerate() {
                    let separator = if index == 0 { "" } else { " and " };
                    match member {
                        Self::Those(condition @ (Condition::And(_) | Condition::Or(_))) => {
                            write!(f, "{separator}those with ({condition})")?;
                        }
                        member => write!(f, "{separator}{member}")?,
                    }
                }
                Ok(())
            }
            Self::Owners => f.write_str("owners"),
            Self::Stewards => f.write_str("stewards"),
            Self::Writers => f.write_str("writers of the domain"),
        }
    }
}
