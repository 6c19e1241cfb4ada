//! Users and memberships.

use app::domain::role::Role;
use server::{args, storage::PasswordHash};

use crate::db::{Db, clash, contract, refused};

contract!(an_address_has_one_account, |db| {
    let mara = db.user("mara@new.test").await;
    let twice = Db::new_user("mara@new.test");
    let constraint = clash(
        db.try_write(|tx| Box::pin(tx.insert_users(vec![Db::new_user("b@new.test"), twice])))
            .await,
    );
    assert!(constraint.contains("email"), "{constraint}");
    let users = db.write(|tx| Box::pin(tx.count_users())).await;
    assert_eq!(users, 1, "all or nothing");
    let (found, hash) = db
        .write(|tx| Box::pin(tx.user_by_email("mara@new.test")))
        .await
        .unwrap();
    assert_eq!((found.id, hash.is_none()), (mara, true));
    // Bytes are compared: case is Rust's business.
    let other = db
        .write(|tx| Box::pin(tx.user_by_email("Mara@new.test")))
        .await;
    assert!(other.is_none());
});

contract!(a_username_is_unique_where_there_is_one, |db| {
    let set = "UPDATE users SET username = $2 WHERE id = $1";
    let (a, b) = (db.user("a@new.test").await, db.user("b@new.test").await);
    db.sql(set, args![a, "mara"]).await;
    let constraint = clash(db.try_sql(set, args![b, "mara"]).await);
    assert!(constraint.contains("username"), "{constraint}");
});

contract!(the_command_line_makes_a_super_admin, |db| {
    let mara = db.user("mara@new.test").await;
    let hash = PasswordHash("$argon2id$other".to_owned());
    db.write(|tx| Box::pin(tx.make_super_admin(mara, hash)))
        .await;
    let (user, hash) = db
        .write(|tx| Box::pin(tx.user_by_email("mara@new.test")))
        .await
        .unwrap();
    assert!(user.super_admin);
    assert_eq!(hash.unwrap().0, "$argon2id$other");
});

contract!(many_addresses_are_asked_for_at_once, |db| {
    let tenant = db.tenant("acme").await;
    let users: Vec<_> = (0..1_100)
        .map(|n| Db::new_user(&format!("p{n}@new.test")))
        .collect();
    let (first, last) = (users[0].id, users[1_099].id);
    db.write(|tx| Box::pin(tx.insert_users(users))).await;
    db.member(tenant, last, Role::Instructor).await;
    let asked: Vec<String> = (0..1_200).map(|n| format!("p{n}@new.test")).collect();
    let known = db
        .write(|tx| Box::pin(async move { tx.users_by_emails(tenant, &asked).await }))
        .await;
    assert_eq!(known.len(), 1_100);
    assert_eq!(known["p0@new.test"].id, first);
    assert_eq!(known["p0@new.test"].role, None);
    assert_eq!(known["p1099@new.test"].role, Some(Role::Instructor));
});

contract!(a_membership_is_made_once_and_then_stays, |db| {
    let (tenant, user) = (db.tenant("acme").await, db.user("a@new.test").await);
    for (role, made) in [(Role::Learner, 1), (Role::Admin, 0)] {
        let new = Db::new_member(tenant, user, role);
        let made_now = db
            .write(|tx| Box::pin(tx.insert_memberships(vec![new])))
            .await;
        assert_eq!(made_now, made);
    }
    let lines = db.write(|tx| Box::pin(tx.memberships_of(user))).await;
    assert_eq!(lines.len(), 1);
    assert_eq!(
        (lines[0].slug.as_str(), lines[0].role),
        ("acme", Role::Learner)
    );
    db.sql("UPDATE tenants SET disabled_at = 1", args![]).await;
    let lines = db.write(|tx| Box::pin(tx.memberships_of(user))).await;
    assert!(lines.is_empty(), "a disabled tenant is nobody's");
});

contract!(an_external_id_is_unique_in_its_tenant, |db| {
    let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
    let (a, b) = (db.user("a@new.test").await, db.user("b@new.test").await);
    let with = |tenant, user| server::storage::NewMembership {
        external_id: Some("P-1".to_owned()),
        ..Db::new_member(tenant, user, Role::Learner)
    };
    db.write(|tx| Box::pin(tx.insert_memberships(vec![with(acme, a), with(globex, b)])))
        .await;
    let constraint = clash(
        db.try_write(|tx| Box::pin(tx.insert_memberships(vec![with(acme, b)])))
            .await,
    );
    assert!(constraint.contains("external"), "{constraint}");
});

contract!(i7_no_role_outside_the_three, |db| {
    let (tenant, user) = (db.tenant("acme").await, db.user("a@new.test").await);
    db.member(tenant, user, Role::Learner).await;
    refused(
        db.try_sql("UPDATE memberships SET role = 'owner'", args![])
            .await,
    );
    refused(
        db.try_sql("UPDATE users SET email_verified = 2", args![])
            .await,
    );
});

contract!(members_come_by_name_a_page_at_a_time, |db| {
    let tenant = db.tenant("acme").await;
    for n in 0..7 {
        let user = db.user(&format!("p{n}@new.test")).await;
        db.member(tenant, user, Role::Learner).await;
    }
    let mut seen = Vec::new();
    let mut from = server::storage::AfterMember::default();
    loop {
        let after = from.clone();
        let page = db
            .write(move |tx| {
                Box::pin(async move {
                    let words = ["mara".to_owned(), "new.test".to_owned()];
                    tx.members(tenant, &words, after, 3).await
                })
            })
            .await;
        let Some(last) = page.last() else { break };
        from = server::storage::AfterMember {
            search_text: last.search_text.clone(),
            user: last.user.0,
        };
        seen.extend(page.into_iter().map(|member| member.email));
    }
    let expected: Vec<String> = (0..7).map(|n| format!("p{n}@new.test")).collect();
    assert_eq!(seen, expected);
});
