//! Submitting: begin, hashed chunks of rows with a few on their way at once,
//! commit, and what became of each row. A lost connection is waited out and the
//! submit goes on where it was; nothing is sent twice under two keys.

mod chunks;

use std::{cell::Cell, pin::Pin};

use app::{
    api::{
        ApiError,
        client::{self, Call, Request},
        imports::{
            BeginImport, ImportRef, ImportStatus, ImportsBegin, ImportsCommit, ImportsOutcomes,
            ImportsStatus, OutcomesRequest, RowResult,
        },
    },
    bulk::{mapping::Field, operation::RowId},
    domain::{
        import::{ImportState, SubmitMode},
        role::Role,
    },
};
use leptos::{prelude::*, task::spawn_local};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    book::Document,
    browser::{self, mark, sleep},
    desk::Desk,
    results::show,
};
use crate::text::failure;
use chunks::hash;

/// Outcomes of one call.
const OUTCOMES_PAGE: u32 = 10_000;
/// Between two questions how far the job is, in milliseconds.
const POLL: i32 = 700;
/// The longest wait between two tries, in milliseconds.
const WAIT_MAX: i32 = 15_000;

/// What the submit is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Hashing the rows.
    Preparing,
    /// Sending chunks.
    Sending,
    /// The server creates invitations.
    Working,
    /// Reading what became of the rows.
    Reading,
}

impl Phase {
    /// The bar's name.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Preparing => "Preparing the rows",
            Self::Sending => "Sending the rows",
            Self::Working => "Making the invitations",
            Self::Reading => "Reading what became of each row",
        }
    }

    /// Until the commit nothing has been created, so it can be cancelled.
    pub const fn can_cancel(self) -> bool {
        matches!(self, Self::Preparing | Self::Sending)
    }
}

/// How far a submit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// Rows done in this phase.
    pub done: u32,
    /// Rows in all.
    pub total: u32,
    /// Why it waits; empty while it does not.
    pub waiting: String,
}

/// Why a submit ended early.
enum Stop {
    /// The person cancelled, or left the page.
    Cancelled,
    /// It did not come through; the same attempt may be repeated.
    Failed(String),
    /// The server refused these rows under this key.
    Refused(String),
}

impl From<ApiError> for Stop {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Conflict { .. }
            | ApiError::Invalid { .. }
            | ApiError::TooLarge { .. }
            | ApiError::BadRequest { .. } => Self::Refused(failure(&error)),
            other => Self::Failed(failure(&other)),
        }
    }
}

/// What a call of a submit gives, boxed: one type for all calls with the same answer.
type Coming<'a, T> = Pin<Box<dyn Future<Output = Result<T, Stop>> + 'a>>;

/// The key of an attempt, kept until the content changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    content: String,
    key: String,
}

/// Rows that would be sent, and how many of them make administrators.
pub fn ready_rows(document: &Document) -> (Vec<RowId>, usize) {
    let Document { sheet, checker, .. } = document;
    let map = sheet.field_map();
    let mut admins = 0;
    let rows = sheet
        .row_ids()
        .iter()
        .copied()
        .filter(|row| !checker.has_error(*row))
        .inspect(|row| {
            let role = sheet.field(*row, Field::Role, &map);
            admins += usize::from(Role::parse(role.trim_matches(' ')) == Some(Role::Admin));
        })
        .collect();
    (rows, admins)
}

/// What a submit that did not come through tells the person.
fn fail(desk: Desk, sentence: &str, begun: bool) {
    desk.refused.set(Some(if begun {
        // The server may have done it, or may still be at it.
        format!(
            "It is not known yet what became of the rows. {sentence} Submit again to find out: nobody is invited twice."
        )
    } else {
        format!("The rows were not submitted. {sentence} They are all still here.")
    }));
}

