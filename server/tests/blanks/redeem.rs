//! Typed and redeemed, once, by one person.

use std::sync::Arc;

use super::{Desk, batch, code_of, elsewhere, newcomer, of};
use crate::stage::{Invite, Stage, on_every_engine};
use app::api::ApiError;
use app::api::blanks::RevealedCode;
use app::api::landing::NextStep;
use app::domain::code::RedemptionCode;
use app::domain::invitation::InvitationStatus;
use app::ports::{Blanks as _, Caller, LandingPort as _, Mine as _, Redeem as _};
use server::args;

#[tokio::test]
async fn somebody_with_an_account_redeems_a_code_as_typed() {
    on_every_engine(|stage| async move {
        let desk = Desk::of(&stage).await;
        let one = desk.made(&stage, 2).await.remove(0);
        let user = stage.user("mara@new.test", "Mara", true).await;
        let mara = stage.signed_in(user).await;
        let typed = one.code.to_lowercase().replace('-', " ").replace('0', "o");
        let (landing, landed) = desk.open(&mara, &typed).await.unwrap();
        assert_eq!(landing.next, NextStep::Accept);
        assert!(landing.by_code && landing.email_masked.is_empty() && !landing.mailed);
        assert_eq!(landing.inviter, "Acme Academy", "a card names nobody");
        let titles: Vec<&str> = landing
            .targets
            .iter()
            .map(|one| one.title.as_str())
            .collect();
        assert_eq!(titles, ["Acme Academy", "Fire safety"]);
        // A code is no link: what links are opened by knows nothing of it.
        let link = stage.landing.open(&mara, typed).await;
        assert_eq!(link.unwrap_err(), ApiError::NotFound);

        stage.landing.accept(&landed).await.unwrap();
        assert_eq!(stage.status(one.bundle).await, "accepted");
        let role = "SELECT role FROM memberships WHERE user_id = $1";
        assert_eq!(stage.text(role, args![user]).await, "instructor");
        assert_eq!(stage.mine.home(&mara).await.unwrap().courses.len(), 1);
        // The admin reads whose it is now.
        let page = desk.blanks.show(&desk.root, batch(None)).await.unwrap();
        assert_eq!(page.lines[0].who, "Mara Example");
        assert_eq!(page.by_status.of(InvitationStatus::Accepted), 1);
        assert_eq!(page.by_status.of(InvitationStatus::Unassigned), 1);
        // It is shown no more, and nobody else gets anything for it.
        let shown = desk.blanks.code(&desk.root, of(one.bundle)).await;
        assert_eq!(code_of(shown.unwrap_err()), "no_code");
        let spent = desk.open(&elsewhere(1), &one.code).await.map(|_| ());
        assert_eq!(spent.unwrap_err(), ApiError::NotFound);
    })
    .await;
}

#[tokio::test]
async fn s12_an_account_made_by_a_code_proves_no_mailbox_and_holds_what_the_code_gives() {
    on_every_engine(|stage| async move {
        let desk = Desk::of(&stage).await;
        let waiting = stage
            .invite(Invite {
                tenant: stage.globex,
                inviter: stage.gil,
                ..stage.to_acme("victim@new.test")
            })
            .await;
        let one = desk.made(&stage, 1).await.remove(0);
        let (landing, landed) = desk.open(&Stage::anonymous(), &one.link).await.unwrap();
        assert_eq!(landing.next, NextStep::Register);
        // The form of links has no place for an address, and takes no code's cookie (S14).
        let other_form = stage.landing.register(&landed, Stage::form()).await;
        assert_eq!(other_form.unwrap_err(), ApiError::NotFound);
        let bad = desk.redeem.register(&landed, newcomer("no address")).await;
        let Err(ApiError::Invalid { fields, .. }) = bad else {
            panic!("an address without @");
        };
        assert_eq!(fields[0].field, "email");

        let input = newcomer("Victim@New.test");
        let (me, cookies) = desk.redeem.register(&landed, input).await.unwrap();
        assert!(
            cookies[0].starts_with("__Host-beckon="),
            "a new session (S18)"
        );
        let verified = "SELECT email_verified FROM users WHERE email = 'victim@new.test'";
        assert_eq!(stage.number(verified, args![]).await, 0);
        assert_eq!(stage.status(one.bundle).await, "accepted");
        let caller = stage.signed_in(me.id).await;
        let home = stage.mine.home(&caller).await.unwrap();
        assert!(
            home.invitations
                .iter()
                .all(|one| one.tenant == "Acme Academy")
        );
        assert_eq!(home.courses.len(), 1);
        assert_eq!(stage.status(waiting).await, "pending");
    })
    .await;
}

