//! The demo's data: two tenants, four accounts, learners from many countries, a catalog.
//! The same names, addresses and keys each time.

mod catalog;
mod names;

use std::collections::HashSet;

use app::domain::{
    id::{CatalogItemId, TenantId, UserId},
    invitation::InvitationKind,
    role::Role,
    time::Timestamp,
};

use crate::{
    clock::new_id,
    services::{Desk, password},
    storage::{
        NewCatalogItem, NewMembership, NewTenant, NewUser, PasswordHash, StorageError, Tx, fold,
    },
};

/// The password of every account in [`ACCOUNTS`]; a demo listens on loopback only.
pub const PASSWORD: &str = "beckon-demo-1";
/// Seconds that a demo holds mails after a submit.
pub const HOLD_SECONDS: u32 = 3;
/// How many learners there are besides the accounts.
pub const LEARNERS: usize = 2_000;

/// An account of the demo that signs in.
pub struct Account {
    /// The address.
    pub email: &'static str,
    /// What it is, on the sign-in page.
    pub what: &'static str,
    first_name: &'static str,
    last_name: &'static str,
    tenant: Option<(&'static str, Role)>,
}

/// Who signs in.
pub const ACCOUNTS: [Account; 4] = [
    Account {
        email: "super@beckon.test",
        what: "super-admin",
        first_name: "Sana",
        last_name: "Okafor",
        tenant: None,
    },
    Account {
        email: "admin@acme.test",
        what: "tenant admin of Acme Academy",
        first_name: "Ada",
        last_name: "Marques",
        tenant: Some(("acme", Role::Admin)),
    },
    Account {
        email: "admin@globex.test",
        what: "tenant admin of Globex Institute",
        first_name: "Grace",
        last_name: "Lindqvist",
        tenant: Some(("globex", Role::Admin)),
    },
    Account {
        email: "learner@acme.test",
        what: "learner at Acme Academy",
        first_name: "Leo",
        last_name: "Tanaka",
        tenant: Some(("acme", Role::Learner)),
    },
];

const TENANTS: [(&str, &str, &str); 2] = [
    ("acme", "Acme Academy", "Europe/Lisbon"),
    ("globex", "Globex Institute", "America/New_York"),
];

/// Why the demo could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The database said no.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The password could not be hashed.
    #[error("the demo's password could not be hashed: {0}")]
    Password(String),
}

/// Fills an empty database, in one transaction; `false` where there are users already.
///
/// # Errors
/// The database's, and randomness that the system does not give.
pub async fn seed(desk: &Desk) -> Result<bool, SeedError> {
    let hash = password::hash_now(PASSWORD)
        .map(PasswordHash)
        .map_err(|error| SeedError::Password(error.to_string()))?;
    let now = desk.now();
    let seeded = desk
        .storage
        .write(move |tx| {
            let hash = hash.clone();
            Box::pin(async move {
                if tx.count_users().await? > 0 {
                    return Ok(false);
                }
                fill(tx, now, &hash).await?;
                Ok(true)
            })
        })
        .await?;
    Ok(seeded)
}

/// Whether this database holds the demo's accounts, whose password everybody knows.
///
/// # Errors
/// The database's.
pub async fn is_demo(desk: &Desk) -> Result<bool, StorageError> {
    desk.storage
        .read(|tx| {
            Box::pin(async move {
                // `.test` is nobody's domain (RFC 6761 §6.2): only the demo has the address.
                let found = tx.user_by_email(ACCOUNTS[0].email).await?;
                Ok(found.is_some())
            })
        })
        .await
}

async fn fill(tx: &mut Tx, now: Timestamp, hash: &PasswordHash) -> Result<(), StorageError> {
    let mut tenants = Vec::new();
    for (slug, name, time_zone) in TENANTS {
        let id = TenantId(new_id(now));
        tx.insert_tenant(NewTenant {
            id,
            slug: slug.to_owned(),
            name: name.to_owned(),
            time_zone: time_zone.to_owned(),
            hold_seconds: HOLD_SECONDS,
            created_at: now,
        })
        .await?;
        tenants.push((slug, id));
    }
    let tenant = |slug: &str| {
        tenants
            .iter()
            .find(|(one, _)| *one == slug)
            .map(|(_, id)| *id)
    };
    let (mut users, mut memberships) = learners(now, tenant("acme"), tenant("globex"));
    for account in &ACCOUNTS {
        let id = UserId(new_id(now));
        users.push(NewUser {
            id,
            email: account.email.to_owned(),
            email_typed: account.email.to_owned(),
            email_verified: true,
            first_name: account.first_name.to_owned(),
            last_name: account.last_name.to_owned(),
            password_hash: Some(hash.clone()),
            super_admin: account.tenant.is_none(),
            created_at: now,
        });
        if let Some((slug, role)) = account.tenant
            && let Some(tenant) = tenant(slug)
        {
            memberships.push(member(tenant, id, role, String::new(), None, now));
        }
    }
    tx.insert_users(users).await?;
    tx.insert_memberships(memberships).await?;
    fill_catalog(tx, now, &tenant).await
}

