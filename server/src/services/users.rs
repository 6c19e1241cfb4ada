//! Everybody with an account, for super-admins.

use app::{
    api::{
        ApiError,
        tenants::FoundTenant,
        users::{
            CreateUser, EditUser, FoundUser, ListUsers, UserDetail, UserInvitation, UserLine,
            UserMembership, UsersPage,
        },
    },
    bulk::table::RowDone,
    domain::{
        email::EmailAddress,
        id::{DeliveryId, UserId},
        policy::{self, Action},
    },
    ports::{self, Caller},
};
use async_trait::async_trait;

use super::{
    Desk,
    desk::{allow, refuse},
    form,
    people::{begin_to_revoke, read_after, search_words, write_cursor},
    upload,
};
use crate::{
    mail,
    storage::{
        AccountInvitation, AccountLine, AccountMailPurpose, AccountMembership, MayGo, NewAccount,
        NewAccountMail, StorageError, display_name,
    },
};

/// Accounts on a page.
const PAGE: usize = 50;

/// See [`ports::Users`].
pub struct UsersService {
    desk: Desk,
}

impl UsersService {
    /// The service on this desk.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }

    /// The super-admin who asks; for everybody else there is nothing here.
    fn super_admin(&self, caller: &Caller) -> Result<UserId, ApiError> {
        allow(policy::authorise(&caller.actor, Action::SeePlatform))?;
        Ok(self.desk.user(caller)?.user)
    }
}

/// What a form says of a person, as it is stored.
pub(super) struct Person {
    pub first_name: String,
    pub last_name: String,
    pub email: EmailAddress,
    /// In lower case.
    pub username: Option<String>,
}

/// What is wrong with a person, and at which field.
pub(super) type Fault = (&'static str, String);

impl Person {
    /// Reads a person: the same rules for a form and for a row of a file.
    pub(super) fn read(
        (first, last): (&str, &str),
        email: &str,
        username: &str,
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let (first, last) = (first.trim(), last.trim());
        for (field, name) in [("first_name", first), ("last_name", last)] {
            if let Some(problem) = form::name_problem(name) {
                faults.push((field, problem.to_owned()));
            }
        }
        let username = username.trim().to_ascii_lowercase();
        if !username.is_empty()
            && let Some(problem) = form::username_problem(&username)
        {
            faults.push(("username", problem.to_owned()));
        }
        let email = match EmailAddress::parse(email.trim()) {
            Ok(email) => email,
            Err(problem) => {
                faults.push(("email", problem.message().to_owned()));
                return Err(faults);
            }
        };
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            email,
            username: (!username.is_empty()).then_some(username),
        })
    }
}

fn wrong(faults: Vec<Fault>) -> ApiError {
    ApiError::Invalid {
        message: "Correct the marked fields. Nothing was saved.".to_owned(),
        fields: faults
            .into_iter()
            .map(|(field, message)| app::api::FieldError {
                field: field.to_owned(),
                message,
            })
            .collect(),
    }
}

/// A name that is somebody else's, at its field.
fn taken(error: StorageError) -> ApiError {
    match error {
        StorageError::Unique { constraint } if constraint.contains("username") => wrong(vec![(
            "username",
            "Somebody else has this username.".to_owned(),
        )]),
        StorageError::Unique { .. } => wrong(vec![(
            "email",
            "This address has an account already.".to_owned(),
        )]),
        error => refuse(error),
    }
}

/// What an account's going ended with, for the wire.
pub(super) fn gone(outcome: &MayGo) -> Result<(), ApiError> {
    let message = match outcome {
        MayGo::Yes => return Ok(()),
        MayGo::Missing => return Err(ApiError::NotFound),
        MayGo::LastSuperAdmin => {
            "This is the last super-admin: nobody else could run the platform. Make another \
             super-admin first. Nothing was changed."
                .to_owned()
        }
        MayGo::LastAdmin(tenant) => format!(
            "This is the last admin of {tenant}. Give somebody else there the role first. \
             Nothing was changed."
        ),
    };
    Err(ApiError::Conflict {
        code: "last_admin".to_owned(),
        message,
    })
}

#[async_trait]
impl ports::Users for UsersService {
    async fn find(&self, caller: &Caller, search: String) -> Result<Vec<FoundUser>, ApiError> {
        self.super_admin(caller)?;
        let words = search_words(&search);
        let (users, tenants) = self
            .desk
            .storage
            .read(move |tx| {
                let words = words.clone();
                Box::pin(async move {
                    let users = tx.find_users(&words).await?;
                    let ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
                    Ok((users, tx.tenants_of_users(&ids).await?))
                })
            })
            .await
            .map_err(refuse)?;
        let of = |user: UserId| {
            tenants
                .iter()
                .filter(move |(member, ..)| *member == user)
                .map(|(_, slug, name)| FoundTenant {
                    slug: slug.clone(),
                    name: name.clone(),
                })
                .collect()
        };
        Ok(users
            .into_iter()
            .map(|user| FoundUser {
                tenants: of(user.id),
                user: user.id,
                name: user.name,
                email: user.email,
                username: user.username,
            })
            .collect())
    }

