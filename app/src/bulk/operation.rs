//! Everything that can be done to a sheet, as values: kept in the history, written to a
//! journal, undone and done again.

use super::mapping::{ColumnUse, Reason};
use serde::{Deserialize, Serialize};

/// A row, for as long as the sheet lives, wherever it moves. Rows of the file are numbered
/// by their place in it (blank lines not counted); added ones from 2³¹.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RowId(pub u32);

/// The first number of added rows.
const ADDED: u32 = 1 << 31;

impl RowId {
    /// The n-th row that was added, from 0.
    pub(super) const fn added(number: u32) -> Self {
        Self(ADDED | number)
    }

    /// Whether the row was added, rather than read from the file.
    pub const fn is_added(self) -> bool {
        self.0 >= ADDED
    }

    /// The row's place among its kind.
    pub(super) const fn number(self) -> usize {
        (self.0 & !ADDED) as usize
    }
}

/// A column, for as long as the sheet lives, wherever it moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ColumnId(pub u32);

/// A column of the sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its identity.
    pub id: ColumnId,
    /// Its header.
    pub name: String,
    /// What is done with it.
    #[serde(rename = "use")]
    pub used: ColumnUse,
    /// Why.
    pub reason: Reason,
    /// Its place in the file's rows; `None` for an added column.
    pub source: Option<u32>,
}

/// A cell and a text for it; `None` means what the file has there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellValue {
    /// The row.
    pub row: RowId,
    /// The column.
    pub column: ColumnId,
    /// The text.
    pub text: Option<Box<str>>,
}

/// A row and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// Position from 0.
    pub at: u32,
    /// The row.
    pub row: RowId,
}

/// One thing done to a sheet. Rows and columns that do not exist (any more) are passed
/// over, positions past the end mean the end: an operation never fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Gives cells new texts; of two for the same cell the later counts.
    SetCells {
        /// The cells and their texts.
        edits: Vec<(RowId, ColumnId, String)>,
    },
    /// Puts cells back to earlier texts, or to the file's: the inverse of `SetCells`.
    RestoreCells {
        /// The cells, in the order to put them back.
        cells: Vec<CellValue>,
    },
    /// Inserts rows at a position, each with texts for some columns.
    InsertRows {
        /// Position of the first of them.
        at: u32,
        /// What each row holds; an empty list is an empty row.
        rows: Vec<Vec<(ColumnId, String)>>,
    },
    /// Takes rows out of the sheet.
    DeleteRows {
        /// The rows.
        rows: Vec<RowId>,
    },
    /// Puts rows that were taken out back: the inverse of `DeleteRows`.
    RestoreRows {
        /// The rows and their positions, in rising order.
        rows: Vec<Placed>,
    },
    /// Moves rows together, in the order given, to a position among the others.
    MoveRows {
        /// The rows.
        rows: Vec<RowId>,
        /// Position of the first of them, counted without them.
        to: u32,
    },
    /// Puts rows at exact positions: the inverse of `MoveRows`.
    PlaceRows {
        /// The rows and their positions, in rising order.
        rows: Vec<Placed>,
    },
    /// Adds an empty column.
    AddColumn {
        /// Position from 0.
        at: u32,
        /// Its header.
        name: String,
        /// What is done with it.
        #[serde(rename = "use")]
        used: ColumnUse,
    },
    /// Takes a column out of the sheet; no row is touched.
    DeleteColumn {
        /// The column.
        id: ColumnId,
    },
    /// Puts a column back: the inverse of `DeleteColumn`.
    RestoreColumn {
        /// Position from 0.
        at: u32,
        /// The column as it was.
        column: Column,
    },
    /// Moves a column to a position, counted without it.
    MoveColumn {
        /// The column.
        id: ColumnId,
        /// Position from 0.
        to: u32,
    },
    /// Gives a column another header; its use stays.
    RenameColumn {
        /// The column.
        id: ColumnId,
        /// The new header.
        name: String,
    },
    /// Says what is done with a column.
    MapColumn {
        /// The column.
        id: ColumnId,
        /// Its new use.
        #[serde(rename = "use")]
        used: ColumnUse,
        /// Why: [`Reason::Chosen`] where an admin did it.
        reason: Reason,
    },
    /// Several operations as one step.
    Batch {
        /// What the step is called in the history.
        label: String,
        /// The operations, in order.
        operations: Vec<Operation>,
    },
}

