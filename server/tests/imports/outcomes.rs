//! What becomes of each row.

use app::{
    bulk::draft::RowDraft,
    domain::{
        import::{ImportState, RowOutcome, SubmitMode},
        role::Role,
    },
};
use server::args;

use crate::world::{NOW, named, row, told, with_courses, worlds};

#[tokio::test]
async fn i1_every_row_has_one_outcome_and_they_add_up() {
    for world in worlds().await {
        let member = world
            .account(
                "member@people.test",
                true,
                Some((world.acme, Role::Learner)),
            )
            .await;
        world.enroll(member, "sql").await;
        world
            .submit(
                "a",
                SubmitMode::ValidNow,
                &[named(0, "invited@people.test")],
            )
            .await
            .unwrap();
        let rows = [
            named(0, "new@people.test"),
            named(1, " NEW@people.test "),
            with_courses(2, "new@people.test", "rust"),
            named(3, "nonsense"),
            with_courses(4, "member@people.test", "sql"),
            with_courses(5, "member2@people.test", "unheard-of"),
            named(6, "invited@people.test"),
            with_courses(7, "another@people.test", "rust|shared"),
            RowDraft {
                role: "owner".to_owned(),
                ..named(8, "x@people.test")
            },
            RowDraft {
                expires_on: "2026-11-22".to_owned(),
                ..named(9, "y@people.test")
            },
            RowDraft::default(),
        ];
        let done = world
            .submit("b", SubmitMode::ValidNow, &rows)
            .await
            .unwrap();
        assert_eq!(done.state, ImportState::Done);
        assert_eq!(done.outcomes.values().sum::<u32>(), 11);
        assert_eq!(
            told(&world.outcomes(&done).await),
            [
                (RowOutcome::Created, ""),
                (RowOutcome::DuplicateInFile, "duplicate_in_file"),
                (RowOutcome::Invalid, "split_rows"),
                (RowOutcome::Invalid, "email_invalid"),
                (RowOutcome::AlreadyMember, ""),
                (RowOutcome::Invalid, "course_unknown"),
                (RowOutcome::AlreadyInvited, ""),
                (RowOutcome::Created, ""),
                (RowOutcome::Invalid, "role_unknown"),
                (RowOutcome::Invalid, "expires_past"),
                (RowOutcome::Invalid, "row_empty"),
            ]
        );
        world.invariants().await;
    }
}

