//! The sheet: a file's bytes and spans, an overlay of edits, an order of rows and a list
//! of columns. A text is made only for a cell that is asked for.

use super::draft::RowDraft;
use super::escape::{ESCAPED_COLUMN, OWN_PREFIX, unescape};
use super::header::find_header;
use super::limits::{COLUMNS_MAX, DETECT_ROWS};
use super::mapping::{ColumnUse, Field, Mapped, Reason, map_content, map_headers};
use super::operation::{Column, ColumnId, Operation, RowId};
use super::parse::{ParseOptions, Parser, Refusal};
use super::rules::RowFields;
use super::source::{Source, SourceProblem, text_of};
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Where the header is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeaderChoice {
    /// Found out: a first row with an address is data; title lines above a row that names
    /// fields are passed over.
    #[default]
    Detect,
    /// The first row.
    FirstRow,
    /// There is none.
    Absent,
}

/// How a file becomes a sheet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SheetOptions {
    /// How its bytes are read.
    pub parse: ParseOptions,
    /// Where its header is.
    pub header: HeaderChoice,
}

/// Where a cell is among the overlay's.
pub(super) type CellKey = u64;

pub(super) const fn key(row: RowId, column: ColumnId) -> CellKey {
    ((row.0 as u64) << 32) | column.0 as u64
}

/// One multiplication: the keys are ours, and nobody gains by making them collide.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct QuickHasher(u64);

impl Hasher for QuickHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u32(&mut self, n: u32) {
        self.write_u64(u64::from(n));
    }

    fn write_u64(&mut self, n: u64) {
        let hash = (self.0 ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = hash ^ (hash >> 29);
    }
}

pub(super) type QuickMap<K, V> = HashMap<K, V, BuildHasherDefault<QuickHasher>>;

/// A step that was done, or undone and may be done again.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) label: String,
    /// What to apply to cross this step: its inverse once done, itself once undone.
    pub(super) crossing: Operation,
    /// Its number; no other step of the sheet has the same.
    pub(super) number: u32,
}

/// A number for every row, by identity.
#[derive(Clone, Debug, Default)]
pub(super) struct PerRow<T> {
    file: Vec<T>,
    added: Vec<T>,
}

impl<T: Copy> PerRow<T> {
    pub(super) fn get(&self, row: RowId) -> Option<T> {
        let list = if row.is_added() {
            &self.added
        } else {
            &self.file
        };
        list.get(row.number()).copied()
    }

    pub(super) fn set(&mut self, row: RowId, value: T, empty: T) {
        let list = if row.is_added() {
            &mut self.added
        } else {
            &mut self.file
        };
        if row.number() >= list.len() {
            list.resize(row.number() + 1, empty);
        }
        list[row.number()] = value;
    }
}

/// No position: the row is not in the sheet.
pub(super) const NOWHERE: u32 = u32::MAX;

/// The document that the grid shows.
#[derive(Clone, Debug)]
pub struct Sheet {
    parser: Parser,
    options: SheetOptions,
    /// The file's rows that are known to the sheet, header and title lines included.
    taken: u32,
    /// The columns were made from the header.
    begun: bool,
    /// The row of the file that is the header.
    header: Option<u32>,
    /// The file's formula cells carry a leading `'`, as its column `beckon_escaped` says.
    escaped: bool,
    /// Fields of the file's rows that have become columns.
    file_columns: u32,
    /// Fields that a row of the file should have.
    expected: u32,
    pub(super) columns: Vec<Column>,
    pub(super) next_column: u32,
    pub(super) next_added: u32,
    pub(super) order: Vec<RowId>,
    pub(super) positions: PerRow<u32>,
    pub(super) overlay: QuickMap<CellKey, Box<str>>,
    pub(super) history: Vec<Step>,
    /// Steps of the history that are done.
    pub(super) done: usize,
    /// The number of the step before the oldest of the history; 0 where that is the first.
    pub(super) forgotten: u32,
    /// The number of the step that was done last.
    pub(super) last_step: u32,
    pub(super) revision: u64,
}

impl Sheet {
    /// A sheet that waits for a file's bytes.
    pub fn open(options: SheetOptions) -> Self {
        Self {
            parser: Parser::new(options.parse),
            options,
            taken: 0,
            begun: false,
            header: None,
            escaped: false,
            file_columns: 0,
            expected: 0,
            columns: Vec::new(),
            next_column: 0,
            next_added: 0,
            order: Vec::new(),
            positions: PerRow::default(),
            overlay: QuickMap::default(),
            history: Vec::new(),
            done: 0,
            forgotten: 0,
            last_step: 0,
            revision: 0,
        }
    }

