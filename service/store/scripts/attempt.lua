-- Count an attempt to sign in, before the password is looked at, unless one of its counters says to wait.
--
-- KEYS  the counters that hold for this attempt (hash: count, until)
-- ARGV  1 now, ms  2 first pause, ms  3 longest pause, ms  4 how long a counter is remembered, ms
--       5… for each counter, how many attempts cost no pause
-- Reply {counted or wait, ms until the next attempt is looked at}
local now, wait = tonumber(ARGV[1]), 0
for _, key in ipairs(KEYS) do
  wait = math.max(wait, tonumber(redis.call('HGET', key, 'until') or 0) - now)
end
if wait > 0 then return {'wait', wait} end
for place, key in ipairs(KEYS) do
  local beyond = redis.call('HINCRBY', key, 'count', 1) - tonumber(ARGV[4 + place])
  if beyond > 0 then
    local pause = math.min(tonumber(ARGV[3]), tonumber(ARGV[2]) * 2 ^ (beyond - 1))
    redis.call('HSET', key, 'until', now + pause)
  end
  redis.call('PEXPIRE', key, ARGV[4])
end
return {'counted', 0}
