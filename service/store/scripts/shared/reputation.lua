-- Keeps the records of a comment's subjects in step with it; included by every script that changes where a comment stands.
--
-- A subject is a digest: e1… e-mail, i1… IP, n1… network, d:… domain, x:… the exact text, k:… the campaign; t:… is a tie
-- (core/signals/subjects.py), and no record is kept of it. The comment's hash
-- has, once reputation/observe.lua has seen it: `seen` (the text's revision) `subjects` (with spaces between) `stood` (the counts it stands
-- in: a approved, v vouched for by a human, r rejected, x refused by a human, f flagged; V and X: v and x of its domains alone)
-- and, behind a space each, its part in g or b, and when it came in; of earlier versions the part is in a field of its own, `weight`).
-- What an imported history says counts for authors like a machine's word, since their address
-- can be borrowed and who decided is not known; of domains many comments speak, so it vouches for them and refuses them.
-- A record's hash has: a v r x f, the forward-decayed weights g (good) and b (bad) of core/signals/subjects.py, n (comments that count
-- in it), first, till (when it ends, in seconds since 1970, as last set here), and what reputation/observe.lua notes there. It goes with
-- the last comment that counts in it. `site` is "…s:<site>:".
-- uses: subject members campaigns
-- include: root
-- include: counters
local LANDMARK, HALF_LIFE = 1767225600000, 7776000000
local MACHINE_WEIGHS = 0.25 -- a machine's decision must not become its own evidence at the price of a human's
local STANDS = {human = {approved = 'av', rejected = 'rx', flagged = 'f'}, machine = {approved = 'a', rejected = 'r', flagged = 'f'},
  history = {approved = 'aV', rejected = 'rX', flagged = 'f'}}
local WEIGHS = {a = 'g', r = 'b'}

local function records(site, subject)
  local kind = string.sub(subject, 1, 1)
  if kind == 'x' or kind == 't' then return {} end
  if kind == 'k' then return {root(site) .. subject} end
  if kind == 'i' or kind == 'n' then return {root(site) .. K.subject .. subject} end
  return {root(site) .. K.subject .. subject, site .. K.subject .. subject}
end

