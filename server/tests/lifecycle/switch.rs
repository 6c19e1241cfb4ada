//! Switched off and on again.

use app::{
    api::{
        ApiError,
        apps::CreateInvitations,
        invitations::{BulkAct, BulkBatch, BulkOutcome, Event, InvitationFilter, Which},
    },
    domain::invitation::DeliveryStatus,
    ports::{Invitations as _, Mine as _},
};
use server::{args, jobs::expiry, services::invitations::send_due};

use crate::{
    acme, audited, code, create, form, happened, page, root,
    stage::{LIFE, Stage, on_every_engine},
};

#[tokio::test]
async fn what_is_switched_off_holds_its_mail_and_opens_nothing() {
    on_every_engine(|stage| async move {
        let mara = stage.user("mara@new.test", "Mara", true).await;
        let mut invite = stage.to_acme("mara@new.test");
        invite.user = Some(mara);
        let bundle = stage.invite(invite).await;
        let ada = stage.signed_in(stage.ada).await;
        let off = stage
            .invitations
            .deactivate(&ada, acme(bundle))
            .await
            .unwrap();
        assert!(!off.active);
        stage.send_mails().await;
        stage.clock.advance_seconds(86_400);
        stage.send_mails().await;
        assert!(stage.memory.mails().is_empty());
        let held = page(&stage, bundle).await.line;
        assert_eq!(held.delivery, Some(DeliveryStatus::Queued));
        assert_eq!(held.delivery_at, None);
        assert!(held.delivery_note.contains("switched off"));
        let own = stage.signed_in(mara).await;
        assert!(stage.mine.home(&own).await.unwrap().invitations.is_empty());
        let again = stage.invitations.deactivate(&ada, acme(bundle)).await;
        assert_eq!(code(again), "already_so");
        let resent = stage.invitations.resend(&ada, acme(bundle)).await;
        assert_eq!(code(resent), "inactive");

        stage
            .invitations
            .activate(&ada, acme(bundle))
            .await
            .unwrap();
        let again = stage.invitations.activate(&ada, acme(bundle)).await;
        assert_eq!(code(again), "already_so");
        stage.send_mails().await;
        assert_eq!(stage.memory.mails().len(), 1);
        let token = stage.mailed_token("mara@new.test");
        assert!(stage.open(&own, &token).await.is_ok());
        // Off again after the mail went: the link is neutral, and works again later.
        stage
            .invitations
            .deactivate(&ada, acme(bundle))
            .await
            .unwrap();
        let opened = stage.open(&own, &token).await;
        assert_eq!(opened.err(), Some(ApiError::NotFound));
        stage
            .invitations
            .activate(&ada, acme(bundle))
            .await
            .unwrap();
        stage.send_mails().await;
        assert_eq!(stage.memory.mails().len(), 1, "it was told already");
        let (_, landed) = stage.open(&own, &token).await.unwrap();
        app::ports::LandingPort::accept(&stage.landing, &landed)
            .await
            .unwrap();
        assert_eq!(audited(&stage, "invitation.deactivated").await, 2);
        assert_eq!(audited(&stage, "invitation.activated").await, 2);
        let what = happened(&stage, bundle).await;
        assert!(what.contains(&Event::Deactivated) && what.contains(&Event::Activated));
        let ended = stage.invitations.deactivate(&ada, acme(bundle)).await;
        assert_eq!(code(ended), "not_live");
    })
    .await;
}

#[tokio::test]
async fn what_is_switched_off_expires_all_the_same() {
    on_every_engine(|stage| async move {
        let (bundle, _) = stage.invited("mara@new.test").await;
        let ada = stage.signed_in(stage.ada).await;
        stage
            .invitations
            .deactivate(&ada, acme(bundle))
            .await
            .unwrap();
        stage.clock.advance_seconds(LIFE);
        let late = stage.invitations.activate(&ada, acme(bundle)).await;
        assert_eq!(code(late), "not_live");
        assert_eq!(expiry::expire_batch(&stage.desk).await.unwrap(), 1);
        assert_eq!(stage.status(bundle).await, "expired");
    })
    .await;
}

#[tokio::test]
async fn what_was_made_switched_off_is_mailed_when_it_is_switched_on() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        let ada = stage.signed_in(stage.ada).await;
        let send_at = Some(app::domain::time::CivilTime {
            day: app::domain::time::CivilDate {
                year: 2026,
                month: 11,
                day: 21,
            },
            hour: 9,
            minute: 0,
        });
        for (key, send_at) in [("later", send_at), ("now", None)] {
            let user = stage.user(&format!("{key}@new.test"), "Mara", true).await;
            let input = CreateInvitations {
                active: false,
                send_at,
                ..form(&stage, key, user)
            };
            let made = create(&stage, &root, input).await.unwrap();
            let bundle = made[0].bundle.unwrap();
            stage.clock.advance_seconds(3 * 86_400);
            send_due(&stage.desk, 10).await.unwrap();
            assert_eq!(stage.status(bundle).await, "pending");
            stage.send_mails().await;
            stage.check().await;
            let before = stage.memory.mails().len();
            stage
                .invitations
                .activate(&ada, acme(bundle))
                .await
                .unwrap();
            stage.check().await;
            stage.send_mails().await;
            assert_eq!(stage.memory.mails().len(), before + 1);
        }
    })
    .await;
}

async fn outcomes(stage: &Stage, key: &str, act: BulkAct, which: Which) -> Vec<(BulkOutcome, u32)> {
    let ada = stage.signed_in(stage.ada).await;
    let input = BulkBatch {
        tenant: "acme".to_owned(),
        idempotency_key: key.to_owned(),
        act,
        which,
    };
    let done = stage.invitations.bulk(&ada, input).await.unwrap();
    done.outcomes.iter().collect()
}

#[tokio::test]
async fn many_are_switched_off_and_on_at_once() {
    on_every_engine(|stage| async move {
        let mut bundles = Vec::new();
        for n in 0..3 {
            bundles.push(stage.invite(stage.to_acme(&format!("p{n}@x.test"))).await);
        }
        let these = || Which::These(bundles[..2].to_vec());
        let off = outcomes(&stage, "a", BulkAct::Deactivate, these()).await;
        assert_eq!(off, [(BulkOutcome::Done, 2)]);
        let all = Which::Matching {
            filter: InvitationFilter::default(),
            before: None,
        };
        let mut on = outcomes(&stage, "b", BulkAct::Activate, all).await;
        on.sort_by_key(|(outcome, _)| *outcome != BulkOutcome::Done);
        assert_eq!(on, [(BulkOutcome::Done, 2), (BulkOutcome::AlreadySo, 1)]);
        let active = "SELECT COUNT(*) FROM bundles WHERE active = 1";
        assert_eq!(stage.number(active, args![]).await, 3);
        stage.send_mails().await;
        assert_eq!(stage.memory.mails().len(), 3);
    })
    .await;
}
