//! A list as the grid sees it.

use std::{cell::RefCell, rc::Rc};

use app::bulk::table::{ROWS_MAX, RowDone, Table, Template};
use leptos::prelude::*;

use crate::{
    components::grid::{
        Applied, Direction, GridEdit, GridSource, Heading, Mark, Place, Remark, Severity,
    },
    when::flag,
};

/// What the page shows of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Rows in all.
    pub rows: usize,
    /// Those with a problem.
    pub problems: usize,
    /// There is a step to take back.
    pub can_undo: bool,
    /// There is one to do again.
    pub can_redo: bool,
}

impl Facts {
    /// Rows without a problem.
    pub const fn ready(self) -> usize {
        self.rows - self.problems
    }
}

/// The list of a page. Cheap to copy.
#[derive(Clone, Copy)]
pub struct List {
    source: StoredValue<Rc<dyn GridSource>, LocalStorage>,
    table: StoredValue<Rc<RefCell<Table>>, LocalStorage>,
    facts: RwSignal<Facts>,
    locked: StoredValue<bool>,
}

impl List {
    /// Nothing yet.
    pub fn new(template: &'static Template) -> Self {
        let table = Rc::new(RefCell::new(Table::new(template)));
        let facts = RwSignal::new(Facts::default());
        let locked = StoredValue::new(false);
        let source: Rc<dyn GridSource> = Rc::new(Source {
            table: table.clone(),
            facts,
            locked,
        });
        Self {
            source: StoredValue::new_local(source),
            table: StoredValue::new_local(table),
            facts,
            locked,
        }
    }

    /// Nothing changes while the rows are on their way: what comes back is about them.
    pub fn lock(self, locked: bool) {
        // Whoever left the page has no list any more.
        self.locked.try_set_value(locked);
    }

    /// What the grid reads.
    pub fn source(self) -> StoredValue<Rc<dyn GridSource>, LocalStorage> {
        self.source
    }

    /// What the page shows of it.
    pub fn facts(self) -> ReadSignal<Facts> {
        self.facts.read_only()
    }

    /// Whether there is a row.
    pub fn some(self) -> Memo<bool> {
        let facts = self.facts;
        flag(move || facts.get().rows > 0)
    }

    fn with<T>(self, run: impl FnOnce(&mut Table) -> T) -> Option<T> {
        self.table.try_with_value(|table| {
            let mut table = table.borrow_mut();
            let answer = run(&mut table);
            tell(&table, self.facts);
            answer
        })
    }

    /// Another list stands here.
    pub fn put(self, table: Table) {
        self.with(|now| *now = table);
    }

    /// Takes in what became of the rows.
    pub fn take(self, done: &[Option<RowDone>]) {
        self.with(|table| table.take(done));
    }

    /// The cells of every row.
    pub fn cells(self) -> Vec<Vec<String>> {
        self.with(|table| table.cells()).unwrap_or_default()
    }

    /// What stands here, as a file.
    pub fn to_csv(self) -> Vec<u8> {
        self.with(|table| table.to_csv()).unwrap_or_default()
    }
}

fn tell(table: &Table, facts: RwSignal<Facts>) {
    let (can_undo, can_redo) = table.steps();
    let now = Facts {
        rows: table.rows().len(),
        problems: table.problem_rows(),
        can_undo,
        can_redo,
    };
    if facts.try_get_untracked() != Some(now) {
        facts.try_set(now);
    }
}

struct Source {
    table: Rc<RefCell<Table>>,
    facts: RwSignal<Facts>,
    locked: StoredValue<bool>,
}

/// Why nothing changes while rows are on their way.
const LOCKED: &str = "The rows are being submitted. Editing waits until that is done.";
/// Why columns stay.
const COLUMNS: &str = "The columns are those of the template and stay.";

impl GridSource for Source {
    fn rows(&self) -> usize {
        self.table.borrow().rows().len()
    }

    fn columns(&self) -> usize {
        self.table.borrow().template().columns.len()
    }

