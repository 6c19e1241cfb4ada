//! The state of the Invite page: one value that is cheap to copy, with what can be
//! done on it. The sheet lives in the [`Book`], outside of the reactive graph.

use std::rc::Rc;

use app::{
    api::tenants::TenantOverview,
    bulk::{
        check::Checker,
        operation::{Column, ColumnId, Operation},
        rules::RuleContext,
        sheet::Sheet,
    },
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    book::{Book, Change, Document, Facts, Filter},
    browser::{after_paint, breathe, mark},
    journal::{Journal, Origin},
    kept::Kept,
    reading::FileFacts,
    results::Summary,
    submit::{Attempt, Progress},
};
use crate::{
    components::{
        ToastStore, format_number,
        grid::{GridEdit, GridHandle, GridRequest, GridSource, Place, Selection},
        use_toasts,
    },
    session::Session,
    shared::Shared,
    tenant::Tenant,
    text::count_of,
};

/// Rows that are checked between two breaths; well under 50 ms.
const CHECK_STEP: usize = 8_000;

/// How far reading a file has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The file's name.
    pub name: String,
    /// From 0 to 1.
    pub share: f64,
    /// Rows so far.
    pub rows: usize,
}

/// Where the check against the server stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RemoteCheck {
    /// Nothing to ask.
    #[default]
    Idle,
    /// Questions are on their way.
    Asking,
    /// Everything was asked.
    Done,
    /// It stopped; the sentence says why.
    Stopped(String),
}

/// A list that gave way to another, and may come back.
struct Earlier {
    document: Document,
    file: Option<FileFacts>,
    open: bool,
    /// The other list stands: only the person's *Undo* brings this one back.
    settled: bool,
}

/// Everything on the page. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Desk {
    /// The tenant's slug.
    pub slug: StoredValue<String>,
    /// What the rules need to know of the tenant.
    pub context: StoredValue<RuleContext>,
    /// Calls go through it.
    pub session: Session,
    /// The hold on the grid.
    pub grid: GridHandle,
    /// The sheet and its problems.
    pub book: StoredValue<Rc<Book>, LocalStorage>,
    /// The book as the grid takes it.
    pub source: StoredValue<Rc<dyn GridSource>, LocalStorage>,
    /// A sheet is open.
    pub open: RwSignal<bool>,
    /// What the page shows of the sheet.
    pub facts: Shared<Facts>,
    /// The file that was read; none for a sheet that began empty.
    pub file: Shared<Option<FileFacts>>,
    /// A file is being read.
    pub reading: Shared<Option<Reading>>,
    /// Why a file could not be read.
    pub refused: RwSignal<Option<String>>,
    /// Where the person is.
    pub place: Shared<Selection>,
    /// What the grid asks the page for.
    pub request: Shared<Option<GridRequest>>,
    /// The dialog that maps columns is open.
    pub mapping: RwSignal<bool>,
    /// The dialog about how the file is read is open.
    pub options: RwSignal<bool>,
    /// The dialog that cures problems is open.
    pub fixing: RwSignal<bool>,
    /// The column that it was opened for.
    pub mapped: StoredValue<Option<ColumnId>>,
    /// Short messages.
    pub toasts: ToastStore,
    /// Ask the server about addresses and keys.
    pub check_on: RwSignal<bool>,
    /// Where that stands.
    pub remote: Shared<RemoteCheck>,
    /// A submit is under way.
    pub submitting: Shared<Option<Progress>>,
    /// What became of the last submit.
    pub summary: Shared<Option<Summary>>,
    /// The key of the last submit that did not come through.
    pub attempt: StoredValue<Option<Attempt>>,
    /// Grows with every submit and its cancel: older ones stop.
    pub runs: StoredValue<u64>,
    /// Grows with every file and cancel: older readers stop.
    pub turn: StoredValue<u64>,
    /// A checking loop is running.
    pumping: StoredValue<bool>,
    /// The list before this one.
    earlier: StoredValue<Option<Earlier>, LocalStorage>,
    /// Once every row is checked, it is to be said how the list is.
    arriving: StoredValue<bool>,
    /// When it was last said that rows cannot be changed.
    refusal_at: StoredValue<f64>,
}

