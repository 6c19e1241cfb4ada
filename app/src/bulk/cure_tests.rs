use std::fmt::Write as _;

use super::*;
use crate::bulk::check::tests::CONTEXT;
use crate::bulk::sheet::SheetOptions;

fn usual(code: ProblemCode, field: Option<Field>, text: &str) -> Option<String> {
    cure(code, field, text, Way::Usual)
}

/// A list that is kept in step with its problems.
struct List {
    sheet: Sheet,
    checker: Checker,
}

impl List {
    fn read(text: &str) -> Self {
        let sheet = Sheet::from_bytes(text.as_bytes(), SheetOptions::default()).unwrap();
        let checker = Checker::full(&sheet, CONTEXT);
        Self { sheet, checker }
    }

    /// Cures a kind in one step; the list as a file afterwards.
    fn cure(&mut self, code: ProblemCode, way: Way) -> String {
        let operation = self.checker.cure_all(&self.sheet, code, way).unwrap();
        let steps = self.sheet.history().len();
        let applied = self.sheet.apply(operation);
        self.checker.recheck(&self.sheet, &applied);
        assert_eq!(self.sheet.history().len(), steps + 1, "one step");
        String::from_utf8(self.sheet.to_csv()).unwrap()
    }

    fn undo(&mut self) -> String {
        let applied = self.sheet.undo().unwrap();
        self.checker.recheck(&self.sheet, &applied);
        let fresh = Checker::full(&self.sheet, CONTEXT);
        assert_eq!(self.checker.counts(), fresh.counts());
        String::from_utf8(self.sheet.to_csv()).unwrap()
    }
}

#[test]
fn cures() {
    let date = usual(
        ProblemCode::ExpiresInvalid,
        Some(Field::ExpiresOn),
        "31.12.2026",
    );
    assert_eq!(date.as_deref(), Some("2026-12-31"));
    assert_eq!(usual(ProblemCode::ExpiresInvalid, None, "01-Mar"), None);
    let role = usual(ProblemCode::RoleUnknown, Some(Field::Role), " Teacher");
    assert_eq!(role.as_deref(), Some("instructor"));
    let name = usual(
        ProblemCode::ControlCharacter,
        Some(Field::FirstName),
        "Ada\r\nMaria\u{7}",
    );
    assert_eq!(name.as_deref(), Some("Ada Maria"));
    assert_eq!(usual(ProblemCode::DuplicateInFile, None, "x"), None);
    let hidden = usual(
        ProblemCode::InvisibleCharacter,
        None,
        "\u{a0}Ada\u{200b}\u{a0}M ",
    );
    assert_eq!(hidden.as_deref(), Some("Ada M"));
    // In this script the joiner is a letter's part.
    let hidden = usual(
        ProblemCode::InvisibleCharacter,
        None,
        "نیک\u{200c}پور\u{feff}",
    );
    assert_eq!(hidden.as_deref(), Some("نیک\u{200c}پور"));
}

/// Each of the commonest mistakes: the file, what is wrong, how it is cured, the file then.
const COMMON: [(&str, ProblemCode, Way, &str); 15] = [
    (
        "email\r\nada at acme.test\r\nbob (at) acme.test\r\n",
        ProblemCode::EmailAtSpelled,
        Way::Usual,
        "email\r\nada@acme.test\r\nbob@acme.test\r\n",
    ),
    (
        "email\r\nada@gmial.com\r\nbob@hotmal.com\r\n",
        ProblemCode::EmailDomainTypo,
        Way::Usual,
        "email\r\nada@gmail.com\r\nbob@hotmail.com\r\n",
    ),
    (
        "email\r\nada\u{200b}@acme.test\r\n",
        ProblemCode::EmailZeroWidth,
        Way::Usual,
        "email\r\nada@acme.test\r\n",
    ),
    (
        "email\r\na da@acme.test\r\n",
        ProblemCode::EmailInnerSpace,
        Way::Usual,
        "email\r\nada@acme.test\r\n",
    ),
    (
        "email\r\nAda L <ada@acme.test>\r\n",
        ProblemCode::EmailDisplayName,
        Way::Usual,
        "email\r\nada@acme.test\r\n",
    ),
    (
        "email,first_name,courses\r\na@x.test,Ada\u{a0},c\u{200b}1\r\n",
        ProblemCode::InvisibleCharacter,
        Way::Usual,
        "email,first_name,courses\r\na@x.test,Ada,c1\r\n",
    ),
    (
        "email,role\r\na@x.test,TEACHER\r\nb@x.test,Students\r\n",
        ProblemCode::RoleUnknown,
        Way::Usual,
        "email,role\r\na@x.test,instructor\r\nb@x.test,learner\r\n",
    ),
    (
        "email,first_name,last_name\r\na@x.test,\"Lovelace, Ada\",\r\nb@x.test,,\"Boole, George\"\r\n",
        ProblemCode::NameOrder,
        Way::Usual,
        "email,first_name,last_name\r\na@x.test,Ada,Lovelace\r\nb@x.test,George,Boole\r\n",
    ),
    (
        "email,expires_on\r\na@x.test,31.12.2026\r\nb@x.test,5 Jan 2027\r\nc@x.test,3/4/2027\r\n",
        ProblemCode::ExpiresInvalid,
        Way::Usual,
        "email,expires_on\r\na@x.test,2026-12-31\r\nb@x.test,2027-01-05\r\nc@x.test,3/4/2027\r\n",
    ),
    (
        "email,expires_on\r\na@x.test,3/4/2027\r\n",
        ProblemCode::ExpiresInvalid,
        Way::DayFirst,
        "email,expires_on\r\na@x.test,2027-04-03\r\n",
    ),
    (
        "email,expires_on\r\na@x.test,3/4/2027\r\n",
        ProblemCode::ExpiresInvalid,
        Way::MonthFirst,
        "email,expires_on\r\na@x.test,2027-03-04\r\n",
    ),
    (
        "email,note\r\na@x.test,1\r\nb@x.test,2\r\nA@x.test,3\r\na@x.test,4\r\n",
        ProblemCode::DuplicateInFile,
        Way::Usual,
        "email,note\r\na@x.test,1\r\nb@x.test,2\r\n",
    ),
    (
        "email,note\r\na@x.test,1\r\nb@x.test,2\r\nA@x.test,3\r\na@x.test,4\r\n",
        ProblemCode::DuplicateInFile,
        Way::KeepLast,
        "email,note\r\nb@x.test,2\r\na@x.test,4\r\n",
    ),
    (
        "email,courses,programs\r\na@x.test,c1,\r\na@x.test,c2,p1\r\na@x.test,c1|c3,\r\n",
        ProblemCode::SplitRows,
        Way::Usual,
        "email,courses,programs\r\na@x.test,c1|c2|c3,p1\r\n",
    ),
    (
        "email,first_name\r\na@x.test,\"Ada\r\nMaria\"\r\n",
        ProblemCode::ControlCharacter,
        Way::Usual,
        "email,first_name\r\na@x.test,Ada Maria\r\n",
    ),
];

