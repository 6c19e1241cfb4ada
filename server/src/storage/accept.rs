//! The one transaction that accepts: user, memberships, enrollments, statuses, links,
//! events, all or nothing. Its guard is an update with every condition in it.

use app::domain::{
    id::{BundleId, CatalogItemId, InvitationId, UserId},
    role::Role,
    time::Timestamp,
};
use uuid::Uuid;

use super::{AuditEvent, NewMembership, Offer, StorageError, Tx, fold, users::role_of};
use crate::{
    args,
    failpoint::{Point, hit},
};

/// Who accepts a link.
#[derive(Clone, Debug)]
pub enum Claimant {
    /// Somebody without an account, who gets one; the address is the bundle's, but for a
    /// code, which has none.
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
    /// The person has everything that the code gives; it stays good.
    AlreadyHeld,
    /// All that the code would give waits for the person already; it stays good.
    AlreadyWaiting,
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
struct GivenRow {
    held: i64,
    waits: Option<Uuid>,
}

#[derive(sqlx::FromRow)]
struct PlaceRow {
    role: String,
    labels: String,
    external_id: Option<String>,
    own: i64,
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
// Whoever accepts in the seconds in which a refusal can be taken back has taken it back.
const ACCEPT_BUNDLE: &str = "UPDATE invitations
    SET status = 'accepted', status_changed_at = $2
    WHERE bundle_id = $1 AND status = 'pending' AND expires_at > $2
      AND (decline_at IS NULL OR decline_at > $2)
    RETURNING id, kind, target_id";
const ACCEPT_ONE: &str = "UPDATE invitations
    SET status = 'accepted', status_changed_at = $2
    WHERE id = $1 AND status = 'pending' AND expires_at > $2
      AND (decline_at IS NULL OR decline_at > $2)
    RETURNING id, kind, target_id";
// What is nobody's yet gets its invitee in the same moment: one code, one person.
const REDEEM_BUNDLE: &str = "UPDATE invitations
    SET status = 'accepted', status_changed_at = $2, invitee_key = $3
    WHERE bundle_id = $1 AND status = 'unassigned' AND expires_at > $2
    RETURNING id, kind, target_id";
const NAME_BUNDLE: &str = "UPDATE bundles SET email = $2, email_typed = $3, first_name = $4,
    last_name = $5, search_text = $6 WHERE id = $1";
// Of each thing that a blank bundle gives: whether the user has it, and which invitation to
// it waits.
const GIVEN: &str = "SELECT
        CASE WHEN i.kind = 'platform' AND EXISTS (SELECT 1 FROM memberships m
                WHERE m.tenant_id = i.tenant_id AND m.user_id = $2)
            OR i.kind <> 'platform' AND EXISTS (SELECT 1 FROM enrollments e
                WHERE e.tenant_id = i.tenant_id AND e.user_id = $2 AND e.item_id = i.target_id)
        THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END AS held,
        (SELECT w.id FROM invitations w
            WHERE w.tenant_id = i.tenant_id AND w.target_id = i.target_id
              AND w.invitee_key = $3 AND w.status = 'pending') AS waits
    FROM invitations i WHERE i.bundle_id = $1 AND i.status = 'unassigned'";
pub(super) const BIND_BUNDLE: &str = "UPDATE bundles SET user_id = $2 WHERE id = $1";
const VERIFY: &str = "UPDATE users SET email_verified = 1 WHERE id = $1";
const EXTERNAL_TAKEN: &str = "SELECT CAST(1 AS BIGINT) AS n FROM memberships
    WHERE tenant_id = $1 AND external_id = $2 AND user_id <> $3";
// `own`: the membership came with an earlier acceptance of bundle $3.
const PLACE: &str = "SELECT m.role, m.labels, m.external_id,
        CASE WHEN EXISTS (SELECT 1 FROM invitations i
            WHERE i.id = m.invitation_id AND i.bundle_id = $3)
        THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END AS own
    FROM memberships m WHERE m.tenant_id = $1 AND m.user_id = $2";
const COMPLETE_PLACE: &str = "UPDATE memberships
    SET role = $4, labels = $5, external_id = $6, invitation_id = $7
    WHERE tenant_id = $1 AND user_id = $2 AND role = $3";
const ENROLL: &str = "INSERT INTO enrollments
    (tenant_id, user_id, item_id, created_at, invitation_id, starts_at, ends_at)
    VALUES ($1, $2, $3, $4, $5, (SELECT starts_at FROM bundles WHERE id = $6),
        (SELECT ends_at FROM bundles WHERE id = $6))
    ON CONFLICT (tenant_id, user_id, item_id) DO NOTHING";
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
            Claimant::New(new) => {
                let email = offer.email_of(new);
                if offer.user.is_some() || self.user_by_email(email).await?.is_some() {
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
                if offer.by_code()
                    && let Some(refused) =
                        self.code_gives_nothing(offer.bundle, user.id, at).await?
                {
                    return Ok(refused);
                }
                Some(user)
            }
        };
        let accepted = if offer.by_code() {
            // Under the account, never under an address that nobody proved (S12).
            let user = match claimant {
                Claimant::New(new) => new.id,
                Claimant::User(id) => *id,
            };
            self.all::<TargetRow>(REDEEM_BUNDLE, args![offer.bundle, at, user.to_string()])
                .await?
        } else {
            self.all::<TargetRow>(ACCEPT_BUNDLE, args![offer.bundle, at])
                .await?
        };
        if accepted.is_empty() {
            return Ok(AcceptOutcome::Neutral);
        }
        hit(Point::AcceptMarked);
        // Whether the mailbox is proved, and whether it is the one that the mail went to:
        // an account may have changed its address since it was invited.
        let (user, verified, owns_address) = match (claimant, known) {
            (Claimant::New(new), _) => {
                let (id, verified) = self.register(&offer, new, at).await?;
                (id, verified, true)
            }
            (Claimant::User(id), known) => {
                let is_verified = known.as_ref().is_some_and(|user| user.email_verified);
                let owns = known.as_ref().is_some_and(|user| user.email == offer.email);
                let proves = offer.proves_mailbox() && owns;
                if proves && !is_verified {
                    self.execute(VERIFY, args![*id]).await?;
                }
                (*id, is_verified || proves, owns)
            }
        };
        self.grant(&offer, user, &accepted, at).await?;
        if offer.by_code() {
            self.name_bundle(offer.bundle, user).await?;
        }
        if verified {
            self.execute(REKEY_ACCEPTED, args![offer.bundle, user.to_string()])
                .await?;
        }
        // What else waits for the address belongs to whoever owns it now, nobody else.
        if verified && owns_address {
            self.rekey(&offer.email, user, (Some(user.0), "user"), at)
                .await?;
        }
        hit(Point::AcceptWritten);
        Ok(AcceptOutcome::Accepted { user })
    }

