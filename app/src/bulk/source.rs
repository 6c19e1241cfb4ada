//! A file as it was read: its bytes, untouched, and where each field ends.

use super::limits::DETECT_BYTES;
use std::borrow::Cow;

/// One row of the file: where it starts and where its fields' ends are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowSpan {
    /// Offset of the row's first byte.
    pub start: u32,
    /// Index into the field ends of the row's first field.
    pub first_field: u32,
    /// Physical line where the row starts, 1 for the file's first.
    pub line: u32,
}

/// What is odd about a cell's bytes; found while reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceProblemKind {
    /// A quote was opened and never closed: it is read as a letter.
    UnclosedQuote,
    /// A quote stands inside a cell that is not quoted, or text follows a closing quote:
    /// the cell is kept letter for letter.
    StrayQuote,
    /// The bytes are not UTF-8: shown with replacement characters.
    BadUtf8,
    /// There is a NUL.
    Nul,
}

/// Something odd at one cell of the file. Ordered by row, then by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceProblem {
    /// The row's index in the file, blank lines not counted.
    pub row: u32,
    /// The field's index in its row.
    pub field: u32,
    /// What is odd.
    pub kind: SourceProblemKind,
}

/// The raw bytes of a file and an index of its fields. Twelve bytes a row and four a
/// field, beside the bytes themselves; a text is only made for a cell that is asked for.
#[derive(Clone, Debug, Default)]
pub struct Source {
    pub(super) bytes: Vec<u8>,
    /// Where each field ends; a field starts after its left neighbour's delimiter.
    pub(super) field_ends: Vec<u32>,
    pub(super) rows: Vec<RowSpan>,
    /// Fields that belong to finished rows.
    pub(super) fields_done: u32,
    pub(super) problems: Vec<SourceProblem>,
    pub(super) delimiter: u8,
}

impl Source {
    /// Finished rows, the header included and blank lines not.
    pub fn rows(&self) -> u32 {
        self.rows.len() as u32
    }

    /// The bytes as they came.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The delimiter between fields; 0 until it is known.
    pub const fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// The physical line where a row starts, 1 for the file's first.
    pub fn line(&self, row: u32) -> Option<u32> {
        self.rows.get(row as usize).map(|span| span.line)
    }

    /// How many fields a row has in the file.
    pub fn fields(&self, row: u32) -> u32 {
        let row = row as usize;
        self.rows.get(row).map_or(0, |span| {
            self.rows
                .get(row + 1)
                .map_or(self.fields_done, |next| next.first_field)
                - span.first_field
        })
    }

    /// The bytes of a field as they stand in the file, quotes included.
    #[inline]
    pub fn raw(&self, row: u32, field: u32) -> Option<&[u8]> {
        let span = self.rows.get(row as usize)?;
        let index = span.first_field + field;
        let limit = self
            .rows
            .get(row as usize + 1)
            .map_or(self.fields_done, |n| n.first_field);
        if index >= limit {
            return None;
        }
        let start = if field == 0 {
            span.start
        } else {
            self.field_ends[index as usize - 1] + 1
        };
        self.bytes
            .get(start as usize..self.field_ends[index as usize] as usize)
    }

    /// A row's text, where all of it is UTF-8.
    #[inline]
    pub(super) fn row_text(&self, row: u32) -> Option<RowText<'_>> {
        let span = self.rows.get(row as usize)?;
        let limit = self
            .rows
            .get(row as usize + 1)
            .map_or(self.fields_done, |next| next.first_field);
        let ends = self
            .field_ends
            .get(span.first_field as usize..limit as usize)?;
        let bytes = self
            .bytes
            .get(span.start as usize..*ends.last()? as usize)?;
        let text = std::str::from_utf8(bytes).ok()?;
        Some(RowText {
            text,
            start: span.start,
            ends,
        })
    }

    /// A field's bytes, without the quotes around it; `None` past the row's end.
    pub fn value(&self, row: u32, field: u32) -> Option<Cow<'_, [u8]>> {
        self.raw(row, field).map(unquote)
    }

    /// A field's text; what is not UTF-8 shows as replacement characters.
    #[inline]
    pub fn text(&self, row: u32, field: u32) -> Option<Cow<'_, str>> {
        self.raw(row, field).map(text_of)
    }

    /// What was odd while reading, by row and field.
    pub fn problems(&self) -> &[SourceProblem] {
        &self.problems
    }

    /// What was odd in one row.
    pub fn problems_of(&self, row: u32) -> &[SourceProblem] {
        let start = self.problems.partition_point(|p| p.row < row);
        let len = self.problems[start..].partition_point(|p| p.row == row);
        &self.problems[start..start + len]
    }

    pub(super) fn reserve(&mut self, bytes: usize) {
        self.bytes.reserve(bytes);
        // About twelve bytes a field and a hundred a row, as in the template's columns.
        if bytes > DETECT_BYTES {
            self.field_ends.reserve(bytes / 10);
            self.rows.reserve(bytes / 90);
        }
    }
}

