use super::*;
use crate::bulk::columns::column_problems;
use crate::bulk::edit::tests::{act, any_sheet, perform};
use crate::bulk::operation::Operation;
use crate::bulk::remote::Answers;
use crate::bulk::sheet::SheetOptions;
use crate::domain::role::Role;
use crate::domain::time::CivilDate;
use proptest::prelude::*;

pub(crate) const CONTEXT: RuleContext = RuleContext {
    today: CivilDate {
        year: 2026,
        month: 11,
        day: 23,
    },
    max_role: Role::Admin,
};

fn read(text: &str) -> Sheet {
    Sheet::from_bytes(text.as_bytes(), SheetOptions::default()).unwrap()
}

/// Codes by position, with the column's name.
fn codes(sheet: &Sheet, checker: &Checker) -> Vec<(usize, String, ProblemCode)> {
    let mut out = Vec::new();
    for (at, &row) in sheet.row_ids().iter().enumerate() {
        for problem in checker.problems_of(row) {
            let column = problem.column.and_then(|id| sheet.column(id));
            out.push((
                at,
                column.map_or(String::new(), |c| c.name.clone()),
                problem.code,
            ));
        }
    }
    out
}

fn only_codes(text: &str) -> Vec<ProblemCode> {
    let sheet = read(text);
    let checker = Checker::full(&sheet, CONTEXT);
    codes(&sheet, &checker)
        .into_iter()
        .map(|(.., code)| code)
        .collect()
}

#[test]
fn problems_stand_at_their_cells() {
    let sheet = read(
        "email,role,expires_on,external_id\n\
         a@x.test,learner,2027-01-01,0001\n\
         ada at x.test,teacher,31.12.2026,1.23E+11\n\
         ,admin,2026-11-22,\n\
         A@x.test,,2027-11-24,\n",
    );
    let checker = Checker::full(&sheet, CONTEXT);
    let at = |row, column: &str, code| (row, column.to_owned(), code);
    assert_eq!(
        codes(&sheet, &checker),
        [
            at(1, "email", ProblemCode::EmailAtSpelled),
            at(1, "role", ProblemCode::RoleUnknown),
            at(1, "expires_on", ProblemCode::ExpiresInvalid),
            at(1, "external_id", ProblemCode::ExcelDamage),
            at(2, "email", ProblemCode::EmailMissing),
            at(2, "expires_on", ProblemCode::ExpiresPast),
            at(3, "expires_on", ProblemCode::ExpiresTooFar),
            at(3, "email", ProblemCode::DuplicateInFile),
        ]
    );
    assert_eq!(checker.rows_with_errors(), 3);
    assert_eq!(checker.count(ProblemCode::EmailMissing), 1);
    let duplicate = *checker
        .problems_of(sheet.row_at(3).unwrap())
        .last()
        .unwrap();
    let told = checker.message(&sheet, &duplicate);
    assert!(
        told.ends_with("(It is row 1, on line 2 of the file.)"),
        "{told}"
    );
    let told = checker.message_by_line(&sheet, &duplicate);
    assert!(told.ends_with("(It is on line 2 of the file.)"), "{told}");
}

#[test]
fn same_address_with_other_targets_is_split_rows() {
    assert_eq!(
        only_codes("email,courses\na@x.test,c1|c2\na@x.test,c2 | c1\na@x.test,c3\na@x.test,C3\n"),
        [
            ProblemCode::DuplicateInFile,
            ProblemCode::SplitRows,
            ProblemCode::SplitRows
        ]
    );
}

#[test]
fn what_reading_found_is_shown() {
    assert_eq!(
        only_codes("email,note\na@x.test,5\" pipe\nb@x.test\nc@x.test,1,2\nd@x.test,\"open\n"),
        [
            ProblemCode::StrayQuote,
            ProblemCode::RaggedRow,
            ProblemCode::RaggedRow,
            ProblemCode::UnclosedQuote
        ]
    );
    let sheet = Sheet::from_bytes(
        b"email,note\na@x.test,\xff\nb@x.test,\0\n",
        SheetOptions::default(),
    )
    .unwrap();
    let mut checker = Checker::full(&sheet, CONTEXT);
    let found: Vec<_> = codes(&sheet, &checker)
        .into_iter()
        .map(|(.., c)| c)
        .collect();
    assert_eq!(found, [ProblemCode::BadUtf8, ProblemCode::Nul]);
    let mut sheet = sheet;
    let (row, note) = (sheet.row_at(0).unwrap(), sheet.columns()[1].id);
    let applied = sheet.apply(Operation::set_cell(row, note, "fine"));
    checker.recheck(&sheet, &applied);
    assert!(!checker.has_problem(row));
}

