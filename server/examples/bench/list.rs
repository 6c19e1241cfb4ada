//! Lists and counts of very many invitations.

use app::{
    api::invitations::{InvitationFilter, ListInvitations, SortBy},
    bulk::date::parse_iso,
    domain::{
        id::{CatalogItemId, UserId},
        invitation::{DeliveryStatus, InvitationKind, InvitationStatus},
    },
    ports::{Apps as _, Caller, Invitations as _, Tenants as _},
};
use server::services::{
    Desk, apps::AppsService, invitations::InvitationsService, tenants::TenantsService,
};
use uuid::Uuid;

use crate::{
    Outcome,
    seed::{filled, id, numbered, with_indexes, without_indexes},
    super_admin,
    times::{head, measure},
};

const NAMES: [&str; 20] = [
    "Ada", "Bashir", "Chiara", "Dmitri", "Elodie", "Farah", "Goran", "Hanna", "Ivan", "Jana",
    "Kofi", "Lena", "Mara", "Noor", "Olga", "Pavel", "Quentin", "Rosa", "Sven", "Tamar",
];
const LAST: [&str; 20] = [
    "Lovelace", "Haddad", "Rossi", "Petrov", "Moreau", "Nasser", "Kovac", "Schmidt", "Novak",
    "Berg", "Mensah", "Fischer", "Muster", "Rahman", "Ivanova", "Horak", "Dubois", "Garcia",
    "Larsson", "Levi",
];
/// Two years.
const SPAN: i64 = 730 * 86_400_000;
/// Beside the big one, which has a tenth of all.
const OTHERS: i64 = 97;

fn case(n: &str, words: &[&str]) -> String {
    let each = words
        .iter()
        .enumerate()
        .map(|(place, word)| format!("WHEN {place} THEN '{word}'"))
        .collect::<Vec<_>>()
        .join(" ");
    format!("CASE {n} {each} END")
}

