//! Types of columns that no Table document tells: what the rules compare them with.

use std::collections::{BTreeSet, HashMap};

use crate::document::kinds::Documents;
use crate::engine::rules::EngineRule;
use crate::language::check::built_in;
use crate::language::syntax::{ColumnTarget, ColumnWord, Condition, MaskWord, Mention, Operand, Sentence, Set};
use crate::model::column_type::ColumnType;
use crate::model::mask::Mask;
use crate::model::name::{Identifier, Name};
use crate::model::value::{Value, ValueType};

/// What rules say of columns: which they name, by which tags, and as which types.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) named: BTreeSet<Identifier>,
    pub(super) tags: BTreeSet<Name>,
    /// Whether any speaks of columns without tags.
    pub(super) untagged: bool,
    of_names: HashMap<Identifier, ColumnType>,
    of_tags: HashMap<Name, ColumnType>,
}

impl Columns {
    pub(super) fn of<'r>(rules: impl Iterator<Item = &'r EngineRule>, documents: [&Documents; 2]) -> Self {
        let mut columns = Self::default();
        for rule in rules {
            match &rule.sentence {
                Sentence::Allow { rows: Some(rows), .. } | Sentence::OnlyShowRows { rows, .. } => {
                    columns.condition(rows, documents);
                }
                Sentence::MaskColumns { columns: of, mask, cells, .. } => {
                    cells.iter().for_each(|cells| columns.condition(cells, documents));
                    columns.target(of, Some(mask));
                }
                Sentence::NeverShow { columns: of, floor } => columns.target(of, Some(floor)),
                Sentence::HideColumns { columns: of, .. } | Sentence::OnlyShowColumns { columns: of, .. } => {
                    columns.target(of, None);
                }
                _ => {}
            }
        }
        columns
    }

    /// The type of a column with these tags.
    pub(super) fn type_of<'t>(&self, name: &Identifier, mut tags: impl Iterator<Item = &'t Name>) -> ColumnType {
        let by_tag = tags.find_map(|tag| tag.and_above().find_map(|tag| self.of_tags.get(&tag).copied()));
        self.of_names.get(name).copied().or(by_tag).unwrap_or(ColumnType::Varchar(None))
    }

    fn target(&mut self, target: &ColumnTarget, mask: Option<&MaskWord>) {
        let masked = match mask {
            Some(MaskWord::Known(Mask::Truncate(_))) => Some(ColumnType::Date),
            Some(MaskWord::Known(Mask::Round(_) | Mask::Bucket(_))) => Some(number()),
            _ => None,
        };
        for (word, taken) in
            target.of.iter().map(|word| (word, true)).chain(target.except.iter().map(|word| (word, false)))
        {
            let masked = masked.filter(|_| taken);
            match word {
                ColumnWord::Named(name) => self.name(&name.node, masked),
                ColumnWord::Tagged(tag) => self.tag(&tag.node, masked),
                ColumnWord::Untagged => self.untagged = true,
            }
        }
    }

    fn name(&mut self, name: &Identifier, column_type: Option<ColumnType>) {
        self.named.insert(name.clone());
        if let Some(column_type) = column_type {
            self.of_names.entry(name.clone()).or_insert(column_type);
        }
    }

    fn tag(&mut self, tag: &Name, column_type: Option<ColumnType>) {
        self.tags.insert(tag.clone());
        if let Some(column_type) = column_type {
            self.of_tags.entry(tag.clone()).or_insert(column_type);
        }
    }

    fn condition(&mut self, condition: &Condition, documents: [&Documents; 2]) {
        match condition {
            Condition::And(parts) | Condition::Or(parts) => {
                parts.iter().for_each(|part| self.condition(part, documents));
            }
            Condition::Not(inner) => self.condition(inner, documents),
            leaf => {
                let column_type = compared_as(leaf, documents);
                leaf.mentions(&mut |mention| match mention {
                    Mention::Column(name) => self.name(&name.node, column_type),
                    Mention::ColumnTagged(tag) => self.tag(&tag.node, column_type),
                    _ => {}
                });
            }
        }
    }
}

/// Exact, with room on both sides of the point.
fn number() -> ColumnType {
    ColumnType::Decimal { precision: 30, scale: 6 }
}

fn compared_as(leaf: &Condition, documents: [&Documents; 2]) -> Option<ColumnType> {
    match leaf {
        Condition::IsTrue(_) => return Some(ColumnType::Boolean),
        Condition::WithinLast { .. } | Condition::OlderThan { .. } => {
            return Some(ColumnType::TimestampWithTimeZone(3));
        }
        Condition::TextMatch { .. } => return Some(ColumnType::Varchar(None)),
        _ => {}
    }
    let mut found = None;
    leaf.mentions(&mut |mention| {
        if let Mention::Attribute(name) = mention {
            let declared = documents.iter().find_map(|of| of.attributes.get(&name.node)).map(|of| of.value_type);
            found = found.or(declared).or(built_in(&name.node).map(|built| built.kind().value_type));
        }
        if let Mention::List(list) = mention {
            found = found.or(documents.iter().find_map(|of| of.lists.get(&list.node)).map(|of| of.value_type));
        }
    });
    let operands: &[&Operand] = match leaf {
        Condition::Compare { left, right, .. } => &[left, right],
        Condition::Between { low, high, .. } => &[low, high],
        Condition::In { left, .. } => &[left],
        _ => &[],
    };
    let mut literals: Vec<&Value> = operands
        .iter()
        .filter_map(|operand| match operand {
            Operand::Literal(value) => Some(&value.node),
            _ => None,
        })
        .collect();
    if let Condition::In { set: Set::Values(values), .. } = leaf {
        literals.extend(values.iter().map(|value| &value.node));
    }
    Some(match found.or_else(|| literals.first().map(|literal| read(literal)))? {
        ValueType::Text => ColumnType::Varchar(None),
        ValueType::Number => number(),
        ValueType::Boolean => ColumnType::Boolean,
        ValueType::Date => ColumnType::Date,
        ValueType::Timestamp => ColumnType::TimestampWithTimeZone(3),
    })
}

/// Text that is a date or an instant is meant as one.
fn read(literal: &Value) -> ValueType {
    match literal {
        Value::Text(text) if Value::read(text, ValueType::Date).is_some() => ValueType::Date,
        Value::Text(text) if Value::read(text, ValueType::Timestamp).is_some() => ValueType::Timestamp,
        value => value.value_type(),
    }
}
