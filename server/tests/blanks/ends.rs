//! Codes that are at an end, and invitations that are given to somebody.

use std::sync::Arc;

use super::{Desk, batch, code_of, newcomer, of};
use crate::stage::{LIFE, Stage, on_every_engine};
use app::api::ApiError;
use app::api::blanks::AssignBlank;
use app::api::blanks::RevealedCode;
use app::domain::id::BundleId;
use app::domain::invitation::InvitationStatus;
use app::ports::{Blanks as _, LandingPort as _, Mine as _, Redeem as _};
use server::args;
use server::jobs::expiry;

/// A code that has come to an end: one answer, whatever the reason, before and after it was
/// opened.
async fn s04(stage: Arc<Stage>, what: impl AsyncFn(&Stage, &Desk, BundleId), status_after: &str) {
    let desk = Desk::of(&stage).await;
    let one = desk.made(&stage, 1).await.remove(0);
    let user = stage.user("mara@new.test", "Mara", true).await;
    let mara = stage.signed_in(user).await;
    let (_, landed) = desk.open(&mara, &one.code).await.unwrap();
    let (_, nobody) = desk.open(&Stage::anonymous(), &one.code).await.unwrap();
    what(&stage, &desk, one.bundle).await;
    for answer in [
        desk.open(&mara, &one.code).await.map(|_| ()),
        desk.open(&Stage::anonymous(), &one.code).await.map(|_| ()),
        stage.landing.accept(&landed).await.map(|_| ()),
        stage.landing.show(&nobody).await.map(|_| ()),
        desk.redeem
            .register(&nobody, newcomer("noa@new.test"))
            .await
            .map(|_| ()),
    ] {
        assert_eq!(answer.unwrap_err(), ApiError::NotFound);
    }
    assert_eq!(stage.status(one.bundle).await, status_after);
    let held = "SELECT (SELECT COUNT(*) FROM memberships WHERE user_id = $1)
        + (SELECT COUNT(*) FROM enrollments WHERE user_id = $1)
        + (SELECT COUNT(*) FROM users WHERE email = 'noa@new.test')";
    assert_eq!(stage.number(held, args![user]).await, 0);
}

#[tokio::test]
async fn s04_a_code_that_is_used_taken_back_or_expired_is_neutral() {
    on_every_engine(|stage| {
        s04(
            stage,
            async |stage, desk, bundle| {
                let code = desk.blanks.code(&desk.root, of(bundle)).await.unwrap().code;
                let noa = stage.user("first@new.test", "First", true).await;
                let noa = stage.signed_in(noa).await;
                let (_, landed) = desk.open(&noa, &code).await.unwrap();
                stage.landing.accept(&landed).await.unwrap();
            },
            "accepted",
        )
    })
    .await;
    on_every_engine(|stage| {
        s04(
            stage,
            async |_, desk, _| {
                let rest = desk
                    .blanks
                    .revoke_rest(&desk.root, batch(None))
                    .await
                    .unwrap();
                assert_eq!((rest.revoked, rest.more), (1, false));
            },
            "revoked",
        )
    })
    .await;
    on_every_engine(|stage| {
        s04(
            stage,
            async |stage, _, _| {
                stage.clock.advance_seconds(LIFE);
            },
            "unassigned",
        )
    })
    .await;
    on_every_engine(|stage| {
        s04(
            stage,
            async |stage, _, _| {
                stage.clock.advance_seconds(LIFE);
                expiry::expire_batch(&stage.desk).await.unwrap();
            },
            "expired",
        )
    })
    .await;
}

#[tokio::test]
async fn s04_s23_every_check_of_a_link_holds_for_a_code() {
    for sql in [
        "UPDATE tenants SET disabled_at = 1 WHERE id = $1",
        "UPDATE catalog_items SET archived_at = 1 WHERE tenant_id = $1",
        "UPDATE bundles SET active = 0 WHERE tenant_id = $1",
        // The inviter has no right to give this role any more (S24).
        "UPDATE users SET super_admin = 0 WHERE email = 'root@beckon.test' AND $1 = $1",
        "UPDATE users SET deactivated_at = 1 WHERE email = 'root@beckon.test' AND $1 = $1",
    ] {
        on_every_engine(|stage| {
            s04(
                stage,
                async |stage, _, _| {
                    assert!(stage.sql(sql, args![stage.acme]).await > 0, "{sql}");
                },
                "unassigned",
            )
        })
        .await;
    }
}

#[tokio::test]
async fn s24_whoever_hands_out_codes_answers_for_those_of_somebody_who_is_gone() {
    on_every_engine(|stage| async move {
        let desk = Desk::of(&stage).await;
        let one = desk.made(&stage, 1).await.remove(0);
        for sql in [
            "UPDATE users SET deactivated_at = 1 WHERE email = 'root@beckon.test'",
            "UPDATE tenants SET reveal_links = 1",
        ] {
            assert!(stage.sql(sql, args![]).await > 0);
        }
        let gone = desk.open(&Stage::anonymous(), &one.code).await.map(drop);
        assert_eq!(gone.unwrap_err(), ApiError::NotFound);
        let ada = stage.signed_in(stage.ada).await;
        let again = desk.blanks.code(&ada, of(one.bundle)).await.unwrap();
        assert_eq!(again.code, one.code);
        desk.open(&Stage::anonymous(), &one.code).await.unwrap();
        let taken = "SELECT COUNT(*) FROM audit_events WHERE action = 'invitation.taken_over'";
        assert_eq!(stage.number(taken, args![]).await, 1);
        stage.check().await;
    })
    .await;
}

