//! The members of a tenant.

use app::{
    api::{
        ApiError,
        people::{
            ListPeople, MemberRef, MemberTies, Pendings, PeoplePage, PersonLine, RemoveMember,
            SetGroup, SetRole,
        },
    },
    domain::{
        id::{TenantId, UserId},
        policy::{Action, role_ceiling},
        role::Role,
        time::Timestamp,
    },
    ports::{self, Caller},
};
use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use uuid::Uuid;

use super::{Desk, desk::refuse};
use crate::storage::{
    AfterMember, AuditEvent, InviterGone, Member, StorageError, Tx, audit_actor, display_name, fold,
};

/// Members on a page.
const PAGE: usize = 50;
/// More words narrow nothing that a person would type.
const WORDS: usize = 6;
/// A search is cut to this many characters.
const LONGEST_SEARCH: usize = 200;
/// The longest all labels together may be, in characters.
const LONGEST_GROUP: usize = 200;
/// What a revoked invitation says about why.
const INVITER_GONE: &str = "Whoever invited may no longer invite here.";
const REMOVED: &str = "The person was removed from the organisation.";

/// Who changes whom.
#[derive(Clone, Copy)]
struct Change {
    tenant: TenantId,
    member: UserId,
    /// Who makes the change, and takes over.
    by: UserId,
    pendings: Pendings,
    actor: (Option<Uuid>, &'static str),
    now: Timestamp,
}

/// How it ended.
enum Ended {
    Done,
    Missing,
    LastAdmin,
}

/// See [`ports::People`].
pub struct PeopleService {
    desk: Desk,
}

impl PeopleService {
    /// The service on this desk.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }
}

impl PeopleService {
    /// Asks who changes whom; nobody changes the own membership.
    async fn change(
        &self,
        caller: &Caller,
        slug: &str,
        member: UserId,
        pendings: Pendings,
    ) -> Result<Change, ApiError> {
        let tenant = self.desk.tenant(caller, slug, Action::ManageTenant).await?;
        let by = self.desk.user(caller)?.user;
        if by == member {
            return Err(ApiError::conflict(
                "own_membership",
                "You cannot change your own role here, or remove yourself. Another admin can. \
                 Nothing was changed.",
            ));
        }
        Ok(Change {
            tenant: tenant.id,
            member,
            by,
            pendings,
            actor: audit_actor(&caller.actor),
            now: self.desk.now(),
        })
    }

    fn answer(ended: &Ended) -> Result<(), ApiError> {
        match ended {
            Ended::Done => Ok(()),
            Ended::Missing => Err(ApiError::NotFound),
            Ended::LastAdmin => Err(ApiError::conflict(
                "last_admin",
                "This is the only admin here. Make somebody else an admin first. \
                 Nothing was changed.",
            )),
        }
    }
}

#[async_trait]
impl ports::People for PeopleService {
    async fn list(&self, caller: &Caller, input: ListPeople) -> Result<PeoplePage, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::SeeManagement)
            .await?;
        let after = read_after(input.after.as_deref())?;
        let words = search_words(&input.search);
        let mut members = self
            .desk
            .storage
            .read(move |tx| {
                let (words, after) = (words.clone(), after.clone());
                Box::pin(async move { tx.members(tenant.id, &words, after, PAGE as u32 + 1).await })
            })
            .await
            .map_err(refuse)?;
        let more = members.len() > PAGE;
        members.truncate(PAGE);
        let next = members
            .last()
            .filter(|_| more)
            .map(|last| write_cursor(last.user, &last.search_text));
        Ok(PeoplePage {
            people: members.into_iter().map(line).collect(),
            next,
        })
    }

    async fn ties(&self, caller: &Caller, input: MemberRef) -> Result<MemberTies, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::ManageTenant)
            .await?;
        let found = self
            .desk
            .storage
            .read(move |tx| {
                Box::pin(async move {
                    Ok(match tx.member_role(tenant.id, input.user).await? {
                        Some(_) => Some(tx.member_ties(tenant.id, input.user).await?),
                        None => None,
                    })
                })
            })
            .await
            .map_err(refuse)?;
        let ties = found.ok_or(ApiError::NotFound)?;
        Ok(MemberTies {
            invited: ties.invited,
            waiting: ties.waiting,
            courses: ties.courses,
        })
    }

    async fn set_role(&self, caller: &Caller, input: SetRole) -> Result<(), ApiError> {
        let change = self
            .change(caller, &input.tenant, input.user, input.pendings)
            .await?;
        let ceiling = role_ceiling(self.desk.user(caller)?, change.tenant);
        if ceiling.is_none_or(|ceiling| input.role > ceiling) {
            return Err(ApiError::field("role", "This role is above your own."));
        }
        let role = input.role;
        let ended = self
            .desk
            .storage
            .write(move |tx| Box::pin(set_role(tx, change, role)))
            .await
            .map_err(refuse)?;
        Self::answer(&ended)
    }

    async fn set_group(&self, caller: &Caller, input: SetGroup) -> Result<(), ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::ManageTenant)
            .await?;
        let labels = labels(&input.group)?;
        let (id, member, now) = (tenant.id, input.user, self.desk.now());
        let event = event(
            id,
            member,
            audit_actor(&caller.actor),
            "membership.group_changed",
            now,
        );
        let done = self
            .desk
            .storage
            .write(move |tx| {
                let (labels, event) = (labels.clone(), event.clone());
                Box::pin(async move {
                    if !tx.set_member_labels(id, member, &labels).await? {
                        return Ok(false);
                    }
                    tx.record(vec![event]).await?;
                    tx.announce(id, now).await?;
                    Ok(true)
                })
            })
            .await
            .map_err(refuse)?;
        if done {
            Ok(())
        } else {
            Err(ApiError::NotFound)
        }
    }

    async fn remove(&self, caller: &Caller, input: RemoveMember) -> Result<(), ApiError> {
        let change = self
            .change(caller, &input.tenant, input.user, input.pendings)
            .await?;
        let ended = self
            .desk
            .storage
            .write(move |tx| Box::pin(remove(tx, change)))
            .await
            .map_err(refuse)?;
        Self::answer(&ended)
    }
}

