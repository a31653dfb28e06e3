-- The ledger is kept for ever and read page by page, the newest entries first.
CREATE INDEX gaps_by_time ON gaps (detected_at, symbol, (coalesce(first_trade_id, -1)), (coalesce(open_time, -1)));
