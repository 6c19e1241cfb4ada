//! The invitee's side of a link: open, look, register or accept.
//!
//! Unknown, dead, expired, revoked, used: one answer, `NotFound`, found out by one
//! statement whatever the reason (S01, S04, S30).

use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use app::{
    api::{
        ApiError, FieldError,
        landing::{Landing, LandingTarget, NeverAgain, NeverInvite, NextStep, Register},
        session::Me,
    },
    domain::{actor::Actor, id::UserId, time::Timestamp},
    ports::{Caller, Cookies, LandingPort},
};
use async_trait::async_trait;

use super::{
    Desk, Settings,
    desk::refuse,
    form,
    never::{self, Proof},
    password, session_cookie, sessions,
    throttle::{Throttle, network_of},
};
use crate::{
    clock::Secret,
    failpoint::{Point, hit},
    storage::{
        AcceptOutcome, Claimant, LANDING_MINUTES, NewUser, Offer, PasswordHash, StorageError, Tx,
    },
};

/// Links that open nothing: so many per peer at once, then one more every two seconds.
const BAD_OPENS: NonZeroU32 = NonZeroU32::new(30).expect("30 is not 0");
const BAD_OPEN_EVERY: Duration = Duration::from_secs(2);
/// Links that do open, per network: a classroom may open a hundred at once, and each
/// opening is kept for half an hour.
const OPENS: NonZeroU32 = NonZeroU32::new(300).expect("300 is not 0");
const OPEN_EVERY: Duration = Duration::from_secs(1);
/// Registrations, per network: each costs a slow hash.
const REGISTRATIONS: NonZeroU32 = NonZeroU32::new(100).expect("100 is not 0");
const REGISTRATION_EVERY: Duration = Duration::from_secs(1);

/// Implements [`LandingPort`].
#[derive(Clone)]
pub struct LandingService {
    desk: Desk,
    guesses: Arc<Throttle<IpAddr>>,
    opens: Arc<Throttle<IpAddr>>,
    registrations: Arc<Throttle<IpAddr>>,
}

/// Somebody who makes an account.
pub(super) struct Newcomer {
    pub first_name: String,
    pub last_name: String,
    pub password: String,
    /// Canonical, and as typed; empty where the offer has one.
    pub email: (String, String),
}

/// The landing cookie's name; `__Host-` binds it to this very host where the site is https.
#[must_use]
pub fn cookie_name(settings: &Settings) -> &'static str {
    if settings.secure_cookies {
        "__Host-beckon_landing"
    } else {
        "beckon_landing"
    }
}

