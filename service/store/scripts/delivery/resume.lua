-- End the pause of a site's receiver, and make what waits for a later try due now, except what is on its way.
--
-- KEYS  1 due (sites)  2 site prefix "…s:<site>:"
-- ARGV  one map: now; site; most: how many to look at in one go, so that nobody else waits for long
-- Reply how many were made due; the caller repeats this until it is 0
-- uses: due leased endpoint
-- include: due
local given = cmsgpack.unpack(ARGV[1])
local due, leased = KEYS[2] .. K.due, KEYS[2] .. K.leased
redis.call('DEL', KEYS[2] .. K.endpoint)
local moved = 0
for _, cid in ipairs(redis.call('ZRANGEBYSCORE', due, '(' .. given.now, '+inf', 'LIMIT', 0, given.most)) do
  if not redis.call('ZSCORE', leased, cid) then
    redis.call('ZADD', due, given.now, cid)
    moved = moved + 1
  end
end
site_due(KEYS[1], KEYS[2], given.site)
return moved
