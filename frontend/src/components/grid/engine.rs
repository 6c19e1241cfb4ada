//! Ties the page's events, the selection, the text box and the painter together.
//! Everything happens within the event: a key is painted before it returns.

mod commands;
mod remarks;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::web_sys::HtmlElement;

use super::{
    dom,
    editor::Editor,
    head::Head,
    paint::{Frame, Painter},
    popover::Popover,
    selection::{Bounds, Place, Selection},
    source::{GridSource, Remark},
    viewport::{ALL_COLUMNS_MAX, Columns, NUMBER_WIDTH, ROW_HEIGHT, Rows, SPACE_MAX},
};
use crate::components::decimal::decimal;

/// What the grid tells the component around it.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// The active cell or the range is another one now.
    Selected(Selection),
    /// Ask for a row's number.
    GoTo,
    /// Find and replace.
    Find,
    /// Open a column's menu at this place in the window.
    ColumnMenu {
        /// Which column.
        column: usize,
        /// Left edge, in window pixels.
        x: f64,
        /// Upper edge, in window pixels.
        y: f64,
    },
    /// Ask for a column's new name.
    Rename(usize),
    /// Nothing was changed, and this is why.
    Refused(&'static str),
}

/// How far to move so that the active cell is in sight.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reveal {
    /// No more than needed.
    Nearest,
    /// To the middle, if it is out of sight.
    Centre,
    /// Not at all.
    Stay,
}

/// Narrowest and widest a column starts with, in pixels.
const WIDTH_MIN: f64 = 90.0;
const WIDTH_MAX: f64 = 320.0;
/// Narrowest a column can be dragged to.
const WIDTH_FLOOR: f64 = 48.0;
/// Rows that a column's first width is taken from.
const WIDTH_ROWS: usize = 40;

/// The parts of the page that are drawn into.
pub struct Nodes {
    /// The element with the role `grid`.
    pub root: HtmlElement,
    /// What scrolls.
    pub viewport: HtmlElement,
    /// Makes the scroll bar as long as the sheet.
    pub space: HtmlElement,
    /// Holds the rows in sight and stays in place.
    pub layer: HtmlElement,
    /// Said to screen readers.
    pub live: HtmlElement,
}

struct State {
    rows: Rows,
    columns: Columns,
    /// By the columns' keys.
    widths: Vec<(u32, f64)>,
    /// The columns' keys, in order: other keys mean another layout.
    keys: Vec<u32>,
    drawn: Vec<usize>,
    scroll_left: f64,
    /// What we last set; a scroll event with another value is the person's.
    scroll_top: f64,
    width: f64,
    pixel_ratio: f64,
    /// Where the grid begins inside its shell.
    shell_top: f64,
    selection: Selection,
    escaped: bool,
    geometry: u64,
    content: u64,
}

impl State {
    /// The width that a column was given, by its key.
    fn width_of(&self, key: u32) -> Option<f64> {
        self.widths
            .iter()
            .find(|(one, _)| *one == key)
            .map(|(_, width)| *width)
    }
}

/// The grid behind the component.
pub struct Engine {
    source: Rc<dyn GridSource>,
    nodes: Nodes,
    id: String,
    state: RefCell<State>,
    painter: RefCell<Painter>,
    head: RefCell<Head>,
    pub(super) editor: RefCell<Editor>,
    popover: RefCell<Popover>,
    notify: Box<dyn Fn(Notice)>,
    moving: Cell<bool>,
    /// The person has been to some cell.
    started: Cell<bool>,
    /// The cell whose remark was put out of sight.
    dismissed: Cell<Option<Place>>,
    /// What is said about the active cell, as long as neither it nor the cells change.
    remark: RefCell<Option<(Place, u64, Option<Remark>)>>,
    /// How the text box is named now.
    seat: Cell<Option<Seat>>,
}

/// What the text box's names were made from.
#[derive(Clone, Copy, PartialEq)]
struct Seat {
    at: Place,
    content: u64,
    geometry: u64,
}

