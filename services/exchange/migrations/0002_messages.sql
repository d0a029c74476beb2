-- Up Migration

-- Current versions of what professionals send each other: Communication, ServiceRequest, Task.
CREATE TABLE resource (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  type text NOT NULL,
  id text NOT NULL,
  version integer NOT NULL,
  last_updated timestamptz NOT NULL,
  -- When it was sent: the order of every box.
  sent timestamptz NOT NULL,
  -- The id of the first message or request of the conversation.
  thread text NOT NULL,
  subject text,
  status text NOT NULL,
  patient_id text,
  content text NOT NULL,
  UNIQUE (type, id)
);
CREATE INDEX resource_thread ON resource (thread, key);
CREATE INDEX resource_patient ON resource (patient_id, key) WHERE patient_id IS NOT NULL;

CREATE TABLE resource_version (
  type text NOT NULL,
  id text NOT NULL,
  version integer NOT NULL,
  last_updated timestamptz NOT NULL,
  content text NOT NULL,
  PRIMARY KEY (type, id, version)
);

-- Who takes part: a person, a profession at an organisation (role:physician@id), an organisation. Nobody else ever sees it.
CREATE TABLE party (
  resource_key bigint NOT NULL REFERENCES resource (key),
  actor text NOT NULL,
  side text NOT NULL CHECK (side IN ('sender', 'recipient')),
  PRIMARY KEY (resource_key, actor, side)
);
CREATE INDEX party_actor ON party (actor, side, resource_key);

CREATE TABLE search_token (
  resource_key bigint NOT NULL,
  parameter text NOT NULL,
  system text NOT NULL,
  code text NOT NULL
);
CREATE INDEX search_token_resource ON search_token (resource_key, parameter);
CREATE TABLE search_date (
  resource_key bigint NOT NULL,
  parameter text NOT NULL,
  low timestamptz NOT NULL,
  high timestamptz NOT NULL
);
CREATE INDEX search_date_resource ON search_date (resource_key, parameter);

-- Who opened what, and when first.
CREATE TABLE receipt (
  resource_key bigint NOT NULL REFERENCES resource (key),
  reader text NOT NULL,
  name text,
  organization text,
  opened timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (resource_key, reader)
);

-- The bytes of what is attached. Until a message carries it, it is its owner's alone.
CREATE TABLE attachment (
  id text PRIMARY KEY,
  owner text NOT NULL,
  content_type text NOT NULL,
  bytes bytea NOT NULL,
  sha1 text NOT NULL,
  resource_key bigint REFERENCES resource (key),
  created timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX attachment_resource ON attachment (resource_key);
CREATE INDEX attachment_unsent ON attachment (created) WHERE resource_key IS NULL;

-- Which part of a message became which document of the patient's record. Part 0 is the text, then the attachments in their order.
CREATE TABLE deposit (
  resource_key bigint NOT NULL REFERENCES resource (key),
  part integer NOT NULL,
  document text NOT NULL,
  subject text NOT NULL,
  deposited timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (resource_key, part)
);

-- What is told at once to whoever listens. The order (xid, sequence), read below the oldest running transaction, misses none that commits late.
CREATE TABLE notice (
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  sequence bigint GENERATED ALWAYS AS IDENTITY,
  actor text NOT NULL,
  kind text NOT NULL,
  about text NOT NULL,
  created timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (xid, sequence)
);
CREATE INDEX notice_actor ON notice (actor, xid, sequence);
CREATE INDEX notice_created ON notice USING brin (created);
