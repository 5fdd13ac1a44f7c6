-- Take a decision back while nobody has been told of it: the state, the lists, the example, the counts, what readers are worth
-- and the call-backs are as they were before; the history says that it was undone.
--
-- KEYS  1 comment  2 history  3 site prefix "…s:<site>:"  4 the comment's call-backs  5 delivery prefix "…d:"  6 due (sites)
--       7 example prefix "…e:"  8 what comment/transition.lua kept for this
-- ARGV  one map: now; comment: comment id; site; seen: the revision that the caller saw; change: history entry; actor
-- Reply {word, revision, state}
--       applied  it is undone              stale    the comment has changed since
--       late     it can't be undone (any more): its call-back has left, or is leaving
--       missing  no such comment
-- uses: leased due appealed decided examples reported_by answered reports
-- include: lists
-- include: due
-- include: reputation
-- include: work
-- include: history
local given = cmsgpack.unpack(ARGV[1])
local cid, site, prefix = given.comment, given.site, KEYS[3]
local state, rev = unpack(redis.call('HMGET', KEYS[1], 'state', 'rev'))
if not state then return {'missing', 0, ''} end
if tonumber(rev) ~= given.seen then return {'stale', tonumber(rev), state} end
local kept = redis.call('GET', KEYS[8])
local was = kept and cmsgpack.unpack(kept)
if not was or was.rev ~= tonumber(rev) or given.now >= was['until'] then return {'late', tonumber(rev), state} end
local leased = redis.call('ZSCORE', prefix .. K.leased, cid)
for _, id in ipairs(was.told) do
  if not redis.call('LPOS', KEYS[4], id) or (leased and redis.call('LINDEX', KEYS[4], 0) == id) then
    return {'late', tonumber(rev), state}
  end
end

for _, id in ipairs(was.told) do
  redis.call('LREM', KEYS[4], 0, id)
  redis.call('DEL', KEYS[5] .. id)
end
if redis.call('LLEN', KEYS[4]) == 0 then redis.call('ZREM', prefix .. K.due, cid) end
site_due(KEYS[6], prefix, site)
for _, step in ipairs(was.counted) do
  if redis.call('HINCRBY', step[1], step[2], -step[3]) == 0 then redis.call('HDEL', step[1], step[2]) end
end
if was.example ~= '' then
  redis.call('DEL', KEYS[7] .. was.example)
  redis.call('ZREM', prefix .. K.examples, was.example)
end

rev = tonumber(rev) + 1
note_change(KEYS[1], KEYS[2], given.change)
leave_lists(KEYS[1], prefix, cid)
redis.call('ZREM', prefix .. state, cid)
redis.call('ZADD', prefix .. was.state, was.at, cid)
state = was.state
redis.call('HSET', KEYS[1], 'state', state, 'rev', rev, 'updated', given.now)
for _, field in ipairs({'human', 'ruled', 'dec', 'wrong', 'owed', 'fac', 'prio', 'sev', 'edit'}) do
  if was.fields[field] then
    redis.call('HSET', KEYS[1], field, was.fields[field])
  else
    redis.call('HDEL', KEYS[1], field)
  end
end
for _, index in ipairs({'appealed', 'decided'}) do
  redis.call('ZREM', prefix .. K[index], cid)
  if was[index] then redis.call('ZADD', prefix .. K[index], was[index], cid) end
end
local waiting = root(prefix) .. K.reported_by .. cid
for _, reader in ipairs(was.readers or {}) do redis.call('SMOVE', waiting .. K.answered, waiting, reader) end
if redis.call('SCARD', waiting) > 0 then
  redis.call('ZADD', prefix .. K.reports, redis.call('SCARD', waiting) + redis.call('SCARD', waiting .. K.answered), cid)
end
stand(KEYS[1], prefix, given.now, state, was.word, was.weight)
local list = was.fields.list
if list then enter_list(KEYS[1], prefix, cid, list, was[list]) end
if was.fields.hand then hand_over(KEYS[1], prefix, cid, was.fields.hand, was[list]) end
if state == 'pending' then
  -- The machine's word for it may have come while the decision stood, and was not heeded; it is asked again.
  redis.call('HSET', KEYS[1], 'text_rev', rev)
  still_seen(KEYS[1], rev)
  enqueue(prefix, site, cid, rev, '')
end
redis.call('DEL', KEYS[8])
live(prefix, site, cid, state, list or '', rev, given.actor, 'undone')
return {'applied', rev, state}
