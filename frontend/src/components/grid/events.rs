//! The page's events on their way to the engine.

use std::{cell::Cell, rc::Rc};

use app::bulk::clipboard::to_clipboard;
use leptos::web_sys::{
    self, ClipboardEvent, CompositionEvent, Element, Event, FocusEvent, HtmlElement, KeyboardEvent,
    MouseEvent, Node, WheelEvent,
};
use wasm_bindgen::{JsCast, closure::Closure};

use super::{
    clipboard,
    dom::{self, Listener},
    engine::{Engine, Reveal},
    keys::{self, Command, KeyPress, Mode},
    selection::{Area, Place, Selection, Step},
};

/// What listens while the grid stands; dropping it ends everything.
pub struct Wiring {
    _listeners: Vec<Listener>,
    observer: web_sys::ResizeObserver,
    _resized: Closure<dyn FnMut()>,
}

impl Drop for Wiring {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// What the mouse is dragging.
#[derive(Clone, Copy, PartialEq)]
enum Drag {
    Nothing,
    Cells,
    Rows {
        from: usize,
    },
    /// The range's handle: what is filled from.
    Fill {
        from: Area,
    },
    Edge {
        column: usize,
        x: f64,
        width: f64,
    },
}

/// Connects an engine to the page. `None` where the browser has no resize observer.
pub fn wire(engine: &Rc<Engine>) -> Option<Wiring> {
    let mut listeners = Vec::new();
    keyboard(engine, &mut listeners);
    text(engine, &mut listeners);
    mouse(engine, &mut listeners);
    scrolling(engine, &mut listeners);

    let weak = Rc::downgrade(engine);
    let resized = Closure::new(move || {
        if let Some(engine) = weak.upgrade() {
            engine.measure();
        }
    });
    let observer = web_sys::ResizeObserver::new(resized.as_ref().unchecked_ref()).ok()?;
    observer.observe(&engine.nodes().viewport);
    Some(Wiring {
        _listeners: listeners,
        observer,
        _resized: resized,
    })
}

/// A listener's body with the engine, as long as there is one.
fn with<E, F>(engine: &Rc<Engine>, run: F) -> impl FnMut(E) + use<E, F>
where
    E: 'static,
    F: Fn(&Engine, E) + 'static,
{
    let weak = Rc::downgrade(engine);
    move |event| {
        if let Some(engine) = weak.upgrade() {
            run(&engine, event);
        }
    }
}

fn keyboard(engine: &Rc<Engine>, listeners: &mut Vec<Listener>) {
    let area = engine.editor.borrow().element().clone();
    listeners.push(Listener::new(
        &area,
        "keydown",
        with(engine, |engine, event: KeyboardEvent| {
            let (mode, composing) = {
                let editor = engine.editor.borrow();
                (editor.mode(), editor.composing)
            };
            // 229: the key belongs to the input method, even before it says so.
            if composing || event.is_composing() || event.key_code() == 229 {
                return;
            }
            let key = event.key();
            let press = KeyPress {
                key: &key,
                ctrl: event.ctrl_key() || event.meta_key(),
                shift: event.shift_key(),
                alt: event.alt_key(),
            };
            match keys::command(press, mode, engine.escaped()) {
                Some(Command::Leave) => engine.run(Command::Leave),
                Some(command) => {
                    event.prevent_default();
                    event.stop_propagation();
                    engine.run(command);
                }
                None if mode == Mode::Navigate && !press.ctrl && key.chars().count() == 1 => {
                    engine.reveal_active();
                }
                None => {}
            }
        }),
    ));
}

fn text(engine: &Rc<Engine>, listeners: &mut Vec<Listener>) {
    let area = engine.editor.borrow().element().clone();
    listeners.push(Listener::new(
        &area,
        "input",
        with(engine, |engine, _: Event| {
            let editing = engine.editor.borrow().is_editing();
            if editing {
                engine.editor.borrow().grow();
            } else {
                engine.begin_edit(true);
            }
        }),
    ));
    listeners.push(Listener::new(
        &area,
        "compositionstart",
        with(engine, |engine, _: CompositionEvent| {
            let editing = engine.editor.borrow().is_editing();
            if !editing {
                engine.reveal_active();
                engine.begin_edit(true);
            }
            engine.editor.borrow_mut().composing = true;
        }),
    ));
    listeners.push(Listener::new(
        &area,
        "compositionend",
        with(engine, |engine, _: CompositionEvent| {
            engine.editor.borrow_mut().composing = false;
        }),
    ));
    for (name, inside) in [("focus", true), ("blur", false)] {
        listeners.push(Listener::new(
            &area,
            name,
            with(engine, move |engine, event: FocusEvent| {
                if !inside && engine.editor.borrow().has_focus() {
                    // Only the window was left: what is half typed stays so.
                    return;
                }
                let stays = event
                    .related_target()
                    .and_then(|target| target.dyn_into::<Node>().ok())
                    .is_some_and(|node| engine.owns(&node));
                engine.on_focus_change(inside || stays);
            }),
        ));
    }
    for name in ["copy", "cut"] {
        listeners.push(Listener::new(
            &area,
            name,
            with(engine, move |engine, event: ClipboardEvent| {
                if engine.editor.borrow().is_editing() {
                    return;
                }
                let Some(data) = event.clipboard_data() else {
                    return;
                };
                event.prevent_default();
                let cells = engine.cells();
                // Both formats may be refused by the browser; then nothing is copied.
                _ = data.set_data("text/plain", &to_clipboard(&cells));
                _ = data.set_data("text/html", &clipboard::to_html(&cells));
                if name == "cut" {
                    engine.clear();
                }
                engine.announce(if name == "cut" { "Cut." } else { "Copied." });
            }),
        ));
    }
    listeners.push(Listener::new(
        &area,
        "paste",
        with(engine, |engine, event: ClipboardEvent| {
            if engine.editor.borrow().is_editing() {
                return;
            }
            event.prevent_default();
            event.stop_propagation();
            let text = event
                .clipboard_data()
                .and_then(|data| data.get_data("text/plain").ok());
            if let Some(text) = text {
                engine.paste(&text);
            }
        }),
    ));
}

/// The heading's parts under the mouse.
fn heading_part(event: &MouseEvent, class: &str) -> Option<usize> {
    let target: Element = event.target()?.dyn_into().ok()?;
    let part = target.closest(class).ok()??;
    let cell = part.closest("[data-column]").ok()??;
    cell.get_attribute("data-column")?.parse().ok()
}

fn within(event: &MouseEvent, class: &str) -> bool {
    event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .and_then(|target| target.closest(class).ok())
        .flatten()
        .is_some()
}

fn in_editor(engine: &Engine, event: &MouseEvent) -> bool {
    let editor = engine.editor.borrow();
    editor.is_editing()
        && event
            .target()
            .and_then(|target| target.dyn_into::<Node>().ok())
            .is_some_and(|node| editor.element().is_same_node(Some(&node)))
}

fn mouse(engine: &Rc<Engine>, listeners: &mut Vec<Listener>) {
    let viewport: HtmlElement = engine.nodes().viewport.clone();
    let drag = Rc::new(Cell::new(Drag::Nothing));

    let began = drag.clone();
    listeners.push(Listener::new(
        &viewport,
        "mousedown",
        with(engine, move |engine, event: MouseEvent| {
            if event.button() != 0 || in_editor(engine, &event) {
                return;
            }
            if let Some(column) = heading_part(&event, ".grid__resize") {
                event.prevent_default();
                began.set(Drag::Edge {
                    column,
                    x: f64::from(event.client_x()),
                    width: engine.width_of(column),
                });
                return;
            }
            if heading_part(&event, ".grid__headmenu").is_some() {
                // The focus stays where it is until the menu takes it.
                event.prevent_default();
                return;
            }
            if within(&event, ".grid__head") {
                event.prevent_default();
                if let Some(column) = heading_part(&event, ".grid__headcell") {
                    engine.commit();
                    engine.focus();
                    let active = Place::new(engine.selection().active.row, column);
                    engine.select(Selection::at(active), Reveal::Stay);
                    engine.run(Command::SelectColumns);
                }
                return;
            }
            if within(&event, ".grid__fill") {
                event.prevent_default();
                engine.commit();
                let from = engine.selection().area();
                began.set(Drag::Fill { from });
                return;
            }
            let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
            // A press on the scroll bar is none on a cell.
            let inside = engine.nodes().layer.get_bounding_client_rect();
            if y > inside.bottom() {
                return;
            }
            let Some((Some(row), column)) = engine.place_at(x, y) else {
                return;
            };
            if column.is_none() && x - inside.left() > inside.width() {
                return;
            }
            event.prevent_default();
            engine.commit();
            engine.focus();
            match column {
                Some(column) if event.shift_key() => {
                    let active = engine.selection().active;
                    let extent = Place::new(row, column);
                    engine.select(Selection { active, extent }, Reveal::Nearest);
                    began.set(Drag::Cells);
                }
                Some(column) => {
                    engine.select(Selection::at(Place::new(row, column)), Reveal::Nearest);
                    began.set(Drag::Cells);
                }
                None => {
                    let from = if event.shift_key() {
                        engine.selection().active.row
                    } else {
                        row
                    };
                    rows(engine, from, row);
                    began.set(Drag::Rows { from });
                }
            }
        }),
    ));

    let document = dom::document();
    let moved = drag.clone();
    listeners.push(Listener::new(
        &document,
        "mousemove",
        with(engine, move |engine, event: MouseEvent| {
            let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
            match moved.get() {
                Drag::Nothing => {}
                Drag::Edge {
                    column,
                    x: start,
                    width,
                } => {
                    event.prevent_default();
                    engine.resize(column, width + x - start);
                }
                Drag::Cells => {
                    if let Some((Some(row), Some(column))) = engine.place_at(x, y) {
                        let selection = engine.selection();
                        let extent = Place::new(row, column);
                        if extent != selection.extent {
                            let active = selection.active;
                            engine.select(Selection { active, extent }, Reveal::Nearest);
                        }
                    }
                }
                Drag::Fill { from } => {
                    if let Some((Some(row), Some(column))) = engine.place_at(x, y) {
                        engine.show_fill(from, Place::new(row, column), Reveal::Nearest);
                    }
                }
                Drag::Rows { from } => {
                    if let Some((Some(row), _)) = engine.place_at(x, y)
                        && row != engine.selection().extent.row
                    {
                        rows(engine, from, row);
                    }
                }
            }
        }),
    ));
    let ended = drag;
    listeners.push(Listener::new(
        &document,
        "mouseup",
        with(engine, move |engine, _: MouseEvent| {
            if let Drag::Fill { from } = ended.replace(Drag::Nothing) {
                engine.fill_from(from);
            }
        }),
    ));

    listeners.push(Listener::new(
        &viewport,
        "dblclick",
        with(engine, |engine, event: MouseEvent| {
            if in_editor(engine, &event) {
                return;
            }
            if within(&event, ".grid__head") {
                if let Some(column) = heading_part(&event, ".grid__name, .grid__colnote") {
                    engine.rename(column);
                }
                return;
            }
            if within(&event, ".grid__fill") {
                let from = engine.selection().area();
                let last = Place::new(engine.bounds().rows - 1, from.last.column);
                engine.show_fill(from, last, Reveal::Stay);
                engine.fill_from(from);
                return;
            }
            engine.run(Command::BeginEdit);
        }),
    ));
    listeners.push(Listener::new(
        &viewport,
        "click",
        with(engine, |engine, event: MouseEvent| {
            if let Some(column) = heading_part(&event, ".grid__headmenu") {
                event.stop_propagation();
                engine.open_menu(column);
            }
        }),
    ));

    for (button, all) in engine.cure_buttons() {
        listeners.push(Listener::new(
            &button,
            "mousedown",
            // Else the text box would lose the focus and the box with the button would go.
            |event: MouseEvent| event.prevent_default(),
        ));
        listeners.push(Listener::new(
            &button,
            "click",
            with(engine, move |engine, _: MouseEvent| engine.cure(all)),
        ));
    }
}

/// Whole rows, from one to another.
fn rows(engine: &Engine, from: usize, to: usize) {
    let last = Selection::at(Place::new(to, 0))
        .moved(Step::RowEnd, engine.bounds())
        .active
        .column;
    engine.select(
        Selection {
            active: Place::new(from, 0),
            extent: Place::new(to, last),
        },
        Reveal::Stay,
    );
}

fn scrolling(engine: &Rc<Engine>, listeners: &mut Vec<Listener>) {
    let viewport = engine.nodes().viewport.clone();
    listeners.push(Listener::new(
        &viewport,
        "scroll",
        with(engine, |engine, _: Event| engine.on_scroll()),
    ));
    listeners.push(Listener::new(
        &viewport,
        "wheel",
        with(engine, |engine, event: WheelEvent| {
            // Where the scroll bar is scaled, a turn of the wheel would skip rows.
            if !engine.is_scaled() || event.ctrl_key() || event.delta_y() == 0.0 {
                return;
            }
            event.prevent_default();
            let unit = match event.delta_mode() {
                WheelEvent::DOM_DELTA_LINE => super::viewport::ROW_HEIGHT,
                WheelEvent::DOM_DELTA_PAGE => 10.0 * super::viewport::ROW_HEIGHT,
                _ => 1.0,
            };
            engine.scroll_by(event.delta_y() * unit);
        }),
    ));
}
