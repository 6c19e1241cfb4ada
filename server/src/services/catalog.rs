//! A tenant's courses and programs.

use app::{
    api::{
        ApiError,
        catalog::{
            CatalogDetail, CatalogLine, CatalogPage, CatalogRef, CreateItem, EditItem,
            EverywherePage, FoundItem, ListCatalog, ListEverywhere, OwnedLine,
        },
        tenants::FoundTenant,
    },
    bulk::{limits::PROGRAM_COURSES_MAX, table::RowDone},
    domain::{
        id::{CatalogItemId, TenantId},
        invitation::InvitationKind,
        policy::{self, Action},
        text::{key_problem, title_problem},
        time::Timestamp,
    },
    ports::{self, Caller},
};
use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::{
    Desk,
    desk::{allow, refuse},
    people::search_words,
    upload,
};
use crate::storage::{
    AuditEvent, ItemChange, ItemFilter, ListedItem, NewCatalogItem, Owned, StorageError, Tx,
    audit_actor, fold,
};

/// Items on a page.
const PAGE: usize = 50;
/// A search is cut to this many characters and words.
const LONGEST_SEARCH: usize = 200;
const WORDS: usize = 6;
/// Invitations that one transaction revokes.
const AT_ONCE: u64 = 500;

/// See [`ports::Catalog`].
pub struct CatalogService {
    desk: Desk,
}

impl CatalogService {
    /// The service on this desk.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }

    /// Whose items a call is about: a tenant's whom the caller may manage, or (an empty
    /// slug) those shared by all, which are the super-admins'.
    async fn owner(
        &self,
        caller: &Caller,
        slug: &str,
        action: fn(TenantId) -> Action,
    ) -> Result<Option<TenantId>, ApiError> {
        if slug.is_empty() {
            allow(policy::authorise(&caller.actor, Action::SeePlatform))?;
            return Ok(None);
        }
        Ok(Some(self.desk.tenant(caller, slug, action).await?.id))
    }

    fn event(
        caller: &Caller,
        tenant: Option<TenantId>,
        item: CatalogItemId,
        action: &'static str,
        at: Timestamp,
    ) -> AuditEvent {
        let (actor_id, actor) = audit_actor(&caller.actor);
        AuditEvent {
            tenant,
            actor_id,
            actor,
            action,
            subject: "catalog_item",
            subject_id: item.0,
            at,
        }
    }
}

/// How a change ended, with what only the database knows.
enum Saved {
    Done,
    Missing,
    KeyFixed,
    UnknownCourse,
    Wrong(ApiError),
}

#[async_trait]
impl ports::Catalog for CatalogService {
    async fn find(
        &self,
        caller: &Caller,
        search: String,
        kind: InvitationKind,
    ) -> Result<Vec<FoundItem>, ApiError> {
        allow(policy::authorise(&caller.actor, Action::SeePlatform))?;
        let words = search_words(&search);
        let items = self
            .desk
            .storage
            .read(move |tx| {
                let words = words.clone();
                Box::pin(async move { tx.find_items(kind, &words).await })
            })
            .await
            .map_err(refuse)?;
        Ok(items
            .into_iter()
            .map(|item| FoundItem {
                item: item.id,
                key: item.key,
                title: item.title,
                tenant: item.tenant.map(|(slug, name)| FoundTenant { slug, name }),
            })
            .collect())
    }

    async fn list(&self, caller: &Caller, input: ListCatalog) -> Result<CatalogPage, ApiError> {
        let owner = self
            .owner(caller, &input.tenant, Action::SeeManagement)
            .await?;
        let filter = filter(
            &input.search,
            input.kind,
            input.archived,
            input.after.as_deref(),
        )?;
        let mut items = self
            .desk
            .storage
            .read(move |tx| {
                let filter = filter.clone();
                Box::pin(async move { tx.list_items(owner, &filter, PAGE as u32 + 1).await })
            })
            .await
            .map_err(refuse)?;
        let more = items.len() > PAGE;
        items.truncate(PAGE);
        let next = items.last().filter(|_| more).map(write_cursor);
        Ok(CatalogPage {
            items: items.into_iter().map(line).collect(),
            next,
        })
    }

    async fn everywhere(
        &self,
        caller: &Caller,
        input: ListEverywhere,
    ) -> Result<EverywherePage, ApiError> {
        allow(policy::authorise(&caller.actor, Action::SeePlatform))?;
        let owned = match input.owner.as_deref() {
            None => Owned::ByAny,
            Some(slug) => Owned::By(self.owner(caller, slug, Action::SeeManagement).await?),
        };
        let filter = filter(
            &input.search,
            input.kind,
            input.archived,
            input.after.as_deref(),
        )?;
        let mut items = self
            .desk
            .storage
            .read(move |tx| {
                let filter = filter.clone();
                Box::pin(async move { tx.list_everywhere(owned, &filter, PAGE as u32 + 1).await })
            })
            .await
            .map_err(refuse)?;
        let more = items.len() > PAGE;
        items.truncate(PAGE);
        let next = items
            .last()
            .filter(|_| more)
            .map(|last| write_cursor(&last.item));
        Ok(EverywherePage {
            items: items
                .into_iter()
                .map(|one| OwnedLine {
                    line: line(one.item),
                    owner: one.owner.map(|(slug, name)| FoundTenant { slug, name }),
                })
                .collect(),
            next,
        })
    }