#[tokio::test]
async fn s13_an_address_with_an_account_has_to_sign_in_also_with_a_code() {
    on_every_engine(|stage| async move {
        let desk = Desk::of(&stage).await;
        let one = desk.made(&stage, 1).await.remove(0);
        let user = stage.user("mara@new.test", "Mariella", false).await;
        let (_, landed) = desk.open(&Stage::anonymous(), &one.code).await.unwrap();
        let answer = desk
            .redeem
            .register(&landed, newcomer("MARA@new.test"))
            .await;
        assert_eq!(code_of(answer.unwrap_err()), "account_exists");
        let nobody = stage.landing.accept(&landed).await;
        assert_eq!(nobody.unwrap_err(), ApiError::SignInFirst);
        let name = "SELECT first_name FROM users WHERE id = $1";
        assert_eq!(stage.text(name, args![user]).await, "Mariella");
        assert_eq!(stage.status(one.bundle).await, "unassigned");
        // It says whether an address has an account, so it is a guess like any other.
        let mut refused = 0;
        for _ in 0..12 {
            let answer = desk
                .redeem
                .register(&landed, newcomer("mara@new.test"))
                .await;
            refused += usize::from(matches!(answer, Err(ApiError::TooMany { .. })));
        }
        assert_eq!(refused, 3);
        // Signed in meanwhile, the same cookie accepts.
        let mara = Caller {
            landing: landed.landing,
            ..stage.signed_in(user).await
        };
        let signed_in = desk
            .redeem
            .register(&mara, newcomer("other@new.test"))
            .await;
        assert_eq!(code_of(signed_in.unwrap_err()), "signed_in");
        stage.landing.accept(&mara).await.unwrap();
        assert_eq!(stage.status(one.bundle).await, "accepted");
    })
    .await;
}

#[tokio::test]
async fn s01_an_altered_code_opens_nothing() {
    on_every_engine(|stage| async move {
        let desk = Desk::of(&stage).await;
        let one = desk.made(&stage, 1).await.remove(0);
        let other = server::keys::draw_code().unwrap();
        let mut altered = one.code.clone();
        altered.replace_range(0..1, if one.code.starts_with('7') { "8" } else { "7" });
        for (last, code) in [&altered, other.reveal(), "", "x", &one.code[1..]]
            .into_iter()
            .enumerate()
        {
            let caller = elsewhere(u8::try_from(last).unwrap());
            let answer = desk.open(&caller, code).await.map(|_| ());
            assert_eq!(answer.unwrap_err(), ApiError::NotFound, "{code}");
        }
        assert_eq!(stage.status(one.bundle).await, "unassigned");
        assert!(RedemptionCode::parse(&altered).is_err());
    })
    .await;
}