#[tokio::test]
async fn a_blank_one_is_given_to_a_person_and_its_code_dies() {
    on_every_engine(|stage| async move {
        let desk = Desk::of(&stage).await;
        let codes = desk.made(&stage, 3).await;
        let ada = stage.signed_in(stage.ada).await;
        let to = |code: &RevealedCode, email: &str| AssignBlank {
            tenant: "acme".to_owned(),
            bundle: code.bundle,
            email: email.to_owned(),
            first_name: "Mara".to_owned(),
            last_name: String::new(),
        };
        // Whoever opened it by its code keeps nothing.
        let user = stage.user("other@new.test", "Other", true).await;
        let other = stage.signed_in(user).await;
        let (_, landed) = desk.open(&other, &codes[0].code).await.unwrap();
        let line = desk
            .blanks
            .assign(&ada, to(&codes[0], " Mara@New.test "))
            .await
            .unwrap();
        assert_eq!(
            (line.status, line.email.as_str()),
            (InvitationStatus::Pending, "Mara@New.test")
        );
        for answer in [
            desk.open(&other, &codes[0].code).await.map(|_| ()),
            stage.landing.accept(&landed).await.map(|_| ()),
        ] {
            assert_eq!(answer.unwrap_err(), ApiError::NotFound);
        }
        let again = desk
            .blanks
            .assign(&ada, to(&codes[0], "noa@new.test"))
            .await;
        assert_eq!(code_of(again.unwrap_err()), "not_blank");
        let events = "SELECT COUNT(*) FROM audit_events WHERE action = 'invitation.assigned'";
        assert_eq!(stage.number(events, args![]).await, 2);
        // The mail's link accepts, as any.
        stage.send_mails().await;
        let token = stage.mailed_token("Mara@New.test");
        let (landing, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        assert!(!landing.by_code && landing.mailed);
        let mara = stage.register(&landed).await.unwrap();
        let role = "SELECT role FROM memberships WHERE user_id = $1";
        assert_eq!(stage.text(role, args![mara]).await, "instructor");

        // One live invitation a person and target (I2); nothing for who has all of it.
        stage.invite(stage.to_acme("waits@new.test")).await;
        for email in ["waits@new.test", "mara@new.test", "no address"] {
            let answer = desk.blanks.assign(&ada, to(&codes[1], email)).await;
            let Err(ApiError::Invalid { fields, .. }) = answer else {
                panic!("{email}: {answer:?}");
            };
            assert_eq!(fields[0].field, "email");
        }
        assert_eq!(stage.status(codes[1].bundle).await, "unassigned");
        // An account that owns the address finds it at home.
        desk.blanks
            .assign(&ada, to(&codes[1], "other@new.test"))
            .await
            .unwrap();
        assert_eq!(stage.mine.home(&other).await.unwrap().invitations.len(), 2);
        // Foreign is missing.
        let gil = stage.signed_in(stage.gil).await;
        let foreign = AssignBlank {
            tenant: "globex".to_owned(),
            ..to(&codes[2], "x@new.test")
        };
        let answer = desk.blanks.assign(&gil, foreign).await;
        assert_eq!(answer.unwrap_err(), ApiError::NotFound);
    })
    .await;
}

/// Given to a person and redeemed in the same moment: one of the two.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s51_a_code_is_redeemed_or_given_away_never_both() {
    on_every_engine(|stage| async move {
        let desk = Arc::new(Desk::of(&stage).await);
        let codes = desk.made(&stage, 12).await;
        let ada = stage.signed_in(stage.ada).await;
        let mut tasks = tokio::task::JoinSet::new();
        for (n, code) in codes.into_iter().enumerate() {
            let user = stage.user(&format!("p{n}@new.test"), "Person", true).await;
            let caller = stage.signed_in(user).await;
            let (_, landed) = desk.open(&caller, &code.code).await.unwrap();
            let (stage, desk, ada) = (Arc::clone(&stage), Arc::clone(&desk), ada.clone());
            tasks.spawn(async move {
                let input = AssignBlank {
                    tenant: "acme".to_owned(),
                    bundle: code.bundle,
                    email: format!("given{n}@new.test"),
                    first_name: String::new(),
                    last_name: String::new(),
                };
                let (redeemed, given) = tokio::join!(
                    stage.landing.accept(&landed),
                    desk.blanks.assign(&ada, input)
                );
                assert_ne!(redeemed.is_ok(), given.is_ok());
            });
        }
        while let Some(one) = tasks.join_next().await {
            one.unwrap();
        }
    })
    .await;
}
