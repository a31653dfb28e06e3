-- A damaged file that is set aside may never have been noted. `partition_rows`: how many rows its partition had with it;
-- the row of a file that was set aside goes when as many are there again.
ALTER TABLE lake_files ALTER COLUMN sha256 DROP NOT NULL, ADD COLUMN partition_rows bigint;
