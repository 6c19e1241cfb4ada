//! What the catalog invitation apps count, over all tenants.

use app::domain::invitation::{InvitationKind, InvitationStatus};

use super::{StorageError, Tx};
use crate::args;

#[derive(sqlx::FromRow)]
struct Count {
    n: i64,
}

// A count stops at its limit: what nobody reads to the end is not counted to the end.
const OF_KIND: &str = "SELECT COUNT(*) AS n FROM (SELECT DISTINCT bundle_id FROM invitations
    WHERE kind = $1 AND status = $2 LIMIT $3) AS few";
const PLACEHOLDERS: &str = "SELECT COUNT(*) AS n FROM (SELECT DISTINCT bundle_id FROM invitations
    WHERE binding <> 'user' AND status = $1 LIMIT $2) AS few";

impl Tx {
    /// People with an invitation of this kind that stands so; at most `limit` are counted.
    /// `None`: one that was made for an address without an account, or for nobody yet.
    pub async fn count_people(
        &mut self,
        kind: Option<InvitationKind>,
        status: InvitationStatus,
        limit: u64,
    ) -> Result<u64, StorageError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let count = if let Some(kind) = kind {
            let args = args![kind.as_str(), status.as_str(), limit];
            self.one::<Count>(OF_KIND, args).await?
        } else {
            let args = args![status.as_str(), limit];
            self.one::<Count>(PLACEHOLDERS, args).await?
        };
        Ok(count.n.unsigned_abs())
    }
}
