-- Lease call-backs that are due: of each due site at most its share, of each comment only the first (they stay in order).
--
-- KEYS  1 due (sites)  2 partition prefix "ac:{pN}:"
-- ARGV  1 now  2 leased until  3 most in all  4 most for a site  5… pairs: site, how many it may have instead
-- Reply list of {delivery id, site, comment id, type, body, tries, created at}
--
-- A lease is a later due time, noted in `leased` too: when the deliverer dies, the call-back is due again by itself. A lease
-- ends later than the one before it on the same comment, so that its end names it: settle.lua tells holders apart by it.
-- A call-back that can still be undone does not leave before its time (`from`), whatever made its comment due.
-- include: due
local room = {}
for i = 5, #ARGV, 2 do room[ARGV[i]] = tonumber(ARGV[i + 1]) end
local claimed = {}
for _, site in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 10000)) do
  local left = tonumber(ARGV[3]) - #claimed
  if left <= 0 then break end
  local prefix = KEYS[2] .. 's:' .. site .. ':'
  local due = prefix .. 'due'
  local want = math.min(left, room[site] or tonumber(ARGV[4]))
  if want > 0 then
    for _, cid in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', ARGV[1], 'LIMIT', 0, want)) do
      local queue = KEYS[2] .. 'q:' .. cid
      local id = redis.call('LINDEX', queue, 0)
      local record = id and redis.call('HMGET', KEYS[2] .. 'd:' .. id, 'type', 'body', 'tries', 'at', 'from')
      if record and tonumber(record[5] or 0) > tonumber(ARGV[1]) then
        redis.call('ZADD', due, record[5], cid)
      elseif record and record[2] then
        redis.call('ZADD', due, ARGV[2], cid)
        redis.call('ZADD', prefix .. 'leased', ARGV[2], cid)
        claimed[#claimed + 1] = {id, site, cid, record[1], record[2], tonumber(record[3]), tonumber(record[4])}
      elseif id then
        redis.call('LPOP', queue)
      else
        redis.call('ZREM', due, cid)
        redis.call('ZREM', prefix .. 'leased', cid)
      end
    end
    site_due(KEYS[1], prefix, site)
  end
end
return claimed
