//! Moving the keyboard's focus inside one element.

use leptos::{prelude::*, wasm_bindgen::JsCast, web_sys};

const FOCUSABLE: &str = "a[href],button:not([disabled]),input:not([disabled]),select:not([disabled]),textarea:not([disabled]),[tabindex]:not([tabindex='-1'])";

/// Every element under `root` that matches `selector` and is drawn, in document order.
pub(super) fn matching(root: &web_sys::Element, selector: &str) -> Vec<web_sys::HtmlElement> {
    let Ok(nodes) = root.query_selector_all(selector) else {
        return Vec::new();
    };
    (0..nodes.length())
        .filter_map(|index| nodes.item(index)?.dyn_into::<web_sys::HtmlElement>().ok())
        .filter(|element| element.offset_parent().is_some())
        .collect()
}

/// Every element under `root` that Tab stops at.
pub(super) fn focusable(root: &web_sys::Element) -> Vec<web_sys::HtmlElement> {
    matching(root, FOCUSABLE)
}

/// Focuses an element; a detached one is left alone.
pub(super) fn focus(element: &web_sys::HtmlElement) {
    // The only error is a missing element, and then there is nothing to focus.
    _ = element.focus();
}

/// The element that has the focus, if any.
pub(super) fn active() -> Option<web_sys::HtmlElement> {
    document().active_element()?.dyn_into().ok()
}

/// Where the focus is among `elements`.
pub(super) fn position(elements: &[web_sys::HtmlElement]) -> Option<usize> {
    let active = active()?;
    elements.iter().position(|element| *element == active)
}
