//! Reminders: by the tenant's schedule and by hand, three at most, and never where nobody
//! should be reminded.

use app::{
    api::invitations::{BulkAct, BulkBatch, BulkOutcome, Event, InvitationFilter, Which},
    domain::{id::BundleId, invitation::DeliveryStatus},
    ports::{Invitations as _, LandingPort as _},
};
use server::{
    args,
    jobs::expiry,
    mail::{FailureClass, MailFailure},
    services::invitations::remind_due,
};

use crate::{
    acme, audited, code, happened, page,
    stage::{NOW, Stage, on_every_engine},
};

const DAY: i64 = 86_400;

/// Queues what is due, as the job does, and sends it; how many reminders there were so far.
async fn remind(stage: &Stage) -> i64 {
    while remind_due(&stage.desk, 2).await.unwrap() > 0 {}
    stage.send_mails().await;
    reminders(stage).await
}

async fn reminders(stage: &Stage) -> i64 {
    let queued = "SELECT COUNT(*) FROM outbox WHERE purpose = 'reminder'";
    stage.number(queued, args![]).await
}

fn days(stage: &Stage, days: f64) {
    #[expect(clippy::cast_possible_truncation, reason = "seconds of a few days")]
    stage.clock.advance_seconds((days * DAY as f64) as i64);
}

