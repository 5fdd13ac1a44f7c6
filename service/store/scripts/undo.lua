-- Take a decision back while nobody has been told of it: the state, the lists, the example, the counts, what readers are worth
-- and the call-backs are as they were before; the history says that it was undone.
--
-- KEYS  1 comment  2 history  3 site prefix "…s:<site>:"  4 the comment's call-backs  5 delivery prefix "…d:"  6 due (sites)
--       7 example prefix "…e:"  8 what transition.lua kept for this  9 work
-- ARGV  1 now  2 comment id  3 site  4 the revision that the caller saw  5 history entry  6 actor
-- Reply {word, revision, state}
--       applied  it is undone              stale    the comment has changed since
--       late     it can't be undone (any more): its call-back has left, or is leaving
--       missing  no such comment
-- include: queue
-- include: due
-- include: standing
local cid, site, prefix = ARGV[2], ARGV[3], KEYS[3]
local state, rev = unpack(redis.call('HMGET', KEYS[1], 'state', 'rev'))
if not state then return {'missing', 0, ''} end
if rev ~= ARGV[4] then return {'stale', tonumber(rev), state} end
local kept = redis.call('GET', KEYS[8])
local was = kept and cmsgpack.unpack(kept)
if not was or was.rev ~= tonumber(rev) or tonumber(ARGV[1]) >= was['until'] then return {'late', tonumber(rev), state} end
local leased = redis.call('ZSCORE', prefix .. 'leased', cid)
for _, id in ipairs(was.told) do
  if not redis.call('LPOS', KEYS[4], id) or (leased and redis.call('LINDEX', KEYS[4], 0) == id) then
    return {'late', tonumber(rev), state}
  end
end

for _, id in ipairs(was.told) do
  redis.call('LREM', KEYS[4], 0, id)
  redis.call('DEL', KEYS[5] .. id)
end
if redis.call('LLEN', KEYS[4]) == 0 then redis.call('ZREM', prefix .. 'due', cid) end
site_due(KEYS[6], prefix, site)
for _, step in ipairs(was.counted) do
  if redis.call('HINCRBY', step[1], step[2], -step[3]) == 0 then redis.call('HDEL', step[1], step[2]) end
end
if was.example ~= '' then
  redis.call('DEL', KEYS[7] .. was.example)
  redis.call('ZREM', prefix .. 'examples', was.example)
end

rev = tonumber(rev) + 1
leave_lists(KEYS[1], prefix, cid)
redis.call('ZREM', prefix .. state, cid)
redis.call('ZADD', prefix .. was.state, was.at, cid)
state = was.state
redis.call('HSET', KEYS[1], 'state', state, 'rev', rev, 'updated', ARGV[1])
for _, field in ipairs({'human', 'ruled', 'dec', 'wrong', 'owed', 'fac', 'prio'}) do
  if was.fields[field] then
    redis.call('HSET', KEYS[1], field, was.fields[field])
  else
    redis.call('HDEL', KEYS[1], field)
  end
end
for _, index in ipairs({'appealed', 'decided', 'teaches', 'chosen'}) do
  redis.call('ZREM', prefix .. index, cid)
  if was[index] then redis.call('ZADD', prefix .. index, was[index], cid) end
end
local waiting = root(prefix) .. 'r:' .. cid
for _, reader in ipairs(was.readers or {}) do redis.call('SMOVE', waiting .. ':answered', waiting, reader) end
if redis.call('SCARD', waiting) > 0 then
  redis.call('ZADD', prefix .. 'reports', redis.call('SCARD', waiting) + redis.call('SCARD', waiting .. ':answered'), cid)
end
stand(KEYS[1], prefix, tonumber(ARGV[1]), state, was.word, was.weight)
local list = was.fields.list
if list then enter_list(KEYS[1], prefix, cid, list, was[list]) end
redis.call('RPUSH', KEYS[2], ARGV[5])
if state == 'pending' then
  -- The machine's word for it may have come while the decision stood, and was not heeded; it is asked again.
  redis.call('HSET', KEYS[1], 'text_rev', rev)
  still_seen(KEYS[1], rev)
  redis.call('XADD', KEYS[9], '*', 'c', cid, 's', site, 'r', rev, 'w', '')
end
redis.call('DEL', KEYS[8])
live(prefix, site, cid, state, list or '', rev, ARGV[6], 'undone')
return {'applied', rev, state}