/// `rows` invitations, two a person.
async fn seed(desk: &Desk, rows: i64) -> Outcome {
    let storage = &desk.storage;
    let postgres = storage.is_postgres();
    let people = rows / 2;
    let (now, first) = (desk.now().0, desk.now().0 - SPAN);
    let step = (SPAN / people.max(1)).max(1);
    let at = format!("({first} + n * {step})");
    let tenant_n = format!("CASE WHEN n % 10 = 0 THEN 0 ELSE 1 + n % {OTHERS} END");
    let status = "CASE WHEN n * 7919 % 100 < 40 THEN 'pending'
        WHEN n * 7919 % 100 < 80 THEN 'accepted' WHEN n * 7919 % 100 < 90 THEN 'expired'
        WHEN n * 7919 % 100 < 95 THEN 'declined' ELSE 'revoked' END";
    let id = |at: &str, tag: &str, n: &str| id(postgres, at, tag, n);
    let indexes = without_indexes(storage, &["bundles", "invitations", "outbox"]).await?;
    let tenants = OTHERS + 1;
    numbered(
        storage,
        "tenants",
        tenants,
        &format!(
            "INSERT INTO tenants (id, slug, name, time_zone, created_at)
             SELECT {}, 'tenant-' || (n - 1), 'Tenant ' || (n - 1), 'Europe/Berlin', {first}
             FROM numbers",
            id("1", "8000", "n - 1")
        ),
    )
    .await?;
    numbered(
        storage,
        "inviters",
        tenants * 5,
        &format!(
            "INSERT INTO users (id, email, email_typed, email_verified, first_name, last_name,
                search_text, created_at)
             SELECT {}, 'inviter' || (n - 1) || '@x.test', 'inviter' || (n - 1) || '@x.test', 1,
                'Inviter', CAST(n - 1 AS TEXT), 'inviter ' || (n - 1), {first} FROM numbers",
            id("2", "8000", "n - 1")
        ),
    )
    .await?;
    numbered(
        storage,
        "courses and programs",
        2_200,
        &format!(
            "INSERT INTO catalog_items (id, kind, key, title, search_text, created_at)
             SELECT {}, CASE WHEN n <= 2000 THEN 'course' ELSE 'program' END, 'K' || n,
                'Title ' || n, 'k' || n || ' title ' || n, {first} FROM numbers",
            id("3", "8000", "n - 1")
        ),
    )
    .await?;
    let (given, last) = (case("n * 31 % 20", &NAMES), case("n / 20 % 20", &LAST));
    let folded = format!("LOWER({given} || ' ' || {last})");
    numbered(
        storage,
        "people",
        people,
        &format!(
            "INSERT INTO bundles (id, tenant_id, email, email_typed, first_name, last_name,
                search_text, role, status, inviter_id, delivery_id, created_at, expires_at,
                changed_at)
             SELECT {}, {}, 'p' || n || '@mail.test', 'p' || n || '@mail.test', {given}, {last},
                {folded} || ' p' || n || '@mail.test', 'learner', {status}, {},
                CASE WHEN n % 4 = 0 THEN {} END, {at}, {at} + 2592000000 + n * 7919 % 86400000,
                {at} + n * 7919 % 864000000
             FROM numbers",
            id(&at, "8001", "n"),
            id("1", "8000", &tenant_n),
            id("2", "8000", &format!("({tenant_n}) * 5 + n / 10 % 5")),
            id(&at, "8004", "n"),
        ),
    )
    .await?;
    for (what, tag, kind, target) in [
        (
            "platform invitations",
            "8002",
            "'platform'",
            id("1", "8000", &tenant_n),
        ),
        (
            "course and program invitations",
            "8003",
            "CASE WHEN n % 20 = 1 THEN 'program' ELSE 'course' END",
            id(
                "3",
                "8000",
                "CASE WHEN n % 20 = 1 THEN 2000 + n / 20 % 200 ELSE n / 7 % 2000 END",
            ),
        ),
    ] {
        numbered(
            storage,
            what,
            people,
            &format!(
                "INSERT INTO invitations (id, tenant_id, bundle_id, kind, binding, target_id,
                    invitee_key, status, created_at, status_changed_at, expires_at)
                 SELECT {}, {}, {}, {kind}, CASE WHEN n % 3 = 0 THEN 'user' ELSE 'email' END,
                    {target}, 'p' || n || '@mail.test', {status}, {at},
                    {at} + n * 7919 % 864000000, {at} + 2592000000
                 FROM numbers",
                id(&at, tag, "n"),
                id("1", "8000", &tenant_n),
                id(&at, "8001", "n"),
            ),
        )
        .await?;
    }
    numbered(
        storage,
        "mails (every fourth person)",
        people / 4,
        &format!(
            "INSERT INTO outbox (id, tenant_id, bundle_id, purpose, status, message_id,
                not_before, created_at, sent_at)
             SELECT {}, {}, {}, 'mail', CASE WHEN n % 25 = 0 THEN 'bounced' ELSE 'sent' END,
                'm' || n, {now}, {now}, {now}
             FROM (SELECT n * 4 AS n FROM numbers) AS numbers",
            id(&at, "8004", "n"),
            id("1", "8000", &tenant_n),
            id(&at, "8001", "n"),
        ),
    )
    .await?;
    with_indexes(storage, indexes).await
}

struct Lists {
    invitations: InvitationsService,
    caller: Caller,
}

