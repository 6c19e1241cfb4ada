//! The state of checking a sheet: problems of the rows that have some, counts by code,
//! and an index of addresses, kept up to date row by row. Checking a slice at a time, or
//! only what an operation touched, comes to the same as checking everything anew.

use super::mapping::{ColumnUse, Field};
use super::operation::{Applied, ColumnId, RowId, Touched};
use super::order::{sort_by_number, sort_words};
use super::problem::{FieldProblem, Problem, ProblemCode, Severity};
use super::remote::{Remote, keys_to_ask};
use super::rules::{RowFacts, RuleContext, check_metadata, check_row, targets_hash};
use super::sheet::{FieldMap, PerRow, QuickMap, Sheet};
use super::source::SourceProblemKind;
use super::unique::EmailIndex;
use crate::domain::email::canonical_email;

const CHECKED: u8 = 1;
const PROBLEM: u8 = 2;
const ERROR: u8 = 4;

/// How far checking has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Rows that were checked.
    pub checked: usize,
    /// Rows of the sheet.
    pub total: usize,
}

impl Progress {
    /// Whether nothing is left to check.
    pub const fn is_complete(self) -> bool {
        self.checked >= self.total
    }
}

/// Which way to look for a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Down the sheet.
    Next,
    /// Up the sheet.
    Previous,
}

/// What is known about a sheet's problems.
#[derive(Clone, Debug)]
pub struct Checker {
    context: RuleContext,
    /// Problems that a row has by itself.
    own: QuickMap<u32, Box<[Problem]>>,
    /// Problems that a row has because of an earlier one.
    unique: QuickMap<u32, Box<[Problem]>>,
    /// What the server said about submitted rows, until they are edited.
    outcomes: QuickMap<u32, Vec<FieldProblem>>,
    index: EmailIndex,
    counts: [u32; ProblemCode::COUNT],
    state: PerRow<u8>,
    checked: usize,
    with_problems: usize,
    with_errors: usize,
    /// Positions before this one are checked.
    cursor: usize,
    pub(super) remote: Remote,
    scratch: Vec<FieldProblem>,
}

impl Checker {
    /// Nothing is checked yet.
    pub fn new(context: RuleContext) -> Self {
        Self {
            context,
            own: QuickMap::default(),
            unique: QuickMap::default(),
            outcomes: QuickMap::default(),
            index: EmailIndex::default(),
            counts: [0; ProblemCode::COUNT],
            state: PerRow::default(),
            checked: 0,
            with_problems: 0,
            with_errors: 0,
            cursor: 0,
            remote: Remote::default(),
            scratch: Vec::new(),
        }
    }

    /// Checks a whole sheet.
    pub fn full(sheet: &Sheet, context: RuleContext) -> Self {
        let mut checker = Self::new(context);
        checker.advance(sheet, usize::MAX);
        checker
    }

    /// What the rules know beyond the rows.
    pub const fn context(&self) -> &RuleContext {
        &self.context
    }

    /// Forgets every problem, so that all rows are checked anew; what the server said
    /// about addresses and keys stays known.
    pub fn restart(&mut self) {
        let remote = std::mem::take(&mut self.remote);
        let outcomes = std::mem::take(&mut self.outcomes);
        *self = Self {
            outcomes,
            remote,
            ..Self::new(self.context)
        };
    }

    /// Checks up to so many of the rows that were not checked yet.
    pub fn advance(&mut self, sheet: &Sheet, rows: usize) -> Progress {
        let map = sheet.field_map();
        self.index.reserve(sheet.rows());
        let mut groups = Vec::new();
        let mut left = rows;
        while left > 0
            && let Some(row) = sheet.row_at(self.cursor)
        {
            self.cursor += 1;
            if self.state.get(row).unwrap_or(0) & CHECKED == 0 {
                self.check_one(sheet, &map, row, &mut groups);
                left -= 1;
            }
        }
        self.check_groups(sheet, &map, groups);
        self.progress(sheet)
    }

    /// How far checking has come.
    pub fn progress(&self, sheet: &Sheet) -> Progress {
        Progress {
            checked: self.checked,
            total: sheet.rows(),
        }
    }

    /// Takes in what an operation, an undo or a redo did. Where a column's meaning or very
    /// many rows changed, the answer is not complete: call [`Checker::advance`] until it is.
    pub fn recheck(&mut self, sheet: &Sheet, applied: &Applied) -> Progress {
        match &applied.touched {
            Touched::Nothing => {}
            Touched::All => {
                // What was said about a row was about what its columns meant.
                self.outcomes.clear();
                self.restart();
            }
            Touched::Rows(rows) => {
                for row in rows {
                    self.outcomes.remove(&row.0);
                }
                // Many rows are quicker checked with all the others, a slice at a time.
                if rows.len() > 4096.max(sheet.rows() / 4) {
                    self.restart();
                    return self.progress(sheet);
                }
                self.check_rows(sheet, rows);
            }
        }
        if applied.rows_changed {
            self.cursor = 0;
        }
        self.progress(sheet)
    }

