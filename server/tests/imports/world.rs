//! A small platform on each engine: two tenants, their admins, a catalog.

#[path = "../postgres/mod.rs"]
mod postgres;

use std::{
    net::{IpAddr, Ipv4Addr},
    ops::Range,
    sync::Arc,
};

use app::{
    api::{
        ApiError,
        imports::{BeginImport, ImportChunk, ImportRef, ImportStatus, OutcomesRequest, RowResult},
    },
    bulk::draft::{RowDraft, next_chunk},
    domain::{
        actor::{Actor, UserActor},
        id::{CatalogItemId, SessionId, TenantId, UserId},
        import::{RowOutcome, SubmitMode},
        role::Role,
        time::Timestamp,
    },
    ports::{Caller, Imports},
};
use server::{
    args,
    clock::{Clock, FixedClock, new_id},
    services::{Desk, Settings, imports::ImportsService},
    storage::{
        NewMembership, NewUser, Storage,
        invariants::{self, Mails},
    },
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// 2026-11-23T12:00:00Z, noon in UTC, 17:45 in Kathmandu.
pub const NOW: Timestamp = Timestamp(1_795_435_200_000);

pub struct World {
    pub desk: Desk,
    pub clock: Arc<FixedClock>,
    pub imports: Arc<ImportsService>,
    /// In Kathmandu (UTC+5:45), so that a day's end is nobody else's.
    pub acme: TenantId,
    pub globex: TenantId,
    pub admin: Caller,
    pub admin_user: UserId,
    pub globex_admin: Caller,
    _files: tempfile::TempDir,
}

/// A world on SQLite, and one on PostgreSQL.
pub async fn worlds() -> Vec<World> {
    let url = postgres::fresh_url().await;
    vec![World::new(None).await, World::new(Some(&url)).await]
}

impl World {
    async fn new(postgres: Option<&str>) -> Self {
        let files = tempfile::tempdir().unwrap();
        let storage = match postgres {
            None => Storage::open_sqlite(files.path().join("beckon.db")).await,
            Some(url) => Storage::open_postgres(url).await,
        }
        .unwrap();
        storage.migrate().await.unwrap();
        let clock = Arc::new(FixedClock::new(NOW));
        let desk = Desk {
            storage,
            clock: clock.clone(),
            settings: Arc::new(Settings {
                public_url: "https://beckon.example:8443".to_owned(),
                secure_cookies: true,
                demo: false,
                mail_configured: true,
                mail_from: "beckon@beckon.example".to_owned(),
            }),
            key: Arc::new(server::keys::Key::draw().unwrap()),
            wake: Arc::default(),
        };
        let (acme, globex) = (TenantId(new_id(NOW)), TenantId(new_id(NOW)));
        let (admin_user, globex_user) = (UserId(new_id(NOW)), UserId(new_id(NOW)));
        let world = Self {
            imports: Arc::new(ImportsService::new(desk.clone())),
            desk,
            clock,
            acme,
            globex,
            admin: caller(admin_user, acme),
            admin_user,
            globex_admin: caller(globex_user, globex),
            _files: files,
        };
        for (tenant, slug, zone) in [
            (acme, "acme", "Asia/Kathmandu"),
            (globex, "globex", "Europe/Berlin"),
        ] {
            world
                .run(
                    "INSERT INTO tenants (id, slug, name, time_zone, created_at)
                     VALUES ($1, $2, $2, $3, $4)",
                    args![tenant, slug, zone, NOW],
                )
                .await;
        }
        world
            .user(
                admin_user,
                "admin@acme.test",
                true,
                Some((acme, Role::Admin)),
            )
            .await;
        world
            .user(
                globex_user,
                "admin@globex.test",
                true,
                Some((globex, Role::Admin)),
            )
            .await;
        world.item(Some(acme), "course", "rust").await;
        world.item(Some(acme), "course", "sql").await;
        world.item(Some(acme), "program", "onboarding").await;
        world.item(Some(globex), "course", "secret").await;
        world.item(None, "course", "shared").await;
        world
    }

    pub async fn run(&self, sql: &'static str, args: Vec<server::storage::Arg>) -> u64 {
        self.desk
            .storage
            .write(move |tx| {
                let args = args.clone();
                Box::pin(async move { tx.execute(sql, args).await })
            })
            .await
            .unwrap()
    }

    /// The one number that `sql` counts.
    pub async fn count(&self, sql: &'static str) -> i64 {
        self.desk
            .storage
            .read(move |tx| Box::pin(async move { tx.one::<(i64,)>(sql, vec![]).await }))
            .await
            .unwrap()
            .0
    }

    pub async fn user(
        &self,
        id: UserId,
        email: &str,
        verified: bool,
        member: Option<(TenantId, Role)>,
    ) {
        let user = NewUser {
            id,
            email: email.to_owned(),
            email_typed: email.to_owned(),
            email_verified: verified,
            first_name: "Ada".to_owned(),
            last_name: "Lovelace".to_owned(),
            password_hash: None,
            super_admin: false,
            created_at: NOW,
        };
        self.desk
            .storage
            .write(move |tx| {
                let user = user.clone();
                Box::pin(async move {
                    tx.insert_users(vec![user]).await?;
                    if let Some((tenant, role)) = member {
                        tx.insert_memberships(vec![NewMembership {
                            tenant,
                            user: id,
                            role,
                            labels: String::new(),
                            external_id: None,
                            created_at: NOW,
                            invitation: None,
                        }])
                        .await?;
                    }
                    Ok(())
                })
            })
            .await
            .unwrap();
    }

    /// A new account; gives its id.
    pub async fn account(
        &self,
        email: &str,
        verified: bool,
        member: Option<(TenantId, Role)>,
    ) -> UserId {
        let id = UserId(new_id(self.clock.now()));
        self.user(id, email, verified, member).await;
        id
    }

    pub async fn item(&self, owner: Option<TenantId>, kind: &str, key: &str) -> CatalogItemId {
        let id = CatalogItemId(new_id(NOW));
        self.run(
            "INSERT INTO catalog_items (id, tenant_id, kind, key, title, search_text, created_at)
             VALUES ($1, $2, $3, $4, $4, $4, $5)",
            args![id, owner, kind, key, NOW],
        )
        .await;
        id
    }

    pub async fn enroll(&self, user: UserId, key: &'static str) {
        self.run(
            "INSERT INTO enrollments (tenant_id, user_id, item_id, created_at)
             SELECT $1, $2, id, $3 FROM catalog_items WHERE tenant_id = $1 AND key = $4",
            args![self.acme, user, NOW, key],
        )
        .await;
    }

    pub async fn begin(
        &self,
        key: &str,
        mode: SubmitMode,
        rows: &[RowDraft],
    ) -> Result<ImportStatus, ApiError> {
        self.begin_with(key, mode, rows, &[]).await
    }

    /// Begins an import with columns kept as metadata.
    pub async fn begin_with(
        &self,
        key: &str,
        mode: SubmitMode,
        rows: &[RowDraft],
        columns: &[&str],
    ) -> Result<ImportStatus, ApiError> {
        let input = BeginImport {
            tenant: "acme".to_owned(),
            idempotency_key: format!("key-of-a-submit-{key}"),
            file_name: "people.csv".to_owned(),
            rows: u32::try_from(rows.len()).unwrap(),
            metadata_columns: columns.iter().map(|&name| name.to_owned()).collect(),
            content_hash: content_hash(rows),
            mode,
            admins: u32::try_from(
                rows.iter()
                    .filter(|row| row.role.eq_ignore_ascii_case("admin"))
                    .count(),
            )
            .unwrap(),
        };
        self.imports.begin(&self.admin, input).await
    }

    pub async fn send(&self, import: &ImportStatus, rows: &[RowDraft]) -> Result<(), ApiError> {
        for chunk in chunks(import, rows) {
            self.imports.chunk(&self.admin, chunk).await?;
        }
        Ok(())
    }

    pub async fn commit(&self, import: &ImportStatus) -> Result<ImportStatus, ApiError> {
        self.imports.commit(&self.admin, reference(import)).await
    }

    /// Begin, every chunk, commit.
    pub async fn submit(
        &self,
        key: &str,
        mode: SubmitMode,
        rows: &[RowDraft],
    ) -> Result<ImportStatus, ApiError> {
        let import = self.begin(key, mode, rows).await?;
        self.send(&import, rows).await?;
        self.commit(&import).await
    }

    pub async fn outcomes(&self, import: &ImportStatus) -> Vec<RowResult> {
        let input = OutcomesRequest {
            tenant: "acme".to_owned(),
            import: import.import,
            from: 0,
            limit: 10_000,
        };
        self.imports.outcomes(&self.admin, input).await.unwrap()
    }

    /// What must hold after every operation.
    pub async fn invariants(&self) {
        let mails = if self.desk.settings.mail_configured {
            Mails::Sent
        } else {
            Mails::Copied
        };
        let found = self
            .desk
            .storage
            .read(move |tx| Box::pin(invariants::check(tx, mails)))
            .await
            .unwrap();
        assert_eq!(found, Vec::<String>::new());
        let zero = [
            (
                "I6: one audit event per invitation made",
                "SELECT COUNT(*) FROM invitations i WHERE 1 <> (SELECT COUNT(*) FROM audit_events a
                 WHERE a.subject_id = i.id AND a.action = 'invitation.created')",
            ),
            (
                "an outcome that names a bundle names one that is there",
                "SELECT COUNT(*) FROM import_rows r WHERE r.bundle_id IS NOT NULL AND NOT EXISTS
                 (SELECT 1 FROM bundles b WHERE b.id = r.bundle_id)",
            ),
            (
                "no chunk outlives its import's work",
                "SELECT COUNT(*) FROM import_chunks c JOIN imports i ON i.id = c.import_id
                 WHERE i.state IN ('done', 'rejected', 'undone')",
            ),
        ];
        for (law, sql) in zero {
            assert_eq!(self.count(sql).await, 0, "{law}");
        }
    }
}

