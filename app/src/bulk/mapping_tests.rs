//! What the mapping of columns promises.

use super::*;

fn field(header: &str) -> Option<Field> {
    match_header(header).0
}

#[test]
fn template_names_and_aliases() {
    for f in Field::ALL {
        assert_eq!(match_header(f.name()), (Some(f), Reason::Exact));
        assert_eq!(
            match_header(&f.name().to_uppercase().replace('_', " ")).0,
            Some(f)
        );
        assert_eq!(Field::parse(f.name()), Some(f));
        for alias in f.aliases() {
            assert_eq!(field(alias), Some(f), "{alias}");
            assert_eq!(fold(alias), *alias);
        }
    }
    for (header, meant) in [
        ("E-Mail", Field::Email),
        ("e-mail", Field::Email),
        ("Email Address", Field::Email),
        ("Prénom", Field::FirstName),
        ("PRÉNOM", Field::FirstName),
        ("Vorname", Field::FirstName),
        ("Nachname", Field::LastName),
        ("Rolle", Field::Role),
        ("Kurse", Field::Courses),
        ("Gültig bis", Field::ExpiresOn),
        ("ID", Field::ExternalId),
    ] {
        assert_eq!(field(header), Some(meant), "{header}");
    }
}

#[test]
fn similar_words_say_how_similar() {
    assert!(matches!(
        match_header("e-mial adress"),
        (Some(Field::Email), Reason::Similar(_))
    ));
    assert!(matches!(
        match_header("Fist name"),
        (Some(Field::FirstName), Reason::Similar(_))
    ));
    for header in [
        "Phone",
        "Birthday",
        "tenant_id",
        "status",
        "Salutation",
        "",
        "x",
        "City",
    ] {
        assert_eq!(field(header), None, "{header}");
    }
}

#[test]
fn s41_a_plain_name_beats_a_similar_one_and_twins_stay_twins() {
    let mapped = map_headers(&["e-mial adress", "email", "role", "Role", ""]);
    assert_eq!(mapped[0].used, ColumnUse::Metadata);
    assert_eq!(mapped[1].used, ColumnUse::Field(Field::Email));
    assert_eq!(mapped[2].used, ColumnUse::Field(Field::Role));
    assert_eq!(mapped[3].used, ColumnUse::Field(Field::Role));
    assert_eq!(mapped[4].name, "Column 5");
}

#[test]
fn content_decides_without_a_header() {
    let rows = vec![
        vec![
            "Ada".to_owned(),
            "ada@x.test".to_owned(),
            "learner".to_owned(),
        ],
        vec!["Bob".to_owned(), "bob@x.test".to_owned(), String::new()],
    ];
    let mapped = map_content(&rows);
    assert_eq!(mapped[0].name, "Column 1");
    assert_eq!(mapped[1].used, ColumnUse::Field(Field::Email));
    assert_eq!(mapped[2].used, ColumnUse::Field(Field::Role));
}