impl LandingService {
    /// On this desk.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self {
            desk,
            guesses: Arc::new(Throttle::new(BAD_OPENS, BAD_OPEN_EVERY)),
            opens: Arc::new(Throttle::new(OPENS, OPEN_EVERY)),
            registrations: Arc::new(Throttle::new(REGISTRATIONS, REGISTRATION_EVERY)),
        }
    }

    /// A link that opens nothing: neutral, unless this peer tries too many.
    fn bad_open(&self, peer: IpAddr) -> ApiError {
        match self.guesses.count(&network_of(peer)) {
            Ok(()) => ApiError::NotFound,
            Err(wait) => wait,
        }
    }

    /// The cookie's hash; without a cookie there is no invitation here.
    pub(super) fn cookie_hash(caller: &Caller) -> Result<[u8; 32], ApiError> {
        caller
            .landing
            .as_ref()
            .and_then(|cookie| Secret::read(&cookie.0))
            .map(|secret| secret.hash())
            .ok_or(ApiError::NotFound)
    }

    /// Remembers a browser that opened a live link or code: what it shows, and the cookie.
    pub(super) async fn land(
        &self,
        caller: &Caller,
        hash: [u8; 32],
    ) -> Result<Option<(Landing, Cookies)>, ApiError> {
        let now = self.desk.now();
        let user = caller.actor.user().map(|user| user.user);
        let found = self
            .desk
            .storage
            .read(move |tx| {
                Box::pin(async move {
                    match tx.offer_of_link(hash, now).await? {
                        Some(offer) => Ok(Some(landing(tx, &offer, user, now).await?)),
                        None => Ok(None),
                    }
                })
            })
            .await
            .map_err(refuse)?;
        let Some(found) = found else {
            return Ok(None);
        };
        self.opens.count(&network_of(caller.peer))?;
        let cookie = draw()?;
        let cookie_hash = cookie.hash();
        self.desk
            .storage
            .write(move |tx| Box::pin(tx.insert_landing(cookie_hash, hash, now)))
            .await
            .map_err(refuse)?;
        let header = self.set_cookie(cookie.reveal(), LANDING_MINUTES * 60);
        Ok(Some((found, vec![header])))
    }

    /// Makes an account and accepts what the cookie offers: a new session.
    pub(super) async fn make_account(
        &self,
        caller: &Caller,
        cookie: [u8; 32],
        newcomer: Newcomer,
    ) -> Result<(Me, Cookies), ApiError> {
        self.registrations.count(&network_of(caller.peer))?;
        let hash = password::hash(&newcomer.password).await?;
        let user = UserId(self.desk.new_id());
        let session = session_cookie::draw(&self.desk, user, &caller.user_agent)?;
        let now = self.desk.now();
        // Whether the address is proved, and the time, are set inside.
        let claimant = Claimant::New(NewUser {
            id: user,
            email: newcomer.email.0,
            email_typed: newcomer.email.1,
            email_verified: false,
            first_name: newcomer.first_name,
            last_name: newcomer.last_name,
            password_hash: Some(PasswordHash(hash)),
            super_admin: false,
            created_at: now,
        });
        let row = session.row;
        let (outcome, me) = self
            .desk
            .write_again(move |tx| {
                let (claimant, row) = (claimant.clone(), row.clone());
                Box::pin(async move {
                    let outcome = tx.accept_landing(cookie, &claimant, now).await?;
                    let me = match outcome {
                        AcceptOutcome::Accepted { user } => {
                            tx.insert_session(row).await?;
                            sessions::me_in(tx, user).await?
                        }
                        _ => None,
                    };
                    Ok((outcome, me))
                })
            })
            .await?;
        refused(&outcome)?;
        hit(Point::AcceptCommitted);
        let me = me.ok_or(ApiError::Internal)?;
        Ok((me, vec![session.cookie.0, self.set_cookie("", 0)]))
    }

    fn set_cookie(&self, value: &str, max_age: i64) -> String {
        let settings = &self.desk.settings;
        let secure = if settings.secure_cookies {
            "; Secure"
        } else {
            ""
        };
        format!(
            "{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}",
            cookie_name(settings)
        )
    }
}

#[async_trait]
impl LandingPort for LandingService {
    async fn open(&self, caller: &Caller, token: String) -> Result<(Landing, Cookies), ApiError> {
        // A token of the wrong form is looked up like any other: no answer is quicker.
        let hash = match Secret::read(&token) {
            Some(secret) => secret.hash(),
            None => draw()?.hash(),
        };
        self.land(caller, hash)
            .await?
            .ok_or_else(|| self.bad_open(caller.peer))
    }

    async fn show(&self, caller: &Caller) -> Result<Landing, ApiError> {
        let cookie = Self::cookie_hash(caller)?;
        let now = self.desk.now();
        let user = caller.actor.user().map(|user| user.user);
        self.desk
            .storage
            .read(move |tx| {
                Box::pin(async move {
                    match tx.offer_of_landing(cookie, now).await? {
                        Some(offer) => Ok(Some(landing(tx, &offer, user, now).await?)),
                        None => Ok(None),
                    }
                })
            })
            .await
            .map_err(refuse)?
            .ok_or(ApiError::NotFound)
    }

