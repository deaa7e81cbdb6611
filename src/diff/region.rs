//! Looking for a row of which predicates say something: over one candidate for each class of rows that they can tell apart, so that
//! not finding one is a proof.

use std::collections::BTreeMap;

use crate::diff::candidates::{Asked, Candidate, Datum, Within, candidates};
use crate::engine::truth::Truth;
use crate::model::cell::Cell;
use crate::model::column_type::ColumnType;
use crate::model::name::Identifier;
use crate::model::request::Column;
use crate::sql::evaluate::Row;
use crate::sql::expression::{Literal, Operator, Predicate, Scalar};

/// More classes of rows than this are not looked at.
const MOST_ROWS: usize = 20_000;

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// There is no such row.
    None,
    /// There is one, told in words: `country = 'FR'`. Empty: any row.
    Row(String),
    /// There may be one.
    Unknown,
}

/// A predicate with its atoms by number.
enum Tree {
    Known(Truth),
    And(Vec<Tree>),
    Or(Vec<Tree>),
    Not(Box<Tree>),
    Atom(usize),
}

/// What an atom depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    Column(usize),
    Columns(usize, usize),
    /// Nothing that is known: SQL of a rule's own.
    Itself(usize),
}

struct Search {
    atoms: Vec<(Predicate, Over)>,
    /// Columns, and in between what depends on nothing that is known.
    columns: Vec<Option<Column>>,
    /// Of each atom over one column what it is of each of the column's candidates.
    known: Vec<Vec<Truth>>,
}

/// Looks for a row for which `wanted` holds of the predicates' truths, in their order.
pub(super) fn find(predicates: &[&Predicate], wanted: impl Fn(&[Truth]) -> bool) -> Found {
    let mut search = Search { atoms: Vec::new(), columns: Vec::new(), known: Vec::new() };
    let trees: Vec<Tree> = predicates.iter().map(|predicate| search.tree(predicate)).collect();
    let Some(candidates) = search.candidates() else { return Found::Unknown };
    search.ask_each(&candidates);
    let rows = candidates.iter().try_fold(1_usize, |rows, of| rows.checked_mul(of.len()));
    let limit = rows.filter(|rows| *rows <= MOST_ROWS);
    let mut row = vec![0_usize; candidates.len()];
    let hit = |row: &[usize]| {
        let truths: Vec<Truth> = trees.iter().map(|tree| search.truth(tree, &candidates, row)).collect();
        wanted(&truths)
    };
    let mut found = if limit.is_some() { Found::None } else { Found::Unknown };
    for _ in 0..rows.unwrap_or(MOST_ROWS).min(MOST_ROWS) {
        if hit(&row) {
            let chosen = || candidates.iter().zip(&row).filter_map(|(of, at)| of.get(*at));
            if chosen().all(|candidate| candidate.real) {
                return Found::Row(search.told(&candidates, &row, &hit));
            }
            found = Found::Unknown;
        }
        advance(&mut row, &candidates);
    }
    found
}

/// The next row, the last column fastest.
fn advance(row: &mut [usize], candidates: &[Vec<Candidate>]) {
    for (at, of) in row.iter_mut().zip(candidates).rev() {
        *at += 1;
        if *at < of.len() {
            return;
        }
        *at = 0;
    }
}

impl Search {
    fn tree(&mut self, predicate: &Predicate) -> Tree {
        match predicate {
            Predicate::Unknown => Tree::Known(Truth::Unknown),
            Predicate::And(parts) => Tree::And(parts.iter().map(|part| self.tree(part)).collect()),
            Predicate::Or(parts) => Tree::Or(parts.iter().map(|part| self.tree(part)).collect()),
            Predicate::Not(inner) => Tree::Not(Box::new(self.tree(inner))),
            atom => {
                if let Some(known) = self.atoms.iter().position(|(known, _)| known == atom) {
                    return Tree::Atom(known);
                }
                let over = self.over(atom);
                self.atoms.push((atom.clone(), over));
                Tree::Atom(self.atoms.len() - 1)
            }
        }
    }

