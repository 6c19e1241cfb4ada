//! Links to a bundle, and the landings (browsers that opened one).
//!
//! A link's token is in a mail or on a clipboard, never here: the row holds its
//! SHA-256. Resend, revoke, accept and expiry kill every link of the bundle.

use app::domain::{
    id::{BundleId, TenantId},
    invitation::TokenPurpose,
    time::Timestamp,
};

use super::{Arg, StorageError, Tx, in_list, insert_many};
use crate::args;

/// Minutes that a browser may take from opening a link to accepting.
pub const LANDING_MINUTES: i64 = 30;

/// A link to be stored.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// SHA-256 of the token's text.
    pub token_hash: [u8; 32],
    /// Whose.
    pub tenant: TenantId,
    /// What it opens.
    pub bundle: BundleId,
    /// What it was minted for; only a mailed one proves the mailbox.
    pub purpose: TokenPurpose,
    /// Now.
    pub created_at: Timestamp,
}

const KILL_ONE: &str = "UPDATE links SET dead_at = $2 WHERE token_hash = $1 AND dead_at IS NULL";
const LAND: &str = "INSERT INTO landings (cookie_hash, link_hash, created_at, expires_at)
    VALUES ($1, $2, $3, $4)";
const FORGET_LANDINGS: &str = "DELETE FROM landings WHERE expires_at <= $1";

impl Tx {
    /// Stores links.
    pub async fn insert_links(&mut self, links: Vec<NewLink>) -> Result<(), StorageError> {
        let rows = links
            .into_iter()
            .map(|link| {
                args![
                    link.token_hash,
                    link.tenant,
                    link.bundle,
                    link.purpose.as_str(),
                    link.created_at,
                ]
            })
            .collect();
        insert_many(
            self,
            "INSERT INTO links (token_hash, tenant_id, bundle_id, purpose, created_at)",
            5,
            "",
            rows,
        )
        .await?;
        Ok(())
    }

    /// Kills one link, that of a mail which certainly did not arrive.
    pub async fn kill_link(
        &mut self,
        token_hash: [u8; 32],
        at: Timestamp,
    ) -> Result<(), StorageError> {
        self.execute(KILL_ONE, args![token_hash, at]).await?;
        Ok(())
    }

    /// Kills every link of these bundles and forgets the browsers that opened them;
    /// how many links died. At most 500 bundles.
    pub async fn kill_links(
        &mut self,
        bundles: &[BundleId],
        at: Timestamp,
    ) -> Result<u64, StorageError> {
        if bundles.is_empty() {
            return Ok(0);
        }
        let ids = || bundles.iter().map(|id| Arg::from(*id));
        let forget = format!(
            "DELETE FROM landings WHERE link_hash IN
             (SELECT token_hash FROM links WHERE bundle_id IN ({}))",
            in_list(1, bundles.len())
        );
        self.execute_composed(forget, ids().collect()).await?;
        let kill = format!(
            "UPDATE links SET dead_at = $1, sealed = NULL
             WHERE dead_at IS NULL AND bundle_id IN ({})",
            in_list(2, bundles.len())
        );
        self.execute_composed(kill, args![at].into_iter().chain(ids()).collect())
            .await
    }

    /// Remembers a browser that opened a link, for [`LANDING_MINUTES`].
    pub async fn insert_landing(
        &mut self,
        cookie_hash: [u8; 32],
        link_hash: [u8; 32],
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let until = at.plus_seconds(LANDING_MINUTES * 60);
        self.execute(LAND, args![cookie_hash, link_hash, at, until])
            .await?;
        Ok(())
    }

    /// Forgets the landings that ran out by `now`; how many.
    pub async fn forget_landings(&mut self, now: Timestamp) -> Result<u64, StorageError> {
        self.execute(FORGET_LANDINGS, args![now]).await
    }
}