/// Submits the rows that are ready. A second call while one runs does nothing.
pub fn submit(desk: Desk, mode: SubmitMode) {
    if desk.submitting.read_untracked().is_some() {
        return;
    }
    mark("beckon:submit-clicked");
    browser::clear_marks(&["beckon:outcomes-shown"]);
    desk.grid.commit();
    let (rows, admins) = ready_rows(&desk.book().document());
    if rows.is_empty() {
        return;
    }
    desk.book().lock(true);
    desk.refused.set(None);
    desk.summary.set(None);
    desk.submitting.set(Some(Progress {
        phase: Phase::Preparing,
        done: 0,
        total: rows.len() as u32,
        waiting: String::new(),
    }));
    desk.runs.update_value(|runs| *runs += 1);
    let run = desk.runs.get_value();
    spawn_local(async move {
        let submit = Submit {
            desk,
            rows,
            admins: admins as u32,
            run,
            begun: Cell::new(false),
        };
        let result = submit.run(mode).await;
        if !desk.is_there() || desk.runs.get_value() != run {
            return;
        }
        desk.submitting.set(None);
        desk.book().lock(false);
        match result {
            Ok((status, results)) => show(desk, &status, results),
            Err(Stop::Cancelled) => {}
            Err(Stop::Failed(sentence)) => fail(desk, &sentence, submit.begun.get()),
            Err(Stop::Refused(sentence)) => {
                desk.attempt.set_value(None);
                fail(desk, &sentence, false);
            }
        }
        desk.refresh();
    });
}

/// Stops a submit before its commit.
pub fn cancel(desk: Desk) {
    let progress = desk.submitting.read_untracked();
    if (*progress)
        .as_ref()
        .is_some_and(|progress| progress.phase.can_cancel())
    {
        desk.runs.update_value(|runs| *runs += 1);
        desk.submitting.set(None);
        desk.book().lock(false);
        desk.grid
            .announce("The submit was cancelled. Nobody was invited.");
    }
}

struct Submit {
    desk: Desk,
    rows: Vec<RowId>,
    /// How many of them make administrators, as the person confirmed.
    admins: u32,
    /// Which attempt this is; a later one, or a cancel, ends it.
    run: u64,
    /// The commit was asked for: from here on people may have been invited.
    begun: Cell<bool>,
}

impl Submit {
    async fn run(&self, mode: SubmitMode) -> Result<(ImportStatus, Vec<RowResult>), Stop> {
        let desk = self.desk;
        let chunks = self.cut().await?;
        let hashes: String = chunks.iter().map(|chunk| chunk.hash.as_str()).collect();
        let content_hash = hash(hashes.as_bytes()).await?;
        let metadata_columns: Vec<String> = desk
            .book()
            .document()
            .sheet
            .metadata_columns()
            .map(|column| column.name.clone())
            .collect();
        let content = format!("{content_hash} {}", metadata_columns.join("\n"));
        let idempotency_key = self.key(&content, mode)?;
        // Whoever comes back after a crash submits under the same key.
        if let Some((journal, attempt)) = desk.journal_now().zip(desk.attempt.get_value()) {
            journal.keep_attempt(&attempt).await;
            self.going()?;
        }
        let begin = BeginImport {
            tenant: desk.slug.get_value(),
            idempotency_key,
            admins: self.admins,
            file_name: desk
                .file
                .read_untracked()
                .as_ref()
                .as_ref()
                .map_or_else(|| "Typed in".to_owned(), |file| file.name.clone()),
            rows: self.rows.len() as u32,
            metadata_columns,
            content_hash,
            mode,
        };
        let status = self.call(ImportsBegin { input: begin }).await?;
        let import = ImportRef {
            tenant: desk.slug.get_value(),
            import: status.import,
        };
        let mut status = if status.state == ImportState::Receiving {
            self.send(&import, chunks, &status.received_chunks).await?;
            self.phase(Phase::Working, 0)?;
            self.begun.set(true);
            self.call(ImportsCommit {
                input: import.clone(),
            })
            .await?
        } else {
            self.begun.set(true);
            status
        };
        while !matches!(status.state, ImportState::Done | ImportState::Rejected) {
            match status.state {
                ImportState::Failed => return Err(Stop::Failed(status.failure)),
                ImportState::Undoing | ImportState::Undone => {
                    return Err(Stop::Refused(
                        "This very list was submitted before, and that was undone.".to_owned(),
                    ));
                }
                _ => {}
            }
            self.phase(Phase::Working, status.processed)?;
            sleep(POLL).await;
            status = self
                .call(ImportsStatus {
                    input: import.clone(),
                })
                .await?;
        }
        let results = self.outcomes(&import).await?;
        Ok((status, results))
    }

