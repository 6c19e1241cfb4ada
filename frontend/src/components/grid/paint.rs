//! Draws the rows in sight over a pool of elements that are used again: only
//! what differs is written to the page.

use leptos::web_sys::{HtmlElement, Text};

use super::{
    dom,
    selection::{Area, Place},
    source::{GridSource, Mark, Severity},
    viewport::{Columns, ROW_HEIGHT, Rows},
};
use crate::components::decimal::decimal;

/// More characters of a cell are never in sight.
const SHOWN_MAX: usize = 1_000;
/// Rows drawn above and below what is in sight.
const SPARE: usize = 2;

/// Everything a frame depends on.
pub struct Frame<'a> {
    /// Vertical geometry.
    pub rows: Rows,
    /// Horizontal geometry.
    pub columns: &'a Columns,
    /// Columns to draw, in order.
    pub drawn: &'a [usize],
    /// Where the focus is.
    pub active: Place,
    /// The range.
    pub area: Area,
    /// Changes with the columns' places.
    pub geometry: u64,
    /// Changes with the cells.
    pub content: u64,
    /// Device pixels per CSS pixel.
    pub pixel_ratio: f64,
    /// Whether the cells can be changed: then the range has a handle to fill by.
    pub editable: bool,
}

const ACTIVE: u8 = 1;
const SELECTED: u8 = 2;
const CHANGED: u8 = 4;
const INFO: u8 = 8;
const WARNING: u8 = 16;
const ERROR: u8 = 32;

fn mask_of(mark: Mark) -> u8 {
    let severity = match mark.severity {
        Severity::None => 0,
        Severity::Info => INFO,
        Severity::Warning => WARNING,
        Severity::Error => ERROR,
    };
    severity | if mark.changed { CHANGED } else { 0 }
}

fn class_of(mask: u8) -> String {
    let mut class = String::from("grid__cell");
    for (bit, name) in [
        (ACTIVE, " is-active"),
        (SELECTED, " is-selected"),
        (CHANGED, " is-changed"),
        (INFO, " has-info"),
        (WARNING, " has-warning"),
        (ERROR, " has-error"),
    ] {
        if mask & bit != 0 {
            class.push_str(name);
        }
    }
    class
}

/// Cuts at a character's border.
fn shown(text: &str) -> &str {
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// What of a text changes how it is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Look {
    address: bool,
    lines: bool,
}

impl Look {
    fn of(text: &str) -> Self {
        Self {
            address: text.contains('@'),
            lines: text.contains(['\n', '\r']),
        }
    }
}

struct CellNodes {
    cell: HtmlElement,
    label: HtmlElement,
    text: Text,
    shown: String,
    /// What the source says of it.
    mark: u8,
    /// What is drawn.
    mask: u8,
    column: usize,
}

impl CellNodes {
    fn new() -> Self {
        let cell = dom::element("div", "grid__cell", "gridcell");
        dom::style(&cell, "position", "absolute");
        let label = dom::element("span", "grid__text", "");
        dom::attribute(&label, "dir", "auto");
        let text = dom::document().create_text_node("");
        dom::append(&label, &text);
        dom::append(&cell, &label);
        Self {
            cell,
            label,
            text,
            shown: String::new(),
            mark: 0,
            mask: 0,
            column: usize::MAX,
        }
    }

    fn place(&mut self, column: usize, columns: &Columns) {
        self.column = column;
        dom::attribute(&self.cell, "aria-colindex", &(column + 2).to_string());
        dom::style_px(&self.cell, "left", columns.left(column));
        dom::style_px(&self.cell, "width", columns.width(column));
    }

    fn write(&mut self, text: &str) {
        if self.shown == text {
            return;
        }
        self.text.set_data(text);
        let (before, after) = (Look::of(&self.shown), Look::of(text));
        if before != after {
            // Names keep the direction of their script; an address runs one way.
            dom::attribute(
                &self.label,
                "dir",
                if after.address { "ltr" } else { "auto" },
            );
            self.label.set_class_name(if after.lines {
                "grid__text is-lines"
            } else {
                "grid__text"
            });
        }
        text.clone_into(&mut self.shown);
    }

