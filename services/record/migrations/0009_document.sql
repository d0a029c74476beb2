-- Up Migration

-- A document that came as bare bytes and is longer than one part. Its parts arrive, each in a transaction of its own, before the version
-- that they belong to; what no version keeps is deleted.
CREATE TABLE document (
  id uuid PRIMARY KEY,
  begun timestamptz NOT NULL DEFAULT now(),
  -- Of all parts together; null while they arrive.
  bytes bigint,
  kept boolean NOT NULL DEFAULT false
);
CREATE INDEX document_unkept ON document (begun) WHERE NOT kept;

CREATE TABLE document_part (
  document uuid NOT NULL REFERENCES document ON DELETE CASCADE,
  number integer NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (document, number)
);
-- What is worth compressing is compressed already: PDF, JPEG.
ALTER TABLE document_part ALTER COLUMN data SET STORAGE EXTERNAL;

ALTER TABLE resource_version ADD COLUMN document uuid REFERENCES document;