fn member(
    tenant: TenantId,
    user: UserId,
    role: Role,
    labels: String,
    external_id: Option<String>,
    now: Timestamp,
) -> NewMembership {
    NewMembership {
        tenant,
        user,
        role,
        labels,
        external_id,
        created_at: now,
        invitation: None,
    }
}

/// Six in ten learn at the first tenant, five at the second: one in ten at both.
fn learners(
    now: Timestamp,
    first: Option<TenantId>,
    second: Option<TenantId>,
) -> (Vec<NewUser>, Vec<NewMembership>) {
    let mut taken = HashSet::new();
    let mut users = Vec::with_capacity(LEARNERS + ACCOUNTS.len());
    let mut memberships = Vec::new();
    for n in 0..LEARNERS {
        let person = names::person(n);
        let domain = ["acme.test", "globex.test", "mail.test", "post.test"][n % 4];
        let plain = |name: &str| -> String {
            fold(name)
                .chars()
                .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
                .collect()
        };
        let local = format!("{}.{}", plain(person.first_ascii), plain(person.last_ascii));
        let mut email = format!("{local}@{domain}");
        let mut next = 2;
        while !taken.insert(email.clone()) {
            email = format!("{local}{next}@{domain}");
            next += 1;
        }
        let id = UserId(new_id(now));
        users.push(NewUser {
            id,
            email: email.clone(),
            email_typed: email,
            email_verified: true,
            first_name: person.first.to_owned(),
            last_name: person.last.to_owned(),
            password_hash: None,
            super_admin: false,
            created_at: now,
        });
        let role = if n % 40 == 7 {
            Role::Instructor
        } else {
            Role::Learner
        };
        let group = ["2026 A", "2026 B", "2026 C", "Evening"][n / 10 % 4];
        let external = Some(format!("L-{:05}", n + 1));
        if n % 10 < 6
            && let Some(tenant) = first
        {
            memberships.push(member(
                tenant,
                id,
                role,
                group.to_owned(),
                external.clone(),
                now,
            ));
        }
        if n % 10 >= 5
            && let Some(tenant) = second
        {
            memberships.push(member(tenant, id, role, group.to_owned(), external, now));
        }
    }
    (users, memberships)
}

async fn fill_catalog(
    tx: &mut Tx,
    now: Timestamp,
    tenant: &impl Fn(&str) -> Option<TenantId>,
) -> Result<(), StorageError> {
    let mut items = Vec::new();
    let mut courses: Vec<(&str, CatalogItemId)> = Vec::new();
    for (owner, key, title) in catalog::COURSES {
        let id = CatalogItemId(new_id(now));
        courses.push((key, id));
        items.push(NewCatalogItem {
            id,
            tenant: tenant(owner),
            kind: InvitationKind::Course,
            key: (*key).to_owned(),
            title: (*title).to_owned(),
            created_at: now,
        });
    }
    let mut programs = Vec::new();
    for (owner, key, title, of) in catalog::PROGRAMS {
        let id = CatalogItemId(new_id(now));
        items.push(NewCatalogItem {
            id,
            tenant: tenant(owner),
            kind: InvitationKind::Program,
            key: (*key).to_owned(),
            title: (*title).to_owned(),
            created_at: now,
        });
        let ordered: Vec<CatalogItemId> = of
            .iter()
            .filter_map(|key| courses.iter().find(|(one, _)| one == key))
            .map(|(_, id)| *id)
            .collect();
        programs.push((id, ordered));
    }
    tx.insert_catalog_items(items).await?;
    for (program, ordered) in programs {
        tx.insert_program_courses(program, &ordered).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learners_are_as_many_as_said_and_differ() {
        let tenant = Some(TenantId(uuid::Uuid::from_u128(1)));
        let (users, memberships) = learners(Timestamp(0), tenant, tenant);
        assert_eq!(users.len(), 2_000);
        assert_eq!(memberships.len(), 2_200);
        let addresses: HashSet<&str> = users.iter().map(|user| user.email.as_str()).collect();
        assert_eq!(addresses.len(), 2_000);
        let names: HashSet<(&str, &str)> = users
            .iter()
            .map(|user| (user.first_name.as_str(), user.last_name.as_str()))
            .collect();
        assert!(names.len() > 1_800, "{} different names", names.len());
        for user in &users {
            let (local, _) = user.email.split_once('@').unwrap();
            assert!(
                local.is_ascii() && !local.starts_with('.') && !local.ends_with('.'),
                "{}",
                user.email
            );
        }
    }

    #[test]
    fn the_catalog_is_as_large_as_said_and_its_programs_know_their_courses() {
        assert_eq!(catalog::COURSES.len(), 60);
        assert_eq!(catalog::PROGRAMS.len(), 12);
        for (owner, program, _, courses) in catalog::PROGRAMS {
            assert!(!courses.is_empty(), "{program}");
            for key in *courses {
                let course = catalog::COURSES.iter().find(|(_, one, _)| one == key);
                let (course_owner, _, _) = course.unwrap_or_else(|| panic!("{program}: {key}"));
                assert!(
                    course_owner.is_empty() || course_owner == owner,
                    "{program} must not offer another tenant's {key}"
                );
            }
        }
    }
}
