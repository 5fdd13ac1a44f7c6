-- End the pause of a site's receiver, and try at once what waits and is not on its way.
--
-- KEYS  1 due (sites)  2 site prefix "…s:<site>:"
-- ARGV  1 now  2 site
-- Reply how many comments have call-backs that wait
local due, leased = KEYS[2] .. 'due', KEYS[2] .. 'leased'
redis.call('DEL', KEYS[2] .. 'endpoint')
local waiting = 0
for _, cid in ipairs(redis.call('ZRANGE', due, 0, -1)) do
  if not redis.call('ZSCORE', leased, cid) then redis.call('ZADD', due, 'LT', ARGV[1], cid) end
  waiting = waiting + 1
end
local first = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')[2]
if first then redis.call('ZADD', KEYS[1], first, ARGV[2]) else redis.call('ZREM', KEYS[1], ARGV[2]) end
return waiting
