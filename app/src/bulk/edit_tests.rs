use super::*;
use crate::bulk::journal;
use crate::bulk::mapping::Field;
use crate::bulk::parse::ParseOptions;
use crate::bulk::sheet::{HeaderChoice, SheetOptions};
use proptest::prelude::*;

const FILE: &str = "email,first_name,courses,Team\r\na@x.test,Ada,c1,red\r\nb@x.test,\"Bo\nb\",c2,\r\nc@x.test,Cy,c1|c2,blue\r\n";

fn sheet() -> Sheet {
    Sheet::from_bytes(FILE.as_bytes(), SheetOptions::default()).unwrap()
}

fn grid(sheet: &Sheet) -> Vec<Vec<String>> {
    sheet
        .row_ids()
        .iter()
        .map(|&row| {
            sheet
                .columns()
                .iter()
                .map(|c| sheet.cell_of(row, c).into_owned())
                .collect()
        })
        .collect()
}

fn column(sheet: &Sheet, name: &str) -> ColumnId {
    sheet.columns().iter().find(|c| c.name == name).unwrap().id
}

#[test]
fn reads_rows_lines_and_columns() {
    let sheet = sheet();
    assert_eq!(sheet.rows(), 3);
    assert_eq!(sheet.line_of(sheet.row_at(2).unwrap()), Some(5));
    assert_eq!(
        sheet.cell(sheet.row_at(1).unwrap(), column(&sheet, "first_name")),
        "Bo\nb"
    );
    assert_eq!(sheet.column_for(Field::Group).unwrap().name, "Team");
    let draft = sheet.draft(sheet.row_at(2).unwrap());
    assert_eq!(
        (draft.line, draft.courses.as_str(), draft.group.as_str()),
        (5, "c1|c2", "blue")
    );
    assert_eq!(sheet.to_csv(), FILE.as_bytes());
}

#[test]
fn rows_come_while_the_file_is_read() {
    let mut text = String::from("email,note\n");
    for i in 0..5000 {
        text.extend(["p", &i.to_string(), "@x.test,n\n"]);
    }
    let mut sheet = Sheet::open(SheetOptions::default());
    let came = sheet.feed(&text.as_bytes()[..30_000]).unwrap();
    assert!(came > 1000 && sheet.rows() == came as usize);
    let first = sheet.row_at(0).unwrap();
    let note = column(&sheet, "note");
    sheet.apply(Operation::set_cell(first, note, "edited"));
    sheet.apply(Operation::insert_blank_rows(0, 1));
    sheet.feed(&text.as_bytes()[30_000..]).unwrap();
    sheet.finish().unwrap();
    assert_eq!(sheet.rows(), 5001);
    assert_eq!(sheet.cell(first, note), "edited");
    assert_eq!(sheet.position_of(first), Some(1));
    assert_eq!(sheet.line_of(sheet.row_at(5000).unwrap()), Some(5001));
}

#[test]
fn headers_are_found_or_made() {
    let read = |text: &str| Sheet::from_bytes(text.as_bytes(), SheetOptions::default()).unwrap();
    let bare = read("a@x.test,Ada\nb@x.test,Bob\n");
    assert_eq!(bare.rows(), 2);
    assert_eq!(bare.columns()[0].name, "email");
    assert_eq!(bare.header_row(), None);
    let titled = read("Spring list\n\nE-Mail;Vorname\na@x.test;Ada\n");
    assert_eq!(titled.rows(), 1);
    assert_eq!(titled.header_row(), Some(1));
    assert_eq!(titled.columns()[1].used, ColumnUse::Field(Field::FirstName));
    let unknown = read("x,y\n1,2\n");
    assert_eq!((unknown.rows(), unknown.header_row()), (1, Some(0)));
    let wide = read("email,note\na@x.test,1,2,\n");
    assert_eq!(wide.columns().len(), 3);
    assert_eq!(wide.columns()[2].name, "Column 3");
    assert_eq!(read("").rows(), 0);
}

