//! What a policy is on, in words.

use crate::language::paraphrase::condition::visible;
use crate::language::pattern::Pattern;
use crate::language::syntax::Target;

/// Tells what a policy is on.
pub fn target(target: &Target) -> String {
    match target {
        Target::Everything => "everything".to_owned(),
        Target::System => "the system, that is what concerns the cluster and no object".to_owned(),
        Target::Pattern(pattern) => objects(&pattern.node),
        Target::TablesTagged(tag) => format!("the tables tagged {}", visible(tag.node.as_str())),
        Target::TablesInDomain(domain) => {
            format!("the tables that domain {} or a part of it owns", visible(domain.node.as_str()))
        }
        Target::TablesWithColumnsTagged(tag) => {
            format!("the tables with a column tagged {}", visible(tag.node.as_str()))
        }
        Target::UntaggedTables => "the tables without a tag of their own".to_owned(),
        Target::Functions(pattern) => format!("the functions and procedures {}", visible(&pattern.node.to_string())),
        Target::SessionProperties(patterns) => {
            let names: Vec<String> = patterns.iter().map(|pattern| visible(&pattern.node.to_string())).collect();
            format!("the session properties {}", names.join(" and "))
        }
        Target::And(parts) => format!("what is at once among {}", joined(parts, " and among ")),
        Target::Or(parts) => joined(parts, " and "),
        Target::Except(of, without) => format!("{}, without {}", side(of), side(without)),
    }
}

fn objects(pattern: &Pattern) -> String {
    let name = visible(&pattern.to_string());
    match (pattern.parts().len(), pattern.exact_start().len()) {
        (1, 1) => format!("the catalog {name} and all in it"),
        (1, _) => format!("the catalogs {name} and all in them"),
        (2, 2) => format!("the schema {name} and all in it"),
        (2, _) => format!("the schemas {name} and all in them"),
        (_, 3) => format!("the table {name}"),
        _ => format!("the tables {name}"),
    }
}

fn joined(parts: &[Target], word: &str) -> String {
    let told: Vec<String> = parts.iter().map(side).collect();
    told.join(word)
}

fn side(part: &Target) -> String {
    match part {
        Target::And(_) | Target::Or(_) | Target::Except(..) => format!("({})", target(part)),
        part => target(part),
    }
}
