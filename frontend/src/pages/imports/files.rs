//! The files of an import: what became of each row, and the rows that failed, which can
//! be uploaded again as they are.

use app::{
    api::{
        ApiError,
        imports::{
            FailedRow, ImportRef, ImportRow, ImportRows, ImportsFailed, ImportsRows, RowsRequest,
        },
    },
    bulk::{
        draft::RowDraft,
        escape::{OUTCOME_COLUMN, PROBLEMS_COLUMN, file_name},
        export::spreadsheet_csv,
        mapping::Field,
        rules::RowFields,
    },
};

use crate::{
    pages::invite::{download, outcome_title},
    session::Session,
};

/// Rows of one call.
const PAGE: u32 = 1_000;

fn request(reference: &ImportRef, only: ImportRows, after: Option<u32>) -> RowsRequest {
    RowsRequest {
        tenant: reference.tenant.clone(),
        import: reference.import,
        only,
        after,
        limit: PAGE,
    }
}

fn save(about: &str, of: &str, text: &[u8]) -> Result<(), ApiError> {
    if download(&file_name(about, of), text) {
        Ok(())
    } else {
        Err(ApiError::Offline {
            message: "The browser refused it: allow downloads for this page.".to_owned(),
        })
    }
}

/// Saves every row with what became of it and how its invitation stands now.
pub async fn save_outcomes(
    session: Session,
    reference: ImportRef,
    of: &str,
) -> Result<(), ApiError> {
    let mut all: Vec<ImportRow> = Vec::new();
    loop {
        let after = all.last().map(|row| row.position);
        let input = request(&reference, ImportRows::All, after);
        let page = session.call(ImportsRows { input }).await?;
        all.extend(page.rows);
        if !page.more {
            break;
        }
    }
    let mut rows = all.into_iter();
    let header = [
        "line",
        "email",
        "name",
        OUTCOME_COLUMN,
        "status",
        PROBLEMS_COLUMN,
    ];
    let text = spreadsheet_csv(&header, &mut || {
        let row = rows.next()?;
        Some(vec![
            row.line.to_string(),
            row.email,
            row.name,
            outcome_title(row.outcome).to_owned(),
            row.status.map_or("", |status| status.as_str()).to_owned(),
            row.message,
        ])
    });
    save("outcomes", of, &text)
}

/// Saves the rows that failed as they were sent, with the reasons.
pub async fn save_failed(session: Session, reference: ImportRef, of: &str) -> Result<(), ApiError> {
    let mut all: Vec<FailedRow> = Vec::new();
    let metadata = loop {
        let after = all.last().map(|row| row.position);
        let input = request(&reference, ImportRows::Failed, after);
        let page = session.call(ImportsFailed { input }).await?;
        all.extend(page.rows);
        if !page.more {
            break page.metadata_columns;
        }
    };
    if all.is_empty() {
        return Err(ApiError::Offline {
            message: "The cells of these rows are kept for 30 days, and are forgotten by now."
                .to_owned(),
        });
    }
    let mut header: Vec<&str> = Field::ALL.into_iter().map(Field::name).collect();
    header.extend(metadata.iter().map(String::as_str));
    header.extend([OUTCOME_COLUMN, PROBLEMS_COLUMN]);
    let mut rows = all.into_iter();
    let text = spreadsheet_csv(&header, &mut || {
        let row = rows.next()?;
        let mut record = cells(&row.draft, metadata.len());
        record.push(outcome_title(row.outcome).to_owned());
        record.push(row.message);
        Some(record)
    });
    save("failed", of, &text)
}

/// The cells of a row in the order of the header.
fn cells(draft: &RowDraft, metadata: usize) -> Vec<String> {
    let fields = RowFields::from(draft);
    let mut record: Vec<String> = Field::ALL
        .into_iter()
        .map(|field| fields.get(field).to_owned())
        .collect();
    // Empty ones at the end are not sent.
    let more = (0..metadata).map(|at| draft.metadata.get(at).cloned().unwrap_or_default());
    record.extend(more);
    record
}
