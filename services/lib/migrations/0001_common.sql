-- Up Migration

-- What was done under which Idempotency-Key, for as long as clients may repeat a request.
CREATE TABLE idempotency_key (
  client text NOT NULL,
  key text NOT NULL,
  fingerprint text NOT NULL,
  status integer,
  resource_type text,
  resource_id text,
  version integer,
  entries jsonb,
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

-- Audit records that are not yet in the chain; they come here in the transaction that makes them.
CREATE TABLE audit_unsealed (
  event_id uuid PRIMARY KEY
);

-- The chain: each link's hash covers a record, its place, and the hash before.
CREATE TABLE audit_seal (
  sequence bigint PRIMARY KEY,
  event_id uuid NOT NULL UNIQUE,
  hash bytea NOT NULL,
  sealed timestamptz NOT NULL DEFAULT now()
);

-- A mistake must not change the record; who means to can drop this too, and is found by the chain.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit records are only ever added';
END $$;
CREATE TRIGGER audit_event_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seal_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seal FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