impl Engine {
    /// Builds the grid's elements inside `root` and paints the first frame.
    pub fn new(
        root: &HtmlElement,
        id: &str,
        source: Rc<dyn GridSource>,
        notify: Box<dyn Fn(Notice)>,
    ) -> Rc<Self> {
        let viewport = dom::element("div", "grid__viewport", "");
        dom::style(&viewport, "overflow", "auto");
        dom::style(&viewport, "position", "relative");
        let head = dom::element("div", "grid__head", "rowgroup");
        dom::style(&head, "position", "sticky");
        dom::style(&head, "top", "0");
        dom::style(&head, "z-index", "4");
        let space = dom::element("div", "grid__space", "rowgroup");
        dom::style(&space, "position", "relative");
        let layer = dom::element("div", "grid__layer", "presentation");
        dom::style(&layer, "position", "sticky");
        dom::style_px(&layer, "top", ROW_HEIGHT);
        dom::style(&layer, "overflow", "clip");
        dom::append(&space, &layer);
        dom::append(&viewport, &head);
        dom::append(&viewport, &space);
        dom::append(root, &viewport);
        let live = dom::element("div", "visually-hidden", "");
        dom::attribute(&live, "aria-live", "polite");
        // A grid may own rows and groups only, so the voice stands beside it.
        if let Some(parent) = root.parent_element() {
            dom::append(&parent, &live);
        }
        let popover_home = root
            .parent_element()
            .map_or_else(|| root.clone(), wasm_bindgen::JsCast::unchecked_into);
        let engine = Rc::new(Self {
            painter: RefCell::new(Painter::new(layer.clone())),
            head: RefCell::new(Head::new(&head, id)),
            editor: RefCell::new(Editor::new()),
            popover: RefCell::new(Popover::new(&popover_home, id)),
            source,
            id: id.to_owned(),
            state: RefCell::new(State {
                rows: Rows {
                    count: 0,
                    height: 0.0,
                    top: 0.0,
                },
                columns: Columns::default(),
                widths: Vec::new(),
                keys: Vec::new(),
                drawn: Vec::new(),
                scroll_left: 0.0,
                scroll_top: 0.0,
                width: 0.0,
                pixel_ratio: 1.0,
                shell_top: 0.0,
                selection: Selection::default(),
                escaped: false,
                geometry: 0,
                content: 0,
            }),
            nodes: Nodes {
                root: root.clone(),
                viewport,
                space,
                layer,
                live,
            },
            notify,
            moving: Cell::new(false),
            started: Cell::new(false),
            dismissed: Cell::new(None),
            remark: RefCell::new(None),
            seat: Cell::new(None),
        });
        engine.refresh();
        engine
    }

    /// The elements.
    pub const fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// The cure's buttons: for this cell, and for all of its kind.
    pub fn cure_buttons(&self) -> [(HtmlElement, bool); 2] {
        let popover = self.popover.borrow();
        [
            (popover.cure().clone(), false),
            (popover.cure_all().clone(), true),
        ]
    }

    /// The selection now.
    pub fn selection(&self) -> Selection {
        self.state.borrow().selection
    }

    /// How far the selection can move.
    pub fn bounds(&self) -> Bounds {
        let state = self.state.borrow();
        Bounds {
            rows: state.rows.count,
            columns: state.columns.count(),
            page: state.rows.page(),
        }
    }

    /// The source shows another sheet: from its start, in widths that suit it.
    pub fn reset(&self) {
        self.editor.borrow_mut().rest();
        self.started.set(false);
        self.dismissed.set(None);
        {
            let mut state = self.state.borrow_mut();
            state.widths.clear();
            state.keys.clear();
            state.rows.top = 0.0;
            state.scroll_left = 0.0;
            state.selection = Selection::default();
        }
        self.nodes.viewport.set_scroll_top(0);
        self.nodes.viewport.set_scroll_left(0);
        self.refresh();
    }

    /// Reads the source anew: after every change that did not come through the grid.
    pub fn refresh(&self) {
        let count = self.source.rows();
        let columns = self.source.columns();
        let keys: Vec<u32> = (0..columns)
            .map(|column| self.source.column_key(column))
            .collect();
        let same_shape = {
            let mut state = self.state.borrow_mut();
            let same = state.rows.count == count && state.keys == keys && state.geometry > 0;
            state.rows.count = count;
            state.content += 1;
            state.selection = state.selection.clamped(count, columns);
            for (column, key) in keys.iter().enumerate() {
                if state.width_of(*key).is_none() {
                    let width = self.natural_width(column, count);
                    state.widths.push((*key, width));
                }
            }
            state.keys = keys;
            same
        };
        if same_shape {
            // A name or a meaning may have changed; nothing has moved.
            let state = self.state.borrow();
            self.head
                .borrow_mut()
                .paint(&state.drawn, &state.columns, self.source.as_ref());
            drop(state);
            self.paint();
            return;
        }
        dom::attribute(&self.nodes.root, "aria-rowcount", &(count + 1).to_string());
        dom::attribute(
            &self.nodes.root,
            "aria-colcount",
            &(columns + 1).to_string(),
        );
        self.measure();
    }

