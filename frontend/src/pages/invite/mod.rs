//! Management → Invite: upload, review, submit.

mod book;
mod browser;
pub mod cures;
mod desk;
pub mod dialogs;
mod file;
pub mod find;
pub mod fixes;
mod footer;
pub mod journal;
mod kept;
pub mod mapping;
pub mod options;
pub mod outcome;
mod reading;
pub mod remote;
mod results;
pub mod submit;
mod toolbar;

use app::api::{ApiError, tenants::TenantOverview};
use leptos::{ev, prelude::*, web_sys};
use wasm_bindgen::JsCast;

use crate::{
    chunks,
    components::{
        Button, ButtonKind, DropZone, ErrorState, FileButton, IconName, Notice, PageHead, Skeleton,
        SkeletonShape, Tone,
        grid::{Direction, Grid, GridEdit, GridRequest},
    },
    effects::effect,
    page::use_title,
    pages::no_mail::NoMailNotice,
    query::Load,
    session::use_session,
    shared::Derived,
    tenant::use_tenant,
    when::when,
};

pub use book::{CureWords, Document, outcome_title};
pub use browser::download;
pub use desk::Desk;
pub use kept::Keep;

/// What the file chooser offers first.
const ACCEPT: &str = ".csv,.tsv,.txt,text/csv,text/tab-separated-values,text/plain";

/// `/t/:slug/management/invite`
#[component]
pub fn InvitePage() -> impl IntoView {
    use_title(|| "Invite".to_owned());
    let tenant = use_tenant();
    let overview = tenant.overview;
    // What changes on the server must not draw the page, and the work on it, anew.
    let phase = Derived::new(move || match overview.load() {
        Load::Waiting => Phase::Waiting,
        Load::Failed(error) => Phase::Failed(error),
        Load::Ready(_) => Phase::Ready,
    });
    let draw = move || match &*phase.read() {
        Phase::Waiting => view! { <Skeleton shape=SkeletonShape::Rows count=6/> }.into_any(),
        Phase::Failed(error) => {
            let retry = Callback::new(move |()| overview.retry());
            view! {
                <ErrorState
                    title="The tenant could not be loaded."
                    message=error.to_string()
                    on_retry=retry
                />
            }
            .into_any()
        }
        Phase::Ready => untrack(|| overview.ready())
            .map(|overview| view! { <Invite overview/> })
            .into_any(),
    };
    view! { {move || draw()} }
}

/// How far the page's first question is.
#[derive(Clone, PartialEq)]
enum Phase {
    Waiting,
    Failed(ApiError),
    Ready,
}

#[component]
fn Invite(overview: TenantOverview) -> impl IntoView {
    let tenant = use_tenant();
    let session = use_session();
    let desk = Desk::new(&tenant, session, &overview);
    session.hold(desk.open.into());
    if let Some(me) = untrack(|| session.me()) {
        session.keep().open(desk, me.id);
    }
    remote::follow(desk);
    page_keys(desk);
    effect(move || {
        desk.check_on.track();
        desk.keep_place();
    });
    // A submit is in the list and in the counts at once, whether or not the stream is up.
    effect(move || {
        if desk.summary.read().is_some() {
            tenant.changed();
        }
    });

    let on_file = UnsyncCallback::new(move |file| reading::read(desk, file));
    let title = format!("Invite people to {}", overview.name);
    let actions = move || {
        view! {
            <Button icon=IconName::Download on:click=move |_| file::download_template(desk)>
                "Download CSV Template"
            </Button>
            <FileButton accept=ACCEPT on_file icon=IconName::Upload>
                "Upload CSV"
            </FileButton>
        }
    };
    let refused = move || {
        desk.refused.get().map(|sentence| {
            let action = move || {
                view! {
                    <Button kind=ButtonKind::Quiet on:click=move |_| desk.refused.set(None)>
                        "Close"
                    </Button>
                }
            };
            view! {
                <div role="alert">
                    <Notice tone=Tone::Bad action>
                        {sentence}
                    </Notice>
                </div>
            }
            .into_any()
        })
    };
    view! {
        <DropZone on_file>
            <div class="page">
                <PageHead title actions>
                    "The file stays in your browser until you submit."
                </PageHead>
                <NoMailNotice/>
                {move || refused()}
                {chunks::outcome(desk)}
                <file::ReadingBar desk/>
                {when(move || !desk.open.get(), move || view! { <file::Start desk/> }.into_any())}
                {when(move || desk.open.get(), move || view! { <Review desk/> }.into_any())}
                <section class="stack" aria-labelledby="recent-invitations">
                    <h2 id="recent-invitations">"Recent invitations"</h2>
                    {chunks::invitations_panel()}
                </section>
            </div>
            <footer::Footer desk/>
        </DropZone>
    }
}

