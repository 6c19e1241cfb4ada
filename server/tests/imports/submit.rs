//! Begin, chunks, commit: one import whatever the network does.

use app::{
    api::{
        ApiError,
        imports::{CheckBatch, ImportRef},
    },
    domain::{
        import::{ImportState, RowOutcome, SubmitMode},
        role::Role,
    },
    ports::Imports,
};

use crate::world::{chunks, content_hash, named, reference, row, told, with_courses, worlds};

fn code(error: ApiError) -> String {
    match error {
        ApiError::Conflict { code, .. } => code,
        other => panic!("not a conflict: {other:?}"),
    }
}

#[tokio::test]
async fn a_list_becomes_pending_people_and_queued_mails() {
    for world in worlds().await {
        let mut rows: Vec<_> = (0..1_500).map(row).collect();
        rows[7].courses = "rust | shared".to_owned();
        rows[7].programs = "onboarding".to_owned();
        rows[7].group = "Team A | Night shift".to_owned();
        rows[7].external_id = "0042".to_owned();
        rows[7].metadata = vec![String::new(), "=12".to_owned()];
        let columns = ["Desk", "Cost centre"];
        let begun = world
            .begin_with("a", SubmitMode::ValidNow, &rows, &columns)
            .await
            .unwrap();
        assert_eq!(begun.state, ImportState::Receiving);
        world.send(&begun, &rows).await.unwrap();
        let open = world
            .imports
            .status(&world.admin, reference(&begun))
            .await
            .unwrap();
        assert_eq!(open.received_chunks, [0, 1_000]);

        let done = world.commit(&begun).await.unwrap();
        assert_eq!(done.state, ImportState::Done);
        assert_eq!((done.rows, done.processed), (1_500, 1_500));
        assert_eq!(done.outcomes.get(&RowOutcome::Created), Some(&1_500));
        assert!(done.received_chunks.is_empty());

        assert_eq!(
            world
                .count("SELECT COUNT(*) FROM bundles WHERE status = 'pending'")
                .await,
            1_500
        );
        assert_eq!(
            world
                .count("SELECT COUNT(*) FROM invitations WHERE status = 'pending'")
                .await,
            1_503
        );
        // Held for the tenant's 60 seconds, so that an undo is possible.
        assert_eq!(
            world
                .count(
                    "SELECT COUNT(*) FROM outbox WHERE status = 'queued' AND purpose = 'mail'
                        AND not_before = 1795435260000 AND message_id LIKE '<%@beckon.example>'"
                )
                .await,
            1_500
        );
        assert_eq!(
            world
                .count(
                    "SELECT COUNT(*) FROM bundles WHERE email = 'person7@people.test'
                        AND labels = 'Team A|Night shift' AND external_id = '0042'
                        AND metadata = '{\"Cost centre\":\"=12\"}'"
                )
                .await,
            1
        );
        let outcomes = world.outcomes(&done).await;
        assert_eq!(outcomes.len(), 1_500);
        assert!(
            outcomes
                .iter()
                .zip(0..)
                .all(|(one, n)| one.row == n && one.bundle.is_some())
        );
        let list = world
            .imports
            .list(&world.admin, "acme".to_owned())
            .await
            .unwrap();
        assert_eq!(list.len(), 1);
        assert_eq!(list[0].submitted_by, "Ada Lovelace");
        assert_eq!(list[0].file_name, "people.csv");
        world.invariants().await;
    }
}

