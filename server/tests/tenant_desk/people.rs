//! Roles, labels, removal.

use app::{
    api::{
        ApiError,
        people::{ListPeople, MemberRef, Pendings, RemoveMember, SetGroup, SetRole},
    },
    domain::{id::UserId, role::Role},
    ports::{Caller, People as _},
};
use server::{
    args,
    services::people::{PeopleService, revoke_gone},
};

use crate::stage::{Invite, Stage, on_every_engine};

fn people(stage: &Stage) -> PeopleService {
    PeopleService::new(stage.desk.clone())
}

fn role(user: UserId, role: Role, pendings: Pendings) -> SetRole {
    SetRole {
        tenant: "acme".to_owned(),
        user,
        role,
        pendings,
    }
}

fn removal(user: UserId, pendings: Pendings) -> RemoveMember {
    RemoveMember {
        tenant: "acme".to_owned(),
        user,
        pendings,
    }
}

fn code(answer: Result<(), ApiError>) -> String {
    match answer {
        Err(ApiError::Conflict { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

/// Bea, another admin of Acme, and a super-admin.
async fn others(stage: &Stage) -> (UserId, Caller, Caller) {
    let bea = stage.user("bea@acme.test", "Bea", true).await;
    stage.member(stage.acme, bea, Role::Admin).await;
    let sana = stage.user("sana@beckon.test", "Sana", true).await;
    stage
        .sql(
            "UPDATE users SET super_admin = 1 WHERE id = $1",
            args![sana],
        )
        .await;
    (bea, stage.signed_in(bea).await, stage.signed_in(sana).await)
}

#[tokio::test]
async fn s24_an_inviter_who_is_demoted_hands_over_or_is_revoked_with_the_reason() {
    on_every_engine(|stage| async move {
        let (_, bea, _) = others(&stage).await;
        let (kept, token) = stage.invited("mara@new.test").await;
        let people = people(&stage);
        let named = MemberRef {
            tenant: "acme".to_owned(),
            user: stage.ada,
        };
        assert_eq!(people.ties(&bea, named).await.unwrap().invited, 1);
        people
            .set_role(&bea, role(stage.ada, Role::Learner, Pendings::TakeOver))
            .await
            .unwrap();
        // The link that was mailed goes on working: Bea answers for it.
        let (landing, _) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        assert_eq!(landing.inviter, "Bea Example");
        assert_eq!(stage.status(kept).await, "pending");

        // Back again, and now what is new is revoked.
        people
            .set_role(&bea, role(stage.ada, Role::Admin, Pendings::TakeOver))
            .await
            .unwrap();
        let lost = stage.invite(stage.to_acme("noa@new.test")).await;
        people
            .set_role(&bea, role(stage.ada, Role::Instructor, Pendings::Revoke))
            .await
            .unwrap();
        assert_eq!(stage.status(lost).await, "revoked");
        assert_eq!(stage.status(kept).await, "pending");
        let reason = "SELECT reason FROM invitations WHERE bundle_id = $1";
        assert_eq!(
            stage.text(reason, args![lost]).await,
            "Whoever invited may no longer invite here."
        );
        let changed = "SELECT COUNT(*) FROM audit_events WHERE action = 'membership.role_changed'";
        assert_eq!(stage.number(changed, args![]).await, 3);
    })
    .await;
}

#[tokio::test]
async fn s24_what_was_being_written_is_revoked_too_and_what_comes_later_is_not() {
    on_every_engine(|stage| async move {
        let (_, bea, _) = others(&stage).await;
        let people = people(&stage);
        let demoted = role(stage.ada, Role::Learner, Pendings::Revoke);
        people.set_role(&bea, demoted).await.unwrap();
        // It was on its way while the right ended.
        let late = stage.invite(stage.to_acme("mara@new.test")).await;
        assert_eq!(revoke_gone(&stage.desk).await.unwrap(), 1);
        assert_eq!(stage.status(late).await, "revoked");
        stage.clock.advance_seconds(61);
        let again = role(stage.ada, Role::Admin, Pendings::Revoke);
        people.set_role(&bea, again).await.unwrap();
        let new = stage.invite(stage.to_acme("noa@new.test")).await;
        assert_eq!(revoke_gone(&stage.desk).await.unwrap(), 0);
        assert_eq!(stage.status(new).await, "pending");
        let left = "SELECT COUNT(*) FROM inviters_gone";
        assert_eq!(stage.number(left, args![]).await, 0);
    })
    .await;
}

#[tokio::test]
async fn s24_a_removed_member_loses_what_hangs_on_the_membership() {
    on_every_engine(|stage| async move {
        let (_, bea, _) = others(&stage).await;
        let bundle = stage
            .invite(Invite {
                items: vec![("course", stage.course)],
                ..stage.to_acme("mara@new.test")
            })
            .await;
        stage.send_mails().await;
        let token = stage.mailed_token("mara@new.test");
        let (_, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        let mara = stage.register(&landed).await.unwrap();
        let waiting = stage
            .invite(Invite {
                platform: false,
                items: vec![("program", stage.program)],
                user: Some(mara),
                ..stage.to_acme("mara@new.test")
            })
            .await;
        let people = people(&stage);
        let named = MemberRef {
            tenant: "acme".to_owned(),
            user: mara,
        };
        let ties = people.ties(&bea, named.clone()).await.unwrap();
        assert_eq!((ties.invited, ties.waiting, ties.courses), (0, 1, 1));
        people
            .remove(&bea, removal(mara, Pendings::TakeOver))
            .await
            .unwrap();
        assert_eq!(stage.status(bundle).await, "accepted");
        assert_eq!(stage.status(waiting).await, "revoked");
        for rest in [
            "SELECT COUNT(*) FROM memberships WHERE user_id = $1",
            "SELECT COUNT(*) FROM enrollments WHERE user_id = $1",
        ] {
            assert_eq!(stage.number(rest, args![mara]).await, 0);
        }
        // Gone is gone: the same answer as for somebody who never was one.
        let again = people.remove(&bea, removal(mara, Pendings::TakeOver)).await;
        assert_eq!(again.unwrap_err(), ApiError::NotFound);
        assert_eq!(
            people.ties(&bea, named).await.unwrap_err(),
            ApiError::NotFound
        );
    })
    .await;
}

#[tokio::test]
async fn the_last_admin_stays_and_nobody_changes_the_own_membership() {
    on_every_engine(|stage| async move {
        let people = people(&stage);
        let ada = stage.signed_in(stage.ada).await;
        let own = people
            .set_role(&ada, role(stage.ada, Role::Learner, Pendings::Revoke))
            .await;
        assert_eq!(code(own), "own_membership");
        let own = people
            .remove(&ada, removal(stage.ada, Pendings::Revoke))
            .await;
        assert_eq!(code(own), "own_membership");

        let sana = stage.user("sana@beckon.test", "Sana", true).await;
        stage
            .sql(
                "UPDATE users SET super_admin = 1 WHERE id = $1",
                args![sana],
            )
            .await;
        let sana = stage.signed_in(sana).await;
        let last = people
            .set_role(&sana, role(stage.ada, Role::Learner, Pendings::Revoke))
            .await;
        assert_eq!(code(last), "last_admin");
        let last = people
            .remove(&sana, removal(stage.ada, Pendings::Revoke))
            .await;
        assert_eq!(code(last), "last_admin");
    })
    .await;
}

#[tokio::test]
async fn two_admins_who_demote_each_other_leave_one() {
    on_every_engine(|stage| async move {
        let (bea, as_bea, _) = others(&stage).await;
        let as_ada = stage.signed_in(stage.ada).await;
        let people = people(&stage);
        let (one, other) = tokio::join!(
            people.set_role(&as_ada, role(bea, Role::Learner, Pendings::TakeOver)),
            people.set_role(&as_bea, role(stage.ada, Role::Learner, Pendings::TakeOver)),
        );
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        let admins = "SELECT COUNT(*) FROM memberships WHERE tenant_id = $1 AND role = 'admin'";
        assert_eq!(stage.number(admins, args![stage.acme]).await, 1);
    })
    .await;
}

#[tokio::test]
async fn s23_s27_only_own_members_are_changed_and_labels_are_read_as_a_file_has_them() {
    on_every_engine(|stage| async move {
        let people = people(&stage);
        let ada = stage.signed_in(stage.ada).await;
        // Gil has an account, and is nobody here.
        let missing = UserId(stage.desk.new_id());
        for stranger in [stage.gil, missing] {
            let answer = people
                .set_role(&ada, role(stranger, Role::Admin, Pendings::TakeOver))
                .await;
            assert_eq!(answer.unwrap_err(), ApiError::NotFound);
            let group = SetGroup {
                tenant: "acme".to_owned(),
                user: stranger,
                group: "x".to_owned(),
            };
            assert_eq!(
                people.set_group(&ada, group).await.unwrap_err(),
                ApiError::NotFound
            );
        }
        let group = |text: &str| SetGroup {
            tenant: "acme".to_owned(),
            user: stage.ada,
            group: text.to_owned(),
        };
        people
            .set_group(&ada, group(" ward 3 | night| ward 3 |"))
            .await
            .unwrap();
        let page = people
            .list(
                &ada,
                ListPeople {
                    tenant: "acme".to_owned(),
                    ..ListPeople::default()
                },
            )
            .await
            .unwrap();
        assert_eq!(page.people[0].group, "ward 3|night");
        for wrong in ["a\nb", &"x".repeat(201)] {
            let answer = people.set_group(&ada, group(wrong)).await;
            assert!(matches!(answer, Err(ApiError::Invalid { .. })));
        }
    })
    .await;
}
