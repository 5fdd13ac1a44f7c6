-- Escalate or snooze what is held, or return it to the queue. Its state stays what it is, and so nobody outside is told.
--
-- KEYS  1 comment  2 history  3 site prefix "…s:<site>:"
-- ARGV  1 now  2 comment id  3 site  4 the revision that the caller saw  5 list to enter: escalated, snoozed or flagged
--       6 time that orders it there  7 history entry  8 actor  9 what happened: escalated, snoozed or returned
-- Reply {word, revision, state}: applied, stale, illegal (it is not held), missing
-- include: queue
local cid = ARGV[2]
local state, rev = unpack(redis.call('HMGET', KEYS[1], 'state', 'rev'))
if not state then return {'missing', 0, ''} end
if rev ~= ARGV[4] then return {'stale', tonumber(rev), state} end
if state ~= 'flagged' then return {'illegal', tonumber(rev), state} end
rev = tonumber(rev) + 1
redis.call('HSET', KEYS[1], 'rev', rev, 'updated', ARGV[1])
redis.call('RPUSH', KEYS[2], ARGV[7])
redis.call('DEL', root(KEYS[3]) .. 'claim:' .. cid)
leave_lists(KEYS[1], KEYS[3], cid)
enter_list(KEYS[1], KEYS[3], cid, ARGV[5], ARGV[6])
live(KEYS[3], ARGV[3], cid, state, ARGV[5], rev, ARGV[8], ARGV[9])
return {'applied', rev, state}
