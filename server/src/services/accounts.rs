//! The own account. What anybody may ask (a forgotten password, its link) answers alike
//! for every address and every link that is not good (S30).

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use app::{
    api::{
        ApiError, FieldError,
        accounts::{ChangeEmail, ChangePassword, Profile, Rename, ResetPassword},
        session::Me,
    },
    domain::{
        email::EmailAddress,
        id::{DeliveryId, UserId},
        policy::{self, Action},
    },
    ports::{self, Caller, Cookies},
};
use async_trait::async_trait;

use super::{
    Desk,
    desk::{allow, refuse},
    form, password,
    people::begin_to_revoke,
    session_cookie, sessions,
    throttle::{Throttle, network_of},
    users::gone,
};
use crate::{
    clock::Secret,
    mail,
    storage::{
        AccountMailPurpose, AccountProfile, MayGo, NewAccountMail, PasswordHash, StorageError,
    },
};

/// Requests for a link, per network.
const FORGOT: NonZeroU32 = NonZeroU32::new(60).expect("60 is not 0");
const FORGOT_EVERY: Duration = Duration::from_secs(10);
/// Mails to one address, links and codes apart: nobody's mailbox is filled through these
/// pages, and who has codes mailed to it keeps nobody from a link.
const MAILS: NonZeroU32 = NonZeroU32::new(5).expect("5 is not 0");
const MAIL_EVERY: Duration = Duration::from_mins(10);
/// Links that are not good, per network.
const BAD_LINKS: NonZeroU32 = NonZeroU32::new(30).expect("30 is not 0");
const BAD_LINK_EVERY: Duration = Duration::from_secs(2);
/// Tries at the own password or a code, per account: each costs a slow hash.
const TRIES: NonZeroU32 = NonZeroU32::new(20).expect("20 is not 0");
const TRY_EVERY: Duration = Duration::from_secs(15);

/// See [`ports::Accounts`].
pub struct AccountsService {
    desk: Desk,
    forgot: Throttle<IpAddr>,
    mails: Throttle<String>,
    codes: Throttle<String>,
    bad_links: Throttle<IpAddr>,
    tries: Throttle<UserId>,
}

impl AccountsService {
    /// The service on this desk.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self {
            desk,
            forgot: Throttle::new(FORGOT, FORGOT_EVERY),
            mails: Throttle::new(MAILS, MAIL_EVERY),
            codes: Throttle::new(MAILS, MAIL_EVERY),
            bad_links: Throttle::new(BAD_LINKS, BAD_LINK_EVERY),
            tries: Throttle::new(TRIES, TRY_EVERY),
        }
    }

    /// Mail can go out: a demo has its mailbox.
    fn needs_mail(&self) -> Result<(), ApiError> {
        if self.desk.settings.sends_mail() {
            return Ok(());
        }
        Err(ApiError::conflict(
            "no_mail",
            "No mail server is set up, so nothing can be mailed. Ask the people who run this \
             site: a super-admin can confirm your address.",
        ))
    }

    async fn of(&self, user: UserId) -> Result<AccountProfile, ApiError> {
        self.desk
            .storage
            .read(move |tx| Box::pin(tx.account_profile(user)))
            .await
            .map_err(refuse)?
            .ok_or(ApiError::SignInFirst)
    }

    /// The account's profile, if `current` is its password.
    async fn proved(&self, user: UserId, current: &str) -> Result<AccountProfile, ApiError> {
        self.tries.count(&user)?;
        let profile = self.of(user).await?;
        let hash = profile.password_hash.as_ref().map(|hash| hash.0.as_str());
        let right = current.len() <= password::LONGEST && password::verify(current, hash).await?;
        if right {
            self.tries.give_back(&user);
            Ok(profile)
        } else {
            Err(wrong("current", "This is not your password."))
        }
    }

    fn mail(
        &self,
        user: UserId,
        purpose: AccountMailPurpose,
        email: &str,
        email_typed: &str,
    ) -> NewAccountMail {
        let id = self.desk.new_id();
        NewAccountMail {
            id: DeliveryId(id),
            user,
            purpose,
            email: email.to_owned(),
            email_typed: email_typed.to_owned(),
            message_id: mail::message_id(id, &self.desk.settings.public_url),
            created_at: self.desk.now(),
        }
    }

    /// The address that a link to choose a new password was mailed to.
    async fn address_of(&self, caller: &Caller, token: &str) -> Result<String, ApiError> {
        let hash = link_hash(token)?;
        let now = self.desk.now();
        self.desk
            .storage
            .read(move |tx| {
                let hash = hash.clone();
                Box::pin(async move { tx.reset_of(&hash, now).await })
            })
            .await
            .map_err(refuse)?
            .ok_or_else(|| self.bad_link(caller))
    }

    fn bad_link(&self, caller: &Caller) -> ApiError {
        match self.bad_links.count(&network_of(caller.peer)) {
            Ok(()) => ApiError::NotFound,
            Err(wait) => wait,
        }
    }
}

