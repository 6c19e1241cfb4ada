//! Blank placeholders: made many at once, handed out by their codes.
//!
//! A code is drawn here, kept as a keyed hash and sealed, and shown again only to those who
//! may see links; each time is written down (S26).

mod assign;
mod create;

use app::{
    api::{
        ApiError,
        blanks::{
            AssignBlank, BatchLine, BatchMark, BatchPage, BatchRef, BatchesPage, BlankLine,
            BlanksMade, CODES_PAGE, CodesPage, CreateBlanks, RestRevoked, RevealedCode,
        },
        invitations::{BundleLine, BundleRef},
    },
    domain::{
        code::RedemptionCode,
        id::BundleId,
        invitation::InvitationStatus,
        policy::{self, Action},
        time::Timestamp,
    },
    ports::{Blanks, Caller},
};
use async_trait::async_trait;

use super::{
    Desk,
    desk::{allow, refuse},
    invitations::acts::{self, Act, Change},
    tenants,
};
use crate::storage::{SealedCode, StorageError, Tenant, Tx};

/// Batches of a page.
const BATCHES: u32 = 50;
/// Lines of a batch's page.
const PAGE: u32 = 100;
/// Invitations that one call takes back.
const REVOKE: u32 = 200;

/// Implements [`Blanks`].
#[derive(Clone)]
pub struct BlanksService {
    desk: Desk,
}

impl BlanksService {
    /// On this desk.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }

    /// Refuses whoever may manage invitations here, but not see their links.
    fn may_reveal(&self, caller: &Caller, tenant: &Tenant) -> Result<(), ApiError> {
        if policy::may_reveal(self.desk.user(caller)?, tenant.reveal_links) {
            return Ok(());
        }
        Err(ApiError::conflict(
            "links_hidden",
            "This organisation shows links and codes to nobody but those who run the platform. \
             Nothing was shown. Its settings say who may see them.",
        ))
    }
}

#[async_trait]
impl Blanks for BlanksService {
    async fn create(&self, caller: &Caller, input: CreateBlanks) -> Result<BlanksMade, ApiError> {
        allow(policy::authorise(&caller.actor, Action::SeePlatform))?;
        create::create(&self.desk, caller, input).await
    }

