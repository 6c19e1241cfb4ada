//! Lists in the grid: headers, problems, undo, files.

use super::*;

fn users(text: &str) -> Read {
    Table::read(&USERS, text.as_bytes()).unwrap_or_else(|why| panic!("{why}"))
}

#[test]
fn headers_are_known_by_many_words_and_what_is_unknown_is_named() {
    let read = users("Vorname;E-Mail;Abteilung;login\nAda;ada@acme.test;X;ada\n;;;\n");
    assert_eq!(read.dropped, ["Abteilung"]);
    let rows = read.table.rows();
    assert_eq!(rows.len(), 1, "an empty row is none");
    assert_eq!(rows[0].cells, ["ada@acme.test", "Ada", "", "ada"]);
    assert_eq!(rows[0].line, 2);
    for (bad, why) in [
        ("name\nada", "no column email"),
        ("email\n", "no rows"),
        ("", "no column"),
    ] {
        let Err(said) = Table::read(&USERS, bad.as_bytes()) else {
            panic!("{bad:?} was read");
        };
        assert!(said.contains(why), "{said}");
    }
    let many = format!("email\n{}", "a@b.test\n".repeat(ROWS_MAX + 1));
    assert!(Table::read(&USERS, many.as_bytes()).is_err());
}

#[test]
fn problems_stand_at_their_cells_and_go_when_they_are_cured() {
    let text = "email,username\nnobody,ada\nAda@acme.test,ADA\nada@ACME.test,x y\n";
    let mut table = users(text).table;
    assert!(table.problem(0, 0).is_some());
    assert_eq!(table.problem(1, 3), Some("The same as in row 1."));
    assert_eq!(table.problem(2, 0), Some("The same as in row 2."));
    assert!(table.problem(2, 3).is_some());
    assert_eq!(table.problem_rows(), 3);
    assert_eq!(table.next_problem(None, false), Some((0, 0)));
    assert_eq!(table.next_problem(Some((2, 3)), false), Some((0, 0)));
    assert_eq!(table.next_problem(Some((0, 0)), true), Some((2, 3)));
    table.set(vec![
        ((0, 0), "bea@acme.test".to_owned()),
        ((1, 3), String::new()),
    ]);
    table.delete_rows(2..3);
    assert_eq!(table.problem_rows(), 0);
    assert!(table.is_changed(0, 0) && !table.is_changed(1, 0));
}

#[test]
fn every_step_is_undone_and_done_again() {
    let mut table = users("email\na@b.test\nb@b.test\n").table;
    let first = table.cells();
    assert!(table.set(vec![((4, 0), "c@b.test".to_owned())]));
    assert_eq!(table.rows().len(), 5);
    assert!(table.insert_row(0) && table.delete_rows(0..2));
    let last = table.cells();
    assert!(
        !table.set(vec![((0, 0), table.cell(0, 0).to_owned())]),
        "nothing is another"
    );
    while table.undo() {}
    assert_eq!(table.cells(), first);
    while table.redo() {}
    assert_eq!(table.cells(), last);
}

#[test]
fn what_is_done_goes_and_the_rest_says_why() {
    let mut table = users("email\na@b.test\nb@b.test\nc@b.test\n").table;
    let done = |outcome, message: &str| RowDone {
        outcome,
        column: 3,
        message: message.to_owned(),
    };
    table.take(&[
        done(TableOutcome::Created, ""),
        done(TableOutcome::Invalid, "Somebody else has this username."),
        done(TableOutcome::Exists, ""),
    ]);
    assert_eq!(table.cells(), [["b@b.test", "", "", ""]]);
    assert_eq!(
        table.problem(0, 3),
        Some("Somebody else has this username.")
    );
    assert_eq!(table.steps(), (false, false));
    table.set(vec![((0, 3), "bea".to_owned())]);
    assert_eq!(table.problem_rows(), 0);
}

#[test]
fn s44_s45_lists_are_written_for_spreadsheets_and_read_back() {
    let mut table = users("email,first_name\na@b.test,x\n").table;
    table.set(vec![((0, 1), "=1+1".to_owned())]);
    let file = table.to_csv();
    assert!(String::from_utf8_lossy(&file).contains("'=1+1"));
    let read = Table::read(&USERS, &file).unwrap_or_else(|why| panic!("{why}"));
    assert!(read.dropped.is_empty());
    assert_eq!(read.table.cells(), table.cells());
    for template in [&USERS, &ITEMS] {
        let empty = Table::read(template, template.csv().as_bytes());
        assert_eq!(
            empty.err().as_deref(),
            Some("The file has a header and no rows.")
        );
    }
}

#[test]
fn courses_belong_to_programs() {
    let text = "key,title,kind,courses\nA,About,,\nA,About,program,A|B\nB,About,course,A\n,x,y,\n";
    let read = Table::read(&ITEMS, text.as_bytes()).unwrap_or_else(|why| panic!("{why}"));
    let table = read.table;
    assert_eq!(table.problem(2, 4), Some("Only a program has courses."));
    assert_eq!(table.problem(3, 0), Some("Enter a key, such as BIO-101."));
    assert_eq!(table.problem_rows(), 2, "a program may have a course's key");
    assert_eq!(course_keys(table.cell(1, 4)), ["A", "B"]);
}
