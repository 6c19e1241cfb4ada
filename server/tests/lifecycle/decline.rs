//! A refusal waits ten seconds before it counts.

use app::{
    api::{ApiError, invitations::Event},
    domain::{
        id::{BundleId, InvitationId},
        invitation::InvitationStatus,
    },
    ports::{Caller, Invitations as _, LandingPort as _, Mine as _},
};
use server::jobs::declines::commit_batch;

use crate::{
    acme, audited, code, happened, page,
    stage::{Stage, on_every_engine},
};

/// A learner with one invitation, and the mail's token.
async fn waiting(stage: &Stage) -> (Caller, BundleId, InvitationId, String) {
    let mara = stage.user("mara@new.test", "Mara", true).await;
    let mut invite = stage.to_acme("mara@new.test");
    invite.user = Some(mara);
    let bundle = stage.invite(invite).await;
    stage.send_mails().await;
    let token = stage.mailed_token("mara@new.test");
    let one = page(stage, bundle).await.line.targets[0].invitation;
    (stage.signed_in(mara).await, bundle, one, token)
}

async fn left(stage: &Stage, mara: &Caller) -> (InvitationStatus, Option<u64>) {
    let home = stage.mine.home(mara).await.unwrap();
    let one = &home.invitations[0];
    (one.status, one.undo_seconds)
}

#[tokio::test]
async fn a_refusal_counts_after_ten_seconds_whoever_closes_the_page() {
    on_every_engine(|stage| async move {
        let (mara, bundle, one, token) = waiting(&stage).await;
        stage.mine.decline(&mara, one).await.unwrap();
        assert_eq!(
            left(&stage, &mara).await,
            (InvitationStatus::Pending, Some(10))
        );
        stage.clock.advance_seconds(4);
        // Pressing twice does not make it later.
        stage.mine.decline(&mara, one).await.unwrap();
        assert_eq!(
            left(&stage, &mara).await,
            (InvitationStatus::Pending, Some(6))
        );
        stage.clock.advance_seconds(5);
        assert_eq!(commit_batch(&stage.desk).await.unwrap(), 0);
        stage.clock.advance_seconds(1);
        // Its time has come; the job has not.
        assert_eq!(
            left(&stage, &mara).await,
            (InvitationStatus::Declined, None)
        );
        assert_eq!(stage.mine.accept(&mara, one).await, Err(ApiError::NotFound));
        assert_eq!(code(stage.mine.undo_decline(&mara, one).await), "too_late");
        let (a, b) = tokio::join!(commit_batch(&stage.desk), commit_batch(&stage.desk));
        assert_eq!(a.unwrap() + b.unwrap(), 1);
        assert_eq!(stage.status(bundle).await, "declined");
        assert_eq!(audited(&stage, "invitation.declined").await, 1);
        let shown = page(&stage, bundle).await;
        let last = shown.timeline.last().unwrap();
        // Whether somebody who is no member has an account is nobody's business (S29).
        assert_eq!((last.what, last.who.as_str()), (Event::Declined, ""));
        // Every link is dead.
        let opened = stage.open(&mara, &token).await;
        assert_eq!(opened.err(), Some(ApiError::NotFound));
    })
    .await;
}

#[tokio::test]
async fn s20_what_is_taken_back_waits_again_and_only_its_person_takes_it_back() {
    on_every_engine(|stage| async move {
        let (mara, bundle, one, _) = waiting(&stage).await;
        let other = stage.user("other@new.test", "Other", true).await;
        let other = stage.signed_in(other).await;
        assert_eq!(
            code(stage.mine.undo_decline(&mara, one).await),
            "too_late",
            "there is nothing to take back"
        );
        stage.mine.decline(&mara, one).await.unwrap();
        let foreign = stage.mine.undo_decline(&other, one).await;
        assert_eq!(foreign, Err(ApiError::NotFound));
        stage.clock.advance_seconds(9);
        stage.mine.undo_decline(&mara, one).await.unwrap();
        stage.clock.advance_seconds(60);
        assert_eq!(commit_batch(&stage.desk).await.unwrap(), 0);
        assert_eq!(left(&stage, &mara).await, (InvitationStatus::Pending, None));
        stage.mine.accept(&mara, one).await.unwrap();
        assert_eq!(stage.status(bundle).await, "accepted");
    })
    .await;
}

#[tokio::test]
async fn accepting_takes_a_refusal_back_and_a_revoke_ends_it() {
    on_every_engine(|stage| async move {
        let (mara, bundle, one, token) = waiting(&stage).await;
        stage.mine.decline(&mara, one).await.unwrap();
        let (_, landed) = stage.open(&mara, &token).await.unwrap();
        stage.landing.accept(&landed).await.unwrap();
        stage.clock.advance_seconds(60);
        assert_eq!(commit_batch(&stage.desk).await.unwrap(), 0);
        assert_eq!(stage.status(bundle).await, "accepted");

        let ben = stage.user("ben@new.test", "Ben", true).await;
        let mut invite = stage.to_acme("ben@new.test");
        invite.user = Some(ben);
        let bundle = stage.invite(invite).await;
        stage.send_mails().await;
        let one = page(&stage, bundle).await.line.targets[0].invitation;
        let ben = stage.signed_in(ben).await;
        stage.mine.decline(&ben, one).await.unwrap();
        let ada = stage.signed_in(stage.ada).await;
        stage.invitations.revoke(&ada, acme(bundle)).await.unwrap();
        stage.clock.advance_seconds(60);
        assert_eq!(commit_batch(&stage.desk).await.unwrap(), 0);
        assert!(happened(&stage, bundle).await.contains(&Event::Revoked));
        assert_eq!(audited(&stage, "invitation.declined").await, 0);
    })
    .await;
}
