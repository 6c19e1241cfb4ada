//! The parts inside a page: its head, its cards, its figures.

use leptos::prelude::*;

/// A page's heading, a sentence under it and its buttons at the right.
#[component]
pub fn PageHead(
    /// The page's `h1`.
    #[prop(into)]
    title: Signal<String>,
    /// The buttons, the main one last.
    #[prop(optional, into)]
    actions: ViewFn,
    /// A sentence in grey under the heading.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="head">
            <div class="head__words">
                <h1>{move || title.get()}</h1>
                {children.map(|children| view! { <p class="head__lead">{children()}</p> })}
            </div>
            <div class="head__actions">{actions.run()}</div>
        </div>
    }
}

/// A framed surface, with a heading if it has a title.
#[component]
pub fn Card(
    /// Its `h2`.
    #[prop(optional, into)]
    title: Option<String>,
    /// Buttons beside the heading.
    #[prop(optional, into)]
    actions: ViewFn,
    /// False where the content (a table, a list) reaches the frame.
    #[prop(default = true)]
    padded: bool,
    /// The content.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card">
            {title
                .map(|title| {
                    view! {
                        <header class="card__head">
                            <h2>{title}</h2>
                            <div class="card__actions">{actions.run()}</div>
                        </header>
                    }
                })}
            <div class="card__body" class:card__body--flush=!padded>
                {children()}
            </div>
        </section>
    }
}

/// One figure with its words, and a line about it. With `href` it is a link.
#[component]
pub fn StatTile(
    /// What the figure counts.
    #[prop(into)]
    label: Signal<String>,
    /// The figure.
    #[prop(into)]
    value: Signal<String>,
    /// A line in grey below, e.g. *212 waiting over a week*.
    #[prop(optional, into)]
    note: Signal<Option<String>>,
    /// Where it leads.
    #[prop(optional, into)]
    href: Option<String>,
) -> impl IntoView {
    let inner = view! {
        <span class="stat__label">{move || label.get()}</span>
        <span class="stat__value num">{move || value.get()}</span>
        {move || note.get().map(|note| view! { <span class="stat__note">{note}</span> })}
    };
    match href {
        Some(href) => view! { <a class="stat stat--link" href=href>{inner}</a> }.into_any(),
        None => view! { <div class="stat">{inner}</div> }.into_any(),
    }
}
