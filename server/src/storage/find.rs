//! What is found while one types: words by their beginning, or from within (ADR 0010).

use std::collections::{BTreeMap, BTreeSet, HashSet};

use app::domain::{
    id::{CatalogItemId, TenantId, UserId},
    invitation::InvitationKind,
};
use uuid::Uuid;

use super::{
    Arg, FromBoth, StorageError, Tx, contains_pattern, display_name, in_list, insert_many,
};
use crate::args;

/// Answers to one search.
const FOUND: usize = 20;
/// Rows of one step of a search: a person may have the beginning in several words.
const ROWS: i64 = 60;
/// Words that one search looks at, where further words choose among them.
const LOOKED_AT: i64 = 5_000;
/// Characters of a word that are kept.
const LONGEST: usize = 32;
/// From so many characters on a word is found from within.
const WITHIN: usize = 3;
/// Further words that choose.
const FURTHER: usize = 2;

/// Somebody who is found.
#[derive(Clone, Debug)]
pub struct FoundAccount {
    /// The account.
    pub id: UserId,
    /// First and last name, or the address.
    pub name: String,
    /// As typed.
    pub email: String,
    /// May be empty.
    pub username: String,
}

/// An item that is found.
#[derive(Clone, Debug)]
pub struct FoundCatalogItem {
    /// The item.
    pub id: CatalogItemId,
    /// As it stands in a CSV.
    pub key: String,
    /// On the screen.
    pub title: String,
    /// Slug and name of its owner; `None`: shared.
    pub tenant: Option<(String, String)>,
}

/// Whose words are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// Accounts.
    Users,
    /// Courses and programs.
    Catalog,
}

#[derive(sqlx::FromRow)]
struct UserRow {
    id: Uuid,
    first_name: String,
    last_name: String,
    email_typed: String,
    username: Option<String>,
}

#[derive(sqlx::FromRow)]
struct ItemRow {
    id: Uuid,
    key: String,
    title: String,
    slug: Option<String>,
    tenant: Option<String>,
}

#[derive(sqlx::FromRow)]
struct CountRow {
    n: i64,
}

#[derive(sqlx::FromRow)]
struct StaleRow {
    id: Uuid,
    scope: String,
    old: String,
    new: String,
}

/// The ids of those few, as `f`: `$4` and `$5` are from and up to; and of those whose words
/// are not written yet.
pub(super) const FEW_USERS: &str = "(
        SELECT id FROM search_words
            WHERE scope = 'user' AND starts = 1 AND word >= $4 AND word < $5
        UNION SELECT id FROM search_words
            WHERE scope = 'user' AND starts = 0 AND word >= $4 AND word < $5
        UNION SELECT id FROM users
            WHERE found_text <> search_text || ' ' || COALESCE(username, '')) f";
// $1 scope, $2 starts, $3 and $4 the range of words, $5 and $6 patterns, $7 how many words
// are looked at, $8 how many rows are given.
const USERS: &str = "SELECT u.id, u.first_name, u.last_name, u.email_typed, u.username
    FROM (SELECT id, word FROM search_words
        WHERE scope = $1 AND starts = $2 AND word >= $3 AND word < $4
        ORDER BY word, id LIMIT $7) w
    JOIN users u ON u.id = w.id
    WHERE u.deactivated_at IS NULL AND u.deleted_at IS NULL
      AND u.found_text LIKE $5 ESCAPE '\\' AND u.found_text LIKE $6 ESCAPE '\\'
    ORDER BY w.word, w.id LIMIT $8";
const ITEMS: &str = "SELECT c.id, c.key, c.title, t.slug, t.name AS tenant
    FROM (SELECT id, word FROM search_words
        WHERE scope = $1 AND starts = $2 AND word >= $3 AND word < $4
        ORDER BY word, id LIMIT $7) w
    JOIN catalog_items c ON c.id = w.id
    LEFT JOIN tenants t ON t.id = c.tenant_id
    WHERE c.archived_at IS NULL AND t.disabled_at IS NULL
      AND c.found_text LIKE $5 ESCAPE '\\' AND c.found_text LIKE $6 ESCAPE '\\'
    ORDER BY w.word, w.id LIMIT $8";
const HOW_MANY: &str = "SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM search_words
    WHERE scope = $1 AND starts IN (0, 1) AND word >= $2 AND word < $3 LIMIT $4) AS few";
const TENANTS: &str = "SELECT slug, name FROM tenants WHERE disabled_at IS NULL
    ORDER BY name, slug";
const INVITABLE: &str = "SELECT id, kind FROM catalog_items
    WHERE id = $1 AND (tenant_id = $2 OR tenant_id IS NULL) AND archived_at IS NULL";
