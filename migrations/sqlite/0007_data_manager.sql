-- The Data Manager: invitations made by hand, search as one types, counts over all tenants.

-- Made without a mail on purpose: its link is copied (I4).
ALTER TABLE bundles ADD COLUMN no_mail BIGINT NOT NULL DEFAULT 0 CHECK (no_mail IN (0, 1));

-- When what its courses and programs give begins and ends; copied on acceptance.
ALTER TABLE bundles ADD COLUMN starts_at BIGINT;
ALTER TABLE bundles ADD COLUMN ends_at BIGINT;

-- Words that are found by their beginning, or (starts = 0) from within (ADR 0010).
CREATE TABLE search_words (
    -- user, course or program
    scope  TEXT   NOT NULL,
    starts BIGINT NOT NULL CHECK (starts IN (0, 1)),
    word   TEXT NOT NULL,
    id     BLOB   NOT NULL,
    PRIMARY KEY (scope, starts, word, id)
) WITHOUT ROWID;

-- The text that stands in search_words; a job writes it anew where it differs.
ALTER TABLE users ADD COLUMN found_text TEXT NOT NULL DEFAULT '';
CREATE INDEX users_unfound ON users (id)
    WHERE found_text <> search_text || ' ' || COALESCE(username, '');
ALTER TABLE catalog_items ADD COLUMN found_text TEXT NOT NULL DEFAULT '';
CREATE INDEX catalog_items_unfound ON catalog_items (id) WHERE found_text <> search_text;

CREATE INDEX invitations_kind ON invitations (kind, status, bundle_id);
CREATE INDEX bundles_placeholder ON bundles (status) WHERE user_id IS NULL;
