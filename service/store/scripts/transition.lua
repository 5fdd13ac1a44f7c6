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
-- Reply {word, revision, state}
--       applied  done                     stale    the comment has changed since
--       human    a human had decided; the machine's verdict was kept beside it, the state was not touched
--       illegal  not from this state      missing  no such comment
--
-- Told of it are the site's call-back (12) and the return address that promise.lua noted, if a word is owed there or a human
-- has spoken. A comment's hash has, beyond what submit.lua says: back owed (return address) said judged wrong (the machine's
-- outcome for the present text, its day, and how it counts as contradicted).
--
-- Whatever the word, a named work entry is acknowledged and deleted: it has been answered.
local cid, site, to = ARGV[2], ARGV[3], ARGV[4]
local state, rev, text_rev, human = unpack(redis.call('HMGET', KEYS[1], 'state', 'rev', 'text_rev', 'human'))
local word = 'applied'

local function tell(id, record, kind, body, not_before)
  redis.call('HSET', record, 'site', site, 'comment', cid, 'type', kind, 'body', body, 'tries', 0, 'at', ARGV[1])
  redis.call('RPUSH', KEYS[5], id)
  local due = KEYS[3] .. 'due'
  redis.call('ZADD', due, 'NX', not_before, cid)
  -- A site is due when its first call-back is, but not while its receiver asked us to pause.
  local first = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')[2]
  local pause = redis.call('HGET', KEYS[3] .. 'endpoint', 'paused_until')
  redis.call('ZADD', KEYS[7], math.max(tonumber(first), tonumber(pause or 0)), site)
end

local function count(day, what, by)
  redis.call('HINCRBY', KEYS[3] .. 'tally:' .. string.sub(day, 1, 7), string.sub(day, 9, 10) .. ':' .. what, by)
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
  redis.call('HSET', KEYS[1], 'state', to, 'rev', rev, 'updated', ARGV[1])
  if ARGV[6] == 'human' then
    redis.call('HSET', KEYS[1], 'human', '1')
    redis.call('ZREM', KEYS[3] .. 'appealed', cid)
    if ARGV[9] ~= '' then redis.call('HSET', KEYS[1], 'ruled', ARGV[9]) end
  end
  if ARGV[9] ~= '' then redis.call('HSET', KEYS[1], 'dec', ARGV[8]) end
  if ARGV[10] ~= '' then redis.call('HSET', KEYS[1], 'ver', ARGV[10]) end
  redis.call('RPUSH', KEYS[2], ARGV[8])
  redis.call('ZREM', KEYS[3] .. state, cid)
  redis.call('ZADD', KEYS[3] .. to, ARGV[1], cid)
  state = to
  if ARGV[9] ~= '' then tally(ARGV[9]) end
  if ARGV[18] ~= '' then
    redis.call('SET', KEYS[9], ARGV[19])
    redis.call('ZADD', KEYS[3] .. 'examples', ARGV[1], ARGV[18])
  end
  if ARGV[12] ~= '' then tell(ARGV[12], KEYS[6], ARGV[13], ARGV[14], ARGV[15]) end
  local back, owed = unpack(redis.call('HMGET', KEYS[1], 'back', 'owed'))
  if back and (to == 'approved' or to == 'rejected') then
    if ARGV[20] == 'tell' and (owed == '1' or ARGV[6] == 'human') then
      local id = 'akm_' .. cid .. '_' .. rev
      tell(id, KEYS[8] .. id, 'akismet.' .. to, back, ARGV[1])
    end
    redis.call('HSET', KEYS[1], 'owed', '0')
  end
end

if ARGV[11] ~= '' then
  redis.call('XACK', KEYS[4], 'classify', ARGV[11])
  redis.call('XDEL', KEYS[4], ARGV[11])
end
if ARGV[16] ~= '' then redis.call('PUBLISH', ARGV[16], cid) end
return {word, tonumber(rev or 0), state or ''}
