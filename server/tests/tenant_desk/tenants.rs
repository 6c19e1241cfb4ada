//! Tenants, as super-admins make and shut them.

use app::{
    api::{
        ApiError,
        tenants::{CreateTenant, EditTenant, ListTenants, SetSeats, TenantFacts, TenantLine},
    },
    domain::id::{TenantId, UserId},
    ports::{Caller, LandingPort as _, Tenants as _},
};
use server::{args, services::tenants::TenantsService};

use crate::stage::{Invite, NOW, Stage, on_every_engine};

/// A super-admin, signed in.
pub async fn root(stage: &Stage) -> (UserId, Caller) {
    let user = stage.user("root@beckon.test", "Root", true).await;
    let promote = "UPDATE users SET super_admin = 1 WHERE id = $1";
    stage.sql(promote, args![user]).await;
    (user, stage.signed_in(user).await)
}

fn new(name: &str, slug: &str) -> CreateTenant {
    CreateTenant {
        name: name.to_owned(),
        slug: slug.to_owned(),
        time_zone: "Europe/Lisbon".to_owned(),
        default_expiry_days: 14,
    }
}

fn fields(answer: Result<(), ApiError>) -> Vec<String> {
    match answer {
        Err(ApiError::Invalid { fields, .. }) => fields.into_iter().map(|one| one.field).collect(),
        other => panic!("{other:?}"),
    }
}

async fn listed(
    tenants: &TenantsService,
    root: &Caller,
    search: &str,
    disabled: bool,
) -> Vec<TenantLine> {
    let input = ListTenants {
        search: search.to_owned(),
        disabled,
        after: None,
    };
    tenants.list(root, input).await.unwrap().tenants
}

