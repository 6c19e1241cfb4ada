//! Sign in, who am I, sign out.

use std::{borrow::Cow, net::IpAddr, num::NonZeroU32, time::Duration};

use app::{
    api::{
        ApiError,
        session::{Current, DemoInfo, Me, MyMembership, SignIn},
    },
    domain::{
        actor::{Actor, UserActor},
        email::canonical_email,
        id::UserId,
    },
    ports::{self, Caller, Cookies},
};
use async_trait::async_trait;

use super::{
    Desk,
    desk::refuse,
    password, session_cookie,
    throttle::{Throttle, network_of},
};
use crate::{
    clock::Secret,
    demo,
    storage::{AuditEvent, StorageError, Tx, audit_actor},
};

/// The same sentence for every reason, so that it tells nothing about accounts (S30).
const REFUSED: &str = "The e-mail address or the password is wrong.";
/// A session's last use is written down at most this often.
const TOUCH_EVERY_SECONDS: i64 = 60;

/// See [`ports::Sessions`].
pub struct SessionsService {
    desk: Desk,
    /// Every try: each costs a slow hash.
    by_peer: Throttle<IpAddr>,
    /// Wrong passwords for one account from one network.
    guesses: Throttle<(String, IpAddr)>,
    /// Wrong passwords for one account from everywhere.
    by_address: Throttle<String>,
}

impl SessionsService {
    /// The service on this desk.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        const PEER: NonZeroU32 = NonZeroU32::new(100).expect("not zero");
        const GUESSES: NonZeroU32 = NonZeroU32::new(20).expect("not zero");
        const ADDRESS: NonZeroU32 = NonZeroU32::new(1_000).expect("not zero");
        Self {
            desk,
            // An office behind one address signs in together in the morning.
            by_peer: Throttle::new(PEER, Duration::from_secs(2)),
            guesses: Throttle::new(GUESSES, Duration::from_secs(15)),
            // Against guesses from very many networks. It is loose, because whoever can
            // engage it locks the account's owner out.
            by_address: Throttle::new(ADDRESS, Duration::from_secs(2)),
        }
    }

    /// Takes one guess at an account, before the password is looked at: guesses that are
    /// sent at once are counted like ones that are sent one after the other.
    fn guess(&self, guess: &(String, IpAddr)) -> Result<(), ApiError> {
        self.guesses.count(guess)?;
        self.by_address.count(&guess.0).inspect_err(|_| {
            self.guesses.give_back(guess);
        })
    }

    /// It was no guess: who knows the password is not slowed by signing in often.
    fn no_guess(&self, guess: &(String, IpAddr)) {
        self.guesses.give_back(guess);
        self.by_address.give_back(&guess.0);
    }
}

#[async_trait]
impl ports::Sessions for SessionsService {
    async fn current(&self, caller: &Caller) -> Result<Current, ApiError> {
        let me = match caller.actor.user() {
            Some(user) => me(&self.desk, user.user).await?,
            None => None,
        };
        let settings = &self.desk.settings;
        Ok(Current {
            me,
            demo: settings.demo.then(|| DemoInfo {
                accounts: demo::ACCOUNTS
                    .iter()
                    .map(|account| (account.email.to_owned(), account.what.to_owned()))
                    .collect(),
                password: demo::PASSWORD.to_owned(),
                mails_leave: settings.mail_configured,
            }),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            mail_configured: settings.sends_mail(),
        })
    }

    async fn sign_in(&self, caller: &Caller, input: SignIn) -> Result<(Me, Cookies), ApiError> {
        let network = network_of(caller.peer);
        self.by_peer.count(&network)?;
        let refused = || ApiError::Invalid {
            message: REFUSED.to_owned(),
            fields: Vec::new(),
        };
        let email = canonical(&input.email);
        let guess = email.clone().map(|email| (email, network));
        if let Some(guess) = &guess {
            self.guess(guess)?;
        }
        if input.password.len() > password::LONGEST {
            return Err(refused());
        }
        let found = match email {
            Some(email) => self
                .desk
                .storage
                .read(move |tx| {
                    let email = email.clone();
                    Box::pin(async move { tx.user_by_email(&email).await })
                })
                .await
                .map_err(refuse)?,
            None => None,
        };
        let hash = found.as_ref().and_then(|(_, hash)| hash.as_ref());
        let matches = password::verify(&input.password, hash.map(|hash| hash.0.as_str())).await?;
        let user = match found {
            Some((user, _)) if matches && !user.deactivated => user.id,
            _ => return Err(refused()),
        };
        if let Some(guess) = &guess {
            self.no_guess(guess);
        }
        let old = caller.actor.user().map(|actor| actor.session);
        let drawn = session_cookie::draw(&self.desk, user, &caller.user_agent)?;
        let row = drawn.row;
        let me = self
            .desk
            .storage
            .write(move |tx| {
                let row = row.clone();
                Box::pin(async move {
                    let now = row.created_at;
                    let session = row.id;
                    tx.delete_expired_sessions_of(user, now).await?;
                    if let Some(old) = old {
                        tx.delete_session(old).await?;
                    }
                    tx.insert_session(row).await?;
                    tx.record(vec![AuditEvent {
                        tenant: None,
                        actor_id: Some(user.0),
                        actor: "user",
                        action: "session.started",
                        subject: "session",
                        subject_id: session.0,
                        at: now,
                    }])
                    .await?;
                    me_in(tx, user).await
                })
            })
            .await
            .map_err(refuse)?
            .ok_or_else(refused)?;
        Ok((me, vec![drawn.cookie.0]))
    }

