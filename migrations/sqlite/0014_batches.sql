-- The batches of blank placeholders, one a source, so that their list counts none of their
-- invitations; those are never deleted, only ended.
CREATE TABLE blank_batches (
    tenant_id  BLOB   NOT NULL REFERENCES tenants (id),
    source     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    made       BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, source)
);
INSERT INTO blank_batches (tenant_id, source, created_at, made)
    SELECT b.tenant_id, b.source, MIN(b.created_at), COUNT(*)
    FROM bundles b JOIN links l ON l.bundle_id = b.id AND l.purpose = 'code'
    WHERE b.source <> '' GROUP BY b.tenant_id, b.source;
CREATE INDEX blank_batches_newest ON blank_batches (tenant_id, created_at, source);

-- How a batch stands, without a look at each of its rows.
CREATE INDEX bundles_batch ON bundles (tenant_id, source, status, created_at, id)
    WHERE source <> '';
-- Those of a batch, and of a tenant, that are nobody's yet.
CREATE INDEX bundles_unassigned ON bundles (tenant_id, source, id) WHERE status = 'unassigned';

-- Which key of a data folder the database was filled with; one row at most.
CREATE TABLE key_marks (
    one         BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    fingerprint BLOB   NOT NULL
);
