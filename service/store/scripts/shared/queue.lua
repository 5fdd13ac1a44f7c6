-- Keeps the moderators' lists in step with the state of a comment; included by every script that changes one.
--
-- Of what is held, each comment stands in exactly one of `queue`, `escalated` and `snoozed`; what was approved to be reviewed
-- stands in `later` until a human has. The hash's field `list` says in which.
-- Only what stands in `queue` is in the facets. `fac` ("facet:value", one a line) and `prio` (its place) stay in the hash after
-- it has left, so that what comes back comes back to its place. `site` is the site's prefix "…s:<site>:".
-- `teaches` is a part of `queue`: the mark that says so (mark_teaching.lua) ends when a comment leaves the queue.
--
-- Each comment in the queue has a number of its own, `slot`. A value that many of them have keeps one bit a slot beside its
-- set, `bits:…`, so that what values have in common is counted without looking at comments. Many are 500 and a 64th of the
-- slots: bits take less than a tenth of what the set takes.
local TEACHES = 'signal:teaches'
local MANY, SHARE = 500, 64

local function root(site) return string.match(site, '^.-}:') end

local function slot_of(record, site)
  local slot = redis.call('HGET', record, 'slot')
  if not slot then
    slot = redis.call('LPOP', site .. 'slots:free') or redis.call('INCR', site .. 'slots') - 1
    redis.call('HSET', record, 'slot', slot)
  end
  return slot
end

local function note_bit(site, name, cid, enters, count)
  if count + 1 < MANY / 2 then return end -- there are no bits, nor will there be
  local bits, slots = site .. 'bits:' .. name, tonumber(redis.call('GET', site .. 'slots') or 0)
  local record = root(site) .. 'c:'
  if redis.call('EXISTS', bits) == 1 then
    if count < MANY / 2 or count * SHARE * 2 < slots then
      redis.call('DEL', bits)
    else
      redis.call('SETBIT', bits, slot_of(record .. cid, site), enters and 1 or 0)
    end
  elseif count >= MANY and count * SHARE >= slots then
    for _, member in ipairs(redis.call('SMEMBERS', site .. 'q:' .. name)) do
      redis.call('SETBIT', bits, slot_of(record .. member, site), 1)
    end
  end
end

local function facet(site, cid, facets, enters)
  for line in string.gmatch(facets, '[^\n]+') do
    local name, value = string.match(line, '^([^:]+):(.+)$')
    if name and redis.call(enters and 'SADD' or 'SREM', site .. 'q:' .. line, cid) == 1 then
      local count = tonumber(redis.call('ZINCRBY', site .. 'q:' .. name, enters and 1 or -1, value))
      if count <= 0 then redis.call('ZREM', site .. 'q:' .. name, value) end
      note_bit(site, line, cid, enters, count)
    end
  end
end

local function without_mark(facets)
  local others = {}
  for line in string.gmatch(facets or '', '[^\n]+') do
    if line ~= TEACHES then others[#others + 1] = line end
  end
  return others
end

local function leave_lists(record, site, cid)
  local list, facets = unpack(redis.call('HMGET', record, 'list', 'fac'))
  if not list then return end
  redis.call('HDEL', record, 'list')
  if list == 'flagged' then
    redis.call('ZREM', site .. 'queue', cid)
    facet(site, cid, facets or '', false)
    local slot = redis.call('HGET', record, 'slot')
    if slot then
      redis.call('HDEL', record, 'slot')
      redis.call('LPUSH', site .. 'slots:free', slot)
    end
    if redis.call('ZCARD', site .. 'queue') == 0 then redis.call('DEL', site .. 'slots', site .. 'slots:free') end
    if redis.call('ZREM', site .. 'teaches', cid) == 1 then
      redis.call('HSET', record, 'fac', table.concat(without_mark(facets), '\n'))
    end
  else
    redis.call('ZREM', site .. list, cid)
  end
end

-- `list`: flagged, or another one with what orders it there, `at`.
local function enter_list(record, site, cid, list, at)
  redis.call('HSET', record, 'list', list)
  if list == 'flagged' then
    local facets, priority = unpack(redis.call('HMGET', record, 'fac', 'prio'))
    redis.call('ZADD', site .. 'queue', priority or 0, cid)
    slot_of(record, site)
    facet(site, cid, facets or '', true)
  else
    redis.call('ZADD', site .. list, at, cid)
  end
end

-- Tell every process that shows the moderators' page what has happened. No text goes out here.
local function live(site, name, cid, state, list, rev, actor, what)
  redis.call('PUBLISH', root(site) .. 'live', cjson.encode({
    site = name, comment = cid, state = state, list = list, revision = tonumber(rev), actor = actor, what = what}))
end
