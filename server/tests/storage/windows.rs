//! What a list reads: at most so many rows of an index, and no table from end to end.

use std::collections::{BTreeMap, BTreeSet};

use app::{
    api::invitations::{InvitationFilter, SortBy},
    domain::{
        counts::COUNTED_OF_TENANT,
        id::{BundleId, CatalogItemId, ImportId, TenantId, UserId},
        invitation::{DeliveryStatus, InvitationKind, InvitationStatus},
    },
};
use server::{
    args,
    clock::new_id,
    storage::{BundleFilter, BundleOrder, More, SortValue},
};
use uuid::Uuid;

use crate::db::{Db, NOW, contract};

contract!(a_list_goes_on_after_the_last_row_that_was_looked_at, |db| {
    let (acme, ada) = db.desk("acme").await;
    let (globex, gil) = db.desk("globex").await;
    let mut wanted = BTreeSet::new();
    let mut places = BTreeMap::new();
    for n in 0..12_i64 {
        let (tenant, inviter) = if n % 2 == 0 {
            (acme, ada)
        } else {
            (globex, gil)
        };
        let made = db.invite(tenant, inviter, &format!("p{n}@new.test")).await;
        if n % 6 == 0 {
            let change = "UPDATE bundles SET source = 'Fair' WHERE id = $1";
            db.sql(change, args![made.bundle]).await;
            wanted.insert(made.bundle);
        }
        // No two orders are one, and in each two bundles have the same value.
        let place = Place {
            expires: n * 5 % 12 / 2,
            changed: n * 7 % 12 / 2,
            invitee: format!("p{}", n * 11 % 12 / 2),
        };
        let change = "UPDATE bundles SET expires_at = $2, changed_at = $3, search_text = $4
            WHERE id = $1";
        let (end, changed, name) = (place.expires, place.changed, place.invitee.clone());
        db.sql(change, args![made.bundle, end, changed, name]).await;
        places.insert(made.bundle, place);
    }
    let fair = InvitationFilter {
        source: "Fair".to_owned(),
        ..InvitationFilter::default()
    };
    for (tenant, kind) in [
        (None, None),
        (Some(acme), None),
        (None, Some(InvitationKind::Platform)),
    ] {
        for sort in [
            SortBy::Created,
            SortBy::Expires,
            SortBy::Changed,
            SortBy::Invitee,
        ] {
            for reversed in [false, true] {
                let filter = BundleFilter {
                    tenant,
                    asked: InvitationFilter {
                        kind,
                        ..fair.clone()
                    },
                    ..BundleFilter::default()
                };
                let any = BundleFilter {
                    asked: InvitationFilter {
                        source: String::new(),
                        ..filter.asked.clone()
                    },
                    ..filter.clone()
                };
                let name = format!("{tenant:?} {kind:?} {sort:?} {reversed}");
                let (found, empty) = walk(db, filter, sort, reversed).await;
                assert!(empty > 0, "pages of three rows without one of them");
                let (all, _) = walk(db, any, sort, reversed).await;
                assert_eq!(all.len(), if tenant.is_some() { 6 } else { 12 }, "{name}");
                for found in [&found, &all] {
                    assert_eq!(*found, ordered(found, &places, sort, reversed), "{name}");
                }
                assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), wanted, "{name}");
            }
        }
    }
});

/// What a bundle is ordered by, beside its id.
#[derive(Clone, Debug)]
struct Place {
    expires: i64,
    changed: i64,
    invitee: String,
}

/// The same bundles in the order that a list should have.
fn ordered(
    found: &[BundleId],
    places: &BTreeMap<BundleId, Place>,
    sort: SortBy,
    reversed: bool,
) -> Vec<BundleId> {
    let mut all = found.to_vec();
    all.sort_by(|one, other| {
        let (a, b) = (&places[one], &places[other]);
        let value = match sort {
            SortBy::Created => std::cmp::Ordering::Equal,
            SortBy::Expires => a.expires.cmp(&b.expires),
            SortBy::Changed => a.changed.cmp(&b.changed),
            SortBy::Invitee => a.invitee.cmp(&b.invitee),
        };
        value.then(one.cmp(other))
    });
    // Names begin with A, times with the latest.
    if reversed == (sort == SortBy::Invitee) {
        all.reverse();
    }
    all
}

