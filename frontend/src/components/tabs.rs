//! Tabs within one page. Where each tab has its own address, use links instead.

use leptos::{ev, html, prelude::*};

use super::focus;

/// One tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TabDef {
    /// What `selected` holds while it is shown; part of the element's id.
    pub id: &'static str,
    /// Its accessible name.
    pub label: String,
}

impl TabDef {
    /// A tab.
    pub fn new(id: &'static str, label: impl Into<String>) -> Self {
        Self {
            id,
            label: label.into(),
        }
    }
}

/// The row of tabs. Arrows move and select; one tab stop.
#[component]
pub fn Tabs(
    /// What the tabs are about.
    #[prop(into)]
    label: String,
    /// The tabs, from the left.
    tabs: Vec<TabDef>,
    /// The shown tab's id.
    selected: RwSignal<&'static str>,
) -> impl IntoView {
    let list = NodeRef::<html::Div>::new();
    let ids: Vec<&'static str> = tabs.iter().map(|tab| tab.id).collect();
    let on_key = move |event: ev::KeyboardEvent| {
        let Some(list) = list.get_untracked() else {
            return;
        };
        let elements = focus::matching(&list, "[role='tab']");
        let count = elements.len();
        let Some(at) = focus::position(&elements) else {
            return;
        };
        let to = match event.key().as_str() {
            "ArrowRight" => (at + 1) % count,
            "ArrowLeft" => (at + count - 1) % count,
            "Home" => 0,
            "End" => count - 1,
            _ => return,
        };
        event.prevent_default();
        if let Some(id) = ids.get(to) {
            selected.set(id);
        }
        focus::focus(&elements[to]);
    };
    view! {
        <div class="tabs" role="tablist" aria-label=label node_ref=list on:keydown=on_key>
            {tabs
                    .into_iter()
                    .map(|tab| {
                        let id = tab.id;
                        view! {
                            <button
                                type="button"
                                class="tab"
                                role="tab"
                                id=format!("tab-{id}")
                                aria-selected=move || (selected.get() == id).to_string()
                                aria-controls=format!("panel-{id}")
                                tabindex=move || if selected.get() == id { "0" } else { "-1" }
                                on:click=move |_| selected.set(id)
                            >
                                <span>{tab.label}</span>
                            </button>
                        }.into_any()
                    })
                    .collect_view()}
        </div>
    }
}

/// What one tab shows. It stays in the page while hidden and keeps its state.
#[component]
pub fn TabPanel(
    /// The tab's id.
    id: &'static str,
    /// The shown tab's id.
    #[prop(into)]
    selected: Signal<&'static str>,
    /// The content.
    children: Children,
) -> impl IntoView {
    view! {
        <div
            class="tab-panel"
            role="tabpanel"
            id=format!("panel-{id}")
            aria-labelledby=format!("tab-{id}")
            tabindex="0"
            hidden=move || selected.get() != id
        >
            {children()}
        </div>
    }
}
