-- Turn a bulk decision over to its next part: begin it, take it back or be done with it; or only take its lease over.
--
-- KEYS  1 bulk decision  2 those that have work left -> end of the worker's lease  3 its steps  4 skipped
-- ARGV  one map: bulk: its id; sources: the states that it may come from; state: its state from now on, if that changes; now;
--       leased_until: end of the lease of whoever does the work, or nothing when none is left; lives: how long it is kept (ms);
--       settled: what must be at its end, if anything: `at` (deciding) or `left` (taking back); set: fields and values to set
-- Reply turned (with a lease: the caller does the work), held (somebody is at it already, and will notice), unfinished when
--       work is left, or other when it was in another state
local given = cmsgpack.unpack(ARGV[1])
local state = redis.call('HGET', KEYS[1], 'state')
if not state or not given.sources[state] then return 'other' end
if given.settled then
  local place, steps = redis.call('HGET', KEYS[1], given.settled), redis.call('LLEN', KEYS[3])
  if given.settled == 'left' and place ~= '0' or given.settled == 'at' and tonumber(place or 0) < steps then return 'unfinished' end
end
if given.state then
  redis.call('HSET', KEYS[1], 'state', given.state, unpack(given.set))
  for i, key in ipairs(KEYS) do
    if i ~= 2 then redis.call('PEXPIRE', key, given.lives) end
  end
end
if not given.leased_until then
  redis.call('ZREM', KEYS[2], given.bulk)
elseif tonumber(redis.call('ZSCORE', KEYS[2], given.bulk) or 0) > given.now then
  return 'held'
else
  redis.call('ZADD', KEYS[2], given.leased_until, given.bulk)
end
return 'turned'
