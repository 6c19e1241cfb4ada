//! `beckon check`: the browser's parser and rules over a file, without a server.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write},
};

use app::{
    bulk::{
        check::Checker,
        date,
        limits::BYTES_MAX,
        parse::Refusal,
        problem::{ProblemCode, Severity},
        report::located,
        rules::RuleContext,
        sheet::{Sheet, SheetOptions},
        sniff::{Encoding, sniff_encoding},
    },
    domain::{role::Role, time::CivilDate},
};

use super::{Failure, decode::Decoder};
use crate::{clock::Clock, config::CheckOptions, services::tenants};

/// Bytes that are read at once; the first so many decide the encoding, as in the browser.
const SLICE: usize = 256 << 10;

/// The exit code of a file with problems.
const PROBLEMS: u8 = 1;

/// Checks a file and reports on standard output; the exit code.
pub(super) fn run(options: &CheckOptions, clock: &dyn Clock) -> Result<u8, Failure> {
    let today = match &options.today {
        Some(text) => date::parse_iso(text)
            .ok_or_else(|| Failure::wrong(format!("{text:?} is no day; write YYYY-MM-DD.")))?,
        None => tenants::today(clock.now(), "UTC")
            .ok_or_else(|| Failure::wrong("This machine's clock shows no day.".to_owned()))?,
    };
    let standard_input = options.file.as_os_str() == "-";
    let name = if standard_input {
        "standard input".to_owned()
    } else {
        let path = options.file.display().to_string();
        format!("“{}”", path.replace(char::is_control, "\u{fffd}"))
    };
    let unreadable = |sentence: String| Failure::wrong(format!("{name} was not read. {sentence}"));
    let checked = if standard_input {
        Checked::read(&mut io::stdin().lock(), None, today)
    } else {
        let cannot = |error: io::Error| unreadable(format!("It cannot be opened: {error}."));
        let mut file = File::open(&options.file).map_err(cannot)?;
        let metadata = file.metadata().map_err(cannot)?;
        let size = metadata.is_file().then_some(metadata.len());
        Checked::read(&mut file, size, today)
    }
    .map_err(unreadable)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let written = if options.json {
        checked.write_json(&mut out)
    } else {
        checked.write_text(&mut out)
    };
    let clean = written
        .and_then(|clean| out.flush().map(|()| clean))
        .map_err(|error| Failure::wrong(format!("The report cannot be written: {error}.")))?;
    Ok(if clean { 0 } else { PROBLEMS })
}

/// A file that was read and checked.
struct Checked {
    sheet: Sheet,
    checker: Checker,
    encoding: Encoding,
}

impl Checked {
    /// Reads to the end; `size` in bytes, where it is known before.
    ///
    /// # Errors
    /// Why it cannot be read, as a sentence.
    fn read(input: &mut dyn Read, size: Option<u64>, today: CivilDate) -> Result<Self, String> {
        let cannot = |error: io::Error| format!("It cannot be read: {error}.");
        let mut slice = Vec::with_capacity(SLICE);
        let mut last = fill(input, &mut slice).map_err(cannot)?;
        if slice.is_empty() {
            return Err("The file is empty. Choose another one.".to_owned());
        }
        let mut encoding = sniff_encoding(&slice);
        if let Encoding::NotText(kind) = encoding {
            return Err(kind.message().to_owned());
        }
        if size.is_some_and(|size| size > BYTES_MAX as u64) {
            return Err(Refusal::TooManyBytes.to_string());
        }
        let mut decoder = Decoder::new(encoding, &slice);
        let mut sheet = Sheet::open(SheetOptions::default());
        if let Some(size) = size {
            sheet
                .expect_bytes(size as usize)
                .map_err(|refusal| refusal.to_string())?;
        }
        let mut text = Vec::new();
        let mut bytes = 0;
        loop {
            bytes += slice.len();
            text.clear();
            decoder.decode(&slice, last, &mut text);
            let fed = if bytes > BYTES_MAX {
                Err(Refusal::TooManyBytes)
            } else {
                sheet.feed(&text)
            };
            let fed = fed.and_then(|_| if last { sheet.finish() } else { Ok(0) });
            fed.map_err(|refusal| stopped(refusal, &sheet))?;
            if last {
                break;
            }
            slice.clear();
            last = fill(input, &mut slice).map_err(cannot)?;
        }
        if decoder.is_windows_1252() {
            encoding = Encoding::Unknown8Bit;
        }
        if sheet.source().rows() == 0 {
            return Err("There are no rows in it. Choose another file.".to_owned());
        }
        let context = RuleContext {
            today,
            // Only the server knows who submits.
            max_role: Role::Admin,
        };
        let checker = Checker::full(&sheet, context);
        Ok(Self {
            sheet,
            checker,
            encoding,
        })
    }