    async fn show(&self, caller: &Caller, input: CatalogRef) -> Result<CatalogDetail, ApiError> {
        let owner = self
            .owner(caller, &input.tenant, Action::ManageTenant)
            .await?;
        let (id, item) = (owner, input.item);
        let found = self
            .desk
            .storage
            .read(move |tx| {
                Box::pin(async move {
                    let Some(found) = tx.own_item(id, item).await? else {
                        return Ok(None);
                    };
                    let used = tx.item_is_used(id, item).await?;
                    let courses = tx.program_courses(id, item).await?;
                    Ok(Some((found, used, courses)))
                })
            })
            .await
            .map_err(refuse)?;
        let (found, used, courses) = found.ok_or(ApiError::NotFound)?;
        Ok(CatalogDetail {
            line: line(found),
            used,
            courses: courses.into_iter().map(line).collect(),
        })
    }

    async fn create(&self, caller: &Caller, input: CreateItem) -> Result<CatalogItemId, ApiError> {
        let owner = self
            .owner(caller, &input.tenant, Action::ManageTenant)
            .await?;
        let (key, title) = (key_of(&input.key)?, title_of(&input.title)?);
        let courses = courses_of(input.kind, &input.courses)?;
        let now = self.desk.now();
        let item = CatalogItemId(self.desk.new_id());
        let new = NewCatalogItem {
            id: item,
            tenant: owner,
            kind: match input.kind {
                InvitationKind::Platform => {
                    return Err(ApiError::field("kind", "Choose course or program."));
                }
                kind => kind,
            },
            key,
            title,
            created_at: now,
        };
        let event = Self::event(caller, owner, item, "catalog.created", now);
        let saved = self
            .desk
            .storage
            .write(move |tx| {
                let (new, courses, event) = (new.clone(), courses.clone(), event.clone());
                Box::pin(async move {
                    if tx.count_courses(owner, &courses).await? != courses.len() {
                        return Ok(Saved::UnknownCourse);
                    }
                    tx.insert_catalog_items(vec![new]).await?;
                    tx.insert_program_courses(item, &courses).await?;
                    tx.record(vec![event]).await?;
                    announce(tx, owner, now).await?;
                    Ok(Saved::Done)
                })
            })
            .await;
        answer(saved).map(|()| item)
    }

    async fn upload(
        &self,
        caller: &Caller,
        rows: Vec<Vec<String>>,
    ) -> Result<Vec<RowDone>, ApiError> {
        allow(policy::authorise(&caller.actor, Action::SeePlatform))?;
        let by = self.desk.user(caller)?.user;
        upload::items(&self.desk, by, rows).await
    }

    async fn edit(&self, caller: &Caller, input: EditItem) -> Result<(), ApiError> {
        let owner = self
            .owner(caller, &input.tenant, Action::ManageTenant)
            .await?;
        let (key, title) = (input.key.trim().to_owned(), title_of(&input.title)?);
        // A key from elsewhere may be unlike ours, and stays.
        let new_key = key_of(&input.key).map(drop);
        let courses = courses_of(InvitationKind::Program, &input.courses)?;
        let (item, now) = (input.item, self.desk.now());
        let event = Self::event(caller, owner, item, "catalog.edited", now);
        let saved = self
            .desk
            .storage
            .write(move |tx| {
                let (key, title) = (key.clone(), title.clone());
                let (courses, event) = (courses.clone(), event.clone());
                let new_key = new_key.clone();
                Box::pin(async move {
                    let Some(known) = tx.own_item(owner, item).await? else {
                        return Ok(Saved::Missing);
                    };
                    if let Err(wrong) = new_key
                        && known.key != key
                    {
                        return Ok(Saved::Wrong(wrong));
                    }
                    let is_program = known.kind == InvitationKind::Program;
                    if (!is_program && !courses.is_empty())
                        || tx.count_courses(owner, &courses).await? != courses.len()
                    {
                        return Ok(Saved::UnknownCourse);
                    }
                    match tx.edit_item(owner, item, &key, &title).await? {
                        ItemChange::Done => {}
                        ItemChange::Missing => return Ok(Saved::Missing),
                        ItemChange::KeyFixed => return Ok(Saved::KeyFixed),
                    }
                    if is_program {
                        tx.replace_program_courses(item, &courses).await?;
                    }
                    tx.record(vec![event]).await?;
                    announce(tx, owner, now).await?;
                    Ok(Saved::Done)
                })
            })
            .await;
        answer(saved)
    }

