//! The invitee's side of a link: open, look, register or accept.
//!
//! The link is `<public url>/i#<token>`: a fragment never reaches a server, an
//! access log or a Referer (S08). `open` exchanges the token once for a
//! 30-minute `HttpOnly` cookie; the other calls work with that cookie. Every check
//! runs again at accept.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

#[cfg(feature = "ssr")]
use super::respond::{answer, answer_with_cookies, caller, ports};
use super::{ApiError, session::Me};
use crate::domain::{invitation::InvitationKind, time::Timestamp};

/// What the landing page shows. A link that is unknown, expired, revoked or
/// used is `ApiError::NotFound`, always the same (one neutral page).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landing {
    /// The tenant's name.
    pub tenant: String,
    /// The tenant's slug.
    pub tenant_slug: String,
    /// Who invites.
    pub inviter: String,
    /// The address, masked (S31), such as `m•••@a•••.test`.
    pub email_masked: String,
    /// As invited, to prefill the form; may be empty.
    pub first_name: String,
    /// As invited, to prefill the form; may be empty.
    pub last_name: String,
    /// What for.
    pub targets: Vec<LandingTarget>,
    /// Until when.
    pub expires_at: Timestamp,
    /// Where to go on after accepting: a path of this site; empty: home.
    pub redirect: String,
    /// What to do next.
    pub next: NextStep,
    /// A redemption code opened it: it is for whoever has it, and has no address.
    pub by_code: bool,
    /// Whether the link was mailed: only then may its holder ask never to be invited.
    pub mailed: bool,
}

/// One thing offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LandingTarget {
    /// What kind.
    pub kind: InvitationKind,
    /// Its title.
    pub title: String,
}

/// What the person can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    /// No account has this address: register.
    Register,
    /// An account has it: sign in.
    SignIn,
    /// Signed in as the invitee: accept.
    Accept,
    /// Signed in as somebody else: sign out first (S11).
    Mismatch,
}

/// Makes the account and accepts, in one transaction. The address is the
/// invitation's; there is no field for it (S14).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Required.
    pub first_name: String,
    /// May be empty: not everybody has one.
    pub last_name: String,
    /// At least 10 characters.
    pub password: String,
}

impl std::fmt::Debug for Register {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Register(redacted)")
    }
}

/// Asks never to be invited again, by the mail's token or by the landing cookie.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeverInvite {
    /// From the mail; none: the cookie says which.
    pub token: Option<String>,
    /// By no organisation of the platform, not only by this one.
    pub everywhere: bool,
}

impl std::fmt::Debug for NeverInvite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NeverInvite(redacted)")
    }
}

/// Who will not be invited any more, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeverAgain {
    /// The tenant's name.
    pub tenant: String,
    /// The address, masked (S31).
    pub email_masked: String,
}

/// Keeps that this mailbox is never to be invited again, and declines what waits for it.
#[server(name = LandingNever, prefix = "/api", endpoint = "landing/never", input = Json, output = Json)]
pub async fn never(input: NeverInvite) -> Result<NeverAgain, ApiError> {
    answer(ports().landing.never(&caller(), input).await)
}

/// Exchanges a token for the landing cookie.
#[server(name = LandingOpen, prefix = "/api", endpoint = "landing/open", input = Json, output = Json)]
pub async fn open(token: String) -> Result<Landing, ApiError> {
    answer_with_cookies(ports().landing.open(&caller(), token).await)
}

/// What the cookie's invitation offers.
#[server(name = LandingShow, prefix = "/api", endpoint = "landing/show", input = Json, output = Json)]
pub async fn show() -> Result<Landing, ApiError> {
    answer(ports().landing.show(&caller()).await)
}

/// Registers and accepts; the answer's cookie is a new session (S18).
#[server(name = LandingRegister, prefix = "/api", endpoint = "landing/register", input = Json, output = Json)]
pub async fn register(input: Register) -> Result<Me, ApiError> {
    answer_with_cookies(ports().landing.register(&caller(), input).await)
}

/// Accepts the whole bundle as the signed-in invitee.
#[server(name = LandingAccept, prefix = "/api", endpoint = "landing/accept", input = Json, output = Json)]
pub async fn accept() -> Result<(), ApiError> {
    answer_with_cookies(ports().landing.accept(&caller()).await.map(|c| ((), c)))
}