    async fn list(&self, caller: &Caller, input: ListUsers) -> Result<UsersPage, ApiError> {
        self.super_admin(caller)?;
        let after = read_after(input.after.as_deref())?;
        let words = search_words(&input.search);
        let mut users = self
            .desk
            .storage
            .read(move |tx| {
                let (words, after) = (words.clone(), after.clone());
                Box::pin(async move { tx.accounts(&words, after, PAGE as u32 + 1).await })
            })
            .await
            .map_err(refuse)?;
        let more = users.len() > PAGE;
        users.truncate(PAGE);
        let next = users
            .last()
            .filter(|_| more)
            .map(|last| write_cursor(last.id, &last.search_text));
        Ok(UsersPage {
            users: users.into_iter().map(line).collect(),
            next,
        })
    }

    async fn show(&self, caller: &Caller, user: UserId) -> Result<UserDetail, ApiError> {
        self.super_admin(caller)?;
        let (facts, memberships, invitations) = self
            .desk
            .storage
            .read(move |tx| {
                Box::pin(async move {
                    let Some(facts) = tx.account_facts(user).await? else {
                        return Ok(None);
                    };
                    let memberships = tx.account_memberships(user).await?;
                    let invitations = tx.account_invitations(user, &facts.email).await?;
                    Ok(Some((facts, memberships, invitations)))
                })
            })
            .await
            .map_err(refuse)?
            .ok_or(ApiError::NotFound)?;
        Ok(UserDetail {
            first_name: facts.line.first_name.clone(),
            last_name: facts.line.last_name.clone(),
            line: line(facts.line),
            username: facts.username.unwrap_or_default(),
            created_at: facts.created_at,
            memberships: memberships.into_iter().map(membership).collect(),
            invitations: invitations.into_iter().map(invitation).collect(),
        })
    }

    async fn create(&self, caller: &Caller, input: CreateUser) -> Result<UserId, ApiError> {
        let by = self.super_admin(caller)?;
        let person = Person::read(
            (&input.first_name, &input.last_name),
            &input.email,
            &input.username,
        )
        .map_err(wrong)?;
        if input.mail && !self.desk.settings.sends_mail() {
            return Err(ApiError::field(
                "mail",
                "No mail server is set up, so that nothing can be mailed. Nothing was saved.",
            ));
        }
        let (user, now) = (UserId(self.desk.new_id()), self.desk.now());
        let link = input.mail.then(|| {
            let id = self.desk.new_id();
            let message_id = mail::message_id(id, &self.desk.settings.public_url);
            (DeliveryId(id), message_id)
        });
        let new = NewAccount {
            id: user,
            email: person.email.canonical().to_owned(),
            email_typed: person.email.as_typed().to_owned(),
            first_name: person.first_name,
            last_name: person.last_name,
            username: person.username,
            created_at: now,
        };
        self.desk
            .storage
            .write(move |tx| {
                let (new, link) = (new.clone(), link.clone());
                Box::pin(async move {
                    let email = new.email.clone();
                    tx.insert_accounts(vec![new]).await?;
                    tx.account_event(user, "user.created", (Some(by.0), "user"), now)
                        .await?;
                    if let Some((id, message_id)) = link {
                        tx.queue_reset(id, &email, &message_id, now).await?;
                    }
                    Ok(())
                })
            })
            .await
            .map_err(taken)?;
        self.desk.wake.notify_waiters();
        Ok(user)
    }

    async fn upload(
        &self,
        caller: &Caller,
        rows: Vec<Vec<String>>,
    ) -> Result<Vec<RowDone>, ApiError> {
        let by = self.super_admin(caller)?;
        upload::users(&self.desk, by, rows).await
    }

