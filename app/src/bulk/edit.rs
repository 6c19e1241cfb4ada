//! Applying operations to a sheet, and the history that undoes and does them again.
//!
//! Each operation gives back its inverse. A step of the history keeps only what crosses
//! it, in either direction, so texts move between the history and the sheet and are never
//! held twice.

use super::limits::{COLUMNS_MAX, HISTORY_MAX};
use super::mapping::{ColumnUse, Reason};
use super::operation::{Applied, CellValue, Column, ColumnId, Operation, Placed, RowId, Touched};
use super::order::sort_by_number;
use super::sheet::{FieldMap, NOWHERE, Sheet, Step, key};

/// A step in the history list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryEntry<'a> {
    /// What it is called.
    pub label: &'a str,
    /// `false` where it was undone and may be done again.
    pub done: bool,
}

impl Sheet {
    /// Does an operation and remembers how to undo it. One that changes nothing leaves no
    /// step. Steps that were undone before are forgotten.
    pub fn apply(&mut self, operation: Operation) -> Applied {
        let label = self.label_of(&operation);
        let (crossing, applied) = self.perform(operation);
        if applied != Applied::NOTHING {
            self.history.truncate(self.done);
            if self.history.len() >= HISTORY_MAX {
                self.forgotten = self.history.remove(0).number;
            }
            self.last_step += 1;
            self.history.push(Step {
                label,
                crossing,
                number: self.last_step,
            });
            self.done = self.history.len();
        }
        applied
    }

    /// Undoes the last step that is done.
    pub fn undo(&mut self) -> Option<Applied> {
        let index = self.done.checked_sub(1)?;
        self.done = index;
        Some(self.cross(index))
    }

    /// Does the last step that was undone again.
    pub fn redo(&mut self) -> Option<Applied> {
        if !self.can_redo() {
            return None;
        }
        self.done += 1;
        Some(self.cross(self.done - 1))
    }

    /// Whether there is a step to undo.
    pub const fn can_undo(&self) -> bool {
        self.done > 0
    }

    /// Whether there is a step to do again.
    pub fn can_redo(&self) -> bool {
        self.done < self.history.len()
    }

    /// Forgets every step: what was submitted cannot be taken back by undoing.
    pub fn forget_history(&mut self) {
        self.forgotten = self.step();
        self.history.clear();
        self.done = 0;
    }

    /// The number of the last step that is done: the same number means the same content, as
    /// far as it comes of edits.
    pub fn step(&self) -> u32 {
        self.done
            .checked_sub(1)
            .and_then(|last| self.history.get(last))
            .map_or(self.forgotten, |step| step.number)
    }

    /// The position and the column of the first cell that the step changed which was just
    /// undone (`true`) or done again; `None` where it changed no cell's text.
    pub fn first_cell_of_step(&self, undone: bool) -> Option<(usize, ColumnId)> {
        let index = if undone {
            self.done
        } else {
            self.done.checked_sub(1)?
        };
        self.first_cell(&self.history.get(index)?.crossing)
    }

    fn first_cell(&self, crossing: &Operation) -> Option<(usize, ColumnId)> {
        match crossing {
            Operation::RestoreCells { cells } => cells
                .iter()
                .filter_map(|cell| Some((self.position_of(cell.row)?, cell.column)))
                .min(),
            Operation::Batch { operations, .. } => operations
                .iter()
                .filter_map(|operation| self.first_cell(operation))
                .min(),
            _ => None,
        }
    }

