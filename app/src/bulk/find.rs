//! Find and replace: which cells hold a text, the next one from a place, and one step that
//! replaces it everywhere.

use std::ops::Range;

use super::operation::{ColumnId, Operation, RowId, thousands};
use super::sheet::Sheet;

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// The text; an empty one is in no cell.
    pub text: String,
    /// Small and capital letters differ.
    pub match_case: bool,
    /// The whole cell is it, spaces around it aside.
    pub whole_cell: bool,
    /// Only in this column.
    pub column: Option<ColumnId>,
}

/// What replacing everywhere does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The one step.
    pub operation: Operation,
    /// Cells that it changes.
    pub cells: usize,
}

impl Search {
    /// Where the text is in a cell, from a byte on.
    fn at(&self, cell: &str, from: usize) -> Option<Range<usize>> {
        if self.text.is_empty() {
            return None;
        }
        if self.whole_cell {
            let trimmed = cell.trim_matches(' ');
            let start = cell.len() - cell.trim_start_matches(' ').len();
            let whole = if self.match_case {
                trimmed == self.text
            } else {
                same_letters(trimmed, &self.text) == Some(trimmed.len())
            };
            return (whole && from == 0).then(|| start..start + trimmed.len());
        }
        let rest = &cell[from..];
        let found = if self.match_case {
            let start = memchr::memmem::find(rest.as_bytes(), self.text.as_bytes())?;
            start..start + self.text.len()
        } else if self.text.is_ascii() {
            find_ascii(rest, self.text.as_bytes())?
        } else {
            rest.char_indices()
                .find_map(|(at, _)| Some(at..at + same_letters(&rest[at..], &self.text)?))?
        };
        Some(found.start + from..found.end + from)
    }

    /// Whether a cell holds the text.
    pub fn is_in(&self, cell: &str) -> bool {
        self.at(cell, 0).is_some()
    }

    /// The cell with every occurrence replaced; `None` where there is none.
    pub fn replaced(&self, cell: &str, with: &str) -> Option<String> {
        let mut found = self.at(cell, 0)?;
        let mut out = String::with_capacity(cell.len());
        let mut done = 0;
        loop {
            out.push_str(&cell[done..found.start]);
            out.push_str(with);
            done = found.end;
            match self.at(cell, done) {
                Some(next) => found = next,
                None => break,
            }
        }
        out.push_str(&cell[done..]);
        Some(out)
    }
}

/// Where ASCII text is in another, whatever the case of its letters.
fn find_ascii(text: &str, wanted: &[u8]) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let first = wanted.first()?;
    let (small, capital) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    memchr::memchr2_iter(small, capital, bytes).find_map(|at| {
        let found = bytes.get(at..at + wanted.len())?;
        found
            .eq_ignore_ascii_case(wanted)
            .then(|| at..at + wanted.len())
    })
}

/// Bytes of `text` that are `wanted`, whatever the case; `None` where it does not start so.
fn same_letters(text: &str, wanted: &str) -> Option<usize> {
    let mut wanted = wanted.chars().flat_map(char::to_lowercase).peekable();
    let mut end = 0;
    for c in text.chars() {
        if wanted.peek().is_none() {
            break;
        }
        for small in c.to_lowercase() {
            if wanted.next() != Some(small) {
                return None;
            }
        }
        end += c.len_utf8();
    }
    wanted.peek().is_none().then_some(end)
}

impl Sheet {
    /// Cells of these rows that hold the text.
    pub fn count_found(&self, rows: &[RowId], search: &Search) -> usize {
        let mut count = 0;
        self.each_found(rows, search, &mut |_, _, _| count += 1);
        count
    }

    fn each_found(
        &self,
        rows: &[RowId],
        search: &Search,
        each: &mut dyn FnMut(RowId, ColumnId, &str),
    ) {
        if search.text.is_empty() {
            return;
        }
        for column in self.columns() {
            if search.column.is_some_and(|only| only != column.id) {
                continue;
            }
            for &row in rows {
                let cell = self.cell_of(row, column);
                if search.is_in(&cell) {
                    each(row, column.id, &cell);
                }
            }
        }
    }

    /// The next cell that holds the text, by place among these rows and columns, going round
    /// at the end; row by row, from the place on but not the place itself, unless it is the
    /// only one.
    pub fn find_next(
        &self,
        rows: &[RowId],
        search: &Search,
        from: (usize, usize),
        backward: bool,
    ) -> Option<(usize, usize)> {
        let width = self.columns().len();
        let total = rows.len() * width;
        if search.text.is_empty() || total == 0 {
            return None;
        }
        let start = (from.0 * width + from.1).min(total - 1);
        (1..=total)
            .map(|step| {
                if backward {
                    (start + total - step) % total
                } else {
                    (start + step) % total
                }
            })
            .map(|at| (at / width, at % width))
            .find(|&(row, column)| {
                let column = &self.columns()[column];
                search.column.is_none_or(|only| only == column.id)
                    && search.is_in(&self.cell_of(rows[row], column))
            })
    }

