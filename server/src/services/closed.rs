//! Ports whose services are not served yet: everything answers `Unavailable`.

use app::{
    api::{ApiError, imports as i},
    ports::{self, Caller},
};
use async_trait::async_trait;

/// Answers `Unavailable`.
pub struct Closed;

type Answer<T> = Result<T, ApiError>;

#[async_trait]
impl ports::Imports for Closed {
    async fn check(&self, _: &Caller, _: i::CheckBatch) -> Answer<i::CheckAnswer> {
        Err(ApiError::Unavailable)
    }
    async fn begin(&self, _: &Caller, _: i::BeginImport) -> Answer<i::ImportStatus> {
        Err(ApiError::Unavailable)
    }
    async fn chunk(&self, _: &Caller, _: i::ImportChunk) -> Answer<()> {
        Err(ApiError::Unavailable)
    }
    async fn commit(&self, _: &Caller, _: i::ImportRef) -> Answer<i::ImportStatus> {
        Err(ApiError::Unavailable)
    }
    async fn status(&self, _: &Caller, _: i::ImportRef) -> Answer<i::ImportStatus> {
        Err(ApiError::Unavailable)
    }
    async fn outcomes(&self, _: &Caller, _: i::OutcomesRequest) -> Answer<Vec<i::RowResult>> {
        Err(ApiError::Unavailable)
    }
    async fn list(&self, _: &Caller, _: String) -> Answer<Vec<i::ImportLine>> {
        Err(ApiError::Unavailable)
    }
}
