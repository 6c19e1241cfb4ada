//! Rows that are refused for what happened before: people who asked never to be invited,
//! and quotas of mails.

use app::domain::import::{RowOutcome, SubmitMode};
use server::args;

use crate::world::{named, told, with_courses, worlds};

#[tokio::test]
async fn s38_who_asked_never_to_be_invited_is_suppressed_in_a_later_import() {
    for world in worlds().await {
        let hash = world.desk.key.address_hash("mara@people.test");
        let acme = world.acme;
        world
            .desk
            .storage
            .write(move |tx| {
                Box::pin(async move {
                    tx.suppress(Some(acme), hash, app::domain::time::Timestamp(0))
                        .await
                })
            })
            .await
            .unwrap();
        let rows = [
            // However it is typed, and whatever else is wrong with the file.
            named(0, " Mara@PEOPLE.test "),
            named(1, "mara@people.test"),
            named(2, "noa@people.test"),
        ];
        let done = world
            .submit("a", SubmitMode::ValidNow, &rows)
            .await
            .unwrap();
        assert_eq!(
            told(&world.outcomes(&done).await),
            [
                (RowOutcome::Suppressed, "suppressed"),
                (RowOutcome::Suppressed, "suppressed"),
                (RowOutcome::Created, ""),
            ]
        );
        assert_eq!(world.count("SELECT COUNT(*) FROM outbox").await, 1);
        // The database knows the address by its keyed hash alone.
        world.invariants().await;
    }
}

#[tokio::test]
async fn s37_an_import_stops_at_the_quotas_row_by_row() {
    for world in worlds().await {
        world
            .run(
                "UPDATE tenants SET mails_a_day = 3, mails_a_day_per_address = 1",
                args![],
            )
            .await;
        let rows: Vec<_> = (0..5)
            .map(|n| named(n, &format!("p{n}@people.test")))
            .collect();
        let done = world
            .submit("a", SubmitMode::ValidNow, &rows[..2])
            .await
            .unwrap();
        assert_eq!(done.outcomes.of(RowOutcome::Created), 2);
        // The first has had his mail of the day, the third is the last one.
        let again = [
            with_courses(0, "p0@people.test", "rust"),
            rows[2].clone(),
            rows[3].clone(),
        ];
        let done = world
            .submit("b", SubmitMode::ValidNow, &again)
            .await
            .unwrap();
        assert_eq!(
            told(&world.outcomes(&done).await),
            [
                (RowOutcome::OverLimit, "over_quota"),
                (RowOutcome::Created, ""),
                (RowOutcome::OverLimit, "over_quota"),
            ]
        );
        world.invariants().await;
    }
}
