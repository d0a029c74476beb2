-- Up Migration

-- What the OpenID provider keeps: sessions, interactions, grants, codes, refresh tokens, pushed requests, seen proofs.
-- Whoever reads this table learns no session, code or token: `id` is a digest of the value.
CREATE TABLE oidc (
  kind text NOT NULL,
  id text NOT NULL,
  payload jsonb NOT NULL,
  uid text,
  grant_id text,
  account_id text,
  client_id text,
  consumed_at timestamptz,
  -- The request that consumed it, so that its own repetition is no replay.
  consumed_by text,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  -- Of a session: the browser, as its owner is shown it.
  device text,
  PRIMARY KEY (kind, id)
);
CREATE INDEX oidc_uid ON oidc (kind, uid) WHERE uid IS NOT NULL;
CREATE INDEX oidc_grant ON oidc (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX oidc_account ON oidc (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX oidc_expires ON oidc (expires_at);

CREATE TABLE account (
  id uuid PRIMARY KEY,
  -- In lower case.
  login text NOT NULL UNIQUE,
  password_hash text,
  role text NOT NULL CHECK (role IN ('patient', 'practitioner', 'operator')),
  name text NOT NULL,
  language text NOT NULL DEFAULT 'fr',
  patient_id text,
  practitioner_id text,
  profession text,
  organization_id text,
  -- Patients whose record the person opens as their guardian: [{"patientId", "name"}]
  guardian_of jsonb NOT NULL DEFAULT '[]',
  -- Encrypted (account/secret-box.ts).
  totp_secret bytea,
  totp_step bigint NOT NULL DEFAULT 0,
  totp_used_by text,
  active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE passkey (
  id text PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  public_key bytea NOT NULL,
  counter bigint NOT NULL,
  transports text[] NOT NULL DEFAULT '{}',
  label text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  used_at timestamptz
);
CREATE INDEX passkey_account ON passkey (account_id);

CREATE TABLE recovery_code (
  account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  digest text NOT NULL,
  used_at timestamptz,
  used_by text,
  PRIMARY KEY (account_id, digest)
);

-- Browsers from which an account has signed in (OWASP device cookies); `id` is a digest of the cookie and the account.
CREATE TABLE known_device (
  id text PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  used_at timestamptz NOT NULL DEFAULT now()
);

-- Attempts to sign in since the last good one, for each key (account/throttle.ts).
CREATE TABLE attempt (
  key text PRIMARY KEY,
  count integer NOT NULL,
  last_at timestamptz NOT NULL,
  -- The request that was counted last, so that its repetition is not counted.
  last_by text NOT NULL,
  blocked_until timestamptz
);
CREATE INDEX attempt_last ON attempt (last_at);

-- How far somebody has come in signing in; `interaction` is a digest.
CREATE TABLE signin (
  interaction text PRIMARY KEY,
  account_id uuid,
  -- Ways of authentication that succeeded (RFC 8176): pwd, otp, hwk, mfa.
  amr text[] NOT NULL DEFAULT '{}',
  complete boolean NOT NULL DEFAULT false,
  patient_id text,
  -- Of a second factor that is being set up; encrypted.
  enrol_secret bytea,
  upstream jsonb,
  expires_at timestamptz NOT NULL
);
CREATE INDEX signin_expires ON signin (expires_at);

-- The record that a grant is about (SMART launch context).
CREATE TABLE grant_context (
  grant_id text PRIMARY KEY,
  patient_id text NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX grant_context_expires ON grant_context (expires_at);

-- EHR launches that wait for their software; `id` is a digest.
CREATE TABLE launch (
  id text PRIMARY KEY,
  account_id text NOT NULL,
  patient_id text NOT NULL,
  client_id text,
  used_by text,
  expires_at timestamptz NOT NULL
);
CREATE INDEX launch_expires ON launch (expires_at);

CREATE TABLE client (
  id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('first-party', 'smart-app', 'backend')),
  name text NOT NULL,
  organization_id text,
  -- As RFC 7591 names them.
  metadata jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