#[tokio::test]
async fn the_same_list_again_creates_nothing_and_mails_nobody() {
    for world in worlds().await {
        let rows: Vec<_> = (0..50)
            .map(|n| with_courses(n, &format!("p{n}@people.test"), "sql"))
            .collect();
        world
            .submit("a", SubmitMode::ValidNow, &rows)
            .await
            .unwrap();
        let mails = world.count("SELECT COUNT(*) FROM outbox").await;
        let again = world
            .submit("b", SubmitMode::AllOrNothing, &rows)
            .await
            .unwrap();
        assert_eq!(again.state, ImportState::Done);
        assert_eq!(again.outcomes.get(&RowOutcome::AlreadyInvited), Some(&50));
        assert_eq!(again.outcomes.len(), 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM outbox").await, mails);
        assert_eq!(world.count("SELECT COUNT(*) FROM bundles").await, 50);
        assert!(
            world
                .outcomes(&again)
                .await
                .iter()
                .all(|one| one.bundle.is_some())
        );
        world.invariants().await;
    }
}

#[tokio::test]
async fn s46_a_key_answers_its_content_and_refuses_other() {
    for world in worlds().await {
        let rows: Vec<_> = (0..3).map(row).collect();
        let done = world
            .submit("a", SubmitMode::ValidNow, &rows)
            .await
            .unwrap();
        // The whole submit again, as after a lost answer: the stored one.
        let again = world.begin("a", SubmitMode::ValidNow, &rows).await.unwrap();
        assert_eq!(again, done);
        assert_eq!(world.commit(&again).await.unwrap(), done);

        // More rows, and as many others.
        for other in [0..4, 1..4] {
            let other: Vec<_> = other.map(row).collect();
            let refused = world
                .begin("a", SubmitMode::ValidNow, &other)
                .await
                .unwrap_err();
            assert_eq!(code(refused), "idempotency_key_reused");
        }
        let refused = world
            .begin("a", SubmitMode::AllOrNothing, &rows)
            .await
            .unwrap_err();
        assert_eq!(code(refused), "idempotency_key_reused");
        assert_eq!(world.count("SELECT COUNT(*) FROM imports").await, 1);
        world.invariants().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s46_two_commits_at_once_run_one() {
    for world in worlds().await {
        let rows: Vec<_> = (0..400).map(row).collect();
        let import = world.begin("a", SubmitMode::ValidNow, &rows).await.unwrap();
        world.send(&import, &rows).await.unwrap();
        let answers = tokio::join!(
            world.commit(&import),
            world.commit(&import),
            world.commit(&import),
        );
        let answers = [answers.0.unwrap(), answers.1.unwrap(), answers.2.unwrap()];
        assert_eq!(answers[0].state, ImportState::Done);
        assert_eq!(answers[0].outcomes.get(&RowOutcome::Created), Some(&400));
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0], answers[2]);
        assert_eq!(world.count("SELECT COUNT(*) FROM outbox").await, 400);
        world.invariants().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i2_two_imports_of_the_same_people_at_once_invite_each_once() {
    for world in worlds().await {
        let one: Vec<_> = (0..300)
            .map(|n| with_courses(n, &format!("p{n}@people.test"), "rust"))
            .collect();
        let mut other = one.clone();
        other.reverse();
        let (a, b) = tokio::join!(
            world.submit("a", SubmitMode::ValidNow, &one),
            world.submit("b", SubmitMode::ValidNow, &other),
        );
        let (a, b) = (a.unwrap(), b.unwrap());
        let of = |outcome| a.outcomes.of(outcome) + b.outcomes.of(outcome);
        assert_eq!(
            of(RowOutcome::Created) + of(RowOutcome::Updated) + of(RowOutcome::AlreadyInvited),
            600
        );
        assert_eq!(world.count("SELECT COUNT(*) FROM invitations").await, 600);
        assert_eq!(world.count("SELECT COUNT(*) FROM outbox").await, 300);
        world.invariants().await;
    }
}

#[tokio::test]
async fn i2_the_live_index_refuses_a_second_live_invitation() {
    for world in worlds().await {
        world
            .submit("a", SubmitMode::ValidNow, &[row(1)])
            .await
            .unwrap();
        let copied = world
            .desk
            .storage
            .write(|tx| {
                Box::pin(async move {
                    tx.execute(
                        "INSERT INTO invitations (id, tenant_id, bundle_id, kind, binding, target_id,
                         invitee_key, status, created_at, status_changed_at, expires_at)
                         SELECT bundle_id, tenant_id, bundle_id, kind, binding, target_id,
                         invitee_key, status, created_at, status_changed_at, expires_at
                         FROM invitations",
                        vec![],
                    )
                    .await
                })
            })
            .await;
        assert!(
            matches!(copied, Err(server::storage::StorageError::Unique { .. })),
            "{copied:?}"
        );
        world.invariants().await;
    }
}

#[tokio::test]
async fn chunks_may_come_again_in_any_order_but_never_change() {
    for world in worlds().await {
        let rows: Vec<_> = (0..2_001).map(row).collect();
        let import = world.begin("a", SubmitMode::ValidNow, &rows).await.unwrap();
        let parts = chunks(&import, &rows);
        for number in [2, 0, 2, 0] {
            world
                .imports
                .chunk(&world.admin, parts[number].clone())
                .await
                .unwrap();
        }
        let missing = world.commit(&import).await.unwrap_err();
        assert!(
            missing.to_string().contains("from row 1001 on are missing"),
            "{missing}"
        );
        assert_eq!(code(missing), "chunks_missing");

        let mut other = rows.clone();
        other[0].email = "changed@people.test".to_owned();
        let changed = chunks(&import, &other).swap_remove(0);
        assert_eq!(
            code(
                world
                    .imports
                    .chunk(&world.admin, changed)
                    .await
                    .unwrap_err()
            ),
            "import_changed"
        );
        let mut wrong = parts[1].clone();
        wrong.hash.replace_range(
            0..1,
            if wrong.hash.starts_with('0') {
                "1"
            } else {
                "0"
            },
        );
        assert_eq!(
            world
                .imports
                .chunk(&world.admin, wrong)
                .await
                .unwrap_err()
                .status(),
            422
        );
        let mut empty = parts[1].clone();
        empty.rows.clear();
        assert_eq!(
            world
                .imports
                .chunk(&world.admin, empty)
                .await
                .unwrap_err()
                .status(),
            422
        );
        let mut beyond = parts[1].clone();
        beyond.position = 1_002;
        assert_eq!(
            world
                .imports
                .chunk(&world.admin, beyond)
                .await
                .unwrap_err()
                .status(),
            422
        );

        world
            .imports
            .chunk(&world.admin, parts[1].clone())
            .await
            .unwrap();
        let done = world.commit(&import).await.unwrap();
        assert_eq!(done.outcomes.get(&RowOutcome::Created), Some(&2_001));
        let late = world
            .imports
            .chunk(&world.admin, parts[1].clone())
            .await
            .unwrap_err();
        assert_eq!(code(late), "import_committed");
        world.invariants().await;
    }
}

#[tokio::test]
async fn what_arrived_must_be_what_was_announced() {
    for world in worlds().await {
        let rows: Vec<_> = (0..5).map(row).collect();
        let others: Vec<_> = (5..10).map(row).collect();
        assert_ne!(content_hash(&rows), content_hash(&others));
        let import = world.begin("a", SubmitMode::ValidNow, &rows).await.unwrap();
        world.send(&import, &others).await.unwrap();
        assert_eq!(
            code(world.commit(&import).await.unwrap_err()),
            "content_changed"
        );
        assert_eq!(world.count("SELECT COUNT(*) FROM bundles").await, 0);
    }
}

#[tokio::test]
async fn all_or_nothing_creates_nothing_where_a_row_fails() {
    for world in worlds().await {
        world
            .submit("before", SubmitMode::ValidNow, &[row(1)])
            .await
            .unwrap();
        let rows = [row(0), row(1), named(2, "nonsense"), row(3)];
        let done = world
            .submit("a", SubmitMode::AllOrNothing, &rows)
            .await
            .unwrap();
        assert_eq!(done.state, ImportState::Rejected);
        assert_eq!(done.processed, 4);
        let outcomes = world.outcomes(&done).await;
        assert_eq!(
            told(&outcomes),
            [
                (RowOutcome::Invalid, "held_back"),
                (RowOutcome::AlreadyInvited, ""),
                (RowOutcome::Invalid, "email_invalid"),
                (RowOutcome::Invalid, "held_back"),
            ]
        );
        assert_eq!(outcomes[2].field, "email");
        assert_eq!(world.count("SELECT COUNT(*) FROM bundles").await, 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM outbox").await, 1);
        world.invariants().await;

        let good = world
            .submit("b", SubmitMode::AllOrNothing, &[row(0), row(3)])
            .await
            .unwrap();
        assert_eq!(good.outcomes.get(&RowOutcome::Created), Some(&2));
        world.invariants().await;
    }
}

#[tokio::test]
async fn begin_refuses_what_is_too_much() {
    for world in worlds().await {
        let many: Vec<_> = (0..10_001).map(row).collect();
        let refused = world
            .begin("a", SubmitMode::AllOrNothing, &many)
            .await
            .unwrap_err();
        assert_eq!(refused.status(), 422);
        assert_eq!(
            world
                .begin("a", SubmitMode::ValidNow, &[])
                .await
                .unwrap_err()
                .status(),
            422
        );
        let mut input = app::api::imports::BeginImport {
            tenant: "acme".to_owned(),
            idempotency_key: "k".repeat(16),
            file_name: "x.csv".to_owned(),
            rows: 100_001,
            metadata_columns: Vec::new(),
            content_hash: content_hash(&many),
            mode: SubmitMode::ValidNow,
            admins: 0,
        };
        assert_eq!(
            world
                .imports
                .begin(&world.admin, input.clone())
                .await
                .unwrap_err()
                .status(),
            413
        );
        input.rows = 1;
        for key in ["short", &"k".repeat(65), "with spaces inside"] {
            key.clone_into(&mut input.idempotency_key);
            assert_eq!(
                world
                    .imports
                    .begin(&world.admin, input.clone())
                    .await
                    .unwrap_err()
                    .status(),
                422
            );
        }
        assert_eq!(world.count("SELECT COUNT(*) FROM imports").await, 0);
    }
}

#[tokio::test]
async fn s21_a_foreign_import_is_a_missing_one() {
    for world in worlds().await {
        let import = world
            .begin("a", SubmitMode::ValidNow, &[row(1)])
            .await
            .unwrap();
        let foreign = &world.globex_admin;
        let at_acme = reference(&import);
        let at_globex = ImportRef {
            tenant: "globex".to_owned(),
            ..at_acme.clone()
        };
        for input in [at_acme, at_globex] {
            assert_eq!(
                world
                    .imports
                    .status(foreign, input.clone())
                    .await
                    .unwrap_err(),
                ApiError::NotFound
            );
            assert_eq!(
                world.imports.commit(foreign, input).await.unwrap_err(),
                ApiError::NotFound
            );
        }
        // Another admin of the same tenant sees it, but only who began it goes on with it.
        let other = world
            .account("second@acme.test", true, Some((world.acme, Role::Admin)))
            .await;
        let other = crate::world::caller(other, world.acme);
        world
            .imports
            .status(&other, reference(&import))
            .await
            .unwrap();
        assert_eq!(
            world
                .imports
                .commit(&other, reference(&import))
                .await
                .unwrap_err(),
            ApiError::NotFound
        );
        let parts = chunks(&import, &[row(1)]);
        assert_eq!(
            world
                .imports
                .chunk(&other, parts[0].clone())
                .await
                .unwrap_err(),
            ApiError::NotFound
        );
    }
}

#[tokio::test]
async fn s27_the_check_knows_this_tenant_alone() {
    for world in worlds().await {
        world
            .account(
                "elsewhere@people.test",
                true,
                Some((world.globex, Role::Learner)),
            )
            .await;
        world
            .account(
                "member@people.test",
                true,
                Some((world.acme, Role::Learner)),
            )
            .await;
        world.account("invited@people.test", true, None).await;
        let rows = [named(0, "invited@people.test"), named(1, "new@people.test")];
        world
            .submit("a", SubmitMode::ValidNow, &rows)
            .await
            .unwrap();
        let words = |all: &[&str]| {
            all.iter()
                .map(|&one| one.to_owned())
                .collect::<Vec<String>>()
        };
        let batch = CheckBatch {
            tenant: "acme".to_owned(),
            emails: words(&[
                "elsewhere@people.test",
                "member@people.test",
                "invited@people.test",
                "new@people.test",
                "nobody@people.test",
            ]),
            courses: words(&["rust", "shared", "secret", "nothing"]),
            programs: words(&["onboarding", "rust"]),
        };
        let answer = world
            .imports
            .check(&world.admin, batch.clone())
            .await
            .unwrap();
        assert_eq!(answer.members, ["member@people.test"]);
        assert_eq!(answer.invited, ["invited@people.test", "new@people.test"]);
        assert_eq!(answer.unknown_courses, ["secret", "nothing"]);
        assert_eq!(answer.unknown_programs, ["rust"]);

        let mut twice = batch.clone();
        twice.emails.push("new@people.test".to_owned());
        assert_eq!(
            world
                .imports
                .check(&world.admin, twice)
                .await
                .unwrap_err()
                .status(),
            422
        );
        let mut many = batch;
        many.emails = (0..1_001).map(|n| format!("p{n}@people.test")).collect();
        assert_eq!(
            world
                .imports
                .check(&world.admin, many)
                .await
                .unwrap_err()
                .status(),
            422
        );
    }
}
