-- Move a work entry that no worker could answer to the dead-letter stream.
--
-- KEYS  1 work  2 dead
-- ARGV  one map: entry: work entry; comment: comment id; site; revision; why; now
-- Reply the dead entry's id
local given = cmsgpack.unpack(ARGV[1])
redis.call('XACK', KEYS[1], 'classify', given.entry)
redis.call('XDEL', KEYS[1], given.entry)
return redis.call('XADD', KEYS[2], '*', 'c', given.comment, 's', given.site, 'r', given.revision, 'why', given.why, 'at', given.now)
