//! The catalog invitation apps: a super-admin's forms, and what they count.

mod preview;

use app::{
    api::{
        ApiError, FieldError,
        apps::{App, AppCounts, CreateInvitations, MOST, MailPreview, PersonMade},
    },
    domain::{
        counts::COUNTED,
        id::CatalogItemId,
        import::RowOutcome,
        invitation::{InvitationKind, InvitationStatus},
        metadata,
        policy::{self, Action},
        redirect,
        time::{CivilDate, Timestamp},
    },
    ports::{self, Caller},
};
use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::{
    Desk, days,
    desk::{allow, refuse},
    form,
    imports::by_hand::{self, Asked, Fault, Person, Target},
    invitations::{read_key, sends_mails},
};
use crate::storage::{BatchKey, KnownBatch, StorageError, Tenant, Tx};

/// Implements [`ports::Apps`].
#[derive(Clone)]
pub struct AppsService {
    desk: Desk,
}

impl AppsService {
    /// On this desk.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }
}

#[async_trait]
impl ports::Apps for AppsService {
    async fn create(
        &self,
        caller: &Caller,
        input: CreateInvitations,
    ) -> Result<Vec<PersonMade>, ApiError> {
        allow(policy::authorise(&caller.actor, Action::SeePlatform))?;
        let missing = missing(&input);
        if !missing.is_empty() {
            return Err(invalid(missing));
        }
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::Invite)
            .await?;
        let key = BatchKey {
            tenant: tenant.id,
            user: self.desk.user(caller)?.user,
            key: read_key(&input.idempotency_key)?,
            content_hash: content_hash(&input),
        };
        let desk = self.desk.clone();
        let answer = self
            .desk
            .storage
            .write(move |tx| {
                let (desk, tenant) = (desk.clone(), tenant.clone());
                let (key, input) = (key.clone(), input.clone());
                Box::pin(async move { create_in(tx, &desk, &tenant, &key, &input).await })
            })
            .await
            .map_err(refuse)??;
        self.desk.wake.notify_waiters();
        Ok(answer)
    }

    async fn preview(
        &self,
        caller: &Caller,
        input: CreateInvitations,
    ) -> Result<MailPreview, ApiError> {
        allow(policy::authorise(&caller.actor, Action::SeePlatform))?;
        if input.tenant.is_empty() {
            return Err(wrong("tenant", "Choose the tenant that invites."));
        }
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::Invite)
            .await?;
        let inviter = self.desk.user(caller)?.user;
        preview::of(&self.desk, &tenant, inviter, input).await
    }

    async fn counts(&self, caller: &Caller) -> Result<Vec<AppCounts>, ApiError> {
        allow(policy::authorise(&caller.actor, Action::SeePlatform))?;
        self.desk
            .storage
            .read(|tx| Box::pin(counts_in(tx)))
            .await
            .map_err(refuse)
    }
}

/// What a form lacks, field by field.
fn missing(input: &CreateInvitations) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    let mut at = |field: &str, message: &str| {
        wrong.push(FieldError {
            field: field.to_owned(),
            message: message.to_owned(),
        });
    };
    match (input.users.is_empty(), input.email.is_empty()) {
        (true, true) if input.app == App::Placeholder => {
            at("email", "Type the address of the person.");
        }
        (true, true) => at("user", "Pick a person, or type an address below."),
        (false, false) => {
            at(
                "user",
                "Either pick people here or type an address, not both.",
            );
            at(
                "email",
                "Either type an address here or pick people, not both.",
            );
        }
        _ => {}
    }
    if input.users.len() > MOST {
        at("user", "At most 20 people in one form.");
    }
    let items = input.courses.len() + input.programs.len();
    if items > MOST {
        at("target", "At most 20 courses and programs in one form.");
    }
    let wanted = match input.app {
        App::Course if input.courses.is_empty() => Some("Choose a course."),
        App::Program if input.programs.is_empty() => Some("Choose a program."),
        _ => None,
    };
    if let Some(message) = wanted {
        at("target", message);
    }
    if input.tenant.is_empty() {
        at("tenant", "Choose the tenant that invites.");
    } else if wanted.is_none() && items == 0 && !input.platform {
        at("target", "Choose what to invite to.");
    }
    wrong
}

pub(super) fn invalid(fields: Vec<FieldError>) -> ApiError {
    ApiError::Invalid {
        message: "Something is missing or wrong. Nobody was invited, and what you entered is \
                  still here."
            .to_owned(),
        fields,
    }
}

pub(super) fn wrong(field: &str, message: impl Into<String>) -> ApiError {
    invalid(vec![FieldError {
        field: field.to_owned(),
        message: message.into(),
    }])
}

