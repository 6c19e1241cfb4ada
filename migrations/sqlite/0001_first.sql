-- Beckon's first schema. The same numbers and names stand for both engines;
-- only the type words differ (BLOB and UUID, BLOB and BYTEA).
-- Times are BIGINT milliseconds since 1970 UTC. Booleans are 0 or 1.

CREATE TABLE users (
    id             BLOB  NOT NULL PRIMARY KEY,
    -- canonical form (app::domain::email), compared as bytes
    email          TEXT    NOT NULL,
    email_typed    TEXT    NOT NULL,
    email_verified BIGINT  NOT NULL CHECK (email_verified IN (0, 1)),
    username       TEXT,
    first_name     TEXT    NOT NULL,
    last_name      TEXT    NOT NULL,
    -- folded name and address, for search
    search_text    TEXT    NOT NULL,
    -- PHC string; NULL: gets in by the reset path
    password_hash  TEXT,
    super_admin    BIGINT  NOT NULL DEFAULT 0 CHECK (super_admin IN (0, 1)),
    created_at     BIGINT  NOT NULL,
    deactivated_at BIGINT
);
CREATE UNIQUE INDEX users_email ON users (email);
CREATE UNIQUE INDEX users_username ON users (username) WHERE username IS NOT NULL;

CREATE TABLE sessions (
    -- SHA-256 of the cookie's 32 bytes
    token_hash     BLOB  NOT NULL PRIMARY KEY,
    id             BLOB  NOT NULL UNIQUE,
    user_id        BLOB  NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at     BIGINT  NOT NULL,
    last_seen_at   BIGINT  NOT NULL,
    expires_at     BIGINT  NOT NULL,
    user_agent     TEXT    NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE tenants (
    id                  BLOB  NOT NULL PRIMARY KEY,
    slug                TEXT    NOT NULL UNIQUE,
    name                TEXT    NOT NULL,
    time_zone           TEXT    NOT NULL,
    default_expiry_days BIGINT  NOT NULL DEFAULT 30,
    hold_seconds        BIGINT  NOT NULL DEFAULT 60,
    reveal_links        BIGINT  NOT NULL DEFAULT 0 CHECK (reveal_links IN (0, 1)),
    seat_limit          BIGINT,
    created_at          BIGINT  NOT NULL,
    disabled_at         BIGINT
);

CREATE TABLE memberships (
    tenant_id     BLOB  NOT NULL REFERENCES tenants (id),
    user_id       BLOB  NOT NULL REFERENCES users (id),
    role          TEXT    NOT NULL CHECK (role IN ('learner', 'instructor', 'admin')),
    labels        TEXT    NOT NULL DEFAULT '',
    external_id   TEXT,
    created_at    BIGINT  NOT NULL,
    -- the invitation it came from (I3); NULL: made by hand or as demo data
    invitation_id BLOB,
    PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);
CREATE UNIQUE INDEX memberships_external ON memberships (tenant_id, external_id)
    WHERE external_id IS NOT NULL;

CREATE TABLE catalog_items (
    id          BLOB  NOT NULL PRIMARY KEY,
    -- NULL: shared by all tenants
    tenant_id   BLOB  REFERENCES tenants (id),
    kind        TEXT    NOT NULL CHECK (kind IN ('course', 'program')),
    key         TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    search_text TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    archived_at BIGINT
);
CREATE UNIQUE INDEX catalog_items_own ON catalog_items (tenant_id, kind, key)
    WHERE tenant_id IS NOT NULL;
CREATE UNIQUE INDEX catalog_items_shared ON catalog_items (kind, key) WHERE tenant_id IS NULL;

CREATE TABLE program_courses (
    program_id BLOB  NOT NULL REFERENCES catalog_items (id),
    course_id  BLOB  NOT NULL REFERENCES catalog_items (id),
    position   BIGINT  NOT NULL,
    PRIMARY KEY (program_id, course_id)
);

CREATE TABLE imports (
    id               BLOB  NOT NULL PRIMARY KEY,
    tenant_id        BLOB  NOT NULL REFERENCES tenants (id),
    user_id          BLOB  NOT NULL REFERENCES users (id),
    idempotency_key  TEXT    NOT NULL,
    content_hash     TEXT    NOT NULL,
    file_name        TEXT    NOT NULL,
    rows             BIGINT  NOT NULL,
    -- JSON array: names of the columns kept as metadata
    metadata_columns TEXT    NOT NULL DEFAULT '[]',
    -- of the cells that have arrived; each chunk raises it, up to a limit
    bytes            BIGINT  NOT NULL DEFAULT 0,
    mode             TEXT    NOT NULL CHECK (mode IN ('all_or_nothing', 'valid_now')),
    state            TEXT    NOT NULL
                     CHECK (state IN ('receiving', 'committing', 'done', 'rejected')),
    -- rows that have their outcome; the job goes on from here
    processed        BIGINT  NOT NULL DEFAULT 0,
    -- JSON object: outcome to number of rows
    outcomes         TEXT    NOT NULL DEFAULT '{}',
    -- a worker's lease on the job
    lease_until      BIGINT  NOT NULL DEFAULT 0,
    created_at       BIGINT  NOT NULL,
    committed_at     BIGINT
);
CREATE UNIQUE INDEX imports_key ON imports (tenant_id, user_id, idempotency_key);
CREATE INDEX imports_newest ON imports (tenant_id, created_at);
CREATE INDEX imports_jobs ON imports (lease_until) WHERE state = 'committing';

-- Rows on their way in; a chunk goes when its import is done.
CREATE TABLE import_chunks (
    import_id BLOB  NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    -- place of its first row in the order of submission, from 0
    position  BIGINT  NOT NULL,
    rows      BIGINT  NOT NULL,
    hash      TEXT    NOT NULL,
    -- JSON array of RowDraft
    payload   TEXT    NOT NULL,
    PRIMARY KEY (import_id, position)
);

CREATE TABLE import_rows (
    import_id BLOB  NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    -- order of submission, from 0
    position  BIGINT  NOT NULL,
    -- the grid's row id and the file's line
    row_id    BIGINT  NOT NULL,
    line      BIGINT  NOT NULL,
    outcome   TEXT    NOT NULL CHECK (outcome IN ('forbidden', 'invalid', 'suppressed',
        'over_limit', 'duplicate_in_file', 'created', 'updated', 'already_invited',
        'already_member')),
    field     TEXT    NOT NULL DEFAULT '',
    code      TEXT    NOT NULL DEFAULT '',
    message   TEXT    NOT NULL DEFAULT '',
    bundle_id BLOB,
    PRIMARY KEY (import_id, position)
);

CREATE TABLE bundles (
    id           BLOB  NOT NULL PRIMARY KEY,
    tenant_id    BLOB  NOT NULL REFERENCES tenants (id),
    -- canonical address; mail goes to email_typed
    email        TEXT    NOT NULL,
    email_typed  TEXT    NOT NULL,
    -- the verified account that owns the address, at the time of making or re-keying
    user_id      BLOB  REFERENCES users (id),
    first_name   TEXT    NOT NULL,
    last_name    TEXT    NOT NULL,
    search_text  TEXT    NOT NULL,
    role         TEXT    NOT NULL CHECK (role IN ('learner', 'instructor', 'admin')),
    labels       TEXT    NOT NULL DEFAULT '',
    external_id  TEXT,
    note         TEXT    NOT NULL DEFAULT '',
    -- JSON object of the columns kept as metadata
    metadata     TEXT    NOT NULL DEFAULT '{}',
    active       BIGINT  NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    -- the leading status of its invitations, kept in the same transaction
    status       TEXT    NOT NULL CHECK (status IN ('unassigned', 'scheduled', 'pending',
        'accepted', 'declined', 'expired', 'revoked')),
    inviter_id   BLOB  NOT NULL REFERENCES users (id),
    import_id    BLOB  REFERENCES imports (id),
    -- the newest outbox entry; NULL: no mail was asked for
    delivery_id  BLOB,
    created_at   BIGINT  NOT NULL,
    expires_at   BIGINT  NOT NULL
);
CREATE INDEX bundles_newest ON bundles (tenant_id, id);
CREATE INDEX bundles_status ON bundles (tenant_id, status, id);
CREATE INDEX bundles_email ON bundles (tenant_id, email);
CREATE INDEX bundles_user ON bundles (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX bundles_import ON bundles (import_id) WHERE import_id IS NOT NULL;

CREATE TABLE invitations (
    id                BLOB  NOT NULL PRIMARY KEY,
    tenant_id         BLOB  NOT NULL REFERENCES tenants (id),
    bundle_id         BLOB  NOT NULL REFERENCES bundles (id),
    kind              TEXT    NOT NULL CHECK (kind IN ('platform', 'course', 'program')),
    binding           TEXT    NOT NULL CHECK (binding IN ('user', 'email', 'blank')),
    -- the tenant, or the catalog item
    target_id         BLOB  NOT NULL,
    -- user id (hyphenated) if a verified account owns the address, else canonical address;
    -- NULL only for blank ones
    invitee_key       TEXT,
    status            TEXT    NOT NULL CHECK (status IN ('unassigned', 'scheduled', 'pending',
        'accepted', 'declined', 'expired', 'revoked')),
    reason            TEXT    NOT NULL DEFAULT '',
    created_at        BIGINT  NOT NULL,
    status_changed_at BIGINT  NOT NULL,
    expires_at        BIGINT  NOT NULL,
    -- a reinvite names the one before
    previous_id       BLOB,
    CHECK ((kind = 'platform') = (target_id = tenant_id)),
    CHECK ((binding = 'blank' AND status = 'unassigned') OR invitee_key IS NOT NULL
        OR (binding = 'blank' AND status IN ('revoked', 'expired'))),
    CHECK (status <> 'unassigned' OR binding = 'blank')
);
-- I2: one live invitation per tenant, target and invitee.
CREATE UNIQUE INDEX invitations_live ON invitations (tenant_id, target_id, invitee_key)
    WHERE status IN ('unassigned', 'scheduled', 'pending') AND invitee_key IS NOT NULL;
CREATE INDEX invitations_invitee ON invitations (tenant_id, invitee_key);
CREATE INDEX invitations_bundle ON invitations (bundle_id);
CREATE INDEX invitations_expiring ON invitations (expires_at)
    WHERE status IN ('unassigned', 'scheduled', 'pending');

CREATE TABLE enrollments (
    tenant_id     BLOB  NOT NULL REFERENCES tenants (id),
    user_id       BLOB  NOT NULL REFERENCES users (id),
    item_id       BLOB  NOT NULL REFERENCES catalog_items (id),
    created_at    BIGINT  NOT NULL,
    starts_at     BIGINT,
    ends_at       BIGINT,
    -- the invitation it came from (I3); NULL: demo data
    invitation_id BLOB,
    PRIMARY KEY (tenant_id, user_id, item_id)
);
CREATE INDEX enrollments_user ON enrollments (user_id);

-- Links to a bundle. Only the token's SHA-256 is here (S03).
CREATE TABLE links (
    token_hash BLOB  NOT NULL PRIMARY KEY,
    tenant_id  BLOB  NOT NULL REFERENCES tenants (id),
    bundle_id  BLOB  NOT NULL REFERENCES bundles (id),
    purpose    TEXT    NOT NULL CHECK (purpose IN ('mail', 'reminder', 'copy')),
    created_at BIGINT  NOT NULL,
    -- resend, revoke, accept and expiry kill a link
    dead_at    BIGINT
);
CREATE INDEX links_bundle ON links (bundle_id);

-- A link that was opened in a browser: a 30-minute cookie, only its SHA-256 here.
CREATE TABLE landings (
    cookie_hash BLOB  NOT NULL PRIMARY KEY,
    link_hash   BLOB  NOT NULL REFERENCES links (token_hash) ON DELETE CASCADE,
    created_at  BIGINT  NOT NULL,
    expires_at  BIGINT  NOT NULL
);
CREATE INDEX landings_link ON landings (link_hash);

-- Every mail to be sent, and what became of it. No token: it is minted when the mail is sent.
CREATE TABLE outbox (
    id          BLOB  NOT NULL PRIMARY KEY,
    tenant_id   BLOB  NOT NULL REFERENCES tenants (id),
    bundle_id   BLOB  NOT NULL REFERENCES bundles (id),
    purpose     TEXT    NOT NULL CHECK (purpose IN ('mail', 'reminder')),
    status      TEXT    NOT NULL CHECK (status IN ('queued', 'sending', 'sent', 'deferred',
        'bounced', 'complained', 'suppressed', 'unknown', 'dead')),
    -- stable over retries
    message_id  TEXT    NOT NULL,
    -- the hold after a submit, later the back-off
    not_before  BIGINT  NOT NULL,
    lease_until BIGINT  NOT NULL DEFAULT 0,
    lease_owner TEXT    NOT NULL DEFAULT '',
    attempts    BIGINT  NOT NULL DEFAULT 0,
    last_error  TEXT    NOT NULL DEFAULT '',
    created_at  BIGINT  NOT NULL,
    sent_at     BIGINT
);
CREATE INDEX outbox_due ON outbox (not_before) WHERE status IN ('queued', 'deferred', 'sending');
CREATE INDEX outbox_bundle ON outbox (bundle_id);

-- Who did what to what, when; ids only. A trigger refuses UPDATE and DELETE.
CREATE TABLE audit_events (
    id         BLOB  NOT NULL PRIMARY KEY,
    tenant_id  BLOB,
    -- user id, or NULL for a job named in actor
    actor_id   BLOB,
    actor      TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    subject_id BLOB  NOT NULL,
    at         BIGINT  NOT NULL,
    data       TEXT    NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_subject ON audit_events (subject_id);
CREATE INDEX audit_tenant ON audit_events (tenant_id, id);

-- "Something of this tenant changed": what open pages listen to.
CREATE TABLE changes (
    id        BLOB  NOT NULL PRIMARY KEY,
    tenant_id BLOB  NOT NULL,
    at        BIGINT  NOT NULL
);
CREATE INDEX changes_at ON changes (at);

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END;
