-- Keeps the moderators' lists in step with the state of a comment; included by every script that changes one.
--
-- Of what is held, each comment stands in exactly one of `queue`, `escalated` and `snoozed`; what was approved to be reviewed
-- stands in `later` until a human has. The hash's field `list` says in which.
-- Only what stands in `queue` is in the facets. `fac` ("facet:value", one a line) and `prio` (its place) stay in the hash after
-- it has left, so that what comes back comes back to its place. `site` is the site's prefix "…s:<site>:".
-- `teaches` is a part of `queue`: the mark that says so (mark_teaching.lua) ends when a comment leaves the queue.
local TEACHES = 'signal:teaches'

local function facet(site, cid, facets, enters)
  for name, value in string.gmatch(facets, '([^:\n]+):([^\n]+)') do
    local values = site .. 'q:' .. name
    if enters then
      if redis.call('SADD', values .. ':' .. value, cid) == 1 then redis.call('ZINCRBY', values, 1, value) end
    elseif redis.call('SREM', values .. ':' .. value, cid) == 1 and tonumber(redis.call('ZINCRBY', values, -1, value)) <= 0 then
      redis.call('ZREM', values, value)
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
    facet(site, cid, facets or '', true)
  else
    redis.call('ZADD', site .. list, at, cid)
  end
end

local function root(site) return string.match(site, '^.-}:') end

-- Tell every process that shows the moderators' page what has happened. No text goes out here.
local function live(site, name, cid, state, list, rev, actor, what)
  redis.call('PUBLISH', root(site) .. 'live', cjson.encode({
    site = name, comment = cid, state = state, list = list, revision = tonumber(rev), actor = actor, what = what}))
end
