-- Lists over all tenants: an index for each order, and for what an app shows; acts in
-- bulk across tenants.

CREATE INDEX bundles_all_expires ON bundles (expires_at, id);
CREATE INDEX bundles_all_changed ON bundles (changed_at, id);
CREATE INDEX bundles_all_invitee ON bundles (search_text, id);
CREATE INDEX bundles_all_status ON bundles (status, id);

-- A whole address is found at once, in one tenant and in all.
DROP INDEX bundles_email;
CREATE INDEX bundles_email ON bundles (email, tenant_id);
DROP INDEX bundles_import;
CREATE INDEX bundles_import ON bundles (import_id, id) WHERE import_id IS NOT NULL;

CREATE INDEX invitations_app ON invitations (kind, bundle_id);
CREATE INDEX invitations_target ON invitations (target_id, bundle_id);
-- What the placeholder app counts: bound to an address, or to nobody yet.
DROP INDEX bundles_placeholder;
CREATE INDEX invitations_placeholder ON invitations (status, bundle_id)
    WHERE binding <> 'user';

-- A batch may be about many tenants: then its tenant is the nil id.
CREATE TABLE bulk_batches_next (
    tenant_id       BLOB   NOT NULL,
    user_id         BLOB   NOT NULL REFERENCES users (id),
    idempotency_key TEXT    NOT NULL,
    content_hash    TEXT    NOT NULL,
    answer          TEXT    NOT NULL,
    created_at      BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, user_id, idempotency_key)
);
INSERT INTO bulk_batches_next
    (tenant_id, user_id, idempotency_key, content_hash, answer, created_at)
    SELECT tenant_id, user_id, idempotency_key, content_hash, answer, created_at
    FROM bulk_batches;
DROP TABLE bulk_batches;
ALTER TABLE bulk_batches_next RENAME TO bulk_batches;
CREATE INDEX bulk_batches_old ON bulk_batches (created_at);

-- The record of who did what: by person, and by act.
CREATE INDEX audit_actor ON audit_events (actor_id, id);
CREATE INDEX audit_action ON audit_events (action, id);
