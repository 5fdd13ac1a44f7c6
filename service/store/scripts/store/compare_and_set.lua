-- Keep, change or remove one record of a hash of records, if it is still what the caller saw, and another one is too.
--
-- KEYS  1 the hash: name -> record
-- ARGV  one map: name; seen: the record that the caller saw, or nothing when there was none;
--       record: the record to keep, or nothing to remove it; witness: the name of another record, "" or nothing for none,
--       and held: that record as the caller saw it
-- Reply saved, or changed when somebody was faster
local given = cmsgpack.unpack(ARGV[1])
if (redis.call('HGET', KEYS[1], given.name) or nil) ~= given.seen then return 'changed' end
if (given.witness or '') ~= '' and (redis.call('HGET', KEYS[1], given.witness) or nil) ~= given.held then return 'changed' end
if given.record then redis.call('HSET', KEYS[1], given.name, given.record) else redis.call('HDEL', KEYS[1], given.name) end
return 'saved'
