//! Courses and programs of a tenant's own.

use app::{
    api::{
        ApiError,
        catalog::{CatalogRef, CreateItem, EditItem, ListCatalog},
    },
    domain::{id::CatalogItemId, invitation::InvitationKind},
    ports::{Catalog as _, LandingPort as _},
};
use server::{args, services::catalog::CatalogService};

use crate::stage::{Invite, Stage, on_every_engine};

fn catalog(stage: &Stage) -> CatalogService {
    CatalogService::new(stage.desk.clone())
}

fn named(item: CatalogItemId) -> CatalogRef {
    CatalogRef {
        tenant: "acme".to_owned(),
        item,
    }
}

fn new(kind: InvitationKind, key: &str, courses: Vec<CatalogItemId>) -> CreateItem {
    CreateItem {
        tenant: "acme".to_owned(),
        kind,
        key: key.to_owned(),
        title: format!("About {key}"),
        courses,
    }
}

fn edited(item: CatalogItemId, key: &str, title: &str, courses: Vec<CatalogItemId>) -> EditItem {
    EditItem {
        tenant: "acme".to_owned(),
        item,
        key: key.to_owned(),
        title: title.to_owned(),
        courses,
    }
}

fn field(error: &ApiError) -> &str {
    match error {
        ApiError::Invalid { fields, .. } => &fields[0].field,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_program_keeps_its_courses_in_order_and_is_found_by_key_and_title() {
    on_every_engine(|stage| async move {
        let ada = stage.signed_in(stage.ada).await;
        let catalog = catalog(&stage);
        let mut courses = Vec::new();
        for key in ["C-1", "C-2", "C-3"] {
            let item = new(InvitationKind::Course, key, Vec::new());
            courses.push(catalog.create(&ada, item).await.unwrap());
        }
        courses.reverse();
        let program = new(InvitationKind::Program, "P-1", courses.clone());
        let program = catalog.create(&ada, program).await.unwrap();
        let order = async || {
            let shown = catalog.show(&ada, named(program)).await.unwrap();
            shown
                .courses
                .into_iter()
                .map(|one| one.item)
                .collect::<Vec<_>>()
        };
        assert_eq!(order().await, courses);
        courses.swap(0, 2);
        let change = edited(program, "P-1", "The program", courses.clone());
        catalog.edit(&ada, change).await.unwrap();
        assert_eq!(order().await, courses);
        let search = async |text: &str, kind| {
            let input = ListCatalog {
                tenant: "acme".to_owned(),
                search: text.to_owned(),
                kind,
                ..ListCatalog::default()
            };
            let page = catalog.list(&ada, input).await.unwrap();
            page.items
                .into_iter()
                .map(|one| one.key)
                .collect::<Vec<_>>()
        };
        assert_eq!(search("about c-", None).await, ["C-1", "C-2", "C-3"]);
        assert_eq!(search("PROGRAM", None).await, ["P-1"]);
        assert_eq!(search("", Some(InvitationKind::Program)).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_key_is_unique_and_fixed_once_somebody_was_invited() {
    on_every_engine(|stage| async move {
        let ada = stage.signed_in(stage.ada).await;
        let catalog = catalog(&stage);
        let item = catalog
            .create(&ada, new(InvitationKind::Course, "BIO-1", Vec::new()))
            .await
            .unwrap();
        let again = new(InvitationKind::Course, "BIO-1", Vec::new());
        assert_eq!(
            field(&catalog.create(&ada, again).await.unwrap_err()),
            "key"
        );
        // A program may have the key of a course.
        let program = new(InvitationKind::Program, "BIO-1", Vec::new());
        catalog.create(&ada, program).await.unwrap();
        for wrong in ["", " ", "a b", "a|b", &"x".repeat(65)] {
            let item = new(InvitationKind::Course, wrong, Vec::new());
            assert_eq!(field(&catalog.create(&ada, item).await.unwrap_err()), "key");
        }
        let rename = edited(item, "BIO-2", "Biology", Vec::new());
        catalog.edit(&ada, rename).await.unwrap();
        assert!(!catalog.show(&ada, named(item)).await.unwrap().used);
        let bundle = stage
            .invite(Invite {
                items: vec![("course", item)],
                ..stage.to_acme("mara@new.test")
            })
            .await;
        assert!(catalog.show(&ada, named(item)).await.unwrap().used);
        let rename = edited(item, "BIO-3", "Biology", Vec::new());
        assert_eq!(field(&catalog.edit(&ada, rename).await.unwrap_err()), "key");
        // The title goes on changing.
        let title = edited(item, "BIO-2", "Life", Vec::new());
        catalog.edit(&ada, title).await.unwrap();
        assert_eq!(
            catalog.show(&ada, named(item)).await.unwrap().line.title,
            "Life"
        );
        assert_eq!(stage.status(bundle).await, "pending");
    })
    .await;
}

#[tokio::test]
async fn s04_archiving_revokes_what_is_live_to_it_and_leaves_the_rest() {
    on_every_engine(|stage| async move {
        let ada = stage.signed_in(stage.ada).await;
        let catalog = catalog(&stage);
        let bundle = stage
            .invite(Invite {
                items: vec![("course", stage.course), ("program", stage.program)],
                ..stage.to_acme("mara@new.test")
            })
            .await;
        stage.send_mails().await;
        let token = stage.mailed_token("mara@new.test");
        let line = catalog.show(&ada, named(stage.course)).await.unwrap().line;
        assert_eq!(line.live, 1);
        assert_eq!(catalog.archive(&ada, named(stage.course)).await.unwrap(), 1);
        // Again, after an answer that was lost: nothing more.
        assert_eq!(catalog.archive(&ada, named(stage.course)).await.unwrap(), 0);
        let archived = "SELECT COUNT(*) FROM audit_events WHERE action = 'catalog.archived'";
        assert_eq!(stage.number(archived, args![]).await, 1);
        assert_eq!(stage.status(bundle).await, "pending");
        let (landing, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        let titles: Vec<&str> = landing
            .targets
            .iter()
            .map(|one| one.title.as_str())
            .collect();
        assert_eq!(titles, ["Acme Academy", "First year"]);
        stage.register(&landed).await.unwrap();
        assert!(stage.landing.show(&landed).await.is_err());
        let change = edited(stage.course, "Fire safety", "Fire", Vec::new());
        assert_eq!(
            catalog.edit(&ada, change).await.unwrap_err(),
            ApiError::NotFound
        );
    })
    .await;
}

#[tokio::test]
async fn s25_shared_and_foreign_items_are_nobody_s_to_change_or_to_put_into_a_program() {
    on_every_engine(|stage| async move {
        let gil = stage.signed_in(stage.gil).await;
        let catalog = catalog(&stage);
        let foreign = CatalogRef {
            tenant: "globex".to_owned(),
            item: stage.course,
        };
        assert_eq!(
            catalog.show(&gil, foreign.clone()).await.unwrap_err(),
            ApiError::NotFound
        );
        assert_eq!(
            catalog.archive(&gil, foreign).await.unwrap_err(),
            ApiError::NotFound
        );
        let program = CreateItem {
            tenant: "globex".to_owned(),
            ..new(InvitationKind::Program, "P", vec![stage.course])
        };
        assert_eq!(
            field(&catalog.create(&gil, program).await.unwrap_err()),
            "courses"
        );
        let made = "SELECT COUNT(*) FROM catalog_items WHERE tenant_id = $1";
        assert_eq!(stage.number(made, args![stage.globex]).await, 0);
    })
    .await;
}
