//! The router: what the address bar says, as signals, and the ways to change it.
//!
//! Which pages there are is known to [`crate::routes::Page`] alone (ADR 0006).

use std::rc::Rc;

use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, JsValue};

use crate::routes::Page;

/// The address of this page. Cheap to copy; take it with [`use_router`].
#[derive(Clone, Copy)]
pub struct Router {
    path: RwSignal<String>,
    query: RwSignal<String>,
    hash: RwSignal<String>,
    guard: StoredValue<Option<Guard>, LocalStorage>,
}

/// Is told the address before another page is shown; `true` holds the step back.
pub type Guard = Rc<dyn Fn(&str) -> bool>;

/// The router from the context.
pub fn use_router() -> Router {
    expect_context::<Router>()
}

/// How the history takes a new address in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    /// *Back* returns to the address before.
    New,
    /// It takes the place of the present one.
    Instead,
}

/// Where the page stands after a change of the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scroll {
    /// At its top, or at what the fragment names.
    Reset,
    /// Where it was.
    Keep,
}

impl Router {
    /// Makes it, listens for links and for *Back*, and puts it into the context.
    /// Once, in the root component.
    pub fn provide() -> Self {
        let router = Self {
            path: RwSignal::new(String::new()),
            query: RwSignal::new(String::new()),
            hash: RwSignal::new(String::new()),
            guard: StoredValue::new_local(None),
        };
        router.read();
        provide_context(router);
        let clicks = window_event_listener(ev::click, move |event| router.clicked(&event));
        let steps = window_event_listener(ev::popstate, move |_| router.stepped());
        on_cleanup(move || {
            clicks.remove();
            steps.remove();
        });
        router
    }

    /// The path, such as `/home`; changes only when it is another one.
    pub fn path(self) -> Signal<String> {
        self.path.into()
    }

    /// The fragment without its `#`; empty where there is none.
    pub fn hash(self) -> Signal<String> {
        self.hash.into()
    }

    /// A value of the query, decoded; tracked.
    pub fn param(self, name: &str) -> Option<String> {
        self.query
            .with(|query| web_sys::UrlSearchParams::new_with_str(query))
            .ok()?
            .get(name)
    }

    /// Sets who is asked before another page is shown. Changes of the query and redirects
    /// ask nobody.
    pub fn guard(self, guard: Guard) {
        self.guard.set_value(Some(guard));
    }

    fn is_held(self, address: &str) -> bool {
        let (path, ..) = split(address);
        let leaves = self.path.with_untracked(|here| here != path);
        let guard = self.guard.try_get_value().flatten().filter(|_| leaves);
        guard.is_some_and(|guard| guard(address))
    }

    /// Goes to a page of ours.
    pub fn go(self, address: &str) {
        if !self.is_held(address) {
            self.change(address, Entry::New, Scroll::Reset);
        }
    }

    /// *Back* or *Forward*: the address bar has changed already.
    fn stepped(self) {
        let address = here();
        if !self.is_held(&address) {
            self.read();
            return;
        }
        let part = |sign: &str, part: RwSignal<String>| match part.get_untracked() {
            part if part.is_empty() => part,
            part => format!("{sign}{part}"),
        };
        let (query, hash) = (part("?", self.query), part("#", self.hash));
        let stays = format!("{}{query}{hash}", self.path.get_untracked());
        if let Ok(history) = window().history() {
            // It can only fail on an address of another origin; there are none.
            _ = history.push_state_with_url(&JsValue::NULL, "", Some(&stays));
        }
    }

    /// Goes to a page of ours in place of this one.
    pub fn replace(self, address: &str) {
        self.change(address, Entry::Instead, Scroll::Reset);
    }

    /// Changes what the address says about this page, and nothing else.
    pub fn replace_quietly(self, address: &str) {
        self.change(address, Entry::Instead, Scroll::Keep);
    }