fn wrong(field: &str, message: &str) -> ApiError {
    ApiError::Invalid {
        message: "Correct the marked fields. Nothing was changed.".to_owned(),
        fields: vec![FieldError {
            field: field.to_owned(),
            message: message.to_owned(),
        }],
    }
}

/// A link's token as the database has it; one of the wrong form is looked up like any other.
fn link_hash(token: &str) -> Result<String, ApiError> {
    let secret = match Secret::read(token) {
        Some(secret) => secret,
        None => Secret::draw().map_err(|error| {
            tracing::error!(%error, "no randomness");
            ApiError::Internal
        })?,
    };
    Ok(secret.hash_hex())
}

#[async_trait]
impl ports::Accounts for AccountsService {
    async fn forgot(&self, caller: &Caller, email: String) -> Result<(), ApiError> {
        self.forgot.count(&network_of(caller.peer))?;
        self.needs_mail()?;
        let email = match EmailAddress::parse(email.trim()) {
            Ok(email) => email.canonical().to_owned(),
            Err(problem) => return Err(wrong("email", problem.message())),
        };
        self.mails.count(&email)?;
        let id = self.desk.new_id();
        let message_id = mail::message_id(id, &self.desk.settings.public_url);
        let now = self.desk.now();
        self.desk
            .storage
            .write(move |tx| {
                let (email, message_id) = (email.clone(), message_id.clone());
                Box::pin(async move {
                    tx.queue_reset(DeliveryId(id), &email, &message_id, now)
                        .await
                })
            })
            .await
            .map_err(refuse)
    }

    async fn reset_check(&self, caller: &Caller, token: String) -> Result<(), ApiError> {
        self.address_of(caller, &token).await.map(drop)
    }

    async fn reset(
        &self,
        caller: &Caller,
        input: ResetPassword,
    ) -> Result<(Me, Cookies), ApiError> {
        // Asked before the costly hash, and asked again inside the transaction.
        let address = self.address_of(caller, &input.token).await?;
        if let Some(problem) = form::password_problem(&input.password, &[&address]) {
            return Err(wrong("password", problem));
        }
        let secret_hash = link_hash(&input.token)?;
        let hash = PasswordHash(password::hash(&input.password).await?);
        let now = self.desk.now();
        // Whose it is, is known inside; the session is drawn before, because the
        // transaction may run twice.
        let drawn =
            session_cookie::draw(&self.desk, UserId(uuid::Uuid::nil()), &caller.user_agent)?;
        let row = drawn.row;
        let old = caller.actor.user().map(|actor| actor.session);
        let me = self
            .desk
            .storage
            .write(move |tx| {
                let (secret_hash, hash, row) = (secret_hash.clone(), hash.clone(), row.clone());
                Box::pin(async move {
                    let Some(user) = tx.reset_password(&secret_hash, &hash, now).await? else {
                        return Ok(None);
                    };
                    if let Some(old) = old {
                        tx.delete_session(old).await?;
                    }
                    tx.insert_session(crate::storage::NewSession { user, ..row })
                        .await?;
                    sessions::me_in(tx, user).await
                })
            })
            .await
            .map_err(refuse)?;
        match me {
            Some(me) => Ok((me, vec![drawn.cookie.0])),
            None => Err(self.bad_link(caller)),
        }
    }