    fn over(&mut self, atom: &Predicate) -> Over {
        match atom {
            Predicate::Compare(Scalar::Column(left, left_type), _, Scalar::Column(right, right_type))
                if left_type == right_type =>
            {
                Over::Columns(self.column(left, *left_type), self.column(right, *right_type))
            }
            Predicate::Compare(
                Scalar::Column(column, column_type) | Scalar::LowerColumn(column, column_type),
                _,
                Scalar::Literal(_),
            )
            | Predicate::Compare(
                Scalar::Literal(_),
                _,
                Scalar::Column(column, column_type) | Scalar::LowerColumn(column, column_type),
            )
            | Predicate::In(Scalar::Column(column, column_type) | Scalar::LowerColumn(column, column_type), _)
            | Predicate::IsNull(Scalar::Column(column, column_type))
            | Predicate::IsTrue(Scalar::Column(column, column_type))
            | Predicate::Like(Scalar::Column(column, column_type) | Scalar::LowerColumn(column, column_type), ..) => {
                Over::Column(self.column(column, *column_type))
            }
            _ => {
                self.columns.push(None);
                Over::Itself(self.columns.len() - 1)
            }
        }
    }

    fn column(&mut self, name: &Identifier, column_type: ColumnType) -> usize {
        let wanted = Column::typed(name.clone(), column_type);
        match self.columns.iter().position(|known| known.as_ref() == Some(&wanted)) {
            Some(place) => place,
            None => {
                self.columns.push(Some(wanted));
                self.columns.len() - 1
            }
        }
    }

    /// The candidates of every column.
    fn candidates(&self) -> Option<Vec<Vec<Candidate>>> {
        let mut asked: Vec<Asked> = self.columns.iter().map(|_| Asked::default()).collect();
        for (number, (atom, over)) in self.atoms.iter().enumerate() {
            match over {
                Over::Column(place) => ask(asked.get_mut(*place)?, number, atom),
                Over::Columns(left, right) => {
                    let ordered = !matches!(atom, Predicate::Compare(_, Operator::Equal, _));
                    for place in [left, right] {
                        let of = asked.get_mut(*place)?;
                        of.paired = true;
                        of.ordered |= ordered;
                    }
                }
                Over::Itself(_) => {}
            }
        }
        self.share_literals(&mut asked)?;
        let of = |(column, asked): (&Option<Column>, &Asked)| match column {
            Some(column) => candidates(column.column_type, asked),
            // TRUE, FALSE and UNKNOWN, of which none is known to be possible.
            None => {
                let value = |datum| Candidate { datum, assumed: Vec::new(), real: false };
                Some(vec![value(Some(Datum::Boolean(true))), value(Some(Datum::Boolean(false))), value(None)])
            }
        };
        self.columns.iter().zip(&asked).map(of).collect()
    }

    /// Asks each atom of each value of its column, once.
    fn ask_each(&mut self, candidates: &[Vec<Candidate>]) {
        let of_atom = |(number, (atom, over)): (usize, &(Predicate, Over))| match over {
            Over::Column(place) => {
                let column = self.columns.get(*place).and_then(Option::as_ref);
                let values = candidates.get(*place).into_iter().flatten();
                values.map(|value| of_value(number, atom, column, value)).collect()
            }
            Over::Columns(..) | Over::Itself(_) => Vec::new(),
        };
        self.known = self.atoms.iter().enumerate().map(of_atom).collect();
    }

    /// Columns that are compared with each other have each other's literals. `None`: more than two are, which two values of each gap
    /// do not tell apart.
    fn share_literals(&self, asked: &mut [Asked]) -> Option<()> {
        let mut partner: BTreeMap<usize, usize> = BTreeMap::new();
        for (_, over) in &self.atoms {
            if let Over::Columns(left, right) = over {
                for (one, other) in [(left, right), (right, left)] {
                    if left != right && *partner.entry(*one).or_insert(*other) != *other {
                        return None;
                    }
                }
            }
        }
        for (one, other) in partner {
            let (theirs, ordered) = asked.get(other).map(|asked| (asked.literals.clone(), asked.ordered))?;
            let own = asked.get_mut(one)?;
            own.literals.extend(theirs);
            own.ordered |= ordered;
        }
        Some(())
    }

    fn truth(&self, tree: &Tree, candidates: &[Vec<Candidate>], row: &[usize]) -> Truth {
        match tree {
            Tree::Known(truth) => *truth,
            Tree::And(parts) => Truth::all(parts.iter().map(|part| self.truth(part, candidates, row))),
            Tree::Or(parts) => Truth::any(parts.iter().map(|part| self.truth(part, candidates, row))),
            Tree::Not(inner) => self.truth(inner, candidates, row).not(),
            Tree::Atom(number) => {
                let Some((atom, over)) = self.atoms.get(*number) else { return Truth::Unknown };
                let at = |place: &usize| candidates.get(*place).and_then(|of| of.get(*row.get(*place)?));
                match over {
                    Over::Column(place) => {
                        let known = self.known.get(*number).and_then(|known| known.get(*row.get(*place)?));
                        known.copied().unwrap_or(Truth::Unknown)
                    }
                    Over::Columns(left, right) => match (at(left), at(right)) {
                        (Some(one), Some(other)) => {
                            let column = |place: &usize| self.columns.get(*place).and_then(Option::as_ref);
                            of_values(atom, [column(left), column(right)], [one, other])
                        }
                        _ => Truth::Unknown,
                    },
                    Over::Itself(place) => match at(place).and_then(|value| value.datum.as_ref()) {
                        Some(Datum::Boolean(value)) => (*value).into(),
                        _ => Truth::Unknown,
                    },
                }
            }
        }
    }

