//! What was done to a sheet, as bytes: appended to a journal as it happens, and read again
//! after a reload or a crash. Done again in order on the same file it gives the same
//! sheet, its history included.
//!
//! Bytes rather than JSON: a paste of 200,000 cells is written within a few milliseconds.

use super::mapping::{ColumnUse, Field, Reason};
use super::operation::{CellValue, Column, ColumnId, Operation, Placed, RowId};
use super::sheet::Sheet;
use crate::domain::import::RowOutcome;

/// The journal's format; another one is not read.
pub const VERSION: u32 = 1;
/// Batches in batches that are read; nothing writes more than two.
const DEPTH_MAX: u32 = 8;

/// A row that was submitted, what became of it and what there was to say.
pub type SubmittedRow = (RowId, RowOutcome, String);

/// One thing that happened to a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// An operation.
    Do(Operation),
    /// The last step was undone.
    Undo,
    /// The step that was undone last was done again.
    Redo,
    /// Rows were submitted and left the sheet; no earlier step can be undone.
    Submitted(Vec<SubmittedRow>),
}

/// Does again what is written in a journal; gives back the rows that were submitted.
pub fn replay(sheet: &mut Sheet, entries: Vec<Entry>) -> Vec<SubmittedRow> {
    let mut submitted = Vec::new();
    for entry in entries {
        match entry {
            Entry::Do(operation) => drop(sheet.apply(operation)),
            Entry::Undo => drop(sheet.undo()),
            Entry::Redo => drop(sheet.redo()),
            Entry::Submitted(rows) => {
                let done = rows.iter().map(|(row, ..)| *row).collect();
                sheet.apply(Operation::DeleteRows { rows: done });
                sheet.forget_history();
                submitted.extend(rows);
            }
        }
    }
    submitted
}

/// Appends an operation.
pub fn write_do(out: &mut Vec<u8>, operation: &Operation) {
    out.push(0);
    write_operation(out, operation);
}

/// Appends a step back.
pub fn write_undo(out: &mut Vec<u8>) {
    out.push(1);
}

/// Appends a step that was done again.
pub fn write_redo(out: &mut Vec<u8>) {
    out.push(2);
}

/// Appends rows that were submitted.
pub fn write_submitted(out: &mut Vec<u8>, rows: &[SubmittedRow]) {
    out.push(3);
    number(out, rows.len() as u32);
    for (row, outcome, message) in rows {
        number(out, row.0);
        let place = RowOutcome::ALL.iter().position(|one| one == outcome);
        out.push(place.unwrap_or_default() as u8);
        text(out, message);
    }
}

/// Reads a journal's bytes; `None` where they are not one's.
pub fn read(bytes: &[u8]) -> Option<Vec<Entry>> {
    let mut reader = Reader { rest: bytes };
    let mut entries = Vec::new();
    while !reader.rest.is_empty() {
        entries.push(match reader.byte()? {
            0 => Entry::Do(reader.operation(DEPTH_MAX)?),
            1 => Entry::Undo,
            2 => Entry::Redo,
            3 => Entry::Submitted(reader.list(|reader| {
                let row = RowId(reader.number()?);
                let outcome = *RowOutcome::ALL.get(usize::from(reader.byte()?))?;
                Some((row, outcome, reader.text()?))
            })?),
            _ => return None,
        });
    }
    Some(entries)
}

fn number(out: &mut Vec<u8>, mut n: u32) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn text(out: &mut Vec<u8>, text: &str) {
    number(out, text.len() as u32);
    out.extend_from_slice(text.as_bytes());
}

/// A number that may be missing.
fn maybe(out: &mut Vec<u8>, n: Option<u32>) {
    out.push(u8::from(n.is_some()));
    if let Some(n) = n {
        number(out, n);
    }
}

fn column_use(out: &mut Vec<u8>, used: ColumnUse) {
    out.push(match used {
        ColumnUse::Field(field) => field.index() as u8,
        ColumnUse::Metadata => 0xfe,
        ColumnUse::Dropped => 0xff,
    });
}

fn reason(out: &mut Vec<u8>, reason: Reason) {
    // Scores are per cent.
    out.push(match reason {
        Reason::Similar(score) => score.min(100),
        Reason::Exact => 0xfb,
        Reason::Alias => 0xfc,
        Reason::Content => 0xfd,
        Reason::Chosen => 0xfe,
        Reason::None => 0xff,
    });
}

fn rows(out: &mut Vec<u8>, rows: &[RowId]) {
    number(out, rows.len() as u32);
    for row in rows {
        number(out, row.0);
    }
}

fn placed(out: &mut Vec<u8>, rows: &[Placed]) {
    number(out, rows.len() as u32);
    for placed in rows {
        number(out, placed.at);
        number(out, placed.row.0);
    }
}

