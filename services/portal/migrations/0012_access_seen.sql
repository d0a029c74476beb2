-- Up Migration

-- When somebody last looked at who looked: the overview tells of what came since.
CREATE TABLE access_seen (
  subject text PRIMARY KEY,
  seen_at timestamptz NOT NULL
);
