//! Sentences of a file in their canonical form. Everything else, comments included, stays as it was written.

use std::sync::Arc;

use granit_parser::ScalarStyle;

use crate::document::fields::Text;
use crate::document::finding::{Code, Finding, Source};
use crate::document::read::Draft;
use crate::document::yaml::{self, NodeValue};
use crate::language::syntax::{Audience, AudienceBase};

/// The file's text with every sentence in canonical form. Sentences in block scalars (`|`, `>`) stay as they are.
///
/// A file with a sentence that cannot be read is refused.
pub fn canonical(source: &Arc<Source>) -> Result<String, Vec<Finding>> {
    let nodes = yaml::read(source).map_err(|finding| vec![finding])?;
    let mut draft = Draft::default();
    nodes.into_iter().for_each(|node| draft.read(node));
    let unreadable: Vec<Finding> =
        draft.findings.into_iter().filter(|finding| matches!(finding.code, Code::Sentence(_))).collect();
    if !unreadable.is_empty() {
        return Err(unreadable);
    }
    let mut edits: Vec<(&Text, String)> = Vec::new();
    edits.extend(draft.rules.iter().map(|(rule, _, _, text)| (text, rule.to_string())));
    edits.extend(draft.targets.iter().map(|(target, text)| (text, target.to_string())));
    edits.extend(draft.people.iter().map(|(members, text)| {
        (text, Audience { of: AudienceBase::AnyOf(members.clone()), except: Vec::new() }.to_string())
    }));
    edits.sort_by_key(|(text, _)| std::cmp::Reverse(text.place.range.start));
    let mut formatted = source.text.clone();
    for (text, sentence) in edits {
        let block = matches!(text.scalar.style, ScalarStyle::Literal | ScalarStyle::Folded);
        if !block && sentence != text.as_str() {
            formatted.replace_range(text.place.range.clone(), &scalar(&sentence, text.scalar.in_flow));
        }
    }
    Ok(formatted)
}

/// Text as a YAML scalar: without quotes where it reads back as itself.
fn scalar(text: &str, in_flow: bool) -> String {
    let quoted = || format!("'{}'", text.replace('\'', "''"));
    if in_flow && text.contains([',', '[', ']', '{', '}']) {
        return quoted();
    }
    let probe = Arc::new(Source::new("", format!("- {text}\n")));
    let reads_back = yaml::read(&probe).is_ok_and(|nodes| match nodes.as_slice() {
        [node] => match &node.value {
            NodeValue::Sequence(items) => matches!(
                items.as_slice(),
                [item] if matches!(&item.value, NodeValue::Scalar(scalar) if scalar.text == text)
            ),
            _ => false,
        },
        _ => false,
    });
    if reads_back { text.to_owned() } else { quoted() }
}
