//! The text box that always has the grid's focus. It sits inside the active
//! cell: elsewhere a screen reader would hear a stray text box. Empty and unseen
//! while moving, it takes the first letter typed, also one that an input method
//! composes.

use leptos::web_sys::{FocusOptions, HtmlElement, HtmlTextAreaElement};
use wasm_bindgen::JsCast;

use super::{dom, keys::Mode};

/// The text box and what it is doing.
pub struct Editor {
    area: HtmlTextAreaElement,
    mode: Mode,
    /// The cell's text when editing began.
    before: String,
    /// An input method is composing: keys belong to it.
    pub composing: bool,
}

impl Editor {
    /// An idle text box, not yet in the page.
    pub fn new() -> Self {
        let area: HtmlTextAreaElement =
            dom::element("textarea", "grid__editor is-waiting", "").unchecked_into();
        for (name, value) in [
            ("rows", "1"),
            ("spellcheck", "false"),
            ("autocomplete", "off"),
            ("autocapitalize", "off"),
            ("autocorrect", "off"),
            ("wrap", "off"),
        ] {
            dom::attribute(&area, name, value);
        }
        dom::style(&area, "position", "absolute");
        dom::style(&area, "left", "0");
        dom::style(&area, "top", "0");
        Self {
            area,
            mode: Mode::Navigate,
            before: String::new(),
            composing: false,
        }
    }

    /// The element.
    pub const fn element(&self) -> &HtmlTextAreaElement {
        &self.area
    }

    /// What it is doing.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// True while a cell's text is being changed.
    pub fn is_editing(&self) -> bool {
        self.mode != Mode::Navigate
    }

    /// True where it has the focus.
    pub fn has_focus(&self) -> bool {
        dom::document()
            .active_element()
            .is_some_and(|active| active.is_same_node(Some(&self.area)))
    }

    /// Takes the focus without moving the page.
    pub fn focus(&self) {
        let options = FocusOptions::new();
        options.set_prevent_scroll(true);
        _ = self.area.focus_with_options(&options);
    }

    /// Begins to edit; `replace` says that what is in the box replaces the text.
    pub fn begin(&mut self, cell: &HtmlElement, text: String, replace: bool) {
        if replace {
            self.mode = Mode::Replace;
        } else {
            self.mode = Mode::Edit;
            self.area.set_value(&text);
            let end = self.area.value().encode_utf16().count() as u32;
            _ = self.area.set_selection_range(end, end);
        }
        self.before = text;
        _ = self.area.class_list().remove_1("is-waiting");
        _ = cell.class_list().add_1("is-editing");
        self.grow();
    }

    /// Makes the box as large as its text, within bounds the style sheet sets.
    pub fn grow(&self) {
        dom::style(&self.area, "height", "auto");
        dom::style_px(&self.area, "height", f64::from(self.area.scroll_height()));
        dom::style(&self.area, "width", "100%");
        let wanted = self.area.scroll_width();
        if wanted > self.area.client_width() {
            dom::style_px(&self.area, "width", f64::from(wanted + 24));
        }
    }

    /// Puts a line break where the caret is.
    pub fn newline(&self) {
        let start = self.area.selection_start().ok().flatten().unwrap_or(0);
        let end = self.area.selection_end().ok().flatten().unwrap_or(start);
        _ = self
            .area
            .set_range_text_with_start_and_end_and_mode("\n", start, end, "end");
        self.grow();
    }

    /// Ends editing; gives the new text if it differs from what was there.
    pub fn finish(&mut self) -> Option<String> {
        let text = self.take()?;
        (text != std::mem::take(&mut self.before)).then_some(text)
    }

    /// Ends editing; gives what stands in the box now, where something was edited.
    pub fn take(&mut self) -> Option<String> {
        if !self.is_editing() {
            return None;
        }
        let text = restore_breaks(&self.before, self.area.value());
        self.rest();
        Some(text)
    }

    /// Ends editing and forgets what was typed.
    pub fn rest(&mut self) {
        self.mode = Mode::Navigate;
        self.composing = false;
        self.area.set_value("");
        _ = self.area.class_list().add_1("is-waiting");
        dom::style(&self.area, "height", "");
        dom::style(&self.area, "width", "");
        if let Some(cell) = self.area.parent_element() {
            _ = cell.class_list().remove_1("is-editing");
        }
    }
}

/// Text boxes turn every line break into LF; a cell that had CRLF keeps it, so
/// that opening and closing a cell alters no byte.
fn restore_breaks(before: &str, typed: String) -> String {
    if typed == before.replace("\r\n", "\n").replace('\r', "\n") {
        // Nothing was typed: breaks of several kinds stay as they are, too.
        before.to_owned()
    } else if before.contains("\r\n") {
        typed.replace('\n', "\r\n")
    } else if before.contains('\r') && !before.contains('\n') {
        typed.replace('\n', "\r")
    } else {
        typed
    }
}

#[cfg(test)]
mod tests {
    use super::restore_breaks;

    #[test]
    fn line_breaks_stay_what_they_were() {
        assert_eq!(restore_breaks("a\r\nb", "a\nb".to_owned()), "a\r\nb");
        assert_eq!(restore_breaks("a\rb", "a\nb".to_owned()), "a\rb");
        assert_eq!(restore_breaks("a", "a\nb".to_owned()), "a\nb");
        let mixed = "a\r\nb\nc\rd";
        assert_eq!(restore_breaks(mixed, "a\nb\nc\nd".to_owned()), mixed);
        assert_eq!(restore_breaks("a\rb\nc", "a\nb\nx".to_owned()), "a\nb\nx");
    }
}