#[tokio::test]
async fn s10_ten_wrong_codes_and_then_one_has_to_wait_even_with_the_right_one() {
    on_every_engine(|stage| async move {
        let desk = Desk::of(&stage).await;
        let one = desk.made(&stage, 1).await.remove(0);
        let wrong = server::keys::draw_code().unwrap();
        let here = elsewhere(1);
        for _ in 0..10 {
            // A good one costs no try.
            desk.open(&here, &one.code).await.unwrap();
            let answer = desk.open(&here, wrong.reveal()).await.map(|_| ());
            assert_eq!(answer.unwrap_err(), ApiError::NotFound);
        }
        for code in [wrong.reveal(), &one.code] {
            let Err(ApiError::TooMany { retry_after }) = desk.open(&here, code).await else {
                panic!("the eleventh try was looked up");
            };
            assert!((1..=360).contains(&retry_after), "{retry_after}");
        }
        desk.open(&elsewhere(2), &one.code).await.unwrap();
        // A room full of people who scan good ones at once waits for nobody.
        let mut room = tokio::task::JoinSet::new();
        for _ in 0..30 {
            let (redeem, code) = (desk.redeem.clone(), one.code.clone());
            room.spawn(async move { redeem.open(&elsewhere(3), code).await.map(drop) });
        }
        for landed in room.join_all().await {
            landed.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s50_fifty_people_with_one_code_are_one() {
    on_every_engine(|stage| async move {
        let desk = Desk::of(&stage).await;
        let one = desk.made(&stage, 1).await.remove(0);
        let mut callers = Vec::new();
        for n in 0..50 {
            let email = format!("p{n}@new.test");
            let user = stage.user(&email, "Person", true).await;
            let caller = stage.signed_in(user).await;
            callers.push(desk.open(&caller, &one.code).await.unwrap().1);
        }
        let mut tasks = tokio::task::JoinSet::new();
        for caller in callers {
            let stage = Arc::clone(&stage);
            tasks.spawn(async move { stage.landing.accept(&caller).await });
        }
        let mut won = 0;
        while let Some(answer) = tasks.join_next().await {
            match answer.unwrap() {
                Ok(_) => won += 1,
                Err(ApiError::NotFound) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(won, 1);
        let members = "SELECT COUNT(*) FROM memberships WHERE role = 'instructor'";
        assert_eq!(stage.number(members, args![]).await, 1);
        let events = "SELECT COUNT(*) FROM audit_events WHERE action = 'invitation.accepted'";
        assert_eq!(stage.number(events, args![]).await, 2, "one per invitation");
    })
    .await;
}

#[tokio::test]
async fn a_code_that_would_give_nothing_stays_good() {
    on_every_engine(|stage| async move {
        let desk = Desk::of(&stage).await;
        let codes = desk.made(&stage, 2).await;
        let user = stage.user("mara@new.test", "Mara", true).await;
        let mara = stage.signed_in(user).await;
        let redeem = async |code: &RevealedCode| {
            let (_, landed) = desk.open(&mara, &code.code).await.unwrap();
            stage.landing.accept(&landed).await
        };
        // The course waits already; the membership does not: the code is good for that.
        let waiting = stage
            .invite(Invite {
                platform: false,
                items: vec![("course", stage.course)],
                user: Some(user),
                ..stage.to_acme("mara@new.test")
            })
            .await;
        redeem(&codes[0]).await.unwrap();
        assert_eq!(stage.status(waiting).await, "pending");
        // Now everything is there.
        let again = redeem(&codes[1]).await;
        assert_eq!(code_of(again.unwrap_err()), "already_held");
        assert_eq!(stage.status(codes[1].bundle).await, "unassigned");

        // Somebody to whom all of it was sent already accepts that.
        let noa = stage.user("noa@new.test", "Noa", true).await;
        stage
            .invite(Invite {
                items: vec![("course", stage.course)],
                user: Some(noa),
                ..stage.to_acme("noa@new.test")
            })
            .await;
        let noa = stage.signed_in(noa).await;
        let (_, landed) = desk.open(&noa, &codes[1].code).await.unwrap();
        let answer = stage.landing.accept(&landed).await;
        assert_eq!(code_of(answer.unwrap_err()), "already_waiting");
        assert_eq!(stage.status(codes[1].bundle).await, "unassigned");
        desk.open(&Stage::anonymous(), &codes[1].code)
            .await
            .unwrap();
        // Switched off, it is not shown to her: she may use the code instead.
        let off = "UPDATE bundles SET active = 0 WHERE email = 'noa@new.test'";
        stage.sql(off, args![]).await;
        stage.landing.accept(&landed).await.unwrap();
        assert_eq!(stage.status(codes[1].bundle).await, "accepted");
    })
    .await;
}
