//! What every page does when it appears: its title, the focus, the announcement.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::{
    chunks::use_chunks,
    effects::{effect, effect_since},
    router::use_router,
    routes::Page,
};

/// The product's name, at the end of every title.
const PRODUCT: &str = "Beckon";

/// Names the page in the browser's title.
pub fn use_title(title: impl Fn() -> String + 'static) {
    effect(move || {
        let title = title();
        let whole = if title.is_empty() {
            PRODUCT.to_owned()
        } else {
            format!("{title} · {PRODUCT}")
        };
        document().set_title(&whole);
    });
}

/// Says something to screen readers without moving anything.
#[derive(Clone, Copy)]
pub struct Announcer(RwSignal<String>);

impl Announcer {
    /// Makes it and puts it into the context. Once, in the root component.
    pub fn provide() -> Self {
        let announcer = Self(RwSignal::new(String::new()));
        provide_context(announcer);
        announcer
    }

    /// Says `text`, politely.
    pub fn say(self, text: impl Into<String>) {
        self.0.set(text.into());
    }
}

/// The announcer from the context.
pub fn use_announcer() -> Announcer {
    expect_context::<Announcer>()
}

/// The element that is read out. Once, in the root component.
#[component]
pub fn Announcements() -> impl IntoView {
    let Announcer(text) = use_announcer();
    view! {
        <div class="visually-hidden" aria-live="polite" aria-atomic="true">
            {move || text.get()}
        </div>
    }
}

/// After going to another page, the focus goes to its heading (or to what the
/// address's fragment names), so that a keyboard and a screen reader start there.
/// The first page keeps the focus where the browser has it.
pub fn focus_after_navigation() {
    let path = use_router().path();
    let chunks = use_chunks();
    effect_since(move |last: Option<Option<String>>| {
        let path = path.get();
        let last = last.flatten();
        if !chunks.has(Page::parse(&path).as_ref()) {
            // Its heading is still on its way.
            return last;
        }
        if last.is_some_and(|last| last != path) {
            // The new page is drawn within a task; the second frame surely sees it.
            request_animation_frame(|| request_animation_frame(focus_heading));
        }
        Some(path)
    });
}

fn focus_heading() {
    // A page that put the focus somewhere on purpose (a field, a dialog) keeps it.
    let busy = document().active_element().is_some_and(|element| {
        matches!(element.tag_name().as_str(), "INPUT" | "DIALOG" | "TEXTAREA")
    });
    if busy {
        return;
    }
    let fragment = window().location().hash().unwrap_or_default();
    let named = fragment
        .strip_prefix('#')
        .filter(|id| !id.is_empty())
        .and_then(|id| document().get_element_by_id(id));
    let heading = named.or_else(|| document().query_selector("main h1").ok().flatten());
    if let Some(heading) = heading.and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok()) {
        if !heading.has_attribute("tabindex") {
            // A heading takes the focus only while it may.
            _ = heading.set_attribute("tabindex", "-1");
        }
        _ = heading.focus();
    }
}
