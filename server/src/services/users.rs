//! Everybody with an account, for super-admins.

use app::{
    api::{
        ApiError,
        tenants::FoundTenant,
        users::{FoundUser, ListUsers, UserLine, UsersPage},
    },
    domain::{
        id::UserId,
        policy::{self, Action},
    },
    ports::{self, Caller},
};
use async_trait::async_trait;

use super::{
    Desk,
    desk::{allow, refuse},
    people::{read_after, search_words, write_cursor},
};
use crate::storage::{AccountLine, MayGo, display_name};

/// Accounts on a page.
const PAGE: usize = 50;

/// See [`ports::Users`].
pub struct UsersService {
    desk: Desk,
}

impl UsersService {
    /// The service on this desk.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }

    /// The super-admin who asks; for everybody else there is nothing here.
    fn super_admin(&self, caller: &Caller) -> Result<UserId, ApiError> {
        allow(policy::authorise(&caller.actor, Action::SeePlatform))?;
        Ok(self.desk.user(caller)?.user)
    }
}

/// What an account's going ended with, for the wire.
pub(super) fn gone(outcome: &MayGo) -> Result<(), ApiError> {
    let message = match outcome {
        MayGo::Yes => return Ok(()),
        MayGo::Missing => return Err(ApiError::NotFound),
        MayGo::LastSuperAdmin => {
            "This is the last super-admin: nobody else could run the platform. Make another \
             super-admin first. Nothing was changed."
                .to_owned()
        }
        MayGo::LastAdmin(tenant) => format!(
            "This is the last admin of {tenant}. Give somebody else there the role first. \
             Nothing was changed."
        ),
    };
    Err(ApiError::Conflict {
        code: "last_admin".to_owned(),
        message,
    })
}

#[async_trait]
impl ports::Users for UsersService {
    async fn find(&self, caller: &Caller, search: String) -> Result<Vec<FoundUser>, ApiError> {
        self.super_admin(caller)?;
        let words = search_words(&search);
        let (users, tenants) = self
            .desk
            .storage
            .read(move |tx| {
                let words = words.clone();
                Box::pin(async move {
                    let users = tx.find_users(&words).await?;
                    let ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
                    Ok((users, tx.tenants_of_users(&ids).await?))
                })
            })
            .await
            .map_err(refuse)?;
        let of = |user: UserId| {
            tenants
                .iter()
                .filter(move |(member, ..)| *member == user)
                .map(|(_, slug, name)| FoundTenant {
                    slug: slug.clone(),
                    name: name.clone(),
                })
                .collect()
        };
        Ok(users
            .into_iter()
            .map(|user| FoundUser {
                tenants: of(user.id),
                user: user.id,
                name: user.name,
                email: user.email,
                username: user.username,
            })
            .collect())
    }

    async fn list(&self, caller: &Caller, input: ListUsers) -> Result<UsersPage, ApiError> {
        self.super_admin(caller)?;
        let after = read_after(input.after.as_deref())?;
        let words = search_words(&input.search);
        let mut users = self
            .desk
            .storage
            .read(move |tx| {
                let (words, after) = (words.clone(), after.clone());
                Box::pin(async move { tx.accounts(&words, after, PAGE as u32 + 1).await })
            })
            .await
            .map_err(refuse)?;
        let more = users.len() > PAGE;
        users.truncate(PAGE);
        let next = users
            .last()
            .filter(|_| more)
            .map(|last| write_cursor(last.id, &last.search_text));
        Ok(UsersPage {
            users: users.into_iter().map(line).collect(),
            next,
        })
    }

    async fn vouch(&self, caller: &Caller, user: UserId) -> Result<(), ApiError> {
        let by = self.super_admin(caller)?;
        let now = self.desk.now();
        let vouched = self
            .desk
            .storage
            .write(move |tx| Box::pin(tx.vouch(user, by, now)))
            .await
            .map_err(refuse)?;
        vouched.then_some(()).ok_or(ApiError::NotFound)
    }

    async fn deactivate(&self, caller: &Caller, user: UserId) -> Result<(), ApiError> {
        let by = self.super_admin(caller)?;
        let now = self.desk.now();
        let outcome = self
            .desk
            .storage
            .write(move |tx| Box::pin(tx.deactivate(user, by, now)))
            .await
            .map_err(refuse)?;
        gone(&outcome)
    }

    async fn reactivate(&self, caller: &Caller, user: UserId) -> Result<(), ApiError> {
        let by = self.super_admin(caller)?;
        let now = self.desk.now();
        let done = self
            .desk
            .storage
            .write(move |tx| Box::pin(tx.reactivate(user, by, now)))
            .await
            .map_err(refuse)?;
        done.then_some(()).ok_or(ApiError::NotFound)
    }

    async fn delete(&self, caller: &Caller, user: UserId) -> Result<(), ApiError> {
        let by = self.super_admin(caller)?;
        let now = self.desk.now();
        let outcome = self
            .desk
            .storage
            .write(move |tx| Box::pin(tx.delete_account(user, by, now)))
            .await
            .map_err(refuse)?;
        gone(&outcome)
    }
}

fn line(account: AccountLine) -> UserLine {
    UserLine {
        user: account.id,
        name: display_name(
            &account.first_name,
            &account.last_name,
            &account.email_typed,
        ),
        email: account.email_typed,
        email_verified: account.email_verified,
        super_admin: account.super_admin,
        deactivated: account.deactivated,
        without_password: account.without_password,
    }
}