    async fn archive(&self, caller: &Caller, input: CatalogRef) -> Result<u64, ApiError> {
        let owner = self
            .owner(caller, &input.tenant, Action::ManageTenant)
            .await?;
        let (id, item, now) = (owner, input.item, self.desk.now());
        let event = Self::event(caller, id, item, "catalog.archived", now);
        let actor = audit_actor(&caller.actor);
        let first = self
            .desk
            .storage
            .write(move |tx| {
                let event = event.clone();
                Box::pin(async move {
                    if tx.own_item(id, item).await?.is_none() {
                        return Ok(None);
                    }
                    // Again after an answer that was lost: what is left is revoked.
                    if tx.archive_item(id, item, now).await? {
                        tx.record(vec![event]).await?;
                        announce(tx, id, now).await?;
                    }
                    tx.revoke_to_item(id, item, ARCHIVED, actor, now)
                        .await
                        .map(Some)
                })
            })
            .await
            .map_err(refuse)?
            .ok_or(ApiError::NotFound)?;
        // What is left is neutral by now: nobody accepts it meanwhile.
        let (mut all, mut last) = (first, first);
        while last == AT_ONCE {
            last = self
                .desk
                .storage
                .write(move |tx| Box::pin(tx.revoke_to_item(id, item, ARCHIVED, actor, now)))
                .await
                .map_err(refuse)?;
            all += last;
        }
        Ok(all)
    }
}

/// Which items, as the database is asked.
fn filter(
    search: &str,
    kind: Option<InvitationKind>,
    archived: bool,
    after: Option<&str>,
) -> Result<ItemFilter, ApiError> {
    let search: String = search.chars().take(LONGEST_SEARCH).collect();
    Ok(ItemFilter {
        words: fold(&search)
            .split_whitespace()
            .take(WORDS)
            .map(str::to_owned)
            .collect(),
        kind,
        archived,
        after: match after {
            None | Some("") => (String::new(), Uuid::nil()),
            Some(text) => read_cursor(text).ok_or_else(|| ApiError::BadRequest {
                message: "The page to go on from could not be read.".to_owned(),
            })?,
        },
    })
}

/// Tells the pages of everybody who sees an owner's items.
async fn announce(tx: &mut Tx, owner: Option<TenantId>, at: Timestamp) -> Result<(), StorageError> {
    if let Some(tenant) = owner {
        return tx.announce(tenant, at).await;
    }
    for tenant in tx.every_tenant().await? {
        if !tenant.disabled {
            tx.announce(tenant.id, at).await?;
        }
    }
    Ok(())
}

/// What a revoked invitation says about why.
const ARCHIVED: &str = "It was archived: nobody can be invited to it any more.";

fn answer(saved: Result<Saved, StorageError>) -> Result<(), ApiError> {
    match saved {
        Ok(Saved::Done) => Ok(()),
        Ok(Saved::Wrong(wrong)) => Err(wrong),
        Ok(Saved::Missing) => Err(ApiError::NotFound),
        Ok(Saved::KeyFixed) => Err(ApiError::field(
            "key",
            "Somebody was invited by this key, so it stays as it is. Nothing was changed.",
        )),
        Ok(Saved::UnknownCourse) => Err(ApiError::field(
            "courses",
            "One of the courses is not in your catalog. Nothing was changed.",
        )),
        Err(StorageError::Unique { .. }) => Err(ApiError::field(
            "key",
            "Another item of your catalog has this key. Nothing was changed.",
        )),
        Err(error) => Err(refuse(error)),
    }
}

/// A key, trimmed; or what is wrong with it.
fn key_of(key: &str) -> Result<String, ApiError> {
    let key = key.trim();
    match key_problem(key) {
        Some(problem) => Err(ApiError::field("key", problem)),
        None => Ok(key.to_owned()),
    }
}

/// A title, trimmed; or what is wrong with it.
fn title_of(title: &str) -> Result<String, ApiError> {
    let title = title.trim();
    match title_problem(title) {
        Some(problem) => Err(ApiError::field("title", problem)),
        None => Ok(title.to_owned()),
    }
}

/// A program's courses, each once; a course has none.
fn courses_of(
    kind: InvitationKind,
    courses: &[CatalogItemId],
) -> Result<Vec<CatalogItemId>, ApiError> {
    if courses.len() > PROGRAM_COURSES_MAX {
        return Err(ApiError::field(
            "courses",
            "A program has at most 200 courses.",
        ));
    }
    if kind != InvitationKind::Program && !courses.is_empty() {
        return Err(ApiError::field("courses", "Only a program has courses."));
    }
    let mut each = Vec::new();
    for course in courses {
        if !each.contains(course) {
            each.push(*course);
        }
    }
    Ok(each)
}

fn line(item: ListedItem) -> CatalogLine {
    CatalogLine {
        item: item.id,
        kind: item.kind,
        key: item.key,
        title: item.title,
        own: item.own,
        archived: item.archived,
        courses: item.courses,
        live: item.live,
    }
}

fn write_cursor(item: &ListedItem) -> String {
    let mut bytes = item.id.0.as_bytes().to_vec();
    bytes.extend_from_slice(item.search_text.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read_cursor(text: &str) -> Option<(String, Uuid)> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (id, search_text) = bytes.split_at_checked(16)?;
    // PostgreSQL refuses a NUL, and no folded text has one.
    let search_text = String::from_utf8(search_text.to_vec())
        .ok()
        .filter(|text| !text.contains('\0'))?;
    Some((search_text, Uuid::from_slice(id).ok()?))
}
