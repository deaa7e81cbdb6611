//! The product's evaluator of rows against the model of Trino that runs the printed SQL: on every cell the two agree, or the product
//! says that it cannot tell.

use meshward::engine::snapshot::Snapshot;
use meshward::engine::trees::{RowsTree, TableTrees, trees};
use meshward::model::cell::Cell as Own;
use meshward::model::decision::{ColumnDecision, Rows, TableDecision};
use meshward::model::request::TableRequest;
use meshward::sql::evaluate;

use crate::engine::case::Case;
use crate::engine::cell::Cell;
use crate::engine::differential::decided;
use crate::engine::random::{self, Dice};
use crate::engine::run_sql::{self, Row};

fn own(cell: &Cell) -> Own {
    match cell {
        Cell::Null => Own::Null,
        Cell::Boolean(value) => Own::Boolean(*value),
        Cell::Integer(value) => Own::Integer(*value),
        Cell::Decimal(value) => Own::Decimal(value.clone()),
        Cell::Double(value) => Own::Double(*value),
        Cell::Real(value) => Own::Real(*value),
        Cell::Text(text) => Own::Text(text.clone()),
        Cell::Char(text) => Own::Char(text.trim_end_matches(' ').to_owned()),
        Cell::Bytes(bytes) => Own::Bytes(bytes.clone()),
        Cell::Date(date) => Own::Date(*date),
        Cell::Timestamp(at) => Own::Timestamp(*at),
        Cell::Instant(at) => Own::Instant(*at),
        Cell::Opaque => Own::Opaque("opaque".to_owned()),
    }
}

/// What was compared, and what could not be told.
#[derive(Debug, Default)]
struct Tally {
    rows: usize,
    seen: usize,
    masked: usize,
    changed: usize,
    undecidable: usize,
}

fn rows(case: &Case, decision: &TableDecision, trees: &TableTrees, tally: &mut Tally) {
    for cells in &case.table.rows {
        let row = Row::new(&case.table.columns, cells);
        let run = match &decision.rows {
            Rows::All => true,
            Rows::None => false,
            Rows::Where(filters) => {
                filters.iter().all(|filter| row.passes(&run_sql::parse(filter.sql.as_str()).unwrap()).unwrap())
            }
        };
        let cells: Vec<Own> = cells.iter().map(own).collect();
        let row = evaluate::Row { columns: &case.table.columns, cells: &cells };
        let evaluated = passes(&trees.rows, &row);
        tally.rows += 1;
        match evaluated {
            Ok(evaluated) => assert_eq!(evaluated, run, "{case}\n{:?}\n{:?}", decision.rows, trees.rows),
            Err(_) => tally.undecidable += 1,
        }
        tally.seen += usize::from(run);
    }
}

fn cells(case: &Case, decision: &TableDecision, trees: &TableTrees, tally: &mut Tally) {
    let columns = case.table.columns.iter().zip(&decision.columns).zip(&trees.masks);
    for (position, ((column, shown), masked)) in columns.enumerate() {
        let ColumnDecision::Masked(expression) = shown else { continue };
        let parsed = run_sql::parse(expression.sql.as_str()).unwrap();
        for cells in &case.table.rows {
            let run = own(&Row::new(&case.table.columns, cells).shows(&parsed).unwrap());
            let before: Vec<Own> = cells.iter().map(own).collect();
            let row = evaluate::Row { columns: &case.table.columns, cells: &before };
            tally.masked += 1;
            tally.changed += usize::from(run != before[position]);
            match row.shows(column, masked) {
                Ok(evaluated) => assert_eq!(evaluated, run, "{case}\n{expression:?}\n{masked:?}"),
                Err(_) => tally.undecidable += 1,
            }
        }
    }
}

/// Compares with what a sample expects of a real Trino: whether each row is seen, and what its cells show.
pub(super) fn assert_tells(case: &Case, snapshot: &Snapshot, decision: &TableDecision, expected: &[(bool, Vec<Cell>)]) {
    let request = TableRequest { table: case.table.name.clone(), columns: case.table.columns.clone() };
    let trees = trees(snapshot, &case.subject, &request, &decision.read);
    for (cells, (seen, shown)) in case.table.rows.iter().zip(expected) {
        let cells: Vec<Own> = cells.iter().map(own).collect();
        let row = evaluate::Row { columns: &case.table.columns, cells: &cells };
        if let Ok(told) = passes(&trees.rows, &row) {
            assert_eq!(told, *seen, "{case}");
        }
        for (position, column) in case.table.columns.iter().enumerate() {
            if let (ColumnDecision::Masked(_), Ok(told)) =
                (&decision.columns[position], row.shows(column, &trees.masks[position]))
            {
                assert_eq!(told, own(&shown[position]), "{case}");
            }
        }
    }
}

fn passes(rows: &RowsTree, row: &evaluate::Row<'_>) -> Result<bool, evaluate::Undecidable> {
    match rows {
        RowsTree::All => Ok(true),
        RowsTree::None => Ok(false),
        RowsTree::Where(predicates) => {
            predicates.iter().try_fold(true, |all, predicate| row.is(predicate).map(|is| all && is == Some(true)))
        }
    }
}

#[test]
fn the_evaluator_shows_what_the_printed_sql_shows() {
    let mut tally = Tally::default();
    for world in 0..1_500 {
        let mut dice = Dice::new(0x7e57_0000 + world);
        let cases = random::cases(&mut dice, 3, 3);
        let snapshot = Snapshot::build(&cases[0].documents, &cases[0].zone);
        for case in cases {
            let decision = decided(&case, &snapshot);
            let request = TableRequest { table: case.table.name.clone(), columns: case.table.columns.clone() };
            let trees = trees(&snapshot, &case.subject, &request, &decision.read);
            rows(&case, &decision, &trees, &mut tally);
            cells(&case, &decision, &trees, &mut tally);
        }
    }
    println!("{tally:?}");
    // Agreeing on nothing, or telling nothing, would say little.
    assert!(tally.seen > tally.rows / 20 && tally.changed > tally.masked / 4, "{tally:?}");
    assert!(tally.undecidable < (tally.rows + tally.masked) / 100, "{tally:?}");
}
