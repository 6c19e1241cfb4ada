//! The catalog of all tenants and the shared items, as super-admins see and change it.

use app::{
    api::{
        ApiError,
        catalog::{CatalogRef, CreateItem, EditItem, ListCatalog, ListEverywhere},
    },
    domain::{id::CatalogItemId, invitation::InvitationKind},
    ports::{Caller, Catalog as _},
};
use server::{args, services::catalog::CatalogService};

use crate::{
    stage::{Invite, on_every_engine},
    tenants::root,
};

fn new(tenant: &str, kind: InvitationKind, key: &str, courses: Vec<CatalogItemId>) -> CreateItem {
    CreateItem {
        tenant: tenant.to_owned(),
        kind,
        key: key.to_owned(),
        title: format!("About {key}"),
        courses,
    }
}

/// Keys and owners' slugs of what the filter leaves.
async fn keys(
    catalog: &CatalogService,
    caller: &Caller,
    input: ListEverywhere,
) -> Vec<(String, String)> {
    let page = catalog.everywhere(caller, input).await.unwrap();
    page.items
        .into_iter()
        .map(|one| {
            (
                one.line.key,
                one.owner.map_or_else(String::new, |owner| owner.slug),
            )
        })
        .collect()
}

fn pair(key: &str, owner: &str) -> (String, String) {
    (key.to_owned(), owner.to_owned())
}

