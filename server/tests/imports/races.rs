//! What comes between the statements of a submit, and what fails among them.

use app::{
    api::ApiError,
    domain::import::{RowOutcome, SubmitMode},
};
use server::args;

use crate::world::{NOW, row, told, worlds};

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
