//! The way in by a redemption code. What it opens is a landing like a link's, accepted by
//! the same function; here is what a code has beyond that: brakes on guessing, and an
//! account whose address the person types.

use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use app::{
    api::{
        ApiError, FieldError,
        landing::{Landing, Register},
        redeem::RegisterByCode,
        session::Me,
    },
    domain::{actor::Actor, code::RedemptionCode, email::EmailAddress, id::UserId},
    ports::{Caller, Cookies, Redeem},
};
use async_trait::async_trait;

use super::{
    Desk,
    desk::refuse,
    landing::{LandingService, Newcomer, draw, refused, validated},
    throttle::{Throttle, network_of},
};
use crate::storage::AcceptOutcome;

/// Wrong codes: ten at once, then one more every six minutes, which is ten an hour.
const WRONG: NonZeroU32 = NonZeroU32::new(10).expect("10 is not 0");
const WRONG_EVERY: Duration = Duration::from_mins(6);

/// Whose tries are counted together: those of one network, and of one account in it.
type Guesser = (IpAddr, Option<UserId>);

/// Implements [`Redeem`].
#[derive(Clone)]
pub struct RedeemService {
    desk: Desk,
    landing: LandingService,
    /// Codes that were none.
    wrong: Arc<Throttle<Guesser>>,
    /// Addresses that had an account.
    taken: Arc<Throttle<Guesser>>,
}

impl RedeemService {
    /// On this desk; lands where `landing` does.
    #[must_use]
    pub fn new(desk: Desk, landing: LandingService) -> Self {
        Self {
            desk,
            landing,
            wrong: Arc::new(Throttle::new(WRONG, WRONG_EVERY)),
            taken: Arc::new(Throttle::new(WRONG, WRONG_EVERY)),
        }
    }

    fn guesser(caller: &Caller) -> Guesser {
        let user = caller.actor.user().map(|user| user.user);
        (network_of(caller.peer), user)
    }
}

#[async_trait]
impl Redeem for RedeemService {
    async fn open(&self, caller: &Caller, code: String) -> Result<(Landing, Cookies), ApiError> {
        // Who has used up the tries learns nothing by more. Only a wrong code is counted, once
        // it is known to be wrong: a room full of people may scan good ones at once.
        let guesser = Self::guesser(caller);
        self.wrong.look(&guesser)?;
        // What is no code is looked up like any other: no answer is quicker.
        let hash = match RedemptionCode::parse(&code) {
            Ok(code) => self.desk.key.code_hash(&code),
            Err(_) => draw()?.hash(),
        };
        if let Some(landed) = self.landing.land(caller, hash).await? {
            return Ok(landed);
        }
        self.wrong.count(&guesser)?;
        Err(ApiError::NotFound)
    }

    async fn register(
        &self,
        caller: &Caller,
        input: RegisterByCode,
    ) -> Result<(Me, Cookies), ApiError> {
        let cookie = LandingService::cookie_hash(caller)?;
        let now = self.desk.now();
        self.desk
            .storage
            .read(move |tx| Box::pin(tx.offer_of_landing(cookie, now)))
            .await
            .map_err(refuse)?
            .filter(crate::storage::Offer::by_code)
            .ok_or(ApiError::NotFound)?;
        // Whoever is signed in is somebody already.
        if !matches!(caller.actor, Actor::Anonymous) {
            return Err(ApiError::conflict(
                "signed_in",
                "You are signed in: accept as yourself, or sign out first. Nothing was changed.",
            ));
        }
        let email = EmailAddress::parse(input.email.trim());
        let canonical = email.as_ref().map(|email| email.canonical().to_owned());
        let canonical = canonical.unwrap_or_default();
        let form = Register {
            first_name: input.first_name,
            last_name: input.last_name,
            password: input.password,
        };
        let (email, names) = match (email, validated(&form, &[input.email.trim(), &canonical])) {
            (Ok(email), Ok(names)) => (email, names),
            (Err(_), Ok(_)) => return Err(ApiError::field("email", NO_ADDRESS)),
            (email, Err(error)) => return Err(with_email(error, email.is_err())),
        };
        // Asked before the costly hash, and asked again inside the transaction. It says
        // whether an address has an account: a guess, with brakes of its own.
        let guesser = Self::guesser(caller);
        self.taken.look(&guesser)?;
        let asked = canonical.clone();
        let taken = self
            .desk
            .storage
            .read(move |tx| {
                let asked = asked.clone();
                Box::pin(async move { Ok(tx.user_by_email(&asked).await?.is_some()) })
            })
            .await
            .map_err(refuse)?;
        if taken {
            self.taken.count(&guesser)?;
            refused(&AcceptOutcome::AccountExists)?;
        }
        let newcomer = Newcomer {
            first_name: names.0,
            last_name: names.1,
            password: form.password,
            email: (canonical, email.as_typed().to_owned()),
        };
        self.landing.make_account(caller, cookie, newcomer).await
    }
}

const NO_ADDRESS: &str = "This is no e-mail address. Type one such as mara@example.org.";

/// Says of the address too, where it is wrong.
fn with_email(error: ApiError, wrong: bool) -> ApiError {
    match error {
        ApiError::Invalid {
            message,
            mut fields,
        } if wrong => {
            fields.insert(
                0,
                FieldError {
                    field: "email".to_owned(),
                    message: NO_ADDRESS.to_owned(),
                },
            );
            ApiError::Invalid { message, fields }
        }
        error => error,
    }
}