    /// The header's place among the file's rows and the first row below it.
    fn header(&self) -> (Option<u32>, u32) {
        let header = self.sheet.header_row();
        (header, header.map_or(0, |row| row + 1))
    }

    /// Writes the report as JSON; whether there is no problem.
    fn write_json(&self, out: &mut dyn Write) -> io::Result<bool> {
        let (header, first) = self.header();
        let source = self.sheet.source();
        out.write_all(b"{\"header\":[")?;
        if let Some(header) = header {
            self.write_cells(header, out)?;
        }
        out.write_all(b"],\"rows\":[")?;
        for row in first..source.rows() {
            out.write_all(if row == first { b"[" } else { b",[" })?;
            self.write_cells(row, out)?;
            out.write_all(b"]")?;
        }
        out.write_all(b"],\"problems\":[")?;
        let mut clean = true;
        for problem in located(&self.sheet, &self.checker) {
            if !clean {
                out.write_all(b",")?;
            }
            clean = false;
            serde_json::to_writer(&mut *out, &problem)?;
        }
        out.write_all(b"]}\n")?;
        Ok(clean)
    }

    fn write_cells(&self, row: u32, out: &mut dyn Write) -> io::Result<()> {
        let source = self.sheet.source();
        for field in 0..source.fields(row) {
            if field > 0 {
                out.write_all(b",")?;
            }
            let text = source.text(row, field).unwrap_or_default();
            serde_json::to_writer(&mut *out, &*text)?;
        }
        Ok(())
    }

    /// Writes the report for a person; whether there is no problem.
    fn write_text(&self, out: &mut dyn Write) -> io::Result<bool> {
        let mut counts = vec![0_usize; ProblemCode::COUNT];
        for problem in located(&self.sheet, &self.checker) {
            counts[problem.code as usize] += 1;
            // A cell's text may hold what a terminal obeys.
            let message = problem.message.replace(char::is_control, "\u{fffd}");
            let code = problem.code.code();
            writeln!(out, "{}:{} {code} {message}", problem.line, problem.column)?;
        }
        let total: usize = counts.iter().sum();
        if total > 0 {
            writeln!(out)?;
        }
        for &code in ProblemCode::ALL {
            let count = counts[code as usize];
            if count > 0 {
                let kind = match code.severity() {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                };
                writeln!(out, "{count:>7} {kind:<7} {}", code.code())?;
            }
        }
        let encoding = match self.encoding {
            Encoding::Utf8 | Encoding::Utf8Bom | Encoding::NotText(_) => "UTF-8",
            Encoding::Utf16Le | Encoding::Utf16Be => "UTF-16",
            Encoding::Unknown8Bit => "Windows-1252",
        };
        let source = self.sheet.source();
        let delimiter = match source.delimiter() {
            b',' => "comma".to_owned(),
            b';' => "semicolon".to_owned(),
            b'\t' => "tab".to_owned(),
            b'|' => "vertical bar".to_owned(),
            other => format!("{:?}", char::from(other)),
        };
        let header = match self.header().0.and_then(|row| source.line(row)) {
            Some(line) => format!("header on line {line}"),
            None => "no header".to_owned(),
        };
        let (rows, wrong) = (self.sheet.rows(), self.checker.rows_with_problems());
        writeln!(
            out,
            "Read as {encoding}, {delimiter}, {header}. {rows} rows, {wrong} of them with \
             problems; {total} problems in all."
        )?;
        Ok(total == 0)
    }
}

/// Why reading stopped, and where.
fn stopped(refusal: Refusal, sheet: &Sheet) -> String {
    let source = sheet.source();
    let line = source
        .rows()
        .checked_sub(1)
        .and_then(|row| source.line(row));
    match line {
        Some(line) => format!("{refusal} (Reading stopped after line {line}.)"),
        None => refusal.to_string(),
    }
}

/// Reads up to [`SLICE`] bytes more; whether the input ended.
fn fill(input: &mut dyn Read, slice: &mut Vec<u8>) -> io::Result<bool> {
    let wanted = SLICE as u64;
    Ok(input.take(wanted).read_to_end(slice)? < SLICE)
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
