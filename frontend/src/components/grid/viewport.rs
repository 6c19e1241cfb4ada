//! Which rows and columns are in sight, and where they are drawn: pure arithmetic.
//!
//! Browsers stop at 33,554,428 px ÷ the real device scale, and round positions
//! above 2²⁴ px, so the scroll space is capped and scaled: one pixel of the
//! scroll bar then stands for several pixels of content. The rows themselves are
//! drawn in a layer that stays in place, at offsets no larger than the viewport.

use std::ops::Range;

/// Height of a row, in CSS pixels (`--row` in the style sheets).
pub const ROW_HEIGHT: f64 = 34.0;
/// The tallest scroll space, in CSS pixels.
pub const SPACE_MAX: f64 = 8_000_000.0;
/// Width of the column that shows the row's number, in CSS pixels.
pub const NUMBER_WIDTH: f64 = 56.0;
/// Up to so many columns are all drawn; beyond, only those in sight.
pub const ALL_COLUMNS_MAX: usize = 30;

/// The vertical geometry: rows, the viewport's height, and the content offset at its top.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rows {
    /// How many rows there are.
    pub count: usize,
    /// Height in which rows are seen (below the header), in pixels.
    pub height: f64,
    /// Offset into the content of the first visible pixel; never scaled.
    pub top: f64,
}

impl Rows {
    /// Height of all rows, in pixels.
    pub fn content(&self) -> f64 {
        self.count as f64 * ROW_HEIGHT
    }

    /// Height of the element that makes the scroll bar.
    pub fn space(&self) -> f64 {
        self.content().min(SPACE_MAX).max(self.height)
    }

    /// The largest useful `top`.
    pub fn top_max(&self) -> f64 {
        (self.content() - self.height).max(0.0)
    }

    /// Pixels of content for one pixel of the scroll bar; 1 unless capped.
    pub fn scale(&self) -> f64 {
        let room = self.space() - self.height;
        if self.content() <= SPACE_MAX || room <= 0.0 {
            1.0
        } else {
            self.top_max() / room
        }
    }

    /// The content offset that a scroll position stands for.
    pub fn top_of_scroll(&self, scroll: f64) -> f64 {
        (scroll * self.scale()).clamp(0.0, self.top_max())
    }

    /// The scroll position that stands for the present offset.
    pub fn scroll_of_top(&self) -> f64 {
        self.top / self.scale()
    }

    /// Rows that are at least partly in sight.
    pub fn visible(&self) -> Range<usize> {
        if self.count == 0 || self.height <= 0.0 {
            return 0..0;
        }
        let first = (self.top / ROW_HEIGHT).floor().max(0.0) as usize;
        let end = ((self.top + self.height) / ROW_HEIGHT).ceil() as usize;
        first.min(self.count)..end.min(self.count)
    }

    /// Where a row is drawn in the layer, in pixels from its top.
    pub fn offset(&self, row: usize) -> f64 {
        row as f64 * ROW_HEIGHT - self.top
    }

    /// The offset that shows the whole row with the least movement.
    pub fn reveal(&self, row: usize) -> f64 {
        let start = row as f64 * ROW_HEIGHT;
        let end = start + ROW_HEIGHT;
        let top = if start < self.top {
            start
        } else if end > self.top + self.height {
            end - self.height
        } else {
            self.top
        };
        top.clamp(0.0, self.top_max())
    }

    /// The offset that shows the row in the middle, for jumps.
    pub fn centre(&self, row: usize) -> f64 {
        (row as f64 * ROW_HEIGHT - (self.height - ROW_HEIGHT) / 2.0).clamp(0.0, self.top_max())
    }

    /// Rows that a page key moves: what fits, less one for context.
    pub fn page(&self) -> usize {
        ((self.height / ROW_HEIGHT).floor() as usize)
            .saturating_sub(1)
            .max(1)
    }

    /// The row under a point of the layer, if there is one.
    pub fn row_at(&self, y: f64) -> Option<usize> {
        let row = ((self.top + y) / ROW_HEIGHT).floor();
        (row >= 0.0 && row < self.count as f64).then_some(row as usize)
    }
}

/// The horizontal geometry: where each column starts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// Left edges, then the right edge of the last one; starts after the row numbers.
    edges: Vec<f64>,
}

impl Columns {
    /// Lays columns of these widths side by side.
    pub fn new(widths: &[f64]) -> Self {
        let mut edges = Vec::with_capacity(widths.len() + 1);
        let mut edge = NUMBER_WIDTH;
        edges.push(edge);
        for width in widths {
            edge += width;
            edges.push(edge);
        }
        Self { edges }
    }

    /// How many columns there are.
    pub fn count(&self) -> usize {
        self.edges.len().saturating_sub(1)
    }

    /// Left edge of a column, in pixels; the right end for the count itself.
    pub fn left(&self, column: usize) -> f64 {
        self.edges
            .get(column)
            .or(self.edges.last())
            .copied()
            .unwrap_or(NUMBER_WIDTH)
    }

    /// Width of a column, in pixels.
    pub fn width(&self, column: usize) -> f64 {
        self.left(column + 1) - self.left(column)
    }

