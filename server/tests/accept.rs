//! Accept: where nearly every failure of this field sits (docs/trust.md).

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

mod stage;

use app::{
    api::{
        ApiError,
        landing::{NextStep, Register},
    },
    domain::{invitation::InvitationStatus, role::Role},
    ports::{Caller, LandingPort as _, Mine as _},
};
use server::{args, jobs};
use stage::{Invite, Stage, on_every_engine};

async fn role_of(stage: &Stage, user: app::domain::id::UserId) -> String {
    stage
        .text(
            "SELECT role FROM memberships WHERE tenant_id = $1 AND user_id = $2",
            args![stage.acme, user],
        )
        .await
}

fn code_of(error: ApiError) -> String {
    match error {
        ApiError::Conflict { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn registering_through_the_mail_accepts_the_whole_bundle() {
    on_every_engine(|stage| async move {
        let bundle = stage
            .invite(Invite {
                role: Role::Instructor,
                items: vec![("course", stage.course), ("program", stage.program)],
                external_id: Some("P-1"),
                ..stage.to_acme("mara@new.test")
            })
            .await;
        stage.send_mails().await;
        let token = stage.mailed_token("mara@new.test");
        let (landing, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        assert_eq!(landing.tenant, "Acme Academy");
        assert_eq!(landing.inviter, "Ada Example");
        assert_eq!(landing.email_masked, "m•••@n•••.test");
        assert_eq!(landing.next, NextStep::Register);
        let titles: Vec<&str> = landing
            .targets
            .iter()
            .map(|one| one.title.as_str())
            .collect();
        assert_eq!(titles, ["Acme Academy", "First year", "Fire safety"]);
        assert_eq!(stage.landing.show(&landed).await.unwrap(), landing);

        let user = stage.register(&landed).await.unwrap();
        assert_eq!(stage.status(bundle).await, "accepted");
        assert_eq!(role_of(&stage, user).await, "instructor");
        let verified = "SELECT email_verified FROM users WHERE id = $1";
        assert_eq!(stage.number(verified, args![user]).await, 1);
        let sessions = "SELECT COUNT(*) FROM sessions WHERE user_id = $1";
        assert_eq!(stage.number(sessions, args![user]).await, 1);
        let external = "SELECT external_id FROM memberships WHERE user_id = $1";
        assert_eq!(stage.text(external, args![user]).await, "P-1");

        let home = stage.mine.home(&stage.signed_in(user).await).await.unwrap();
        assert_eq!(home.invitations.len(), 3);
        assert!(
            home.invitations
                .iter()
                .all(|one| one.status == InvitationStatus::Accepted)
        );
        let courses: Vec<&str> = home.courses.iter().map(|one| one.title.as_str()).collect();
        assert_eq!(courses, ["Fire safety"]);
        let programs: Vec<&str> = home.programs.iter().map(|one| one.title.as_str()).collect();
        assert_eq!(programs, ["First year"]);
    })
    .await;
}

#[tokio::test]
async fn wrong_fields_are_named_and_change_nothing() {
    on_every_engine(|stage| async move {
        let (bundle, token) = stage.invited("mara@new.test").await;
        let (_, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        for (first_name, password, field) in [
            ("  ", "a long password", "first_name"),
            ("M\r\nBcc: x", "a long password", "first_name"),
            ("Mara", "short", "password"),
            ("Mara", &"x".repeat(129), "password"),
            ("Mara", "MARA@new.test", "password"),
        ] {
            let form = Register {
                first_name: first_name.to_owned(),
                last_name: String::new(),
                password: password.to_owned(),
            };
            match stage.landing.register(&landed, form).await.unwrap_err() {
                ApiError::Invalid { fields, .. } => assert_eq!(fields[0].field, field),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(stage.status(bundle).await, "pending");
        stage.register(&landed).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn s11_signed_in_as_somebody_else_is_a_mismatch_and_changes_nothing() {
    on_every_engine(|stage| async move {
        let (bundle, token) = stage.invited("mara@new.test").await;
        let gil = stage.signed_in(stage.gil).await;
        let (landing, gil) = stage.open(&gil, &token).await.unwrap();
        assert_eq!(landing.next, NextStep::Mismatch);
        let answer = stage.landing.accept(&gil).await.unwrap_err();
        assert_eq!(code_of(answer), "other_account");
        assert_eq!(stage.status(bundle).await, "pending");
    })
    .await;
}

#[tokio::test]
async fn s11_nobody_registers_a_second_account_while_signed_in() {
    on_every_engine(|stage| async move {
        let (bundle, token) = stage.invited("mara@new.test").await;
        let other = stage.user("bo@else.test", "Bo", true).await;
        let other = stage.signed_in(other).await;
        let (_, landed) = stage.open(&other, &token).await.unwrap();
        let refused = stage.register(&landed).await.unwrap_err();
        assert_eq!(code_of(refused), "other_account");
        assert_eq!(stage.status(bundle).await, "pending");
    })
    .await;
}

#[tokio::test]
async fn s12_a_copied_link_proves_no_mailbox_and_shows_nothing_else() {
    on_every_engine(|stage| async move {
        let bundle = stage.invite(stage.to_acme("victim@new.test")).await;
        let copied = stage.copied_link(stage.acme, bundle).await;
        let globex = stage
            .invite(Invite {
                tenant: stage.globex,
                inviter: stage.gil,
                ..stage.to_acme("victim@new.test")
            })
            .await;
        let (_, landed) = stage.open(&Stage::anonymous(), &copied).await.unwrap();
        let user = stage.register(&landed).await.unwrap();
        let verified = "SELECT email_verified FROM users WHERE id = $1";
        assert_eq!(stage.number(verified, args![user]).await, 0);
        let caller = stage.signed_in(user).await;
        let home = stage.mine.home(&caller).await.unwrap();
        let tenants: Vec<&str> = home
            .invitations
            .iter()
            .map(|one| one.tenant.as_str())
            .collect();
        assert_eq!(tenants, ["Acme Academy"], "only what the link offered");
        let (other,): (uuid::Uuid,) = stage
            .desk
            .storage
            .read(move |tx| {
                Box::pin(tx.one(
                    "SELECT id FROM invitations WHERE bundle_id = $1",
                    args![globex],
                ))
            })
            .await
            .unwrap();
        let other = app::domain::id::InvitationId(other);
        for answer in [
            stage.mine.accept(&caller, other).await,
            stage.mine.decline(&caller, other).await,
            stage.mine.undo_decline(&caller, other).await,
        ] {
            assert_eq!(answer.unwrap_err(), ApiError::NotFound);
        }
        assert_eq!(stage.status(globex).await, "pending");

        // The mail of the other tenant proves the mailbox after all.
        stage.send_mails().await;
        let token = stage.mailed_token("victim@new.test");
        let (landing, caller) = stage.open(&caller, &token).await.unwrap();
        assert_eq!(landing.next, NextStep::Accept);
        stage.landing.accept(&caller).await.unwrap();
        assert_eq!(stage.number(verified, args![user]).await, 1);
        assert_eq!(stage.status(globex).await, "accepted");
    })
    .await;
}

#[tokio::test]
async fn s13_an_address_with_an_account_has_to_sign_in_and_keeps_password_and_name() {
    on_every_engine(|stage| async move {
        let (bundle, token) = stage.invited("mara@new.test").await;
        let (_, before) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        let user = stage.user("mara@new.test", "Mariella", false).await;
        let (landing, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        assert_eq!(landing.next, NextStep::SignIn);
        for caller in [&before, &landed] {
            let answer = stage.landing.register(caller, Stage::form()).await;
            assert_eq!(code_of(answer.unwrap_err()), "account_exists");
        }
        assert_eq!(
            stage.landing.accept(&landed).await.unwrap_err(),
            ApiError::SignInFirst
        );
        assert_eq!(stage.status(bundle).await, "pending");
        let name = "SELECT first_name FROM users WHERE id = $1";
        assert_eq!(stage.text(name, args![user]).await, "Mariella");
        let hash = "SELECT password_hash FROM users WHERE id = $1";
        assert_eq!(stage.text(hash, args![user]).await, "$argon2id$none");

        let signed_in = Caller {
            landing: landed.landing,
            ..stage.signed_in(user).await
        };
        assert_eq!(
            stage.landing.show(&signed_in).await.unwrap().next,
            NextStep::Accept
        );
        stage.landing.accept(&signed_in).await.unwrap();
        assert_eq!(stage.status(bundle).await, "accepted");
        assert_eq!(role_of(&stage, user).await, "learner");
        let verified = "SELECT email_verified FROM users WHERE id = $1";
        assert_eq!(
            stage.number(verified, args![user]).await,
            1,
            "the mail proved it"
        );
    })
    .await;
}

#[tokio::test]
async fn s23_a_members_role_never_changes_and_the_ceiling_holds_at_accept() {
    on_every_engine(|stage| async move {
        // A member who is invited again, lower and higher, keeps the role.
        for (email, own, invited) in [
            ("one@new.test", Role::Instructor, Role::Learner),
            ("two@new.test", Role::Learner, Role::Admin),
        ] {
            let user = stage.user(email, "Mara", true).await;
            stage.member(stage.acme, user, own).await;
            stage
                .invite(Invite {
                    role: invited,
                    user: Some(user),
                    ..stage.to_acme(email)
                })
                .await;
            stage.send_mails().await;
            let token = stage.mailed_token(email);
            let caller = stage.signed_in(user).await;
            let (_, caller) = stage.open(&caller, &token).await.unwrap();
            stage.landing.accept(&caller).await.unwrap();
            assert_eq!(role_of(&stage, user).await, own.as_str());
        }
        // The inviter is no admin any more when the invitation is accepted.
        let bundle = stage
            .invite(Invite {
                role: Role::Admin,
                ..stage.to_acme("boss@new.test")
            })
            .await;
        stage.send_mails().await;
        let token = stage.mailed_token("boss@new.test");
        let (_, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        stage
            .sql(
                "UPDATE memberships SET role = 'learner' WHERE user_id = $1",
                args![stage.ada],
            )
            .await;
        let answer = stage.landing.register(&landed, Stage::form()).await;
        assert_eq!(answer.unwrap_err(), ApiError::NotFound);
        assert_eq!(stage.status(bundle).await, "pending");
    })
    .await;
}

#[tokio::test]
async fn s24_the_home_does_not_offer_what_its_inviter_could_no_longer_make() {
    on_every_engine(|stage| async move {
        let mara = stage.user("mara@new.test", "Mara", true).await;
        stage
            .invite(Invite {
                user: Some(mara),
                ..stage.to_acme("mara@new.test")
            })
            .await;
        let caller = stage.signed_in(mara).await;
        let home = stage.mine.home(&caller).await.unwrap();
        assert_eq!(home.invitations.len(), 1);
        let offered = home.invitations[0].invitation;
        stage
            .sql(
                "DELETE FROM memberships WHERE user_id = $1",
                args![stage.ada],
            )
            .await;
        assert_eq!(
            stage.mine.accept(&caller, offered).await.unwrap_err(),
            ApiError::NotFound
        );
        let home = stage.mine.home(&caller).await.unwrap();
        assert_eq!(home.invitations, []);
    })
    .await;
}

#[tokio::test]
async fn s25_an_item_of_another_tenant_is_not_offered() {
    on_every_engine(|stage| async move {
        let bundle = stage
            .invite(Invite {
                items: vec![("course", stage.course)],
                ..stage.to_acme("mara@new.test")
            })
            .await;
        stage.send_mails().await;
        let token = stage.mailed_token("mara@new.test");
        let (_, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        let give = "UPDATE catalog_items SET tenant_id = $1 WHERE id = $2";
        stage.sql(give, args![stage.globex, stage.course]).await;
        let answer = stage.landing.register(&landed, Stage::form()).await;
        assert_eq!(answer.unwrap_err(), ApiError::NotFound);
        assert_eq!(stage.status(bundle).await, "pending");
        stage.sql(give, args![stage.acme, stage.course]).await;
        stage.register(&landed).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_taken_external_id_does_not_keep_the_person_out() {
    on_every_engine(|stage| async move {
        for email in ["one@new.test", "two@new.test"] {
            stage
                .invite(Invite {
                    external_id: Some("P-1"),
                    ..stage.to_acme(email)
                })
                .await;
        }
        stage.send_mails().await;
        for email in ["one@new.test", "two@new.test"] {
            let token = stage.mailed_token(email);
            let (_, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();
            stage.register(&landed).await.unwrap();
        }
        let with = "SELECT COUNT(*) FROM memberships WHERE external_id = 'P-1'";
        assert_eq!(stage.number(with, args![]).await, 1);
        let dropped = "SELECT COUNT(*) FROM audit_events
            WHERE action = 'membership.external_id_dropped'";
        assert_eq!(stage.number(dropped, args![]).await, 1);
    })
    .await;
}

#[tokio::test]
async fn proving_the_mailbox_makes_every_invitation_to_it_the_users() {
    on_every_engine(|stage| async move {
        let (_, token) = stage.invited("mara@new.test").await;
        let globex = stage
            .invite(Invite {
                tenant: stage.globex,
                inviter: stage.gil,
                ..stage.to_acme("mara@new.test")
            })
            .await;
        let course = stage
            .invite(Invite {
                platform: false,
                items: vec![("course", stage.course)],
                ..stage.to_acme("mara@new.test")
            })
            .await;
        let (_, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        let user = stage.register(&landed).await.unwrap();
        let keyed = "SELECT COUNT(*) FROM invitations WHERE invitee_key = $1";
        assert_eq!(stage.number(keyed, args![user.to_string()]).await, 3);
        let caller = stage.signed_in(user).await;
        let home = stage.mine.home(&caller).await.unwrap();
        let pending: Vec<_> = home
            .invitations
            .iter()
            .filter(|one| one.status == InvitationStatus::Pending)
            .collect();
        assert_eq!(pending.len(), 2);
        for one in pending {
            if one.tenant == "Globex Institute" {
                stage.mine.decline(&caller, one.invitation).await.unwrap();
                stage.clock.advance_seconds(10);
                jobs::declines::commit_batch(&stage.desk).await.unwrap();
            } else {
                stage.mine.accept(&caller, one.invitation).await.unwrap();
            }
            for answer in [
                stage.mine.accept(&caller, one.invitation).await,
                stage.mine.decline(&caller, one.invitation).await,
            ] {
                assert_eq!(answer.unwrap_err(), ApiError::NotFound, "once is enough");
            }
        }
        assert_eq!(stage.status(globex).await, "declined");
        assert_eq!(stage.status(course).await, "accepted");
    })
    .await;
}

#[tokio::test]
async fn i2_an_invitation_that_the_user_has_twice_after_proving_is_revoked() {
    on_every_engine(|stage| async move {
        let user = stage.user("mara@new.test", "Mara", false).await;
        let (_, token) = stage.invited("mara@new.test").await;
        // The same course once to the user, once to the address.
        for user in [Some(user), None] {
            stage
                .invite(Invite {
                    platform: false,
                    items: vec![("course", stage.course)],
                    user,
                    ..stage.to_acme("mara@new.test")
                })
                .await;
        }
        let caller = stage.signed_in(user).await;
        let (_, caller) = stage.open(&caller, &token).await.unwrap();
        stage.landing.accept(&caller).await.unwrap();
        let live = "SELECT COUNT(*) FROM invitations WHERE target_id = $1 AND status = $2";
        assert_eq!(stage.number(live, args![stage.course, "pending"]).await, 1);
        assert_eq!(stage.number(live, args![stage.course, "revoked"]).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_course_without_a_membership_makes_a_learner() {
    on_every_engine(|stage| async move {
        stage
            .invite(Invite {
                platform: false,
                role: Role::Admin,
                items: vec![("course", stage.course)],
                ..stage.to_acme("mara@new.test")
            })
            .await;
        stage.send_mails().await;
        let token = stage.mailed_token("mara@new.test");
        let (_, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        let user = stage.register(&landed).await.unwrap();
        assert_eq!(role_of(&stage, user).await, "learner");
    })
    .await;
}

#[tokio::test]
async fn i3_membership_and_enrollment_come_with_the_acceptance_or_not_at_all() {
    on_every_engine(|stage| async move {
        let bundle = stage
            .invite(Invite {
                items: vec![("course", stage.course)],
                ..stage.to_acme("mara@new.test")
            })
            .await;
        stage.send_mails().await;
        let token = stage.mailed_token("mara@new.test");
        let (_, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();

        // The last of its statements fails: then none of them happened.
        stage
            .sql("ALTER TABLE enrollments RENAME TO away", args![])
            .await;
        assert_eq!(
            stage.register(&landed).await.unwrap_err(),
            ApiError::Internal
        );
        stage
            .sql("ALTER TABLE away RENAME TO enrollments", args![])
            .await;
        assert_eq!(stage.status(bundle).await, "pending");
        let made = "SELECT (SELECT COUNT(*) FROM users WHERE email = 'mara@new.test')
            + (SELECT COUNT(*) FROM memberships WHERE invitation_id IS NOT NULL)
            + (SELECT COUNT(*) FROM enrollments) AS n";
        assert_eq!(stage.number(made, args![]).await, 0);
        stage.check().await;

        stage.register(&landed).await.unwrap();
        assert_eq!(stage.status(bundle).await, "accepted");
        assert_eq!(stage.number(made, args![]).await, 3);
    })
    .await;
}
