-- Up Migration

-- Software that connects: its maker, its client at identity, its sandbox in the record.
CREATE TABLE vendor (
  id text PRIMARY KEY,
  owner text NOT NULL,
  name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('backend', 'smart-app')),
  contact jsonb NOT NULL,
  -- What identity is told: keys, addresses.
  registration jsonb NOT NULL,
  status text NOT NULL CHECK (status IN ('registering', 'ready', 'removing', 'removed')),
  client_id text,
  created timestamptz NOT NULL DEFAULT now(),
  expires timestamptz NOT NULL,
  -- What the software did before does not count for its self-check.
  check_started timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX vendor_owner ON vendor (owner);
CREATE INDEX vendor_client ON vendor (client_id);
