//! Paste and copy: tab-separated text with quotes, as spreadsheets write it.

use super::operation::{ColumnId, Operation, RowId, thousands};
use super::sheet::Sheet;

/// The cells of a text from the clipboard. Tabs separate cells, line breaks rows; a cell
/// that starts with a quote may hold both, with its quotes doubled. A quote that does not
/// close, or is followed by text, is a letter.
pub fn parse_clipboard(text: &str) -> Vec<Vec<String>> {
    let bytes = text.as_bytes();
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut at = 0;
    if bytes.is_empty() {
        return rows;
    }
    loop {
        let (cell, end) = read_cell(text, at);
        row.push(cell);
        at = end;
        match bytes.get(at) {
            Some(b'\t') => at += 1,
            Some(b'\r') if bytes.get(at + 1) == Some(&b'\n') => {
                at += 2;
                rows.push(std::mem::take(&mut row));
            }
            Some(_) => {
                at += 1;
                rows.push(std::mem::take(&mut row));
            }
            None => break,
        }
        // The line break after the last row makes no row of its own.
        if at == bytes.len() && row.is_empty() {
            return rows;
        }
    }
    rows.push(row);
    rows
}

/// A cell and where it ends: at a tab, a line break or the text's end.
fn read_cell(text: &str, start: usize) -> (String, usize) {
    let bytes = text.as_bytes();
    let is_end = |byte: Option<&u8>| matches!(byte, None | Some(b'\t' | b'\n' | b'\r'));
    if bytes.get(start) == Some(&b'"') {
        let mut at = start + 1;
        let mut cell = String::new();
        while let Some(found) = memchr::memchr(b'"', &bytes[at..]) {
            cell.push_str(&text[at..at + found]);
            at += found + 1;
            if bytes.get(at) == Some(&b'"') {
                cell.push('"');
                at += 1;
            } else if is_end(bytes.get(at)) {
                return (cell, at);
            } else {
                break;
            }
        }
    }
    let length = bytes[start..]
        .iter()
        .position(|byte| matches!(byte, b'\t' | b'\n' | b'\r'))
        .unwrap_or(bytes.len() - start);
    (text[start..start + length].to_owned(), start + length)
}

/// Cells as text for the clipboard, which [`parse_clipboard`] reads back.
pub fn to_clipboard(rows: &[Vec<String>]) -> String {
    let mut out = String::new();
    for (i, row) in rows.iter().enumerate() {
        if i > 0 {
            out.push_str("\r\n");
        }
        for (j, cell) in row.iter().enumerate() {
            if j > 0 {
                out.push('\t');
            }
            if cell.starts_with('"') || cell.contains(['\t', '\n', '\r']) {
                out.push('"');
                out.push_str(&cell.replace('"', "\"\""));
                out.push('"');
            } else {
                out.push_str(cell);
            }
        }
    }
    // A last row that is one empty cell needs its line break to be seen.
    if rows
        .last()
        .is_some_and(|row| row.len() == 1 && row[0].is_empty())
    {
        out.push_str("\r\n");
    }
    out
}

/// The cells that a paste goes to: positions of rows, and columns as shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Position of the selection's first row.
    pub row: usize,
    /// Position of the selection's first column.
    pub column: usize,
    /// Rows selected, at least 1.
    pub rows: usize,
    /// Columns selected, at least 1.
    pub columns: usize,
}

/// A paste that is about to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paste {
    /// The one step.
    pub operation: Operation,
    /// Rows that it writes, the added ones included.
    pub rows: usize,
    /// Rows that it adds at the end.
    pub added: usize,
    /// Columns of the block for which there is no room.
    pub columns_left_out: usize,
}

