-- Return to the queue what was snoozed until now.
--
-- KEYS  1 site prefix "…s:<site>:"  2 site:snoozed
-- ARGV  one map: now; site; most: how many to look at in one go, so that nobody else waits for long
-- Reply how many were returned; the caller repeats this until it is 0
-- uses: comment
-- include: lists
local given = cmsgpack.unpack(ARGV[1])
local due = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', given.now, 'LIMIT', 0, given.most)
for _, cid in ipairs(due) do
  local record = root(KEYS[1]) .. K.comment .. cid
  leave_lists(record, KEYS[1], cid)
  redis.call('ZREM', KEYS[2], cid)
  enter_list(record, KEYS[1], cid, 'flagged')
  live(KEYS[1], given.site, cid, 'flagged', 'flagged', redis.call('HGET', record, 'rev'), '', 'returned')
end
return #due
