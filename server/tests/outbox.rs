//! The outbox: what is sent, when, and what becomes of failures.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

mod stage;

use std::sync::Arc;

use app::domain::invitation::DeliveryStatus;
use server::{
    args,
    jobs::{expiry, outbox},
    mail::{FailureClass, MailFailure},
};
use stage::{Invite, LIFE, Stage, on_every_engine};

async fn delivery(stage: &Stage, bundle: app::domain::id::BundleId) -> (String, String, i64) {
    stage
        .desk
        .storage
        .read(move |tx| {
            Box::pin(tx.one(
                "SELECT o.status, o.last_error, o.attempts FROM outbox o
                 JOIN bundles b ON b.delivery_id = o.id WHERE b.id = $1",
                args![bundle],
            ))
        })
        .await
        .unwrap()
}

fn fail_with(stage: &Stage, class: FailureClass) {
    stage
        .memory
        .refuse(move |_| Some(MailFailure::new(class, "The mail server answered.")));
}

#[tokio::test]
async fn a_due_mail_is_sent_once_with_its_link() {
    on_every_engine(|stage| async move {
        let bundle = stage
            .invite(Invite {
                items: vec![("course", stage.course)],
                note: "See you on Monday",
                ..stage.to_acme("mara@new.test")
            })
            .await;
        stage.send_mails().await;
        stage.send_mails().await;
        let mails = stage.memory.mails();
        assert_eq!(mails.len(), 1);
        let mail = &mails[0].mail;
        assert_eq!(mail.subject, "Ada Example invites you to Acme Academy");
        for form in [&mail.text, &mail.html] {
            assert!(form.contains("Fire safety"));
            assert!(form.contains("See you on Monday"));
            assert!(form.contains("(Europe/Berlin)"));
        }
        assert_eq!(delivery(&stage, bundle).await.0, "sent");
        let changes = "SELECT COUNT(*) FROM changes";
        assert!(
            stage.number(changes, args![]).await > 0,
            "open pages are told"
        );
    })
    .await;
}

#[tokio::test]
async fn a_mail_is_held_until_its_time() {
    on_every_engine(|stage| async move {
        let bundle = stage.invite(stage.to_acme("mara@new.test")).await;
        let later = stage.desk.now().plus_seconds(60);
        stage
            .sql("UPDATE outbox SET not_before = $1", args![later])
            .await;
        stage.clock.advance_seconds(59);
        stage.send_mails().await;
        assert_eq!(delivery(&stage, bundle).await.0, "queued");
        stage.clock.advance_seconds(1);
        stage.send_mails().await;
        assert_eq!(delivery(&stage, bundle).await.0, "sent");
    })
    .await;
}

#[tokio::test]
async fn f09_a_passing_refusal_backs_off_and_is_given_up_in_the_end() {
    on_every_engine(|stage| async move {
        let bundle = stage.invite(stage.to_acme("mara@new.test")).await;
        fail_with(&stage, FailureClass::Transient);
        for (tries, wait) in [(1, 60), (2, 300), (3, 1_800), (4, 7_200), (5, 21_600)] {
            stage.send_mails().await;
            let (status, note, attempts) = delivery(&stage, bundle).await;
            assert_eq!((status.as_str(), attempts), ("deferred", tries));
            assert_eq!(note, "The mail server answered.");
            stage.clock.advance_seconds(wait - 1);
            stage.send_mails().await;
            assert_eq!(delivery(&stage, bundle).await.2, tries, "too early");
            stage.clock.advance_seconds(wait / 5 + 2);
        }
        stage.send_mails().await;
        let (status, note, attempts) = delivery(&stage, bundle).await;
        assert_eq!((status.as_str(), attempts), ("dead", 6));
        assert!(note.contains("6 tries"), "{note}");
        stage.clock.advance_seconds(86_400);
        stage.send_mails().await;
        assert_eq!(delivery(&stage, bundle).await.2, 6);
        let live = "SELECT COUNT(*) FROM links WHERE dead_at IS NULL";
        assert_eq!(stage.number(live, args![]).await, 0, "no mail, no link");
    })
    .await;
}

