//! The catalog invitation apps: a super-admin's forms, and what is found while one types.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

mod stage;

use app::{
    api::{
        ApiError,
        apps::{App, CreateInvitations, PersonMade},
    },
    domain::{
        id::UserId,
        import::RowOutcome,
        invitation::{InvitationKind, InvitationStatus},
        role::Role,
        time::CivilDate,
    },
    ports::{
        Apps as _, Caller, Catalog as _, Invitations as _, Mine as _, Tenants as _, Users as _,
    },
};
use server::{
    args, jobs,
    services::{
        apps::AppsService, catalog::CatalogService, tenants::TenantsService, users::UsersService,
    },
};
use stage::{Stage, on_every_engine};

/// A super-admin, signed in.
async fn root(stage: &Stage) -> Caller {
    let user = stage.user("root@beckon.test", "Root", true).await;
    let promote = "UPDATE users SET super_admin = 1 WHERE id = $1";
    stage.sql(promote, args![user]).await;
    stage.signed_in(user).await
}

/// The course form for these people, under a key.
fn form(stage: &Stage, key: &str, users: &[UserId]) -> CreateInvitations {
    CreateInvitations {
        app: App::Course,
        tenant: "acme".to_owned(),
        idempotency_key: key.to_owned(),
        users: users.to_vec(),
        email: String::new(),
        platform: false,
        courses: vec![stage.course],
        programs: Vec::new(),
        active: true,
        mail: true,
        send_at: None,
        role: Role::Learner,
        expires_on: None,
        access_from: None,
        access_until: None,
        note: "See you there.".to_owned(),
        source: String::new(),
        redirect: String::new(),
        metadata: String::new(),
    }
}

async fn create(
    stage: &Stage,
    caller: &Caller,
    input: CreateInvitations,
) -> Result<Vec<PersonMade>, ApiError> {
    AppsService::new(stage.desk.clone())
        .create(caller, input)
        .await
}

fn fields(answer: Result<Vec<PersonMade>, ApiError>) -> Vec<String> {
    match answer {
        Err(ApiError::Invalid { fields, .. }) => fields.into_iter().map(|one| one.field).collect(),
        other => panic!("{other:?}"),
    }
}

const INVITATIONS: &str = "SELECT COUNT(*) FROM invitations";

#[tokio::test]
async fn a_learner_is_invited_to_a_course_by_hand_and_sees_it() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        let mara = stage.user("mara@new.test", "Mara", true).await;
        let made = create(&stage, &root, form(&stage, "k1", &[mara]))
            .await
            .unwrap();
        assert_eq!((made[0].outcome, made[0].made), (RowOutcome::Created, 1));
        let bundle = made[0].bundle.unwrap();
        // Exactly the course, addressed to the account, by the super-admin.
        assert_eq!(stage.number(INVITATIONS, args![]).await, 1);
        let bound = "SELECT i.kind || '/' || i.binding || '/' || b.note FROM invitations i
            JOIN bundles b ON b.id = i.bundle_id WHERE b.id = $1";
        assert_eq!(
            stage.text(bound, args![bundle]).await,
            "course/user/See you there."
        );
        let audited = "SELECT COUNT(*) FROM audit_events WHERE action = 'invitation.created'";
        assert_eq!(stage.number(audited, args![]).await, 1);
        stage.send_mails().await;
        assert_eq!(
            stage.memory.mails().last().unwrap().mail.to,
            "mara@new.test"
        );
        let own = stage.signed_in(mara).await;
        let home = stage.mine.home(&own).await.unwrap();
        assert_eq!(home.invitations[0].title, "Fire safety");
        assert_eq!(home.invitations[0].inviter, "Root Example");
        let invitation = home.invitations[0].invitation;
        stage.mine.accept(&own, invitation).await.unwrap();
        assert_eq!(stage.mine.home(&own).await.unwrap().courses.len(), 1);
        // Who has it is told so.
        let again = create(&stage, &root, form(&stage, "k2", &[mara]))
            .await
            .unwrap();
        assert_eq!(again[0].outcome, RowOutcome::AlreadyMember);
    })
    .await;
}

