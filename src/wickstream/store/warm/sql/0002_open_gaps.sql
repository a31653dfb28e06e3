-- Repair asks for what is not settled every few seconds, and the ledger is kept for ever.
CREATE INDEX gaps_unsettled ON gaps (symbol, first_trade_id)
WHERE status IN ('open', 'candles_only') AND first_trade_id IS NOT NULL;
