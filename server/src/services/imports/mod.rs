//! The CSV's way in: check, begin, chunks of rows, commit, outcomes.
//!
//! What is promised (`docs/trust.md`, I1, I2, I4, I6, I8): a commit of up to 10,000
//! rows is one transaction; a larger one is a job of slices, each a transaction that
//! moves `imports.processed` on, so that after a kill it goes on exactly there. The
//! same key with the same content gets the stored answer. Every row has one outcome.

pub(super) mod by_hand;
mod check;
mod chunks;
mod commit;
mod decide;
mod detail;
mod job;
mod limit;
mod rows;
mod seats;
mod seen;
mod slice;
mod submit;
mod undo;

use app::{
    api::{
        ApiError,
        imports::{
            BeginImport, CheckAnswer, CheckBatch, FailedPage, ImportChunk, ImportDetail,
            ImportLine, ImportRef, ImportStatus, OutcomesRequest, RowResult, RowsPage, RowsRequest,
            UndoAnswer,
        },
    },
    domain::{id::TenantId, policy::Action},
    ports::{Caller, Imports},
};
use async_trait::async_trait;

pub use job::{RoundEnd, run_round, sweep, take_over};

use super::desk::{Desk, refuse};
use crate::storage::{Import, StorageError, Tenant, Tx};

/// See [`app::ports::Imports`].
pub struct ImportsService {
    desk: Desk,
    quota: check::Quota,
}

impl ImportsService {
    /// Stands on `desk`.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self {
            desk,
            quota: check::Quota::default(),
        }
    }

    /// An import of the tenant, which any of its admins may see.
    async fn seen(&self, caller: &Caller, input: &ImportRef) -> Result<(Tenant, Import), ApiError> {
        self.found(caller, input, Action::SeeManagement).await
    }

    /// An import of the tenant, in which the caller may do `action`.
    async fn found(
        &self,
        caller: &Caller,
        input: &ImportRef,
        action: fn(TenantId) -> Action,
    ) -> Result<(Tenant, Import), ApiError> {
        let tenant = self.desk.tenant(caller, &input.tenant, action).await?;
        let (id, import) = (tenant.id, input.import);
        let import = self
            .desk
            .storage
            .read(move |tx| Box::pin(async move { tx.import(id, import).await }))
            .await
            .map_err(refuse)?
            .ok_or(ApiError::NotFound)?;
        Ok((tenant, import))
    }

    /// An import that the caller began: nobody else sends its chunks or commits it.
    async fn own(&self, caller: &Caller, input: &ImportRef) -> Result<(Tenant, Import), ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::Invite)
            .await?;
        let user = self.desk.user(caller)?.user;
        let (id, import) = (tenant.id, input.import);
        let import = self
            .desk
            .storage
            .read(move |tx| Box::pin(async move { tx.import(id, import).await }))
            .await
            .map_err(refuse)?
            .filter(|import| import.user == user)
            .ok_or(ApiError::NotFound)?;
        Ok((tenant, import))
    }
}

/// The wire's view of a stored import.
async fn status_of(tx: &mut Tx, import: &Import) -> Result<ImportStatus, StorageError> {
    let chunks = tx.chunks(import.id).await?;
    Ok(ImportStatus {
        import: import.id,
        state: import.state,
        rows: import.rows,
        received_chunks: chunks.into_iter().map(|chunk| chunk.position).collect(),
        processed: import.processed,
        outcomes: import.outcomes.clone().into_iter().collect(),
        failure: import.failure.clone(),
    })
}