    /// The key of these rows: the one of an earlier try with the same content, or a new one.
    fn key(&self, content: &str, mode: SubmitMode) -> Result<String, Stop> {
        let mode = match mode {
            SubmitMode::AllOrNothing => "all",
            SubmitMode::ValidNow => "valid",
        };
        let content = format!("{content} {mode}");
        let kept = self
            .desk
            .attempt
            .get_value()
            .filter(|attempt| attempt.content == content);
        if let Some(attempt) = kept {
            return Ok(attempt.key);
        }
        let key = browser::random_key().ok_or_else(|| {
            Stop::Failed("The browser has no source of random numbers.".to_owned())
        })?;
        self.desk.attempt.set_value(Some(Attempt {
            content,
            key: key.clone(),
        }));
        Ok(key)
    }

    async fn outcomes(&self, import: &ImportRef) -> Result<Vec<RowResult>, Stop> {
        let total = self.rows.len() as u32;
        let mut results = Vec::with_capacity(self.rows.len());
        while (results.len() as u32) < total {
            let from = results.len() as u32;
            self.phase(Phase::Reading, from)?;
            let request = OutcomesRequest {
                tenant: import.tenant.clone(),
                import: import.import,
                from,
                limit: OUTCOMES_PAGE,
            };
            let page = self.call(ImportsOutcomes { input: request }).await?;
            if page.is_empty() {
                break;
            }
            results.extend(page);
        }
        Ok(results)
    }

    fn going(&self) -> Result<(), Stop> {
        let going = self.desk.is_there() && self.desk.runs.get_value() == self.run;
        if going { Ok(()) } else { Err(Stop::Cancelled) }
    }

    fn phase(&self, phase: Phase, done: u32) -> Result<(), Stop> {
        self.going()?;
        self.desk.submitting.set(Some(Progress {
            phase,
            done,
            total: self.rows.len() as u32,
            waiting: String::new(),
        }));
        Ok(())
    }

    fn say_waiting(&self, words: &str) {
        if let Some(progress) = &*self.desk.submitting.read_untracked() {
            self.desk.submitting.set(Some(Progress {
                waiting: words.to_owned(),
                ..progress.clone()
            }));
        }
    }

    fn call<C: Call>(&self, call: C) -> Coming<'_, C::Answer> {
        fn read<T: DeserializeOwned>(text: Coming<'_, String>) -> Coming<'_, T> {
            Box::pin(async move { Ok(client::read(&text.await?)?) })
        }
        read(Box::pin(self.patiently(Request::of(&call))))
    }

    /// Calls until there is an answer: what passes by itself is waited out.
    async fn patiently(&self, request: Request) -> Result<String, Stop> {
        let mut tries = 0;
        loop {
            let answer = self.desk.session.send(request.clone()).await;
            self.going()?;
            let Some((words, wait)) = answer
                .as_ref()
                .err()
                .and_then(|error| patience(error, tries))
            else {
                if tries > 0 {
                    self.say_waiting("");
                }
                return Ok(answer?);
            };
            tries += 1;
            self.say_waiting(&words);
            sleep(wait).await;
            self.going()?;
        }
    }
}

/// What is said while waiting for an error to pass, and for how long, in milliseconds;
/// `None` where waiting does not help.
fn patience(error: &ApiError, tries: u32) -> Option<(String, i32)> {
    let back_off = (500 << tries.min(5)).min(WAIT_MAX);
    match error {
        ApiError::Offline { .. } => Some(("Connection lost. Trying again…".to_owned(), back_off)),
        ApiError::Unavailable => Some(("The server is busy. Trying again…".to_owned(), back_off)),
        ApiError::TooMany { retry_after } if *retry_after <= 120 => Some((
            format!("The server asks for a pause. Going on in {retry_after} seconds…"),
            (*retry_after).max(1) as i32 * 1000,
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_passes_is_waited_for() {
        let offline = ApiError::Offline {
            message: String::new(),
        };
        assert_eq!(patience(&offline, 0).map(|(_, wait)| wait), Some(500));
        assert_eq!(patience(&offline, 3).map(|(_, wait)| wait), Some(4_000));
        assert_eq!(patience(&offline, 40).map(|(_, wait)| wait), Some(WAIT_MAX));
        let pause = ApiError::TooMany { retry_after: 7 };
        assert_eq!(patience(&pause, 0).map(|(_, wait)| wait), Some(7_000));
        assert!(patience(&ApiError::NotFound, 0).is_none());
        assert!(patience(&ApiError::TooMany { retry_after: 3600 }, 0).is_none());
    }
}
