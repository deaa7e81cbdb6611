//! The house rules that a machine can keep.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use meshward::model::action::Action;

/// The modules of `src/`, each above all that it uses.
const HOUSE: &[&str] = &[
    "cli",
    "server",
    "console",
    "rpc",
    "http",
    "health",
    "answer",
    "governance",
    "discovery",
    "policy_test",
    "store",
    "database",
    "diff",
    "lint",
    "engine",
    "sql",
    "document",
    "audit",
    "attributes",
    "language",
    "telemetry",
    "token",
    "config",
    "clock",
    "model",
];

/// Names that say nothing of what is in a file.
const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "manager", "misc"];

const MOST_LINES: usize = 450;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// All Rust files below a folder, with their text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut open = vec![root().join(folder)];
    let mut files = Vec::new();
    while let Some(at) = open.pop() {
        if at.is_dir() {
            open.extend(std::fs::read_dir(&at).unwrap().map(|entry| entry.unwrap().path()));
        } else if at.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&at).unwrap();
            files.push((at.strip_prefix(root()).unwrap().to_path_buf(), text));
        }
    }
    assert!(!files.is_empty(), "nothing below {folder}");
    files
}

/// Lines that are neither blank nor comment, without the unit tests at a file's end.
fn code(text: &str) -> Vec<&str> {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or(text);
    text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with("//")).collect()
}

/// `src/engine/table.rs` is in `engine`, `src/lib.rs` and `src/main.rs` in none.
fn module(path: &Path) -> Option<String> {
    let below = path.strip_prefix("src").ok()?;
    let first = below.components().next()?.as_os_str().to_str()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (name != "lib" && name != "main").then(|| name.to_owned())
}

/// The modules that a line names: `crate::model::name`, and each of `use crate::{model, engine::decide}`.
fn named(line: &str) -> BTreeSet<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut modules = BTreeSet::new();
    for after in line.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            None => drop(modules.insert(word(after))),
            Some(list) => {
                let mut depth = 0;
                for part in list.split_inclusive([',', '{', '}']) {
                    if depth == 0 {
                        modules.insert(word(part.trim_start()));
                    }
                    depth += part.matches('{').count();
                    depth = depth.saturating_sub(part.matches('}').count());
                }
            }
        }
    }
    modules.remove("");
    modules
}

#[test]
fn a_module_stands_above_all_that_it_uses() {
    let height = |module: &str| HOUSE.iter().position(|known| *known == module);
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        let Some(own) = module(&path) else { continue };
        let Some(own_height) = height(&own) else {
            wrong.push(format!("{}: `{own}` has no place in the house", path.display()));
            continue;
        };
        // Grouped imports go over several lines, so the code is read as one.
        let joined = code(&text).join(" ");
        for used in named(&joined) {
            match height(&used) {
                Some(below) if below >= own_height => {}
                Some(_) => wrong.push(format!("{}: `{own}` uses `{used}`, which stands above it", path.display())),
                None => wrong.push(format!("{}: `{used}` has no place in the house", path.display())),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn imports_are_read_in_every_form() {
    let cases = [
        ("use crate::model::name::Name;", &["model"][..]),
        ("fn f() { crate::engine::decide() }", &["engine"]),
        ("use crate::{model::name::{Name, Identifier}, sql};", &["model", "sql"]),
        ("use std::fmt;", &[]),
    ];
    for (line, wanted) in cases {
        assert_eq!(named(line), wanted.iter().map(|module| (*module).to_owned()).collect(), "{line}");
    }
}

#[test]
fn only_the_printer_makes_sql_text() {
    let makers: Vec<PathBuf> = sources("src")
        .into_iter()
        .filter(|(_, text)| {
            code(text).iter().any(|line| line.contains("SqlText::printed") || line.contains("SqlText("))
        })
        .map(|(path, _)| path)
        .collect();
    let wanted: BTreeSet<PathBuf> = ["src/model/decision.rs", "src/sql/print.rs"].iter().map(PathBuf::from).collect();
    assert_eq!(makers.into_iter().collect::<BTreeSet<_>>(), wanted);
    let decision = std::fs::read_to_string(root().join("src/model/decision.rs")).unwrap();
    assert!(decision.contains("pub struct SqlText(String);"), "the text inside is open to others");
}

#[test]
fn the_table_of_actions_is_the_list_of_actions() {
    let page = std::fs::read_to_string(root().join("docs/actions.md")).unwrap();
    let rows: Vec<(String, String)> = page
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, action, group, methods, _] = cells.as_slice() else { return None };
            let bare = |cell: &str| cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`')).map(str::to_owned);
            methods.starts_with('`').then(|| Some((bare(action)?, bare(group)?)))?
        })
        .collect();
    let listed: Vec<(String, String)> =
        Action::ALL.iter().map(|action| (action.to_string(), action.group().word().to_owned())).collect();
    assert_eq!(rows, listed);
}

#[test]
fn file_names_say_what_is_in_them() {
    for folder in ["src", "tests"] {
        for (path, _) in sources(folder) {
            for part in path.components() {
                let name = part.as_os_str().to_str().unwrap().trim_end_matches(".rs");
                assert!(
                    !EMPTY_NAMES.iter().any(|empty| name.split('_').any(|word| word == *empty)),
                    "{}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn files_stay_readable() {
    for folder in ["src", "tests"] {
        for (path, text) in sources(folder) {
            let lines = code(&text).len();
            assert!(lines <= MOST_LINES, "{} has {lines} lines of code, of {MOST_LINES}", path.display());
        }
    }
}
