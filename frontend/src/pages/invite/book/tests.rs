//! Edits, filters and cures as the grid asks for them.

use super::*;
use crate::components::grid::{Direction, GridEdit, GridSource};
use app::bulk::{cure::Way, sheet::SheetOptions};

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
        book.next_problem(Some(Place::new(0, 0)), Direction::Forward),
        problem
    );
    assert_eq!(
        book.next_problem(Some(Place::new(2, 1)), Direction::Forward),
        problem
    );
    assert_eq!(
        book.next_problem(Some(Place::new(2, 1)), Direction::Backward),
        problem
    );
    book.set_filter(Some(Filter::Problems));
    let shown = Some(Place::new(0, 0));
    assert_eq!(
        book.next_problem(Some(Place::new(0, 1)), Direction::Forward),
        shown
    );
    assert_eq!(
        book.next_problem(Some(Place::new(0, 1)), Direction::Backward),
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
fn names_in_one_cell_are_parted_by_one_key() {
    let book = book("email,first_name,last_name\na@x.test,\"Lovelace, Ada\",\n");
    let at = Place::new(0, 1);
    let remark = book.remark(at).unwrap();
    assert_eq!(remark.cure.as_deref(), Some("Change to Ada | Lovelace"));
    assert_eq!(remark.cure_all, None, "there is one");
    book.apply(GridEdit::Cure { at, all: false });
    assert_eq!(
        (text(&book, 0, 1), text(&book, 0, 2)),
        ("Ada".to_owned(), "Lovelace".to_owned())
    );
    book.apply(GridEdit::Undo);
    assert_eq!(text(&book, 0, 1), "Lovelace, Ada");
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
    assert_eq!((book.rows(), book.refusal().is_some()), (2, false));

    book.set_filter(Some(Filter::Submitted));
    assert_eq!((book.rows(), book.refusal().is_some()), (1, true));
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
    assert_eq!((book.rows(), book.refusal().is_some()), (3, false));
}

#[test]
fn work_is_what_stands_in_no_file() {
    let book = book(FILE);
    let at = Place::new(0, 1);
    let set = |text: &str| {
        book.apply(GridEdit::Set {
            at,
            text: text.to_owned(),
        })
    };
    set("Ida");
    assert!(book.is_dirty());
    // Nothing is changed where all of it was undone, and again once it is done again.
    book.apply(GridEdit::Undo);
    assert!(!book.is_dirty());
    book.apply(GridEdit::Redo);
    assert!(book.is_dirty());
    book.apply(GridEdit::Undo);
    set("Eva");
    assert!(book.is_dirty());
    // What was set aside is as it was.
    let other = Sheet::from_pasted("email\na@x.test\n").unwrap();
    let checker = Checker::full(&other, *book.document().checker.context());
    let mut pasted = Document::new(other, checker);
    pasted.clean = None;
    let earlier = book.replace(pasted);
    assert!(earlier.is_dirty());
    assert!(book.is_dirty(), "a pasted list stands in no file");
    let area = Area {
        first: Place::new(0, 0),
        last: Place::new(0, 0),
    };
    book.apply(GridEdit::DeleteRows { area });
    assert!(!book.is_dirty(), "nothing is left");
    book.replace(earlier);
    assert!(book.is_dirty());
}

#[test]
fn the_first_problem_may_be_where_a_fresh_grid_begins() {
    let book = book("email,role\nbad,\nworse,\n");
    let first = Some(Place::new(0, 0));
    assert_eq!(book.next_problem(None, Direction::Forward), first);
    assert_eq!(
        book.next_problem(first, Direction::Forward),
        Some(Place::new(1, 0))
    );
}

#[test]
fn only_what_can_be_cured_is_counted() {
    let book = book("email\nada at x.test\nbob at x.test\nat\na b c\nx at\n");
    let remark = book.remark(Place::new(0, 0)).unwrap();
    let counted = remark.cure_all.unwrap();
    let code = ProblemCode::EmailAtSpelled;
    let (all, curable) = {
        let document = book.document();
        let cures = document
            .checker
            .cures(&document.sheet, code, Way::Usual)
            .len();
        (document.checker.count(code), cures)
    };
    assert_eq!(counted, format!("Fix all {curable}"));
    assert!(curable <= all);
}

#[test]
fn rows_of_one_person_are_merged_all_at_once() {
    let book = book("email,courses\na@x.test,c1\na@x.test,c2\na@x.test,c3\n");
    let remark = book.remark(Place::new(1, 0)).unwrap();
    assert_eq!(remark.cure_all.as_deref(), Some("Merge all 2"));
    assert!(
        remark
            .sentence
            .ends_with("(It is row 1, on line 2 of the file.)")
    );
}

#[test]
fn a_paste_under_a_filter_loses_nothing() {
    let book = book("email,note\na@x.test,\nbad,\nb@x.test,\nworse,\n");
    book.set_filter(Some(Filter::Problems));
    let area = |rows: usize| Area {
        first: Place::new(0, 1),
        last: Place::new(rows - 1, 1),
    };
    // One cell fills what is selected.
    let applied = book.apply(GridEdit::Paste {
        area: area(2),
        cells: vec![vec!["x".to_owned()]],
    });
    assert_eq!(applied.announce, "Pasted 2 rows.");
    assert_eq!(
        (text(&book, 0, 1), text(&book, 1, 1)),
        ("x".to_owned(), "x".to_owned())
    );
    // What is longer than the view is added, and all of it is shown.
    let cells = ["1", "2", "3"].map(|cell| vec![cell.to_owned(), "beyond".to_owned()]);
    let applied = book.apply(GridEdit::Paste {
        area: area(1),
        cells: cells.to_vec(),
    });
    assert_eq!(
        applied.announce,
        "Pasted 3 rows. 1 row added at the end. 1 column had no room."
    );
    assert_eq!(applied.select, Some(Place::new(1, 1)));
    let notes: Vec<String> = (0..book.rows()).map(|row| text(&book, row, 1)).collect();
    assert_eq!(notes, ["", "1", "", "2", "3"]);
}

#[test]
fn an_undo_is_shown_where_it_acted() {
    let book = book("email,note\na@x.test,\nbad,\nb@x.test,\n");
    book.apply(GridEdit::Set {
        at: Place::new(2, 1),
        text: "x".to_owned(),
    });
    book.apply(GridEdit::Set {
        at: Place::new(1, 0),
        text: "worse".to_owned(),
    });
    book.set_filter(Some(Filter::Problems));
    // This one is in sight, so the filter stays.
    let applied = book.apply(GridEdit::Undo);
    assert_eq!((applied.select, book.rows()), (Some(Place::new(0, 0)), 1));
    // This one is not.
    let applied = book.apply(GridEdit::Undo);
    assert_eq!((applied.select, book.rows()), (Some(Place::new(2, 1)), 3));
    book.set_filter(Some(Filter::Problems));
    let applied = book.apply(GridEdit::Redo);
    assert_eq!((applied.select, book.rows()), (Some(Place::new(2, 1)), 3));
    // Rows that come back are shown, too.
    let area = Area {
        first: Place::new(2, 0),
        last: Place::new(2, 0),
    };
    book.apply(GridEdit::DeleteRows { area });
    book.set_filter(Some(Filter::Problems));
    let applied = book.apply(GridEdit::Undo);
    assert_eq!((applied.select, book.rows()), (Some(Place::new(2, 0)), 3));
}

#[test]
fn a_long_sheet_is_emptied_by_columns() {
    let book = book(&format!(
        "email,note\n{}",
        "a@x.test,n\n".repeat(CHECK_AT_ONCE + 1)
    ));
    let area = Area {
        first: Place::new(0, 1),
        last: Place::new(CHECK_AT_ONCE, 1),
    };
    book.apply(GridEdit::Fill {
        area,
        text: String::new(),
    });
    assert_eq!(
        (text(&book, 7, 0).as_str(), text(&book, 7, 1).as_str()),
        ("a@x.test", "")
    );
    assert_eq!(book.heading(1).name, "note");
    assert!(!book.mark(Place::new(7, 1)).changed, "no cell was edited");
    book.apply(GridEdit::Undo);
    assert_eq!(text(&book, 7, 1), "n");
    assert!(!book.is_dirty());
}
