//! The active cell and the range around it: pure.

use std::ops::RangeInclusive;

/// A cell's place: rows and columns from 0, row numbers and header not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Row from 0.
    pub row: usize,
    /// Column from 0.
    pub column: usize,
}

impl Place {
    /// A place.
    pub const fn new(row: usize, column: usize) -> Self {
        Self { row, column }
    }
}

/// A rectangle of cells, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Upper left.
    pub first: Place,
    /// Lower right.
    pub last: Place,
}

impl Area {
    /// The rows in it.
    pub fn rows(&self) -> RangeInclusive<usize> {
        self.first.row..=self.last.row
    }

    /// The columns in it.
    pub fn columns(&self) -> RangeInclusive<usize> {
        self.first.column..=self.last.column
    }

    /// How many rows.
    pub fn height(&self) -> usize {
        self.last.row - self.first.row + 1
    }

    /// How many columns.
    pub fn width(&self) -> usize {
        self.last.column - self.first.column + 1
    }

    /// True for one cell alone.
    pub fn is_single(&self) -> bool {
        self.first == self.last
    }

    /// With the cells up to a place, down or across, whichever is farther; itself where
    /// the place lies within.
    pub fn filled_to(&self, place: Place) -> Self {
        let beyond = |first: usize, last: usize, at: usize| {
            first.saturating_sub(at).max(at.saturating_sub(last))
        };
        let down = beyond(self.first.row, self.last.row, place.row);
        let across = beyond(self.first.column, self.last.column, place.column);
        let mut filled = *self;
        if down >= across {
            filled.first.row = filled.first.row.min(place.row);
            filled.last.row = filled.last.row.max(place.row);
        } else {
            filled.first.column = filled.first.column.min(place.column);
            filled.last.column = filled.last.column.max(place.column);
        }
        filled
    }

    /// The cell of this area whose text a cell beside it gets when the area is laid over
    /// it again and again.
    pub const fn repeated_at(&self, place: Place) -> Place {
        const fn over(first: usize, last: usize, at: usize) -> usize {
            let length = last - first + 1;
            first + (at % length + length - first % length) % length
        }
        Place::new(
            over(self.first.row, self.last.row, place.row),
            over(self.first.column, self.last.column, place.column),
        )
    }

    /// True where the cell lies within.
    pub fn contains(&self, place: Place) -> bool {
        self.rows().contains(&place.row) && self.columns().contains(&place.column)
    }
}

/// Where a movement leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// One column to the left.
    Left,
    /// One column to the right.
    Right,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// First column of the row.
    RowStart,
    /// Last column of the row.
    RowEnd,
    /// First row of the column.
    Top,
    /// Last row of the column.
    Bottom,
    /// First cell of the sheet.
    SheetStart,
    /// Last cell of the sheet.
    SheetEnd,
    /// Next cell, wrapping into the next row.
    Next,
    /// Previous cell, wrapping into the row before.
    Previous,
}

/// The sheet's size as far as moving needs it.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Rows of a page key.
    pub page: usize,
}

/// The active cell, which has the focus, and the far corner of the range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Where typing goes.
    pub active: Place,
    /// The opposite corner; equal to `active` for a single cell.
    pub extent: Place,
}

impl Selection {
    /// A single cell.
    pub const fn at(place: Place) -> Self {
        Self {
            active: place,
            extent: place,
        }
    }

    /// The rectangle between both corners.
    pub fn area(&self) -> Area {
        let (a, b) = (self.active, self.extent);
        Area {
            first: Place::new(a.row.min(b.row), a.column.min(b.column)),
            last: Place::new(a.row.max(b.row), a.column.max(b.column)),
        }
    }

    /// Everything.
    pub fn all(bounds: Bounds) -> Self {
        Self::spanning(
            Place::default(),
            Place::new(
                bounds.rows.saturating_sub(1),
                bounds.columns.saturating_sub(1),
            ),
        )
    }

    /// The whole rows of the range.
    pub fn whole_rows(self, bounds: Bounds) -> Self {
        let area = self.area();
        Self::spanning(
            Place::new(area.first.row, 0),
            Place::new(area.last.row, bounds.columns.saturating_sub(1)),
        )
    }

    /// Corner to corner; the active cell becomes the first corner.
    pub fn spanning(first: Place, last: Place) -> Self {
        Self {
            active: first,
            extent: last,
        }
    }

    /// Moves the active cell and drops the range.
    pub fn moved(self, step: Step, bounds: Bounds) -> Self {
        Self::at(step_from(self.active, step, bounds))
    }

    /// Moves the far corner and keeps the active cell.
    pub fn extended(self, step: Step, bounds: Bounds) -> Self {
        Self {
            active: self.active,
            extent: step_from(self.extent, step, bounds),
        }
    }

