-- Keep one record of a hash of records under another name, if it is still what the caller saw and that name is free.
--
-- KEYS  1 the hash: name -> record
-- ARGV  one map: name; seen: the record that the caller saw; to: the other name; record: what to keep there
-- Reply saved, changed when somebody was faster, or taken
local given = cmsgpack.unpack(ARGV[1])
if redis.call('HGET', KEYS[1], given.name) ~= given.seen then return 'changed' end
if redis.call('HEXISTS', KEYS[1], given.to) == 1 then return 'taken' end
redis.call('HSET', KEYS[1], given.to, given.record)
redis.call('HDEL', KEYS[1], given.name)
return 'saved'
