-- Up Migration

-- The secret that notifications are signed with, encrypted (lib/secret-box.ts), and the name of the key that did it. While pods of the version before
-- still run, they write the plain column: where it is not empty it is the newer one, and the worker seals it.
ALTER TABLE subscription ADD COLUMN sealed_secret bytea;
ALTER TABLE subscription ADD COLUMN secret_key_id text;
