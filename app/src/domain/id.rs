//! A newtype per identifier, all from one macro. Values are UUID v7 made by
//! the server (RFC 9562 §5.7): time-ordered, so that inserts stay local.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

ids! {
    /// A customer organisation.
    TenantId,
    /// A person with an account.
    UserId,
    /// One person × one target.
    InvitationId,
    /// The invitations made for one person by one act.
    BundleId,
    /// One submitted grid.
    ImportId,
    /// A course or a program.
    CatalogItemId,
    /// One mail attempt, an entry of the outbox.
    DeliveryId,
    /// A signed-in browser.
    SessionId,
}
