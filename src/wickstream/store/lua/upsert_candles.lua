-- Store candles of one symbol by version, keep the hour before the newest closed one, and say which run of closed
-- minutes is whole. One script, so that no reader or second writer sees half of it.
--
-- KEYS: rows (sorted set: row by open time), versions (hash: version by open time), range (hash: first, newest)
-- ARGV: seconds to live, ms to keep, then six per candle: open time, revision, closed (0/1), trade count,
--       origin is trades (0/1) and digest of the exchange's fields as "1:digest", row
-- Returns: stored, older, contradicting

local rows, versions, range = KEYS[1], KEYS[2], KEYS[3]
local seconds_to_live, keep_ms = ARGV[1], tonumber(ARGV[2])
local MINUTE_MS = 60000
local newest = tonumber(redis.call('HGET', range, 'newest') or '-1')
local stored, older, contradicting, closed_stored = 0, 0, 0, false

local function held_version(open_time)
  local text = redis.call('HGET', versions, open_time)
  if not text then return nil end
  local revision, closed, count, origin, digest = string.match(text, '^(%d+):(%d):(%d+):(%d):(.*)$')
  return {tonumber(revision), tonumber(closed), tonumber(count), tonumber(origin), digest}
end

local function compared(new, held)
  for i = 1, 3 do
    if new[i] ~= held[i] then return new[i] > held[i] and 1 or -1 end
  end
  return 0
end

for i = 3, #ARGV, 6 do
  local open_time, row = ARGV[i], ARGV[i + 5]
  local origin, digest = string.match(ARGV[i + 4], '^(%d):(.*)$')
  local new = {tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3]), tonumber(origin), digest}
  local held = held_version(open_time)
  local order = held and compared(new, held) or 1
  if order == 0 and new[5] ~= held[5] then contradicting = contradicting + 1 end
  local replaces = order > 0 or (order == 0 and new[4] > held[4])
  if replaces and tonumber(open_time) >= newest - keep_ms then
    redis.call('ZREMRANGEBYSCORE', rows, open_time, open_time)
    redis.call('ZADD', rows, open_time, row)
    redis.call('HSET', versions, open_time,
      table.concat({ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]}, ':'))
    stored = stored + 1
    if new[2] == 1 then
      closed_stored = true
      newest = math.max(newest, tonumber(open_time))
    end
  else
    older = older + 1
  end
end

if closed_stored then
  local oldest = string.format('%.0f', newest - keep_ms)
  for _, row in ipairs(redis.call('ZRANGEBYSCORE', rows, '-inf', '(' .. oldest, 'WITHSCORES')) do
    local score = tonumber(row)
    if score then redis.call('HDEL', versions, string.format('%.0f', score)) end
  end
  redis.call('ZREMRANGEBYSCORE', rows, '-inf', '(' .. oldest)
  local first = newest
  while first > newest - keep_ms do
    local before = held_version(string.format('%.0f', first - MINUTE_MS))
    if not before or before[2] == 0 then break end
    first = first - MINUTE_MS
  end
  redis.call('HSET', range, 'first', string.format('%.0f', first), 'newest', string.format('%.0f', newest))
end
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, seconds_to_live) end
return {stored, older, contradicting}
