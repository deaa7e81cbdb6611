//! `meshward paraphrase`

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::cli::{Exit, Format, failed, print_json, report};
use crate::document::finding::{Finding, Source};
use crate::document::kinds::{Documents, Policy, PolicyRule};
use crate::document::load;
use crate::language::check::{self, Authority, Naming, Vocabulary};
use crate::language::diagnostic::Diagnostic;
use crate::language::paraphrase::{self, Paraphrase};
use crate::language::parse;
use crate::language::syntax::Rule;
use crate::model::name::Name;

/// `meshward paraphrase 'hide columns tagged PII for everyone'`, `meshward paraphrase --documents DIR`
#[derive(Debug, clap::Args)]
pub(super) struct ParaphraseRules {
    /// A sentence, or `-` to read one from each line of standard input. Without, the policies of a folder.
    #[arg(value_name = "SENTENCE", conflicts_with_all = ["policy", "rule"])]
    sentence: Option<String>,
    /// The folder of documents. A sentence is checked against them; without, what it names is taken as declared.
    #[arg(long, value_name = "DIR")]
    documents: Option<PathBuf>,
    /// One policy alone.
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// One rule of it alone, by its name or its number from 1.
    #[arg(long, value_name = "NAME", requires = "policy")]
    rule: Option<String>,
    /// For whom to print.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl ParaphraseRules {
    pub(super) fn run(self) -> Exit {
        let folder = match (&self.documents, &self.sentence) {
            (Some(folder), _) => Some(folder.clone()),
            (None, Some(_)) => None,
            (None, None) => Some(PathBuf::from(".")),
        };
        let documents = match folder.map(|folder| load::folder(&folder)) {
            Some(Ok(loaded)) => loaded.documents,
            Some(Err(findings)) => return report(&findings, self.format),
            None => Documents::default(),
        };
        match self.sentence.as_deref() {
            Some("-") => {
                let mut text = String::new();
                match std::io::stdin().read_to_string(&mut text) {
                    Ok(_) => self.sentences(&text, &documents.vocabulary()),
                    Err(error) => failed(format_args!("standard input cannot be read: {error}")),
                }
            }
            Some(sentence) => self.sentences(sentence, &documents.vocabulary()),
            None => self.policies(&documents),
        }
    }

    /// Each line is a sentence.
    fn sentences(&self, text: &str, vocabulary: &Vocabulary) -> Exit {
        let (mut told, mut findings) = (Vec::new(), Vec::new());
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let wrong;
            match parse::rule(line) {
                Ok(rule) => {
                    wrong = self.checked(&rule, vocabulary);
                    told.push((rule.to_string(), paraphrase::rule(&rule, vocabulary)));
                }
                Err(diagnostics) => wrong = diagnostics,
            }
            let source = Arc::new(Source::new("sentence", line));
            findings.extend(wrong.into_iter().map(|found| Finding::in_sentence(&source, found)));
        }
        if !findings.is_empty() {
            return report(&findings, self.format);
        }
        match self.format {
            Format::Text => told.iter().for_each(|(sentence, told)| print_rule("", sentence, told)),
            Format::Json => print_json(&json!({
                "rules": told.iter().map(|(sentence, told)| json!({ "sentence": sentence, "sides": told.sides, "notes": told.notes })).collect::<Vec<_>>(),
            })),
        }
        Exit::Fine
    }

    /// What is wrong with a sentence that reads. Without documents nothing is declared, so what it names is taken as given.
    fn checked(&self, rule: &Rule, vocabulary: &Vocabulary) -> Vec<Diagnostic> {
        let mut found = check::rule(rule, vocabulary, Authority::Mesh, Naming::Named);
        if self.documents.is_none() {
            found.retain(|diagnostic| !diagnostic.code.is_undeclared());
        }
        found
    }

    fn policies(&self, documents: &Documents) -> Exit {
        let vocabulary = documents.vocabulary();
        let wanted = self.policy.as_deref().map(Name::new);
        let chosen: Vec<&Policy> = documents
            .policies
            .values()
            .filter(|policy| wanted.as_ref().is_none_or(|name| name.as_ref() == Some(&policy.name)))
            .collect();
        if chosen.is_empty() && wanted.is_some() {
            return failed(format_args!("there is no policy `{}`", self.policy.as_deref().unwrap_or_default()));
        }
        let mut entries = Vec::new();
        let mut rules = 0;
        for policy in chosen {
            let told: Vec<(String, &Rule, Paraphrase)> = self
                .rules_of(policy)
                .map(|(name, rule)| (name, &rule.rule, paraphrase::rule(&rule.rule, &vocabulary)))
                .collect();
            rules += told.len();
            match self.format {
                Format::Text => {
                    say!("{}", headline(policy));
                    told.iter()
                        .for_each(|(name, rule, told)| print_rule(&format!("{name}. "), &rule.to_string(), told));
                    say!("");
                }
                Format::Json => entries.push(policy_entry(policy, &told)),
            }
        }
        if rules == 0 && self.rule.is_some() {
            return failed(format_args!("there is no rule `{}` in it", self.rule.as_deref().unwrap_or_default()));
        }
        if self.format == Format::Json {
            print_json(&json!({ "policies": entries }));
        }
        Exit::Fine
    }

    /// A policy's rules with their names or numbers, or the one that was asked for.
    fn rules_of<'a>(&'a self, policy: &'a Policy) -> impl Iterator<Item = (String, &'a PolicyRule)> {
        let numbered = policy.rules.iter().enumerate();
        let named = numbered
            .map(|(at, rule)| (rule.name.as_ref().map_or_else(|| (at + 1).to_string(), ToString::to_string), rule));
        named.filter(|(name, _)| self.rule.as_ref().is_none_or(|wanted| Name::new(wanted) == Name::new(name)))
    }
}

fn headline(policy: &Policy) -> String {
    let whose = match &policy.domain {
        Some(domain) => format!("domain {domain}'s, for its own tables alone"),
        None => "the mesh's".to_owned(),
    };
    let when = match (policy.from, policy.until) {
        (None, None) => String::new(),
        (Some(from), None) => format!(", from {from} on"),
        (None, Some(until)) => format!(", until {until} and not longer"),
        (Some(from), Some(until)) => format!(", from {from} until {until} and not longer"),
    };
    format!("policy {} ({whose}) on {}{when}", policy.name, paraphrase::target(&policy.on))
}

fn print_rule(number: &str, sentence: &str, told: &Paraphrase) {
    say!("{number}{sentence}");
    told.to_string().lines().for_each(|line| say!("   {line}"));
}

fn policy_entry(policy: &Policy, told: &[(String, &Rule, Paraphrase)]) -> Value {
    let rules: Vec<Value> = told
        .iter()
        .map(|(name, rule, told)| {
            json!({ "rule": name, "sentence": rule.to_string(), "sides": told.sides, "notes": told.notes })
        })
        .collect();
    json!({
        "policy": policy.name.as_str(),
        "domain": policy.domain.as_ref().map(Name::as_str),
        "on": policy.on.to_string(),
        "is_on": paraphrase::target(&policy.on),
        "from": policy.from.map(|day| day.to_string()),
        "until": policy.until.map(|day| day.to_string()),
        "rules": rules,
    })
}