    async fn profile(&self, caller: &Caller) -> Result<Profile, ApiError> {
        allow(policy::authorise(&caller.actor, Action::UseOwnAccount))?;
        let user = self.desk.user(caller)?.user;
        let now = self.desk.now();
        let profile = self.of(user).await?;
        let code = self
            .desk
            .storage
            .read(move |tx| Box::pin(tx.open_code(user, now)))
            .await
            .map_err(refuse)?;
        Ok(Profile {
            first_name: profile.first_name,
            last_name: profile.last_name,
            username: profile.username.unwrap_or_default(),
            email: profile.email_typed,
            email_verified: profile.email_verified,
            code_for: code.map(|code| code.email_typed),
        })
    }

    async fn rename(&self, caller: &Caller, input: Rename) -> Result<(), ApiError> {
        allow(policy::authorise(&caller.actor, Action::UseOwnAccount))?;
        let user = self.desk.user(caller)?.user;
        let (first, last) = (input.first_name.trim(), input.last_name.trim());
        let username = input.username.trim().to_ascii_lowercase();
        if first.is_empty() {
            return Err(wrong("first_name", "Enter your first name."));
        }
        for (field, name) in [("first_name", first), ("last_name", last)] {
            if let Some(problem) = form::name_problem(name) {
                return Err(wrong(field, problem));
            }
        }
        let username = match username {
            none if none.is_empty() => None,
            some => match form::username_problem(&some) {
                Some(problem) => return Err(wrong("username", problem)),
                None => Some(some),
            },
        };
        let (first, last) = (first.to_owned(), last.to_owned());
        let now = self.desk.now();
        let renamed = self
            .desk
            .storage
            .write(move |tx| {
                let (first, last, username) = (first.clone(), last.clone(), username.clone());
                Box::pin(async move {
                    tx.rename_account((user, user), &first, &last, username.as_deref(), now)
                        .await
                })
            })
            .await;
        match renamed {
            Ok(true) => Ok(()),
            Ok(false) => Err(ApiError::SignInFirst),
            Err(StorageError::Unique { .. }) => {
                Err(wrong("username", "Somebody else has this username."))
            }
            Err(error) => Err(refuse(error)),
        }
    }

    async fn change_password(
        &self,
        caller: &Caller,
        input: ChangePassword,
    ) -> Result<(), ApiError> {
        allow(policy::authorise(&caller.actor, Action::UseOwnAccount))?;
        let actor = self.desk.user(caller)?;
        let (user, session) = (actor.user, actor.session);
        let profile = self.proved(user, &input.current).await?;
        let problem = form::password_problem(&input.password, &[&profile.email_typed]);
        if let Some(problem) = problem {
            return Err(wrong("password", problem));
        }
        let old = profile.password_hash.ok_or(ApiError::Internal)?;
        let new = PasswordHash(password::hash(&input.password).await?);
        let now = self.desk.now();
        let changed = self
            .desk
            .storage
            .write(move |tx| {
                let (old, new) = (old.clone(), new.clone());
                Box::pin(async move {
                    let changed = tx.change_password(user, &old, &new, now).await?;
                    if changed {
                        tx.delete_other_sessions(user, session).await?;
                    }
                    Ok(changed)
                })
            })
            .await
            .map_err(refuse)?;
        if changed {
            Ok(())
        } else {
            Err(wrong("current", "This is not your password any more."))
        }
    }

    async fn change_email(&self, caller: &Caller, input: ChangeEmail) -> Result<(), ApiError> {
        allow(policy::authorise(&caller.actor, Action::UseOwnAccount))?;
        let user = self.desk.user(caller)?.user;
        self.needs_mail()?;
        let address = EmailAddress::parse(input.email.trim())
            .map_err(|problem| wrong("email", problem.message()))?;
        self.proved(user, &input.current).await?;
        let email = address.canonical().to_owned();
        self.codes.count(&email)?;
        let to = |purpose| self.mail(user, purpose, &email, address.as_typed());
        let (code, taken) = (
            to(AccountMailPurpose::Change),
            to(AccountMailPurpose::Taken),
        );
        self.desk
            .storage
            .write(move |tx| {
                let (email, code, taken) = (email.clone(), code.clone(), taken.clone());
                Box::pin(async move {
                    match tx.user_by_email(&email).await? {
                        Some((known, _)) if known.id == user => Ok(false),
                        // Only whoever reads that mailbox learns that it has an account.
                        Some(_) => tx.insert_account_mail(taken).await.map(|()| true),
                        None => tx.insert_account_mail(code).await.map(|()| true),
                    }
                })
            })
            .await
            .map_err(refuse)?
            .then_some(())
            .ok_or_else(|| wrong("email", "This is your address already."))
    }

