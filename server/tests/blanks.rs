//! Blank placeholders: made many at once, handed out by codes, redeemed by one person each.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

mod stage;

use std::sync::Arc;

use app::{
    api::{
        ApiError,
        blanks::{AssignBlank, BatchRef, BlanksMade, CreateBlanks, RevealedCode},
        invitations::BundleRef,
        landing::{Landing, NextStep},
        redeem::RegisterByCode,
    },
    domain::{
        code::RedemptionCode,
        id::{BundleId, UserId},
        invitation::InvitationStatus,
        role::Role,
    },
    ports::{
        Blanks as _, Caller, Invitations as _, LandingCookie, LandingPort as _, Mine as _,
        Redeem as _,
    },
};
use server::{
    args,
    jobs::expiry,
    services::{blanks::BlanksService, redeem::RedeemService},
};
use stage::{Invite, LIFE, Stage, on_every_engine};

/// The services of codes, and a super-admin, signed in.
struct Desk {
    blanks: BlanksService,
    redeem: RedeemService,
    root: Caller,
    root_id: UserId,
}

impl Desk {
    async fn of(stage: &Stage) -> Self {
        let root_id = stage.user("root@beckon.test", "Root", true).await;
        let promote = "UPDATE users SET super_admin = 1 WHERE id = $1";
        stage.sql(promote, args![root_id]).await;
        Self {
            blanks: BlanksService::new(stage.desk.clone()),
            redeem: RedeemService::new(stage.desk.clone(), stage.landing.clone()),
            root: stage.signed_in(root_id).await,
            root_id,
        }
    }

    /// Makes so many to Acme and its course, and reveals the codes.
    async fn made(&self, stage: &Stage, count: u32) -> Vec<RevealedCode> {
        let made = self
            .blanks
            .create(&self.root, form(stage, "k", count))
            .await;
        assert_eq!(made.unwrap().made, count);
        self.codes().await
    }

    async fn codes(&self) -> Vec<RevealedCode> {
        let mut all: Vec<RevealedCode> = Vec::new();
        let mut after = None;
        loop {
            let input = batch(after);
            let page = self.blanks.codes(&self.root, input).await.unwrap();
            all.extend(page.codes);
            after = page.next;
            if after.is_none() {
                return all;
            }
        }
    }

    /// Types a code as `caller`: what it opens, and the caller with the landing cookie.
    async fn open(&self, caller: &Caller, code: &str) -> Result<(Landing, Caller), ApiError> {
        let (landing, cookies) = self.redeem.open(caller, code.to_owned()).await?;
        let value = cookies[0]
            .strip_prefix("__Host-beckon_landing=")
            .and_then(|rest| rest.split(';').next())
            .unwrap();
        let caller = Caller {
            landing: Some(LandingCookie(value.to_owned())),
            ..caller.clone()
        };
        Ok((landing, caller))
    }
}

fn form(stage: &Stage, key: &str, count: u32) -> CreateBlanks {
    CreateBlanks {
        tenant: "acme".to_owned(),
        idempotency_key: key.to_owned(),
        count,
        source: "Open day 2026".to_owned(),
        platform: true,
        courses: vec![stage.course],
        programs: Vec::new(),
        active: true,
        role: Role::Instructor,
        expires_on: None,
        access_from: None,
        access_until: None,
    }
}

fn batch(after: Option<BundleId>) -> BatchRef {
    BatchRef {
        tenant: "acme".to_owned(),
        source: "Open day 2026".to_owned(),
        after,
    }
}

fn of(bundle: BundleId) -> BundleRef {
    BundleRef {
        tenant: "acme".to_owned(),
        bundle,
    }
}

fn newcomer(email: &str) -> RegisterByCode {
    RegisterByCode {
        email: email.to_owned(),
        first_name: "Mara".to_owned(),
        last_name: "Muster".to_owned(),
        password: stage::PASSWORD.to_owned(),
    }
}

