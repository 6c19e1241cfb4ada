//! `/data-manager/upload/…`: accounts, or courses and programs, from a CSV. The file is read
//! here, corrected in the grid, and sent when it is right.

mod list;

use app::{
    api::{catalog::CatalogUpload, users::UsersUpload},
    bulk::{
        limits::BYTES_MAX,
        parse::Refusal,
        table::{ITEMS, ROWS_MAX, RowDone, Table, TableOutcome, Template, USERS},
    },
};
use leptos::{prelude::*, task::spawn_local, web_sys};
use wasm_bindgen_futures::JsFuture;

use self::list::List;
use crate::{
    components::{
        Button, ButtonKind, ButtonSize, DropZone, FileButton, IconName, Notice, PageHead,
        ToastStore, Tone, format_number,
        grid::{Area, Direction, Grid, GridEdit, GridHandle, GridRequest},
        use_toasts,
    },
    page::use_title,
    pages::invite::download,
    routes::Page,
    session::{Session, use_session},
    text::{count_of, failure},
    when::{flag, when},
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
    /// Why a file was not read.
    refused: RwSignal<Option<String>>,
    /// What of a file was left out.
    note: RwSignal<Option<String>>,
    busy: RwSignal<bool>,
    /// What became of the rows that were sent last.
    done: RwSignal<Option<Vec<RowDone>>>,
}

impl Desk {
    fn read(self, file: web_sys::File) {
        // What comes back is about the rows that were sent.
        if self.busy.get_untracked() {
            return;
        }
        if file.size() > BYTES_MAX as f64 {
            self.refused.set(Some(Refusal::TooManyBytes.to_string()));
            return;
        }
        self.refused.set(None);
        self.note.set(None);
        self.done.set(None);
        spawn_local(async move {
            let buffer = JsFuture::from(file.array_buffer()).await;
            let read = match buffer {
                Ok(buffer) => {
                    let bytes = js_sys::Uint8Array::new(&buffer).to_vec();
                    Table::read(self.what.template(), &bytes)
                }
                Err(_) => Err("The browser could not read the file. Choose it again.".to_owned()),
            };
            match read {
                Ok(read) => {
                    if !read.dropped.is_empty() {
                        let names = read.dropped.join(", ");
                        self.note.try_set(Some(format!(
                            "Left out, since no column has these names: {names}."
                        )));
                    }
                    self.list.put(read.table);
                    self.grid.reset();
                }
                Err(why) => {
                    self.refused.try_set(Some(why));
                }
            }
        });
    }

    fn send(self) {
        if self.busy.get_untracked() {
            return;
        }
        self.grid.commit();
        let rows = self.list.cells();
        self.list.lock(true);
        self.busy.set(true);
        self.refused.set(None);
        spawn_local(async move {
            let answer = match self.what {
                What::Users => self.session.call(UsersUpload { rows }).await,
                What::Courses => self.session.call(CatalogUpload { rows }).await,
            };
            self.list.lock(false);
            self.busy.try_set(false);
            match answer {
                Ok(done) => {
                    self.list.take(&done);
                    self.grid.reset();
                    self.note.try_set(None);
                    self.done.try_set(Some(done));
                }
                Err(error) => {
                    self.refused.try_set(Some(format!(
                        "{} The rows are still here; sending them again is safe.",
                        failure(&error)
                    )));
                }
            }
        });
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
        refused: RwSignal::new(None),
        note: RwSignal::new(None),
        busy: RwSignal::new(false),
        done: RwSignal::new(None),
    };
    desk.session.hold(desk.list.some().into());
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
            <FileButton accept=ACCEPT on_file kind=ButtonKind::Primary icon=IconName::Upload>
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
    view! {
        <PageHead title=what.title() actions>
            {what.about()}
        </PageHead>
        <DropZone on_file>
            <div role="alert">{said(Tone::Bad, desk.refused)}</div>
            <div class="stack" role="status">
                {said(Tone::Warn, desk.note)} {move || desk.done.get().map(|done| outcome(&done))}
            </div>
            {when(move || some.get(), move || review(desk))}
            {when(
                move || !some.get(),
                move || {
                    let names: Vec<&str> =
                        what.template().columns.iter().map(|column| column.name).collect();
                    view! {
                        <div class="card">
                            <p class="card__foot muted">
                                {format!(
                                    "Upload a CSV with the columns {}, or drop one here: up to {} rows. It stays in this browser until you submit it.",
                                    names.join(", "),
                                    format_number(ROWS_MAX as u64),
                                )}
                            </p>
                        </div>
                    }
                        .into_any()
                },
            )}
        </DropZone>
    }
}