#[tokio::test]
async fn a_waiting_bundle_gains_targets_and_one_mail() {
    for world in worlds().await {
        let first = world
            .submit("a", SubmitMode::ValidNow, &[named(0, "p@people.test")])
            .await
            .unwrap();
        let bundle = world.outcomes(&first).await[0].bundle;

        // Its mail is still held: that one will tell of everything.
        let second = world
            .submit(
                "b",
                SubmitMode::ValidNow,
                &[with_courses(0, "p@people.test", "rust")],
            )
            .await
            .unwrap();
        let told_so = world.outcomes(&second).await;
        assert_eq!(told(&told_so), [(RowOutcome::Updated, "")]);
        assert_eq!(told_so[0].bundle, bundle);
        assert_eq!(world.count("SELECT COUNT(*) FROM outbox").await, 1);

        // Once it is sent, what is added is told by another.
        world
            .run("UPDATE outbox SET status = 'sent', attempts = 1", vec![])
            .await;
        let rows = [RowDraft {
            programs: "onboarding".to_owned(),
            role: "instructor".to_owned(),
            ..with_courses(0, "p@people.test", "rust|sql")
        }];
        let third = world
            .submit("c", SubmitMode::ValidNow, &rows)
            .await
            .unwrap();
        let told_so = world.outcomes(&third).await;
        assert_eq!(told(&told_so), [(RowOutcome::Updated, "role_differs")]);
        assert_eq!(told_so[0].bundle, bundle);
        assert_eq!(
            world
                .count("SELECT COUNT(*) FROM outbox WHERE status = 'queued'")
                .await,
            1
        );
        assert_eq!(
            world
                .count(
                    "SELECT COUNT(*) FROM bundles b JOIN outbox o ON o.id = b.delivery_id
                        WHERE o.status = 'queued' AND b.role = 'learner'"
                )
                .await,
            1
        );
        assert_eq!(world.count("SELECT COUNT(*) FROM bundles").await, 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM invitations").await, 4);
        world.invariants().await;
    }
}

#[tokio::test]
async fn s24_whoever_adds_to_a_bundle_answers_for_an_inviter_who_is_gone() {
    for world in worlds().await {
        let first = [named(0, "ada@people.test")];
        world
            .submit("a", SubmitMode::ValidNow, &first)
            .await
            .unwrap();
        let gone = world.account("gone@people.test", true, None).await;
        world
            .run("UPDATE bundles SET inviter_id = $1", args![gone])
            .await;
        let more = [with_courses(0, "ada@people.test", "rust")];
        let done = world
            .submit("b", SubmitMode::ValidNow, &more)
            .await
            .unwrap();
        assert_eq!(
            told(&world.outcomes(&done).await),
            [(RowOutcome::Updated, "")]
        );
        let answers_for_it = "SELECT COUNT(*) FROM bundles b JOIN memberships m
            ON m.user_id = b.inviter_id AND m.tenant_id = b.tenant_id AND m.role = 'admin'";
        assert_eq!(world.count(answers_for_it).await, 1);
        world.invariants().await;
    }
}

#[tokio::test]
async fn a_member_is_told_what_differs_and_never_changed() {
    for world in worlds().await {
        world
            .account("m@people.test", true, Some((world.acme, Role::Learner)))
            .await;
        // Not proved, and a member all the same.
        world
            .account("u@people.test", false, Some((world.acme, Role::Learner)))
            .await;
        let rows = [
            RowDraft {
                role: "admin".to_owned(),
                ..named(0, "m@people.test")
            },
            RowDraft {
                first_name: "Augusta".to_owned(),
                ..named(1, "u@people.test")
            },
        ];
        let done = world
            .submit("a", SubmitMode::ValidNow, &rows)
            .await
            .unwrap();
        assert_eq!(
            told(&world.outcomes(&done).await),
            [
                (RowOutcome::AlreadyMember, "role_differs"),
                (RowOutcome::AlreadyMember, "name_differs"),
            ]
        );
        assert_eq!(
            world
                .count("SELECT COUNT(*) FROM memberships WHERE role = 'learner'")
                .await,
            2
        );
        assert_eq!(
            world
                .count("SELECT COUNT(*) FROM users WHERE first_name <> 'Ada'")
                .await,
            0
        );

        // A course that is new gets an invitation, without one to the tenant.
        let rows = [with_courses(0, "m@people.test", "rust")];
        let done = world
            .submit("b", SubmitMode::ValidNow, &rows)
            .await
            .unwrap();
        assert_eq!(
            told(&world.outcomes(&done).await),
            [(RowOutcome::Created, "")]
        );
        assert_eq!(
            world
                .count(
                    "SELECT COUNT(*) FROM invitations WHERE kind = 'course' AND binding = 'user'"
                )
                .await,
            1
        );
        assert_eq!(world.count("SELECT COUNT(*) FROM invitations").await, 1);
        world.invariants().await;
    }
}

#[tokio::test]
async fn s29_an_account_elsewhere_looks_like_none() {
    for world in worlds().await {
        world
            .account("has@people.test", true, Some((world.globex, Role::Admin)))
            .await;
        world.account("unproved@people.test", false, None).await;
        let rows = |role: &str| {
            [
                "has@people.test",
                "unproved@people.test",
                "none@people.test",
            ]
            .map(|email| RowDraft {
                first_name: "Somebody".to_owned(),
                role: role.to_owned(),
                ..with_courses(0, email, "rust")
            })
        };
        for (key, outcome) in [
            ("a", RowOutcome::Created),
            ("b", RowOutcome::AlreadyInvited),
        ] {
            let done = world
                .submit(key, SubmitMode::ValidNow, &rows("instructor"))
                .await
                .unwrap();
            let mut outcomes = world.outcomes(&done).await;
            for one in &mut outcomes {
                assert!(one.bundle.take().is_some());
            }
            assert_eq!(outcomes[0].outcome, outcome);
            assert_eq!(outcomes[0], outcomes[2]);
            assert_eq!(outcomes[1], outcomes[2]);
        }
        // Inside, the verified account is the invitee.
        assert_eq!(
            world
                .count("SELECT COUNT(*) FROM bundles WHERE user_id IS NOT NULL")
                .await,
            1
        );
        assert_eq!(
            world
                .count("SELECT COUNT(*) FROM invitations WHERE invitee_key LIKE '%@%'")
                .await,
            4
        );
        world.invariants().await;
    }
}

#[tokio::test]
async fn s25_another_tenants_course_is_unknown() {
    for world in worlds().await {
        let rows = [
            with_courses(0, "a@people.test", "secret"),
            with_courses(1, "b@people.test", "none"),
        ];
        let done = world
            .submit("a", SubmitMode::ValidNow, &rows)
            .await
            .unwrap();
        let outcomes = world.outcomes(&done).await;
        assert_eq!(
            told(&outcomes),
            [
                (RowOutcome::Invalid, "course_unknown"),
                (RowOutcome::Invalid, "course_unknown")
            ]
        );
        assert_eq!(outcomes[0].field, "courses");
        assert_eq!(
            outcomes[0].message.replace("secret", "none"),
            outcomes[1].message
        );
        assert_eq!(world.count("SELECT COUNT(*) FROM invitations").await, 0);
    }
}

#[tokio::test]
async fn the_tenants_own_key_wins_over_a_shared_one() {
    for world in worlds().await {
        let own = world.item(Some(world.acme), "course", "shared").await;
        world
            .submit(
                "a",
                SubmitMode::ValidNow,
                &[with_courses(0, "a@people.test", "shared")],
            )
            .await
            .unwrap();
        assert_eq!(
            world
                .count(
                    "SELECT COUNT(*) FROM invitations v JOIN catalog_items c ON c.id = v.target_id
                        WHERE c.tenant_id IS NOT NULL"
                )
                .await,
            1
        );
        // Archived, it does not let the shared one through under its name.
        world
            .run(
                "UPDATE catalog_items SET archived_at = $1 WHERE id = $2",
                args![NOW, own],
            )
            .await;
        let done = world
            .submit(
                "b",
                SubmitMode::ValidNow,
                &[with_courses(0, "b@people.test", "shared")],
            )
            .await
            .unwrap();
        assert_eq!(
            told(&world.outcomes(&done).await),
            [(RowOutcome::Invalid, "course_unknown")]
        );
    }
}

#[tokio::test]
async fn s23_who_lost_the_right_between_begin_and_commit_invites_nobody() {
    for world in worlds().await {
        let rows = [row(0), named(1, "nonsense")];
        let import = world.begin("a", SubmitMode::ValidNow, &rows).await.unwrap();
        world.send(&import, &rows).await.unwrap();
        world
            .run(
                "UPDATE memberships SET role = 'instructor' WHERE user_id = $1",
                args![world.admin_user],
            )
            .await;
        let done = world.commit(&import).await.unwrap();
        assert_eq!(
            told(&world.outcomes(&done).await),
            [
                (RowOutcome::Forbidden, "not_allowed"),
                (RowOutcome::Forbidden, "not_allowed")
            ]
        );
        assert_eq!(world.count("SELECT COUNT(*) FROM bundles").await, 0);
        world.invariants().await;
    }
}

#[tokio::test]
async fn s23_an_admin_may_make_admins_and_nothing_else_is_taken_from_a_row() {
    for world in worlds().await {
        let mut smuggler = named(0, "boss@people.test");
        smuggler.role = "Admin".to_owned();
        smuggler.metadata = vec![world.globex.0.to_string(), "accepted".to_owned()];
        let rows = [smuggler];
        let columns = ["tenant_id", "status"];
        let begun = world
            .begin_with("a", SubmitMode::ValidNow, &rows, &columns)
            .await
            .unwrap();
        world.send(&begun, &rows).await.unwrap();
        world.commit(&begun).await.unwrap();
        assert_eq!(
            world
                .count("SELECT COUNT(*) FROM bundles WHERE role = 'admin' AND status = 'pending'")
                .await,
            1
        );
        assert_eq!(
            world
                .count("SELECT COUNT(DISTINCT tenant_id) FROM invitations")
                .await,
            1
        );
        assert!(serde_json::from_str::<RowDraft>(r#"{"row":1,"line":2,"tenant_id":"x"}"#).is_err());
    }
}

#[tokio::test]
async fn an_invitation_ends_with_the_day_in_the_tenants_zone() {
    for world in worlds().await {
        let rows = [
            RowDraft {
                expires_on: "2026-12-31".to_owned(),
                ..named(0, "a@people.test")
            },
            named(1, "b@people.test"),
            // Still the 23rd there, for six hours and a quarter.
            RowDraft {
                expires_on: "2026-11-23".to_owned(),
                ..named(2, "c@people.test")
            },
        ];
        let done = world
            .submit("a", SubmitMode::ValidNow, &rows)
            .await
            .unwrap();
        assert_eq!(done.outcomes.get(&RowOutcome::Created), Some(&3));
        // 2026-12-31T23:59:59.999+05:45
        assert_eq!(
            world
                .count("SELECT expires_at FROM bundles WHERE email = 'a@people.test'")
                .await,
            1_798_740_899_999
        );
        assert_eq!(
            world
                .count("SELECT expires_at FROM invitations WHERE invitee_key = 'a@people.test'")
                .await,
            1_798_740_899_999
        );
        assert_eq!(
            world
                .count("SELECT expires_at FROM bundles WHERE email = 'b@people.test'")
                .await,
            NOW.plus_days(30).0
        );
        assert_eq!(
            world
                .count("SELECT expires_at FROM bundles WHERE email = 'c@people.test'")
                .await,
            1_795_457_699_999
        );
    }
}

#[tokio::test]
async fn f20_without_a_mail_server_invitations_are_made_and_no_mail_is_queued() {
    for mut world in worlds().await {
        let mut settings = server::services::Settings::clone(&world.desk.settings);
        settings.mail_configured = false;
        world.desk.settings = std::sync::Arc::new(settings);
        world.imports = std::sync::Arc::new(server::services::imports::ImportsService::new(
            world.desk.clone(),
        ));
        world
            .submit("a", SubmitMode::ValidNow, &[row(0)])
            .await
            .unwrap();
        assert_eq!(
            world
                .count("SELECT COUNT(*) FROM bundles WHERE delivery_id IS NULL")
                .await,
            1
        );
        assert_eq!(world.count("SELECT COUNT(*) FROM outbox").await, 0);
        world.invariants().await;
    }
}