#[test]
fn each_step_is_named_undone_and_done_again() {
    let mut sheet = sheet();
    let rows = sheet.row_ids().to_vec();
    let team = column(&sheet, "Team");
    sheet.apply(Operation::DeleteRows {
        rows: vec![rows[1]],
    });
    sheet.apply(Operation::DeleteColumn { id: team });
    sheet.apply(Operation::MoveRows {
        rows: vec![rows[2]],
        to: 0,
    });
    let labels: Vec<_> = sheet.history().map(|e| e.label.to_owned()).collect();
    assert_eq!(
        labels,
        ["Delete a row", "Delete column “Team”", "Move a row"]
    );
    assert_eq!(
        grid(&sheet),
        [["c@x.test", "Cy", "c1|c2"], ["a@x.test", "Ada", "c1"]]
    );
    while sheet.undo().is_some() {}
    assert_eq!(sheet.to_csv(), FILE.as_bytes());
    assert_eq!(sheet.position_of(rows[1]), Some(1));
    assert!(sheet.history().all(|e| !e.done) && sheet.can_redo());
    sheet.redo();
    assert_eq!(sheet.rows(), 2);
    sheet.apply(Operation::insert_blank_rows(9, 2));
    assert!(!sheet.can_redo());
    assert_eq!(sheet.rows(), 4);
}

#[test]
fn what_changes_nothing_is_no_step() {
    let mut sheet = sheet();
    let row = sheet.row_at(0).unwrap();
    let name = column(&sheet, "first_name");
    let revision = sheet.revision();
    for operation in [
        Operation::set_cell(row, name, "Ada"),
        Operation::set_cell(RowId(77), name, "x"),
        Operation::DeleteRows {
            rows: vec![RowId(0)],
        },
        Operation::RestoreRows {
            rows: vec![Placed {
                at: 0,
                row: RowId(0),
            }],
        },
        Operation::DeleteColumn { id: ColumnId(99) },
        Operation::MoveColumn { id: name, to: 1 },
    ] {
        assert_eq!(sheet.apply(operation), Applied::NOTHING);
    }
    assert!(!sheet.can_undo());
    assert_eq!(sheet.revision(), revision);
}

#[test]
fn deleting_a_column_touches_no_row_that_does_not_use_it() {
    let mut sheet = sheet();
    let team = column(&sheet, "Team");
    let renamed = sheet.apply(Operation::RenameColumn {
        id: team,
        name: "X".to_owned(),
    });
    assert_eq!(renamed.touched, Touched::Nothing);
    assert!(renamed.columns_changed && !renamed.rows_changed);
    let moved = sheet.apply(Operation::MoveColumn { id: team, to: 0 });
    assert_eq!(moved.touched, Touched::Nothing);
    let deleted = sheet.apply(Operation::DeleteColumn { id: team });
    assert_eq!(deleted.touched, Touched::All);
}

#[test]
fn s44_files_for_spreadsheets_come_back() {
    let mut sheet = sheet();
    let row = sheet.row_at(0).unwrap();
    let (name, team) = (column(&sheet, "first_name"), column(&sheet, "Team"));
    sheet.apply(Operation::SetCells {
        edits: vec![
            (row, name, "=1+1".to_owned()),
            (row, team, "+49 30".to_owned()),
        ],
    });
    let rows = sheet.row_ids().to_vec();
    let file = sheet.to_spreadsheet_csv(rows, &[super::super::escape::PROBLEMS_COLUMN], |_| {
        vec!["=bad".to_owned()]
    });
    assert!(String::from_utf8_lossy(&file).contains("'=1+1"));
    let back = Sheet::from_bytes(&file, SheetOptions::default()).unwrap();
    let cells = grid(&back);
    assert_eq!(cells[0], ["a@x.test", "=1+1", "c1", "+49 30", "=bad"]);
    assert_eq!(back.columns().len(), 5);
    assert_eq!(back.columns()[4].used, ColumnUse::Dropped);
    // A file without the mark keeps its quotes.
    let plain = Sheet::from_bytes(b"email,note\na@x.test,'=1\n", SheetOptions::default()).unwrap();
    assert_eq!(grid(&plain)[0][1], "'=1");
}

