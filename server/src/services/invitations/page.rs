//! The page of one bundle, and the link that an admin copies there.

use std::collections::BTreeMap;

use app::{
    api::{
        ApiError,
        invitations::{BundlePage, CopiedLink, Event, Happened},
    },
    domain::{
        id::BundleId,
        invitation::{DeliveryStatus, InvitationStatus, TokenPurpose},
        policy,
        time::Timestamp,
    },
    ports::Caller,
};

use super::{
    acts::{self, Act, Change},
    line, listed,
};
use crate::{
    clock::Secret,
    mail,
    services::{Desk, desk::refuse},
    storage::{Audited, HELD, ListedBundle, MailLine, NewLink, Tenant},
};

/// Everything about one bundle.
pub async fn show(
    desk: &Desk,
    caller: &Caller,
    tenant: &Tenant,
    bundle: BundleId,
) -> Result<BundlePage, ApiError> {
    let may_copy = policy::may_reveal(desk.user(caller)?, tenant.reveal_links);
    let id = tenant.id;
    let found = desk
        .storage
        .read(move |tx| {
            Box::pin(async move {
                let Some(listed) = listed(tx, id, bundle).await? else {
                    return Ok(None);
                };
                let Some(facts) = tx.bundle_facts(id, bundle).await? else {
                    return Ok(None);
                };
                let state = tx.bundle_state(id, bundle).await?;
                let events = tx.bundle_events(bundle).await?;
                let mails = tx.bundle_mails(bundle).await?;
                let neighbours = tx.neighbours(bundle).await?;
                Ok(Some((listed, facts, state, events, mails, neighbours)))
            })
        })
        .await
        .map_err(refuse)?;
    let (listed, facts, state, events, mails, (previous, next)) =
        found.ok_or(ApiError::NotFound)?;
    let orphaned = state.is_some_and(|state| state.status.is_live() && !state.inviter_may);
    Ok(BundlePage {
        timeline: timeline(&listed, &events, &mails),
        line: line(listed),
        group: facts.labels,
        external_id: facts.external_id.unwrap_or_default(),
        note: facts.note,
        import: facts.import,
        redirect: facts.redirect,
        metadata: pairs(&facts.metadata),
        previous,
        next,
        orphaned,
        may_copy,
    })
}

/// What was kept as metadata: names and texts, as the database has them.
fn pairs(metadata: &str) -> Vec<(String, String)> {
    let object: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(metadata).unwrap_or_default();
    object
        .into_iter()
        .map(|(name, value)| match value {
            serde_json::Value::String(text) => (name, text),
            other => (name, other.to_string()),
        })
        .collect()
}

