//! Edits, filters and cures as the grid asks for them.

use super::*;
use crate::components::grid::{Direction, GridEdit, GridSource};
use app::bulk::sheet::SheetOptions;

fn book(csv: &str) -> Rc<Book> {
    let sheet = Sheet::from_bytes(csv.as_bytes(), SheetOptions::default()).unwrap();
    let context = RuleContext {
        today: CivilDate {
            year: 2026,
            month: 11,
            day: 23,
        },
        max_role: Role::Admin,
    };
    let checker = Checker::full(&sheet, context);
    let book = Book::new();
    book.replace(Document::new(sheet, checker));
    book
}

fn text(book: &Book, row: usize, column: usize) -> String {
    let mut out = String::new();
    book.text(Place::new(row, column), &mut out);
    out
}

const FILE: &str = "E-Mail,Prénom\nada@x.test,Ada\nbad,Bob\ncy@x.test,Cy\n";

#[test]
fn headings_name_the_field_and_the_files_word() {
    let book = book(FILE);
    let heading = book.heading(0);
    assert_eq!(
        (heading.name.as_str(), heading.hint.as_str()),
        ("email", "E-Mail")
    );
    assert_eq!(book.row_label(2), 3);
    assert!(!book.is_dirty());
}

#[test]
fn a_filter_shows_problems_and_edits_land_in_the_right_row() {
    let book = book(FILE);
    book.set_filter(Some(Filter::Problems));
    assert_eq!(book.rows(), 1);
    assert_eq!(text(&book, 0, 0), "bad");
    assert_eq!(book.row_label(0), 2);
    let at = Place::new(0, 0);
    book.apply(GridEdit::Set {
        at,
        text: "bob@x.test".to_owned(),
    });
    assert_eq!(book.mark(at).severity, Severity::None);
    assert!(book.mark(at).changed);
    book.set_filter(None);
    assert_eq!(text(&book, 1, 0), "bob@x.test");
    assert_eq!(book.facts().ready, 3);
    assert!(book.is_dirty());
}

#[test]
fn f8_goes_round_with_and_without_a_filter() {
    let book = book(FILE);
    let problem = Some(Place::new(1, 0));
    assert_eq!(
        book.next_problem(Place::new(0, 0), Direction::Forward),
        problem
    );
    assert_eq!(
        book.next_problem(Place::new(2, 1), Direction::Forward),
        problem
    );
    assert_eq!(
        book.next_problem(Place::new(2, 1), Direction::Backward),
        problem
    );
    book.set_filter(Some(Filter::Problems));
    let shown = Some(Place::new(0, 0));
    assert_eq!(
        book.next_problem(Place::new(0, 1), Direction::Forward),
        shown
    );
    assert_eq!(
        book.next_problem(Place::new(0, 1), Direction::Backward),
        shown
    );
}

#[test]
fn a_locked_book_keeps_its_cells() {
    let book = book(FILE);
    book.lock(true);
    let applied = book.apply(GridEdit::Undo);
    assert!(applied.announce.contains("submitted"));
    book.apply(GridEdit::Set {
        at: Place::new(0, 0),
        text: "x".to_owned(),
    });
    assert_eq!(text(&book, 0, 0), "ada@x.test");
}

#[test]
fn a_cure_is_one_step() {
    let book = book("email\nada at x.test\nbob at x.test\nbob at x.test\n");
    let at = Place::new(0, 0);
    let remark = book.remark(at).unwrap();
    assert_eq!(remark.cure.as_deref(), Some("Change to ada@x.test"));
    assert_eq!(remark.cure_all.as_deref(), Some("Fix all 3"));
    book.apply(GridEdit::Cure { at, all: true });
    assert_eq!(text(&book, 1, 0), "bob@x.test");
    let twin = Place::new(2, 0);
    let remark = book.remark(twin).unwrap();
    assert_eq!(remark.cure.as_deref(), Some("Delete this row"));
    book.apply(GridEdit::Cure {
        at: twin,
        all: false,
    });
    assert_eq!(book.rows(), 2);
    book.apply(GridEdit::Undo);
    book.apply(GridEdit::Undo);
    assert_eq!(text(&book, 0, 0), "ada at x.test");
}

#[test]
fn rows_are_added_where_the_person_is() {
    let book = book(FILE);
    let applied = book.apply(GridEdit::InsertRow { at: 2 });
    assert_eq!(applied.select, Some(Place::new(2, 0)));
    assert_eq!(book.rows(), 4);
    assert_eq!(text(&book, 3, 0), "cy@x.test");
    book.apply(GridEdit::Undo);
    assert_eq!(book.rows(), 3);
}

#[test]
fn what_was_submitted_can_be_read_and_not_changed() {
    let book = book(FILE);
    book.with_mut(|document| {
        let row = document.sheet.row_ids()[0];
        let applied = document
            .sheet
            .apply(Operation::DeleteRows { rows: vec![row] });
        document.checker.recheck(&document.sheet, &applied);
        document.submitted.push(Submitted {
            row,
            outcome: RowOutcome::AlreadyMember,
            message: "Another name.".to_owned(),
        });
    });
    assert_eq!(book.facts().submitted, 1);
    assert_eq!((book.rows(), book.is_read_only()), (2, false));

    book.set_filter(Some(Filter::Submitted));
    assert_eq!((book.rows(), book.is_read_only()), (1, true));
    assert_eq!(text(&book, 0, 0), "ada@x.test");
    let at = Place::new(0, 0);
    assert_eq!(book.mark(at).severity, Severity::Warning);
    let remark = book.remark(at).unwrap();
    assert_eq!(
        (remark.title.as_str(), remark.sentence.as_str()),
        ("Already a member", "Another name.")
    );
    for edit in [
        GridEdit::Set {
            at,
            text: "x".to_owned(),
        },
        GridEdit::DeleteRows {
            area: Area {
                first: at,
                last: at,
            },
        },
    ] {
        assert!(book.apply(edit).announce.contains("not changed"));
    }
    assert_eq!(text(&book, 0, 0), "ada@x.test");
    // A column comes for all rows; a row is added to those that are still here.
    book.apply(GridEdit::InsertColumn { at: 0 });
    assert_eq!(text(&book, 0, 1), "ada@x.test");
    book.apply(GridEdit::InsertRow { at: 1 });
    assert_eq!((book.rows(), book.is_read_only()), (3, false));
}