    async fn send_code(&self, caller: &Caller) -> Result<(), ApiError> {
        allow(policy::authorise(&caller.actor, Action::UseOwnAccount))?;
        let user = self.desk.user(caller)?.user;
        self.needs_mail()?;
        let account = self
            .desk
            .storage
            .read(move |tx| Box::pin(tx.user_by_id(user)))
            .await
            .map_err(refuse)?
            .ok_or(ApiError::SignInFirst)?;
        if account.email_verified {
            return Err(ApiError::conflict(
                "verified",
                "Your address is confirmed already.",
            ));
        }
        self.codes.count(&account.email)?;
        let mail = self.mail(
            user,
            AccountMailPurpose::Verify,
            &account.email,
            &account.email_typed,
        );
        self.desk
            .storage
            .write(move |tx| Box::pin(tx.insert_account_mail(mail.clone())))
            .await
            .map_err(refuse)
    }

    async fn confirm(&self, caller: &Caller, code: String) -> Result<(), ApiError> {
        allow(policy::authorise(&caller.actor, Action::UseOwnAccount))?;
        let user = self.desk.user(caller)?.user;
        self.tries.count(&user)?;
        let now = self.desk.now();
        let typed: String = code.chars().filter(char::is_ascii_digit).take(9).collect();
        // Counted before it is compared.
        let open = self
            .desk
            .storage
            .write(move |tx| {
                Box::pin(async move {
                    let Some(open) = tx.open_code(user, now).await? else {
                        return Ok(None);
                    };
                    Ok(tx.try_code(open.mail, now).await?.then_some(open))
                })
            })
            .await
            .map_err(refuse)?;
        let Some(open) = open else {
            return Err(ApiError::conflict(
                "no_code",
                "There is no code to compare with: it ran out, was tried too often, or its \
                 mail is still on its way. Have a new one mailed.",
            ));
        };
        let hash = open.secret_hash.clone();
        if !password::verify(&typed, hash.as_deref()).await? {
            return Err(wrong("code", "This is not the code of the newest mail."));
        }
        if open.purpose == AccountMailPurpose::Taken {
            // That code is in no mail: it was guessed.
            return Err(wrong("code", "This is not the code of the newest mail."));
        }
        let hash = hash.ok_or(ApiError::Internal)?;
        let told = self.of(user).await?;
        let told = self.mail(user, AccountMailPurpose::Changed, "", &told.email_typed);
        let done = self
            .desk
            .storage
            .write(move |tx| {
                let (open, hash, told) = (open.clone(), hash.clone(), told.clone());
                Box::pin(async move {
                    if !tx.use_code(open.mail, &hash, now).await? {
                        return Ok(false);
                    }
                    if open.purpose == AccountMailPurpose::Verify {
                        return tx.verify_account(user, &open.email, now).await;
                    }
                    tx.insert_account_mail(told).await?;
                    tx.move_account((user, user), &open.email, &open.email_typed, now)
                        .await
                })
            })
            .await;
        match done {
            Ok(true) => {
                self.tries.give_back(&user);
                Ok(())
            }
            Ok(false) => Err(wrong("code", "This is not the code of the newest mail.")),
            // The mailbox is proved: whoever has it may know.
            Err(StorageError::Unique { .. }) => Err(ApiError::conflict(
                "taken",
                "This address has an account of its own by now. Yours keeps its address.",
            )),
            Err(error) => Err(refuse(error)),
        }
    }

    async fn delete(&self, caller: &Caller, current: String) -> Result<Cookies, ApiError> {
        allow(policy::authorise(&caller.actor, Action::UseOwnAccount))?;
        let user = self.desk.user(caller)?.user;
        self.proved(user, &current).await?;
        let now = self.desk.now();
        let outcome = self
            .desk
            .storage
            .write(move |tx| Box::pin(tx.delete_account(user, user, now)))
            .await
            .map_err(refuse)?;
        match outcome {
            MayGo::Missing => Err(ApiError::SignInFirst),
            outcome => {
                gone(&outcome)?;
                begin_to_revoke(&self.desk).await;
                Ok(vec![session_cookie::clear(&self.desk.settings)])
            }
        }
    }
}
