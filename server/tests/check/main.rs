//! `beckon check`: real files, what it says about them, and files that are too much.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

#[cfg(unix)]
mod large;
mod recipes;

use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

/// The day of the golden files.
const TODAY: [&str; 2] = ["--today", "2026-11-23"];

/// Fixtures that cannot be read, and the sentence for each.
const UNREADABLE: [(&str, &str); 6] = [
    (
        "blank-lines-alone.csv",
        "There are no rows in it. Choose another file.",
    ),
    (
        "byte-order-mark-alone.csv",
        "There are no rows in it. Choose another file.",
    ),
    ("empty.csv", "The file is empty. Choose another one."),
    (
        "libreoffice-renamed-ods.csv",
        "This is an Excel or zip file. Save it as CSV (UTF-8) in your spreadsheet and choose that file.",
    ),
    (
        "libreoffice-renamed-xlsx.csv",
        "This is an Excel or zip file. Save it as CSV (UTF-8) in your spreadsheet and choose that file.",
    ),
    ("renamed-png.csv", "This is a picture. Choose a CSV file."),
];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/check")
        .join(name)
}

fn beckon() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_beckon"));
    command.arg("check").args(TODAY);
    command
}

fn check(path: &Path) -> Output {
    beckon().arg("--json").arg(path).output().unwrap()
}

