use super::*;
use crate::bulk::check::tests::CONTEXT;
use crate::bulk::sheet::SheetOptions;
use crate::bulk::sniff::sniff_encoding;
use proptest::prelude::*;

fn report(bytes: &[u8]) -> Vec<Located> {
    let sheet = Sheet::from_bytes(bytes, SheetOptions::default()).unwrap();
    let checker = Checker::full(&sheet, CONTEXT);
    located(&sheet, &checker).collect()
}

fn places(text: &str) -> Vec<(u32, u32, &'static str)> {
    report(text.as_bytes())
        .into_iter()
        .map(|p| (p.line, p.column, p.code.code()))
        .collect()
}

#[test]
fn s40_problems_stand_at_their_lines_and_columns() {
    assert_eq!(
        places(
            "sep=;\r\nSpring list\r\n\r\nName;E-Mail;note\r\n\
             Ada;a@x.test;\"one\r\ntwo\"\r\nBob;bob at x.test;5\" pipe;more\r\n\
             ;;\r\nCy;a@x.test;\"open\r\nDee;d@x.test\r\n"
        ),
        [
            (7, 0, "ragged_row"),
            (7, 2, "email_at_spelled"),
            (7, 3, "stray_quote"),
            (8, 0, "row_empty"),
            (9, 2, "duplicate_in_file"),
            (9, 3, "unclosed_quote"),
            (10, 0, "ragged_row"),
        ]
    );
}

#[test]
fn a_header_alone_is_said() {
    assert_eq!(places("email,name\n"), [(1, 0, "no_rows")]);
    assert_eq!(
        places("\nname,\"x\ny\n"),
        [
            (2, 0, "email_column_missing"),
            (2, 2, "unclosed_quote"),
            (3, 0, "ragged_row")
        ]
    );
}

#[test]
fn s41_repeated_look_alike_and_reserved_headers_are_named() {
    let found = report(
        "email,role,Role,tenant_id,status,rоle,Phone,Phone,phone,Ph\u{200b}one,,\n\
         a@x.test,,,,,,1,2,3,4,5,\n"
            .as_bytes(),
    );
    let said: Vec<_> = found
        .iter()
        .map(|p| (p.line, p.column, p.code.code()))
        .collect();
    assert_eq!(
        said,
        [
            (1, 3, "column_duplicate"),
            (1, 4, "header_reserved"),
            (1, 5, "header_reserved"),
            (1, 6, "header_look_alike"),
            (1, 8, "header_repeated"),
            (1, 9, "header_look_alike"),
            (1, 10, "header_look_alike"),
            (1, 11, "header_empty"),
        ]
    );
    for (problem, name) in found.iter().zip([
        "“Role” fills a field",
        "“tenant_id” sets nothing",
        "“status” sets nothing",
        "“rоle” looks like",
        "“Phone” stands over",
        "“phone” looks like",
        "“Ph\u{200b}one” looks like",
    ]) {
        assert!(problem.message.starts_with(name), "{}", problem.message);
    }
    assert!(found[0].message.contains("Role is filled by “role”"));
    assert!(found[3].message.contains("“role”"), "{}", found[3].message);
}

#[test]
fn s40_a_cell_of_very_many_keys_takes_no_square_of_time() {
    let keys: Vec<String> = (0..300_000).map(|i| format!("k{i}")).collect();
    let keys = keys.join("|");
    let text = format!("email,courses\na@x.test,{keys}\na@x.test,{keys}\n");
    assert_eq!(
        places(&text),
        [
            (2, 2, "cell_too_long"),
            (3, 1, "duplicate_in_file"),
            (3, 2, "cell_too_long")
        ]
    );
}

/// Bytes that are like a file, as far as to reach the rules.
fn file_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            &b"email"[..], b"role", b"Role", b"note", b"a@x.test", b"b at x.test", b"admin",
            b"2026-01-01", b"1.23E+11", b"\"a\nb\"", b"\"a\"\"b\"", b"c1|c2", b"", b"r\xd0\xbele",
        ])
        .prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..6),
        1 => prop::sample::select(b"\"\r\n\0\xff\xef\xbb\xbf' ".to_vec()).prop_map(|b| vec![b]),
    ];
    let ending = prop::sample::select(vec![&b","[..], b",", b",", b"\n", b"\r\n", b";"]);
    prop::collection::vec((piece, ending), 0..60).prop_map(|parts| {
        parts
            .into_iter()
            .flat_map(|(mut piece, ending)| {
                piece.extend(ending);
                piece
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn s40_any_bytes_are_reported_at_places_that_exist(
        bytes in prop_oneof![file_like(), prop::collection::vec(any::<u8>(), 0..400)],
    ) {
        let _encoding = sniff_encoding(&bytes);
        let sheet = Sheet::from_bytes(&bytes, SheetOptions::default()).unwrap();
        let checker = Checker::full(&sheet, CONTEXT);
        let source = sheet.source();
        let widths: std::collections::HashMap<u32, u32> = (0..source.rows())
            .map(|row| (source.line(row).unwrap(), source.fields(row)))
            .collect();
        let breaks = bytes.iter().filter(|b| matches!(b, b'\r' | b'\n')).count() as u32;
        let header = sheet.header_row().map_or(0, |row| source.fields(row));
        let mut last = (0, 0);
        for problem in located(&sheet, &checker) {
            let at = (problem.line, problem.column);
            prop_assert!(at >= last, "{last:?} before {problem:?}");
            last = at;
            prop_assert!(problem.line <= breaks + 1, "{problem:?}");
            if source.rows() > 0 {
                // A cell that is missing in a row is missing under its header.
                let width = widths.get(&problem.line).copied();
                prop_assert!(
                    width.is_some_and(|width| problem.column <= width.max(header).max(sheet.columns().len() as u32)),
                    "{problem:?}"
                );
            }
            prop_assert!(!problem.message.is_empty());
        }
    }
}
