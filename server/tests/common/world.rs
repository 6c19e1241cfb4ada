//! Who and what is there when a test begins.

use app::domain::{
    id::{BundleId, CatalogItemId, ImportId, InvitationId, TenantId, UserId},
    invitation::{InvitationKind, TokenPurpose},
    role::Role,
};
use server::{
    args,
    clock::{Secret, new_id},
    services::Desk,
    storage::{Arg, NewCatalogItem, NewLink, NewMembership, NewTenant, NewUser, PasswordHash},
};

use super::{NOW, PASSWORD_HASH};

/// Two tenants, five accounts, a few catalog items.
pub struct World {
    /// `acme`.
    pub acme: TenantId,
    /// `globex`.
    pub globex: TenantId,
    /// `super@beckon.test`, member of nothing.
    pub super_admin: UserId,
    /// `admin@acme.test`.
    pub acme_admin: UserId,
    /// `admin@globex.test`.
    pub globex_admin: UserId,
    /// `learner@acme.test`.
    pub learner: UserId,
    /// `instructor@acme.test`.
    pub instructor: UserId,
    /// `STAT-101`, shared.
    pub shared_course: CatalogItemId,
    /// `BIO-101` of Acme.
    pub acme_course: CatalogItemId,
    /// `LEAD-101` of Globex.
    pub globex_course: CatalogItemId,
}

impl World {
    /// Makes it all.
    pub async fn make(desk: &Desk) -> Self {
        let acme = tenant(desk, "acme", "Acme Academy", "Europe/Lisbon").await;
        let globex = tenant(desk, "globex", "Globex Institute", "America/New_York").await;
        let world = Self {
            acme,
            globex,
            super_admin: user(desk, "super@beckon.test", "Sana", true).await,
            acme_admin: user(desk, "admin@acme.test", "Ada", false).await,
            globex_admin: user(desk, "admin@globex.test", "Grace", false).await,
            learner: user(desk, "learner@acme.test", "Leo", false).await,
            instructor: user(desk, "instructor@acme.test", "Ines", false).await,
            shared_course: course(desk, None, "STAT-101").await,
            acme_course: course(desk, Some(acme), "BIO-101").await,
            globex_course: course(desk, Some(globex), "LEAD-101").await,
        };
        member(desk, acme, world.acme_admin, Role::Admin).await;
        member(desk, globex, world.globex_admin, Role::Admin).await;
        member(desk, acme, world.learner, Role::Learner).await;
        member(desk, acme, world.instructor, Role::Instructor).await;
        world
    }
}

async fn tenant(
    desk: &Desk,
    slug: &'static str,
    name: &'static str,
    zone: &'static str,
) -> TenantId {
    let id = TenantId(new_id(NOW));
    desk.storage
        .write(move |tx| {
            Box::pin(tx.insert_tenant(NewTenant {
                id,
                slug: slug.to_owned(),
                name: name.to_owned(),
                time_zone: zone.to_owned(),
                hold_seconds: 0,
                created_at: NOW,
            }))
        })
        .await
        .unwrap();
    id
}

/// An account with the world's password.
pub async fn user(desk: &Desk, email: &str, first_name: &str, super_admin: bool) -> UserId {
    let new = NewUser {
        id: UserId(new_id(NOW)),
        email: email.to_owned(),
        email_typed: email.to_owned(),
        email_verified: true,
        first_name: first_name.to_owned(),
        last_name: "Example".to_owned(),
        password_hash: Some(PasswordHash(PASSWORD_HASH.clone())),
        super_admin,
        created_at: NOW,
    };
    let id = new.id;
    desk.storage
        .write(move |tx| Box::pin(tx.insert_users(vec![new.clone()])))
        .await
        .unwrap();
    id
}

/// Makes a user a member.
pub async fn member(desk: &Desk, tenant: TenantId, user: UserId, role: Role) {
    let new = NewMembership {
        tenant,
        user,
        role,
        labels: String::new(),
        external_id: None,
        created_at: NOW,
        invitation: None,
    };
    desk.storage
        .write(move |tx| Box::pin(tx.insert_memberships(vec![new.clone()])))
        .await
        .unwrap();
}

async fn course(desk: &Desk, tenant: Option<TenantId>, key: &'static str) -> CatalogItemId {
    let id = CatalogItemId(new_id(NOW));
    desk.storage
        .write(move |tx| {
            Box::pin(tx.insert_catalog_items(vec![NewCatalogItem {
                id,
                tenant,
                kind: InvitationKind::Course,
                key: key.to_owned(),
                title: format!("Course {key}"),
                created_at: NOW,
            }]))
        })
        .await
        .unwrap();
    id
}

/// One statement of a test's own.
pub async fn sql(desk: &Desk, sql: &'static str, args: Vec<Arg>) -> u64 {
    desk.storage
        .write(move |tx| {
            let args = args.clone();
            Box::pin(async move { tx.execute(sql, args).await })
        })
        .await
        .unwrap()
}

/// A pending platform invitation with a mailed link: `(bundle, invitation, token)`.
/// Where `account` is an account, the address must be its own.
pub async fn invited(
    desk: &Desk,
    tenant: TenantId,
    inviter: UserId,
    email: &str,
    account: Option<UserId>,
) -> (BundleId, InvitationId, Secret) {
    let now = desk.now();
    let (bundle, invitation) = (BundleId(new_id(now)), InvitationId(new_id(now)));
    let expires = now.plus_days(30);
    sql(
        desk,
        "INSERT INTO bundles (id, tenant_id, email, email_typed, user_id, first_name, last_name,
         search_text, role, status, inviter_id, created_at, expires_at)
         VALUES ($1, $2, $3, $3, $4, 'Mara', 'Muster', 'mara muster', 'learner', 'pending', $5,
         $6, $7)",
        args![bundle, tenant, email, account, inviter, now, expires],
    )
    .await;
    let key = account.map_or_else(|| email.to_owned(), |user| user.to_string());
    let binding = if account.is_some() { "user" } else { "email" };
    sql(
        desk,
        "INSERT INTO invitations (id, tenant_id, bundle_id, kind, binding, target_id, invitee_key,
         status, created_at, status_changed_at, expires_at)
         VALUES ($1, $2, $3, 'platform', $4, $2, $5, 'pending', $6, $6, $7)",
        args![invitation, tenant, bundle, binding, key, now, expires],
    )
    .await;
    let token = Secret::draw().unwrap();
    let hash = token.hash();
    desk.storage
        .write(move |tx| {
            Box::pin(tx.insert_links(vec![NewLink {
                token_hash: hash,
                tenant,
                bundle,
                purpose: TokenPurpose::Mail,
                created_at: now,
            }]))
        })
        .await
        .unwrap();
    (bundle, invitation, token)
}

/// An import that is still receiving its one row.
pub async fn import(desk: &Desk, tenant: TenantId, user: UserId) -> ImportId {
    let now = desk.now();
    let id = ImportId(new_id(now));
    sql(
        desk,
        "INSERT INTO imports (id, tenant_id, user_id, idempotency_key, content_hash, file_name,
         rows, mode, state, created_at)
         VALUES ($1, $2, $3, $4, $5, 'people.csv', 1, 'valid_now', 'receiving', $6)",
        args![id, tenant, user, id.to_string(), "0".repeat(64), now],
    )
    .await;
    id
}
