use super::*;
use crate::bulk::check::tests::CONTEXT;
use crate::bulk::edit::tests::cell_text;
use crate::bulk::mapping::Field;
use proptest::prelude::*;

fn draft(cells: &[(Field, &str)]) -> RowDraft {
    let mut draft = RowDraft {
        row: 7,
        line: 8,
        ..RowDraft::default()
    };
    for (field, text) in cells {
        let slot = match field {
            Field::Email => &mut draft.email,
            Field::FirstName => &mut draft.first_name,
            Field::LastName => &mut draft.last_name,
            Field::Role => &mut draft.role,
            Field::Group => &mut draft.group,
            Field::Courses => &mut draft.courses,
            Field::Programs => &mut draft.programs,
            Field::ExpiresOn => &mut draft.expires_on,
            Field::ExternalId => &mut draft.external_id,
            Field::Note => &mut draft.note,
        };
        (*text).clone_into(slot);
    }
    draft
}

fn codes(cells: &[(Field, &str)]) -> Vec<ProblemCode> {
    let draft = draft(cells);
    let mut problems = Vec::new();
    check_row(&RowFields::from(&draft), &CONTEXT, &mut problems);
    problems.into_iter().map(|problem| problem.code).collect()
}

#[test]
fn a_valid_row_is_read() {
    let row = parse_draft(
        &draft(&[
            (Field::Email, " Ada@Acme.test "),
            (Field::FirstName, " Ada"),
            (Field::Role, "Instructor"),
            (Field::Courses, "a | b|a|"),
            (Field::Group, "red|blue"),
            (Field::ExpiresOn, "2027-11-23"),
            (Field::ExternalId, "0012345678901234"),
            (Field::Note, "two\nlines"),
        ]),
        &[],
        &CONTEXT,
    )
    .unwrap();
    assert_eq!((row.row, row.line), (7, 8));
    assert_eq!(row.email.canonical(), "ada@acme.test");
    assert_eq!(row.email.as_typed(), "Ada@Acme.test");
    assert_eq!(row.first_name, "Ada");
    assert_eq!(row.role, Role::Instructor);
    assert_eq!(row.courses, ["a", "b"]);
    assert_eq!(row.labels, ["red", "blue"]);
    assert_eq!(row.expires_on, date::civil(2027, 11, 23));
    assert_eq!(row.external_id, "0012345678901234");
    assert!(row.programs.is_empty());
    let plain = parse_draft(&draft(&[(Field::Email, "a@x.test")]), &[], &CONTEXT).unwrap();
    assert_eq!(plain.role, Role::Learner);
}

#[test]
fn each_rule_has_its_code() {
    use ProblemCode as P;
    let email = (Field::Email, "a@x.test");
    let long = "x".repeat(121);
    let many = "k|".repeat(3) + &(0..51).map(|i| i.to_string()).collect::<Vec<_>>().join("|");
    let note = "é".repeat(2001);
    let huge = "y".repeat(40_000);
    for (field, text, code) in [
        (Field::FirstName, "Ada\r\nBcc: x", P::ControlCharacter),
        (Field::FirstName, long.as_str(), P::NameTooLong),
        (Field::FirstName, "########", P::ExcelDamage),
        (Field::LastName, "a\0b", P::Nul),
        (Field::LastName, huge.as_str(), P::CellTooLong),
        (Field::Role, "owner", P::RoleUnknown),
        (Field::Group, long.as_str(), P::NameTooLong),
        (Field::Courses, many.as_str(), P::TooManyKeys),
        (Field::Courses, "01-Mar", P::ExcelDamage),
        (Field::ExpiresOn, "2027-02-29", P::ExpiresInvalid),
        (Field::ExpiresOn, "2026-11-22", P::ExpiresPast),
        (Field::ExpiresOn, "2027-11-24", P::ExpiresTooFar),
        (Field::ExternalId, "1.23E+11", P::ExcelDamage),
        (Field::Note, note.as_str(), P::NameTooLong),
        (Field::Note, "bell\u{7}", P::ControlCharacter),
    ] {
        assert_eq!(codes(&[email, (field, text)]), [code], "{field:?}");
    }
    assert_eq!(codes(&[]), [P::RowEmpty]);
    assert_eq!(codes(&[(Field::Note, "x")]), [P::EmailMissing]);
    assert_eq!(
        codes(&[(Field::Email, "a@gmial.com")]),
        [P::EmailDomainTypo]
    );
    for fine in ["2026-11-23", "2027-11-23"] {
        assert!(codes(&[email, (Field::ExpiresOn, fine)]).is_empty());
    }
    assert!(codes(&[email, (Field::ExternalId, "12E45")]).is_empty());
}

