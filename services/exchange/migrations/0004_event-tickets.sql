-- Up Migration

-- Admission to the live notices for one use, since a browser sends no Authorization header with them. Only a digest is kept.
CREATE TABLE event_ticket (
  digest bytea PRIMARY KEY,
  listener jsonb NOT NULL,
  expires timestamptz NOT NULL
);
CREATE INDEX event_ticket_expires ON event_ticket (expires);
