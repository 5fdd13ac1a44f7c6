-- Keep an example that belongs to no comment of ours, once. It ends by itself, since no comment takes it along.
--
-- KEYS  1 example  2 site prefix "…s:<site>:"
-- ARGV  1 example id  2 when it was taught (ms)  3 example (MessagePack)  4 digest of its text  5 now  6 how long it lives (ms)
-- Reply added, or same when it was here
local id, site, now = ARGV[1], KEYS[2], tonumber(ARGV[5])
if not redis.call('SET', KEYS[1], ARGV[3], 'NX', 'PX', ARGV[6]) then return 'same' end
redis.call('ZADD', site .. 'examples', ARGV[2], id)
redis.call('ZADD', site .. 'suggested', now + ARGV[6], id)
redis.call('SADD', site .. 'said:' .. ARGV[4], id)
redis.call('PEXPIRE', site .. 'said:' .. ARGV[4], ARGV[6])

-- Of those that have ended, the index still has the names: some go with each that comes.
for _, ended in ipairs(redis.call('ZRANGEBYSCORE', site .. 'suggested', '-inf', now, 'LIMIT', 0, 100)) do
  redis.call('ZREM', site .. 'suggested', ended)
  redis.call('ZREM', site .. 'examples', ended)
end
return 'added'
