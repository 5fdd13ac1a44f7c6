-- Drop the notes in a comment's history and in its last decision when their time has come.
--
-- KEYS  1 comment  2 history
-- ARGV  one map: seen: how many lines of history the caller saw; history: those lines without notes, oldest first;
--       decision: the last decision's line without its note, if there is one
-- Reply applied, or stale when something has happened since
local given = cmsgpack.unpack(ARGV[1])
if redis.call('LLEN', KEYS[2]) ~= given.seen then return 'stale' end
redis.call('HDEL', KEYS[1], 'notes') -- a script that has begun to write may go on at maxmemory
for place, line in ipairs(given.history) do redis.call('LSET', KEYS[2], place - 1, line) end
if given.decision then redis.call('HSET', KEYS[1], 'dec', given.decision) end
return 'applied'
