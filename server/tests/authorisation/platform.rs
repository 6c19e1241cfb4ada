//! Requests about tenants, the catalog of all, users and lists of both.

use serde_json::{Value, json};
use server::clock::new_id;

use super::{Case, Of};

impl Case<'_> {
    /// A tenant that the call can do something about, or none.
    async fn some_tenant(&self, name: &str) -> String {
        let desk = &self.app.desk;
        let id = new_id(desk.now());
        if self.of == Of::Missing {
            return id.to_string();
        }
        let disabled = (name == "/api/tenants/enable").then_some(1_i64);
        let sql = "INSERT INTO tenants (id, slug, name, time_zone, created_at, disabled_at)
            VALUES ($1, $2, 'Somewhere', 'UTC', 1, $3)";
        crate::common::world_sql(self.app, sql, server::args![id, self.slug_like(), disabled])
            .await;
        id.to_string()
    }

    fn slug_like(&self) -> String {
        format!("t-{}", self.fresh())
    }
}

/// The arguments of such a call.
pub(super) async fn arguments(case: &Case<'_>, name: &str) -> Value {
    match name {
        "/api/users/find" | "/api/tenants/find" => json!({ "search": "a" }),
        "/api/catalog/find" => json!({ "search": "a", "kind": "course" }),
        "/api/users/list" => json!({ "input": { "search": "", "after": null } }),
        "/api/users/show"
        | "/api/users/vouch"
        | "/api/users/deactivate"
        | "/api/users/reactivate"
        | "/api/users/delete" => json!({ "user": case.some_user(name).await }),
        "/api/tenants/list" => json!({ "input": {
            "search": "", "disabled": false, "after": null,
        } }),
        "/api/tenants/create" => json!({ "input": {
            "name": "A tenant", "slug": case.slug_like(), "time_zone": "UTC",
            "default_expiry_days": 30,
        } }),
        "/api/tenants/edit" => json!({ "input": {
            "tenant": case.some_tenant(name).await,
            "before": { "name": "Somewhere", "time_zone": "UTC", "default_expiry_days": 30 },
            "now": { "name": "Another", "time_zone": "UTC", "default_expiry_days": 30 },
        } }),
        "/api/tenants/disable" | "/api/tenants/enable" => {
            json!({ "tenant": case.some_tenant(name).await })
        }
        "/api/catalog/everywhere" => json!({ "input": {
            "search": "", "kind": null, "owner": null, "archived": false, "after": null,
        } }),
        "/api/users/create" => json!({ "input": {
            "first_name": "Some", "last_name": "Body", "email": case.address(),
            "username": "", "mail": false,
        } }),
        "/api/users/upload" => json!({ "rows": [[case.address(), "", "", ""]] }),
        "/api/catalog/upload" => json!({ "rows": [[case.fresh(), "A course", "", "", ""]] }),
        "/api/users/edit" => json!({ "input": {
            "user": case.some_user(name).await, "first_name": "Some", "last_name": "Body",
            "email": "kept@as-it.was", "email_before": "kept@as-it.was", "username": "",
        } }),
        other => panic!("no request is written for {other}"),
    }
}
