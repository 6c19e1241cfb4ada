//! What is said about the active cell: at its text box, and in the box beside it.

use super::{Engine, Seat};
use crate::components::grid::{
    dom,
    popover::Anchor,
    selection::Place,
    source::{Remark, Severity},
    viewport::ROW_HEIGHT,
};

impl Engine {
    pub(super) fn remark_at(&self, active: Place, content: u64, rows: usize) -> Option<Remark> {
        let kept = self
            .remark
            .borrow()
            .as_ref()
            .and_then(|(at, when, remark)| {
                (*at == active && *when == content).then(|| remark.clone())
            });
        kept.unwrap_or_else(|| {
            let remark = (rows > 0).then(|| self.source.remark(active)).flatten();
            *self.remark.borrow_mut() = Some((active, content, remark.clone()));
            remark
        })
    }

    /// Moves the text box into the active cell and names it.
    pub(super) fn seat_editor(&self, remark: Option<&Remark>, focused: bool) {
        let active = self.selection().active;
        let painter = self.painter.borrow();
        let Some((cell, label)) = painter.cell(active) else {
            return;
        };
        let editor = self.editor.borrow();
        let element = editor.element();
        let seated = element
            .parent_element()
            .is_some_and(|parent| parent.is_same_node(Some(cell)));
        if !seated {
            let old = element.parent_element();
            dom::append(cell, element);
            if focused {
                editor.focus();
            }
            if let Some(old) = &old {
                _ = old.remove_attribute("aria-labelledby");
                _ = old.class_list().remove_1("is-editing");
            }
            if editor.is_editing() {
                _ = cell.class_list().add_1("is-editing");
            }
        }
        // While one scrolls, nothing about the active cell changes.
        let seat = {
            let state = self.state.borrow();
            Seat {
                at: active,
                content: state.content,
                geometry: state.geometry,
            }
        };
        if seated && self.seat.replace(Some(seat)) == Some(seat) {
            return;
        }
        self.seat.set(Some(seat));
        let label_id = format!("{}-active", self.id);
        if label.id() != label_id {
            if let Some(old) = dom::document().get_element_by_id(&label_id) {
                _ = old.remove_attribute("id");
            }
            label.set_id(&label_id);
        }
        // The cell's own name must not take in the text box that sits in it.
        dom::attribute(cell, "aria-labelledby", &label_id);
        let head_id = self.head.borrow().name_id(active.column);
        dom::attribute(element, "aria-labelledby", &format!("{head_id} {label_id}"));
        let remark_id = format!("{}-remark", self.id);
        dom::attribute_if(
            element,
            "aria-describedby",
            remark.map(|_| remark_id.as_str()),
        );
        dom::attribute_if(cell, "aria-describedby", remark.map(|_| remark_id.as_str()));
        let invalid = remark.is_some_and(|remark| remark.severity == Severity::Error);
        dom::attribute_if(element, "aria-invalid", invalid.then_some("true"));
    }

    pub(super) fn place_popover(&self, remark: Option<Remark>) {
        let state = self.state.borrow();
        let active = state.selection.active;
        let offset = state.rows.offset(active.row);
        let in_sight = offset > -ROW_HEIGHT && offset < state.rows.height;
        let editor = self.editor.borrow();
        if self.dismissed.get() != Some(active) {
            self.dismissed.set(None);
        }
        let wanted = editor.has_focus() && !editor.is_editing() && self.dismissed.get().is_none();
        let anchor = (in_sight && wanted).then(|| {
            let shell = state.shell_top;
            Anchor {
                left: state.columns.left(active.column) - state.scroll_left,
                right: state.columns.left(active.column + 1) - state.scroll_left,
                top: shell + ROW_HEIGHT + offset,
                width: state.width,
                height: shell + ROW_HEIGHT + state.rows.height + 14.0,
            }
        });
        drop(editor);
        self.popover.borrow_mut().show(remark, anchor);
    }
}
