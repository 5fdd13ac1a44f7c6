-- Keep a field, also on a server at its maxmemory: how far an erasure or a sweep is, and what remains of what was erased.
--
-- KEYS  1 a hash
-- ARGV  one map: name: a field; value
-- Reply done
local given = cmsgpack.unpack(ARGV[1])
redis.call('HDEL', KEYS[1], given.name) -- a script that has begun to write may go on
redis.call('HSET', KEYS[1], given.name, given.value)
return 'done'