#[tokio::test]
async fn a_tenant_is_made_found_and_changed() {
    on_every_engine(|stage| async move {
        let (_, root) = root(&stage).await;
        let tenants = TenantsService::new(stage.desk.clone());
        let north = new(" École du Nord ", "nord");
        tenants.create(&root, north.clone()).await.unwrap();
        assert_eq!(fields(tenants.create(&root, north).await), ["slug"]);
        let wrong = CreateTenant {
            time_zone: "Mars/Olympus".to_owned(),
            default_expiry_days: 0,
            ..new("", "No rth")
        };
        assert_eq!(
            fields(tenants.create(&root, wrong).await),
            ["name", "time_zone", "default_expiry_days", "slug"]
        );
        let found = listed(&tenants, &root, "ecole", false).await;
        let [line] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(
            (
                line.name.as_str(),
                line.time_zone.as_str(),
                line.default_expiry_days
            ),
            ("École du Nord", "Europe/Lisbon", 14)
        );
        assert_eq!((line.members, line.admins, line.pending), (0, 0, 0));
        let facts = |name: &str, zone: &str, default_expiry_days| TenantFacts {
            name: name.to_owned(),
            time_zone: zone.to_owned(),
            default_expiry_days,
        };
        let edit = |tenant: TenantId, name: &str| EditTenant {
            tenant,
            before: facts("École du Nord", "Europe/Lisbon", 14),
            now: facts(name, "Asia/Tokyo", 365),
        };
        // Again, after an answer that was lost: nothing more.
        for _ in 0..2 {
            let north = edit(line.tenant, "North");
            tenants.edit(&root, north).await.unwrap();
        }
        // Whoever began before that hears what is another by now.
        let late = EditTenant {
            now: facts("École du Nord", "Europe/Lisbon", 30),
            ..edit(line.tenant, "")
        };
        match tenants.edit(&root, late).await {
            Err(ApiError::Conflict { code, message }) => {
                assert_eq!(code, "tenant_changed");
                for said in ["name is North", "zone is Asia/Tokyo", "after 365 days"] {
                    assert!(message.contains(said), "{message}");
                }
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(
            fields(tenants.edit(&root, edit(line.tenant, " ")).await),
            ["name"]
        );
        let missing = edit(TenantId(stage.desk.new_id()), "Nobody");
        assert_eq!(
            tenants.edit(&root, missing).await.unwrap_err(),
            ApiError::NotFound
        );
        let again = listed(&tenants, &root, "nord", false).await;
        assert_eq!(
            (again[0].name.as_str(), again[0].default_expiry_days),
            ("North", 365)
        );
        let audited = "SELECT COUNT(*) FROM audit_events WHERE subject_id = $1
            AND action IN ('tenant.created', 'tenant.edited')";
        assert_eq!(stage.number(audited, args![line.tenant]).await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_line_counts_people_once_for_a_seat_and_stops_at_a_thousand() {
    on_every_engine(|stage| async move {
        let (_, root) = root(&stage).await;
        let tenants = TenantsService::new(stage.desk.clone());
        // A member who is invited to more, somebody with two invitations, and a stranger.
        for (email, user) in [("ada@acme.test", Some(stage.ada)), ("mara@new.test", None)] {
            let course = Invite {
                platform: false,
                items: vec![("course", stage.course)],
                user,
                ..stage.to_acme(email)
            };
            stage.invite(course).await;
        }
        stage.invite(stage.to_acme("mara@new.test")).await;
        stage.invite(stage.to_acme("noa@new.test")).await;
        let line = async || listed(&tenants, &root, "acme", false).await.remove(0);
        assert!(line().await.seats.is_none());
        let limit = SetSeats {
            tenant: "acme".to_owned(),
            limit: Some(5_000),
        };
        tenants.set_seats(&root, limit).await.unwrap();
        let seats = tenants.seats(&root, "acme".to_owned()).await.unwrap();
        let few = line().await;
        assert_eq!((few.seats, few.seats_partly), (seats, false));
        assert_eq!(few.seats.map(|seats| seats.used), Some(few.members + 2));
        assert_eq!((few.pending, few.admins), (4, 1));
        // Copies of one invitation, as many as nobody counts.
        let copies = "INSERT INTO bundles (id, tenant_id, email, email_typed, first_name, last_name, search_text, role,
                status, inviter_id, created_at, expires_at)
            VALUES ($1, $2, $3, $3, '', '', '', 'learner', 'pending', $4, $5, $5)";
        let (acme, ada) = (stage.acme, stage.ada);
        let ids: Vec<_> = (0..1_100).map(|_| stage.desk.new_id()).collect();
        stage
            .desk
            .storage
            .write(move |tx| {
                let ids = ids.clone();
                Box::pin(async move {
                    for id in ids {
                        let email = format!("{}@many.test", id.simple());
                        tx.execute(copies, args![id, acme, email, ada, NOW]).await?;
                    }
                    Ok(())
                })
            })
            .await
            .unwrap();
        let many = line().await;
        assert_eq!((many.pending, many.seats_partly), (1_001, true));
        // They have no invitations: the checker would say so.
        stage
            .sql("DELETE FROM bundles WHERE search_text = ''", args![])
            .await;
    })
    .await;
}

#[tokio::test]
async fn tenants_come_in_pages_by_name() {
    on_every_engine(|stage| async move {
        let (_, root) = root(&stage).await;
        let tenants = TenantsService::new(stage.desk.clone());
        for n in 0..60 {
            let tenant = new(&format!("School {n:02}"), &format!("school-{n:02}"));
            tenants.create(&root, tenant).await.unwrap();
        }
        let mut input = ListTenants {
            search: "school".to_owned(),
            ..ListTenants::default()
        };
        let first = tenants.list(&root, input.clone()).await.unwrap();
        assert_eq!(first.tenants.len(), 50);
        input.after = first.next;
        let second = tenants.list(&root, input).await.unwrap();
        assert!(second.next.is_none());
        let names: Vec<String> = first
            .tenants
            .into_iter()
            .chain(second.tenants)
            .map(|line| line.name)
            .collect();
        let expected: Vec<String> = (0..60).map(|n| format!("School {n:02}")).collect();
        assert_eq!(names, expected);
    })
    .await;
}

#[tokio::test]
async fn s04_a_disabled_tenant_is_shut_until_it_is_enabled() {
    on_every_engine(|stage| async move {
        let (root_id, root) = root(&stage).await;
        let tenants = TenantsService::new(stage.desk.clone());
        let (bundle, token) = stage.invited("mara@new.test").await;
        let pending = stage.invite(stage.to_acme("noa@new.test")).await;
        tenants.disable(&root, stage.acme).await.unwrap();
        // Again, after an answer that was lost: nothing more.
        tenants.disable(&root, stage.acme).await.unwrap();
        assert_eq!(
            stage
                .landing
                .open(&Stage::anonymous(), token.clone())
                .await
                .map(drop)
                .unwrap_err(),
            ApiError::NotFound
        );
        // Its admin has nothing there any more, nor has a super-admin; others go on.
        let ada = stage.signed_in(stage.ada).await;
        for caller in [&ada, &root] {
            let overview = tenants.overview(caller, "acme".to_owned()).await;
            assert_eq!(overview.unwrap_err(), ApiError::NotFound);
        }
        let gil = stage.signed_in(stage.gil).await;
        tenants.overview(&gil, "globex".to_owned()).await.unwrap();
        // No mail of it goes out.
        let before = stage.memory.mails().len();
        stage.send_mails().await;
        assert_eq!(stage.memory.mails().len(), before);
        let shut = listed(&tenants, &root, "", true).await;
        assert!(shut.len() == 1 && shut[0].disabled && shut[0].tenant == stage.acme);
        assert!(listed(&tenants, &root, "acme", false).await.is_empty());

        tenants.enable(&root, stage.acme).await.unwrap();
        tenants.enable(&root, stage.acme).await.unwrap();
        let (_, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        stage.register(&landed).await.unwrap();
        assert_eq!(stage.status(bundle).await, "accepted");
        assert_eq!(stage.status(pending).await, "pending");
        let nobody = TenantId(stage.desk.new_id());
        assert_eq!(
            tenants.disable(&root, nobody).await.unwrap_err(),
            ApiError::NotFound
        );
        let audited = "SELECT COUNT(*) FROM audit_events WHERE subject_id = $1 AND actor_id = $2
            AND action IN ('tenant.disabled', 'tenant.enabled')";
        assert_eq!(stage.number(audited, args![stage.acme, root_id]).await, 2);
    })
    .await;
}
