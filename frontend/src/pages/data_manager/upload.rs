//! `/data-manager/upload/…`: accounts, or courses and programs, from a CSV. The file is read
//! here, corrected in the grid, and sent when it is right.

mod list;
mod outcome;
mod send;
mod view;

use app::bulk::{
    limits::BYTES_MAX,
    parse::Refusal,
    table::{ITEMS, Table, Template, USERS},
};
use leptos::{ev, prelude::*, task::spawn_local, web_sys};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use self::{
    list::List,
    outcome::{OutcomeCard, Outcomes},
    send::Sent,
};
use crate::{
    components::{
        Button, DropZone, FileButton, IconName, Notice, PageHead, ToastStore, Tone,
        grid::{GridEdit, GridHandle},
        use_toasts,
    },
    page::use_title,
    pages::invite::download,
    routes::Page,
    session::{Session, use_session},
    shared::Shared,
    when::when,
};

/// What the file chooser offers first.
const ACCEPT: &str = ".csv,.tsv,.txt,text/csv,text/tab-separated-values,text/plain";

/// What comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Accounts.
    Users,
    /// Courses and programs.
    Courses,
}

impl What {
    /// Where its page is.
    pub fn href(self) -> String {
        let word = match self {
            Self::Users => "users",
            Self::Courses => "courses",
        };
        Page::Manage(format!("upload/{word}")).href()
    }

    /// What the rest of an address names.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "users" => Some(Self::Users),
            "courses" => Some(Self::Courses),
            _ => None,
        }
    }

    fn template(self) -> &'static Template {
        match self {
            Self::Users => &USERS,
            Self::Courses => &ITEMS,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Users => "Upload users",
            Self::Courses => "Upload courses",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Users => {
                "Each row becomes an account without a password, and nothing is mailed: the \
                 person gets in by Forgot password? Whoever has an account stays as they are."
            }
            Self::Courses => {
                "Each row becomes a course or a program: of the tenant whose address it names, \
                 or shared by all. A program lists the keys of its courses, separated by |. \
                 What is there already stays as it is."
            }
        }
    }
}

/// The page's state. Cheap to copy.
#[derive(Clone, Copy)]
struct Desk {
    what: What,
    session: Session,
    toasts: ToastStore,
    list: List,
    grid: GridHandle,
    /// The file's name.
    name: RwSignal<String>,
    /// Why a file was not read, or rows were not sent.
    refused: RwSignal<Option<String>>,
    /// What of a file was left out.
    note: RwSignal<Option<String>>,
    /// How far the sending is; none: nothing is on its way.
    sent: RwSignal<Option<Sent>>,
    /// What became of the rows that were sent last.
    done: Shared<Option<Outcomes>>,
}

impl Desk {
    fn busy(self) -> bool {
        self.sent.get_untracked().is_some()
    }

    fn read(self, file: web_sys::File) {
        // What comes back is about the rows that were sent.
        if self.busy() {
            return;
        }
        if file.size() > BYTES_MAX as f64 {
            self.refused.set(Some(Refusal::TooManyBytes.to_string()));
            return;
        }
        spawn_local(async move {
            let name = file.name();
            match JsFuture::from(file.array_buffer()).await {
                Ok(buffer) => self.open(name, &js_sys::Uint8Array::new(&buffer).to_vec()),
                Err(_) => {
                    self.refused.try_set(Some(
                        "The browser could not read the file. Choose it again.".to_owned(),
                    ));
                }
            }
        });
    }

    fn open(self, name: String, bytes: &[u8]) {
        match Table::read(self.what.template(), bytes) {
            Ok(read) => {
                let dropped = (!read.dropped.is_empty()).then(|| {
                    let names = read.dropped.join(", ");
                    format!("Left out, since no column has these names: {names}.")
                });
                self.put(name, read.table);
                self.note.try_set(dropped);
            }
            Err(why) => {
                self.refused.try_set(Some(why));
            }
        }
    }

    /// Another list stands here, or none.
    fn put(self, name: String, table: Table) {
        // The page may be gone.
        if self.name.try_set(name).is_some() {
            return;
        }
        self.refused.set(None);
        self.note.set(None);
        self.done.set(None);
        self.list.put(table);
        self.grid.reset();
    }

    fn start_empty(self) {
        let mut table = Table::new(self.what.template());
        table.insert_row(0);
        self.put("New list".to_owned(), table);
        self.grid.focus();
    }

    fn save(self, name: &str, text: &[u8]) {
        if !download(name, text) {
            self.toasts
                .error("The browser did not save the file. Allow downloads for this page.");
        }
    }

    fn edit(self, edit: GridEdit) {
        self.grid.apply(edit);
        self.grid.focus();
    }
}

/// The page.
#[component]
pub fn UploadPage(
    /// What comes in.
    what: What,
) -> impl IntoView {
    use_title(move || what.title().to_owned());
    let desk = Desk {
        what,
        session: use_session(),
        toasts: use_toasts(),
        list: List::new(what.template()),
        grid: GridHandle::new(),
        name: RwSignal::new(String::new()),
        refused: RwSignal::new(None),
        note: RwSignal::new(None),
        sent: RwSignal::new(None),
        done: Shared::new(None),
    };
    desk.session.hold(desk.list.some().into());
    page_paste(desk);
    let on_file = UnsyncCallback::new(move |file| desk.read(file));
    let actions = move || {
        let template = move |_| {
            let template = what.template();
            desk.save(template.file_name, template.csv().as_bytes());
        };
        view! {
            <Button icon=IconName::Download on:click=template>
                "Download CSV Template"
            </Button>
            <FileButton accept=ACCEPT on_file icon=IconName::Upload>
                "Upload CSV"
            </FileButton>
        }
    };
    let said = move |tone: Tone, text: RwSignal<Option<String>>| {
        move || {
            text.get()
                .map(|text| view! { <Notice tone>{text}</Notice> })
        }
    };
    let some = desk.list.some();
    let on_save = Callback::new(move |()| {
        let done = desk.done.read_untracked();
        if let Some(done) = &*done {
            desk.save("beckon-outcomes.csv", &done.to_csv(what.template()));
        }
    });
    view! {
        <DropZone on_file>
            <div class="page">
                <PageHead title=what.title() actions>
                    {what.about()}
                </PageHead>
                <div>
                    <div role="alert">{said(Tone::Bad, desk.refused)}</div>
                    <div role="status">{said(Tone::Warn, desk.note)}</div>
                </div>
                <OutcomeCard outcomes=desk.done on_save/>
                {when(move || !some.get(), move || view::start(desk))}
                {when(move || some.get(), move || view::review(desk))}
            </div>
            {when(move || some.get(), move || view::footer(desk))}
        </DropZone>
    }
}

/// Pasting a list while there is none.
fn page_paste(desk: Desk) {
    let paste = window_event_listener(ev::paste, move |event| {
        let typing = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .is_some_and(|element| matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA"));
        if typing || desk.busy() || desk.list.some().get_untracked() {
            return;
        }
        let text = event
            .clipboard_data()
            .and_then(|data| data.get_data("text/plain").ok())
            .filter(|text| !text.trim().is_empty());
        if let Some(text) = text {
            desk.open("Pasted rows".to_owned(), text.as_bytes());
            event.prevent_default();
        }
    });
    on_cleanup(move || paste.remove());
}
