-- Send a call-back again, before what else its comment has to tell.
--
-- KEYS  1 due (sites)  2 site prefix "…s:<site>:"  3 the comment's call-backs  4 delivery record
-- ARGV  1 now  2 delivery id  3 comment id  4 site
-- Reply applied, or missing when its record is gone
if redis.call('EXISTS', KEYS[4]) == 0 then return 'missing' end
redis.call('PERSIST', KEYS[4])
redis.call('HSET', KEYS[4], 'tries', 0)
redis.call('HDEL', KEYS[4], 'ended', 'ended_at')
redis.call('ZREM', KEYS[2] .. 'undelivered', ARGV[2])
redis.call('LREM', KEYS[3], 0, ARGV[2])
redis.call('LPUSH', KEYS[3], ARGV[2])
redis.call('ZADD', KEYS[2] .. 'due', ARGV[1], ARGV[3])
local pause = redis.call('HGET', KEYS[2] .. 'endpoint', 'paused_until')
redis.call('ZADD', KEYS[1], math.max(tonumber(ARGV[1]), tonumber(pause or 0)), ARGV[4])
return 'applied'
