-- Bring back what was put ahead by a clock that was wrong: what is noted at a time that has not come yet was noted by one.
--
-- KEYS  1 due (sites)  2 site prefix "…s:<site>:"  3 partition prefix "ac:{pN}:"
-- ARGV  one map: now; site; slack: how far clocks may differ (ms); longest_lease (ms);
--       most: how many of those due last to look at, so that nobody else waits for long
-- Reply how many call-backs were brought back
-- uses: due leased endpoint callbacks delivery
-- include: due
local given = cmsgpack.unpack(ARGV[1])
local due, leased, endpoint = KEYS[2] .. K.due, KEYS[2] .. K.leased, KEYS[2] .. K.endpoint
local latest, back = given.now + given.slack, 0

for _, cid in ipairs(redis.call('ZREVRANGEBYSCORE', due, '+inf', '(' .. latest, 'LIMIT', 0, given.most)) do
  local id = redis.call('LINDEX', KEYS[3] .. K.callbacks .. cid, 0)
  local record = KEYS[3] .. K.delivery .. (id or '')
  local at, from, noted = unpack(redis.call('HMGET', record, 'at', 'from', 'noted'))
  local lease = tonumber(redis.call('ZSCORE', leased, cid) or 0)
  local wrong = tonumber(noted or at or 0) > latest
  if lease > latest + given.longest_lease then
    redis.call('ZREM', leased, cid) -- its holder is gone, or notes late that it is not the holder any more
    wrong = true
  elseif lease > 0 then
    wrong = false
  end
  if wrong then
    local first = given.now
    if at and tonumber(at) > latest then
      if from then first = given.now + math.max(0, tonumber(from) - tonumber(at)) end -- it can be undone for as long as it could
      redis.call('HSET', record, 'at', given.now, 'from', first)
    end
    if noted then redis.call('HDEL', record, 'noted') end
    redis.call('ZADD', due, first, cid)
    back = back + 1
  end
end

local failing = tonumber(redis.call('HGET', endpoint, 'failing_since') or 0)
if failing > latest then redis.call('HSET', endpoint, 'failing_since', given.now) end
local paused = tonumber(redis.call('HGET', endpoint, 'paused_at') or 0)
if paused > latest then redis.call('HDEL', endpoint, 'paused_until', 'why', 'paused_at') end
site_due(KEYS[1], KEYS[2], given.site)
return back
