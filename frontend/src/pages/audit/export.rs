//! The record as a file: what the filter leaves, page by page.

use app::{
    api::{
        ApiError,
        audit::{AuditLine, AuditList, ListAudit},
    },
    bulk::{escape::file_name, export::spreadsheet_csv},
};
use js_sys::Date;
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsValue;

use super::record::Record;
use crate::{
    components::{format_number, use_toasts},
    pages::invite::download,
    text::failure,
};

/// Events of one call.
const PAGE: u32 = 500;
/// Events of one file, at most.
const MOST: usize = 100_000;

/// Saves what the filter leaves, the newest first; `busy` while it goes on.
pub fn save(record: Record, busy: RwSignal<bool>) {
    if busy.get_untracked() {
        return;
    }
    busy.set(true);
    let toasts = use_toasts();
    spawn_local(async move {
        let answer = all(record, busy).await;
        // Whoever left the page meanwhile wants no file.
        if busy.try_set(false).is_some() {
            return;
        }
        match answer {
            Ok((lines, more)) => {
                let count = lines.len() as u64;
                if !download(&file_name("audit", &record.slug()), &text(lines)) {
                    toasts.error("The browser refused the file: allow downloads for this page.");
                } else if more {
                    toasts.success(format!(
                        "The newest {} events are saved. Choose days for those before.",
                        format_number(count)
                    ));
                } else {
                    toasts.success(format!("{} events are saved.", format_number(count)));
                }
            }
            Err(error) => toasts.error(failure(&error)),
        }
    });
}

/// The events, and whether there are more.
async fn all(record: Record, busy: RwSignal<bool>) -> Result<(Vec<AuditLine>, bool), ApiError> {
    let (tenant, filter) = (record.slug(), record.filter());
    let mut lines = Vec::new();
    let mut after = None;
    loop {
        let input = ListAudit {
            tenant: tenant.clone(),
            filter: (*filter).clone(),
            after,
            limit: PAGE,
        };
        let page = record.session.call(AuditList { input }).await?;
        lines.extend(page.lines);
        after = page.next;
        let left = busy.try_get_untracked().is_none();
        if after.is_none() || lines.len() >= MOST || left {
            return Ok((lines, after.is_some()));
        }
    }
}

fn text(lines: Vec<AuditLine>) -> Vec<u8> {
    let header = [
        "at",
        "who",
        "act",
        "about",
        "subject",
        "subject_id",
        "tenant",
        "event_id",
    ];
    let mut lines = lines.into_iter();
    spreadsheet_csv(&header, &mut || {
        let line = lines.next()?;
        let at = Date::new(&JsValue::from_f64(line.at.0 as f64));
        Some(vec![
            // UTC, as its Z says: a file is read elsewhere.
            String::from(at.to_iso_string()),
            line.who,
            line.action,
            line.about,
            line.subject,
            line.subject_id,
            line.tenant,
            line.id,
        ])
    })
}
