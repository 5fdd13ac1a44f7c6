-- Tell a site's receiver something that is about no comment, by its ordinary outbox.
--
-- KEYS  1 due (sites)  2 site prefix "…s:<site>:"  3 the call-backs of that thing  4 delivery record
-- ARGV  1 now  2 delivery id  3 what stands for the comment's id  4 site  5 event type  6 event body
-- Reply told, or same when it was told before
-- include: due
if redis.call('EXISTS', KEYS[4]) == 1 then return 'same' end
redis.call('HSET', KEYS[4], 'site', ARGV[4], 'comment', ARGV[3], 'type', ARGV[5], 'body', ARGV[6], 'tries', 0,
  'at', ARGV[1], 'from', ARGV[1])
redis.call('RPUSH', KEYS[3], ARGV[2])
redis.call('ZADD', KEYS[2] .. 'due', 'NX', ARGV[1], ARGV[3])
site_due(KEYS[1], KEYS[2], ARGV[4])
return 'told'
