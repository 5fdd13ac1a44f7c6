-- Put a comment before the machine once more (after a poison entry or a missing model), unless a human has decided.
--
-- KEYS  1 comment  2 history  3 site prefix "…s:<site>:"  4 work  5 dead
-- ARGV  1 now  2 comment id  3 site  4 states it may come from, " a b "  5 the revision that the caller saw
--       6 history entry  7 dead entry that this answers, or ""
-- Reply {word, revision, state}: applied, stale, human, illegal, missing
-- include: queue
-- include: standing
local cid = ARGV[2]
local state, rev, human = unpack(redis.call('HMGET', KEYS[1], 'state', 'rev', 'human'))
local word = 'applied'
if not state then word = 'missing'
elseif human == '1' then word = 'human'
elseif rev ~= ARGV[5] then word = 'stale'
elseif not string.find(ARGV[4], ' ' .. state .. ' ', 1, true) then word = 'illegal' end
if word == 'applied' then
  rev = tonumber(rev) + 1
  redis.call('HSET', KEYS[1], 'state', 'pending', 'rev', rev, 'text_rev', rev, 'updated', ARGV[1])
  stand(KEYS[1], KEYS[3], tonumber(ARGV[1]), 'pending', 'machine')
  still_seen(KEYS[1], rev)
  redis.call('RPUSH', KEYS[2], ARGV[6])
  redis.call('ZREM', KEYS[3] .. state, cid)
  leave_lists(KEYS[1], KEYS[3], cid)
  live(KEYS[3], ARGV[3], cid, 'pending', '', rev, '', 'requeued')
  redis.call('ZADD', KEYS[3] .. 'pending', ARGV[1], cid)
  redis.call('XADD', KEYS[4], '*', 'c', cid, 's', ARGV[3], 'r', rev, 'w', '')
  state = 'pending'
end
if ARGV[7] ~= '' and word ~= 'stale' then redis.call('XDEL', KEYS[5], ARGV[7]) end
return {word, tonumber(rev or 0), state or ''}