    /// Makes room for a file, and refuses one that is too large before it is read.
    pub fn expect_bytes(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.parser.expect_bytes(bytes)
    }

    /// Reads one more slice of the file; finished rows are in the sheet at once. Returns
    /// how many came.
    pub fn feed(&mut self, slice: &[u8]) -> Result<u32, Refusal> {
        let result = self.parser.feed(slice);
        result.and(self.take_rows())
    }

    /// Reads the rest of the file. Returns how many rows came.
    pub fn finish(&mut self) -> Result<u32, Refusal> {
        let result = self.parser.finish();
        result.and(self.take_rows())
    }

    /// Reads a whole file.
    pub fn from_bytes(bytes: &[u8], options: SheetOptions) -> Result<Self, Refusal> {
        let mut sheet = Self::open(options);
        sheet.expect_bytes(bytes.len())?;
        sheet.feed(bytes)?;
        sheet.finish()?;
        Ok(sheet)
    }

    /// A sheet with the template's columns and no rows.
    pub fn empty() -> Self {
        let mut sheet = Self::open(SheetOptions::default());
        sheet.begun = true;
        for field in Field::ALL {
            let id = sheet.new_column_id();
            sheet.columns.push(Column {
                id,
                name: field.name().to_owned(),
                used: ColumnUse::Field(field),
                reason: Reason::Exact,
                source: None,
            });
        }
        // Nothing is awaited: finishing an empty parser cannot refuse.
        let _ = sheet.parser.finish();
        sheet
    }

    /// A sheet from text that was pasted where no sheet is open yet.
    pub fn from_pasted(text: &str) -> Result<Self, Refusal> {
        Self::from_bytes(text.as_bytes(), SheetOptions::default())
    }

    fn take_rows(&mut self) -> Result<u32, Refusal> {
        let read = self.parser.source().rows();
        if !self.begun {
            if read == 0 || (read < DETECT_ROWS && !self.parser.is_finished()) {
                return Ok(0);
            }
            self.begin(read);
        }
        let first = self.taken;
        // The header and the titles above it are none of the rows that may be.
        let most = self.options.parse.rows_max.saturating_sub(DETECT_ROWS);
        let rows = read.min(most.saturating_add(self.header.map_or(0, |row| row + 1)));
        let source = self.parser.source();
        let mut widest = self.file_columns;
        for row in first..rows {
            let fields = source.fields(row).min(COLUMNS_MAX as u32);
            // An empty cell after the last delimiter is no column.
            while widest < fields
                && (widest..fields).any(|f| source.raw(row, f).is_some_and(|raw| !raw.is_empty()))
            {
                widest += 1;
            }
            let position = self.order.len() as u32;
            self.order.push(RowId(row));
            self.positions.set(RowId(row), position, NOWHERE);
        }
        self.taken = rows;
        self.widen(widest);
        if rows > first {
            self.revision += 1;
        }
        if rows < read {
            return Err(Refusal::TooManyRows);
        }
        Ok(rows - first)
    }

    /// Finds the header among the first rows and makes the columns.
    fn begin(&mut self, rows: u32) {
        self.begun = true;
        let source = self.parser.source();
        let head: Vec<Vec<String>> = (0..rows.min(DETECT_ROWS))
            .map(|row| {
                (0..source.fields(row).min(COLUMNS_MAX as u32))
                    .map(|f| source.text(row, f).unwrap_or_default().into_owned())
                    .collect()
            })
            .collect();
        self.header = match self.options.header {
            HeaderChoice::FirstRow => Some(0),
            HeaderChoice::Absent => None,
            HeaderChoice::Detect => find_header(&head),
        };
        let mapped = match self.header {
            Some(row) => map_headers(&head[row as usize]),
            None => map_content(&head),
        };
        self.taken = self.header.map_or(0, |row| row + 1);
        self.file_columns = mapped.len() as u32;
        self.expected = self
            .header
            .map_or(self.file_columns, |row| source.fields(row));
        // A mark on the file, not a column of the admin's.
        self.escaped = mapped.iter().any(|column| column.name == ESCAPED_COLUMN);
        for (i, Mapped { name, used, reason }) in mapped.into_iter().enumerate() {
            if name == ESCAPED_COLUMN {
                continue;
            }
            let used = if name.starts_with(OWN_PREFIX) {
                ColumnUse::Dropped
            } else {
                used
            };
            let name = if self.escaped {
                unescape(&name).to_owned()
            } else {
                name
            };
            let id = self.new_column_id();
            self.columns.push(Column {
                id,
                name,
                used,
                reason,
                source: Some(i as u32),
            });
        }
    }

