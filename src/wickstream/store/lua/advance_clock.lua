-- The exchange's clock never goes back, whichever process writes last.
--
-- KEYS: clock (hash: event_at_ms, seen_at_ms, traded_at_ms)
-- ARGV: seconds to live, event_at_ms, seen_at_ms, traded_at_ms (-1: not known)

local clock = KEYS[1]

local function newest(field)
  return tonumber(redis.call('HGET', clock, field) or '-1')
end

if tonumber(ARGV[2]) > newest('event_at_ms') then
  redis.call('HSET', clock, 'event_at_ms', ARGV[2], 'seen_at_ms', ARGV[3])
end
if tonumber(ARGV[4]) > newest('traded_at_ms') then
  redis.call('HSET', clock, 'traded_at_ms', ARGV[4])
end
redis.call('EXPIRE', clock, ARGV[1])
