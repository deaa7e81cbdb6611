//! `paraphrases/*.txt`: a sentence, and below it the canonical form and what is told of it.

use std::fs;
use std::path::Path;

use meshward::language::paraphrase::{self, Role};
use meshward::language::parse;
use meshward::language::syntax::{Audience, AudienceBase, Sentence};
use proptest::prelude::*;

use crate::language::corpus::standard_vocabulary;
use crate::language::trees;

/// Every case; `UPDATE=1` writes what is told.
#[test]
fn a_rule_is_told_to_whom_it_restricts_and_to_whom_it_releases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language/paraphrases");
    let (mut count, mut wrong) = (0, Vec::new());
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let written = fs::read_to_string(&path).unwrap();
        let sentence = written.lines().next().unwrap();
        let rule = parse::rule(sentence).unwrap_or_else(|found| panic!("{}: {found:?}", path.display()));
        let told = paraphrase::rule(&rule, &standard_vocabulary());
        let said = format!("{sentence}\n\n{rule}\n{told}\n");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &said).unwrap();
        } else if said != written {
            wrong.push(said);
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 20, "only {count} cases were found");
}

/// Whether a sentence leaves somebody out.
fn has_two_audiences(sentence: &Sentence) -> bool {
    let everyone = |audience: &Audience| audience.of == AudienceBase::Everyone && audience.except.is_empty();
    sentence.audience().is_some_and(|audience| !everyone(audience))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_rule_is_told_to_each_of_its_audiences_at_a_length_that_its_own_bounds(rule in trees::rule()) {
        let told = paraphrase::rule(&rule, &standard_vocabulary());
        let roles: Vec<Role> = told.sides.iter().map(|side| side.role).collect();
        let gives = matches!(rule.sentence, Sentence::Allow { .. } | Sentence::ActAs { .. });
        let wanted = match (gives, has_two_audiences(&rule.sentence)) {
            (true, true) => vec![Role::Allowed, Role::Others],
            (true, false) => vec![Role::Allowed],
            (false, true) => vec![Role::Restricted, Role::Released],
            (false, false) => vec![Role::Restricted],
        };
        prop_assert_eq!(roles, wanted, "{}", rule);
        let text = told.to_string();
        prop_assert!(told.sides.iter().all(|side| !side.says.trim().is_empty()), "{}", text);
        // What hides is spelled out, in eight characters for one at most.
        prop_assert!(text.len() <= 2000 + 16 * rule.to_string().len(), "{} bytes of {}", text.len(), rule);
        prop_assert!(!text.contains(['\u{202e}', '\u{200b}', '\0']), "{}", text);
    }

    #[test]
    fn every_target_is_told(target in trees::target()) {
        let told = paraphrase::target(&target);
        prop_assert!(!told.is_empty() && told.len() <= 200 + 16 * target.to_string().len(), "{}", told);
    }
}