/// Everything that a list gives in pages of one line, three rows looked at; and how many
/// pages had no line.
async fn walk(db: &Db, filter: BundleFilter, sort: SortBy, reversed: bool) -> (Vec<BundleId>, u32) {
    let mut order = BundleOrder {
        sort,
        reversed,
        after: None,
        looked_at: 3,
    };
    let (mut all, mut empty) = (Vec::new(), 0);
    loop {
        let (filter, asked) = (filter.clone(), order.clone());
        let (page, next) = db
            .write(move |tx| Box::pin(async move { tx.list_bundles(&filter, &asked, 1).await }))
            .await;
        empty += u32::from(page.is_empty());
        for line in page {
            assert!(!all.contains(&line.id), "a line comes once");
            all.push(line.id);
        }
        let Some(next) = next else {
            return (all, empty);
        };
        order.after = Some(next);
    }
}

contract!(a_whole_address_is_found_however_many_there_are, |db| {
    let (acme, ada) = db.desk("acme").await;
    let old = db.invite(acme, ada, "mara@new.test").await;
    for n in 0..5 {
        db.invite(acme, ada, &format!("p{n}@new.test")).await;
    }
    let order = BundleOrder {
        looked_at: 2,
        ..BundleOrder::default()
    };
    let search = async |word: &'static str| {
        let filter = BundleFilter {
            words: vec![word.to_owned()],
            address: Some(word.to_owned()),
            ..BundleFilter::default()
        };
        let order = order.clone();
        db.write(move |tx| Box::pin(async move { tx.find_bundles(&filter, &order, 10).await }))
            .await
    };
    let found = search("mara@new.test").await;
    assert_eq!((found.bundles, found.more), (vec![old.bundle], More::No));
    // What is nobody's whole address is looked for as a part of one.
    let part = search("mara@new.t").await;
    assert_eq!(part.bundles, []);
    assert!(matches!(part.more, More::After(_)));
});

/// So many bundles that an engine minds reading them all.
const MANY: i64 = 20_000;

async fn fill(db: &Db) -> (TenantId, UserId, CatalogItemId) {
    let (acme, ada) = db.desk("acme").await;
    let course = db.course(Some(acme), "A").await;
    let numbers = "CREATE TABLE numbers AS
        WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
        SELECT n FROM n";
    db.sql(numbers, args![]).await;
    // Ids as their numbers say; the engines write them in ways of their own.
    let (bundle, other) = if db.storage.is_postgres() {
        (
            "INSERT INTO bundles (id, tenant_id, email, email_typed, first_name, last_name,
                search_text, role, status, inviter_id, created_at, expires_at, changed_at)
             SELECT CAST(LPAD(TO_HEX(n), 32, '0') AS UUID), $1, 'p' || n || '@x.test', 'p', '',
                '', 'p' || n, 'learner', 'pending', $2, n, n, n FROM numbers",
            "INSERT INTO invitations (id, tenant_id, bundle_id, kind, binding, target_id,
                invitee_key, status, created_at, status_changed_at, expires_at)
             SELECT CAST(LPAD(TO_HEX(n), 32, '0') AS UUID), $1,
                CAST(LPAD(TO_HEX(n), 32, '0') AS UUID), 'course', 'email', $2, 'p' || n,
                'pending', n, n, n FROM numbers",
        )
    } else {
        (
            "INSERT INTO bundles (id, tenant_id, email, email_typed, first_name, last_name,
                search_text, role, status, inviter_id, created_at, expires_at, changed_at)
             SELECT unhex(printf('%032x', n)), $1, 'p' || n || '@x.test', 'p', '',
                '', 'p' || n, 'learner', 'pending', $2, n, n, n FROM numbers",
            "INSERT INTO invitations (id, tenant_id, bundle_id, kind, binding, target_id,
                invitee_key, status, created_at, status_changed_at, expires_at)
             SELECT unhex(printf('%032x', n)), $1, unhex(printf('%032x', n)), 'course',
                'email', $2, 'p' || n, 'pending', n, n, n FROM numbers",
        )
    };
    assert_eq!(db.sql(bundle, args![acme, ada]).await.cast_signed(), MANY);
    db.sql(other, args![acme, course]).await;
    if db.storage.is_postgres() {
        db.sql("ANALYZE", args![]).await;
    }
    (acme, ada, course)
}