    fn draw(&mut self, mask: u8) {
        if self.mask == mask {
            return;
        }
        let before = std::mem::replace(&mut self.mask, mask);
        self.cell.set_class_name(&class_of(mask));
        if (before ^ mask) & ERROR != 0 {
            dom::attribute_if(
                &self.cell,
                "aria-invalid",
                (mask & ERROR != 0).then_some("true"),
            );
        }
        if (before ^ mask) & SELECTED != 0 {
            dom::attribute_if(
                &self.cell,
                "aria-selected",
                (mask & SELECTED != 0).then_some("true"),
            );
        }
    }
}

struct RowNodes {
    row: Option<usize>,
    element: HtmlElement,
    number_text: Text,
    label: u32,
    cells: Vec<CellNodes>,
    offset: f64,
    drawn: Vec<usize>,
    geometry: u64,
    content: u64,
    marked: bool,
}

impl RowNodes {
    fn new(layer: &HtmlElement) -> Self {
        let element = dom::element("div", "grid__row", "row");
        dom::style(&element, "position", "absolute");
        dom::style(&element, "inset", "0 auto auto 0");
        dom::style_px(&element, "height", ROW_HEIGHT);
        let number = dom::element("div", "grid__rownum", "rowheader");
        dom::attribute(&number, "aria-colindex", "1");
        let number_text = dom::document().create_text_node("");
        dom::append(&number, &number_text);
        dom::append(&element, &number);
        dom::append(layer, &element);
        Self {
            row: None,
            element,
            number_text,
            label: u32::MAX,
            cells: Vec::new(),
            offset: f64::NAN,
            drawn: Vec::new(),
            geometry: 0,
            content: 0,
            marked: false,
        }
    }

    fn hide(&mut self) {
        if self.row.take().is_some() {
            dom::style(&self.element, "display", "none");
            self.content = 0;
        }
    }

    fn assign(&mut self, row: usize) {
        if self.row.is_none() {
            dom::style(&self.element, "display", "");
        }
        self.row = Some(row);
        self.content = 0;
        dom::attribute(&self.element, "aria-rowindex", &(row + 2).to_string());
    }

    fn lay_out(&mut self, frame: &Frame<'_>) {
        if self.geometry == frame.geometry && self.drawn == frame.drawn {
            return;
        }
        dom::style_px(&self.element, "width", frame.columns.total());
        let moved = self.geometry != frame.geometry;
        self.geometry = frame.geometry;
        frame.drawn.clone_into(&mut self.drawn);
        while self.cells.len() > frame.drawn.len() {
            if let Some(cell) = self.cells.pop() {
                cell.cell.remove();
            }
        }
        while self.cells.len() < frame.drawn.len() {
            let cell = CellNodes::new();
            dom::append(&self.element, &cell.cell);
            self.cells.push(cell);
        }
        for (cell, column) in self.cells.iter_mut().zip(frame.drawn.iter().copied()) {
            if moved || cell.column != column {
                cell.place(column, frame.columns);
                self.content = 0;
            }
        }
    }

    fn fill(&mut self, row: usize, frame: &Frame<'_>, source: &dyn GridSource, text: &mut String) {
        if self.content != frame.content {
            self.content = frame.content;
            let label = source.row_label(row);
            if self.label != label {
                self.label = label;
                self.number_text.set_data(&label.to_string());
            }
            for cell in &mut self.cells {
                let place = Place::new(row, cell.column);
                text.clear();
                source.text(place, text);
                cell.write(shown(text));
                cell.mark = mask_of(source.mark(place));
            }
        }
        let several = !frame.area.is_single();
        for cell in &mut self.cells {
            let place = Place::new(row, cell.column);
            let mut mask = cell.mark;
            if place == frame.active {
                mask |= ACTIVE;
            }
            if several && frame.area.contains(place) {
                mask |= SELECTED;
            }
            cell.draw(mask);
        }
        let marked = row == frame.active.row;
        if self.marked != marked {
            self.marked = marked;
            self.element.set_class_name(if marked {
                "grid__row is-current"
            } else {
                "grid__row"
            });
        }
    }

