//! Acts on many invitations, and the quotas that they meet.

use app::{
    api::{
        ApiError,
        invitations::{
            BULK_BATCH, BulkAct, BulkBatch, BulkDone, BulkOutcome, InvitationFilter, Which,
        },
    },
    domain::{id::BundleId, invitation::InvitationStatus, time::CivilDate},
    ports::Invitations as _,
};
use server::args;

use crate::{
    acme,
    stage::{Invite, on_every_engine},
};

fn batch(key: &str, act: BulkAct, which: Which) -> BulkBatch {
    BulkBatch {
        tenant: "acme".to_owned(),
        idempotency_key: key.to_owned(),
        act,
        which,
    }
}

fn outcomes(done: &BulkDone) -> Vec<(BulkOutcome, u32)> {
    done.outcomes.iter().collect()
}

#[tokio::test]
async fn a_repeated_batch_is_the_same_call() {
    on_every_engine(|stage| async move {
        let mut bundles = Vec::new();
        for n in 0..3 {
            bundles.push(stage.invite(stage.to_acme(&format!("p{n}@x.test"))).await);
        }
        stage.send_mails().await;
        stage.clock.advance_seconds(60);
        let ada = stage.signed_in(stage.ada).await;
        stage
            .invitations
            .revoke(&ada, acme(bundles[0]))
            .await
            .unwrap();
        let input = batch("k1", BulkAct::Resend, Which::These(bundles.clone()));
        let done = stage.invitations.bulk(&ada, input.clone()).await.unwrap();
        let mut kinds = outcomes(&done);
        kinds.sort_by_key(|(kind, _)| *kind != BulkOutcome::Done);
        assert_eq!(kinds, [(BulkOutcome::Done, 2), (BulkOutcome::NotLive, 1)]);
        // Once more, a minute later: the stored answer, and no mail.
        stage.send_mails().await;
        stage.clock.advance_seconds(60);
        let again = stage.invitations.bulk(&ada, input).await.unwrap();
        assert_eq!(again, done);
        stage.send_mails().await;
        assert_eq!(stage.memory.mails().len(), 3 + 2);
        // The key is not good for anything else.
        let other = batch("k1", BulkAct::Revoke, Which::These(bundles));
        let Err(ApiError::Conflict { code, .. }) = stage.invitations.bulk(&ada, other).await else {
            panic!("a used key was taken");
        };
        assert_eq!(code, "idempotency_key_reused");
    })
    .await;
}

#[tokio::test]
async fn all_that_match_are_dealt_with_batch_by_batch_and_no_newer_ones() {
    on_every_engine(|stage| async move {
        let people = BULK_BATCH + 3;
        for n in 0..people {
            stage.invite(stage.to_acme(&format!("p{n}@x.test"))).await;
        }
        stage
            .invite(Invite {
                tenant: stage.globex,
                inviter: stage.gil,
                ..stage.to_acme("other@x.test")
            })
            .await;
        let ada = stage.signed_in(stage.ada).await;
        // What a revoke changes is what the filter asks for.
        let filter = InvitationFilter {
            status: Some(InvitationStatus::Pending),
            ..InvitationFilter::default()
        };
        let which = |before| Which::Matching {
            filter: filter.clone(),
            before,
        };
        let first = batch("a:0", BulkAct::Revoke, which(None));
        let first = stage.invitations.bulk(&ada, first).await.unwrap();
        assert_eq!(
            outcomes(&first),
            [(BulkOutcome::Done, u32::try_from(BULK_BATCH).unwrap())]
        );
        let late = stage.invite(stage.to_acme("late@x.test")).await;
        let second = batch("a:1", BulkAct::Revoke, which(first.next));
        let second = stage.invitations.bulk(&ada, second).await.unwrap();
        assert_eq!(outcomes(&second), [(BulkOutcome::Done, 3)]);
        assert_eq!(second.next, None);
        assert_eq!(stage.status(late).await, "pending");
        let live = "SELECT COUNT(*) FROM invitations WHERE status = 'pending'";
        assert_eq!(stage.number(live, args![]).await, 2);
    })
    .await;
}

