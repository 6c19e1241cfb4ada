//! *Never invite me again*: works without an account, for whoever has the mail (S38).

use app::{
    api::{
        ApiError,
        landing::{NeverAgain, NeverInvite},
    },
    domain::time::Timestamp,
    ports::Caller,
};

use super::{Desk, desk::refuse, landing::masked};
use crate::storage::{AuditEvent, Mailbox, StorageError, Tx, audit_actor};

/// What a declined invitation says about why.
const REASON: &str = "Asked never to be invited again.";

/// What says whose mailbox it is.
#[derive(Clone, Copy)]
pub enum Proof {
    /// The hash of a link's token.
    Link([u8; 32]),
    /// The hash of a landing cookie.
    Landing([u8; 32]),
}

impl Proof {
    async fn mailbox(self, tx: &mut Tx, now: Timestamp) -> Result<Option<Mailbox>, StorageError> {
        match self {
            Self::Link(hash) => tx.mailbox_of_link(hash).await,
            Self::Landing(hash) => tx.mailbox_of_landing(hash, now).await,
        }
    }
}

/// Keeps the wish and ends what waits; `None`: nothing proves a mailbox.
pub async fn never(
    desk: &Desk,
    caller: &Caller,
    proof: Proof,
    input: &NeverInvite,
) -> Result<Option<NeverAgain>, ApiError> {
    let (now, everywhere) = (desk.now(), input.everywhere);
    let actor = audit_actor(&caller.actor);
    let key = desk.key.clone();
    let found = desk
        .storage
        .write(move |tx| {
            let key = key.clone();
            Box::pin(async move {
                let Some(mailbox) = proof.mailbox(tx, now).await? else {
                    return Ok(None);
                };
                let tenant = (!everywhere).then_some(mailbox.tenant);
                let hash = key.address_hash(&mailbox.email);
                if tx.suppress(tenant, hash, now).await? {
                    tx.record(vec![AuditEvent {
                        tenant: Some(mailbox.tenant),
                        actor_id: actor.0,
                        actor: actor.1,
                        action: "invitation.suppressed",
                        subject: "bundle",
                        subject_id: mailbox.bundle.0,
                        at: now,
                    }])
                    .await?;
                }
                tx.end_for_address(tenant, &mailbox.email, REASON, actor, now)
                    .await?;
                Ok(Some(mailbox))
            })
        })
        .await
        .map_err(refuse)?;
    Ok(found.map(|mailbox| NeverAgain {
        tenant: mailbox.tenant_name,
        email_masked: masked(&mailbox.email_typed),
    }))
}
