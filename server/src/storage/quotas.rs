//! How many mails were queued within a day (S37): counted in the outbox, in which every
//! mail stands, a first one as a re-sent one.

use std::collections::HashMap;

use app::domain::{
    id::{TenantId, UserId},
    time::Timestamp,
};
use uuid::Uuid;

use super::{Arg, StorageError, Tx, in_list};
use crate::args;

/// Mails that may still be queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailsLeft {
    /// In the whole tenant.
    pub tenant: i64,
    /// What the tenant has queued.
    pub used: i64,
    /// To one address of it.
    pub per_address: i64,
    /// For one inviter's invitations.
    pub per_inviter: i64,
}

#[derive(sqlx::FromRow)]
struct TenantRow {
    mails_a_day: i64,
    mails_a_day_per_inviter: i64,
    mails_a_day_per_address: i64,
    used: i64,
}

#[derive(sqlx::FromRow)]
struct Count {
    n: i64,
}

const OF_TENANT: &str = "SELECT t.mails_a_day, t.mails_a_day_per_inviter,
        t.mails_a_day_per_address,
        (SELECT COUNT(*) FROM outbox o WHERE o.tenant_id = $1 AND o.created_at > $2) AS used
    FROM tenants t WHERE t.id = $1";
const OF_INVITER: &str = "SELECT COUNT(*) AS n FROM outbox o JOIN bundles b ON b.id = o.bundle_id
    WHERE o.tenant_id = $1 AND o.created_at > $2 AND b.inviter_id = $3";
const TO_ADDRESS: &str = "SELECT COUNT(*) AS n FROM bundles b JOIN outbox o ON o.bundle_id = b.id
    WHERE b.tenant_id = $1 AND b.email = $3 AND o.created_at > $2";

impl Tx {
    /// What is left of the tenant's quota; and the limits per inviter and address.
    pub async fn mails_left(
        &mut self,
        tenant: TenantId,
        since: Timestamp,
    ) -> Result<MailsLeft, StorageError> {
        let row = self
            .one::<TenantRow>(OF_TENANT, args![tenant, since])
            .await?;
        Ok(MailsLeft {
            tenant: row.mails_a_day - row.used,
            used: row.used,
            per_address: row.mails_a_day_per_address,
            per_inviter: row.mails_a_day_per_inviter,
        })
    }

    /// Mails queued for an inviter's invitations after `since`.
    pub async fn mails_of_inviter(
        &mut self,
        tenant: TenantId,
        inviter: UserId,
        since: Timestamp,
    ) -> Result<i64, StorageError> {
        let count = self
            .one::<Count>(OF_INVITER, args![tenant, since, inviter])
            .await?;
        Ok(count.n)
    }

    /// Mails queued to each of these addresses after `since`; those with none are left out.
    pub async fn mails_to_addresses(
        &mut self,
        tenant: TenantId,
        emails: &[String],
        since: Timestamp,
    ) -> Result<HashMap<String, i64>, StorageError> {
        let values = emails
            .iter()
            .map(|email| Arg::from(email.as_str()))
            .collect();
        let bundles: HashMap<Uuid, String> = self
            .of_tenant::<(Uuid, String)>(tenant, "bundles", "email", "id, email", values)
            .await?
            .into_iter()
            .collect();
        let ids: Vec<Uuid> = bundles.keys().copied().collect();
        let mut got: HashMap<String, i64> = HashMap::new();
        for batch in ids.chunks(500) {
            let sql = format!(
                "SELECT bundle_id, COUNT(*) FROM outbox
                 WHERE created_at > $1 AND bundle_id IN ({}) GROUP BY bundle_id",
                in_list(2, batch.len())
            );
            let mut args = args![since];
            args.extend(batch.iter().map(|id| Arg::from(*id)));
            for (bundle, mails) in self.all_composed::<(Uuid, i64)>(sql, args).await? {
                if let Some(email) = bundles.get(&bundle) {
                    *got.entry(email.clone()).or_default() += mails;
                }
            }
        }
        Ok(got)
    }

    /// Mails queued to an address after `since`.
    pub async fn mails_to_address(
        &mut self,
        tenant: TenantId,
        email: &str,
        since: Timestamp,
    ) -> Result<i64, StorageError> {
        let count = self
            .one::<Count>(TO_ADDRESS, args![tenant, since, email])
            .await?;
        Ok(count.n)
    }
}