    /// A width that suits the heading and the first rows.
    fn natural_width(&self, column: usize, rows: usize) -> f64 {
        let heading = self.source.heading(column);
        let head = heading.name.chars().count() as f64 * 7.8
            + heading.hint.chars().count() as f64 * 6.6
            + 56.0;
        let mut text = String::new();
        let mut widest: usize = 0;
        for row in 0..rows.min(WIDTH_ROWS) {
            text.clear();
            self.source.text(Place::new(row, column), &mut text);
            widest = widest.max(text.chars().take(60).count());
        }
        head.max(widest as f64 * 7.4 + 26.0)
            .clamp(WIDTH_MIN, WIDTH_MAX)
            .round()
    }

    /// Takes the sizes from the page and lays everything out again.
    pub fn measure(&self) {
        {
            let mut state = self.state.borrow_mut();
            let count = state.rows.count;
            // One row more than there are would look like an empty row.
            let body = (count.max(1) as f64).min(1e6) * ROW_HEIGHT;
            dom::style(
                &self.nodes.viewport,
                "max-height",
                &format!("calc({}px + 18px)", decimal(body + ROW_HEIGHT)),
            );
            state.width = f64::from(self.nodes.viewport.client_width());
            state.rows.height =
                (f64::from(self.nodes.viewport.client_height()) - ROW_HEIGHT).max(ROW_HEIGHT);
            state.pixel_ratio = leptos::prelude::window().device_pixel_ratio().max(0.25);
            state.shell_top = f64::from(self.nodes.root.offset_top());
            let mut widths: Vec<f64> = state
                .keys
                .iter()
                .map(|key| state.width_of(*key).unwrap_or(WIDTH_MIN))
                .collect();
            let total: f64 = widths.iter().sum::<f64>() + NUMBER_WIDTH;
            if let Some(last) = widths.last_mut()
                && total < state.width
            {
                *last += state.width - total;
            }
            let columns = Columns::new(&widths);
            if state.columns != columns || state.geometry == 0 {
                state.columns = columns;
                state.geometry += 1;
            }
            state.rows.top = state.rows.top.min(state.rows.top_max());
            dom::style_px(&self.nodes.space, "height", state.rows.space());
            dom::style_px(&self.nodes.space, "width", state.columns.total());
            dom::style_px(&self.nodes.layer, "height", state.rows.height);
            // The space may have become shorter than where we were.
            let scroll = state.rows.scroll_of_top();
            if (f64::from(self.nodes.viewport.scroll_top()) - scroll).abs() > 1.0 {
                self.nodes.viewport.set_scroll_top(scroll.round() as i32);
            }
            state.scroll_top = f64::from(self.nodes.viewport.scroll_top());
            state.drawn.clear();
        }
        self.paint();
    }

    /// Draws what is in sight; cheap where little has changed.
    pub fn paint(&self) {
        let remark;
        // A cell that goes out of sight may have held the text box: that is no blur.
        let focused = self.editor.borrow().has_focus();
        self.moving.set(true);
        {
            let mut state = self.state.borrow_mut();
            let active = state.selection.active;
            let mut drawn: Vec<usize> = state
                .columns
                .drawn(state.scroll_left, state.width)
                .collect();
            if state.columns.count() > ALL_COLUMNS_MAX
                && active.column < state.columns.count()
                && !drawn.contains(&active.column)
            {
                // The text box needs its cell to stay in the page.
                drawn.push(active.column);
            }
            if state.drawn != drawn {
                self.head
                    .borrow_mut()
                    .paint(&drawn, &state.columns, self.source.as_ref());
                state.drawn = drawn;
            }
            let frame = Frame {
                rows: state.rows,
                columns: &state.columns,
                drawn: &state.drawn,
                active,
                area: state.selection.area(),
                geometry: state.geometry,
                content: state.content,
                pixel_ratio: state.pixel_ratio,
                editable: self.source.refusal().is_none(),
            };
            self.painter
                .borrow_mut()
                .paint(&frame, self.source.as_ref());
            remark = self.remark_at(active, state.content, state.rows.count);
        }
        self.seat_editor(remark.as_ref(), focused);
        self.moving.set(false);
        self.place_popover(remark);
    }

