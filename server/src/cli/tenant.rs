//! `beckon tenant create`: a tenant and its first admin.

use app::domain::{
    id::{TenantId, UserId},
    role::Role,
    time::Timestamp,
};

use super::{Failure, admin, open_for, say};
use crate::{
    clock::{Clock as _, SystemClock, new_id},
    config::TenantCreate,
    services::{
        sessions,
        tenants::{HOLD_SECONDS, LONGEST_NAME, is_slug},
    },
    storage::{AuditEvent, NewMembership, NewTenant, NewUser, StorageError, Tx, User},
};

/// Makes the tenant, the admin's account where there is none, and the membership: all of
/// it, or nothing.
pub(super) async fn create(options: TenantCreate) -> Result<(), Failure> {
    let email = sessions::canonical(&options.admin)
        .ok_or_else(|| Failure::wrong(format!("{:?} is no e-mail address.", options.admin)))?;
    let now = SystemClock.now();
    let tenant = new_tenant(&options, now).map_err(Failure::wrong)?;
    let storage = open_for(&options.database).await?;
    let looked_up = email.clone();
    let known = storage
        .read(move |tx| {
            let email = looked_up.clone();
            Box::pin(async move { tx.user_by_email(&email).await })
        })
        .await
        .map_err(|error| Failure::failed(format!("The database cannot be read: {error}.")))?;
    let hash = match known {
        Some(_) => None,
        None => Some(admin::read_and_hash_password()?),
    };
    let is_new = hash.is_some();
    let new = NewUser {
        id: UserId(new_id(now)),
        email,
        email_typed: options.admin.trim().to_owned(),
        // Whoever runs this command runs the server.
        email_verified: true,
        first_name: options.first_name,
        last_name: options.last_name,
        password_hash: hash,
        super_admin: false,
        created_at: now,
    };
    let slug = tenant.slug.clone();
    let refused = storage
        .write(move |tx| {
            let (tenant, new) = (tenant.clone(), new.clone());
            Box::pin(make(tx, tenant, new))
        })
        .await
        .map_err(|error| match error {
            StorageError::Unique { constraint } if constraint.contains("slug") => Failure::wrong(
                format!("There is a tenant {slug:?} already; choose another --slug."),
            ),
            error => Failure::failed(format!("The tenant could not be made: {error}.")),
        })?;
    storage.close().await;
    if let Some(sentence) = refused {
        return Err(Failure::wrong(sentence));
    }
    say(&format!(
        "The tenant was made: /t/{slug}/management. {}",
        if is_new {
            "Its admin signs in with the address and the password."
        } else {
            "Its admin has an account already and signs in as before."
        }
    ))
}

/// Why this account cannot become an admin; nothing was changed then.
fn obstacle(user: &User) -> Option<String> {
    if user.deactivated {
        return Some(format!(
            "The account of {} is deactivated; name another --admin.",
            user.email_typed
        ));
    }
    (!user.email_verified).then(|| {
        format!(
            "Whoever made the account of {} never proved that the address is theirs; name \
             another --admin.",
            user.email_typed
        )
    })
}

async fn make(
    tx: &mut Tx,
    tenant: NewTenant,
    new: NewUser,
) -> Result<Option<String>, StorageError> {
    let (id, at) = (tenant.id, tenant.created_at);
    // Every refusal comes before the first change: what is returned is committed.
    let known = tx.user_by_email(&new.email).await?.map(|(user, _)| user);
    if let Some(sentence) = known.as_ref().and_then(obstacle) {
        return Ok(Some(sentence));
    }
    tx.insert_tenant(tenant).await?;
    let user = if let Some(known) = known {
        known.id
    } else {
        let (user, email) = (new.id, new.email.clone());
        tx.insert_users(vec![new]).await?;
        // Whatever waits for the address is the account's from now on (I2).
        tx.rekey(&email, user, (None, "cli"), at).await?;
        user
    };
    tx.insert_memberships(vec![NewMembership {
        tenant: id,
        user,
        role: Role::Admin,
        labels: String::new(),
        external_id: None,
        created_at: at,
        invitation: None,
    }])
    .await?;
    let event = |action, subject, subject_id| AuditEvent {
        tenant: Some(id),
        actor_id: None,
        actor: "cli",
        action,
        subject,
        subject_id,
        at,
    };
    tx.record(vec![
        event("tenant.created", "tenant", id.0),
        event("user.made_admin", "user", user.0),
    ])
    .await?;
    Ok(None)
}

/// The tenant that was asked for, or what is wrong with it.
fn new_tenant(options: &TenantCreate, now: Timestamp) -> Result<NewTenant, String> {
    if !is_slug(&options.slug) {
        return Err(format!(
            "{:?} cannot stand in addresses; write a --slug of 2 to 40 small letters, digits and \
             hyphens, such as acme.",
            options.slug
        ));
    }
    let name = options.name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains(char::is_control) {
        return Err(format!(
            "{name:?} is no name; write a --name of 1 to {LONGEST_NAME} characters on one line."
        ));
    }
    let zone = jiff::tz::TimeZone::get(&options.time_zone)
        .ok()
        // Written as the list of zones has it: browsers are stricter than we are.
        .and_then(|zone| zone.iana_name().map(str::to_owned))
        .ok_or_else(|| {
            format!(
                "{:?} is no time zone; write an IANA name, such as Europe/Berlin.",
                options.time_zone
            )
        })?;
    Ok(NewTenant {
        id: TenantId(new_id(now)),
        slug: options.slug.clone(),
        name: name.to_owned(),
        time_zone: zone,
        hold_seconds: HOLD_SECONDS,
        created_at: now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_safe_in_an_address() {
        for good in ["acme", "a1", "north-west-2", &"x".repeat(40)] {
            assert!(is_slug(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "Acme",
            "a b",
            "-a",
            "a-",
            "a/b",
            "ümlaut",
            &"x".repeat(41),
        ] {
            assert!(!is_slug(bad), "{bad}");
        }
    }
}
