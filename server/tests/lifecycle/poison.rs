//! What is broken holds up nothing else (F12).

use app::{
    domain::id::{BundleId, UserId},
    ports::Mine as _,
};
use server::{args, jobs::declines::commit_batch, services::invitations::send_due};

use crate::{
    create, form, page, root,
    stage::{Stage, on_every_engine},
};

/// Three people who are invited to a course.
async fn three(stage: &Stage) -> [(UserId, BundleId); 3] {
    let root = root(stage).await;
    let mut made = Vec::new();
    for n in 0..3 {
        let user = stage.user(&format!("p{n}@new.test"), "P", true).await;
        let people = create(stage, &root, form(stage, &n.to_string(), user)).await;
        made.push((user, people.unwrap()[0].bundle.unwrap()));
    }
    made.try_into().unwrap()
}

/// From now on no change of what belongs to this bundle succeeds.
async fn broken(stage: &Stage, bundle: BundleId) {
    let id = bundle.0.simple();
    let statements = if stage.desk.storage.is_postgres() {
        vec![
            format!(
                "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF NEW.bundle_id = '{id}' THEN RAISE EXCEPTION 'broken'; END IF;
                 RETURN NEW; END $$"
            ),
            "CREATE TRIGGER broken BEFORE UPDATE ON invitations
             FOR EACH ROW EXECUTE FUNCTION broken()"
                .to_owned(),
        ]
    } else {
        vec![format!(
            "CREATE TRIGGER broken BEFORE UPDATE ON invitations
             WHEN NEW.bundle_id = X'{id}' BEGIN SELECT RAISE(ABORT, 'broken'); END"
        )]
    };
    for sql in statements {
        let done = stage.desk.storage.write(|tx| {
            let sql = sql.clone();
            Box::pin(async move { tx.execute_composed(sql, args![]).await })
        });
        done.await.unwrap();
    }
}

#[tokio::test]
async fn f12_a_broken_one_holds_up_nothing_that_is_scheduled() {
    on_every_engine(|stage| async move {
        let bundles = three(&stage).await.map(|(_, bundle)| bundle);
        let scheduled = [
            "DELETE FROM outbox WHERE 0 < $1",
            "UPDATE bundles SET status = 'scheduled', send_at = $1, delivery_id = NULL",
            "UPDATE invitations SET status = 'scheduled' WHERE 0 < $1",
        ];
        for sql in scheduled {
            stage.sql(sql, args![stage.desk.now()]).await;
        }
        broken(&stage, bundles[1]).await;
        assert_eq!(send_due(&stage.desk, 10).await.unwrap(), 2);
        let status = [
            stage.status(bundles[0]).await,
            stage.status(bundles[1]).await,
            stage.status(bundles[2]).await,
        ];
        assert_eq!(status, ["pending", "scheduled", "pending"]);
        // It is tried again, alone with whatever came meanwhile.
        assert_eq!(send_due(&stage.desk, 10).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn f12_a_broken_one_holds_up_no_refusal() {
    on_every_engine(|stage| async move {
        let three = three(&stage).await;
        for (user, bundle) in three {
            let one = page(&stage, bundle).await.line.targets[0].invitation;
            let caller = stage.signed_in(user).await;
            stage.mine.decline(&caller, one).await.unwrap();
        }
        let bundles = three.map(|(_, bundle)| bundle);
        broken(&stage, bundles[1]).await;
        stage.clock.advance_seconds(11);
        assert_eq!(commit_batch(&stage.desk).await.unwrap(), 2);
        assert_eq!(stage.status(bundles[2]).await, "declined");
        assert_eq!(stage.status(bundles[1]).await, "pending");
    })
    .await;
}