#[async_trait]
impl Imports for ImportsService {
    async fn check(&self, caller: &Caller, input: CheckBatch) -> Result<CheckAnswer, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::Invite)
            .await?;
        let user = self.desk.user(caller)?.user;
        check::check(&self.desk, &self.quota, tenant.id, user, input).await
    }

    async fn begin(&self, caller: &Caller, input: BeginImport) -> Result<ImportStatus, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::Invite)
            .await?;
        let user = self.desk.user(caller)?.user;
        submit::begin(&self.desk, tenant.id, user, input).await
    }

    async fn chunk(&self, caller: &Caller, input: ImportChunk) -> Result<(), ApiError> {
        let reference = ImportRef {
            tenant: input.tenant.clone(),
            import: input.import,
        };
        let (_, import) = self.own(caller, &reference).await?;
        submit::chunk(&self.desk, &import, input).await
    }

    async fn commit(&self, caller: &Caller, input: ImportRef) -> Result<ImportStatus, ApiError> {
        let (tenant, import) = self.own(caller, &input).await?;
        commit::commit(&self.desk, tenant, import).await
    }

    async fn status(&self, caller: &Caller, input: ImportRef) -> Result<ImportStatus, ApiError> {
        let (_, import) = self.seen(caller, &input).await?;
        self.desk
            .storage
            .read(move |tx| {
                let import = import.clone();
                Box::pin(async move { status_of(tx, &import).await })
            })
            .await
            .map_err(refuse)
    }

    async fn outcomes(
        &self,
        caller: &Caller,
        input: OutcomesRequest,
    ) -> Result<Vec<RowResult>, ApiError> {
        let reference = ImportRef {
            tenant: input.tenant,
            import: input.import,
        };
        let (_, import) = self.seen(caller, &reference).await?;
        if input.limit > 10_000 {
            return Err(ApiError::field(
                "limit",
                "At most 10,000 outcomes at a time.",
            ));
        }
        let (from, limit) = (input.from, input.limit);
        self.desk
            .storage
            .read(move |tx| {
                let id = import.id;
                Box::pin(async move { tx.outcomes(id, from, limit).await })
            })
            .await
            .map_err(refuse)
    }

    async fn list(&self, caller: &Caller, slug: String) -> Result<Vec<ImportLine>, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &slug, Action::SeeManagement)
            .await?;
        let id = tenant.id;
        self.desk
            .storage
            .read(move |tx| Box::pin(async move { tx.newest_imports(id).await }))
            .await
            .map_err(refuse)
    }

    async fn show(&self, caller: &Caller, input: ImportRef) -> Result<ImportDetail, ApiError> {
        let (tenant, import) = self.seen(caller, &input).await?;
        let own = self.desk.user(caller)?.user == import.user;
        detail::show(&self.desk, &tenant, &import, own).await
    }

    async fn rows(&self, caller: &Caller, input: RowsRequest) -> Result<RowsPage, ApiError> {
        let (_, import) = self.seen(caller, &of_rows(&input)).await?;
        detail::rows(&self.desk, &import, &input).await
    }

    async fn failed(&self, caller: &Caller, input: RowsRequest) -> Result<FailedPage, ApiError> {
        let (_, import) = self.seen(caller, &of_rows(&input)).await?;
        detail::failed(&self.desk, &import, &input).await
    }

    async fn undo(&self, caller: &Caller, input: ImportRef) -> Result<UndoAnswer, ApiError> {
        let (_, import) = self
            .found(caller, &input, Action::ManageInvitations)
            .await?;
        undo::undo(&self.desk, caller, &import).await
    }

    async fn retry(&self, caller: &Caller, input: ImportRef) -> Result<ImportStatus, ApiError> {
        let (_, import) = self.found(caller, &input, Action::Invite).await?;
        undo::retry(&self.desk, caller, &import).await
    }

    async fn abandon(&self, caller: &Caller, input: ImportRef) -> Result<(), ApiError> {
        let (_, import) = self.found(caller, &input, Action::Invite).await?;
        undo::abandon(&self.desk, caller, &import).await
    }
}

fn of_rows(input: &RowsRequest) -> ImportRef {
    ImportRef {
        tenant: input.tenant.clone(),
        import: input.import,
    }
}
