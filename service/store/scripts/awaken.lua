-- Return to the queue what was snoozed until now.
--
-- KEYS  1 site prefix "…s:<site>:"
-- ARGV  1 now  2 site  3 how many to look at in one go, so that nobody else waits for long
-- Reply how many were returned; the caller repeats this until it is 0
-- include: queue
local due = redis.call('ZRANGEBYSCORE', KEYS[1] .. 'snoozed', '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, cid in ipairs(due) do
  local record = root(KEYS[1]) .. 'c:' .. cid
  leave_lists(record, KEYS[1], cid)
  redis.call('ZREM', KEYS[1] .. 'snoozed', cid)
  enter_list(record, KEYS[1], cid, 'flagged')
  live(KEYS[1], ARGV[2], cid, 'flagged', 'flagged', redis.call('HGET', record, 'rev'), '', 'returned')
end
return #due
