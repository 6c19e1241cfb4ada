//! What a bundle offers, and the one transaction that accepts it.
//!
//! Every path to *accepted* (a link, the learner's home) loads its [`Offer`] with
//! the same conditions and ends in the same guarded update. Whatever is wrong with
//! an offer (unknown, dead, expired, inviter gone …) it is just absent, found out by
//! one statement, so that the answers take alike (S01, S30).

use app::domain::{
    actor::UserActor,
    id::{BundleId, CatalogItemId, InvitationId, SessionId, TenantId, UserId},
    invitation::{InvitationKind, InvitationStatus, TokenPurpose},
    policy::role_ceiling,
    role::Role,
    time::Timestamp,
};
use uuid::Uuid;

use super::{AuditEvent, NewMembership, StorageError, Tx, User};
use crate::args;

/// The inviter's rights as they are now, not as they were.
#[derive(Clone, Copy, Debug)]
pub(super) struct InviterRights<'r> {
    /// Can no longer sign in.
    pub deactivated: bool,
    /// Runs the platform.
    pub super_admin: bool,
    /// The role in the bundle's tenant.
    pub role: Option<&'r str>,
}

impl InviterRights<'_> {
    /// Whether the inviter could still invite to `tenant` with `role`: the same rule
    /// as when the invitation was made.
    pub(super) fn cover(self, tenant: TenantId, role: &str) -> bool {
        let inviter = UserActor {
            user: UserId(Uuid::nil()),
            session: SessionId(Uuid::nil()),
            super_admin: self.super_admin,
            email_verified: true,
            memberships: self
                .role
                .and_then(Role::parse)
                .map(|own| (tenant, own))
                .into_iter()
                .collect(),
        };
        let wanted = Role::parse(role);
        !self.deactivated
            && wanted.is_some_and(|wanted| {
                role_ceiling(&inviter, tenant).is_some_and(|ceiling| wanted <= ceiling)
            })
    }
}

/// What a live bundle offers to its invitee.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The bundle.
    pub bundle: BundleId,
    /// Whose.
    pub tenant: TenantId,
    /// The tenant's name.
    pub tenant_name: String,
    /// In addresses.
    pub tenant_slug: String,
    /// The invitee's canonical address.
    pub email: String,
    /// As typed.
    pub email_typed: String,
    /// The verified account that owned the address when the bundle was made.
    pub user: Option<UserId>,
    /// As invited; may be empty.
    pub first_name: String,
    /// As invited; may be empty.
    pub last_name: String,
    /// On acceptance.
    pub role: Role,
    /// On acceptance.
    pub labels: String,
    /// On acceptance, where it is free.
    pub external_id: Option<String>,
    /// Until when.
    pub expires_at: Timestamp,
    /// Name of who invites; may be empty.
    pub inviter: String,
    /// What the link was minted for; none on the learner's home.
    pub purpose: Option<TokenPurpose>,
}

impl Offer {
    /// A link that was mailed to the address proves the mailbox; a copied one does not.
    #[must_use]
    pub fn proves_mailbox(&self) -> bool {
        matches!(
            self.purpose,
            Some(TokenPurpose::Mail | TokenPurpose::Reminder)
        )
    }

    /// Whether `user` is whom it is for.
    #[must_use]
    pub fn is_for(&self, user: &User) -> bool {
        self.user == Some(user.id) || self.email == user.email
    }
}

