//! What becomes of one row, from what is known: pure, so that every outcome can be
//! tested without a database.

use std::collections::{HashMap, HashSet};

use app::domain::{
    id::{BundleId, CatalogItemId, TenantId, UserId},
    import::RowOutcome,
    invitation::InvitationKind,
    role::Role,
};
use uuid::Uuid;

use super::{
    rows::{Fault, Row, Wish},
    seen::Repeat,
};
use crate::storage::{KnownUser, LiveBundle};

/// What an invitation is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Tenant, course or program.
    pub kind: InvitationKind,
    /// Its id.
    pub id: Uuid,
}

/// What the database knows about the people and keys of a slice.
#[derive(Debug)]
pub struct Facts {
    /// The tenant of the import.
    pub tenant: TenantId,
    /// The highest role that the submitter may give; `None`: none at all.
    pub ceiling: Option<Role>,
    /// Course keys that can be invited to.
    pub courses: HashMap<String, CatalogItemId>,
    /// Program keys that can be invited to.
    pub programs: HashMap<String, CatalogItemId>,
    /// By canonical address; each with its role in the tenant.
    pub accounts: HashMap<String, KnownUser>,
    /// Enrollments in the tenant.
    pub enrolled: HashSet<(UserId, CatalogItemId)>,
    /// Live invitations of the tenant, by invitee key, oldest bundle first.
    pub live: HashMap<String, Vec<(Uuid, BundleId)>>,
    /// The bundles of those.
    pub bundles: HashMap<BundleId, LiveBundle>,
    /// The members who have the external ids of the rows.
    pub external_ids: HashMap<String, UserId>,
    /// Canonical addresses of people who asked never to be invited (S38).
    pub suppressed: HashSet<String>,
}

/// What is to be done for a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Nothing,
    /// Make a bundle with these.
    Create(Vec<Target>),
    /// Add these to a live bundle.
    Add(BundleId, Vec<Target>),
}

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The outcome.
    pub outcome: RowOutcome,
    /// What there is to say about it.
    pub fault: Fault,
    /// The bundle that is already there.
    pub bundle: Option<BundleId>,
    /// What is to be done.
    pub step: Step,
    /// Bundles whose inviter could no longer make them: whoever submits the row answers for
    /// them from now on, so that their links work again (S24).
    pub take_over: Vec<BundleId>,
}

impl Decision {
    /// One that does nothing.
    pub fn plain(outcome: RowOutcome, fault: Fault) -> Self {
        Self {
            outcome,
            fault,
            bundle: None,
            step: Step::Nothing,
            take_over: Vec::new(),
        }
    }

    /// Nothing is wrong with the row, but another one failed and everything or nothing
    /// was asked for: the row stays in the grid, as a failed one does. `invalid` is the
    /// outcome that says so; its code tells it from a row that breaks a rule.
    pub fn held_back() -> Self {
        Self::plain(
            RowOutcome::Invalid,
            Fault::new(
                "",
                "held_back",
                "Nothing is wrong with this row. It was not invited because other rows \
                 failed and everything or nothing was asked for.",
            ),
        )
    }
}

/// The invitee key of an address and the account that owns it: the user id if the account
/// is verified, else the canonical address.
pub fn invitee(account: Option<&KnownUser>, email: &str) -> (String, Option<UserId>) {
    match account {
        Some(account) if account.email_verified => (account.id.0.to_string(), Some(account.id)),
        _ => (email.to_owned(), None),
    }
}

