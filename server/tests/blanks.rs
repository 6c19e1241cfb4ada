//! Blank placeholders: made many at once, handed out by codes, redeemed by one person each.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

#[path = "blanks/ends.rs"]
mod ends;
#[path = "blanks/make.rs"]
mod make;
#[path = "blanks/redeem.rs"]
mod redeem;
mod stage;

use app::{
    api::{
        ApiError,
        blanks::{BatchMark, BatchRef, BatchesPage, CreateBlanks, RevealedCode},
        invitations::BundleRef,
        landing::Landing,
        redeem::RegisterByCode,
    },
    domain::{
        id::{BundleId, UserId},
        role::Role,
    },
    ports::{Blanks as _, Caller, LandingCookie, Redeem as _},
};
use server::{
    args,
    services::{blanks::BlanksService, redeem::RedeemService},
};
use stage::Stage;

/// The services of codes, and a super-admin, signed in.
struct Desk {
    blanks: BlanksService,
    redeem: RedeemService,
    root: Caller,
    root_id: UserId,
}

impl Desk {
    async fn of(stage: &Stage) -> Self {
        let root_id = stage.user("root@beckon.test", "Root", true).await;
        let promote = "UPDATE users SET super_admin = 1 WHERE id = $1";
        stage.sql(promote, args![root_id]).await;
        Self {
            blanks: BlanksService::new(stage.desk.clone()),
            redeem: RedeemService::new(stage.desk.clone(), stage.landing.clone()),
            root: stage.signed_in(root_id).await,
            root_id,
        }
    }

    /// Makes so many to Acme and its course, and reveals the codes.
    async fn made(&self, stage: &Stage, count: u32) -> Vec<RevealedCode> {
        let made = self
            .blanks
            .create(&self.root, form(stage, "k", count))
            .await;
        assert_eq!(made.unwrap().made, count);
        self.codes().await
    }

    async fn batches(&self, after: Option<BatchMark>) -> BatchesPage {
        self.blanks
            .list(&self.root, "acme".to_owned(), after)
            .await
            .unwrap()
    }

    async fn codes(&self) -> Vec<RevealedCode> {
        let mut all: Vec<RevealedCode> = Vec::new();
        let mut after = None;
        loop {
            let input = batch(after);
            let page = self.blanks.codes(&self.root, input).await.unwrap();
            all.extend(page.codes);
            after = page.next;
            if after.is_none() {
                return all;
            }
        }
    }

    /// Types a code as `caller`: what it opens, and the caller with the landing cookie.
    async fn open(&self, caller: &Caller, code: &str) -> Result<(Landing, Caller), ApiError> {
        let (landing, cookies) = self.redeem.open(caller, code.to_owned()).await?;
        let value = cookies[0]
            .strip_prefix("__Host-beckon_landing=")
            .and_then(|rest| rest.split(';').next())
            .unwrap();
        let caller = Caller {
            landing: Some(LandingCookie(value.to_owned())),
            ..caller.clone()
        };
        Ok((landing, caller))
    }
}

fn form(stage: &Stage, key: &str, count: u32) -> CreateBlanks {
    CreateBlanks {
        tenant: "acme".to_owned(),
        idempotency_key: key.to_owned(),
        count,
        source: "Open day 2026".to_owned(),
        platform: true,
        courses: vec![stage.course],
        programs: Vec::new(),
        active: true,
        role: Role::Instructor,
        expires_on: None,
        access_from: None,
        access_until: None,
    }
}

fn batch(after: Option<BundleId>) -> BatchRef {
    BatchRef {
        tenant: "acme".to_owned(),
        source: "Open day 2026".to_owned(),
        after,
    }
}

fn of(bundle: BundleId) -> BundleRef {
    BundleRef {
        tenant: "acme".to_owned(),
        bundle,
    }
}

fn newcomer(email: &str) -> RegisterByCode {
    RegisterByCode {
        email: email.to_owned(),
        first_name: "Mara".to_owned(),
        last_name: "Muster".to_owned(),
        password: stage::PASSWORD.to_owned(),
    }
}

fn code_of(error: ApiError) -> String {
    match error {
        ApiError::Conflict { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

/// Somebody elsewhere: wrong tries are counted apart.
fn elsewhere(last: u8) -> Caller {
    Caller {
        peer: [192, 0, 2, last].into(),
        ..Stage::anonymous()
    }
}
