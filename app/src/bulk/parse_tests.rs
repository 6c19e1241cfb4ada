use super::*;
use proptest::prelude::*;

fn cells(source: &Source) -> Vec<Vec<String>> {
    (0..source.rows())
        .map(|row| {
            (0..source.fields(row))
                .map(|f| source.text(row, f).unwrap().into_owned())
                .collect()
        })
        .collect()
}

fn read(text: &str) -> Vec<Vec<String>> {
    cells(&parse(text.as_bytes(), ParseOptions::default()).unwrap())
}

fn lines(text: &str) -> Vec<u32> {
    let source = parse(text.as_bytes(), ParseOptions::default()).unwrap();
    (0..source.rows())
        .map(|row| source.line(row).unwrap())
        .collect()
}

fn kinds(text: &[u8]) -> Vec<(u32, u32, SourceProblemKind)> {
    let source = parse(text, ParseOptions::default()).unwrap();
    source
        .problems()
        .iter()
        .map(|p| (p.row, p.field, p.kind))
        .collect()
}

#[test]
fn plain_and_quoted() {
    assert_eq!(
        read("email,note\r\na@x.test,\"say \"\"hi\"\", \nthere\"\rb@x.test,\n"),
        [
            vec!["email", "note"],
            vec!["a@x.test", "say \"hi\", \nthere"],
            vec!["b@x.test", ""]
        ]
    );
}

#[test]
fn byte_order_mark_and_separator_line() {
    assert_eq!(read("\u{feff}sep=;\r\na;b,c\r\n"), [["a", "b,c"]]);
    assert_eq!(lines("\u{feff}sep=;\r\na;b\r\n"), [2]);
    assert_eq!(read("\u{feff}\"a\",b"), [["a", "b"]]);
}

#[test]
fn lines_are_those_of_the_file() {
    assert_eq!(lines("a,b\r\n\r\n\nc,\"1\r\n2\n3\"\n\rd,e"), [1, 4, 8]);
    assert_eq!(read("\n\n a,b"), [[" a", "b"]]);
}

#[test]
fn ragged_rows_stay_as_they_are() {
    assert_eq!(
        read("a,b,c\n1\n1,2,3,4\n1,2,\n"),
        [
            vec!["a", "b", "c"],
            vec!["1"],
            vec!["1", "2", "3", "4"],
            vec!["1", "2", ""]
        ]
    );
}

#[test]
fn stray_quotes_are_kept_and_flagged() {
    assert_eq!(
        read("a,5\" pipe\nb,\"x\" y\n"),
        [["a", "5\" pipe"], ["b", "\"x\" y"]]
    );
    assert_eq!(
        kinds(b"a,5\" pipe\nb,\"x\" y\n"),
        [
            (0, 1, SourceProblemKind::StrayQuote),
            (1, 1, SourceProblemKind::StrayQuote)
        ]
    );
}

#[test]
fn an_unclosed_quote_costs_one_row() {
    let text = "a,b\n1,\"open\n2,x\n3,\"y\"\n";
    assert_eq!(
        read(text),
        [["a", "b"], ["1", "\"open"], ["2", "x"], ["3", "y"]]
    );
    assert_eq!(
        kinds(text.as_bytes()),
        [(1, 1, SourceProblemKind::UnclosedQuote)]
    );
    assert_eq!(lines(text), [1, 2, 3, 4]);
    assert_eq!(
        read("a,b\n1,\"open\n2,x"),
        [["a", "b"], ["1", "\"open"], ["2", "x"]]
    );
    assert_eq!(read("a,\""), [["a", "\""]]);
}

#[test]
fn bad_bytes_are_named() {
    assert_eq!(
        kinds(b"a,b\nx\xff,y\n1,\0\n\xe2\x82,z\xe9"),
        [
            (1, 0, SourceProblemKind::BadUtf8),
            (2, 1, SourceProblemKind::Nul),
            (3, 0, SourceProblemKind::BadUtf8),
            (3, 1, SourceProblemKind::BadUtf8)
        ]
    );
}

#[test]
fn s40_too_much_is_refused() {
    let few = ParseOptions {
        rows_max: 2,
        bytes_max: 8,
        ..ParseOptions::default()
    };
    assert_eq!(parse(b"a\nb\nc", few).err(), Some(Refusal::TooManyRows));
    assert_eq!(parse(b"a\nb\n", few).unwrap().rows(), 2);
    assert_eq!(parse(b"123456789", few).err(), Some(Refusal::TooManyBytes));
    let mut parser = Parser::new(few);
    parser.feed(b"12345").unwrap();
    assert_eq!(parser.feed(b"6789"), Err(Refusal::TooManyBytes));
}

/// Every cell, without the quotes round it.
fn values(source: &Source) -> Vec<Vec<Vec<u8>>> {
    let cell = |row, field| source.value(row, field).unwrap().into_owned();
    (0..source.rows())
        .map(|row| {
            (0..source.fields(row))
                .map(|field| cell(row, field))
                .collect()
        })
        .collect()
}

