//! A tenant's settings.

use app::{
    api::{
        ApiError,
        tenants::{ChangeSettings, TenantSettings},
    },
    ports::Tenants as _,
};
use server::{args, services::tenants::TenantsService};

use crate::stage::on_every_engine;

#[tokio::test]
async fn settings_are_validated_kept_and_audited() {
    on_every_engine(|stage| async move {
        let tenants = TenantsService::new(stage.desk.clone());
        let ada = stage.signed_in(stage.ada).await;
        let good = TenantSettings {
            time_zone: "Asia/Kathmandu".to_owned(),
            default_expiry_days: 14,
            hold_seconds: 0,
            reveal_links: true,
            remind_days: vec![2, 5, 9],
        };
        let change = async |settings: TenantSettings| {
            let input = ChangeSettings {
                tenant: "acme".to_owned(),
                settings,
            };
            tenants.change_settings(&ada, input).await
        };
        for (wrong, field) in [
            (
                TenantSettings {
                    time_zone: "Mars/Olympus".to_owned(),
                    ..good.clone()
                },
                "time_zone",
            ),
            (
                TenantSettings {
                    time_zone: "../../etc/passwd".to_owned(),
                    ..good.clone()
                },
                "time_zone",
            ),
            (
                TenantSettings {
                    default_expiry_days: 0,
                    ..good.clone()
                },
                "default_expiry_days",
            ),
            (
                TenantSettings {
                    remind_days: vec![3, 3],
                    ..good.clone()
                },
                "remind_days",
            ),
            (
                TenantSettings {
                    remind_days: vec![1, 2, 3, 4],
                    ..good.clone()
                },
                "remind_days",
            ),
            (
                TenantSettings {
                    default_expiry_days: 366,
                    ..good.clone()
                },
                "default_expiry_days",
            ),
            (
                TenantSettings {
                    hold_seconds: 3_601,
                    ..good.clone()
                },
                "hold_seconds",
            ),
        ] {
            let Err(ApiError::Invalid { fields, .. }) = change(wrong.clone()).await else {
                panic!("{wrong:?} was kept");
            };
            assert_eq!(fields.len(), 1);
            assert_eq!(fields[0].field, field);
        }
        let events = "SELECT COUNT(*) FROM audit_events WHERE action = 'tenant.settings_changed'";
        assert_eq!(stage.number(events, args![]).await, 0);
        change(good.clone()).await.unwrap();
        let kept = tenants.settings(&ada, "acme".to_owned()).await.unwrap();
        assert_eq!(kept, good);
        assert_eq!(stage.number(events, args![]).await, 1);
        // Nobody else's.
        let other = "SELECT reveal_links FROM tenants WHERE slug = 'globex'";
        assert_eq!(stage.number(other, args![]).await, 0);
    })
    .await;
}
