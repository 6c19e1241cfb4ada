//! Mails as files: the demo's mailbox.

use std::path::Path;

use app::domain::time::Timestamp;

use super::{FailureClass, MailFailure};
use crate::clock::new_id;

/// Writes `<time-ordered id>.eml`; the file appears whole or not at all.
pub(super) async fn keep(
    folder: &Path,
    date: Timestamp,
    message: &[u8],
) -> Result<(), MailFailure> {
    let id = new_id(date).simple().to_string();
    let part = folder.join(format!("{id}.part"));
    let whole = folder.join(format!("{id}.eml"));
    let result = async {
        tokio::fs::create_dir_all(folder).await?;
        tokio::fs::write(&part, message).await?;
        tokio::fs::rename(&part, &whole).await
    }
    .await;
    result.map_err(|error: std::io::Error| {
        MailFailure::new(
            FailureClass::Transient,
            format!(
                "The mail could not be written to its folder: {}.",
                error.kind()
            ),
        )
    })
}