    /// Width of everything, row numbers included.
    pub fn total(&self) -> f64 {
        self.left(self.count())
    }

    /// Columns to draw: all of them, or those in sight and one more on each side.
    pub fn drawn(&self, scroll_left: f64, width: f64) -> Range<usize> {
        let count = self.count();
        if count <= ALL_COLUMNS_MAX {
            return 0..count;
        }
        let first = self.edges[1..].partition_point(|edge| *edge <= scroll_left + NUMBER_WIDTH);
        let end = self.edges[..count].partition_point(|edge| *edge < scroll_left + width);
        let first = first.saturating_sub(1).min(count);
        first..(end + 1).clamp(first, count)
    }

    /// The column at a distance from the content's left edge, if there is one.
    pub fn column_at(&self, x: f64) -> Option<usize> {
        if x < NUMBER_WIDTH || x >= self.total() {
            return None;
        }
        Some(self.edges[1..].partition_point(|edge| *edge <= x))
    }

    /// The horizontal scroll position that shows the whole column with the least movement.
    pub fn reveal(&self, column: usize, scroll_left: f64, width: f64) -> f64 {
        let start = self.left(column) - NUMBER_WIDTH;
        let end = self.left(column + 1);
        if start < scroll_left || end - start > width {
            start
        } else if end > scroll_left + width {
            end - width
        } else {
            scroll_left
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize, top: f64) -> Rows {
        Rows {
            count,
            height: 510.0,
            top,
        }
    }

    #[test]
    fn small_sheets_scroll_one_to_one() {
        let sheet = rows(100_000, 0.0);
        assert!((sheet.scale() - 1.0).abs() < f64::EPSILON);
        assert!((sheet.space() - 3_400_000.0).abs() < f64::EPSILON);
        assert!((sheet.top_of_scroll(34.0) - 34.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_million_rows_are_all_reachable_in_the_capped_space() {
        let mut sheet = rows(1_000_000, 0.0);
        assert!((sheet.space() - SPACE_MAX).abs() < f64::EPSILON);
        sheet.top = sheet.top_of_scroll(SPACE_MAX - sheet.height);
        assert_eq!(sheet.visible(), 999_985..1_000_000);
        assert!((sheet.offset(999_999) - (sheet.height - ROW_HEIGHT)).abs() < 1e-6);
        for row in [0, 1, 550_000, 999_999] {
            sheet.top = sheet.centre(row);
            let scroll = sheet.scroll_of_top();
            assert!(scroll <= SPACE_MAX - sheet.height + 1e-6);
            assert!(sheet.visible().contains(&row), "row {row}");
            let offset = sheet.offset(row);
            assert!((0.0..=sheet.height).contains(&offset));
        }
    }

    #[test]
    fn rows_are_even_at_every_place() {
        for top in [0.0, 17.5, 18_700_000.25, 33_999_490.0] {
            let sheet = rows(1_000_000, top);
            let seen: Vec<usize> = sheet.visible().collect();
            for pair in seen.windows(2) {
                let step = sheet.offset(pair[1]) - sheet.offset(pair[0]);
                assert!((step - ROW_HEIGHT).abs() < 1e-6, "{top}: {step}");
            }
        }
    }

    #[test]
    fn revealing_moves_no_more_than_needed() {
        let sheet = rows(1000, 340.0);
        assert!((sheet.reveal(12) - 340.0).abs() < f64::EPSILON);
        assert!((sheet.reveal(3) - 102.0).abs() < f64::EPSILON);
        assert!((sheet.reveal(30) - (31.0 * 34.0 - 510.0)).abs() < f64::EPSILON);
        assert_eq!(sheet.page(), 14);
        assert_eq!(sheet.row_at(35.0), Some(11));
        assert_eq!(rows(3, 0.0).row_at(200.0), None);
        assert_eq!(rows(0, 0.0).visible(), 0..0);
    }

    #[test]
    fn few_columns_are_all_drawn_and_many_are_not() {
        let few = Columns::new(&[100.0; 9]);
        assert_eq!(few.drawn(400.0, 200.0), 0..9);
        let many = Columns::new(&[100.0; 200]);
        let drawn = many.drawn(10_000.0, 600.0);
        assert!(drawn.len() <= 10, "{drawn:?}");
        assert!(drawn.start <= 100 && drawn.end >= 106, "{drawn:?}");
        assert_eq!(many.drawn(0.0, 600.0).start, 0);
        assert_eq!(many.drawn(many.total() - 600.0, 600.0).end, 200);
    }

    #[test]
    fn columns_are_found_by_place() {
        let columns = Columns::new(&[100.0, 50.0]);
        assert_eq!(columns.column_at(20.0), None);
        assert_eq!(columns.column_at(NUMBER_WIDTH), Some(0));
        assert_eq!(columns.column_at(NUMBER_WIDTH + 100.0), Some(1));
        assert_eq!(columns.column_at(NUMBER_WIDTH + 150.0), None);
        assert!((columns.reveal(1, 0.0, 150.0) - 56.0).abs() < f64::EPSILON);
        assert!((columns.reveal(0, 40.0, 300.0)).abs() < f64::EPSILON);
    }
}
