-- Send a call-back again, before what else its comment has to tell.
--
-- KEYS  1 due (sites)  2 site prefix "…s:<site>:"  3 the comment's call-backs  4 delivery record
-- ARGV  one map: now; delivery: delivery id; comment: comment id; site
-- Reply applied, or missing when its record is gone
-- uses: undelivered due leased
-- include: due
local given = cmsgpack.unpack(ARGV[1])
redis.call('ZREM', KEYS[2] .. K.undelivered, given.delivery)
if redis.call('EXISTS', KEYS[4]) == 0 then return 'missing' end
redis.call('PERSIST', KEYS[4])
redis.call('HSET', KEYS[4], 'tries', 0)
redis.call('HDEL', KEYS[4], 'ended', 'ended_at')
redis.call('LREM', KEYS[3], 0, given.delivery)
redis.call('LPUSH', KEYS[3], given.delivery)

-- Another call-back of the comment may be on its way: then its deliverer's settling, or the end of its lease, makes this due.
local due = KEYS[2] .. K.due
local lease = redis.call('ZSCORE', KEYS[2] .. K.leased, given.comment)
if not lease then redis.call('ZADD', due, given.now, given.comment) end
site_due(KEYS[1], KEYS[2], given.site)
return 'applied'