#[test]
fn each_of_the_commonest_mistakes_is_cured_in_one_step_that_is_undone() {
    for (file, code, way, cured) in COMMON {
        let mut list = List::read(file);
        let before = list.checker.counts();
        assert!(list.checker.count(code) > 0, "{code:?}: {before:?}");
        assert_eq!(list.cure(code, way), cured, "{code:?} {way:?}");
        let left = list.checker.count(code);
        let unclear = list.checker.cures(&list.sheet, code, way);
        assert!(left == 0 || unclear.is_empty(), "{code:?} {left}");
        assert_eq!(list.undo(), file, "{code:?} {way:?}");
        assert_eq!(list.checker.counts(), before);
    }
}

#[test]
fn what_belongs_behind_a_name_is_no_first_name() {
    for name in [
        "King, Jr.",
        "Ada, PhD",
        "Lovelace",
        "a, b, c",
        ", Ada",
        "Ada,",
        "7, 8",
    ] {
        assert_eq!(last_first(name), None, "{name}");
    }
    assert_eq!(
        last_first("Lovelace , Ada M."),
        Some(("Lovelace", "Ada M."))
    );
    // With both names given, a comma is nobody's mistake.
    let list = List::read("email,first_name,last_name\na@x.test,\"Ada, Maria\",Lovelace\n");
    assert_eq!(list.checker.count(ProblemCode::NameOrder), 0);
    // One column for both names.
    let mut list = List::read("email,first_name\na@x.test,\"Lovelace, Ada\"\n");
    let cured = list.cure(ProblemCode::NameOrder, Way::Usual);
    assert_eq!(cured, "email,first_name\r\na@x.test,Ada Lovelace\r\n");
}

#[test]
fn a_person_with_more_courses_than_a_cell_holds_is_not_merged() {
    let mut file = String::from("email,courses\n");
    for i in 0..60 {
        _ = writeln!(file, "a@x.test,c{i}");
    }
    file += "b@x.test,c1\nb@x.test,c2\n";
    let many: Vec<String> = (0..40_000).map(|i| i.to_string()).collect();
    _ = writeln!(file, "c@x.test,c1\nc@x.test,{}", many.join("|"));
    let mut list = List::read(&file);
    let cured = list.cure(ProblemCode::SplitRows, Way::Usual);
    assert!(cured.contains("a@x.test,c59\r\nb@x.test,c1|c2\r\nc@x.test,c1\r\n"));
    let again = list
        .checker
        .cure_all(&list.sheet, ProblemCode::SplitRows, Way::Usual);
    assert_eq!(again, None);
}

#[test]
fn one_step_cures_all_rows_with_a_problem() {
    let mut list = List::read(
        "email,courses\na@x.test,c1\na@x.test,c2|c1\nb at x.test,\na@x.test,c3\na@x.test,c1\n,\n",
    );
    let mut file = String::new();
    for code in [
        ProblemCode::DuplicateInFile,
        ProblemCode::SplitRows,
        ProblemCode::EmailAtSpelled,
        ProblemCode::RowEmpty,
    ] {
        file = list.cure(code, Way::Usual);
        let again = list.checker.cure_all(&list.sheet, code, Way::Usual);
        assert_eq!(again, None);
    }
    assert_eq!(list.checker.rows_with_problems(), 0);
    assert_eq!(file, "email,courses\r\na@x.test,c1|c2|c3\r\nb@x.test,\r\n");
    for _ in 0..4 {
        list.undo();
    }
}
