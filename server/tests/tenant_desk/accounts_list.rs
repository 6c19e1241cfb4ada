//! What a list of all accounts finds.

use app::{api::users::ListUsers, ports::Users as _};
use server::{args, jobs, services::users::UsersService};

use crate::{stage::on_every_engine, tenants::root};

#[tokio::test]
async fn a_list_of_accounts_finds_words_written_or_not_few_or_many() {
    on_every_engine(|stage| async move {
        let (_, root) = root(&stage).await;
        let mut named = Vec::new();
        for (email, name) in [
            ("z@x.test", "Zora"),
            ("a@x.test", "Zoe"),
            ("n@x.test", "Ned"),
        ] {
            named.push(stage.user(email, name, true).await);
        }
        let changed = "UPDATE users SET username = 'zoo', deactivated_at = 1 WHERE id = $1";
        stage.sql(changed, args![named[2]]).await;
        let users = UsersService::new(stage.desk.clone());
        let listed = async |search: &str| {
            let input = ListUsers {
                search: search.to_owned(),
                after: None,
            };
            let page = users.list(&root, input).await.unwrap();
            let ids = page.users.into_iter().map(|line| line.user);
            ids.collect::<Vec<_>>()
        };
        // By name, whether or not the job has written their words.
        let by_name = [named[2], named[1], named[0]];
        assert_eq!(listed("zo").await, by_name);
        while jobs::words::keep_batch(&stage.desk).await.unwrap() > 0 {}
        assert_eq!(listed("zo").await, by_name);
        assert_eq!(listed("ora exam").await, [named[0]]);
        assert_eq!(listed("zo zzz").await, []);
        let after = users.list(&root, ListUsers::default()).await.unwrap();
        assert!(after.users.len() > 3);
        // So many words begin so that the list is read instead.
        let many = if stage.desk.storage.is_postgres() {
            "INSERT INTO search_words (scope, starts, word, id)
             SELECT 'user', 1, 'zo' || n, $1 FROM GENERATE_SERIES(1, 5001) AS n"
        } else {
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5001)
             INSERT INTO search_words (scope, starts, word, id)
             SELECT 'user', 1, 'zo' || n, $1 FROM n"
        };
        stage.sql(many, args![named[0]]).await;
        assert_eq!(listed("zo").await, by_name);
    })
    .await;
}
