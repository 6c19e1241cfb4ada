//! *Never invite me again* (S38): by the mail alone, without an account.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

mod stage;

use app::{
    api::{
        ApiError,
        invitations::{BundleRef, Event},
        landing::NeverInvite,
    },
    domain::invitation::InvitationStatus,
    ports::{Invitations as _, LandingPort as _},
};
use server::args;
use stage::{Invite, Stage, on_every_engine};

fn by(token: &str, everywhere: bool) -> NeverInvite {
    NeverInvite {
        token: Some(token.to_owned()),
        everywhere,
    }
}

#[tokio::test]
async fn s38_a_mail_is_enough_and_what_waits_is_declined() {
    on_every_engine(|stage| async move {
        let (bundle, token) = stage.invited("mara@new.test").await;
        let elsewhere = stage
            .invite(Invite {
                tenant: stage.globex,
                inviter: stage.gil,
                ..stage.to_acme("mara@new.test")
            })
            .await;
        let other = stage.invite(stage.to_acme("noa@new.test")).await;
        let anonymous = Stage::anonymous();
        let again = stage
            .landing
            .never(&anonymous, by(&token, false))
            .await
            .unwrap();
        assert_eq!(again.tenant, "Acme Academy");
        assert_eq!(again.email_masked, "m•••@n•••.test");
        assert_eq!(stage.status(bundle).await, "declined");
        assert_eq!(stage.status(elsewhere).await, "pending");
        assert_eq!(stage.status(other).await, "pending");
        assert!(stage.open(&anonymous, &token).await.is_err());
        // The admin sees why.
        let ada = stage.signed_in(stage.ada).await;
        let named = BundleRef {
            tenant: "acme".to_owned(),
            bundle,
        };
        let page = stage.invitations.show(&ada, named).await.unwrap();
        assert_eq!(
            page.line.targets[0].reason,
            "Asked never to be invited again."
        );
        assert!(
            page.timeline
                .iter()
                .any(|one| one.what == Event::Suppressed)
        );
        assert_eq!(page.line.status, InvitationStatus::Declined);
        // Once more, from the same old mail: the same answer, and nothing new.
        let twice = stage
            .landing
            .never(&anonymous, by(&token, false))
            .await
            .unwrap();
        assert_eq!(twice, again);
        let known = "SELECT COUNT(*) FROM suppressions";
        assert_eq!(stage.number(known, args![]).await, 1);
        // For the whole platform, the other one goes, too.
        stage
            .landing
            .never(&anonymous, by(&token, true))
            .await
            .unwrap();
        assert_eq!(stage.status(elsewhere).await, "declined");
        assert_eq!(stage.number(known, args![]).await, 2);
    })
    .await;
}

#[tokio::test]
async fn s38_only_a_mailed_link_proves_the_mailbox() {
    on_every_engine(|stage| async move {
        let (bundle, _) = stage.invited("mara@new.test").await;
        let copied = stage.copied_link(stage.acme, bundle).await;
        let anonymous = Stage::anonymous();
        let (landing, landed) = stage.open(&anonymous, &copied).await.unwrap();
        assert!(!landing.mailed);
        let by_cookie = NeverInvite {
            token: None,
            everywhere: false,
        };
        for answer in [
            stage.landing.never(&anonymous, by(&copied, false)).await,
            stage.landing.never(&landed, by_cookie.clone()).await,
            stage.landing.never(&anonymous, by_cookie).await,
            stage.landing.never(&anonymous, by("nonsense", false)).await,
        ] {
            assert_eq!(answer.unwrap_err(), ApiError::NotFound);
        }
        assert_eq!(stage.status(bundle).await, "pending");
        assert_eq!(
            stage
                .number("SELECT COUNT(*) FROM suppressions", args![])
                .await,
            0
        );
    })
    .await;
}

#[tokio::test]
async fn s38_the_landing_cookie_of_a_mailed_link_is_enough() {
    on_every_engine(|stage| async move {
        let (bundle, token) = stage.invited("mara@new.test").await;
        let (landing, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        assert!(landing.mailed);
        let input = NeverInvite {
            token: None,
            everywhere: false,
        };
        stage.landing.never(&landed, input).await.unwrap();
        assert_eq!(stage.status(bundle).await, "declined");
    })
    .await;
}

#[tokio::test]
async fn s38_a_resend_to_somebody_who_asked_for_none_is_refused() {
    on_every_engine(|stage| async move {
        let bundle = stage.invite(stage.to_acme("mara@new.test")).await;
        let hash = stage.desk.key.address_hash("mara@new.test");
        let now = stage.desk.now();
        stage
            .desk
            .storage
            .write(move |tx| Box::pin(tx.suppress(None, hash, now)))
            .await
            .unwrap();
        stage.clock.advance_seconds(60);
        let ada = stage.signed_in(stage.ada).await;
        let named = BundleRef {
            tenant: "acme".to_owned(),
            bundle,
        };
        let Err(ApiError::Conflict { code, .. }) = stage.invitations.resend(&ada, named).await
        else {
            panic!("it was resent");
        };
        assert_eq!(code, "suppressed");
    })
    .await;
}
