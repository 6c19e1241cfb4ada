//! Filters, sorts and pages of the list.

use app::{
    api::{
        ApiError,
        invitations::{InvitationFilter, ListInvitations, SortBy},
    },
    domain::{
        invitation::{DeliveryStatus, InvitationKind, InvitationStatus},
        role::Role,
        time::CivilDate,
    },
    ports::{Caller, Invitations as _},
};
use server::args;

use crate::{
    acme,
    stage::{Invite, Stage, on_every_engine},
};

/// The addresses of the list, read in pages of two.
async fn listed(
    stage: &Stage,
    caller: &Caller,
    filter: &InvitationFilter,
    sort: SortBy,
    reversed: bool,
) -> Vec<String> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let input = ListInvitations {
            tenant: "acme".to_owned(),
            filter: filter.clone(),
            sort,
            reversed,
            after,
            limit: 2,
        };
        let page = stage.invitations.list(caller, input).await.unwrap();
        all.extend(page.bundles.into_iter().map(|line| line.email));
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

#[tokio::test]
async fn every_order_pages_to_the_end_and_back() {
    on_every_engine(|stage| async move {
        // Five people, of whom two end at one moment, and three at another.
        for (n, email) in ["c@x.test", "a@x.test", "e@x.test", "b@x.test", "d@x.test"]
            .into_iter()
            .enumerate()
        {
            let bundle = stage.invite(stage.to_acme(email)).await;
            let later = i64::try_from(n % 2).unwrap();
            stage
                .sql(
                    "UPDATE bundles SET expires_at = expires_at + $2, changed_at = $2,
                        search_text = email WHERE id = $1",
                    args![bundle, later],
                )
                .await;
            stage.clock.advance_seconds(1);
        }
        let ada = stage.signed_in(stage.ada).await;
        let all = InvitationFilter::default();
        let letters = async |sort, reversed| {
            listed(&stage, &ada, &all, sort, reversed)
                .await
                .iter()
                .filter_map(|email| email.chars().next())
                .collect::<String>()
        };
        assert_eq!(letters(SortBy::Created, false).await, "dbeac");
        assert_eq!(letters(SortBy::Created, true).await, "caebd");
        assert_eq!(letters(SortBy::Expires, false).await, "badec");
        assert_eq!(letters(SortBy::Expires, true).await, "cedab");
        assert_eq!(letters(SortBy::Changed, false).await, "badec");
        assert_eq!(letters(SortBy::Invitee, false).await, "abcde");
        assert_eq!(letters(SortBy::Invitee, true).await, "edcba");
    })
    .await;
}

#[tokio::test]
async fn a_changed_status_comes_first_in_its_order() {
    on_every_engine(|stage| async move {
        let old = stage.invite(stage.to_acme("old@x.test")).await;
        stage.invite(stage.to_acme("new@x.test")).await;
        let ada = stage.signed_in(stage.ada).await;
        stage.clock.advance_seconds(5);
        stage.invitations.revoke(&ada, acme(old)).await.unwrap();
        let all = InvitationFilter::default();
        let emails = listed(&stage, &ada, &all, SortBy::Changed, false).await;
        assert_eq!(emails[0], "old@x.test");
    })
    .await;
}

#[tokio::test]
async fn filters_narrow_together_and_count() {
    on_every_engine(|stage| async move {
        let bea = stage.user("bea@acme.test", "Bea", true).await;
        stage.member(stage.acme, bea, Role::Admin).await;
        stage.invite(stage.to_acme("plain@x.test")).await;
        stage.send_mails().await;
        // 00:30 of the next day in Berlin.
        stage.clock.advance_seconds(84_600);
        stage
            .invite(Invite {
                inviter: bea,
                role: Role::Instructor,
                items: vec![("course", stage.course)],
                ..stage.to_acme("course@x.test")
            })
            .await;
        let ada = stage.signed_in(stage.ada).await;
        let none = InvitationFilter::default();
        let day = |day| {
            Some(CivilDate {
                year: 2026,
                month: 11,
                day,
            })
        };
        for (filter, expected) in [
            (
                InvitationFilter {
                    delivery: Some(DeliveryStatus::Sent),
                    ..none.clone()
                },
                "plain@x.test",
            ),
            (
                InvitationFilter {
                    role: Some(Role::Instructor),
                    ..none.clone()
                },
                "course@x.test",
            ),
            (
                InvitationFilter {
                    kind: Some(InvitationKind::Course),
                    status: Some(InvitationStatus::Pending),
                    ..none.clone()
                },
                "course@x.test",
            ),
            (
                InvitationFilter {
                    inviter: Some(bea),
                    search: "course".to_owned(),
                    ..none.clone()
                },
                "course@x.test",
            ),
            (
                InvitationFilter {
                    to: day(19),
                    ..none.clone()
                },
                "plain@x.test",
            ),
            (
                InvitationFilter {
                    from: day(20),
                    to: day(20),
                    ..none.clone()
                },
                "course@x.test",
            ),
        ] {
            let found = listed(&stage, &ada, &filter, SortBy::Expires, false).await;
            assert_eq!(found, [expected], "{filter:?}");
            let matching = stage
                .invitations
                .matching(&ada, "acme".to_owned(), filter)
                .await
                .unwrap();
            assert_eq!((matching.all, matching.live), (1, 1));
        }
        let inviters = stage
            .invitations
            .inviters(&ada, "acme".to_owned())
            .await
            .unwrap();
        let names: Vec<&str> = inviters.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["Ada Example", "Bea Example"]);
    })
    .await;
}

#[tokio::test]
async fn a_place_of_another_order_is_refused() {
    on_every_engine(|stage| async move {
        for n in 0..3 {
            stage.invite(stage.to_acme(&format!("p{n}@x.test"))).await;
        }
        let ada = stage.signed_in(stage.ada).await;
        let mut input = ListInvitations {
            tenant: "acme".to_owned(),
            limit: 2,
            ..ListInvitations::default()
        };
        let page = stage.invitations.list(&ada, input.clone()).await.unwrap();
        input.after = page.next;
        input.sort = SortBy::Expires;
        let answer = stage.invitations.list(&ada, input).await;
        assert!(matches!(answer, Err(ApiError::BadRequest { .. })));
    })
    .await;
}