/// What was asked, key aside.
fn content_hash(input: &CreateInvitations) -> String {
    let content = CreateInvitations {
        idempotency_key: String::new(),
        ..input.clone()
    };
    let content = serde_json::to_vec(&content).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(Sha256::digest(content))
}

type Answer = Result<Vec<PersonMade>, ApiError>;

async fn create_in(
    tx: &mut Tx,
    desk: &Desk,
    tenant: &Tenant,
    key: &BatchKey,
    input: &CreateInvitations,
) -> Result<Answer, StorageError> {
    let now = desk.now();
    // What was saved is answered again, whatever has changed since.
    if let Some(answer) = known_answer(tx.known_batch(key).await?)? {
        return Ok(answer);
    }
    // Refusals come before the key is taken: it stays good for the corrected form.
    let (courses, programs) = (&input.courses, &input.programs);
    let targets = match targets(tx, tenant, input.platform, courses, programs).await? {
        Ok(targets) => targets,
        Err(error) => return Ok(Err(error)),
    };
    let people = match people(tx, input).await? {
        Ok(people) => people,
        Err(error) => return Ok(Err(error)),
    };
    let asked = Asked {
        role: input.role,
        expires_on: input.expires_on,
        note: input.note.clone(),
        targets,
        active: input.active,
        mail: input.mail,
        send_at: None,
        metadata: "{}".to_owned(),
        source: input.source.trim().to_owned(),
        redirect: String::new(),
        starts_at: None,
        ends_at: None,
    };
    let asked = match window(input, tenant, asked)
        .and_then(|asked| {
            let send_at = later(input, desk, tenant)?;
            Ok(Asked { send_at, ..asked })
        })
        .and_then(|asked| extras(input, asked))
    {
        Ok(asked) => asked,
        Err(error) => return Ok(Err(error)),
    };
    let rows = match by_hand::read(tenant, &people, &asked, now) {
        Ok(rows) => rows,
        Err(fault) => return Ok(Err(of_fault(fault, input))),
    };
    if let (Some(send_at), Some(day)) = (asked.send_at, asked.expires_on)
        && days::end_of(day, &tenant.time_zone).is_none_or(|end| end <= send_at)
    {
        let message = "It would end before it goes out. Choose a later day.";
        return Ok(Err(wrong("expires_on", message)));
    }
    if let Some(answer) = known_answer(tx.claim_batch(key, now).await?)? {
        return Ok(answer);
    }
    let made = by_hand::make(tx, desk, (tenant, key.user), &rows, now).await?;
    let answer: Vec<PersonMade> = made
        .into_iter()
        .map(|one| PersonMade {
            outcome: one.outcome,
            message: one.message,
            send_at: asked.send_at.filter(|_| one.outcome == RowOutcome::Created),
            bundle: one.bundle,
            made: one.invitations,
        })
        .collect();
    let text = serde_json::to_string(&answer).map_err(|error| bad_answer(error.to_string()))?;
    tx.answer_batch(key, &text).await?;
    if answer.iter().any(|one| one.outcome == RowOutcome::Created) {
        tx.announce(tenant.id, now).await?;
    }
    Ok(Ok(answer))
}

/// The answer to a form that was saved before; `None` where it was not.
pub(super) fn known_answer<T: DeserializeOwned>(
    batch: KnownBatch,
) -> Result<Option<Result<T, ApiError>>, StorageError> {
    Ok(match batch {
        KnownBatch::New => None,
        KnownBatch::OtherContent => Some(Err(ApiError::conflict(
            "idempotency_key_reused",
            "This form was saved before with other content. Nothing was done.",
        ))),
        KnownBatch::Answered(text) => match serde_json::from_str(&text) {
            Ok(answer) => Some(Ok(answer)),
            Err(_) => return Err(bad_answer(text)),
        },
    })
}

pub(super) fn bad_answer(value: String) -> StorageError {
    StorageError::BadData {
        table: "bulk_batches",
        column: "answer",
        value,
    }
}

/// The days of the access window, by the tenant's clocks.
fn window(input: &CreateInvitations, tenant: &Tenant, asked: Asked) -> Result<Asked, ApiError> {
    let read = |field, day: Option<CivilDate>, of: fn(CivilDate, &str) -> Option<Timestamp>| {
        day.map(|day| {
            of(day, &tenant.time_zone).ok_or_else(|| wrong(field, "There is no such day."))
        })
        .transpose()
    };
    let asked = Asked {
        starts_at: read("access_from", input.access_from, days::start_of)?,
        ends_at: read("access_until", input.access_until, days::end_of)?,
        ..asked
    };
    if asked
        .starts_at
        .zip(asked.ends_at)
        .is_some_and(|(start, end)| start > end)
    {
        return Err(wrong(
            "access_until",
            "The access would end before it begins. Choose a later day.",
        ));
    }
    Ok(asked)
}

