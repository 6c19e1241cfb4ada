//! Reads a CSV file a slice at a time, without ever failing on what it holds: the result
//! is a [`Source`] and a list of what was odd, whatever the slices' borders.
//!
//! Rows end at LF, CR or CRLF, mixed as they come; blank lines are left out, and lines
//! are counted as in the file. A quote only opens a cell at its start. Where text follows
//! a closing quote, the cell is kept letter for letter and flagged; if that quote closed
//! on another line than it opened, or never closes, the opening one is read as a letter
//! and its row ends at its line, so that a forgotten quote costs one row and no more.

use super::detect::{Whole, detect_delimiter, separator_line};
use super::limits::{BYTES_MAX, DETECT_BYTES, DETECT_ROWS, ROWS_MAX};
use super::order::sort_by_number;
use super::source::{RowSpan, Source, SourceProblem, SourceProblemKind};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How to read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseOptions {
    /// The delimiter, where it is not to be found out; a line `sep=` is then data.
    pub delimiter: Option<u8>,
    /// Rows that are read at most, the header and as many titles as may be included: a
    /// sheet takes [`DETECT_ROWS`] less.
    pub rows_max: u32,
    /// Bytes that are taken at most.
    pub bytes_max: usize,
}

impl Default for ParseOptions {
    fn default() -> Self {
        Self {
            delimiter: None,
            rows_max: ROWS_MAX + DETECT_ROWS,
            bytes_max: BYTES_MAX,
        }
    }
}

/// Why a file is not read further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// More bytes than may be.
    TooManyBytes,
    /// More rows than may be.
    TooManyRows,
    /// More cells than an index of reasonable size holds.
    TooManyCells,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooManyBytes => "The file is larger than 64 MB. Split it and upload the parts.",
            Self::TooManyRows => {
                "The file has more than 100,000 rows. Split it and upload the parts."
            }
            Self::TooManyCells => {
                "The file has too many cells. Remove the columns that are not needed."
            }
        })
    }
}

impl std::error::Error for Refusal {}

/// Cells in all, so that the index stays below 64 MB.
const CELLS_MAX: usize = 16 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Waiting for enough bytes to know the delimiter.
    Head,
    Body,
    Done,
}

/// An incremental parser. Feed it slices, look at [`Parser::source`] in between, and
/// [`Parser::finish`] it.
#[derive(Clone, Debug)]
pub struct Parser {
    source: Source,
    options: ParseOptions,
    phase: Phase,
    /// The next byte to look at.
    scan: usize,
    row_start: usize,
    field_start: usize,
    /// The physical line where the unfinished row starts.
    line: u32,
    /// The scan is inside quotes.
    quoted: bool,
    /// The unfinished row holds a quoted cell, so it may span lines.
    row_quoted: bool,
    /// Bytes that were looked at for UTF-8 and NUL.
    verified: usize,
}

impl Default for Parser {
    fn default() -> Self {
        Self::new(ParseOptions::default())
    }
}

impl Parser {
    /// A parser that has read nothing.
    pub fn new(options: ParseOptions) -> Self {
        Self {
            source: Source::default(),
            options,
            phase: Phase::Head,
            scan: 0,
            row_start: 0,
            field_start: 0,
            line: 1,
            quoted: false,
            row_quoted: false,
            verified: 0,
        }
    }

    /// Makes room for a file of this many bytes, and refuses one that is too large
    /// before a byte of it is read.
    pub fn expect_bytes(&mut self, bytes: usize) -> Result<(), Refusal> {
        if bytes > self.options.bytes_max {
            self.phase = Phase::Done;
            return Err(Refusal::TooManyBytes);
        }
        self.source.reserve(bytes);
        Ok(())
    }

    /// Reads one more slice. After a refusal nothing more is read; the rows so far stay.
    pub fn feed(&mut self, slice: &[u8]) -> Result<(), Refusal> {
        if self.phase == Phase::Done {
            return Ok(());
        }
        if self.source.bytes.len() + slice.len() > self.options.bytes_max {
            self.phase = Phase::Done;
            return Err(Refusal::TooManyBytes);
        }
        self.source.bytes.extend_from_slice(slice);
        if self.phase == Phase::Head {
            if self.source.bytes.len() < DETECT_BYTES {
                return Ok(());
            }
            self.begin(Whole::No);
        }
        self.run(Whole::No)
    }

    /// Reads what is left: the last row needs no line break.
    pub fn finish(&mut self) -> Result<(), Refusal> {
        if self.phase == Phase::Done {
            return Ok(());
        }
        if self.phase == Phase::Head {
            self.begin(Whole::Yes);
        }
        let result = self.run(Whole::Yes);
        self.phase = Phase::Done;
        result
    }