const STALE_USERS: &str = "SELECT id, 'user' AS scope, found_text AS old,
        search_text || ' ' || COALESCE(username, '') AS new
    FROM users WHERE found_text <> search_text || ' ' || COALESCE(username, '') LIMIT $1";
const STALE_ITEMS: &str = "SELECT id, kind AS scope, found_text AS old, search_text AS new
    FROM catalog_items WHERE found_text <> search_text LIMIT $1";
const FRESH_USER: &str = "UPDATE users SET found_text = $3 WHERE id = $1 AND found_text = $2";
const FRESH_ITEM: &str =
    "UPDATE catalog_items SET found_text = $3 WHERE id = $1 AND found_text = $2";
const FORGET: &str = "DELETE FROM search_words
    WHERE scope = $1 AND starts = $2 AND word = $3 AND id = $4";

/// What a text is found by: `(starts, word)`. A word's parts begin after every sign that is
/// neither letter nor digit; from within it is found before an `@`.
fn words_of(text: &str) -> BTreeSet<(i64, String)> {
    let mut words = BTreeSet::new();
    for token in text.split_whitespace() {
        let letters: Vec<char> = token.chars().collect();
        let inner = letters
            .iter()
            .position(|c| *c == '@')
            .unwrap_or(letters.len());
        let mut fresh = true;
        for (place, letter) in letters.iter().enumerate() {
            let starts = place == 0 || (fresh && letter.is_alphanumeric());
            fresh = !letter.is_alphanumeric();
            if !starts && (place >= inner || letters.len() - place < WITHIN) {
                continue;
            }
            let word: String = letters.iter().skip(place).take(LONGEST).collect();
            words.insert((i64::from(starts), word));
        }
    }
    words
}

impl Tx {
    /// The rows of `sql` for the folded words of a search: first by beginnings, then from
    /// within, each thing once.
    async fn found<R: FromBoth>(
        &mut self,
        sql: &'static str,
        scope: &'static str,
        words: &[String],
        id: fn(&R) -> Uuid,
    ) -> Result<Vec<R>, StorageError> {
        // The longest word says most.
        let Some(lead) = words.iter().max_by_key(|word| word.len()) else {
            return Ok(Vec::new());
        };
        let mut patterns = words
            .iter()
            .filter(|word| *word != lead)
            .take(FURTHER)
            .map(|word| contains_pattern(word));
        let (one, other) = (patterns.next(), patterns.next());
        let looked_at = if one.is_some() { LOOKED_AT } else { 10 * ROWS };
        let any = || "%".to_owned();
        let (one, other) = (one.unwrap_or_else(any), other.unwrap_or_else(any));
        let from: String = lead.chars().take(LONGEST).collect();
        let to = format!("{from}\u{10ffff}");
        let mut found: Vec<R> = Vec::new();
        let mut seen = HashSet::new();
        for starts in [1_i64, 0] {
            if found.len() >= FOUND || (starts == 0 && lead.chars().count() < WITHIN) {
                break;
            }
            let args = args![
                scope,
                starts,
                from.as_str(),
                to.as_str(),
                one.as_str(),
                other.as_str(),
                looked_at,
                ROWS
            ];
            let rows = self.all::<R>(sql, args).await?;
            found.extend(rows.into_iter().filter(|row| seen.insert(id(row))));
        }
        found.truncate(FOUND);
        Ok(found)
    }

    /// What narrows a list of accounts to the few that can have these folded words: the
    /// longest one from and up to, for [`FEW_USERS`]. `None` where they are not few: then
    /// the list itself meets them soon enough.
    pub(super) async fn few_users(
        &mut self,
        words: &[String],
    ) -> Result<Option<[String; 2]>, StorageError> {
        let Some(lead) = words.iter().max_by_key(|word| word.chars().count()) else {
            return Ok(None);
        };
        let from: String = lead.chars().take(LONGEST).collect();
        let to = format!("{from}\u{10ffff}");
        let args = args!["user", from.as_str(), to.as_str(), LOOKED_AT + 1];
        let count = self.one::<CountRow>(HOW_MANY, args).await?;
        Ok((count.n <= LOOKED_AT).then_some([from, to]))
    }

