//! One case: what is decided beside what is expected.

use crate::document::finding::{Code, Finding, Place};
use crate::document::test::{
    Case, Expectation, Expected, ExpectedColumn, ExpectedRow, ExpectedRows, ExpectedVerdict, Question,
};
use crate::engine::decide;
use crate::engine::trees::{RowsTree, TableTrees, masked_with, rows_where, trees};
use crate::engine::words;
use crate::model::cell::Cell;
use crate::model::decision::{ColumnDecision, Contribution, Decision, Effect, TableDecision, Verdict};
use crate::model::request::{AccessRequest, Request, TableRequest};
use crate::model::subject::Subject;
use crate::policy_test::Mesh;
use crate::sql::evaluate::{Row, Undecidable};
use crate::sql::expression::Predicate;

/// How one case came out.
#[derive(Debug)]
pub(super) struct Judged {
    /// What is not as expected.
    pub(super) findings: Vec<Finding>,
    /// The rules that determined the answer; of a denial those that deny.
    pub(super) because: Vec<Contribution>,
    pub(super) denied: bool,
}

impl Judged {
    fn new(findings: Vec<Finding>, verdict: &Verdict, mut because: Vec<Contribution>) -> Self {
        let denied = !verdict.is_allowed();
        if denied {
            because.retain(|part| matches!(part.effect, Effect::Denies | Effect::LimitsUse));
        }
        Self { findings, because, denied }
    }

    fn of_another_kind(case: &Case, message: &str) -> Self {
        Self { findings: vec![other(&case.place, message)], because: Vec::new(), denied: true }
    }
}

/// What is not as expected, and the rules that determined the answer.
pub(super) fn judge(mesh: &Mesh, case: &Case, subject: &Subject) -> Judged {
    match &case.question {
        Question::Act { action, on, to } => {
            let request = AccessRequest { action: *action, resource: on.clone(), target: to.clone() };
            let Decision::Access(decision) = decide(&mesh.snapshot, subject, &Request::Access(request)) else {
                return Judged::of_another_kind(case, "the answer is not about an action");
            };
            let findings = verdict(&case.expected, &decision.verdict).into_iter().collect();
            Judged::new(findings, &decision.verdict, decision.determined_by)
        }
        Question::Read { table, columns, data } => {
            let request = TableRequest { table: table.clone(), columns: columns.clone() };
            let Decision::Table(decision) = decide(&mesh.snapshot, subject, &Request::Table(request.clone())) else {
                return Judged::of_another_kind(case, "the answer is not about a table");
            };
            let findings = match verdict(&case.expected, &decision.read) {
                Some(finding) => vec![finding],
                None if decision.read.is_allowed() => {
                    let trees = trees(&mesh.snapshot, subject, &request, &decision.read);
                    Reading { mesh, subject, request: &request, decision: &decision, trees, data }
                        .findings(&case.expected)
                }
                None => Vec::new(),
            };
            Judged::new(findings, &decision.read, decision.determined_by)
        }
    }
}

fn other(place: &Place, message: impl Into<String>) -> Finding {
    Finding::new(Code::OtherThanExpected, place.clone(), message)
}

fn verdict(expected: &Expected, got: &Verdict) -> Option<Finding> {
    let place = &expected.verdict.place;
    match (expected.verdict.what, got) {
        (ExpectedVerdict::Allowed, Verdict::Deny(reason)) => {
            Some(other(place, "it is denied, and expected to be allowed").with_help(format!("the reason: {reason}")))
        }
        (ExpectedVerdict::Denied, Verdict::Allow) => Some(other(place, "it is allowed, and expected to be denied")),
        _ => None,
    }
}

/// A case in which reading is allowed.
struct Reading<'a> {
    mesh: &'a Mesh,
    subject: &'a Subject,
    request: &'a TableRequest,
    decision: &'a TableDecision,
    trees: TableTrees,
    data: &'a [Vec<Cell>],
}

