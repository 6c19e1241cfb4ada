//! The members of a tenant.

use app::{
    api::{
        ApiError,
        people::{ListPeople, PeoplePage, PersonLine},
    },
    domain::policy::Action,
    ports::{self, Caller},
};
use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Desk, desk::refuse};
use crate::storage::{AfterMember, Member, display_name, fold};

/// Members on a page.
const PAGE: usize = 50;
/// More words narrow nothing that a person would type.
const WORDS: usize = 6;
/// A search is cut to this many characters.
const LONGEST_SEARCH: usize = 200;

/// See [`ports::People`].
pub struct PeopleService {
    desk: Desk,
}

impl PeopleService {
    /// The service on this desk.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }
}

#[async_trait]
impl ports::People for PeopleService {
    async fn list(&self, caller: &Caller, input: ListPeople) -> Result<PeoplePage, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::SeeManagement)
            .await?;
        let after = match input.after.as_deref() {
            None | Some("") => AfterMember::default(),
            Some(text) => read_cursor(text).ok_or_else(|| ApiError::BadRequest {
                message: "The page to go on from could not be read.".to_owned(),
            })?,
        };
        let search: String = input.search.chars().take(LONGEST_SEARCH).collect();
        let words: Vec<String> = fold(&search)
            .split(' ')
            .filter(|word| !word.is_empty())
            .take(WORDS)
            .map(str::to_owned)
            .collect();
        let mut members = self
            .desk
            .storage
            .read(move |tx| {
                let (words, after) = (words.clone(), after.clone());
                Box::pin(async move { tx.members(tenant.id, &words, after, PAGE as u32 + 1).await })
            })
            .await
            .map_err(refuse)?;
        let more = members.len() > PAGE;
        members.truncate(PAGE);
        let next = members.last().filter(|_| more).map(write_cursor);
        Ok(PeoplePage {
            people: members.into_iter().map(line).collect(),
            next,
        })
    }
}

fn line(member: Member) -> PersonLine {
    PersonLine {
        user: member.user,
        name: display_name(&member.first_name, &member.last_name, &member.email),
        email: member.email,
        role: member.role,
        group: member.labels,
        joined_at: member.joined_at,
    }
}

fn write_cursor(member: &Member) -> String {
    let mut bytes = member.user.0.as_bytes().to_vec();
    bytes.extend_from_slice(member.search_text.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read_cursor(text: &str) -> Option<AfterMember> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (id, search_text) = bytes.split_at_checked(16)?;
    Some(AfterMember {
        // PostgreSQL refuses a NUL, and no folded text has one.
        search_text: String::from_utf8(search_text.to_vec())
            .ok()
            .filter(|text| !text.contains('\0'))?,
        user: uuid::Uuid::from_slice(id).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_that_was_tampered_with_is_refused() {
        assert!(read_cursor("").is_none());
        assert!(read_cursor("!!").is_none());
        assert!(read_cursor(&URL_SAFE_NO_PAD.encode([0; 15])).is_none());
        assert!(read_cursor(&URL_SAFE_NO_PAD.encode([0xff; 17])).is_none());
        assert!(read_cursor(&URL_SAFE_NO_PAD.encode([0; 17])).is_none());
    }
}
