-- Newest first, of all types and symbols.
CREATE INDEX alerts_by_time ON alerts (at, alert_id);
