-- Put into the queue what was held before there was one.
--
-- KEYS  1 comment  2 site prefix "…s:<site>:"
-- ARGV  one map: comment: comment id; facets, one a line; priority
-- Reply adopted, or known when it is not held or stands in a list already
-- include: lists
local given = cmsgpack.unpack(ARGV[1])
local state, list = unpack(redis.call('HMGET', KEYS[1], 'state', 'list'))
if state ~= 'flagged' or list then return 'known' end
redis.call('HSET', KEYS[1], 'fac', given.facets, 'prio', given.priority)
enter_list(KEYS[1], KEYS[2], given.comment, 'flagged')
return 'adopted'