    /// Accounts that can sign in and have all these folded words.
    pub async fn find_users(
        &mut self,
        words: &[String],
    ) -> Result<Vec<FoundAccount>, StorageError> {
        let rows = self
            .found::<UserRow>(USERS, "user", words, |row| row.id)
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| FoundAccount {
                id: UserId(row.id),
                name: display_name(&row.first_name, &row.last_name, &row.email_typed),
                email: row.email_typed,
                username: row.username.unwrap_or_default(),
            })
            .collect())
    }

    /// The enabled tenants of these users: `(user, slug, name)`, by name.
    pub async fn tenants_of_users(
        &mut self,
        users: &[UserId],
    ) -> Result<Vec<(UserId, String, String)>, StorageError> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT m.user_id, t.slug, t.name FROM memberships m
             JOIN tenants t ON t.id = m.tenant_id
             WHERE m.user_id IN ({}) AND t.disabled_at IS NULL ORDER BY t.name, t.slug",
            in_list(1, users.len())
        );
        let args = users.iter().map(|user| Arg::from(*user)).collect();
        let rows: Vec<(Uuid, String, String)> = self.all_composed(sql, args).await?;
        Ok(rows
            .into_iter()
            .map(|(user, slug, name)| (UserId(user), slug, name))
            .collect())
    }

    /// Any tenant's items that may be invited to and have all these folded words.
    pub async fn find_items(
        &mut self,
        kind: InvitationKind,
        words: &[String],
    ) -> Result<Vec<FoundCatalogItem>, StorageError> {
        let rows = self
            .found::<ItemRow>(ITEMS, kind.as_str(), words, |row| row.id)
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| FoundCatalogItem {
                id: CatalogItemId(row.id),
                key: row.key,
                title: row.title,
                tenant: row.slug.zip(row.tenant),
            })
            .collect())
    }

    /// Slug and name of every enabled tenant, by name.
    pub async fn tenant_names(&mut self) -> Result<Vec<(String, String)>, StorageError> {
        self.all(TENANTS, args![]).await
    }

    /// The kind of an item that may be invited to in `tenant`: its own, or shared.
    pub async fn invitable(
        &mut self,
        tenant: TenantId,
        item: CatalogItemId,
    ) -> Result<Option<InvitationKind>, StorageError> {
        let row: Option<(Uuid, String)> = self.optional(INVITABLE, args![item, tenant]).await?;
        Ok(row.and_then(|(_, kind)| InvitationKind::parse(&kind)))
    }

    /// Whether there is a text that is not found as it stands.
    pub async fn anything_unfound(&mut self) -> Result<bool, StorageError> {
        for sql in [STALE_USERS, STALE_ITEMS] {
            if !self.all::<StaleRow>(sql, args![1_i64]).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Writes the words of at most `limit` texts that are not found as they stand; how many
    /// texts.
    pub async fn keep_words(&mut self, of: Words, limit: u32) -> Result<usize, StorageError> {
        let (stale, fresh) = match of {
            Words::Users => (STALE_USERS, FRESH_USER),
            Words::Catalog => (STALE_ITEMS, FRESH_ITEM),
        };
        let texts = self.all::<StaleRow>(stale, args![i64::from(limit)]).await?;
        let mut added: BTreeMap<(String, i64, String), BTreeSet<Uuid>> = BTreeMap::new();
        for text in &texts {
            let args = args![text.id, text.old.as_str(), text.new.as_str()];
            if self.execute(fresh, args).await? == 0 {
                continue;
            }
            let (old, new) = (words_of(&text.old), words_of(&text.new));
            for (starts, word) in old.difference(&new) {
                let args = args![text.scope.as_str(), *starts, word.as_str(), text.id];
                self.execute(FORGET, args).await?;
            }
            for (starts, word) in new.difference(&old) {
                added
                    .entry((text.scope.clone(), *starts, word.clone()))
                    .or_default()
                    .insert(text.id);
            }
        }
        let rows = added
            .into_iter()
            .flat_map(|((scope, starts, word), ids)| {
                ids.into_iter()
                    .map(move |id| args![scope.as_str(), starts, word.as_str(), id])
            })
            .collect();
        insert_many(
            self,
            "INSERT INTO search_words (scope, starts, word, id)",
            4,
            "ON CONFLICT DO NOTHING",
            rows,
        )
        .await?;
        Ok(texts.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_by_beginnings_and_from_within() {
        let words = words_of("ada lovelace ada.l@acme.test");
        let has = |starts: i64, word: &str| words.contains(&(starts, word.to_owned()));
        assert!(has(1, "ada") && has(1, "lovelace") && has(1, "ada.l@acme.test"));
        assert!(has(1, "acme.test") && has(1, "test") && has(1, "l@acme.test"));
        assert!(has(0, "lace") && has(0, "ace") && !has(0, "ce"));
        assert!(!has(0, "est") && !has(0, "cme.test"));
        assert!(words_of(" ").is_empty());
        let long = "x".repeat(80);
        assert!(
            words_of(&long)
                .iter()
                .all(|(_, word)| word.len() <= LONGEST)
        );
    }
}