    /// Checks some rows, whether they are still there or not.
    pub(super) fn check_rows(&mut self, sheet: &Sheet, rows: &[RowId]) {
        let map = sheet.field_map();
        let mut groups = Vec::new();
        for &row in rows {
            self.check_one(sheet, &map, row, &mut groups);
        }
        self.check_groups(sheet, &map, groups);
    }

    /// Takes in what the server said about submitted rows; it stands until the row is
    /// edited. Every row is to be checked anew by [`Checker::advance`].
    pub fn set_outcomes(&mut self, outcomes: Vec<(RowId, FieldProblem)>) {
        for (row, problem) in outcomes {
            self.outcomes.insert(row.0, vec![problem]);
        }
        self.restart();
    }

    fn check_one(&mut self, sheet: &Sheet, map: &FieldMap, row: RowId, groups: &mut Vec<u64>) {
        // A row that is checked for the first time has nothing to forget.
        if self.state.get(row).unwrap_or(0) & CHECKED != 0 {
            self.forget(row, groups);
        }
        if sheet.position_of(row).is_none() {
            return;
        }
        let mut found = std::mem::take(&mut self.scratch);
        found.clear();
        let fields = sheet.fields(row, map);
        let RowFacts { email_hash, .. } = check_row(&fields, &self.context, &mut found);
        if map.column(Field::Email).is_none() {
            // The missing column is one problem, not one of every row.
            found.retain(|p| !matches!(p.code, ProblemCode::EmailMissing | ProblemCode::RowEmpty));
        }
        if !self.remote.is_empty() {
            self.remote.check(&fields, &mut found);
        }
        self.remote.to_ask.push_back(row);
        if let Some(outcome) = self.outcomes.get(&row.0) {
            found.extend(outcome.iter().filter(|p| p.code != ProblemCode::RowEmpty));
        }
        let mut problems: Vec<Problem> = Vec::new();
        for problem in &found {
            let column = problem.field.and_then(|field| map.column(field));
            let code = problem.code;
            if !problems
                .iter()
                .any(|p| p.code == code && p.column == column)
            {
                problems.push(Problem {
                    row,
                    column,
                    code,
                    other: None,
                });
            }
        }
        self.scratch = found;
        check_source(sheet, row, &mut problems);
        self.checked += 1;
        self.state.set(row, CHECKED, 0);
        if !problems.is_empty() {
            for problem in &problems {
                self.counts[problem.code as usize] += 1;
            }
            self.own.insert(row.0, problems.into_boxed_slice());
            self.mark(row);
        }
        if let Some(hash) = email_hash {
            let hash = hash.max(1);
            if self.index.insert(row, hash) {
                groups.push(hash);
            }
        }
    }

    /// Forgets what was known about a row that was checked.
    fn forget(&mut self, row: RowId, groups: &mut Vec<u64>) {
        if let Some(hash) = self.index.hash_of(row) {
            self.index.remove(row);
            groups.push(hash);
        }
        for problems in [&mut self.own, &mut self.unique] {
            for problem in problems.remove(&row.0).iter().flatten() {
                self.counts[problem.code as usize] -= 1;
            }
        }
        self.mark(row);
        self.checked -= 1;
        self.state.set(row, 0, 0);
    }

    /// Sets a row's state by the problems it has now.
    fn mark(&mut self, row: RowId) {
        let old = self.state.get(row).unwrap_or(0);
        let mut new = old & !(PROBLEM | ERROR);
        for problem in self.problems_of(row) {
            new |= PROBLEM;
            if problem.severity() == Severity::Error {
                new |= ERROR;
            }
        }
        let count = |total: &mut usize, bit: u8| {
            *total = *total + usize::from(new & bit != 0) - usize::from(old & bit != 0);
        };
        count(&mut self.with_problems, PROBLEM);
        count(&mut self.with_errors, ERROR);
        self.state.set(row, new, 0);
    }

