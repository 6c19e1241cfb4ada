//! Sent later: not mailed, not shown and not accepted before its time.

use app::{
    api::{ApiError, apps::CreateInvitations, invitations::Event},
    domain::{
        id::{BundleId, InvitationId},
        time::{CivilDate, CivilTime, Timestamp},
    },
    ports::{Caller, Invitations as _, Mine as _},
};
use server::{args, jobs::expiry, services::invitations::send_due};

use crate::{
    acme, audited, code, create, form, happened, page, root,
    stage::{NOW, Stage, on_every_engine},
};

const DAY: i64 = 86_400;

/// On the second day after [`NOW`] at nine, in Berlin (UTC+1).
fn nine() -> CivilTime {
    CivilTime {
        day: CivilDate {
            year: 2026,
            month: 11,
            day: 21,
        },
        hour: 9,
        minute: 0,
    }
}

/// A learner, and an invitation to the course that goes out at [`nine`].
async fn scheduled(stage: &Stage) -> (Caller, BundleId, Timestamp) {
    let root = root(stage).await;
    let mara = stage.user("mara@new.test", "Mara", true).await;
    let input = CreateInvitations {
        send_at: Some(nine()),
        ..form(stage, "k", mara)
    };
    let made = create(stage, &root, input).await.unwrap();
    let at = made[0].send_at.unwrap();
    (stage.signed_in(mara).await, made[0].bundle.unwrap(), at)
}

async fn send(stage: &Stage) -> usize {
    let mut sent = 0;
    loop {
        match send_due(&stage.desk, 2).await.unwrap() {
            0 => return sent,
            more => sent += more,
        }
    }
}

async fn invitation(stage: &Stage, bundle: BundleId) -> InvitationId {
    page(stage, bundle).await.line.targets[0].invitation
}

#[tokio::test]
async fn what_is_scheduled_waits_for_its_time_and_then_goes_out_once() {
    on_every_engine(|stage| async move {
        let (mara, bundle, at) = scheduled(&stage).await;
        assert_eq!(
            at,
            NOW.plus_seconds(2 * DAY + (8 * 3600) - (NOW.0 / 1000 % DAY))
        );
        assert_eq!(stage.status(bundle).await, "scheduled");
        let one = invitation(&stage, bundle).await;
        stage.clock.advance_seconds((at.0 - NOW.0) / 1000 - 1);
        assert_eq!(send(&stage).await, 0);
        stage.send_mails().await;
        assert!(stage.memory.mails().is_empty());
        // Nobody sees it, nobody accepts it, nobody copies its link.
        assert!(stage.mine.home(&mara).await.unwrap().invitations.is_empty());
        assert_eq!(stage.mine.accept(&mara, one).await, Err(ApiError::NotFound));
        let root = root_again(&stage).await;
        let copied = stage.invitations.copy_link(&root, acme(bundle)).await;
        assert_eq!(code(copied), "scheduled");
        let before = page(&stage, bundle).await;
        assert_eq!(before.line.send_at, Some(at));
        let last = before.timeline.last().unwrap();
        assert_eq!((last.what, last.at), (Event::Scheduled, at));
        stage.check().await;

        // Two servers at its time: one of them sends it.
        stage.clock.advance_seconds(1);
        let (a, b) = tokio::join!(send_due(&stage.desk, 10), send_due(&stage.desk, 10));
        assert!(a.unwrap() + b.unwrap() >= 1);
        assert_eq!(audited(&stage, "invitation.sent").await, 1);
        stage.send_mails().await;
        assert_eq!(stage.memory.mails().len(), 1);
        assert_eq!(
            happened(&stage, bundle).await,
            [Event::Invited, Event::Sent, Event::MailQueued, Event::Mail]
        );
        // Thirty days from then.
        assert_eq!(page(&stage, bundle).await.line.expires_at, at.plus_days(30));
        stage.mine.accept(&mara, one).await.unwrap();
        assert_eq!(stage.status(bundle).await, "accepted");
    })
    .await;
}

async fn root_again(stage: &Stage) -> Caller {
    let id = stage
        .desk
        .storage
        .read(|tx| Box::pin(tx.user_by_email("root@beckon.test")))
        .await
        .unwrap();
    stage.signed_in(id.unwrap().0.id).await
}

