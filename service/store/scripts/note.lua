-- Leave a note at a comment, for other moderators. It is erased with the comment.
--
-- KEYS  1 comment  2 its notes  3 site prefix "…s:<site>:"
-- ARGV  1 note (MessagePack)  2 most notes  3 comment id  4 site  5 actor
-- Reply noted, full, or missing when there is no such comment (any more)
-- include: queue
local state, rev, list = unpack(redis.call('HMGET', KEYS[1], 'state', 'rev', 'list'))
if not state or state == 'erased' then return 'missing' end
if redis.call('LLEN', KEYS[2]) >= tonumber(ARGV[2]) then return 'full' end
redis.call('HSET', KEYS[1], 'notes', redis.call('RPUSH', KEYS[2], ARGV[1]))
live(KEYS[3], ARGV[4], ARGV[3], state, list or '', rev, ARGV[5], 'noted')
return 'noted'