    /// Finds duplicates anew among the rows of some hashes.
    fn check_groups(&mut self, sheet: &Sheet, map: &FieldMap, mut hashes: Vec<u64>) {
        sort_words(&mut hashes);
        hashes.dedup();
        for hash in hashes {
            let mut rows: Vec<RowId> = self.index.rows(hash).collect();
            for &row in &rows {
                if let Some(old) = self.unique.remove(&row.0) {
                    for problem in &old {
                        self.counts[problem.code as usize] -= 1;
                    }
                    self.mark(row);
                }
            }
            if rows.len() < 2 {
                continue;
            }
            sort_by_number(&mut rows, |&row| {
                sheet
                    .position_of(row)
                    .map_or(0, |position| position as u32 + 1)
            });
            // Per address: its first row, and the first row with each set of targets.
            let mut seen: Vec<(String, RowId, QuickMap<u64, RowId>)> = Vec::new();
            for row in rows {
                let email = sheet.field(row, Field::Email, map);
                let Ok(canonical) = canonical_email(&email) else {
                    continue;
                };
                let targets = targets_hash(
                    &sheet.field(row, Field::Courses, map),
                    &sheet.field(row, Field::Programs, map),
                );
                let Some((_, first, earlier)) = seen.iter_mut().find(|(e, ..)| *e == *canonical)
                else {
                    let earlier = QuickMap::from_iter([(targets, row)]);
                    seen.push((canonical.into_owned(), row, earlier));
                    continue;
                };
                let (code, other) = match earlier.get(&targets) {
                    Some(&other) => (ProblemCode::DuplicateInFile, other),
                    None => (ProblemCode::SplitRows, *first),
                };
                earlier.entry(targets).or_insert(row);
                let column = map.column(Field::Email);
                let problem = Problem {
                    row,
                    column,
                    code,
                    other: Some(other),
                };
                self.unique.insert(row.0, Box::new([problem]));
                self.counts[code as usize] += 1;
                self.mark(row);
            }
        }
    }

    /// A row's problems.
    pub fn problems_of<'a>(&'a self, row: RowId) -> impl Iterator<Item = &'a Problem> {
        let of = |problems: &'a QuickMap<u32, Box<[Problem]>>| {
            problems.get(&row.0).map_or(&[][..], AsRef::as_ref)
        };
        of(&self.own).iter().chain(of(&self.unique))
    }

    /// Whether a row has a problem, quickly.
    pub fn has_problem(&self, row: RowId) -> bool {
        self.state.get(row).unwrap_or(0) & PROBLEM != 0
    }

    /// Whether a row has an error, so that it cannot be submitted; quickly.
    pub fn has_error(&self, row: RowId) -> bool {
        self.state.get(row).unwrap_or(0) & ERROR != 0
    }

    /// How often a problem occurs.
    pub fn count(&self, code: ProblemCode) -> usize {
        self.counts[code as usize] as usize
    }

    /// Each problem that occurs, and how often.
    pub fn counts(&self) -> Vec<(ProblemCode, usize)> {
        ProblemCode::ALL
            .iter()
            .map(|&code| (code, self.count(code)))
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    /// Rows that cannot be submitted.
    pub const fn rows_with_errors(&self) -> usize {
        self.with_errors
    }

    /// Rows with any problem.
    pub const fn rows_with_problems(&self) -> usize {
        self.with_problems
    }

    /// Rows with a problem of a kind, or with any, in the sheet's order.
    pub fn rows_with(&self, sheet: &Sheet, code: Option<ProblemCode>) -> Vec<RowId> {
        sheet
            .row_ids()
            .iter()
            .copied()
            .filter(|&row| {
                self.has_problem(row)
                    && code.is_none_or(|code| self.problems_of(row).any(|p| p.code == code))
            })
            .collect()
    }

    /// The next cell with a problem from a cell, going round at the end of these rows, of
    /// which a cell's is given by place. A problem of a row as a whole counts as its first
    /// cell's.
    pub fn next_problem(
        &self,
        sheet: &Sheet,
        rows: &[RowId],
        from: Option<(usize, ColumnId)>,
        direction: Direction,
    ) -> Option<(usize, ColumnId)> {
        let columns = sheet.columns();
        let first = columns.first()?.id;
        let place = |id: ColumnId| columns.iter().position(|column| column.id == id);
        // The cells with problems of a row, by place.
        let cells = |position: usize| -> Vec<usize> {
            let row = rows
                .get(position)
                .copied()
                .filter(|&row| self.has_problem(row));
            let mut cells: Vec<usize> = row
                .into_iter()
                .flat_map(|row| self.problems_of(row))
                .map(|problem| place(problem.column.unwrap_or(first)).unwrap_or(0))
                .collect();
            sort_by_number(&mut cells, |cell| *cell as u32);
            cells.dedup();
            if direction == Direction::Previous {
                cells.reverse();
            }
            cells
        };
        let total = rows.len();
        let found = |position: usize, cell: usize| (position, columns[cell].id);
        let start = if let Some((position, column)) = from {
            let here = place(column).unwrap_or(0);
            let beyond = |cell: &usize| match direction {
                Direction::Next => *cell > here,
                Direction::Previous => *cell < here,
            };
            if let Some(cell) = cells(position).into_iter().find(beyond) {
                return Some(found(position, cell));
            }
            position
        } else {
            match direction {
                Direction::Next => total.checked_sub(1)?,
                Direction::Previous => 0,
            }
        };
        (1..=total).find_map(|step| {
            let position = match direction {
                Direction::Next => (start + step) % total,
                Direction::Previous => (start + total - step % total) % total,
            };
            cells(position).first().map(|&cell| found(position, cell))
        })
    }

    /// What is wrong and what to do, as a sentence about this place. Other rows are named by
    /// the numbers that the grid shows.
    pub fn message(&self, sheet: &Sheet, problem: &Problem) -> String {
        let other = problem.other.map_or_else(String::new, |other| {
            match (sheet.position_of(other), sheet.line_of(other)) {
                (Some(at), Some(line)) if line as usize != at + 1 => {
                    format!(" (It is row {}, on line {line} of the file.)", at + 1)
                }
                (Some(at), _) => format!(" (It is row {}.)", at + 1),
                (None, _) => String::new(),
            }
        });
        self.sentence(sheet, problem, &other)
    }

    /// The same for a report on the file: other rows are named by their lines.
    pub fn message_by_line(&self, sheet: &Sheet, problem: &Problem) -> String {
        let line = problem.other.and_then(|other| sheet.line_of(other));
        let other = line.map_or_else(String::new, |line| {
            format!(" (It is on line {line} of the file.)")
        });
        self.sentence(sheet, problem, &other)
    }

    fn sentence(&self, sheet: &Sheet, problem: &Problem, other: &str) -> String {
        let text = problem
            .column
            .map(|column| sheet.cell(problem.row, column))
            .unwrap_or_default();
        let mut message = problem.code.message(&text);
        message.push_str(other);
        if matches!(
            problem.code,
            ProblemCode::CourseUnknown | ProblemCode::ProgramUnknown
        ) {
            let unknown: Vec<&str> = keys_to_ask(&text)
                .into_iter()
                .filter(|key| self.remote.is_unknown(problem.code, key))
                .collect();
            if !unknown.is_empty() {
                message = format!("Not in your catalog: {}. {message}", unknown.join(", "));
            }
        }
        message
    }

    /// Rows that hold a canonical address.
    pub(super) fn rows_of(&self, canonical: &str) -> Vec<RowId> {
        let hash = crate::domain::email::hash_lowercase(canonical.as_bytes()).max(1);
        self.index.rows(hash).collect()
    }
}

