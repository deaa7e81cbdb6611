//! What holds for every sentence: printing is reading's inverse, and no text breaks the reader.

use std::fmt;

use meshward::language::check::Vocabulary;
use meshward::language::{paraphrase, parse};
use proptest::prelude::*;

use crate::language::trees;

/// A tree that a failing case shows as its text.
struct Shown<T>(T);

impl<T: fmt::Display> fmt::Debug for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reading_what_is_printed_gives_the_same_rule(Shown(rule) in trees::rule().prop_map(Shown)) {
        let printed = rule.to_string();
        let read = parse::rule(&printed).map_err(|diagnostics| TestCaseError::fail(format!("{printed}\n{diagnostics:?}")))?;
        prop_assert!(read == rule, "{}\nis read as\n{}\nin place of\n{:?}", printed, read, rule);
        prop_assert_eq!(read.to_string(), printed);
    }

    #[test]
    fn reading_what_is_printed_gives_the_same_target(Shown(target) in trees::target().prop_map(Shown)) {
        let printed = target.to_string();
        let read = parse::target(&printed).map_err(|diagnostics| TestCaseError::fail(format!("{printed}\n{diagnostics:?}")))?;
        prop_assert!(read == target, "{}\nis read as\n{}\nin place of\n{:?}", printed, read, target);
    }

    #[test]
    fn reading_what_is_printed_gives_the_same_audience(Shown(audience) in trees::audience().prop_map(Shown)) {
        let printed = audience.to_string();
        let read = parse::audience(&printed).map_err(|diagnostics| TestCaseError::fail(format!("{printed}\n{diagnostics:?}")))?;
        prop_assert!(read == audience, "{}\nis read as\n{}\nin place of\n{:?}", printed, read, audience);
    }

    #[test]
    fn nearly_right_text_is_refused_inside_itself_or_has_a_stable_canonical_form(text in trees::soup()) {
        check_any_text(&text)?;
    }

    #[test]
    fn any_text_is_refused_inside_itself_or_has_a_stable_canonical_form(text in any::<String>()) {
        check_any_text(&text)?;
    }
}

fn check_any_text(text: &str) -> Result<(), TestCaseError> {
    match parse::rule(text) {
        Ok(rule) => {
            let printed = rule.to_string();
            let again = parse::rule(&printed)
                .map_err(|diagnostics| TestCaseError::fail(format!("{text}\n{printed}\n{diagnostics:?}")))?;
            prop_assert!(again == rule, "{}\n{}\n{}", text, printed, again);
            prop_assert_eq!(again.to_string(), printed);
        }
        Err(diagnostics) => {
            prop_assert!(!diagnostics.is_empty());
            for diagnostic in diagnostics {
                prop_assert!(text.get(diagnostic.span.start..diagnostic.span.end).is_some(), "{:?}", diagnostic);
                prop_assert!(!diagnostic.message.is_empty());
            }
        }
    }
    for _other in [parse::target(text).is_ok(), parse::audience(text).is_ok(), parse::pattern(text).is_ok()] {}
    Ok(())
}

/// A worker thread of the server has 2 MiB; a quarter of that must do, even without optimisation.
const SMALL_STACK: usize = 512 * 1024;

#[test]
fn no_nesting_overflows_the_stack() {
    let deep = |open: &str, core: &str, close: &str, times: usize| {
        format!("{}{core}{}", open.repeat(times), close.repeat(times))
    };
    let mut texts = Vec::new();
    for times in [10, 40, 47, 48, 49, 100, 1_000, 8_000] {
        texts.push(format!("only show rows where {} for everyone", deep("(", "x = 1", ")", times)));
        texts.push(format!("only show rows where {} for everyone", deep("not ", "x = 1", "", times)));
        texts.push(format!("only show rows where {} for everyone", deep("not (", "x = 1", ")", times)));
        texts.push(format!("only show rows where {} for everyone", deep("(x = 1 or ", "y = 1", ")", times)));
        texts.push(format!("allow {} to read", deep("those who are both ", "user \"a\"", " and user \"b\"", times)));
        texts.push(format!("allow {} to read", deep("both those with (", "x = 1", ") and user \"b\"", times)));
        texts.push(format!("only show rows where {} for everyone", deep("x = 1 and (y = 1 or ", "z = 1", ")", times)));
        texts.push(format!("only show rows where x in ({}1) for everyone", "1, ".repeat(times)));
        texts.push(deep("(", "everything", ")", times));
        texts.push(deep("lake.* except (", "everything", ")", times));
    }
    let thread = std::thread::Builder::new().stack_size(SMALL_STACK).spawn(move || {
        for text in texts {
            if let Ok(rule) = parse::rule(&text) {
                assert_eq!(parse::rule(&rule.to_string()).unwrap(), rule);
                assert!(!paraphrase::rule(&rule, &Vocabulary::default()).to_string().is_empty());
            }
            if let Ok(target) = parse::target(&text) {
                assert_eq!(parse::target(&target.to_string()).unwrap(), target);
                assert!(!paraphrase::target(&target).is_empty());
            }
        }
    });
    thread.unwrap().join().unwrap();
}
