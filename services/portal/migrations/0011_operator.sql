-- Up Migration

-- Reports of failover drills, as the command line sent them (chaos/report/results.ts), cut to what the page shows.
CREATE TABLE drill_report (
  -- A digest of the content: sent twice it is one.
  id text PRIMARY KEY,
  started_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  sent_by text NOT NULL,
  content jsonb NOT NULL
);
CREATE INDEX drill_report_started_at ON drill_report (started_at);

-- Walks through the record's audit chain. Each is done in bounded steps; one that was interrupted goes on from its head.
CREATE TABLE audit_walk (
  id uuid PRIMARY KEY,
  begun_at timestamptz NOT NULL DEFAULT now(),
  begun_by text NOT NULL,
  -- When its last step was done.
  stepped_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  -- SEQUENCE:HASH up to which links are verified, and the head that an earlier walk ended with.
  head text NOT NULL,
  noted text,
  waiting bigint,
  defects jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX audit_walk_begun_at ON audit_walk (begun_at);

-- What is to be answered comes first.
CREATE INDEX feedback_open ON feedback (answered_at, created_at);
