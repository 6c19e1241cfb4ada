//! Small helpers over web-sys for what is drawn by hand.

use leptos::web_sys::{self, Document, Element, Event, EventTarget, HtmlElement};
use wasm_bindgen::{JsCast, closure::Closure};

use crate::components::decimal::decimal;

/// The document; there is one wherever this code runs.
pub fn document() -> Document {
    leptos::prelude::document()
}

/// A new element with a class and, unless empty, a role.
pub fn element(tag: &str, class: &str, role: &str) -> HtmlElement {
    let element: HtmlElement = document()
        .create_element(tag)
        .expect("a plain tag name is valid")
        .unchecked_into();
    if !class.is_empty() {
        element.set_class_name(class);
    }
    if !role.is_empty() {
        attribute(&element, "role", role);
    }
    element
}

/// Sets an attribute. It only fails on an invalid name, and ours are literals.
pub fn attribute(element: &Element, name: &str, value: &str) {
    _ = element.set_attribute(name, value);
}

/// Sets or removes an attribute.
pub fn attribute_if(element: &Element, name: &str, value: Option<&str>) {
    match value {
        Some(value) => attribute(element, name, value),
        None => _ = element.remove_attribute(name),
    }
}

/// Sets a style property through the object model, which the content security
/// policy allows, unlike a `style` attribute.
pub fn style(element: &HtmlElement, name: &str, value: &str) {
    _ = element.style().set_property(name, value);
}

/// A length in pixels.
pub fn style_px(element: &HtmlElement, name: &str, value: f64) {
    style(element, name, &format!("{}px", decimal(value)));
}

/// Appends; only fails for a node that would contain itself.
pub fn append(parent: &Element, child: &web_sys::Node) {
    _ = parent.append_child(child);
}

/// A listener that goes when it is dropped.
pub struct Listener {
    target: EventTarget,
    name: &'static str,
    closure: Closure<dyn FnMut(Event)>,
}

impl Listener {
    /// Listens until dropped.
    pub fn new<E: JsCast + 'static>(
        target: &EventTarget,
        name: &'static str,
        mut run: impl FnMut(E) + 'static,
    ) -> Self {
        Self::start(
            target,
            name,
            Box::new(move |event| run(event.unchecked_into())),
        )
    }

    /// Where browsers assume that a listener is passive, it has the right to prevent the
    /// default.
    fn start(target: &EventTarget, name: &'static str, run: Box<dyn FnMut(Event)>) -> Self {
        let closure = Closure::wrap(run);
        let options = web_sys::AddEventListenerOptions::new();
        options.set_passive(false);
        _ = target.add_event_listener_with_callback_and_add_event_listener_options(
            name,
            closure.as_ref().unchecked_ref(),
            &options,
        );
        Self {
            target: target.clone(),
            name,
            closure,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        _ = self
            .target
            .remove_event_listener_with_callback(self.name, self.closure.as_ref().unchecked_ref());
    }
}
