-- Drop a comment's text when its time has come; what remains of the submission holds digests and ids, no words, and nothing
-- that could be reviewed later. A decision on it can't be taken back any more: nobody could decide anew without the text.
--
-- KEYS  1 comment  2 texts  3 site prefix "…s:<site>:"
-- ARGV  1 the revision that the caller saw  2 what remains (MessagePack)  3 what remains of an appeal, or ""
--       4 comment id
-- Reply applied, or stale when the comment has changed since
-- include: queue
if redis.call('HGET', KEYS[1], 'rev') ~= ARGV[1] then return 'stale' end
redis.call('HSET', KEYS[1], 'sub', ARGV[2])
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'app', ARGV[3]) end
redis.call('DEL', KEYS[2])
redis.call('DEL', root(KEYS[3]) .. 'was:' .. ARGV[4])
leave_lists(KEYS[1], KEYS[3], ARGV[4])
return 'applied'
