//! S40: files that are too large or too strange, and the memory that they may take.

use std::{
    fs::File,
    io::{BufWriter, Read as _, Write},
    path::Path,
    process::Stdio,
};

use nix::sys::resource::{UsageWho, getrusage};

/// Kilobytes that the program may have used at its peak, whatever the file.
const MEMORY_KB: i64 = 200 << 10;

/// A file, and what is to come of it.
struct Case {
    name: &'static str,
    write: fn(&mut dyn Write) -> std::io::Result<()>,
    code: i32,
    /// In the sentence of what is refused, or in the report.
    says: &'static str,
}

/// Writes a piece over and over.
fn repeat(out: &mut dyn Write, piece: &[u8], bytes: usize) -> std::io::Result<()> {
    for _ in 0..bytes / piece.len() {
        out.write_all(piece)?;
    }
    Ok(())
}

fn people(out: &mut dyn Write, rows: usize, note: &[u8]) -> std::io::Result<()> {
    out.write_all(b"email,first_name,note\n")?;
    for row in 0..rows {
        write!(out, "person{row}@acme.test,Zoe,")?;
        out.write_all(note)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn utf16(out: &mut dyn Write, text: &str) -> std::io::Result<()> {
    text.encode_utf16()
        .try_for_each(|unit| out.write_all(&unit.to_le_bytes()))
}

const CASES: &[Case] = &[
    Case {
        name: "300 MB",
        write: |out| people(out, 3_000_000, &[b'n'; 76]),
        code: 2,
        says: "The file is larger than 64 MB. Split it and upload the parts.\n",
    },
    Case {
        name: "100 MB of one line",
        write: |out| repeat(out, &[b'x'; 1 << 20], 100 << 20),
        code: 2,
        says: "The file is larger than 64 MB. Split it and upload the parts.\n",
    },
    Case {
        name: "a zip of 100 MB",
        write: |out| {
            out.write_all(b"PK\x03\x04")?;
            repeat(out, &[0; 1 << 20], 100 << 20)
        },
        code: 2,
        says: "This is an Excel or zip file. Save it as CSV (UTF-8) in your spreadsheet and choose that file.\n",
    },
    Case {
        name: "ten million rows",
        write: |out| {
            out.write_all(b"email\n")?;
            repeat(out, b"a@b.c\n", 60_000_000)
        },
        code: 2,
        says: "The file has more than 100,000 rows. Split it and upload the parts. (Reading stopped after line 100008.)\n",
    },
    Case {
        name: "twenty million cells",
        write: |out| {
            out.write_all(b"email\n")?;
            repeat(out, &[b','; 1000], 40_000_000)
        },
        code: 2,
        says: "The file has too many cells. Remove the columns that are not needed. (Reading stopped after line 1.)\n",
    },
    Case {
        name: "a cell of 50 MB",
        write: |out| {
            out.write_all(b"email,note\na@acme.test,\"")?;
            repeat(out, b"two\nlines ", 50_000_000)?;
            out.write_all(b"\"\nb at acme.test,\n")
        },
        code: 1,
        says: r#"{"line":2,"column":2,"code":"cell_too_long","message":"This cell holds more than can be stored: shorten it."},{"line":5000003,"column":1,"code":"email_at_spelled","#,
    },
    Case {
        name: "a quote that never closes, before 60 MB",
        write: |out| {
            out.write_all(b"email,first_name,note\na@acme.test,\"Ada,\n")?;
            repeat(
                out,
                &[b"b@acme.test,Bob,".as_slice(), &[b'n'; 983], b"\n"].concat(),
                60_000_000,
            )
        },
        code: 1,
        says: r#"{"line":2,"column":2,"code":"unclosed_quote","#,
    },
    Case {
        name: "NULs",
        write: |out| people(out, 90_000, &[b"x\0".as_slice(), &[b'n'; 500]].concat()),
        code: 1,
        says: r#"{"line":90001,"column":3,"code":"nul","message":"There is a NUL character in this cell: remove it."}]}"#,
    },
    Case {
        name: "a problem in every cell",
        write: |out| {
            out.write_all(b"email,role,expires_on,external_id,note\n")?;
            repeat(out, b"a b,boss,soon,1.2E+11,5\" x\n", 90_000 * 27)
        },
        code: 1,
        says: r#"{"line":90001,"column":5,"code":"stray_quote","message":"There is a quote inside this cell: it was kept as it stands. Check the text."}]}"#,
    },
    Case {
        name: "UTF-16",
        write: |out| {
            utf16(out, "\u{feff}email\tnote\r\n")?;
            for row in 0..90_000 {
                utf16(out, &format!("person{row}@acme.test\t{:ö<300}\r\n", ""))?;
            }
            utf16(out, "Zoë\t\r\n")
        },
        code: 1,
        says: r#"{"line":90002,"column":1,"code":"email_invalid","#,
    },
    Case {
        name: "Windows-1252",
        write: |out| {
            people(
                out,
                90_000,
                &[b"\xe9t\xe9 \x80".as_slice(), &[b'n'; 500]].concat(),
            )?;
            out.write_all(b"Zo\xeb,,\n")
        },
        code: 1,
        says: r#"{"line":90002,"column":1,"code":"email_invalid","#,
    },
];

/// The exit code, whether the program said it, and the last 4 KB of what it said.
fn run(path: &Path, it: &str) -> (i32, bool, String) {
    let mut child = super::beckon()
        .arg("--json")
        .arg(path)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = child.stdout.take().unwrap();
    let (mut buffer, mut last, mut said_it) = (vec![0; 1 << 16], Vec::new(), false);
    loop {
        let count = output.read(&mut buffer).unwrap();
        if count == 0 {
            break;
        }
        last.extend_from_slice(&buffer[..count]);
        said_it |= String::from_utf8_lossy(&last).contains(it);
        last.drain(..last.len().saturating_sub(4096));
    }
    child.stderr.take().unwrap().read_to_end(&mut last).unwrap();
    let last = String::from_utf8_lossy(&last).into_owned();
    let code = child.wait().unwrap().code();
    (code.unwrap(), said_it || last.contains(it), last)
}

#[test]
fn s40_too_much_is_answered_in_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.csv");
    for case in CASES {
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&path).unwrap());
        (case.write)(&mut out).unwrap();
        out.flush().unwrap();
        drop(out);
        let (code, said_it, said) = run(&path, case.says);
        // The highest of all programs that this test has run so far.
        let peak = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss();
        // Apple counts bytes.
        let peak = if cfg!(target_vendor = "apple") {
            peak >> 10
        } else {
            peak
        };
        println!("{}: {} MB", case.name, peak >> 10);
        assert_eq!(code, case.code, "{}: {said}", case.name);
        assert!(said_it, "{}: {said}", case.name);
        assert!(peak < MEMORY_KB, "{}: {peak} KB", case.name);
    }
}
