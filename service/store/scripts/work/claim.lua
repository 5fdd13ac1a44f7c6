-- Claim comments to judge: the sites that have any take turns, and have equal shares of what is claimed.
--
-- KEYS  1 work  2 partition prefix "ac:{pN}:"
-- ARGV  one map: worker; most: how many; lanes: whose, in this order (shared/work.lua)
-- Reply list of {entry, its fields}
--
-- An error for want of the consumer group comes before anything is taken out of a list. How many sites stand in the ring is counted
-- along: nobody else changes it meanwhile.
-- uses: site
-- include: work
local given, prefix = cmsgpack.unpack(ARGV[1]), KEYS[2]

-- Entries of a lane, taken out of their lists; whoever has more to claim stands last in the ring again.
local function take(lane, entries)
  local ring, bell = prefix .. lane.ring, prefix .. lane.bell
  local sites = redis.call('LLEN', ring)
  if sites > 0 then redis.call('XPENDING', KEYS[1], 'classify') end
  while #entries < given.most and sites > 0 do
    local left = given.most - #entries
    local share = math.max(1, math.floor(left / sites))
    for _ = 1, math.min(left, sites) do
      local name = redis.call('LPOP', ring)
      local list = prefix .. K.site .. name .. ':' .. lane.list
      local found = redis.call('LPOP', list, share) or {}
      for _, entry in ipairs(found) do entries[#entries + 1] = entry end
      if #found == share and redis.call('EXISTS', list) == 1 then
        redis.call('RPUSH', ring, name)
      else
        sites = sites - 1
      end
    end
  end
  redis.call('DEL', bell)
  if sites > 0 then redis.call('RPUSH', bell, '') end
end

local claimed = {}
for _, lane in ipairs(given.lanes) do
  local entries = {}
  take(LANES[lane], entries)
  if #entries > 0 then
    given.most = given.most - #entries
    local command = {'XCLAIM', KEYS[1], 'classify', given.worker, 0}
    for _, entry in ipairs(entries) do command[#command + 1] = entry end
    for _, word in ipairs({'FORCE', 'RETRYCOUNT', 1}) do command[#command + 1] = word end
    for _, row in ipairs(redis.call(unpack(command))) do
      if row and row[2] then claimed[#claimed + 1] = row end
    end
  end
end
return claimed
