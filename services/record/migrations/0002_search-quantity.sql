-- Up Migration

-- Numbers and quantities; a value is a range of one point. The unit is told by its code or, where it has none, by its text.
CREATE TABLE search_quantity (
  resource_key bigint NOT NULL,
  type text NOT NULL,
  parameter text NOT NULL,
  low numeric NOT NULL,
  high numeric NOT NULL,
  system text NOT NULL,
  code text NOT NULL,
  unit text NOT NULL
);
CREATE INDEX search_quantity_value ON search_quantity (type, parameter, low, high, resource_key);
CREATE INDEX search_quantity_resource ON search_quantity (resource_key, parameter);
