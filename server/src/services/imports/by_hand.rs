//! People who are invited by a form: read by the rules of a file's rows, decided and made
//! by the same functions.

use app::{
    bulk::draft::RowDraft,
    domain::{
        id::{BundleId, UserId},
        import::{RowOutcome, SubmitMode},
        role::Role,
        time::{CivilDate, Timestamp},
    },
};

use super::{
    super::desk::Desk,
    decide::Step,
    rows::{ByHand, Rules},
    seen::Seen,
    slice::{self, Job},
};
pub use super::{
    decide::{Target, invitee},
    rows::{Fault, Row},
};
use crate::storage::{StorageError, Tenant, Tx};

/// Somebody who is invited.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// As typed.
    pub email: String,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// Labels, separated by `|`.
    pub group: String,
    /// The person's id in another system.
    pub external_id: String,
}

/// What a form says about all of its people.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The role on acceptance.
    pub role: Role,
    /// The last day; none: as the tenant has it.
    pub expires_on: Option<CivilDate>,
    /// For the person; may be empty.
    pub note: String,
    /// To what.
    pub targets: Vec<Target>,
    /// Not switched off.
    pub active: bool,
    /// A mail tells of it.
    pub mail: bool,
    /// When that goes out; none: at once.
    pub send_at: Option<Timestamp>,
    /// JSON object of what is kept as metadata.
    pub metadata: String,
    /// Where it comes from; may be empty.
    pub source: String,
    /// Where the person goes after accepting; may be empty.
    pub redirect: String,
    /// When what courses and programs give begins.
    pub starts_at: Option<Timestamp>,
    /// When it ends.
    pub ends_at: Option<Timestamp>,
}

/// What became of one person.
#[derive(Clone, Debug)]
pub struct Made {
    /// The outcome.
    pub outcome: RowOutcome,
    /// What there is to say.
    pub message: String,
    /// What was made, or is there.
    pub bundle: Option<BundleId>,
    /// Invitations that were made.
    pub invitations: u32,
}

/// Reads the people by the rules of a row; the first rule that is broken.
pub fn read(
    tenant: &Tenant,
    people: &[Person],
    asked: &Asked,
    now: Timestamp,
) -> Result<Vec<Row>, Fault> {
    let day = asked.expires_on.map_or_else(String::new, |day| {
        format!("{:04}-{:02}-{:02}", day.year, day.month, day.day)
    });
    let role = match asked.role {
        // As in a row that names none: a member keeps the role there is.
        Role::Learner => "",
        role => role.as_str(),
    };
    let drafts: Vec<RowDraft> = people
        .iter()
        .map(|person| RowDraft {
            email: person.email.clone(),
            first_name: person.first_name.clone(),
            last_name: person.last_name.clone(),
            role: role.to_owned(),
            group: person.group.clone(),
            external_id: person.external_id.clone(),
            expires_on: day.clone(),
            note: asked.note.clone(),
            ..RowDraft::default()
        })
        .collect();
    let rules = Rules::new(tenant, Vec::new(), now);
    let mut rows = rules.read(&drafts, 0, &Seen::default());
    for row in &mut rows {
        match &mut row.wish {
            Err(fault) => return Err(fault.clone()),
            Ok(wish) => {
                // The days that the tenant gives begin when the person hears of it.
                if let (Some(at), None) = (asked.send_at, asked.expires_on) {
                    wish.expires_at = at.plus_days(tenant.default_expiry_days);
                }
                wish.metadata.clone_from(&asked.metadata);
                wish.by_hand = Some(ByHand {
                    targets: asked.targets.clone(),
                    active: asked.active,
                    mail: asked.mail,
                    send_at: asked.send_at,
                    source: asked.source.clone(),
                    redirect: asked.redirect.clone(),
                    starts_at: asked.starts_at,
                    ends_at: asked.ends_at,
                });
            }
        }
    }
    Ok(rows)
}

/// Invites everybody who was read, each in a bundle of their own; what became of each, in
/// their order.
pub async fn make(
    tx: &mut Tx,
    desk: &Desk,
    (tenant, user): (&Tenant, UserId),
    rows: &[Row],
    now: Timestamp,
) -> Result<Vec<Made>, StorageError> {
    let job = Job {
        import: None,
        tenant: tenant.clone(),
        user,
        mode: SubmitMode::ValidNow,
        mail: desk.settings.sends_mail(),
        public_url: desk.settings.public_url.clone(),
        key: desk.key.clone(),
        actor: "user",
    };
    let (decisions, _) = slice::decided(tx, &job, rows, now).await?;
    let made = decisions.into_iter().map(|decision| Made {
        outcome: decision.outcome,
        message: decision.fault.message,
        bundle: decision.bundle,
        invitations: match &decision.step {
            Step::Create(targets) => u32::try_from(targets.len()).unwrap_or(u32::MAX),
            Step::Nothing | Step::Add(..) => 0,
        },
    });
    Ok(made.collect())
}
