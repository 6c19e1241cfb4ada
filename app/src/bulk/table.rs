//! Lists of other things than invitations in the same grid: accounts, courses and programs.
//!
//! What a list is made of is data: a [`Template`] with its columns and rules. The server
//! asks the same rules again.

mod template;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
    escape::{ESCAPED_COLUMN, OUTCOME_COLUMN, OWN_PREFIX, PROBLEMS_COLUMN, unescape},
    export::spreadsheet_csv,
    parse::{ParseOptions, parse},
    rules::split_keys,
};

pub use template::{ITEMS, TableColumn, Template, USERS};

/// Rows that a list has at most: they are one transaction.
pub const ROWS_MAX: usize = 10_000;
/// What is said of a row that repeats one which is not in the grid any more.
const REPEATED: &str =
    "A row that was submitted before has the same. Change this one, or delete it.";
/// Steps that can be undone.
const STEPS: usize = 100;

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableOutcome {
    /// It was made.
    Created,
    /// It is there already; nothing was changed.
    Exists,
    /// An earlier row says the same.
    DuplicateInFile,
    /// It cannot be made so.
    Invalid,
}

impl TableOutcome {
    /// In a file of outcomes.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Created => "Made",
            Self::Exists => "There already",
            Self::DuplicateInFile => "Twice in the list",
            Self::Invalid => "With a problem",
        }
    }
}

/// What became of a row, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowDone {
    /// What became of it.
    pub outcome: TableOutcome,
    /// The column that it is said of, in the template's order.
    pub column: u32,
    /// What there is to say; may be empty.
    pub message: String,
}

/// A row of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The file's line; of a row that was added, the last one's.
    pub line: u32,
    /// Its cells, in the template's order, trimmed.
    pub cells: Vec<String>,
    /// What the server said of it, and of which column, until it is changed.
    said: Option<(usize, String)>,
    /// As the file has it; none where it was added.
    read: Option<Arc<Vec<String>>>,
}

/// A list that is read, corrected and sent.
pub struct Table {
    template: &'static Template,
    rows: Vec<Arc<Row>>,
    problems: BTreeMap<(usize, usize), String>,
    undo: Vec<Vec<Arc<Row>>>,
    redo: Vec<Vec<Arc<Row>>>,
}

/// A file as a list, and what of it is left out.
pub struct Read {
    /// The list.
    pub table: Table,
    /// Headers that mean no column.
    pub dropped: Vec<String>,
}

impl Table {
    /// Nothing.
    #[must_use]
    pub fn new(template: &'static Template) -> Self {
        Self {
            template,
            rows: Vec::new(),
            problems: BTreeMap::new(),
            undo: Vec::new(),
            redo: Vec::new(),
        }
    }

    /// Reads a file whose first row is the header.
    ///
    /// # Errors
    /// A sentence that says why it is not read.
    pub fn read(template: &'static Template, bytes: &[u8]) -> Result<Read, String> {
        let source =
            parse(bytes, ParseOptions::default()).map_err(|refusal| refusal.to_string())?;
        let width = if source.rows() == 0 {
            0
        } else {
            source.fields(0)
        };
        let header = |field| {
            source
                .text(0, field)
                .map_or_else(String::new, |text| text.trim().to_owned())
        };
        let mut places: Vec<Option<u32>> = vec![None; template.columns.len()];
        let mut dropped = Vec::new();
        let mut escaped = false;
        for field in 0..width {
            let name = header(field);
            escaped |= name == ESCAPED_COLUMN;
            match template.column_of(&name).and_then(|at| places.get_mut(at)) {
                Some(place) if place.is_none() => *place = Some(field),
                _ if name.is_empty() || name.starts_with(OWN_PREFIX) => {}
                _ => dropped.push(name),
            }
        }
        let first = template.columns.first().map_or("", |column| column.name);
        if places.first().copied().flatten().is_none() {
            return Err(format!(
                "The first line names no column {first}. Put the names of the columns there, as \
                 the template has them. Nothing was read."
            ));
        }
        let mut rows = Vec::new();
        for at in 1..source.rows() {
            let cells: Vec<String> = places
                .iter()
                .map(|place| {
                    let text = place.and_then(|field| source.text(at, field));
                    let text = text.unwrap_or_default();
                    let text = if escaped { unescape(&text) } else { &text };
                    text.trim().to_owned()
                })
                .collect();
            if cells.iter().all(String::is_empty) {
                continue;
            }
            if rows.len() == ROWS_MAX {
                return Err(
                    "The file has more than 10,000 rows. Split it and upload the parts. Nothing \
                     was read."
                        .to_owned(),
                );
            }
            rows.push(Arc::new(Row {
                line: source.line(at).unwrap_or(at + 1),
                read: Some(Arc::new(cells.clone())),
                cells,
                said: None,
            }));
        }
        if rows.is_empty() {
            return Err("The file has a header and no rows.".to_owned());
        }
        let mut table = Self {
            rows,
            ..Self::new(template)
        };
        table.check();
        Ok(Read { table, dropped })
    }

