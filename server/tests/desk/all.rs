//! The list over all tenants: whose it is, what it filters, acts in bulk across tenants.

use app::{
    api::{
        ApiError,
        invitations::{BulkAct, BulkBatch, BulkOutcome, InvitationFilter, ListInvitations, Which},
    },
    domain::{
        id::BundleId,
        invitation::{InvitationKind, InvitationStatus},
        time::CivilDate,
    },
    ports::{Caller, Invitations as _},
};
use server::args;

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

fn to_globex<'i>(stage: &Stage, email: &'i str) -> Invite<'i> {
    Invite {
        tenant: stage.globex,
        inviter: stage.gil,
        ..stage.to_acme(email)
    }
}

async fn listed(stage: &Stage, caller: &Caller, filter: InvitationFilter) -> Vec<String> {
    let input = ListInvitations {
        filter,
        ..ListInvitations::default()
    };
    let page = stage.invitations.list(caller, input).await.unwrap();
    assert_eq!(page.next, None);
    page.bundles
        .into_iter()
        .map(|line| format!("{} {}", line.email, line.tenant))
        .collect()
}

#[tokio::test]
async fn s21_all_tenants_are_for_super_admins_alone() {
    on_every_engine(|stage| async move {
        stage.invite(stage.to_acme("a@x.test")).await;
        let anonymous = Stage::anonymous();
        let ada = stage.signed_in(stage.ada).await;
        for (caller, refused) in [
            (anonymous, ApiError::SignInFirst),
            (ada, ApiError::NotFound),
        ] {
            let none = InvitationFilter::default();
            let of_acme = InvitationFilter {
                tenant: "acme".to_owned(),
                ..none.clone()
            };
            for filter in [none, of_acme] {
                let input = ListInvitations {
                    filter: filter.clone(),
                    ..ListInvitations::default()
                };
                let list = stage.invitations.list(&caller, input).await;
                assert_eq!(list.unwrap_err(), refused);
                let all = String::new();
                let matching = stage
                    .invitations
                    .matching(&caller, all.clone(), filter.clone());
                assert_eq!(matching.await.unwrap_err(), refused);
                let named = stage
                    .invitations
                    .named(&caller, all.clone(), filter.clone());
                assert_eq!(named.await.unwrap_err(), refused);
                let batch = BulkBatch {
                    tenant: all,
                    idempotency_key: "k".to_owned(),
                    act: BulkAct::Revoke,
                    which: Which::Matching {
                        filter,
                        before: None,
                    },
                };
                let bulk = stage.invitations.bulk(&caller, batch).await;
                assert_eq!(bulk.unwrap_err(), refused);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_list_over_all_tenants_is_filtered_by_each_of_its_fields() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        let sam = stage.user("sam@x.test", "Sam", true).await;
        stage.invite(stage.to_acme("plain@x.test")).await;
        stage.invite(to_globex(&stage, "far@x.test")).await;
        stage
            .invite(Invite {
                platform: false,
                items: vec![("course", stage.course)],
                user: Some(sam),
                ..stage.to_acme("sam@x.test")
            })
            .await;
        let off = stage
            .invite(Invite {
                items: vec![("program", stage.program)],
                ..stage.to_acme("off@x.test")
            })
            .await;
        let change = "UPDATE bundles SET active = 0, source = 'Fair' WHERE id = $1";
        stage.sql(change, args![off]).await;
        let none = InvitationFilter::default();
        let all = [
            "off@x.test acme",
            "sam@x.test acme",
            "far@x.test globex",
            "plain@x.test acme",
        ];
        assert_eq!(listed(&stage, &root, none.clone()).await, all);
        let cases = [
            (
                InvitationFilter {
                    tenant: "globex".to_owned(),
                    ..none.clone()
                },
                vec![all[2]],
            ),
            (
                InvitationFilter {
                    kind: Some(InvitationKind::Platform),
                    ..none.clone()
                },
                vec![all[0], all[2], all[3]],
            ),
            (
                InvitationFilter {
                    kind: Some(InvitationKind::Course),
                    status: Some(InvitationStatus::Pending),
                    ..none.clone()
                },
                vec![all[1]],
            ),
            (
                InvitationFilter {
                    target: Some(stage.program),
                    ..none.clone()
                },
                vec![all[0]],
            ),
            (
                InvitationFilter {
                    placeholder: true,
                    ..none.clone()
                },
                vec![all[0], all[2], all[3]],
            ),
            (
                InvitationFilter {
                    source: "Fair".to_owned(),
                    ..none.clone()
                },
                vec![all[0]],
            ),
            (
                InvitationFilter {
                    active: Some(false),
                    ..none.clone()
                },
                vec![all[0]],
            ),
            (
                InvitationFilter {
                    inviter: Some(stage.gil),
                    ..none.clone()
                },
                vec![all[2]],
            ),
            (
                InvitationFilter {
                    search: "far@x.test".to_owned(),
                    ..none.clone()
                },
                vec![all[2]],
            ),
            (
                InvitationFilter {
                    search: "x.test mara".to_owned(),
                    ..none.clone()
                },
                all.to_vec(),
            ),
        ];
        for (filter, expected) in cases {
            let found = listed(&stage, &root, filter.clone()).await;
            assert_eq!(found, expected, "{filter:?}");
            let count = stage
                .invitations
                .matching(&root, String::new(), filter)
                .await
                .unwrap();
            assert_eq!(count.all, expected.len() as u64);
            assert!(!count.more);
        }
        let names = InvitationFilter {
            tenant: "globex".to_owned(),
            target: Some(stage.course),
            inviter: Some(stage.gil),
            ..none
        };
        let said = stage
            .invitations
            .named(&root, String::new(), names.clone())
            .await
            .unwrap();
        assert_eq!(said.tenant, "Globex Institute");
        assert_eq!(said.target, "Fire safety");
        assert_eq!(said.inviter, "Gil Example");
        // Of another tenant a tenant's admin learns nothing.
        let gil = stage.signed_in(stage.gil).await;
        let said = stage
            .invitations
            .named(&gil, "globex".to_owned(), names)
            .await
            .unwrap();
        assert_eq!(said, app::api::invitations::FilterNames::default());
    })
    .await;
}

#[tokio::test]
async fn an_act_in_bulk_goes_across_tenants_and_is_one_call_however_often_it_is_made() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        let mut bundles = Vec::new();
        for email in ["a@x.test", "b@x.test"] {
            bundles.push(stage.invite(stage.to_acme(email)).await);
            bundles.push(stage.invite(to_globex(&stage, email)).await);
        }
        let gone = BundleId(server::clock::new_id(stage.desk.now()));
        let mut these = bundles.clone();
        these.push(gone);
        let day = CivilDate {
            year: 2027,
            month: 1,
            day: 31,
        };
        let batch = |key: &str, act, which| BulkBatch {
            tenant: String::new(),
            idempotency_key: key.to_owned(),
            act,
            which,
        };
        let extend = batch("e", BulkAct::Extend(day), Which::These(these));
        let done = stage.invitations.bulk(&root, extend.clone()).await.unwrap();
        assert_eq!(done.outcomes.of(BulkOutcome::Done), 4);
        assert_eq!(done.outcomes.of(BulkOutcome::Missing), 1);
        let again = stage.invitations.bulk(&root, extend).await.unwrap();
        assert_eq!(again, done);
        // A day that is over somewhere is refused everywhere.
        let today = CivilDate {
            year: 2026,
            month: 11,
            day: 18,
        };
        let late = batch("l", BulkAct::Extend(today), Which::These(bundles.clone()));
        assert!(matches!(
            stage.invitations.bulk(&root, late).await,
            Err(ApiError::Invalid { .. })
        ));
        let which = Which::Matching {
            filter: InvitationFilter {
                search: "b@x.test".to_owned(),
                ..InvitationFilter::default()
            },
            before: None,
        };
        let revoke = batch("r", BulkAct::Revoke, which);
        let done = stage.invitations.bulk(&root, revoke).await.unwrap();
        assert_eq!(done.outcomes.of(BulkOutcome::Done), 2);
        assert_eq!(stage.status(bundles[0]).await, "pending");
        assert_eq!(stage.status(bundles[2]).await, "revoked");
        assert_eq!(stage.status(bundles[3]).await, "revoked");
        // The pages of the tenants that changed are told.
        let told = "SELECT COUNT(DISTINCT tenant_id) FROM changes";
        assert_eq!(stage.number(told, args![]).await, 2);
        // What a tenant's admin sees of it is as always.
        let ada = stage.signed_in(stage.ada).await;
        let page = stage
            .invitations
            .show(&ada, acme(bundles[2]))
            .await
            .unwrap();
        assert_eq!(page.line.status, InvitationStatus::Revoked);
    })
    .await;
}
