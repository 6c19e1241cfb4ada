//! Acts in bulk: what each batch answered, so that a repeated call is the same call.

use app::domain::{
    id::{TenantId, UserId},
    time::Timestamp,
};

use super::{StorageError, Tx};
use crate::args;

/// Names a batch.
#[derive(Clone, Debug)]
pub struct BatchKey {
    /// In which tenant.
    pub tenant: TenantId,
    /// Whose.
    pub user: UserId,
    /// Chosen by the caller.
    pub key: String,
    /// SHA-256 of what was asked, in hex.
    pub content_hash: String,
}

/// What is known of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownBatch {
    /// Nothing: it is this transaction's now.
    New,
    /// It was answered so.
    Answered(String),
    /// The key was used for something else.
    OtherContent,
}

#[derive(sqlx::FromRow)]
struct Row {
    content_hash: String,
    answer: String,
}

// On PostgreSQL a second one waits here for the first one's end.
const CLAIM: &str = "INSERT INTO bulk_batches
    (tenant_id, user_id, idempotency_key, content_hash, answer, created_at)
    VALUES ($1, $2, $3, $4, '', $5) ON CONFLICT DO NOTHING";
const KNOWN: &str = "SELECT content_hash, answer FROM bulk_batches
    WHERE tenant_id = $1 AND user_id = $2 AND idempotency_key = $3";
const ANSWER: &str = "UPDATE bulk_batches SET answer = $4
    WHERE tenant_id = $1 AND user_id = $2 AND idempotency_key = $3";
const FORGET: &str = "DELETE FROM bulk_batches WHERE created_at < $1";

impl Tx {
    /// Takes a batch for this transaction, unless it was answered before.
    pub async fn claim_batch(
        &mut self,
        batch: &BatchKey,
        now: Timestamp,
    ) -> Result<KnownBatch, StorageError> {
        let args = args![
            batch.tenant,
            batch.user,
            batch.key.as_str(),
            batch.content_hash.as_str(),
            now
        ];
        if self.execute(CLAIM, args).await? == 1 {
            return Ok(KnownBatch::New);
        }
        self.known_batch(batch).await
    }

    /// What was answered to a batch; `New` where nothing was, and nothing is taken.
    pub async fn known_batch(&mut self, batch: &BatchKey) -> Result<KnownBatch, StorageError> {
        let args = args![batch.tenant, batch.user, batch.key.as_str()];
        Ok(match self.optional::<Row>(KNOWN, args).await? {
            None => KnownBatch::New,
            Some(row) if row.content_hash == batch.content_hash => KnownBatch::Answered(row.answer),
            Some(_) => KnownBatch::OtherContent,
        })
    }

    /// Keeps what a batch is answered.
    pub async fn answer_batch(
        &mut self,
        batch: &BatchKey,
        answer: &str,
    ) -> Result<(), StorageError> {
        let args = args![batch.tenant, batch.user, batch.key.as_str(), answer];
        self.execute(ANSWER, args).await?;
        Ok(())
    }

    /// Forgets batches from before `before`; how many there were.
    pub async fn forget_batches(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        self.execute(FORGET, args![before]).await
    }
}
