//! SQL text: nothing of a rule, a person or a table breaks out of where it stands.

mod text;
