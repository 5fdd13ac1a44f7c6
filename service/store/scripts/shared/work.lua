-- Puts a comment before the classifier; included by every script that does.
--
-- The entry in the work stream is what is claimed, taken over from a dead worker and answered. In whose turn it is claimed, the lists
-- say: each site has two of entries that nobody has claimed yet, `awaited` for those that somebody waits for, and `waiting`. A
-- site stands once in the ring of a lane, `turns_now` or `turns`, while its list there holds anything. A lane's bell holds one
-- element while the ring does, so that one idle worker wakes. `site` is the site's prefix "…s:<site>:".
-- uses: work waiting awaited turns turns_now bell bell_now
-- include: root
local LANES = {
  awaited = {list = K.awaited, ring = K.turns_now, bell = K.bell_now},
  waiting = {list = K.waiting, ring = K.turns, bell = K.bell},
}

local function line_up(site, name, entry, awaited)
  local lane, prefix = awaited and LANES.awaited or LANES.waiting, root(site)
  if redis.call('RPUSH', site .. lane.list, entry) > 1 then return end
  if redis.call('RPUSH', prefix .. lane.ring, name) > 1 then return end
  redis.call('RPUSH', prefix .. lane.bell, '')
end

-- `wake`: the process whose request waits for it, or ""; `trace`: where it stands in a trace, if it does (service/tracing.py).
local function enqueue(site, name, cid, rev, wake, trace)
  local entry = redis.call('XADD', root(site) .. K.work, '*', 'c', cid, 's', name, 'r', rev, 'w', wake,
    unpack(trace and {'t', trace} or {}))
  line_up(site, name, entry, wake ~= '')
end
