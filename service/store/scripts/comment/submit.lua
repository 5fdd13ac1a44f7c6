-- Take a comment in: idempotency, record, history, indexes and work entry, all or nothing.
--
-- KEYS  1 comment  2 history  3 texts  4 work  5 site:all  6 site:pending  7 site prefix "…s:<site>:" (for the index of
--       the state that an edited comment leaves)  8 author index  9 idempotency  10… the author's indexes under retired keys
-- ARGV  in this order, since it is run for each comment that comes in, and packing a map costs more than it explains here:
--       now, comment id, site, platform id, submission (MessagePack), most that may wait, most of this site that may,
--       history entry of a changed comment, waiting process, or "",
--       "author" when it has an author index, or "", request fingerprint, or "" without an idempotency key,
--       its lifetime, ms, its lease, ms,
--       what is stored as the caller saw it, or "", and what the new one is beside that (core/resubmission.py), or "",
--       the comment that it quotes as what it answers, or "", the comment that it answers, or "",
--       and where it stands in a trace, if it does
-- Reply {word, revision, state, stored answer}; of differs and human, more
--       accepted   a new comment           edited    a new text of a known one; it is judged again
--       same       nothing new             updated   the same text with other fields around it; no decision is touched
--       requeued   … and judged again      older     the platform has said something later; nothing was touched
--       replayed   this idempotency key's request was answered before
--       running    … is still unanswered   mismatch  … was another request
--       gone       the comment was erased  full      too many wait already, or of this site; nothing was written
--       differs    something else is stored than the caller saw; human: it was to be requeued, and a human has decided. What is
--                  stored is in the place of the answer, followed by what earlier versions knew its text by, and a moderator's
--                  edit; nothing was written, and the caller is to say what the new one is beside it
--
-- The comment's hash: site pid state rev (counts every change) text_rev (the revision of the present text) human ("1": a
-- human has decided about the present text) ruled (the last human outcome, which an edit does not wipe out) dec (the history
-- entry of the last decision) app (an appeal against it) sub (submission) fp (of earlier versions, a digest of the text) ver
-- (verdict) created updated edit (core/edit.py: what
-- readers see in the place of this text) by (the digest in whose author index it stands) withdrawn (until when, by the platform's own
-- clock, it has said that it deleted this; what operators erase has none) returns (the platform has restored it: the next
-- text is taken in again). XLEN of work is the backlog: entries are deleted when they are acknowledged.
-- uses: appealed decided author requests answers thread awaited waiting
-- include: lists
-- include: reputation
-- include: work
-- include: history
local now, cid, site, platform_id, submission, backlog, share, changed, waiting, by_author, request, lives, lease, seen, how, quoted, answered, trace =
  unpack(ARGV)
local state, rev, created, stored, human, fp, edit = unpack(redis.call('HMGET', KEYS[1], 'state', 'rev', 'created', 'sub', 'human', 'fp', 'edit'))

if request ~= '' then
  local before, at, answer = unpack(redis.call('HMGET', KEYS[9], 'fp', 'at', 'answer'))
  if before then
    if before ~= request then return {'mismatch', 0, '', ''} end
    if not answer and tonumber(now) - tonumber(at) < tonumber(lease) then return {'running', 0, '', ''} end
    return {'replayed', tonumber(rev or 0), state or '', answer or ''}
  end
end

local returns = state == 'erased' and redis.call('HGET', KEYS[1], 'returns')
if state == 'erased' and not returns then return {'gone', tonumber(rev), state, ''} end