#[test]
fn a_missing_column_is_one_problem() {
    let sheet = read("first_name,phone\nAda,1\nBob,2\n");
    let checker = Checker::full(&sheet, CONTEXT);
    assert_eq!(checker.rows_with_problems(), 0);
    let problems = column_problems(&sheet);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].code, ProblemCode::EmailColumnMissing);
    let twice = column_problems(&read("email,role,Role\na@x.test,,\n"));
    assert_eq!(twice.len(), 1);
    assert_eq!(twice[0].code, ProblemCode::ColumnDuplicate);
}

#[test]
fn problems_are_walked_round() {
    let sheet = read("email,role\nbad,worse\na@x.test,\n,learner\n");
    let checker = Checker::full(&sheet, CONTEXT);
    let ids: Vec<_> = sheet.columns().iter().map(|c| c.id).collect();
    let mut at = None;
    let mut seen = Vec::new();
    for _ in 0..4 {
        at = checker.next_problem(&sheet, sheet.row_ids(), at, Direction::Next);
        seen.push(at.unwrap());
    }
    assert_eq!(seen, [(0, ids[0]), (0, ids[1]), (2, ids[0]), (0, ids[0])]);
    let back = checker.next_problem(
        &sheet,
        sheet.row_ids(),
        Some((0, ids[0])),
        Direction::Previous,
    );
    assert_eq!(back, Some((2, ids[0])));
    assert_eq!(
        checker.next_problem(&sheet, sheet.row_ids(), None, Direction::Previous),
        Some((2, ids[0]))
    );
    let clean = read("email\na@x.test\n");
    let checker = Checker::full(&clean, CONTEXT);
    assert_eq!(
        checker.next_problem(&clean, clean.row_ids(), None, Direction::Next),
        None
    );
}

#[test]
fn the_server_is_asked_once_and_its_answers_show() {
    let mut sheet = read("email,courses\nA@x.test,c1\nb@x.test,c1|c2\na@x.test,c3\nbad,c9\n");
    let mut checker = Checker::full(&sheet, CONTEXT);
    let questions = checker.questions(&sheet, 100);
    assert_eq!(questions.emails, ["a@x.test", "b@x.test"]);
    assert_eq!(questions.courses, ["c1", "c2", "c3", "c9"]);
    assert!(checker.questions(&sheet, 100).is_empty());
    let answers = Answers {
        members: &["a@x.test".to_owned()],
        invited: &["b@x.test".to_owned()],
        unknown_courses: &["c2".to_owned()],
        ..Answers::default()
    };
    assert!(checker.answer(&sheet, &questions, answers));
    assert_eq!(checker.count(ProblemCode::AlreadyMember), 2);
    assert_eq!(checker.count(ProblemCode::AlreadyInvited), 1);
    assert_eq!(checker.count(ProblemCode::CourseUnknown), 1);
    let row = sheet.row_at(1).unwrap();
    let (email, courses) = (sheet.columns()[0].id, sheet.columns()[1].id);
    let problem = *checker
        .problems_of(row)
        .find(|problem| problem.column == Some(courses))
        .unwrap();
    assert!(checker.message(&sheet, &problem).contains("c2"));
    let applied = sheet.apply(Operation::SetCells {
        edits: vec![
            (row, courses, "c1".to_owned()),
            (row, email, "new@x.test".to_owned()),
        ],
    });
    checker.recheck(&sheet, &applied);
    assert!(!checker.has_problem(row));
    let again = checker.questions(&sheet, 100);
    assert_eq!(again.emails, ["new@x.test"]);
    checker.ask_again(&sheet, &again);
    assert_eq!(checker.questions(&sheet, 100), again);
}

#[test]
fn an_outcome_stands_until_the_row_is_edited() {
    let mut sheet = read("email\na@x.test\n");
    let mut checker = Checker::full(&sheet, CONTEXT);
    let row = sheet.row_at(0).unwrap();
    let problem = FieldProblem {
        field: Some(Field::Email),
        code: ProblemCode::Suppressed,
    };
    checker.set_outcomes(vec![(row, problem)]);
    assert!(!checker.progress(&sheet).is_complete());
    checker.advance(&sheet, 10);
    assert!(checker.has_error(row));
    let email = sheet.columns()[0].id;
    let applied = sheet.apply(Operation::set_cell(row, email, "b@x.test"));
    checker.recheck(&sheet, &applied);
    assert!(!checker.has_error(row));
    assert_eq!(checker.rows_with_errors(), 0);
}

