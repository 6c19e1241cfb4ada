//! What came to an end and is made anew, linked to the one before.

use app::domain::{
    id::{BundleId, TenantId, UserId},
    invitation::{InvitationKind, InvitationStatus},
    role::Role,
    time::Timestamp,
};
use uuid::Uuid;

use super::{StorageError, Tx, invitations::status_of, users::role_of};
use crate::args;

/// A bundle as it was asked for.
#[derive(Clone, Debug)]
pub struct Before {
    /// As typed.
    pub email: String,
    /// The account that it was for.
    pub user: Option<UserId>,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// On acceptance.
    pub role: Role,
    /// Labels, separated by `|`.
    pub labels: String,
    /// The person's id in another system.
    pub external_id: Option<String>,
    /// The admin's note.
    pub note: String,
    /// JSON object of the columns kept as metadata.
    pub metadata: String,
    /// Where it comes from; may be empty.
    pub source: String,
    /// Where its person goes after accepting; may be empty.
    pub redirect: String,
    /// Made without a mail on purpose.
    pub no_mail: bool,
    /// When what its courses and programs give begins.
    pub starts_at: Option<Timestamp>,
    /// When it ends.
    pub ends_at: Option<Timestamp>,
    /// Leading.
    pub status: InvitationStatus,
    /// What it was to, each with its own status.
    pub targets: Vec<(InvitationKind, Uuid, InvitationStatus)>,
}

#[derive(sqlx::FromRow)]
struct Row {
    email_typed: String,
    user_id: Option<Uuid>,
    first_name: String,
    last_name: String,
    role: String,
    labels: String,
    external_id: Option<String>,
    note: String,
    metadata: String,
    source: String,
    redirect: String,
    no_mail: i64,
    starts_at: Option<i64>,
    ends_at: Option<i64>,
    status: String,
}

#[derive(sqlx::FromRow)]
struct TargetRow {
    kind: String,
    target_id: Uuid,
    status: String,
}

const BEFORE: &str = "SELECT email_typed, user_id, first_name, last_name, role, labels,
        external_id, note, metadata, source, redirect, no_mail, starts_at, ends_at, status
    FROM bundles WHERE tenant_id = $1 AND id = $2";
const TARGETS: &str = "SELECT kind, target_id, status FROM invitations
    WHERE bundle_id = $1 ORDER BY id";
const LINK: &str = "UPDATE invitations SET previous_id = (SELECT o.id FROM invitations o
        WHERE o.bundle_id = $2 AND o.target_id = invitations.target_id
          AND o.status IN ('declined', 'expired', 'revoked')
        ORDER BY o.id DESC LIMIT 1)
    WHERE bundle_id = $1 AND previous_id IS NULL";
const PREVIOUS: &str = "SELECT p.bundle_id FROM invitations i
    JOIN invitations p ON p.id = i.previous_id WHERE i.bundle_id = $1 LIMIT 1";
const NEXT: &str = "SELECT n.bundle_id FROM invitations n
    WHERE n.previous_id IN (SELECT id FROM invitations WHERE bundle_id = $1)
    ORDER BY n.id DESC LIMIT 1";

impl Tx {
    /// What a tenant's bundle was, to be made anew.
    pub async fn bundle_before(
        &mut self,
        tenant: TenantId,
        bundle: BundleId,
    ) -> Result<Option<Before>, StorageError> {
        let Some(row) = self.optional::<Row>(BEFORE, args![tenant, bundle]).await? else {
            return Ok(None);
        };
        let targets = self
            .all::<TargetRow>(TARGETS, args![bundle])
            .await?
            .into_iter()
            .map(|row| {
                let kind = InvitationKind::parse(&row.kind).ok_or(StorageError::BadData {
                    table: "invitations",
                    column: "kind",
                    value: row.kind,
                })?;
                Ok((kind, row.target_id, status_of(row.status)?))
            })
            .collect::<Result<_, StorageError>>()?;
        Ok(Some(Before {
            email: row.email_typed,
            user: row.user_id.map(UserId),
            first_name: row.first_name,
            last_name: row.last_name,
            role: role_of(row.role)?,
            labels: row.labels,
            external_id: row.external_id,
            note: row.note,
            metadata: row.metadata,
            source: row.source,
            redirect: row.redirect,
            no_mail: row.no_mail != 0,
            starts_at: row.starts_at.map(Timestamp),
            ends_at: row.ends_at.map(Timestamp),
            status: status_of(row.status)?,
            targets,
        }))
    }

    /// Names the ones before of a bundle's invitations, which are of `before`.
    pub async fn link_previous(
        &mut self,
        bundle: BundleId,
        before: BundleId,
    ) -> Result<(), StorageError> {
        self.execute(LINK, args![bundle, before]).await?;
        Ok(())
    }

    /// The bundle before a bundle, and the one that was made anew after it.
    pub async fn neighbours(
        &mut self,
        bundle: BundleId,
    ) -> Result<(Option<BundleId>, Option<BundleId>), StorageError> {
        let previous = self.optional::<(Uuid,)>(PREVIOUS, args![bundle]).await?;
        let next = self.optional::<(Uuid,)>(NEXT, args![bundle]).await?;
        let id = |row: Option<(Uuid,)>| row.map(|(id,)| BundleId(id));
        Ok((id(previous), id(next)))
    }
}