/// One row's text with its fields' ends: the quick way to many fields of a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowText<'a> {
    text: &'a str,
    /// Offset of the row in the file.
    start: u32,
    ends: &'a [u32],
}

impl<'a> RowText<'a> {
    /// A field's text; empty past the row's end.
    #[inline]
    pub fn field(&self, field: u32) -> Cow<'a, str> {
        let field = field as usize;
        let Some(&end) = self.ends.get(field) else {
            return Cow::Borrowed("");
        };
        let start = match field.checked_sub(1) {
            Some(left) => self.ends[left] + 1,
            None => self.start,
        };
        let raw = (start - self.start) as usize..(end - self.start) as usize;
        let raw = self.text.get(raw).unwrap_or_default();
        if raw.as_bytes().first() == Some(&b'"') {
            unquote_text(raw)
        } else {
            Cow::Borrowed(raw)
        }
    }

    /// What kinds of characters the row has.
    pub fn kinds(&self) -> Kinds {
        kinds(self.text.as_bytes())
    }
}

/// Which kinds of characters a text has, as far as rules ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds {
    /// There is a control character of ASCII, tabs and line breaks included.
    pub control: bool,
    /// There is a character beyond ASCII.
    pub beyond: bool,
}

/// Whether there is a control character of ASCII.
pub(super) fn has_control(bytes: &[u8]) -> bool {
    kinds(bytes).control
}

/// Looks at eight bytes at a time.
fn kinds(bytes: &[u8]) -> Kinds {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = EACH * 0x80;
    let mut chunks = bytes.chunks_exact(8);
    let (mut found, mut beyond) = (0, 0);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        let word = u64::from_le_bytes(word);
        beyond |= word;
        let delete = word ^ (EACH * 0x7f);
        // Both are exact as to whether there is any such byte.
        found |= word.wrapping_sub(EACH * 0x20) & !word & HIGH;
        found |= delete.wrapping_sub(EACH) & !delete & HIGH;
    }
    let rest = chunks.remainder();
    Kinds {
        control: found != 0 || rest.iter().any(|b| *b < b' ' || *b == 0x7f),
        beyond: beyond & HIGH != 0 || !rest.is_ascii(),
    }
}

/// The text of a raw field.
#[inline]
pub(super) fn text_of(raw: &[u8]) -> Cow<'_, str> {
    if raw.first() == Some(&b'"') {
        return match unquote(raw) {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Cow::Owned(text),
                Err(error) => Cow::Owned(String::from_utf8_lossy(error.as_bytes()).into_owned()),
            },
        };
    }
    match std::str::from_utf8(raw) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(raw),
    }
}

/// How a raw field is quoted.
enum Quoting {
    /// Not, or not in order: the field stays as it is, and the parser has flagged it.
    Plain,
    /// In order, with so many doubled quotes inside.
    Quoted(usize),
}

fn quoting(raw: &[u8]) -> Quoting {
    let [b'"', inner @ .., b'"'] = raw else {
        return Quoting::Plain;
    };
    let mut doubled = 0;
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'"', &inner[at..]) {
        if inner.get(at + found + 1) != Some(&b'"') {
            return Quoting::Plain;
        }
        doubled += 1;
        at += found + 2;
    }
    Quoting::Quoted(doubled)
}

/// A raw field without the quotes around it.
fn unquote_text(raw: &str) -> Cow<'_, str> {
    match quoting(raw.as_bytes()) {
        Quoting::Plain => Cow::Borrowed(raw),
        Quoting::Quoted(0) => Cow::Borrowed(&raw[1..raw.len() - 1]),
        Quoting::Quoted(_) => Cow::Owned(raw[1..raw.len() - 1].replace("\"\"", "\"")),
    }
}

/// A raw field without the quotes around it.
pub(super) fn unquote(raw: &[u8]) -> Cow<'_, [u8]> {
    let doubled = match quoting(raw) {
        Quoting::Plain => return Cow::Borrowed(raw),
        Quoting::Quoted(doubled) => doubled,
    };
    let inner = &raw[1..raw.len() - 1];
    if doubled == 0 {
        return Cow::Borrowed(inner);
    }
    let mut out = Vec::with_capacity(inner.len() - doubled);
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'"', &inner[at..]) {
        out.extend_from_slice(&inner[at..=at + found]);
        at += found + 2;
    }
    out.extend_from_slice(&inner[at..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn control_characters_are_found(text in "[ -\u{7f}\t\u{1f}é\u{80}]{0,20}") {
            let expected = text.bytes().any(|b| b < 0x20 || b == 0x7f);
            prop_assert_eq!(has_control(text.as_bytes()), expected);
            prop_assert_eq!(kinds(text.as_bytes()).beyond, !text.is_ascii());
        }

        #[test]
        fn bytes_and_texts_unquote_alike(text in "[\"aé]{0,8}") {
            let by_bytes = unquote(text.as_bytes()).into_owned();
            let by_text = unquote_text(&text);
            prop_assert_eq!(by_bytes, by_text.as_bytes());
        }
    }
}
