//! Seats: one a person, never more than there are, however many act at once.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

mod stage;

use std::sync::Arc;

use app::{
    api::{
        ApiError,
        apps::{App, CreateInvitations},
        blanks::{BatchRef, CreateBlanks},
        imports::{BeginImport, ImportChunk, ImportRef, ImportStatus},
        invitations::BundleRef,
        tenants::{ListTenants, SeatsTaken, SetSeats},
    },
    bulk::draft::RowDraft,
    domain::{
        id::UserId,
        import::{RowOutcome, SubmitMode},
        role::Role,
    },
    ports::{
        Apps as _, Blanks as _, Caller, Imports as _, Invitations as _, LandingCookie,
        LandingPort as _, Redeem as _, Tenants as _,
    },
};
use server::{
    args,
    services::{
        apps::AppsService, blanks::BlanksService, imports::ImportsService,
        invitations::InvitationsService, redeem::RedeemService, tenants::TenantsService,
    },
};
use sha2::{Digest as _, Sha256};
use stage::{Invite, Stage, on_every_engine};

async fn root(stage: &Stage) -> Caller {
    let user = stage.user("root@beckon.test", "Root", true).await;
    let promote = "UPDATE users SET super_admin = 1 WHERE id = $1";
    stage.sql(promote, args![user]).await;
    stage.signed_in(user).await
}

async fn limit(stage: &Stage, root: &Caller, limit: Option<u32>) -> Result<(), ApiError> {
    let input = SetSeats {
        tenant: "acme".to_owned(),
        limit,
    };
    TenantsService::new(stage.desk.clone())
        .set_seats(root, input)
        .await
}

async fn used(stage: &Stage, root: &Caller) -> u64 {
    let seats = TenantsService::new(stage.desk.clone())
        .seats(root, "acme".to_owned())
        .await
        .unwrap();
    seats.map_or(0, |seats| seats.used)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Submits a list of these addresses, each to the course too.
async fn import(
    stage: &Stage,
    caller: &Caller,
    key: &str,
    emails: &[String],
    mode: SubmitMode,
) -> ImportStatus {
    let rows: Vec<RowDraft> = (1_u32..)
        .zip(emails)
        .map(|(row, email)| RowDraft {
            row,
            line: row + 1,
            email: email.clone(),
            ..RowDraft::default()
        })
        .collect();
    let imports = ImportsService::new(stage.desk.clone());
    let hash = hex(&Sha256::digest(serde_json::to_vec(&rows).unwrap()));
    let begun = imports
        .begin(
            caller,
            BeginImport {
                tenant: "acme".to_owned(),
                idempotency_key: format!("{key:0>20}"),
                file_name: "people.csv".to_owned(),
                rows: u32::try_from(rows.len()).unwrap(),
                content_hash: hex(&Sha256::digest(&hash)),
                mode,
                metadata_columns: Vec::new(),
                admins: 0,
            },
        )
        .await
        .unwrap();
    let chunk = ImportChunk {
        tenant: "acme".to_owned(),
        import: begun.import,
        position: 0,
        hash,
        rows,
    };
    imports.chunk(caller, chunk).await.unwrap();
    let input = ImportRef {
        tenant: "acme".to_owned(),
        import: begun.import,
    };
    imports.commit(caller, input).await.unwrap()
}

fn people(from: u32, count: u32) -> Vec<String> {
    (from..from + count)
        .map(|n| format!("p{n}@new.test"))
        .collect()
}

fn form(email: &str, key: &str, users: &[UserId]) -> CreateInvitations {
    CreateInvitations {
        app: App::Platform,
        tenant: "acme".to_owned(),
        idempotency_key: key.to_owned(),
        users: users.to_vec(),
        email: email.to_owned(),
        platform: true,
        courses: Vec::new(),
        programs: Vec::new(),
        active: true,
        mail: true,
        send_at: None,
        role: Role::Learner,
        expires_on: None,
        access_from: None,
        access_until: None,
        note: String::new(),
        source: String::new(),
        redirect: String::new(),
        metadata: String::new(),
    }
}

fn blanks(key: &str, count: u32) -> CreateBlanks {
    CreateBlanks {
        tenant: "acme".to_owned(),
        idempotency_key: key.to_owned(),
        count,
        source: "Open day".to_owned(),
        platform: true,
        courses: Vec::new(),
        programs: Vec::new(),
        active: true,
        role: Role::Learner,
        expires_on: None,
        access_from: None,
        access_until: None,
    }
}

#[tokio::test]
async fn i5_one_seat_is_one_person_and_the_rest_is_over_the_limit() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        let ada = stage.signed_in(stage.ada).await;
        // Ada, somebody with two invitations, and a course's invitee, who would become a
        // member by accepting.
        for items in [vec![], vec![("course", stage.course)]] {
            let invite = Invite {
                platform: items.is_empty(),
                items,
                ..stage.to_acme("mara@new.test")
            };
            stage.invite(invite).await;
        }
        limit(&stage, &root, Some(4)).await.unwrap();
        assert_eq!(used(&stage, &root).await, 2);

        // Who has a seat takes none; the last two are taken; the fifth person has none.
        let mut list = people(0, 3);
        list.insert(0, "ada@acme.test".to_owned());
        list.insert(1, "mara@new.test".to_owned());
        let done = import(&stage, &ada, "one", &list, SubmitMode::ValidNow).await;
        assert_eq!(done.outcomes.of(RowOutcome::Created), 2);
        assert_eq!(done.outcomes.of(RowOutcome::OverLimit), 1);
        assert_eq!(used(&stage, &root).await, 4);

        // All or nothing is nothing; a form says it; blank ones as well.
        let none = import(&stage, &ada, "two", &people(9, 1), SubmitMode::AllOrNothing).await;
        assert_eq!(none.outcomes.of(RowOutcome::OverLimit), 1);
        let apps = AppsService::new(stage.desk.clone());
        let made = apps
            .create(&root, form("x@new.test", "f", &[]))
            .await
            .unwrap();
        assert_eq!(made[0].outcome, RowOutcome::OverLimit);
        assert!(
            made[0].message.starts_with("All 4 seats"),
            "{}",
            made[0].message
        );
        let service = BlanksService::new(stage.desk.clone());
        let answer = service.create(&root, blanks("b", 1)).await;
        let Err(ApiError::Invalid { fields, .. }) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(fields[0].field, "count");

        // More seats, and the same key is good.
        limit(&stage, &root, Some(6)).await.unwrap();
        service.create(&root, blanks("b", 2)).await.unwrap();
        assert_eq!(used(&stage, &root).await, 6);
        // The same save is the same answer, though nothing is free.
        service.create(&root, blanks("b", 2)).await.unwrap();
        // Fewer than are taken cannot be.
        let Err(ApiError::Invalid { fields, .. }) = limit(&stage, &root, Some(5)).await else {
            panic!("fewer seats than people");
        };
        assert_eq!(fields[0].field, "limit");
        let mut lines = TenantsService::new(stage.desk.clone())
            .list(&root, ListTenants::default())
            .await
            .unwrap();
        lines.tenants.retain(|line| line.slug == "acme");
        assert_eq!(
            lines.tenants[0].seats,
            Some(SeatsTaken { used: 6, limit: 6 })
        );
        limit(&stage, &root, None).await.unwrap();
        import(&stage, &ada, "three", &people(20, 5), SubmitMode::ValidNow).await;
        assert_eq!(
            stage.number("SELECT COUNT(*) FROM bundles", args![]).await,
            11
        );
    })
    .await;
}