/// Every fixture's name.
fn fixtures() -> BTreeSet<String> {
    fs::read_dir(folder("files"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| {
            Path::new(name)
                .extension()
                .is_some_and(|extension| extension == "csv")
        })
        .collect()
}

#[test]
fn fixtures_are_what_made_them() {
    let made = recipes::all();
    for (name, bytes) in &made {
        let path = folder("files").join(name);
        if std::env::var_os("BECKON_WRITE_FIXTURES").is_some() {
            fs::write(&path, bytes).unwrap();
        }
        assert!(fs::read(&path).unwrap() == *bytes, "{name} differs");
    }
    let readme = fs::read_to_string(folder("README.md")).unwrap();
    for name in fixtures() {
        let recipe = made.iter().any(|(made, _)| *made == name);
        assert!(
            recipe || name.starts_with("libreoffice-"),
            "{name} has no recipe"
        );
        assert!(
            readme.contains(&format!("`{name}`")),
            "the README leaves {name} out"
        );
    }
}

/// Compares each report with the golden one, which a person has looked through.
#[test]
fn s40_every_fixture_reads_as_it_should() {
    for name in fixtures() {
        if UNREADABLE.iter().any(|(unreadable, _)| *unreadable == name) {
            continue;
        }
        let output = check(&folder("files").join(&name));
        let said = String::from_utf8(output.stdout).unwrap();
        let value: Value = serde_json::from_str(&said).unwrap();
        let clean = value["problems"].as_array().unwrap().is_empty();
        assert_eq!(output.status.code(), Some(i32::from(!clean)), "{name}");
        let golden = folder("reports").join(format!("{name}.json"));
        if std::env::var_os("BECKON_WRITE_FIXTURES").is_some() {
            fs::write(&golden, pretty(&value)).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap();
        assert_eq!(pretty(&value), expected, "{name}");
    }
}

/// One record and one problem a line, so that a person can read it.
fn pretty(value: &Value) -> String {
    let lines = |list: &Value| {
        let lines: Vec<String> = list
            .as_array()
            .unwrap()
            .iter()
            .map(|item| format!("\n    {item}"))
            .collect();
        lines.join(",")
    };
    format!(
        "{{\n  \"header\": {},\n  \"rows\": [{}\n  ],\n  \"problems\": [{}\n  ]\n}}\n",
        value["header"],
        lines(&value["rows"]),
        lines(&value["problems"])
    )
}

#[test]
fn s40_what_cannot_be_read_gets_a_sentence_and_two() {
    for (name, sentence) in UNREADABLE {
        let output = check(&folder("files").join(name));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        assert!(output.stdout.is_empty(), "{name}");
        assert!(
            said.starts_with("beckon: ") && said.contains(name),
            "{said}"
        );
        assert!(
            said.ends_with(&format!(" was not read. {sentence}\n")),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    for path in ["/does/not/exist.csv", env!("CARGO_MANIFEST_DIR")] {
        let output = check(Path::new(path));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn standard_input_is_read_and_the_report_is_readable() {
    let mut child = beckon()
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input
        .write_all(b"email;role\na@acme.test;boss\nb at acme.test;\n")
        .unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "2:2 role_unknown “boss” is not a role: write learner, instructor or admin, or leave it empty for learner.\n\
         3:1 email_at_spelled Write @ instead of the word “at”.\n\
         \n      1 error   email_at_spelled\n      1 error   role_unknown\n\
         Read as UTF-8, semicolon, header on line 1. 2 rows, 2 of them with problems; 2 problems in all.\n"
    );
}

#[test]
fn help_says_what_only_a_server_knows() {
    let output = Command::new(env!("CARGO_BIN_EXE_beckon"))
        .args(["check", "--help"])
        .output()
        .unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for word in [
        "catalog",
        "member",
        "role that you may give",
        "--json",
        "standard input",
    ] {
        assert!(help.contains(word), "{word} is missing in\n{help}");
    }
    let wrong = beckon()
        .args(["--today", "soon", "x.csv"])
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn s41_duplicate_and_look_alike_headers_are_named() {
    for (name, headers) in [
        (
            "headers-repeated.csv",
            &["“E-Mail”", "“Role”", "“Phone”"][..],
        ),
        (
            "headers-look-alike.csv",
            &[
                "“rоle”",
                "“tenant_id”",
                "“status”",
                "“em\u{200b}ail”",
                "“ｎｏｔｅ”",
            ],
        ),
    ] {
        let output = check(&folder("files").join(name));
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        for header in headers {
            let named = value["problems"].as_array().unwrap().iter().any(|problem| {
                let column = problem["column"].as_u64().unwrap() as usize;
                problem["message"].as_str().unwrap().starts_with(header)
                    && value["header"][column - 1].as_str() == Some(header.trim_matches(['“', '”']))
            });
            assert!(named, "{name}: {header} in {}", value["problems"]);
        }
    }
}

/// The cells of well-formed files are what `csv-core` reads, by another way of decoding.
#[test]
fn well_formed_fixtures_read_as_by_csv_core() {
    let mut compared = 0;
    for (name, delimiter) in [
        ("libreoffice-utf8-comma.csv", b','),
        ("libreoffice-utf8-semicolon-unquoted.csv", b';'),
        ("libreoffice-windows-1252-semicolon.csv", b';'),
        ("libreoffice-utf16-tab.csv", b'\t'),
        ("excel-utf8-bom-semicolon.csv", b';'),
        ("excel-windows-1252-semicolon.csv", b';'),
        ("excel-unicode-text-tab.csv", b'\t'),
        ("excel-macintosh-cr.csv", b';'),
        ("google-sheets.csv", b','),
        ("mixed-line-ends.csv", b','),
        ("ragged.csv", b','),
        ("rules.csv", b','),
    ] {
        let bytes = fs::read(folder("files").join(name)).unwrap();
        let text = if bytes.starts_with(b"\xff\xfe") {
            let units: Vec<u16> = bytes[2..]
                .chunks(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
                .collect();
            String::from_utf16(&units).unwrap()
        } else if name.contains("1252") {
            let letter = |byte: &u8| match byte {
                0x80 => '€',
                0x92 => '’',
                0x96 => '–',
                byte => char::from(*byte),
            };
            bytes.iter().map(letter).collect()
        } else {
            String::from_utf8(bytes).unwrap()
        };
        let output = check(&folder("files").join(name));
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        let ours: Vec<Vec<String>> = [&value["header"]]
            .into_iter()
            .chain(value["rows"].as_array().unwrap())
            .map(|row| serde_json::from_value(row.clone()).unwrap())
            .collect();
        assert_eq!(ours, reference(text.as_bytes(), delimiter), "{name}");
        compared += ours.len();
    }
    assert!(compared > 40, "{compared}");
}

/// What csv-core makes of a text.
fn reference(bytes: &[u8], delimiter: u8) -> Vec<Vec<String>> {
    let mut reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
    let (mut output, mut ends) = (vec![0; bytes.len() + 1], vec![0; bytes.len() + 1]);
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
                let cell = |end: &usize| {
                    let cell = &output[std::mem::replace(&mut start, *end)..*end];
                    String::from_utf8(cell.to_vec()).unwrap()
                };
                rows.push(ends[..fields].iter().map(cell).collect());
                (written, fields) = (0, 0);
            }
            csv_core::ReadRecordResult::End => return rows,
            other => panic!("{other:?}"),
        }
    }
}