    fn heading(&self, column: usize) -> Heading {
        let table = self.table.borrow();
        let name = table.template().columns.get(column);
        Heading {
            name: name.map_or_else(String::new, |column| column.name.to_owned()),
            hint: String::new(),
        }
    }

    fn column_key(&self, column: usize) -> u32 {
        u32::try_from(column).unwrap_or_default()
    }

    fn row_label(&self, row: usize) -> u32 {
        u32::try_from(row + 1).unwrap_or_default()
    }

    fn text(&self, at: Place, out: &mut String) {
        out.push_str(self.table.borrow().cell(at.row, at.column));
    }

    fn mark(&self, at: Place) -> Mark {
        let table = self.table.borrow();
        Mark {
            severity: if table.problem(at.row, at.column).is_some() {
                Severity::Error
            } else {
                Severity::None
            },
            changed: table.is_changed(at.row, at.column),
        }
    }

    fn remark(&self, at: Place) -> Option<Remark> {
        let table = self.table.borrow();
        let sentence = table.problem(at.row, at.column)?.to_owned();
        Some(Remark {
            severity: Severity::Error,
            title: "This row cannot be sent so".to_owned(),
            sentence,
            rows: 0,
            cure: None,
            cure_all: None,
        })
    }

    fn next_problem(&self, from: Option<Place>, direction: Direction) -> Option<Place> {
        let from = from.map(|at| (at.row, at.column));
        let backward = direction == Direction::Backward;
        let table = self.table.borrow();
        let (row, column) = table.next_problem(from, backward)?;
        Some(Place::new(row, column))
    }

    fn refusal(&self) -> Option<&'static str> {
        (self.locked.try_get_value() == Some(true)).then_some(LOCKED)
    }

    fn apply(&self, edit: GridEdit) -> Applied {
        if let Some(why) = self.refusal() {
            return Applied::refused(why);
        }
        let mut table = self.table.borrow_mut();
        let mut select = None;
        let done = match edit {
            GridEdit::Set { at, text } => table.set(vec![((at.row, at.column), text)]),
            GridEdit::Fill { area, text } => {
                let cells = area
                    .rows()
                    .flat_map(|row| area.columns().map(move |column| (row, column)))
                    .map(|at| (at, text.clone()))
                    .collect();
                table.set(cells)
            }
            GridEdit::Paste { area, cells } => {
                let height = repeated(area.height(), cells.len());
                let width = repeated(area.width(), cells.first().map_or(0, Vec::len));
                let all = cells.len() * height;
                if area.first.row + all > ROWS_MAX {
                    return Applied::refused("A list has at most 10,000 rows. Nothing was pasted.");
                }
                let mut put = Vec::new();
                for (down, record) in cells.iter().cycle().take(all).enumerate() {
                    let across = record.len() * width;
                    for (right, text) in record.iter().cycle().take(across).enumerate() {
                        let at = (area.first.row + down, area.first.column + right);
                        put.push((at, text.clone()));
                    }
                }
                table.set(put)
            }
            GridEdit::InsertRow { at } => {
                if table.rows().len() >= ROWS_MAX {
                    return Applied::refused("A list has at most 10,000 rows.");
                }
                select = Some(Place::new(at, 0));
                table.insert_row(at)
            }
            GridEdit::DeleteRows { area } => table.delete_rows(area.first.row..area.last.row + 1),
            GridEdit::InsertColumn { .. }
            | GridEdit::MoveColumn { .. }
            | GridEdit::DeleteColumn { .. } => return Applied::refused(COLUMNS),
            GridEdit::Cure { .. } => false,
            GridEdit::Undo => table.undo(),
            GridEdit::Redo => table.redo(),
        };
        tell(&table, self.facts);
        Applied {
            announce: if done { "Changed." } else { "" }.to_owned(),
            select,
            refused: None,
        }
    }
}

/// How often a block is repeated: where it fits the selection a whole number of times.
fn repeated(selected: usize, block: usize) -> usize {
    if block > 0 && selected.is_multiple_of(block) {
        selected / block
    } else {
        1
    }
}