    async fn list(
        &self,
        caller: &Caller,
        slug: String,
        after: Option<BatchMark>,
    ) -> Result<BatchesPage, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &slug, Action::SeeManagement)
            .await?;
        let after = after
            .map(|mark| {
                let made = mark.made.parse().map_err(|_| ApiError::NotFound)?;
                Ok::<_, ApiError>((Timestamp(made), known(mark.source)?))
            })
            .transpose()?;
        let mut batches = self
            .desk
            .storage
            .read(move |tx| {
                let after = after.clone();
                Box::pin(tx.blank_batches(tenant.id, after, BATCHES + 1))
            })
            .await
            .map_err(refuse)?;
        let more = batches.len() > BATCHES as usize;
        batches.truncate(BATCHES as usize);
        Ok(BatchesPage {
            next: batches.last().filter(|_| more).map(|batch| BatchMark {
                made: batch.created_at.0.to_string(),
                source: batch.source.clone(),
            }),
            batches: batches
                .into_iter()
                .map(|batch| BatchLine {
                    source: batch.source,
                    made: batch.made,
                    unassigned: batch.unassigned,
                    created_at: batch.created_at,
                })
                .collect(),
        })
    }

    async fn show(&self, caller: &Caller, input: BatchRef) -> Result<BatchPage, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::SeeManagement)
            .await?;
        let may_reveal = policy::may_reveal(self.desk.user(caller)?, tenant.reveal_links);
        let source = known(input.source)?;
        let found = self
            .desk
            .storage
            .read(move |tx| {
                let source = source.clone();
                Box::pin(async move {
                    let Some(facts) = tx.batch_facts(tenant.id, &source).await? else {
                        return Ok(None);
                    };
                    let lines = tx
                        .blank_lines(tenant.id, &source, input.after, PAGE + 1)
                        .await?;
                    Ok(Some((facts, lines)))
                })
            })
            .await
            .map_err(refuse)?;
        let (facts, mut lines) = found.ok_or(ApiError::NotFound)?;
        let more = lines.len() > PAGE as usize;
        lines.truncate(PAGE as usize);
        Ok(BatchPage {
            by_status: facts.by_status.into_iter().collect(),
            first_at: facts.first_at,
            last_at: facts.last_at,
            made_by: facts.made_by.join(", "),
            may_reveal,
            next: lines.last().filter(|_| more).map(|line| line.bundle),
            lines: lines
                .into_iter()
                .map(|line| BlankLine {
                    bundle: line.bundle,
                    status: line.status,
                    active: line.active,
                    who: line.who,
                    changed_at: line.changed_at,
                    expires_at: line.expires_at,
                })
                .collect(),
        })
    }

    async fn code(&self, caller: &Caller, input: BundleRef) -> Result<RevealedCode, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::ManageInvitations)
            .await?;
        let bundle = input.bundle;
        let act = Act::new(&self.desk, caller, &tenant);
        let may = self.may_reveal(caller, &tenant);
        let hidden = may.is_err();
        let (state, found) = self
            .desk
            .storage
            .write(move |tx| {
                let act = act.clone();
                Box::pin(async move {
                    let state = tx.bundle_state(act.tenant.id, bundle).await?;
                    if state.is_none() || hidden {
                        return Ok((state, Vec::new()));
                    }
                    let code = tx.sealed_code(act.tenant.id, bundle, act.now).await?;
                    let codes = shown(tx, &act, code.into_iter().collect()).await?;
                    Ok((state, codes))
                })
            })
            .await
            .map_err(refuse)?;
        let state = state.ok_or(ApiError::NotFound)?;
        may?;
        match found.into_iter().next() {
            Some(one) => Ok(self.revealed(&tenant, one)),
            None if state.status.is_live() && !state.active => {
                Err(acts::refusal(&Change::SwitchedOff))
            }
            None => Err(ApiError::conflict(
                "no_code",
                "This invitation has no code that is good now: it is somebody's, was taken \
                 back, or has run out.",
            )),
        }
    }

    async fn codes(&self, caller: &Caller, input: BatchRef) -> Result<CodesPage, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::ManageInvitations)
            .await?;
        let source = known(input.source)?;
        let act = Act::new(&self.desk, caller, &tenant);
        let may = self.may_reveal(caller, &tenant);
        let hidden = may.is_err();
        let (there, next, found) = self
            .desk
            .storage
            .write(move |tx| {
                let (act, source) = (act.clone(), source.clone());
                Box::pin(async move {
                    let id = act.tenant.id;
                    let there = tx.is_batch(id, &source).await?;
                    if !there || hidden {
                        return Ok((there, None, Vec::new()));
                    }
                    let mut codes = tx
                        .sealed_codes(id, &source, input.after, act.now, CODES_PAGE + 1)
                        .await?;
                    let more = codes.len() > CODES_PAGE as usize;
                    // The one that only says that there are more is not shown.
                    codes.truncate(CODES_PAGE as usize);
                    let next = codes.last().map(|code| code.bundle).filter(|_| more);
                    Ok((there, next, shown(tx, &act, codes).await?))
                })
            })
            .await
            .map_err(refuse)?;
        if !there {
            return Err(ApiError::NotFound);
        }
        may?;
        Ok(CodesPage {
            next,
            codes: found
                .into_iter()
                .map(|one| self.revealed(&tenant, one))
                .collect(),
        })
    }

    async fn assign(&self, caller: &Caller, input: AssignBlank) -> Result<BundleLine, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::ManageInvitations)
            .await?;
        assign::assign(&self.desk, caller, &tenant, input).await
    }

    async fn revoke_rest(&self, caller: &Caller, input: BatchRef) -> Result<RestRevoked, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::ManageInvitations)
            .await?;
        let source = known(input.source)?;
        let act = Act::new(&self.desk, caller, &tenant);
        let (there, more, revoked) = self
            .desk
            .storage
            .write(move |tx| {
                let (act, source) = (act.clone(), source.clone());
                Box::pin(async move {
                    let id = act.tenant.id;
                    if !tx.is_batch(id, &source).await? {
                        return Ok((false, false, 0));
                    }
                    let bundles = tx.unassigned_of(id, &source, REVOKE).await?;
                    tx.lock_bundles(&bundles).await?;
                    let mut revoked = 0;
                    for bundle in &bundles {
                        // Whoever redeemed one in this moment keeps it.
                        let state = tx.bundle_state(id, *bundle).await?;
                        if state.is_some_and(|state| state.status == InvitationStatus::Unassigned)
                            && acts::revoke_in(tx, &act, *bundle).await? == Change::Done
                        {
                            revoked += 1;
                        }
                    }
                    tx.announce(id, act.now).await?;
                    // By what was found: one that somebody redeemed meanwhile is no end.
                    Ok((true, bundles.len() == REVOKE as usize, revoked))
                })
            })
            .await
            .map_err(refuse)?;
        if !there {
            return Err(ApiError::NotFound);
        }
        Ok(RestRevoked { revoked, more })
    }
}

