-- Add trades to a symbol's newest ones, each once, however often they are offered.
--
-- KEYS: trades (list of rows, the newest last)
-- ARGV: seconds to live, rows to keep, then rows in the order of their ids; a row begins with "[" and its trade id

local trades = KEYS[1]

local function id_of(row)
  return tonumber(string.match(row, '^%[(%d+)'))
end

local last = redis.call('LINDEX', trades, -1)
local newest = last and id_of(last) or -1
local first_new = 3
while first_new <= #ARGV and id_of(ARGV[first_new]) <= newest do first_new = first_new + 1 end
if first_new <= #ARGV then
  redis.call('RPUSH', trades, unpack(ARGV, first_new))
  redis.call('LTRIM', trades, -tonumber(ARGV[2]), -1)
end
redis.call('EXPIRE', trades, ARGV[1])
