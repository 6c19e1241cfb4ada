//! The way in by a redemption code: typed from a card, or followed as a QR code's link,
//! `<public url>/redeem#<code>`.
//!
//! A good code is exchanged for the landing cookie; what the cookie offers, and accepting
//! it as somebody who is signed in, is [`super::landing`]'s.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

#[cfg(feature = "ssr")]
use super::respond::{answer_with_cookies, caller, ports};
use super::{ApiError, landing::Landing, session::Me};

/// Makes an account that holds what the code gives, and nothing else: nobody has proved
/// that the address is the person's (S12).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterByCode {
    /// The person's own address; an account that has it must sign in (S13).
    pub email: String,
    /// Required.
    pub first_name: String,
    /// May be empty: not everybody has one.
    pub last_name: String,
    /// At least 10 characters.
    pub password: String,
}

impl std::fmt::Debug for RegisterByCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RegisterByCode(redacted)")
    }
}

/// Exchanges a code for the landing cookie. A code that is unknown, used, taken back or
/// expired is `ApiError::NotFound`, always the same.
#[server(name = RedeemOpen, prefix = "/api", endpoint = "redeem/open", input = Json, output = Json)]
pub async fn open(code: String) -> Result<Landing, ApiError> {
    answer_with_cookies(ports().redeem.open(&caller(), code).await)
}

/// Registers and accepts; the answer's cookie is a new session (S18).
#[server(name = RedeemRegister, prefix = "/api", endpoint = "redeem/register", input = Json, output = Json)]
pub async fn register(input: RegisterByCode) -> Result<Me, ApiError> {
    answer_with_cookies(ports().redeem.register(&caller(), input).await)
}
