-- Count submissions against a site's minute, all or none of them.
--
-- KEYS  1 the site's counter of this minute
-- ARGV  one map: cost: how many; quota: how many a minute may have; lives: how long the counter lives, ms
-- Reply {allowed or refused, how many are left}
local given = cmsgpack.unpack(ARGV[1])
local used = tonumber(redis.call('GET', KEYS[1]) or 0)
local cost, quota = given.cost, given.quota
if used + cost > quota then return {'refused', math.max(0, quota - used)} end
redis.call('SET', KEYS[1], used + cost, 'PX', given.lives)
return {'allowed', quota - used - cost}
