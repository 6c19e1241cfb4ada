//! What a live bundle offers, judged anew each time it is asked.
//!
//! Every path to *accepted* (a link, the learner's home) loads its [`Offer`] under the
//! same conditions. Whatever is wrong with an offer (unknown, dead, expired, inviter
//! gone …) it is just absent, found out by one statement, so that the answers take
//! alike (S01, S30).

use app::domain::{
    actor::UserActor,
    id::{BundleId, InvitationId, SessionId, TenantId, UserId},
    invitation::{InvitationKind, TokenPurpose},
    policy::role_ceiling,
    redirect,
    role::Role,
    time::Timestamp,
};
use uuid::Uuid;

use super::{StorageError, Tx, User};
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

/// The columns that [`InviterRights`] are read from, in every row struct that judges an
/// inviter: `#[sqlx(flatten)]`. The statement names them so: `u.deactivated_at AS
/// inviter_deactivated_at, u.super_admin AS inviter_super, m.role AS inviter_role`, from the
/// user who invites and its membership in the bundle's tenant, if any.
#[derive(Debug, sqlx::FromRow)]
#[expect(clippy::struct_field_names, reason = "they are the columns' names")]
pub(super) struct InviterColumns {
    inviter_deactivated_at: Option<i64>,
    inviter_super: i64,
    inviter_role: Option<String>,
}

impl InviterColumns {
    /// The inviter's rights.
    pub(super) fn rights(&self) -> InviterRights<'_> {
        InviterRights {
            deactivated: self.inviter_deactivated_at.is_some(),
            super_admin: self.inviter_super != 0,
            role: self.inviter_role.as_deref(),
        }
    }
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
    /// Where the person goes after accepting: a path of this origin, or empty.
    pub redirect: String,
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

    /// A redemption code: it is for whoever has it, and proves nothing.
    #[must_use]
    pub fn by_code(&self) -> bool {
        self.purpose == Some(TokenPurpose::Code)
    }

    /// The address that an account made by it gets: its own, but for a code, which has none.
    #[must_use]
    pub fn email_of<'o>(&'o self, new: &'o super::NewUser) -> &'o str {
        if self.by_code() {
            &new.email
        } else {
            &self.email
        }
    }

    /// Whether `user` is whom it is for.
    #[must_use]
    pub fn is_for(&self, user: &User) -> bool {
        // Whoever has the address of an account's invitation now is somebody else, if the
        // account has moved on to another one.
        self.by_code()
            || match self.user {
                Some(invitee) => invitee == user.id,
                None => self.email == user.email,
            }
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
    redirect: String,
    #[sqlx(flatten)]
    by: InviterColumns,
    purpose: Option<String>,
}

#[derive(sqlx::FromRow)]
struct TitleRow {
    kind: String,
    title: Option<String>,
}

/// The conditions of every offer; `$1` says which, `$2` is now. What is nobody's yet has no
/// link but its code.
macro_rules! offer_sql {
    ($purpose:literal, $from:literal, $which:literal, $pending:literal) => {
        concat!(
            "SELECT b.id AS bundle_id, b.tenant_id, t.name AS tenant_name, t.slug AS tenant_slug,
                b.email, b.email_typed, b.user_id, b.first_name, b.last_name, b.role, b.labels,
                b.external_id, b.expires_at, b.redirect, u.first_name AS inviter_first,
                u.last_name AS inviter_last, u.deactivated_at AS inviter_deactivated_at,
                u.super_admin AS inviter_super, m.role AS inviter_role, ",
            $purpose,
            " AS purpose FROM ",
            $from,
            " JOIN tenants t ON t.id = b.tenant_id
            JOIN users u ON u.id = b.inviter_id
            LEFT JOIN memberships m ON m.tenant_id = b.tenant_id AND m.user_id = b.inviter_id
            WHERE ",
            $which,
            " AND b.status IN ('pending', 'unassigned') AND b.active = 1 AND b.expires_at > $2
              AND t.disabled_at IS NULL AND u.deactivated_at IS NULL
              AND EXISTS (SELECT 1 FROM invitations i WHERE i.bundle_id = b.id
                  AND i.status IN ('pending', 'unassigned') AND i.expires_at > $2)
              AND NOT EXISTS (SELECT 1 FROM invitations i
                  LEFT JOIN catalog_items c ON c.id = i.target_id
                  WHERE i.bundle_id = b.id AND i.status IN ('pending', 'unassigned')
                    AND i.kind <> 'platform'",
            $pending,
            "     AND (c.id IS NULL OR c.archived_at IS NOT NULL OR c.tenant_id <> b.tenant_id))
              AND NOT EXISTS (SELECT 1 FROM users a
                  WHERE (a.email = b.email OR a.id = b.user_id)
                    AND a.deactivated_at IS NOT NULL)"
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
const TITLES: &str = "SELECT i.kind, c.title FROM invitations i
    LEFT JOIN catalog_items c ON c.id = i.target_id
    WHERE i.bundle_id = $1 AND i.status IN ('pending', 'unassigned') AND i.expires_at > $2
    ORDER BY CASE i.kind WHEN 'platform' THEN 0 WHEN 'program' THEN 1 ELSE 2 END, c.title";

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
}

fn offer(row: Option<OfferRow>) -> Result<Option<Offer>, StorageError> {
    let Some(row) = row else { return Ok(None) };
    if !row.by.rights().cover(TenantId(row.tenant_id), &row.role) {
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
        // Asked again: whatever the database says, nobody is led away from here (S49).
        redirect: redirect::parse(&row.redirect).unwrap_or_default(),
        purpose: row.purpose.as_deref().and_then(TokenPurpose::parse),
    }))
}
