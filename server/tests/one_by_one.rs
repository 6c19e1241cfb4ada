//! A bundle whose invitations are accepted one after the other from the home, in either
//! order, ends like one that is accepted whole. And whose address it is.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

mod stage;

use app::{
    api::ApiError,
    domain::{
        id::{BundleId, InvitationId, UserId},
        role::Role,
    },
    ports::{LandingPort as _, Mine as _},
};
use server::args;
use stage::{Invite, Stage, on_every_engine};

/// The bundle's invitation of this kind.
async fn of_kind(stage: &Stage, bundle: BundleId, kind: &'static str) -> InvitationId {
    let (id,): (uuid::Uuid,) = stage
        .desk
        .storage
        .read(move |tx| {
            Box::pin(tx.one(
                "SELECT id FROM invitations WHERE bundle_id = $1 AND kind = $2",
                args![bundle, kind],
            ))
        })
        .await
        .unwrap();
    InvitationId(id)
}

/// Invites an account to Acme as an instructor with labels and an external id, and to a
/// course.
async fn invite(stage: &Stage, user: UserId, email: &str, external_id: &str) -> BundleId {
    let bundle = stage
        .invite(Invite {
            role: Role::Instructor,
            items: vec![("course", stage.course)],
            external_id: Some(external_id),
            user: Some(user),
            ..stage.to_acme(email)
        })
        .await;
    let labels = "UPDATE bundles SET labels = 'Evening' WHERE id = $1";
    stage.sql(labels, args![bundle]).await;
    bundle
}

async fn accept(stage: &Stage, user: UserId, bundle: BundleId, kind: &'static str) {
    let caller = stage.signed_in(user).await;
    let invitation = of_kind(stage, bundle, kind).await;
    stage.mine.accept(&caller, invitation).await.unwrap();
    // I3 in every state between.
    stage.check().await;
}

/// Role, labels and external id at Acme, separated by `/`.
async fn place(stage: &Stage, user: UserId) -> String {
    stage
        .text(
            "SELECT role || '/' || labels || '/' || COALESCE(external_id, '') FROM memberships
             WHERE tenant_id = $1 AND user_id = $2",
            args![stage.acme, user],
        )
        .await
}

#[tokio::test]
async fn i3_the_invited_place_is_given_in_either_order() {
    on_every_engine(|stage| async move {
        for (n, order, between) in [
            (1, ["course", "platform"], "learner//"),
            (2, ["platform", "course"], "instructor/Evening/P-2"),
        ] {
            let email = format!("p{n}@new.test");
            let user = stage.user(&email, "Mara", true).await;
            let bundle = invite(&stage, user, &email, &format!("P-{n}")).await;
            accept(&stage, user, bundle, order[0]).await;
            assert_eq!(place(&stage, user).await, between);
            assert_eq!(stage.status(bundle).await, "pending");
            accept(&stage, user, bundle, order[1]).await;
            assert_eq!(
                place(&stage, user).await,
                format!("instructor/Evening/P-{n}")
            );
            assert_eq!(stage.status(bundle).await, "accepted");
            let from = "SELECT COUNT(*) FROM memberships m JOIN invitations i
                ON i.id = m.invitation_id AND i.kind = 'platform' AND i.status = 'accepted'
                WHERE m.user_id = $1";
            assert_eq!(stage.number(from, args![user]).await, 1);
        }
    })
    .await;
}

#[tokio::test]
async fn the_link_gives_what_is_left_of_a_bundle_begun_at_home() {
    on_every_engine(|stage| async move {
        let user = stage.user("mara@new.test", "Mara", true).await;
        let bundle = invite(&stage, user, "mara@new.test", "P-1").await;
        stage.send_mails().await;
        let token = stage.mailed_token("mara@new.test");
        accept(&stage, user, bundle, "course").await;
        let caller = stage.signed_in(user).await;
        let (_, landed) = stage.open(&caller, &token).await.unwrap();
        stage.landing.accept(&landed).await.unwrap();
        assert_eq!(place(&stage, user).await, "instructor/Evening/P-1");
    })
    .await;
}

