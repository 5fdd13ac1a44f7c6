-- THE one place where a comment's state changes: record, history, index and call-back, all or nothing.
--
-- KEYS  1 comment  2 history  3 site prefix "…s:<site>:" (state indexes and `due`)  4 work  5 the comment's call-backs
--       6 due (sites)  7 example, or the comment  8 delivery record of the message, or the comment
--       9 … of the return message, or the comment
-- ARGV  one map: now; comment: comment id; site; to: state to enter; sources: the states that it may come from;
--       by: machine or human; seen: the revision that the caller saw; change: history entry;
--       outcome, when it is a decision; verdict, unless that is to be kept; work_entry to acknowledge, if any;
--       message: id of what the site's receiver is told, if anything, and its type, body, not_before (ms);
--       return_message: id of what the return address is told, unless the word came from there, and its return_type;
--       wake: channel to wake, if any; today, "2026-11-24"; example: its id, if it teaches, and lesson (MessagePack);
--       facets, one a line, and priority of what a moderator is to look at, if they are; actor;
--       undo_until: until when it can be undone (0: it can't); what is told of it leaves no earlier than that;
--       bulk: the bulk decision that it is part of, or ""; counts: what else it counts as today (core/counters.py);
--       edit: what readers see from now on (MessagePack, core/edit.py), or unedit, when that is the author's text again;
--       faulty, when an edit is approved because something was wrong with the author's text;
--       trace: where what is told of it stands in a trace, if it does (service/tracing.py)
-- Reply {word, revision, state}
--       applied  done                     stale    the comment has changed since
--       human    a human had decided; the machine's verdict was kept beside it, the state was not touched
--       illegal  not from this state      missing  no such comment
--
-- Told of it are the site's receiver, and the return address that platform/callback.lua noted, if a word is owed there or a
-- human has spoken. A comment's hash has, beyond what comment/submit.lua says: back owed (return address) said judged wrong
-- (the machine's outcome for the present text, its day, and how it counts as contradicted), list fac prio sev (shared/lists.lua).
-- What comment/undo.lua needs to take the decision back is kept beside it for as long as that is possible.
--
-- What is approved with a priority is to be reviewed later. Readers who reported the comment are answered by a human's approval
-- (they were wrong) or rejection (they were right), and what they are worth next time counts it. An edit that mends a fault says
-- that they were right; approved like that, what the machine rejected was no false alarm.
--
-- Whatever the word, a named work entry is acknowledged and deleted: it has been answered.
-- uses: due tally reported_by reporters answered reports claim appealed decided escalated snoozed later examples was
-- include: lists
-- include: due
-- include: reputation
-- include: history
local move = cmsgpack.unpack(ARGV[1])
local record, history, prefix, work, callbacks, due_sites, example_key, message_key, return_key = unpack(KEYS)
local cid, site, now, outcome = move.comment, move.site, move.now, move.outcome
local by_human = move.by == 'human'
local state, rev, text_rev, human, list, back, owed, subjects, stood, weight, created = unpack(redis.call('HMGET', record,
  'state', 'rev', 'text_rev', 'human', 'list', 'back', 'owed', 'subjects', 'stood', 'weight', 'created'))
local counted = {}

-- What the comment's hash is to hold besides: written at once.
local fields = {}
local function put(...)
  for _, value in ipairs({...}) do fields[#fields + 1] = value end
end

local function guard()
  if not state then return 'missing' end
  if not by_human and human == '1' and state ~= 'erased' then return 'human' end
  if tonumber(rev) ~= move.seen then return 'stale' end
  if not move.sources[state] then return 'illegal' end
  return 'applied'
end

-- What undo.lua needs, as it stands before anything has changed; nil when this can't be undone.
local function snapshot(revision)
  if move.undo_until <= now then return nil end
  local fields = {'human', 'ruled', 'dec', 'wrong', 'owed', 'fac', 'prio', 'sev', 'list', 'edit', 'hand'}
  local word, weighs = word_of(record)
  local was = {rev = revision, by = move.actor, bulk = move.bulk, ['until'] = move.undo_until, state = state, fields = {},
    at = redis.call('ZSCORE', prefix .. state, cid), example = move.example or '', told = {},
    word = word, weight = weighs}
  for i, value in ipairs(redis.call('HMGET', record, unpack(fields))) do was.fields[fields[i]] = value or nil end
  for _, index in ipairs({'appealed', 'decided', 'escalated', 'snoozed', 'later'}) do
    was[index] = redis.call('ZSCORE', prefix .. K[index], cid) or nil
  end
  return was
end

-- Every counter that a decision moves goes through here, so that undoing the decision moves it back.
local function bump(key, field, by) counted[#counted + 1] = {key, field, by} end

local function count(day, what, by)
  bump(prefix .. K.tally .. string.sub(day, 1, 7), string.sub(day, 9, 10) .. ':' .. what, by)
end

local function move_counted()
  local moves = {}
  for _, step in ipairs(counted) do
    local key, field, by = unpack(step)
    moves[key] = moves[key] or {}
    moves[key][field] = (moves[key][field] or 0) + by
  end
  for key, changes in pairs(moves) do move_counters(key, changes) end
end

-- Who had reported it, and is answered now.
local function answer_readers()
  local waiting = root(prefix) .. K.reported_by .. cid
  local readers = redis.call('SMEMBERS', waiting)
  for _, reader in ipairs(readers) do
    bump(prefix .. K.reporters, (outcome == 'reject' or move.faulty and move.edit) and reader or (reader .. ':no'), 1)
    redis.call('SADD', waiting .. K.answered, reader)
  end
  redis.call('DEL', waiting)
  redis.call('ZREM', prefix .. K.reports, cid)
  return readers
end

-- A human's word stands until the text changes, ends whoever's claim, and answers the author and the readers.
local function note_human(was)
  put('human', '1')
  redis.call('DEL', root(prefix) .. K.claim .. cid)
  redis.call('ZREM', prefix .. K.appealed, cid)
  if not outcome then return end
  put('ruled', outcome)
  if outcome ~= 'hold' then
    local readers = answer_readers()
    if was then was.readers = readers end
  end
  redis.call('ZADD', prefix .. K.decided, now, cid)
  redis.call('ZREMRANGEBYRANK', prefix .. K.decided, 0, -10001)
end

local function enter_state(was)
  put('state', move.to, 'rev', rev, 'updated', now)
  if by_human then note_human(was) end
  if outcome then put('dec', move.change) end
  if move.edit then put('edit', move.edit) end
  if move.unedit then redis.call('HDEL', record, 'edit') end
  if move.verdict then put('ver', move.verdict) end
  -- The first decision is the record's own, as long as nothing comes after it (shared/history.lua).
  if rev > 2 or not outcome or redis.call('EXISTS', history) == 1 then note_change(record, history, move.change) end
  redis.call('ZREM', prefix .. state, cid)
  redis.call('ZADD', prefix .. move.to, now, cid)
  state = move.to
end

-- The list that it waits in from now on, or "".
local function change_lists()
  if list then leave_lists(record, prefix, cid) end
  local list = move.to == 'flagged' and 'flagged' or move.priority and 'later' or ''
  if list == 'flagged' then
    redis.call('HSET', record, 'fac', move.facets or '', 'prio', move.priority or '', 'sev', move.severest or '')
  end
  if list ~= '' then enter_list(record, prefix, cid, list, move.priority) end
  return list
end

-- A contradiction counts on the day of the word that it contradicts, and no longer when it is taken back.
local function tally()
  if not by_human then
    count(move.today, outcome, 1)
    put('said', outcome, 'judged', move.today, 'wrong', '')
    return
  end
  local said, judged, wrong = unpack(redis.call('HMGET', record, 'said', 'judged', 'wrong'))
  if not said then return end
  local now_wrong = ''
  if said == 'approve' and outcome == 'reject' then now_wrong = 'missed' end
  if said == 'reject' and outcome == 'approve' and not move.faulty then now_wrong = 'false_alarm' end
  if now_wrong == wrong then return end
  if wrong ~= '' then count(judged, wrong, -1) end
  if now_wrong ~= '' then count(judged, now_wrong, 1) end
  put('wrong', now_wrong)
end

local function change_counters()
  local stands = restand(subjects, stood, weight, created, prefix, now, move.to, move.by)
  if stands then put('stood', stands) end
  if outcome then tally() end
  for _, also in ipairs(move.counts) do count(move.today, also, 1) end
  move_counted()
end

local function keep_example()
  if not move.example then return end
  redis.call('SET', example_key, move.lesson)
  redis.call('ZADD', prefix .. K.examples, now, move.example)
end

local function tell(key, id, kind, body, not_before, was)
  not_before = math.max(not_before, move.undo_until)
  redis.call('HSET', key, 'site', site, 'comment', cid, 'type', kind, 'body', body, 'tries', 0, 'at', now,
    'from', not_before)
  if move.trace then redis.call('HSET', key, 'trace', move.trace) end
  redis.call('RPUSH', callbacks, id)
  redis.call('ZADD', prefix .. K.due, 'NX', not_before, cid)
  site_due(due_sites, prefix, site)
  if was then was.told[#was.told + 1] = id end
end

local function send_messages(was)
  if move.message then tell(message_key, move.message, move.type, move.body, move.not_before, was) end
  if not back or (move.to ~= 'approved' and move.to ~= 'rejected') then return end
  if move.return_message and (owed == '1' or by_human) then
    tell(return_key, move.return_message, move.return_type, back, now, was)
  end
  put('owed', '0')
end

local function keep_snapshot(was)
  if not was then return end
  was.counted = counted
  redis.call('SET', root(prefix) .. K.was .. cid, cmsgpack.pack(was), 'PX', move.undo_until - now + 60000)
end

local word = guard()
if word == 'human' and tonumber(text_rev) == move.seen and move.verdict then redis.call('HSET', record, 'ver', move.verdict) end
if word == 'applied' then
  local before = state
  rev = tonumber(rev) + 1
  local was = snapshot(rev)
  enter_state(was)
  local list = change_lists()
  change_counters()
  keep_example()
  send_messages(was)
  redis.call('HSET', record, unpack(fields))
  keep_snapshot(was)
  if by_human or before == 'flagged' or list ~= '' then live(prefix, site, cid, state, list, rev, move.actor, 'decided') end
end

if move.work_entry then
  redis.call('XACK', work, 'classify', move.work_entry)
  redis.call('XDEL', work, move.work_entry)
end
if move.wake then redis.call('PUBLISH', move.wake, cid) end
return {word, tonumber(rev or 0), state or ''}
