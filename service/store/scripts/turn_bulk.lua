-- Turn a bulk decision over to its next part: begin it, take it back, or be done with it. It goes on living from now.
--
-- KEYS  1 bulk decision  2 those that have work left  3 steps left  4 steps made  5 skipped  6 steps under way  7 … of taking back
-- ARGV  1 its id  2 states it may come from, " a b "  3 its state from now on  4 end of the lease of whoever does the work,
--       or "" when none is left  5 how long it is kept (ms)  6… fields and values to set
-- Reply turned (with a lease: the caller does the work), held (somebody is at it already, and will notice), unfinished when there
--       still is work that it can't be done with, or other when it was in another state
local state = redis.call('HGET', KEYS[1], 'state')
if not state or not string.find(ARGV[2], ' ' .. state .. ' ', 1, true) then return 'other' end
if ARGV[4] == '' then
  for _, key in ipairs(ARGV[3] == 'done' and {KEYS[3], KEYS[6]} or {KEYS[4], KEYS[6], KEYS[7]}) do
    if redis.call('LLEN', key) > 0 then return 'unfinished' end
  end
end
redis.call('HSET', KEYS[1], 'state', ARGV[3], unpack(ARGV, 6))
for i, key in ipairs(KEYS) do
  if i ~= 2 then redis.call('PEXPIRE', key, ARGV[5]) end
end
if ARGV[4] == '' then
  redis.call('ZREM', KEYS[2], ARGV[1])
elseif redis.call('ZADD', KEYS[2], 'NX', ARGV[4], ARGV[1]) == 0 then
  return 'held'
end
return 'turned'
