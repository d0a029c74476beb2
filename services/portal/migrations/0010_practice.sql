-- Up Migration

-- What testers and users say about a page. It names no patient: ids are taken out of the page's address before it is kept.
CREATE TABLE feedback (
  id uuid PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  subject text NOT NULL,
  role text NOT NULL,
  page text NOT NULL,
  language text NOT NULL,
  message text NOT NULL,
  answered_at timestamptz
);
CREATE INDEX feedback_created_at ON feedback (created_at);

-- Which record a professional opened, and why. The label is what the list of recent patients shows; it goes with the row.
CREATE TABLE record_opening (
  subject text NOT NULL,
  patient_id text NOT NULL,
  reason text NOT NULL,
  note text NOT NULL DEFAULT '',
  label text NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (subject, patient_id)
);
CREATE INDEX record_opening_opened_at ON record_opening (opened_at);

-- What stands at the head of a practice's letters.
CREATE TABLE practice_profile (
  organization_id text PRIMARY KEY,
  content jsonb NOT NULL,
  updated_by text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- How far somebody is: in the first steps, and in the training.
CREATE TABLE progress (
  subject text NOT NULL,
  course text NOT NULL,
  step text NOT NULL,
  done_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (subject, course, step)
);
