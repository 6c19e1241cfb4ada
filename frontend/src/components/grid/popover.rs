//! What is said about the active cell, in a small box beside it.

use leptos::web_sys::{HtmlElement, Text};

use super::{
    dom,
    source::{Remark, Severity},
    viewport::ROW_HEIGHT,
};
use crate::components::format_number;

/// The box and its parts.
pub struct Popover {
    element: HtmlElement,
    title: Text,
    sentence: Text,
    /// Which keys cure it, for the cell's description only.
    keys: Text,
    cure: Cure,
    cure_all: Cure,
    shown: Option<Remark>,
}

/// A button that cures, its words and its key.
struct Cure {
    button: HtmlElement,
    words: Text,
    key: &'static str,
}

impl Cure {
    /// A button for the mouse; the keyboard has its key.
    fn new(class: &str, key: &'static str) -> Self {
        let button = dom::element("button", class, "");
        dom::attribute(&button, "type", "button");
        dom::attribute(&button, "tabindex", "-1");
        button.set_hidden(true);
        let words = dom::document().create_text_node("");
        dom::append(&button, &words);
        let hint = dom::element("kbd", "", "");
        dom::attribute(&hint, "aria-hidden", "true");
        hint.set_text_content(Some(key));
        dom::append(&button, &hint);
        Self { button, words, key }
    }

    fn write(&self, words: Option<&str>, keys: &mut String) {
        self.button.set_hidden(words.is_none());
        if let Some(words) = words {
            self.words.set_data(words);
            for part in [" ", self.key, ": ", words, "."] {
                keys.push_str(part);
            }
        }
    }
}

/// Where the active cell lies, relative to the grid's own box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anchor {
    /// Left edge of the cell.
    pub left: f64,
    /// Right edge of the cell.
    pub right: f64,
    /// Upper edge of the cell.
    pub top: f64,
    /// Width of the grid.
    pub width: f64,
    /// Height of the grid.
    pub height: f64,
}

/// Widest and tallest the box gets, in pixels: decides on which side it opens.
const WIDTH: f64 = 372.0;
const HEIGHT: f64 = 120.0;

/// Left and upper edge of the box, below the cell's row, or above where there is no room;
/// an upper edge below zero means the lower edge instead. It stands beside the cell's
/// column where it can, so that the mouse reaches the cells above and below.
fn place(anchor: Anchor) -> (f64, f64) {
    // As the style sheet has it: 8 pixels stay free on both sides of a narrow grid.
    let width = WIDTH.min(anchor.width - 16.0);
    let left_max = anchor.width - width - 8.0;
    let left = [anchor.right + 8.0, anchor.left - width - 8.0]
        .into_iter()
        .find(|left| (8.0..=left_max).contains(left))
        .unwrap_or_else(|| anchor.left.min(left_max).max(8.0));
    let below = anchor.top + ROW_HEIGHT + 6.0;
    if below + HEIGHT > anchor.height && anchor.top - HEIGHT - 6.0 > 0.0 {
        // Anchored by its lower edge, so that its own height does not matter.
        (left, -(anchor.height - anchor.top + 6.0))
    } else {
        (left, below)
    }
}

impl Popover {
    /// A hidden box inside the grid's root.
    pub fn new(root: &HtmlElement, id: &str) -> Self {
        let element = dom::element("div", "grid__popover", "");
        element.set_hidden(true);
        let words = dom::element("div", "problem__words", "");
        words.set_id(&format!("{id}-remark"));
        let heading = dom::element("strong", "problem__title", "");
        let title = dom::document().create_text_node("");
        dom::append(&heading, &title);
        let body = dom::element("div", "problem__text", "");
        let sentence = dom::document().create_text_node("");
        dom::append(&body, &sentence);
        dom::append(&words, &heading);
        dom::append(&words, &dom::document().create_text_node(" "));
        dom::append(&words, &body);
        let hint = dom::element("span", "visually-hidden", "");
        let keys = dom::document().create_text_node("");
        dom::append(&hint, &keys);
        dom::append(&words, &hint);
        let actions = dom::element("div", "problem__actions", "");
        let cure_all = Cure::new("btn btn--sm btn--primary", "Alt+Shift+Enter");
        let cure = Cure::new("btn btn--sm", "Alt+Enter");
        dom::append(&actions, &cure_all.button);
        dom::append(&actions, &cure.button);
        dom::append(&element, &words);
        dom::append(&element, &actions);
        dom::append(root, &element);
        Self {
            element,
            title,
            sentence,
            keys,
            cure,
            cure_all,
            shown: None,
        }
    }

    /// Shows a remark at a cell, or nothing.
    pub fn show(&mut self, remark: Option<Remark>, anchor: Option<Anchor>) {
        let Some(((left, top), remark)) = anchor.map(place).zip(remark.as_ref()) else {
            if self.shown.take().is_some() || !self.element.hidden() {
                self.element.set_hidden(true);
            }
            // The words stay readable for the cell's description even out of sight.
            if let Some(remark) = remark {
                self.write(&remark);
                self.shown = Some(remark);
            }
            return;
        };
        if self.shown.as_ref() != Some(remark) {
            self.write(remark);
            self.shown = Some(remark.clone());
        }
        dom::style_px(&self.element, "left", left);
        if top < 0.0 {
            dom::style(&self.element, "top", "auto");
            dom::style_px(&self.element, "bottom", -top);
        } else {
            dom::style_px(&self.element, "top", top);
            dom::style(&self.element, "bottom", "auto");
        }
        self.element.set_hidden(false);
    }

    /// Takes the box out of sight; its words stay for the cell's description.
    pub fn hide(&self) {
        self.element.set_hidden(true);
    }

    fn write(&self, remark: &Remark) {
        self.title.set_data(&remark.title);
        let mut sentence = remark.sentence.clone();
        if remark.rows > 1 {
            sentence.push(' ');
            sentence.push_str(&format_number(remark.rows as u64));
            sentence.push_str(" rows have this.");
        }
        self.sentence.set_data(&sentence);
        self.element.set_class_name(match remark.severity {
            Severity::Error => "grid__popover tone-bad",
            Severity::Warning => "grid__popover tone-warn",
            Severity::Info | Severity::None => "grid__popover tone-info",
        });
        let mut keys = String::new();
        self.cure.write(remark.cure.as_deref(), &mut keys);
        self.cure_all.write(remark.cure_all.as_deref(), &mut keys);
        self.keys.set_data(&keys);
    }

    /// The button that cures this cell.
    pub const fn cure(&self) -> &HtmlElement {
        &self.cure.button
    }

    /// The button that cures every cell of the kind.
    pub const fn cure_all(&self) -> &HtmlElement {
        &self.cure_all.button
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_box_stays_inside_and_flips() {
        let anchor = Anchor {
            left: 300.0,
            right: 900.0,
            top: 40.0,
            width: 1000.0,
            height: 500.0,
        };
        // No room on either side.
        assert_eq!(place(anchor), (300.0, 80.0));
        let first = Anchor {
            left: 56.0,
            right: 280.0,
            ..anchor
        };
        assert_eq!(place(first), (288.0, 80.0));
        let last = Anchor {
            left: 800.0,
            ..anchor
        };
        assert_eq!(place(last), (420.0, 80.0));
        let phone = Anchor {
            left: 56.0,
            width: 356.0,
            ..anchor
        };
        assert_eq!(place(phone), (8.0, 80.0));
        let low = Anchor {
            top: 450.0,
            ..anchor
        };
        assert_eq!(place(low), (300.0, -56.0));
    }
}