/// Makes a link of its own, which proves no mailbox; the older ones live on.
pub async fn copy_link(
    desk: &Desk,
    caller: &Caller,
    tenant: &Tenant,
    bundle: BundleId,
) -> Result<CopiedLink, ApiError> {
    let may = policy::may_reveal(desk.user(caller)?, tenant.reveal_links);
    let token = Secret::draw().map_err(|error| {
        tracing::error!(%error, "no randomness");
        ApiError::Internal
    })?;
    let act = Act::new(desk, caller, tenant);
    let link = NewLink {
        token_hash: token.hash(),
        tenant: tenant.id,
        bundle,
        purpose: TokenPurpose::Copy,
        created_at: act.now,
    };
    let (change, expires_at) = desk
        .storage
        .write(move |tx| {
            let (act, link) = (act.clone(), link.clone());
            Box::pin(async move {
                let none = Timestamp(0);
                tx.lock_bundle(bundle).await?;
                let Some(state) = tx.bundle_state(act.tenant.id, bundle).await? else {
                    return Ok((Copy::No(Change::Missing), none));
                };
                if !may {
                    return Ok((Copy::Hidden, none));
                }
                if state.status == InvitationStatus::Scheduled {
                    return Ok((Copy::No(Change::Scheduled), none));
                }
                if state.status != InvitationStatus::Pending {
                    return Ok((Copy::No(Change::NotLive(state.status)), none));
                }
                if state.expires_at <= act.now {
                    let ended = Change::NotLive(InvitationStatus::Expired);
                    return Ok((Copy::No(ended), none));
                }
                if !state.active {
                    return Ok((Copy::No(Change::SwitchedOff), none));
                }
                // As in a resend: a link of an inviter who is gone would open nothing (S24).
                acts::answer_for(tx, &act, bundle, &state).await?;
                tx.insert_links(vec![link]).await?;
                tx.record(vec![act.event("invitation.link_copied", bundle)])
                    .await?;
                tx.announce(act.tenant.id, act.now).await?;
                Ok((Copy::Made, state.expires_at))
            })
        })
        .await
        .map_err(refuse)?;
    match change {
        Copy::Made => Ok(CopiedLink {
            link: mail::invitation::link(&desk.settings.public_url, &token),
            expires_at,
        }),
        Copy::Hidden => Err(ApiError::conflict(
            "links_hidden",
            "This organisation shows links to nobody but those who run the platform. \
             Nothing was copied. Its settings say who may see links.",
        )),
        Copy::No(change) => Err(acts::refusal(&change)),
    }
}

/// How a copy ended.
enum Copy {
    Made,
    Hidden,
    No(Change),
}

/// Audit events and mails in one line of time. Events of several targets at one moment
/// are one line, which names them where it is not about all.
fn timeline(listed: &ListedBundle, events: &[Audited], mails: &[MailLine]) -> Vec<Happened> {
    let target = |id| listed.targets.iter().find(|target| Some(target.id.0) == id);
    let mut all: Vec<Happened> = Vec::new();
    let mut rest = events;
    while let Some(first) = rest.first() {
        let alike = rest
            .iter()
            .take_while(|one| one.what == first.what && one.at == first.at && one.who == first.who)
            .count();
        let (group, later) = rest.split_at(alike);
        rest = later;
        let about: Vec<_> = group
            .iter()
            .filter_map(|one| target(one.invitation))
            .collect();
        let mut note = Vec::new();
        if !about.is_empty() && about.len() < listed.targets.len() {
            note.push(
                about
                    .iter()
                    .map(|target| target.title.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            );
        }
        if matches!(first.what, Event::Declined | Event::Revoked)
            && let Some(target) = about.first()
            && !target.reason.is_empty()
        {
            note.push(target.reason.clone());
        }
        all.push(Happened {
            at: first.at,
            what: first.what,
            delivery: None,
            who: first.who.clone(),
            note: note.join(" · "),
        });
    }
    all.extend(mails.iter().flat_map(mail_lines));
    if let Some(at) = listed.send_at.filter(|_| listed.status.is_live()) {
        all.push(Happened {
            at,
            what: Event::Scheduled,
            delivery: None,
            who: String::new(),
            note: String::new(),
        });
    }
    // The order of equals stands: what was done, then its mail.
    all.sort_by_key(|one| one.at);
    all
}

/// A mail was queued; and where it came since.
fn mail_lines(mail: &MailLine) -> Vec<Happened> {
    let one = |at, what, delivery, note: &str| Happened {
        at,
        what,
        delivery,
        who: String::new(),
        note: note.to_owned(),
    };
    let mut lines = vec![one(mail.created_at, Event::MailQueued, None, "")];
    match mail.status {
        DeliveryStatus::Queued | DeliveryStatus::Sending => {}
        status => {
            // What was held has no time of its own.
            let due = Some(mail.not_before)
                .filter(|at| *at < HELD)
                .unwrap_or(mail.created_at);
            let at = mail.sent_at.unwrap_or(due.max(mail.created_at));
            lines.push(one(at, Event::Mail, Some(status), &mail.note));
        }
    }
    lines
}