fn review(desk: Desk) -> AnyView {
    let facts = desk.list.facts();
    let area = move || desk.grid.selection().area();
    let tool = move |words: &'static str, possible: Signal<bool>, run: fn(Desk, Area)| {
        view! {
            <Button
                kind=ButtonKind::Quiet
                size=ButtonSize::Small
                disabled=Signal::derive(move || desk.busy.get() || !possible.get())
                on:click=move |_| run(desk, area())
            >
                {words}
            </Button>
        }
        .into_any()
    };
    let always = Signal::derive(|| true);
    let problems = flag(move || facts.get().problems > 0);
    let words = move || {
        let facts = facts.get();
        if facts.problems == 0 {
            format!("{} ready.", count_of(facts.rows as u64, "row", "rows"))
        } else {
            format!(
                "{} with problems of {}: they are sent along and stay here.",
                format_number(facts.problems as u64),
                count_of(facts.rows as u64, "row", "rows")
            )
        }
    };
    let on_select = UnsyncCallback::new(|_| ());
    let on_request = UnsyncCallback::new(move |request| {
        if let GridRequest::Refused(why) = request {
            desk.toasts.error(why);
        }
    });
    view! {
        <div class="review">
            <div class="grid-frame">
                <div class="toolbar" role="toolbar" aria-label="Edit the rows">
                    {tool(
                        "Undo",
                        Signal::derive(move || facts.get().can_undo),
                        |desk, _| desk.edit(GridEdit::Undo),
                    )}
                    {tool(
                        "Redo",
                        Signal::derive(move || facts.get().can_redo),
                        |desk, _| desk.edit(GridEdit::Redo),
                    )}
                    {tool(
                        "Add row",
                        always,
                        |desk, area| desk.edit(GridEdit::InsertRow { at: area.last.row + 1 }),
                    )}
                    {tool(
                        "Delete row",
                        always,
                        |desk, area| desk.edit(GridEdit::DeleteRows { area }),
                    )}
                    {tool(
                        "Next problem",
                        problems.into(),
                        |desk, _| desk.grid.problem(Direction::Forward),
                    )}
                    {tool(
                        "Save as CSV",
                        always,
                        |desk, _| {
                            desk.save(desk.what.template().file_name, &desk.list.to_csv());
                        },
                    )}
                    <span class="toolbar__note">{words}</span>
                </div>
                <Grid
                    source=desk.list.source()
                    handle=desk.grid
                    label="Review"
                    on_select
                    on_request
                />
            </div>
        </div>
        <div class="cluster cluster--end">
            <Button kind=ButtonKind::Primary busy=desk.busy on:click=move |_| desk.send()>
                "Submit"
            </Button>
        </div>
    }
    .into_any()
}

/// What became of the rows, in numbers, and what differs.
fn outcome(done: &[RowDone]) -> AnyView {
    let count = |outcome| done.iter().filter(|one| one.outcome == outcome).count() as u64;
    let created = count(TableOutcome::Created);
    let exists = count(TableOutcome::Exists);
    let stay = done.len() as u64 - created - exists;
    let tone = if stay == 0 { Tone::Ok } else { Tone::Warn };
    let made = format!("{} made.", count_of(created, "row is", "rows are"));
    let there = (exists > 0).then(|| {
        format!(
            " {} there already and stayed unchanged.",
            count_of(exists, "is", "are")
        )
    });
    let left = (stay > 0).then(|| {
        format!(
            " {} with a problem: correct it and submit again.",
            count_of(stay, "row stays here", "rows stay here")
        )
    });
    let differs: Vec<String> = (1_u64..)
        .zip(done)
        .filter(|(_, one)| one.outcome == TableOutcome::Exists && !one.message.is_empty())
        .map(|(row, one)| format!("Row {}: {}", format_number(row), one.message))
        .take(50)
        .collect();
    let differs = (!differs.is_empty()).then(|| {
        let lines = differs
            .into_iter()
            .map(|line| view! { <li>{line}</li> })
            .collect_view();
        view! {
            <details>
                <summary>"What differs from the list"</summary>
                <ul>{lines}</ul>
            </details>
        }
    });
    view! {
        <Notice tone>
            {made} {there} {left} {differs}
        </Notice>
    }
    .into_any()
}
