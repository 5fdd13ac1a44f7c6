-- Drop a comment's text when its time has come; what remains of the submission holds digests and ids, no words.
--
-- KEYS  1 comment  2 texts
-- ARGV  1 the revision that the caller saw  2 what remains (MessagePack)
-- Reply applied, or stale when the comment has changed since
if redis.call('HGET', KEYS[1], 'rev') ~= ARGV[1] then return 'stale' end
redis.call('HSET', KEYS[1], 'sub', ARGV[2])
redis.call('DEL', KEYS[2])
return 'applied'
