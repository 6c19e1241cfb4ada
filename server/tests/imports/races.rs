//! What comes between the statements of a submit, and what fails among them.

use app::{
    api::ApiError,
    domain::import::{RowOutcome, SubmitMode},
};
use server::args;

use crate::world::{NOW, named, row, told, with_courses, worlds};

/// On PostgreSQL an accept can come between two looks of a submit; on SQLite there is one
/// writer at a time.
#[tokio::test(flavor = "multi_thread")]
async fn i2_whoever_accepts_while_the_list_comes_again_is_not_invited_again() {
    for world in worlds().await {
        if !world.desk.storage.is_postgres() {
            continue;
        }
        let rows = [row(0)];
        let first = world
            .submit("a", SubmitMode::ValidNow, &rows)
            .await
            .unwrap();
        let bundle = world.outcomes(&first).await[0].bundle.unwrap();
        let again = world.begin("b", SubmitMode::ValidNow, &rows).await.unwrap();
        world.send(&again, &rows).await.unwrap();

        let (locked, is_locked) = tokio::sync::oneshot::channel();
        let locked = std::sync::Mutex::new(Some(locked));
        let (storage, tenant) = (world.desk.storage.clone(), world.acme);
        let accepts = tokio::spawn(async move {
            storage
                .write(move |tx| {
                    let locked = locked.lock().unwrap().take();
                    Box::pin(accept_while_it_waits(tx, tenant, bundle, locked))
                })
                .await
                .unwrap();
        });
        is_locked.await.unwrap();
        let done = world.commit(&again).await.unwrap();
        accepts.await.unwrap();
        assert_eq!(
            told(&world.outcomes(&done).await),
            [(RowOutcome::AlreadyMember, "")]
        );
        assert_eq!(world.count("SELECT COUNT(*) FROM bundles").await, 1);
        world.invariants().await;
    }
}