impl Operation {
    /// Gives one cell a new text.
    pub fn set_cell(row: RowId, column: ColumnId, text: impl Into<String>) -> Self {
        Self::SetCells {
            edits: vec![(row, column, text.into())],
        }
    }

    /// Inserts empty rows.
    pub fn insert_blank_rows(at: u32, count: u32) -> Self {
        Self::InsertRows {
            at,
            rows: vec![Vec::new(); count as usize],
        }
    }

    /// An admin says what is done with a column.
    pub const fn map_column(id: ColumnId, used: ColumnUse) -> Self {
        Self::MapColumn {
            id,
            used,
            reason: Reason::Chosen,
        }
    }

    /// The step's name in the history list.
    pub fn label(&self) -> String {
        let count = |n: usize, one: &str, many: &str| {
            if n == 1 {
                one.to_owned()
            } else {
                format!("{} {many}", thousands(n as u64))
            }
        };
        match self {
            Self::SetCells { edits } => format!("Edit {}", count(edits.len(), "a cell", "cells")),
            Self::RestoreCells { cells } => {
                format!("Restore {}", count(cells.len(), "a cell", "cells"))
            }
            Self::InsertRows { rows, .. } => format!("Add {}", count(rows.len(), "a row", "rows")),
            Self::DeleteRows { rows } => format!("Delete {}", count(rows.len(), "a row", "rows")),
            Self::RestoreRows { rows } => format!("Restore {}", count(rows.len(), "a row", "rows")),
            Self::MoveRows { rows, .. } => format!("Move {}", count(rows.len(), "a row", "rows")),
            Self::PlaceRows { rows } => format!("Move {}", count(rows.len(), "a row", "rows")),
            Self::AddColumn { name, .. } => format!("Add column “{name}”"),
            Self::DeleteColumn { .. } => "Delete a column".to_owned(),
            Self::RestoreColumn { column, .. } => format!("Restore column “{}”", column.name),
            Self::MoveColumn { .. } => "Move a column".to_owned(),
            Self::RenameColumn { name, .. } => format!("Rename a column to “{name}”"),
            Self::MapColumn { used, .. } => match used {
                ColumnUse::Field(field) => format!("Use a column as {}", field.label()),
                ColumnUse::Metadata => "Keep a column as metadata".to_owned(),
                ColumnUse::Dropped => "Drop a column".to_owned(),
            },
            Self::Batch { label, .. } => label.clone(),
        }
    }
}

/// A number with a comma every three figures.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Which rows a change touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    /// None: only columns were named or moved.
    Nothing,
    /// These, whether they are still there, were put back or taken out. May hold one twice.
    Rows(Vec<RowId>),
    /// Any: a column's meaning changed.
    All,
}

impl Touched {
    pub(super) fn add(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::All, _) | (_, Self::Nothing) => {}
            (Self::Rows(rows), Self::Rows(more)) => rows.extend(more),
            (this, other) => *this = other,
        }
    }
}

/// What a change did: what to check and draw again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Rows whose cells or place changed.
    pub touched: Touched,
    /// Rows came, went or moved.
    pub rows_changed: bool,
    /// Columns came, went, moved or were renamed or mapped.
    pub columns_changed: bool,
}

impl Applied {
    pub(super) const NOTHING: Self = Self {
        touched: Touched::Nothing,
        rows_changed: false,
        columns_changed: false,
    };

    pub(super) fn add(&mut self, other: Self) {
        self.touched.add(other.touched);
        self.rows_changed |= other.rows_changed;
        self.columns_changed |= other.columns_changed;
    }
}