#[test]
fn an_outcome_goes_when_its_column_means_something_else() {
    let mut sheet = read("email,x\na@x.test,1\n");
    let mut checker = Checker::full(&sheet, CONTEXT);
    let row = sheet.row_at(0).unwrap();
    let problem = FieldProblem {
        field: Some(Field::Email),
        code: ProblemCode::Suppressed,
    };
    checker.set_outcomes(vec![(row, problem)]);
    let other = sheet.columns()[1].id;
    let applied = sheet.apply(Operation::map_column(other, ColumnUse::Field(Field::Note)));
    checker.recheck(&sheet, &applied);
    checker.advance(&sheet, 10);
    assert!(!checker.has_problem(row));
}

#[test]
fn what_no_catalog_can_have_is_not_asked_about() {
    let long = "k".repeat(crate::bulk::limits::NAME_CHARS_MAX + 1);
    let many = "m|".repeat(60_000);
    let huge = "h".repeat(40_000);
    let sheet = read(&format!(
        "email,courses\na@x.test,{long}|fine\nb@x.test,{many}\nc@x.test,{huge}\nd@x.test,bell\u{7}|next\n"
    ));
    let mut checker = Checker::full(&sheet, CONTEXT);
    let questions = checker.questions(&sheet, 100);
    assert_eq!(questions.courses, ["fine", "next"]);
    assert_eq!(questions.emails.len(), 4);
    let answers = Answers {
        unknown_courses: &["fine".to_owned()],
        ..Answers::default()
    };
    assert!(checker.answer(&sheet, &questions, answers));
    assert_eq!(checker.count(ProblemCode::CourseUnknown), 1);
    assert!(checker.has_answers());
    checker.forget_answers();
    checker.advance(&sheet, 10);
    assert_eq!(checker.count(ProblemCode::CourseUnknown), 0);
    assert_eq!(checker.questions(&sheet, 100).courses, ["fine", "next"]);
}

#[test]
fn many_rows_of_one_address_are_checked_again_quickly() {
    let text = format!("email\n{}", "a@x.test\n".repeat(4_000));
    let mut sheet = read(&text);
    let mut checker = Checker::full(&sheet, CONTEXT);
    let email = sheet.columns()[0].id;
    let edits = sheet.row_ids()[..3_000]
        .iter()
        .map(|row| (*row, email, "b@x.test".to_owned()))
        .collect();
    let applied = sheet.apply(Operation::SetCells { edits });
    checker.recheck(&sheet, &applied);
    assert_same(&sheet, &checker);
}

#[test]
fn without_a_header_a_longer_row_makes_no_other_ragged() {
    let filler = "x@x.test,X\n".repeat(10);
    assert_eq!(
        only_codes(&format!("a@x.test,A\n{filler}b@x.test,B,C\nc@x.test,C\n"))
            .into_iter()
            .filter(|code| *code == ProblemCode::RaggedRow)
            .count(),
        1
    );
}

fn assert_same(sheet: &Sheet, checker: &Checker) {
    let full = Checker::full(sheet, CONTEXT);
    assert_eq!(codes(sheet, checker), codes(sheet, &full));
    for &row in sheet.row_ids() {
        let (a, b): (Vec<_>, Vec<_>) = (
            checker.problems_of(row).collect(),
            full.problems_of(row).collect(),
        );
        assert_eq!(a, b);
        assert_eq!(checker.has_error(row), full.has_error(row));
    }
    assert_eq!(checker.counts(), full.counts());
    assert_eq!(checker.rows_with_errors(), full.rows_with_errors());
    assert_eq!(checker.rows_with_problems(), full.rows_with_problems());
    assert!(checker.progress(sheet).is_complete());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn checking_what_was_touched_is_checking_everything(
        mut sheet in any_sheet(),
        acts in prop::collection::vec(act(), 1..25),
        slice in 1_usize..4,
    ) {
        let mut checker = Checker::new(CONTEXT);
        // The first operations fall into a sheet that is only half checked.
        for act in &acts {
            checker.advance(&sheet, slice);
            if let Some(applied) = perform(&mut sheet, act) {
                checker.recheck(&sheet, &applied);
            }
        }
        while !checker.advance(&sheet, slice).is_complete() {}
        assert_same(&sheet, &checker);
    }
}