#[tokio::test]
async fn after_downtime_what_came_due_goes_out_and_what_ran_out_does_not() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        let mut bundles = Vec::new();
        for n in 0..5 {
            let user = stage.user(&format!("p{n}@new.test"), "P", true).await;
            let input = CreateInvitations {
                send_at: Some(nine()),
                expires_on: (n == 0).then_some(CivilDate {
                    day: 23,
                    ..nine().day
                }),
                ..form(&stage, &n.to_string(), user)
            };
            let made = create(&stage, &root, input).await.unwrap();
            bundles.push(made[0].bundle.unwrap());
        }
        stage.clock.advance_seconds(10 * DAY);
        assert_eq!(send(&stage).await, 4);
        assert_eq!(expiry::expire_batch(&stage.desk).await.unwrap(), 1);
        assert_eq!(stage.status(bundles[0]).await, "expired");
        stage.send_mails().await;
        assert_eq!(stage.memory.mails().len(), 4);
    })
    .await;
}

#[tokio::test]
async fn what_is_scheduled_is_sent_now_extended_or_revoked_by_hand() {
    on_every_engine(|stage| async move {
        let (mara, bundle, _) = scheduled(&stage).await;
        let ada = stage.signed_in(stage.ada).await;
        let sent = stage.invitations.resend(&ada, acme(bundle)).await.unwrap();
        assert_eq!((sent.status.as_str(), sent.send_at), ("pending", None));
        assert_eq!(send(&stage).await, 0);
        stage.send_mails().await;
        assert_eq!(stage.memory.mails().len(), 1);
        assert_eq!(stage.mine.home(&mara).await.unwrap().invitations.len(), 1);

        let ben = stage.user("ben@new.test", "Ben", true).await;
        let input = CreateInvitations {
            send_at: Some(nine()),
            ..form(&stage, "ben", ben)
        };
        let root = root_again(&stage).await;
        let made = create(&stage, &root, input).await.unwrap();
        let bundle = made[0].bundle.unwrap();
        stage.invitations.revoke(&ada, acme(bundle)).await.unwrap();
        stage.clock.advance_seconds(3 * DAY);
        assert_eq!(send(&stage).await, 0);
        assert_eq!(stage.status(bundle).await, "revoked");
        // Ben never heard of it, and does not now.
        let ben = stage.signed_in(ben).await;
        assert!(stage.mine.home(&ben).await.unwrap().invitations.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_time_that_cannot_be_is_said_at_its_field() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        let mara = stage.user("mara@new.test", "Mara", true).await;
        let at = |day, hour| CivilTime {
            day: CivilDate { day, ..nine().day },
            hour,
            ..nine()
        };
        let next_year = CivilTime {
            day: CivilDate {
                year: 2027,
                month: 12,
                day: 1,
            },
            ..nine()
        };
        let good = form(&stage, "k", mara);
        for (time, mail, end, field) in [
            (at(18, 9), true, None, "send_at"),
            (at(21, 24), true, None, "send_at"),
            (at(31, 9), true, None, "send_at"),
            (next_year, true, None, "send_at"),
            (at(21, 9), false, None, "send_at"),
            (at(21, 9), true, Some(20), "expires_on"),
        ] {
            let input = CreateInvitations {
                send_at: Some(time),
                mail,
                expires_on: end.map(|day| CivilDate { day, ..nine().day }),
                ..good.clone()
            };
            match create(&stage, &root, input).await {
                Err(ApiError::Invalid { fields, .. }) => assert_eq!(fields[0].field, field),
                other => panic!("{other:?}"),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn s37_s38_what_is_scheduled_meets_quotas_and_wishes_when_it_goes_out() {
    on_every_engine(|stage| async move {
        let (_, bundle, at) = scheduled(&stage).await;
        stage
            .sql("UPDATE tenants SET mails_a_day_per_address = 0", args![])
            .await;
        stage.clock.advance_seconds(3 * DAY);
        assert_eq!(send(&stage).await, 1);
        assert_eq!(stage.status(bundle).await, "scheduled");
        let later = page(&stage, bundle).await.line.send_at.unwrap();
        assert_eq!(later, stage.desk.now().plus_seconds(3_600));
        assert!(later > at);
        stage
            .sql("UPDATE tenants SET mails_a_day_per_address = 5", args![])
            .await;
        let hash = stage.desk.key.address_hash("mara@new.test").to_vec();
        let never = "INSERT INTO suppressions (scope, address_hash, created_at)
            VALUES ($1, $2, 1)";
        stage.sql(never, args![stage.acme, hash]).await;
        stage.clock.advance_seconds(3_600);
        assert_eq!(send(&stage).await, 1);
        assert_eq!(stage.status(bundle).await, "revoked");
        stage.send_mails().await;
        assert!(stage.memory.mails().is_empty());
    })
    .await;
}
