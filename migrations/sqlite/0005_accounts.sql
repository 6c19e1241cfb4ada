-- Accounts: forgotten passwords, changed and confirmed addresses, deleted people.

-- When the person's name, address and password were taken out; the id stays (audit).
ALTER TABLE users ADD COLUMN deleted_at BIGINT;
CREATE INDEX users_search ON users (search_text, id);

-- Mails about an account, which belong to no tenant and no bundle, and the one secret
-- that each carries: a link's token or a code. It is drawn when the mail is sent.
CREATE TABLE account_mails (
    id          BLOB   NOT NULL PRIMARY KEY,
    -- NULL: the address has no account. It is written all the same, so that asking takes
    -- alike for every address; without the address.
    user_id     BLOB   REFERENCES users (id),
    purpose     TEXT   NOT NULL CHECK (purpose IN ('reset', 'verify', 'change', 'changed', 'taken')),
    -- canonical address and address as typed; where the mail goes, and what it proves
    email       TEXT   NOT NULL,
    email_typed TEXT   NOT NULL,
    -- a token's SHA-256 in hexadecimal, a code's PHC string; NULL until the mail is sent
    secret_hash TEXT,
    -- until when the secret is good; NULL until the mail is sent
    good_until  BIGINT,
    -- wrong codes so far
    tries       BIGINT NOT NULL DEFAULT 0,
    -- used, replaced by a newer one, or guessed at too often
    closed_at   BIGINT,
    status      TEXT   NOT NULL CHECK (status IN ('queued', 'sending', 'sent', 'deferred',
        'bounced', 'complained', 'suppressed', 'unknown', 'dead')),
    -- stable over retries
    message_id  TEXT   NOT NULL,
    not_before  BIGINT NOT NULL,
    lease_until BIGINT NOT NULL DEFAULT 0,
    lease_owner TEXT   NOT NULL DEFAULT '',
    attempts    BIGINT NOT NULL DEFAULT 0,
    last_error  TEXT   NOT NULL DEFAULT '',
    created_at  BIGINT NOT NULL,
    sent_at     BIGINT,
    CHECK (user_id IS NOT NULL OR (status = 'suppressed' AND email = '' AND email_typed = ''))
);
CREATE INDEX account_mails_due ON account_mails (not_before)
    WHERE status IN ('queued', 'deferred', 'sending');
CREATE INDEX account_mails_user ON account_mails (user_id, purpose);
CREATE INDEX account_mails_old ON account_mails (created_at);
CREATE UNIQUE INDEX account_mails_secret ON account_mails (secret_hash)
    WHERE secret_hash IS NOT NULL;
