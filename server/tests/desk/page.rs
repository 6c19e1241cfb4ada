//! The page of one invitation: timeline, extending, a link that is copied.

use app::{
    api::{
        ApiError,
        invitations::{Event, ExtendBundle},
    },
    domain::{
        invitation::{DeliveryStatus, InvitationStatus},
        role::Role,
        time::CivilDate,
    },
    ports::Invitations as _,
};
use server::args;

use crate::{
    acme,
    stage::{Invite, Stage, on_every_engine},
};

const fn day(year: i16, month: u8, day: u8) -> CivilDate {
    CivilDate { year, month, day }
}

fn extended(bundle: app::domain::id::BundleId, until: CivilDate) -> ExtendBundle {
    ExtendBundle {
        tenant: "acme".to_owned(),
        bundle,
        until,
    }
}

#[tokio::test]
async fn a_timeline_tells_what_happened_and_who_did_it() {
    on_every_engine(|stage| async move {
        let bundle = stage
            .invite(Invite {
                items: vec![("course", stage.course)],
                note: "Welcome!",
                ..stage.to_acme("mara@new.test")
            })
            .await;
        stage.send_mails().await;
        let ada = stage.signed_in(stage.ada).await;
        stage.clock.advance_seconds(60);
        stage.invitations.resend(&ada, acme(bundle)).await.unwrap();
        stage.send_mails().await;
        stage.clock.advance_seconds(60);
        let until = extended(bundle, day(2027, 3, 1));
        stage.invitations.extend(&ada, until).await.unwrap();
        stage.clock.advance_seconds(60);
        stage.invitations.revoke(&ada, acme(bundle)).await.unwrap();

        let page = stage.invitations.show(&ada, acme(bundle)).await.unwrap();
        assert_eq!(page.note, "Welcome!");
        assert!(!page.may_copy && !page.orphaned);
        let told: Vec<(Event, Option<DeliveryStatus>, &str)> = page
            .timeline
            .iter()
            .map(|one| (one.what, one.delivery, one.who.as_str()))
            .collect();
        let by_ada = "Ada Example";
        assert_eq!(
            told,
            [
                (Event::Invited, None, by_ada),
                (Event::MailQueued, None, ""),
                (Event::Mail, Some(DeliveryStatus::Sent), ""),
                (Event::Resent, None, by_ada),
                (Event::MailQueued, None, ""),
                (Event::Mail, Some(DeliveryStatus::Sent), ""),
                (Event::Extended, None, by_ada),
                (Event::Revoked, None, by_ada),
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn an_end_moves_later_within_a_year_and_while_it_is_live() {
    on_every_engine(|stage| async move {
        let bundle = stage.invite(stage.to_acme("mara@new.test")).await;
        let ada = stage.signed_in(stage.ada).await;
        let extend = async |until| {
            stage
                .invitations
                .extend(&ada, extended(bundle, until))
                .await
        };
        for wrong in [
            day(2026, 11, 18), // over
            day(2026, 12, 1),  // earlier than it ends
            day(2027, 11, 20), // more than a year ahead
            day(2027, 2, 30),  // no day
        ] {
            let answer = extend(wrong).await;
            assert!(matches!(answer, Err(ApiError::Invalid { .. })), "{wrong:?}");
        }
        let line = extend(day(2027, 11, 19)).await.unwrap();
        // The end of that day in Berlin.
        assert_eq!(line.expires_at.0, 1_826_665_199_999);
        let events = "SELECT COUNT(*) FROM audit_events WHERE action = 'invitation.extended'";
        assert_eq!(stage.number(events, args![]).await, 1);
        // It is alive where the first end has passed.
        stage.clock.advance_seconds(crate::stage::LIFE + 86_400);
        while server::jobs::expiry::expire_batch(&stage.desk)
            .await
            .unwrap()
            > 0
        {}
        assert_eq!(stage.status(bundle).await, "pending");
        stage.invitations.revoke(&ada, acme(bundle)).await.unwrap();
        let answer = extend(day(2027, 12, 1)).await;
        assert!(matches!(answer, Err(ApiError::Conflict { .. })));
        assert_eq!(stage.number(events, args![]).await, 1);
    })
    .await;
}

#[tokio::test]
async fn s07_what_has_run_out_is_not_extended_before_the_job_came_by() {
    on_every_engine(|stage| async move {
        let bundle = stage.invite(stage.to_acme("mara@new.test")).await;
        let ada = stage.signed_in(stage.ada).await;
        stage.clock.advance_seconds(crate::stage::LIFE);
        let answer = stage
            .invitations
            .extend(&ada, extended(bundle, day(2027, 3, 1)))
            .await;
        assert!(matches!(answer, Err(ApiError::Conflict { .. })));
    })
    .await;
}

#[tokio::test]
async fn s26_a_link_is_shown_to_those_who_may_once_and_audited() {
    on_every_engine(|stage| async move {
        let (bundle, mailed) = stage.invited("mara@new.test").await;
        let ada = stage.signed_in(stage.ada).await;
        let copied = "SELECT COUNT(*) FROM audit_events WHERE action = 'invitation.link_copied'";
        let links = "SELECT COUNT(*) FROM links WHERE purpose = 'copy'";
        let Err(ApiError::Conflict { code, .. }) =
            stage.invitations.copy_link(&ada, acme(bundle)).await
        else {
            panic!("a link was shown");
        };
        assert_eq!(code, "links_hidden");
        assert_eq!(stage.number(copied, args![]).await, 0);
        assert_eq!(stage.number(links, args![]).await, 0);

        stage
            .sql("UPDATE tenants SET reveal_links = 1", args![])
            .await;
        assert!(
            stage
                .invitations
                .show(&ada, acme(bundle))
                .await
                .unwrap()
                .may_copy
        );
        let link = stage
            .invitations
            .copy_link(&ada, acme(bundle))
            .await
            .unwrap();
        assert_eq!(format!("{link:?}"), "CopiedLink(redacted)");
        let token = link.link.strip_prefix("https://beckon.test/i#").unwrap();
        assert_eq!(stage.number(copied, args![]).await, 1);
        // It is nowhere else: not in the list, not on the page, not in the log of events.
        let page = stage.invitations.show(&ada, acme(bundle)).await.unwrap();
        assert!(!serde_json::to_string(&page).unwrap().contains(token));
        // The mailed one lives on, and who comes by the copied one proved no mailbox.
        assert!(stage.open(&Stage::anonymous(), &mailed).await.is_ok());
        let (_, landed) = stage.open(&Stage::anonymous(), token).await.unwrap();
        let user = stage.register(&landed).await.unwrap();
        let verified = "SELECT email_verified FROM users WHERE id = $1";
        assert_eq!(stage.number(verified, args![user]).await, 0);
        // Nothing to copy of what is at an end.
        let answer = stage.invitations.copy_link(&ada, acme(bundle)).await;
        assert!(matches!(answer, Err(ApiError::Conflict { .. })));
    })
    .await;
}

#[tokio::test]
async fn s06_s26_a_foreign_bundle_gives_no_link_and_no_page() {
    on_every_engine(|stage| async move {
        stage
            .sql("UPDATE tenants SET reveal_links = 1", args![])
            .await;
        let bundle = stage.invite(stage.to_acme("mara@new.test")).await;
        let gil = stage.signed_in(stage.gil).await;
        for tenant in ["acme", "globex"] {
            let named = app::api::invitations::BundleRef {
                tenant: tenant.to_owned(),
                bundle,
            };
            let answer = stage.invitations.copy_link(&gil, named.clone()).await;
            assert_eq!(answer.unwrap_err(), ApiError::NotFound);
            let answer = stage.invitations.show(&gil, named).await;
            assert_eq!(answer.unwrap_err(), ApiError::NotFound);
        }
        let links = "SELECT COUNT(*) FROM links";
        assert_eq!(stage.number(links, args![]).await, 0);
    })
    .await;
}

#[tokio::test]
async fn s24_a_page_says_that_its_inviter_may_no_longer_invite() {
    on_every_engine(|stage| async move {
        let bundle = stage.invite(stage.to_acme("mara@new.test")).await;
        let bea = stage.user("bea@acme.test", "Bea", true).await;
        stage.member(stage.acme, bea, Role::Admin).await;
        stage
            .sql(
                "UPDATE memberships SET role = 'learner' WHERE user_id = $1",
                args![stage.ada],
            )
            .await;
        let caller = stage.signed_in(bea).await;
        let page = stage.invitations.show(&caller, acme(bundle)).await.unwrap();
        assert!(page.orphaned);
        assert_eq!(page.line.status, InvitationStatus::Pending);
    })
    .await;
}
