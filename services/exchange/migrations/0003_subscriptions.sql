-- Up Migration

CREATE TABLE subscription (
  id text PRIMARY KEY,
  version integer NOT NULL DEFAULT 1,
  last_updated timestamptz NOT NULL DEFAULT now(),
  -- Client and account: nobody else sees it.
  owner text NOT NULL,
  -- What the owner's rights are decided by, and the names by which messages reach the owner.
  principal jsonb NOT NULL,
  actors text[] NOT NULL,
  status text NOT NULL CHECK (status IN ('requested', 'active', 'error', 'off')),
  reason text,
  topic text NOT NULL,
  filters jsonb NOT NULL,
  endpoint text NOT NULL,
  payload text NOT NULL CHECK (payload IN ('empty', 'id-only')),
  headers jsonb NOT NULL,
  secret text NOT NULL,
  heartbeat_seconds integer,
  timeout_seconds integer NOT NULL,
  max_count integer NOT NULL,
  ends timestamptz NOT NULL,
  content text NOT NULL,
  -- Events since it began: the number of the last one.
  events bigint NOT NULL DEFAULT 0,
  -- Failed attempts since the last that succeeded.
  failures integer NOT NULL DEFAULT 0,
  next_attempt timestamptz NOT NULL DEFAULT now(),
  last_contact timestamptz,
  leased_until timestamptz NOT NULL DEFAULT '-infinity',
  lease uuid
);
CREATE INDEX subscription_owner ON subscription (owner);
CREATE INDEX subscription_due ON subscription (next_attempt) WHERE status IN ('requested', 'active');

-- What is owed to a subscriber. Numbered without gaps, in the transaction that moves the cursor on.
CREATE TABLE subscription_event (
  subscription_id text NOT NULL REFERENCES subscription (id) ON DELETE CASCADE,
  number bigint NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  focus text NOT NULL,
  method text NOT NULL,
  patient_id text,
  occurred timestamptz NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'dead')),
  attempts integer NOT NULL DEFAULT 0,
  -- Why the last attempt failed, in words without content.
  problem text,
  created timestamptz NOT NULL DEFAULT now(),
  delivered timestamptz,
  PRIMARY KEY (subscription_id, number)
);
CREATE INDEX subscription_event_pending ON subscription_event (subscription_id, number) WHERE status = 'pending';
CREATE INDEX subscription_event_created ON subscription_event USING brin (created);

-- How far a source of events has been read.
CREATE TABLE feed_cursor (
  name text PRIMARY KEY,
  cursor text NOT NULL
);

-- Which pod works in the background. Nothing depends on it but the effort: two that work at once do nothing twice.
CREATE TABLE worker_lease (
  name text PRIMARY KEY,
  holder text NOT NULL,
  until timestamptz NOT NULL
);