impl Desk {
    /// A desk with nothing on it.
    pub fn new(tenant: &Tenant, session: Session, overview: &TenantOverview) -> Self {
        let book = Book::new();
        let source: Rc<dyn GridSource> = book.clone();
        let desk = Self {
            slug: StoredValue::new(tenant.slug.clone()),
            context: StoredValue::new(RuleContext {
                today: overview.today,
                max_role: overview.role_ceiling,
            }),
            session,
            grid: GridHandle::new(),
            book: StoredValue::new_local(book.clone()),
            source: StoredValue::new_local(source),
            open: RwSignal::new(false),
            facts: Shared::new(Facts::default()),
            file: Shared::new(None),
            reading: Shared::new(None),
            refused: RwSignal::new(None),
            place: Shared::new(Selection::default()),
            request: Shared::new(None),
            mapping: RwSignal::new(false),
            options: RwSignal::new(false),
            fixing: RwSignal::new(false),
            mapped: StoredValue::new(None),
            toasts: use_toasts(),
            check_on: RwSignal::new(true),
            remote: Shared::new(RemoteCheck::Idle),
            submitting: Shared::new(None),
            summary: Shared::new(None),
            attempt: StoredValue::new(None),
            runs: StoredValue::new(0),
            turn: StoredValue::new(0),
            pumping: StoredValue::new(false),
            earlier: StoredValue::new_local(None),
            arriving: StoredValue::new(false),
            refusal_at: StoredValue::new(f64::MIN),
        };
        book.on_change(move || desk.changed());
        desk
    }

    /// The book.
    pub fn book(self) -> Rc<Book> {
        self.book.get_value()
    }

    /// A list that was not looked at yet.
    pub fn document(self, sheet: Sheet) -> Document {
        Document::new(sheet, Checker::new(self.context.get_value()))
    }

    /// A journal for a list that comes; none where nobody is signed in.
    pub fn journal(self) -> Option<Rc<Journal>> {
        let user = untrack(|| self.session.me())?.id;
        Some(Journal::new(user, &self.slug.get_value(), self.toasts))
    }

    /// The journal of the list on the desk.
    pub fn journal_now(self) -> Option<Rc<Journal>> {
        self.book().document().journal.clone()
    }

    /// From now on the list on the desk is written down.
    pub fn begin_journal(self, origin: Origin, name: &str) {
        if let Some(journal) = self.journal_now() {
            let manner = (*self.file.read_untracked())
                .as_ref()
                .map(|file| file.manner)
                .unwrap_or_default();
            journal.start(origin, name, manner, &self.book().document().sheet);
        }
    }

    /// Where the person is has changed, or whether the server is asked.
    pub fn keep_place(self) {
        if let Some(journal) = self.journal_now() {
            let place = self.place.read_untracked().active;
            journal.keep_place(place, self.check_on.get_untracked());
        }
    }

    /// True while there is a page to work on; its owner may be gone while a call waits.
    pub fn is_there(self) -> bool {
        self.turn.try_get_value().is_some()
    }

    /// Takes the facts anew and goes on checking what is left.
    pub fn changed(self) {
        let facts = self.book().facts();
        let left = facts.checked < facts.rows;
        let told = (facts.rows, facts.problems);
        self.facts.set(facts);
        if left {
            self.pump();
        } else if self.arriving.get_value() && self.reading.read_untracked().is_none() {
            self.arriving.set_value(false);
            after_paint(Box::new(move || {
                mark("beckon:validated");
                self.say_arrived(told);
            }));
        }
    }

    /// Says how a list is that has just come.
    fn say_arrived(self, (rows, problems): (usize, usize)) {
        if let Some(Some(file)) = self.file.try_read_untracked().as_deref() {
            self.grid.announce(&format!(
                "{}: {}, {} with problems.",
                file.name,
                count_of(rows as u64, "row", "rows"),
                format_number(problems as u64)
            ));
        }
    }

    /// Says it as soon as every row is checked.
    pub fn arrived(self) {
        self.arriving.set_value(true);
        self.refresh();
    }

