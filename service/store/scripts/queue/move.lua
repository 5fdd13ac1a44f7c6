-- Escalate or snooze what is held, or return it to the queue. Its state stays what it is, and so nobody outside is told.
--
-- KEYS  1 comment  2 history  3 site prefix "…s:<site>:"
-- ARGV  one map: now; comment: comment id; site; seen: the revision that the caller saw;
--       list: list to enter: escalated, snoozed or flagged; at: time that orders it there; change: history entry;
--       actor; what: what happened: escalated, snoozed or returned;
--       hand: to whom, with what was said (core/review.py, MessagePack), when it is handed to somebody
-- Reply {word, revision, state}: applied, stale, illegal (it is not held), missing
-- uses: claim
-- include: lists
-- include: history
local given = cmsgpack.unpack(ARGV[1])
local cid = given.comment
local state, rev = unpack(redis.call('HMGET', KEYS[1], 'state', 'rev'))
if not state then return {'missing', 0, ''} end
if tonumber(rev) ~= given.seen then return {'stale', tonumber(rev), state} end
if state ~= 'flagged' then return {'illegal', tonumber(rev), state} end
rev = tonumber(rev) + 1
redis.call('HSET', KEYS[1], 'rev', rev, 'updated', given.now)
note_change(KEYS[1], KEYS[2], given.change)
redis.call('DEL', root(KEYS[3]) .. K.claim .. cid)
leave_lists(KEYS[1], KEYS[3], cid)
enter_list(KEYS[1], KEYS[3], cid, given.list, given.at)
if given.hand then hand_over(KEYS[1], KEYS[3], cid, given.hand, given.at) end
live(KEYS[3], given.site, cid, state, given.list, rev, given.actor, given.what)
return {'applied', rev, state}
