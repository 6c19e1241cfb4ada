//! System, light or dark.

use leptos::prelude::*;

use super::{
    field::unique_id,
    icon::{Icon, IconName},
};

/// Where the choice is kept; `frontend/assets/theme.js` reads it before the first paint.
const KEY: &str = "beckon.theme";

/// Which colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    const fn word(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    const fn icon(self) -> IconName {
        match self {
            Self::System => IconName::Monitor,
            Self::Light => IconName::Sun,
            Self::Dark => IconName::Moon,
        }
    }

    /// The choice that was kept; `System` if there is none or the store is closed.
    pub fn kept() -> Self {
        let store = window().local_storage().ok().flatten();
        match store
            .and_then(|store| store.get_item(KEY).ok().flatten())
            .as_deref()
        {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }

    /// Shows it at once and keeps it.
    pub fn apply(self) {
        let Some(root) = document().document_element() else {
            return;
        };
        let store = window().local_storage().ok().flatten();
        let value = match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        };
        // A browser that keeps nothing still shows the choice until the reload.
        if let Some(value) = value {
            _ = root.set_attribute("data-theme", value);
            _ = store.map(|store| store.set_item(KEY, value));
        } else {
            _ = root.remove_attribute("data-theme");
            _ = store.map(|store| store.remove_item(KEY));
        }
    }
}

/// Three choices side by side; takes effect at once.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let theme = RwSignal::new(Theme::kept());
    let name = unique_id("theme");
    view! {
        <fieldset class="segmented">
            <legend class="visually-hidden">"Colours"</legend>
            {Theme::ALL
                .into_iter()
                .map(|choice| {
                    view! {
                        <label class="segmented__choice">
                            <input
                                class="segmented__input"
                                type="radio"
                                name=name.clone()
                                value=choice.word()
                                prop:checked=move || theme.get() == choice
                                on:change=move |_| {
                                    theme.set(choice);
                                    choice.apply();
                                }
                            />
                            <span class="segmented__face">
                                <Icon name=choice.icon()/>
                                {choice.word()}
                            </span>
                        </label>
                    }.into_any()
                })
                .collect_view()}
        </fieldset>
    }
}
