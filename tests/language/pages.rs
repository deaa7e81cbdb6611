//! `docs/errors/`: every code has its page, and what the page calls wrong provokes the code, and what it calls right is fine.

use std::path::Path;

use meshward::language::check::{Authority, Naming};
use meshward::language::diagnostic::Code;

use crate::language::corpus::{Reads, findings};

/// A fenced block of a page: the words after the fence, and the text.
fn blocks(page: &str) -> Vec<(Vec<&str>, &str)> {
    let fenced = page.split("```").skip(1).step_by(2);
    fenced
        .filter_map(|block| block.split_once('\n'))
        .map(|(info, text)| (info.split(' ').collect(), text.trim()))
        .collect()
}

#[test]
fn every_code_has_a_page_whose_examples_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors");
    for code in Code::ALL {
        let path = folder.join(format!("{code}.md"));
        let page = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(page.starts_with(&format!("# {code}: ")), "{code}: the title is not the code's");
        let blocks = blocks(&page);
        for wanted in ["wrong", "right"] {
            assert!(blocks.iter().any(|(info, _)| info[0] == wanted), "{code}: no example of what is {wanted}");
        }
        for (info, text) in blocks {
            let has = |word| info.contains(&word);
            let reads = if has("target") { Reads::Target } else { Reads::Rule };
            let authority = if has("domain") { Authority::Domain } else { Authority::Mesh };
            let naming = if has("unnamed") { Naming::Unnamed } else { Naming::Named };
            let found: Vec<String> =
                findings(text, reads, authority, naming).iter().map(|found| found.code.to_string()).collect();
            let wanted = if has("wrong") { vec![code.to_string()] } else { Vec::new() };
            assert_eq!(found, wanted, "{code}: {text}");
        }
    }
    let pages = std::fs::read_dir(&folder).unwrap().count();
    assert!(pages >= Code::ALL.len());
}
