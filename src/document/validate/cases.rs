//! Tests' cases: their values, of the types that attributes and columns have.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::document::fields::{Text, TextRow};
use crate::document::finding::{Code, Finding, Place};
use crate::document::kinds::Documents;
use crate::document::read::Draft;
use crate::document::read::test::{DraftCase, DraftExpected, DraftPerson, Given};
use crate::document::test::{Case, Expectation, Expected, ExpectedColumn, ExpectedRow, ExpectedRows, Person, Question};
use crate::document::validate::{unknown, values_of};
use crate::document::yaml::within;
use crate::language::check::{self, Authority, Built, Naming, Vocabulary, built_in};
use crate::language::diagnostic::near_miss;
use crate::language::syntax::{
    Audience, AudienceBase, ColumnTarget, ColumnWord, Condition, Lifting, Mention, Rule, Sentence, Span, Spanned,
};
use crate::model::action::Action;
use crate::model::cell::Cell;
use crate::model::name::{Identifier, Name, TableName};
use crate::model::request::{Column, Resource};
use crate::model::subject::Resolved;

/// Reads the cases into their tests, and says what is wrong with them.
pub(super) fn cases(draft: &mut Draft, vocabulary: &Vocabulary) -> Vec<Finding> {
    let mut findings = Vec::new();
    for drafted in std::mem::take(&mut draft.cases) {
        let mut reader = Reader { documents: &draft.documents, vocabulary, findings: &mut findings };
        let test = drafted.test.clone();
        let Some(case) = reader.case(drafted) else { continue };
        let Some(test) = draft.documents.tests.get_mut(&test) else { continue };
        if test.cases.iter().any(|other| other.name == case.name) {
            let message = format!("there are two cases `{}`", case.name.as_deref().unwrap_or_default());
            findings.push(Finding::new(Code::DuplicateName, case.place.clone(), message));
        }
        test.cases.push(case);
    }
    // What several cases share is read for each of them.
    let mut said = HashSet::new();
    findings.retain(|finding| {
        let place = &finding.place;
        said.insert((place.source.path.clone(), place.range.start, place.range.end, finding.message.clone()))
    });
    findings
}

struct Reader<'a> {
    documents: &'a Documents,
    vocabulary: &'a Vocabulary,
    findings: &'a mut Vec<Finding>,
}

