//! For each line of the table the request that asks for it, with the things it needs.

#[path = "platform.rs"]
mod platform;

use app::{
    bulk::draft::RowDraft,
    domain::{
        id::{CatalogItemId, TenantId, UserId},
        role::Role,
    },
};
use reqwest::Method;
use serde_json::{Value, json};
use server::clock::{Secret, new_id};
use sha2::{Digest as _, Sha256};

use crate::{
    Who, codes,
    common::{
        Answer, Session, TestApp, sign_in,
        world::{invited, member, user},
    },
    counts,
};

/// Which thing is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The caller's.
    Own,
    /// The other tenant's, or another person's.
    Foreign,
    /// The other tenant's, asked for under the caller's own tenant.
    ForeignThing,
    /// Nobody's, under a tenant that does not exist.
    Missing,
    /// Nobody's, under the caller's own tenant.
    MissingThing,
}

/// Calls that name a tenant and a thing in it.
pub const THINGS: [&str; 31] = [
    "/api/blanks/assign",
    "/api/blanks/show",
    "/api/blanks/code",
    "/api/blanks/codes",
    "/api/blanks/revoke_rest",
    "/api/imports/chunk",
    "/api/imports/commit",
    "/api/imports/status",
    "/api/imports/outcomes",
    "/api/imports/show",
    "/api/imports/rows",
    "/api/imports/failed",
    "/api/imports/undo",
    "/api/imports/retry",
    "/api/imports/abandon",
    "/api/invitations/resend",
    "/api/invitations/revoke",
    "/api/invitations/remind",
    "/api/invitations/reinvite",
    "/api/invitations/activate",
    "/api/invitations/deactivate",
    "/api/invitations/show",
    "/api/invitations/extend",
    "/api/invitations/copy_link",
    "/api/people/ties",
    "/api/people/set_role",
    "/api/people/set_group",
    "/api/people/remove",
    "/api/catalog/show",
    "/api/catalog/edit",
    "/api/catalog/archive",
];

/// A tenant with its admin.
struct Side {
    slug: &'static str,
    tenant: TenantId,
    admin: UserId,
}

struct Case<'c> {
    app: &'c TestApp,
    who: Who,
    of: Of,
}