/// A row that a quota refuses takes no seat from the next one.
#[tokio::test]
async fn i5_who_is_over_a_quota_takes_no_seat() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        let ada = stage.signed_in(stage.ada).await;
        let quota = "UPDATE tenants SET mails_a_day_per_address = 1";
        stage.sql(quota, args![]).await;
        let bundle = stage.invite(stage.to_acme("p0@new.test")).await;
        let first = BundleRef {
            tenant: "acme".to_owned(),
            bundle,
        };
        InvitationsService::new(stage.desk.clone())
            .revoke(&ada, first)
            .await
            .unwrap();
        limit(&stage, &root, Some(2)).await.unwrap();
        // One seat is free; the first had the mail of the day, the second gets the seat.
        let done = import(&stage, &ada, "two", &people(0, 3), SubmitMode::ValidNow).await;
        assert_eq!(done.outcomes.of(RowOutcome::Created), 1);
        let codes = "SELECT COUNT(*) FROM import_rows WHERE code = $1";
        assert_eq!(stage.number(codes, args!["over_quota"]).await, 1);
        assert_eq!(stage.number(codes, args!["no_seat"]).await, 1);
        let second = "SELECT COUNT(*) FROM bundles
            WHERE email = 'p1@new.test' AND status = 'pending'";
        assert_eq!(stage.number(second, args![]).await, 1);
        assert_eq!(used(&stage, &root).await, 2);
    })
    .await;
}

