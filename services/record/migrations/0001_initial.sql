-- Up Migration

-- One row for each resource: what is current. Types are data: no table knows any of them.
CREATE TABLE resource (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  type text NOT NULL,
  id text NOT NULL,
  version integer NOT NULL,
  last_updated timestamptz NOT NULL,
  deleted boolean NOT NULL DEFAULT false,
  -- The patients whose record this is part of.
  patient_ids text[] NOT NULL DEFAULT '{}',
  UNIQUE (type, id)
);
CREATE INDEX resource_last_updated ON resource (type, last_updated, key);

-- Every version ever acknowledged. The content is text, not jsonb: what was sent is given back, decimals as written.
CREATE TABLE resource_version (
  type text NOT NULL,
  id text NOT NULL,
  version integer NOT NULL,
  last_updated timestamptz NOT NULL,
  method text NOT NULL,
  deleted boolean NOT NULL DEFAULT false,
  patient_ids text[] NOT NULL DEFAULT '{}',
  content text NOT NULL,
  PRIMARY KEY (type, id, version)
);

-- Search indexes of the current versions, one table for each kind of comparison.
CREATE TABLE search_token (
  resource_key bigint NOT NULL,
  type text NOT NULL,
  parameter text NOT NULL,
  system text NOT NULL,
  code text NOT NULL
);
CREATE INDEX search_token_value ON search_token (type, parameter, code, system, resource_key);
CREATE INDEX search_token_resource ON search_token (resource_key, parameter);

CREATE TABLE search_string (
  resource_key bigint NOT NULL,
  type text NOT NULL,
  parameter text NOT NULL,
  value text NOT NULL,
  exact text NOT NULL
);
CREATE INDEX search_string_value ON search_string (type, parameter, value text_pattern_ops, resource_key);
CREATE INDEX search_string_resource ON search_string (resource_key, parameter);

CREATE TABLE search_date (
  resource_key bigint NOT NULL,
  type text NOT NULL,
  parameter text NOT NULL,
  low timestamptz NOT NULL,
  high timestamptz NOT NULL
);
CREATE INDEX search_date_value ON search_date (type, parameter, low, high, resource_key);
CREATE INDEX search_date_resource ON search_date (resource_key, parameter);

-- What was done under which Idempotency-Key, for as long as clients may repeat a request.
CREATE TABLE idempotency_key (
  client text NOT NULL,
  key text NOT NULL,
  fingerprint text NOT NULL,
  status integer,
  resource_type text,
  resource_id text,
  version integer,
  replays integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (client, key)
);
CREATE INDEX idempotency_key_created_at ON idempotency_key (created_at);

-- Who did or wanted what. Only ever inserted into.
CREATE TABLE audit_event (
  id uuid PRIMARY KEY,
  recorded timestamptz NOT NULL,
  interaction text NOT NULL,
  outcome text NOT NULL,
  subject text NOT NULL,
  client_id text NOT NULL,
  patient_id text,
  resource_type text NOT NULL,
  resource_id text,
  request_id text NOT NULL,
  content text NOT NULL
);
CREATE INDEX audit_event_patient ON audit_event (patient_id, recorded) WHERE patient_id IS NOT NULL;
CREATE INDEX audit_event_request ON audit_event (request_id);
CREATE INDEX audit_event_recorded ON audit_event USING brin (recorded);