impl Sheet {
    /// What a paste into these rows of the sheet does, as one step: a block fills the
    /// selection where that is a multiple of it, else it is put down once; rows past the
    /// last are added at the sheet's end, columns past the last are left out.
    pub fn paste(&self, among: &[RowId], target: Target, block: &[Vec<String>]) -> Paste {
        let height = block.len();
        let width = block.iter().map(Vec::len).max().unwrap_or(0);
        let tile = |selected: usize, size: usize| {
            if size > 0 && selected > size && selected.is_multiple_of(size) {
                selected
            } else {
                size
            }
        };
        let (rows, columns) = (tile(target.rows, height), tile(target.columns, width));
        let ids: Vec<ColumnId> = self
            .columns()
            .iter()
            .skip(target.column)
            .take(columns)
            .map(|c| c.id)
            .collect();
        let mut edits: Vec<(RowId, ColumnId, String)> = Vec::new();
        let mut added = Vec::new();
        for i in 0..rows {
            let line = &block[i % height];
            // Short lines of a ragged block leave the cells to their right alone.
            let cells = ids
                .iter()
                .enumerate()
                .filter_map(|(j, id)| Some((*id, line.get(j % width)?.clone())));
            match among.get(target.row + i) {
                Some(row) => edits.extend(cells.map(|(id, text)| (*row, id, text))),
                None => added.push(cells.collect()),
            }
        }
        let label = format!(
            "Paste {} × {}",
            thousands(rows as u64),
            thousands(columns as u64)
        );
        let mut operations = vec![Operation::SetCells { edits }];
        let more = added.len();
        if more > 0 {
            operations.push(Operation::InsertRows {
                at: self.rows() as u32,
                rows: added,
            });
        }
        Paste {
            operation: Operation::Batch { label, operations },
            rows,
            added: more,
            columns_left_out: columns - ids.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_spreadsheets_write() {
        assert_eq!(
            parse_clipboard("a\tb\r\nc\td\r\n"),
            [["a", "b"], ["c", "d"]]
        );
        assert_eq!(
            parse_clipboard("\"a\tb\nc\"\t\"x\"\"y\"\"\""),
            [["a\tb\nc", "x\"y\""]]
        );
        assert_eq!(
            parse_clipboard("\"open\tb\n\"x\" y"),
            [vec!["\"open", "b"], vec!["\"x\" y"]]
        );
        assert_eq!(parse_clipboard("a\n\nb"), [["a"], [""], ["b"]]);
        assert_eq!(parse_clipboard("5\" pipe"), [["5\" pipe"]]);
        assert!(parse_clipboard("").is_empty());
    }

    #[test]
    fn a_paste_overflows_into_new_rows_and_is_one_step() {
        let mut sheet = Sheet::empty();
        sheet.apply(Operation::insert_blank_rows(0, 1));
        let block = parse_clipboard("a@x.test\tA\nb@x.test\tB\n");
        let target = Target {
            row: 0,
            column: 0,
            rows: 1,
            columns: 1,
        };
        let paste = sheet.paste(sheet.row_ids(), target, &block);
        assert_eq!((paste.rows, paste.added, paste.columns_left_out), (2, 1, 0));
        sheet.apply(paste.operation);
        assert_eq!(sheet.rows(), 2);
        let first = sheet.columns()[1].id;
        assert_eq!(sheet.cell(sheet.row_at(1).unwrap(), first), "B");
        sheet.undo();
        assert_eq!(sheet.rows(), 1);
        assert_eq!(sheet.cell(sheet.row_at(0).unwrap(), first), "");
    }

    #[test]
    fn one_cell_fills_the_selection() {
        let mut sheet = Sheet::empty();
        sheet.apply(Operation::insert_blank_rows(0, 3));
        let target = Target {
            row: 0,
            column: 1,
            rows: 3,
            columns: 2,
        };
        let paste = sheet.paste(sheet.row_ids(), target, &[vec!["x".to_owned()]]);
        sheet.apply(paste.operation);
        for row in sheet.row_ids() {
            assert_eq!(sheet.cell(*row, sheet.columns()[1].id), "x");
            assert_eq!(sheet.cell(*row, sheet.columns()[2].id), "x");
            assert_eq!(sheet.cell(*row, sheet.columns()[3].id), "");
        }
    }

    #[test]
    fn a_paste_into_some_rows_fills_them_and_adds_the_rest_at_the_end() {
        let mut sheet = Sheet::empty();
        sheet.apply(Operation::insert_blank_rows(0, 4));
        let (shown, first) = (
            [sheet.row_ids()[1], sheet.row_ids()[3]],
            sheet.columns()[0].id,
        );
        let target = Target {
            row: 0,
            column: 0,
            rows: 1,
            columns: 1,
        };
        let paste = sheet.paste(&shown, target, &parse_clipboard("a\nb\nc"));
        assert_eq!((paste.rows, paste.added), (3, 1));
        sheet.apply(paste.operation);
        let texts: Vec<_> = sheet
            .row_ids()
            .iter()
            .map(|row| sheet.cell(*row, first).into_owned())
            .collect();
        assert_eq!(texts, ["", "a", "", "b", "c"]);
        // One cell fills what is selected of them, and columns without room are told.
        let wide = sheet.paste(
            &shown,
            Target {
                rows: 2,
                column: 9,
                ..target
            },
            &[vec!["x".to_owned(), "y".to_owned()]],
        );
        assert_eq!((wide.rows, wide.added, wide.columns_left_out), (2, 0, 1));
    }

    proptest! {
        #[test]
        fn copy_and_paste_keep_the_cells(
            width in 1_usize..4,
            cells in prop::collection::vec("[a\"\t\r\né ]{0,5}", 1..20),
        ) {
            let rows: Vec<Vec<String>> =
                cells.chunks_exact(width).map(<[String]>::to_vec).collect();
            prop_assert_eq!(parse_clipboard(&to_clipboard(&rows)), rows);
        }

        #[test]
        fn any_text_is_read(text in any::<String>()) {
            parse_clipboard(&text);
        }
    }
}
