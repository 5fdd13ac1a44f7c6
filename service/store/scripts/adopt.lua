-- Put into the queue what was held before there was one.
--
-- KEYS  1 comment  2 site prefix "…s:<site>:"
-- ARGV  1 comment id  2 facets, one a line  3 priority
-- Reply adopted, or known when it is not held or stands in a list already
-- include: queue
local state, list = unpack(redis.call('HMGET', KEYS[1], 'state', 'list'))
if state ~= 'flagged' or list then return 'known' end
redis.call('HSET', KEYS[1], 'fac', ARGV[2], 'prio', ARGV[3])
enter_list(KEYS[1], KEYS[2], ARGV[1], 'flagged')
return 'adopted'