    /// Whether the file was read to its end, or refused.
    pub fn is_finished(&self) -> bool {
        self.phase == Phase::Done
    }

    /// What was read so far: finished rows only.
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// What was read.
    pub fn into_source(self) -> Source {
        self.source
    }

    fn begin(&mut self, whole: Whole) {
        let bytes = &self.source.bytes;
        let start = if bytes.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            0
        };
        let mut body = start;
        self.source.delimiter = if let Some(delimiter) = self.options.delimiter {
            delimiter
        } else if let Some((delimiter, length)) = separator_line(&bytes[start..]) {
            body += length;
            self.line = 2;
            delimiter
        } else {
            let head = &bytes[start..bytes.len().min(DETECT_BYTES)];
            detect_delimiter(head, whole)
        };
        (self.scan, self.row_start, self.field_start, self.verified) = (body, body, body, body);
        self.phase = Phase::Body;
    }

    fn flag(&mut self, kind: SourceProblemKind) {
        let row = self.source.rows();
        let first = self.source.fields_done as usize;
        let field = (self.source.field_ends.len() - first) as u32;
        // One remark on a cell's quotes is enough.
        if self
            .source
            .problems
            .last()
            .is_none_or(|p| (p.row, p.field) != (row, field))
        {
            self.source
                .problems
                .push(SourceProblem { row, field, kind });
        }
    }

    fn run(&mut self, whole: Whole) -> Result<(), Refusal> {
        let rows_before = self.source.rows();
        let mut result = self.scan_all(whole);
        self.verify();
        if result.is_ok() && self.source.field_ends.len() > CELLS_MAX {
            result = Err(Refusal::TooManyCells);
        }
        let from = self
            .source
            .problems
            .partition_point(|p| p.row < rows_before);
        let problems = &mut self.source.problems[from..];
        sort_by_number(problems, |problem| problem.kind as u32);
        sort_by_number(problems, |problem| problem.field);
        sort_by_number(problems, |problem| problem.row);
        if result.is_err() {
            self.phase = Phase::Done;
        }
        result
    }

    fn scan_all(&mut self, whole: Whole) -> Result<(), Refusal> {
        loop {
            if self.quoted && !self.scan_quoted(whole) {
                if whole == Whole::No {
                    return Ok(());
                }
                self.reopen();
            }
            self.scan_plain()?;
            if !self.quoted {
                break;
            }
        }
        if whole == Whole::Yes && self.row_start < self.source.bytes.len() {
            self.end_row(self.source.bytes.len())?;
        }
        Ok(())
    }

    /// Reads the opening quote of the present field as a letter.
    fn reopen(&mut self) {
        self.flag(SourceProblemKind::UnclosedQuote);
        self.quoted = false;
        self.scan = self.field_start + 1;
    }

    /// Looks for the end of the quotes; `false` where it is not among the bytes so far.
    fn scan_quoted(&mut self, whole: Whole) -> bool {
        loop {
            let bytes = &self.source.bytes;
            let Some(found) = memchr::memchr(b'"', &bytes[self.scan..]) else {
                self.scan = bytes.len();
                return false;
            };
            let quote = self.scan + found;
            match bytes.get(quote + 1) {
                None if whole == Whole::No => {
                    self.scan = quote;
                    return false;
                }
                Some(b'"') => {
                    self.scan = quote + 2;
                    continue;
                }
                Some(&next) if next != self.source.delimiter && next != b'\n' && next != b'\r' => {
                    let span = &bytes[self.field_start..quote];
                    if memchr::memchr2(b'\n', b'\r', span).is_some() {
                        self.reopen();
                        return true;
                    }
                    self.flag(SourceProblemKind::StrayQuote);
                }
                None | Some(_) => {}
            }
            self.quoted = false;
            self.scan = quote + 1;
            return true;
        }
    }

    /// Reads cells outside quotes, eight bytes at a time, until a quote opens or the
    /// bytes end.
    fn scan_plain(&mut self) -> Result<(), Refusal> {
        const EACH: u64 = 0x0101_0101_0101_0101;
        let delimiters = EACH * u64::from(self.source.delimiter);
        while let Some(chunk) = self.source.bytes[self.scan..].first_chunk::<8>() {
            let word = u64::from_le_bytes(*chunk);
            let mut marks = zero_bytes(word ^ delimiters)
                | zero_bytes(word ^ (EACH * u64::from(b'\n')))
                | zero_bytes(word ^ (EACH * u64::from(b'\r')))
                | zero_bytes(word ^ (EACH * u64::from(b'"')));
            let base = self.scan;
            while marks != 0 {
                let at = base + (marks.trailing_zeros() / 8) as usize;
                marks &= marks - 1;
                if self.mark(at)? {
                    return Ok(());
                }
            }
            self.scan = base + 8;
        }
        while let Some(&byte) = self.source.bytes.get(self.scan) {
            let at = self.scan;
            if (byte == self.source.delimiter || matches!(byte, b'\n' | b'\r' | b'"'))
                && self.mark(at)?
            {
                return Ok(());
            }
            self.scan = at + 1;
        }
        Ok(())
    }

    /// Takes note of a byte that may mean something; `true` where a quote opens.
    #[inline]
    fn mark(&mut self, at: usize) -> Result<bool, Refusal> {
        let byte = self.source.bytes[at];
        if byte == self.source.delimiter {
            self.source.field_ends.push(at as u32);
            self.field_start = at + 1;
        } else if byte != b'"' {
            self.end_row(at)?;
        } else if at == self.field_start {
            self.quoted = true;
            self.row_quoted = true;
            self.scan = at + 1;
            return Ok(true);
        } else {
            self.flag(SourceProblemKind::StrayQuote);
        }
        Ok(false)
    }

    /// Ends a row at a line break, or at the end of the file.
    #[inline]
    fn end_row(&mut self, at: usize) -> Result<(), Refusal> {
        let start = self.row_start;
        (self.row_start, self.field_start) = (at + 1, at + 1);
        if at == start {
            let bytes = &self.source.bytes;
            let second_half = bytes[at] == b'\n' && start > 0 && bytes[start - 1] == b'\r';
            self.line += u32::from(!second_half);
            return Ok(());
        }
        let source = &mut self.source;
        if source.rows() >= self.options.rows_max {
            return Err(Refusal::TooManyRows);
        }
        source.field_ends.push(at as u32);
        source.rows.push(RowSpan {
            start: start as u32,
            first_field: source.fields_done,
            line: self.line,
        });
        source.fields_done = source.field_ends.len() as u32;
        self.line += 1;
        if self.row_quoted {
            self.line += line_breaks(&source.bytes[start..at]);
            self.row_quoted = false;
        }
        Ok(())
    }

    /// Looks through the finished rows for bytes that are not UTF-8 and for NUL.
    fn verify(&mut self) {
        let end = self.row_start.min(self.source.bytes.len());
        let mut at = self.verified;
        self.verified = end;
        let mut found = Vec::new();
        for nul in memchr::memchr_iter(0, &self.source.bytes[at..end]) {
            found.push((at + nul, SourceProblemKind::Nul));
        }
        while let Err(error) = std::str::from_utf8(&self.source.bytes[at..end]) {
            let bad = at + error.valid_up_to();
            found.push((bad, SourceProblemKind::BadUtf8));
            at = bad + error.error_len().unwrap_or(end - bad);
        }
        for (offset, kind) in found {
            let Some((row, field)) = self.cell_at(offset) else {
                continue;
            };
            let problem = SourceProblem { row, field, kind };
            if self.source.problems.last() != Some(&problem) {
                self.source.problems.push(problem);
            }
        }
    }

    /// The finished row and the field that hold a byte.
    fn cell_at(&self, offset: usize) -> Option<(u32, u32)> {
        let rows = &self.source.rows;
        let row = rows
            .partition_point(|span| span.start as usize <= offset)
            .checked_sub(1)?;
        let first = rows[row].first_field as usize;
        let last = first + self.source.fields(row as u32) as usize;
        let ends = &self.source.field_ends[first..last];
        let field = ends.partition_point(|&end| (end as usize) < offset);
        Some((row as u32, field.min(ends.len().checked_sub(1)?) as u32))
    }
}

/// The top bit of each byte that is zero: exact, unlike the shorter form, whose borrow
/// also marks a one after a zero.
#[inline]
const fn zero_bytes(word: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    !(((word & LOW) + LOW) | word | LOW)
}

/// Line breaks inside a row's bytes; CRLF is one.
fn line_breaks(bytes: &[u8]) -> u32 {
    let mut count = 0;
    let mut previous = 0;
    for &byte in bytes {
        count += u32::from(byte == b'\r' || (byte == b'\n' && previous != b'\r'));
        previous = byte;
    }
    count
}

/// Reads a whole text.
pub fn parse(bytes: &[u8], options: ParseOptions) -> Result<Source, Refusal> {
    let mut parser = Parser::new(options);
    parser.expect_bytes(bytes.len())?;
    parser.feed(bytes)?;
    parser.finish()?;
    Ok(parser.into_source())
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
