-- Keep a symbol's newest ended minutes. One that was seen whole replaces what is held; another only fills an empty place:
-- a lane that starts anew sees the end of a minute that its predecessor saw whole.
--
-- KEYS: minutes (hash: row by open time)
-- ARGV: seconds to live, minutes to keep, then three per minute: open time, seen whole (0/1), row

local minutes = KEYS[1]

for i = 3, #ARGV, 3 do
  redis.call(ARGV[i + 1] == '1' and 'HSET' or 'HSETNX', minutes, ARGV[i], ARGV[i + 2])
end

local times = redis.call('HKEYS', minutes)
table.sort(times, function(a, b) return tonumber(a) > tonumber(b) end)
for i = tonumber(ARGV[2]) + 1, #times do redis.call('HDEL', minutes, times[i]) end
redis.call('EXPIRE', minutes, ARGV[1])
