//! The menu of one column, opened from its heading or with Alt+↓.

use leptos::{ev, html, prelude::*, web_sys};
use wasm_bindgen::JsCast;

use crate::{components::decimal::decimal, effects::effect, shared::Shared};

/// What the menu offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnAction {
    /// Another name.
    Rename,
    /// Another meaning.
    Map,
    /// A new column before it.
    InsertLeft,
    /// A new column after it.
    InsertRight,
    /// One place towards the start.
    MoveLeft,
    /// One place towards the end.
    MoveRight,
    /// Away with it.
    Delete,
}

impl ColumnAction {
    const ALL: [Self; 7] = [
        Self::Rename,
        Self::Map,
        Self::InsertLeft,
        Self::InsertRight,
        Self::MoveLeft,
        Self::MoveRight,
        Self::Delete,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Rename => "Rename column",
            Self::Map => "Map to a field",
            Self::InsertLeft => "Insert column left",
            Self::InsertRight => "Insert column right",
            Self::MoveLeft => "Move left",
            Self::MoveRight => "Move right",
            Self::Delete => "Delete column",
        }
    }

    const fn possible(self, column: usize, columns: usize) -> bool {
        match self {
            Self::MoveLeft => column > 0,
            Self::MoveRight => column + 1 < columns,
            Self::Delete => columns > 1,
            _ => true,
        }
    }
}

/// An open menu: whose, and where in the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OpenMenu {
    /// The column.
    pub column: usize,
    /// How many columns there are.
    pub columns: usize,
    /// Left edge, in window pixels.
    pub x: f64,
    /// Upper edge, in window pixels.
    pub y: f64,
}

/// The menu, while it is open.
#[component]
pub fn ColumnMenu(
    /// Which one is open; set to `None` when it closes.
    menu: Shared<Option<OpenMenu>>,
    /// Runs what was chosen.
    on_action: UnsyncCallback<(usize, ColumnAction)>,
    /// Gives the focus back to the grid.
    on_close: UnsyncCallback<()>,
) -> impl IntoView {
    let list = NodeRef::<html::Div>::new();
    let close = move || {
        menu.set(None);
        on_close.run(());
    };
    effect(move || {
        let open = menu.read();
        let (Some(open), Some(list)) = (&*open, list.get()) else {
            return;
        };
        // It stays inside a low window, too.
        let height = window()
            .inner_height()
            .ok()
            .and_then(|height| height.as_f64());
        let most = height.unwrap_or(800.0) - f64::from(list.offset_height()) - 8.0;
        let top = format!("{}px", decimal((open.y + 4.0).min(most).max(8.0)));
        // It can only fail for a style that is computed, and this is its own.
        _ = web_sys::HtmlElement::style(&list).set_property("top", &top);
        if let Some(first) = items(&list).first() {
            _ = first.focus();
        }
    });
    let outside = window_event_listener(ev::pointerdown, move |event| {
        let Some(list) = list.try_get_untracked().flatten() else {
            return;
        };
        let inside = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Node>().ok())
            .is_some_and(|node| list.contains(Some(&node)));
        if !inside {
            menu.set(None);
        }
    });
    on_cleanup(move || outside.remove());
    let on_key = move |event: ev::KeyboardEvent| {
        let Some(list) = list.get_untracked() else {
            return;
        };
        let items = items(&list);
        let active = document().active_element();
        let at = items.iter().position(|item| {
            active
                .as_ref()
                .is_some_and(|active| active.is_same_node(Some(item)))
        });
        let count = items.len();
        let target = match (event.key().as_str(), at) {
            ("ArrowDown", at) => at.map_or(0, |at| (at + 1) % count),
            ("ArrowUp", at) => at.map_or(count - 1, |at| (at + count - 1) % count),
            ("Home", _) => 0,
            ("End", _) => count - 1,
            ("Escape" | "Tab", _) => {
                event.prevent_default();
                event.stop_propagation();
                close();
                return;
            }
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        if let Some(item) = items.get(target) {
            _ = item.focus();
        }
    };
    view! {
        {move || {
            menu.read()
                .map(|open| {
                    // The menu stays inside a narrow window.
                    let width = window()
                        .inner_width()
                        .ok()
                        .and_then(|width| width.as_f64())
                        .unwrap_or(1280.0);
                    let x = open.x.min(width - 228.0).max(8.0);
                    view! {
                        <div
                            node_ref=list
                            class="menu__list menu__list--start grid__column-menu"
                            role="menu"
                            aria-label="Column"
                            style:position="fixed"
                            style:left=format!("{}px", decimal(x))
                            style:top=format!("{}px", decimal(open.y + 4.0))
                            on:keydown=on_key
                        >
                            {ColumnAction::ALL
                                .into_iter()
                                .filter(|action| action.possible(open.column, open.columns))
                                .map(|action| {
                                    view! {
                                        <button
                                            type="button"
                                            role="menuitem"
                                            tabindex="-1"
                                            class="menu__item"
                                            class:menu__item--danger=action == ColumnAction::Delete
                                            on:click=move |_| {
                                                close();
                                                on_action.run((open.column, action));
                                            }
                                        >
                                            <span class="menu__words">{action.label()}</span>
                                        </button>
                                    }
                                })
                                .collect_view()}
                        </div>
                    }
                    .into_any()
                })
        }}
    }
}

fn items(list: &web_sys::HtmlElement) -> Vec<web_sys::HtmlElement> {
    let Ok(found) = list.query_selector_all("[role=menuitem]") else {
        return Vec::new();
    };
    (0..found.length())
        .filter_map(|index| found.get(index)?.dyn_into().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_possible_is_offered() {
        assert!(!ColumnAction::MoveLeft.possible(0, 3));
        assert!(ColumnAction::MoveLeft.possible(1, 3));
        assert!(!ColumnAction::MoveRight.possible(2, 3));
        assert!(!ColumnAction::Delete.possible(0, 1));
        assert!(ColumnAction::Rename.possible(0, 1));
    }
}
