//! The one transaction that accepts: user, memberships, enrollments, statuses, links,
//! events, all or nothing. Its guard is an update with every condition in it.

use app::domain::{
    id::{BundleId, CatalogItemId, InvitationId, UserId},
    invitation::InvitationStatus,
    role::Role,
    time::Timestamp,
};
use uuid::Uuid;

use super::{AuditEvent, NewMembership, Offer, StorageError, Tx};
use crate::args;

/// Who accepts a link.
#[derive(Clone, Debug)]
pub enum Claimant {
    /// Somebody without an account, who gets one; the address is the bundle's.
    New(super::NewUser),
    /// A signed-in user.
    User(UserId),
}

/// How an accept ended. Anything but `Accepted` changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AcceptOutcome {
    /// Done.
    Accepted {
        /// Whose it is now.
        user: UserId,
    },
    /// There is no such live offer (any more).
    Neutral,
    /// An account has the address: it has to sign in (S13).
    AccountExists,
    /// Signed in as somebody else (S11).
    Mismatch,
}

#[derive(sqlx::FromRow)]
struct BundleRow {
    bundle_id: Uuid,
}

#[derive(sqlx::FromRow)]
struct TargetRow {
    id: Uuid,
    kind: String,
    target_id: Uuid,
}

#[derive(sqlx::FromRow)]
struct KeyedRow {
    id: Uuid,
    tenant_id: Uuid,
    bundle_id: Uuid,
    target_id: Uuid,
}

#[derive(sqlx::FromRow)]
struct One {
    #[expect(dead_code, reason = "only the row's presence counts")]
    n: i64,
}

const BUNDLE_OF_LANDING: &str = "SELECT l.bundle_id FROM landings d
    JOIN links l ON l.token_hash = d.link_hash WHERE d.cookie_hash = $1";
const BUNDLE_OF_INVITATION: &str = "SELECT bundle_id FROM invitations WHERE id = $1";
// Not FOR UPDATE: a claim of the outbox holds its entry while it makes a link, which looks
// at the bundle's key.
const LOCK_BUNDLE: &str = "SELECT id AS bundle_id FROM bundles WHERE id = $1 FOR NO KEY UPDATE";
const ACCEPT_BUNDLE: &str = "UPDATE invitations
    SET status = 'accepted', status_changed_at = $2
    WHERE bundle_id = $1 AND status = 'pending' AND expires_at > $2
    RETURNING id, kind, target_id";
const ACCEPT_ONE: &str = "UPDATE invitations
    SET status = 'accepted', status_changed_at = $2
    WHERE id = $1 AND status = 'pending' AND expires_at > $2
    RETURNING id, kind, target_id";
const BIND_BUNDLE: &str = "UPDATE bundles SET user_id = $2 WHERE id = $1";
const VERIFY: &str = "UPDATE users SET email_verified = 1 WHERE id = $1";
const EXTERNAL_TAKEN: &str = "SELECT CAST(1 AS BIGINT) AS n FROM memberships
    WHERE tenant_id = $1 AND external_id = $2 AND user_id <> $3";
const IS_MEMBER: &str = "SELECT CAST(1 AS BIGINT) AS n FROM memberships
    WHERE tenant_id = $1 AND user_id = $2";
const ENROLL: &str = "INSERT INTO enrollments
    (tenant_id, user_id, item_id, created_at, invitation_id) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant_id, user_id, item_id) DO NOTHING";
// tenant_id leads the index, so every tenant's part of it is looked up.
const LIVE_OF_KEY: &str = "SELECT id, tenant_id, bundle_id, target_id FROM invitations
    WHERE tenant_id IN (SELECT id FROM tenants) AND invitee_key = $1
      AND status IN ('unassigned', 'scheduled', 'pending') ORDER BY id";
const REKEY: &str = "UPDATE invitations SET invitee_key = $2 WHERE id = $1";
const REKEY_ACCEPTED: &str = "UPDATE invitations SET invitee_key = $2
    WHERE bundle_id = $1 AND status = 'accepted'";