#[tokio::test]
async fn a_repeated_save_is_one_invitation_and_a_second_one_is_told_of_the_first() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        let mara = stage.user("mara@new.test", "Mara", true).await;
        let (one, other) = tokio::join!(
            create(&stage, &root, form(&stage, "same", &[mara])),
            create(&stage, &root, form(&stage, "same", &[mara])),
        );
        let made = one.unwrap();
        assert_eq!(made, other.unwrap());
        let again = create(&stage, &root, form(&stage, "other", &[mara]))
            .await
            .unwrap();
        assert_eq!(again[0].outcome, RowOutcome::AlreadyInvited);
        assert_eq!(again[0].bundle, made[0].bundle);
        assert_eq!(stage.number(INVITATIONS, args![]).await, 1);
        // The key is not good for anything else.
        let changed = CreateInvitations {
            note: String::new(),
            ..form(&stage, "same", &[mara])
        };
        let Err(ApiError::Conflict { code, .. }) = create(&stage, &root, changed).await else {
            panic!("a used key was taken");
        };
        assert_eq!(code, "idempotency_key_reused");
    })
    .await;
}

#[tokio::test]
async fn every_pair_is_an_invitation_and_every_person_a_bundle() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        let people = [
            stage.user("one@new.test", "One", true).await,
            stage.user("two@new.test", "Two", true).await,
        ];
        let input = CreateInvitations {
            programs: vec![stage.program],
            ..form(&stage, "k", &people)
        };
        let made = create(&stage, &root, input).await.unwrap();
        assert!(made.iter().all(|one| one.made == 2), "{made:?}");
        assert_ne!(made[0].bundle, made[1].bundle);
        let bundles = "SELECT COUNT(*) FROM bundles";
        assert_eq!(stage.number(bundles, args![]).await, 2);
        stage.send_mails().await;
        assert_eq!(stage.memory.mails().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn what_a_form_lacks_is_said_at_its_field_and_nothing_is_made() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        let mara = stage.user("mara@new.test", "Mara", true).await;
        let good = form(&stage, "k", &[mara]);
        let both = CreateInvitations {
            email: "x@new.test".to_owned(),
            ..good.clone()
        };
        assert_eq!(fields(create(&stage, &root, both).await), ["user", "email"]);
        let neither = CreateInvitations {
            users: Vec::new(),
            courses: Vec::new(),
            tenant: String::new(),
            ..good.clone()
        };
        assert_eq!(
            fields(create(&stage, &root, neither).await),
            ["user", "target", "tenant"]
        );
        let unreadable = CreateInvitations {
            users: Vec::new(),
            email: "not an address".to_owned(),
            ..good.clone()
        };
        assert_eq!(fields(create(&stage, &root, unreadable).await), ["email"]);
        let past = CreateInvitations {
            expires_on: Some(CivilDate {
                year: 2020,
                month: 1,
                day: 1,
            }),
            ..good.clone()
        };
        assert_eq!(fields(create(&stage, &root, past).await), ["expires_on"]);
        // Another tenant's course, and one that is archived (S25).
        let foreign = CreateInvitations {
            tenant: "globex".to_owned(),
            ..good.clone()
        };
        assert_eq!(fields(create(&stage, &root, foreign).await), ["target"]);
        stage
            .sql("UPDATE catalog_items SET archived_at = 1", args![])
            .await;
        assert_eq!(
            fields(create(&stage, &root, good.clone()).await),
            ["target"]
        );
        stage
            .sql("UPDATE catalog_items SET archived_at = NULL", args![])
            .await;
        let gone = "UPDATE users SET deactivated_at = 1 WHERE id = $1";
        stage.sql(gone, args![mara]).await;
        assert_eq!(fields(create(&stage, &root, good).await), ["user"]);
        assert_eq!(stage.number(INVITATIONS, args![]).await, 0);
        assert_eq!(
            stage
                .number("SELECT COUNT(*) FROM bulk_batches", args![])
                .await,
            0
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_switched_off_or_wants_no_mail_gets_none() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        let off = CreateInvitations {
            users: Vec::new(),
            email: "off@new.test".to_owned(),
            active: false,
            ..form(&stage, "off", &[])
        };
        let silent = CreateInvitations {
            users: Vec::new(),
            email: "silent@new.test".to_owned(),
            mail: false,
            ..form(&stage, "silent", &[])
        };
        for input in [off, silent] {
            let made = create(&stage, &root, input).await.unwrap();
            assert_eq!(made[0].outcome, RowOutcome::Created);
        }
        stage.send_mails().await;
        assert!(stage.memory.mails().is_empty());
        let active = "SELECT COUNT(*) FROM bundles WHERE active = 1";
        assert_eq!(stage.number(active, args![]).await, 1);
    })
    .await;
}