    /// Makes the account of an offer's invitee: `(account, mailbox is proved)`.
    async fn register(
        &mut self,
        offer: &Offer,
        new: &super::NewUser,
        at: Timestamp,
    ) -> Result<(UserId, bool), StorageError> {
        let email_typed = if offer.by_code() {
            &new.email_typed
        } else {
            &offer.email_typed
        };
        let new = super::NewUser {
            email: offer.email_of(new).to_owned(),
            email_typed: email_typed.clone(),
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

    /// Why a code would give the person nothing, if so: nobody loses one to a second try.
    pub async fn code_gives_nothing(
        &mut self,
        bundle: BundleId,
        user: UserId,
        at: Timestamp,
    ) -> Result<Option<AcceptOutcome>, StorageError> {
        let given = self
            .all::<GivenRow>(GIVEN, args![bundle, user, user.to_string()])
            .await?;
        if given.iter().all(|row| row.held != 0) {
            return Ok(Some(AcceptOutcome::AlreadyHeld));
        }
        if given.iter().any(|row| row.held == 0 && row.waits.is_none()) {
            return Ok(None);
        }
        // What is not shown to the person (switched off, archived, its inviter gone) cannot
        // be accepted instead.
        let shown = self.invitations_of(user, at).await?;
        let waits =
            |row: &GivenRow| row.held != 0 || shown.iter().any(|one| row.waits == Some(one.id.0));
        Ok(given
            .iter()
            .all(waits)
            .then_some(AcceptOutcome::AlreadyWaiting))
    }

    /// Writes down whose a blank bundle is now.
    pub(super) async fn name_bundle(
        &mut self,
        bundle: BundleId,
        user: UserId,
    ) -> Result<(), StorageError> {
        let Some(user) = self.user_by_id(user).await? else {
            return Ok(());
        };
        let text = format!(
            "{} {} {}",
            user.first_name, user.last_name, user.email_typed
        );
        let args = args![
            bundle,
            user.email,
            user.email_typed,
            user.first_name,
            user.last_name,
            fold(&text)
        ];
        self.execute(NAME_BUNDLE, args).await?;
        Ok(())
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
                    InvitationId(one.id),
                    offer.bundle
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

    /// Makes the membership unless there is one. An existing one stays as it is, unless
    /// it came from the same bundle: whoever accepted the bundle's course first has a
    /// plain learner's place, and what the invitation to the tenant gives comes on top.
    async fn join(
        &mut self,
        offer: &Offer,
        user: UserId,
        from: Option<&TargetRow>,
        with_role: bool,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let place = self
            .optional::<PlaceRow>(PLACE, args![offer.tenant, user, offer.bundle])
            .await?;
        let invitation = from.map(|one| InvitationId(one.id));
        match place {
            Some(place) if with_role && place.own != 0 => {
                return self.complete(offer, user, place, invitation, at).await;
            }
            Some(_) => return Ok(()),
            None => {}
        }
        let external_id = if with_role {
            self.free_external_id(offer, user, at).await?
        } else {
            None
        };
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
            invitation,
        }])
        .await?;
        Ok(())
    }