/// Problems of a row's bytes in the file, where the cells are still the file's.
fn check_source(sheet: &Sheet, row: RowId, problems: &mut Vec<Problem>) {
    for problem in sheet.source_problems(row) {
        let column = sheet
            .columns()
            .iter()
            .find(|c| c.source == Some(problem.field));
        let Some(column) = column.filter(|column| !sheet.is_edited(row, column.id)) else {
            continue;
        };
        let code = match problem.kind {
            SourceProblemKind::UnclosedQuote => ProblemCode::UnclosedQuote,
            // What is not submitted does no harm.
            _ if column.used == ColumnUse::Dropped => continue,
            SourceProblemKind::StrayQuote => ProblemCode::StrayQuote,
            SourceProblemKind::BadUtf8 => ProblemCode::BadUtf8,
            // The row rules and those of metadata name it.
            SourceProblemKind::Nul => continue,
        };
        problems.push(Problem {
            row,
            column: Some(column.id),
            code,
            other: None,
        });
    }
    if let Some(fields) = sheet.fields_in_file(row)
        && fields != sheet.fields_expected()
    {
        let expected = sheet.fields_expected();
        // A delimiter at a line's end makes no cell.
        let full = (expected..fields).any(|f| {
            sheet
                .source()
                .raw(row.0, f)
                .is_some_and(|raw| !raw.is_empty())
        });
        let untouched = sheet.columns().iter().all(|c| !sheet.is_edited(row, c.id));
        if (fields < expected || full) && untouched {
            problems.push(Problem {
                row,
                column: None,
                code: ProblemCode::RaggedRow,
                other: None,
            });
        }
    }
    for column in sheet
        .columns()
        .iter()
        .filter(|c| c.used == ColumnUse::Metadata)
    {
        if let Some(code) = check_metadata(&sheet.cell_of(row, column)) {
            problems.push(Problem {
                row,
                column: Some(column.id),
                code,
                other: None,
            });
        }
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
pub(crate) mod tests;
