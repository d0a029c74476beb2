-- Up Migration

-- Who is signed in. Neither the cookie nor a token can be read from it: the id is a digest of the cookie, and the content is sealed with a key
-- that is derived from the cookie.
CREATE TABLE session (
  id bytea PRIMARY KEY,
  sealed bytea NOT NULL,
  -- Counts what was written, so that a late write does not undo a newer one.
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  -- Somebody renews its tokens until then; nobody else may.
  renewed_by uuid,
  renewing_until timestamptz
);
CREATE INDEX session_seen_at ON session (seen_at);

-- What somebody typed into a long form and has not sent yet.
CREATE TABLE draft (
  subject text NOT NULL,
  form text NOT NULL,
  content jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (subject, form)
);
CREATE INDEX draft_updated_at ON draft (updated_at);
