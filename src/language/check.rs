//! A tree against what is declared: unknown names, things that can never be equal, words where they may not stand.

mod condition;
mod vocabulary;

use std::collections::BTreeSet;

use crate::language::check::condition::{About, check_condition};
use crate::language::diagnostic::{Code, Diagnostic, near_miss};
use crate::language::syntax::{
    ActionWord, Audience, AudienceBase, ColumnTarget, ColumnWord, Lifting, MaskWord, Member, Rule, Sentence, Span,
    Spanned, Target,
};
use crate::model::action::{Action, ActionGroup, ActionSet};
use crate::model::name::Name;

pub use crate::language::check::vocabulary::{AttributeKind, Authority, Built, Naming, Vocabulary, built_in};

/// What SQL and other products call our groups of actions.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (&["select", "query", "view", "access", "use", "get", "read_data"], "read"),
    (&["insert", "update", "delete", "truncate", "modify", "edit", "change", "merge"], "write"),
    (&["list", "show", "describe", "browse", "discover"], "see"),
    (&["call", "run", "invoke"], "execute"),
    (&["remove"], "drop"),
    (&["grant", "revoke", "own"], "manage"),
];

/// Checks a rule.
pub fn rule(rule: &Rule, vocabulary: &Vocabulary, authority: Authority, naming: Naming) -> Vec<Diagnostic> {
    let mut check = Check { vocabulary, authority, findings: Vec::new() };
    check.sentence(&rule.sentence);
    if rule.lifting == Lifting::ByException && naming == Naming::Unnamed {
        let message = "`or by exception` needs a rule that has a name, so that a grant can say which rule it lifts";
        check.findings.push(
            Diagnostic::new(Code::ExceptionNeedsName, Span::default(), message)
                .with_help("write the rule as `- its-name: <sentence>`"),
        );
    }
    if rule.lifting == Lifting::ByException {
        let why = match rule.sentence {
            Sentence::Allow { .. } | Sentence::ActAs { .. } => {
                "an exception lifts a restriction, and this gives something"
            }
            Sentence::NeverShow { .. } => "a floor is for everybody: no exception lifts it",
            _ => return check.findings,
        };
        check
            .findings
            .push(Diagnostic::new(Code::NothingToLift, Span::default(), why).with_help("leave out `or by exception`"));
    }
    check.findings
}

/// Checks what a policy is on.
pub fn target(target: &Target, vocabulary: &Vocabulary) -> Vec<Diagnostic> {
    let mut check = Check { vocabulary, authority: Authority::Mesh, findings: Vec::new() };
    check.target(target);
    check.findings
}

/// Checks an audience of a document.
pub fn audience(audience: &Audience, vocabulary: &Vocabulary) -> Vec<Diagnostic> {
    let mut check = Check { vocabulary, authority: Authority::Mesh, findings: Vec::new() };
    check.audience(audience, Force::Releases);
    check.findings
}

/// What a condition's being TRUE does: restrict somebody, or give something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Force {
    Restricts,
    Releases,
}

struct Check<'a> {
    vocabulary: &'a Vocabulary,
    authority: Authority,
    findings: Vec<Diagnostic>,
}

