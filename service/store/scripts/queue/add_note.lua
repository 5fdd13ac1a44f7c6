-- Leave a note at a comment, for other moderators. It is erased with the comment.
--
-- KEYS  1 comment  2 its notes  3 site prefix "…s:<site>:"
-- ARGV  one map: note: note (MessagePack); most: most notes; comment: comment id; site; actor
-- Reply noted, full, or missing when there is no such comment (any more)
-- include: lists
local given = cmsgpack.unpack(ARGV[1])
local state, rev, list = unpack(redis.call('HMGET', KEYS[1], 'state', 'rev', 'list'))
if not state or state == 'erased' then return 'missing' end
if redis.call('LLEN', KEYS[2]) >= given.most then return 'full' end
redis.call('HSET', KEYS[1], 'notes', redis.call('RPUSH', KEYS[2], given.note))
live(KEYS[3], given.site, given.comment, state, list or '', rev, given.actor, 'noted')
return 'noted'
