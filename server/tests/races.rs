//! What happens when several come at the same moment: some order of it, on each engine.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

mod stage;

use std::sync::Arc;

use app::{
    api::{ApiError, invitations::BundleRef},
    domain::actor::Actor,
    ports::{Caller, Invitations as _, LandingPort as _},
};
use server::args;
use stage::{Invite, Stage, on_every_engine};

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
