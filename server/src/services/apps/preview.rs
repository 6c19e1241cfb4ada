//! How the mail of a form will look: written by what writes the real one, and kept nowhere.

use app::{
    api::{
        ApiError,
        apps::{CreateInvitations, MailPreview},
    },
    domain::{
        id::{BundleId, CatalogItemId, DeliveryId, UserId},
        invitation::InvitationKind,
        time::Timestamp,
    },
};

use super::later;
use crate::{
    clock::Secret,
    mail::invitation,
    services::{Desk, days, desk::refuse},
    storage::{Letter, StorageError, Tenant, Tx},
};

/// The mail of the form's first person.
pub async fn of(
    desk: &Desk,
    tenant: &Tenant,
    inviter: UserId,
    input: CreateInvitations,
) -> Result<MailPreview, ApiError> {
    let now = desk.now();
    // What is wrong with it is said when it is saved.
    let sent = later(&input, desk, tenant).ok().flatten().unwrap_or(now);
    let expires_at = input
        .expires_on
        .and_then(|day| days::end_of(day, &tenant.time_zone))
        .unwrap_or(sent.plus_days(tenant.default_expiry_days));
    let tenant = tenant.clone();
    let letter = desk
        .storage
        .read(move |tx| {
            let (tenant, input) = (tenant.clone(), input.clone());
            Box::pin(async move { letter(tx, &tenant, inviter, &input, expires_at).await })
        })
        .await
        .map_err(refuse)?;
    // It opens nothing: its hash is stored nowhere.
    let token = Secret::draw().map_err(|error| {
        tracing::error!(%error, "no randomness");
        ApiError::Internal
    })?;
    let mail = invitation::write(&letter, &token, &desk.settings, now).map_err(|failure| {
        tracing::error!(text = %failure.text, "a preview could not be written");
        ApiError::Internal
    })?;
    Ok(MailPreview {
        subject: mail.subject,
        text: mail.text,
    })
}

async fn letter(
    tx: &mut Tx,
    tenant: &Tenant,
    inviter: UserId,
    input: &CreateInvitations,
    expires_at: Timestamp,
) -> Result<Letter, StorageError> {
    let person = match input.users.first() {
        Some(user) => tx.user_by_id(*user).await?,
        None => None,
    };
    let inviter = tx.user_by_id(inviter).await?;
    let mut items = Vec::new();
    let asked = [
        (InvitationKind::Program, &input.programs),
        (InvitationKind::Course, &input.courses),
    ];
    for (kind, ids) in asked {
        for id in ids {
            // Another tenant's is refused when it is saved, and not named here.
            if tx.invitable(tenant.id, CatalogItemId(id.0)).await? == Some(kind)
                && let Some(title) = tx.item_title(*id).await?
            {
                items.push((kind, title));
            }
        }
    }
    let nothing = uuid::Uuid::nil();
    Ok(Letter {
        id: DeliveryId(nothing),
        tenant: tenant.id,
        bundle: BundleId(nothing),
        message_id: String::new(),
        attempt: 1,
        tenant_name: tenant.name.clone(),
        time_zone: tenant.time_zone.clone(),
        inviter: inviter.map_or_else(String::new, |user| {
            format!("{} {}", user.first_name, user.last_name)
                .trim()
                .to_owned()
        }),
        to: person
            .as_ref()
            .map_or_else(|| input.email.clone(), |user| user.email_typed.clone()),
        first_name: person
            .as_ref()
            .map_or_else(String::new, |user| user.first_name.clone()),
        last_name: person.map_or_else(String::new, |user| user.last_name),
        note: input.note.clone(),
        expires_at,
        items,
        reminder: false,
        token_hash: [0; 32],
        secret: 0,
    })
}