#[tokio::test]
async fn a_person_is_reminded_by_the_schedule_with_a_link_of_its_own() {
    on_every_engine(|stage| async move {
        let (bundle, first) = stage.invited("mara@new.test").await;
        days(&stage, 2.9);
        assert_eq!(remind(&stage).await, 0);
        days(&stage, 0.2);
        // Two servers at once remind once.
        let (a, b) = tokio::join!(remind_due(&stage.desk, 10), remind_due(&stage.desk, 10));
        assert!(a.is_ok() && b.is_ok());
        assert_eq!(remind(&stage).await, 1);
        let mails = stage.memory.mails();
        assert_eq!(
            mails.last().unwrap().mail.subject,
            "Reminder: Ada Example invites you to Acme Academy"
        );
        let second = stage.mailed_token("mara@new.test");
        assert_ne!(first, second);
        // The older link lives on, and so does the new one.
        for token in [&first, &second] {
            assert!(stage.open(&Stage::anonymous(), token).await.is_ok());
        }
        days(&stage, 3.0);
        assert_eq!(remind(&stage).await, 1);
        days(&stage, 1.0);
        assert_eq!(remind(&stage).await, 2);
        days(&stage, 20.0);
        assert_eq!(remind(&stage).await, 2, "the schedule has two");
        assert_eq!(audited(&stage, "invitation.reminded").await, 2);
        let what = happened(&stage, bundle).await;
        let told = what.iter().filter(|one| **one == Event::Reminded).count();
        assert_eq!(told, 2);
        let line = page(&stage, bundle).await.line;
        assert_eq!(
            (line.reminders, line.delivery),
            (2, Some(DeliveryStatus::Sent))
        );
        let (_, landed) = stage.open(&Stage::anonymous(), &second).await.unwrap();
        stage.register(&landed).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn by_hand_counts_toward_the_three() {
    on_every_engine(|stage| async move {
        let (bundle, _) = stage.invited("mara@new.test").await;
        let ada = stage.signed_in(stage.ada).await;
        let soon = stage.invitations.remind(&ada, acme(bundle)).await;
        assert!(matches!(soon, Err(app::api::ApiError::TooMany { .. })));
        days(&stage, 1.0);
        let line = stage.invitations.remind(&ada, acme(bundle)).await.unwrap();
        assert_eq!(line.reminders, 1);
        let twice = stage.invitations.remind(&ada, acme(bundle)).await;
        assert_eq!(code(twice), "nothing_to_remind_of", "one is on its way");
        stage.send_mails().await;
        days(&stage, 2.5);
        assert_eq!(remind(&stage).await, 1, "the third day's was by hand");
        days(&stage, 4.0);
        assert_eq!(remind(&stage).await, 2);
        days(&stage, 1.0);
        stage.invitations.remind(&ada, acme(bundle)).await.unwrap();
        stage.send_mails().await;
        days(&stage, 1.0);
        let fourth = stage.invitations.remind(&ada, acme(bundle)).await;
        assert_eq!(code(fourth), "reminded_enough");
        stage
            .sql("UPDATE tenants SET remind_days = '1,2,3'", args![])
            .await;
        days(&stage, 10.0);
        assert_eq!(remind(&stage).await, 3);
    })
    .await;
}

#[tokio::test]
async fn nobody_is_reminded_who_answered_or_cannot_answer() {
    on_every_engine(|stage| async move {
        let ada = stage.signed_in(stage.ada).await;
        let mut bundles = Vec::new();
        for name in [
            "accepted",
            "revoked",
            "off",
            "expired",
            "suppressed",
            "asked",
            "open",
        ] {
            let (bundle, token) = stage.invited(&format!("{name}@new.test")).await;
            bundles.push((name, bundle, token));
        }
        let of = |name: &str| bundles.iter().find(|one| one.0 == name).unwrap();
        let (_, landed) = stage
            .open(&Stage::anonymous(), &of("accepted").2)
            .await
            .unwrap();
        stage.register(&landed).await.unwrap();
        stage
            .invitations
            .revoke(&ada, acme(of("revoked").1))
            .await
            .unwrap();
        stage
            .invitations
            .deactivate(&ada, acme(of("off").1))
            .await
            .unwrap();
        let soon = NOW.plus_days(2);
        for sql in [
            "UPDATE bundles SET expires_at = $2 WHERE id = $1",
            "UPDATE invitations SET expires_at = $2 WHERE bundle_id = $1",
        ] {
            stage.sql(sql, args![of("expired").1, soon]).await;
        }
        let hash = stage.desk.key.address_hash("suppressed@new.test").to_vec();
        let never = "INSERT INTO suppressions (scope, address_hash, created_at)
            VALUES ($1, $2, 1)";
        stage.sql(never, args![stage.acme, hash]).await;
        let input = app::api::landing::NeverInvite {
            token: Some(of("asked").2.clone()),
            everywhere: true,
        };
        stage
            .landing
            .never(&Stage::anonymous(), input)
            .await
            .unwrap();
        days(&stage, 4.0);
        let before = stage.memory.mails().len();
        assert_eq!(remind(&stage).await, 1, "the open one alone");
        let mails = stage.memory.mails();
        assert_eq!(mails.len(), before + 1);
        assert_eq!(mails.last().unwrap().mail.to, "open@new.test");
        // What is switched on again is reminded of then.
        stage
            .invitations
            .activate(&ada, acme(of("off").1))
            .await
            .unwrap();
        assert_eq!(remind(&stage).await, 2);
        expiry::expire_batch(&stage.desk).await.unwrap();
        // A tenant that reminds nobody.
        stage
            .sql("UPDATE tenants SET remind_days = ''", args![])
            .await;
        days(&stage, 10.0);
        assert_eq!(remind(&stage).await, 2);
    })
    .await;
}

/// A mail server that answers so.
async fn refusing(stage: &Stage, class: FailureClass) {
    stage
        .memory
        .refuse(move |_| Some(MailFailure::new(class, "No.")));
    stage.send_mails().await;
    stage.memory.refuse(|_| None);
}

#[tokio::test]
async fn f09_a_mail_server_that_is_down_multiplies_no_reminders() {
    on_every_engine(|stage| async move {
        let (late, _) = stage.invited("late@new.test").await;
        let bounced = stage.invite(stage.to_acme("bounced@new.test")).await;
        refusing(&stage, FailureClass::Permanent).await;
        days(&stage, 3.5);
        // A day without a mail server: the reminder is put off, and none is added to it.
        while remind_due(&stage.desk, 10).await.unwrap() > 0 {}
        for _ in 0..24 {
            refusing(&stage, FailureClass::Transient).await;
            while remind_due(&stage.desk, 10).await.unwrap() > 0 {}
            stage.clock.advance_seconds(3_600);
        }
        assert_eq!(reminders(&stage).await, 1);
        let ada = stage.signed_in(stage.ada).await;
        let nothing = stage.invitations.remind(&ada, acme(bounced)).await;
        assert_eq!(code(nothing), "nothing_to_remind_of");
        stage.send_mails().await;
        assert_eq!(page(&stage, late).await.line.reminders, 1);
        days(&stage, 3.0);
        assert_eq!(remind(&stage).await, 2);
        // One that comes back ends them.
        stage
            .sql("UPDATE tenants SET remind_days = '1,2,8'", args![])
            .await;
        days(&stage, 10.0);
        while remind_due(&stage.desk, 10).await.unwrap() > 0 {}
        refusing(&stage, FailureClass::Permanent).await;
        let unset = "SELECT COUNT(*) FROM bundles WHERE remind_from IS NOT NULL";
        assert_eq!(stage.number(unset, args![]).await, 0);
    })
    .await;
}

#[tokio::test]
async fn f10_clocks_that_jump_make_each_reminder_once_and_no_storm() {
    on_every_engine(|stage| async move {
        let (bundle, _) = stage.invited("mara@new.test").await;
        // A year ahead and back again, a few times: the invitation must not run out.
        let far = NOW.plus_days(4_000);
        for sql in [
            "UPDATE bundles SET expires_at = $1",
            "UPDATE invitations SET expires_at = $1",
        ] {
            stage.sql(sql, args![far]).await;
        }
        for _ in 0..3 {
            days(&stage, 365.0);
            assert_eq!(remind(&stage).await, 1, "one, not all at once");
            days(&stage, -365.0);
            assert_eq!(remind(&stage).await, 1);
        }
        days(&stage, 365.0);
        days(&stage, 3.9);
        assert_eq!(remind(&stage).await, 1);
        days(&stage, 0.2);
        assert_eq!(remind(&stage).await, 2, "four days after the first");
        days(&stage, 365.0);
        assert_eq!(remind(&stage).await, 2);
        assert_eq!(page(&stage, bundle).await.line.reminders, 2);
        // Expiry is one transition, however often the clock goes over it.
        for jump in [2.0 * 365.0, -365.0, 10.0 * 365.0] {
            days(&stage, jump);
            expiry::expire_batch(&stage.desk).await.unwrap();
        }
        assert_eq!(audited(&stage, "invitation.expired").await, 1);
    })
    .await;
}

#[tokio::test]
async fn s37_reminders_meet_the_quotas_and_many_are_reminded_at_once() {
    on_every_engine(|stage| async move {
        let mut bundles: Vec<BundleId> = Vec::new();
        for n in 0..3 {
            bundles.push(stage.invited(&format!("p{n}@new.test")).await.0);
        }
        days(&stage, 3.1);
        stage
            .sql("UPDATE tenants SET mails_a_day = 1", args![])
            .await;
        assert_eq!(remind(&stage).await, 1);
        assert_eq!(remind(&stage).await, 1);
        stage
            .sql("UPDATE tenants SET mails_a_day = 100", args![])
            .await;
        // By hand there is no wait.
        let ada = stage.signed_in(stage.ada).await;
        stage.clock.advance_seconds(60);
        let input = BulkBatch {
            tenant: "acme".to_owned(),
            idempotency_key: "k".to_owned(),
            act: BulkAct::Remind,
            which: Which::Matching {
                filter: InvitationFilter::default(),
                before: None,
            },
        };
        let done = stage.invitations.bulk(&ada, input).await.unwrap();
        assert_eq!(done.outcomes.of(BulkOutcome::Done), 3);
        stage.send_mails().await;
        assert_eq!(reminders(&stage).await, 4);
        days(&stage, 20.0);
        assert_eq!(remind(&stage).await, 6, "the first one has two already");
    })
    .await;
}
