//! A small world for service tests: two tenants, their admins, a catalog; a clock
//! that stands, a mailbox in memory. Every test runs on SQLite and on PostgreSQL.

#![expect(dead_code, reason = "each test binary uses its own part of the stage")]

#[path = "../postgres/mod.rs"]
mod postgres;

use std::{net::IpAddr, sync::Arc};

use app::{
    api::{
        ApiError,
        landing::{Landing, Register},
    },
    domain::{
        actor::{Actor, UserActor},
        id::{BundleId, CatalogItemId, DeliveryId, InvitationId, SessionId, TenantId, UserId},
        invitation::TokenPurpose,
        role::Role,
        time::Timestamp,
    },
    ports::{Caller, LandingCookie, LandingPort as _},
};
use server::{
    args,
    clock::{FixedClock, Secret, new_id},
    jobs,
    mail::{Mailer, Memory, message_id},
    services::{
        Desk, Settings, invitations::InvitationsService, landing::LandingService, mine::MineService,
    },
    storage::{
        AuditEvent, NewDelivery, NewLink, NewMembership, NewUser, PasswordHash, Storage, invariants,
    },
};

/// Thursday, 2026-11-19.
pub const NOW: Timestamp = Timestamp(1_795_046_400_000);
/// Invitations expire so many seconds after [`NOW`].
pub const LIFE: i64 = 30 * 86_400;
pub const PASSWORD: &str = "a long password";

pub struct Stage {
    pub desk: Desk,
    pub clock: Arc<FixedClock>,
    pub memory: Memory,
    pub mailer: Mailer,
    pub landing: LandingService,
    pub invitations: InvitationsService,
    pub mine: MineService,
    pub acme: TenantId,
    pub globex: TenantId,
    /// Admin of Acme.
    pub ada: UserId,
    /// Admin of Globex.
    pub gil: UserId,
    pub course: CatalogItemId,
    pub program: CatalogItemId,
    pub file: Option<std::path::PathBuf>,
    _folder: Option<tempfile::TempDir>,
}

/// Runs a story on every engine there is; ends it by the invariant checker.
pub async fn on_every_engine<F>(story: impl Fn(Arc<Stage>) -> F)
where
    F: Future<Output = ()>,
{
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("beckon.db");
    let storage = Storage::open_sqlite(path.clone()).await.unwrap();
    let mut stages = vec![Stage::build(storage, Some(path), Some(folder)).await];
    let url = postgres::fresh_url().await;
    let storage = Storage::open_postgres(&url).await.unwrap();
    stages.push(Stage::build(storage, None, None).await);
    for stage in stages {
        let stage = Arc::new(stage);
        story(Arc::clone(&stage)).await;
        stage.check().await;
        stage.desk.storage.close().await;
    }
}

/// What to invite somebody to.
pub struct Invite<'i> {
    pub email: &'i str,
    pub role: Role,
    pub platform: bool,
    pub items: Vec<(&'static str, CatalogItemId)>,
    pub tenant: TenantId,
    pub inviter: UserId,
    pub external_id: Option<&'i str>,
    pub user: Option<UserId>,
    pub note: &'i str,
}

