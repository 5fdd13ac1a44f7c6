-- THE one place where a comment's state changes: record, history, index and call-back, all or nothing.
--
-- KEYS  1 comment  2 history  3 site prefix "…s:<site>:" (state indexes and `due`)  4 work  5 the comment's call-backs
--       6 delivery record  7 due (sites)  8 delivery prefix "…d:"  9 example
-- ARGV  1 now  2 comment id  3 site  4 state to enter  5 states it may come from, " a b c "  6 "machine" or "human"
--       7 the revision that the caller saw  8 history entry  9 outcome, when it is a decision, or ""
--       10 verdict, or "" to keep  11 work entry to acknowledge, or ""  12 delivery id, or "" when nobody is to be told
--       13 event type  14 event body  15 not before (ms) for the call-back  16 channel to wake, or ""
--       17 today, "2026-11-24"  18 example id, or ""  19 example (MessagePack)
--       20 "tell" when the return address may be told of it, "" when the word came from there
--       21 facets, one a line, and  22 priority, of what a moderator is to look at, or ""  23 actor  24 until when it can be undone (0: it can't); what
--       is told of it leaves no earlier than that  25 the bulk decision that it is part of, or ""
--       26 what else it counts as today, one word a line (see core/tally.py)
-- Reply {word, revision, state}
--       applied  done                     stale    the comment has changed since
--       human    a human had decided; the machine's verdict was kept beside it, the state was not touched
--       illegal  not from this state      missing  no such comment
--
-- Told of it are the site's call-back (12) and the return address that promise.lua noted, if a word is owed there or a human
-- has spoken. A comment's hash has, beyond what submit.lua says: back owed (return address) said judged wrong (the machine's
-- outcome for the present text, its day, and how it counts as contradicted), list fac prio (see shared/queue.lua). What undo.lua
-- needs to take the decision back is kept beside it for as long as that is possible.
--
-- What is approved with a priority is to be reviewed later. Readers who reported the comment are answered by a human's approval
-- (they were wrong) or rejection (they were right), and what they are worth next time counts it.
--
-- Whatever the word, a named work entry is acknowledged and deleted: it has been answered.
-- include: queue
-- include: due
-- include: standing
local cid, site, to = ARGV[2], ARGV[3], ARGV[4]
local undoable = tonumber(ARGV[24]) > tonumber(ARGV[1])
local counted = {}
local state, rev, text_rev, human = unpack(redis.call('HMGET', KEYS[1], 'state', 'rev', 'text_rev', 'human'))
local word = 'applied'

local function tell(id, record, kind, body, not_before)
  not_before = math.max(tonumber(not_before), tonumber(ARGV[24]))
  redis.call('HSET', record, 'site', site, 'comment', cid, 'type', kind, 'body', body, 'tries', 0, 'at', ARGV[1],
    'from', not_before)
  redis.call('RPUSH', KEYS[5], id)
  redis.call('ZADD', KEYS[3] .. 'due', 'NX', not_before, cid)
  site_due(KEYS[7], KEYS[3], site)
end

