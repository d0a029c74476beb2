-- Up Migration

-- Patients, Practitioners, PractitionerRoles and Organizations: what is current of each. The texts are in resource_version.
CREATE TABLE resource (
  type text NOT NULL,
  id text NOT NULL,
  version integer NOT NULL,
  last_updated timestamptz NOT NULL,
  active boolean NOT NULL,
  gender text,
  -- What lists are sorted by: the folded name.
  sort_name text COLLATE "C" NOT NULL,
  -- The patient that this one was merged into.
  merged_into text,
  PRIMARY KEY (type, id)
);
CREATE INDEX resource_by_name ON resource (type, sort_name, id);
CREATE INDEX resource_by_update ON resource (type, last_updated, id);

-- Every version ever acknowledged, its text byte for byte.
CREATE TABLE resource_version (
  type text NOT NULL,
  id text NOT NULL,
  version integer NOT NULL,
  last_updated timestamptz NOT NULL,
  method text NOT NULL,
  content text NOT NULL,
  PRIMARY KEY (type, id, version)
);

-- What current versions are found by, blocking keys of the matching included (parameter `block`). Compared byte by byte, so that one index serves equality,
-- beginnings and ranges.
CREATE TABLE search_key (
  type text NOT NULL,
  parameter text NOT NULL,
  value text COLLATE "C" NOT NULL,
  id text NOT NULL
);
CREATE INDEX search_key_value ON search_key (type, parameter, value, id);
CREATE INDEX search_key_resource ON search_key (type, id);

-- Merges and what it takes to undo them.
CREATE TABLE patient_merge (
  id uuid PRIMARY KEY,
  source_id text NOT NULL,
  target_id text NOT NULL,
  -- The versions before the merge, which an undone merge goes back to.
  source_version integer NOT NULL,
  target_version integer NOT NULL,
  -- The target's version that the merge made.
  merged_version integer NOT NULL,
  -- Identifiers that the target did not have itself.
  added_identifiers jsonb NOT NULL,
  merged_at timestamptz NOT NULL DEFAULT now(),
  merged_by text NOT NULL,
  undone_at timestamptz,
  undone_by text
);
-- A patient is merged into one other at a time.
CREATE UNIQUE INDEX patient_merge_source ON patient_merge (source_id) WHERE undone_at IS NULL;
CREATE INDEX patient_merge_target ON patient_merge (target_id);

-- Pairs of patients that are probably one person: the work list.
CREATE TABLE duplicate_pair (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  -- In the order of their ids.
  left_id text COLLATE "C" NOT NULL,
  right_id text COLLATE "C" NOT NULL CHECK (left_id < right_id),
  probability real NOT NULL,
  grade text NOT NULL,
  reasons text[] NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'dismissed', 'merged')),
  found_at timestamptz NOT NULL DEFAULT now(),
  decided_at timestamptz,
  decided_by text,
  UNIQUE (left_id, right_id)
);
CREATE INDEX duplicate_pair_right ON duplicate_pair (right_id);
CREATE INDEX duplicate_pair_list ON duplicate_pair (state, probability DESC, id);

-- What the record has to be told, in order; it comes here in the transaction that changes the resource.
CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  type text NOT NULL,
  resource_id text NOT NULL,
  version integer NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'dead')),
  attempts integer NOT NULL DEFAULT 0,
  -- Not before; while it is being sent, when whoever sends it is taken for dead.
  next_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz,
  -- A status or a word, never content.
  problem text
);
CREATE INDEX outbox_waiting ON outbox (next_at, id) WHERE state = 'waiting';
CREATE INDEX outbox_waiting_resource ON outbox (type, resource_id, id) WHERE state = 'waiting';
CREATE INDEX outbox_dead ON outbox (id) WHERE state = 'dead';
CREATE INDEX outbox_sent ON outbox (sent_at) WHERE state = 'sent';

-- Bulk imports and their lines.
CREATE TABLE import_job (
  id uuid PRIMARY KEY,
  client text NOT NULL,
  key text NOT NULL,
  format text NOT NULL,
  kind text NOT NULL,
  subject text NOT NULL,
  client_id text NOT NULL,
  language text NOT NULL,
  request_id text NOT NULL,
  -- Of a CSV file: the names of its columns.
  columns text[],
  -- receiving, ready (all lines are there), done
  state text NOT NULL DEFAULT 'receiving',
  lines integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  UNIQUE (client, key)
);
CREATE INDEX import_job_created ON import_job (created_at, id);
CREATE TABLE import_line (
  job_id uuid NOT NULL REFERENCES import_job (id),
  -- In the file, from 1.
  number integer NOT NULL,
  digest bytea NOT NULL,
  -- Forgotten once it is done.
  content text,
  outcome text CHECK (outcome IN ('created', 'updated', 'unchanged', 'duplicate', 'error')),
  resource_type text,
  resource_id text,
  words text[],
  candidates text[],
  PRIMARY KEY (job_id, number)
);
CREATE INDEX import_line_pending ON import_line (job_id, number) WHERE outcome IS NULL;
CREATE INDEX import_job_ready ON import_job (created_at, id) WHERE state IN ('ready', 'receiving');