impl Check<'_> {
    fn sentence(&mut self, sentence: &Sentence) {
        match sentence {
            Sentence::Allow { audience, actions, rows, purposes } => {
                self.audience(audience, Force::Releases);
                self.actions(actions);
                self.purposes(purposes);
                if let Some(rows) = rows {
                    self.rows(rows, Force::Releases);
                    self.rows_need_read(actions);
                }
            }
            Sentence::ActAs { audience, targets } => {
                self.audience(audience, Force::Releases);
                self.members(targets, Force::Releases);
            }
            Sentence::Deny { audience, actions, purposes } => {
                self.audience(audience, Force::Restricts);
                self.actions(actions);
                self.purposes(purposes);
            }
            Sentence::OnlyShowRows { rows, audience } => {
                self.rows(rows, Force::Releases);
                self.audience(audience, Force::Restricts);
            }
            Sentence::MaskColumns { columns, mask, cells, audience } => {
                self.columns(columns);
                self.mask(mask);
                if let Some(cells) = cells {
                    self.rows(cells, Force::Restricts);
                }
                self.audience(audience, Force::Restricts);
            }
            Sentence::HideColumns { columns, audience } | Sentence::OnlyShowColumns { columns, audience } => {
                self.columns(columns);
                self.audience(audience, Force::Restricts);
            }
            Sentence::LimitUse { purposes, audience } => {
                self.purposes(purposes);
                self.audience(audience, Force::Restricts);
            }
            Sentence::NeverShow { columns, floor } => {
                self.columns(columns);
                self.mask(floor);
            }
        }
    }

    fn rows(&mut self, condition: &crate::language::syntax::Condition, force: Force) {
        check_condition(self, condition, About::Row, force);
    }

    fn rows_need_read(&mut self, actions: &[Spanned<ActionWord>]) {
        for action in actions {
            if ActionSet::named(action.node.0.folded()) != Some(ActionSet::Group(ActionGroup::Read)) {
                self.find(Code::RowsNeedRead, action.span, "rows can be scoped for `read` alone".to_owned()).help =
                    Some("move the other actions to a rule of their own".to_owned());
            }
        }
    }

    fn actions(&mut self, actions: &[Spanned<ActionWord>]) {
        for action in actions {
            if ActionSet::named(action.node.0.folded()).is_none() {
                let words: Vec<String> = ActionGroup::ALL
                    .iter()
                    .map(|group| group.word().to_owned())
                    .chain(Action::ALL.iter().map(ToString::to_string))
                    .collect();
                let written = action.node.0.as_str();
                self.unknown(Code::UnknownAction, action.span, "action", written, words.iter().map(String::as_str));
                let elsewhere = ELSEWHERE.iter().find(|(words, _)| words.contains(&action.node.0.folded()));
                if let (Some((_, here)), Some(diagnostic)) = (elsewhere, self.findings.last_mut()) {
                    diagnostic.help = Some(format!("did you mean `{here}`?"));
                }
            }
        }
    }

    fn purposes(&mut self, purposes: &[Spanned<Name>]) {
        for purpose in purposes {
            self.purpose(purpose);
        }
    }

    fn purpose(&mut self, purpose: &Spanned<Name>) {
        self.declared(Code::UnknownPurpose, purpose, "purpose", |vocabulary| &vocabulary.purposes);
    }

    fn tag(&mut self, tag: &Spanned<Name>) {
        self.declared(Code::UnknownTag, tag, "tag", |vocabulary| &vocabulary.tags);
    }

    fn declared(
        &mut self,
        code: Code,
        name: &Spanned<Name>,
        kind: &str,
        declared: impl Fn(&Vocabulary) -> &BTreeSet<Name>,
    ) {
        let vocabulary = self.vocabulary;
        if !declared(vocabulary).contains(&name.node) {
            let candidates = declared(vocabulary).iter().map(Name::as_str);
            self.unknown(code, name.span, kind, name.node.as_str(), candidates);
        }
    }

    fn unknown<'c>(
        &mut self,
        code: Code,
        span: Span,
        kind: &str,
        written: &str,
        candidates: impl Iterator<Item = &'c str>,
    ) {
        let mut diagnostic = Diagnostic::new(code, span, format!("there is no {kind} `{written}`"));
        diagnostic.help = near_miss(written, candidates).map(|meant| format!("did you mean `{meant}`?"));
        self.findings.push(diagnostic);
    }

    fn find(&mut self, code: Code, span: Span, message: String) -> &mut Diagnostic {
        self.findings.push(Diagnostic::new(code, span, message));
        let last = self.findings.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "the element was pushed in the line above")]
        &mut self.findings[last]
    }

    fn columns(&mut self, columns: &ColumnTarget) {
        for word in columns.of.iter().chain(&columns.except) {
            if let ColumnWord::Tagged(tag) = word {
                self.tag(tag);
            }
        }
    }

    fn mask(&mut self, mask: &MaskWord) {
        if let MaskWord::Sql(text) = mask {
            self.sql(text.span);
        }
    }

    fn sql(&mut self, span: Span) {
        if self.authority == Authority::Domain {
            self.find(Code::SqlIsTheMeshs, span, "`sql` can do anything, so it is for mesh rules only".to_owned());
        }
    }

    fn audience(&mut self, audience: &Audience, force: Force) {
        if let AudienceBase::AnyOf(members) = &audience.of {
            self.members(members, force);
        }
        let opposite = if force == Force::Restricts { Force::Releases } else { Force::Restricts };
        self.members(&audience.except, opposite);
    }

    fn members(&mut self, members: &[Member], force: Force) {
        for member in members {
            match member {
                Member::ActingFor(purpose) => self.purpose(purpose),
                Member::Those(condition) => check_condition(self, condition, About::Subject, force),
                Member::Both(inner) => self.members(inner, force),
                Member::Group(_)
                | Member::Role(_)
                | Member::User(_)
                | Member::Owners
                | Member::Stewards
                | Member::Writers => {}
            }
        }
    }

    fn target(&mut self, target: &Target) {
        match target {
            Target::TablesTagged(tag) | Target::TablesWithColumnsTagged(tag) => self.tag(tag),
            Target::TablesInDomain(domain) => {
                self.declared(Code::UnknownDomain, domain, "domain", |vocabulary| &vocabulary.domains);
            }
            Target::And(parts) | Target::Or(parts) => parts.iter().for_each(|part| self.target(part)),
            Target::Except(of, without) => {
                self.target(of);
                self.target(without);
            }
            Target::Everything
            | Target::System
            | Target::Pattern(_)
            | Target::UntaggedTables
            | Target::Functions(_)
            | Target::SessionProperties(_) => {}
        }
    }
}
