//! Lists in the grid: headers, problems, undo, files.

use super::*;
use crate::bulk::limits::PROGRAM_COURSES_MAX;

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
        Some(done(TableOutcome::Created, "")),
        Some(done(
            TableOutcome::Invalid,
            "Somebody else has this username.",
        )),
        Some(done(TableOutcome::Exists, "")),
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
fn a_row_that_repeats_one_which_is_done_says_so_without_its_number() {
    let mut table = users("email\na@b.test\nA@b.test\nnobody\nnobody@b.test\n").table;
    let rows = table.cells();
    let cells: Vec<&[String]> = rows.iter().map(Vec::as_slice).collect();
    let mut done = USERS.judge(&cells);
    let told: Vec<_> = done
        .iter()
        .map(|one| one.as_ref().map(|one| one.outcome))
        .collect();
    assert_eq!(
        told,
        [
            None,
            Some(TableOutcome::DuplicateInFile),
            Some(TableOutcome::Invalid),
            None
        ]
    );
    let said = |one: &Option<RowDone>| one.as_ref().map(|one| one.message.clone());
    assert_eq!(
        said(&done[1]).as_deref(),
        Some("The same as in row 1, which counts.")
    );
    // The first row is done; nothing is known of the last one.
    assert_eq!(USERS.parts(&rows, &done), [[0, 3]]);
    done[0] = Some(RowDone {
        outcome: TableOutcome::Created,
        column: 0,
        message: String::new(),
    });
    let file = outcomes_csv(&USERS, &rows, &done);
    let file = String::from_utf8_lossy(&file);
    assert!(file.contains("a@b.test,,,,Made,"), "{file}");
    assert!(file.contains("nobody@b.test,,,,Not submitted,"), "{file}");
    assert!(Table::read(&USERS, file.as_bytes()).is_ok_and(|read| read.dropped.is_empty()));
    table.take(&done);
    assert_eq!(table.problem(0, 0), Some(REPEATED));
    assert_eq!((table.rows().len(), table.problem(2, 0)), (3, None));
    // As long as the row that it repeats is here, its number is said.
    table.set(vec![
        ((1, 0), "b@b.test".to_owned()),
        ((2, 0), "b@b.test".to_owned()),
    ]);
    assert_eq!(table.problem(2, 0), Some("The same as in row 2."));
}

#[test]
fn a_list_of_many_bytes_is_sent_in_parts_and_courses_before_programs() {
    let row = |key: &str, courses: String| {
        vec![
            key.to_owned(),
            "About".to_owned(),
            "program".to_owned(),
            String::new(),
            courses,
        ]
    };
    let wide: Vec<String> = (0..200).map(|n| format!("KEY-{n:0>96}")).collect();
    let mut rows: Vec<Vec<String>> = (0..300)
        .map(|n| row(&format!("P{n}"), wide.join("|")))
        .collect();
    rows.push(row("LAST", String::new()));
    let parts = ITEMS.parts(&rows, &vec![None; rows.len()]);
    assert!(parts.len() > 3, "{}", parts.len());
    assert_eq!(parts.first().and_then(|part| part.first()), Some(&300));
    let mut sent = parts.concat();
    sent.sort_unstable();
    assert_eq!(sent, (0..301).collect::<Vec<_>>());
    for part in &parts {
        let part: Vec<_> = part.iter().map(|at| &rows[*at]).collect();
        let json = serde_json::to_string(&part).unwrap_or_default();
        assert!(json.len() <= crate::bulk::limits::CHUNK_BYTES);
    }
    // No row is too large for a part.
    let long = row("P", "x".repeat(crate::bulk::limits::CELL_BYTES_MAX + 1));
    assert!(ITEMS.problem(&long).is_some_and(|(column, _)| column == 4));
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

#[test]
fn a_program_has_as_many_courses_in_a_list_as_in_a_form() {
    let keys = |n: usize| {
        (0..n)
            .map(|n| format!("K{n}"))
            .collect::<Vec<_>>()
            .join("|")
    };
    let problem = |cell: &str| {
        let cells = ["P", "A program", "program", "", cell].map(str::to_owned);
        ITEMS.problem(&cells)
    };
    for fits in [101, 150, PROGRAM_COURSES_MAX] {
        assert_eq!(problem(&keys(fits)), None, "{fits}");
    }
    // One that is named twice is one.
    assert_eq!(
        problem(&format!("{0}|{0}", keys(PROGRAM_COURSES_MAX))),
        None
    );
    for many in [PROGRAM_COURSES_MAX + 1, 5 * PROGRAM_COURSES_MAX] {
        let (column, message) = problem(&keys(many)).unwrap_or_default();
        assert_eq!(column, 4);
        assert!(
            message.contains(&PROGRAM_COURSES_MAX.to_string()),
            "{message}"
        );
    }
}
