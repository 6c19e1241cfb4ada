//! What a list does to invitations that wait already: ran out, grown, taken over.

use app::{
    api::imports::CheckBatch,
    bulk::draft::RowDraft,
    domain::{
        import::{RowOutcome, SubmitMode},
        role::Role,
    },
    ports::Imports,
};
use server::args;

use crate::world::{World, named, told, with_courses, worlds};

const DAY: i64 = 86_400;

async fn outcome(world: &World, key: &str, row: RowDraft) -> (RowOutcome, String) {
    let done = world
        .submit(key, SubmitMode::ValidNow, &[row])
        .await
        .unwrap();
    let outcomes = world.outcomes(&done).await;
    (outcomes[0].outcome, outcomes[0].code.clone())
}

async fn invited(world: &World) -> usize {
    let batch = CheckBatch {
        tenant: "acme".to_owned(),
        emails: vec!["p@people.test".to_owned()],
        ..CheckBatch::default()
    };
    let answer = world.imports.check(&world.admin, batch).await.unwrap();
    answer.invited.len()
}

/// The job that expires invitations may not have come by yet.
#[tokio::test]
async fn s07_what_has_just_run_out_is_expired_and_made_anew() {
    for world in worlds().await {
        let row = || with_courses(0, "p@people.test", "rust");
        assert_eq!(outcome(&world, "a", row()).await.0, RowOutcome::Created);
        world.clock.advance_seconds(30 * DAY - 1);
        assert_eq!(invited(&world).await, 1);
        let again = outcome(&world, "b", row()).await;
        assert_eq!(again.0, RowOutcome::AlreadyInvited);
        world.clock.advance_seconds(2);
        assert_eq!(invited(&world).await, 0);
        let more = with_courses(0, "p@people.test", "rust|sql");
        assert_eq!(outcome(&world, "c", more).await.0, RowOutcome::Created);
        for (sql, count) in [
            ("SELECT COUNT(*) FROM bundles WHERE status = 'expired'", 1),
            ("SELECT COUNT(*) FROM bundles WHERE status = 'pending'", 1),
            ("SELECT COUNT(*) FROM outbox WHERE status = 'queued'", 1),
            (
                "SELECT COUNT(*) FROM audit_events
                 WHERE action = 'invitation.expired' AND actor = 'job:expiry'",
                2,
            ),
        ] {
            assert_eq!(world.count(sql).await, count, "{sql}");
        }
        world.invariants().await;
    }
}

#[tokio::test]
async fn a_bundle_that_grows_ends_as_a_whole() {
    for world in worlds().await {
        let early = RowDraft {
            expires_on: "2026-12-01".to_owned(),
            ..named(0, "p@people.test")
        };
        outcome(&world, "a", early).await;
        let late = RowDraft {
            expires_on: "2027-03-31".to_owned(),
            ..with_courses(0, "p@people.test", "rust")
        };
        assert_eq!(outcome(&world, "b", late).await.0, RowOutcome::Updated);
        let end = "SELECT COUNT(*) FROM invitations i JOIN bundles b ON b.id = i.bundle_id
            WHERE i.expires_at = b.expires_at AND i.expires_at > 1800000000000";
        assert_eq!(world.count(end).await, 2);
        // An earlier end takes nothing away.
        let early = RowDraft {
            expires_on: "2026-12-01".to_owned(),
            ..with_courses(0, "p@people.test", "rust|sql")
        };
        assert_eq!(outcome(&world, "c", early).await.0, RowOutcome::Updated);
        assert_eq!(world.count(end).await, 2);
        world.invariants().await;
    }
}

