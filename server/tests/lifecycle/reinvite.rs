//! What came to an end is made anew, linked to the one before.

use app::{
    api::invitations::Event,
    domain::role::Role,
    ports::{Invitations as _, LandingPort as _},
};
use server::args;

use crate::{
    acme, audited, code, happened, page,
    stage::{Invite, Stage, on_every_engine},
};

#[tokio::test]
async fn what_was_revoked_is_made_anew_with_all_that_it_was() {
    on_every_engine(|stage| async move {
        let before = stage
            .invite(Invite {
                role: Role::Instructor,
                items: vec![("course", stage.course), ("program", stage.program)],
                external_id: Some("E-1"),
                note: "Welcome.",
                ..stage.to_acme("mara@new.test")
            })
            .await;
        stage
            .sql(
                "UPDATE bundles SET labels = 'a|b', metadata = '{\"site\":\"x\"}',
                    source = 'Fair', redirect = '/welcome'",
                args![],
            )
            .await;
        stage.send_mails().await;
        let ada = stage.signed_in(stage.ada).await;
        let live = stage.invitations.reinvite(&ada, acme(before)).await;
        assert_eq!(code(live), "still_live");
        stage.invitations.revoke(&ada, acme(before)).await.unwrap();
        // Two at once make one.
        let (one, two) = tokio::join!(
            stage.invitations.reinvite(&ada, acme(before)),
            stage.invitations.reinvite(&ada, acme(before)),
        );
        let (made, refused) = if one.is_ok() { (one, two) } else { (two, one) };
        assert_eq!(code(refused), "already_invited");
        let made = made.unwrap();
        assert_eq!(made.targets.len(), 3);
        assert_eq!(
            (made.role, made.status.as_str()),
            (Role::Instructor, "pending")
        );
        let old = page(&stage, before).await;
        assert_eq!((old.next, old.previous), (Some(made.bundle), None));
        assert!(happened(&stage, before).await.contains(&Event::Reinvited));
        let new = page(&stage, made.bundle).await;
        assert_eq!(new.previous, Some(before));
        assert_eq!(
            (
                new.group.as_str(),
                new.external_id.as_str(),
                new.note.as_str()
            ),
            ("a|b", "E-1", "Welcome.")
        );
        assert_eq!(
            (new.line.source.as_str(), new.redirect.as_str()),
            ("Fair", "/welcome")
        );
        assert_eq!(new.metadata, [("site".to_owned(), "x".to_owned())]);
        let linked = "SELECT COUNT(*) FROM invitations n JOIN invitations p
            ON p.id = n.previous_id AND p.target_id = n.target_id WHERE n.bundle_id = $1";
        assert_eq!(stage.number(linked, args![made.bundle]).await, 3);
        assert_eq!(audited(&stage, "invitation.reinvited").await, 1);
        stage.send_mails().await;
        assert_eq!(stage.memory.mails().len(), 2);
        let token = stage.mailed_token("mara@new.test");
        let (_, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        stage.register(&landed).await.unwrap();
        let accepted = stage.invitations.reinvite(&ada, acme(made.bundle)).await;
        assert_eq!(code(accepted), "accepted");
        let has_it = stage.invitations.reinvite(&ada, acme(before)).await;
        assert_eq!(code(has_it), "already_member");
    })
    .await;
}

#[tokio::test]
async fn s29_an_account_that_the_tenant_does_not_know_stays_unknown() {
    on_every_engine(|stage| async move {
        let ada = stage.signed_in(stage.ada).await;
        let mara = stage.user("mara@old.test", "Mara", true).await;
        let before = stage
            .invite(Invite {
                items: vec![("course", stage.course)],
                user: Some(mara),
                ..stage.to_acme("mara@old.test")
            })
            .await;
        // Held twice: declined, and added anew by the same list.
        let twice = "INSERT INTO invitations (id, tenant_id, bundle_id, kind, binding, target_id,
                invitee_key, status, created_at, status_changed_at, expires_at)
            SELECT $1, tenant_id, bundle_id, kind, binding, target_id, invitee_key, 'declined',
                created_at, status_changed_at, expires_at
            FROM invitations WHERE bundle_id = $2 AND kind = 'course'";
        let id = stage.desk.new_id();
        stage.sql(twice, args![id, before]).await;
        let said = "INSERT INTO audit_events
                (id, tenant_id, actor_id, actor, action, subject, subject_id, at)
            SELECT $1, tenant_id, $2, 'user', 'invitation.declined', 'invitation', id, created_at
            FROM invitations WHERE id = $3";
        let event = stage.desk.new_id();
        stage.sql(said, args![event, mara, id]).await;
        stage.invitations.revoke(&ada, acme(before)).await.unwrap();
        let moved = "UPDATE users SET email = 'mara@private.test',
            email_typed = 'mara@private.test', deactivated_at = 1 WHERE id = $1";
        stage.sql(moved, args![mara]).await;
        let made = stage
            .invitations
            .reinvite(&ada, acme(before))
            .await
            .unwrap();
        assert_eq!(
            (made.email.as_str(), made.targets.len()),
            ("mara@old.test", 2)
        );
        let linked = "SELECT COUNT(*) FROM invitations n JOIN invitations p
            ON p.id = n.previous_id AND p.target_id = n.target_id WHERE n.bundle_id = $1";
        assert_eq!(stage.number(linked, args![made.bundle]).await, 2);
    })
    .await;
}

#[tokio::test]
async fn s25_s38_what_may_not_be_invited_is_not_reinvited_either() {
    on_every_engine(|stage| async move {
        let ada = stage.signed_in(stage.ada).await;
        let course = stage
            .invite(Invite {
                platform: false,
                items: vec![("course", stage.course)],
                ..stage.to_acme("course@new.test")
            })
            .await;
        let (asked, token) = stage.invited("asked@new.test").await;
        stage.invitations.revoke(&ada, acme(course)).await.unwrap();
        stage
            .sql(
                "UPDATE catalog_items SET archived_at = 1 WHERE kind = 'course'",
                args![],
            )
            .await;
        let archived = stage.invitations.reinvite(&ada, acme(course)).await;
        assert_eq!(code(archived), "archived");
        let input = app::api::landing::NeverInvite {
            token: Some(token),
            everywhere: false,
        };
        stage
            .landing
            .never(&Stage::anonymous(), input)
            .await
            .unwrap();
        let suppressed = stage.invitations.reinvite(&ada, acme(asked)).await;
        assert_eq!(code(suppressed), "suppressed");
        // S23: nobody gives more than they may by making it anew.
        let admins = stage
            .invite(Invite {
                role: Role::Admin,
                ..stage.to_acme("boss@new.test")
            })
            .await;
        stage.invitations.revoke(&ada, acme(admins)).await.unwrap();
        let gil = stage.signed_in(stage.gil).await;
        let foreign = stage.invitations.reinvite(&gil, acme(admins)).await;
        assert_eq!(foreign, Err(app::api::ApiError::NotFound));
    })
    .await;
}