impl Stage {
    pub async fn build(
        storage: Storage,
        file: Option<std::path::PathBuf>,
        folder: Option<tempfile::TempDir>,
    ) -> Self {
        storage.migrate().await.unwrap();
        let clock = Arc::new(FixedClock::new(NOW));
        let desk = Desk {
            storage,
            clock: clock.clone(),
            settings: Arc::new(Settings {
                public_url: "https://beckon.test".to_owned(),
                secure_cookies: true,
                demo: false,
                mail_configured: true,
                mail_from: "Beckon <no-reply@beckon.test>".to_owned(),
            }),
            key: Arc::new(server::keys::Key::draw().unwrap()),
            wake: Arc::default(),
        };
        let memory = Memory::default();
        let mut stage = Self {
            landing: LandingService::new(desk.clone()),
            invitations: InvitationsService::new(desk.clone()),
            mine: MineService::new(desk.clone()),
            mailer: Mailer::Memory(memory.clone()),
            memory,
            clock,
            acme: TenantId(new_id(NOW)),
            globex: TenantId(new_id(NOW)),
            ada: UserId(new_id(NOW)),
            gil: UserId(new_id(NOW)),
            course: CatalogItemId(new_id(NOW)),
            program: CatalogItemId(new_id(NOW)),
            desk,
            file,
            _folder: folder,
        };
        for (id, slug, name) in [
            (stage.acme, "acme", "Acme Academy"),
            (stage.globex, "globex", "Globex Institute"),
        ] {
            stage
                .sql(
                    "INSERT INTO tenants (id, slug, name, time_zone, created_at)
                     VALUES ($1, $2, $3, 'Europe/Berlin', $4)",
                    args![id, slug, name, NOW],
                )
                .await;
        }
        stage.ada = stage.user("ada@acme.test", "Ada", true).await;
        stage.gil = stage.user("gil@globex.test", "Gil", true).await;
        stage.member(stage.acme, stage.ada, Role::Admin).await;
        stage.member(stage.globex, stage.gil, Role::Admin).await;
        for (id, kind, title) in [
            (stage.course, "course", "Fire safety"),
            (stage.program, "program", "First year"),
        ] {
            stage
                .sql(
                    "INSERT INTO catalog_items
                     (id, tenant_id, kind, key, title, search_text, created_at)
                     VALUES ($1, $2, $3, $4, $4, $4, $5)",
                    args![id, stage.acme, kind, title, NOW],
                )
                .await;
        }
        stage
    }

    /// One statement of a test's own.
    pub async fn sql(&self, sql: &'static str, args: Vec<server::storage::Arg>) -> u64 {
        self.desk
            .storage
            .write(move |tx| {
                let args = args.clone();
                Box::pin(async move { tx.execute(sql, args).await })
            })
            .await
            .unwrap()
    }

    /// One number that a statement gives as `n`.
    pub async fn number(&self, sql: &'static str, args: Vec<server::storage::Arg>) -> i64 {
        let (n,): (i64,) = self
            .desk
            .storage
            .read(move |tx| {
                let args = args.clone();
                Box::pin(async move { tx.one(sql, args).await })
            })
            .await
            .unwrap();
        n
    }

    /// One text that a statement gives.
    pub async fn text(&self, sql: &'static str, args: Vec<server::storage::Arg>) -> String {
        let (text,): (String,) = self
            .desk
            .storage
            .read(move |tx| {
                let args = args.clone();
                Box::pin(async move { tx.one(sql, args).await })
            })
            .await
            .unwrap();
        text
    }

    pub async fn user(&self, email: &str, first_name: &str, verified: bool) -> UserId {
        let id = UserId(new_id(self.desk.now()));
        let new = NewUser {
            id,
            email: email.to_owned(),
            email_typed: email.to_owned(),
            email_verified: verified,
            first_name: first_name.to_owned(),
            last_name: "Example".to_owned(),
            password_hash: Some(PasswordHash("$argon2id$none".to_owned())),
            super_admin: false,
            created_at: self.desk.now(),
        };
        self.desk
            .storage
            .write(move |tx| {
                let new = new.clone();
                Box::pin(async move { tx.insert_users(vec![new]).await })
            })
            .await
            .unwrap();
        id
    }

    pub async fn member(&self, tenant: TenantId, user: UserId, role: Role) {
        let new = NewMembership {
            tenant,
            user,
            role,
            labels: String::new(),
            external_id: None,
            created_at: self.desk.now(),
            invitation: None,
        };
        self.desk
            .storage
            .write(move |tx| {
                let new = new.clone();
                Box::pin(async move { tx.insert_memberships(vec![new]).await })
            })
            .await
            .unwrap();
    }

