//! Lists of accounts and of courses: rows become things, or say why not. A list is one
//! transaction, and again is harmless: what is there is left as it is.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    pin::Pin,
};

use app::{
    api::ApiError,
    bulk::table::{ITEMS, ROWS_MAX, RowDone, TableOutcome, Template, USERS, course_keys},
    domain::{
        email::EmailAddress,
        id::{CatalogItemId, TenantId, UserId},
        invitation::InvitationKind,
        time::Timestamp,
    },
};

use super::{Desk, desk::refuse};
use crate::storage::{
    AuditEvent, KnownAccount, KnownItem, NewAccount, NewCatalogItem, StorageError, Tx,
};

/// Columns of [`USERS`] and of [`ITEMS`] that the database has something to say about.
const EMAIL: usize = 0;
const USERNAME: usize = 3;
const KEY: usize = 0;
const TENANT: usize = 3;
const COURSES: usize = 4;

/// Tries until somebody else's rows and ours do not meet.
const TRIES: usize = 3;

type Rows = Vec<Vec<String>>;

/// Who sends a list, and when.
#[derive(Clone, Copy)]
struct By {
    user: UserId,
    now: Timestamp,
}

/// What became of the rows, while that is found out.
struct Done(Vec<Option<RowDone>>);

impl Done {
    fn say(&mut self, at: usize, outcome: TableOutcome, column: usize, message: impl Into<String>) {
        if let Some(done) = self.0.get_mut(at) {
            *done = Some(RowDone {
                outcome,
                column: u32::try_from(column).unwrap_or_default(),
                message: message.into(),
            });
        }
    }

    /// Rows of which nothing is said yet.
    fn open(&self) -> Vec<usize> {
        let rows = self.0.iter().enumerate();
        rows.filter(|(_, done)| done.is_none())
            .map(|(at, _)| at)
            .collect()
    }

    /// What is left was made.
    fn finish(self) -> Vec<RowDone> {
        let created = || RowDone {
            outcome: TableOutcome::Created,
            column: 0,
            message: String::new(),
        };
        self.0
            .into_iter()
            .map(|done| done.unwrap_or_else(created))
            .collect()
    }
}

/// Rows of a template's width, trimmed; and what its own rules say.
fn checked(template: &Template, rows: Rows) -> Result<(Rows, Vec<Option<RowDone>>), ApiError> {
    let fits = rows.iter().all(|row| row.len() == template.columns.len());
    if rows.is_empty() || rows.len() > ROWS_MAX || !fits {
        return Err(ApiError::BadRequest {
            message: "A list has 1 to 10,000 rows of as many cells as its template. Nothing was \
                      made."
                .to_owned(),
        });
    }
    let rows: Rows = rows
        .into_iter()
        .map(|row| row.iter().map(|cell| cell.trim().to_owned()).collect())
        .collect();
    let cells: Vec<&[String]> = rows.iter().map(Vec::as_slice).collect();
    let done = template.judge(&cells);
    Ok((rows, done))
}

fn cell(row: &[String], column: usize) -> &str {
    row.get(column).map_or("", String::as_str)
}

/// What makes the things of a list, in one transaction.
type Maker = for<'t> fn(
    &'t mut Tx,
    &'t Desk,
    By,
    &'t [Vec<String>],
    Done,
) -> Pin<
    Box<dyn Future<Output = Result<Vec<RowDone>, StorageError>> + Send + 't>,
>;

async fn make(
    desk: &Desk,
    by: UserId,
    template: &Template,
    rows: Rows,
    maker: Maker,
) -> Result<Vec<RowDone>, ApiError> {
    let (rows, done) = checked(template, rows)?;
    let by = By {
        user: by,
        now: desk.now(),
    };
    let mut tries = 0;
    loop {
        let (rows, done, desk_of) = (rows.clone(), done.clone(), desk.clone());
        let made = desk
            .storage
            .write(move |tx| {
                let (rows, done, desk) = (rows.clone(), Done(done.clone()), desk_of.clone());
                Box::pin(async move { maker(tx, &desk, by, &rows, done).await })
            })
            .await;
        tries += 1;
        match made {
            // Somebody else took an address, a username or a key meanwhile: it is seen now.
            Err(StorageError::Unique { .. }) if tries < TRIES => {}
            made => return made.map_err(refuse),
        }
    }
}

/// Makes accounts.
pub(super) async fn users(desk: &Desk, by: UserId, rows: Rows) -> Result<Vec<RowDone>, ApiError> {
    make(desk, by, &USERS, rows, |tx, desk, by, rows, done| {
        Box::pin(users_in(tx, desk, by, rows, done))
    })
    .await
}