#[tokio::test]
async fn an_access_window_is_copied_when_somebody_accepts() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        let mara = stage.user("mara@new.test", "Mara", true).await;
        let day = |day| {
            Some(CivilDate {
                year: 2027,
                month: 1,
                day,
            })
        };
        let windowed = |from, until| CreateInvitations {
            access_from: day(from),
            access_until: day(until),
            ..form(&stage, "k", &[mara])
        };
        let upside_down = create(&stage, &root, windowed(9, 8)).await;
        assert_eq!(fields(upside_down), ["access_until"]);
        create(&stage, &root, windowed(8, 8)).await.unwrap();
        let own = stage.signed_in(mara).await;
        let invitation = stage.mine.home(&own).await.unwrap().invitations[0].invitation;
        stage.mine.accept(&own, invitation).await.unwrap();
        let window = "SELECT ends_at - starts_at FROM enrollments WHERE user_id = $1";
        assert_eq!(stage.number(window, args![mara]).await, 86_400_000 - 1);
    })
    .await;
}

#[tokio::test]
async fn s37_s38_a_form_meets_the_quotas_and_who_asked_never_to_be_invited() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        stage
            .sql("UPDATE tenants SET mails_a_day_per_address = 0", args![])
            .await;
        let to = |email: &str, key: &str| CreateInvitations {
            users: Vec::new(),
            email: email.to_owned(),
            ..form(&stage, key, &[])
        };
        let made = create(&stage, &root, to("mara@new.test", "a"))
            .await
            .unwrap();
        assert_eq!(made[0].outcome, RowOutcome::OverLimit);
        stage
            .sql("UPDATE tenants SET mails_a_day_per_address = 5", args![])
            .await;
        let hash = stage.desk.key.address_hash("never@new.test").to_vec();
        let never = "INSERT INTO suppressions (scope, address_hash, created_at)
            VALUES ($1, $2, 1)";
        stage.sql(never, args![stage.acme, hash]).await;
        let made = create(&stage, &root, to("never@new.test", "b"))
            .await
            .unwrap();
        assert_eq!(made[0].outcome, RowOutcome::Suppressed);
        assert_eq!(stage.number(INVITATIONS, args![]).await, 0);
    })
    .await;
}

#[tokio::test]
async fn s23_only_a_super_admin_has_the_forms() {
    on_every_engine(|stage| async move {
        let ada = stage.signed_in(stage.ada).await;
        let mara = stage.user("mara@new.test", "Mara", true).await;
        let answer = create(&stage, &ada, form(&stage, "k", &[mara])).await;
        assert_eq!(answer, Err(ApiError::NotFound));
        // Who was one when the form was opened, and is no more when it is saved.
        let root = root(&stage).await;
        stage.sql("UPDATE users SET super_admin = 0", args![]).await;
        let made = create(&stage, &root, form(&stage, "k", &[mara]))
            .await
            .unwrap();
        assert_eq!(made[0].outcome, RowOutcome::Forbidden);
        assert_eq!(stage.number(INVITATIONS, args![]).await, 0);
    })
    .await;
}

