//! The frame around every signed-in page.

use leptos::{ev, html, prelude::*, wasm_bindgen::JsCast, web_sys};

use super::{
    focus,
    icon::{Icon, IconName, Logo},
};
use crate::router::use_router;

/// Top bar, side navigation and content. Under 720 px the navigation is a drawer
/// that the **Menu** button opens.
#[component]
pub fn AppShell(
    /// Where the logo leads.
    #[prop(into, default = "/".to_owned())]
    home: String,
    /// [`super::Breadcrumbs`].
    #[prop(optional, into)]
    breadcrumbs: ViewFn,
    /// [`super::ProfileMenu`], and what stands before it.
    #[prop(optional, into)]
    profile: ViewFn,
    /// [`super::SideNav`]; without it there is no **Menu** button and the content is centred.
    #[prop(optional, into)]
    side: Option<ViewFn>,
    /// [`DemoBanner`] or another line across the top.
    #[prop(optional, into)]
    banner: ViewFn,
    /// The page.
    children: Children,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let nav = NodeRef::<html::Nav>::new();
    let button = NodeRef::<html::Button>::new();
    let main = NodeRef::<html::Main>::new();
    let has_side = side.is_some();

    // Going anywhere closes the drawer, be it by *Back*.
    let path = use_router().path();
    let on_move = RenderEffect::new(move |last: Option<String>| {
        let path = path.get();
        if last.is_some_and(|last| last != path) {
            open.set(false);
        }
        path
    });
    on_cleanup(move || drop(on_move));

    // A phone turned on its side has room for the navigation, and no button to close it.
    let grown = window_event_listener(ev::resize, move |_| {
        let button = button.try_get_untracked().flatten();
        if open.try_get_untracked() == Some(true)
            && button.is_none_or(|button| button.offset_parent().is_none())
        {
            open.set(false);
        }
    });
    on_cleanup(move || grown.remove());

    let close = move || {
        open.set(false);
        if let Some(button) = button.get_untracked() {
            focus::focus(&button);
        }
    };
    let toggle = move |_| {
        if open.get_untracked() {
            close();
            return;
        }
        open.set(true);
        request_animation_frame(move || {
            if let Some(first) = nav
                .try_get_untracked()
                .flatten()
                .and_then(|nav| focus::focusable(&nav).into_iter().next())
            {
                focus::focus(&first);
            }
        });
    };
    let on_key = move |event: ev::KeyboardEvent| {
        if !open.get_untracked() {
            return;
        }
        match event.key().as_str() {
            "Escape" => {
                event.prevent_default();
                close();
            }
            "Tab" => {
                // The page behind is inert; only the button and the drawer take part.
                let Some(nav) = nav.get_untracked() else {
                    return;
                };
                let links = focus::focusable(&nav);
                let at = focus::position(&links);
                let last = at.is_some_and(|at| at + 1 == links.len());
                let first = at == Some(0);
                if (last && !event.shift_key()) || (first && event.shift_key()) {
                    event.prevent_default();
                    if let Some(button) = button.get_untracked() {
                        focus::focus(&button);
                    }
                } else if at.is_none() {
                    let target = if event.shift_key() {
                        links.last()
                    } else {
                        links.first()
                    };
                    if let Some(target) = target {
                        event.prevent_default();
                        focus::focus(target);
                    }
                }
            }
            _ => {}
        }
    };
    // A link to the page that one is on leads nowhere, and closes the drawer all the same.
    let on_nav = move |event: ev::MouseEvent| {
        let target = event
            .target()
            .map(JsCast::unchecked_into::<web_sys::Element>);
        let link = target.and_then(|target| target.closest("a").ok().flatten());
        if open.get_untracked() && link.is_some() {
            close();
        }
    };
    let skip = move |event: ev::MouseEvent| {
        event.prevent_default();
        // The router would take the hash for a page.
        event.stop_propagation();
        if let Some(main) = main.get_untracked() {
            focus::focus(main.unchecked_ref::<web_sys::HtmlElement>());
        }
    };
    view! {
        <div class="app" on:keydown=on_key>
            <a class="skip" href="#content" on:click=skip>
                "Skip to content"
            </a>
            {banner.run()}
            <div class="shell" class:shell--plain=!has_side>
                <header class="topbar">
                    {has_side
                        .then(|| {
                            view! {
                                <button
                                    node_ref=button
                                    type="button"
                                    class="btn btn--quiet topbar__menu"
                                    aria-expanded=move || open.get().to_string()
                                    aria-controls="side"
                                    on:click=toggle
                                >
                                    {move || {
                                        let name = if open.get() { IconName::Close } else { IconName::Menu };
                                        view! { <Icon name/> }
                                    }}
                                    <span class="btn__label">"Menu"</span>
                                </button>
                            }
                        })}
                    <a class="topbar__home" href=home aria-label="Beckon">
                        <Logo/>
                    </a>
                    <div class="topbar__crumbs">{breadcrumbs.run()}</div>
                    <div class="topbar__end">{profile.run()}</div>
                </header>
                {side
                    .map(|side| {
                        view! {
                            <nav
                                node_ref=nav
                                class="side"
                                class:is-open=move || open.get()
                                id="side"
                                aria-label="Main"
                                on:click=on_nav
                            >
                                {side.run()}
                            </nav>
                            <div
                                class="side-shade"
                                class:is-open=move || open.get()
                                on:click=move |_| close()
                            ></div>
                        }
                    })}
                <main
                    node_ref=main
                    class="content"
                    id="content"
                    tabindex="-1"
                    inert=move || open.get()
                >
                    {children()}
                </main>
            </div>
        </div>
    }
}

/// The line across every page of a demo.
#[component]
pub fn DemoBanner(
    /// Links at its end, e.g. to the demo's mailbox.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <aside class="demo" aria-label="Demo">
            <span class="demo__tag">"Demo"</span>
            <span class="demo__text">
                "Made-up data, no real mail."
            </span>
            {children.map(|children| view! { <span class="demo__links">{children()}</span> })}
        </aside>
    }
}