impl Case<'_> {
    fn sides(&self) -> (Side, Side) {
        let world = &self.app.world;
        let a = Side {
            slug: "acme",
            tenant: world.acme,
            admin: world.acme_admin,
        };
        let b = Side {
            slug: "globex",
            tenant: world.globex,
            admin: world.globex_admin,
        };
        if self.who == Who::AdminOfB {
            (b, a)
        } else {
            (a, b)
        }
    }

    /// The tenant that the request names.
    fn slug(&self) -> &'static str {
        let (own, other) = self.sides();
        match self.of {
            Of::Own | Of::ForeignThing | Of::MissingThing => own.slug,
            Of::Foreign => other.slug,
            Of::Missing => "nowhere",
        }
    }

    /// Whose thing it is, unless it is missing.
    fn owner(&self) -> Option<Side> {
        let (own, other) = self.sides();
        match self.of {
            Of::Own => Some(own),
            Of::Foreign | Of::ForeignThing => Some(other),
            Of::Missing | Of::MissingThing => None,
        }
    }

    /// The caller's account.
    fn user(&self) -> Option<(UserId, &'static str)> {
        let world = &self.app.world;
        match self.who {
            Who::Anonymous => None,
            Who::Learner => Some((world.learner, "learner@acme.test")),
            Who::Instructor => Some((world.instructor, "instructor@acme.test")),
            Who::AdminOfA => Some((world.acme_admin, "admin@acme.test")),
            Who::AdminOfB => Some((world.globex_admin, "admin@globex.test")),
            Who::SuperAdmin => Some((world.super_admin, "super@beckon.test")),
        }
    }

    /// An import of the owner that has its one row and waits for its commit. An admin's
    /// own one was begun by himself.
    async fn import(&self) -> String {
        let Some(owner) = self.owner() else {
            return new_id(self.app.desk.now()).to_string();
        };
        let by = match (self.of, self.who) {
            (Of::Own, Who::SuperAdmin) => self.app.world.super_admin,
            _ => owner.admin,
        };
        let session = self.app.session_of(by).await;
        let (status, begun) = session
            .call("/api/imports/begin", begin(owner.slug, &self.fresh()))
            .await;
        assert_eq!(status, 200, "{begun}");
        let import = begun["import"].as_str().unwrap().to_owned();
        let (status, body) = session
            .call("/api/imports/chunk", chunk(owner.slug, &import))
            .await;
        assert_eq!(status, 200, "{body}");
        import
    }

    /// A pending bundle of the owner.
    async fn bundle(&self) -> String {
        let Some(owner) = self.owner() else {
            return new_id(self.app.desk.now()).to_string();
        };
        let email = self.address();
        let (bundle, _, _) = invited(&self.app.desk, owner.tenant, owner.admin, &email, None).await;
        bundle.to_string()
    }

    /// A learner of the owner's tenant.
    async fn member(&self) -> String {
        let Some(owner) = self.owner() else {
            return new_id(self.app.desk.now()).to_string();
        };
        let id = user(&self.app.desk, &self.address(), "Member", false).await;
        member(&self.app.desk, owner.tenant, id, Role::Learner).await;
        id.to_string()
    }

    /// A course of the owner's own.
    async fn item(&self) -> String {
        let Some(owner) = self.owner() else {
            return new_id(self.app.desk.now()).to_string();
        };
        let id = CatalogItemId(new_id(self.app.desk.now()));
        let key = self.fresh();
        let sql =
            "INSERT INTO catalog_items (id, tenant_id, kind, key, title, search_text, created_at)
            VALUES ($1, $2, 'course', $3, 'Course', $3, $4)";
        let args = server::args![id, owner.tenant, key, self.app.desk.now()];
        crate::common::world_sql(self.app, sql, args).await;
        id.to_string()
    }

    /// An invitation to the caller, to somebody else, or to nobody.
    async fn own_invitation(&self) -> String {
        let (_, other) = self.sides();
        let desk = &self.app.desk;
        let invitee = match (self.of, self.user()) {
            (Of::Own, Some((user, email))) => (user, email.to_owned()),
            (Of::Own | Of::Foreign, _) => {
                let email = self.address();
                (user(desk, &email, "Somebody", false).await, email)
            }
            _ => return new_id(desk.now()).to_string(),
        };
        self.revoke_all(&invitee.1).await;
        let (_, invitation, _) =
            invited(desk, other.tenant, other.admin, &invitee.1, Some(invitee.0)).await;
        invitation.to_string()
    }

    /// Brings a bundle to an end.
    async fn revoke_all_of(&self, bundle: &str) {
        let bundle: app::domain::id::BundleId = bundle.parse().unwrap();
        for sql in [
            "UPDATE invitations SET status = 'revoked' WHERE bundle_id = $1",
            "UPDATE bundles SET status = 'revoked' WHERE id = $1",
        ] {
            crate::common::world_sql(self.app, sql, server::args![bundle]).await;
        }
    }

    /// Makes room for another invitation to the same target.
    async fn revoke_all(&self, email: &str) {
        let sql = "UPDATE invitations SET status = 'revoked' WHERE status = 'pending'
            AND bundle_id IN (SELECT id FROM bundles WHERE email = $1)";
        crate::common::world_sql(self.app, sql, server::args![email]).await;
    }

    /// A link: to somebody new, to the caller's own address, or to nothing.
    async fn token(&self, to_caller: bool) -> String {
        let (_, other) = self.sides();
        if self.of == Of::Missing {
            return Secret::draw().unwrap().reveal().to_owned();
        }
        let invitee = self.user().filter(|_| to_caller && self.of == Of::Own);
        let email = invitee.map_or_else(|| self.address(), |(_, email)| email.to_owned());
        self.revoke_all(&email).await;
        let (_, _, token) = invited(
            &self.app.desk,
            other.tenant,
            other.admin,
            &email,
            invitee.map(|(user, _)| user),
        )
        .await;
        token.reveal().to_owned()
    }

    /// A blank invitation of the owner: its bundle, its source, its code. A code that is
    /// anybody's is the other tenant's.
    async fn blank(&self) -> (String, String, String) {
        let owner = self.owner().map(|owner| (owner.tenant, owner.admin));
        codes::blank(&self.app.desk, owner, self.fresh()).await
    }

    /// Gives the session the landing cookie that a code is exchanged for.
    async fn land_by_code(&self, session: &Session) {
        if self.of == Of::Missing {
            self.land(session, false).await;
            return;
        }
        let (_, _, code) = self.blank().await;
        let (status, body) = session
            .call("/api/redeem/open", json!({ "code": code }))
            .await;
        assert_eq!(status, 200, "{body}");
    }

    /// Gives the session the landing cookie that the link is exchanged for.
    async fn land(&self, session: &Session, to_caller: bool) {
        if self.of == Of::Missing {
            let nothing = Secret::draw().unwrap();
            session.add_cookie(&format!("beckon_landing={}", nothing.reveal()));
            return;
        }
        let token = self.token(to_caller).await;
        let (status, body) = session
            .call("/api/landing/open", json!({ "token": token }))
            .await;
        assert_eq!(status, 200, "{body}");
    }

    /// A link to choose a new password: somebody's, or nobody's.
    async fn reset_token(&self) -> String {
        let secret = Secret::draw().unwrap();
        if self.of == Of::Missing {
            return secret.reveal().to_owned();
        }
        let email = self.address();
        let desk = &self.app.desk;
        let owner = user(desk, &email, "Somebody", false).await;
        let now = desk.now();
        let sql = "INSERT INTO account_mails (id, user_id, purpose, email, email_typed,
            secret_hash, good_until, status, message_id, not_before, created_at)
            VALUES ($1, $2, 'reset', $3, $3, $4, $5, 'sent', '', $6, $6)";
        let until = now.plus_seconds(60);
        let args = server::args![desk.new_id(), owner, email, secret.hash_hex(), until, now];
        crate::common::world_sql(self.app, sql, args).await;
        secret.reveal().to_owned()
    }

    /// An account that the call can do something about, or none.
    async fn some_user(&self, name: &str) -> String {
        let desk = &self.app.desk;
        if self.of == Of::Missing {
            return new_id(desk.now()).to_string();
        }
        let id = user(desk, &self.address(), "Somebody", false).await;
        let sql = match name {
            "/api/users/vouch" => "UPDATE users SET email_verified = 0 WHERE id = $1",
            "/api/users/reactivate" => "UPDATE users SET deactivated_at = 1 WHERE id = $1",
            _ => "UPDATE users SET email_verified = 1 WHERE id = $1",
        };
        crate::common::world_sql(self.app, sql, server::args![id]).await;
        id.to_string()
    }

    fn fresh(&self) -> String {
        new_id(self.app.desk.now()).simple().to_string()
    }

    fn address(&self) -> String {
        format!("{}@example.test", self.fresh())
    }
}