#[tokio::test]
async fn the_apps_count_people_over_all_tenants() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        let mara = stage.user("mara@new.test", "Mara", true).await;
        create(&stage, &root, form(&stage, "k", &[mara]))
            .await
            .unwrap();
        stage.invite(stage.to_acme("somebody@new.test")).await;
        let counts = AppsService::new(stage.desk.clone())
            .counts(&root)
            .await
            .unwrap();
        let pending: Vec<u64> = counts
            .iter()
            .map(|one| one.people.of(InvitationStatus::Pending))
            .collect();
        assert_eq!(pending, [1, 0, 1, 1]);
        // Who was invited without an account, and has one by now, still counts as that.
        let (_, token) = stage.invited("new@new.test").await;
        let (_, caller) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        stage.register(&caller).await.unwrap();
        let counts = AppsService::new(stage.desk.clone())
            .counts(&root)
            .await
            .unwrap();
        let accepted: Vec<u64> = counts
            .iter()
            .map(|one| one.people.of(InvitationStatus::Accepted))
            .collect();
        assert_eq!(accepted, [0, 0, 1, 1]);
    })
    .await;
}

#[tokio::test]
async fn words_are_found_by_their_beginning_and_from_within() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        let elodie = stage.user("elodie.m@site.test", "Élodie", true).await;
        stage.member(stage.acme, elodie, Role::Learner).await;
        let named = "UPDATE users SET username = 'moonlight' WHERE id = $1";
        stage.sql(named, args![elodie]).await;
        while jobs::words::keep_batch(&stage.desk).await.unwrap() > 0 {}
        let users = UsersService::new(stage.desk.clone());
        let found = async |search: &str| {
            let found = users.find(&root, search.to_owned()).await.unwrap();
            found.into_iter().map(|one| one.name).collect::<Vec<_>>()
        };
        let name = "Élodie Example".to_owned();
        for search in [
            "É",
            "elo",
            "ELODIE ex",
            "lod",
            "moon",
            "onli",
            "elodie.m@si",
            "site.te",
            "m@site",
        ] {
            assert!(found(search).await.contains(&name), "{search}");
        }
        for search in ["", "lo", "elodie zz", "%", "_lodie"] {
            assert!(!found(search).await.contains(&name), "{search}");
        }
        let tenants = users.find(&root, "moon".to_owned()).await.unwrap();
        assert_eq!(tenants[0].tenants[0].slug, "acme");
        // A name that is changed is found anew, and no more by the old one.
        let renamed = "UPDATE users SET search_text = 'zoe example elodie.m@site.test'
            WHERE id = $1";
        stage.sql(renamed, args![elodie]).await;
        while jobs::words::keep_batch(&stage.desk).await.unwrap() > 0 {}
        assert_eq!(found("zoe").await.len(), 1);
        let gone = "UPDATE users SET deactivated_at = 1 WHERE id = $1";
        stage.sql(gone, args![elodie]).await;
        assert!(found("zoe").await.is_empty());

        let catalog = CatalogService::new(stage.desk.clone());
        let items = catalog
            .find(&root, "safe".to_owned(), InvitationKind::Course)
            .await
            .unwrap();
        assert_eq!(items[0].item, stage.course);
        assert_eq!(items[0].tenant.as_ref().unwrap().slug, "acme");
        let programs = catalog
            .find(&root, "safe".to_owned(), InvitationKind::Program)
            .await
            .unwrap();
        assert!(programs.is_empty());
        let tenants = TenantsService::new(stage.desk.clone());
        let named = tenants.find(&root, "academy".to_owned()).await.unwrap();
        assert_eq!(named.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn s49_source_continue_and_metadata_are_kept_and_lead_nowhere_else() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        let good = CreateInvitations {
            users: Vec::new(),
            email: "mara@new.test".to_owned(),
            source: " Autumn fair ".to_owned(),
            redirect: "/welcome?x=1".to_owned(),
            metadata: "cost center: 4711\nsite: Lisbon".to_owned(),
            ..form(&stage, "k", &[])
        };
        for bad in [
            "//evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "https://evil.test",
            "https:evil.test",
            "javascript:alert(1)",
            "evil.test",
            "/\t/evil.test",
        ] {
            let input = CreateInvitations {
                redirect: bad.to_owned(),
                ..good.clone()
            };
            assert_eq!(
                fields(create(&stage, &root, input).await),
                ["redirect"],
                "{bad:?}"
            );
        }
        let lines = CreateInvitations {
            metadata: "no colon".to_owned(),
            ..good.clone()
        };
        assert_eq!(fields(create(&stage, &root, lines).await), ["metadata"]);
        let source = CreateInvitations {
            source: "a\nb".to_owned(),
            ..good.clone()
        };
        assert_eq!(fields(create(&stage, &root, source).await), ["source"]);
        let made = create(&stage, &root, good).await.unwrap();
        let bundle = made[0].bundle.unwrap();
        let ada = stage.signed_in(stage.ada).await;
        let asked = app::api::invitations::BundleRef {
            tenant: "acme".to_owned(),
            bundle,
        };
        let page = stage.invitations.show(&ada, asked).await.unwrap();
        assert_eq!(page.line.source, "Autumn fair");
        assert_eq!(page.redirect, "/welcome?x=1");
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(
            page.metadata,
            [pair("cost center", "4711"), pair("site", "Lisbon")]
        );
        stage.send_mails().await;
        let token = stage.mailed_token("mara@new.test");
        let (landing, _) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        assert_eq!(landing.redirect, "/welcome?x=1");
        // Whatever came into the database otherwise leads nowhere.
        let broken = "UPDATE bundles SET redirect = '//evil.test'";
        stage.sql(broken, args![]).await;
        let (landing, _) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        assert_eq!(landing.redirect, "");
        let mended = "UPDATE bundles SET redirect = ''";
        stage.sql(mended, args![]).await;
    })
    .await;
}

