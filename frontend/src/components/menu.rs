//! Menus that open from a button, after the ARIA authoring practices: arrows,
//! Home, End, typing a letter, Esc; a click elsewhere closes them.

use leptos::{ev, html, prelude::*, tachys::dom::event_target, web_sys};

use super::{
    avatar::Avatar,
    field::unique_id,
    focus,
    icon::{Icon, IconName},
};

const ITEMS: &str = "[role='menuitem']";
/// A pause longer than this (milliseconds) begins a new word when typing to jump.
const TYPING_PAUSE: f64 = 700.0;

/// What the items need to know of the menu around them.
#[derive(Clone, Copy)]
struct MenuState {
    open: RwSignal<bool>,
    button: NodeRef<html::Button>,
}

impl MenuState {
    fn close_to_button(self) {
        self.open.set(false);
        if let Some(button) = self.button.get_untracked() {
            focus::focus(&button);
        }
    }
}

/// The index the focus goes to for a key, among `count` items.
fn step(key: &str, at: Option<usize>, count: usize) -> Option<usize> {
    if count == 0 {
        return None;
    }
    match key {
        "ArrowDown" => Some(at.map_or(0, |at| (at + 1) % count)),
        "ArrowUp" => Some(at.map_or(count - 1, |at| (at + count - 1) % count)),
        "Home" | "PageUp" => Some(0),
        "End" | "PageDown" => Some(count - 1),
        _ => None,
    }
}

/// The next item after `at` whose words begin with what was typed.
fn typed(words: &[String], at: Option<usize>, typed: &str) -> Option<usize> {
    let count = words.len();
    // One letter moves on from the item that has it; a longer word may stay.
    let start = at.map_or(0, |at| {
        if typed.chars().count() == 1 {
            at + 1
        } else {
            at
        }
    });
    (0..count)
        .map(|offset| (start + offset) % count)
        .find(|&index| words[index].trim_start().to_lowercase().starts_with(typed))
}

/// The part every menu shares: a button's element with any content, and the list.
#[component]
pub fn Menu(
    /// The button's accessible name, and the list's.
    #[prop(into)]
    label: Signal<String>,
    /// Read after the name, e.g. whose profile it is.
    #[prop(optional, into)]
    description: Option<Signal<String>>,
    /// Classes of the button.
    #[prop(into)]
    button_class: String,
    /// What is drawn in the button; hidden from screen readers, who hear the label.
    #[prop(into)]
    face: ViewFn,
    /// [`MenuItem`]s and [`MenuSeparator`]s.
    children: Children,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let root = NodeRef::<html::Div>::new();
    let list = NodeRef::<html::Div>::new();
    let button = NodeRef::<html::Button>::new();
    let id = unique_id("menu");
    let description_id = format!("{id}-is");
    let described_by = description.map(|_| description_id.clone());
    let state = MenuState { open, button };
    let word = StoredValue::new((String::new(), 0.0_f64));

    let focus_at = move |pick: fn(usize) -> usize| {
        // The list is drawn in the next frame; only then can it take the focus.
        request_animation_frame(move || {
            if let Some(list) = list.try_get_untracked().flatten() {
                let items = focus::matching(&list, ITEMS);
                if let Some(item) = items.get(pick(items.len())) {
                    focus::focus(item);
                }
            }
        });
    };
    let on_button_key = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "ArrowDown" => {
            event.prevent_default();
            open.set(true);
            focus_at(|_| 0);
        }
        "ArrowUp" => {
            event.prevent_default();
            open.set(true);
            focus_at(|count| count.saturating_sub(1));
        }
        _ => {}
    };
    let on_list_key = move |event: ev::KeyboardEvent| {
        let Some(list) = list.get_untracked() else {
            return;
        };
        let key = event.key();
        match key.as_str() {
            "Escape" => {
                event.prevent_default();
                event.stop_propagation();
                state.close_to_button();
            }
            "Tab" => open.set(false),
            _ if event.ctrl_key() || event.meta_key() || event.alt_key() => {}
            _ => {
                let items = focus::matching(&list, ITEMS);
                let at = focus::position(&items);
                let mut target = step(&key, at, items.len());
                if target.is_none() && key.chars().count() == 1 && key != " " {
                    let now = event.time_stamp();
                    let text = word.try_update_value(|(word, last)| {
                        if now - *last > TYPING_PAUSE {
                            word.clear();
                        }
                        *last = now;
                        word.push_str(&key.to_lowercase());
                        word.clone()
                    });
                    let words: Vec<_> = items
                        .iter()
                        .map(|item| item.text_content().unwrap_or_default())
                        .collect();
                    target = text.and_then(|text| typed(&words, at, &text));
                }
                if let Some(item) = target.and_then(|index| items.get(index)) {
                    event.prevent_default();
                    focus::focus(item);
                } else if matches!(key.as_str(), "ArrowDown" | "ArrowUp" | "Home" | "End") {
                    event.prevent_default();
                }
            }
        }
    };
    let outside = window_event_listener(ev::pointerdown, move |event| {
        if !open.try_get_untracked().unwrap_or(false) {
            return;
        }
        let target: web_sys::Node = event_target(&event);
        let inside = root
            .try_get_untracked()
            .flatten()
            .is_some_and(|root| root.contains(Some(&target)));
        if !inside {
            open.set(false);
        }
    });
    on_cleanup(move || outside.remove());

    let items =
        view! { <leptos::context::Provider value=state>{children()}</leptos::context::Provider> };
    view! {
        <div class="menu" node_ref=root>
            <button
                node_ref=button
                type="button"
                class=button_class
                aria-haspopup="menu"
                aria-expanded=move || open.get().to_string()
                aria-controls=id.clone()
                aria-describedby=described_by
                on:click=move |_| {
                    open.update(|open| *open = !*open);
                    if open.get_untracked() {
                        focus_at(|_| 0);
                    }
                }
                on:keydown=on_button_key
            >
                <span class="visually-hidden">{move || label.get()}</span>
                <span class="menu__face" aria-hidden="true">
                    {face.run()}
                </span>
            </button>
            {description
                .map(|text| {
                    view! {
                        <span class="visually-hidden" id=description_id aria-hidden="true">
                            {move || text.get()}
                        </span>
                    }
                })}
            <div
                node_ref=list
                class="menu__list"
                id=id
                role="menu"
                aria-label=move || label.get()
                hidden=move || !open.get()
                on:keydown=on_list_key
            >
                {items}
            </div>
        </div>
    }
}

