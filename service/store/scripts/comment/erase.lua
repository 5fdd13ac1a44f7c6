-- Erase a comment: its text, identity, earlier texts and untold call-backs go; a tombstone and a told erasure remain.
--
-- KEYS  1 comment  2 history  3 texts  4 site prefix "…s:<site>:"  5 the comment's call-backs  6 delivery record  7 due (sites)
--       8 reporters  9 delivery prefix "…d:" (a call-back's id is
--       msg_<comment>_<revision> or akm_…)  10 example prefix "…e:" (x_<comment>_<revision>)  11 the comment's names
-- ARGV  one map: now; comment: comment id; site; seen: the revision that the caller saw;
--       delivery: delivery id, if anybody is to be told; body: event body;
--       texts: digests of what it said: what was suggested about these texts goes too;
--       withdrawn: the platform's time of it (ms), when it is the platform that deleted it, and may restore it;
--       kinds: how ids of its call-backs begin; history: the history that remains, oldest first
-- Reply {word, revision, state}: applied, stale, gone (it was erased before), missing
-- uses: notes claim was answered all reports appealed decided audit chosen author undelivered examples due leased
-- include: lists
-- include: due
-- include: reputation
-- include: suggestions
-- include: names
local given = cmsgpack.unpack(ARGV[1])
local cid, site = given.comment, given.site
local state, rev, by = unpack(redis.call('HMGET', KEYS[1], 'state', 'rev', 'by'))
if not state then return {'missing', 0, ''} end
if state == 'erased' then return {'gone', tonumber(rev), state} end
if tonumber(rev) ~= given.seen then return {'stale', tonumber(rev), state} end

rev = tonumber(rev) + 1
redis.call('HDEL', KEYS[1], 'sub', 'ver', 'dec', 'fp', 'back', 'owed', 'said', 'judged', 'wrong', 'by', 'app', 'edit')
if given.withdrawn then
  redis.call('HSET', KEYS[1], 'withdrawn', given.withdrawn)
else
  redis.call('HDEL', KEYS[1], 'withdrawn')
end
leave_lists(KEYS[1], KEYS[4], cid)
redis.call('HDEL', KEYS[1], 'fac', 'prio', 'sev', 'notes')
redis.call('DEL', root(KEYS[4]) .. K.notes .. cid, root(KEYS[4]) .. K.claim .. cid, root(KEYS[4]) .. K.was .. cid)
redis.call('HSET', KEYS[1], 'state', 'erased', 'rev', rev, 'updated', given.now)
redis.call('DEL', KEYS[2], KEYS[3], KEYS[8], KEYS[8] .. K.answered)
for _, change in ipairs(given.history) do redis.call('RPUSH', KEYS[2], change) end
redis.call('ZREM', KEYS[4] .. state, cid)
redis.call('ZREM', KEYS[4] .. K.all, cid)
redis.call('ZREM', KEYS[4] .. K.reports, cid)
redis.call('ZREM', KEYS[4] .. K.appealed, cid)
redis.call('ZREM', KEYS[4] .. K.decided, cid)
redis.call('ZREM', KEYS[4] .. K.audit, cid)
redis.call('ZREM', KEYS[4] .. K.chosen, cid)
redis.call('ZADD', KEYS[4] .. 'erased', given.now, cid)
if by then redis.call('ZREM', KEYS[4] .. K.author .. by, cid) end
for _, text in ipairs(given.texts) do drop_suggestions(KEYS[4], text) end
local dropped = string.match(redis.call('HGET', KEYS[1], 'subjects') or '', 'x:(%S+)') -- of a text that is not kept any more
if dropped then drop_suggestions(KEYS[4], dropped) end
forget(KEYS[1], KEYS[4], site, cid, given.now)

-- What was not told yet is not told any more, and nothing told or given up can be replayed: a call-back may quote somebody.
-- The erasure takes its place; when a try is on its way, it comes after that.
for n = 1, rev do
  for _, kind in ipairs(given.kinds) do
    local id = kind .. cid .. '_' .. n
    redis.call('DEL', KEYS[9] .. id)
    redis.call('ZREM', KEYS[4] .. K.undelivered, id)
  end
  local example = 'x_' .. cid .. '_' .. n
  redis.call('DEL', KEYS[10] .. example)
  redis.call('ZREM', KEYS[4] .. K.examples, example)
end
drop_names(KEYS[11], KEYS[4], cid)
redis.call('DEL', KEYS[5])
local due, leased = KEYS[4] .. K.due, KEYS[4] .. K.leased
if given.delivery then
  redis.call('HSET', KEYS[6], 'site', site, 'comment', cid, 'type', 'comment.erased', 'body', given.body, 'tries', 0, 'at', given.now)
  redis.call('RPUSH', KEYS[5], given.delivery)
  if not redis.call('ZSCORE', leased, cid) then redis.call('ZADD', due, given.now, cid) end
else
  redis.call('ZREM', due, cid)
  redis.call('ZREM', leased, cid)
end
site_due(KEYS[7], KEYS[4], site)
live(KEYS[4], site, cid, 'erased', '', rev, '', 'erased')
return {'applied', rev, 'erased'}