async fn users_in(
    tx: &mut Tx,
    desk: &Desk,
    by: By,
    rows: &[Vec<String>],
    mut done: Done,
) -> Result<Vec<RowDone>, StorageError> {
    let mut people: BTreeMap<usize, EmailAddress> = BTreeMap::new();
    for at in done.open() {
        let row = rows.get(at).map_or(&[][..], Vec::as_slice);
        if let Ok(email) = EmailAddress::parse(cell(row, EMAIL)) {
            people.insert(at, email);
        }
    }
    let emails: Vec<String> = people
        .values()
        .map(|email| email.canonical().to_owned())
        .collect();
    let known = tx.accounts_by_emails(&emails).await?;
    for (at, email) in &people {
        if let Some(account) = known.get(email.canonical()) {
            let row = rows.get(*at).map_or(&[][..], Vec::as_slice);
            done.say(*at, TableOutcome::Exists, EMAIL, differs(account, row));
        }
    }
    let username = |at: usize| {
        let row = rows.get(at).map_or(&[][..], Vec::as_slice);
        Some(cell(row, USERNAME).to_ascii_lowercase()).filter(|name| !name.is_empty())
    };
    let wanted: Vec<String> = done.open().into_iter().filter_map(username).collect();
    let taken = tx.usernames_taken(&wanted).await?;
    for at in done.open() {
        if username(at).is_some_and(|name| taken.contains(&name)) {
            let message = "Somebody else has this username.";
            done.say(at, TableOutcome::Invalid, USERNAME, message);
        }
    }
    let (mut accounts, mut events) = (Vec::new(), Vec::new());
    for at in done.open() {
        let (Some(row), Some(email)) = (rows.get(at), people.get(&at)) else {
            continue;
        };
        let id = UserId(desk.new_id());
        events.push(event(by, None, "user.created", "user", id.0));
        accounts.push(NewAccount {
            id,
            email: email.canonical().to_owned(),
            email_typed: email.as_typed().to_owned(),
            first_name: cell(row, 1).to_owned(),
            last_name: cell(row, 2).to_owned(),
            username: username(at),
            created_at: by.now,
        });
    }
    tx.insert_accounts(accounts).await?;
    tx.record(events).await?;
    Ok(done.finish())
}

/// What a row says otherwise than an account; a list changes nobody.
fn differs(account: &KnownAccount, row: &[String]) -> String {
    let other = |said: &str, known: &str| !said.is_empty() && said != known;
    let username = cell(row, USERNAME).to_ascii_lowercase();
    if !other(cell(row, 1), &account.first_name)
        && !other(cell(row, 2), &account.last_name)
        && !other(&username, account.username.as_deref().unwrap_or_default())
    {
        return String::new();
    }
    let name = format!("{} {}", account.first_name, account.last_name);
    let username = account.username.as_deref().unwrap_or("no username");
    format!(
        "Known as {} ({username}). Nothing was changed.",
        name.trim()
    )
}

/// Whose, and which kind.
type Shelf = (Option<TenantId>, bool);

/// A row of the catalog's list that is right by itself.
struct Item {
    at: usize,
    shelf: Shelf,
    id: CatalogItemId,
}

fn kind_of(program: bool) -> InvitationKind {
    if program {
        InvitationKind::Program
    } else {
        InvitationKind::Course
    }
}

/// Makes courses and programs.
pub(super) async fn items(desk: &Desk, by: UserId, rows: Rows) -> Result<Vec<RowDone>, ApiError> {
    make(desk, by, &ITEMS, rows, |tx, desk, by, rows, done| {
        Box::pin(items_in(tx, desk, by, rows, done))
    })
    .await
}

