//! One import: how it stands, its rows, and those that failed as they were sent.

use app::api::{
    ApiError,
    imports::{FailedPage, ImportDetail, RowsPage, RowsRequest},
};

use super::super::desk::{Desk, refuse};
use crate::storage::{Import, Tenant};

/// Rows of one page.
const PAGE_MAX: u32 = 1_000;

/// The import, how its invitations stand, and for how long its mails are still held.
pub async fn show(
    desk: &Desk,
    tenant: &Tenant,
    import: &Import,
    own: bool,
) -> Result<ImportDetail, ApiError> {
    let (tenant_id, id) = (tenant.id, import.id);
    let (line, invitations) = desk
        .storage
        .read(move |tx| {
            Box::pin(async move {
                let line = tx.import_line(tenant_id, id).await?;
                Ok((line, tx.invitations_of_import(id).await?))
            })
        })
        .await
        .map_err(refuse)?;
    let sends = desk.settings.sends_mail();
    let held = import.advanced_at.filter(|_| sends).map_or(0, |at| {
        at.plus_seconds(tenant.hold_seconds).0 - desk.now().0
    });
    Ok(ImportDetail {
        line: line.ok_or(ApiError::NotFound)?,
        processed: import.processed,
        failure: import.failure.clone(),
        invitations: invitations.into_iter().collect(),
        held: u32::try_from(held / 1_000).unwrap_or(0),
        own,
    })
}

fn limit(input: &RowsRequest) -> Result<u32, ApiError> {
    if (1..=PAGE_MAX).contains(&input.limit) {
        Ok(input.limit)
    } else {
        Err(ApiError::field("limit", "1 to 1,000 rows at a time."))
    }
}

/// A page of rows; one more is read than is shown.
pub async fn rows(desk: &Desk, import: &Import, input: &RowsRequest) -> Result<RowsPage, ApiError> {
    let limit = limit(input)?;
    let (id, only, after) = (import.id, input.only, input.after);
    let mut rows = desk
        .storage
        .read(move |tx| {
            Box::pin(async move { tx.rows_of_import(id, only, after, limit + 1).await })
        })
        .await
        .map_err(refuse)?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    Ok(RowsPage { rows, more })
}

/// A page of the rows that failed.
pub async fn failed(
    desk: &Desk,
    import: &Import,
    input: &RowsRequest,
) -> Result<FailedPage, ApiError> {
    let limit = limit(input)?;
    let (id, after) = (import.id, input.after);
    let mut rows = desk
        .storage
        .read(move |tx| Box::pin(async move { tx.failed_rows(id, after, limit + 1).await }))
        .await
        .map_err(refuse)?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    Ok(FailedPage {
        metadata_columns: import.metadata_columns.clone(),
        rows,
        more,
    })
}
