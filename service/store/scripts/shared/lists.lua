-- Keeps the moderators' lists in step with the state of a comment; included by every script that changes one.
--
-- Of what is held, each comment stands in exactly one of `queue`, `escalated` and `snoozed`; what was approved to be reviewed
-- stands in `later` until a human has. The hash's field `list` says in which.
-- What is in `escalated` may be handed to somebody: `hand` says to whom, and it stands in their index as well.
-- Only what stands in `queue` is in the facets and in `severest`. `fac` ("facet:value", one a line), `prio` (its place) and `sev`
-- (its place in `severest`; earlier versions had none) stay in the hash after it has left, so that what comes back comes back to its place. `site` is the site's prefix "…s:<site>:".
-- uses: queue severest escalated snoozed later handed free_slots slots live
-- include: root
-- include: facets
local function leave_lists(record, site, cid)
  local list, facets, hand = unpack(redis.call('HMGET', record, 'list', 'fac', 'hand'))
  if not list then return end
  redis.call('HDEL', record, 'list')
  if hand then
    redis.call('HDEL', record, 'hand')
    redis.call('ZREM', site .. K.handed .. cmsgpack.unpack(hand).to, cid)
  end
  if list == 'flagged' then
    redis.call('ZREM', site .. K.queue, cid)
    redis.call('ZREM', site .. K.severest, cid)
    facet(site, cid, facets or '', false)
    local slot = redis.call('HGET', record, 'slot')
    if slot then
      redis.call('HDEL', record, 'slot')
      redis.call('LPUSH', site .. K.free_slots, slot)
    end
    if redis.call('ZCARD', site .. K.queue) == 0 then redis.call('DEL', site .. K.slots, site .. K.free_slots) end
  else
    redis.call('ZREM', site .. K[list], cid)
  end
end

-- `list`: flagged, or another one with what orders it there, `at`.
local function enter_list(record, site, cid, list, at)
  redis.call('HSET', record, 'list', list)
  if list == 'flagged' then
    local facets, priority, severest = unpack(redis.call('HMGET', record, 'fac', 'prio', 'sev'))
    redis.call('ZADD', site .. K.queue, priority or 0, cid)
    if severest then redis.call('ZADD', site .. K.severest, severest, cid) end
    slot_of(record, site)
    facet(site, cid, facets or '', true)
  else
    redis.call('ZADD', site .. K[list], at, cid)
  end
end

-- Note to whom something was handed that stands in `escalated` since `at`.
local function hand_over(record, site, cid, hand, at)
  redis.call('HSET', record, 'hand', hand)
  redis.call('ZADD', site .. K.handed .. cmsgpack.unpack(hand).to, at, cid)
end

-- Tell every process that shows the moderators' page what has happened. No text goes out here.
local function live(site, name, cid, state, list, rev, actor, what)
  redis.call('PUBLISH', root(site) .. K.live, cjson.encode({
    site = name, comment = cid, state = state, list = list, revision = tonumber(rev), actor = actor, what = what}))
end