    /// Makes columns for cells past the header's end, so that they stay visible.
    fn widen(&mut self, widest: u32) {
        for i in self.file_columns..widest {
            let id = self.new_column_id();
            self.columns.push(Column {
                id,
                name: format!("Column {}", i + 1),
                used: ColumnUse::Dropped,
                reason: Reason::None,
                source: Some(i),
            });
        }
        self.file_columns = widest;
    }

    pub(super) fn new_column_id(&mut self) -> ColumnId {
        let id = ColumnId(self.next_column);
        self.next_column += 1;
        id
    }

    /// Whether a row of the file is one of the sheet's, rather than a title, the header
    /// or one that was not read yet.
    pub(super) fn is_data_row(&self, row: u32) -> bool {
        row < self.taken && self.header.is_none_or(|header| row > header)
    }

    /// Rows of the sheet.
    pub fn rows(&self) -> usize {
        self.order.len()
    }

    /// Whether the whole file was read.
    pub fn is_finished(&self) -> bool {
        self.parser.is_finished()
    }

    /// The row at a position from 0.
    pub fn row_at(&self, position: usize) -> Option<RowId> {
        self.order.get(position).copied()
    }

    /// Every row, in order.
    pub fn row_ids(&self) -> &[RowId] {
        &self.order
    }

    /// A row's position from 0; `None` where it was taken out.
    pub fn position_of(&self, row: RowId) -> Option<usize> {
        self.positions
            .get(row)
            .filter(|&at| at != NOWHERE)
            .map(|at| at as usize)
    }

    /// The columns, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// A column by its identity.
    pub fn column(&self, id: ColumnId) -> Option<&Column> {
        self.columns.iter().find(|column| column.id == id)
    }

    /// The first column that fills a field.
    pub fn column_for(&self, field: Field) -> Option<&Column> {
        self.columns
            .iter()
            .find(|column| column.used == ColumnUse::Field(field))
    }

    /// Grows with every change, so that views know when they are stale.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// The file as it was read.
    pub const fn source(&self) -> &Source {
        self.parser.source()
    }

    /// The file's row that holds the header, where there is one; rows above it are titles.
    pub const fn header_row(&self) -> Option<u32> {
        self.header
    }

    /// The physical line where a row starts in the file; `None` for an added one.
    pub fn line_of(&self, row: RowId) -> Option<u32> {
        if row.is_added() {
            None
        } else {
            self.source().line(row.0)
        }
    }

    /// What was odd about a row's bytes.
    pub fn source_problems(&self, row: RowId) -> &[SourceProblem] {
        if row.is_added() {
            &[]
        } else {
            self.source().problems_of(row.0)
        }
    }

    /// Cells that the file's row has; `None` for an added row.
    pub fn fields_in_file(&self, row: RowId) -> Option<u32> {
        (!row.is_added()).then(|| self.source().fields(row.0))
    }

    /// Columns that the header has, or cells of the longest of the first rows without one.
    pub const fn fields_expected(&self) -> u32 {
        self.expected
    }