#[tokio::test]
async fn s23_what_an_admin_changed_meanwhile_stands() {
    on_every_engine(|stage| async move {
        let user = stage.user("mara@new.test", "Mara", true).await;
        let bundle = invite(&stage, user, "mara@new.test", "P-1").await;
        accept(&stage, user, bundle, "course").await;
        let promote = "UPDATE memberships SET role = 'admin', labels = 'Staff'
            WHERE user_id = $1";
        stage.sql(promote, args![user]).await;
        accept(&stage, user, bundle, "platform").await;
        assert_eq!(place(&stage, user).await, "admin/Staff/P-1");
    })
    .await;
}

#[tokio::test]
async fn s23_a_place_from_elsewhere_is_not_changed_by_a_bundle() {
    on_every_engine(|stage| async move {
        let user = stage.user("mara@new.test", "Mara", true).await;
        let first = stage
            .invite(Invite {
                platform: false,
                items: vec![("program", stage.program)],
                user: Some(user),
                ..stage.to_acme("mara@new.test")
            })
            .await;
        accept(&stage, user, first, "program").await;
        let second = invite(&stage, user, "mara@new.test", "P-1").await;
        accept(&stage, user, second, "platform").await;
        assert_eq!(place(&stage, user).await, "learner//");
    })
    .await;
}

#[tokio::test]
async fn an_external_id_that_is_taken_meanwhile_is_dropped_and_audited() {
    on_every_engine(|stage| async move {
        let user = stage.user("mara@new.test", "Mara", true).await;
        let bundle = invite(&stage, user, "mara@new.test", "P-1").await;
        accept(&stage, user, bundle, "course").await;
        let take = "UPDATE memberships SET external_id = 'P-1' WHERE user_id = $1";
        stage.sql(take, args![stage.ada]).await;
        accept(&stage, user, bundle, "platform").await;
        assert_eq!(place(&stage, user).await, "instructor/Evening/");
        let dropped = "SELECT COUNT(*) FROM audit_events
            WHERE action = 'membership.external_id_dropped' AND subject_id = $1";
        assert_eq!(stage.number(dropped, args![user]).await, 1);
    })
    .await;
}

#[tokio::test]
async fn s12_an_address_that_was_given_up_brings_nothing_more_to_its_old_owner() {
    on_every_engine(|stage| async move {
        let user = stage.user("old@new.test", "Mara", true).await;
        let own = stage
            .invite(Invite {
                user: Some(user),
                ..stage.to_acme("old@new.test")
            })
            .await;
        stage.send_mails().await;
        let token = stage.mailed_token("old@new.test");
        let moved = "UPDATE users SET email = 'new@new.test' WHERE id = $1";
        stage.sql(moved, args![user]).await;
        // The address is somebody else's by now, who is invited by another tenant.
        let other = stage
            .invite(Invite {
                tenant: stage.globex,
                inviter: stage.gil,
                ..stage.to_acme("old@new.test")
            })
            .await;
        let caller = stage.signed_in(user).await;
        let (_, landed) = stage.open(&caller, &token).await.unwrap();
        stage.landing.accept(&landed).await.unwrap();
        assert_eq!(stage.status(own).await, "accepted");
        let key = "SELECT invitee_key FROM invitations WHERE bundle_id = $1";
        assert_eq!(stage.text(key, args![other]).await, "old@new.test");
        let bound = "SELECT COUNT(*) FROM bundles WHERE id = $1 AND user_id IS NOT NULL";
        assert_eq!(stage.number(bound, args![other]).await, 0);
        // Nor may he take or turn down at home what he may have seen the id of.
        let caller = stage.signed_in(user).await;
        let foreign = of_kind(&stage, other, "platform").await;
        for refused in [
            stage.mine.accept(&caller, foreign).await,
            stage.mine.decline(&caller, foreign).await,
            stage.mine.undo_decline(&caller, foreign).await,
        ] {
            assert_eq!(refused.unwrap_err(), ApiError::NotFound);
        }
        assert_eq!(stage.status(other).await, "pending");
    })
    .await;
}
