-- Drop what remains of a comment whose text is gone, when the time of that has come too: nothing says any more that it was here.
--
-- KEYS  1 comment  2 site prefix "…s:<site>:"  3 the comment's names  4 the comment's call-backs
-- ARGV  one map: comment: comment id; site; seen: the revision that the caller saw
-- Reply applied, or stale when the comment has changed since
-- uses: answers thread due
-- include: imported
-- include: names
local given = cmsgpack.unpack(ARGV[1])
if tonumber(redis.call('HGET', KEYS[1], 'rev')) ~= given.seen then return 'stale' end
redis.call('DEL', KEYS[4], KEYS[2] .. K.answers .. given.comment, KEYS[2] .. K.thread .. given.comment) -- first, since a server at its maxmemory refuses what begins with more
redis.call('ZREM', KEYS[2] .. K.due, given.comment)
drop_names(KEYS[3], KEYS[2], given.comment)
take_back(KEYS[1], KEYS[2], given.site, given.comment, 0, 'dropped')
return 'applied'
