-- Drop a comment's text when its time has come; what remains of the submission holds digests and ids, no words.
--
-- KEYS  1 comment  2 texts
-- ARGV  1 the revision that the caller saw  2 what remains (MessagePack)  3 what remains of an appeal, or ""
-- Reply applied, or stale when the comment has changed since
if redis.call('HGET', KEYS[1], 'rev') ~= ARGV[1] then return 'stale' end
redis.call('HSET', KEYS[1], 'sub', ARGV[2])
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'app', ARGV[3]) end
redis.call('DEL', KEYS[2])
return 'applied'