    /// What it is made of.
    #[must_use]
    pub fn template(&self) -> &'static Template {
        self.template
    }

    /// The rows, in their order.
    #[must_use]
    pub fn rows(&self) -> &[Arc<Row>] {
        &self.rows
    }

    /// A cell's text.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> &str {
        let row = self.rows.get(row);
        row.and_then(|row| row.cells.get(column))
            .map_or("", String::as_str)
    }

    /// Whether a cell differs from the file's.
    #[must_use]
    pub fn is_changed(&self, row: usize, column: usize) -> bool {
        self.rows.get(row).is_some_and(|row| {
            let read = row.read.as_ref().and_then(|read| read.get(column));
            read != row.cells.get(column)
        })
    }

    /// What is wrong with a cell.
    #[must_use]
    pub fn problem(&self, row: usize, column: usize) -> Option<&str> {
        self.problems.get(&(row, column)).map(String::as_str)
    }

    /// How many rows have a problem.
    #[must_use]
    pub fn problem_rows(&self) -> usize {
        let mut rows: Vec<usize> = self.problems.keys().map(|(row, _)| *row).collect();
        rows.dedup();
        rows.len()
    }

    /// The next cell with a problem after a place, or the one before it; round the end.
    #[must_use]
    pub fn next_problem(
        &self,
        from: Option<(usize, usize)>,
        backward: bool,
    ) -> Option<(usize, usize)> {
        let keys = || self.problems.keys().copied();
        match (from, backward) {
            (Some(from), false) => keys().find(|at| *at > from).or_else(|| keys().next()),
            (Some(from), true) => keys()
                .rev()
                .find(|at| *at < from)
                .or_else(|| keys().next_back()),
            (None, false) => keys().next(),
            (None, true) => keys().next_back(),
        }
    }

    fn check(&mut self) {
        self.problems.clear();
        for (at, row) in self.rows.iter().enumerate() {
            if let Some((column, said)) = &row.said {
                self.problems.insert((at, *column), said.clone());
            }
            if let Some((column, message)) = self.template.problem(&row.cells) {
                self.problems.insert((at, column), message.to_owned());
            }
        }
        let rows: Vec<&[String]> = self.rows.iter().map(|row| row.cells.as_slice()).collect();
        for (at, column, earlier) in self.template.repeated(&rows) {
            let message = format!("The same as in row {}.", earlier + 1);
            match self.problems.entry((at, column)) {
                Entry::Occupied(said) if said.get() != REPEATED => {}
                Entry::Occupied(mut said) => _ = said.insert(message),
                Entry::Vacant(free) => _ = free.insert(message),
            }
        }
    }

    /// Changes the rows as one step to undo; false where nothing is another.
    fn step(&mut self, change: impl FnOnce(&mut Vec<Arc<Row>>)) -> bool {
        let before = self.rows.clone();
        change(&mut self.rows);
        if before == self.rows {
            return false;
        }
        self.undo.push(before);
        if self.undo.len() > STEPS {
            self.undo.remove(0);
        }
        self.redo.clear();
        self.check();
        true
    }

    /// Writes texts into cells; rows that do not exist yet are added, up to the limit.
    pub fn set(&mut self, cells: Vec<((usize, usize), String)>) -> bool {
        let width = self.template.columns.len();
        self.step(|rows| {
            for ((at, column), text) in cells {
                if at >= ROWS_MAX || column >= width {
                    continue;
                }
                while rows.len() <= at {
                    rows.push(empty(rows.last(), width));
                }
                let text = text.trim();
                if let Some(row) = rows.get_mut(at)
                    && row.cells.get(column).is_some_and(|now| now != text)
                {
                    let row = Arc::make_mut(row);
                    row.said = None;
                    if let Some(cell) = row.cells.get_mut(column) {
                        text.clone_into(cell);
                    }
                }
            }
        })
    }

    /// Puts an empty row before the one at a place.
    pub fn insert_row(&mut self, at: usize) -> bool {
        let width = self.template.columns.len();
        self.step(|rows| {
            if rows.len() < ROWS_MAX && at <= rows.len() {
                let before = at.checked_sub(1).and_then(|before| rows.get(before));
                let row = empty(before, width);
                rows.insert(at, row);
            }
        })
    }

    /// Takes rows away, from the first to before the last of the range.
    pub fn delete_rows(&mut self, range: std::ops::Range<usize>) -> bool {
        self.step(|rows| {
            let end = range.end.min(rows.len());
            if range.start < end {
                rows.drain(range.start..end);
            }
        })
    }

    /// Takes the last step back.
    pub fn undo(&mut self) -> bool {
        let Some(before) = self.undo.pop() else {
            return false;
        };
        self.redo.push(std::mem::replace(&mut self.rows, before));
        self.check();
        true
    }

    /// Does it again.
    pub fn redo(&mut self) -> bool {
        let Some(after) = self.redo.pop() else {
            return false;
        };
        self.undo.push(std::mem::replace(&mut self.rows, after));
        self.check();
        true
    }

    /// Whether there is a step to take back, and one to do again.
    #[must_use]
    pub fn steps(&self) -> (bool, bool) {
        (!self.undo.is_empty(), !self.redo.is_empty())
    }

    /// Takes in what became of the rows: those that are done go, the others keep what was
    /// said of them, and of which nothing is known stay as they are. What was sent cannot be
    /// undone.
    pub fn take(&mut self, done: &[Option<RowDone>]) {
        let mut outcomes = done.iter();
        self.rows.retain_mut(|row| {
            let Some(Some(one)) = outcomes.next() else {
                return true;
            };
            let message = match one.outcome {
                TableOutcome::Created | TableOutcome::Exists => return false,
                // Rows have other numbers by now.
                TableOutcome::DuplicateInFile => REPEATED,
                TableOutcome::Invalid => one.message.as_str(),
            };
            if !message.is_empty() {
                Arc::make_mut(row).said = Some((one.column as usize, message.to_owned()));
            }
            true
        });
        self.undo.clear();
        self.redo.clear();
        self.check();
    }

    /// The cells of every row, to be sent.
    #[must_use]
    pub fn cells(&self) -> Vec<Vec<String>> {
        self.rows.iter().map(|row| row.cells.clone()).collect()
    }

    /// What stands in the grid, as a file that can be uploaded again.
    #[must_use]
    pub fn to_csv(&self) -> Vec<u8> {
        let names: Vec<&str> = self.template.columns.iter().map(|one| one.name).collect();
        let mut rows = self.rows.iter();
        spreadsheet_csv(&names, &mut || Some(rows.next()?.cells.clone()))
    }
}

/// What became of each row of a list, as a file that can be uploaded again: nothing is made
/// twice.
#[must_use]
pub fn outcomes_csv(
    template: &Template,
    rows: &[Vec<String>],
    done: &[Option<RowDone>],
) -> Vec<u8> {
    let mut names: Vec<&str> = template.columns.iter().map(|one| one.name).collect();
    names.extend([OUTCOME_COLUMN, PROBLEMS_COLUMN]);
    let mut lines = rows.iter().zip(done);
    spreadsheet_csv(&names, &mut || {
        let (row, done) = lines.next()?;
        let mut record = row.clone();
        record.push(
            done.as_ref()
                .map_or("Not submitted", |done| done.outcome.words())
                .to_owned(),
        );
        record.push(
            done.as_ref()
                .map_or_else(String::new, |done| done.message.clone()),
        );
        Some(record)
    })
}

fn empty(before: Option<&Arc<Row>>, width: usize) -> Arc<Row> {
    Arc::new(Row {
        line: before.map_or(1, |row| row.line),
        cells: vec![String::new(); width],
        said: None,
        read: None,
    })
}

/// The keys in a cell of a program's courses.
#[must_use]
pub fn course_keys(cell: &str) -> Vec<&str> {
    split_keys(cell)
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
