//! Writing the sheet as it stands. Quotes stand only where they are needed, and what is
//! read back has the same cells, byte for byte.

use super::check::Checker;
use super::escape::{ESCAPED_COLUMN, PROBLEMS_COLUMN, escape, unescape};
use super::operation::{Column, RowId};
use super::sheet::Sheet;
use super::source::unquote;
use std::borrow::Cow;

impl Sheet {
    /// The sheet as CSV: a header, every row, commas, CRLF, no byte order mark. Cells of
    /// the file that were not edited keep their bytes, readable or not.
    pub fn to_csv(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.source().bytes().len() + 256);
        let mut cells: Vec<Cow<'_, [u8]>> = self
            .columns()
            .iter()
            .map(|c| Cow::Borrowed(c.name.as_bytes()))
            .collect();
        write_record(&mut out, cells.iter().map(AsRef::as_ref));
        for &row in self.row_ids() {
            cells.clear();
            cells.extend(
                self.columns()
                    .iter()
                    .map(|column| self.cell_bytes(row, column)),
            );
            write_record(&mut out, cells.iter().map(AsRef::as_ref));
        }
        out
    }

    /// Some rows as CSV for a spreadsheet, each followed by cells of more columns: the
    /// rows with problems and their reasons, say. It starts with a byte order mark, formula
    /// cells are escaped and a column [`ESCAPED_COLUMN`] says so. A column of the sheet with
    /// the name of one of the more columns is left out, so that the file can be uploaded as
    /// it is, corrected and written again.
    pub fn to_spreadsheet_csv(
        &self,
        rows: impl IntoIterator<Item = RowId>,
        more_columns: &[&str],
        mut more_cells: impl FnMut(RowId) -> Vec<String>,
    ) -> Vec<u8> {
        let kept: Vec<&Column> = self
            .columns()
            .iter()
            .filter(|column| !more_columns.contains(&column.name.as_str()))
            .collect();
        let names: Vec<&str> = kept
            .iter()
            .map(|c| c.name.as_str())
            .chain(more_columns.iter().copied())
            .collect();
        let mut rows = rows.into_iter();
        spreadsheet_csv(&names, &mut || {
            let row = rows.next()?;
            let more = more_cells(row);
            let mut record: Vec<String> = kept
                .iter()
                .map(|column| self.cell_of(row, column).into_owned())
                .collect();
            record.extend(more);
            Some(record)
        })
    }

    /// A cell's bytes without quotes around them.
    fn cell_bytes(&self, row: RowId, column: &Column) -> Cow<'_, [u8]> {
        if let Some(text) = self.edited(row, column.id) {
            return Cow::Borrowed(text.as_bytes());
        }
        match self.cell_in_file(row, column.source).map(unquote) {
            None => Cow::Borrowed(&[]),
            Some(bytes) if self.is_escaped() => match std::str::from_utf8(&bytes) {
                Ok(text) => Cow::Owned(unescape(text).as_bytes().to_vec()),
                Err(_) => bytes,
            },
            Some(bytes) => bytes,
        }
    }
}

impl Checker {
    /// The rows that cannot be submitted, with the reasons in a last column, as a file
    /// for spreadsheets that can be corrected and uploaded as it is.
    pub fn errors_csv(&self, sheet: &Sheet) -> Vec<u8> {
        let rows: Vec<RowId> = sheet
            .row_ids()
            .iter()
            .copied()
            .filter(|&row| self.has_error(row))
            .collect();
        sheet.to_spreadsheet_csv(rows, &[PROBLEMS_COLUMN], |row| {
            vec![self.reasons(sheet, row)]
        })
    }

    /// What is wrong with a row, in one cell.
    pub fn reasons(&self, sheet: &Sheet, row: RowId) -> String {
        let reasons: Vec<String> = self
            .problems_of(row)
            .map(|problem| self.message(sheet, problem))
            .collect();
        reasons.join(" ")
    }
}