    async fn register(&self, caller: &Caller, input: Register) -> Result<(Me, Cookies), ApiError> {
        let cookie = Self::cookie_hash(caller)?;
        let now = self.desk.now();
        // Asked before the costly hash, and asked again inside the transaction.
        let (offer, has_account) = self
            .desk
            .storage
            .read(move |tx| {
                Box::pin(async move {
                    let offer = tx.offer_of_landing(cookie, now).await?;
                    // A code has no address: whoever registers by one types it elsewhere.
                    let Some(offer) = offer.filter(|offer| !offer.by_code()) else {
                        return Ok(None);
                    };
                    let has_account =
                        offer.user.is_some() || tx.user_by_email(&offer.email).await?.is_some();
                    Ok(Some((offer, has_account)))
                })
            })
            .await
            .map_err(refuse)?
            .ok_or(ApiError::NotFound)?;
        // Whoever is signed in is somebody already, and accepts as that or signs out (S11).
        if !matches!(caller.actor, Actor::Anonymous) {
            refused(&AcceptOutcome::Mismatch)?;
        }
        // Otherwise whoever holds one live link could keep the server hashing for ever.
        if has_account {
            refused(&AcceptOutcome::AccountExists)?;
        }
        let (first_name, last_name) = validated(&input, &[&offer.email_typed, &offer.email])?;
        let newcomer = Newcomer {
            first_name,
            last_name,
            password: input.password,
            // The offer's, inside (S14).
            email: (String::new(), String::new()),
        };
        self.make_account(caller, cookie, newcomer).await
    }

    async fn accept(&self, caller: &Caller) -> Result<Cookies, ApiError> {
        if matches!(caller.actor, Actor::Anonymous) {
            return Err(ApiError::SignInFirst);
        }
        let user = self.desk.user(caller)?.user;
        let cookie = Self::cookie_hash(caller)?;
        let now = self.desk.now();
        let claimant = Claimant::User(user);
        let outcome = self
            .desk
            .write_again(move |tx| {
                let claimant = claimant.clone();
                Box::pin(async move { tx.accept_landing(cookie, &claimant, now).await })
            })
            .await?;
        refused(&outcome)?;
        hit(Point::AcceptCommitted);
        Ok(vec![self.set_cookie("", 0)])
    }

    async fn never(&self, caller: &Caller, input: NeverInvite) -> Result<NeverAgain, ApiError> {
        let proof = match &input.token {
            // As in `open`: no answer is quicker.
            Some(token) => Proof::Link(match Secret::read(token) {
                Some(secret) => secret.hash(),
                None => draw()?.hash(),
            }),
            None => Proof::Landing(Self::cookie_hash(caller)?),
        };
        never::never(&self.desk, caller, proof, &input)
            .await?
            .ok_or_else(|| self.bad_open(caller.peer))
    }
}

impl Desk {
    /// A write that is run once more where somebody else took a unique value in the same
    /// moment: the second run sees it and answers accordingly.
    pub(super) async fn write_again<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        F: for<'t> Fn(&'t mut Tx) -> crate::storage::TxFuture<'t, T> + Send + Sync,
        T: Send,
    {
        match self.storage.write(&work).await {
            Err(StorageError::Unique { .. }) => self.storage.write(&work).await.map_err(refuse),
            done => done.map_err(refuse),
        }
    }
}

pub(super) fn refused(outcome: &AcceptOutcome) -> Result<(), ApiError> {
    let (code, message) = match outcome {
        AcceptOutcome::Accepted { .. } => return Ok(()),
        AcceptOutcome::Neutral => return Err(ApiError::NotFound),
        AcceptOutcome::AccountExists => (
            "account_exists",
            "There is an account with this address. Sign in to accept the invitation.",
        ),
        AcceptOutcome::Mismatch => (
            "other_account",
            "This invitation is for somebody else. Sign out, then open the link again.",
        ),
        AcceptOutcome::AlreadyHeld => (
            "already_held",
            "You have all of this already, so nothing was changed. The code is still good: \
             somebody else can use it.",
        ),
        AcceptOutcome::AlreadyWaiting => (
            "already_waiting",
            "An invitation to the same waits for you under My invitations: accept that one. \
             The code is still good: somebody else can use it.",
        ),
    };
    Err(ApiError::Conflict {
        code: code.to_owned(),
        message: message.to_owned(),
    })
}

