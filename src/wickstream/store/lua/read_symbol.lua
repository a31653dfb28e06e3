-- What there is of one symbol in one answer: as a pipeline it takes the client three times as long.
--
-- KEYS: hot range (hash: first, newest), hot rows (sorted set: row by open time), clock (hash), last price, forming
-- ARGV: first and last open time of the rows
-- Returns: first and newest; rows in order of time; the clock's three times; last price and forming candle

return {
  redis.call('HMGET', KEYS[1], 'first', 'newest'),
  redis.call('ZRANGE', KEYS[2], ARGV[1], ARGV[2], 'BYSCORE'),
  redis.call('HMGET', KEYS[3], 'event_at_ms', 'seen_at_ms', 'traded_at_ms'),
  redis.call('MGET', KEYS[4], KEYS[5]),
}
