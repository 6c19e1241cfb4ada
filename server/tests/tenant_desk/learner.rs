//! The learner's home: courses and programs of several tenants, and when they are open.

use app::{
    api::mine::{Access, MyCourse},
    domain::{id::CatalogItemId, invitation::InvitationKind, role::Role, time::Timestamp},
    ports::{Catalog as _, Mine as _},
};
use server::{args, services::catalog::CatalogService};

use crate::{
    stage::{NOW, Stage, on_every_engine},
    tenants::root,
};

async fn enroll(
    stage: &Stage,
    tenant: app::domain::id::TenantId,
    user: app::domain::id::UserId,
    item: CatalogItemId,
    window: (Option<Timestamp>, Option<Timestamp>),
) {
    let sql =
        "INSERT INTO enrollments (tenant_id, user_id, item_id, created_at, starts_at, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    stage
        .sql(sql, args![tenant, user, item, NOW, window.0, window.1])
        .await;
}

#[tokio::test]
async fn courses_and_programs_stand_under_their_tenants_with_their_windows() {
    on_every_engine(|stage| async move {
        let (_, root) = root(&stage).await;
        let mara = stage.user("mara@new.test", "Mara", true).await;
        stage.member(stage.acme, mara, Role::Learner).await;
        stage.member(stage.globex, mara, Role::Learner).await;
        let catalog = CatalogService::new(stage.desk.clone());
        let make = async |kind, key: &str, courses| {
            let item = app::api::catalog::CreateItem {
                tenant: String::new(),
                kind,
                key: key.to_owned(),
                title: key.to_owned(),
                courses,
            };
            catalog.create(&root, item).await.unwrap()
        };
        let first = make(InvitationKind::Course, "Z-first", Vec::new()).await;
        let second = make(InvitationKind::Course, "A-second", Vec::new()).await;
        let program = make(InvitationKind::Program, "Both", vec![first, second]).await;
        let day = |days: i64| Some(NOW.plus_seconds(days * 86_400));
        enroll(&stage, stage.globex, mara, program, (None, None)).await;
        enroll(&stage, stage.acme, mara, program, (day(1), day(9))).await;
        enroll(&stage, stage.acme, mara, first, (day(-9), day(-1))).await;
        enroll(&stage, stage.acme, mara, second, (day(-1), day(1))).await;
        let own = stage.signed_in(mara).await;
        let home = stage.mine.home(&own).await.unwrap();
        let told = |all: Vec<MyCourse>| -> Vec<(String, String, Access)> {
            all.into_iter()
                .map(|one| (one.tenant, one.title, one.access))
                .collect()
        };
        for one in &home.programs {
            assert_eq!(
                one.courses,
                ["Z-first", "A-second"],
                "in the program's order"
            );
        }
        let row = |tenant: &str, title: &str, access| (tenant.to_owned(), title.to_owned(), access);
        assert_eq!(
            told(home.courses),
            [
                row("Acme Academy", "A-second", Access::Open),
                row("Acme Academy", "Z-first", Access::Over),
            ]
        );
        assert_eq!(
            told(home.programs),
            [
                row("Acme Academy", "Both", Access::Later),
                row("Globex Institute", "Both", Access::Open),
            ]
        );
        // Two tenants of one name stay two.
        let alike = "UPDATE tenants SET name = 'Globex Institute' WHERE slug = 'acme'";
        stage.sql(alike, args![]).await;
        let programs = stage.mine.home(&own).await.unwrap().programs;
        let of: Vec<_> = programs
            .iter()
            .map(|one| (one.tenant_id, &*one.tenant))
            .collect();
        let named = "Globex Institute";
        assert_eq!(of, [(stage.acme, named), (stage.globex, named)]);
        // What belongs to a tenant that is shut is not there, until it is open again.
        let shut = "UPDATE tenants SET disabled_at = 1 WHERE slug = 'acme'";
        stage.sql(shut, args![]).await;
        let home = stage.mine.home(&own).await.unwrap();
        assert_eq!((home.courses.len(), home.programs.len()), (0, 1));
    })
    .await;
}
