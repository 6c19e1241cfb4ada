//! Taking an import back, and imports that come to another end than done.

use app::{
    api::{
        ApiError,
        imports::{ImportRows, ImportStatus, RowsRequest, UndoAnswer},
    },
    domain::{
        id::{BundleId, UserId},
        import::{ImportState, RowOutcome, SubmitMode},
        invitation::{InvitationStatus, TokenPurpose},
    },
    ports::Imports,
};
use server::{
    args,
    clock::new_id,
    services::imports::{run_round, sweep},
    storage::{AcceptOutcome, Claimant, NewLink, NewUser},
};
use tokio_util::sync::CancellationToken;

use crate::world::{World, chunks, named, reference, row, with_courses, worlds};

const NOW: SubmitMode = SubmitMode::ValidNow;

fn code(error: ApiError) -> String {
    match error {
        ApiError::Conflict { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

async fn undo(world: &World, import: &ImportStatus) -> UndoAnswer {
    let reference = reference(import);
    world.imports.undo(&world.admin, reference).await.unwrap()
}

async fn round(world: &World) {
    run_round(&world.desk, &CancellationToken::new())
        .await
        .unwrap();
}

async fn status(world: &World, import: &ImportStatus) -> ImportStatus {
    let reference = reference(import);
    world.imports.status(&world.admin, reference).await.unwrap()
}

fn page(import: &ImportStatus, only: ImportRows, after: Option<u32>) -> RowsRequest {
    RowsRequest {
        tenant: "acme".to_owned(),
        import: import.import,
        only,
        after,
        limit: 2,
    }
}

/// The bundle's person follows the link and registers.
async fn accept(world: &World, bundle: BundleId) {
    let (tenant, now) = (world.acme, world.desk.now());
    world
        .desk
        .storage
        .write(move |tx| {
            Box::pin(async move {
                tx.insert_links(vec![NewLink {
                    token_hash: [7; 32],
                    tenant,
                    bundle,
                    purpose: TokenPurpose::Mail,
                    created_at: now,
                }])
                .await?;
                tx.insert_landing([8; 32], [7; 32], now).await?;
                let claimant = Claimant::New(NewUser {
                    id: UserId(new_id(now)),
                    email: String::new(),
                    email_typed: String::new(),
                    email_verified: false,
                    first_name: "Mara".to_owned(),
                    last_name: String::new(),
                    password_hash: None,
                    super_admin: false,
                    created_at: now,
                });
                let outcome = tx.accept_landing([8; 32], &claimant, now).await?;
                assert!(matches!(outcome, AcceptOutcome::Accepted { .. }));
                Ok(())
            })
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn i6_an_undo_revokes_what_waits_and_keeps_what_was_accepted() {
    for world in worlds().await {
        let rows = [row(0), row(1), named(2, "nonsense"), row(3)];
        let import = world.submit("a", NOW, &rows).await.unwrap();
        let outcomes = world.outcomes(&import).await;
        accept(&world, outcomes[1].bundle.unwrap()).await;
        let seen = world
            .imports
            .show(&world.globex_admin, reference(&import))
            .await;
        assert_eq!(seen, Err(ApiError::NotFound));
        let shown = world.imports.show(&world.admin, reference(&import)).await;
        let shown = shown.unwrap();
        assert_eq!((shown.held, shown.own), (60, true));
        assert_eq!(shown.invitations.of(InvitationStatus::Pending), 2);

        let answer = undo(&world, &import).await;
        let expected = UndoAnswer {
            state: ImportState::Undone,
            revoked: 2,
            kept: 1,
        };
        assert_eq!(answer, expected);
        world.invariants().await;
        let queued = "SELECT COUNT(*) FROM outbox WHERE status IN ('queued', 'deferred')";
        assert_eq!(world.count(queued).await, 0);
        // A second one changes nothing.
        let again = undo(&world, &import).await;
        assert_eq!((again.revoked, again.kept), (0, 1));
        let events = "SELECT COUNT(*) FROM audit_events WHERE action = 'import.undone'";
        assert_eq!(world.count(events).await, 1);

        // Who stays is listed, a page at a time.
        let only = page(&import, ImportRows::Accepted, None);
        let kept = world.imports.rows(&world.admin, only).await.unwrap();
        assert_eq!(kept.rows.len(), 1);
        assert_eq!(kept.rows[0].status, Some(InvitationStatus::Accepted));
        assert_eq!(kept.rows[0].email, rows[1].email);
        let all = page(&import, ImportRows::All, None);
        let first = world.imports.rows(&world.admin, all).await.unwrap();
        assert!(first.more);
        let all = page(&import, ImportRows::All, Some(first.rows[1].position));
        let rest = world.imports.rows(&world.admin, all).await.unwrap();
        assert_eq!((rest.rows.len(), rest.more), (2, false));
        assert_eq!(rest.rows[0].email, "nonsense");

        // The same list again invites those who were taken back.
        let again = world.submit("b", NOW, &rows).await.unwrap();
        assert_eq!(again.outcomes.of(RowOutcome::Created), 2);
        assert_eq!(again.outcomes.of(RowOutcome::AlreadyMember), 1);
        world.invariants().await;
    }
}

#[tokio::test]
async fn an_undo_withdraws_the_targets_that_it_added_and_no_others() {
    for world in worlds().await {
        let first = [with_courses(0, "mara@people.test", "rust")];
        let more = [with_courses(0, "mara@people.test", "rust|sql")];
        let a = world.submit("a", NOW, &first).await.unwrap();
        world
            .run("UPDATE outbox SET status = 'sent', sent_at = 1", args![])
            .await;
        world.clock.advance_seconds(120);
        let b = world.submit("b", NOW, &more).await.unwrap();
        assert_eq!(b.outcomes.of(RowOutcome::Updated), 1);
        let answer = undo(&world, &b).await;
        assert_eq!((answer.revoked, answer.state), (1, ImportState::Undone));
        world.invariants().await;
        let live = "SELECT COUNT(*) FROM invitations WHERE status = 'pending'";
        assert_eq!(world.count(live).await, 2);
        let named = "SELECT COUNT(*) FROM bundles b JOIN outbox o ON o.id = b.delivery_id
            WHERE o.status = 'sent'";
        assert_eq!(world.count(named).await, 1);
        let dead = "SELECT COUNT(*) FROM outbox WHERE status = 'dead'";
        assert_eq!(world.count(dead).await, 1);
        assert_eq!(undo(&world, &a).await.revoked, 2);
        world.invariants().await;
    }
}

#[tokio::test]
async fn i4_a_mail_that_tells_of_another_import_as_well_is_still_sent() {
    for world in worlds().await {
        let first = [with_courses(0, "mara@people.test", "rust")];
        let more = [with_courses(0, "mara@people.test", "sql")];
        let a = world.submit("a", NOW, &first).await.unwrap();
        world.clock.advance_seconds(1);
        // It goes into the mail that still waits.
        world.submit("b", NOW, &more).await.unwrap();
        assert_eq!(world.count("SELECT COUNT(*) FROM outbox").await, 1);
        let held = world.count("SELECT not_before FROM outbox").await;
        world.clock.advance_seconds(30);
        assert_eq!(undo(&world, &a).await.revoked, 2);
        world.invariants().await;
        // As long as the other import can be taken back.
        assert_eq!(world.count("SELECT not_before FROM outbox").await, held);
        let queued = "SELECT COUNT(*) FROM outbox WHERE status = 'queued'";
        assert_eq!(world.count(queued).await, 1);
        let live = "SELECT COUNT(*) FROM invitations WHERE status = 'pending'";
        assert_eq!(world.count(live).await, 1);
    }
}

#[tokio::test]
async fn a_long_undo_holds_every_mail_at_once_and_the_job_goes_on_with_it() {
    for world in worlds().await {
        let rows: Vec<_> = (0..2_100).map(row).collect();
        let import = world.submit("a", NOW, &rows).await.unwrap();
        let answer = undo(&world, &import).await;
        assert_eq!(
            (answer.state, answer.revoked),
            (ImportState::Undoing, 1_000)
        );
        world.invariants().await;
        world.clock.advance_seconds(300);
        let now = world.desk.now();
        let due = world
            .desk
            .storage
            .read(move |tx| Box::pin(async move { tx.mail_is_due(now).await }))
            .await;
        assert!(!due.unwrap());
        let claimed = world
            .desk
            .storage
            .write(move |tx| {
                let lease = now.plus_seconds(60);
                Box::pin(async move { tx.claim("a worker", now, lease, &[[1; 32]]).await })
            })
            .await;
        assert!(claimed.unwrap().letters.is_empty());
        round(&world).await;
        assert_eq!(status(&world, &import).await.state, ImportState::Undone);
        let live = "SELECT COUNT(*) FROM invitations WHERE status = 'pending'";
        assert_eq!(world.count(live).await, 0);
        world.invariants().await;
    }
}

#[tokio::test]
async fn f12_an_import_that_cannot_go_on_fails_and_can_be_tried_again_or_undone() {
    for world in worlds().await {
        let rows: Vec<_> = (0..12_000).map(row).collect();
        let import = world.begin("a", NOW, &rows).await.unwrap();
        world.send(&import, &rows).await.unwrap();
        world.commit(&import).await.unwrap();
        let lost = "UPDATE import_chunks SET payload = 'broken' WHERE position = 7000";
        world.run(lost, args![]).await;
        round(&world).await;
        let failed = status(&world, &import).await;
        assert_eq!(failed.state, ImportState::Failed);
        assert!(failed.failure.contains("could not be read"));
        world.invariants().await;
        // It is not taken up by itself any more.
        world.clock.advance_seconds(60);
        round(&world).await;
        assert_eq!(status(&world, &import).await, failed);
        let again = world.imports.retry(&world.admin, reference(&import)).await;
        assert_eq!(again.unwrap().state, ImportState::Committing);
        round(&world).await;
        assert_eq!(status(&world, &import).await.state, ImportState::Failed);
        let events = "SELECT COUNT(*) FROM audit_events WHERE action = 'import.failed'";
        assert_eq!(world.count(events).await, 2);
        // Its rows are kept for 30 days.
        world.clock.advance_seconds(31 * 86_400);
        sweep(&world.desk).await.unwrap();
        let chunks = "SELECT COUNT(*) FROM import_chunks";
        assert_eq!(world.count(chunks).await, 0);
        let late = world.imports.retry(&world.admin, reference(&import)).await;
        assert_eq!(code(late.unwrap_err()), "rows_forgotten");
        let mut answer = undo(&world, &import).await;
        while answer.state == ImportState::Undoing {
            round(&world).await;
            answer = undo(&world, &import).await;
        }
        assert_eq!(answer.state, ImportState::Undone);
        world.invariants().await;
    }
}

#[tokio::test]
async fn f12_a_job_that_never_comes_on_ends_after_some_tries() {
    for world in worlds().await {
        let rows: Vec<_> = (0..10_001).map(row).collect();
        let import = world.begin("a", NOW, &rows).await.unwrap();
        world.send(&import, &rows).await.unwrap();
        world.commit(&import).await.unwrap();
        // As after five workers that died with it.
        world.run("UPDATE imports SET tries = 5", args![]).await;
        round(&world).await;
        let failed = status(&world, &import).await;
        assert_eq!((failed.state, failed.processed), (ImportState::Failed, 0));
        let again = world.imports.retry(&world.admin, reference(&import)).await;
        assert_eq!(again.unwrap().failure, "");
        round(&world).await;
        assert_eq!(status(&world, &import).await.state, ImportState::Done);
        world.invariants().await;
    }
}

#[tokio::test]
async fn an_upload_that_was_never_committed_can_be_abandoned() {
    for world in worlds().await {
        let rows = [row(0), row(1)];
        let import = world.begin("a", NOW, &rows).await.unwrap();
        world.send(&import, &rows).await.unwrap();
        let nothing = world.imports.undo(&world.admin, reference(&import)).await;
        assert_eq!(code(nothing.unwrap_err()), "nothing_to_undo");
        let gone = world
            .imports
            .abandon(&world.admin, reference(&import))
            .await;
        assert_eq!(gone, Ok(()));
        assert_eq!(world.commit(&import).await, Err(ApiError::NotFound));
        let done = world.submit("b", NOW, &rows).await.unwrap();
        let late = world.imports.abandon(&world.admin, reference(&done)).await;
        assert_eq!(code(late.unwrap_err()), "import_committed");
        world.invariants().await;
    }
}

#[tokio::test]
async fn s23_administrators_are_made_only_where_the_number_was_confirmed() {
    for world in worlds().await {
        let mut rows = [row(0), row(1), row(2)];
        rows[1].role = " admin ".to_owned();
        rows[2].role = "admin".to_owned();
        // The page would name two; one was confirmed.
        let import = world.begin("a", NOW, &rows).await.unwrap();
        world.send(&import, &rows).await.unwrap();
        let refused = world.commit(&import).await.unwrap_err();
        assert!(refused.to_string().contains("2 administrators, and 1"));
        assert_eq!(code(refused), "admins_not_confirmed");
        assert_eq!(world.count("SELECT COUNT(*) FROM bundles").await, 0);
        "admin".clone_into(&mut rows[1].role);
        let done = world.submit("b", NOW, &rows).await.unwrap();
        assert_eq!(done.outcomes.of(RowOutcome::Created), 3);
    }
}

#[tokio::test]
async fn rows_that_failed_are_kept_as_they_were_sent_for_some_time() {
    for world in worlds().await {
        let mut bad = named(2, "nonsense");
        "=1+1".clone_into(&mut bad.note);
        let rows = [row(0), named(1, "too bad"), bad.clone(), row(0)];
        let import = world.submit("a", NOW, &rows).await.unwrap();
        let ask = async || {
            let all = page(&import, ImportRows::Failed, None);
            world.imports.failed(&world.admin, all).await.unwrap()
        };
        let first = ask().await;
        assert_eq!((first.rows.len(), first.more), (2, true));
        assert_eq!(first.rows[1].draft, bad);
        assert!(!first.rows[1].message.is_empty());
        world.clock.advance_seconds(31 * 86_400);
        sweep(&world.desk).await.unwrap();
        assert_eq!(ask().await.rows.len(), 0);
        let only = page(&import, ImportRows::Failed, None);
        let rows = world.imports.rows(&world.admin, only).await.unwrap();
        assert_eq!(rows.rows[0].email, "");
    }
}

#[tokio::test]
async fn f14_an_upload_that_was_cut_off_goes_on_as_the_same_import() {
    for world in worlds().await {
        let rows: Vec<_> = (0..2_500).map(row).collect();
        let cut = world.begin("a", NOW, &rows).await.unwrap();
        let parts = chunks(&cut, &rows);
        world
            .imports
            .chunk(&world.admin, parts[1].clone())
            .await
            .unwrap();
        // The page comes back, begins again, and two tabs send the rest at once.
        let (one, two) = tokio::join!(world.begin("a", NOW, &rows), world.begin("a", NOW, &rows));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!((one.import, two.import), (cut.import, cut.import));
        assert_eq!(one.received_chunks, [1_000]);
        let (a, b) = tokio::join!(world.send(&one, &rows), world.send(&two, &rows));
        a.unwrap();
        b.unwrap();
        // A double click: both commit, one runs, both get its answer.
        let (a, b) = tokio::join!(world.commit(&one), world.commit(&two));
        assert_eq!(a.unwrap(), b.unwrap());
        assert_eq!(world.count("SELECT COUNT(*) FROM imports").await, 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM bundles").await, 2_500);
        world.invariants().await;
    }
}
