-- Up Migration

-- What changed in how somebody signs in, for them to see: listed on the account page, announced by the portal until another session than the one
-- that did it has seen it.
CREATE TABLE account_news (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  at timestamptz NOT NULL DEFAULT now(),
  what text NOT NULL CHECK (what IN ('new-device', 'password', 'totp-added', 'totp-removed', 'passkey-added', 'passkey-removed', 'recovery-renewed',
    'recovery-used', 'code-reused', 'factor-reset')),
  -- The browser it was done in, as it calls itself; NULL: the service desk.
  device text,
  -- The session it was done in; NULL: none had begun.
  session_uid text,
  -- The request that did it, so that its own repetition says nothing twice.
  request_key text NOT NULL,
  seen_at timestamptz,
  UNIQUE (account_id, what, request_key)
);
CREATE INDEX account_news_account ON account_news (account_id, id DESC);