    /// The person scrolled.
    pub fn on_scroll(&self) {
        {
            let mut state = self.state.borrow_mut();
            let scroll = self.nodes.viewport.scroll_top();
            state.scroll_left = f64::from(self.nodes.viewport.scroll_left());
            let scroll = f64::from(scroll);
            if (scroll - state.scroll_top).abs() >= 1.0 {
                state.scroll_top = scroll;
                state.rows.top = state.rows.top_of_scroll(scroll);
            }
        }
        self.paint();
    }

    /// True where the scroll bar is scaled, so that the wheel needs our help.
    pub fn is_scaled(&self) -> bool {
        self.state.borrow().rows.content() > SPACE_MAX
    }

    /// Scrolls by pixels of content, whatever the scroll bar's scale.
    pub fn scroll_by(&self, pixels: f64) {
        {
            let mut state = self.state.borrow_mut();
            state.rows.top = (state.rows.top + pixels).clamp(0.0, state.rows.top_max());
            self.set_scroll(&mut state);
        }
        self.paint();
    }

    fn set_scroll(&self, state: &mut State) {
        let scroll = state.rows.scroll_of_top().round();
        self.nodes.viewport.set_scroll_top(scroll as i32);
        state.scroll_top = f64::from(self.nodes.viewport.scroll_top());
    }

    /// Selects, shows, paints and tells.
    pub fn select(&self, selection: Selection, reveal: Reveal) {
        self.started.set(true);
        {
            let mut state = self.state.borrow_mut();
            let selection = selection.clamped(state.rows.count, state.columns.count());
            state.selection = selection;
            let target = selection.extent;
            if reveal != Reveal::Stay && state.rows.count > 0 {
                let near = state.rows.reveal(target.row);
                let top = if reveal == Reveal::Centre && near.to_bits() != state.rows.top.to_bits()
                {
                    state.rows.centre(target.row)
                } else {
                    near
                };
                if top.to_bits() != state.rows.top.to_bits() {
                    state.rows.top = top;
                    self.set_scroll(&mut state);
                }
                let left = state
                    .columns
                    .reveal(target.column, state.scroll_left, state.width);
                if (left - state.scroll_left).abs() >= 0.5 {
                    self.nodes.viewport.set_scroll_left(left.round() as i32);
                    state.scroll_left = f64::from(self.nodes.viewport.scroll_left());
                }
            }
        }
        self.paint();
        if reveal != Reveal::Stay {
            self.uncover();
        }
        (self.notify)(Notice::Selected(self.selection()));
    }

    /// A column's width while its edge is dragged.
    pub fn resize(&self, column: usize, width: f64) {
        if column < self.source.columns() {
            let key = self.source.column_key(column);
            {
                let widths = &mut self.state.borrow_mut().widths;
                widths.retain(|(one, _)| *one != key);
                widths.push((key, width.max(WIDTH_FLOOR).round()));
            }
            self.measure();
        }
    }

    /// A column's width now.
    pub fn width_of(&self, column: usize) -> f64 {
        self.state.borrow().columns.width(column)
    }

    /// The cell under a point of the window; rows and columns are held inside.
    pub fn place_at(&self, x: f64, y: f64) -> Option<(Option<usize>, Option<usize>)> {
        let rect = self.nodes.viewport.get_bounding_client_rect();
        let state = self.state.borrow();
        if state.rows.count == 0 {
            return None;
        }
        let inner_y = y - rect.top() - ROW_HEIGHT;
        let inner_x = x - rect.left();
        let row = state
            .rows
            .row_at(inner_y)
            .or((inner_y > 0.0).then(|| state.rows.count - 1));
        // The row numbers stay at the left edge while the columns scroll.
        let column = if inner_x < NUMBER_WIDTH {
            None
        } else {
            state.columns.column_at(inner_x + state.scroll_left)
        };
        Some((row, column))
    }
}
