-- Put into the queue what was held before there was one, or place anew what stands in it as an earlier version put it.
--
-- KEYS  1 comment  2 site prefix "…s:<site>:"
-- ARGV  one map: comment: comment id; facets, one a line; priority; severest
-- Reply adopted, or known when it is not held or stands where it should
-- include: lists
local given = cmsgpack.unpack(ARGV[1])
local state, list, severest = unpack(redis.call('HMGET', KEYS[1], 'state', 'list', 'sev'))
if state ~= 'flagged' or list and (list ~= 'flagged' or severest) then return 'known' end
leave_lists(KEYS[1], KEYS[2], given.comment)
redis.call('HSETNX', KEYS[1], 'prio', given.priority)
redis.call('HSET', KEYS[1], 'fac', given.facets, 'sev', given.severest)
enter_list(KEYS[1], KEYS[2], given.comment, 'flagged')
return 'adopted'
