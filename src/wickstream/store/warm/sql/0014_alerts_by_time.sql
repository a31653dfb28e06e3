-- Newest first, of all types and symbols; ids by their bytes, as the lake has them, whatever the database's own order is.
CREATE INDEX alerts_by_time ON alerts (at, alert_id COLLATE "C");