impl Lists {
    /// A page; and the next, as often as `pages` says.
    async fn page(&self, input: ListInvitations, pages: u32) -> Outcome {
        let mut after = None;
        for _ in 0..pages {
            let input = ListInvitations {
                after,
                ..input.clone()
            };
            let page = self
                .invitations
                .list(&self.caller, input)
                .await
                .map_err(|error| error.to_string())?;
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Filters that a page is asked for with; a number makes each call another one.
fn filters(postgres_id: impl Fn(u8, u64) -> Uuid) -> Vec<(&'static str, Vec<InvitationFilter>)> {
    let none = InvitationFilter::default;
    let target = (0..200)
        .map(|n| InvitationFilter {
            kind: Some(InvitationKind::Course),
            target: Some(CatalogItemId(postgres_id(3, n * 10))),
            ..none()
        })
        .collect();
    let words = (0..400)
        .map(|n| InvitationFilter {
            search: format!("{} {}", NAMES[n % 20], LAST[n / 20]),
            ..none()
        })
        .collect();
    let address = (1..400)
        .map(|n| InvitationFilter {
            search: format!("p{}@mail.test", n * 7),
            ..none()
        })
        .collect();
    vec![
        (
            "status pending",
            vec![InvitationFilter {
                status: Some(InvitationStatus::Pending),
                ..none()
            }],
        ),
        (
            "kind program",
            vec![InvitationFilter {
                kind: Some(InvitationKind::Program),
                ..none()
            }],
        ),
        (
            "kind course, declined",
            vec![InvitationFilter {
                kind: Some(InvitationKind::Course),
                status: Some(InvitationStatus::Declined),
                ..none()
            }],
        ),
        (
            "placeholders",
            vec![InvitationFilter {
                placeholder: true,
                ..none()
            }],
        ),
        ("one course", target),
        (
            "mail bounced",
            vec![InvitationFilter {
                delivery: Some(DeliveryStatus::Bounced),
                ..none()
            }],
        ),
        (
            "one inviter",
            vec![InvitationFilter {
                inviter: Some(UserId(postgres_id(2, 3))),
                ..none()
            }],
        ),
        (
            "a month a year ago",
            vec![InvitationFilter {
                from: parse_iso("2025-11-01"),
                to: parse_iso("2025-11-30"),
                ..none()
            }],
        ),
        ("first and last name", words),
        ("a whole address", address),
        (
            "what nobody has",
            vec![InvitationFilter {
                search: "zzz".to_owned(),
                source: "nowhere".to_owned(),
                ..none()
            }],
        ),
    ]
}

pub async fn run(desk: &Desk, rows: i64, runs: u32) -> Outcome {
    // A database that was filled before is measured as it is.
    if filled(&desk.storage, "bundles").await? {
        println!("It is filled already.");
    } else {
        seed(desk, rows).await?;
    }
    let lists = Lists {
        invitations: InvitationsService::new(desk.clone()),
        caller: super_admin(),
    };
    let lists = &lists;
    let sorts = [
        ("created", SortBy::Created),
        ("expires", SortBy::Expires),
        ("status changed", SortBy::Changed),
        ("invitee", SortBy::Invitee),
    ];
    let uuid = |at: u8, n: u64| {
        Uuid::from_u128(
            (u128::from(at) << 80) | (0x7000_u128 << 64) | (0x8000_u128 << 48) | u128::from(n),
        )
    };
    for (title, tenant) in [
        ("All tenants", ""),
        ("One tenant with a tenth of all", "tenant-0"),
    ] {
        head(title);
        for (name, sort) in sorts {
            for reversed in [false, true] {
                let input = ListInvitations {
                    tenant: tenant.to_owned(),
                    sort,
                    reversed,
                    ..ListInvitations::default()
                };
                let turned = if reversed { ", turned round" } else { "" };
                let what = format!("first page by {name}{turned}");
                measure(&what, runs, |_| lists.page(input.clone(), 1)).await?;
            }
        }
        let input = ListInvitations {
            tenant: tenant.to_owned(),
            ..ListInvitations::default()
        };
        measure("ten pages on end", runs / 4, |_| {
            lists.page(input.clone(), 10)
        })
        .await?;
        for (name, filters) in filters(uuid) {
            for (by, sort) in sorts
                .into_iter()
                .filter(|(by, _)| ["created", "expires"].contains(by))
            {
                let what = format!("{name}, by {by}");
                measure(&what, runs, |n| {
                    let filter = filters[n as usize % filters.len()].clone();
                    let input = ListInvitations {
                        filter,
                        sort,
                        ..input.clone()
                    };
                    lists.page(input, 1)
                })
                .await?;
            }
        }
    }
    head("Counts");
    let apps = AppsService::new(desk.clone());
    let apps = &apps;
    measure("status × kind, all tenants", runs, |_| async {
        let counts = apps.counts(&lists.caller).await;
        counts.map(|_| ()).map_err(|error| error.to_string())
    })
    .await?;
    measure("status, one tenant", runs, |_| async {
        let counts = lists
            .invitations
            .counts(&lists.caller, "tenant-0".to_owned())
            .await;
        counts.map(|_| ()).map_err(|error| error.to_string())
    })
    .await?;
    let tenants = TenantsService::new(desk.clone());
    let tenants = &tenants;
    measure("the figures of one tenant's start page", runs, |_| async {
        let all = tenants.overview(&lists.caller, "tenant-0".to_owned());
        all.await.map(|_| ()).map_err(|error| error.to_string())
    })
    .await?;
    measure("who invited, one tenant", runs, |_| async {
        let all = lists
            .invitations
            .inviters(&lists.caller, "tenant-0".to_owned())
            .await;
        all.map(|_| ()).map_err(|error| error.to_string())
    })
    .await?;
    measure(
        "what matches before an act in bulk",
        runs / 10 + 1,
        |_| async {
            let filter = InvitationFilter::default();
            let count = lists
                .invitations
                .matching(&lists.caller, String::new(), filter)
                .await;
            count.map(|_| ()).map_err(|error| error.to_string())
        },
    )
    .await
}