#[tokio::test]
async fn s24_the_same_list_again_answers_for_an_inviter_who_is_gone() {
    for world in worlds().await {
        outcome(&world, "a", named(0, "p@people.test")).await;
        let gone = world.account("gone@people.test", true, None).await;
        world
            .run("UPDATE bundles SET inviter_id = $1", args![gone])
            .await;
        let answers_for_it = "SELECT COUNT(*) FROM bundles b JOIN memberships m
            ON m.user_id = b.inviter_id AND m.tenant_id = b.tenant_id AND m.role = 'admin'";
        let taken = "SELECT COUNT(*) FROM audit_events a JOIN bundles b ON b.id = a.subject_id
            WHERE a.action = 'invitation.taken_over'";

        // Nothing at all where everything or nothing was asked for.
        let rows = [named(0, "p@people.test"), named(1, "nonsense")];
        let done = world
            .submit("b", SubmitMode::AllOrNothing, &rows)
            .await
            .unwrap();
        assert_eq!(
            told(&world.outcomes(&done).await)[0],
            (RowOutcome::AlreadyInvited, "")
        );
        assert_eq!(world.count(answers_for_it).await, 0);

        let again = outcome(&world, "c", named(0, "p@people.test")).await;
        assert_eq!(again.0, RowOutcome::AlreadyInvited);
        assert_eq!(world.count(answers_for_it).await, 1);
        assert_eq!(world.count(taken).await, 1);
        // Once.
        outcome(&world, "d", named(0, "p@people.test")).await;
        assert_eq!(world.count(taken).await, 1);
        world.invariants().await;
    }
}

/// More than one statement's worth.
#[tokio::test]
async fn many_bundles_grow_and_each_names_its_own_mail() {
    for world in worlds().await {
        let address = |n| format!("p{n}@people.test");
        let rows: Vec<_> = (0..1_100).map(|n| named(n, &address(n))).collect();
        world
            .submit("a", SubmitMode::ValidNow, &rows)
            .await
            .unwrap();
        world
            .run("UPDATE outbox SET status = 'sent', attempts = 1", vec![])
            .await;
        let rows: Vec<_> = (0..1_100)
            .map(|n| with_courses(n, &address(n), "rust"))
            .collect();
        let done = world
            .submit("b", SubmitMode::ValidNow, &rows)
            .await
            .unwrap();
        assert_eq!(done.outcomes.get(&RowOutcome::Updated), Some(&1_100));
        let own = "SELECT COUNT(*) FROM bundles b JOIN outbox o
            ON o.id = b.delivery_id AND o.bundle_id = b.id AND o.status = 'queued'";
        assert_eq!(world.count(own).await, 1_100);
        world.invariants().await;
    }
}

#[tokio::test]
async fn an_external_id_of_somebody_else_is_said() {
    for world in worlds().await {
        let member = world
            .account("m@people.test", true, Some((world.acme, Role::Learner)))
            .await;
        world
            .run(
                "UPDATE memberships SET external_id = '1' WHERE user_id = $1",
                args![member],
            )
            .await;
        let with_id = |n, email, id: &str| RowDraft {
            external_id: id.to_owned(),
            ..named(n, email)
        };
        let rows = [
            with_id(0, "new@people.test", "1"),
            with_id(1, "m@people.test", "1"),
            with_id(2, "a@people.test", "2"),
            with_id(3, "b@people.test", " 2 "),
            with_id(4, "A@people.test", "2"),
            with_id(5, "c@people.test", "3"),
        ];
        let done = world
            .submit("a", SubmitMode::ValidNow, &rows)
            .await
            .unwrap();
        let outcomes = world.outcomes(&done).await;
        assert_eq!(
            told(&outcomes),
            [
                (RowOutcome::Invalid, "external_id_taken"),
                (RowOutcome::AlreadyMember, ""),
                (RowOutcome::Created, ""),
                (RowOutcome::Invalid, "external_id_taken"),
                (RowOutcome::DuplicateInFile, "duplicate_in_file"),
                (RowOutcome::Created, ""),
            ]
        );
        assert_eq!(outcomes[0].field, "external_id");
        world.invariants().await;
    }
}