fn rows() -> Vec<RowDraft> {
    vec![RowDraft {
        row: 1,
        line: 2,
        email: "mara@example.test".to_owned(),
        ..RowDraft::default()
    }]
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn chunk_hash() -> String {
    hex(&Sha256::digest(serde_json::to_vec(&rows()).unwrap()))
}

fn begin(slug: &str, key: &str) -> Value {
    json!({ "input": {
        "tenant": slug,
        "idempotency_key": key,
        "file_name": "people.csv",
        "rows": 1,
        "content_hash": hex(&Sha256::digest(chunk_hash())),
        "mode": "valid_now",
    } })
}

fn chunk(slug: &str, import: &str) -> Value {
    json!({ "input": {
        "tenant": slug,
        "import": import,
        "position": 0,
        "hash": chunk_hash(),
        "rows": rows(),
    } })
}

/// Makes what the request needs, sends it, and gives the answer; and what there was right
/// before it was sent.
pub async fn prepare(
    app: &TestApp,
    session: &Session,
    name: &'static str,
    who: Who,
    of: Of,
) -> (Answer, [i64; 6]) {
    let case = Case { app, who, of };
    let slug = case.slug();
    let get = async |path: &str| {
        let request = session
            .request(Method::GET, path)
            .header("accept", "text/html");
        // A stream has no end: its head is the answer.
        if path.starts_with("/api/events") {
            let response = request.send().await.unwrap();
            if response.status() == 200 {
                return Answer {
                    status: 200,
                    headers: response.headers().clone(),
                    bytes: Vec::new(),
                };
            }
            return session.get(path).await;
        }
        session.send(request).await
    };
    let arguments = match name {
        "/api/session/current"
        | "/api/session/sign_out"
        | "/api/session/sign_out_everywhere"
        | "/api/apps/counts"
        | "/api/mine/home"
        | "/api/accounts/profile"
        | "/api/accounts/send_code" => json!({}),
        "/api/accounts/forgot" => json!({ "email": case.address() }),
        "/api/accounts/reset_check" => json!({ "token": case.reset_token().await }),
        "/api/accounts/reset" => json!({ "input": {
            "token": case.reset_token().await, "password": "a long password",
        } }),
        "/api/accounts/rename" => json!({ "input": {
            "first_name": "Somebody", "last_name": "Else", "username": "",
        } }),
        "/api/accounts/change_password" => json!({ "input": {
            "current": crate::common::PASSWORD, "password": crate::common::PASSWORD,
        } }),
        "/api/accounts/change_email" => json!({ "input": {
            "email": case.address(), "current": crate::common::PASSWORD,
        } }),
        "/api/accounts/confirm" => {
            let none = "DELETE FROM account_mails";
            crate::common::world_sql(app, none, server::args![]).await;
            json!({ "code": "12345678" })
        }
        // Right, it would end the world of the other lines: `accounts` does that.
        "/api/accounts/delete" => json!({ "current": "wrong" }),
        "/api/apps/create" | "/api/apps/preview" => json!({ "input": {
            "app": "platform", "tenant": slug, "idempotency_key": case.fresh(), "users": [],
            "email": case.address(), "platform": true, "courses": [], "programs": [],
            "active": true, "mail": true, "role": "learner", "expires_on": null, "note": "",
            "access_from": null, "access_until": null,
        } }),
        "/api/blanks/create" => json!({ "input": {
            "tenant": slug, "idempotency_key": case.fresh(), "count": 2,
            "source": case.fresh(), "platform": true, "courses": [], "programs": [],
            "active": true, "role": "learner", "expires_on": null, "access_from": null,
            "access_until": null,
        } }),
        "/api/blanks/show" | "/api/blanks/codes" | "/api/blanks/revoke_rest" => {
            let (_, source, _) = case.blank().await;
            json!({ "input": { "tenant": slug, "source": source, "after": null } })
        }
        "/api/blanks/code" => {
            json!({ "input": { "tenant": slug, "bundle": case.blank().await.0 } })
        }
        "/api/blanks/assign" => json!({ "input": {
            "tenant": slug, "bundle": case.blank().await.0, "email": case.address(),
            "first_name": "", "last_name": "",
        } }),
        "/api/redeem/open" => json!({ "code": case.blank().await.2 }),
        "/api/redeem/register" => {
            case.land_by_code(session).await;
            json!({ "input": {
                "email": case.address(), "first_name": "Mara", "last_name": "",
                "password": "a long password",
            } })
        }
        "/api/session/sign_in" => sign_in("learner@acme.test", crate::common::PASSWORD),
        "/api/tenants/overview"
        | "/api/blanks/list"
        | "/api/tenants/seats"
        | "/api/imports/list"
        | "/api/invitations/counts"
        | "/api/invitations/inviters"
        | "/api/tenants/settings" => {
            json!({ "tenant": slug })
        }
        "/api/people/list" => {
            json!({ "input": { "tenant": slug, "search": "", "after": null } })
        }
        "/api/invitations/list" => json!({ "input": {
            "tenant": slug, "filter": { "search": "" }, "after": null, "limit": 0,
        } }),
        "/api/audit/list" => json!({ "input": { "tenant": slug } }),
        "/api/tenants/change_settings" => json!({ "input": {
            "tenant": slug, "settings": {
                "time_zone": "Europe/Lisbon", "default_expiry_days": 30, "hold_seconds": 0,
                "reveal_links": false, "remind_days": [3, 7] },
        } }),
        "/api/tenants/set_seats" => json!({ "input": { "tenant": slug, "limit": 100_000 } }),
        "/api/people/ties" | "/api/people/remove" => {
            json!({ "input": { "tenant": slug, "user": case.member().await } })
        }
        "/api/people/set_role" => json!({ "input": {
            "tenant": slug, "user": case.member().await, "role": "instructor",
        } }),
        "/api/people/set_group" => json!({ "input": {
            "tenant": slug, "user": case.member().await, "group": "a|b",
        } }),
        "/api/catalog/list" => json!({ "input": {
            "tenant": slug, "search": "", "kind": null, "archived": false, "after": null,
        } }),
        "/api/catalog/show" | "/api/catalog/archive" => {
            json!({ "input": { "tenant": slug, "item": case.item().await } })
        }
        "/api/catalog/create" => json!({ "input": {
            "tenant": slug, "kind": "course", "key": case.fresh(), "title": "A course",
            "courses": [],
        } }),
        "/api/catalog/edit" => json!({ "input": {
            "tenant": slug, "item": case.item().await, "key": case.fresh(),
            "title": "Another", "courses": [],
        } }),
        "/api/invitations/matching" | "/api/invitations/named" => {
            json!({ "tenant": slug, "filter": {} })
        }
        "/api/invitations/bulk" => json!({ "input": {
            "tenant": slug, "idempotency_key": case.fresh(), "act": "revoke",
            "which": { "these": [case.bundle().await] },
        } }),
        "/api/invitations/extend" => json!({ "input": {
            "tenant": slug, "bundle": case.bundle().await,
            "until": { "year": 2027, "month": 3, "day": 1 },
        } }),
        "/api/imports/check" => json!({ "input": {
            "tenant": slug, "emails": ["mara@example.test"], "courses": ["BIO-101"],
            "programs": [],
        } }),
        "/api/imports/begin" => begin(slug, &case.fresh()),
        "/api/imports/chunk" => chunk(slug, &case.import().await),
        "/api/imports/rows" | "/api/imports/failed" => json!({ "input": {
            "tenant": slug, "import": case.import().await, "only": "all", "after": null,
            "limit": 10,
        } }),
        "/api/imports/commit"
        | "/api/imports/status"
        | "/api/imports/show"
        | "/api/imports/undo"
        | "/api/imports/retry"
        | "/api/imports/abandon" => {
            json!({ "input": { "tenant": slug, "import": case.import().await } })
        }
        "/api/imports/outcomes" => json!({ "input": {
            "tenant": slug, "import": case.import().await, "from": 0, "limit": 10,
        } }),
        "/api/invitations/resend"
        | "/api/invitations/revoke"
        | "/api/invitations/remind"
        | "/api/invitations/activate"
        | "/api/invitations/deactivate"
        | "/api/invitations/show"
        | "/api/invitations/copy_link" => {
            json!({ "input": { "tenant": slug, "bundle": case.bundle().await } })
        }
        "/api/invitations/reinvite" => {
            let bundle = case.bundle().await;
            case.revoke_all_of(&bundle).await;
            json!({ "input": { "tenant": slug, "bundle": bundle } })
        }
        "/api/landing/never" => json!({ "input": {
            "token": case.token(false).await, "everywhere": false,
        } }),
        "/api/landing/open" => json!({ "token": case.token(false).await }),
        "/api/landing/show" => {
            case.land(session, false).await;
            json!({})
        }
        "/api/landing/register" => {
            case.land(session, false).await;
            json!({ "input": {
                "first_name": "Mara", "last_name": "", "password": "a long password",
            } })
        }
        "/api/landing/accept" => {
            case.land(session, true).await;
            json!({})
        }
        "/api/mine/accept" | "/api/mine/decline" | "/api/mine/undo_decline" => {
            json!({ "invitation": case.own_invitation().await })
        }
        "/api/demo/mails" => json!({ "search": "" }),
        "/api/demo/mail" => json!({ "id": case.fresh() }),
        "/api/events" | "/healthz" | "/demo/mailbox/{id}/html" | "/{*path}" => {
            let path = match name {
                "/api/events" => format!("/api/events?tenant={slug}"),
                "/demo/mailbox/{id}/html" => format!("/demo/mailbox/{}/html", case.fresh()),
                "/{*path}" => "/t/acme/management".to_owned(),
                _ => name.to_owned(),
            };
            let before = counts(app).await;
            return (get(&path).await, before);
        }
        other => platform::arguments(&case, other).await,
    };
    let before = counts(app).await;
    (session.post(name, &arguments).await, before)
}
