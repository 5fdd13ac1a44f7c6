-- Take a comment in: idempotency, record, history, indexes and work entry, all or nothing.
--
-- KEYS  1 comment  2 history  3 texts  4 work  5 site:all  6 site:pending  7 site prefix "…s:<site>:" (for the index of
--       the state that an edited comment leaves)  8 author index  9 idempotency  10… the author's indexes under retired keys
-- ARGV  1 now  2 comment id  3 site  4 platform id  5 submission (MessagePack)  6 fingerprint  7 backlog limit
--       8 history entry of a new comment  9 history entry of an edited one  10 waiting process, or ""
--       11 "author" or ""  12 request fingerprint, or "" without an idempotency key  13 its lifetime, ms  14 its lease, ms
-- Reply {word, revision, state, stored answer}
--       accepted   a new comment           edited    a new text of a known one; it is judged again
--       same       nothing new             replayed  this idempotency key's request was answered before
--       running    … is still unanswered   mismatch  … was another request
--       gone       the comment was erased  full      the backlog limit is reached; nothing was written
--
-- The comment's hash: site pid state rev (counts every change) text_rev (the revision of the present text) human ("1": a
-- human has decided about the present text) ruled (the last human outcome, which an edit does not wipe out) dec (the history
-- entry of the last decision) app (an appeal against it) sub (submission) fp (fingerprint) ver (verdict) created updated
-- by (the digest in whose author index it stands). XLEN of work is the backlog: entries are deleted when they are acknowledged.
-- include: queue
-- include: standing
local now, cid = ARGV[1], ARGV[2]
local state, rev, fp, created = unpack(redis.call('HMGET', KEYS[1], 'state', 'rev', 'fp', 'created'))

if ARGV[12] ~= '' then
  local seen = redis.call('HMGET', KEYS[9], 'fp', 'at', 'answer')
  if seen[1] then
    if seen[1] ~= ARGV[12] then return {'mismatch', 0, '', ''} end
    if not seen[3] and tonumber(now) - tonumber(seen[2]) < tonumber(ARGV[14]) then return {'running', 0, '', ''} end
    return {'replayed', tonumber(rev or 0), state or '', seen[3] or ''}
  end
end

if state == 'erased' then return {'gone', tonumber(rev), state, ''} end

local word
if state and fp == ARGV[6] then
  word = 'same'
else
  if redis.call('XLEN', KEYS[4]) >= tonumber(ARGV[7]) then return {'full', 0, '', ''} end
  rev = tonumber(rev or 0) + 1
  if state then
    word = 'edited'
    local before = redis.call('HGET', KEYS[1], 'sub')
    if before then redis.call('RPUSH', KEYS[3], before) end
    redis.call('ZREM', KEYS[7] .. state, cid)
    redis.call('ZREM', KEYS[7] .. 'appealed', cid)
    redis.call('ZREM', KEYS[7] .. 'decided', cid)
    leave_lists(KEYS[1], KEYS[7], cid)
    redis.call('HDEL', KEYS[1], 'said', 'judged', 'wrong', 'app', 'fac', 'prio')
    live(KEYS[7], ARGV[3], cid, 'pending', '', rev, 'platform:' .. ARGV[3], 'edited')
    stand(KEYS[1], KEYS[7], tonumber(now), 'pending', 'machine')
    redis.call('RPUSH', KEYS[2], ARGV[9])
    redis.call('HSET', KEYS[1], 'state', 'pending', 'rev', rev, 'text_rev', rev, 'human', '0',
      'sub', ARGV[5], 'fp', ARGV[6], 'updated', now)
  else
    word, created = 'accepted', now
    redis.call('RPUSH', KEYS[2], ARGV[8])
    redis.call('HSET', KEYS[1], 'site', ARGV[3], 'pid', ARGV[4], 'state', 'pending', 'rev', rev, 'text_rev', rev,
      'human', '0', 'sub', ARGV[5], 'fp', ARGV[6], 'created', now, 'updated', now)
    redis.call('ZADD', KEYS[5], now, cid)
  end
  state = 'pending'
  redis.call('ZADD', KEYS[6], now, cid)
  local index = KEYS[7] .. 'a:'
  local by, before = '', word == 'edited' and redis.call('HGET', KEYS[1], 'by')
  if ARGV[11] ~= '' then
    by = KEYS[8]:sub(#index + 1)
    for i = 10, #KEYS do
      for _, earlier in ipairs(redis.call('ZRANGE', KEYS[i], 0, -1)) do
        redis.call('HSET', KEYS[1]:sub(1, -#cid - 1) .. earlier, 'by', by)
      end
      redis.call('ZUNIONSTORE', KEYS[8], 2, KEYS[8], KEYS[i], 'AGGREGATE', 'MIN')
      redis.call('DEL', KEYS[i])
    end
    redis.call('ZADD', KEYS[8], created, cid)
    redis.call('HSET', KEYS[1], 'by', by)
  elseif before then
    redis.call('HDEL', KEYS[1], 'by')
  end
  if before and before ~= by then redis.call('ZREM', index .. before, cid) end
  redis.call('XADD', KEYS[4], '*', 'c', cid, 's', ARGV[3], 'r', rev, 'w', ARGV[10])
end

if ARGV[12] ~= '' then
  redis.call('HSET', KEYS[9], 'fp', ARGV[12], 'at', now)
  redis.call('PEXPIRE', KEYS[9], ARGV[13])
end
return {word, tonumber(rev), state, ''}