    /// The row in words, without the columns that do not matter.
    fn told(&self, candidates: &[Vec<Candidate>], row: &[usize], hit: &impl Fn(&[usize]) -> bool) -> String {
        let mut told = Vec::new();
        for (place, (column, of)) in self.columns.iter().zip(candidates).enumerate() {
            let Some(Column { name, .. }) = column else { continue };
            let matters = (0..of.len()).any(|other| {
                let mut changed = row.to_vec();
                if let Some(at) = changed.get_mut(place) {
                    *at = other;
                }
                !hit(&changed)
            });
            let chosen = row.get(place).and_then(|at| of.get(*at));
            if let (true, Some(chosen)) = (matters, chosen) {
                told.push(match &chosen.datum {
                    Some(datum) => format!("{name} = {}", datum.shown()),
                    None => format!("{name} is null"),
                });
            }
        }
        told.join(" and ")
    }
}

fn ask(asked: &mut Asked, number: usize, atom: &Predicate) {
    match atom {
        Predicate::Compare(Scalar::Column(..), operator, Scalar::Literal(literal))
        | Predicate::Compare(Scalar::Literal(literal), operator, Scalar::Column(..)) => {
            asked.literals.push(Datum::of_literal(literal));
            asked.ordered |= *operator != Operator::Equal;
        }
        Predicate::Compare(Scalar::LowerColumn(..), operator, Scalar::Literal(literal))
        | Predicate::Compare(Scalar::Literal(literal), operator, Scalar::LowerColumn(..)) => {
            if let Literal::Text(text) | Literal::Char(text, _) = literal {
                // Of an order nothing is built; what is assumed covers it.
                let held = if *operator == Operator::Equal { text.clone() } else { format!("{text}a") };
                asked.within.push(Within { atom: number, lowered: true, affix: None, held });
            }
        }
        Predicate::In(Scalar::LowerColumn(..), literals) => {
            if let Some(Literal::Text(text) | Literal::Char(text, _)) = literals.first() {
                asked.within.push(Within { atom: number, lowered: true, affix: None, held: text.clone() });
            }
        }
        Predicate::In(_, literals) => asked.literals.extend(literals.iter().map(Datum::of_literal)),
        Predicate::Like(of, affix, text) => asked.within.push(Within {
            atom: number,
            lowered: matches!(of, Scalar::LowerColumn(..)),
            affix: Some(*affix),
            held: text.clone(),
        }),
        _ => {}
    }
}

/// What an atom is of one value of its column.
fn of_value(number: usize, atom: &Predicate, column: Option<&Column>, value: &Candidate) -> Truth {
    let assumed = value.assumed.iter().find(|(atom, _)| *atom == number);
    match (assumed, column) {
        (Some((_, assumed)), _) => (*assumed).into(),
        (None, Some(column)) => of_row(atom, std::slice::from_ref(column), &[cell(column, value)]),
        (None, None) => Truth::Unknown,
    }
}

fn of_values(atom: &Predicate, columns: [Option<&Column>; 2], values: [&Candidate; 2]) -> Truth {
    match columns {
        // A column compared with itself is one column.
        [Some(left), Some(right)] if left.name == right.name => {
            of_row(atom, std::slice::from_ref(left), &[cell(left, values[0])])
        }
        [Some(left), Some(right)] => {
            of_row(atom, &[left.clone(), right.clone()], &[cell(left, values[0]), cell(right, values[1])])
        }
        _ => Truth::Unknown,
    }
}

fn cell(column: &Column, value: &Candidate) -> Cell {
    value.datum.as_ref().map_or(Cell::Null, |datum| datum.cell(column.column_type))
}

fn of_row(atom: &Predicate, columns: &[Column], cells: &[Cell]) -> Truth {
    // What cannot be told without a Trino is not known.
    match (Row { columns, cells }).is(atom) {
        Ok(Some(is)) => is.into(),
        Ok(None) | Err(_) => Truth::Unknown,
    }
}