/// What is kept with it, and where its person goes after accepting (S49).
fn extras(input: &CreateInvitations, asked: Asked) -> Result<Asked, ApiError> {
    if let Some(problem) = form::name_problem(&asked.source) {
        return Err(wrong("source", problem));
    }
    let redirect = redirect::parse(&input.redirect).map_err(|text| wrong("redirect", text))?;
    let pairs = metadata::parse(&input.metadata).map_err(|text| wrong("metadata", text))?;
    let object: serde_json::Map<String, serde_json::Value> = pairs
        .into_iter()
        .map(|(name, text)| (name, text.into()))
        .collect();
    Ok(Asked {
        redirect,
        metadata: serde_json::Value::Object(object).to_string(),
        ..asked
    })
}

/// When the mail goes out, by the tenant's clocks, where that is later.
fn later(
    input: &CreateInvitations,
    desk: &Desk,
    tenant: &Tenant,
) -> Result<Option<Timestamp>, ApiError> {
    let Some(time) = input.send_at else {
        return Ok(None);
    };
    let now = desk.now();
    let refused = |message: &str| Err(wrong("send_at", message));
    if !input.mail {
        return refused("What gets no mail goes out at no time. Choose one of the two.");
    }
    if !sends_mails(desk) {
        return refused("No mail server is configured, so nothing goes out later.");
    }
    match days::at(time, &tenant.time_zone) {
        None => refused("There is no such day or time."),
        Some(at) if at <= now => refused("This is over. Choose a later time."),
        Some(at) if at > now.plus_days(365) => {
            refused("This is more than a year ahead. Choose an earlier day.")
        }
        at => Ok(at),
    }
}

/// A rule of a row that is broken, at the form's field.
fn of_fault(fault: Fault, input: &CreateInvitations) -> ApiError {
    let field = match fault.field.as_str() {
        "email" | "first_name" | "last_name" if !input.users.is_empty() => "user",
        field => field,
    };
    wrong(field, fault.message)
}

/// What a form invites to, each thing once; refused where one cannot be invited to (S25).
pub(super) async fn targets(
    tx: &mut Tx,
    tenant: &Tenant,
    platform: bool,
    courses: &[CatalogItemId],
    programs: &[CatalogItemId],
) -> Result<Result<Vec<Target>, ApiError>, StorageError> {
    let mut targets = Vec::new();
    if platform {
        targets.push(Target {
            kind: InvitationKind::Platform,
            id: tenant.id.0,
        });
    }
    let asked = [
        (InvitationKind::Course, courses),
        (InvitationKind::Program, programs),
    ];
    for (kind, items) in asked {
        for item in items {
            if tx.invitable(tenant.id, *item).await? != Some(kind) {
                return Ok(Err(wrong(
                    "target",
                    format!(
                        "This {} is archived, or is not one of {}. Choose another.",
                        kind.as_str(),
                        tenant.name
                    ),
                )));
            }
            let target = Target { kind, id: item.0 };
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
    }
    Ok(Ok(targets))
}

async fn people(
    tx: &mut Tx,
    input: &CreateInvitations,
) -> Result<Result<Vec<Person>, ApiError>, StorageError> {
    if input.users.is_empty() {
        return Ok(Ok(vec![Person {
            email: input.email.clone(),
            ..Person::default()
        }]));
    }
    let mut people = Vec::new();
    for (place, user) in input.users.iter().enumerate() {
        if input.users.iter().take(place).any(|one| one == user) {
            return Ok(Err(wrong("user", "One person was picked twice.")));
        }
        match tx.user_by_id(*user).await? {
            Some(user) if !user.deactivated => people.push(Person {
                email: user.email_typed,
                first_name: user.first_name,
                last_name: user.last_name,
                ..Person::default()
            }),
            _ => {
                return Ok(Err(wrong(
                    "user",
                    "One of these accounts is deactivated or gone. Pick others.",
                )));
            }
        }
    }
    Ok(Ok(people))
}

async fn counts_in(tx: &mut Tx) -> Result<Vec<AppCounts>, StorageError> {
    let mut counts = Vec::new();
    for app in App::ALL {
        let kind = match app {
            App::Course => Some(InvitationKind::Course),
            App::Program => Some(InvitationKind::Program),
            App::Platform => Some(InvitationKind::Platform),
            App::Placeholder => None,
        };
        let mut people = Vec::new();
        for status in InvitationStatus::ALL {
            match tx.count_people(kind, *status, COUNTED + 1).await? {
                0 => {}
                count => people.push((*status, count)),
            }
        }
        counts.push(AppCounts {
            app,
            people: people.into_iter().collect(),
        });
    }
    Ok(counts)
}
