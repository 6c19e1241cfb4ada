//! What the page shows: events, page after page.

use std::sync::Arc;

use app::api::{
    ApiError,
    audit::{AuditFilter, AuditLine, AuditList, AuditPage, ListAudit},
};
use leptos::{prelude::*, task::spawn_local};

use super::filters::Filters;
use crate::{effects::effect, session::Session, shared::Shared};

/// Events of a page.
const PAGE: usize = 50;
/// Calls that one page takes at most, where a filter leaves little.
const CALLS: usize = 8;

/// The events. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Record {
    pub session: Session,
    slug: StoredValue<String>,
    filters: Filters,
    /// `None` until there is an answer to this filter.
    pub lines: Shared<Option<Vec<AuditLine>>>,
    /// Where the next page begins.
    pub next: RwSignal<Option<String>>,
    /// Why the last call failed.
    pub failed: Shared<Option<ApiError>>,
    /// True while a page is under way.
    pub busy: RwSignal<bool>,
    turn: StoredValue<u64>,
}

impl Record {
    /// Follows the filter.
    pub fn new(session: Session, slug: String, filters: Filters) -> Self {
        let record = Self {
            session,
            slug: StoredValue::new(slug),
            filters,
            lines: Shared::new(None),
            next: RwSignal::new(None),
            failed: Shared::new(None),
            busy: RwSignal::new(false),
            turn: StoredValue::new(0),
        };
        effect(move || {
            let filter = filters.now.read();
            record.lines.set(None);
            record.next.set(None);
            record.load(filter, None);
        });
        record
    }

    /// The tenant's slug; empty: all.
    pub fn slug(self) -> String {
        self.slug.get_value()
    }

    /// The filter now.
    pub fn filter(self) -> Arc<AuditFilter> {
        untrack(|| self.filters.now.read())
    }

    /// The first page, after it failed.
    pub fn retry(self) {
        self.load(self.filter(), None);
    }

    /// The next page.
    pub fn more(self) {
        if !self.busy.get_untracked() {
            self.load(self.filter(), self.next.get_untracked());
        }
    }

    fn load(self, filter: Arc<AuditFilter>, after: Option<String>) {
        let mine = self.turn.try_update_value(|turn| {
            *turn += 1;
            *turn
        });
        self.busy.set(true);
        self.failed.set(None);
        spawn_local(async move {
            let answer = self.fetch(&filter, after).await;
            // A newer filter has asked meanwhile, or the page is gone.
            if mine.is_some() && self.turn.try_get_value() == mine {
                self.take(answer);
            }
        });
    }

    async fn fetch(
        self,
        filter: &AuditFilter,
        mut after: Option<String>,
    ) -> Result<AuditPage, ApiError> {
        let tenant = self.slug();
        let mut all = AuditPage::default();
        for _ in 0..CALLS {
            let input = ListAudit {
                tenant: tenant.clone(),
                filter: filter.clone(),
                after,
                limit: (PAGE - all.lines.len()) as u32,
            };
            let page = self.session.call(AuditList { input }).await?;
            all.lines.extend(page.lines);
            all.next = page.next;
            if all.lines.len() >= PAGE || all.next.is_none() {
                break;
            }
            after = all.next.clone();
        }
        Ok(all)
    }

    fn take(self, answer: Result<AuditPage, ApiError>) {
        self.busy.set(false);
        let before = self.lines.read_untracked();
        let mut lines = (*before).clone().unwrap_or_default();
        match answer {
            Ok(page) => {
                lines.extend(page.lines);
                self.next.set(page.next);
            }
            Err(error) => {
                self.failed.set(Some(error));
                // There is no answer to this filter yet.
                if before.is_none() {
                    return;
                }
            }
        }
        self.lines.set(Some(lines));
    }
}