/// One thing offered.
#[derive(Clone, Debug)]
pub struct OfferedTarget {
    /// What kind.
    pub kind: InvitationKind,
    /// The tenant's name or the item's title.
    pub title: String,
}

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
struct OfferRow {
    bundle_id: Uuid,
    tenant_id: Uuid,
    tenant_name: String,
    tenant_slug: String,
    email: String,
    email_typed: String,
    user_id: Option<Uuid>,
    first_name: String,
    last_name: String,
    role: String,
    labels: String,
    external_id: Option<String>,
    expires_at: i64,
    inviter_first: String,
    inviter_last: String,
    inviter_super: i64,
    inviter_role: Option<String>,
    purpose: Option<String>,
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
struct TitleRow {
    kind: String,
    title: Option<String>,
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

/// The conditions of every offer; `$1` says which, `$2` is now.
macro_rules! offer_sql {
    ($purpose:literal, $from:literal, $which:literal, $pending:literal) => {
        concat!(
            "SELECT b.id AS bundle_id, b.tenant_id, t.name AS tenant_name, t.slug AS tenant_slug,
                b.email, b.email_typed, b.user_id, b.first_name, b.last_name, b.role, b.labels,
                b.external_id, b.expires_at, u.first_name AS inviter_first,
                u.last_name AS inviter_last, u.super_admin AS inviter_super,
                m.role AS inviter_role, ",
            $purpose,
            " AS purpose FROM ",
            $from,
            " JOIN tenants t ON t.id = b.tenant_id
            JOIN users u ON u.id = b.inviter_id
            LEFT JOIN memberships m ON m.tenant_id = b.tenant_id AND m.user_id = b.inviter_id
            WHERE ",
            $which,
            " AND b.status = 'pending' AND b.active = 1 AND b.expires_at > $2
              AND t.disabled_at IS NULL AND u.deactivated_at IS NULL
              AND EXISTS (SELECT 1 FROM invitations i WHERE i.bundle_id = b.id
                  AND i.status = 'pending' AND i.expires_at > $2)
              AND NOT EXISTS (SELECT 1 FROM invitations i
                  LEFT JOIN catalog_items c ON c.id = i.target_id
                  WHERE i.bundle_id = b.id AND i.status = 'pending' AND i.kind <> 'platform'",
            $pending,
            "     AND (c.id IS NULL OR c.archived_at IS NOT NULL OR c.tenant_id <> b.tenant_id))
              AND NOT EXISTS (SELECT 1 FROM users a
                  WHERE a.email = b.email AND a.deactivated_at IS NOT NULL)"
        )
    };
}

const BY_LINK: &str = offer_sql!(
    "l.purpose",
    "links l JOIN bundles b ON b.id = l.bundle_id",
    "l.token_hash = $1 AND l.dead_at IS NULL",
    ""
);
const BY_LANDING: &str = offer_sql!(
    "l.purpose",
    "landings d JOIN links l ON l.token_hash = d.link_hash JOIN bundles b ON b.id = l.bundle_id",
    "d.cookie_hash = $1 AND d.expires_at > $2 AND l.dead_at IS NULL",
    ""
);
const BY_INVITATION: &str = offer_sql!(
    "CAST(NULL AS TEXT)",
    "invitations one JOIN bundles b ON b.id = one.bundle_id",
    "one.id = $1 AND one.status = 'pending' AND one.expires_at > $2",
    " AND i.id = $1"
);
const BUNDLE_OF_LANDING: &str = "SELECT l.bundle_id FROM landings d
    JOIN links l ON l.token_hash = d.link_hash WHERE d.cookie_hash = $1";
const BUNDLE_OF_INVITATION: &str = "SELECT bundle_id FROM invitations WHERE id = $1";
const LOCK_BUNDLE: &str = "SELECT id AS bundle_id FROM bundles WHERE id = $1 FOR UPDATE";
const TITLES: &str = "SELECT i.kind, c.title FROM invitations i
    LEFT JOIN catalog_items c ON c.id = i.target_id
    WHERE i.bundle_id = $1 AND i.status = 'pending' AND i.expires_at > $2
    ORDER BY CASE i.kind WHEN 'platform' THEN 0 WHEN 'program' THEN 1 ELSE 2 END, c.title";
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
    /// The offer behind a link, if it is live.
    pub async fn offer_of_link(
        &mut self,
        token_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<Offer>, StorageError> {
        let row = self.optional(BY_LINK, args![token_hash, now]).await?;
        offer(row)
    }

    /// The offer behind a landing cookie, if it is live.
    pub async fn offer_of_landing(
        &mut self,
        cookie_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<Offer>, StorageError> {
        let row = self.optional(BY_LANDING, args![cookie_hash, now]).await?;
        offer(row)
    }

    /// The offer of one invitation, if it is live.
    pub async fn offer_of_invitation(
        &mut self,
        invitation: InvitationId,
        now: Timestamp,
    ) -> Result<Option<Offer>, StorageError> {
        let row = self.optional(BY_INVITATION, args![invitation, now]).await?;
        offer(row)
    }

    /// What an offer is for: the tenant first, then programs, then courses.
    pub async fn offered_targets(
        &mut self,
        offer: &Offer,
        now: Timestamp,
    ) -> Result<Vec<OfferedTarget>, StorageError> {
        let rows = self
            .all::<TitleRow>(TITLES, args![offer.bundle, now])
            .await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                Some(OfferedTarget {
                    kind: InvitationKind::parse(&row.kind)?,
                    title: row.title.unwrap_or_else(|| offer.tenant_name.clone()),
                })
            })
            .collect())
    }

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

fn offer(row: Option<OfferRow>) -> Result<Option<Offer>, StorageError> {
    let Some(row) = row else { return Ok(None) };
    let rights = InviterRights {
        deactivated: false,
        super_admin: row.inviter_super != 0,
        role: row.inviter_role.as_deref(),
    };
    if !rights.cover(TenantId(row.tenant_id), &row.role) {
        return Ok(None);
    }
    let role = Role::parse(&row.role).ok_or(StorageError::BadData {
        table: "bundles",
        column: "role",
        value: row.role,
    })?;
    Ok(Some(Offer {
        bundle: BundleId(row.bundle_id),
        tenant: TenantId(row.tenant_id),
        tenant_name: row.tenant_name,
        tenant_slug: row.tenant_slug,
        email: row.email,
        email_typed: row.email_typed,
        user: row.user_id.map(UserId),
        first_name: row.first_name,
        last_name: row.last_name,
        role,
        labels: row.labels,
        external_id: row.external_id,
        expires_at: Timestamp(row.expires_at),
        inviter: format!("{} {}", row.inviter_first, row.inviter_last)
            .trim()
            .to_owned(),
        purpose: row.purpose.as_deref().and_then(TokenPurpose::parse),
    }))
}
