//! Whoever has an account elsewhere looks like anybody to a tenant admin (S29).

use app::{
    api::{
        invitations::{BundlePage, InvitationFilter, ListInvitations},
        landing::NeverInvite,
    },
    domain::{
        id::{BundleId, InvitationId},
        time::Timestamp,
    },
    ports::{Caller, Invitations as _, LandingPort as _},
};
use server::args;

use crate::{
    acme,
    stage::{Invite, Stage, on_every_engine},
};

/// The page without what is the person's own: ids, the address, and when mails went.
fn told(mut page: BundlePage) -> BundlePage {
    let nobody = uuid::Uuid::nil();
    page.line.bundle = BundleId(nobody);
    page.line.email.clear();
    page.line.delivery_at = None;
    for target in &mut page.line.targets {
        target.invitation = InvitationId(nobody);
    }
    page.previous = page.previous.map(|_| BundleId(nobody));
    page.next = page.next.map(|_| BundleId(nobody));
    for happened in &mut page.timeline {
        happened.at = Timestamp(0);
    }
    page
}

/// Pages and lines of both are one to the admin.
async fn alike(stage: &Stage, ada: &Caller, both: [BundleId; 2], after: &str) {
    let mut pages = Vec::new();
    for bundle in both {
        let page = stage.invitations.show(ada, acme(bundle)).await.unwrap();
        pages.push(told(page));
    }
    assert_eq!(pages[0], pages[1], "{after}");
    // No filter parts them.
    let all = InvitationFilter::default;
    let filters = [
        all(),
        InvitationFilter {
            placeholder: true,
            ..all()
        },
        InvitationFilter {
            search: "example".to_owned(),
            ..all()
        },
        InvitationFilter {
            status: Some(pages[0].line.status),
            delivery: pages[0].line.delivery,
            ..all()
        },
    ];
    for filter in filters {
        let input = ListInvitations {
            tenant: "acme".to_owned(),
            filter: filter.clone(),
            ..ListInvitations::default()
        };
        let listed = stage.invitations.list(ada, input).await.unwrap();
        let among = both.map(|bundle| listed.bundles.iter().any(|one| one.bundle == bundle));
        assert_eq!(among[0], among[1], "{after}: {filter:?}");
    }
}

#[tokio::test]
async fn s29_an_account_elsewhere_is_alike_to_none_all_its_life() {
    on_every_engine(|stage| async move {
        let ada = stage.signed_in(stage.ada).await;
        let elsewhere = stage.user("elsewhere@new.test", "Somebody", true).await;
        let both = [
            ("elsewhere@new.test", Some(elsewhere)),
            ("nowhere@new.test", None),
        ];
        let mut bundles = Vec::new();
        for (email, user) in both {
            let invite = Invite {
                items: vec![("course", stage.course)],
                user,
                ..stage.to_acme(email)
            };
            bundles.push(stage.invite(invite).await);
        }
        let both = [bundles[0], bundles[1]];
        alike(&stage, &ada, both, "made").await;
        stage.send_mails().await;
        alike(&stage, &ada, both, "mailed").await;
        stage.clock.advance_seconds(61);
        for bundle in both {
            stage.invitations.resend(&ada, acme(bundle)).await.unwrap();
        }
        alike(&stage, &ada, both, "resent").await;
        stage.send_mails().await;
        stage.clock.advance_seconds(86_400);
        for bundle in both {
            stage.invitations.remind(&ada, acme(bundle)).await.unwrap();
        }
        stage.send_mails().await;
        alike(&stage, &ada, both, "reminded").await;
        for bundle in both {
            let off = stage.invitations.deactivate(&ada, acme(bundle)).await;
            off.unwrap();
        }
        alike(&stage, &ada, both, "switched off").await;
        for bundle in both {
            stage
                .invitations
                .activate(&ada, acme(bundle))
                .await
                .unwrap();
        }
        alike(&stage, &ada, both, "switched on").await;
        let mut anew = Vec::new();
        for bundle in both {
            stage.invitations.revoke(&ada, acme(bundle)).await.unwrap();
            let made = stage.invitations.reinvite(&ada, acme(bundle)).await;
            anew.push(made.unwrap().bundle);
        }
        alike(&stage, &ada, both, "followed").await;
        let anew = [anew[0], anew[1]];
        alike(&stage, &ada, anew, "made anew").await;
        stage.send_mails().await;
        // Both ask never to be invited again.
        for email in ["elsewhere@new.test", "nowhere@new.test"] {
            let input = NeverInvite {
                token: Some(stage.mailed_token(email)),
                everywhere: false,
            };
            let done = stage.landing.never(&Stage::anonymous(), input).await;
            done.unwrap();
        }
        alike(&stage, &ada, anew, "never again").await;
        // Inside they are not.
        let users = "SELECT COUNT(*) FROM bundles WHERE user_id IS NOT NULL";
        assert_eq!(stage.number(users, args![]).await, 2);
    })
    .await;
}
