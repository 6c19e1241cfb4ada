//! Submitting: which rows, once at a time, until it is done or cancelled. The run itself
//! is loaded after the grid.

pub mod run;

use app::{
    bulk::{mapping::Field, operation::RowId},
    domain::{import::SubmitMode, role::Role},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    book::Document,
    browser::{self, mark},
    desk::Desk,
};
use crate::chunks;

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

/// The key of an attempt, kept until the content changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    content: String,
    key: String,
}

/// What is to be submitted.
pub struct Order {
    /// The rows, in order.
    pub rows: Vec<RowId>,
    /// How many of them make administrators, as the person confirmed.
    pub admins: u32,
    /// Which attempt this is; a later one, or a cancel, ends it.
    pub run: u64,
    /// What happens to the others if a row fails.
    pub mode: SubmitMode,
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
    let order = Order {
        rows,
        admins: admins as u32,
        run,
        mode,
    };
    chunks::submit(desk, order, move || {
        if desk.is_there() && desk.runs.get_value() == run {
            desk.submitting.set(None);
            desk.book().lock(false);
            fail(desk, "A part of Beckon could not be loaded.", false);
        }
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
