//! `beckon admin create`: the first super-admin, or a new password for one.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use app::domain::id::UserId;

use super::{Failure, open_for, say};
use crate::{
    clock::{Clock as _, SystemClock, new_id},
    config::AdminCreate,
    services::{password, sessions},
    storage::{AuditEvent, NewUser, PasswordHash},
};

/// Makes the account, or makes an existing one a super-admin with this password.
pub(super) async fn create(options: AdminCreate) -> Result<(), Failure> {
    let email = sessions::canonical(&options.email)
        .ok_or_else(|| Failure::wrong(format!("{:?} is no e-mail address.", options.email)))?;
    let hash = read_and_hash_password()?;
    let storage = open_for(&options.database).await?;
    let now = SystemClock.now();
    let id = UserId(new_id(now));
    let new = NewUser {
        id,
        email: email.clone(),
        email_typed: options.email.trim().to_owned(),
        // Whoever runs this command runs the server.
        email_verified: true,
        first_name: options.first_name,
        last_name: options.last_name,
        password_hash: Some(hash.clone()),
        super_admin: true,
        created_at: now,
    };
    let made = storage
        .write(move |tx| {
            let (email, new, hash) = (email.clone(), new.clone(), hash.clone());
            Box::pin(async move {
                let known = tx.user_by_email(&email).await?.map(|(user, _)| user.id);
                if let Some(known) = known {
                    tx.make_super_admin(known, hash).await?;
                    tx.delete_sessions_of(known).await?;
                } else {
                    tx.insert_users(vec![new]).await?;
                    // Whatever waits for the address is the account's from now on (I2).
                    tx.rekey(&email, id, (None, "cli"), now).await?;
                }
                tx.record(vec![AuditEvent {
                    tenant: None,
                    actor_id: None,
                    actor: "cli",
                    action: "user.made_super_admin",
                    subject: "user",
                    subject_id: known.unwrap_or(id).0,
                    at: now,
                }])
                .await?;
                Ok(known.is_none())
            })
        })
        .await
        .map_err(|error| Failure::failed(format!("The account could not be made: {error}.")))?;
    storage.close().await;
    say(if made {
        "The super-admin was made; sign in with the address and the password."
    } else {
        "The account is a super-admin with the new password; its sessions have ended."
    })
}

/// The hash of a password that is read from standard input.
pub(super) fn read_and_hash_password() -> Result<PasswordHash, Failure> {
    let password = read_password()?;
    if password.chars().count() < password::SHORTEST || password.len() > password::LONGEST {
        return Err(Failure::wrong(format!(
            "A password has at least {} characters.",
            password::SHORTEST
        )));
    }
    password::hash_now(&password)
        .map(PasswordHash)
        .map_err(|error| Failure::failed(format!("The password could not be hashed: {error}.")))
}

/// The first line of standard input, asked for where a person types.
fn read_password() -> Result<String, Failure> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        let mut err = std::io::stderr();
        // Without a prompt the command still works.
        let _no_prompt =
            write!(err, "Password (shown while you type): ").and_then(|()| err.flush());
    }
    let mut line = String::new();
    stdin
        .lock()
        .read_line(&mut line)
        .map_err(|error| Failure::failed(format!("The password could not be read: {error}.")))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
