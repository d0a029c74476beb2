-- Up Migration

-- The versions of a type, newest first: what the histories of types are read by.
CREATE INDEX resource_version_history ON resource_version (type, last_updated, id, version);

-- Composite search parameters: rows that belong together, one for each part, have the same number within their resource.
-- A part is kept as any other parameter of its kind, under a name of its own: code-value-quantity$0, code-value-quantity$1.
ALTER TABLE search_token ADD COLUMN occurrence integer;
ALTER TABLE search_string ADD COLUMN occurrence integer;
ALTER TABLE search_date ADD COLUMN occurrence integer;
ALTER TABLE search_quantity ADD COLUMN occurrence integer;