/// A row that is seen, its place in the data, and for each column what it shows; `None`: the column is hidden.
struct SeenRow {
    number: usize,
    cells: Vec<Option<Cell>>,
}

impl Reading<'_> {
    fn findings(&self, expected: &Expected) -> Vec<Finding> {
        let mut findings: Vec<Finding> = expected.rows.iter().filter_map(|rows| self.rows(rows)).collect();
        findings.extend(expected.shown.iter().filter_map(|(column, shown)| self.column(*column, shown)));
        if let Some(sees) = &expected.sees {
            match self.seen() {
                Ok(seen) => findings.extend(self.sees(sees, seen)),
                Err(undecidable) => {
                    let finding = Finding::new(Code::NotTellable, sees.place.clone(), undecidable.to_string());
                    let help = "expect `rows` and `shown` in its place, or ask a Trino";
                    findings.push(finding.with_help(help));
                }
            }
        }
        findings
    }

    fn rows(&self, expected: &Expectation<ExpectedRows>) -> Option<Finding> {
        let wanted = match &expected.what {
            ExpectedRows::All => RowsTree::All,
            ExpectedRows::None => RowsTree::None,
            ExpectedRows::Where(condition) => rows_where(&self.mesh.snapshot, self.subject, self.request, condition),
        };
        if normal_rows(&wanted) == normal_rows(&self.trees.rows) {
            return None;
        }
        let zone = &self.mesh.snapshot.zone;
        let got = words::rows(&self.trees.rows, zone);
        let mut finding = other(&expected.place, format!("the rows that may be seen are others: {got}"));
        let wanted = words::rows(&wanted, zone);
        if is_written_otherwise(&expected.place, &wanted) {
            finding.help = Some(format!("for this user what is expected is: {wanted}"));
        }
        Some(finding)
    }

    fn column(&self, index: usize, expected: &Expectation<ExpectedColumn>) -> Option<Finding> {
        let column = self.request.columns.get(index)?;
        let zone = &self.mesh.snapshot.zone;
        let got = self.trees.masks.get(index)?;
        let hidden = match self.decision.columns.get(index)? {
            ColumnDecision::Hidden(reason) => Some(reason),
            _ => None,
        };
        let is = match (&hidden, got) {
            (Some(_), _) => "hidden".to_owned(),
            (None, got) => words::masked(got, zone),
        };
        let differs = |help: Option<String>| {
            let mut finding = other(&expected.place, format!("column {} shows something else: {is}", column.name));
            finding.help = help;
            Some(finding)
        };
        match (&expected.what, hidden) {
            (ExpectedColumn::Hidden, Some(_)) => None,
            (_, Some(reason)) => differs(Some(format!("the reason: {reason}"))),
            (ExpectedColumn::Hidden, None) => differs(None),
            (ExpectedColumn::Clear, None) if is == "clear" => None,
            (ExpectedColumn::Clear, None) => differs(None),
            (ExpectedColumn::Masked(masked), None) => {
                let (mask, cells) = &**masked;
                let wanted =
                    masked_with(&self.mesh.snapshot, self.subject, self.request, index, (mask, cells.as_ref()))?;
                if words::normal_mask(&wanted) == words::normal_mask(got) {
                    return None;
                }
                let wanted = words::masked(&wanted, zone);
                let help = || format!("on this column, for this user, what is expected is: {wanted}");
                differs(is_written_otherwise(&expected.place, &wanted).then(help))
            }
        }
    }

    /// The rows of the data that may be seen, as they are seen.
    fn seen(&self) -> Result<Vec<SeenRow>, Undecidable> {
        let mut seen = Vec::new();
        for (index, cells) in self.data.iter().enumerate() {
            let row = Row { columns: &self.request.columns, cells };
            let passes = match &self.trees.rows {
                RowsTree::All => true,
                RowsTree::None => false,
                RowsTree::Where(predicates) => predicates
                    .iter()
                    .try_fold(true, |passes, predicate| row.is(predicate).map(|is| passes && is == Some(true)))?,
            };
            if passes {
                seen.push(SeenRow { number: index + 1, cells: self.cells(&row)? });
            }
        }
        Ok(seen)
    }

    fn cells(&self, row: &Row<'_>) -> Result<Vec<Option<Cell>>, Undecidable> {
        let columns = self.request.columns.iter().zip(&self.trees.masks).zip(&self.decision.columns);
        columns
            .map(|((column, masked), decision)| match decision {
                ColumnDecision::Hidden(_) => Ok(None),
                _ => row.shows(column, masked).map(Some),
            })
            .collect()
    }

    /// Rows that are as expected go together whatever their order; of the others each is set beside the one that it is most like.
    fn sees(&self, expected: &Expectation<Vec<Expectation<ExpectedRow>>>, seen: Vec<SeenRow>) -> Vec<Finding> {
        let mut left = seen;
        let mut unmatched = Vec::new();
        for row in &expected.what {
            match left.iter().position(|seen| agreeing(&row.what, seen) == row.what.len()) {
                Some(place) => drop(left.remove(place)),
                None => unmatched.push(row),
            }
        }
        let mut findings = Vec::new();
        for row in unmatched {
            let alike = left
                .iter()
                .enumerate()
                .max_by_key(|(place, seen)| (agreeing(&row.what, seen), std::cmp::Reverse(*place)));
            match alike {
                Some((place, seen)) if agreeing(&row.what, seen) > 0 || row.what.len() == 1 => {
                    findings.extend(self.differences(row, seen));
                    left.remove(place);
                }
                _ => findings.push(other(&row.place, "no row like this is seen")),
            }
        }
        for seen in &left {
            let message = format!("row {} of the data is seen too: {}", seen.number, self.written(seen));
            findings.push(other(&expected.place, message));
        }
        findings
    }

    fn differences(&self, expected: &Expectation<ExpectedRow>, seen: &SeenRow) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (column, cell) in &expected.what {
            let Some(name) = self.request.columns.get(*column).map(|column| &column.name) else { continue };
            let number = seen.number;
            match seen.cells.get(*column) {
                Some(Some(shown)) if *shown == cell.what => {}
                Some(Some(shown)) => {
                    findings.push(other(&cell.place, format!("column {name} of row {number} shows {shown}")));
                }
                _ => findings.push(other(&cell.place, format!("column {name} is hidden"))),
            }
        }
        findings
    }

    /// What is seen of the cells that the data says something of.
    fn written(&self, seen: &SeenRow) -> String {
        let said = self.data.get(seen.number.saturating_sub(1)).into_iter().flatten().map(|cell| *cell != Cell::Null);
        let cells = self.request.columns.iter().zip(&seen.cells).zip(said).filter(|(_, said)| *said);
        let cells = cells.filter_map(|((column, cell), _)| Some(format!("{}: {}", column.name, cell.as_ref()?)));
        format!("{{{}}}", cells.collect::<Vec<_>>().join(", "))
    }
}

fn is_written_otherwise(place: &Place, meant: &str) -> bool {
    place.source.text.get(place.range.clone()) != Some(meant)
}

/// In how many of the expected cells a row is as expected.
fn agreeing(expected: &ExpectedRow, seen: &SeenRow) -> usize {
    let agrees = |(column, cell): &&(usize, Expectation<Cell>)| {
        seen.cells.get(*column).is_some_and(|shown| shown.as_ref() == Some(&cell.what))
    };
    expected.iter().filter(agrees).count()
}

fn normal_rows(rows: &RowsTree) -> RowsTree {
    match rows {
        RowsTree::Where(predicates) => RowsTree::Where(match words::normal(&Predicate::And(predicates.clone())) {
            Predicate::And(parts) => parts,
            one => vec![one],
        }),
        other => other.clone(),
    }
}