fn event(
    tenant: TenantId,
    member: UserId,
    (actor_id, actor): (Option<Uuid>, &'static str),
    action: &'static str,
    at: Timestamp,
) -> AuditEvent {
    AuditEvent {
        tenant: Some(tenant),
        actor_id,
        actor,
        action,
        subject: "user",
        subject_id: member.0,
        at,
    }
}

async fn set_role(tx: &mut Tx, change: Change, role: Role) -> Result<Ended, StorageError> {
    tx.lock_tenant(change.tenant).await?;
    let Some((before, super_admin)) = tx.member_role(change.tenant, change.member).await? else {
        return Ok(Ended::Missing);
    };
    if before != role {
        let done = tx
            .set_member_role(change.tenant, change.member, before, role)
            .await?;
        if !done {
            return Ok(Ended::LastAdmin);
        }
        let changed = event(
            change.tenant,
            change.member,
            change.actor,
            "membership.role_changed",
            change.now,
        );
        tx.record(vec![changed]).await?;
    }
    if role != Role::Admin && !super_admin {
        hand_over(tx, change).await?;
    }
    tx.announce(change.tenant, change.now).await?;
    Ok(Ended::Done)
}

async fn remove(tx: &mut Tx, change: Change) -> Result<Ended, StorageError> {
    tx.lock_tenant(change.tenant).await?;
    let Some((_, super_admin)) = tx.member_role(change.tenant, change.member).await? else {
        return Ok(Ended::Missing);
    };
    if !tx.remove_member(change.tenant, change.member).await? {
        return Ok(Ended::LastAdmin);
    }
    let removed = event(
        change.tenant,
        change.member,
        change.actor,
        "membership.removed",
        change.now,
    );
    tx.record(vec![removed]).await?;
    while tx
        .revoke_waiting(
            change.tenant,
            change.member,
            REMOVED,
            change.actor,
            change.now,
        )
        .await?
    {}
    if !super_admin {
        hand_over(tx, change).await?;
    }
    tx.announce(change.tenant, change.now).await?;
    Ok(Ended::Done)
}

/// What becomes of the live invitations of somebody who may invite no more (S24): some are
/// revoked at once, the rest by [`revoke_gone`].
async fn hand_over(tx: &mut Tx, change: Change) -> Result<(), StorageError> {
    match change.pendings {
        Pendings::Revoke => {
            let gone = InviterGone {
                tenant: change.tenant,
                inviter: change.member,
                by: change.by,
                at: change.now,
            };
            tx.note_gone(&gone).await?;
            tx.revoke_of_inviter(&gone, INVITER_GONE, change.now)
                .await?;
            Ok(())
        }
        Pendings::TakeOver => {
            let taken = tx
                .take_over_from(change.tenant, change.member, change.by)
                .await?;
            let events = taken
                .into_iter()
                .map(|bundle| AuditEvent {
                    subject: "bundle",
                    subject_id: bundle.0,
                    ..event(
                        change.tenant,
                        change.member,
                        change.actor,
                        "invitation.taken_over",
                        change.now,
                    )
                })
                .collect();
            tx.record(events).await
        }
    }
}

/// Seconds after which an invitation that was being written while its inviter's right ended
/// has been seen.
const SEEN_AFTER: i64 = 60;
/// Inviters of one round.
const GONE_AT_ONCE: u32 = 100;

/// Revokes a bounded part of what people had sent out who may invite no more (S24); how many
/// bundles. Nobody accepts what is left: it is neutral, and its page says so. What a stop
/// leaves is taken up by the next call.
///
/// # Errors
/// The database's.
pub async fn revoke_gone(desk: &Desk) -> Result<usize, StorageError> {
    let now = desk.now();
    let until = now.plus_seconds(-SEEN_AFTER);
    // The writer is asked for only where there is something to write.
    let gone = desk
        .storage
        .read(move |tx| Box::pin(tx.inviters_gone(until, GONE_AT_ONCE)))
        .await?;
    let mut revoked = 0;
    for one in gone {
        // One at a time: what fails for one must not keep the others.
        let done = desk
            .storage
            .write(move |tx| {
                Box::pin(async move {
                    let some = tx.revoke_of_inviter(&one, INVITER_GONE, now).await?;
                    if some > 0 {
                        tx.announce(one.tenant, now).await?;
                    } else if one.at < until {
                        tx.forget_gone(&one).await?;
                    }
                    Ok(some)
                })
            })
            .await;
        match done {
            Ok(some) => revoked += some,
            Err(error) => {
                tracing::warn!(%error, inviter = %one.inviter, "what somebody had sent out was not revoked; it is tried again");
            }
        }
    }
    Ok(revoked)
}

/// The first part of [`revoke_gone`], for an account that was deleted just now. It is gone
/// whatever becomes of this: a job does the rest.
pub(super) async fn begin_to_revoke(desk: &Desk) {
    if let Err(error) = revoke_gone(desk).await {
        tracing::warn!(%error, "what a deleted account had sent out is revoked later");
    }
}

/// Labels as a CSV's `group` has them: each once, separated by `|`.
fn labels(text: &str) -> Result<String, ApiError> {
    if text.chars().count() > LONGEST_GROUP {
        return Err(ApiError::field(
            "group",
            "Labels have at most 200 characters together.",
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(ApiError::field(
            "group",
            "A label has no line breaks or control characters.",
        ));
    }
    let mut labels: Vec<&str> = Vec::new();
    for label in text
        .split('|')
        .map(str::trim)
        .filter(|label| !label.is_empty())
    {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    Ok(labels.join("|"))
}

fn line(member: Member) -> PersonLine {
    PersonLine {
        user: member.user,
        name: display_name(&member.first_name, &member.last_name, &member.email),
        email: member.email,
        role: member.role,
        group: member.labels,
        joined_at: member.joined_at,
    }
}

/// The words that a search is for, folded.
pub(super) fn search_words(search: &str) -> Vec<String> {
    let search: String = search.chars().take(LONGEST_SEARCH).collect();
    fold(&search)
        .split(' ')
        .filter(|word| !word.is_empty())
        .take(WORDS)
        .map(str::to_owned)
        .collect()
}

pub(super) fn write_cursor(user: UserId, search_text: &str) -> String {
    let mut bytes = user.0.as_bytes().to_vec();
    bytes.extend_from_slice(search_text.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Where a page begins.
pub(super) fn read_after(after: Option<&str>) -> Result<AfterMember, ApiError> {
    match after {
        None | Some("") => Ok(AfterMember::default()),
        Some(text) => read_cursor(text).ok_or_else(|| ApiError::BadRequest {
            message: "The page to go on from could not be read.".to_owned(),
        }),
    }
}

fn read_cursor(text: &str) -> Option<AfterMember> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (id, search_text) = bytes.split_at_checked(16)?;
    Some(AfterMember {
        // PostgreSQL refuses a NUL, and no folded text has one.
        search_text: String::from_utf8(search_text.to_vec())
            .ok()
            .filter(|text| !text.contains('\0'))?,
        user: uuid::Uuid::from_slice(id).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_that_was_tampered_with_is_refused() {
        assert!(read_cursor("").is_none());
        assert!(read_cursor("!!").is_none());
        assert!(read_cursor(&URL_SAFE_NO_PAD.encode([0; 15])).is_none());
        assert!(read_cursor(&URL_SAFE_NO_PAD.encode([0xff; 17])).is_none());
        assert!(read_cursor(&URL_SAFE_NO_PAD.encode([0; 17])).is_none());
    }
}