    /// The same, and the grid draws again.
    pub fn refresh(self) {
        self.grid.refresh();
        self.changed();
    }

    /// Puts a list on the desk. The one that was there is set aside, unless an earlier one
    /// waits already for what becomes of the reading.
    pub fn put(self, document: Document) {
        let earlier = Earlier {
            document: self.book().replace(document),
            file: (*self.file.read_untracked()).clone(),
            open: self.open.get_untracked(),
            settled: false,
        };
        self.earlier.update_value(|slot| match slot {
            Some(waits) if !waits.settled => {}
            slot => *slot = Some(earlier),
        });
        self.summary.set(None);
        self.file.set(None);
        self.open.set(true);
        self.begin();
    }

    /// Another list stands on the desk.
    fn begin(self) {
        self.remote.set(RemoteCheck::Idle);
        self.place.set(Selection::default());
        self.grid.reset();
        self.changed();
    }

    /// The list on the desk stays. One that was worked on before can be called back.
    pub fn settle(self, name: &str) {
        let turn = self.turn.get_value();
        let worth = self.earlier.try_update_value(|slot| {
            slot.as_mut().is_some_and(|earlier| {
                earlier.settled = true;
                let worth = earlier.open && earlier.document.is_dirty();
                if let Some(journal) = earlier.document.journal.as_ref().filter(|_| worth) {
                    journal.set_replaced(true);
                }
                worth
            })
        });
        if worth != Some(true) {
            self.earlier.set_value(None);
            return;
        }
        self.toasts.undo(
            format!("The list was replaced by “{name}”."),
            Callback::new(move |()| {
                let free = self.is_there()
                    && self.turn.get_value() == turn
                    && !self.is_busy()
                    && self.reading.read_untracked().is_none();
                if free {
                    self.put_back();
                }
            }),
        );
    }

    /// Puts the list back that was there before a reading that stopped.
    pub fn stop(self) {
        let waits = self
            .earlier
            .try_with_value(|slot| slot.as_ref().is_some_and(|earlier| !earlier.settled));
        if waits == Some(true) {
            self.put_back();
        }
    }

    fn put_back(self) {
        if let Some(Some(earlier)) = self.earlier.try_update_value(Option::take) {
            if let Some(journal) = &earlier.document.journal {
                journal.set_replaced(false);
            }
            self.book().replace(earlier.document);
            self.file.set(earlier.file);
            self.open.set(earlier.open);
            self.begin();
        }
    }

    /// Puts a list back that was kept while its page was gone.
    pub fn restore(self, kept: Kept) {
        self.book().replace(kept.document);
        self.file.set(kept.file);
        self.attempt.set_value(kept.attempt);
        self.check_on.set(kept.check_on);
        self.open.set(true);
        self.begin();
    }

    /// Takes the list off a desk whose page goes; of one that is still being read, the list
    /// before it. `None` where there is none.
    pub fn take_away(self) -> Option<(Document, Option<FileFacts>)> {
        let waits = self.earlier.try_update_value(|slot| {
            let waits = slot.as_ref().is_some_and(|earlier| !earlier.settled);
            if waits { slot.take() } else { None }
        });
        if let Some(Some(earlier)) = waits {
            return earlier.open.then_some((earlier.document, earlier.file));
        }
        self.open.try_get_untracked().filter(|open| *open)?;
        let file = self.file.try_read_untracked()?;
        let book = self.book.try_get_value()?;
        self.context.try_get_value()?;
        let nothing = self.document(Sheet::empty());
        Some((book.replace(nothing), (*file).clone()))
    }

    /// Starts with the template's columns and one empty row.
    pub fn start_empty(self) {
        let mut sheet = Sheet::empty();
        let added = sheet.apply(Operation::insert_blank_rows(0, 1));
        let mut checker = Checker::new(self.context.get_value());
        checker.recheck(&sheet, &added);
        checker.advance(&sheet, usize::MAX);
        self.refused.set(None);
        let mut document = Document::new(sheet, checker);
        document.journal = self.journal();
        self.put(document);
        self.settle("New list");
        self.arrived();
        self.begin_journal(Origin::Nothing, "New list");
        self.focus_soon();
    }

