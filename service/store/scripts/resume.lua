-- End the pause of a site's receiver, and make what waits for a later try due now, except what is on its way.
--
-- KEYS  1 due (sites)  2 site prefix "…s:<site>:"
-- ARGV  1 now  2 site  3 how many to look at in one go, so that nobody else waits for long
-- Reply how many were made due; the caller repeats this until it is 0
-- include: due
local due, leased = KEYS[2] .. 'due', KEYS[2] .. 'leased'
redis.call('DEL', KEYS[2] .. 'endpoint')
local moved = 0
for _, cid in ipairs(redis.call('ZRANGEBYSCORE', due, '(' .. ARGV[1], '+inf', 'LIMIT', 0, ARGV[3])) do
  if not redis.call('ZSCORE', leased, cid) then
    redis.call('ZADD', due, ARGV[1], cid)
    moved = moved + 1
  end
end
site_due(KEYS[1], KEYS[2], ARGV[2])
return moved
