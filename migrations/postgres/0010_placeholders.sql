-- Blank placeholders. A redemption code is a link that is found by a keyed hash, dies as
-- links do, and is good for whoever has it.
ALTER TABLE links DROP CONSTRAINT links_purpose_check;
ALTER TABLE links ADD CONSTRAINT links_purpose_check
    CHECK (purpose IN ('mail', 'reminder', 'copy', 'code'));
-- The code itself, sealed under the key of the data folder; NULL: no code, or a dead one.
ALTER TABLE links ADD COLUMN sealed BYTEA CHECK (sealed IS NULL OR purpose = 'code');

-- The blank ones of a batch share their source.
CREATE INDEX bundles_source ON bundles (tenant_id, source, id) WHERE source <> '';