/// A file for spreadsheets (S43): a byte order mark, and a leading `'` at every cell that a
/// spreadsheet would run, which the column [`ESCAPED_COLUMN`] says. `next` gives the records.
pub fn spreadsheet_csv(header: &[&str], next: &mut dyn FnMut() -> Option<Vec<String>>) -> Vec<u8> {
    let mut body = Vec::new();
    let names: Vec<Cow<'_, str>> = header
        .iter()
        .map(|name| escape(name))
        .chain([Cow::Borrowed(ESCAPED_COLUMN)])
        .collect();
    write_record(&mut body, names.iter().map(|name| name.as_bytes()));
    while let Some(mut record) = next() {
        for cell in &mut record {
            if let Cow::Owned(escaped) = escape(cell) {
                *cell = escaped;
            }
        }
        record.push("yes".to_owned());
        write_record(&mut body, record.iter().map(String::as_bytes));
    }
    let mut out = b"\xef\xbb\xbf".to_vec();
    out.append(&mut body);
    out
}

/// Writes one record, quoting where it must.
pub fn write_record<'a>(out: &mut Vec<u8>, cells: impl Iterator<Item = &'a [u8]>) {
    let first_record = out.is_empty();
    let start = out.len();
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        // The start of a file must not read as a byte order mark or as a separator line.
        let misread = first_record
            && i == 0
            && (cell.starts_with(b"\xef\xbb\xbf")
                || cell
                    .get(..4)
                    .is_some_and(|head| head.eq_ignore_ascii_case(b"sep=")));
        write_cell(out, cell, misread);
    }
    // A lone empty cell would be a blank line, which is left out when read.
    if out.len() == start {
        out.extend_from_slice(b"\"\"");
    }
    out.extend_from_slice(b"\r\n");
}

fn write_cell(out: &mut Vec<u8>, cell: &[u8], force: bool) {
    let plain = !force
        && memchr::memchr3(b'"', b'\n', b'\r', cell).is_none()
        && memchr::memchr3(b',', b';', b'\t', cell).is_none();
    if plain {
        out.extend_from_slice(cell);
        return;
    }
    out.push(b'"');
    let mut rest = cell;
    while let Some(at) = memchr::memchr(b'"', rest) {
        out.extend_from_slice(&rest[..=at]);
        out.push(b'"');
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::check::tests::CONTEXT;
    use crate::bulk::sheet::SheetOptions;

    #[test]
    fn s45_reports_obey_both() {
        let mut rows = vec![vec!["=1+1".to_owned(), "+49 30".to_owned()]].into_iter();
        let file = spreadsheet_csv(&["@name", "phone"], &mut || rows.next());
        let text = String::from_utf8(file.clone()).unwrap();
        assert_eq!(
            text,
            "\u{feff}'@name,phone,beckon_escaped\r\n'=1+1,'+49 30,yes\r\n"
        );
        let again = Sheet::from_bytes(&file, SheetOptions::default()).unwrap();
        let row = again.row_ids()[0];
        let cells = again.columns().iter().map(|c| again.cell_of(row, c));
        assert_eq!(cells.collect::<Vec<_>>(), ["=1+1", "+49 30"]);
    }

    #[test]
    fn s44_the_rows_with_errors_can_be_uploaded_as_they_are() {
        let text = "email,note\na@x.test,fine\nbad,=1\n";
        let sheet = Sheet::from_bytes(text.as_bytes(), SheetOptions::default()).unwrap();
        let file = Checker::full(&sheet, CONTEXT).errors_csv(&sheet);
        let again = Sheet::from_bytes(&file, SheetOptions::default()).unwrap();
        assert_eq!(again.rows(), 1);
        let draft = again.draft(again.row_ids()[0]);
        assert_eq!((draft.email.as_str(), draft.note.as_str()), ("bad", "=1"));
        assert!(draft.metadata.is_empty());
        // Written again, the column of reasons stands there once.
        let checker = Checker::full(&again, CONTEXT);
        let twice = String::from_utf8(checker.errors_csv(&again)).unwrap();
        assert_eq!(twice.matches(PROBLEMS_COLUMN).count(), 1);
    }
}