#[test]
fn s23_a_role_above_the_own_is_refused() {
    let context = RuleContext {
        max_role: Role::Learner,
        ..CONTEXT
    };
    let row = draft(&[(Field::Email, "a@x.test"), (Field::Role, "ADMIN")]);
    let problems = parse_draft(&row, &[], &context).unwrap_err();
    assert_eq!(
        problems,
        [FieldProblem {
            field: Some(Field::Role),
            code: ProblemCode::RoleTooHigh
        }]
    );
}

#[test]
fn metadata_is_bounded() {
    let mut row = draft(&[(Field::Email, "a@x.test")]);
    let columns: Vec<String> = (0..60).map(|n| format!("column {n}")).collect();
    let code = |row: &RowDraft, columns: &[String]| {
        parse_draft(row, columns, &CONTEXT).unwrap_err()[0].code
    };
    row.metadata = vec!["x".repeat(2001)];
    assert_eq!(code(&row, &columns), ProblemCode::CellTooLong);
    row.metadata = vec!["v".to_owned(); 51];
    assert_eq!(code(&row, &columns), ProblemCode::TooMuchMetadata);
    // A value whose column has no name.
    row.metadata.truncate(2);
    assert_eq!(code(&row, &columns[..1]), ProblemCode::TooMuchMetadata);
    // Columns are counted where the row has something in them.
    row.metadata = vec![String::new(); 60];
    "v".clone_into(&mut row.metadata[59]);
    assert_eq!(
        parse_draft(&row, &columns, &CONTEXT).unwrap().metadata,
        [("column 59".to_owned(), "v".to_owned())]
    );
}

/// 4 MB of keys: each is looked at once, and none is compared with all the others.
#[test]
fn a_cell_of_very_many_keys_is_never_split_into_distinct_ones() {
    let huge: Vec<String> = (0..600_000).map(|n| format!("k{n}")).collect();
    let huge = huge.join("|");
    assert!(huge.len() > 4_000_000);
    assert_eq!(few_keys(&huge), None);
    let row = draft(&[(Field::Email, "a@x.test"), (Field::Courses, &huge)]);
    assert_eq!(
        parse_draft(&row, &[], &CONTEXT).unwrap_err()[0].code,
        ProblemCode::CellTooLong
    );
    assert_ne!(targets_hash(&huge, ""), targets_hash("", &huge));
    // As many bars without keys between them are no keys.
    assert_eq!(
        few_keys(&format!("a{}| b", "|".repeat(1_000))),
        Some(vec!["a", "b"])
    );
    assert_eq!(few_keys(&"k|".repeat(100)), Some(vec!["k"]));
    assert_eq!(few_keys(&"k|".repeat(101)), None);
}

proptest! {
    /// The server reads a row just where the grid shows no error.
    #[test]
    fn grid_and_server_agree(cells in prop::collection::vec(cell_text(), 10)) {
        let pairs: Vec<_> = Field::ALL.into_iter().zip(cells.iter().map(String::as_str)).collect();
        let row = draft(&pairs);
        let mut problems = Vec::new();
        let facts = check_row(&RowFields::from(&row), &CONTEXT, &mut problems);
        let errors: Vec<_> =
            problems.into_iter().filter(|p| p.code.severity() == Severity::Error).collect();
        match parse_draft(&row, &[], &CONTEXT) {
            Ok(valid) => {
                prop_assert!(errors.is_empty());
                prop_assert_eq!(facts.makes_admin, valid.role == Role::Admin);
                prop_assert!(facts.email_hash.is_some());
            }
            Err(refused) => prop_assert_eq!(refused, errors),
        }
    }
}
