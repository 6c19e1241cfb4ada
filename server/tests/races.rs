//! What happens when several come at the same moment: some order of it, on each engine.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

mod stage;

use std::sync::Arc;

use app::{
    api::{
        ApiError,
        imports::{BeginImport, ImportChunk, ImportRef},
        invitations::BundleRef,
    },
    bulk::draft::RowDraft,
    domain::{actor::Actor, import::SubmitMode, time::Timestamp},
    ports::{Caller, Imports as _, Invitations as _, LandingPort as _},
};
use server::{
    args,
    jobs::expiry,
    services::imports::ImportsService,
    storage::{StorageError, Tx},
};
use sha2::{Digest as _, Sha256};
use stage::{Invite, NOW, Stage, on_every_engine};
use tokio::sync::oneshot;

async fn a_hundred_at_once(stage: &Arc<Stage>, callers: Vec<Caller>) -> usize {
    let mut tasks = tokio::task::JoinSet::new();
    for caller in callers {
        let stage = Arc::clone(stage);
        tasks.spawn(async move { stage.landing.accept(&caller).await });
    }
    let mut won = 0;
    while let Some(answer) = tasks.join_next().await {
        match answer.unwrap() {
            Ok(_) => won += 1,
            Err(ApiError::NotFound) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    won
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s50_a_hundred_parallel_accepts_are_one() {
    on_every_engine(|stage| async move {
        let user = stage.user("mara@new.test", "Mara", true).await;
        let bundle = stage
            .invite(Invite {
                items: vec![("course", stage.course)],
                user: Some(user),
                ..stage.to_acme("mara@new.test")
            })
            .await;
        stage.send_mails().await;
        let token = stage.mailed_token("mara@new.test");
        let caller = stage.signed_in(user).await;
        let mut callers = Vec::new();
        for _ in 0..100 {
            callers.push(stage.open(&caller, &token).await.unwrap().1);
        }
        assert_eq!(a_hundred_at_once(&stage, callers).await, 1);
        assert_eq!(stage.status(bundle).await, "accepted");
        let members = "SELECT COUNT(*) FROM memberships WHERE user_id = $1";
        assert_eq!(stage.number(members, args![user]).await, 1);
        let events = "SELECT COUNT(*) FROM audit_events WHERE action = 'invitation.accepted'";
        assert_eq!(stage.number(events, args![]).await, 2, "one per invitation");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s50_parallel_registrations_make_one_account() {
    on_every_engine(|stage| async move {
        let (_, token) = stage.invited("mara@new.test").await;
        let mut callers = Vec::new();
        for _ in 0..12 {
            callers.push(stage.open(&Stage::anonymous(), &token).await.unwrap().1);
        }
        let mut tasks = tokio::task::JoinSet::new();
        for landed in callers {
            let stage = Arc::clone(&stage);
            tasks.spawn(async move { stage.landing.register(&landed, Stage::form()).await });
        }
        let mut won = 0;
        while let Some(answer) = tasks.join_next().await {
            match answer.unwrap() {
                Ok(_) => won += 1,
                Err(ApiError::NotFound) => {}
                Err(ApiError::Conflict { code, .. }) => assert_eq!(code, "account_exists"),
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(won, 1);
        let accounts = "SELECT COUNT(*) FROM users WHERE email = 'mara@new.test'";
        assert_eq!(stage.number(accounts, args![]).await, 1);
        let sessions = "SELECT COUNT(*) FROM sessions";
        assert_eq!(
            stage.number(sessions, args![]).await,
            1,
            "the losers have none"
        );
    })
    .await;
}

/// Whatever comes at the same moment, some order of it happened: the one end that is
/// written down is the one that somebody was told, and nothing failed inside.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s51_accept_revoke_resend_expiry_and_mail_at_once_happen_in_some_order() {
    on_every_engine(|stage| async move {
        let ada = stage.signed_in(stage.ada).await;
        for round in 0..24 {
            let email = format!("person{round}@new.test");
            // Who has an account is as quick as an admin; registering hashes a password.
            let user = if round % 2 == 0 {
                None
            } else {
                Some(stage.user(&email, "Mara", true).await)
            };
            let bundle = stage
                .invite(Invite {
                    items: vec![("course", stage.course), ("program", stage.program)],
                    user,
                    ..stage.to_acme(&email)
                })
                .await;
            stage.send_mails().await;
            let token = stage.mailed_token(&email);
            let caller = match user {
                Some(user) => stage.signed_in(user).await,
                None => Stage::anonymous(),
            };
            let (_, landed) = stage.open(&caller, &token).await.unwrap();
            // So that a resend passes its brake, and in every third round time runs out.
            stage.clock.advance_seconds(61);
            if round % 3 == 0 {
                let ends = "UPDATE invitations SET expires_at = $2 WHERE bundle_id = $1";
                let soon = stage.desk.now();
                stage.sql(ends, args![bundle, soon]).await;
            }
            let reference = BundleRef {
                tenant: "acme".to_owned(),
                bundle,
            };
            let (accepted, revoked, resent, expired, mailed) = tokio::join!(
                spawn({
                    let stage = Arc::clone(&stage);
                    async move {
                        match landed.actor {
                            Actor::User(_) => stage.landing.accept(&landed).await.map(drop),
                            _ => stage.register(&landed).await.map(drop),
                        }
                    }
                }),
                spawn({
                    let (stage, ada, reference) =
                        (Arc::clone(&stage), ada.clone(), reference.clone());
                    async move { stage.invitations.revoke(&ada, reference).await.map(drop) }
                }),
                spawn({
                    let (stage, ada) = (Arc::clone(&stage), ada.clone());
                    async move { stage.invitations.resend(&ada, reference).await.map(drop) }
                }),
                spawn({
                    let stage = Arc::clone(&stage);
                    async move { server::jobs::expiry::expire_batch(&stage.desk).await }
                }),
                spawn({
                    let stage = Arc::clone(&stage);
                    async move { stage.send_mails().await }
                }),
            );
            for told in [&accepted, &revoked, &resent] {
                assert!(
                    !matches!(told, Err(ApiError::Internal | ApiError::Unavailable)),
                    "{round}: {told:?}"
                );
            }
            expired.unwrap();
            let () = mailed;
            let end = match (accepted.is_ok(), revoked.is_ok()) {
                (true, false) => "accepted",
                (false, true) => "revoked",
                (false, false) => "expired",
                (true, true) => panic!("{round}: both ends were told"),
            };
            assert_eq!(stage.status(bundle).await, end, "{round}");
            stage.check().await;
        }
    })
    .await;
}

async fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    tokio::spawn(work).await.unwrap()
}

/// A transaction of a test's own that stays open after `work` until it is let go.
struct Held {
    go: oneshot::Sender<()>,
    done: tokio::task::JoinHandle<()>,
}

impl Held {
    /// Runs `work` and stops before the commit.
    async fn after<F>(stage: &Stage, work: F) -> Self
    where
        F: for<'t> FnOnce(&'t mut Tx) -> server::storage::TxFuture<'t, ()> + Send + Sync + 'static,
    {
        let (reached, is_reached) = oneshot::channel();
        let (go, gone) = oneshot::channel();
        let once = std::sync::Mutex::new(Some((work, reached, gone)));
        let storage = stage.desk.storage.clone();
        let done = tokio::spawn(async move {
            storage
                .write(move |tx| {
                    let (work, reached, gone) = once.lock().unwrap().take().unwrap();
                    Box::pin(async move {
                        work(tx).await?;
                        reached.send(()).unwrap();
                        gone.await.map_err(|_| StorageError::Retry)
                    })
                })
                .await
                .unwrap();
        });
        is_reached.await.unwrap();
        Self { go, done }
    }

    /// Lets it commit.
    async fn commit(self) {
        self.go.send(()).unwrap();
        self.done.await.unwrap();
    }
}

/// Waits until some connection of this database waits for a lock.
async fn until_somebody_waits(stage: &Stage) {
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let until = async {
        while stage.number(waiting, args![]).await == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), until)
        .await
        .expect("somebody to wait for a lock");
}

/// SHA-256 in hex.
fn hex(text: &[u8]) -> String {
    use std::fmt::Write as _;
    let hash = Sha256::digest(text);
    hash.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

/// Submits one address to Acme, as Ada's browser does.
async fn submit(stage: &Stage, email: &str) {
    let rows = vec![RowDraft {
        line: 2,
        email: email.to_owned(),
        ..RowDraft::default()
    }];
    let hash = hex(&serde_json::to_vec(&rows).unwrap());
    let imports = ImportsService::new(stage.desk.clone());
    let ada = stage.signed_in(stage.ada).await;
    let begun = BeginImport {
        tenant: "acme".to_owned(),
        idempotency_key: "a-key-of-a-submit".to_owned(),
        file_name: "people.csv".to_owned(),
        rows: 1,
        content_hash: hex(hash.as_bytes()),
        mode: SubmitMode::ValidNow,
        metadata_columns: Vec::new(),
        admins: 0,
    };
    let import = imports.begin(&ada, begun).await.unwrap().import;
    let chunk = ImportChunk {
        tenant: "acme".to_owned(),
        import,
        position: 0,
        hash,
        rows,
    };
    imports.chunk(&ada, chunk).await.unwrap();
    let reference = ImportRef {
        tenant: "acme".to_owned(),
        import,
    };
    imports.commit(&ada, reference).await.unwrap();
}

/// An import of Acme that has written its invitations and not committed them cannot be
/// seen by whoever proves the mailbox through Globex's mail, nor the other way round.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn i2_a_mailbox_proved_while_another_tenant_imports_it_is_rekeyed_after_both() {
    on_every_engine(|stage| async move {
        if !stage.desk.storage.is_postgres() {
            // One writer: whoever comes second sees the first.
            return;
        }
        let to_globex = || Invite {
            tenant: stage.globex,
            inviter: stage.gil,
            ..stage.to_acme("mara@new.test")
        };
        stage.invite(to_globex()).await;
        stage.send_mails().await;
        let token = stage.mailed_token("mara@new.test");
        let (_, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();

        // The outcomes come after the invitations: there the import is held.
        let held = Held::after(&stage, |tx| {
            Box::pin(async move {
                tx.execute("LOCK TABLE import_rows IN EXCLUSIVE MODE", args![])
                    .await?;
                Ok(())
            })
        })
        .await;
        let import = tokio::spawn({
            let stage = Arc::clone(&stage);
            async move { submit(&stage, "mara@new.test").await }
        });
        until_somebody_waits(&stage).await;
        let user = stage.register(&landed).await.unwrap();
        held.commit().await;
        import.await.unwrap();

        let found = stage.violations().await;
        assert_eq!(found.len(), 1, "the race took place: {found:?}");
        assert!(found[0].starts_with("I2: a live invitation keyed by the address"));
        let mut again = 0;
        for since in [NOW.plus_seconds(1), NOW, NOW, Timestamp(0)] {
            again += expiry::rekey_late(&stage.desk, since).await.unwrap();
        }
        assert_eq!(again, 1, "found where it is young enough, once");
        stage.check().await;
        let keyed = "SELECT COUNT(*) FROM invitations i JOIN bundles b ON b.id = i.bundle_id
            WHERE i.status = 'pending' AND i.invitee_key = $1 AND b.user_id = $2";
        let keys = args![user.to_string(), user];
        assert_eq!(stage.number(keyed, keys).await, 1);
    })
    .await;
}

/// The late pass resolves what the person has twice as `rekey` does.
#[tokio::test]
async fn i2_a_late_key_that_the_person_has_already_is_revoked() {
    on_every_engine(|stage| async move {
        let user = stage.user("mara@new.test", "Mara", true).await;
        let mut bundles = Vec::new();
        for user in [Some(user), None] {
            let invite = stage.to_acme("mara@new.test");
            bundles.push(stage.invite(Invite { user, ..invite }).await);
        }
        let stranger = stage.user("noor@new.test", "Noor", false).await;
        let waits = stage.invite(stage.to_acme("noor@new.test")).await;
        let done = expiry::rekey_late(&stage.desk, NOW).await.unwrap();
        assert_eq!(done, 1, "the other mailbox is not proved: {stranger}");
        assert_eq!(stage.status(bundles[0]).await, "pending");
        assert_eq!(stage.status(bundles[1]).await, "revoked");
        assert_eq!(stage.status(waits).await, "pending");
    })
    .await;
}

/// A worker died over a mail; its entry is claimed again while somebody resends.
async fn a_lost_mail(stage: &Stage) -> app::domain::id::BundleId {
    let bundle = stage.invite(stage.to_acme("mara@new.test")).await;
    claim(stage).await;
    stage.clock.advance_seconds(420);
    bundle
}

async fn claim(stage: &Stage) -> usize {
    let now = stage.desk.now();
    let hash = server::clock::Secret::draw().unwrap().hash();
    let claimed = stage
        .desk
        .storage
        .write(move |tx| {
            Box::pin(async move { tx.claim("one", now, now.plus_seconds(420), &[hash]).await })
        })
        .await
        .unwrap();
    claimed.letters.len()
}

const LIVE_LINKS: &str = "SELECT COUNT(*) FROM links WHERE dead_at IS NULL";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s05_a_resend_that_comes_after_a_claim_kills_its_link_too() {
    on_every_engine(|stage| async move {
        if !stage.desk.storage.is_postgres() {
            return;
        }
        let bundle = a_lost_mail(&stage).await;
        let now = stage.desk.now();
        let claim = Held::after(&stage, move |tx| {
            Box::pin(async move {
                let claimed = tx
                    .claim("two", now, now.plus_seconds(420), &[[7; 32]])
                    .await?;
                assert_eq!(claimed.letters.len(), 1);
                Ok(())
            })
        })
        .await;
        let resend = tokio::spawn({
            let (stage, ada) = (Arc::clone(&stage), stage.signed_in(stage.ada).await);
            let tenant = "acme".to_owned();
            async move {
                let reference = BundleRef { tenant, bundle };
                stage.invitations.resend(&ada, reference).await.unwrap();
            }
        });
        until_somebody_waits(&stage).await;
        claim.commit().await;
        resend.await.unwrap();
        assert_eq!(stage.number(LIVE_LINKS, args![]).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s05_a_claim_that_comes_during_a_resend_leaves_its_bundle_alone() {
    on_every_engine(|stage| async move {
        if !stage.desk.storage.is_postgres() {
            return;
        }
        let bundle = a_lost_mail(&stage).await;
        let now = stage.desk.now();
        let resend = Held::after(&stage, move |tx| {
            Box::pin(async move {
                tx.lock_bundle(bundle).await?;
                tx.kill_links(&[bundle], now).await?;
                Ok(())
            })
        })
        .await;
        let meanwhile = tokio::time::timeout(std::time::Duration::from_secs(10), claim(&stage));
        let claimed = meanwhile.await.expect("a claim that waits for nobody");
        assert_eq!(claimed, 0, "somebody works on its bundle");
        resend.commit().await;
        assert_eq!(stage.number(LIVE_LINKS, args![]).await, 0);
        assert_eq!(claim(&stage).await, 1, "and now nobody does");
    })
    .await;
}