-- Every counter that a decision moves goes through here, so that undoing the decision moves it back.
local function bump(key, field, by)
  redis.call('HINCRBY', key, field, by)
  counted[#counted + 1] = {key, field, by}
end

local function count(day, what, by)
  bump(KEYS[3] .. 'tally:' .. string.sub(day, 1, 7), string.sub(day, 9, 10) .. ':' .. what, by)
end

-- A contradiction counts on the day of the word that it contradicts, and no longer when it is taken back.
local function tally(outcome)
  if ARGV[6] == 'machine' then
    count(ARGV[17], outcome, 1)
    redis.call('HSET', KEYS[1], 'said', outcome, 'judged', ARGV[17], 'wrong', '')
    return
  end
  local said, judged, wrong = unpack(redis.call('HMGET', KEYS[1], 'said', 'judged', 'wrong'))
  if not said then return end
  local now_wrong = ''
  if said == 'approve' and outcome == 'reject' then now_wrong = 'missed' end
  if said == 'reject' and outcome == 'approve' then now_wrong = 'false_alarm' end
  if now_wrong == wrong then return end
  if wrong ~= '' then count(judged, wrong, -1) end
  if now_wrong ~= '' then count(judged, now_wrong, 1) end
  redis.call('HSET', KEYS[1], 'wrong', now_wrong)
end

-- Who had reported it, and is answered now.
local function answer_readers(outcome)
  local waiting = root(KEYS[3]) .. 'r:' .. cid
  local readers = redis.call('SMEMBERS', waiting)
  for _, reader in ipairs(readers) do
    bump(KEYS[3] .. 'reporters', outcome == 'reject' and reader or (reader .. ':no'), 1)
    redis.call('SADD', waiting .. ':answered', reader)
  end
  redis.call('DEL', waiting)
  redis.call('ZREM', KEYS[3] .. 'reports', cid)
  return readers
end

if not state then
  word = 'missing'
elseif ARGV[6] == 'machine' and human == '1' and state ~= 'erased' then
  word = 'human'
  if text_rev == ARGV[7] and ARGV[10] ~= '' then redis.call('HSET', KEYS[1], 'ver', ARGV[10]) end
elseif rev ~= ARGV[7] then
  word = 'stale'
elseif not string.find(ARGV[5], ' ' .. state .. ' ', 1, true) then
  word = 'illegal'
end

if word == 'applied' then
  rev = tonumber(rev) + 1
  local before = state
  local was
  if undoable then
    local fields = {'human', 'ruled', 'dec', 'wrong', 'owed', 'fac', 'prio', 'list'}
    was = {rev = rev, by = ARGV[23], bulk = ARGV[25], ['until'] = tonumber(ARGV[24]), state = state, fields = {},
      at = redis.call('ZSCORE', KEYS[3] .. state, cid), example = ARGV[18], told = {}, word = word_of(KEYS[1]),
      weight = redis.call('HGET', KEYS[1], 'weight') or nil}
    for i, value in ipairs(redis.call('HMGET', KEYS[1], unpack(fields))) do was.fields[fields[i]] = value or nil end
    for _, index in ipairs({'appealed', 'decided', 'teaches', 'chosen', 'escalated', 'snoozed', 'later'}) do
      was[index] = redis.call('ZSCORE', KEYS[3] .. index, cid) or nil
    end
  end
  redis.call('HSET', KEYS[1], 'state', to, 'rev', rev, 'updated', ARGV[1])
  if ARGV[6] == 'human' then
    redis.call('HSET', KEYS[1], 'human', '1')
    redis.call('DEL', root(KEYS[3]) .. 'claim:' .. cid)
    redis.call('ZREM', KEYS[3] .. 'appealed', cid)
    if ARGV[9] ~= '' then
      redis.call('HSET', KEYS[1], 'ruled', ARGV[9])
      if ARGV[9] ~= 'hold' then
        local readers = answer_readers(ARGV[9])
        if was then was.readers = readers end
        if redis.call('ZSCORE', KEYS[3] .. 'teaches', cid) then
          redis.call('ZADD', KEYS[3] .. 'chosen', ARGV[1], cid)
          redis.call('ZREMRANGEBYRANK', KEYS[3] .. 'chosen', 0, -10001)
        end
      end
      redis.call('ZADD', KEYS[3] .. 'decided', ARGV[1], cid)
      redis.call('ZREMRANGEBYRANK', KEYS[3] .. 'decided', 0, -10001)
    end
  end
  if ARGV[9] ~= '' then redis.call('HSET', KEYS[1], 'dec', ARGV[8]) end
  if ARGV[10] ~= '' then redis.call('HSET', KEYS[1], 'ver', ARGV[10]) end
  redis.call('RPUSH', KEYS[2], ARGV[8])
  redis.call('ZREM', KEYS[3] .. state, cid)
  redis.call('ZADD', KEYS[3] .. to, ARGV[1], cid)
  leave_lists(KEYS[1], KEYS[3], cid)
  local list = to == 'flagged' and to or ARGV[22] ~= '' and 'later' or ''
  if list == 'flagged' then redis.call('HSET', KEYS[1], 'fac', ARGV[21], 'prio', ARGV[22]) end
  if list ~= '' then enter_list(KEYS[1], KEYS[3], cid, list, ARGV[22]) end
  state = to
  stand(KEYS[1], KEYS[3], tonumber(ARGV[1]), to, ARGV[6])
  if ARGV[9] ~= '' then tally(ARGV[9]) end
  for also in string.gmatch(ARGV[26], '[^\n]+') do count(ARGV[17], also, 1) end
  if ARGV[18] ~= '' then
    redis.call('SET', KEYS[9], ARGV[19])
    redis.call('ZADD', KEYS[3] .. 'examples', ARGV[1], ARGV[18])
  end
  if ARGV[12] ~= '' then
    tell(ARGV[12], KEYS[6], ARGV[13], ARGV[14], ARGV[15])
    if was then was.told[1] = ARGV[12] end
  end
  local back, owed = unpack(redis.call('HMGET', KEYS[1], 'back', 'owed'))
  if back and (to == 'approved' or to == 'rejected') then
    if ARGV[20] == 'tell' and (owed == '1' or ARGV[6] == 'human') then
      local id = 'akm_' .. cid .. '_' .. rev
      tell(id, KEYS[8] .. id, 'akismet.' .. to, back, ARGV[1])
      if was then was.told[#was.told + 1] = id end
    end
    redis.call('HSET', KEYS[1], 'owed', '0')
  end
  if was then
    was.counted = counted
    redis.call('SET', root(KEYS[3]) .. 'was:' .. cid, cmsgpack.pack(was), 'PX', ARGV[24] - ARGV[1] + 60000)
  end
  if ARGV[6] == 'human' or before == 'flagged' or list ~= '' then
    live(KEYS[3], site, cid, to, list, rev, ARGV[23], 'decided')
  end
end

if ARGV[11] ~= '' then
  redis.call('XACK', KEYS[4], 'classify', ARGV[11])
  redis.call('XDEL', KEYS[4], ARGV[11])
end
if ARGV[16] ~= '' then redis.call('PUBLISH', ARGV[16], cid) end
return {word, tonumber(rev or 0), state or ''}
