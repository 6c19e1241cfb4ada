//! The invariant checker must be able to complain: each change below breaks one
//! invariant by hand, in a transaction that is given up afterwards.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

mod stage;

use app::domain::{id::ImportId, role::Role};
use server::{
    args,
    clock::new_id,
    storage::{
        StorageError,
        invariants::{self, Mails},
    },
};
use stage::{Invite, NOW, Stage, on_every_engine};

/// What the checker says after `sql`, which never happened.
async fn after(stage: &Stage, sql: &'static str, mails: Mails) -> String {
    let given_up = stage
        .desk
        .storage
        .write(move |tx| {
            Box::pin(async move {
                assert!(tx.execute(sql, args![]).await? > 0, "{sql}");
                let found = invariants::check(tx, mails).await?;
                Err::<(), _>(StorageError::Unavailable(found.join("\n")))
            })
        })
        .await;
    match given_up {
        Err(StorageError::Unavailable(found)) => found,
        other => panic!("{sql}: {other:?}"),
    }
}

async fn expect(stage: &Stage, breaks: &[(&'static str, &str)]) {
    stage.check().await;
    for (sql, invariant) in breaks {
        let found = after(stage, sql, Mails::Sent).await;
        let complains = found.lines().any(|line| line.starts_with(invariant));
        assert!(complains, "{sql}: {found}");
    }
    stage.check().await;
}

#[tokio::test]
async fn the_checker_finds_a_broken_invitation() {
    on_every_engine(|stage| async move {
        stage.invite(stage.to_acme("mara@new.test")).await;
        expect(
            &stage,
            &[
                ("UPDATE bundles SET status = 'accepted'", "I7"),
                ("UPDATE invitations SET status = 'accepted'", "I3"),
                ("UPDATE invitations SET status = 'revoked'", "I6"),
                (
                    "UPDATE tenants SET seat_limit = 1 WHERE slug = 'acme'",
                    "I5",
                ),
                (
                    "UPDATE invitations SET invitee_key = 'ada@acme.test'",
                    "I2: a live invitation keyed by the address",
                ),
            ],
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn i3_the_checker_finds_a_place_without_its_acceptance() {
    on_every_engine(|stage| async move {
        let user = stage.user("mara@new.test", "Mara", true).await;
        stage
            .invite(Invite {
                role: Role::Instructor,
                items: vec![("course", stage.course)],
                user: Some(user),
                ..stage.to_acme("mara@new.test")
            })
            .await;
        stage.member(stage.acme, user, Role::Learner).await;
        let from = |membership| {
            format!(
                "I3: a{} from an invitation that is not accepted",
                if membership {
                    " membership"
                } else {
                    "n enrollment"
                }
            )
        };
        expect(
            &stage,
            &[
                (
                    "UPDATE memberships SET invitation_id =
                     (SELECT id FROM invitations WHERE kind = 'platform')
                     WHERE role = 'learner'",
                    &from(true),
                ),
                (
                    "INSERT INTO enrollments (tenant_id, user_id, item_id, created_at,
                     invitation_id) SELECT i.tenant_id, b.user_id, i.target_id, 0, i.id
                     FROM invitations i JOIN bundles b ON b.id = i.bundle_id
                     WHERE i.kind = 'course'",
                    &from(false),
                ),
            ],
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn i4_the_checker_finds_an_invitation_whose_mail_was_forgotten() {
    on_every_engine(|stage| async move {
        stage.invite(stage.to_acme("mara@new.test")).await;
        expect(
            &stage,
            &[
                (
                    "UPDATE bundles SET delivery_id = NULL",
                    "I4: a bundle that names no mail",
                ),
                (
                    "DELETE FROM outbox",
                    "I4: an invitation that no mail tells of",
                ),
                // A target that came after the mail went out.
                (
                    "UPDATE invitations SET created_at = created_at + 1",
                    "I4: an invitation that no mail tells of",
                ),
            ],
        )
        .await;
        // No mail server, nothing forgotten.
        stage
            .sql("UPDATE bundles SET delivery_id = NULL", args![])
            .await;
        let without = after(&stage, "DELETE FROM outbox", Mails::Copied).await;
        assert_eq!(without, "");
        // What is switched off is not mailed.
        stage.sql("UPDATE bundles SET active = 0", args![]).await;
        let off = after(&stage, "DELETE FROM outbox", Mails::Sent).await;
        assert_eq!(off, "");
        let back = "UPDATE bundles SET active = 1, delivery_id = (SELECT id FROM outbox)";
        stage.sql(back, args![]).await;
    })
    .await;
}

#[tokio::test]
async fn i1_the_checker_adds_up_imports_in_every_state() {
    on_every_engine(|stage| async move {
        for (state, processed) in [
            ("receiving", 0),
            ("committing", 1),
            ("done", 2),
            ("rejected", 2),
        ] {
            let import = ImportId(new_id(NOW));
            let outcomes = match processed {
                0 => "{}",
                1 => r#"{"invalid":1}"#,
                _ => r#"{"invalid":2}"#,
            };
            stage
                .sql(
                    "INSERT INTO imports (id, tenant_id, user_id, idempotency_key, content_hash,
                     file_name, rows, mode, state, processed, outcomes, created_at)
                     VALUES ($1, $2, $3, $4, '', '', 2, 'valid_now', $4, $5, $6, $7)",
                    args![
                        import,
                        stage.acme,
                        stage.ada,
                        state,
                        i64::from(processed),
                        outcomes,
                        NOW
                    ],
                )
                .await;
            for position in 0..processed {
                stage
                    .sql(
                        "INSERT INTO import_rows (import_id, position, row_id, line, outcome)
                         VALUES ($1, $2, $2, $2, 'invalid')",
                        args![import, i64::from(position)],
                    )
                    .await;
            }
        }
        expect(
            &stage,
            &[
                (
                    "UPDATE imports SET processed = 1 WHERE state = 'receiving'",
                    "I1",
                ),
                (
                    "UPDATE imports SET processed = 2 WHERE state = 'committing'",
                    "I1",
                ),
                (
                    "UPDATE imports SET outcomes = '{}' WHERE state = 'committing'",
                    "I1",
                ),
                (
                    "UPDATE imports SET state = 'done' WHERE state = 'committing'",
                    "I1",
                ),
                (
                    "UPDATE imports SET processed = 1 WHERE state = 'rejected'",
                    "I1",
                ),
                (
                    "UPDATE import_rows SET outcome = 'created' WHERE position = 1",
                    "I1",
                ),
                ("DELETE FROM import_rows WHERE position = 1", "I1"),
            ],
        )
        .await;
    })
    .await;
}
