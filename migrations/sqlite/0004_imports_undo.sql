-- Imports that end otherwise than done: failed, undone; what an import made, so that it
-- can be taken back; the rows that failed, so that they can be downloaded again.

DROP INDEX imports_jobs;
ALTER TABLE imports RENAME COLUMN state TO state_before;
ALTER TABLE imports ADD COLUMN state TEXT NOT NULL DEFAULT 'receiving'
    CHECK (state IN ('receiving', 'committing', 'done', 'rejected', 'failed', 'undoing', 'undone'));
UPDATE imports SET state = state_before;
ALTER TABLE imports DROP COLUMN state_before;
-- times that a worker took it without coming on
ALTER TABLE imports ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
-- why it failed; empty where it did not
ALTER TABLE imports ADD COLUMN failure TEXT NOT NULL DEFAULT '';
-- when rows last got their outcome
ALTER TABLE imports ADD COLUMN advanced_at BIGINT;
-- rows that would make administrators: those that came, and those that were confirmed
ALTER TABLE imports ADD COLUMN admins BIGINT NOT NULL DEFAULT 0;
ALTER TABLE imports ADD COLUMN admins_confirmed BIGINT NOT NULL DEFAULT 0;
CREATE INDEX imports_jobs ON imports (lease_until) WHERE state IN ('committing', 'undoing');

-- A row that failed, as JSON (RowDraft); forgotten after 30 days.
ALTER TABLE import_rows ADD COLUMN draft TEXT;

-- The import that made it; NULL: none did.
ALTER TABLE invitations ADD COLUMN import_id BLOB;
UPDATE invitations SET import_id = (SELECT b.import_id FROM bundles b
    WHERE b.id = invitations.bundle_id AND b.created_at = invitations.created_at);
CREATE INDEX invitations_import ON invitations (import_id)
    WHERE import_id IS NOT NULL AND status IN ('unassigned', 'scheduled', 'pending');

-- The import that asked for the mail; NULL: none did.
ALTER TABLE outbox ADD COLUMN import_id BLOB;
UPDATE outbox SET import_id = (SELECT b.import_id FROM bundles b
    WHERE b.id = outbox.bundle_id AND b.created_at = outbox.created_at);
