//! The run of a submit: begin, hashed chunks of rows with a few on their way at once,
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
    bulk::operation::RowId,
    domain::import::{ImportState, SubmitMode},
};
use leptos::{prelude::*, task::spawn_local};
use serde::de::DeserializeOwned;

use self::chunks::hash;
use super::{
    super::{
        browser::{self, sleep},
        desk::Desk,
        results::show,
    },
    Attempt, Order, Phase, Progress, fail,
};
use crate::text::failure;

/// Outcomes of one call.
const OUTCOMES_PAGE: u32 = 10_000;
/// Between two questions how far the job is, in milliseconds.
const POLL: i32 = 700;
/// The longest wait between two tries, in milliseconds.
const WAIT_MAX: i32 = 15_000;

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

/// Runs a submit to its end, and shows what became of the rows.
pub fn run(desk: Desk, order: Order) {
    let Order {
        rows,
        admins,
        run,
        mode,
    } = order;
    spawn_local(async move {
        let submit = Submit {
            desk,
            rows,
            admins,
            run,
            begun: Cell::new(false),
        };
        let result = submit.run(mode).await;
        if !submit.is_wanted() {
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

    /// Nobody cancelled it, and its page is there.
    fn is_wanted(&self) -> bool {
        self.desk.is_there() && self.desk.runs.get_value() == self.run
    }

    fn going(&self) -> Result<(), Stop> {
        if self.is_wanted() {
            Ok(())
        } else {
            Err(Stop::Cancelled)
        }
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
