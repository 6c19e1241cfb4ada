//! Sign in, who am I, sign out.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

use super::ApiError;
#[cfg(feature = "ssr")]
use super::respond::{answer, answer_with_cookies, caller, ports};
use crate::domain::{id::UserId, role::Role};

/// What the page needs to know before it draws anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Current {
    /// The signed-in user, if any.
    pub me: Option<Me>,
    /// Set on a demo server; every page says so.
    pub demo: Option<DemoInfo>,
    /// The server's version; old tabs compare it.
    pub version: String,
    /// False where no mail goes out, because no mail server is named: a banner says so.
    pub mail_configured: bool,
}

/// The signed-in user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// The account.
    pub id: UserId,
    /// First and last name, or the address where there is none.
    pub name: String,
    /// The address as typed.
    pub email: String,
    /// Runs the whole platform.
    pub super_admin: bool,
    /// True once a mailed link or code proved the mailbox.
    pub email_verified: bool,
    /// The tenants, by name; a super-admin's are those of which one is a member.
    pub memberships: Vec<MyMembership>,
}

/// One of the user's tenants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MyMembership {
    /// In addresses: `/t/<slug>`.
    pub slug: String,
    /// On the screen.
    pub name: String,
    /// The role there.
    pub role: Role,
}

/// What the demo's sign-in page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoInfo {
    /// Address and what it is, such as `("super@beckon.test", "super-admin")`.
    pub accounts: Vec<(String, String)>,
    /// The password of all of them.
    pub password: String,
    /// A mail server is named: mails leave this machine, besides being kept here.
    pub mails_leave: bool,
}

/// E-mail and password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// As typed.
    pub email: String,
    /// As typed.
    pub password: String,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignIn(redacted)")
    }
}

/// Who is signed in here.
#[server(name = CurrentSession, prefix = "/api", endpoint = "session/current", input = Json, output = Json)]
pub async fn current() -> Result<Current, ApiError> {
    answer(ports().sessions.current(&caller()).await)
}

/// Signs in; the answer's cookie is a new session. 401-like failures are `Invalid`
/// with one sentence for every reason; 429 after too many tries.
#[server(name = SignInSession, prefix = "/api", endpoint = "session/sign_in", input = Json, output = Json)]
pub async fn sign_in(input: SignIn) -> Result<Me, ApiError> {
    answer_with_cookies(ports().sessions.sign_in(&caller(), input).await)
}

/// Ends this session.
#[server(name = SignOutSession, prefix = "/api", endpoint = "session/sign_out", input = Json, output = Json)]
pub async fn sign_out() -> Result<(), ApiError> {
    answer_with_cookies(
        ports()
            .sessions
            .sign_out(&caller(), false)
            .await
            .map(|c| ((), c)),
    )
}

/// Ends every session of the user, this one included.
#[server(name = SignOutEverywhere, prefix = "/api", endpoint = "session/sign_out_everywhere", input = Json, output = Json)]
pub async fn sign_out_everywhere() -> Result<(), ApiError> {
    answer_with_cookies(
        ports()
            .sessions
            .sign_out(&caller(), true)
            .await
            .map(|c| ((), c)),
    )
}