#[tokio::test]
async fn all_items_are_found_by_words_kind_owner_and_whether_archived() {
    on_every_engine(|stage| async move {
        let (_, root) = root(&stage).await;
        let catalog = CatalogService::new(stage.desk.clone());
        for (tenant, key) in [("", "Z-SHARED"), ("acme", "Z-OWN"), ("globex", "Z-OWN")] {
            let item = new(tenant, InvitationKind::Course, key, Vec::new());
            catalog.create(&root, item).await.unwrap();
        }
        let all = ListEverywhere {
            search: "about z-".to_owned(),
            ..ListEverywhere::default()
        };
        let mut found = keys(&catalog, &root, all.clone()).await;
        found.sort();
        assert_eq!(
            found,
            [
                pair("Z-OWN", "acme"),
                pair("Z-OWN", "globex"),
                pair("Z-SHARED", "")
            ]
        );
        let of = |owner: &str| ListEverywhere {
            owner: Some(owner.to_owned()),
            ..all.clone()
        };
        assert_eq!(keys(&catalog, &root, of("")).await, [pair("Z-SHARED", "")]);
        assert_eq!(
            keys(&catalog, &root, of("globex")).await,
            [pair("Z-OWN", "globex")]
        );
        let programs = ListEverywhere {
            kind: Some(InvitationKind::Program),
            ..all.clone()
        };
        assert!(keys(&catalog, &root, programs).await.is_empty());
        let nowhere = catalog.everywhere(&root, of("nowhere")).await;
        assert_eq!(nowhere.unwrap_err(), ApiError::NotFound);
        // What belongs to a disabled tenant is not there.
        stage
            .sql(
                "UPDATE tenants SET disabled_at = 1 WHERE slug = 'globex'",
                args![],
            )
            .await;
        assert_eq!(keys(&catalog, &root, all).await.len(), 2);
        // An admin sees the tenant's own and the shared ones, as before.
        let ada = stage.signed_in(stage.ada).await;
        let own = ListCatalog {
            tenant: "acme".to_owned(),
            search: "about z-".to_owned(),
            ..ListCatalog::default()
        };
        assert_eq!(catalog.list(&ada, own).await.unwrap().items.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn s25_a_shared_program_has_shared_courses_and_is_the_super_admins_alone() {
    on_every_engine(|stage| async move {
        let (_, root) = root(&stage).await;
        let ada = stage.signed_in(stage.ada).await;
        let catalog = CatalogService::new(stage.desk.clone());
        let shared = catalog
            .create(&root, new("", InvitationKind::Course, "S-1", Vec::new()))
            .await
            .unwrap();
        let mixed = new(
            "",
            InvitationKind::Program,
            "S-P",
            vec![shared, stage.course],
        );
        let refused = catalog.create(&root, mixed).await.unwrap_err();
        assert!(matches!(refused, ApiError::Invalid { .. }), "{refused:?}");
        let program = catalog
            .create(&root, new("", InvitationKind::Program, "S-P", vec![shared]))
            .await
            .unwrap();
        let named = CatalogRef {
            tenant: String::new(),
            item: program,
        };
        let shown = catalog.show(&root, named.clone()).await.unwrap();
        assert_eq!(shown.courses.len(), 1);
        // Nor is a tenant's own item anything under another owner.
        let own = CatalogRef {
            tenant: String::new(),
            item: stage.course,
        };
        assert_eq!(
            catalog.show(&root, own).await.unwrap_err(),
            ApiError::NotFound
        );
        for tenant in ["", "acme"] {
            let input = CatalogRef {
                tenant: tenant.to_owned(),
                item: program,
            };
            assert_eq!(
                catalog.show(&ada, input.clone()).await.unwrap_err(),
                ApiError::NotFound
            );
            assert_eq!(
                catalog.archive(&ada, input).await.unwrap_err(),
                ApiError::NotFound
            );
            let change = EditItem {
                tenant: tenant.to_owned(),
                item: program,
                key: "S-P".to_owned(),
                title: "Mine now".to_owned(),
                courses: Vec::new(),
            };
            assert_eq!(
                catalog.edit(&ada, change).await.unwrap_err(),
                ApiError::NotFound
            );
        }
        let theirs = new("", InvitationKind::Course, "S-2", Vec::new());
        assert_eq!(
            catalog.create(&ada, theirs).await.unwrap_err(),
            ApiError::NotFound
        );
    })
    .await;
}

#[tokio::test]
async fn s04_archiving_a_shared_course_revokes_in_every_tenant_and_says_why() {
    on_every_engine(|stage| async move {
        let (_, root) = root(&stage).await;
        let catalog = CatalogService::new(stage.desk.clone());
        let shared = catalog
            .create(&root, new("", InvitationKind::Course, "S-1", Vec::new()))
            .await
            .unwrap();
        let named = CatalogRef {
            tenant: String::new(),
            item: shared,
        };
        assert!(!catalog.show(&root, named.clone()).await.unwrap().used);
        let to = |email: &'static str| Invite {
            platform: false,
            items: vec![("course", shared)],
            ..stage.to_acme(email)
        };
        let one = stage.invite(to("mara@new.test")).await;
        let other = stage
            .invite(Invite {
                tenant: stage.globex,
                inviter: stage.gil,
                ..to("noa@new.test")
            })
            .await;
        let shown = catalog.show(&root, named.clone()).await.unwrap();
        assert!(shown.used && shown.line.live == 2, "{shown:?}");
        let rename = EditItem {
            tenant: String::new(),
            item: shared,
            key: "S-9".to_owned(),
            title: "Renamed".to_owned(),
            courses: Vec::new(),
        };
        assert!(catalog.edit(&root, rename).await.is_err(), "the key stays");
        assert_eq!(catalog.archive(&root, named).await.unwrap(), 2);
        for bundle in [one, other] {
            assert_eq!(stage.status(bundle).await, "revoked");
            let why = "SELECT reason FROM invitations WHERE bundle_id = $1";
            assert_eq!(
                stage.text(why, args![bundle]).await,
                "It was archived: nobody can be invited to it any more."
            );
        }
        let revoked = "SELECT COUNT(*) FROM audit_events WHERE action = 'invitation.revoked'";
        assert_eq!(stage.number(revoked, args![]).await, 2);
        let archived = ListEverywhere {
            archived: true,
            ..ListEverywhere::default()
        };
        assert_eq!(keys(&catalog, &root, archived).await, [pair("S-1", "")]);
    })
    .await;
}