    fn put(&mut self, row: usize, frame: &Frame<'_>) {
        // The active row stays in the page for the sake of the focus, just out of sight.
        let offset = frame
            .rows
            .offset(row)
            .clamp(-4.0 * ROW_HEIGHT, frame.rows.height + 4.0 * ROW_HEIGHT);
        let offset = (offset * frame.pixel_ratio).round() / frame.pixel_ratio;
        if self.offset.to_bits() != offset.to_bits() {
            self.offset = offset;
            dom::style(
                &self.element,
                "transform",
                &format!("translateY({}px)", decimal(offset)),
            );
        }
    }
}

/// The pool of rows.
pub struct Painter {
    layer: HtmlElement,
    /// At the range's last cell: dragging it fills the cells that it is drawn over.
    handle: HtmlElement,
    rows: Vec<RowNodes>,
    text: String,
}

impl Painter {
    /// Draws into this layer.
    pub fn new(layer: HtmlElement) -> Self {
        Self {
            layer,
            handle: dom::element("div", "grid__fill", ""),
            rows: Vec::new(),
            text: String::new(),
        }
    }

    /// Draws a frame.
    pub fn paint(&mut self, frame: &Frame<'_>, source: &dyn GridSource) {
        let visible = frame.rows.visible();
        let wanted =
            visible.start.saturating_sub(SPARE)..(visible.end + SPARE).min(frame.rows.count);
        let pinned =
            Some(frame.active.row).filter(|row| !wanted.contains(row) && *row < frame.rows.count);
        let keeps = |row: usize| wanted.contains(&row) || pinned == Some(row);

        let mut present = vec![false; wanted.len()];
        let mut pinned_present = pinned.is_none();
        let mut free = Vec::new();
        for (index, nodes) in self.rows.iter_mut().enumerate() {
            match nodes.row {
                Some(row) if keeps(row) => {
                    if pinned == Some(row) {
                        pinned_present = true;
                    } else {
                        present[row - wanted.start] = true;
                    }
                }
                _ => free.push(index),
            }
        }
        // The lowest free nodes first, so that a fresh grid stands in reading order.
        free.reverse();
        let missing = wanted
            .clone()
            .filter(|row| !present[row - wanted.start])
            .chain(pinned.filter(|_| !pinned_present));
        for row in missing {
            let index = free.pop().unwrap_or_else(|| {
                self.rows.push(RowNodes::new(&self.layer));
                self.rows.len() - 1
            });
            self.rows[index].assign(row);
        }
        for index in free {
            self.rows[index].hide();
        }
        for nodes in &mut self.rows {
            if let Some(row) = nodes.row {
                nodes.lay_out(frame);
                nodes.fill(row, frame, source, &mut self.text);
                nodes.put(row, frame);
            }
        }
        match self.cell(frame.area.last).filter(|_| frame.editable) {
            Some((cell, _)) if !cell.contains(Some(&self.handle)) => {
                dom::append(cell, &self.handle);
            }
            Some(_) => {}
            None => self.handle.remove(),
        }
    }

    /// The element of a drawn cell, and of its text.
    pub fn cell(&self, at: Place) -> Option<(&HtmlElement, &HtmlElement)> {
        let nodes = self.rows.iter().find(|nodes| nodes.row == Some(at.row))?;
        let cell = nodes.cells.iter().find(|cell| cell.column == at.column)?;
        Some((&cell.cell, &cell.label))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_say_what_the_mask_says() {
        assert_eq!(class_of(0), "grid__cell");
        assert_eq!(
            class_of(ACTIVE | ERROR | CHANGED),
            "grid__cell is-active is-changed has-error"
        );
        assert_eq!(
            mask_of(Mark {
                severity: Severity::Warning,
                changed: true
            }),
            WARNING | CHANGED
        );
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "é".repeat(SHOWN_MAX + 5);
        assert_eq!(shown(&long).chars().count(), SHOWN_MAX);
        assert_eq!(shown("kurz"), "kurz");
    }
}
