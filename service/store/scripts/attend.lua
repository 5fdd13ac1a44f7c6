-- Say that somebody looks at a comment, or no longer does. Whoever came first is named until they leave or say nothing more.
--
-- KEYS  1 claim  2 site prefix "…s:<site>:"
-- ARGV  1 who  2 for how long, ms (0: they leave)  3 comment id  4 site  5 now
-- Reply {who looks, or "", until when}
-- include: queue
local holder = redis.call('GET', KEYS[1])
local function tell(by, till)
  redis.call('PUBLISH', root(KEYS[2]) .. 'live', cjson.encode({site = ARGV[4], comment = ARGV[3], by = by, till = till}))
end
if tonumber(ARGV[2]) == 0 then
  if holder == ARGV[1] then
    redis.call('DEL', KEYS[1])
    tell('', 0)
    holder = false
  end
elseif not holder or holder == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  if not holder then tell(ARGV[1], ARGV[5] + ARGV[2]) end
  holder = ARGV[1]
end
return {holder or '', holder and ARGV[5] + redis.call('PTTL', KEYS[1]) or 0}