    async fn edit(&self, caller: &Caller, input: EditUser) -> Result<(), ApiError> {
        let by = self.super_admin(caller)?;
        let person = Person::read(
            (&input.first_name, &input.last_name),
            &input.email,
            &input.username,
        )
        .map_err(wrong)?;
        let (user, now) = (input.user, self.desk.now());
        let told = self.desk.new_id();
        let message_id = mail::message_id(told, &self.desk.settings.public_url);
        let sends = self.desk.settings.sends_mail();
        let (email, typed) = (
            person.email.canonical().to_owned(),
            person.email.as_typed().to_owned(),
        );
        let (first, last, username) = (person.first_name, person.last_name, person.username);
        let before = input.email_before;
        let kept = person.email.as_typed() == before;
        let edited = self
            .desk
            .storage
            .write(move |tx| {
                let before = before.clone();
                let (email, typed, message_id) = (email.clone(), typed.clone(), message_id.clone());
                let (first, last, username) = (first.clone(), last.clone(), username.clone());
                Box::pin(async move {
                    let Some(known) = tx.user_by_id(user).await? else {
                        return Ok(Ok(false));
                    };
                    if !kept && known.email == email && known.email_typed != typed {
                        if known.email_typed != before {
                            return Ok(Err(ApiError::conflict("email_changed", CHANGED)));
                        }
                        // The same address in other letters: still the same person's.
                        tx.respell_account((user, by), &typed, now).await?;
                    }
                    // The address first: bundles are locked before users, as an accept does.
                    if !kept && known.email != email {
                        if known.email_typed != before {
                            return Ok(Err(ApiError::conflict("email_changed", CHANGED)));
                        }
                        // Whoever sits at an open session must not be able to keep the account.
                        if user == by {
                            return Ok(Err(ApiError::field("email", OWN)));
                        }
                        if known.super_admin {
                            return Ok(Err(ApiError::field("email", PEER)));
                        }
                        if !tx.move_account((user, by), &email, &typed, now).await? {
                            return Ok(Ok(false));
                        }
                        // It may have been in the hands of somebody else.
                        tx.delete_sessions_of(user).await?;
                        if sends {
                            tx.insert_account_mail(NewAccountMail {
                                id: DeliveryId(told),
                                user,
                                purpose: AccountMailPurpose::Changed,
                                email: String::new(),
                                email_typed: known.email_typed,
                                message_id,
                                created_at: now,
                            })
                            .await?;
                        }
                    }
                    tx.rename_account((user, by), &first, &last, username.as_deref(), now)
                        .await
                        .map(Ok)
                })
            })
            .await
            .map_err(taken)??;
        self.desk.wake.notify_waiters();
        edited.then_some(()).ok_or(ApiError::NotFound)
    }

    async fn vouch(&self, caller: &Caller, user: UserId) -> Result<(), ApiError> {
        let by = self.super_admin(caller)?;
        let now = self.desk.now();
        let vouched = self
            .desk
            .storage
            .write(move |tx| Box::pin(tx.vouch(user, by, now)))
            .await
            .map_err(refuse)?;
        vouched.then_some(()).ok_or(ApiError::NotFound)
    }

    async fn deactivate(&self, caller: &Caller, user: UserId) -> Result<(), ApiError> {
        let by = self.super_admin(caller)?;
        let now = self.desk.now();
        let outcome = self
            .desk
            .storage
            .write(move |tx| Box::pin(tx.deactivate(user, by, now)))
            .await
            .map_err(refuse)?;
        gone(&outcome)
    }

    async fn reactivate(&self, caller: &Caller, user: UserId) -> Result<(), ApiError> {
        let by = self.super_admin(caller)?;
        let now = self.desk.now();
        let done = self
            .desk
            .storage
            .write(move |tx| Box::pin(tx.reactivate(user, by, now)))
            .await
            .map_err(refuse)?;
        done.then_some(()).ok_or(ApiError::NotFound)
    }

    async fn delete(&self, caller: &Caller, user: UserId) -> Result<(), ApiError> {
        let by = self.super_admin(caller)?;
        let now = self.desk.now();
        let outcome = self
            .desk
            .storage
            .write(move |tx| Box::pin(tx.delete_account(user, by, now)))
            .await
            .map_err(refuse)?;
        gone(&outcome)?;
        begin_to_revoke(&self.desk).await;
        Ok(())
    }
}

fn line(account: AccountLine) -> UserLine {
    UserLine {
        user: account.id,
        name: display_name(
            &account.first_name,
            &account.last_name,
            &account.email_typed,
        ),
        email: account.email_typed,
        email_verified: account.email_verified,
        super_admin: account.super_admin,
        deactivated: account.deactivated,
        without_password: account.without_password,
    }
}

fn membership(one: AccountMembership) -> UserMembership {
    UserMembership {
        tenant: FoundTenant {
            slug: one.slug,
            name: one.name,
        },
        role: one.role,
        disabled: one.disabled,
        joined_at: one.joined_at,
    }
}

fn invitation(one: AccountInvitation) -> UserInvitation {
    UserInvitation {
        bundle: one.bundle,
        tenant: FoundTenant {
            slug: one.slug,
            name: one.name,
        },
        disabled: one.disabled,
        kind: one.kind,
        title: one.title,
        status: one.status,
        status_changed_at: one.status_changed_at,
    }
}

const CHANGED: &str = "The address was changed meanwhile. Reload the page to see it. Nothing was \
                       changed.";
const OWN: &str = "Change your own address under Settings, where it is confirmed. Nothing was \
                   changed.";
const PEER: &str = "A super-admin's address is changed by the person alone, under Settings. Nothing \
                    was changed.";
