//! Lists of accounts and of courses.

use app::{
    api::{ApiError, catalog::CatalogRef},
    bulk::table::{RowDone, TableOutcome as Outcome},
    domain::invitation::InvitationKind,
    ports::{Catalog as _, Users as _},
};
use server::{
    args,
    services::{catalog::CatalogService, users::UsersService},
};

use crate::{stage::on_every_engine, tenants::root};

fn rows(text: &str) -> Vec<Vec<String>> {
    text.lines()
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}

fn told(done: &[RowDone]) -> Vec<(Outcome, u32)> {
    done.iter().map(|one| (one.outcome, one.column)).collect()
}

#[tokio::test]
async fn a_list_of_people_becomes_accounts_and_again_is_harmless() {
    on_every_engine(|stage| async move {
        let (root_id, root) = root(&stage).await;
        let users = UsersService::new(stage.desk.clone());
        let list = "Mara@new.test,Mara,Muster,mara\n\
                    nobody,x,,\n\
                    noa@new.test, Noa ,,MARA\n\
                    mara@NEW.test,,,\n\
                    ada@acme.test,Adele,,\n\
                    olga@new.test,,,";
        let done = users.upload(&root, rows(list)).await.unwrap();
        assert_eq!(
            told(&done),
            [
                (Outcome::Created, 0),
                (Outcome::Invalid, 0),
                (Outcome::DuplicateInFile, 3),
                (Outcome::DuplicateInFile, 0),
                (Outcome::Exists, 0),
                (Outcome::Created, 0),
            ]
        );
        assert!(
            done[4].message.contains("Nothing was changed"),
            "{:?}",
            done[4]
        );
        let made = "SELECT COUNT(*) FROM users WHERE email IN ('mara@new.test', 'olga@new.test')
            AND email_verified = 0 AND password_hash IS NULL";
        assert_eq!(stage.number(made, args![]).await, 2);
        let audited = "SELECT COUNT(*) FROM audit_events WHERE action = 'user.created'
            AND actor_id = $1";
        assert_eq!(stage.number(audited, args![root_id]).await, 2);
        assert_eq!(
            stage
                .number("SELECT COUNT(*) FROM account_mails", args![])
                .await,
            0
        );
        let again = users.upload(&root, rows(list)).await.unwrap();
        assert_eq!(told(&again)[0], (Outcome::Exists, 0));
        assert_eq!(again[0].message, "");
        assert_eq!(stage.number(audited, args![root_id]).await, 2);
        // A username that somebody has is said at its cell.
        let taken = users
            .upload(&root, rows("zoe@new.test,,,Mara"))
            .await
            .unwrap();
        assert_eq!(told(&taken), [(Outcome::Invalid, 3)]);
        for wrong in [Vec::new(), vec![vec![String::new(); 3]]] {
            let refused = users.upload(&root, wrong).await.unwrap_err();
            assert!(
                matches!(refused, ApiError::BadRequest { .. }),
                "{refused:?}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn ten_thousand_people_are_one_transaction_and_two_lists_at_once_are_one() {
    on_every_engine(|stage| async move {
        let (_, root) = root(&stage).await;
        let users = UsersService::new(stage.desk.clone());
        let list: Vec<Vec<String>> = (0..10_000)
            .map(|n| {
                ["@new.test", "", "", ""]
                    .map(|cell| {
                        if cell.is_empty() {
                            String::new()
                        } else {
                            format!("p{n}{cell}")
                        }
                    })
                    .to_vec()
            })
            .collect();
        let done = users.upload(&root, list).await.unwrap();
        assert!(done.iter().all(|one| one.outcome == Outcome::Created));
        let small = || rows("mara@late.test,,,mara\nnoa@late.test,,,noa");
        let (one, other) =
            tokio::join!(users.upload(&root, small()), users.upload(&root, small()),);
        let created = [one.unwrap(), other.unwrap()]
            .concat()
            .into_iter()
            .filter(|one| one.outcome == Outcome::Created)
            .count();
        assert_eq!(created, 2);
        let count = "SELECT COUNT(*) FROM users WHERE email LIKE '%@late.test'";
        assert_eq!(stage.number(count, args![]).await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_list_of_courses_and_programs_fills_the_catalog() {
    on_every_engine(|stage| async move {
        let (_, root) = root(&stage).await;
        let catalog = CatalogService::new(stage.desk.clone());
        let list = "L-1,First,,acme,\n\
                    L-2,Second,course,,\n\
                    L-P,Both,Program,acme,L-1|L-2\n\
                    L-Q,Shared,program,,L-2|L-1\n\
                    L-1,Again,course,acme,\n\
                    L-1,Elsewhere,course,nowhere,\n\
                    L-3,,course,,\n\
                    L-4,With parts,course,,L-2";
        let done = catalog.upload(&root, rows(list)).await.unwrap();
        assert_eq!(
            told(&done),
            [
                (Outcome::Created, 0),
                (Outcome::Created, 0),
                (Outcome::Created, 0),
                // A shared program holds shared courses only.
                (Outcome::Invalid, 4),
                (Outcome::DuplicateInFile, 0),
                (Outcome::Invalid, 3),
                (Outcome::Invalid, 1),
                (Outcome::Invalid, 4),
            ]
        );
        let again = catalog
            .upload(&root, rows("L-1,Other,,acme,\nL-2,Second,,,"))
            .await
            .unwrap();
        assert_eq!(told(&again), [(Outcome::Exists, 0), (Outcome::Exists, 0)]);
        assert!(again[0].message.contains("“First”") && again[1].message.is_empty());
        let parts = "SELECT COUNT(*) FROM program_courses p JOIN catalog_items c
            ON c.id = p.program_id WHERE c.key = 'L-P' AND p.position IN (0, 1)";
        assert_eq!(stage.number(parts, args![]).await, 2);
        let audited = "SELECT COUNT(*) FROM audit_events WHERE action = 'catalog.created'";
        assert_eq!(stage.number(audited, args![]).await, 3);
        // What is archived hides its key, and is not brought back by a list.
        let found = catalog
            .everywhere(
                &root,
                app::api::catalog::ListEverywhere {
                    search: "second".to_owned(),
                    kind: Some(InvitationKind::Course),
                    ..Default::default()
                },
            )
            .await
            .unwrap();
        let item = found.items[0].line.item;
        let named = CatalogRef {
            tenant: String::new(),
            item,
        };
        catalog.archive(&root, named).await.unwrap();
        let after = catalog
            .upload(&root, rows("L-2,Second,,,\nL-R,Needs it,program,,L-2"))
            .await
            .unwrap();
        assert_eq!(told(&after), [(Outcome::Exists, 0), (Outcome::Invalid, 4)]);
    })
    .await;
}
