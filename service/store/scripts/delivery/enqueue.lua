-- Tell a site's receiver something that is about no comment, by its ordinary outbox.
--
-- KEYS  1 due (sites)  2 site prefix "…s:<site>:"  3 the call-backs of that thing  4 delivery record
-- ARGV  one map: now; delivery: delivery id; about: what stands for the comment's id; site; type: event type;
--       body: event body
-- Reply told, or same when it was told before
-- uses: due
-- include: due
local given = cmsgpack.unpack(ARGV[1])
if redis.call('EXISTS', KEYS[4]) == 1 then return 'same' end
redis.call('HSET', KEYS[4], 'site', given.site, 'comment', given.about, 'type', given.type, 'body', given.body, 'tries', 0,
  'at', given.now, 'from', given.now)
redis.call('RPUSH', KEYS[3], given.delivery)
redis.call('ZADD', KEYS[2] .. K.due, 'NX', given.now, given.about)
site_due(KEYS[1], KEYS[2], given.site)
return 'told'