    /// The one step that replaces the text in every cell of these rows; `None` where no cell
    /// would change.
    pub fn replace_all(&self, rows: &[RowId], search: &Search, with: &str) -> Option<Replacement> {
        let mut edits = Vec::new();
        self.each_found(rows, search, &mut |row, column, cell| {
            if let Some(text) = search.replaced(cell, with)
                && text != cell
            {
                edits.push((row, column, text));
            }
        });
        let cells = edits.len();
        (cells > 0).then(|| Replacement {
            operation: Operation::Batch {
                label: format!(
                    "Replace “{}” in {} {}",
                    search.text,
                    thousands(cells as u64),
                    if cells == 1 { "cell" } else { "cells" }
                ),
                operations: vec![Operation::SetCells { edits }],
            },
            cells,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::sheet::SheetOptions;
    use proptest::prelude::*;

    fn search(text: &str) -> Search {
        Search {
            text: text.to_owned(),
            ..Search::default()
        }
    }

    #[test]
    fn text_is_found_as_asked() {
        assert!(search("ADA").is_in("x ada y"));
        assert!(search("zoË").is_in("ZOë"));
        assert!(!search("").is_in("x"));
        let exact = Search {
            match_case: true,
            ..search("Ada")
        };
        assert!(exact.is_in("an Ada") && !exact.is_in("ada"));
        let whole = Search {
            whole_cell: true,
            ..search("ada")
        };
        assert!(whole.is_in(" Ada ") && !whole.is_in("Ada L"));
        assert_eq!(whole.replaced(" Ada ", "Bo").as_deref(), Some(" Bo "));
        assert_eq!(search("a").replaced("Banana", "").as_deref(), Some("Bnn"));
        assert_eq!(search("aa").replaced("aaa", "a").as_deref(), Some("aa"));
        assert_eq!(
            search("ß").replaced("Straße", "ss").as_deref(),
            Some("Strasse")
        );
        assert_eq!(search("x").replaced("abc", "y"), None);
        // A letter that is two when small is no match by half.
        assert_eq!(
            search("İ").replaced("İstanbul", "I").as_deref(),
            Some("Istanbul")
        );
        assert_eq!(
            search("i̇s").replaced("İstanbul", "Is").as_deref(),
            Some("Istanbul")
        );
    }

    #[test]
    fn the_next_cell_goes_round_and_all_are_replaced_in_one_step() {
        let text = "email,first_name,note\na@old.test,Old,\nb@old.test,Bo,old\nc@new.test,Cy,\n";
        let mut sheet = Sheet::from_bytes(text.as_bytes(), SheetOptions::default()).unwrap();
        let rows = sheet.row_ids().to_vec();
        let old = search("old");
        assert_eq!(sheet.count_found(&rows, &old), 4);
        let next = |from| sheet.find_next(&rows, &old, from, false);
        assert_eq!(next((0, 0)), Some((0, 1)));
        assert_eq!(next((0, 1)), Some((1, 0)));
        assert_eq!(next((1, 2)), Some((0, 0)));
        assert_eq!(sheet.find_next(&rows, &old, (0, 0), true), Some((1, 2)));
        assert_eq!(sheet.find_next(&rows[2..], &old, (0, 0), false), None);
        let column = sheet.columns()[0].id;
        let only = Search {
            column: Some(column),
            ..search("@OLD.test")
        };
        let replacement = sheet.replace_all(&rows, &only, "@new.test").unwrap();
        assert_eq!(replacement.cells, 2);
        assert_eq!(
            replacement.operation.label(),
            "Replace “@OLD.test” in 2 cells"
        );
        sheet.apply(replacement.operation);
        assert_eq!(sheet.cell(rows[1], column), "b@new.test");
        assert_eq!(sheet.replace_all(&rows, &only, "@new.test"), None);
        sheet.undo();
        assert_eq!(sheet.to_csv(), text.replace('\n', "\r\n").as_bytes());
    }

    proptest! {
        #[test]
        fn replacing_by_itself_changes_nothing_but_case(cell in ".{0,20}", text in ".{1,3}") {
            let exact = Search { match_case: true, ..search(&text) };
            prop_assert_eq!(exact.is_in(&cell), cell.contains(&text));
            let expected = cell.contains(&text).then(|| cell.replace(&text, "+"));
            prop_assert_eq!(exact.replaced(&cell, "+"), expected);
            // Whatever is found lies between letters.
            let _ = search(&text).replaced(&cell, "");
        }
    }
}
