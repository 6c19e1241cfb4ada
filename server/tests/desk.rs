//! An admin's desk: the page of one invitation, extending, copied links, filters and
//! sorts, acts in bulk, quotas of mails.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

#[path = "desk/all.rs"]
mod all;
#[path = "desk/bulk.rs"]
mod bulk;
#[path = "desk/list.rs"]
mod list;
#[path = "desk/page.rs"]
mod page;
#[path = "desk/record.rs"]
mod record;
mod stage;

use app::{api::invitations::BundleRef, domain::id::BundleId};

fn acme(bundle: BundleId) -> BundleRef {
    BundleRef {
        tenant: "acme".to_owned(),
        bundle,
    }
}