async fn items_in(
    tx: &mut Tx,
    desk: &Desk,
    by: By,
    rows: &[Vec<String>],
    mut done: Done,
) -> Result<Vec<RowDone>, StorageError> {
    let at_row = |at: usize| rows.get(at).map_or(&[][..], Vec::as_slice);
    let tenants: HashMap<String, TenantId> = tx
        .every_tenant()
        .await?
        .into_iter()
        .filter(|one| !one.disabled)
        .map(|one| (one.slug, one.id))
        .collect();
    let mut items = Vec::new();
    for at in done.open() {
        let row = at_row(at);
        let owner = match cell(row, TENANT) {
            "" => None,
            slug => {
                let Some(tenant) = tenants.get(slug) else {
                    let message = "No tenant has this in its addresses. Empty: shared by all.";
                    done.say(at, TableOutcome::Invalid, TENANT, message);
                    continue;
                };
                Some(*tenant)
            }
        };
        items.push(Item {
            at,
            shelf: (owner, cell(row, 2).eq_ignore_ascii_case("program")),
            id: CatalogItemId(desk.new_id()),
        });
    }
    let shelves: BTreeSet<Shelf> = items.iter().map(|item| item.shelf).collect();
    for shelf in &shelves {
        let here = || items.iter().filter(|item| item.shelf == *shelf);
        let keys: Vec<String> = here()
            .map(|item| cell(at_row(item.at), KEY).to_owned())
            .collect();
        let known = tx.items_by_keys(shelf.0, kind_of(shelf.1), &keys).await?;
        for item in here() {
            let row = at_row(item.at);
            if let Some(known) = known.get(cell(row, KEY)) {
                done.say(item.at, TableOutcome::Exists, KEY, otherwise(known, row));
            }
        }
    }
    // Courses first: a program of the same list may hold them.
    let new = |item: &Item| NewCatalogItem {
        id: item.id,
        tenant: item.shelf.0,
        kind: kind_of(item.shelf.1),
        key: cell(at_row(item.at), KEY).to_owned(),
        title: cell(at_row(item.at), 1).to_owned(),
        created_at: by.now,
    };
    let open: BTreeSet<usize> = done.open().into_iter().collect();
    items.retain(|item| open.contains(&item.at));
    let (programs, mut made): (Vec<Item>, Vec<Item>) =
        items.into_iter().partition(|item| item.shelf.1);
    tx.insert_catalog_items(made.iter().map(new).collect())
        .await?;
    let mut parts = Vec::new();
    for (owner, _) in shelves.iter().filter(|(_, program)| *program) {
        let here = || programs.iter().filter(|item| item.shelf.0 == *owner);
        let wanted: BTreeSet<&str> = here()
            .flat_map(|item| course_keys(cell(at_row(item.at), COURSES)))
            .collect();
        let wanted: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
        let courses = courses_of(tx, *owner, &wanted).await?;
        for item in here() {
            let keys = course_keys(cell(at_row(item.at), COURSES));
            if let Some(missing) = keys.iter().find(|key| !courses.contains_key(**key)) {
                let message = format!("There is no course {missing} here.");
                done.say(item.at, TableOutcome::Invalid, COURSES, message);
                continue;
            }
            let ids: Vec<CatalogItemId> = keys
                .iter()
                .filter_map(|key| courses.get(*key).copied())
                .collect();
            parts.push((item.id, ids));
        }
    }
    let open: BTreeSet<usize> = done.open().into_iter().collect();
    let programs: Vec<Item> = programs
        .into_iter()
        .filter(|item| open.contains(&item.at))
        .collect();
    tx.insert_catalog_items(programs.iter().map(new).collect())
        .await?;
    for (program, courses) in parts {
        tx.insert_program_courses(program, &courses).await?;
    }
    made.extend(programs);
    let events = made
        .iter()
        .map(|item| {
            event(
                by,
                item.shelf.0,
                "catalog.created",
                "catalog_item",
                item.id.0,
            )
        })
        .collect();
    tx.record(events).await?;
    let owners: BTreeSet<TenantId> = made.iter().filter_map(|item| item.shelf.0).collect();
    for owner in owners {
        tx.announce(owner, by.now).await?;
    }
    Ok(done.finish())
}

/// What keys of courses mean to an owner: its own first, then the shared ones.
async fn courses_of(
    tx: &mut Tx,
    owner: Option<TenantId>,
    keys: &[String],
) -> Result<HashMap<String, CatalogItemId>, StorageError> {
    if let Some(tenant) = owner {
        let found = tx
            .catalog_by_keys(tenant, InvitationKind::Course, keys)
            .await?;
        return Ok(found
            .into_iter()
            .map(|(key, item)| (key, item.id))
            .collect());
    }
    let found = tx.items_by_keys(None, InvitationKind::Course, keys).await?;
    Ok(found
        .into_iter()
        .filter(|(_, item)| !item.archived)
        .map(|(key, item)| (key, item.id))
        .collect())
}

/// What a row says otherwise than an item; a list changes none.
fn otherwise(known: &KnownItem, row: &[String]) -> String {
    if known.archived {
        return "It is archived. Nothing was changed.".to_owned();
    }
    let title = cell(row, 1);
    if title == known.title {
        return String::new();
    }
    format!("Its title is “{}”. Nothing was changed.", known.title)
}

fn event(
    by: By,
    tenant: Option<TenantId>,
    action: &'static str,
    subject: &'static str,
    subject_id: uuid::Uuid,
) -> AuditEvent {
    AuditEvent {
        tenant,
        actor_id: Some(by.user.0),
        actor: "user",
        action,
        subject,
        subject_id,
        at: by.now,
    }
}
