//! The check against the server: distinct addresses and catalog keys, in batches,
//! a moment after the last change, and only while the switch is on.

pub mod ask;

use std::time::Duration;

use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};

use super::desk::{Desk, RemoteCheck};
use crate::{chunks, effects::effect};

/// How long to wait after the last change.
const PAUSE: Duration = Duration::from_millis(700);

/// Asks whenever the sheet has changed and rested for a moment.
pub fn follow(desk: Desk) {
    let timer = StoredValue::new(None::<TimeoutHandle>);
    effect(move || {
        let facts = desk.facts.read();
        let wanted = desk.check_on.get()
            && desk.open.get()
            && facts.rows > 0
            && facts.checked == facts.rows
            && desk.reading.read().is_none()
            && desk.submitting.read().is_none();
        if let Some(Some(handle)) = timer.try_update_value(Option::take) {
            handle.clear();
        }
        if wanted {
            let handle = set_timeout_with_handle(move || begin(desk), PAUSE).ok();
            timer.set_value(handle);
        }
    });
    // Without the check nothing of it stays.
    effect(move || {
        if !desk.check_on.get() {
            desk.remote.set(RemoteCheck::Idle);
            forget(desk);
        }
    });
    on_cleanup(move || {
        if let Some(Some(handle)) = timer.try_update_value(Option::take) {
            handle.clear();
        }
    });
}

/// Lifts what the server said.
fn forget(desk: Desk) {
    let said = desk.book().with_mut(|document| {
        let said = document.checker.has_answers();
        if said {
            document.checker.forget_answers();
        }
        said
    });
    if said {
        desk.refresh();
    }
}

/// Asks again: on where it stopped, or everything where it came to its end.
pub fn again(desk: Desk) {
    if matches!(*desk.remote.read_untracked(), RemoteCheck::Stopped(_)) {
        begin(desk);
    } else {
        // What changes with that is asked about in a moment.
        desk.remote.set(RemoteCheck::Idle);
        forget(desk);
    }
}

fn begin(desk: Desk) {
    chunks::ask_server(desk, move || {
        if desk.is_there() {
            desk.remote.set(RemoteCheck::Stopped(
                "A part of Beckon could not be loaded.".to_owned(),
            ));
        }
    });
}
