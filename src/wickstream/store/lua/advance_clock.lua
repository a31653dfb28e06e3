-- The exchange's clock never goes back, whichever process writes last.
--
-- KEYS: clock (string: event_at_ms, seen_at_ms, traded_at_ms)
-- ARGV: seconds to live, event_at_ms, seen_at_ms, traded_at_ms (-1: not known)

local held = redis.call('GET', KEYS[1]) or '-1 -1 -1'
local event, seen, traded = string.match(held, '^(%S+) (%S+) (%S+)$')

if tonumber(ARGV[2]) > tonumber(event) then event, seen = ARGV[2], ARGV[3] end
if tonumber(ARGV[4]) > tonumber(traded) then traded = ARGV[4] end
redis.call('SET', KEYS[1], event .. ' ' .. seen .. ' ' .. traded, 'EX', ARGV[1])
