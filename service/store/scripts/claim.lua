-- Lease call-backs that are due: of each due site at most its share, of each comment only the first (they stay in order).
--
-- KEYS  1 due (sites)  2 partition prefix "ac:{pN}:"
-- ARGV  1 now  2 leased until  3 most in all  4 most for a site  5… pairs: site, how many it may still have (of sites that
--       have some under way in this process)
-- Reply list of {delivery id, site, comment id, type, body, tries, created at}
--
-- A lease is a later due time: when the deliverer dies, the call-back is due again by itself.
local room = {}
for i = 5, #ARGV, 2 do room[ARGV[i]] = tonumber(ARGV[i + 1]) end
local claimed = {}
for _, site in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 1000)) do
  local left = tonumber(ARGV[3]) - #claimed
  if left <= 0 then break end
  local prefix = KEYS[2] .. 's:' .. site .. ':'
  local due = prefix .. 'due'
  local want = math.min(left, room[site] or tonumber(ARGV[4]))
  if want > 0 then
    for _, cid in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', ARGV[1], 'LIMIT', 0, want)) do
      local id = redis.call('LINDEX', KEYS[2] .. 'q:' .. cid, 0)
      local d = id and redis.call('HMGET', KEYS[2] .. 'd:' .. id, 'type', 'body', 'tries', 'at')
      if d and d[2] then
        redis.call('ZADD', due, ARGV[2], cid)
        claimed[#claimed + 1] = {id, site, cid, d[1], d[2], tonumber(d[3]), tonumber(d[4])}
      elseif id then
        redis.call('LPOP', KEYS[2] .. 'q:' .. cid)
      else
        redis.call('ZREM', due, cid)
      end
    end
    local first = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')[2]
    if first then redis.call('ZADD', KEYS[1], math.max(tonumber(first), tonumber(redis.call('HGET', prefix .. 'endpoint', 'paused_until') or 0)), site)
    else redis.call('ZREM', KEYS[1], site) end
  end
end
return claimed
