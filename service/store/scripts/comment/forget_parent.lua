-- Take the text of what a comment answers out of it: that was erased.
--
-- KEYS  1 comment  2 texts
-- ARGV  one map: seen: its submission as the caller saw it; submission: without that text (MessagePack);
--       texts: its earlier texts, likewise
-- Reply applied, or stale when the comment has changed since
local given = cmsgpack.unpack(ARGV[1])
if redis.call('HGET', KEYS[1], 'sub') ~= given.seen then return 'stale' end
redis.call('DEL', KEYS[2]) -- first, since a server at its maxmemory refuses what begins with more
redis.call('HSET', KEYS[1], 'sub', given.submission)
for _, text in ipairs(given.texts) do redis.call('RPUSH', KEYS[2], text) end
return 'applied'