/// An operation by numbers, so that it fits whatever the sheet is at that time.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Set(Vec<(usize, usize, String)>),
    Insert(usize, Vec<String>),
    Delete(Vec<usize>),
    Move(Vec<usize>, usize),
    Paste(usize, usize, Vec<Vec<String>>),
    AddColumn(usize, usize),
    DeleteColumn(usize),
    MoveColumn(usize, usize),
    Rename(usize, String),
    Map(usize, usize),
    Undo,
    Redo,
}

const USES: [ColumnUse; 6] = [
    ColumnUse::Field(Field::Email),
    ColumnUse::Field(Field::Courses),
    ColumnUse::Field(Field::Role),
    ColumnUse::Field(Field::ExpiresOn),
    ColumnUse::Metadata,
    ColumnUse::Dropped,
];

/// Texts that make problems, duplicates and quotes likely.
pub(crate) fn cell_text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(vec![
            "", "a@x.test", "A@X.test", "b@x.test", "ada at x.test", "c1", "c2|c1", "c1|c2",
            "admin", "teacher", "2027-01-01", "2020-01-01", "=1", "'", "sep=;", "\u{feff}x",
            "b@gmial.com", "1.2E+11", "01-Mar", "\0",
        ]).prop_map(str::to_owned),
        1 => "[a-c,;\"\r\n\t|@é ]{0,6}",
    ]
}

pub(crate) fn act() -> impl Strategy<Value = Act> {
    let n = || 0_usize..12;
    prop_oneof![
        6 => prop::collection::vec((n(), n(), cell_text()), 1..5).prop_map(Act::Set),
        2 => (n(), prop::collection::vec(cell_text(), 0..4)).prop_map(|(a, b)| Act::Insert(a, b)),
        2 => prop::collection::vec(n(), 1..4).prop_map(Act::Delete),
        2 => (prop::collection::vec(n(), 1..4), n()).prop_map(|(a, b)| Act::Move(a, b)),
        1 => (n(), n(), prop::collection::vec(prop::collection::vec(cell_text(), 1..3), 1..4))
            .prop_map(|(a, b, c)| Act::Paste(a, b, c)),
        1 => (n(), n()).prop_map(|(a, b)| Act::AddColumn(a, b)),
        1 => n().prop_map(Act::DeleteColumn),
        1 => (n(), n()).prop_map(|(a, b)| Act::MoveColumn(a, b)),
        1 => (n(), "[a-c\"]{0,3}").prop_map(|(a, b)| Act::Rename(a, b)),
        1 => (n(), n()).prop_map(|(a, b)| Act::Map(a, b)),
        2 => Just(Act::Undo),
        1 => Just(Act::Redo),
    ]
}

pub(crate) fn perform(sheet: &mut Sheet, act: &Act) -> Option<Applied> {
    perform_logged(sheet, act, &mut Vec::new())
}

/// The same, written to a journal.
pub(crate) fn perform_logged(
    sheet: &mut Sheet,
    act: &Act,
    journal: &mut Vec<u8>,
) -> Option<Applied> {
    let row = |n: usize| sheet.row_at(n % sheet.rows().max(1)).unwrap_or(RowId(999));
    let col = |n: usize| {
        sheet
            .columns()
            .get(n % sheet.columns().len().max(1))
            .map_or(ColumnId(999), |c| c.id)
    };
    let operation = match act {
        Act::Set(edits) => Operation::SetCells {
            edits: edits
                .iter()
                .map(|(r, c, t)| (row(*r), col(*c), t.clone()))
                .collect(),
        },
        Act::Insert(at, cells) => Operation::InsertRows {
            at: *at as u32,
            rows: cells
                .iter()
                .enumerate()
                .map(|(i, t)| vec![(col(i), t.clone())])
                .collect(),
        },
        Act::Delete(rows) => Operation::DeleteRows {
            rows: rows.iter().map(|r| row(*r)).collect(),
        },
        Act::Move(rows, to) => Operation::MoveRows {
            rows: rows.iter().map(|r| row(*r)).collect(),
            to: *to as u32,
        },
        Act::Paste(r, c, block) => {
            use crate::bulk::clipboard::Target;
            let target = Target {
                row: *r,
                column: *c,
                rows: 2,
                columns: 2,
            };
            sheet.paste(sheet.row_ids(), target, block).operation
        }
        Act::AddColumn(at, used) => Operation::AddColumn {
            at: *at as u32,
            name: format!("New {at}"),
            used: USES[used % USES.len()],
        },
        Act::DeleteColumn(c) => Operation::DeleteColumn { id: col(*c) },
        Act::MoveColumn(c, to) => Operation::MoveColumn {
            id: col(*c),
            to: *to as u32,
        },
        Act::Rename(c, name) => Operation::RenameColumn {
            id: col(*c),
            name: name.clone(),
        },
        Act::Map(c, used) => Operation::map_column(col(*c), USES[used % USES.len()]),
        Act::Undo => {
            journal::write_undo(journal);
            return sheet.undo();
        }
        Act::Redo => {
            journal::write_redo(journal);
            return sheet.redo();
        }
    };
    // What a journal would write reads back as the same operation.
    let json = serde_json::to_string(&operation).unwrap();
    assert_eq!(serde_json::from_str::<Operation>(&json).unwrap(), operation);
    journal::write_do(journal, &operation);
    Some(sheet.apply(operation))
}

