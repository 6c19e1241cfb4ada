//! A blank invitation becomes somebody's: the code dies, a mail goes out.

use app::{
    api::{ApiError, blanks::AssignBlank, invitations::BundleLine},
    domain::{
        email::EmailAddress,
        id::{BundleId, DeliveryId},
        invitation::{Binding, InvitationStatus, TokenPurpose},
    },
    ports::Caller,
};

use crate::{
    clock::new_id,
    mail,
    services::{
        Desk,
        desk::refuse,
        form,
        imports::by_hand::invitee,
        invitations::{
            acts::{self, Act, Budget, Change},
            line, listed,
        },
    },
    storage::{
        AcceptOutcome, Assigned, AuditEvent, BundleState, ListedBundle, NewDelivery, StorageError,
        Tenant, Tx, fold,
    },
};

/// How it ended.
enum Ended {
    Done(Box<ListedBundle>),
    No(Change),
    /// The person has all of it, or is invited to some of it.
    Twice(&'static str),
}

/// Who it is for, read.
#[derive(Clone)]
struct Person {
    email: EmailAddress,
    first_name: String,
    last_name: String,
}

pub(super) async fn assign(
    desk: &Desk,
    caller: &Caller,
    tenant: &Tenant,
    input: AssignBlank,
) -> Result<BundleLine, ApiError> {
    let bundle = input.bundle;
    let person = read(input)?;
    let act = Act::new(desk, caller, tenant);
    let mails = desk.settings.mail_configured || desk.settings.demo;
    let answer = desk
        .storage
        .write(move |tx| {
            let (act, person) = (act.clone(), person.clone());
            Box::pin(async move { assign_in(tx, &act, bundle, &person, mails).await })
        })
        .await;
    desk.wake.notify_waiters();
    match answer {
        Ok(Ended::Done(listed)) => Ok(line(*listed)),
        Ok(Ended::No(Change::NotLive(InvitationStatus::Pending | InvitationStatus::Accepted))) => {
            Err(ApiError::conflict(
                "not_blank",
                "Somebody has it already: open the invitation to see who. Nothing was changed.",
            ))
        }
        Ok(Ended::No(change)) => Err(acts::refusal(&change)),
        Ok(Ended::Twice(message)) => Err(ApiError::field("email", message)),
        // Somebody invited the person to the same in this moment (I2).
        Err(StorageError::Unique { .. }) => Err(ApiError::field("email", WAITS)),
        Err(error) => Err(refuse(error)),
    }
}

const HOLDS: &str = "This person has all of it already. Nothing was changed.";
const WAITS: &str = "This person is invited to some of it already: resend or extend that \
                     invitation. Nothing was changed.";

/// The person, or what is wrong with which field.
fn read(input: AssignBlank) -> Result<Person, ApiError> {
    for (field, name) in [
        ("first_name", &input.first_name),
        ("last_name", &input.last_name),
    ] {
        if let Some(problem) = form::name_problem(name.trim()) {
            return Err(ApiError::field(field, problem));
        }
    }
    let email = EmailAddress::parse(input.email.trim()).map_err(|_| {
        ApiError::field(
            "email",
            "This is no e-mail address. Type one such as mara@example.org.",
        )
    })?;
    Ok(Person {
        email,
        first_name: input.first_name.trim().to_owned(),
        last_name: input.last_name.trim().to_owned(),
    })
}

async fn assign_in(
    tx: &mut Tx,
    act: &Act,
    bundle: BundleId,
    person: &Person,
    mails: bool,
) -> Result<Ended, StorageError> {
    let (tenant, now) = (act.tenant.id, act.now);
    tx.lock_bundle(bundle).await?;
    let Some(state) = tx.bundle_state(tenant, bundle).await? else {
        return Ok(Ended::No(Change::Missing));
    };
    if state.status != InvitationStatus::Unassigned {
        return Ok(Ended::No(Change::NotLive(state.status)));
    }
    if state.expires_at <= now {
        return Ok(Ended::No(Change::NotLive(InvitationStatus::Expired)));
    }
    if !state.active {
        return Ok(Ended::No(Change::SwitchedOff));
    }
    let email = person.email.canonical().to_owned();
    let hash = act.key.address_hash(&email);
    if !tx.suppressed_among(tenant, &[hash]).await?.is_empty() {
        return Ok(Ended::No(Change::Suppressed));
    }
    let accounts = tx
        .users_by_emails(tenant, std::slice::from_ref(&email))
        .await?;
    let account = accounts.get(&email);
    let (key, user) = invitee(account, &email);
    if let Some(account) = account
        && tx.code_gives_nothing(bundle, account.id, now).await? == Some(AcceptOutcome::AlreadyHeld)
    {
        return Ok(Ended::Twice(HOLDS));
    }
    let targets = tx.targets_of_bundle(bundle).await?;
    let live = tx.live_among(tenant, &[key.clone(), email.clone()]).await?;
    if live.iter().any(|one| targets.contains(&one.target)) {
        return Ok(Ended::Twice(WAITS));
    }
    if mails {
        let mut budget = Budget::read(tx, act).await?;
        let to = BundleState {
            email: email.clone(),
            ..state.clone()
        };
        if let Some(quota) = budget.take(tx, act, &to).await? {
            return Ok(Ended::No(Change::OverQuota(quota)));
        }
    }
    // Whoever assigns it answers for it where the inviter no longer can (S24).
    acts::answer_for(tx, act, bundle, &state).await?;
    let text = format!(
        "{} {} {}",
        person.first_name,
        person.last_name,
        person.email.as_typed()
    );
    let assigned = Assigned {
        bundle,
        binding: if user.is_some() {
            Binding::User
        } else {
            Binding::Email
        },
        key,
        user,
        email,
        email_typed: person.email.as_typed().to_owned(),
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
        search_text: fold(&text),
    };
    let key = assigned.key.clone();
    let email = assigned.email.clone();
    let invitations = tx.assign_blank(&assigned, now).await?;
    // Whoever proved the mailbox meanwhile is asked about again (I2).
    let accounts = tx
        .users_by_emails(tenant, std::slice::from_ref(&email))
        .await?;
    if invitee(accounts.get(&email), &email).0 != key {
        return Err(StorageError::Retry);
    }
    if invitations.is_empty() {
        return Ok(Ended::No(Change::NotLive(InvitationStatus::Expired)));
    }
    let events = invitations
        .iter()
        .map(|invitation| AuditEvent {
            subject: "invitation",
            subject_id: invitation.0,
            ..act.event("invitation.assigned", bundle)
        })
        .collect();
    tx.record(events).await?;
    tx.kill_links(&[bundle], now).await?;
    if mails {
        let entry = new_id(now);
        tx.insert_deliveries(vec![NewDelivery {
            id: DeliveryId(entry),
            tenant,
            bundle,
            import: None,
            purpose: TokenPurpose::Mail,
            message_id: mail::message_id(entry, &act.public_url),
            not_before: now,
            created_at: now,
        }])
        .await?;
        tx.set_deliveries(&[(bundle, DeliveryId(entry))]).await?;
    }
    tx.settle(&[bundle], now).await?;
    tx.announce(tenant, now).await?;
    Ok(match listed(tx, tenant, bundle).await? {
        Some(listed) => Ended::Done(Box::new(listed)),
        None => Ended::No(Change::Missing),
    })
}