/// The button at the top right. Its name is **Profile**; the person's name is its
/// description.
#[component]
pub fn ProfileMenu(
    /// Whose session it is.
    #[prop(into)]
    name: Signal<String>,
    /// The items: tenants, **Data Manager**, **Settings**, **Sign out**.
    children: Children,
) -> impl IntoView {
    let face = move || {
        view! {
            <Avatar name/>
            <span class="profile__name">{move || name.get()}</span>
            <Icon name=IconName::ChevronDown/>
        }
    };
    view! {
        <Menu label="Profile" description=name button_class="profile" face>
            <div class="menu__person" role="presentation">
                {move || name.get()}
            </div>
            {children()}
        </Menu>
    }
}

/// One entry: a link with `href`, else something to do.
#[component]
pub fn MenuItem(
    /// Where it leads. Without it the item is a button.
    #[prop(optional, into)]
    href: Option<String>,
    /// Runs when it is used, after the menu closed.
    #[prop(optional, into)]
    on_select: Option<Callback<()>>,
    /// Drawn before the words.
    #[prop(optional)]
    icon: Option<IconName>,
    /// The words.
    children: Children,
) -> impl IntoView {
    let menu = use_context::<MenuState>();
    let select = move |_| {
        if let Some(menu) = menu {
            menu.close_to_button();
        }
        if let Some(on_select) = on_select {
            on_select.run(());
        }
    };
    let inner = view! {
        {icon.map(|name| view! { <Icon name/> })}
        <span class="menu__words">{children()}</span>
    };
    match href {
        Some(href) => view! {
            <a class="menu__item" role="menuitem" tabindex="-1" href=href on:click=select>
                {inner}
            </a>
        }
        .into_any(),
        None => view! {
            <button
                type="button"
                class="menu__item"
                role="menuitem"
                tabindex="-1"
                on:click=select
            >
                {inner}
            </button>
        }
        .into_any(),
    }
}

/// A line between groups of items.
#[component]
pub fn MenuSeparator() -> impl IntoView {
    view! { <div class="menu__separator" role="separator"></div> }
}

#[cfg(test)]
mod tests {
    use super::{step, typed};

    #[test]
    fn arrows_go_round() {
        assert_eq!(step("ArrowDown", Some(2), 3), Some(0));
        assert_eq!(step("ArrowUp", Some(0), 3), Some(2));
        assert_eq!(step("ArrowUp", None, 3), Some(2));
        assert_eq!(step("End", Some(0), 3), Some(2));
        assert_eq!(step("ArrowDown", None, 0), None);
        assert_eq!(step("x", Some(0), 3), None);
    }

    #[test]
    fn typing_jumps_to_the_next_word_that_begins_so() {
        let words: Vec<String> = ["Acme", "Settings", "Sign out"]
            .into_iter()
            .map(str::to_owned)
            .collect();
        assert_eq!(typed(&words, Some(0), "s"), Some(1));
        assert_eq!(typed(&words, Some(1), "s"), Some(2));
        assert_eq!(typed(&words, Some(2), "s"), Some(1));
        assert_eq!(typed(&words, Some(1), "si"), Some(2));
        assert_eq!(typed(&words, Some(1), "z"), None);
        assert_eq!(typed(&[], None, "z"), None);
    }
}
