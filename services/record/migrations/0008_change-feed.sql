-- Up Migration

-- What changed, written in the transaction that changes it (docs/adr/0069). Read in the order (xid, sequence) and only below the oldest
-- running transaction, so that one which commits late is never skipped.
CREATE TABLE change (
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  sequence bigint GENERATED ALWAYS AS IDENTITY,
  changed timestamptz NOT NULL DEFAULT now(),
  type text NOT NULL,
  id text NOT NULL,
  version integer NOT NULL,
  method text NOT NULL,
  patient_ids text[] NOT NULL,
  category text NOT NULL,
  PRIMARY KEY (xid, sequence)
);
CREATE INDEX change_changed ON change USING brin (changed);

-- The last change that was deleted for its age: whoever has read no further has missed some.
CREATE TABLE change_horizon (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  xid xid8 NOT NULL,
  sequence bigint NOT NULL
);
