-- Blank placeholders. A redemption code is a link that is found by a keyed hash, dies as
-- links do, and is good for whoever has it.
ALTER TABLE links RENAME COLUMN purpose TO purpose_before;
ALTER TABLE links ADD COLUMN purpose TEXT NOT NULL DEFAULT 'mail'
    CHECK (purpose IN ('mail', 'reminder', 'copy', 'code'));
UPDATE links SET purpose = purpose_before;
ALTER TABLE links DROP COLUMN purpose_before;
-- The code itself, sealed under the key of the data folder; NULL: no code, or a dead one.
ALTER TABLE links ADD COLUMN sealed BLOB CHECK (sealed IS NULL OR purpose = 'code');

-- The blank ones of a batch share their source.
CREATE INDEX bundles_source ON bundles (tenant_id, source, id) WHERE source <> '';