    fn change(self, address: &str, entry: Entry, scroll: Scroll) {
        if let Ok(history) = window().history() {
            // A link to where one is already makes no step to go back over.
            let same = here() == address;
            // It can only fail on an address of another origin; there are none.
            _ = if same || entry == Entry::Instead {
                history.replace_state_with_url(&JsValue::NULL, "", Some(address))
            } else {
                history.push_state_with_url(&JsValue::NULL, "", Some(address))
            };
        }
        self.read();
        if scroll == Scroll::Reset {
            // The page is drawn in tasks that all run before the next frame.
            request_animation_frame(scroll_to_start);
        }
    }

    /// Takes the address bar's content in.
    fn read(self) {
        let address = here();
        let (path, query, hash) = split(&address);
        for (signal, part) in [(self.path, path), (self.query, query), (self.hash, hash)] {
            if signal.with_untracked(|old| old != part) {
                signal.set(part.to_owned());
            }
        }
    }

    /// Follows a plain click on a link to a page of ours.
    fn clicked(self, event: &ev::MouseEvent) {
        let plain = event.button() == 0
            && !event.default_prevented()
            && !(event.meta_key() || event.ctrl_key() || event.shift_key() || event.alt_key());
        let link = event
            .target()
            .filter(|_| plain)
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .and_then(|element| element.closest("a[href]").ok().flatten())
            .and_then(|element| element.dyn_into::<web_sys::HtmlAnchorElement>().ok());
        let Some(link) = link else {
            return;
        };
        let other_window = link.has_attribute("download") || !link.target().is_empty();
        if other_window || window().location().origin().ok() != Some(link.origin()) {
            return;
        }
        let address = format!("{}{}{}", link.pathname(), link.search(), link.hash());
        if !follows(&here(), &address) {
            return;
        }
        event.prevent_default();
        if self.is_held(&address) {
            return;
        }
        let scroll = if link.has_attribute("data-noscroll") {
            Scroll::Keep
        } else {
            Scroll::Reset
        };
        self.change(&address, Entry::New, scroll);
    }
}

/// The address bar's path, query and fragment.
fn here() -> String {
    let location = window().location();
    let part = |part: Result<String, JsValue>| part.unwrap_or_default();
    format!(
        "{}{}{}",
        part(location.pathname()),
        part(location.search()),
        part(location.hash())
    )
}

/// Path, query and fragment of an address, without `?` and `#`.
fn split(address: &str) -> (&str, &str, &str) {
    let (rest, hash) = address.split_once('#').unwrap_or((address, ""));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    (path, query, hash)
}

/// Whether the router follows a link of this origin. The browser keeps those that
/// name no page of ours, and the jumps within a page: it does them better.
fn follows(here: &str, address: &str) -> bool {
    let (path, query, hash) = split(address);
    let (old_path, old_query, _) = split(here);
    let jump = !hash.is_empty() && path == old_path && query == old_query;
    !jump && Page::parse(path).is_some()
}

fn scroll_to_start() {
    let hash = window().location().hash().unwrap_or_default();
    let named = hash
        .strip_prefix('#')
        .and_then(|id| document().get_element_by_id(id));
    match named {
        Some(element) => element.scroll_into_view(),
        None => window().scroll_to_with_x_and_y(0.0, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::{follows, split};

    #[test]
    fn an_address_has_three_parts() {
        assert_eq!(split("/home"), ("/home", "", ""));
        assert_eq!(split("/a?b=c"), ("/a", "b=c", ""));
        assert_eq!(split("/i#token"), ("/i", "", "token"));
        assert_eq!(split("/a?b=c?d#e?f#g"), ("/a", "b=c?d", "e?f#g"));
        assert_eq!(split(""), ("", "", ""));
    }

    #[test]
    fn links_between_pages_are_followed() {
        assert!(follows("/home", "/settings"));
        assert!(follows("/home", "/home"));
        assert!(follows("/settings", "/home#invitations"));
        assert!(follows("/sign-in", "/sign-in?next=%2Fhome"));
    }

    #[test]
    fn the_browser_keeps_jumps_and_other_paths() {
        assert!(!follows("/home", "/home#invitations"));
        assert!(!follows("/home#a", "/home#a"));
        assert!(!follows("/home", "/demo/mailbox/m1/html"));
        assert!(!follows("/home", "/fonts/inter.woff2"));
    }
}
