-- Give one process of several a block of what a visitor may still do in its running minute.
--
-- KEYS: window (hash: id, used)
-- ARGV: limit, wanted, milliseconds of a window, id for a new one, id that the process knows,
--       what it accepted uncounted, what it knows to be used by all
-- Returns: granted, used by all (what is granted with it), milliseconds left, id

local id = redis.call('HGET', KEYS[1], 'id')
if not id then
    id = ARGV[4]
    redis.call('HSET', KEYS[1], 'id', id, 'used', 0)
end
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
    left = tonumber(ARGV[3])
    redis.call('PEXPIRE', KEYS[1], left)
end

local used = tonumber(redis.call('HGET', KEYS[1], 'used'))
if id ~= ARGV[5] then -- this memory is younger than the process's
    used = math.max(used, tonumber(ARGV[7]))
end
used = used + tonumber(ARGV[6])
local granted = math.max(0, math.min(tonumber(ARGV[2]), tonumber(ARGV[1]) - used))
redis.call('HSET', KEYS[1], 'used', used + granted)
return {granted, used + granted, left, id}
