-- Up Migration

-- Of a transaction: what became of each of its entries, for the answer to a repetition.
ALTER TABLE idempotency_key ADD COLUMN entries jsonb;