#[component]
fn Review(desk: Desk) -> impl IntoView {
    let on_select = UnsyncCallback::new(move |selection| {
        if *desk.place.read_untracked() != selection {
            desk.place.set(selection);
            desk.keep_place();
        }
    });
    let finding = RwSignal::new(0);
    effect(move || {
        if *desk.request.read() == Some(GridRequest::Find) {
            desk.request.set(None);
            finding.update(|times| *times += 1);
        }
    });
    let on_request = UnsyncCallback::new(move |request| match request {
        GridRequest::Map(place) => desk.map_columns(Some(place)),
        GridRequest::Refused(why) => desk.say_refused(why),
        other => desk.request.set(Some(other)),
    });
    view! {
        <file::FileCard desk/>
        <toolbar::Chips desk/>
        <toolbar::ColumnNotices desk/>
        <div class="review">
            <div class="grid-frame">
                <toolbar::Toolbar desk/>
                {when(move || finding.get() > 0, move || chunks::find_bar(desk, finding))}
                <Grid source=desk.source handle=desk.grid label="Review" on_select on_request/>
            </div>
        </div>
        {chunks::grid_dialogs(desk)}
    }
}

/// True where the person is typing into a field of the page.
fn is_typing(event: &web_sys::Event) -> bool {
    event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
        .is_some_and(|element| {
            matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
                || element.closest("dialog").ok().flatten().is_some()
        })
}

/// Keys that work wherever the focus is on the page, and pasting a list.
fn page_keys(desk: Desk) {
    let keys = window_event_listener(ev::keydown, move |event| {
        if is_typing(&event) || !desk.open.try_get_untracked().unwrap_or(false) {
            return;
        }
        let ctrl = event.ctrl_key() || event.meta_key();
        match (event.key().as_str(), ctrl, event.shift_key()) {
            ("F8", false, back) => desk.grid.problem(if back {
                Direction::Backward
            } else {
                Direction::Forward
            }),
            ("f" | "h", true, false) => desk.request.set(Some(GridRequest::Find)),
            ("z", true, false) => desk.edit(GridEdit::Undo),
            ("y", true, false) | ("z" | "Z", true, true) => desk.edit(GridEdit::Redo),
            _ => return,
        }
        event.prevent_default();
    });
    let paste = window_event_listener(ev::paste, move |event| {
        if is_typing(&event) || desk.open.try_get_untracked().unwrap_or(true) {
            return;
        }
        let data = event.clipboard_data();
        let file = data
            .as_ref()
            .and_then(web_sys::DataTransfer::files)
            .and_then(|files| files.get(0));
        let text = data
            .and_then(|data| data.get_data("text/plain").ok())
            .filter(|text| !text.trim().is_empty());
        match (file, text) {
            // Spreadsheets put a picture of the cells beside them.
            (Some(file), Some(text)) if file.type_().starts_with("image/") => {
                reading::read_text(desk, &text);
            }
            (Some(file), _) => reading::read(desk, file),
            (None, Some(text)) => reading::read_text(desk, &text),
            (None, None) => return,
        }
        event.prevent_default();
    });
    on_cleanup(move || {
        keys.remove();
        paste.remove();
    });
}