fn write_operation(out: &mut Vec<u8>, operation: &Operation) {
    match operation {
        Operation::SetCells { edits } => {
            out.push(0);
            number(out, edits.len() as u32);
            for (row, column, words) in edits {
                number(out, row.0);
                number(out, column.0);
                text(out, words);
            }
        }
        Operation::RestoreCells { cells } => {
            out.push(1);
            number(out, cells.len() as u32);
            for cell in cells {
                number(out, cell.row.0);
                number(out, cell.column.0);
                out.push(u8::from(cell.text.is_some()));
                if let Some(words) = &cell.text {
                    text(out, words);
                }
            }
        }
        Operation::InsertRows { at, rows } => {
            out.push(2);
            number(out, *at);
            number(out, rows.len() as u32);
            for cells in rows {
                number(out, cells.len() as u32);
                for (column, words) in cells {
                    number(out, column.0);
                    text(out, words);
                }
            }
        }
        Operation::DeleteRows { rows: ids } => {
            out.push(3);
            rows(out, ids);
        }
        Operation::RestoreRows { rows } => {
            out.push(4);
            placed(out, rows);
        }
        Operation::MoveRows { rows: ids, to } => {
            out.push(5);
            number(out, *to);
            rows(out, ids);
        }
        Operation::PlaceRows { rows } => {
            out.push(6);
            placed(out, rows);
        }
        Operation::AddColumn { at, name, used } => {
            out.push(7);
            number(out, *at);
            text(out, name);
            column_use(out, *used);
        }
        Operation::DeleteColumn { id } => {
            out.push(8);
            number(out, id.0);
        }
        Operation::RestoreColumn { at, column } => {
            out.push(9);
            number(out, *at);
            number(out, column.id.0);
            text(out, &column.name);
            column_use(out, column.used);
            reason(out, column.reason);
            maybe(out, column.source);
        }
        Operation::MoveColumn { id, to } => {
            out.push(10);
            number(out, id.0);
            number(out, *to);
        }
        Operation::RenameColumn { id, name } => {
            out.push(11);
            number(out, id.0);
            text(out, name);
        }
        Operation::MapColumn {
            id,
            used,
            reason: why,
        } => {
            out.push(12);
            number(out, id.0);
            column_use(out, *used);
            reason(out, *why);
        }
        Operation::Batch { label, operations } => {
            out.push(13);
            text(out, label);
            number(out, operations.len() as u32);
            for operation in operations {
                write_operation(out, operation);
            }
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn number(&mut self) -> Option<u32> {
        let mut n = 0_u64;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            n |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return u32::try_from(n).ok();
            }
        }
        None
    }

    fn text(&mut self) -> Option<String> {
        let length = self.number()? as usize;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    fn list<T>(&mut self, one: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = self.number()? as usize;
        // Each takes a byte at least: what says more is no journal.
        if length > self.rest.len() {
            return None;
        }
        let mut list = Vec::with_capacity(length);
        for _ in 0..length {
            list.push(one(self)?);
        }
        Some(list)
    }

    fn rows(&mut self) -> Option<Vec<RowId>> {
        self.list(|reader| Some(RowId(reader.number()?)))
    }

    fn placed(&mut self) -> Option<Vec<Placed>> {
        self.list(|reader| {
            Some(Placed {
                at: reader.number()?,
                row: RowId(reader.number()?),
            })
        })
    }

    fn column(&mut self) -> Option<ColumnId> {
        Some(ColumnId(self.number()?))
    }

    fn column_use(&mut self) -> Option<ColumnUse> {
        Some(match self.byte()? {
            0xfe => ColumnUse::Metadata,
            0xff => ColumnUse::Dropped,
            place => ColumnUse::Field(*Field::ALL.get(usize::from(place))?),
        })
    }

    fn reason(&mut self) -> Option<Reason> {
        Some(match self.byte()? {
            0xfb => Reason::Exact,
            0xfc => Reason::Alias,
            0xfd => Reason::Content,
            0xfe => Reason::Chosen,
            0xff => Reason::None,
            score if score <= 100 => Reason::Similar(score),
            _ => return None,
        })
    }

    fn operation(&mut self, depth: u32) -> Option<Operation> {
        Some(match self.byte()? {
            0 => Operation::SetCells {
                edits: self.list(|reader| {
                    Some((RowId(reader.number()?), reader.column()?, reader.text()?))
                })?,
            },
            1 => Operation::RestoreCells {
                cells: self.list(|reader| {
                    let (row, column) = (RowId(reader.number()?), reader.column()?);
                    let text = if reader.byte()? == 0 {
                        None
                    } else {
                        Some(reader.text()?.into_boxed_str())
                    };
                    Some(CellValue { row, column, text })
                })?,
            },
            2 => Operation::InsertRows {
                at: self.number()?,
                rows: self.list(|reader| {
                    reader.list(|reader| Some((reader.column()?, reader.text()?)))
                })?,
            },
            3 => Operation::DeleteRows { rows: self.rows()? },
            4 => Operation::RestoreRows {
                rows: self.placed()?,
            },
            5 => Operation::MoveRows {
                to: self.number()?,
                rows: self.rows()?,
            },
            6 => Operation::PlaceRows {
                rows: self.placed()?,
            },
            7 => Operation::AddColumn {
                at: self.number()?,
                name: self.text()?,
                used: self.column_use()?,
            },
            8 => Operation::DeleteColumn { id: self.column()? },
            9 => Operation::RestoreColumn {
                at: self.number()?,
                column: Column {
                    id: self.column()?,
                    name: self.text()?,
                    used: self.column_use()?,
                    reason: self.reason()?,
                    source: if self.byte()? == 0 {
                        None
                    } else {
                        Some(self.number()?)
                    },
                },
            },
            10 => Operation::MoveColumn {
                id: self.column()?,
                to: self.number()?,
            },
            11 => Operation::RenameColumn {
                id: self.column()?,
                name: self.text()?,
            },
            12 => Operation::MapColumn {
                id: self.column()?,
                used: self.column_use()?,
                reason: self.reason()?,
            },
            13 if depth > 0 => Operation::Batch {
                label: self.text()?,
                operations: self.list(|reader| reader.operation(depth - 1))?,
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
