-- Up Migration

-- What the rights of a resource's readers depend on, besides its patients: the kind of document, and how confidential (0 normal, 1 restricted, 2 secret).
ALTER TABLE resource ADD COLUMN category text NOT NULL DEFAULT 'other';
ALTER TABLE resource ADD COLUMN level smallint NOT NULL DEFAULT 0;

-- What patients decided about their records, worked out from their Consents, and what an emergency opened for a while.
CREATE TABLE access_rule (
  -- The resource that says so, which may say several things.
  source_type text NOT NULL,
  source_id text NOT NULL,
  patient_id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('permit', 'deny', 'default-level', 'emergency-objection')),
  -- Of permit and deny: for whom, and how closely that names somebody (0 everybody, 1 a profession, 2 an organisation, 3 a person, 4 an emergency).
  actor text NOT NULL DEFAULT '*',
  specificity smallint NOT NULL DEFAULT 0,
  -- Permits up to this level, denies from it on.
  level smallint NOT NULL DEFAULT 0,
  -- NULL: all.
  categories text[],
  valid_from timestamptz NOT NULL DEFAULT '-infinity',
  valid_to timestamptz NOT NULL DEFAULT 'infinity'
);
CREATE INDEX access_rule_patient ON access_rule (patient_id, kind);
CREATE INDEX access_rule_source ON access_rule (source_type, source_id);
