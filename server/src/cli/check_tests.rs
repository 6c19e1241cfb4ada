use std::collections::HashMap;

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const TODAY: CivilDate = CivilDate {
    year: 2026,
    month: 11,
    day: 23,
};

fn read(mut bytes: &[u8]) -> Result<Checked, String> {
    let size = bytes.len() as u64;
    Checked::read(&mut bytes, Some(size), TODAY)
}

fn json(bytes: &[u8]) -> Value {
    let mut out = Vec::new();
    let clean = read(bytes).unwrap().write_json(&mut out).unwrap();
    let value: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(clean, value["problems"].as_array().unwrap().is_empty());
    value
}

#[test]
fn a_terminal_gets_no_control_characters() {
    let checked = read(b"email,role\na@x.test,\x1b[31mboss\n").unwrap();
    let mut out = Vec::new();
    assert!(!checked.write_text(&mut out).unwrap());
    let said = String::from_utf8(out).unwrap();
    assert!(
        said.starts_with("2:2 role_unknown “\u{fffd}[31mboss”"),
        "{said}"
    );
    assert!(said.contains("      1 error   role_unknown\n"), "{said}");
    assert!(said.ends_with(
        "Read as UTF-8, comma, header on line 1. 1 rows, 1 of them with problems; 1 problems in all.\n"
    ), "{said}");
}

#[test]
fn the_json_is_as_documented() {
    let mut out = Vec::new();
    let read = read(b"\xef\xbb\xbfsep=;\n email ;\"a \"\"b\"\"\"\n\n x@acme.test ;1;2\n");
    read.unwrap().write_json(&mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "{\"header\":[\" email \",\"a \\\"b\\\"\"],\"rows\":[[\" x@acme.test \",\"1\",\"2\"]],\
         \"problems\":[{\"line\":4,\"column\":0,\"code\":\"ragged_row\",\"message\":\"This row has more \
         or fewer cells than the header: check that each cell stands in its column.\"}]}\n"
    );
}

#[test]
fn bytes_count_where_no_size_is_known() {
    let mut endless = io::repeat(b'a');
    let refused = Checked::read(&mut endless, None, TODAY).err().unwrap();
    assert!(
        refused.starts_with("The file is larger than 64 MB."),
        "{refused}"
    );
}

/// A text in some encoding, as a file or broken.
fn encoded() -> impl Strategy<Value = Vec<u8>> {
    let text = "(email|role|note|a@x\\.test|b at x|Zoë|😀|\"|,|;|\t|\r|\n|\\PC){0,60}";
    (
        text,
        0..5_u8,
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    )
        .prop_map(
            |(text, encoding, damage): (String, u8, Vec<(prop::sample::Index, u8)>)| {
                let mut bytes: Vec<u8> = match encoding {
                    0 => text.into_bytes(),
                    1 => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
                    2 => text.chars().map(|c| c as u8).collect(),
                    3 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                    _ => [0xfeff]
                        .into_iter()
                        .chain(text.encode_utf16())
                        .flat_map(u16::to_be_bytes)
                        .collect(),
                };
                for (at, byte) in damage {
                    if !bytes.is_empty() {
                        let at = at.index(bytes.len());
                        bytes[at] = byte;
                    }
                }
                bytes
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Sniffing, decoding, parsing, checking and reporting never panic, and every problem
    /// stands at a line and column that exist.
    #[test]
    fn s40_any_file_gets_an_answer(
        bytes in prop_oneof![encoded(), prop::collection::vec(any::<u8>(), 0..300)],
    ) {
        match read(&bytes) {
            Err(sentence) => prop_assert!(sentence.ends_with(['.', ')']), "{sentence}"),
            Ok(checked) => {
                let value = json(&bytes);
                let source = checked.sheet.source();
                let records: HashMap<u64, usize> = (0..source.rows())
                    .map(|row| (u64::from(source.line(row).unwrap()), source.fields(row) as usize))
                    .collect();
                let rows = value["rows"].as_array().unwrap();
                let columns = rows.iter().chain([&value["header"]]).map(|row| row.as_array().unwrap().len()).max();
                for problem in value["problems"].as_array().unwrap() {
                    let width = records.get(&problem["line"].as_u64().unwrap());
                    prop_assert!(width.is_some(), "{problem}");
                    prop_assert!(problem["column"].as_u64().unwrap() as usize <= columns.unwrap_or(0), "{problem}");
                    prop_assert!(ProblemCode::parse(problem["code"].as_str().unwrap()).is_some());
                    prop_assert_eq!(problem.as_object().unwrap().len(), 4);
                }
            }
        }
    }
}
