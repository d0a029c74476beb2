-- Up Migration

-- The headers that a subscriber wants sent along, its own authorisation mostly, encrypted as the secret is; `content` is the resource without them.
-- Where the plain column is not empty, a pod of the version before has written it: it is the newer one, and the worker seals it.
ALTER TABLE subscription ADD COLUMN sealed_headers bytea;