    /// Gives the keyboard to the grid when it has been drawn.
    pub fn focus_soon(self) {
        request_animation_frame(move || {
            if self.is_there() {
                self.grid.jump(Place::default());
            }
        });
    }

    /// Clears the desk.
    pub fn close(self) {
        self.turn.update_value(|turn| *turn += 1);
        self.reading.set(None);
        self.earlier.set_value(None);
        self.open.set(false);
        self.file.set(None);
        self.summary.set(None);
        self.book().replace(self.document(Sheet::empty()));
        self.changed();
    }

    /// Whether the list's file can be read once more, in another manner; tracked.
    pub fn can_read_again(self) -> bool {
        self.file.read().is_some()
            && self.reading.read().is_none()
            && self.submitting.read().is_none()
            && self.facts.read().submitted == 0
            && self.book().document().bytes.is_some()
    }

    /// Rows are on their way.
    pub fn is_busy(self) -> bool {
        self.submitting
            .try_read_untracked()
            .is_some_and(|progress| progress.is_some())
    }

    /// Rows are on their way, and that can still be stopped.
    pub fn can_cancel(self) -> bool {
        let progress = self.submitting.read_untracked();
        (*progress)
            .as_ref()
            .is_some_and(|progress| progress.phase.can_cancel())
    }

    /// Says to everybody why rows cannot be changed; not at every key that is pressed.
    pub fn say_refused(self, why: &str) {
        let now = super::browser::now();
        if now - self.refusal_at.get_value() > 4_000.0 {
            self.refusal_at.set_value(now);
            self.toasts.info(why);
        }
    }

    /// Checks the rest of a long sheet, a step at a time.
    fn pump(self) {
        if self.pumping.get_value() || self.reading.read_untracked().is_some() {
            return;
        }
        self.pumping.set_value(true);
        spawn_local(async move {
            loop {
                breathe().await;
                if !self.is_there() {
                    return;
                }
                let done = self.book().with_mut(|document| {
                    document
                        .checker
                        .advance(&document.sheet, CHECK_STEP)
                        .is_complete()
                });
                self.facts.set(self.book().facts());
                if done {
                    break;
                }
            }
            self.pumping.set_value(false);
            self.refresh();
        });
    }

    /// Does something to the sheet as the grid would.
    pub fn edit(self, edit: GridEdit) {
        self.grid.apply(edit);
    }

    /// Does an operation and draws.
    pub fn operate(self, operation: Operation) {
        self.grid.commit();
        self.book().perform(Change::Do(operation));
        self.grid.refresh();
    }

    /// Shows only some rows, or all.
    pub fn filter(self, filter: Option<Filter>) {
        self.grid.commit();
        self.book().set_filter(filter);
        self.place.set(Selection::default());
        self.refresh();
    }

    /// Shows what was submitted of a list of which nothing is left.
    pub fn show_submitted(self) {
        self.book().set_filter(Some(Filter::Submitted));
        self.open.set(true);
        self.refresh();
        self.focus_soon();
    }

    /// Opens the dialog that maps columns, at one of them if that is wanted.
    pub fn map_columns(self, place: Option<usize>) {
        let column = place.and_then(|place| self.column_at(place));
        self.mapped.set_value(column.map(|(id, _)| id));
        self.mapping.set(true);
    }

    /// Goes to a row by its number, from 1.
    pub fn go_to(self, number: usize) {
        let row = self.book().show_row(number.saturating_sub(1));
        self.refresh();
        let column = self.place.read_untracked().active.column;
        self.grid.jump(Place::new(row, column));
    }

    /// The column at a place.
    pub fn column_at(self, place: usize) -> Option<(ColumnId, String)> {
        let book = self.book();
        let document = book.document();
        let column = document.sheet.columns().get(place)?;
        Some((column.id, column.name.clone()))
    }

    /// What a column says now; `None` where it was deleted.
    pub fn column<T>(self, id: ColumnId, tell: fn(&Column) -> T) -> Option<T> {
        let book = self.book();
        let document = book.document();
        document.sheet.column(id).map(tell)
    }
}
