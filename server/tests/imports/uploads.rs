//! What may be uploaded: chunks of any cut, wide lists, cells of any size.

use app::{
    api::{ApiError, imports::ImportChunk},
    bulk::{draft::RowDraft, limits::CELLS_MAX},
    domain::import::{ImportState, RowOutcome, SubmitMode},
    ports::Imports,
};
use server::{args, services::imports::run_round};
use tokio_util::sync::CancellationToken;

use crate::world::{chunks, named, part, row, told, with_courses, worlds};

fn code(error: ApiError) -> String {
    match error {
        ApiError::Conflict { code, .. } => code,
        other => panic!("not a conflict: {other:?}"),
    }
}

#[tokio::test]
async fn wide_rows_go_in_more_chunks_and_all_arrive() {
    for world in worlds().await {
        let rows: Vec<_> = (0..1_000)
            .map(|n| RowDraft {
                note: "n".repeat(1_900),
                metadata: vec!["m".repeat(2_000); 2],
                ..row(n)
            })
            .collect();
        let columns = ["One", "Two"];
        let begun = world
            .begin_with("a", SubmitMode::AllOrNothing, &rows, &columns)
            .await
            .unwrap();
        assert!(chunks(&begun, &rows).len() > 1);
        world.send(&begun, &rows).await.unwrap();
        let done = world.commit(&begun).await.unwrap();
        assert_eq!(done.outcomes.get(&RowOutcome::Created), Some(&1_000));
        let outcomes = world.outcomes(&done).await;
        assert!(outcomes.iter().zip(0..).all(|(one, n)| one.row == n));
        world.invariants().await;
    }
}

#[tokio::test]
async fn names_of_extra_columns_are_sent_once_and_do_not_count() {
    for world in worlds().await {
        let names: Vec<String> = (0..40)
            .map(|n| format!("What is your answer {n}?"))
            .collect();
        let columns: Vec<&str> = names.iter().map(String::as_str).collect();
        let rows: Vec<_> = (0..2_000)
            .map(|n| RowDraft {
                metadata: vec!["7".to_owned(); 40],
                ..named(n, &format!("p{n:04}@people.test"))
            })
            .collect();
        let begun = world
            .begin_with("a", SubmitMode::ValidNow, &rows, &columns)
            .await
            .unwrap();
        world.send(&begun, &rows).await.unwrap();
        let bytes: usize = rows.iter().map(RowDraft::cell_bytes).sum();
        assert_eq!(bytes, 2_000 * (17 + 40));
        assert_eq!(
            world.count("SELECT bytes FROM imports").await,
            i64::try_from(bytes).unwrap()
        );
        let done = world.commit(&begun).await.unwrap();
        assert_eq!(done.outcomes.get(&RowOutcome::Created), Some(&2_000));
        assert_eq!(
            world
                .count(
                    "SELECT COUNT(*) FROM bundles WHERE metadata LIKE
                     '%\"What is your answer 39?\":\"7\"%'"
                )
                .await,
            2_000
        );
        // Other names are another content.
        let other = world
            .begin_with("a", SubmitMode::ValidNow, &rows, &columns[1..])
            .await
            .unwrap_err();
        assert_eq!(code(other), "idempotency_key_reused");
        // The names of one row stand at all the others.
        let long = "n".repeat(16_385);
        let refused = world
            .begin_with("b", SubmitMode::ValidNow, &rows, &[&long])
            .await
            .unwrap_err();
        assert_eq!(refused.status(), 422);
        world.invariants().await;
    }
}

