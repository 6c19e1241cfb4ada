-- The tenant's desk: sorts of the list, acts in bulk, quotas of mails, and people who
-- asked never to be invited.

-- When the leading status changed last (ADR 0004).
ALTER TABLE bundles ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;
UPDATE bundles SET changed_at = COALESCE((SELECT MAX(i.status_changed_at) FROM invitations i
    WHERE i.bundle_id = bundles.id AND i.status = bundles.status), bundles.created_at);
CREATE INDEX bundles_expires ON bundles (tenant_id, expires_at, id);
CREATE INDEX bundles_changed ON bundles (tenant_id, changed_at, id);
CREATE INDEX bundles_invitee ON bundles (tenant_id, search_text, id);
CREATE INDEX bundles_inviter ON bundles (tenant_id, inviter_id, id);

-- What each batch of an act in bulk answered: the same key gets the same answer.
CREATE TABLE bulk_batches (
    tenant_id       BLOB   NOT NULL REFERENCES tenants (id),
    user_id         BLOB   NOT NULL REFERENCES users (id),
    idempotency_key TEXT    NOT NULL,
    content_hash    TEXT    NOT NULL,
    -- JSON of what was answered
    answer          TEXT    NOT NULL,
    created_at      BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, user_id, idempotency_key)
);
CREATE INDEX bulk_batches_old ON bulk_batches (created_at);

-- Mails that may be queued within 24 hours: by the whole tenant, for one inviter's
-- invitations, and to one address.
ALTER TABLE tenants ADD COLUMN mails_a_day BIGINT NOT NULL DEFAULT 1000000;
ALTER TABLE tenants ADD COLUMN mails_a_day_per_inviter BIGINT NOT NULL DEFAULT 500000;
ALTER TABLE tenants ADD COLUMN mails_a_day_per_address BIGINT NOT NULL DEFAULT 5;
CREATE INDEX outbox_day ON outbox (tenant_id, created_at);

-- Who asked never to be invited: by one tenant, or by any (the nil id). The address is a
-- keyed hash; the key is in the data folder.
CREATE TABLE suppressions (
    scope        BLOB   NOT NULL,
    address_hash BLOB  NOT NULL,
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (scope, address_hash)
);

-- The tenant's catalog, by name.
CREATE INDEX catalog_items_desk ON catalog_items (tenant_id, search_text, id);
