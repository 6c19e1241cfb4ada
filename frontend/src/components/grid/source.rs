//! What the grid shows and what it asks for: the component knows no api and no sheet.

use super::selection::{Area, Place};

/// How bad a remark on a cell is; ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing to say.
    #[default]
    None,
    /// Worth knowing.
    Info,
    /// Probably not meant.
    Warning,
    /// The row cannot be submitted so.
    Error,
}

/// How a cell is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The worst remark on it.
    pub severity: Severity,
    /// It differs from the file.
    pub changed: bool,
}

/// What is said about a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// How bad it is.
    pub severity: Severity,
    /// A few words, such as *Not an e-mail address*.
    pub title: String,
    /// What is wrong and what to do.
    pub sentence: String,
    /// How many rows have the same; 0 where nobody counted.
    pub rows: usize,
    /// The words of the cure's button, where there is a cure.
    pub cure: Option<String>,
    /// The words of the button that cures every cell with the same remark.
    pub cure_all: Option<String>,
}

/// A column's heading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heading {
    /// In bold: its accessible name.
    pub name: String,
    /// In grey beside it.
    pub hint: String,
}

/// Which way to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Towards the end, then on from the start.
    Forward,
    /// Towards the start, then on from the end.
    Backward,
}

/// A change the person asked for; each is one step to undo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GridEdit {
    /// A cell's new text.
    Set {
        /// Which cell.
        at: Place,
        /// Its text.
        text: String,
    },
    /// The same text in every cell.
    Fill {
        /// Which cells.
        area: Area,
        /// Their text.
        text: String,
    },
    /// A block of cells; rows that do not exist yet are added.
    Paste {
        /// What was selected; the block starts at its first cell and fills it where
        /// it fits a whole number of times.
        area: Area,
        /// Rows of cells.
        cells: Vec<Vec<String>>,
    },
    /// An empty row.
    InsertRow {
        /// Before this row; the count of rows adds at the end.
        at: usize,
    },
    /// Whole rows away.
    DeleteRows {
        /// Rows of this area.
        area: Area,
    },
    /// An empty column.
    InsertColumn {
        /// Before this column; the count of columns adds at the end.
        at: usize,
    },
    /// A column to another place.
    MoveColumn {
        /// From here.
        from: usize,
        /// To here, counted after it was taken out.
        to: usize,
    },
    /// A whole column away.
    DeleteColumn {
        /// Which one.
        at: usize,
    },
    /// The remark's cure, at one cell.
    Cure {
        /// Which cell.
        at: Place,
        /// Every other cell with the same remark, too.
        all: bool,
    },
    /// Take the last step back.
    Undo,
    /// Do it again.
    Redo,
}

/// What became of an edit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Said to screen readers; empty: nothing.
    pub announce: String,
    /// Where to go now.
    pub select: Option<Place>,
    /// Why nothing was done; to be said to everybody.
    pub refused: Option<&'static str>,
}

impl Applied {
    /// Nothing was done.
    pub fn refused(why: &'static str) -> Self {
        Self {
            announce: why.to_owned(),
            refused: Some(why),
            ..Self::default()
        }
    }
}

/// The sheet as the grid sees it. Places are those on the screen: a source that
/// shows only some rows translates them.
pub trait GridSource {
    /// How many rows are shown.
    fn rows(&self) -> usize;
    /// How many columns there are.
    fn columns(&self) -> usize;
    /// A column's heading.
    fn heading(&self, column: usize) -> Heading;
    /// What stays with a column when others come, go or move: widths hang on it.
    fn column_key(&self, column: usize) -> u32;
    /// The number at the row's start.
    fn row_label(&self, row: usize) -> u32;
    /// Appends the cell's text.
    fn text(&self, at: Place, out: &mut String);
    /// How the cell is drawn.
    fn mark(&self, at: Place) -> Mark;
    /// What is said about the cell.
    fn remark(&self, at: Place) -> Option<Remark>;
    /// The next cell with a warning or an error; from nowhere, the first or the last one.
    fn next_problem(&self, from: Option<Place>, direction: Direction) -> Option<Place>;
    /// Why the cells that are shown cannot be changed; `None` where they can.
    fn refusal(&self) -> Option<&'static str>;
    /// Applies an edit.
    fn apply(&self, edit: GridEdit) -> Applied;
}