/// A small file with whatever cells.
pub(crate) fn any_sheet() -> impl Strategy<Value = Sheet> {
    let rows = prop::collection::vec(prop::collection::vec(cell_text(), 1..6), 0..8);
    rows.prop_map(|rows| {
        let mut bytes = b"email,first_name,courses,role,other\n".to_vec();
        for row in &rows {
            crate::bulk::export::write_record(&mut bytes, row.iter().map(String::as_bytes));
        }
        let options = SheetOptions {
            parse: ParseOptions {
                delimiter: Some(b','),
                ..ParseOptions::default()
            },
            header: HeaderChoice::FirstRow,
        };
        Sheet::from_bytes(&bytes, options).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn undo_of_everything_is_the_original_and_redo_the_edited(
        mut sheet in any_sheet(),
        acts in prop::collection::vec(act(), 1..25),
    ) {
        let (cells, columns, file) = (grid(&sheet), sheet.columns().to_vec(), sheet.to_csv());
        let rows = sheet.row_ids().to_vec();
        for act in &acts {
            perform(&mut sheet, act);
            for (at, &row) in sheet.row_ids().iter().enumerate() {
                prop_assert_eq!(sheet.position_of(row), Some(at));
            }
        }
        while sheet.redo().is_some() {}
        let edited = (grid(&sheet), sheet.columns().to_vec(), sheet.row_ids().to_vec());
        let edited_file = sheet.to_csv();
        while sheet.undo().is_some() {}
        prop_assert_eq!(grid(&sheet), cells);
        prop_assert_eq!(sheet.columns(), &columns[..]);
        prop_assert_eq!(sheet.row_ids(), &rows[..]);
        prop_assert_eq!(sheet.to_csv(), file);
        while sheet.redo().is_some() {}
        prop_assert_eq!(&grid(&sheet), &edited.0);
        prop_assert_eq!(sheet.columns(), &edited.1[..]);
        prop_assert_eq!(sheet.row_ids(), &edited.2[..]);
        prop_assert_eq!(sheet.to_csv(), edited_file);
    }

    #[test]
    fn what_is_exported_and_read_again_has_the_same_cells(
        mut sheet in any_sheet(),
        acts in prop::collection::vec(act(), 0..15),
    ) {
        for act in &acts {
            perform(&mut sheet, act);
        }
        prop_assume!(!sheet.columns().is_empty());
        let options = SheetOptions {
            parse: ParseOptions { delimiter: Some(b','), ..ParseOptions::default() },
            header: HeaderChoice::FirstRow,
        };
        let again = Sheet::from_bytes(&sheet.to_csv(), options).unwrap();
        prop_assert_eq!(grid(&again), grid(&sheet));
        // Only what the cells hold may be remarked on, never how they are quoted.
        let mut problems = again.source().problems().iter();
        prop_assert!(problems.all(|p| p.kind == crate::bulk::source::SourceProblemKind::Nul));
    }

    #[test]
    fn s44_any_cells_survive_a_spreadsheet_file(
        mut sheet in any_sheet(),
        acts in prop::collection::vec(act(), 0..10),
    ) {
        for act in &acts {
            perform(&mut sheet, act);
        }
        prop_assume!(!sheet.columns().is_empty());
        let rows = sheet.row_ids().to_vec();
        let file = sheet.to_spreadsheet_csv(rows, &[], |_| Vec::new());
        let options = SheetOptions {
            parse: ParseOptions { delimiter: Some(b','), ..ParseOptions::default() },
            header: HeaderChoice::FirstRow,
        };
        let again = Sheet::from_bytes(&file, options).unwrap();
        prop_assert_eq!(grid(&again), grid(&sheet));
    }
}

#[test]
fn a_step_is_known_by_its_number() {
    let mut sheet = Sheet::empty();
    let fresh = sheet.step();
    sheet.apply(Operation::insert_blank_rows(0, 1));
    let one = sheet.step();
    let (row, column) = (sheet.row_ids()[0], sheet.columns()[0].id);
    sheet.apply(Operation::set_cell(row, column, "a"));
    assert_ne!(sheet.step(), one);
    sheet.undo();
    assert_eq!(sheet.step(), one);
    // Another step after an undo is not the one that was undone.
    let undone = sheet.last_step;
    sheet.apply(Operation::set_cell(row, column, "b"));
    assert_ne!(sheet.step(), undone);
    sheet.undo();
    sheet.undo();
    assert_eq!(sheet.step(), fresh);
    sheet.redo();
    sheet.forget_history();
    assert_eq!(sheet.step(), one);
    for n in 0..=HISTORY_MAX {
        sheet.apply(Operation::set_cell(row, column, n.to_string()));
    }
    while sheet.undo().is_some() {}
    // The oldest step is gone, so what was there before it does not come back.
    assert_ne!(sheet.step(), one);
}

#[test]
fn where_a_step_acted_is_known() {
    let mut sheet = Sheet::empty();
    sheet.apply(Operation::insert_blank_rows(0, 5));
    let (rows, column) = (sheet.row_ids().to_vec(), sheet.columns()[2].id);
    assert_eq!(sheet.first_cell_of_step(false), None);
    sheet.apply(Operation::Batch {
        label: "Two".to_owned(),
        operations: vec![Operation::SetCells {
            edits: vec![
                (rows[4], column, "a".to_owned()),
                (rows[3], column, "b".to_owned()),
            ],
        }],
    });
    sheet.undo();
    assert_eq!(sheet.first_cell_of_step(true), Some((3, column)));
    sheet.redo();
    assert_eq!(sheet.first_cell_of_step(false), Some((3, column)));
}

#[test]
fn titles_and_the_header_are_no_rows_of_the_limit() {
    use crate::bulk::limits::{DETECT_ROWS, ROWS_MAX};
    use crate::bulk::parse::Refusal;
    let read = |titles: usize, rows: usize| {
        let text = format!(
            "{}email,name\n{}",
            "A list\n".repeat(titles),
            "a@x.test,A\n".repeat(rows)
        );
        Sheet::from_bytes(text.as_bytes(), SheetOptions::default()).map(|sheet| sheet.rows())
    };
    let most = ROWS_MAX as usize;
    for titles in [0, 3] {
        assert_eq!(read(titles, most), Ok(most));
        assert_eq!(read(titles, most + 1), Err(Refusal::TooManyRows));
        assert_eq!(read(titles, most + 20), Err(Refusal::TooManyRows));
    }
    let options = SheetOptions {
        header: HeaderChoice::Absent,
        parse: ParseOptions {
            rows_max: 10 + DETECT_ROWS,
            ..ParseOptions::default()
        },
    };
    let rows = |count: usize| Sheet::from_bytes("a@x.test\n".repeat(count).as_bytes(), options);
    assert_eq!(rows(10).map(|sheet| sheet.rows()), Ok(10));
    assert_eq!(rows(11).err(), Some(Refusal::TooManyRows));
}