#[tokio::test]
async fn a_list_that_is_small_in_rows_and_large_in_bytes_is_left_to_the_job() {
    for world in worlds().await {
        let rows: Vec<_> = (0..2_400)
            .map(|n| RowDraft {
                metadata: vec!["m".repeat(1_800); 4],
                ..row(n)
            })
            .collect();
        let begun = world
            .begin_with("a", SubmitMode::ValidNow, &rows, &["a", "b", "c", "d"])
            .await
            .unwrap();
        world.send(&begun, &rows).await.unwrap();
        let begun = world.commit(&begun).await.unwrap();
        assert_eq!(begun.state, ImportState::Committing);
        run_round(&world.desk, &CancellationToken::new())
            .await
            .unwrap();
        let done = world.commit(&begun).await.unwrap();
        assert_eq!(done.state, ImportState::Done);
        assert_eq!(done.outcomes.get(&RowOutcome::Created), Some(&2_400));
        world.invariants().await;
    }
}

/// The rule about one row: its cell is too long, the others are invited (S40).
#[tokio::test]
async fn s40_a_huge_cell_fails_its_own_row_alone() {
    for world in worlds().await {
        let keys: Vec<String> = (0..600_000).map(|n| format!("k{n}")).collect();
        let keys = keys.join("|");
        let rows = [
            row(0),
            with_courses(1, "huge@people.test", &keys),
            with_courses(2, "huge@people.test", "rust"),
            row(3),
        ];
        let done = world
            .submit("a", SubmitMode::ValidNow, &rows)
            .await
            .unwrap();
        assert_eq!(
            told(&world.outcomes(&done).await),
            [
                (RowOutcome::Created, ""),
                (RowOutcome::Invalid, "cell_too_long"),
                (RowOutcome::Invalid, "split_rows"),
                (RowOutcome::Created, ""),
            ]
        );
        world.invariants().await;
    }
}

#[tokio::test]
async fn rows_that_come_twice_are_not_what_was_announced() {
    for world in worlds().await {
        let rows: Vec<_> = (0..10).map(row).collect();
        let import = world.begin("a", SubmitMode::ValidNow, &rows).await.unwrap();
        for chunk in [part(&import, &rows, 0..6), part(&import, &rows, 5..10)] {
            world.imports.chunk(&world.admin, chunk).await.unwrap();
        }
        assert_eq!(
            code(world.commit(&import).await.unwrap_err()),
            "content_changed"
        );
        assert_eq!(world.count("SELECT COUNT(*) FROM bundles").await, 0);
    }
}

/// The limit is kept by the statement that counts, not by a look before it.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_are_counted_once_and_end_at_the_limit() {
    for world in worlds().await {
        let rows: Vec<_> = (10..20).map(row).collect();
        let import = world.begin("a", SubmitMode::ValidNow, &rows).await.unwrap();
        let send = |chunk: ImportChunk| world.imports.chunk(&world.admin, chunk);
        let first = part(&import, &rows, 0..2);
        let (a, b) = tokio::join!(send(first.clone()), send(first.clone()));
        a.unwrap();
        b.unwrap();
        send(first).await.unwrap();
        let each = i64::try_from(rows[0].cell_bytes()).unwrap();
        assert_eq!(world.count("SELECT bytes FROM imports").await, 2 * each);

        let room = i64::try_from(CELLS_MAX).unwrap() - 2 * each;
        world
            .run("UPDATE imports SET bytes = $1", args![room])
            .await;
        let (a, b, c) = tokio::join!(
            send(part(&import, &rows, 2..3)),
            send(part(&import, &rows, 3..4)),
            send(part(&import, &rows, 4..5)),
        );
        let refused: Vec<ApiError> = [a, b, c].into_iter().filter_map(Result::err).collect();
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0].status(), 413);
        assert_eq!(world.count("SELECT COUNT(*) FROM import_chunks").await, 3);
    }
}

#[tokio::test]
async fn ten_unfinished_uploads_of_a_person_are_kept() {
    for world in worlds().await {
        for key in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"] {
            world.clock.advance_seconds(1);
            world
                .begin(key, SubmitMode::ValidNow, &[row(0)])
                .await
                .unwrap();
        }
        assert_eq!(world.count("SELECT COUNT(*) FROM imports").await, 10);
    }
}
