//! "Something of this tenant changed", for open pages: one poller per process
//! reads the table of changes (ADR 0005) and tells every stream.

use std::{collections::HashMap, time::Duration};

use app::{
    api::ApiError,
    domain::{id::TenantId, policy::Action, time::Timestamp},
    ports::Caller,
};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Desk;
use crate::storage::{Change, StorageError};

/// How often the table is read while somebody listens.
const EVERY: Duration = Duration::from_millis(500);
/// A transaction may become visible later than its time: it may have waited half a
/// minute for the writer behind an import. And clocks of several servers differ. So this
/// much is read again each time.
const OVERLAP_SECONDS: i64 = 60;
/// Changes older than this are of no use to anybody.
const KEEP_SECONDS: i64 = 3_600;
/// Polls between two clean-ups: ten minutes.
const CLEAN_EVERY: u32 = 1_200;

/// Tells streams about changes. Cheap to clone.
#[derive(Clone)]
pub struct Changes {
    desk: Desk,
    sender: broadcast::Sender<TenantId>,
}

/// A listener's end.
pub struct Subscription {
    tenant: TenantId,
    receiver: broadcast::Receiver<TenantId>,
}

impl Subscription {
    /// Waits until something of the tenant changed; `None` once the server stops telling.
    pub async fn changed(&mut self) -> Option<()> {
        loop {
            match self.receiver.recv().await {
                Ok(tenant) if tenant == self.tenant => return Some(()),
                Ok(_) => {}
                // Whoever missed some cannot know whether his tenant was among them.
                Err(broadcast::error::RecvError::Lagged(_)) => return Some(()),
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

impl Changes {
    /// The feed on this desk; [`Changes::run`] drives it.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        let (sender, _) = broadcast::channel(1_024);
        Self { desk, sender }
    }

    /// Listens to a tenant whose management the caller may see.
    pub async fn subscribe(&self, caller: &Caller, slug: &str) -> Result<Subscription, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, slug, Action::SeeManagement)
            .await?;
        Ok(Subscription {
            tenant: tenant.id,
            receiver: self.sender.subscribe(),
        })
    }

    /// Polls until `shutdown`; rests while nobody listens.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut window = Window::default();
        let mut polls = 0;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            polls += 1;
            if polls >= CLEAN_EVERY {
                polls = 0;
                let before = self.desk.now().plus_seconds(-KEEP_SECONDS);
                let cleaned = self
                    .desk
                    .storage
                    .write(move |tx| Box::pin(tx.forget_changes(before)))
                    .await;
                complain(cleaned);
            }
            if self.sender.receiver_count() == 0 {
                continue;
            }
            let since = self.desk.now().plus_seconds(-OVERLAP_SECONDS);
            let read = self
                .desk
                .storage
                .read(move |tx| Box::pin(tx.changes_since(since)))
                .await;
            if let Some(changes) = complain(read) {
                for tenant in window.fresh(&changes, since) {
                    // Nobody listening any more is no failure.
                    let _nobody = self.sender.send(tenant);
                }
            }
        }
    }
}

/// The next poll tries again, so a failure is worth one line and no more.
fn complain<T>(result: Result<T, StorageError>) -> Option<T> {
    result
        .map_err(|error| tracing::warn!(%error, "changes could not be polled"))
        .ok()
}

/// What was told already, as far as it may be read again.
#[derive(Default)]
struct Window {
    seen: HashMap<Uuid, Timestamp>,
}

impl Window {
    /// The tenants of the changes that are new, each once.
    fn fresh(&mut self, changes: &[Change], since: Timestamp) -> Vec<TenantId> {
        self.seen.retain(|_, at| *at >= since);
        let mut tenants = Vec::new();
        for change in changes {
            if self.seen.insert(change.id, change.at).is_none() && !tenants.contains(&change.tenant)
            {
                tenants.push(change.tenant);
            }
        }
        tenants
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(id: u128, tenant: u128, at: i64) -> Change {
        Change {
            id: Uuid::from_u128(id),
            tenant: TenantId(Uuid::from_u128(tenant)),
            at: Timestamp(at),
        }
    }

    #[test]
    fn each_change_is_told_once_even_when_it_shows_late() {
        let mut window = Window::default();
        let (a, b) = (change(1, 7, 1_000), change(2, 8, 3_000));
        assert_eq!(window.fresh(&[a, b], Timestamp(0)).len(), 2);
        assert_eq!(window.fresh(&[a, b], Timestamp(500)), []);
        // Committed late: its time lies before what was read already.
        let late = change(3, 7, 2_000);
        assert_eq!(window.fresh(&[a, late, b], Timestamp(900)), [late.tenant]);
        assert_eq!(window.fresh(&[late, b], Timestamp(1_500)), []);
        assert_eq!(window.seen.len(), 2);
    }
}
