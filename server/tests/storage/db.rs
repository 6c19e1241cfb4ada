//! A fresh database, and the few rows that others hang on.

#[path = "../postgres/mod.rs"]
mod postgres;

use app::domain::{
    id::{BundleId, CatalogItemId, DeliveryId, ImportId, InvitationId, TenantId, UserId},
    invitation::{Binding, InvitationKind, TokenPurpose},
    role::Role,
    time::Timestamp,
};
use server::{
    args,
    clock::new_id,
    storage::{
        Act, Arg, NewBundle, NewCatalogItem, NewDelivery, NewInvitation, NewMembership, NewTenant,
        NewUser, Storage, StorageError, Tx, TxFuture,
    },
};

/// Thursday, 2026-11-19.
pub const NOW: Timestamp = Timestamp(1_795_046_400_000);

/// So many seconds after [`NOW`].
pub fn after(seconds: i64) -> Timestamp {
    NOW.plus_seconds(seconds)
}

/// Makes the tests `name::sqlite` and `name::postgres` of one contract.
macro_rules! contract {
    ($(#[$doc:meta])* $name:ident, |$db:ident| $body:block) => {
        $(#[$doc])*
        mod $name {
            use super::*;

            async fn holds($db: &$crate::db::Db) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let db = $crate::db::Db::sqlite().await;
                holds(&db).await;
                db.storage.close().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let db = $crate::db::Db::postgres().await;
                holds(&db).await;
                db.storage.close().await;
            }
        }
    };
}
pub(crate) use contract;

/// A database with the schema and nothing in it.
pub struct Db {
    pub storage: Storage,
    /// The file, or the server's URL.
    pub place: String,
    _folder: Option<tempfile::TempDir>,
}

impl Db {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("beckon.db");
        let storage = Storage::open_sqlite(file.clone()).await.unwrap();
        storage.migrate().await.unwrap();
        Self {
            storage,
            place: file.to_str().unwrap().to_owned(),
            _folder: Some(folder),
        }
    }

    pub async fn postgres() -> Self {
        let place = postgres::fresh_url().await;
        let storage = Storage::open_postgres(&place).await.unwrap();
        storage.migrate().await.unwrap();
        Self {
            storage,
            place,
            _folder: None,
        }
    }

    /// A write that is expected to run once.
    pub async fn try_write<T: Send>(
        &self,
        work: impl for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T> + Send,
    ) -> Result<T, StorageError> {
        let once = std::sync::Mutex::new(Some(work));
        self.storage
            .write(
                |tx| match once.lock().map(|mut work| work.take()).ok().flatten() {
                    Some(work) => work(tx),
                    None => panic!("nobody competes, so nothing is run again"),
                },
            )
            .await
    }

    /// A write that succeeds.
    pub async fn write<T: Send>(
        &self,
        work: impl for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T> + Send,
    ) -> T {
        self.try_write(work).await.unwrap()
    }

    /// One statement of a test's own.
    pub async fn try_sql(&self, sql: &'static str, args: Vec<Arg>) -> Result<u64, StorageError> {
        self.try_write(move |tx| Box::pin(tx.execute(sql, args)))
            .await
    }

    /// One statement that succeeds.
    pub async fn sql(&self, sql: &'static str, args: Vec<Arg>) -> u64 {
        self.try_sql(sql, args).await.unwrap()
    }

    /// The one number that `sql` gives.
    pub async fn number(&self, sql: &'static str, args: Vec<Arg>) -> i64 {
        let (n,): (i64,) = self.write(move |tx| Box::pin(tx.one(sql, args))).await;
        n
    }

    pub async fn tenant(&self, slug: &str) -> TenantId {
        let id = TenantId(new_id(NOW));
        let new = NewTenant {
            id,
            slug: slug.to_owned(),
            name: slug.to_uppercase(),
            time_zone: "Europe/Berlin".to_owned(),
            hold_seconds: 60,
            created_at: NOW,
        };
        self.write(|tx| Box::pin(tx.insert_tenant(new))).await;
        id
    }

    pub fn new_user(email: &str) -> NewUser {
        NewUser {
            id: UserId(new_id(NOW)),
            email: email.to_owned(),
            email_typed: email.to_owned(),
            email_verified: true,
            first_name: "Mara".to_owned(),
            last_name: "Muster".to_owned(),
            password_hash: None,
            super_admin: false,
            created_at: NOW,
        }
    }

    pub async fn user(&self, email: &str) -> UserId {
        let new = Self::new_user(email);
        let id = new.id;
        self.write(|tx| Box::pin(tx.insert_users(vec![new]))).await;
        id
    }

    pub fn new_member(tenant: TenantId, user: UserId, role: Role) -> NewMembership {
        NewMembership {
            tenant,
            user,
            role,
            labels: String::new(),
            external_id: None,
            created_at: NOW,
            invitation: None,
        }
    }

    pub async fn member(&self, tenant: TenantId, user: UserId, role: Role) {
        let new = Self::new_member(tenant, user, role);
        self.write(|tx| Box::pin(tx.insert_memberships(vec![new])))
            .await;
    }

    /// A tenant and its admin.
    pub async fn desk(&self, slug: &str) -> (TenantId, UserId) {
        let tenant = self.tenant(slug).await;
        let admin = self.user(&format!("admin@{slug}.test")).await;
        self.member(tenant, admin, Role::Admin).await;
        (tenant, admin)
    }

    pub fn new_item(tenant: Option<TenantId>, kind: InvitationKind, key: &str) -> NewCatalogItem {
        NewCatalogItem {
            id: CatalogItemId(new_id(NOW)),
            tenant,
            kind,
            key: key.to_owned(),
            title: format!("Title of {key}"),
            created_at: NOW,
        }
    }

    pub async fn course(&self, tenant: Option<TenantId>, key: &str) -> CatalogItemId {
        let new = Self::new_item(tenant, InvitationKind::Course, key);
        let id = new.id;
        self.write(|tx| Box::pin(tx.insert_catalog_items(vec![new])))
            .await;
        id
    }

    /// An import that `invite` can name.
    pub async fn import(&self, tenant: TenantId, user: UserId) -> ImportId {
        let id = ImportId(new_id(NOW));
        self.sql(
            "INSERT INTO imports (id, tenant_id, user_id, idempotency_key, content_hash,
             file_name, rows, mode, state, created_at)
             VALUES ($1, $2, $3, $4, '', 'people.csv', 1, 'valid_now', 'done', $5)",
            args![id, tenant, user, id.to_string(), NOW],
        )
        .await;
        id
    }

    pub fn new_bundle(email: &str, delivery: Option<DeliveryId>) -> NewBundle {
        NewBundle {
            id: BundleId(new_id(NOW)),
            email: email.to_owned(),
            email_typed: email.to_owned(),
            user: None,
            first_name: "Mara".to_owned(),
            last_name: "Muster".to_owned(),
            search_text: format!("mara muster {email}"),
            role: Role::Learner,
            labels: String::new(),
            external_id: None,
            note: String::new(),
            metadata: "{}".to_owned(),
            source: String::new(),
            redirect: String::new(),
            active: true,
            no_mail: false,
            starts_at: None,
            ends_at: None,
            send_at: None,
            delivery,
            expires_at: after(1_000),
        }
    }

    pub fn to_tenant(tenant: TenantId, bundle: BundleId, key: &str) -> NewInvitation {
        NewInvitation {
            id: InvitationId(new_id(NOW)),
            bundle,
            kind: InvitationKind::Platform,
            target: tenant.0,
            binding: Binding::Email,
            invitee_key: key.to_owned(),
            expires_at: after(1_000),
            scheduled: false,
        }
    }

    /// What is pending for one person, with its queued mail.
    pub async fn invite(&self, tenant: TenantId, inviter: UserId, email: &str) -> Invited {
        let import = self.import(tenant, inviter).await;
        let act = Act {
            tenant,
            inviter,
            import: Some(import),
            at: NOW,
        };
        let delivery = NewDelivery {
            id: DeliveryId(new_id(NOW)),
            tenant,
            bundle: BundleId(uuid::Uuid::nil()),
            import: None,
            purpose: TokenPurpose::Mail,
            message_id: format!("<{email}>"),
            not_before: NOW,
            created_at: NOW,
        };
        let bundle = Self::new_bundle(email, Some(delivery.id));
        let invitation = Self::to_tenant(tenant, bundle.id, email);
        let made = Invited {
            bundle: bundle.id,
            invitation: invitation.id,
            delivery: delivery.id,
        };
        let delivery = NewDelivery {
            bundle: bundle.id,
            ..delivery
        };
        self.write(move |tx| {
            Box::pin(async move {
                tx.insert_bundles(&act, vec![bundle]).await?;
                tx.insert_invitations(&act, &[invitation]).await?;
                tx.insert_deliveries(vec![delivery]).await
            })
        })
        .await;
        made
    }
}

/// What [`Db::invite`] made.
#[derive(Clone, Copy, Debug)]
pub struct Invited {
    pub bundle: BundleId,
    pub invitation: InvitationId,
    pub delivery: DeliveryId,
}

/// The index or the columns that a unique index named.
pub fn clash<T: std::fmt::Debug>(result: Result<T, StorageError>) -> String {
    match result {
        Err(StorageError::Unique { constraint }) => constraint,
        other => panic!("{other:?}"),
    }
}

/// What a CHECK refused; anything else fails the test.
pub fn refused<T: std::fmt::Debug>(result: Result<T, StorageError>) {
    match result {
        Err(StorageError::Database(error)) => {
            let error = error.as_database_error().unwrap();
            assert!(error.is_check_violation(), "{error}");
        }
        other => panic!("{other:?}"),
    }
}
