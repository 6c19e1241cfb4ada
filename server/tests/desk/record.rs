//! The record of who did what, as it is read: whose it is, names of now, filters, pages.

use app::{
    api::{
        ApiError,
        audit::{AuditFilter, AuditLine, ListAudit},
    },
    domain::{role::Role, time::CivilDate},
    ports::{Audit as _, Caller, Invitations as _},
};
use server::{args, services::audit::AuditService};

use crate::{
    acme,
    stage::{Invite, Stage, on_every_engine},
};

async fn root(stage: &Stage) -> Caller {
    let user = stage.user("root@beckon.test", "Root", true).await;
    let promote = "UPDATE users SET super_admin = 1 WHERE id = $1";
    stage.sql(promote, args![user]).await;
    stage.signed_in(user).await
}

async fn read(stage: &Stage, caller: &Caller, tenant: &str, filter: AuditFilter) -> Vec<AuditLine> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let input = ListAudit {
            tenant: tenant.to_owned(),
            filter: filter.clone(),
            after,
            limit: 2,
        };
        let service = AuditService::new(stage.desk.clone());
        let page = service.list(caller, input).await.unwrap();
        all.extend(page.lines);
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

fn told(lines: &[AuditLine]) -> Vec<String> {
    lines
        .iter()
        .map(|line| {
            format!(
                "{} {} {} {}",
                line.who, line.action, line.about, line.tenant
            )
        })
        .collect()
}

#[tokio::test]
async fn the_record_says_who_did_what_by_the_names_of_now() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        let ada = stage.signed_in(stage.ada).await;
        let gil = stage.signed_in(stage.gil).await;
        let bundle = stage.invite(stage.to_acme("mara@x.test")).await;
        let far = stage
            .invite(Invite {
                tenant: stage.globex,
                inviter: stage.gil,
                ..stage.to_acme("far@x.test")
            })
            .await;
        stage.clock.advance_seconds(86_400);
        stage.invitations.resend(&ada, acme(bundle)).await.unwrap();
        stage.invitations.revoke(&root, acme(bundle)).await.unwrap();
        let globex = app::api::invitations::BundleRef {
            tenant: "globex".to_owned(),
            bundle: far,
        };
        stage.invitations.revoke(&gil, globex).await.unwrap();

        let none = AuditFilter::default();
        let acts = |lines: Vec<AuditLine>| -> Vec<String> {
            let all = told(&lines);
            all.into_iter()
                .filter(|one| one.contains("invitation.re"))
                .collect()
        };
        let revoked = "Root Example invitation.revoked Mara Muster acme";
        let resent = "Ada Example invitation.resent Mara Muster acme";
        assert_eq!(
            acts(read(&stage, &root, "", none.clone()).await),
            [
                "Gil Example invitation.revoked Mara Muster globex",
                revoked,
                resent
            ]
        );
        let own = read(&stage, &ada, "acme", none.clone()).await;
        assert_eq!(acts(own.clone()), [revoked, resent]);
        assert!(
            own.iter()
                .filter(|one| one.about == "Mara Muster")
                .all(|one| one.bundle == Some(bundle))
        );
        for (filter, expected) in [
            (
                AuditFilter {
                    who: Some(stage.ada),
                    ..none.clone()
                },
                vec![resent],
            ),
            (
                AuditFilter {
                    action: "invitation.revoked".to_owned(),
                    ..none.clone()
                },
                vec![revoked],
            ),
            (
                AuditFilter {
                    subject: bundle.to_string(),
                    ..none.clone()
                },
                vec![resent],
            ),
            (
                AuditFilter {
                    to: Some(CivilDate {
                        year: 2026,
                        month: 11,
                        day: 19,
                    }),
                    ..none.clone()
                },
                vec![],
            ),
        ] {
            let found = acts(read(&stage, &ada, "acme", filter.clone()).await);
            assert_eq!(found, expected, "{filter:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn s21_a_record_is_its_tenant_s_and_names_no_stranger() {
    on_every_engine(|stage| async move {
        let service = AuditService::new(stage.desk.clone());
        let ada = stage.signed_in(stage.ada).await;
        let learner = stage.user("lee@x.test", "Lee", true).await;
        stage.member(stage.acme, learner, Role::Learner).await;
        let learner = stage.signed_in(learner).await;
        for (caller, tenant, refused) in [
            (&ada, "", ApiError::NotFound),
            (&ada, "globex", ApiError::NotFound),
            (&learner, "acme", ApiError::NotFound),
            (&Stage::anonymous(), "acme", ApiError::SignInFirst),
            (&Stage::anonymous(), "", ApiError::SignInFirst),
        ] {
            let input = ListAudit {
                tenant: tenant.to_owned(),
                ..ListAudit::default()
            };
            assert_eq!(service.list(caller, input).await.unwrap_err(), refused);
        }
        // Somebody with an account elsewhere says no: to Acme that is nobody with a name.
        let sam = stage.user("sam@x.test", "Sam", true).await;
        let bundle = stage
            .invite(Invite {
                user: Some(sam),
                ..stage.to_acme("sam@x.test")
            })
            .await;
        let event = "INSERT INTO audit_events
            (id, tenant_id, actor_id, actor, action, subject, subject_id, at)
            VALUES ($1, $2, $3, 'user', 'invitation.declined', 'bundle', $4, $5)";
        let now = stage.desk.now();
        let id = stage.desk.new_id();
        stage
            .sql(event, args![id, stage.acme, sam, bundle, now])
            .await;
        let filter = AuditFilter {
            action: "invitation.declined".to_owned(),
            ..AuditFilter::default()
        };
        let lines = read(&stage, &ada, "acme", filter.clone()).await;
        assert_eq!(
            told(&lines),
            ["The invited person invitation.declined Mara Muster acme"]
        );
        // Somebody without one is told of in the same words (S29).
        let id = stage.desk.new_id();
        let anonymous = "INSERT INTO audit_events
            (id, tenant_id, actor_id, actor, action, subject, subject_id, at)
            VALUES ($1, $2, NULL, 'anonymous', 'invitation.suppressed', 'bundle', $3, $4)";
        stage
            .sql(anonymous, args![id, stage.acme, bundle, now])
            .await;
        let asked = AuditFilter {
            action: "invitation.suppressed".to_owned(),
            ..AuditFilter::default()
        };
        assert_eq!(
            told(&read(&stage, &ada, "acme", asked).await),
            ["The invited person invitation.suppressed Mara Muster acme"]
        );
        let root = root(&stage).await;
        let lines = read(&stage, &root, "", filter).await;
        assert_eq!(lines[0].who, "Sam Example");
    })
    .await;
}
