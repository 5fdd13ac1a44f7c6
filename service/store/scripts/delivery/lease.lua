-- Lease call-backs that are due: of each due site at most its share, of each comment only the first (they stay in order).
--
-- KEYS  1 due (sites)  2 partition prefix "ac:{pN}:"
-- ARGV  one map: now; leased_until; most: most in all; per_site: most for a site;
--       room: site -> how many it may have instead
-- Reply list of {delivery id, site, comment id, type, body, tries, created at, where it stands in a trace, if it does}
--
-- A lease is a later due time, noted in `leased` too: when the deliverer dies, the call-back is due again by itself. A lease
-- ends later than the one before it on the same comment, so that its end names it: delivery/settle.lua tells holders apart by it.
-- A call-back that can still be undone does not leave before its time (`from`), whatever made its comment due.
-- uses: site due callbacks delivery leased
-- include: due
local given = cmsgpack.unpack(ARGV[1])
local claimed = {}
for _, site in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', given.now, 'LIMIT', 0, 10000)) do
  local left = given.most - #claimed
  if left <= 0 then break end
  local prefix = KEYS[2] .. K.site .. site .. ':'
  local due = prefix .. K.due
  local want = math.min(left, given.room[site] or given.per_site)
  if want > 0 then
    for _, cid in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', given.now, 'LIMIT', 0, want)) do
      local queue = KEYS[2] .. K.callbacks .. cid
      local id = redis.call('LINDEX', queue, 0)
      local record = id and redis.call('HMGET', KEYS[2] .. K.delivery .. id, 'type', 'body', 'tries', 'at', 'from', 'trace')
      if record and tonumber(record[5] or 0) > given.now then
        redis.call('ZADD', due, record[5], cid)
      elseif record and record[2] then
        redis.call('ZADD', due, given.leased_until, cid)
        redis.call('ZADD', prefix .. K.leased, given.leased_until, cid)
        claimed[#claimed + 1] = {id, site, cid, record[1], record[2], tonumber(record[3]), tonumber(record[4]), record[6]}
      elseif id then
        redis.call('LPOP', queue)
      else
        redis.call('ZREM', due, cid)
        redis.call('ZREM', prefix .. K.leased, cid)
      end
    end
    site_due(KEYS[1], prefix, site)
  end
end
return claimed
