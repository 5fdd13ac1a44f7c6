-- Erase a comment: its text, identity, earlier texts and untold call-backs go; a tombstone and a told erasure remain.
--
-- KEYS  1 comment  2 history  3 texts  4 site prefix "…s:<site>:"  5 the comment's call-backs  6 delivery record  7 due (sites)
--       8 reporters  9 delivery prefix "…d:" (a call-back's id is
--       msg_<comment>_<revision> or akm_…)  10 example prefix "…e:" (x_<comment>_<revision>)  11 the comment's names
-- ARGV  1 now  2 comment id  3 site  4 the revision that the caller saw  5 delivery id, or ""  6 event body
--       7 digests of what it said, with spaces between: what was suggested about these texts goes too
--       8… the history that remains, oldest first
-- Reply {word, revision, state}: applied, stale, gone (it was erased before), missing
-- include: queue
-- include: due
-- include: standing
-- include: suggestions
local cid, site = ARGV[2], ARGV[3]
local state, rev, by = unpack(redis.call('HMGET', KEYS[1], 'state', 'rev', 'by'))
if not state then return {'missing', 0, ''} end
if state == 'erased' then return {'gone', tonumber(rev), state} end
if rev ~= ARGV[4] then return {'stale', tonumber(rev), state} end

rev = tonumber(rev) + 1
redis.call('HDEL', KEYS[1], 'sub', 'ver', 'dec', 'fp', 'back', 'owed', 'said', 'judged', 'wrong', 'by', 'app')
leave_lists(KEYS[1], KEYS[4], cid)
redis.call('HDEL', KEYS[1], 'fac', 'prio', 'notes')
redis.call('DEL', root(KEYS[4]) .. 'notes:' .. cid, root(KEYS[4]) .. 'claim:' .. cid, root(KEYS[4]) .. 'was:' .. cid)
redis.call('HSET', KEYS[1], 'state', 'erased', 'rev', rev, 'updated', ARGV[1])
redis.call('DEL', KEYS[2], KEYS[3], KEYS[8], KEYS[8] .. ':answered')
for i = 8, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[i]) end
redis.call('ZREM', KEYS[4] .. state, cid)
redis.call('ZREM', KEYS[4] .. 'all', cid)
redis.call('ZREM', KEYS[4] .. 'reports', cid)
redis.call('ZREM', KEYS[4] .. 'appealed', cid)
redis.call('ZREM', KEYS[4] .. 'decided', cid)
redis.call('ZREM', KEYS[4] .. 'audit', cid)
redis.call('ZREM', KEYS[4] .. 'chosen', cid)
redis.call('ZADD', KEYS[4] .. 'erased', ARGV[1], cid)
if by then redis.call('ZREM', KEYS[4] .. 'a:' .. by, cid) end
for text in string.gmatch(ARGV[7], '%S+') do drop_suggestions(KEYS[4], text) end
local dropped = string.match(redis.call('HGET', KEYS[1], 'subjects') or '', 'x:(%S+)') -- of a text that is not kept any more
if dropped then drop_suggestions(KEYS[4], dropped) end
forget(KEYS[1], KEYS[4], site, cid, tonumber(ARGV[1]))

-- What was not told yet is not told any more, and nothing told or given up can be replayed: a call-back may quote somebody.
-- The erasure takes its place; when a try is on its way, it comes after that.
for n = 1, rev do
  for _, kind in ipairs({'msg_', 'akm_'}) do
    local id = kind .. cid .. '_' .. n
    redis.call('DEL', KEYS[9] .. id)
    redis.call('ZREM', KEYS[4] .. 'undelivered', id)
  end
  local example = 'x_' .. cid .. '_' .. n
  redis.call('DEL', KEYS[10] .. example)
  redis.call('ZREM', KEYS[4] .. 'examples', example)
end
for _, name in ipairs(redis.call('SMEMBERS', KEYS[11])) do redis.call('DEL', KEYS[4] .. 'n:' .. name) end
redis.call('DEL', KEYS[11])
redis.call('DEL', KEYS[5])
local due, leased = KEYS[4] .. 'due', KEYS[4] .. 'leased'
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[6], 'site', site, 'comment', cid, 'type', 'comment.erased', 'body', ARGV[6], 'tries', 0, 'at', ARGV[1])
  redis.call('RPUSH', KEYS[5], ARGV[5])
  if not redis.call('ZSCORE', leased, cid) then redis.call('ZADD', due, ARGV[1], cid) end
else
  redis.call('ZREM', due, cid)
  redis.call('ZREM', leased, cid)
end
site_due(KEYS[7], KEYS[4], site)
live(KEYS[4], site, cid, 'erased', '', rev, '', 'erased')
return {'applied', rev, 'erased'}
