-- Put a comment before the machine once more (after a poison entry or a missing model), unless a human has decided.
--
-- KEYS  1 comment  2 history  3 site prefix "…s:<site>:"  4 dead
-- ARGV  one map: now; comment: comment id; site; sources: the states that it may come from;
--       seen: the revision that the caller saw; change: history entry;
--       dead_entry: dead entry that this answers, if any
-- Reply {word, revision, state}: applied, stale, human, illegal, missing
-- include: lists
-- include: reputation
-- include: work
-- include: history
local given = cmsgpack.unpack(ARGV[1])
local cid = given.comment
local state, rev, human = unpack(redis.call('HMGET', KEYS[1], 'state', 'rev', 'human'))
local word = 'applied'
if not state then word = 'missing'
elseif human == '1' then word = 'human'
elseif tonumber(rev) ~= given.seen then word = 'stale'
elseif not given.sources[state] then word = 'illegal' end
if word == 'applied' then
  rev = tonumber(rev) + 1
  redis.call('HSET', KEYS[1], 'state', 'pending', 'rev', rev, 'text_rev', rev, 'updated', given.now)
  stand(KEYS[1], KEYS[3], given.now, 'pending', 'machine')
  still_seen(KEYS[1], rev)
  note_change(KEYS[1], KEYS[2], given.change)
  redis.call('ZREM', KEYS[3] .. state, cid)
  leave_lists(KEYS[1], KEYS[3], cid)
  live(KEYS[3], given.site, cid, 'pending', '', rev, '', 'requeued')
  redis.call('ZADD', KEYS[3] .. 'pending', given.now, cid)
  enqueue(KEYS[3], given.site, cid, rev, '')
  state = 'pending'
end
if given.dead_entry and word ~= 'stale' then redis.call('XDEL', KEYS[4], given.dead_entry) end
return {word, tonumber(rev or 0), state or ''}