impl BlanksService {
    /// What is shown of a code.
    fn revealed(&self, tenant: &Tenant, shown: Shown) -> RevealedCode {
        RevealedCode {
            bundle: shown.bundle,
            link: format!(
                "{}/redeem#{}",
                self.desk.settings.public_url,
                shown.code.reveal()
            ),
            code: shown.code.grouped(),
            tenant: tenant.name.clone(),
            titles: shown.titles,
            last_day: tenants::today(shown.expires_at, &tenant.time_zone),
            expires_at: shown.expires_at,
        }
    }
}

/// A code that is shown now.
struct Shown {
    bundle: BundleId,
    code: RedemptionCode,
    titles: Vec<String>,
    expires_at: Timestamp,
}

/// Opens these codes, writes down that they are shown, and reads what each is for. Whoever
/// hands them out answers for those whose inviter no longer can: they would open nothing
/// (S24). What cannot be opened is left out, and is no reveal.
async fn shown(tx: &mut Tx, act: &Act, codes: Vec<SealedCode>) -> Result<Vec<Shown>, StorageError> {
    let mut opened = Vec::new();
    for one in codes {
        match act.key.unseal(&one.sealed, one.bundle) {
            Some(code) => opened.push((code, one)),
            None => {
                tracing::error!(bundle = %one.bundle, "a code was sealed under another key");
            }
        }
    }
    let bundles: Vec<BundleId> = opened.iter().map(|(_, one)| one.bundle).collect();
    let orphaned: Vec<BundleId> = opened
        .iter()
        .filter(|(_, one)| !one.inviter_may)
        .map(|(_, one)| one.bundle)
        .collect();
    let mut events = Vec::new();
    if let Some(user) = act.user.filter(|_| !orphaned.is_empty()) {
        tx.take_over(&orphaned, user).await?;
        let taken = |bundle: &BundleId| act.event("invitation.taken_over", *bundle);
        events.extend(orphaned.iter().map(taken));
    }
    let seen = |bundle: &BundleId| act.event("invitation.code_revealed", *bundle);
    events.extend(bundles.iter().map(seen));
    tx.record(events).await?;
    let mut titles = tx.titles_of(&bundles).await?;
    Ok(opened
        .into_iter()
        .map(|(code, one)| Shown {
            bundle: one.bundle,
            code,
            titles: titles.remove(&one.bundle).unwrap_or_default(),
            expires_at: one.expires_at,
        })
        .collect())
}

/// The source as the database can be asked for it; PostgreSQL refuses a NUL in a text.
fn known(source: String) -> Result<String, ApiError> {
    if source.is_empty() || source.contains('\0') {
        return Err(ApiError::NotFound);
    }
    Ok(source)
}
