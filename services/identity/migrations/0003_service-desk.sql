-- Up Migration

-- A second factor that the service desk took away: who sets up a new one shows the code that the desk gave out (a digest of it), besides the password.
ALTER TABLE account ADD COLUMN reset_digest text;
ALTER TABLE account ADD COLUMN reset_expires_at timestamptz;

-- What operators did at the service desk, for them and for those who watch them; audit_event has it too, in its chain.
CREATE TABLE desk_action (
  id uuid PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  operator text NOT NULL,
  operator_name text,
  -- NULL: nobody was found. What was typed is not kept: it may be anything.
  account_id uuid,
  login text,
  action text NOT NULL CHECK (action IN ('look', 'unlock', 'reset-factor')),
  reason text
);
CREATE INDEX desk_action_at ON desk_action (at DESC);
CREATE TRIGGER desk_action_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON desk_action FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
