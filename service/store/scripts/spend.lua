-- Count submissions against a site's minute, all or none of them.
--
-- KEYS  1 the site's counter of this minute
-- ARGV  1 how many  2 how many a minute may have  3 how long the counter lives, ms
-- Reply {allowed or refused, how many are left}
local used = tonumber(redis.call('GET', KEYS[1]) or 0)
local cost, quota = tonumber(ARGV[1]), tonumber(ARGV[2])
if used + cost > quota then return {'refused', math.max(0, quota - used)} end
redis.call('SET', KEYS[1], used + cost, 'PX', ARGV[3])
return {'allowed', quota - used - cost}