    /// The steps, oldest first.
    pub fn history(&self) -> impl ExactSizeIterator<Item = HistoryEntry<'_>> {
        self.history
            .iter()
            .enumerate()
            .map(|(i, step)| HistoryEntry {
                label: &step.label,
                done: i < self.done,
            })
    }

    fn cross(&mut self, index: usize) -> Applied {
        let nothing = Operation::RestoreCells { cells: Vec::new() };
        let crossing = std::mem::replace(&mut self.history[index].crossing, nothing);
        let (back, applied) = self.perform(crossing);
        self.history[index].crossing = back;
        applied
    }

    fn label_of(&self, operation: &Operation) -> String {
        let name = |id: ColumnId| self.column(id).map_or("", |column| column.name.as_str());
        match operation {
            Operation::DeleteColumn { id } => format!("Delete column “{}”", name(*id)),
            Operation::MoveColumn { id, .. } => format!("Move column “{}”", name(*id)),
            Operation::RenameColumn { id, name: new } => {
                format!("Rename column “{}” to “{new}”", name(*id))
            }
            Operation::MapColumn { id, used, .. } => match used {
                ColumnUse::Field(field) => {
                    format!("Use column “{}” as {}", name(*id), field.label())
                }
                ColumnUse::Metadata => format!("Keep column “{}” as metadata", name(*id)),
                ColumnUse::Dropped => format!("Drop column “{}”", name(*id)),
            },
            other => other.label(),
        }
    }

    /// Does an operation; returns its inverse.
    fn perform(&mut self, operation: Operation) -> (Operation, Applied) {
        let result = match operation {
            Operation::SetCells { edits } => {
                let mut cells = Vec::with_capacity(edits.len());
                for (row, column, text) in edits {
                    let text = Some(text.into_boxed_str());
                    cells.push(CellValue { row, column, text });
                }
                self.set_cells(cells)
            }
            Operation::RestoreCells { cells } => self.set_cells(cells),
            Operation::InsertRows { at, rows } => self.insert_rows(at, rows),
            Operation::DeleteRows { rows } => self.delete_rows(rows),
            Operation::RestoreRows { rows } => self.restore_rows(rows),
            Operation::MoveRows { rows, to } => self.move_rows(rows, to),
            Operation::PlaceRows { rows } => self.place_rows(rows),
            Operation::Batch { label, operations } => {
                let mut inverses = Vec::with_capacity(operations.len());
                let mut all = Applied::NOTHING;
                for operation in operations {
                    let (inverse, applied) = self.perform(operation);
                    if applied != Applied::NOTHING {
                        inverses.push(inverse);
                    }
                    all.add(applied);
                }
                inverses.reverse();
                return (
                    Operation::Batch {
                        label,
                        operations: inverses,
                    },
                    all,
                );
            }
            column_operation => self.change_columns(column_operation),
        };
        if result.1 != Applied::NOTHING {
            self.revision += 1;
        }
        result
    }

    fn set_cells(&mut self, cells: Vec<CellValue>) -> (Operation, Applied) {
        let mut before = Vec::with_capacity(cells.len());
        let mut rows: Vec<RowId> = Vec::new();
        for CellValue {
            row,
            column: id,
            text,
        } in cells
        {
            let Some(source) = self.column(id).map(|column| column.source) else {
                continue;
            };
            if self.position_of(row).is_none() {
                continue;
            }
            let in_file = self.text_in_file(row, source);
            // The file's own text needs no edit.
            let text = text.filter(|text| **text != *in_file);
            if self.edited(row, id) == text.as_deref() {
                continue;
            }
            let old = match text {
                Some(text) => self.overlay.insert(key(row, id), text),
                None => self.overlay.remove(&key(row, id)),
            };
            before.push(CellValue {
                row,
                column: id,
                text: old,
            });
            if rows.last() != Some(&row) {
                rows.push(row);
            }
        }
        before.reverse();
        let applied = if rows.is_empty() {
            Applied::NOTHING
        } else {
            Applied {
                touched: Touched::Rows(rows),
                ..Applied::NOTHING
            }
        };
        (Operation::RestoreCells { cells: before }, applied)
    }

    fn insert_rows(&mut self, at: u32, rows: Vec<Vec<(ColumnId, String)>>) -> (Operation, Applied) {
        let at = (at as usize).min(self.order.len());
        let mut ids = Vec::with_capacity(rows.len());
        for cells in rows {
            let row = RowId::added(self.next_added);
            self.next_added += 1;
            for (column, text) in cells {
                if !text.is_empty() && self.column(column).is_some() {
                    self.overlay.insert(key(row, column), text.into_boxed_str());
                }
            }
            ids.push(row);
        }
        self.order.splice(at..at, ids.iter().copied());
        self.reindex(at);
        (
            Operation::DeleteRows { rows: ids.clone() },
            rows_changed(ids),
        )
    }

    fn delete_rows(&mut self, rows: Vec<RowId>) -> (Operation, Applied) {
        let placed = self.placed(rows);
        let Some(first) = placed.first().map(|placed| placed.at as usize) else {
            return (
                Operation::RestoreRows { rows: Vec::new() },
                Applied::NOTHING,
            );
        };
        self.take_out(&placed);
        self.reindex(first);
        let ids = placed.iter().map(|placed| placed.row).collect();
        (Operation::RestoreRows { rows: placed }, rows_changed(ids))
    }

    fn restore_rows(&mut self, rows: Vec<Placed>) -> (Operation, Applied) {
        let rows: Vec<Placed> = rows
            .into_iter()
            .filter(|placed| self.is_known(placed.row) && self.position_of(placed.row).is_none())
            .collect();
        let ids: Vec<RowId> = rows.iter().map(|placed| placed.row).collect();
        self.put_in(rows);
        (
            Operation::DeleteRows { rows: ids.clone() },
            rows_changed(ids),
        )
    }

    fn move_rows(&mut self, rows: Vec<RowId>, to: u32) -> (Operation, Applied) {
        let before = self.placed(rows.clone());
        if before.is_empty() {
            return (Operation::PlaceRows { rows: before }, Applied::NOTHING);
        }
        self.take_out(&before);
        // In the order given, each once: what was taken out has no position any more.
        let mut placed: Vec<Placed> = Vec::with_capacity(before.len());
        let to = (to as usize).min(self.order.len()) as u32;
        let mut moving: Vec<RowId> = before.iter().map(|placed| placed.row).collect();
        sort_by_number(&mut moving, |row| row.0);
        let mut seen = vec![false; moving.len()];
        for row in rows {
            if let Ok(i) = moving.binary_search(&row)
                && !std::mem::replace(&mut seen[i], true)
            {
                placed.push(Placed {
                    at: to + placed.len() as u32,
                    row,
                });
            }
        }
        self.put_in(placed);
        (Operation::PlaceRows { rows: before }, rows_changed(moving))
    }

    fn place_rows(&mut self, rows: Vec<Placed>) -> (Operation, Applied) {
        let before = self.placed(rows.iter().map(|placed| placed.row).collect());
        let rows: Vec<Placed> = rows
            .into_iter()
            .filter(|placed| self.position_of(placed.row).is_some())
            .collect();
        let ids: Vec<RowId> = before.iter().map(|placed| placed.row).collect();
        self.take_out(&before);
        self.put_in(rows);
        self.reindex(0);
        (Operation::PlaceRows { rows: before }, rows_changed(ids))
    }

    /// Whether a row was ever in the sheet.
    fn is_known(&self, row: RowId) -> bool {
        if row.is_added() {
            row.number() < self.next_added as usize
        } else {
            self.is_data_row(row.0)
        }
    }

    /// Those rows that are in the sheet, each once, by position.
    fn placed(&self, rows: Vec<RowId>) -> Vec<Placed> {
        let mut placed: Vec<Placed> = rows
            .into_iter()
            .filter_map(|row| {
                Some(Placed {
                    at: self.position_of(row)? as u32,
                    row,
                })
            })
            .collect();
        sort_by_number(&mut placed, |placed| placed.at);
        placed.dedup();
        placed
    }

    /// Takes rows out, given by position in rising order. Positions are not set anew.
    fn take_out(&mut self, placed: &[Placed]) {
        let mut gone = placed.iter().map(|placed| placed.at as usize).peekable();
        let mut at = 0;
        self.order.retain(|_| {
            let keep = gone.peek() != Some(&at);
            if !keep {
                gone.next();
            }
            at += 1;
            keep
        });
        for placed in placed {
            self.positions.set(placed.row, NOWHERE, NOWHERE);
        }
    }

    /// Puts rows in, given by their final positions in rising order.
    fn put_in(&mut self, mut rows: Vec<Placed>) {
        sort_by_number(&mut rows, |placed| placed.at);
        let old = std::mem::take(&mut self.order);
        let mut out = Vec::with_capacity(old.len() + rows.len());
        let mut old = old.into_iter();
        for Placed { at, row } in rows {
            while out.len() < at as usize {
                let Some(next) = old.next() else { break };
                out.push(next);
            }
            out.push(row);
        }
        out.extend(old);
        self.order = out;
        self.reindex(0);
    }

    fn reindex(&mut self, from: usize) {
        for (at, &row) in self.order.iter().enumerate().skip(from) {
            self.positions.set(row, at as u32, NOWHERE);
        }
    }

    /// What the columns mean together, apart from their order and names.
    fn meaning(&self) -> (FieldMap, Vec<(ColumnId, ColumnUse)>) {
        let mut uses: Vec<_> = self.columns.iter().map(|c| (c.id, c.used)).collect();
        sort_by_number(&mut uses, |(id, _)| id.0);
        (self.field_map(), uses)
    }

    fn change_columns(&mut self, operation: Operation) -> (Operation, Applied) {
        let meaning = self.meaning();
        let Some(inverse) = self.change_columns_inner(operation) else {
            return (
                Operation::RestoreCells { cells: Vec::new() },
                Applied::NOTHING,
            );
        };
        let touched = if self.meaning() == meaning {
            Touched::Nothing
        } else {
            Touched::All
        };
        (
            inverse,
            Applied {
                touched,
                rows_changed: false,
                columns_changed: true,
            },
        )
    }

    /// `None` where nothing changes.
    fn change_columns_inner(&mut self, operation: Operation) -> Option<Operation> {
        let place = |columns: &[Column], id| columns.iter().position(|column| column.id == id);
        match operation {
            Operation::AddColumn { at, name, used } => {
                if self.columns.len() >= COLUMNS_MAX {
                    return None;
                }
                let id = self.new_column_id();
                let reason = Reason::Chosen;
                let at = (at as usize).min(self.columns.len());
                self.columns.insert(
                    at,
                    Column {
                        id,
                        name,
                        used,
                        reason,
                        source: None,
                    },
                );
                Some(Operation::DeleteColumn { id })
            }
            Operation::DeleteColumn { id } => {
                let at = place(&self.columns, id)?;
                let column = self.columns.remove(at);
                Some(Operation::RestoreColumn {
                    at: at as u32,
                    column,
                })
            }
            Operation::RestoreColumn { at, column } => {
                if place(&self.columns, column.id).is_some() || column.id.0 >= self.next_column {
                    return None;
                }
                let id = column.id;
                let at = (at as usize).min(self.columns.len());
                self.columns.insert(at, column);
                Some(Operation::DeleteColumn { id })
            }
            Operation::MoveColumn { id, to } => {
                let at = place(&self.columns, id)?;
                let to = (to as usize).min(self.columns.len() - 1);
                if at == to {
                    return None;
                }
                let column = self.columns.remove(at);
                self.columns.insert(to, column);
                Some(Operation::MoveColumn { id, to: at as u32 })
            }
            Operation::RenameColumn { id, name } => {
                let at = place(&self.columns, id)?;
                let column = &mut self.columns[at];
                if column.name == name {
                    return None;
                }
                let name = std::mem::replace(&mut column.name, name);
                Some(Operation::RenameColumn { id, name })
            }
            Operation::MapColumn { id, used, reason } => {
                let at = place(&self.columns, id)?;
                let column = &mut self.columns[at];
                if (column.used, column.reason) == (used, reason) {
                    return None;
                }
                let used = std::mem::replace(&mut column.used, used);
                let reason = std::mem::replace(&mut column.reason, reason);
                Some(Operation::MapColumn { id, used, reason })
            }
            // The other operations are not about columns.
            _ => None,
        }
    }
}

fn rows_changed(rows: Vec<RowId>) -> Applied {
    if rows.is_empty() {
        return Applied::NOTHING;
    }
    Applied {
        touched: Touched::Rows(rows),
        rows_changed: true,
        columns_changed: false,
    }
}

#[cfg(test)]
#[path = "edit_tests.rs"]
pub(crate) mod tests;