-- What counts in one record counts in another as well, which then lives as long as the longer-lived of the two.
local function add_up(old, new)
  local counts = {'a', 'v', 'r', 'x', 'f', 'n', 'g', 'b'}
  local more, there = redis.call('HMGET', old, 'first', unpack(counts)), redis.call('HMGET', new, 'first', unpack(counts))
  local first, since = tonumber(more[1] or there[1] or nil), tonumber(there[1] or more[1] or nil)
  local fields = first and {'first', string.format('%.0f', math.min(first, since))} or {}
  for at, name in ipairs(counts) do
    fields[#fields + 1] = name
    fields[#fields + 1] = string.format('%.17g', tonumber(more[at + 1] or 0) + tonumber(there[at + 1] or 0))
  end
  redis.call('HSET', new, unpack(fields))
  redis.call('PEXPIRE', new, math.max(redis.call('PTTL', old), redis.call('PTTL', new), 1))
end

local function count_in(changes, kind, letters, by)
  for letter in string.gmatch(letters, '.') do
    local counted = string.lower(letter)
    if letter == counted or kind == 'd' then changes[counted] = (changes[counted] or 0) + by end
  end
end

-- The counts that a comment stands in, its weight and when it came in, of what its hash says.
local function stood_of(stood, weight)
  local letters, weighs, created = string.match(stood or '', '^(%a*) ?(%S*) ?(%S*)')
  return letters, weighs ~= '' and weighs or weight or nil, created
end

-- Count a comment of these `subjects`, which stood as `before` and `weight` say and came in at `created`, where it stands now: `state`,
-- or '' while it waits to be judged; `by` is human, machine or history. It weighs what `again` says, if it is back where it stood. What
-- its hash is to say from now on; nothing when that is as before.
local function restand(subjects, before, weight, created, site, now, state, by, again)
  if not subjects then return end
  local stood, part = stood_of(before, weight)
  local stands = STANDS[by][state] or ''
  if stands == stood then return end
  local moves, weighed = {}, WEIGHS[string.sub(stood, 1, 1)]
  local weighs = WEIGHS[string.sub(stands, 1, 1)]
  local new = again or string.format('%.17g', (by == 'human' and 1 or MACHINE_WEIGHS) * 2 ^ ((now - LANDMARK) / HALF_LIFE))
  for subject in string.gmatch(subjects, '%S+') do
    local kind = string.sub(subject, 1, 1)
    local keys = records(site, subject)
    if #keys > 0 and not moves[kind] then
      local changes = {}
      count_in(changes, kind, stood, -1)
      count_in(changes, kind, stands, 1)
      if kind == 'e' then
        if weighed then changes[weighed] = -tonumber(part or 0) end
        if weighs then changes[weighs] = (changes[weighs] or 0) + tonumber(new) end
      end
      moves[kind] = changes
    end
    for _, key in ipairs(keys) do move_counters(key, moves[kind], true) end
  end
  return stands == '' and '' or stands .. ' ' .. new .. ' ' .. (created or 0)
end

local function stand(record, site, now, state, by, again)
  local subjects, stood, weight, created = unpack(redis.call('HMGET', record, 'subjects', 'stood', 'weight', 'created'))
  local stands = restand(subjects, stood, weight, created, site, now, state, by, again)
  if stands then redis.call('HSET', record, 'stood', stands) end
end

-- Whose word it is that a comment stands where it does, and what it weighs.
local function word_of(record)
  local stood, weight = stood_of(unpack(redis.call('HMGET', record, 'stood', 'weight')))
  return string.find(stood, '[vx]') and 'human' or string.find(stood, '[VX]') and 'history' or 'machine', weight
end

local function leave(site, name, cid, subject)
  local kind = string.sub(subject, 1, 1)
  if kind == 'x' then
    local key = root(site) .. subject
    if redis.call('EXISTS', key) == 1 and redis.call('DECR', key) <= 0 then redis.call('DEL', key) end
  elseif kind == 'k' then
    local key, members, me = root(site) .. subject, root(site) .. K.members .. string.sub(subject, 3), name .. ' ' .. cid
    if redis.call('HGET', key, 'one') == me or redis.call('ZREM', members, me) == 1 then
      if redis.call('HINCRBY', key, 's:' .. name, -1) <= 0 then
        redis.call('HDEL', key, 's:' .. name)
        redis.call('HINCRBY', key, 'sites', -1)
      end
      if redis.call('HINCRBY', key, 'size', -1) <= 0 then
        redis.call('DEL', key, members)
        redis.call('ZREM', root(site) .. K.campaigns, string.sub(subject, 3))
      end
    end
  else
    for _, key in ipairs(records(site, subject)) do
      if redis.call('EXISTS', key) == 1 and redis.call('HINCRBY', key, 'n', -1) <= 0 then redis.call('DEL', key) end
    end
  end
end

-- Of a comment's subjects only those stay named whose records still live: in the others it counts no more. Ties tell about addresses as
-- long as the comment is there.
local function keep_living(record, site)
  local living = {}
  for subject in string.gmatch(redis.call('HGET', record, 'subjects') or '', '%S+') do
    local kind = string.sub(subject, 1, 1)
    local keys = kind == 'x' and {root(site) .. subject} or records(site, subject)
    if kind == 't' or redis.call('EXISTS', unpack(keys)) > 0 then living[#living + 1] = subject end
  end
  if #living > 0 then redis.call('HSET', record, 'subjects', table.concat(living, ' ')) end
end

-- A revision that brings no new text: looking at it again notes nothing.
local function still_seen(record, rev)
  if redis.call('HEXISTS', record, 'seen') == 1 then redis.call('HSET', record, 'seen', rev) end
end

-- Take a comment out of everything that it counts in: it is erased.
local function forget(record, site, name, cid, now)
  stand(record, site, now, '', 'machine')
  for subject in string.gmatch(redis.call('HGET', record, 'subjects') or '', '%S+') do leave(site, name, cid, subject) end
  redis.call('HDEL', record, 'seen', 'subjects', 'stood', 'weight')
end