impl Tx {
    /// Accepts the whole bundle behind a landing cookie. `Unique` on `users` means that
    /// somebody else registered the address in the same moment.
    pub async fn accept_landing(
        &mut self,
        cookie_hash: [u8; 32],
        claimant: &Claimant,
        at: Timestamp,
    ) -> Result<AcceptOutcome, StorageError> {
        if !self.lock(BUNDLE_OF_LANDING, args![cookie_hash]).await? {
            return Ok(AcceptOutcome::Neutral);
        }
        let Some(offer) = self.offer_of_landing(cookie_hash, at).await? else {
            return Ok(AcceptOutcome::Neutral);
        };
        // Every refusal comes before the first change: what is returned is committed.
        let known = match claimant {
            Claimant::New(_) => {
                if offer.user.is_some() || self.user_by_email(&offer.email).await?.is_some() {
                    return Ok(AcceptOutcome::AccountExists);
                }
                None
            }
            Claimant::User(id) => {
                let Some(user) = self.user_by_id(*id).await?.filter(|user| !user.deactivated)
                else {
                    return Ok(AcceptOutcome::Neutral);
                };
                if !offer.is_for(&user) {
                    return Ok(AcceptOutcome::Mismatch);
                }
                Some(user)
            }
        };
        let accepted = self
            .all::<TargetRow>(ACCEPT_BUNDLE, args![offer.bundle, at])
            .await?;
        if accepted.is_empty() {
            return Ok(AcceptOutcome::Neutral);
        }
        let (user, verified) = match (claimant, known) {
            (Claimant::New(new), _) => self.register(&offer, new, at).await?,
            (Claimant::User(id), known) => {
                // Only the mailbox that the mail went to is proved by it.
                let is_verified = known.as_ref().is_some_and(|user| user.email_verified);
                let proves = offer.proves_mailbox()
                    && known.as_ref().is_some_and(|user| user.email == offer.email);
                if proves && !is_verified {
                    self.execute(VERIFY, args![*id]).await?;
                }
                (*id, is_verified || proves)
            }
        };
        self.grant(&offer, user, &accepted, at).await?;
        if verified {
            self.execute(REKEY_ACCEPTED, args![offer.bundle, user.to_string()])
                .await?;
            self.rekey(&offer.email, user, at).await?;
        }
        Ok(AcceptOutcome::Accepted { user })
    }

    /// Makes the account of an offer's invitee: `(account, mailbox is proved)`.
    async fn register(
        &mut self,
        offer: &Offer,
        new: &super::NewUser,
        at: Timestamp,
    ) -> Result<(UserId, bool), StorageError> {
        let new = super::NewUser {
            email: offer.email.clone(),
            email_typed: offer.email_typed.clone(),
            email_verified: offer.proves_mailbox(),
            super_admin: false,
            created_at: at,
            ..new.clone()
        };
        let (id, verified) = (new.id, new.email_verified);
        self.insert_users(vec![new]).await?;
        self.record(vec![AuditEvent {
            tenant: Some(offer.tenant),
            actor_id: Some(id.0),
            actor: "user",
            action: "user.registered",
            subject: "user",
            subject_id: id.0,
            at,
        }])
        .await?;
        Ok((id, verified))
    }

    /// Accepts one invitation of the signed-in `user`'s home.
    pub async fn accept_mine(
        &mut self,
        invitation: InvitationId,
        user: UserId,
        at: Timestamp,
    ) -> Result<AcceptOutcome, StorageError> {
        if !self.lock_bundle_of(invitation).await? || !self.is_mine(invitation, user).await? {
            return Ok(AcceptOutcome::Neutral);
        }
        let Some(offer) = self.offer_of_invitation(invitation, at).await? else {
            return Ok(AcceptOutcome::Neutral);
        };
        let accepted = self
            .all::<TargetRow>(ACCEPT_ONE, args![invitation, at])
            .await?;
        if accepted.is_empty() {
            return Ok(AcceptOutcome::Neutral);
        }
        self.grant(&offer, user, &accepted, at).await?;
        Ok(AcceptOutcome::Accepted { user })
    }

    /// Serialises everything that happens to the bundle `which` finds. SQLite has one
    /// writer anyway. False: there is none.
    async fn lock(
        &mut self,
        which: &'static str,
        args: Vec<super::Arg>,
    ) -> Result<bool, StorageError> {
        let Some(row) = self.optional::<BundleRow>(which, args).await? else {
            return Ok(false);
        };
        self.lock_bundle(BundleId(row.bundle_id)).await?;
        Ok(true)
    }

