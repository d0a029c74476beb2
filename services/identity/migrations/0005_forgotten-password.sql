-- Up Migration

-- Codes that operators of the service desk gave out for a forgotten password (digests of them), one of each operator.
CREATE TABLE password_code (
  account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  operator text NOT NULL,
  digest text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, operator)
);

-- A sign-in that such codes began ends with a new password.
ALTER TABLE signin ADD COLUMN renews_password boolean NOT NULL DEFAULT false;

ALTER TABLE desk_action DROP CONSTRAINT desk_action_action_check;
ALTER TABLE desk_action ADD CONSTRAINT desk_action_action_check CHECK (action IN ('look', 'unlock', 'reset-factor', 'reset-password'));

ALTER TABLE account_news DROP CONSTRAINT account_news_what_check;
ALTER TABLE account_news ADD CONSTRAINT account_news_what_check CHECK (what IN ('new-device', 'password', 'totp-added', 'totp-removed',
  'passkey-added', 'passkey-removed', 'recovery-renewed', 'recovery-used', 'code-reused', 'factor-reset', 'password-code'));
