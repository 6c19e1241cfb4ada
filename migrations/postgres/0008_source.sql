-- Where an invitation comes from, in the words of who made it, and the page of this
-- origin that its person is shown after accepting; both may be empty.
ALTER TABLE bundles ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE bundles ADD COLUMN redirect TEXT NOT NULL DEFAULT '';
