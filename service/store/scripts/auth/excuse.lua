-- Take back an attempt to sign in that was neither right nor wrong, with the pause that it cost.
--
-- KEYS  the counters that held for it (hash: count, until)
-- ARGV  one map: attempts: how many
-- Reply excused
local given = cmsgpack.unpack(ARGV[1])
for _, key in ipairs(KEYS) do
  if tonumber(redis.call('HGET', key, 'count') or 0) > 0 then
    redis.call('HINCRBY', key, 'count', -given.attempts)
    redis.call('HDEL', key, 'until')
  end
end
return 'excused'