    /// Waits for other transactions that change this invitation's bundle; false: there
    /// is no such invitation.
    pub(super) async fn lock_bundle_of(
        &mut self,
        invitation: InvitationId,
    ) -> Result<bool, StorageError> {
        self.lock(BUNDLE_OF_INVITATION, args![invitation]).await
    }

    /// Waits for other transactions that change this bundle.
    pub async fn lock_bundle(&mut self, bundle: BundleId) -> Result<(), StorageError> {
        if self.is_postgres() {
            self.optional::<BundleRow>(LOCK_BUNDLE, args![bundle])
                .await?;
        }
        Ok(())
    }

    /// Membership and enrollments of what was just accepted, the events, the bundle.
    async fn grant(
        &mut self,
        offer: &Offer,
        user: UserId,
        accepted: &[TargetRow],
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let platform = accepted.iter().find(|one| one.kind == "platform");
        self.join(
            offer,
            user,
            platform.or(accepted.first()),
            platform.is_some(),
            at,
        )
        .await?;
        for one in accepted.iter().filter(|one| one.kind != "platform") {
            self.execute(
                ENROLL,
                args![
                    offer.tenant,
                    user,
                    CatalogItemId(one.target_id),
                    at,
                    InvitationId(one.id)
                ],
            )
            .await?;
        }
        self.execute(BIND_BUNDLE, args![offer.bundle, user]).await?;
        let events = accepted
            .iter()
            .map(|one| AuditEvent {
                tenant: Some(offer.tenant),
                actor_id: Some(user.0),
                actor: "user",
                action: "invitation.accepted",
                subject: "invitation",
                subject_id: one.id,
                at,
            })
            .collect();
        self.record(events).await?;
        self.settle(&[offer.bundle], at).await?;
        self.announce(offer.tenant, at).await
    }

    /// Makes the membership unless there is one; an existing role never changes.
    async fn join(
        &mut self,
        offer: &Offer,
        user: UserId,
        from: Option<&TargetRow>,
        with_role: bool,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let is_member = self
            .optional::<One>(IS_MEMBER, args![offer.tenant, user])
            .await?
            .is_some();
        if is_member {
            return Ok(());
        }
        let mut external_id = offer.external_id.clone().filter(|_| with_role);
        if let Some(wanted) = external_id.as_deref()
            && self
                .optional::<One>(EXTERNAL_TAKEN, args![offer.tenant, wanted, user])
                .await?
                .is_some()
        {
            // Somebody else got the number meanwhile: the person still gets in.
            external_id = None;
            self.record(vec![AuditEvent {
                tenant: Some(offer.tenant),
                actor_id: Some(user.0),
                actor: "user",
                action: "membership.external_id_dropped",
                subject: "user",
                subject_id: user.0,
                at,
            }])
            .await?;
        }
        self.insert_memberships(vec![NewMembership {
            tenant: offer.tenant,
            user,
            // Only an invitation to the tenant itself gives more than a learner's place.
            role: if with_role { offer.role } else { Role::Learner },
            labels: if with_role {
                offer.labels.clone()
            } else {
                String::new()
            },
            external_id,
            created_at: at,
            invitation: from.map(|one| InvitationId(one.id)),
        }])
        .await?;
        Ok(())
    }

    /// The mailbox of `email` is proved to be `user`'s: every live invitation to the
    /// address, in whatever tenant, becomes the user's. One that the user has already
    /// is revoked (I2).
    pub async fn rekey(
        &mut self,
        email: &str,
        user: UserId,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let key = user.to_string();
        let own: std::collections::HashSet<(Uuid, Uuid)> = self
            .all::<KeyedRow>(LIVE_OF_KEY, args![key.as_str()])
            .await?
            .into_iter()
            .map(|row| (row.tenant_id, row.target_id))
            .collect();
        let by_address = self.all::<KeyedRow>(LIVE_OF_KEY, args![email]).await?;
        let mut twice = Vec::new();
        for row in &by_address {
            if own.contains(&(row.tenant_id, row.target_id)) {
                twice.push(InvitationId(row.id));
            } else {
                self.execute(REKEY, args![row.id, key.as_str()]).await?;
                self.execute(BIND_BUNDLE, args![row.bundle_id, user])
                    .await?;
            }
        }
        self.end_invitations(
            &twice,
            InvitationStatus::Revoked,
            "The person was invited to the same twice.",
            (Some(user.0), "user"),
            at,
        )
        .await
    }
}
