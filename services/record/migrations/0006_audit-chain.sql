-- Up Migration

-- Audit records that are not yet in the chain; they come here in the transaction that makes them.
CREATE TABLE audit_unsealed (
  event_id uuid PRIMARY KEY
);
INSERT INTO audit_unsealed SELECT id FROM audit_event;

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