    /// Adds to a learner's place what the bundle's invitation to the tenant gives. What an
    /// admin changed meanwhile stands: a higher role, labels, an external id.
    async fn complete(
        &mut self,
        offer: &Offer,
        user: UserId,
        place: PlaceRow,
        invitation: Option<InvitationId>,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let external_id = match place.external_id {
            Some(own) => Some(own),
            None => self.free_external_id(offer, user, at).await?,
        };
        let labels = if place.labels.is_empty() {
            offer.labels.clone()
        } else {
            place.labels
        };
        let before = place.role.clone();
        let role = role_of(place.role)?.max(offer.role);
        let completed = self
            .execute(
                COMPLETE_PLACE,
                args![
                    offer.tenant,
                    user,
                    before,
                    role.as_str(),
                    labels,
                    external_id,
                    invitation
                ],
            )
            .await?;
        if completed == 1 {
            Ok(())
        } else {
            // An admin changed the role, or removed the member, in the same moment.
            Err(StorageError::Retry)
        }
    }

    /// The external id that the offer gives; none where somebody else got it meanwhile:
    /// the person still gets in.
    async fn free_external_id(
        &mut self,
        offer: &Offer,
        user: UserId,
        at: Timestamp,
    ) -> Result<Option<String>, StorageError> {
        let Some(wanted) = offer.external_id.clone() else {
            return Ok(None);
        };
        let taken = self
            .optional::<One>(EXTERNAL_TAKEN, args![offer.tenant, wanted.as_str(), user])
            .await?
            .is_some();
        if !taken {
            return Ok(Some(wanted));
        }
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
        Ok(None)
    }
}