/// Keeps everybody from the invitations, waits until the submit stands before them, and
/// accepts the bundle.
async fn accept_while_it_waits(
    tx: &mut server::storage::Tx,
    tenant: app::domain::id::TenantId,
    bundle: app::domain::id::BundleId,
    locked: Option<tokio::sync::oneshot::Sender<()>>,
) -> Result<(), server::storage::StorageError> {
    use server::storage::{AcceptOutcome, Claimant, NewLink, NewUser};
    tx.execute("LOCK TABLE invitations IN ACCESS EXCLUSIVE MODE", args![])
        .await?;
    locked.unwrap().send(()).unwrap();
    loop {
        let (waiting,): (i64,) = tx
            .one(
                "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation =
                 'invitations'::regclass",
                args![],
            )
            .await?;
        if waiting > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    tx.insert_links(vec![NewLink {
        token_hash: [1; 32],
        tenant,
        bundle,
        purpose: app::domain::invitation::TokenPurpose::Mail,
        created_at: NOW,
    }])
    .await?;
    tx.insert_landing([2; 32], [1; 32], NOW).await?;
    let claimant = Claimant::New(NewUser {
        id: app::domain::id::UserId(server::clock::new_id(NOW)),
        email: String::new(),
        email_typed: String::new(),
        email_verified: false,
        first_name: "Mara".to_owned(),
        last_name: String::new(),
        password_hash: None,
        super_admin: false,
        created_at: NOW,
    });
    let outcome = tx.accept_landing([2; 32], &claimant, NOW).await?;
    assert!(matches!(outcome, AcceptOutcome::Accepted { .. }));
    Ok(())
}

/// Waits until another transaction of this database stands before a lock.
async fn until_somebody_waits(
    tx: &mut server::storage::Tx,
) -> Result<(), server::storage::StorageError> {
    // Not pg_stat_activity: a transaction sees it as it was at the first look. A wait for
    // another transaction names no database; whoever waits holds locks that do.
    for _ in 0..4_000 {
        let (waiting,): (i64,) = tx
            .one(
                "SELECT COUNT(*) FROM pg_locks w JOIN pg_locks h ON h.pid = w.pid
                 WHERE NOT w.granted AND h.database =
                    (SELECT oid FROM pg_database WHERE datname = current_database())",
                args![],
            )
            .await?;
        if waiting > 0 {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("nobody waits");
}

/// Somebody switches an invitation off between the look and the write: what the list adds
/// to it is not mailed.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_switched_off_while_a_list_adds_to_it_is_not_mailed() {
    for world in worlds().await {
        if !world.desk.storage.is_postgres() {
            continue;
        }
        let first = world
            .submit("a", SubmitMode::ValidNow, &[row(0)])
            .await
            .unwrap();
        let bundle = world.outcomes(&first).await[0].bundle.unwrap();
        let mails = "SELECT COUNT(*) FROM outbox";
        let before = world.count(mails).await;
        world
            .run("UPDATE outbox SET status = 'sent', sent_at = 1", args![])
            .await;
        let rows = [with_courses(0, "person0@people.test", "rust")];
        let again = world.begin("b", SubmitMode::ValidNow, &rows).await.unwrap();
        world.send(&again, &rows).await.unwrap();
        let (held, is_held) = tokio::sync::oneshot::channel();
        let held = std::sync::Mutex::new(Some(held));
        let storage = world.desk.storage.clone();
        let switches = tokio::spawn(async move {
            let done = storage.write(move |tx| {
                let held = held.lock().unwrap().take();
                Box::pin(async move {
                    let off = "UPDATE bundles SET active = 0 WHERE id = $1";
                    tx.execute(off, args![bundle]).await?;
                    held.unwrap().send(()).unwrap();
                    until_somebody_waits(tx).await
                })
            });
            done.await.unwrap();
        });
        is_held.await.unwrap();
        let done = world.commit(&again).await.unwrap();
        switches.await.unwrap();
        assert_eq!(
            told(&world.outcomes(&done).await),
            [(RowOutcome::Updated, "")]
        );
        assert_eq!(world.count(mails).await, before);
        world.invariants().await;
    }
}

/// Somebody else invites the person between the look and the write: the list adds to that
/// bundle, and nobody gets a second one with a second mail.
#[tokio::test(flavor = "multi_thread")]
async fn i2_a_list_that_was_overtaken_looks_again() {
    use app::domain::{
        id::{BundleId, DeliveryId, InvitationId},
        invitation::{Binding, InvitationKind, TokenPurpose},
    };
    use server::{
        clock::new_id,
        storage::{Act, AuditEvent, NewBundle, NewDelivery, NewInvitation},
    };
    for world in worlds().await {
        if !world.desk.storage.is_postgres() {
            continue;
        }
        let rows = [with_courses(0, "p@people.test", "rust")];
        let import = world.begin("a", SubmitMode::ValidNow, &rows).await.unwrap();
        world.send(&import, &rows).await.unwrap();

        let (locked, is_locked) = tokio::sync::oneshot::channel();
        let locked = std::sync::Mutex::new(Some(locked));
        let storage = world.desk.storage.clone();
        let (tenant, inviter, import_id) = (world.acme, world.admin_user, import.import);
        let (bundle, mail) = (BundleId(new_id(NOW)), DeliveryId(new_id(NOW)));
        let other = tokio::spawn(async move {
            storage
                .write(move |tx| {
                    let locked = locked.lock().unwrap().take();
                    Box::pin(async move {
                        // Others read, and wait where they write.
                        tx.execute("LOCK TABLE invitations IN EXCLUSIVE MODE", args![])
                            .await?;
                        locked.unwrap().send(()).unwrap();
                        until_somebody_waits(tx).await?;
                        let act = Act {
                            tenant,
                            inviter,
                            import: Some(import_id),
                            at: NOW,
                        };
                        let email = "p@people.test".to_owned();
                        tx.insert_bundles(
                            &act,
                            vec![NewBundle {
                                id: bundle,
                                email: email.clone(),
                                email_typed: email.clone(),
                                user: None,
                                first_name: String::new(),
                                last_name: String::new(),
                                search_text: String::new(),
                                role: app::domain::role::Role::Learner,
                                labels: String::new(),
                                external_id: None,
                                note: String::new(),
                                metadata: "{}".to_owned(),
                                source: String::new(),
                                redirect: String::new(),
                                active: true,
                                no_mail: false,
                                starts_at: None,
                                ends_at: None,
                                send_at: None,
                                delivery: Some(mail),
                                expires_at: NOW.plus_days(30),
                            }],
                        )
                        .await?;
                        let invitation = NewInvitation {
                            id: InvitationId(new_id(NOW)),
                            bundle,
                            kind: InvitationKind::Platform,
                            target: tenant.0,
                            binding: Binding::Email,
                            invitee_key: email,
                            expires_at: NOW.plus_days(30),
                            scheduled: false,
                        };
                        tx.record(vec![AuditEvent {
                            tenant: Some(tenant),
                            actor_id: Some(inviter.0),
                            actor: "user",
                            action: "invitation.created",
                            subject: "invitation",
                            subject_id: invitation.id.0,
                            at: NOW,
                        }])
                        .await?;
                        tx.insert_invitations(&act, &[invitation]).await?;
                        tx.insert_deliveries(vec![NewDelivery {
                            id: mail,
                            tenant,
                            bundle,
                            import: None,
                            purpose: TokenPurpose::Mail,
                            message_id: "<one@beckon.example>".to_owned(),
                            not_before: NOW,
                            created_at: NOW,
                        }])
                        .await
                    })
                })
                .await
                .unwrap();
        });
        is_locked.await.unwrap();
        let done = world.commit(&import).await.unwrap();
        other.await.unwrap();
        let outcomes = world.outcomes(&done).await;
        assert_eq!(told(&outcomes), [(RowOutcome::Updated, "")]);
        assert_eq!(outcomes[0].bundle, Some(bundle));
        assert_eq!(world.count("SELECT COUNT(*) FROM bundles").await, 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM invitations").await, 2);
        assert_eq!(world.count("SELECT COUNT(*) FROM outbox").await, 1);
        world.invariants().await;
    }
}

/// Whoever changes a bundle holds it before its mails: a list that came to the mails first
/// would wait for a resend that waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_and_a_resend_meet_at_the_bundle() {
    for world in worlds().await {
        if !world.desk.storage.is_postgres() {
            continue;
        }
        let first = world
            .submit("a", SubmitMode::ValidNow, &[named(0, "p@people.test")])
            .await
            .unwrap();
        let bundle = world.outcomes(&first).await[0].bundle.unwrap();
        let rows = [with_courses(0, "p@people.test", "rust")];
        let more = world.begin("b", SubmitMode::ValidNow, &rows).await.unwrap();
        world.send(&more, &rows).await.unwrap();

        let (locked, is_locked) = tokio::sync::oneshot::channel();
        // Taken once: a second run after a deadlock would find nothing.
        let locked = std::sync::Mutex::new(Some(locked));
        let storage = world.desk.storage.clone();
        let resend = tokio::spawn(async move {
            storage
                .write(move |tx| {
                    let locked = locked.lock().unwrap().take();
                    Box::pin(async move {
                        tx.lock_bundle(bundle).await?;
                        locked
                            .expect("no deadlock, so no second run")
                            .send(())
                            .unwrap();
                        until_somebody_waits(tx).await?;
                        tx.cancel_mails(&[bundle], "A newer mail took its place.")
                            .await
                    })
                })
                .await
                .unwrap()
        });
        is_locked.await.unwrap();
        let done = world.commit(&more).await.unwrap();
        assert_eq!(resend.await.unwrap(), 1);
        assert_eq!(
            told(&world.outcomes(&done).await),
            [(RowOutcome::Updated, "")]
        );
        let tells = "SELECT COUNT(*) FROM outbox o JOIN bundles b ON b.delivery_id = o.id
            WHERE o.status = 'queued'";
        assert_eq!(world.count(tells).await, 1);
        world.invariants().await;
    }
}

/// Half of what two lists ask for is the same: one bundle and one mail for each person.
#[tokio::test(flavor = "multi_thread")]
async fn i2_two_lists_at_once_make_one_bundle_for_each_person() {
    for world in worlds().await {
        let list = |courses: &str| {
            (0..200)
                .map(|n| with_courses(n, &format!("p{n}@people.test"), courses))
                .collect::<Vec<_>>()
        };
        let (one, mut other) = (list("rust"), list("sql"));
        other.reverse();
        let (a, b) = tokio::join!(
            world.submit("a", SubmitMode::ValidNow, &one),
            world.submit("b", SubmitMode::ValidNow, &other),
        );
        let (a, b) = (a.unwrap(), b.unwrap());
        let of = |outcome| a.outcomes.of(outcome) + b.outcomes.of(outcome);
        assert_eq!(of(RowOutcome::Created), 200);
        assert_eq!(of(RowOutcome::Updated), 200);
        assert_eq!(world.count("SELECT COUNT(*) FROM bundles").await, 200);
        assert_eq!(world.count("SELECT COUNT(*) FROM invitations").await, 600);
        assert_eq!(world.count("SELECT COUNT(*) FROM outbox").await, 200);
        world.invariants().await;
    }
}

#[tokio::test]
async fn i4_invitations_and_their_mails_are_made_together_or_not_at_all() {
    for world in worlds().await {
        let rows = [row(0), row(1)];
        let import = world.begin("a", SubmitMode::ValidNow, &rows).await.unwrap();
        world.send(&import, &rows).await.unwrap();
        world
            .run("ALTER TABLE outbox RENAME TO away", args![])
            .await;
        assert_eq!(world.commit(&import).await.unwrap_err(), ApiError::Internal);
        world
            .run("ALTER TABLE away RENAME TO outbox", args![])
            .await;
        for sql in [
            "SELECT COUNT(*) FROM bundles",
            "SELECT COUNT(*) FROM invitations",
            "SELECT COUNT(*) FROM import_rows",
            "SELECT COUNT(*) FROM outbox",
        ] {
            assert_eq!(world.count(sql).await, 0, "{sql}");
        }
        // Nothing is lost: the same commit succeeds afterwards.
        let done = world.commit(&import).await.unwrap();
        assert_eq!(done.outcomes.get(&RowOutcome::Created), Some(&2));
        assert_eq!(
            world
                .count(
                    "SELECT COUNT(*) FROM bundles b JOIN outbox o
                     ON o.id = b.delivery_id AND o.bundle_id = b.id"
                )
                .await,
            2
        );
        world.invariants().await;
    }
}