#[tokio::test]
async fn i5_accepting_never_takes_another_seat() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        // Invited to a course twice and to the tenant, by a link that proves no mailbox.
        let first = stage.invite(stage.to_acme("mara@new.test")).await;
        stage
            .invite(Invite {
                platform: false,
                items: vec![("course", stage.course)],
                ..stage.to_acme("mara@new.test")
            })
            .await;
        limit(&stage, &root, Some(2)).await.unwrap();
        assert_eq!(used(&stage, &root).await, 2, "Ada and Mara");
        let copied = stage.copied_link(stage.acme, first).await;
        let (_, landed) = stage.open(&Stage::anonymous(), &copied).await.unwrap();
        stage.register(&landed).await.unwrap();
        assert_eq!(
            used(&stage, &root).await,
            2,
            "a member now, with one that waits"
        );
    })
    .await;
}

/// N seats, and more who come at once than there are: by lists, by forms, by blank ones; and
/// people who accept meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s52_n_seats_are_n_however_many_come_at_once() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        let ada = stage.signed_in(stage.ada).await;
        let mut waiting = Vec::new();
        for n in 0..5 {
            let email = format!("early{n}@new.test");
            let user = stage.user(&email, "Early", true).await;
            stage
                .invite(Invite {
                    user: Some(user),
                    ..stage.to_acme(&email)
                })
                .await;
            stage.send_mails().await;
            let caller = stage.signed_in(user).await;
            let token = stage.mailed_token(&email);
            waiting.push(stage.open(&caller, &token).await.unwrap().1);
        }
        // Six are taken; ten are free.
        limit(&stage, &root, Some(16)).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..4_u32 {
            let (stage, ada) = (Arc::clone(&stage), ada.clone());
            tasks.spawn(async move {
                let list = people(n * 10, 6);
                let key = format!("list{n}");
                let done = import(&stage, &ada, &key, &list, SubmitMode::ValidNow).await;
                done.outcomes.of(RowOutcome::Created)
            });
        }
        for n in 0..4 {
            let (stage, root) = (Arc::clone(&stage), root.clone());
            tasks.spawn(async move {
                let apps = AppsService::new(stage.desk.clone());
                let input = form(&format!("hand{n}@new.test"), &format!("hand{n}"), &[]);
                let made = apps.create(&root, input).await.unwrap();
                u32::from(made[0].outcome == RowOutcome::Created)
            });
        }
        for n in 0..4 {
            let (stage, root) = (Arc::clone(&stage), root.clone());
            tasks.spawn(async move {
                let service = BlanksService::new(stage.desk.clone());
                let made = service.create(&root, blanks(&format!("blank{n}"), 2)).await;
                made.map_or(0, |made| made.made)
            });
        }
        for caller in waiting {
            let stage = Arc::clone(&stage);
            tasks.spawn(async move {
                stage.landing.accept(&caller).await.unwrap();
                0
            });
        }
        let mut made = 0;
        while let Some(count) = tasks.join_next().await {
            made += count.unwrap();
        }
        // Blank ones come in twos, so that one seat may be left.
        assert!((9..=10).contains(&made), "{made}");
        assert_eq!(used(&stage, &root).await, 6 + u64::from(made));
        let members = "SELECT COUNT(*) FROM memberships";
        assert_eq!(
            stage.number(members, args![]).await,
            7,
            "two admins and five"
        );
        stage.check().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s52_codes_of_the_last_seats_are_all_redeemed_and_no_more() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        limit(&stage, &root, Some(9)).await.unwrap();
        let service = BlanksService::new(stage.desk.clone());
        service.create(&root, blanks("b", 8)).await.unwrap();
        let batch = BatchRef {
            tenant: "acme".to_owned(),
            source: "Open day".to_owned(),
            after: None,
        };
        let codes = service.codes(&root, batch).await.unwrap().codes;
        let redeem = RedeemService::new(stage.desk.clone(), stage.landing.clone());
        // Two people for each code, both of whom have opened it.
        let mut callers = Vec::new();
        for n in 0..16_usize {
            let user = stage.user(&format!("p{n}@new.test"), "Person", true).await;
            let caller = stage.signed_in(user).await;
            let code = codes[n % 8].code.clone();
            let (_, cookies) = redeem.open(&caller, code).await.unwrap();
            let value = cookies[0].split(['=', ';']).nth(1).unwrap().to_owned();
            callers.push(Caller {
                landing: Some(LandingCookie(value)),
                ..caller
            });
        }
        let mut tasks = tokio::task::JoinSet::new();
        for caller in callers {
            let stage = Arc::clone(&stage);
            tasks.spawn(async move { stage.landing.accept(&caller).await.is_ok() });
        }
        let mut won = 0;
        while let Some(one) = tasks.join_next().await {
            won += u32::from(one.unwrap());
        }
        assert_eq!(won, 8);
        assert_eq!(used(&stage, &root).await, 9);
    })
    .await;
}
