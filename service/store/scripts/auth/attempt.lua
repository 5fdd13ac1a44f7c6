-- Count an attempt to sign in, before the password is looked at, unless one of its counters says to wait.
--
-- KEYS  the counters that hold for this attempt (hash: count, until)
-- ARGV  one map: now, ms; pause: first pause, ms; longest: longest pause, ms;
--       remembered: how long a counter is remembered, ms; free: of each counter, how many attempts cost no pause
-- Reply {counted or wait, ms until the next attempt is looked at}
local given = cmsgpack.unpack(ARGV[1])
local now, wait = given.now, 0
for _, key in ipairs(KEYS) do
  wait = math.max(wait, tonumber(redis.call('HGET', key, 'until') or 0) - now)
end
if wait > 0 then return {'wait', wait} end
for place, key in ipairs(KEYS) do
  local beyond = redis.call('HINCRBY', key, 'count', 1) - given.free[place]
  if beyond > 0 then
    local pause = math.min(given.longest, given.pause * 2 ^ (beyond - 1))
    redis.call('HSET', key, 'until', now + pause)
  end
  redis.call('PEXPIRE', key, given.remembered)
end
return {'counted', 0}