    /// A cell's text; empty where the row or column does not exist.
    pub fn cell(&self, row: RowId, column: ColumnId) -> Cow<'_, str> {
        match self.column(column) {
            Some(column) => self.cell_of(row, column),
            None => Cow::Borrowed(""),
        }
    }

    /// A cell's text, of a column that is at hand.
    pub fn cell_of(&self, row: RowId, column: &Column) -> Cow<'_, str> {
        if let Some(text) = self.edited(row, column.id) {
            return Cow::Borrowed(text);
        }
        self.text_in_file(row, column.source)
    }

    /// A file cell's text.
    pub(super) fn text_in_file(&self, row: RowId, field: Option<u32>) -> Cow<'_, str> {
        let Some(raw) = self.cell_in_file(row, field) else {
            return Cow::Borrowed("");
        };
        let text = text_of(raw);
        if !self.escaped {
            return text;
        }
        match text {
            Cow::Borrowed(text) => Cow::Borrowed(unescape(text)),
            Cow::Owned(text) => Cow::Owned(unescape(&text).to_owned()),
        }
    }

    /// Whether the file's formula cells carry a leading `'` that is not shown.
    pub(super) const fn is_escaped(&self) -> bool {
        self.escaped
    }

    /// Whether a cell differs from the file's.
    pub fn is_edited(&self, row: RowId, column: ColumnId) -> bool {
        self.edited(row, column).is_some()
    }

    /// A file cell's bytes as they stand there, quotes included.
    pub(super) fn cell_in_file(&self, row: RowId, field: Option<u32>) -> Option<&[u8]> {
        let field = field.filter(|_| !row.is_added())?;
        self.source().raw(row.0, field)
    }

    pub(super) fn edited(&self, row: RowId, column: ColumnId) -> Option<&str> {
        if self.overlay.is_empty() {
            return None;
        }
        self.overlay.get(&key(row, column)).map(AsRef::as_ref)
    }

    /// Which column fills each field: the first one that is mapped to it.
    pub fn field_map(&self) -> FieldMap {
        let mut map = FieldMap::default();
        for column in &self.columns {
            if let ColumnUse::Field(field) = column.used {
                map.0[field.index()].get_or_insert((column.id, column.source));
            }
        }
        map
    }

    /// The ten fields of a row.
    pub fn fields(&self, row: RowId, map: &FieldMap) -> RowFields<'_> {
        let line = if row.is_added() || self.escaped {
            None
        } else {
            self.source().row_text(row.0)
        };
        let kinds = line.map(|line| line.kinds());
        let mut fields = RowFields {
            plain: kinds.is_some_and(|kinds| !kinds.control),
            ascii: kinds.is_some_and(|kinds| !kinds.beyond),
            ..RowFields::default()
        };
        for (cell, slot) in fields.cells.iter_mut().zip(map.0) {
            let Some((id, source)) = slot else { continue };
            *cell = match (self.edited(row, id), line, source) {
                (Some(text), ..) => {
                    (fields.plain, fields.ascii) = (false, false);
                    Cow::Borrowed(text)
                }
                (None, Some(line), Some(field)) => line.field(field),
                (None, ..) => self.text_in_file(row, source),
            };
        }
        fields
    }

    /// One field of a row.
    pub fn field(&self, row: RowId, field: Field, map: &FieldMap) -> Cow<'_, str> {
        map.0[field.index()].map_or(Cow::Borrowed(""), |(id, source)| {
            match self.edited(row, id) {
                Some(text) => Cow::Borrowed(text),
                None => self.text_in_file(row, source),
            }
        })
    }

    /// The columns kept as metadata, in the order of a draft's values.
    pub fn metadata_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns
            .iter()
            .filter(|column| column.used == ColumnUse::Metadata)
    }

    /// A row as it is submitted.
    pub fn draft(&self, row: RowId) -> RowDraft {
        self.draft_with(row, &self.field_map())
    }

    /// A row as it is submitted, with the field map at hand.
    pub fn draft_with(&self, row: RowId, map: &FieldMap) -> RowDraft {
        let [
            email,
            first_name,
            last_name,
            role,
            group,
            courses,
            programs,
            expires_on,
            external_id,
            note,
        ] = self.fields(row, map).cells.map(Cow::into_owned);
        let mut metadata: Vec<String> = self
            .metadata_columns()
            .map(|column| self.cell_of(row, column).into_owned())
            .collect();
        while metadata.last().is_some_and(String::is_empty) {
            metadata.pop();
        }
        RowDraft {
            row: row.0,
            line: self.line_of(row).unwrap_or(0),
            email,
            first_name,
            last_name,
            role,
            group,
            courses,
            programs,
            expires_on,
            external_id,
            note,
            metadata,
        }
    }
}

/// Which column fills each field, and that column's place in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldMap([Option<(ColumnId, Option<u32>)>; Field::COUNT]);

impl FieldMap {
    /// The column that fills a field.
    pub fn column(&self, field: Field) -> Option<ColumnId> {
        self.0[field.index()].map(|(id, _)| id)
    }

    /// The field that a column fills.
    pub fn field(&self, column: ColumnId) -> Option<Field> {
        Field::ALL
            .into_iter()
            .find(|&field| self.column(field) == Some(column))
    }
}
