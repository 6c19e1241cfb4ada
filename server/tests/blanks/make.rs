//! Made many at once, shown to those who may see codes, taken back.

use super::{Desk, batch, code_of, form, of};
use crate::stage::on_every_engine;
use app::api::ApiError;
use app::api::blanks::BatchMark;
use app::api::blanks::BatchRef;
use app::api::blanks::BlanksMade;
use app::api::blanks::CreateBlanks;
use app::api::invitations::{BundleRef, InvitationFilter, ListInvitations};
use app::domain::invitation::InvitationStatus;
use app::domain::role::Role;
use app::ports::{Blanks as _, Invitations as _, LandingPort as _};
use server::args;

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

        let lines = desk.batches(None).await.batches;
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

        // They would bury the people of a list: it shows them where they are asked for.
        let listed = async |filter: InvitationFilter| {
            let input = ListInvitations {
                tenant: "acme".to_owned(),
                filter,
                limit: 50,
                ..ListInvitations::default()
            };
            let page = stage.invitations.list(&desk.root, input).await;
            page.unwrap().bundles.len()
        };
        let all = InvitationFilter::default;
        let people = stage.to_acme("mara@new.test");
        stage.invite(people).await;
        assert_eq!(listed(all()).await, 1);
        let status = Some(InvitationStatus::Unassigned);
        assert_eq!(listed(InvitationFilter { status, ..all() }).await, 3);
        let asked = InvitationFilter {
            placeholder: true,
            ..all()
        };
        assert_eq!(listed(asked).await, 3);
        let asked = InvitationFilter {
            source: lines[0].source.clone(),
            ..all()
        };
        assert_eq!(listed(asked).await, 3);
    })
    .await;
}

#[tokio::test]
async fn the_list_of_batches_is_paged_and_counts_no_further_than_it_shows() {
    on_every_engine(|stage| async move {
        let desk = Desk::of(&stage).await;
        // The same source again makes the batch larger, and keeps its time.
        for key in ["a", "b"] {
            let form = CreateBlanks {
                platform: false,
                role: Role::Learner,
                ..form(&stage, key, 600)
            };
            desk.blanks.create(&desk.root, form).await.unwrap();
        }
        for n in 0..55 {
            let form = CreateBlanks {
                source: format!("Fair {n:02}"),
                ..form(&stage, &format!("fair{n}"), 1)
            };
            desk.blanks.create(&desk.root, form).await.unwrap();
        }
        let first = desk.batches(None).await;
        assert_eq!(first.batches.len(), 50);
        let second = desk.batches(first.next.clone()).await;
        assert_eq!((second.batches.len(), &second.next), (6, &None));
        let mut sources: Vec<String> = first
            .batches
            .into_iter()
            .chain(second.batches)
            .inspect(|line| {
                let large = line.source == "Open day 2026";
                let counted = if large { (1_200, 1_001) } else { (1, 1) };
                assert_eq!((line.made, line.unassigned), counted, "{}", line.source);
            })
            .map(|line| line.source)
            .collect();
        sources.sort();
        sources.dedup();
        assert_eq!(sources.len(), 56);
        let odd = BatchMark {
            made: crate::stage::NOW.0.to_string(),
            source: "a\u{0}".to_owned(),
        };
        let answer = desk
            .blanks
            .list(&desk.root, "acme".to_owned(), Some(odd))
            .await;
        assert_eq!(answer, Err(ApiError::NotFound));
        let counted = "SELECT COUNT(*) FROM bundles WHERE status = 'unassigned'";
        assert_eq!(stage.number(counted, args![]).await, 1_255);
    })
    .await;
}

#[tokio::test]
async fn what_the_form_lacks_is_said_at_its_field() {
    on_every_engine(|stage| async move {
        let desk = Desk::of(&stage).await;
        let good = form(&stage, "k", 1);
        let foreign = app::domain::id::CatalogItemId(server::clock::new_id(crate::stage::NOW));
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
                    role: Role::Learner,
                    ..good.clone()
                },
                "target",
            ),
            // Whoever finds a card is no administrator, and a course makes learners.
            (
                CreateBlanks {
                    role: Role::Admin,
                    ..good.clone()
                },
                "role",
            ),
            (
                CreateBlanks {
                    platform: false,
                    role: Role::Instructor,
                    ..good.clone()
                },
                "role",
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