    /// Keeps both corners inside a sheet that has become smaller.
    pub fn clamped(self, rows: usize, columns: usize) -> Self {
        let inside = |place: Place| {
            Place::new(
                place.row.min(rows.saturating_sub(1)),
                place.column.min(columns.saturating_sub(1)),
            )
        };
        Self {
            active: inside(self.active),
            extent: inside(self.extent),
        }
    }
}

/// Where a step leads from a place; never outside the sheet.
pub fn step_from(place: Place, step: Step, bounds: Bounds) -> Place {
    let last_row = bounds.rows.saturating_sub(1);
    let last_column = bounds.columns.saturating_sub(1);
    let Place { row, column } = place;
    let (row, column) = match step {
        Step::Up => (row.saturating_sub(1), column),
        Step::Down => (row + 1, column),
        Step::Left => (row, column.saturating_sub(1)),
        Step::Right => (row, column + 1),
        Step::PageUp => (row.saturating_sub(bounds.page), column),
        Step::PageDown => (row + bounds.page, column),
        Step::RowStart => (row, 0),
        Step::RowEnd => (row, last_column),
        Step::Top => (0, column),
        Step::Bottom => (last_row, column),
        Step::SheetStart => (0, 0),
        Step::SheetEnd => (last_row, last_column),
        Step::Next if column < last_column => (row, column + 1),
        Step::Next if row < last_row => (row + 1, 0),
        Step::Previous if column > 0 => (row, column - 1),
        Step::Previous if row > 0 => (row - 1, last_column),
        Step::Next | Step::Previous => (row, column),
    };
    Place::new(row.min(last_row), column.min(last_column))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        rows: 10,
        columns: 4,
        page: 5,
    };

    #[test]
    fn steps_stay_inside() {
        let corner = Place::new(9, 3);
        for step in [
            Step::Down,
            Step::Right,
            Step::PageDown,
            Step::Next,
            Step::SheetEnd,
        ] {
            assert_eq!(step_from(corner, step, BOUNDS), corner, "{step:?}");
        }
        for step in [Step::Up, Step::Left, Step::PageUp, Step::Previous] {
            assert_eq!(
                step_from(Place::default(), step, BOUNDS),
                Place::default(),
                "{step:?}"
            );
        }
        let empty = Bounds {
            rows: 0,
            columns: 0,
            page: 5,
        };
        assert_eq!(
            step_from(Place::default(), Step::SheetEnd, empty),
            Place::default()
        );
    }

    #[test]
    fn next_wraps_into_the_following_row() {
        assert_eq!(
            step_from(Place::new(2, 3), Step::Next, BOUNDS),
            Place::new(3, 0)
        );
        assert_eq!(
            step_from(Place::new(3, 0), Step::Previous, BOUNDS),
            Place::new(2, 3)
        );
    }

    #[test]
    fn ranges_grow_from_the_active_cell() {
        let one = Selection::at(Place::new(4, 2));
        let grown = one.extended(Step::Up, BOUNDS).extended(Step::Left, BOUNDS);
        assert_eq!(grown.active, Place::new(4, 2));
        let area = grown.area();
        assert_eq!((area.height(), area.width()), (2, 2));
        assert!(area.contains(Place::new(3, 1)));
        assert!(!area.contains(Place::new(5, 1)));
        assert_eq!(
            grown.moved(Step::Down, BOUNDS),
            Selection::at(Place::new(5, 2))
        );
        assert_eq!(grown.whole_rows(BOUNDS).area().width(), 4);
        assert_eq!(Selection::all(BOUNDS).area().height(), 10);
        assert_eq!(grown.clamped(1, 1), Selection::default());
    }

    #[test]
    fn a_drag_fills_along_the_longer_way() {
        let area = |a, b, c, d| Area {
            first: Place::new(a, b),
            last: Place::new(c, d),
        };
        let from = area(4, 1, 5, 2);
        for (to, filled) in [
            (Place::new(5, 1), from),
            (Place::new(8, 2), area(4, 1, 8, 2)),
            (Place::new(8, 3), area(4, 1, 8, 2)),
            (Place::new(1, 0), area(1, 1, 5, 2)),
            (Place::new(6, 9), area(4, 1, 5, 9)),
            (Place::new(5, 0), area(4, 0, 5, 2)),
        ] {
            assert_eq!(from.filled_to(to), filled, "{to:?}");
        }
    }

    #[test]
    fn what_is_filled_repeats_the_area_in_both_directions() {
        let from = Area {
            first: Place::new(4, 1),
            last: Place::new(6, 1),
        };
        let row_of = |row| from.repeated_at(Place::new(row, 1)).row;
        let rows: Vec<usize> = (0..11).map(row_of).collect();
        assert_eq!(rows, [6, 4, 5, 6, 4, 5, 6, 4, 5, 6, 4]);
    }
}