local index = KEYS[7] .. K.author
local by = by_author ~= '' and KEYS[8]:sub(#index + 1) or ''
local word
if not state then
  word = 'accepted'
elseif returns then
  word = 'edited'
elseif stored == submission then
  word = 'same'
elseif how == '' or stored ~= seen then
  return {'differs', tonumber(rev), state, stored or '', fp or '', edit or ''}
else
  if how == 'requeued' and human == '1' then return {'human', tonumber(rev), state, stored, fp or '', edit or ''} end
  word = how
end
local judged = word == 'accepted' or word == 'edited' or word == 'requeued'
if judged then
  local ahead = redis.call('LLEN', KEYS[7] .. (waiting ~= '' and K.awaited or K.waiting))
  if ahead >= tonumber(share) or redis.call('XLEN', KEYS[4]) >= tonumber(backlog) then return {'full', 0, '', ''} end
end

if word == 'accepted' then
  rev, created = 1, now
  redis.call('HSET', KEYS[1], 'site', site, 'pid', platform_id, 'state', 'pending', 'rev', rev, 'text_rev', rev,
    'human', '0', 'sub', submission, 'created', now, 'updated', now, unpack(by_author ~= '' and {'by', by} or {}))
  redis.call('ZADD', KEYS[5], now, cid)
elseif judged then
  rev = tonumber(rev) + 1
  if returns then
    redis.call('HDEL', KEYS[1], 'returns')
    redis.call('ZADD', KEYS[5], created, cid)
  end
  if word == 'edited' and stored then redis.call('RPUSH', KEYS[3], stored) end
  if word == 'edited' then redis.call('HDEL', KEYS[1], 'edit') end
  redis.call('ZREM', KEYS[7] .. state, cid)
  redis.call('ZREM', KEYS[7] .. K.appealed, cid)
  redis.call('ZREM', KEYS[7] .. K.decided, cid)
  leave_lists(KEYS[1], KEYS[7], cid)
  redis.call('HDEL', KEYS[1], 'said', 'judged', 'wrong', 'app', 'fac', 'prio', 'sev', 'fp')
  live(KEYS[7], site, cid, 'pending', '', rev, 'platform:' .. site, word)
  stand(KEYS[1], KEYS[7], tonumber(now), 'pending', 'machine')
  note_change(KEYS[1], KEYS[2], changed)
  redis.call('HSET', KEYS[1], 'state', 'pending', 'rev', rev, 'text_rev', rev, 'human', '0', 'sub', submission, 'updated', now)
elseif word == 'updated' then
  redis.call('HSET', KEYS[1], 'sub', submission)
  redis.call('HDEL', KEYS[1], 'fp')
end

if judged then
  state = 'pending'
  redis.call('ZADD', KEYS[6], now, cid)
  enqueue(KEYS[7], site, cid, rev, waiting, trace)
end

if judged or word == 'updated' then
  local before = by ~= '' and by
  if word ~= 'accepted' then before = redis.call('HGET', KEYS[1], 'by') end
  if by_author ~= '' then
    for i = 10, #KEYS do
      local found = redis.call('ZRANGE', KEYS[i], 0, -1)
      for _, earlier in ipairs(found) do redis.call('HSET', KEYS[1]:sub(1, -#cid - 1) .. earlier, 'by', by) end
      if #found > 0 then
        redis.call('ZUNIONSTORE', KEYS[8], 2, KEYS[8], KEYS[i], 'AGGREGATE', 'MIN')
        redis.call('DEL', KEYS[i])
      end
    end
    redis.call('ZADD', KEYS[8], created, cid)
    if before ~= by then redis.call('HSET', KEYS[1], 'by', by) end
  elseif before then
    redis.call('HDEL', KEYS[1], 'by')
  end
  if before and before ~= by then redis.call('ZREM', index .. before, cid) end
end

if quoted ~= '' then redis.call('SADD', KEYS[7] .. K.answers .. quoted, cid) end
if answered ~= '' then
  local thread = KEYS[7] .. K.thread .. answered
  redis.call('ZADD', thread, created, cid)
  redis.call('ZREMRANGEBYRANK', thread, 0, -101)
  redis.call('PEXPIRE', thread, 180 * 86400000)
end
if request ~= '' then
  redis.call('HSET', KEYS[9], 'fp', request, 'at', now)
  redis.call('PEXPIRE', KEYS[9], lives)
  local requests = root(KEYS[7]) .. K.requests .. cid
  redis.call('SADD', requests, KEYS[9])
  if redis.call('PTTL', requests) < tonumber(lives) then redis.call('PEXPIRE', requests, lives) end
end
return {word, tonumber(rev), state, ''}
