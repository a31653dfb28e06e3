-- Store candles of one symbol by version, keep the hour before the newest closed one, and say which run of closed
-- minutes is whole. One script, so that no reader or second writer sees half of it.
--
-- A reader wants all rows of a symbol at once, so they are one string, which an open candle, that comes every second, has
-- no part in: the others are written when a minute is closed.
--
-- KEYS: closed (string: "first newest" of the unbroken run that ends at the newest, then the rows), opened (string:
--       rows), versions (hash: version by open time); rows in order of time, a line each
-- ARGV: seconds to live, ms to keep, then six per candle: open time, revision, closed (0/1), trade count,
--       origin is trades (0/1) and digest of the exchange's fields as "1:digest", row
-- Returns: stored, older, contradicting

local CLOSED, OPENED, VERSIONS = 1, 2, 3
local MINUTE_MS, BETWEEN = 60000, '\n'
local seconds_to_live, keep_ms = ARGV[1], tonumber(ARGV[2])
local newest = tonumber(string.match(redis.call('GETRANGE', KEYS[CLOSED], 0, 63), '^%d+ (%d+)') or '-1')
local stored, older, contradicting = 0, 0, 0
local rows, is_changed = {}, {}

local function name_of(open_time) return string.format('%.0f', open_time) end

local function held_version(open_time)
  local text = redis.call('HGET', KEYS[VERSIONS], open_time)
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

local function rows_of(place)
  if not rows[place] then
    local found, text, from = {}, redis.call('GET', KEYS[place]) or '', 1
    while from <= #text do
      local to = string.find(text, BETWEEN, from, true) or #text + 1
      local row = string.sub(text, from, to - 1)
      local open_time = string.match(row, '"open_time":(%d+)')
      if open_time then found[tonumber(open_time)] = row end
      from = to + #BETWEEN
    end
    rows[place] = found
  end
  return rows[place]
end

local function put(place, open_time, row)
  rows_of(place)[open_time] = row
  is_changed[place] = true
end

local function write(place, pieces)
  local times = {}
  for open_time in pairs(rows_of(place)) do times[#times + 1] = open_time end
  table.sort(times)
  for _, open_time in ipairs(times) do pieces[#pieces + 1] = rows[place][open_time] end
  if #times > 0 then
    redis.call('SET', KEYS[place], table.concat(pieces, BETWEEN))
  else
    redis.call('DEL', KEYS[place])
  end
end

for i = 3, #ARGV, 6 do
  local name, open_time = ARGV[i], tonumber(ARGV[i])
  local origin, digest = string.match(ARGV[i + 4], '^(%d):(.*)$')
  local new = {tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3]), tonumber(origin), digest}
  local held = held_version(name)
  local order = held and compared(new, held) or 1
  if order == 0 and new[5] ~= held[5] then contradicting = contradicting + 1 end
  local replaces = order > 0 or (order == 0 and new[4] > held[4])
  if replaces and open_time >= newest - keep_ms then
    local place = new[2] == 1 and CLOSED or OPENED
    put(place, open_time, ARGV[i + 5])
    if held and held[2] ~= new[2] then put(place == CLOSED and OPENED or CLOSED, open_time, nil) end
    redis.call('HSET', KEYS[VERSIONS], name, table.concat({ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]}, ':'))
    if place == CLOSED then newest = math.max(newest, open_time) end
    stored = stored + 1
  else
    older = older + 1
  end
end

if is_changed[CLOSED] then
  newest = -1
  for open_time in pairs(rows_of(CLOSED)) do newest = math.max(newest, open_time) end
  for _, place in ipairs({CLOSED, OPENED}) do
    for open_time in pairs(rows_of(place)) do
      if open_time < newest - keep_ms then
        put(place, open_time, nil)
        redis.call('HDEL', KEYS[VERSIONS], name_of(open_time))
      end
    end
  end
  local first = newest
  while rows[CLOSED][first - MINUTE_MS] do first = first - MINUTE_MS end
  write(CLOSED, {name_of(first) .. ' ' .. name_of(newest)})
end
if is_changed[OPENED] then write(OPENED, {}) end
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, seconds_to_live) end
return {stored, older, contradicting}