#[tokio::test]
async fn a_deferred_mail_goes_out_later_under_the_same_message_id() {
    on_every_engine(|stage| async move {
        let bundle = stage.invite(stage.to_acme("mara@new.test")).await;
        let id = stage.text("SELECT message_id FROM outbox", args![]).await;
        fail_with(&stage, FailureClass::Transient);
        stage.send_mails().await;
        stage.memory.refuse(|_| None);
        stage.clock.advance_seconds(80);
        stage.send_mails().await;
        assert_eq!(delivery(&stage, bundle).await.0, "sent");
        assert_eq!(stage.memory.mails()[0].mail.message_id, id);
        let token = stage.mailed_token("mara@new.test");
        assert!(stage.open(&Stage::anonymous(), &token).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn f09_a_permanent_refusal_bounces_and_an_unknown_end_is_never_repeated() {
    on_every_engine(|stage| async move {
        for (class, word) in [
            (FailureClass::Permanent, DeliveryStatus::Bounced),
            (FailureClass::Unknown, DeliveryStatus::Unknown),
        ] {
            let email = format!("{}@new.test", word.as_str());
            let bundle = stage.invite(stage.to_acme(&email)).await;
            fail_with(&stage, class);
            stage.send_mails().await;
            assert_eq!(delivery(&stage, bundle).await.0, word.as_str());
            stage.clock.advance_seconds(86_400);
            stage.memory.refuse(|_| None);
            stage.send_mails().await;
            assert_eq!(delivery(&stage, bundle).await.0, word.as_str());
        }
        assert!(stage.memory.mails().is_empty());
        // The unknown one may have arrived: its link lives.
        let live = "SELECT COUNT(*) FROM links WHERE dead_at IS NULL";
        assert_eq!(stage.number(live, args![]).await, 1);
    })
    .await;
}

#[tokio::test]
async fn f02_a_dead_workers_mail_is_sent_once_more_under_its_message_id_and_then_never() {
    on_every_engine(|stage| async move {
        let bundle = stage.invite(stage.to_acme("mara@new.test")).await;
        let die = || async {
            let now = stage.desk.now();
            let hash = server::clock::Secret::draw().unwrap().hash();
            let claimed = stage
                .desk
                .storage
                .write(move |tx| {
                    Box::pin(
                        async move { tx.claim("dead", now, now.plus_seconds(420), &[hash]).await },
                    )
                })
                .await
                .unwrap();
            claimed.letters.len()
        };
        assert_eq!(die().await, 1);
        stage.clock.advance_seconds(419);
        stage.send_mails().await;
        assert!(stage.memory.mails().is_empty(), "the lease is not over");
        stage.clock.advance_seconds(1);
        stage.send_mails().await;
        assert_eq!(stage.memory.mails().len(), 1);
        assert_eq!(
            delivery(&stage, bundle).await,
            ("sent".to_owned(), String::new(), 2)
        );

        // Two workers die over one entry: it is not tried a third time.
        let second = stage.invite(stage.to_acme("noor@new.test")).await;
        for _ in 0..2 {
            assert_eq!(die().await, 1);
            stage.clock.advance_seconds(420);
        }
        stage.send_mails().await;
        assert_eq!(delivery(&stage, second).await.0, "unknown");
        assert_eq!(stage.memory.mails().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_worker_whose_lease_ran_out_cannot_write_over_its_successor() {
    on_every_engine(|stage| async move {
        let bundle = stage.invite(stage.to_acme("mara@new.test")).await;
        let now = stage.desk.now();
        let hash = server::clock::Secret::draw().unwrap().hash();
        let claimed = stage
            .desk
            .storage
            .write(move |tx| {
                Box::pin(async move { tx.claim("slow", now, now.plus_seconds(420), &[hash]).await })
            })
            .await
            .unwrap();
        let letter = claimed.letters[0].clone();
        stage.clock.advance_seconds(420);
        stage.send_mails().await;
        let late = server::storage::Sent {
            id: letter.id,
            bundle: letter.bundle,
            tenant: letter.tenant,
            status: DeliveryStatus::Bounced,
            note: "late".to_owned(),
            not_before: now,
            dead_link: None,
            at: now,
        };
        let written = stage
            .desk
            .storage
            .write(move |tx| {
                let late = late.clone();
                Box::pin(async move { tx.record_sent("slow", &[late]).await })
            })
            .await
            .unwrap();
        assert_eq!(written, 0);
        assert_eq!(delivery(&stage, bundle).await.0, "sent");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f11_two_workers_send_each_mail_once() {
    on_every_engine(|stage| async move {
        for n in 0..200 {
            stage.invite(stage.to_acme(&format!("p{n}@new.test"))).await;
        }
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let (desk, mailer) = (stage.desk.clone(), stage.mailer.clone());
            workers.spawn(
                async move { while outbox::send_batch(&desk, &mailer).await.unwrap() > 0 {} },
            );
        }
        workers.join_all().await;
        stage.send_mails().await;
        let mut to: Vec<String> = stage
            .memory
            .mails()
            .into_iter()
            .map(|kept| kept.mail.to)
            .collect();
        assert_eq!(to.len(), 200);
        to.sort();
        to.dedup();
        assert_eq!(to.len(), 200, "nobody got two");
        let sent = "SELECT COUNT(*) FROM outbox WHERE status = 'sent'";
        assert_eq!(stage.number(sent, args![]).await, 200);
    })
    .await;
}

#[tokio::test]
async fn f07_a_result_is_written_down_when_the_database_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let storage = server::storage::Storage::open_sqlite(folder.path().join("b.db"))
        .await
        .unwrap();
    let stage = Arc::new(Stage::build(storage, None, None).await);
    let bundle = stage.invite(stage.to_acme("mara@new.test")).await;
    for sql in [
        "CREATE TABLE gate (shut BIGINT)",
        "INSERT INTO gate VALUES (1)",
        "CREATE TRIGGER refuse BEFORE UPDATE ON outbox
         WHEN NEW.status = 'sent' AND EXISTS (SELECT 1 FROM gate)
         BEGIN SELECT RAISE(ABORT, 'away'); END",
    ] {
        stage.sql(sql, args![]).await;
    }
    let worker = {
        let stage = Arc::clone(&stage);
        tokio::spawn(async move { stage.send_mails().await })
    };
    while stage.memory.mails().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    stage.sql("DELETE FROM gate", args![]).await;
    worker.await.unwrap();
    let (status, _, attempts) = delivery(&stage, bundle).await;
    assert_eq!((status.as_str(), attempts), ("sent", 1));
    // Nothing is left that would go out a second time.
    stage.clock.advance_seconds(3_600);
    stage.send_mails().await;
    assert_eq!(stage.memory.mails().len(), 1);
    stage.check().await;
}

#[tokio::test]
async fn f18_after_the_signal_no_further_mail_is_begun_and_none_is_lost() {
    on_every_engine(|stage| async move {
        let bundle = stage.invite(stage.to_acme("mara@new.test")).await;
        let shutdown = tokio_util::sync::CancellationToken::new();
        shutdown.cancel();
        outbox::send_until(&stage.desk, &stage.mailer, &shutdown)
            .await
            .unwrap();
        assert!(stage.memory.mails().is_empty());
        // Restarts are no tries: however many there are, the mail is not given up.
        for _ in 0..7 {
            outbox::send_until(&stage.desk, &stage.mailer, &shutdown)
                .await
                .unwrap();
            assert_eq!(
                delivery(&stage, bundle).await,
                ("queued".to_owned(), String::new(), 0)
            );
        }
        let live = "SELECT COUNT(*) FROM links WHERE dead_at IS NULL";
        assert_eq!(stage.number(live, args![]).await, 0, "no mail, no link");
        // The next server sends it at once.
        stage.send_mails().await;
        assert_eq!(delivery(&stage, bundle).await.2, 1);
        assert_eq!(stage.memory.mails().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn f12_a_poison_entry_harms_itself_alone() {
    on_every_engine(|stage| async move {
        let broken = stage.invite(stage.to_acme("not an address")).await;
        let panics = stage.invite(stage.to_acme("panic@new.test")).await;
        let good = stage.invite(stage.to_acme("mara@new.test")).await;
        stage.memory.refuse(|mail| {
            assert_ne!(mail.to, "panic@new.test", "a poison entry");
            None
        });
        stage.send_mails().await;
        assert_eq!(delivery(&stage, broken).await.0, "bounced");
        assert_eq!(delivery(&stage, panics).await.0, "unknown");
        assert_eq!(delivery(&stage, good).await.0, "sent");
    })
    .await;
}

#[tokio::test]
async fn what_ended_before_its_mail_went_out_is_not_mailed() {
    on_every_engine(|stage| async move {
        let off = stage.invite(stage.to_acme("off@new.test")).await;
        stage
            .sql("UPDATE bundles SET active = 0 WHERE id = $1", args![off])
            .await;
        let course = stage
            .invite(Invite {
                platform: false,
                items: vec![("course", stage.course)],
                ..stage.to_acme("course@new.test")
            })
            .await;
        stage
            .sql(
                "UPDATE catalog_items SET archived_at = 1 WHERE kind = 'course'",
                args![],
            )
            .await;
        stage.send_mails().await;
        // What is switched off is held; what invites to nothing is given up.
        for (bundle, expected, reason) in [
            (off, "queued", "switched off"),
            (course, "dead", "archived"),
        ] {
            let (status, note, _) = delivery(&stage, bundle).await;
            assert_eq!(status, expected);
            assert!(note.contains(reason), "{note}");
        }
        assert!(stage.memory.mails().is_empty());
    })
    .await;
}

#[tokio::test]
async fn expiry_is_a_transition_of_its_own_and_catches_up() {
    on_every_engine(|stage| async move {
        let (bundle, _) = stage.invited("mara@new.test").await;
        let late = stage.invite(stage.to_acme("late@new.test")).await;
        stage.clock.advance_seconds(LIFE - 1);
        assert_eq!(expiry::expire_batch(&stage.desk).await.unwrap(), 0);
        stage.clock.advance_seconds(86_400);
        assert_eq!(expiry::expire_batch(&stage.desk).await.unwrap(), 2);
        assert_eq!(expiry::expire_batch(&stage.desk).await.unwrap(), 0);
        assert_eq!(stage.status(bundle).await, "expired");
        let events = "SELECT COUNT(*) FROM audit_events
            WHERE action = 'invitation.expired' AND actor = 'job:expiry'";
        assert_eq!(stage.number(events, args![]).await, 2);
        let (status, note, _) = delivery(&stage, late).await;
        assert_eq!(status, "dead");
        assert!(note.contains("expired before it was sent"), "{note}");
        stage.send_mails().await;
        assert_eq!(stage.memory.mails().len(), 1);
    })
    .await;
}
