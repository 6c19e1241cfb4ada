//! What a page shows while it has nothing, not yet, or no more.

use leptos::prelude::*;

use super::{
    badge::Tone,
    button::{Button, ButtonSize},
    icon::{Icon, IconName},
};

/// A turning ring. Say in words what is being waited for; this is only a picture.
#[component]
pub fn Spinner() -> impl IntoView {
    view! {
        <svg class="spinner" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <circle class="spinner__track" cx="8" cy="8" r="6.2"></circle>
            <path class="spinner__head" d="M8 1.8A6.2 6.2 0 0 1 14.2 8"></path>
        </svg>
    }
}

/// The drawing above an empty state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmptyArt {
    /// A sheet with a waving hand's curl: nothing was uploaded yet.
    Sheet,
    /// An envelope: no invitations, no mail.
    #[default]
    Letter,
    /// A magnifying glass: nothing matches.
    Search,
    /// Books: no courses.
    Shelf,
    /// Two people: nobody here yet.
    People,
    /// A signpost: no such page.
    Signpost,
}

impl EmptyArt {
    /// Two layers of the drawing: thin lines, and the one accented stroke.
    const fn paths(self) -> (&'static str, &'static str) {
        match self {
            Self::Sheet => (
                "M30 10h44l16 16v60H30ZM74 10v16h16M30 42h60M30 58h60M30 74h60M50 42v44",
                "M58 58h32v16H58ZM66 66l4 4 8-8",
            ),
            Self::Letter => (
                "M18 28h84v54H18ZM18 82l32-30M102 82 70 52",
                "m18 28 42 34 42-34",
            ),
            Self::Search => (
                "M22 22h52M22 38h30M22 54h26M22 70h34M22 86h22",
                "M76 38a20 20 0 1 0 0 40 20 20 0 0 0 0-40ZM90.5 72.5 106 88",
            ),
            Self::Shelf => (
                "M14 86h92M26 86V30h16v56M42 86V22h14v64M84 86l-14-50 13-4 16 54",
                "M26 42h16M42 36h14M73.5 48l13-4",
            ),
            Self::People => (
                "M46 22a14 14 0 1 0 0 28 14 14 0 0 0 0-28ZM20 86c1-17 11-26 26-26s25 9 26 26Z",
                "M84 30a11 11 0 1 0 0 22 11 11 0 0 0 0-22ZM80 86h26c-1-15-9-23-22-23-4 0-8 .8-11 2.4 4 5 6.4 12 7 20.6Z",
            ),
            Self::Signpost => (
                "M60 12v80M46 92h28M60 22h30l10 9-10 9H60Z",
                "M60 48H30l-10 9 10 9h30Z",
            ),
        }
    }
}

/// A list without entries: says why it is empty and what to do next.
#[component]
pub fn EmptyState(
    /// What there is none of, as a short sentence.
    #[prop(into)]
    title: Signal<String>,
    /// The drawing.
    #[prop(optional)]
    art: EmptyArt,
    /// A button or a link that gets the first entry.
    #[prop(optional, into)]
    action: ViewFn,
    /// What to do, in a sentence.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let (lines, accent) = art.paths();
    view! {
        <div class="empty">
            <svg class="empty__art" viewBox="0 0 120 104" aria-hidden="true" focusable="false">
                <path class="empty__lines" d=lines></path>
                <path class="empty__accent" d=accent></path>
            </svg>
            <p class="empty__title">{move || title.get()}</p>
            {children.map(|children| view! { <div class="empty__text">{children()}</div> })}
            <div class="empty__action">{action.run()}</div>
        </div>
    }
}

/// Something failed: what happened, what was kept, what to do.
#[component]
pub fn ErrorState(
    /// What happened, as a short sentence.
    #[prop(into)]
    title: Signal<String>,
    /// What was kept and what to do.
    #[prop(optional, into)]
    message: Signal<String>,
    /// Shows **Try again** and runs when it is used.
    #[prop(optional, into)]
    on_retry: Option<Callback<()>>,
) -> impl IntoView {
    view! {
        <div class="empty empty--error" role="alert">
            <span class="empty__icon">
                <Icon name=IconName::Alert/>
            </span>
            <p class="empty__title">{move || title.get()}</p>
            <p class="empty__text">{move || message.get()}</p>
            {on_retry
                .map(|retry| {
                    view! {
                        <div class="empty__action">
                            <Button icon=IconName::Refresh on:click=move |_| retry.run(())>
                                "Try again"
                            </Button>
                        </div>
                    }
                })}
        </div>
    }
}

/// A sentence in the flow of a page: why something is so, or what to mind.
#[component]
pub fn Notice(
    /// What the colour and the icon say.
    #[prop(default = Tone::Info)]
    tone: Tone,
    /// A few words in bold before the sentence.
    #[prop(optional, into)]
    title: Option<String>,
    /// Buttons or links at its end.
    #[prop(optional, into)]
    action: ViewFn,
    /// The sentence.
    children: Children,
) -> impl IntoView {
    let icon = match tone {
        Tone::Ok => IconName::CheckCircle,
        Tone::Warn => IconName::Alert,
        Tone::Bad => IconName::Error,
        Tone::Neutral | Tone::Info | Tone::Accent => IconName::Info,
    };
    view! {
        <div class=format!("notice {}", tone.class())>
            <Icon name=icon/>
            <div class="notice__body">
                {title.map(|title| view! { <strong class="notice__title">{title}</strong> })}
                <div>{children()}</div>
            </div>
            <div class="notice__action">{action.run()}</div>
        </div>
    }
}

/// What a skeleton stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SkeletonShape {
    /// Lines of text.
    #[default]
    Text,
    /// Rows of a table.
    Rows,
    /// Cards side by side.
    Cards,
}

/// Grey shapes where content will be, of the content's size, so that nothing jumps.
#[component]
pub fn Skeleton(
    /// What it stands for.
    #[prop(optional)]
    shape: SkeletonShape,
    /// How many lines, rows or cards.
    #[prop(default = 3)]
    count: usize,
) -> impl IntoView {
    let class = match shape {
        SkeletonShape::Text => "skeleton skeleton--text",
        SkeletonShape::Rows => "skeleton skeleton--rows",
        SkeletonShape::Cards => "skeleton skeleton--cards",
    };
    view! {
        <div class=class role="status" aria-label="Loading">
            {(0..count).map(|_| view! { <span class="skeleton__bone"></span> }.into_any()).collect_view()}
        </div>
    }
}

/// A small button for the end of a list that has more.
#[component]
pub fn MoreButton(
    /// While true the next page is on its way.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// Fetches the next page.
    #[prop(into)]
    on_more: Callback<()>,
) -> impl IntoView {
    view! {
        <div class="more">
            <Button size=ButtonSize::Small busy on:click=move |_| on_more.run(())>
                "Show more"
            </Button>
        </div>
    }
}