    async fn sign_out(&self, caller: &Caller, everywhere: bool) -> Result<Cookies, ApiError> {
        let user = self.desk.user(caller)?.clone();
        let (actor_id, actor) = audit_actor(&caller.actor);
        let now = self.desk.now();
        self.desk
            .storage
            .write(move |tx| {
                let user = user.clone();
                Box::pin(async move {
                    let (action, subject, subject_id) = if everywhere {
                        tx.delete_sessions_of(user.user).await?;
                        ("sessions.ended", "user", user.user.0)
                    } else {
                        tx.delete_session(user.session).await?;
                        ("session.ended", "session", user.session.0)
                    };
                    tx.record(vec![AuditEvent {
                        tenant: None,
                        actor_id,
                        actor,
                        action,
                        subject,
                        subject_id,
                        at: now,
                    }])
                    .await
                })
            })
            .await
            .map_err(refuse)?;
        Ok(vec![session_cookie::clear(&self.desk.settings)])
    }
}

/// Who the session cookie stands for; `Anonymous` for none, an unknown or an ended one.
/// Writes down the use of the session, at most once a minute.
///
/// # Errors
/// `Unavailable` where the database is away: then nobody is signed out.
pub async fn actor(desk: &Desk, cookie: Option<&str>) -> Result<Actor, ApiError> {
    let Some(secret) = cookie.and_then(Secret::read) else {
        return Ok(Actor::Anonymous);
    };
    let hash = secret.hash();
    let now = desk.now();
    let found = desk
        .storage
        .read(move |tx| {
            Box::pin(async move {
                let Some(session) = tx.live_session(hash, now).await? else {
                    return Ok(None);
                };
                let memberships = tx.memberships_of(session.user).await?;
                Ok(Some((session, memberships)))
            })
        })
        .await
        .map_err(refuse)?;
    let Some((session, memberships)) = found else {
        return Ok(Actor::Anonymous);
    };
    if session.last_seen_at.plus_seconds(TOUCH_EVERY_SECONDS) <= now {
        let id = session.id;
        let expires_at = now
            .plus_days(session_cookie::IDLE_DAYS)
            .min(session.created_at.plus_days(session_cookie::ABSOLUTE_DAYS));
        // Nobody waits for it: on SQLite it may stand behind an import's long write.
        let storage = desk.storage.clone();
        tokio::spawn(async move {
            let touched = storage
                .write(move |tx| Box::pin(tx.touch_session(id, now, expires_at)))
                .await;
            // The next request writes it down.
            if let Err(error) = touched {
                tracing::warn!(%error, "a session's use could not be written down");
            }
        });
    }
    Ok(Actor::User(UserActor {
        user: session.user,
        session: session.id,
        super_admin: session.super_admin,
        email_verified: session.email_verified,
        memberships: memberships
            .into_iter()
            .map(|one| (one.tenant, one.role))
            .collect(),
    }))
}

/// What the page shows of a signed-in user; `None` for one who is gone or deactivated.
pub async fn me_in(tx: &mut Tx, user: UserId) -> Result<Option<Me>, StorageError> {
    let Some(user) = tx.user_by_id(user).await? else {
        return Ok(None);
    };
    if user.deactivated {
        return Ok(None);
    }
    let memberships = tx.memberships_of(user.id).await?;
    Ok(Some(Me {
        id: user.id,
        name: user.name(),
        email: user.email_typed,
        super_admin: user.super_admin,
        email_verified: user.email_verified,
        memberships: memberships
            .into_iter()
            .map(|one| MyMembership {
                slug: one.slug,
                name: one.name,
                role: one.role,
            })
            .collect(),
    }))
}

/// Like [`me_in`], in a read of its own.
pub async fn me(desk: &Desk, user: UserId) -> Result<Option<Me>, ApiError> {
    desk.storage
        .read(move |tx| Box::pin(me_in(tx, user)))
        .await
        .map_err(refuse)
}

/// The address as accounts have it; `None` for a text that is none.
#[must_use]
pub fn canonical(text: &str) -> Option<String> {
    canonical_email(text.trim()).ok().map(Cow::into_owned)
}