/// What csv-core makes of the same bytes.
fn reference(bytes: &[u8], delimiter: u8) -> Vec<Vec<Vec<u8>>> {
    let mut reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
    let mut output = vec![0; bytes.len() + 16];
    let mut ends = vec![0; bytes.len() + 16];
    let (mut at, mut rows) = (0, Vec::new());
    let (mut written, mut fields) = (0, 0);
    loop {
        let (result, read, out, count) =
            reader.read_record(&bytes[at..], &mut output[written..], &mut ends[fields..]);
        at += read;
        written += out;
        fields += count;
        match result {
            csv_core::ReadRecordResult::InputEmpty => {}
            csv_core::ReadRecordResult::Record => {
                let mut start = 0;
                rows.push(
                    ends[..fields]
                        .iter()
                        .map(|&end| output[std::mem::replace(&mut start, end)..end].to_vec())
                        .collect(),
                );
                (written, fields) = (0, 0);
            }
            csv_core::ReadRecordResult::End => return rows,
            other => panic!("{other:?}"),
        }
    }
}

/// A cell that is written well: bare, or quoted with its quotes doubled.
fn well_formed_cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zé;|@. ]{0,9}",
        1 => "[a-z,\"\r\n; ]{0,12}".prop_map(|t| format!("\"{}\"", t.replace('"', "\"\""))),
    ]
}

fn well_formed_file() -> impl Strategy<Value = String> {
    let row = (
        prop::collection::vec(well_formed_cell(), 1..6),
        "\r\n|\n|\r|\n\n",
    );
    (prop::collection::vec(row, 0..40), any::<bool>()).prop_map(|(rows, ends)| {
        let mut out: String = rows
            .iter()
            .map(|(cells, newline)| cells.join(",") + newline)
            .collect();
        if !ends {
            out.truncate(out.trim_end_matches(['\r', '\n']).len());
        }
        out
    })
}

/// Bytes that are mostly structure.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(
        prop_oneof![
            3 => prop::sample::select(b",\"\r\n;".to_vec()),
            3 => prop::sample::select(b"ab\xc3\xa9".to_vec()),
            1 => any::<u8>(),
        ],
        0..300,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn well_formed_files_read_as_by_csv_core(
        text in well_formed_file(),
        delimiter in prop::sample::select(b",;\t|".to_vec()),
    ) {
        // Quotes are round what holds a comma, so any other delimiter takes its place.
        let text = text.replace([';', '|'], "").replace(',', &char::from(delimiter).to_string());
        let options = ParseOptions { delimiter: Some(delimiter), ..ParseOptions::default() };
        let source = parse(text.as_bytes(), options).unwrap();
        prop_assert_eq!(values(&source), reference(text.as_bytes(), delimiter));
        prop_assert!(source.problems().is_empty());
    }

    /// Only quotes in odd places are read in another way.
    #[test]
    fn any_bytes_without_quotes_read_as_by_csv_core(mut bytes in noise()) {
        bytes.retain(|byte| *byte != b'"');
        let options = ParseOptions { delimiter: Some(b';'), ..ParseOptions::default() };
        let source = parse(&bytes, options).unwrap();
        prop_assert_eq!(values(&source), reference(&bytes, b';'));
    }

    #[test]
    fn s40_any_bytes_in_any_slices_read_alike(bytes in noise(), cuts in prop::collection::vec(1_usize..40, 1..20)) {
        let whole = parse(&bytes, ParseOptions::default()).unwrap();
        let mut parser = Parser::default();
        // Long heads are cut as well, so the delimiter is also found in the middle.
        let (mut at, mut cut) = (0, cuts.iter().cycle());
        while at < bytes.len() {
            let end = (at + cut.next().unwrap()).min(bytes.len());
            parser.feed(&bytes[at..end]).unwrap();
            at = end;
        }
        parser.finish().unwrap();
        let sliced = parser.into_source();
        prop_assert_eq!(cells(&sliced), cells(&whole));
        prop_assert_eq!(sliced.problems(), whole.problems());
        prop_assert_eq!(&sliced.rows, &whole.rows);
    }

    #[test]
    fn slices_after_the_head_read_alike(text in well_formed_file(), tail in noise(), cut in 1_usize..50) {
        let mut bytes = text.repeat(DETECT_BYTES / text.len().max(1) + 1).into_bytes();
        bytes.truncate(DETECT_BYTES + 100);
        bytes.extend(tail);
        let whole = parse(&bytes, ParseOptions::default()).unwrap();
        let mut parser = Parser::default();
        for slice in bytes.chunks(cut) {
            parser.feed(slice).unwrap();
        }
        parser.finish().unwrap();
        let sliced = parser.into_source();
        prop_assert_eq!(&sliced.rows, &whole.rows);
        prop_assert_eq!(&sliced.field_ends, &whole.field_ends);
        prop_assert_eq!(sliced.problems(), whole.problems());
    }

    /// No byte is lost: the cells' raw spans, the delimiters and the line breaks are the file.
    #[test]
    fn spans_are_in_order_and_inside(bytes in noise()) {
        let source = parse(&bytes, ParseOptions::default()).unwrap();
        let mut last = 0;
        for row in 0..source.rows() {
            prop_assert!(source.rows[row as usize].start >= last);
            for field in 0..source.fields(row) {
                let raw = source.raw(row, field).unwrap();
                let end = source.field_ends[(source.rows[row as usize].first_field + field) as usize];
                prop_assert!(end >= last && end as usize <= bytes.len());
                prop_assert!(raw.len() <= bytes.len());
                last = end;
            }
        }
    }
}