#[tokio::test]
async fn s06_a_batch_reaches_nobody_elses_invitations() {
    on_every_engine(|stage| async move {
        let own = stage.invite(stage.to_acme("own@x.test")).await;
        let foreign = stage
            .invite(Invite {
                tenant: stage.globex,
                inviter: stage.gil,
                ..stage.to_acme("foreign@x.test")
            })
            .await;
        let missing = BundleId(stage.desk.new_id());
        let ada = stage.signed_in(stage.ada).await;
        let input = batch(
            "k",
            BulkAct::Extend(CivilDate {
                year: 2027,
                month: 3,
                day: 1,
            }),
            Which::These(vec![own, foreign, missing]),
        );
        let done = stage.invitations.bulk(&ada, input).await.unwrap();
        assert_eq!(done.outcomes.of(BulkOutcome::Done), 1);
        assert_eq!(done.outcomes.of(BulkOutcome::Missing), 2);
        let extended = "SELECT COUNT(*) FROM audit_events WHERE action = 'invitation.extended'";
        assert_eq!(stage.number(extended, args![]).await, 1);
        let many = vec![own; BULK_BATCH + 1];
        let answer = stage
            .invitations
            .bulk(&ada, batch("m", BulkAct::Revoke, Which::These(many)))
            .await;
        assert!(matches!(answer, Err(ApiError::BadRequest { .. })));
    })
    .await;
}

#[tokio::test]
async fn s37_quotas_count_re_sends_and_say_which_one_is_used_up() {
    on_every_engine(|stage| async move {
        stage
            .sql(
                "UPDATE tenants SET mails_a_day_per_address = 2, mails_a_day_per_inviter = 5,
                    mails_a_day = 6",
                args![],
            )
            .await;
        let one = stage.invite(stage.to_acme("one@x.test")).await;
        let two = stage.invite(stage.to_acme("two@x.test")).await;
        let ada = stage.signed_in(stage.ada).await;
        let resend = async |bundle| {
            stage.clock.advance_seconds(60);
            match stage.invitations.resend(&ada, acme(bundle)).await {
                Ok(_) => "sent".to_owned(),
                Err(ApiError::Conflict { code, message }) => {
                    assert_eq!(code, "over_quota");
                    message.split('.').next().unwrap_or_default().to_owned()
                }
                Err(other) => panic!("{other:?}"),
            }
        };
        assert_eq!(resend(one).await, "sent");
        assert!(resend(one).await.starts_with("This address"));
        assert_eq!(resend(two).await, "sent");
        // Four mails for Ada's invitations so far; a third person is the fifth.
        let three = stage.invite(stage.to_acme("three@x.test")).await;
        assert!(resend(three).await.contains("inviter"));
        stage
            .sql("UPDATE tenants SET mails_a_day = 5", args![])
            .await;
        assert!(resend(three).await.contains("organisation"));
        // A batch counts on as it goes.
        stage
            .sql(
                "UPDATE tenants SET mails_a_day = 6, mails_a_day_per_inviter = 100,
                mails_a_day_per_address = 100",
                args![],
            )
            .await;
        stage.clock.advance_seconds(60);
        let input = batch("q", BulkAct::Resend, Which::These(vec![one, two, three]));
        let done = stage.invitations.bulk(&ada, input).await.unwrap();
        assert_eq!(done.outcomes.of(BulkOutcome::Done), 1);
        assert_eq!(done.outcomes.of(BulkOutcome::OverQuota), 2);
        // A day later there is room again.
        stage.clock.advance_seconds(86_400);
        assert_eq!(resend(one).await, "sent");
    })
    .await;
}

#[tokio::test]
async fn two_at_once_under_one_key_run_once() {
    on_every_engine(|stage| async move {
        let bundle = stage.invite(stage.to_acme("mara@x.test")).await;
        stage.clock.advance_seconds(60);
        let ada = stage.signed_in(stage.ada).await;
        let input = batch("same", BulkAct::Resend, Which::These(vec![bundle]));
        let (one, other) = tokio::join!(
            stage.invitations.bulk(&ada, input.clone()),
            stage.invitations.bulk(&ada, input),
        );
        assert_eq!(one.unwrap(), other.unwrap());
        let resent = "SELECT COUNT(*) FROM audit_events WHERE action = 'invitation.resent'";
        assert_eq!(stage.number(resent, args![]).await, 1);
    })
    .await;
}
