//! Large imports: slices, and going on after an end at any point.

use std::time::Duration;

use app::domain::import::{ImportState, RowOutcome, SubmitMode};
use app::ports::Imports;
use server::services::imports::{RoundEnd, run_round};
use tokio_util::sync::CancellationToken;

use crate::world::{World, named, reference, row, worlds};

/// 12,000 rows, of which the last repeats the first across the slices.
async fn begun(world: &World) -> app::api::imports::ImportStatus {
    let mut rows: Vec<_> = (0..12_000).map(row).collect();
    "nonsense".clone_into(&mut rows[6_000].email);
    rows[11_999] = named(11_999, "PERSON0@people.test");
    let import = world.begin("a", SubmitMode::ValidNow, &rows).await.unwrap();
    world.send(&import, &rows).await.unwrap();
    let begun = world.commit(&import).await.unwrap();
    assert_eq!((begun.state, begun.processed), (ImportState::Committing, 0));
    begun
}

async fn finished(world: &World, import: &app::api::imports::ImportStatus) {
    let done = world
        .imports
        .status(&world.admin, reference(import))
        .await
        .unwrap();
    assert_eq!((done.state, done.processed), (ImportState::Done, 12_000));
    assert_eq!(done.outcomes.get(&RowOutcome::Created), Some(&11_998));
    assert_eq!(done.outcomes.get(&RowOutcome::Invalid), Some(&1));
    assert_eq!(done.outcomes.get(&RowOutcome::DuplicateInFile), Some(&1));
    assert_eq!(
        world.count("SELECT COUNT(*) FROM import_rows").await,
        12_000
    );
    assert_eq!(world.count("SELECT COUNT(*) FROM outbox").await, 11_998);
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM audit_events WHERE action = 'import.done'")
            .await,
        1
    );
    world.invariants().await;
}

#[tokio::test]
async fn i8_a_killed_job_goes_on_where_it_was() {
    for world in worlds().await {
        let import = begun(&world).await;
        let desk = world.desk.clone();
        let killed = tokio::spawn(async move { run_round(&desk, &CancellationToken::new()).await });
        loop {
            let now = world
                .imports
                .status(&world.admin, reference(&import))
                .await
                .unwrap();
            if now.processed > 0 {
                break;
            }
            assert!(!killed.is_finished());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        killed.abort();
        let _cancelled = killed.await;
        let half = world
            .imports
            .status(&world.admin, reference(&import))
            .await
            .unwrap();
        assert_eq!(half.state, ImportState::Committing);
        assert!(
            half.processed == 5_000 || half.processed == 10_000,
            "{}",
            half.processed
        );
        assert_eq!(half.outcomes.values().sum::<u32>(), half.processed);

        // The dead one's lease stands in the way for its time, and then no more.
        let desk = &world.desk;
        let shutdown = CancellationToken::new();
        assert_eq!(run_round(desk, &shutdown).await.unwrap(), RoundEnd::Idle);
        world.clock.advance_seconds(21);
        assert_eq!(run_round(desk, &shutdown).await.unwrap(), RoundEnd::Worked);
        assert_eq!(run_round(desk, &shutdown).await.unwrap(), RoundEnd::Idle);
        finished(&world, &import).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f11_two_workers_do_every_slice_once() {
    for world in worlds().await {
        let import = begun(&world).await;
        let shutdown = CancellationToken::new();
        let (a, b) = tokio::join!(
            run_round(&world.desk, &shutdown),
            run_round(&world.desk, &shutdown)
        );
        let ends = [a.unwrap(), b.unwrap()];
        assert!(ends.contains(&RoundEnd::Worked));
        finished(&world, &import).await;
    }
}

#[tokio::test]
async fn f18_a_stopped_job_gives_its_lease_back() {
    for world in worlds().await {
        let import = begun(&world).await;
        let shutdown = CancellationToken::new();
        shutdown.cancel();
        assert_eq!(
            run_round(&world.desk, &shutdown).await.unwrap(),
            RoundEnd::Worked
        );
        assert_eq!(world.count("SELECT lease_until FROM imports").await, 0);
        // The whole job, as the server runs it.
        let shutdown = CancellationToken::new();
        let job = tokio::spawn(server::jobs::imports::run(
            world.desk.clone(),
            shutdown.clone(),
        ));
        for _ in 0..3_000 {
            let now = world
                .imports
                .status(&world.admin, reference(&import))
                .await
                .unwrap();
            if now.state == ImportState::Done {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        shutdown.cancel();
        job.await.unwrap();
        finished(&world, &import).await;
    }
}
