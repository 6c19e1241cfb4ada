//! The admin's list, resend and revoke.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

mod stage;

use app::{
    api::{
        ApiError,
        invitations::{BundleRef, InvitationFilter, ListInvitations},
    },
    domain::{
        id::BundleId,
        invitation::{DeliveryStatus, InvitationStatus},
        role::Role,
    },
    ports::{Caller, Invitations as _},
};
use server::args;
use stage::{Invite, Stage, on_every_engine};

fn acme(bundle: BundleId) -> BundleRef {
    BundleRef {
        tenant: "acme".to_owned(),
        bundle,
    }
}

async fn search(stage: &Stage, caller: &Caller, search: &str) -> Vec<String> {
    let page = stage
        .invitations
        .list(
            caller,
            ListInvitations {
                tenant: "acme".to_owned(),
                filter: InvitationFilter {
                    search: search.to_owned(),
                    ..InvitationFilter::default()
                },
                ..ListInvitations::default()
            },
        )
        .await
        .unwrap();
    page.bundles.into_iter().map(|line| line.email).collect()
}

#[tokio::test]
async fn the_list_pages_newest_first_and_never_repeats() {
    on_every_engine(|stage| async move {
        let mut made = Vec::new();
        for n in 0..25 {
            made.push(stage.invite(stage.to_acme(&format!("p{n}@new.test"))).await);
        }
        stage
            .invite(Invite {
                tenant: stage.globex,
                inviter: stage.gil,
                ..stage.to_acme("other@new.test")
            })
            .await;
        made.reverse();
        let ada = stage.signed_in(stage.ada).await;
        let mut listed = Vec::new();
        let mut after = None;
        loop {
            let page = stage
                .invitations
                .list(
                    &ada,
                    ListInvitations {
                        tenant: "acme".to_owned(),
                        after,
                        limit: 10,
                        ..ListInvitations::default()
                    },
                )
                .await
                .unwrap();
            listed.extend(page.bundles.iter().map(|line| line.bundle));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(listed, made);
        let counts = stage
            .invitations
            .counts(&ada, "acme".to_owned())
            .await
            .unwrap();
        assert_eq!(counts, [(InvitationStatus::Pending, 25)].into());
    })
    .await;
}

#[tokio::test]
async fn search_and_filter_find_by_part_of_name_and_address() {
    on_every_engine(|stage| async move {
        stage.invite(stage.to_acme("100%_sure@new.test")).await;
        stage.invite(stage.to_acme("1000sure@new.test")).await;
        let gone = stage.invite(stage.to_acme("gone@new.test")).await;
        let ada = stage.signed_in(stage.ada).await;
        stage.invitations.revoke(&ada, acme(gone)).await.unwrap();
        assert_eq!(search(&stage, &ada, "MÁRA gone").await, ["gone@new.test"]);
        assert_eq!(search(&stage, &ada, "100%_").await, ["100%_sure@new.test"]);
        assert_eq!(search(&stage, &ada, "sure new").await.len(), 2);
        assert!(search(&stage, &ada, "nobody").await.is_empty());
        assert!(search(&stage, &ada, "' OR 1=1 --").await.is_empty());
        let page = stage
            .invitations
            .list(
                &ada,
                ListInvitations {
                    tenant: "acme".to_owned(),
                    filter: InvitationFilter {
                        status: Some(InvitationStatus::Revoked),
                        ..InvitationFilter::default()
                    },
                    ..ListInvitations::default()
                },
            )
            .await
            .unwrap();
        assert_eq!(page.bundles.len(), 1);
        assert_eq!(page.bundles[0].bundle, gone);
        assert_eq!(page.bundles[0].delivery, Some(DeliveryStatus::Dead));
    })
    .await;
}

#[tokio::test]
async fn a_line_says_everything_about_a_person() {
    on_every_engine(|stage| async move {
        stage
            .invite(Invite {
                items: vec![("course", stage.course)],
                ..stage.to_acme("mara@new.test")
            })
            .await;
        stage.send_mails().await;
        let ada = stage.signed_in(stage.ada).await;
        let input = ListInvitations {
            tenant: "acme".to_owned(),
            ..ListInvitations::default()
        };
        let page = stage.invitations.list(&ada, input).await.unwrap();
        let line = &page.bundles[0];
        assert_eq!(line.name, "Mara Muster");
        assert_eq!(line.invited_by, "Ada Example");
        assert_eq!(line.delivery, Some(DeliveryStatus::Sent));
        assert_eq!(line.delivery_at, Some(stage.desk.now()));
        let titles: Vec<&str> = line.targets.iter().map(|one| one.title.as_str()).collect();
        assert_eq!(titles, ["Acme Academy", "Fire safety"]);
    })
    .await;
}

#[tokio::test]
async fn a_foreign_bundle_and_a_missing_one_answer_alike() {
    on_every_engine(|stage| async move {
        let bundle = stage.invite(stage.to_acme("mara@new.test")).await;
        let gil = stage.signed_in(stage.gil).await;
        let own_name = BundleRef {
            tenant: "globex".to_owned(),
            bundle,
        };
        let missing = BundleRef {
            tenant: "globex".to_owned(),
            bundle: BundleId(stage.desk.new_id()),
        };
        for input in [acme(bundle), own_name, missing] {
            for answer in [
                stage.invitations.resend(&gil, input.clone()).await,
                stage.invitations.revoke(&gil, input).await,
            ] {
                assert_eq!(answer.unwrap_err(), ApiError::NotFound);
            }
        }
        let anonymous = Stage::anonymous();
        for answer in [
            stage.invitations.resend(&anonymous, acme(bundle)).await,
            stage.invitations.revoke(&anonymous, acme(bundle)).await,
        ] {
            assert_eq!(answer.unwrap_err(), ApiError::SignInFirst);
        }
        assert_eq!(stage.status(bundle).await, "pending");
    })
    .await;
}

#[tokio::test]
async fn a_resend_has_a_brake_replaces_the_queued_mail_and_only_serves_the_living() {
    on_every_engine(|stage| async move {
        let bundle = stage.invite(stage.to_acme("mara@new.test")).await;
        let ada = stage.signed_in(stage.ada).await;
        let answer = stage.invitations.resend(&ada, acme(bundle)).await;
        assert_eq!(answer.unwrap_err(), ApiError::TooMany { retry_after: 60 });
        stage.clock.advance_seconds(60);
        let line = stage.invitations.resend(&ada, acme(bundle)).await.unwrap();
        assert_eq!(line.delivery, Some(DeliveryStatus::Queued));
        stage.send_mails().await;
        assert_eq!(stage.memory.mails().len(), 1, "the first mail was replaced");
        let resent = "SELECT COUNT(*) FROM audit_events WHERE action = 'invitation.resent'";
        assert_eq!(stage.number(resent, args![]).await, 1);

        let token = stage.mailed_token("mara@new.test");
        let (_, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        stage.register(&landed).await.unwrap();
        stage.clock.advance_seconds(60);
        for answer in [
            stage.invitations.resend(&ada, acme(bundle)).await,
            stage.invitations.revoke(&ada, acme(bundle)).await,
        ] {
            assert!(matches!(answer.unwrap_err(), ApiError::Conflict { .. }));
        }
    })
    .await;
}

#[tokio::test]
async fn f20_without_a_mail_server_a_resend_says_so_and_changes_nothing() {
    on_every_engine(|stage| async move {
        let (bundle, token) = stage.invited("mara@new.test").await;
        let mut desk = stage.desk.clone();
        let mut settings = server::services::Settings::clone(&desk.settings);
        settings.mail_configured = false;
        desk.settings = std::sync::Arc::new(settings);
        let service = server::services::invitations::InvitationsService::new(desk);
        stage.clock.advance_seconds(61);
        let ada = stage.signed_in(stage.ada).await;
        let Err(ApiError::Conflict { code, message }) = service.resend(&ada, acme(bundle)).await
        else {
            panic!("it was resent");
        };
        assert_eq!(code, "no_mail_server");
        assert!(message.contains("--smtp-url"), "{message}");
        assert!(stage.open(&Stage::anonymous(), &token).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn s24_whoever_resends_answers_for_an_inviter_who_is_gone() {
    on_every_engine(|stage| async move {
        let (bundle, _) = stage.invited("mara@new.test").await;
        let bea = stage.user("bea@acme.test", "Bea", true).await;
        stage.member(stage.acme, bea, Role::Admin).await;
        stage
            .sql(
                "DELETE FROM memberships WHERE user_id = $1",
                args![stage.ada],
            )
            .await;
        stage.clock.advance_seconds(60);
        let caller = stage.signed_in(bea).await;
        let line = stage
            .invitations
            .resend(&caller, acme(bundle))
            .await
            .unwrap();
        assert_eq!(line.invited_by, "Bea Example");
        stage.send_mails().await;
        let token = stage.mailed_token("mara@new.test");
        let (landing, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        assert_eq!(landing.inviter, "Bea Example");
        stage.register(&landed).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_revoke_ends_what_is_live_and_stops_its_mail() {
    on_every_engine(|stage| async move {
        let bundle = stage
            .invite(Invite {
                items: vec![("course", stage.course)],
                ..stage.to_acme("mara@new.test")
            })
            .await;
        let ada = stage.signed_in(stage.ada).await;
        let line = stage.invitations.revoke(&ada, acme(bundle)).await.unwrap();
        assert_eq!(line.status, InvitationStatus::Revoked);
        assert!(
            line.targets
                .iter()
                .all(|one| one.status == InvitationStatus::Revoked)
        );
        stage.send_mails().await;
        assert!(stage.memory.mails().is_empty());
        let events = "SELECT COUNT(*) FROM audit_events WHERE action = 'invitation.revoked'";
        assert_eq!(stage.number(events, args![]).await, 2);
        let again = stage.invitations.revoke(&ada, acme(bundle)).await;
        assert!(matches!(again.unwrap_err(), ApiError::Conflict { .. }));
    })
    .await;
}

#[tokio::test]
async fn i6_a_transition_and_its_one_event_happen_together() {
    on_every_engine(|stage| async move {
        let ada = stage.signed_in(stage.ada).await;
        let revoked = stage.invite(stage.to_acme("mara@new.test")).await;
        let events = "SELECT COUNT(*) AS n FROM audit_events a JOIN invitations i
            ON i.id = a.subject_id WHERE i.bundle_id = $1 AND a.action = $2";

        // Where the event cannot be written, nothing changes.
        stage
            .sql("ALTER TABLE audit_events RENAME TO away", args![])
            .await;
        let refused = stage.invitations.revoke(&ada, acme(revoked)).await;
        assert_eq!(refused.unwrap_err(), ApiError::Internal);
        stage
            .sql("ALTER TABLE away RENAME TO audit_events", args![])
            .await;
        assert_eq!(stage.status(revoked).await, "pending");

        stage.invitations.revoke(&ada, acme(revoked)).await.unwrap();
        // A second revoke finds nothing to do, and says nothing twice.
        assert!(stage.invitations.revoke(&ada, acme(revoked)).await.is_err());
        let counted = stage
            .number(events, args![revoked, "invitation.revoked"])
            .await;
        assert_eq!(counted, 1);

        let expired = stage.invite(stage.to_acme("noa@new.test")).await;
        stage.clock.advance_seconds(stage::LIFE);
        while server::jobs::expiry::expire_batch(&stage.desk)
            .await
            .unwrap()
            > 0
        {}
        assert_eq!(stage.status(expired).await, "expired");
        let counted = stage
            .number(events, args![expired, "invitation.expired"])
            .await;
        assert_eq!(counted, 1);
    })
    .await;
}
