//! Accounts, as super-admins make, change and see them.

use app::{
    api::{
        ApiError,
        invitations::BundleRef,
        users::{CreateUser, EditUser, UserInvitation},
    },
    domain::{id::UserId, invitation::InvitationStatus, role::Role},
    ports::{Invitations as _, Mine as _, Users as _},
};
use server::{
    args, jobs,
    services::{people::revoke_gone, users::UsersService},
};

use crate::{
    stage::{Invite, on_every_engine},
    tenants::root,
};

fn new(email: &str, username: &str) -> CreateUser {
    CreateUser {
        first_name: "Mara".to_owned(),
        last_name: "Muster".to_owned(),
        email: email.to_owned(),
        username: username.to_owned(),
        mail: false,
    }
}

/// From the address that is shown to another.
fn edit(user: UserId, [before, email]: [&str; 2], username: &str) -> EditUser {
    EditUser {
        user,
        first_name: "Mara".to_owned(),
        last_name: "Neu".to_owned(),
        email: email.to_owned(),
        email_before: before.to_owned(),
        username: username.to_owned(),
    }
}

fn fields<T: std::fmt::Debug>(answer: Result<T, ApiError>) -> Vec<String> {
    match answer {
        Err(ApiError::Invalid { fields, .. }) => fields.into_iter().map(|one| one.field).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_account_is_made_without_a_password_and_without_a_mail() {
    on_every_engine(|stage| async move {
        let (_, root) = root(&stage).await;
        let users = UsersService::new(stage.desk.clone());
        let mara = users
            .create(&root, new("Mara@New.Test", " Mara.M "))
            .await
            .unwrap();
        let shown = users.show(&root, mara).await.unwrap();
        assert_eq!(
            (shown.line.email.as_str(), shown.username.as_str()),
            ("Mara@New.Test", "mara.m")
        );
        assert!(!shown.line.email_verified && shown.line.without_password);
        assert_eq!(
            stage
                .number("SELECT COUNT(*) FROM account_mails", args![])
                .await,
            0
        );
        let audited = "SELECT COUNT(*) FROM audit_events WHERE action = 'user.created'
            AND subject_id = $1";
        assert_eq!(stage.number(audited, args![mara]).await, 1);
        // The same address in other letters, the same username, and what is no address.
        assert_eq!(
            fields(users.create(&root, new("mara@NEW.test", "")).await),
            ["email"]
        );
        assert_eq!(
            fields(users.create(&root, new("b@new.test", "MARA.M")).await),
            ["username"]
        );
        assert_eq!(
            fields(users.create(&root, new("nobody", "x y")).await),
            ["username", "email"]
        );
        assert_eq!(
            users
                .show(&root, UserId(stage.desk.new_id()))
                .await
                .unwrap_err(),
            ApiError::NotFound
        );
        // Asked for, a link to choose a password is mailed.
        let mailed = CreateUser {
            mail: true,
            ..new("noa@new.test", "")
        };
        users.create(&root, mailed).await.unwrap();
        let queued = "SELECT COUNT(*) FROM account_mails WHERE purpose = 'reset'
            AND email = 'noa@new.test' AND status = 'queued'";
        assert_eq!(stage.number(queued, args![]).await, 1);
        jobs::account_mails::send_batch(&stage.desk, &stage.mailer)
            .await
            .unwrap();
        assert_eq!(stage.memory.mails().last().unwrap().mail.to, "noa@new.test");
    })
    .await;
}

#[tokio::test]
async fn a_changed_address_takes_over_what_waits_for_it_in_the_same_transaction() {
    on_every_engine(|stage| async move {
        let (root_id, root) = root(&stage).await;
        let users = UsersService::new(stage.desk.clone());
        let mara = stage.user("mara@old.test", "Mara", true).await;
        stage.member(stage.acme, mara, Role::Learner).await;
        stage
            .invite(Invite {
                tenant: stage.globex,
                inviter: stage.gil,
                ..stage.to_acme("mara@new.test")
            })
            .await;
        for (email, user) in [("mara@old.test", Some(mara)), ("mara@new.test", None)] {
            let course = Invite {
                platform: false,
                items: vec![("course", stage.course)],
                user,
                ..stage.to_acme(email)
            };
            stage.invite(course).await;
        }
        let own = stage.signed_in(mara).await;
        assert_eq!(stage.mine.home(&own).await.unwrap().invitations.len(), 1);
        users
            .edit(
                &root,
                edit(mara, ["mara@old.test", "Mara@new.test"], "mara"),
            )
            .await
            .unwrap();
        // What the person had already is revoked by whoever changed the address.
        let twice = "SELECT COUNT(*) FROM audit_events WHERE action = 'invitation.revoked'
            AND actor_id = $1";
        assert_eq!(stage.number(twice, args![root_id]).await, 1);
        // Whoever was signed in may have been somebody else.
        let sessions = "SELECT COUNT(*) FROM sessions WHERE user_id = $1";
        assert_eq!(stage.number(sessions, args![mara]).await, 0);
        let own = stage.signed_in(mara).await;
        let waiting = stage.mine.home(&own).await.unwrap().invitations;
        let waiting = waiting
            .iter()
            .filter(|one| one.status == InvitationStatus::Pending);
        assert_eq!(waiting.count(), 2);
        let shown = users.show(&root, mara).await.unwrap();
        assert_eq!(
            (
                shown.line.email.as_str(),
                shown.last_name.as_str(),
                shown.username.as_str()
            ),
            ("Mara@new.test", "Neu", "mara")
        );
        assert_eq!(shown.memberships.len(), 1);
        assert_eq!(shown.memberships[0].tenant.slug, "acme");
        let there = |one: &&UserInvitation| one.tenant.slug == "globex";
        let Some(invitation) = shown.invitations.iter().find(there) else {
            panic!("{:?}", shown.invitations);
        };
        assert_eq!(
            (invitation.tenant.slug.as_str(), invitation.status),
            ("globex", InvitationStatus::Pending)
        );
        let by = "SELECT COUNT(*) FROM audit_events WHERE subject_id = $1 AND actor_id = $2
            AND action IN ('user.email_changed', 'user.renamed')";
        assert_eq!(stage.number(by, args![mara, root_id]).await, 2);
        // The old address is told.
        let told = "SELECT COUNT(*) FROM account_mails WHERE purpose = 'changed'
            AND email_typed = 'mara@old.test'";
        assert_eq!(stage.number(told, args![]).await, 1);
        // Nobody takes what somebody else has, and nothing of it is kept then.
        assert_eq!(
            fields(
                users
                    .edit(&root, edit(mara, ["Mara@new.test", "gil@globex.test"], ""))
                    .await
            ),
            ["email"]
        );
        // A page that shows an older address moves nobody back to it; one that leaves it
        // alone changes the name only.
        let late = users
            .edit(
                &root,
                edit(mara, ["mara@old.test", "late@new.test"], "mara"),
            )
            .await;
        assert!(matches!(late, Err(ApiError::Conflict { .. })), "{late:?}");
        users
            .edit(
                &root,
                edit(mara, ["mara@old.test", "mara@old.test"], "mara"),
            )
            .await
            .unwrap();
        let shown = users.show(&root, mara).await.unwrap();
        assert_eq!(shown.line.email, "Mara@new.test");
        // Nobody keeps an account by its open session: neither the own one, nor a peer's.
        let peer = stage.user("peer@beckon.test", "Peer", true).await;
        let raise = "UPDATE users SET super_admin = 1 WHERE id = $1";
        stage.sql(raise, args![peer]).await;
        for (user, before) in [(root_id, "root@beckon.test"), (peer, "peer@beckon.test")] {
            let moved = users
                .edit(&root, edit(user, [before, "evil@new.test"], ""))
                .await;
            assert_eq!(fields(moved), ["email"]);
        }
        let shown = users.show(&root, mara).await.unwrap();
        assert_eq!(shown.username, "mara");
        let gone = UserId(stage.desk.new_id());
        let gone = edit(gone, ["x@new.test", "x@new.test"], "");
        assert_eq!(
            users.edit(&root, gone).await.unwrap_err(),
            ApiError::NotFound
        );
    })
    .await;
}

#[tokio::test]
async fn the_same_address_in_other_letters_is_kept_as_typed_and_moves_nothing() {
    on_every_engine(|stage| async move {
        let (_, root) = root(&stage).await;
        let users = UsersService::new(stage.desk.clone());
        let mara = stage.user("mara@new.test", "Mara", true).await;
        let typed = |[before, email]: [&str; 2]| edit(mara, [before, email], "");
        users
            .edit(&root, typed(["mara@new.test", "Mara@NEW.test"]))
            .await
            .unwrap();
        let shown = users.show(&root, mara).await.unwrap();
        assert_eq!(shown.line.email, "Mara@NEW.test");
        assert!(shown.line.email_verified);
        // Nobody is told, and the change is on record.
        for (count, n) in [
            ("SELECT COUNT(*) FROM account_mails WHERE user_id = $1", 0),
            (
                "SELECT COUNT(*) FROM audit_events WHERE subject_id = $1
                    AND action = 'user.email_changed'",
                1,
            ),
        ] {
            assert_eq!(stage.number(count, args![mara]).await, n, "{count}");
        }
        // Somebody who saw the older spelling does not bring it back.
        let late = users
            .edit(&root, typed(["mara@new.test", "MARA@new.test"]))
            .await;
        assert!(matches!(late, Err(ApiError::Conflict { .. })), "{late:?}");
        let shown = users.show(&root, mara).await.unwrap();
        assert_eq!(shown.line.email, "Mara@NEW.test");
    })
    .await;
}

#[tokio::test]
async fn an_unproved_address_stays_unproved_where_only_the_name_changes() {
    on_every_engine(|stage| async move {
        let (_, root) = root(&stage).await;
        let users = UsersService::new(stage.desk.clone());
        let mara = users.create(&root, new("mara@new.test", "")).await.unwrap();
        stage.invite(stage.to_acme("mara@new.test")).await;
        users
            .edit(
                &root,
                edit(mara, ["mara@new.test", "mara@new.test"], "mara"),
            )
            .await
            .unwrap();
        let own = stage.signed_in(mara).await;
        assert!(stage.mine.home(&own).await.unwrap().invitations.is_empty());
        // Who may see everything sees what waits for the address.
        let shown = users.show(&root, mara).await.unwrap();
        assert!(!shown.line.email_verified && shown.invitations.len() == 1);
    })
    .await;
}

#[tokio::test]
async fn s24_what_a_deleted_account_had_sent_is_revoked_and_says_why() {
    on_every_engine(|stage| async move {
        let (_, root) = root(&stage).await;
        let users = UsersService::new(stage.desk.clone());
        let bea = stage.user("bea@acme.test", "Bea", true).await;
        stage.member(stage.acme, bea, Role::Admin).await;
        stage.member(stage.globex, bea, Role::Admin).await;
        let here = stage
            .invite(Invite {
                inviter: bea,
                ..stage.to_acme("mara@new.test")
            })
            .await;
        let there = stage
            .invite(Invite {
                inviter: bea,
                tenant: stage.globex,
                ..stage.to_acme("noa@new.test")
            })
            .await;
        let others = stage.invite(stage.to_acme("olga@new.test")).await;
        users.delete(&root, bea).await.unwrap();
        for bundle in [here, there] {
            assert_eq!(stage.status(bundle).await, "revoked");
            let why = "SELECT reason FROM invitations WHERE bundle_id = $1";
            assert_eq!(
                stage.text(why, args![bundle]).await,
                "Whoever invited may no longer invite here."
            );
        }
        assert_eq!(stage.status(others).await, "pending");
        // The timeline of the page shows it.
        let ada = stage.signed_in(stage.ada).await;
        let named = BundleRef {
            tenant: "acme".to_owned(),
            bundle: here,
        };
        let page = stage.invitations.show(&ada, named).await.unwrap();
        assert!(!page.orphaned);
        let revoked = "SELECT COUNT(*) FROM audit_events WHERE action = 'invitation.revoked'";
        assert_eq!(stage.number(revoked, args![]).await, 2);
    })
    .await;
}

#[tokio::test]
async fn s24_what_a_stop_leaves_of_a_deleted_account_is_revoked_at_the_next_start() {
    on_every_engine(|stage| async move {
        let (root_id, _) = root(&stage).await;
        let bea = stage.user("bea@acme.test", "Bea", true).await;
        stage.member(stage.acme, bea, Role::Admin).await;
        let bundle = stage
            .invite(Invite {
                inviter: bea,
                ..stage.to_acme("mara@new.test")
            })
            .await;
        // The account went, and the process with it.
        let now = stage.desk.now();
        stage
            .desk
            .storage
            .write(move |tx| Box::pin(tx.delete_account(bea, root_id, now)))
            .await
            .unwrap();
        assert_eq!(stage.status(bundle).await, "pending");
        assert_eq!(revoke_gone(&stage.desk).await.unwrap(), 1);
        assert_eq!(stage.status(bundle).await, "revoked");
        let by = "SELECT COUNT(*) FROM audit_events WHERE action = 'invitation.revoked'
            AND actor_id = $1";
        assert_eq!(stage.number(by, args![root_id]).await, 1);
    })
    .await;
}

#[tokio::test]
async fn two_who_take_one_address_at_once_are_one_and_a_refusal() {
    on_every_engine(|stage| async move {
        let (_, root) = root(&stage).await;
        let users = UsersService::new(stage.desk.clone());
        let (one, other) = tokio::join!(
            users.create(&root, new("mara@new.test", "")),
            users.create(&root, new("mara@new.test", "")),
        );
        assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
        let count = "SELECT COUNT(*) FROM users WHERE email = 'mara@new.test'";
        assert_eq!(stage.number(count, args![]).await, 1);
    })
    .await;
}