impl Reader<'_> {
    fn find(&mut self, code: Code, place: &Place, message: impl Into<String>, help: &str) {
        self.findings.push(Finding::new(code, place.clone(), message).with_help(help));
    }

    fn case(&mut self, drafted: DraftCase) -> Option<Case> {
        let DraftCase { test: _, name, place, given, expected } = drafted;
        let who = self.person(&given.who, &place, "the case says nobody who asks");
        let invoker = match &given.invoker {
            Some(invoker) => Some(self.person(invoker, &place, "the invoker has no name")?),
            None => None,
        };
        let question = self.question(&given, &expected, &place)?;
        let expected = self.expected(expected, &question)?;
        Some(Case {
            name,
            place,
            who: who?,
            invoker,
            purpose: given.purpose,
            at: given.at,
            cluster: Arc::from(given.cluster.as_ref().map_or("", Text::as_str)),
            question,
            expected,
        })
    }

    fn person(&mut self, person: &DraftPerson, place: &Place, nobody: &str) -> Option<Person> {
        let mut attributes = BTreeMap::new();
        for (attribute, texts) in person.attributes.iter().flatten() {
            // Nothing written: no source has it.
            let missing = matches!(texts.as_slice(), [text] if text.scalar.is_absent());
            let texts = if missing { &[] } else { texts.as_slice() };
            if let Some((name, values)) = values_of(self.documents, attribute, texts, self.findings) {
                let resolved = if missing { Resolved::Missing } else { Resolved::Values(values.into_iter().collect()) };
                attributes.insert(name, resolved);
            }
        }
        let mut groups_are_unknown = false;
        for (name, place) in person.unknown.iter().flatten() {
            if built_in(name) == Some(Built::Groups) {
                groups_are_unknown = true;
            } else if self.documents.attributes.contains_key(name) {
                attributes.insert(name.clone(), Resolved::Unknown(Arc::from("the test says so")));
            } else {
                let known = self.documents.attributes.keys().map(Name::as_str);
                self.findings.push(unknown("attribute", name, place, known));
            }
        }
        let Some(user) = &person.user else {
            self.find(Code::MissingField, place, nobody, "add `user: jay`");
            return None;
        };
        let texts = |texts: &Option<Vec<Text>>| -> BTreeSet<Arc<str>> {
            texts.iter().flatten().map(|text| Arc::from(text.as_str())).collect()
        };
        Some(Person {
            user: Arc::from(user.as_str()),
            groups: texts(&person.groups),
            groups_are_unknown,
            roles: texts(&person.roles),
            attributes,
        })
    }

    fn question(&mut self, given: &Given, expected: &DraftExpected, place: &Place) -> Option<Question> {
        let action = given.action.unwrap_or(Action::SelectFromColumns);
        let on = given.on.as_ref().map(|(on, _)| on);
        let table = match on {
            Some(Resource::Table { table, .. }) => Some(table),
            _ => None,
        };
        let columns = given
            .columns
            .clone()
            .or_else(|| Some(self.documents.tables.get(table?)?.columns.clone()))
            .unwrap_or_default();
        if action != Action::SelectFromColumns {
            let on = match table {
                Some(table) => {
                    let columns = columns.into_iter().map(|column| column.name).collect();
                    Resource::Table { table: table.clone(), columns }
                }
                None => on.cloned().unwrap_or(Resource::System),
            };
            return Some(Question::Act { action, on, to: given.to.clone() });
        }
        let Some(table) = table else {
            let place = given.on.as_ref().map_or(place, |(_, place)| place);
            let help = "add `table: catalog.schema.table`, or say with `action` what else is asked";
            self.find(Code::MissingField, place, "reading is of a table", help);
            return None;
        };
        let detailed = expected.rows.is_some() || !expected.shown.is_empty() || expected.sees.is_some();
        if columns.is_empty() && (detailed || given.data.is_some()) {
            let message = format!("which columns {table} has is not known");
            self.find(Code::MissingField, place, message, "add a Table document, or `columns: {id: bigint, ...}`");
            return None;
        }
        let data = self.data(given.data.as_deref().unwrap_or_default(), table, &columns);
        Some(Question::Read { table: table.clone(), columns, data })
    }

    fn data(&mut self, rows: &[TextRow], table: &TableName, columns: &[Column]) -> Vec<Vec<Cell>> {
        let mut data = Vec::new();
        for row in rows {
            let mut cells = vec![Cell::Null; columns.len()];
            for (place, cell) in self.row(row, table, columns) {
                if let Some(own) = cells.get_mut(place) {
                    *own = cell.what;
                }
            }
            data.push(cells);
        }
        data
    }

    /// The cells that a row names.
    fn row(&mut self, row: &TextRow, table: &TableName, columns: &[Column]) -> ExpectedRow {
        let mut cells: ExpectedRow = Vec::new();
        for (name, text) in &row.cells {
            let Some((place, column)) = self.column(name, table, columns) else { continue };
            if cells.iter().any(|(other, _)| *other == place) {
                let message = format!("column `{}` is there twice", column.name);
                self.findings.push(Finding::new(Code::DuplicateName, name.place.clone(), message));
                continue;
            }
            let cell = if text.scalar.is_absent() {
                Cell::Null
            } else {
                match Cell::read(text.as_str(), column.column_type) {
                    Ok(cell) => cell,
                    Err(how) => {
                        let message = format!("`{}` is no value of column `{}`", text.as_str(), column.name);
                        self.find(Code::BadValue, &text.place, message, &format!("write {how}"));
                        continue;
                    }
                }
            };
            cells.push((place, Expectation { what: cell, place: text.place.clone() }));
        }
        cells
    }

    fn column<'c>(&mut self, name: &Text, table: &TableName, columns: &'c [Column]) -> Option<(usize, &'c Column)> {
        let column = Identifier::new(name.as_str());
        let found = columns.iter().enumerate().find(|(_, own)| own.name == column);
        if found.is_none() {
            self.findings.push(no_column(&column, &name.place, table, columns));
        }
        found
    }

    fn expected(&mut self, drafted: DraftExpected, question: &Question) -> Option<Expected> {
        let DraftExpected { verdict, rows, shown, sees } = drafted;
        let mut expected = Expected { verdict, rows: None, shown: Vec::new(), sees: None };
        let Question::Read { table, columns, data } = question else {
            if rows.is_some() || !shown.is_empty() || sees.is_some() {
                let help = "write `expect: allowed` or `expect: denied`";
                self.find(Code::BadValue, &expected.verdict.place, "only who reads sees rows and columns", help);
            }
            return Some(expected);
        };
        expected.rows = rows.map(|(rows, text)| self.rows(rows, &text, table, columns));
        for (name, what, text) in shown {
            if let Some((at, _)) = self.column(&name, table, columns) {
                self.mask(&name, &what, &text, table, columns);
                expected.shown.push((at, Expectation { what, place: text.place }));
            }
        }
        if let Some((rows, place)) = sees {
            if data.is_empty() {
                self.find(Code::MissingField, &place, "what is seen of no data", "add `data` with the table's rows");
            }
            let read = |row: &TextRow| Expectation { what: self.row(row, table, columns), place: row.place.clone() };
            let what = rows.iter().map(read).collect();
            expected.sees = Some(Expectation { what, place });
        }
        Some(expected)
    }

    fn rows(
        &mut self,
        rows: ExpectedRows,
        text: &Text,
        table: &TableName,
        columns: &[Column],
    ) -> Expectation<ExpectedRows> {
        if let ExpectedRows::Where(condition) = &rows {
            self.check(Sentence::OnlyShowRows { rows: condition.clone(), audience: everyone() }, text);
            self.columns_are_there(condition, text, table, columns);
        }
        Expectation { what: rows, place: text.place.clone() }
    }

    fn mask(&mut self, column: &Text, what: &ExpectedColumn, text: &Text, table: &TableName, columns: &[Column]) {
        if let ExpectedColumn::Masked(masked) = what {
            let (mask, cells) = &**masked;
            let name = ColumnWord::Named(Spanned::new(Identifier::new(column.as_str()), Span::default()));
            let of = ColumnTarget { of: vec![name], except: Vec::new() };
            let mask = mask.clone();
            self.check(Sentence::MaskColumns { columns: of, mask, cells: cells.clone(), audience: everyone() }, text);
            if let Some(cells) = cells {
                self.columns_are_there(cells, text, table, columns);
            }
        }
    }

    /// A column that the table lacks makes a condition UNKNOWN: what would then be expected is no row, and that may come true.
    fn columns_are_there(&mut self, condition: &Condition, text: &Text, table: &TableName, columns: &[Column]) {
        condition.mentions(&mut |mention| {
            if let Mention::Column(column) = mention
                && !columns.iter().any(|own| own.name == column.node)
            {
                let place = within(&text.scalar, &text.place, column.span);
                self.findings.push(no_column(&column.node, &place, table, columns));
            }
        });
    }

    /// What is expected is written in the rules' words, so it is checked as a rule is.
    fn check(&mut self, sentence: Sentence, text: &Text) {
        let rule = Rule { sentence, lifting: Lifting::Never };
        let found = check::rule(&rule, self.vocabulary, Authority::Mesh, Naming::Unnamed);
        self.findings.extend(found.into_iter().map(|diagnostic| text.finding(diagnostic)));
    }
}

fn everyone() -> Audience {
    Audience { of: AudienceBase::Everyone, except: Vec::new() }
}

fn no_column(column: &Identifier, place: &Place, table: &TableName, columns: &[Column]) -> Finding {
    let mut finding = Finding::new(Code::UnknownReference, place.clone(), format!("{table} has no column `{column}`"));
    finding.help = near_miss(column.as_str(), columns.iter().map(|column| column.name.as_str()))
        .map(|meant| format!("did you mean `{meant}`?"));
    finding
}
