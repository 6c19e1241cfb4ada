//! Draws the heading row: names, hints, the column's menu button and its edge.

use leptos::web_sys::{HtmlElement, Text};

use super::{
    dom,
    source::{GridSource, Heading},
    viewport::{Columns, ROW_HEIGHT},
};

struct HeadNodes {
    cell: HtmlElement,
    name: HtmlElement,
    name_text: Text,
    hint_text: Text,
    menu: HtmlElement,
    shown: Heading,
    column: usize,
    left: f64,
    width: f64,
}

impl HeadNodes {
    fn new() -> Self {
        let cell = dom::element("div", "grid__headcell", "columnheader");
        dom::style(&cell, "position", "absolute");
        let name = dom::element("span", "grid__name", "");
        dom::attribute(&name, "dir", "auto");
        let name_text = dom::document().create_text_node("");
        dom::append(&name, &name_text);
        let hint = dom::element("span", "grid__colnote", "");
        let hint_text = dom::document().create_text_node("");
        dom::append(&hint, &hint_text);
        let menu = dom::element("button", "grid__headmenu", "");
        dom::attribute(&menu, "type", "button");
        dom::attribute(&menu, "tabindex", "-1");
        dom::attribute(&menu, "aria-haspopup", "menu");
        menu.set_text_content(Some("▾"));
        let edge = dom::element("span", "grid__resize", "");
        dom::attribute(&edge, "aria-hidden", "true");
        for part in [&name, &hint, &menu, &edge] {
            dom::append(&cell, part);
        }
        Self {
            cell,
            name,
            name_text,
            hint_text,
            menu,
            shown: Heading::default(),
            column: usize::MAX,
            left: f64::NAN,
            width: f64::NAN,
        }
    }
}

/// The heading row.
pub struct Head {
    row: HtmlElement,
    cells: Vec<HeadNodes>,
    id: String,
}

impl Head {
    /// Draws into this element; `id` makes the names' ids.
    pub fn new(head: &HtmlElement, id: &str) -> Self {
        let row = dom::element("div", "grid__row grid__row--head", "row");
        dom::attribute(&row, "aria-rowindex", "1");
        dom::style_px(&row, "height", ROW_HEIGHT);
        dom::style(&row, "position", "relative");
        let corner = dom::element("div", "grid__rownum", "columnheader");
        dom::attribute(&corner, "aria-colindex", "1");
        dom::attribute(&corner, "aria-label", "Row");
        corner.set_text_content(Some("#"));
        dom::append(&row, &corner);
        dom::append(head, &row);
        Self {
            row,
            cells: Vec::new(),
            id: id.to_owned(),
        }
    }

    /// The id of a column's name, for labels.
    pub fn name_id(&self, column: usize) -> String {
        format!("{}-name-{column}", self.id)
    }

    /// Writes the columns that are drawn.
    pub fn paint(&mut self, drawn: &[usize], columns: &Columns, source: &dyn GridSource) {
        dom::style_px(&self.row, "width", columns.total());
        while self.cells.len() > drawn.len() {
            if let Some(nodes) = self.cells.pop() {
                nodes.cell.remove();
            }
        }
        while self.cells.len() < drawn.len() {
            let nodes = HeadNodes::new();
            dom::append(&self.row, &nodes.cell);
            self.cells.push(nodes);
        }
        for (index, &column) in drawn.iter().enumerate() {
            let name_id = self.name_id(column);
            let nodes = &mut self.cells[index];
            let (left, width) = (columns.left(column), columns.width(column));
            if (nodes.left.to_bits(), nodes.width.to_bits()) != (left.to_bits(), width.to_bits()) {
                (nodes.left, nodes.width) = (left, width);
                dom::style_px(&nodes.cell, "left", left);
                dom::style_px(&nodes.cell, "width", width);
            }
            if nodes.column != column {
                nodes.column = column;
                dom::attribute(&nodes.cell, "aria-colindex", &(column + 2).to_string());
                dom::attribute(&nodes.cell, "data-column", &column.to_string());
                dom::attribute(&nodes.cell, "aria-labelledby", &name_id);
                nodes.name.set_id(&name_id);
            }
            let heading = source.heading(column);
            if nodes.shown != heading {
                nodes.name_text.set_data(&heading.name);
                nodes.hint_text.set_data(&heading.hint);
                let menu = format!("Column {}", heading.name);
                dom::attribute(&nodes.menu, "aria-label", &menu);
                nodes.shown = heading;
            }
        }
    }

    /// A column's menu button, where it is drawn.
    pub fn menu_button(&self, column: usize) -> Option<&HtmlElement> {
        self.cells
            .iter()
            .find(|nodes| nodes.column == column)
            .map(|nodes| &nodes.menu)
    }
}
