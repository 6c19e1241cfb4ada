-- The whole life of an invitation: sent later, switched off and on, declined after a
-- while in which that can be taken back, reminded of.

-- When what is scheduled goes out; NULL: it went out, or was never to go out later.
ALTER TABLE bundles ADD COLUMN send_at BIGINT;
CREATE INDEX bundles_scheduled ON bundles (send_at) WHERE status = 'scheduled';

-- Reminders that were queued, by the schedule or by hand.
ALTER TABLE bundles ADD COLUMN reminders BIGINT NOT NULL DEFAULT 0
    CHECK (reminders BETWEEN 0 AND 3);
-- When its mail was sent, from where the days of the schedule are counted; NULL: nothing
-- is reminded of by itself. Mails from before this migration are not.
ALTER TABLE bundles ADD COLUMN remind_from BIGINT;
-- Not reminded by itself before this moment.
ALTER TABLE bundles ADD COLUMN remind_after BIGINT;
CREATE INDEX bundles_remind ON bundles (tenant_id, reminders, remind_from)
    WHERE status = 'pending' AND active = 1 AND remind_from IS NOT NULL;
-- Days after the mail on which a tenant's invitations are reminded of, such as 3,7; at
-- most three; empty: never.
ALTER TABLE tenants ADD COLUMN remind_days TEXT NOT NULL DEFAULT '3,7';

-- When the invitee's refusal counts, unless it is taken back; and whose it is.
ALTER TABLE invitations ADD COLUMN decline_at BIGINT;
ALTER TABLE invitations ADD COLUMN decline_by BLOB;
CREATE INDEX invitations_declining ON invitations (decline_at)
    WHERE status = 'pending' AND decline_at IS NOT NULL;

-- A reinvite is found from the one before.
CREATE INDEX invitations_previous ON invitations (previous_id) WHERE previous_id IS NOT NULL;
