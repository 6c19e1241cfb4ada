//! A learner's own invitations and courses.

use app::domain::{
    id::{CatalogItemId, InvitationId, TenantId, UserId},
    invitation::{InvitationKind, InvitationStatus},
    time::Timestamp,
};
use uuid::Uuid;

use super::{
    StorageError, Tx, invitations::status_of, offers::InviterColumns, users::display_name,
};
use crate::args;

/// One of a user's invitations.
#[derive(Clone, Debug)]
pub struct OwnInvitation {
    /// The invitation.
    pub id: InvitationId,
    /// The tenant's name.
    pub tenant: String,
    /// What kind.
    pub kind: InvitationKind,
    /// The tenant's name or the item's title.
    pub title: String,
    /// Name of who invites.
    pub inviter: String,
    /// Where it stands.
    pub status: InvitationStatus,
    /// Since when.
    pub status_changed_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// From when the person's refusal counts.
    pub decline_at: Option<Timestamp>,
}

/// One of a user's courses or programs.
#[derive(Clone, Debug)]
pub struct OwnItem {
    /// The item.
    pub item: CatalogItemId,
    /// `Course` or `Program`.
    pub kind: InvitationKind,
    /// Its title.
    pub title: String,
    /// Whose.
    pub tenant_id: TenantId,
    /// The tenant's name.
    pub tenant: String,
    /// Since when.
    pub enrolled_at: Timestamp,
    /// From when it can be used.
    pub starts_at: Option<Timestamp>,
    /// Until when.
    pub ends_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct InvitationRow {
    id: Uuid,
    tenant: String,
    kind: String,
    title: Option<String>,
    inviter_first: String,
    inviter_last: String,
    inviter_email: String,
    #[sqlx(flatten)]
    by: InviterColumns,
    tenant_id: Uuid,
    role: String,
    status: String,
    status_changed_at: i64,
    expires_at: i64,
    decline_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct ItemRow {
    item_id: Uuid,
    kind: String,
    title: String,
    tenant_id: Uuid,
    tenant: String,
    created_at: i64,
    starts_at: Option<i64>,
    ends_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct PartRow {
    program_id: Uuid,
    title: String,
}

#[derive(sqlx::FromRow)]
struct OneRow {
    #[expect(dead_code, reason = "only the row's presence counts")]
    id: Uuid,
}

// $1 user id as text, $2 the canonical address (again $1 where it is not proved),
// $3 user id, $4 now. A pending one that cannot be accepted is not shown,
// nor what ended before it went out.
const INVITATIONS: &str = "SELECT i.id, t.name AS tenant, i.kind,
        COALESCE(c.title, t.name) AS title, u.first_name AS inviter_first,
        u.last_name AS inviter_last, u.email_typed AS inviter_email,
        u.deactivated_at AS inviter_deactivated_at, u.super_admin AS inviter_super,
        m.role AS inviter_role, b.tenant_id, b.role, i.status,
        i.status_changed_at, i.expires_at, i.decline_at
    FROM invitations i
    JOIN bundles b ON b.id = i.bundle_id
    JOIN tenants t ON t.id = i.tenant_id
    JOIN users u ON u.id = b.inviter_id
    LEFT JOIN memberships m ON m.tenant_id = b.tenant_id AND m.user_id = b.inviter_id
    LEFT JOIN catalog_items c ON c.id = i.target_id
    WHERE i.id IN (
            SELECT k.id FROM invitations k
            WHERE k.tenant_id IN (SELECT id FROM tenants) AND k.invitee_key IN ($1, $2)
            UNION
            SELECT o.id FROM bundles ob JOIN invitations o ON o.bundle_id = ob.id
            WHERE ob.user_id = $3 AND o.status = 'accepted')
      AND t.disabled_at IS NULL
      AND (i.status IN ('accepted', 'declined')
        OR (i.status IN ('expired', 'revoked') AND b.send_at IS NULL)
        OR (i.status = 'pending' AND b.active = 1 AND i.expires_at > $4
            AND c.archived_at IS NULL))
    ORDER BY CASE i.status WHEN 'pending' THEN 0 ELSE 1 END, i.status_changed_at DESC, i.id DESC
    LIMIT 500";
const COURSES: &str =
    "SELECT e.item_id, c.kind, c.title, t.id AS tenant_id, t.name AS tenant, e.created_at,
        e.starts_at, e.ends_at
    FROM enrollments e
    JOIN catalog_items c ON c.id = e.item_id
    JOIN tenants t ON t.id = e.tenant_id
    WHERE e.user_id = $1 AND t.disabled_at IS NULL
    ORDER BY t.name, t.slug, c.title, e.item_id LIMIT 1000";
const PARTS: &str = "SELECT p.program_id, c.title FROM program_courses p
    JOIN catalog_items c ON c.id = p.course_id
    WHERE p.program_id IN (SELECT item_id FROM enrollments WHERE user_id = $1)
    ORDER BY p.program_id, p.position";
const IS_MINE: &str = "SELECT i.id FROM invitations i
    JOIN users u ON u.id = $2
    WHERE i.id = $1 AND u.deactivated_at IS NULL
      AND (i.invitee_key = $3 OR (u.email_verified = 1 AND i.invitee_key = u.email))";

fn kind_of(text: String) -> Result<InvitationKind, StorageError> {
    InvitationKind::parse(&text).ok_or(StorageError::BadData {
        table: "invitations",
        column: "kind",
        value: text,
    })
}

impl Tx {
    /// The user's invitations: pending first, then the newest others. What is only
    /// bound to the address counts where the mailbox is proved (S12).
    pub async fn invitations_of(
        &mut self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<OwnInvitation>, StorageError> {
        let Some(account) = self.user_by_id(user).await? else {
            return Ok(Vec::new());
        };
        let key = user.to_string();
        let address = if account.email_verified {
            account.email
        } else {
            key.clone()
        };
        self.all::<InvitationRow>(INVITATIONS, args![key, address, user, now])
            .await?
            .into_iter()
            // As in an offer: what its inviter could no longer make cannot be accepted (S24).
            .filter(|row| {
                row.status != "pending" || row.by.rights().cover(TenantId(row.tenant_id), &row.role)
            })
            .map(|row| {
                Ok(OwnInvitation {
                    id: InvitationId(row.id),
                    tenant: row.tenant,
                    kind: kind_of(row.kind)?,
                    title: row.title.unwrap_or_default(),
                    inviter: display_name(
                        &row.inviter_first,
                        &row.inviter_last,
                        &row.inviter_email,
                    ),
                    status: status_of(row.status)?,
                    status_changed_at: Timestamp(row.status_changed_at),
                    expires_at: Timestamp(row.expires_at),
                    decline_at: row.decline_at.map(Timestamp),
                })
            })
            .collect()
    }

    /// The courses of the user's programs: `(program, title)`, in their order.
    pub async fn program_parts_of(
        &mut self,
        user: UserId,
    ) -> Result<Vec<(CatalogItemId, String)>, StorageError> {
        let rows = self.all::<PartRow>(PARTS, args![user]).await?;
        Ok(rows
            .into_iter()
            .map(|row| (CatalogItemId(row.program_id), row.title))
            .collect())
    }

    /// The user's courses and programs, by tenant and title.
    pub async fn enrollments_of(&mut self, user: UserId) -> Result<Vec<OwnItem>, StorageError> {
        self.all::<ItemRow>(COURSES, args![user])
            .await?
            .into_iter()
            .map(|row| {
                Ok(OwnItem {
                    item: CatalogItemId(row.item_id),
                    kind: kind_of(row.kind)?,
                    title: row.title,
                    tenant_id: TenantId(row.tenant_id),
                    tenant: row.tenant,
                    enrolled_at: Timestamp(row.created_at),
                    starts_at: row.starts_at.map(Timestamp),
                    ends_at: row.ends_at.map(Timestamp),
                })
            })
            .collect()
    }

    /// Whether an invitation is addressed to this user.
    pub async fn is_mine(
        &mut self,
        invitation: InvitationId,
        user: UserId,
    ) -> Result<bool, StorageError> {
        let args = args![invitation, user, user.to_string()];
        Ok(self.optional::<OneRow>(IS_MINE, args).await?.is_some())
    }
}
