//! A list that a lost page left behind, built again from its journal.

use std::rc::Rc;

use app::{
    bulk::{
        journal::{self, Entry},
        operation::Operation,
        sheet::Sheet,
    },
    domain::id::UserId,
};
use js_sys::{Date, Uint8Array};
use leptos::{prelude::*, task::spawn_local, web_sys};
use wasm_bindgen::JsCast;

use super::{
    super::{
        book::Document,
        desk::Desk,
        kept::Kept,
        reading::{self, FileFacts, Manner},
    },
    Head, Journal, State, claim, give_back, scope, store,
};
use crate::components::{ToastStore, grid::Place};

/// How long a list that nobody came back to is kept, in milliseconds.
const KEPT_MS: f64 = 14.0 * 86_400_000.0;

/// A list that was left behind.
struct Found {
    journal: Rc<Journal>,
    head: Head,
}

/// Puts the list on the empty desk that a lost page left behind, if there is one.
pub fn restore(desk: Desk, user: UserId) {
    spawn_local(async move {
        // The page may be gone before this part of the program came.
        let Some(slug) = desk.slug.try_get_value() else {
            return;
        };
        // What cannot be looked through is no reason not to look for the newest.
        _ = forget_old().await;
        let Some(found) = newest(&scope(user, &slug), desk.toasts).await else {
            return;
        };
        let Some((mut document, file, whole)) = build(desk, &found).await else {
            found.journal.leave();
            return;
        };
        let prefix = &found.journal.prefix;
        let attempt = text(&format!("{prefix}a"))
            .await
            .and_then(|words| app::json::read(&words).ok());
        let place = text(&format!("{prefix}p")).await.unwrap_or_default();
        let mut place = place.split(' ').map(|n| n.parse::<usize>().unwrap_or(0));
        let at = Place::new(place.next().unwrap_or(0), place.next().unwrap_or(0));
        let check_on = place.next() != Some(0);
        // Nothing is waited for from here on: what is free stays free.
        let free = desk.is_there()
            && !desk.open.get_untracked()
            && desk.reading.read_untracked().is_none();
        if !free {
            found.journal.leave();
            return;
        }
        document.journal = Some(found.journal.clone());
        desk.restore(Kept::found(slug, user, document, file, attempt, check_on));
        desk.toasts.info(if whole {
            format!("“{}” is here again, as you left it.", found.head.name)
        } else {
            format!(
                "“{}” is here again. What was changed last could not be read and is lost.",
                found.head.name
            )
        });
        request_animation_frame(move || {
            if desk.is_there() {
                desk.grid.jump(at);
            }
        });
    });
}

async fn text(name: &str) -> Option<String> {
    store::value(name).await?.as_string()
}

/// What the names of each list that is kept begin with: of one person and tenant, or of
/// all who use this browser. The oldest first.
async fn lists_of(scope: &str) -> Option<Vec<String>> {
    let mut lists: Vec<String> = Vec::new();
    for name in store::names(scope).await? {
        let end = name.rfind('|')? + 1;
        if lists.last().is_none_or(|last| *last != name[..end]) {
            lists.push(name[..end].to_owned());
        }
    }
    Some(lists)
}

/// Forgets what nobody has changed for 14 days, whosever it is.
async fn forget_old() -> Option<()> {
    for prefix in lists_of("").await? {
        // `user|tenant|when-mark|`
        let begun = prefix.rsplit('|').nth(1)?.get(..15)?.parse().ok();
        let changed = store::value(&format!("{prefix}t")).await?.as_f64();
        let last = changed.or(begun).unwrap_or(0.0);
        if Date::now() - last < KEPT_MS {
            continue;
        }
        // Another tab may have it open since then.
        if let Some(release) = claim(&prefix).await {
            store::remove(&prefix).await?;
            give_back(release.as_ref());
        }
    }
    Some(())
}

/// The newest list that nobody works on.
async fn newest(scope: &str, toasts: ToastStore) -> Option<Found> {
    for prefix in lists_of(scope).await?.into_iter().rev() {
        // Another tab works on it.
        let Some(release) = claim(&prefix).await else {
            continue;
        };
        let replaced = store::value(&format!("{prefix}r")).await;
        let head = text(&format!("{prefix}h"))
            .await
            .and_then(|words| app::json::read::<Head>(&words).ok());
        let worth = replaced.is_none_or(|replaced| replaced.as_bool() != Some(true));
        // With the journal what it holds is forgotten, and the lock given back.
        let journal = Journal::at(
            prefix,
            toasts,
            State {
                release,
                started: true,
                ..State::default()
            },
        );
        if let Some(head) = head.filter(|_| worth) {
            return Some(Found { journal, head });
        }
    }
    None
}

/// Builds the list again; whether all of it could be.
async fn build(desk: Desk, found: &Found) -> Option<(Document, Option<FileFacts>, bool)> {
    let Found { journal, head } = found;
    let prefix = &journal.prefix;
    let bytes = store::value(&format!("{prefix}f")).await?;
    let parts = store::values(&format!("{prefix}o")).await?;
    journal.state.borrow_mut().next = parts.length();
    let pasted = bytes.as_string();
    let mut blob = None;
    let (sheet, file) = if let Some(text) = &pasted {
        let (sheet, facts) = reading::read_pasted(text).ok()?;
        (sheet, Some(facts))
    } else if let Ok(file) = bytes.dyn_into::<web_sys::Blob>() {
        let manner = Manner::of_words(head.manner.each_ref().map(String::as_str));
        let (sheet, facts) = reading::read_again(&head.name, &file, manner).await?;
        blob = Some(file);
        (sheet, Some(facts))
    } else {
        let mut sheet = Sheet::empty();
        sheet.apply(Operation::insert_blank_rows(0, 1));
        (sheet, None)
    };
    if !desk.is_there() {
        return None;
    }
    let source = sheet.source();
    let same = (head.version, head.rows, head.bytes)
        == (journal::VERSION, source.rows(), source.bytes().len() as u64);
    let mut document = desk.document(sheet);
    document.bytes = blob;
    if pasted.is_some() {
        document.clean = None;
    }
    let (entries, whole) = entries_of(&parts, same);
    document.replay(entries);
    Some((document, file, whole))
}

/// What can be read of the parts, and whether that is all.
fn entries_of(parts: &js_sys::Array, same: bool) -> (Vec<Entry>, bool) {
    let mut entries = Vec::new();
    if !same {
        return (entries, parts.length() == 0);
    }
    for part in parts.iter() {
        let part = part.dyn_into::<Uint8Array>().ok();
        match part.and_then(|part| journal::read(&part.to_vec())) {
            Some(more) => entries.extend(more),
            None => return (entries, false),
        }
    }
    (entries, true)
}
