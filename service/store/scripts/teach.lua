-- Keep an example that belongs to no comment of ours, once.
--
-- KEYS  1 example  2 site's examples
-- ARGV  1 example id  2 when (ms)  3 example (MessagePack)
-- Reply added, or same when it was here
if not redis.call('SET', KEYS[1], ARGV[3], 'NX') then return 'same' end
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
return 'added'