/// Decides one row; the order is that of [`RowOutcome`]: the first that applies wins.
pub fn decide(row: &Row, facts: &Facts) -> Decision {
    if let Some(fault) = forbidden(row, facts.ceiling) {
        return Decision::plain(RowOutcome::Forbidden, fault);
    }
    let wish = match &row.wish {
        Ok(wish) => wish,
        Err(fault) => return Decision::plain(RowOutcome::Invalid, fault.clone()),
    };
    let targets = match wanted(wish, facts) {
        Ok(targets) => targets,
        Err(fault) => return Decision::plain(RowOutcome::Invalid, fault),
    };
    let account = facts.accounts.get(wish.email());
    // A member's own id is his, whoever else has it in the file.
    let id_taken = match facts.external_ids.get(&wish.row.external_id) {
        Some(holder) => account.is_none_or(|own| own.id != *holder),
        None => row.id_taken,
    };
    if id_taken {
        return Decision::plain(RowOutcome::Invalid, Fault::id_taken());
    }
    match row.repeat {
        Repeat::Split => return Decision::plain(RowOutcome::Invalid, Fault::split_rows()),
        Repeat::Same | Repeat::No if facts.suppressed.contains(wish.email()) => {
            return Decision::plain(
                RowOutcome::Suppressed,
                Fault::new(
                    "email",
                    "suppressed",
                    "This person asked never to be invited again. Nothing was sent.",
                ),
            );
        }
        Repeat::Same => return Decision::plain(RowOutcome::DuplicateInFile, Fault::duplicate()),
        Repeat::No => {}
    }

    // A member whose mailbox is not proved is a member all the same.
    let member = account.and_then(|account| Some((account, account.role?)));
    let held = |target: &Target| match (account, target.kind) {
        (_, InvitationKind::Platform) => member.is_some(),
        (Some(account), _) => facts
            .enrolled
            .contains(&(account.id, CatalogItemId(target.id))),
        (None, _) => false,
    };
    let open: Vec<Target> = targets.into_iter().filter(|target| !held(target)).collect();
    if open.is_empty() {
        let fault = member.map_or_else(Fault::default, |(account, role)| {
            differs(wish, account, role)
        });
        return Decision::plain(RowOutcome::AlreadyMember, fault);
    }

    let live = live_of(wish, account, facts);
    let grown = live
        .iter()
        .filter_map(|(_, bundle)| facts.bundles.get(bundle))
        // What one form makes for a person is a bundle of its own; and what a list adds goes
        // out at once, which a scheduled bundle does not.
        .filter(|bundle| wish.by_hand.is_none() && !bundle.scheduled)
        .max_by_key(|bundle| bundle.id.0);
    let (pending, missing): (Vec<Target>, Vec<Target>) = open
        .into_iter()
        .partition(|target| live.iter().any(|(id, _)| *id == target.id));
    let take_over = |grown: Option<BundleId>| {
        live.iter()
            .filter(|(id, bundle)| {
                Some(*bundle) == grown || pending.iter().any(|target| target.id == *id)
            })
            .filter_map(|(_, bundle)| facts.bundles.get(bundle))
            .filter(|bundle| !bundle.inviter_may && facts.ceiling >= Some(bundle.role))
            .map(|bundle| bundle.id)
            .collect()
    };
    if missing.is_empty() {
        let bundle = live
            .iter()
            .rev()
            .find(|(id, _)| pending.iter().any(|target| target.id == *id))
            .map(|(_, bundle)| *bundle);
        let fault = bundle
            .and_then(|bundle| facts.bundles.get(&bundle))
            .map_or_else(Fault::default, |bundle| {
                offers(wish, bundle, member.is_some())
            });
        return Decision {
            bundle,
            take_over: take_over(None),
            ..Decision::plain(RowOutcome::AlreadyInvited, fault)
        };
    }
    match grown {
        Some(bundle) => Decision {
            outcome: RowOutcome::Updated,
            fault: offers(wish, bundle, member.is_some()),
            bundle: Some(bundle.id),
            step: Step::Add(bundle.id, missing),
            take_over: take_over(Some(bundle.id)),
        },
        None => Decision {
            outcome: RowOutcome::Created,
            fault: member.map_or_else(Fault::default, |(account, role)| {
                differs(wish, account, role)
            }),
            bundle: None,
            step: Step::Create(missing),
            take_over: Vec::new(),
        },
    }
}

fn forbidden(row: &Row, ceiling: Option<Role>) -> Option<Fault> {
    let Some(ceiling) = ceiling else {
        return Some(Fault::new(
            "",
            "not_allowed",
            "Whoever submitted this may no longer invite people here.",
        ));
    };
    let role = row.role.unwrap_or_default();
    (role > ceiling).then(|| {
        Fault::new(
            "role",
            "role_above_own",
            format!(
                "You may give roles up to {}: choose a lower one.",
                ceiling.as_str()
            ),
        )
    })
}

/// Everything the row asks for, each target once.
fn wanted(wish: &Wish, facts: &Facts) -> Result<Vec<Target>, Fault> {
    if let Some(by_hand) = &wish.by_hand {
        return Ok(by_hand.targets.clone());
    }
    let mut targets = vec![Target {
        kind: InvitationKind::Platform,
        id: facts.tenant.0,
    }];
    let lists = [
        (InvitationKind::Course, &wish.row.courses, &facts.courses),
        (InvitationKind::Program, &wish.row.programs, &facts.programs),
    ];
    for (kind, keys, known) in lists {
        for key in keys {
            let item = known
                .get(key)
                .ok_or_else(|| Fault::unknown_key(kind, key))?;
            let target = Target { kind, id: item.0 };
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
    }
    Ok(targets)
}

/// The person's live invitations here. A verified account's are under its id; one that
/// was made before the account was verified may still stand under the address.
pub(super) fn live_of<'f>(
    wish: &Wish,
    account: Option<&KnownUser>,
    facts: &'f Facts,
) -> Vec<&'f (Uuid, BundleId)> {
    let (key, user) = invitee(account, wish.email());
    let mut live: Vec<_> = facts.live.get(&key).into_iter().flatten().collect();
    if user.is_some() {
        live.extend(facts.live.get(wish.email()).into_iter().flatten());
    }
    live
}

/// What a member has otherwise than the file says. A file never changes it.
fn differs(wish: &Wish, account: &KnownUser, role: Role) -> Fault {
    if wish.role_given && role != wish.row.role {
        return Fault::new(
            "role",
            "role_differs",
            format!(
                "Already a member, as {}; the file says {}. A file never changes a role.",
                role.as_str(),
                wish.row.role.as_str()
            ),
        );
    }
    let pairs = [
        ("first_name", &wish.row.first_name, &account.first_name),
        ("last_name", &wish.row.last_name, &account.last_name),
    ];
    for (field, asked, has) in pairs {
        if !asked.is_empty() && asked != has {
            return Fault::new(
                field,
                "name_differs",
                "Already a member, with another name. A file never changes a name.",
            );
        }
    }
    Fault::default()
}

/// What a waiting bundle offers otherwise than the file says.
fn offers(wish: &Wish, bundle: &LiveBundle, member: bool) -> Fault {
    if member || !wish.role_given || bundle.role == wish.row.role {
        return Fault::default();
    }
    Fault::new(
        "role",
        "role_differs",
        format!(
            "The waiting invitation offers the role {}; the file says {}. \
             Revoke it and invite again to change that.",
            bundle.role.as_str(),
            wish.row.role.as_str()
        ),
    )
}
