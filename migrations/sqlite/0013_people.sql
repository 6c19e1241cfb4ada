-- Who may invite no more in a tenant, and whose live invitations there are to be revoked
-- (S24): a job does it, and ends the row.
CREATE TABLE inviters_gone (
    tenant_id BLOB   NOT NULL REFERENCES tenants (id),
    user_id   BLOB   NOT NULL REFERENCES users (id),
    -- who took the right away
    actor_id  BLOB   NOT NULL,
    -- what was made later is not meant
    gone_at   BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
);

-- The record of what was done to one thing, in its order.
DROP INDEX audit_subject;
CREATE INDEX audit_about ON audit_events (subject_id, id);
