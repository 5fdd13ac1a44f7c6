-- Send a call-back again, before what else its comment has to tell.
--
-- KEYS  1 due (sites)  2 site prefix "…s:<site>:"  3 the comment's call-backs  4 delivery record
-- ARGV  1 now  2 delivery id  3 comment id  4 site
-- Reply applied, or missing when its record is gone
-- include: due
redis.call('ZREM', KEYS[2] .. 'undelivered', ARGV[2])
if redis.call('EXISTS', KEYS[4]) == 0 then return 'missing' end
redis.call('PERSIST', KEYS[4])
redis.call('HSET', KEYS[4], 'tries', 0)
redis.call('HDEL', KEYS[4], 'ended', 'ended_at')
redis.call('LREM', KEYS[3], 0, ARGV[2])
redis.call('LPUSH', KEYS[3], ARGV[2])

-- Another call-back of the comment may be on its way: then its deliverer's settling, or the end of its lease, makes this due.
local due = KEYS[2] .. 'due'
local lease = redis.call('ZSCORE', KEYS[2] .. 'leased', ARGV[3])
if not lease then redis.call('ZADD', due, ARGV[1], ARGV[3]) end
site_due(KEYS[1], KEYS[2], ARGV[4])
return 'applied'