/// What the page shows of an offer.
async fn landing(
    tx: &mut Tx,
    offer: &Offer,
    user: Option<UserId>,
    now: Timestamp,
) -> Result<Landing, StorageError> {
    let targets = tx.offered_targets(offer, now).await?;
    let signed_in = match user {
        Some(user) => tx.user_by_id(user).await?,
        None => None,
    };
    let next = match signed_in {
        Some(user) if offer.is_for(&user) => NextStep::Accept,
        Some(_) => NextStep::Mismatch,
        None if offer.by_code() => NextStep::Register,
        None if offer.user.is_some() || tx.user_by_email(&offer.email).await?.is_some() => {
            NextStep::SignIn
        }
        None => NextStep::Register,
    };
    Ok(Landing {
        tenant: offer.tenant_name.clone(),
        tenant_slug: offer.tenant_slug.clone(),
        // A card is read by anybody: it names the organisation alone.
        inviter: if offer.inviter.is_empty() || offer.by_code() {
            offer.tenant_name.clone()
        } else {
            offer.inviter.clone()
        },
        email_masked: if offer.by_code() {
            String::new()
        } else {
            masked(&offer.email_typed)
        },
        by_code: offer.by_code(),
        first_name: offer.first_name.clone(),
        last_name: offer.last_name.clone(),
        targets: targets
            .into_iter()
            .map(|target| LandingTarget {
                kind: target.kind,
                title: target.title,
            })
            .collect(),
        expires_at: offer.expires_at,
        redirect: offer.redirect.clone(),
        next,
        mailed: offer.proves_mailbox(),
    })
}

/// The names, trimmed; or what is wrong with which field.
pub(super) fn validated(
    input: &Register,
    addresses: &[&str],
) -> Result<(String, String), ApiError> {
    let mut fields = Vec::new();
    let mut wrong = |field: &str, message: &str| {
        fields.push(FieldError {
            field: field.to_owned(),
            message: message.to_owned(),
        });
    };
    let first = input.first_name.trim();
    let last = input.last_name.trim();
    if first.is_empty() {
        wrong("first_name", "Enter your first name.");
    }
    for (field, name) in [("first_name", first), ("last_name", last)] {
        if let Some(problem) = form::name_problem(name) {
            wrong(field, problem);
        }
    }
    if let Some(problem) = form::password_problem(&input.password, addresses) {
        wrong("password", problem);
    }
    if fields.is_empty() {
        return Ok((first.to_owned(), last.to_owned()));
    }
    Err(ApiError::Invalid {
        message: "Correct the marked fields. Nothing was changed.".to_owned(),
        fields,
    })
}

/// `m•••@a•••.test`: enough to recognise the own address, too little to learn it (S31).
pub(super) fn masked(email: &str) -> String {
    let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
    let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
    match domain.rsplit_once('.') {
        Some((name, top)) => format!("{}•••@{}•••.{top}", first(local), first(name)),
        None => format!("{}•••@{}•••", first(local), first(domain)),
    }
}

pub(super) fn draw() -> Result<Secret, ApiError> {
    Secret::draw().map_err(|error| {
        tracing::error!(%error, "no randomness");
        ApiError::Internal
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s31_an_address_is_masked() {
        assert_eq!(masked("mara@acme.test"), "m•••@a•••.test");
        assert_eq!(masked("ömer@müller.co.uk"), "ö•••@m•••.uk");
        assert_eq!(masked("x@localhost"), "x•••@l•••");
    }
}
