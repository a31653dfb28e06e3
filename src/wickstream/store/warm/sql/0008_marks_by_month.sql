-- A mark a symbol and minute: as many as candles, and dropped by month like them. Deleted row by row, a day of 500
-- symbols would leave 720,000 dead rows behind, every day.
ALTER TABLE marks RENAME TO marks_of_all_time;
ALTER TABLE marks_of_all_time RENAME CONSTRAINT marks_pkey TO marks_of_all_time_pkey;
CREATE TABLE marks (LIKE marks_of_all_time, PRIMARY KEY (symbol, open_time)) PARTITION BY RANGE (open_time);
DO $$
DECLARE
    month timestamp;
BEGIN
    FOR month IN
        SELECT DISTINCT date_trunc('month', to_timestamp(open_time / 1000) AT TIME ZONE 'UTC') FROM marks_of_all_time
    LOOP
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF marks FOR VALUES FROM (%s) TO (%s)',
            'marks_' || to_char(month, 'YYYY_MM'),
            extract(epoch FROM month)::bigint * 1000,
            extract(epoch FROM month + interval '1 month')::bigint * 1000
        );
    END LOOP;
END
$$;
INSERT INTO marks SELECT * FROM marks_of_all_time;
DROP TABLE marks_of_all_time;
