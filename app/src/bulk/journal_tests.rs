use super::*;
use crate::bulk::edit::tests::{act, any_sheet, perform_logged};
use proptest::prelude::*;

#[test]
fn every_operation_is_read_as_it_was_written() {
    let column = Column {
        id: ColumnId(3),
        name: "Team".to_owned(),
        used: ColumnUse::Metadata,
        reason: Reason::Similar(87),
        source: Some(200),
    };
    let cell = |text: Option<&str>| CellValue {
        row: RowId(u32::MAX),
        column: ColumnId(0),
        text: text.map(Into::into),
    };
    let placed = vec![Placed {
        at: 128,
        row: RowId(1 << 31),
    }];
    let operations = vec![
        Operation::set_cell(RowId(5), ColumnId(1), "Zoë\n"),
        Operation::RestoreCells {
            cells: vec![cell(None), cell(Some(""))],
        },
        Operation::InsertRows {
            at: 7,
            rows: vec![Vec::new(), vec![(ColumnId(2), "x".to_owned())]],
        },
        Operation::DeleteRows {
            rows: vec![RowId(0), RowId(300)],
        },
        Operation::RestoreRows {
            rows: placed.clone(),
        },
        Operation::MoveRows {
            rows: vec![RowId(1)],
            to: 16_384,
        },
        Operation::PlaceRows { rows: placed },
        Operation::AddColumn {
            at: 0,
            name: "Neu".to_owned(),
            used: ColumnUse::Dropped,
        },
        Operation::DeleteColumn { id: ColumnId(9) },
        Operation::RestoreColumn { at: 1, column },
        Operation::MoveColumn {
            id: ColumnId(1),
            to: 0,
        },
        Operation::RenameColumn {
            id: ColumnId(1),
            name: String::new(),
        },
        Operation::map_column(ColumnId(1), ColumnUse::Field(Field::Note)),
    ];
    let whole = Operation::Batch {
        label: "All".to_owned(),
        operations,
    };
    let rows = vec![(RowId(4), RowOutcome::AlreadyMember, "Said.".to_owned())];
    let mut bytes = Vec::new();
    write_do(&mut bytes, &whole);
    write_undo(&mut bytes);
    write_redo(&mut bytes);
    write_submitted(&mut bytes, &rows);
    let expected = [
        Entry::Do(whole),
        Entry::Undo,
        Entry::Redo,
        Entry::Submitted(rows),
    ];
    assert_eq!(read(&bytes).as_deref(), Some(&expected[..]));
    // Cut short it is no journal, and nothing panics.
    for end in 1..bytes.len() {
        let part = read(&bytes[..end]);
        assert!(part.is_none_or(|entries| entries.len() < expected.len()));
    }
}

#[test]
fn submitted_rows_are_gone_and_stay_gone() {
    let mut sheet = Sheet::empty();
    sheet.apply(Operation::insert_blank_rows(0, 3));
    let rows = sheet.row_ids().to_vec();
    let done = vec![(rows[1], RowOutcome::Created, String::new())];
    assert_eq!(
        replay(
            &mut sheet,
            vec![Entry::Submitted(done.clone()), Entry::Undo]
        ),
        done
    );
    assert_eq!(sheet.row_ids(), [rows[0], rows[2]]);
    assert!(!sheet.can_undo());
}

proptest! {
    #[test]
    fn a_journal_gives_the_same_sheet_and_history(
        sheet in any_sheet(),
        acts in prop::collection::vec(act(), 0..25),
    ) {
        let (mut worked, mut again, mut bytes) = (sheet.clone(), sheet, Vec::new());
        for act in &acts {
            perform_logged(&mut worked, act, &mut bytes);
        }
        replay(&mut again, read(&bytes).unwrap());
        loop {
            prop_assert_eq!(again.to_csv(), worked.to_csv());
            prop_assert_eq!(again.columns(), worked.columns());
            prop_assert_eq!(again.step(), worked.step());
            prop_assert!(again.history().map(|e| e.label).eq(worked.history().map(|e| e.label)));
            let more = worked.undo().is_some();
            prop_assert_eq!(again.undo().is_some(), more);
            if !more {
                break;
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }
}