    /// An invitation of Ada's to Acme.
    pub fn to_acme<'i>(&self, email: &'i str) -> Invite<'i> {
        Invite {
            email,
            role: Role::Learner,
            platform: true,
            items: Vec::new(),
            tenant: self.acme,
            inviter: self.ada,
            external_id: None,
            user: None,
            note: "",
        }
    }

    /// Stores a bundle with its invitations and its mail, as a submit does.
    pub async fn invite(&self, invite: Invite<'_>) -> BundleId {
        let now = self.desk.now();
        let expires = NOW.plus_seconds(LIFE);
        let bundle = BundleId(new_id(now));
        let entry = new_id(now);
        let key = invite
            .user
            .map_or_else(|| invite.email.to_owned(), |user| user.to_string());
        let mut targets = Vec::new();
        if invite.platform {
            targets.push(("platform", invite.tenant.0));
        }
        targets.extend(invite.items.iter().map(|(kind, item)| (*kind, item.0)));
        let (email, role) = (invite.email.to_owned(), invite.role.as_str());
        let (tenant, inviter, user) = (invite.tenant, invite.inviter, invite.user);
        let external_id = invite.external_id.map(str::to_owned);
        let note = invite.note.to_owned();
        self.desk
            .storage
            .write(move |tx| {
                let (email, key, targets) = (email.clone(), key.clone(), targets.clone());
                let (external_id, note) = (external_id.clone(), note.clone());
                Box::pin(async move {
                    tx.execute(
                        "INSERT INTO bundles (id, tenant_id, email, email_typed, user_id,
                         first_name, last_name, search_text, role, external_id, note, status,
                         inviter_id, created_at, expires_at)
                         VALUES ($1, $2, $3, $3, $4, 'Mara', 'Muster', 'mara muster', $5, $6, $7,
                         'pending', $8, $9, $10)",
                        args![
                            bundle,
                            tenant,
                            email,
                            user,
                            role,
                            external_id,
                            note,
                            inviter,
                            now,
                            expires
                        ],
                    )
                    .await?;
                    for (kind, target) in targets {
                        let id = InvitationId(new_id(now));
                        let binding = if user.is_some() { "user" } else { "email" };
                        tx.execute(
                            "INSERT INTO invitations (id, tenant_id, bundle_id, kind, binding,
                             target_id, invitee_key, status, created_at, status_changed_at,
                             expires_at)
                             VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $8, $9)",
                            args![
                                id,
                                tenant,
                                bundle,
                                kind,
                                binding,
                                target,
                                key.as_str(),
                                now,
                                expires
                            ],
                        )
                        .await?;
                        tx.record(vec![AuditEvent {
                            tenant: Some(tenant),
                            actor_id: Some(inviter.0),
                            actor: "user",
                            action: "invitation.created",
                            subject: "invitation",
                            subject_id: id.0,
                            at: now,
                        }])
                        .await?;
                    }
                    tx.insert_deliveries(vec![NewDelivery {
                        id: DeliveryId(entry),
                        tenant,
                        bundle,
                        import: None,
                        purpose: TokenPurpose::Mail,
                        message_id: message_id(entry, "https://beckon.test"),
                        not_before: now,
                        created_at: now,
                    }])
                    .await?;
                    tx.set_deliveries(&[(bundle, DeliveryId(entry))]).await
                })
            })
            .await
            .unwrap();
        bundle
    }

    /// A link that an admin copied: it proves no mailbox.
    pub async fn copied_link(&self, tenant: TenantId, bundle: BundleId) -> String {
        let token = Secret::draw().unwrap();
        let link = NewLink {
            token_hash: token.hash(),
            tenant,
            bundle,
            purpose: TokenPurpose::Copy,
            created_at: self.desk.now(),
        };
        self.desk
            .storage
            .write(move |tx| {
                let link = link.clone();
                Box::pin(async move { tx.insert_links(vec![link]).await })
            })
            .await
            .unwrap();
        token.reveal().to_owned()
    }

    /// Sends every mail that is due now.
    pub async fn send_mails(&self) {
        while jobs::outbox::send_batch(&self.desk, &self.mailer)
            .await
            .unwrap()
            > 0
        {}
    }

    /// The token in the newest mail to `email`, read from its MIME.
    pub fn mailed_token(&self, email: &str) -> String {
        let mails = self.memory.mails();
        let kept = mails
            .iter()
            .rev()
            .find(|kept| kept.mail.to == email)
            .expect("a mail to this address");
        let message = mail_parser::MessageParser::default()
            .parse(&kept.mime)
            .unwrap();
        let text = message.body_text(0).unwrap();
        let (_, token) = text.split_once("https://beckon.test/i#").expect("a link");
        token.split_whitespace().next().unwrap().to_owned()
    }

    /// Invites, sends, and gives the mail's token.
    pub async fn invited(&self, email: &str) -> (BundleId, String) {
        let bundle = self.invite(self.to_acme(email)).await;
        self.send_mails().await;
        (bundle, self.mailed_token(email))
    }

    pub fn anonymous() -> Caller {
        Caller {
            actor: Actor::Anonymous,
            peer: IpAddr::from([127, 0, 0, 1]),
            landing: None,
            user_agent: "test".to_owned(),
        }
    }

    /// A signed-in user, as the http layer would resolve it.
    pub async fn signed_in(&self, user: UserId) -> Caller {
        let (account, memberships) = self
            .desk
            .storage
            .read(move |tx| {
                Box::pin(async move {
                    let account = tx.user_by_id(user).await?;
                    Ok((account.unwrap(), tx.memberships_of(user).await?))
                })
            })
            .await
            .unwrap();
        Caller {
            actor: Actor::User(UserActor {
                user,
                session: SessionId(new_id(NOW)),
                super_admin: account.super_admin,
                email_verified: account.email_verified,
                memberships: memberships
                    .into_iter()
                    .map(|one| (one.tenant, one.role))
                    .collect(),
            }),
            ..Self::anonymous()
        }
    }

    /// Opens a link as `caller`: what it shows, and the caller with the landing cookie.
    pub async fn open(&self, caller: &Caller, token: &str) -> Result<(Landing, Caller), ApiError> {
        let (landing, cookies) = self.landing.open(caller, token.to_owned()).await?;
        assert_eq!(cookies.len(), 1);
        let cookie = &cookies[0];
        assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
        let value = cookie
            .strip_prefix("__Host-beckon_landing=")
            .and_then(|rest| rest.split(';').next())
            .expect("the landing cookie");
        let caller = Caller {
            landing: Some(LandingCookie(value.to_owned())),
            ..caller.clone()
        };
        Ok((landing, caller))
    }

    pub fn form() -> Register {
        Register {
            first_name: "Mara".to_owned(),
            last_name: "Muster".to_owned(),
            password: PASSWORD.to_owned(),
        }
    }

    pub async fn register(&self, caller: &Caller) -> Result<UserId, ApiError> {
        let (me, cookies) = self.landing.register(caller, Self::form()).await?;
        assert!(cookies[0].starts_with("__Host-beckon="));
        assert!(cookies[1].starts_with("__Host-beckon_landing=;"));
        Ok(me.id)
    }

    pub async fn status(&self, bundle: BundleId) -> String {
        self.text("SELECT status FROM bundles WHERE id = $1", args![bundle])
            .await
    }

    /// Serves this stage over HTTP on a free port; the address it listens on.
    pub async fn serve(&self) -> String {
        let setup = server::Setup {
            mail_folder: std::path::PathBuf::new(),
            dist: None,
            trusted_proxies: 0,
            authorise_every: server::AUTHORISE_EVERY,
            shutdown: tokio_util::sync::CancellationToken::new(),
        };
        let (router, _poller) = server::build(&self.desk, setup);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let never = tokio_util::sync::CancellationToken::new();
        tokio::spawn(server::serve(router, listener, never));
        format!("http://{address}")
    }

    pub async fn check(&self) {
        let found = self.violations().await;
        assert!(found.is_empty(), "{found:#?}");
    }

    /// What the invariant checker finds.
    pub async fn violations(&self) -> Vec<String> {
        self.desk
            .storage
            .read(|tx| Box::pin(invariants::check(tx, invariants::Mails::Sent)))
            .await
            .unwrap()
    }
}
