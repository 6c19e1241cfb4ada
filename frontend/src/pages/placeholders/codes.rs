//! Codes as somebody carries them off: one on the clipboard, all in a file. Each call that
//! shows any is written down by the server.

use app::{
    api::{
        ApiError,
        blanks::{BatchRef, BlanksCodes, RevealedCode},
    },
    bulk::{date::to_iso, escape::file_name, export::spreadsheet_csv},
};

use crate::{pages::invite::download, session::Session};

/// Every code of a batch that is good now.
pub async fn all(session: Session, batch: &BatchRef) -> Result<Vec<RevealedCode>, ApiError> {
    let mut all: Vec<RevealedCode> = Vec::new();
    let mut after = None;
    loop {
        let input = BatchRef {
            after,
            ..batch.clone()
        };
        let page = session.call(BlanksCodes { input }).await?;
        all.extend(page.codes);
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}

/// Saves them as a file for spreadsheets; how many.
pub async fn save(session: Session, batch: &BatchRef) -> Result<usize, ApiError> {
    let codes = all(session, batch).await?;
    let count = codes.len();
    let mut rows = codes.into_iter();
    let header = [
        "code",
        "link",
        "source",
        "tenant",
        "invites_to",
        "good_until",
    ];
    let text = spreadsheet_csv(&header, &mut || {
        let row = rows.next()?;
        Some(vec![
            row.code,
            row.link,
            batch.source.clone(),
            row.tenant,
            row.titles.join(", "),
            row.last_day.map(to_iso).unwrap_or_default(),
        ])
    });
    if download(&file_name("codes", &batch.source), &text) {
        Ok(count)
    } else {
        Err(ApiError::Offline {
            message: "The browser refused it: allow downloads for this page.".to_owned(),
        })
    }
}
