//! The own account: a forgotten password, names, address, password, its end.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

use super::ApiError;
#[cfg(feature = "ssr")]
use super::respond::{answer, answer_with_cookies, caller, ports};
use super::session::Me;

/// What the settings page shows and changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// Unique on the platform; empty: none.
    pub username: String,
    /// As typed.
    pub email: String,
    /// True once a mailed link or code, or a super-admin, proved the mailbox.
    pub email_verified: bool,
    /// The address that a code was mailed to and that is not confirmed yet; may be the
    /// account's own.
    pub code_for: Option<String>,
}

/// A new password by a mailed link.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetPassword {
    /// From the link's fragment.
    pub token: String,
    /// As typed.
    pub password: String,
}

impl std::fmt::Debug for ResetPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ResetPassword(redacted)")
    }
}

/// Another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rename {
    /// As typed.
    pub first_name: String,
    /// As typed; may be empty.
    pub last_name: String,
    /// As typed; may be empty.
    pub username: String,
}

/// Another password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePassword {
    /// The one so far.
    pub current: String,
    /// The new one.
    pub password: String,
}

impl std::fmt::Debug for ChangePassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChangePassword(redacted)")
    }
}

/// Another address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeEmail {
    /// As typed.
    pub email: String,
    /// The account's password.
    pub current: String,
}

impl std::fmt::Debug for ChangeEmail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChangeEmail(redacted)")
    }
}

/// Asks for a link to choose a new password. The answer is the same for every address;
/// 409 `no_mail` where no mail server is named, 429 after too many tries.
#[server(name = AccountForgot, prefix = "/api", endpoint = "accounts/forgot", input = Json, output = Json)]
pub async fn forgot(email: String) -> Result<(), ApiError> {
    answer(ports().accounts.forgot(&caller(), email).await)
}

/// Whether the link is good; asking changes nothing. 404 for every reason that it is not.
#[server(name = AccountResetCheck, prefix = "/api", endpoint = "accounts/reset_check", input = Json, output = Json)]
pub async fn reset_check(token: String) -> Result<(), ApiError> {
    answer(ports().accounts.reset_check(&caller(), token).await)
}

/// Sets a new password with the link, ends every session of the account and starts one
/// here. 404 where the link is not good (any more).
#[server(name = AccountReset, prefix = "/api", endpoint = "accounts/reset", input = Json, output = Json)]
pub async fn reset(input: ResetPassword) -> Result<Me, ApiError> {
    answer_with_cookies(ports().accounts.reset(&caller(), input).await)
}

/// The own account.
#[server(name = AccountProfile, prefix = "/api", endpoint = "accounts/profile", input = Json, output = Json)]
pub async fn profile() -> Result<Profile, ApiError> {
    answer(ports().accounts.profile(&caller()).await)
}

/// Changes the names.
#[server(name = AccountRename, prefix = "/api", endpoint = "accounts/rename", input = Json, output = Json)]
pub async fn rename(input: Rename) -> Result<(), ApiError> {
    answer(ports().accounts.rename(&caller(), input).await)
}

/// Changes the password and ends the account's other sessions.
#[server(name = AccountChangePassword, prefix = "/api", endpoint = "accounts/change_password", input = Json, output = Json)]
pub async fn change_password(input: ChangePassword) -> Result<(), ApiError> {
    answer(ports().accounts.change_password(&caller(), input).await)
}

/// Mails a code to the new address; nothing changes before it is confirmed. The answer is
/// the same whether the address has an account or not.
#[server(name = AccountChangeEmail, prefix = "/api", endpoint = "accounts/change_email", input = Json, output = Json)]
pub async fn change_email(input: ChangeEmail) -> Result<(), ApiError> {
    answer(ports().accounts.change_email(&caller(), input).await)
}

/// Mails a code to the account's own address, which is not confirmed yet.
#[server(name = AccountSendCode, prefix = "/api", endpoint = "accounts/send_code", input = Json, output = Json)]
pub async fn send_code() -> Result<(), ApiError> {
    answer(ports().accounts.send_code(&caller()).await)
}

/// Confirms the address that the newest code was mailed to; five tries at one code.
#[server(name = AccountConfirm, prefix = "/api", endpoint = "accounts/confirm", input = Json, output = Json)]
pub async fn confirm(code: String) -> Result<(), ApiError> {
    answer(ports().accounts.confirm(&caller(), code).await)
}

/// Deletes the own account, for good. 409 `last_admin` where nobody else does what only
/// this account could do.
#[server(name = AccountDelete, prefix = "/api", endpoint = "accounts/delete", input = Json, output = Json)]
pub async fn delete(current: String) -> Result<(), ApiError> {
    answer_with_cookies(
        ports()
            .accounts
            .delete(&caller(), current)
            .await
            .map(|cookies| ((), cookies)),
    )
}