pub fn caller(user: UserId, tenant: TenantId) -> Caller {
    Caller {
        actor: Actor::User(UserActor {
            user,
            session: SessionId(Uuid::nil()),
            super_admin: false,
            email_verified: true,
            memberships: vec![(tenant, Role::Admin)],
        }),
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        landing: None,
        user_agent: String::new(),
    }
}

pub fn reference(import: &ImportStatus) -> ImportRef {
    ImportRef {
        tenant: "acme".to_owned(),
        import: import.import,
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

pub fn hash_of(rows: &[RowDraft]) -> String {
    hex(&Sha256::digest(serde_json::to_vec(rows).unwrap()))
}

pub fn content_hash(rows: &[RowDraft]) -> String {
    let hashes: String = cut(rows).map(|(_, part)| hash_of(part)).collect();
    hex(&Sha256::digest(hashes))
}

/// The rows as the browser cuts them, with the position of each part's first.
fn cut(rows: &[RowDraft]) -> impl Iterator<Item = (u32, &[RowDraft])> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let from = next as usize;
        let (count, _) = next_chunk(&mut rows[from..].iter().cloned()).unwrap();
        next += count;
        (count > 0).then(|| (from as u32, &rows[from..next as usize]))
    })
}

pub fn chunks(import: &ImportStatus, rows: &[RowDraft]) -> Vec<ImportChunk> {
    cut(rows)
        .map(|(position, part)| chunk(import, position, part))
        .collect()
}