contract!(no_list_reads_a_table_from_end_to_end, |db| {
    let (acme, ada, course) = fill(db).await;
    let none = InvitationFilter::default();
    let with = |asked: InvitationFilter| BundleFilter {
        asked,
        ..BundleFilter::default()
    };
    let filters = [
        ("none", with(none.clone())),
        (
            "status",
            with(InvitationFilter {
                status: Some(InvitationStatus::Pending),
                ..none.clone()
            }),
        ),
        (
            "delivery",
            with(InvitationFilter {
                delivery: Some(DeliveryStatus::Bounced),
                ..none.clone()
            }),
        ),
        (
            "kind",
            with(InvitationFilter {
                kind: Some(InvitationKind::Course),
                ..none.clone()
            }),
        ),
        (
            "target",
            with(InvitationFilter {
                target: Some(course),
                ..none.clone()
            }),
        ),
        (
            "placeholder",
            with(InvitationFilter {
                placeholder: true,
                ..none.clone()
            }),
        ),
        (
            "inviter",
            with(InvitationFilter {
                inviter: Some(ada),
                ..none.clone()
            }),
        ),
        (
            "import",
            with(InvitationFilter {
                import: Some(ImportId(new_id(NOW))),
                ..none.clone()
            }),
        ),
        (
            "source",
            with(InvitationFilter {
                source: "Fair".to_owned(),
                active: Some(true),
                ..none.clone()
            }),
        ),
        (
            "words",
            BundleFilter {
                words: vec!["p1".to_owned()],
                ..BundleFilter::default()
            },
        ),
        (
            "address",
            BundleFilter {
                address: Some("p1@x.test".to_owned()),
                ..BundleFilter::default()
            },
        ),
        (
            "days",
            BundleFilter {
                from: Some(NOW),
                before: Some(NOW),
                ..BundleFilter::default()
            },
        ),
    ];
    let mut wrong = Vec::new();
    for tenant in [None, Some(acme)] {
        for (name, filter) in &filters {
            for sort in [
                SortBy::Created,
                SortBy::Expires,
                SortBy::Changed,
                SortBy::Invitee,
            ] {
                for (after, reversed) in
                    [(false, false), (true, false), (false, true), (true, true)]
                {
                    let filter = BundleFilter {
                        tenant,
                        ..filter.clone()
                    };
                    let plans = plan(db, filter, sort, after, reversed).await;
                    for (what, plan) in ["page", "end"].into_iter().zip(plans) {
                        if let Some(fault) = fault(&plan, name, sort, tenant.is_some()) {
                            wrong.push(format!(
                                "{name} {sort:?} {tenant:?} {after} {reversed} {what}: {fault}\n{}",
                                plan.join("\n")
                            ));
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
});

contract!(no_list_is_read_by_a_plan_for_any_values, |db| {
    if !db.storage.is_postgres() {
        return;
    }
    let (acme, ada) = db.desk("acme").await;
    db.invite(acme, ada, "mara@new.test").await;
    let kept = db
        .write(move |tx| {
            Box::pin(async move {
                let filter = BundleFilter {
                    tenant: Some(acme),
                    ..BundleFilter::default()
                };
                // From the sixth time on PostgreSQL would take one plan for all.
                for _ in 0..6 {
                    tx.find_bundles(&filter, &BundleOrder::default(), 50)
                        .await?;
                }
                let kept = "SELECT COUNT(*) FROM pg_prepared_statements
                    WHERE statement LIKE '%bundles b ' || 'WHERE%'";
                tx.all_composed::<(i64,)>(kept.to_owned(), args![]).await
            })
        })
        .await;
    assert_eq!(kept, [(0,)]);
});

contract!(the_counts_of_a_tenant_stop, |db| {
    let (acme, ada, _) = fill(db).await;
    let ben = db.user("ben@x.test").await;
    let his = "UPDATE bundles SET inviter_id = $1, status = 'revoked' WHERE created_at <= 2";
    db.sql(his, args![ben]).await;
    let totals = db.write(|tx| Box::pin(tx.tenant_totals(acme))).await;
    let totals = totals.people_by_status;
    let expected = [
        (InvitationStatus::Pending, COUNTED_OF_TENANT + 1),
        (InvitationStatus::Revoked, 2),
    ];
    assert_eq!(totals, expected.into());
    let who = db.write(|tx| Box::pin(tx.inviters(acme))).await;
    let mut who: Vec<_> = who.into_iter().map(|(user, _)| user).collect();
    who.sort();
    let mut both = vec![ada, ben];
    both.sort();
    assert_eq!(who, both);
    let (globex, _) = db.desk("globex").await;
    let none = db.write(|tx| Box::pin(tx.inviters(globex))).await;
    assert_eq!(none, []);
});

async fn plan(
    db: &Db,
    filter: BundleFilter,
    sort: SortBy,
    after: bool,
    reversed: bool,
) -> [Vec<String>; 2] {
    let value = match sort {
        SortBy::Created => SortValue::Id,
        SortBy::Expires | SortBy::Changed => SortValue::Time(10_000),
        SortBy::Invitee => SortValue::Text("p5".to_owned()),
    };
    let order = BundleOrder {
        sort,
        reversed,
        after: after.then_some(server::storage::AfterBundle {
            value,
            bundle: BundleId(Uuid::from_u128(10_000)),
        }),
        ..BundleOrder::default()
    };
    let postgres = db.storage.is_postgres();
    db.write(move |tx| {
        Box::pin(async move {
            if postgres {
                // The table is small beside what the list is made for: the question is
                // whether an index gives the rows in their order.
                for off in [
                    "SET LOCAL enable_seqscan = off",
                    "SET LOCAL enable_bitmapscan = off",
                ] {
                    tx.execute(off, args![]).await?;
                }
            }
            tx.plan_of_page(&filter, &order, 50).await
        })
    })
    .await
}

/// What is wrong with a plan, if anything is.
fn fault(plan: &[String], name: &str, sort: SortBy, of_tenant: bool) -> Option<String> {
    let text = plan.join("\n");
    // SQLite says SCAN for a walk along an index, too, and then names it; it calls what a
    // bracket gives by the bracket's own name.
    let scanned = plan.iter().find(|line| {
        let line = line.trim_start_matches([' ', '-', '>']);
        line.starts_with("Seq Scan")
            || (line.starts_with("SCAN ")
                && !line.contains(" INDEX ")
                && !matches!(line, "SCAN b" | "SCAN w"))
    });
    if let Some(line) = scanned {
        return Some(format!("reads everything: {line}"));
    }
    // What is put in order is read to its end first: the few of one address, or the rows that
    // are looked at, never all that there are.
    if let Some(line) = sorts_everything(plan).filter(|_| name != "address") {
        return Some(format!("sorts: {line}"));
    }
    let index = match (sort, of_tenant) {
        // An address has few, and they are put in order.
        _ if name == "address" => "bundles_email",
        (SortBy::Expires, true) => "bundles_expires",
        (SortBy::Changed, true) => "bundles_changed",
        (SortBy::Invitee, true) => "bundles_invitee",
        (SortBy::Expires, false) => "bundles_all_expires",
        (SortBy::Changed, false) => "bundles_all_changed",
        (SortBy::Invitee, false) => "bundles_all_invitee",
        (SortBy::Created, _) if name == "import" => "bundles_import",
        (SortBy::Created, false) if name == "target" => "invitations_target",
        (SortBy::Created, false) if name == "kind" => "invitations_app",
        (SortBy::Created, true) if name == "status" => "bundles_status",
        (SortBy::Created, true) if name == "inviter" => "bundles_inviter",
        (SortBy::Created, true) => "bundles_newest",
        (SortBy::Created, false) if name == "status" => "bundles_all_status",
        // The primary key's.
        (SortBy::Created, false) if text.contains("sqlite") => "sqlite_autoindex_bundles_1",
        (SortBy::Created, false) => "bundles_pkey",
    };
    (!text.contains(index)).then(|| format!("does not walk {index}"))
}

/// The line of a plan that puts rows in order before so many of them are taken.
fn sorts_everything(plan: &[String]) -> Option<&String> {
    let depth = |line: &str| line.len() - line.trim_start_matches([' ', '-', '>']).len();
    let mut lines = plan.iter().enumerate();
    lines.find_map(|(at, line)| {
        let word = line.trim_start_matches([' ', '-', '>']);
        // PostgreSQL writes what a node reads below it, deeper.
        let sorts = word.starts_with("Sort ") || word.starts_with("Incremental Sort");
        let below = plan.iter().skip(at + 1);
        let mut below = below.take_while(|one| depth(one) > depth(line));
        if sorts && !below.any(|one| one.contains("Limit ")) {
            return Some(line);
        }
        // SQLite writes the bracket first, then that it is read.
        let window = plan
            .iter()
            .position(|one| one == "SCAN b" || one == "SCAN w");
        let outside = window.is_some_and(|window| window < at);
        (word.contains("TEMP B-TREE FOR") && word.contains("ORDER BY") && !outside).then_some(line)
    })
}