fn code_of(error: ApiError) -> String {
    match error {
        ApiError::Conflict { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

/// Somebody elsewhere: wrong tries are counted apart.
fn elsewhere(last: u8) -> Caller {
    Caller {
        peer: [192, 0, 2, last].into(),
        ..Stage::anonymous()
    }
}

#[tokio::test]
async fn a_batch_is_made_once_and_says_how_it_stands() {
    on_every_engine(|stage| async move {
        let desk = Desk::of(&stage).await;
        let form = form(&stage, "k", 3);
        let made = desk.blanks.create(&desk.root, form.clone()).await.unwrap();
        let expected = BlanksMade {
            source: "Open day 2026".to_owned(),
            made: 3,
        };
        assert_eq!(made, expected);
        let again = desk.blanks.create(&desk.root, form.clone()).await.unwrap();
        assert_eq!(again, made, "the same save is the same answer");
        let other = CreateBlanks { count: 4, ..form };
        let answer = desk.blanks.create(&desk.root, other).await;
        assert_eq!(code_of(answer.unwrap_err()), "idempotency_key_reused");
        let invitations = "SELECT COUNT(*) FROM invitations
            WHERE binding = 'blank' AND status = 'unassigned' AND invitee_key IS NULL";
        assert_eq!(stage.number(invitations, args![]).await, 6);

        let lines = desk
            .blanks
            .list(&desk.root, "acme".to_owned())
            .await
            .unwrap();
        assert_eq!((lines[0].made, lines[0].unassigned), (3, 3));
        let page = desk.blanks.show(&desk.root, batch(None)).await.unwrap();
        assert_eq!(page.by_status.of(InvitationStatus::Unassigned), 3);
        assert_eq!((page.lines.len(), page.next), (3, None));
        assert_eq!(page.made_by, "Root Example");

        // No mail is queued, and every code is one of its own.
        assert_eq!(
            stage.number("SELECT COUNT(*) FROM outbox", args![]).await,
            0
        );
        let codes = desk.codes().await;
        let different: std::collections::HashSet<&str> =
            codes.iter().map(|one| one.code.as_str()).collect();
        assert_eq!(different.len(), 3);
        assert_eq!(codes[0].titles, ["Acme Academy", "Fire safety"]);
        let plain = codes[0].code.replace('-', "");
        assert_eq!(codes[0].link, format!("https://beckon.test/redeem#{plain}"));
    })
    .await;
}

#[tokio::test]
async fn what_the_form_lacks_is_said_at_its_field() {
    on_every_engine(|stage| async move {
        let desk = Desk::of(&stage).await;
        let good = form(&stage, "k", 1);
        let foreign = app::domain::id::CatalogItemId(server::clock::new_id(stage::NOW));
        for (input, field) in [
            (
                CreateBlanks {
                    count: 0,
                    ..good.clone()
                },
                "count",
            ),
            (
                CreateBlanks {
                    count: 10_001,
                    ..good.clone()
                },
                "count",
            ),
            (
                CreateBlanks {
                    source: "  ".to_owned(),
                    ..good.clone()
                },
                "source",
            ),
            (
                CreateBlanks {
                    source: "a\u{0}b".to_owned(),
                    ..good.clone()
                },
                "source",
            ),
            (
                CreateBlanks {
                    source: "a".repeat(101),
                    ..good.clone()
                },
                "source",
            ),
            (
                CreateBlanks {
                    tenant: String::new(),
                    ..good.clone()
                },
                "tenant",
            ),
            (
                CreateBlanks {
                    platform: false,
                    courses: Vec::new(),
                    ..good.clone()
                },
                "target",
            ),
            (
                CreateBlanks {
                    courses: vec![foreign],
                    ..good.clone()
                },
                "target",
            ),
        ] {
            let Err(ApiError::Invalid { fields, .. }) = desk.blanks.create(&desk.root, input).await
            else {
                panic!("{field}");
            };
            assert_eq!(fields[0].field, field);
        }
        let made = desk.blanks.create(&desk.root, good).await.unwrap();
        assert_eq!(made.made, 1, "the key is still good");
    })
    .await;
}

#[tokio::test]
async fn ten_thousand_are_one_transaction() {
    on_every_engine(|stage| async move {
        let desk = Desk::of(&stage).await;
        let codes = desk.made(&stage, 10_000).await;
        assert_eq!(codes.len(), 10_000);
        let events = "SELECT COUNT(*) FROM audit_events WHERE action = 'invitation.created'";
        assert_eq!(stage.number(events, args![]).await, 20_000);
    })
    .await;
}

#[tokio::test]
async fn s26_codes_are_shown_to_those_who_may_see_links_and_each_time_is_written_down() {
    on_every_engine(|stage| async move {
        let desk = Desk::of(&stage).await;
        let bundle = desk.made(&stage, 2).await[0].bundle;
        let events = "SELECT COUNT(*) FROM audit_events
            WHERE action = 'invitation.code_revealed' AND subject_id = $1";
        assert_eq!(stage.number(events, args![bundle]).await, 1);
        let ada = stage.signed_in(stage.ada).await;
        for answer in [
            desk.blanks.code(&ada, of(bundle)).await.map(|_| ()),
            desk.blanks.codes(&ada, batch(None)).await.map(|_| ()),
        ] {
            assert_eq!(code_of(answer.unwrap_err()), "links_hidden");
        }
        assert_eq!(stage.number(events, args![bundle]).await, 1);
        assert!(
            !desk
                .blanks
                .show(&ada, batch(None))
                .await
                .unwrap()
                .may_reveal
        );

        let reveal = "UPDATE tenants SET reveal_links = 1 WHERE id = $1";
        stage.sql(reveal, args![stage.acme]).await;
        let one = desk.blanks.code(&ada, of(bundle)).await.unwrap();
        assert_eq!(
            desk.blanks.codes(&ada, batch(None)).await.unwrap().codes[0],
            one
        );
        assert_eq!(stage.number(events, args![bundle]).await, 3);
        assert_eq!(format!("{one:?}"), "RevealedCode(redacted)");

        // Elsewhere there is no such batch, and no such invitation.
        let gil = stage.signed_in(stage.gil).await;
        let globex = "globex".to_owned();
        let foreign = BatchRef {
            tenant: globex.clone(),
            ..batch(None)
        };
        for answer in [
            desk.blanks.code(&gil, of(bundle)).await.map(|_| ()),
            desk.blanks.codes(&gil, foreign.clone()).await.map(|_| ()),
            desk.blanks.show(&gil, foreign).await.map(|_| ()),
            desk.blanks
                .code(
                    &gil,
                    BundleRef {
                        tenant: globex,
                        bundle,
                    },
                )
                .await
                .map(|_| ()),
        ] {
            assert_eq!(answer.unwrap_err(), ApiError::NotFound);
        }
        // Nowhere else does a code stand: not on the invitation's page, not in the list.
        let page = stage
            .invitations
            .show(&desk.root, of(bundle))
            .await
            .unwrap();
        let text = serde_json::to_string(&page).unwrap();
        assert!(!text.contains(&one.code) && !text.contains(&one.code.replace('-', "")));
    })
    .await;
}

#[tokio::test]
async fn s03_no_code_stands_in_the_database() {
    on_every_engine(|stage| async move {
        let desk = Desk::of(&stage).await;
        let code = desk.made(&stage, 1).await[0].code.replace('-', "");
        let links = "SELECT CAST(COUNT(*) AS BIGINT) FROM links WHERE sealed IS NOT NULL";
        assert_eq!(stage.number(links, args![]).await, 1);
        if let Some(file) = &stage.file {
            let wal = file.with_extension("db-wal");
            for path in [file, &wal] {
                let bytes = std::fs::read(path).unwrap();
                let found = bytes.windows(16).any(|part| part == code.as_bytes());
                assert!(!found, "{}", path.display());
            }
        }
        // Once it is redeemed, nothing of it is left.
        let user = stage.user("mara@new.test", "Mara", true).await;
        let mara = stage.signed_in(user).await;
        let (_, landed) = desk.open(&mara, &code).await.unwrap();
        stage.landing.accept(&landed).await.unwrap();
        assert_eq!(stage.number(links, args![]).await, 0);
    })
    .await;
}

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

/// A code that has come to an end: one answer, whatever the reason, before and after it was
/// opened.
async fn s04(stage: Arc<Stage>, what: impl AsyncFn(&Stage, &Desk, BundleId), status_after: &str) {
    let desk = Desk::of(&stage).await;
    let one = desk.made(&stage, 1).await.remove(0);
    let user = stage.user("mara@new.test", "Mara", true).await;
    let mara = stage.signed_in(user).await;
    let (_, landed) = desk.open(&mara, &one.code).await.unwrap();
    let (_, nobody) = desk.open(&Stage::anonymous(), &one.code).await.unwrap();
    what(&stage, &desk, one.bundle).await;
    for answer in [
        desk.open(&mara, &one.code).await.map(|_| ()),
        desk.open(&Stage::anonymous(), &one.code).await.map(|_| ()),
        stage.landing.accept(&landed).await.map(|_| ()),
        stage.landing.show(&nobody).await.map(|_| ()),
        desk.redeem
            .register(&nobody, newcomer("noa@new.test"))
            .await
            .map(|_| ()),
    ] {
        assert_eq!(answer.unwrap_err(), ApiError::NotFound);
    }
    assert_eq!(stage.status(one.bundle).await, status_after);
    let held = "SELECT (SELECT COUNT(*) FROM memberships WHERE user_id = $1)
        + (SELECT COUNT(*) FROM enrollments WHERE user_id = $1)
        + (SELECT COUNT(*) FROM users WHERE email = 'noa@new.test')";
    assert_eq!(stage.number(held, args![user]).await, 0);
}

#[tokio::test]
async fn s04_a_code_that_is_used_taken_back_or_expired_is_neutral() {
    on_every_engine(|stage| {
        s04(
            stage,
            async |stage, desk, bundle| {
                let code = desk.blanks.code(&desk.root, of(bundle)).await.unwrap().code;
                let noa = stage.user("first@new.test", "First", true).await;
                let noa = stage.signed_in(noa).await;
                let (_, landed) = desk.open(&noa, &code).await.unwrap();
                stage.landing.accept(&landed).await.unwrap();
            },
            "accepted",
        )
    })
    .await;
    on_every_engine(|stage| {
        s04(
            stage,
            async |_, desk, _| {
                let rest = desk
                    .blanks
                    .revoke_rest(&desk.root, batch(None))
                    .await
                    .unwrap();
                assert_eq!((rest.revoked, rest.more), (1, false));
            },
            "revoked",
        )
    })
    .await;
    on_every_engine(|stage| {
        s04(
            stage,
            async |stage, _, _| {
                stage.clock.advance_seconds(LIFE);
            },
            "unassigned",
        )
    })
    .await;
    on_every_engine(|stage| {
        s04(
            stage,
            async |stage, _, _| {
                stage.clock.advance_seconds(LIFE);
                expiry::expire_batch(&stage.desk).await.unwrap();
            },
            "expired",
        )
    })
    .await;
}

#[tokio::test]
async fn s04_s23_every_check_of_a_link_holds_for_a_code() {
    for sql in [
        "UPDATE tenants SET disabled_at = 1 WHERE id = $1",
        "UPDATE catalog_items SET archived_at = 1 WHERE tenant_id = $1",
        "UPDATE bundles SET active = 0 WHERE tenant_id = $1",
        // The inviter has no right to give this role any more (S24).
        "UPDATE users SET super_admin = 0 WHERE email = 'root@beckon.test' AND $1 = $1",
        "UPDATE users SET deactivated_at = 1 WHERE email = 'root@beckon.test' AND $1 = $1",
    ] {
        on_every_engine(|stage| {
            s04(
                stage,
                async |stage, _, _| {
                    assert!(stage.sql(sql, args![stage.acme]).await > 0, "{sql}");
                },
                "unassigned",
            )
        })
        .await;
    }
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
    })
    .await;
}

#[tokio::test]
async fn the_rest_of_a_batch_is_taken_back_and_what_is_somebodys_stays() {
    on_every_engine(|stage| async move {
        let desk = Desk::of(&stage).await;
        let codes = desk.made(&stage, 250).await;
        let user = stage.user("mara@new.test", "Mara", true).await;
        let mara = stage.signed_in(user).await;
        let (_, landed) = desk.open(&mara, &codes[0].code).await.unwrap();
        stage.landing.accept(&landed).await.unwrap();
        let ada = stage.signed_in(stage.ada).await;
        let mut revoked = 0;
        loop {
            let rest = desk.blanks.revoke_rest(&ada, batch(None)).await.unwrap();
            revoked += rest.revoked;
            if !rest.more {
                break;
            }
        }
        assert_eq!(revoked, 249);
        let page = desk.blanks.show(&ada, batch(None)).await.unwrap();
        assert_eq!(page.by_status.of(InvitationStatus::Revoked), 249);
        assert_eq!(page.by_status.of(InvitationStatus::Accepted), 1);
        assert!(desk.codes().await.is_empty());
        assert_ne!(desk.root_id, user);
    })
    .await;
}

#[tokio::test]
async fn a_blank_one_is_given_to_a_person_and_its_code_dies() {
    on_every_engine(|stage| async move {
        let desk = Desk::of(&stage).await;
        let codes = desk.made(&stage, 3).await;
        let ada = stage.signed_in(stage.ada).await;
        let to = |code: &RevealedCode, email: &str| AssignBlank {
            tenant: "acme".to_owned(),
            bundle: code.bundle,
            email: email.to_owned(),
            first_name: "Mara".to_owned(),
            last_name: String::new(),
        };
        // Whoever opened it by its code keeps nothing.
        let user = stage.user("other@new.test", "Other", true).await;
        let other = stage.signed_in(user).await;
        let (_, landed) = desk.open(&other, &codes[0].code).await.unwrap();
        let line = desk
            .blanks
            .assign(&ada, to(&codes[0], " Mara@New.test "))
            .await
            .unwrap();
        assert_eq!(
            (line.status, line.email.as_str()),
            (InvitationStatus::Pending, "Mara@New.test")
        );
        for answer in [
            desk.open(&other, &codes[0].code).await.map(|_| ()),
            stage.landing.accept(&landed).await.map(|_| ()),
        ] {
            assert_eq!(answer.unwrap_err(), ApiError::NotFound);
        }
        let again = desk
            .blanks
            .assign(&ada, to(&codes[0], "noa@new.test"))
            .await;
        assert_eq!(code_of(again.unwrap_err()), "not_live");
        let events = "SELECT COUNT(*) FROM audit_events WHERE action = 'invitation.assigned'";
        assert_eq!(stage.number(events, args![]).await, 2);
        // The mail's link accepts, as any.
        stage.send_mails().await;
        let token = stage.mailed_token("Mara@New.test");
        let (landing, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        assert!(!landing.by_code && landing.mailed);
        let mara = stage.register(&landed).await.unwrap();
        let role = "SELECT role FROM memberships WHERE user_id = $1";
        assert_eq!(stage.text(role, args![mara]).await, "instructor");

        // One live invitation a person and target (I2); nothing for who has all of it.
        stage.invite(stage.to_acme("waits@new.test")).await;
        for email in ["waits@new.test", "mara@new.test", "no address"] {
            let answer = desk.blanks.assign(&ada, to(&codes[1], email)).await;
            let Err(ApiError::Invalid { fields, .. }) = answer else {
                panic!("{email}: {answer:?}");
            };
            assert_eq!(fields[0].field, "email");
        }
        assert_eq!(stage.status(codes[1].bundle).await, "unassigned");
        // An account that owns the address finds it at home.
        desk.blanks
            .assign(&ada, to(&codes[1], "other@new.test"))
            .await
            .unwrap();
        assert_eq!(stage.mine.home(&other).await.unwrap().invitations.len(), 2);
        // Foreign is missing.
        let gil = stage.signed_in(stage.gil).await;
        let foreign = AssignBlank {
            tenant: "globex".to_owned(),
            ..to(&codes[2], "x@new.test")
        };
        let answer = desk.blanks.assign(&gil, foreign).await;
        assert_eq!(answer.unwrap_err(), ApiError::NotFound);
    })
    .await;
}

/// Given to a person and redeemed in the same moment: one of the two.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s51_a_code_is_redeemed_or_given_away_never_both() {
    on_every_engine(|stage| async move {
        let desk = Arc::new(Desk::of(&stage).await);
        let codes = desk.made(&stage, 12).await;
        let ada = stage.signed_in(stage.ada).await;
        let mut tasks = tokio::task::JoinSet::new();
        for (n, code) in codes.into_iter().enumerate() {
            let user = stage.user(&format!("p{n}@new.test"), "Person", true).await;
            let caller = stage.signed_in(user).await;
            let (_, landed) = desk.open(&caller, &code.code).await.unwrap();
            let (stage, desk, ada) = (Arc::clone(&stage), Arc::clone(&desk), ada.clone());
            tasks.spawn(async move {
                let input = AssignBlank {
                    tenant: "acme".to_owned(),
                    bundle: code.bundle,
                    email: format!("given{n}@new.test"),
                    first_name: String::new(),
                    last_name: String::new(),
                };
                let (redeemed, given) = tokio::join!(
                    stage.landing.accept(&landed),
                    desk.blanks.assign(&ada, input)
                );
                assert_ne!(redeemed.is_ok(), given.is_ok());
            });
        }
        while let Some(one) = tasks.join_next().await {
            one.unwrap();
        }
    })
    .await;
}