/// Some of the rows, however they are cut otherwise.
pub fn part(import: &ImportStatus, rows: &[RowDraft], which: Range<usize>) -> ImportChunk {
    let position = u32::try_from(which.start).unwrap();
    chunk(import, position, &rows[which])
}

fn chunk(import: &ImportStatus, position: u32, rows: &[RowDraft]) -> ImportChunk {
    ImportChunk {
        tenant: "acme".to_owned(),
        import: import.import,
        position,
        hash: hash_of(rows),
        rows: rows.to_vec(),
    }
}

/// A row of a valid, new address.
pub fn row(number: u32) -> RowDraft {
    named(number, &format!("person{number}@people.test"))
}

pub fn named(number: u32, email: &str) -> RowDraft {
    RowDraft {
        row: number,
        line: number + 2,
        email: email.to_owned(),
        ..RowDraft::default()
    }
}

pub fn with_courses(number: u32, email: &str, courses: &str) -> RowDraft {
    RowDraft {
        courses: courses.to_owned(),
        ..named(number, email)
    }
}

/// Outcome and code of every row.
pub fn told(outcomes: &[RowResult]) -> Vec<(RowOutcome, &str)> {
    outcomes
        .iter()
        .map(|one| (one.outcome, one.code.as_str()))
        .collect()
}