#[tokio::test]
async fn a_preview_is_the_mail_and_makes_nothing() {
    on_every_engine(|stage| async move {
        let root = root(&stage).await;
        let mara = stage.user("mara@new.test", "Mara", true).await;
        let input = form(&stage, "k", &[mara]);
        let apps = AppsService::new(stage.desk.clone());
        let seen = apps.preview(&root, input.clone()).await.unwrap();
        assert_eq!(seen.subject, "Root Example invites you to Acme Academy");
        assert_eq!(stage.number(INVITATIONS, args![]).await, 0);
        let (_, token) = seen.text.split_once("/i#").unwrap();
        let token = token.split_whitespace().next().unwrap();
        let opened = stage.open(&Stage::anonymous(), token).await;
        assert_eq!(opened.err(), Some(ApiError::NotFound));
        create(&stage, &root, input.clone()).await.unwrap();
        stage.send_mails().await;
        let sent = stage.memory.mails().last().unwrap().mail.clone();
        let plain = |text: &str| {
            text.lines()
                .filter(|line| !line.contains("https://beckon.test/"))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            (sent.subject, plain(&sent.text)),
            (seen.subject, plain(&seen.text))
        );
        let ada = stage.signed_in(stage.ada).await;
        assert_eq!(
            apps.preview(&ada, input.clone()).await,
            Err(ApiError::NotFound)
        );
        let nobody = CreateInvitations {
            tenant: String::new(),
            ..input
        };
        assert!(matches!(
            apps.preview(&root, nobody).await,
            Err(ApiError::Invalid { .. })
        ));
    })
    .await;
}
