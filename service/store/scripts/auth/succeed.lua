-- Somebody signed in: their attempt is taken back, and the network that they came from is known from now on.
--
-- KEYS  1 the counter of this name and network  2 the name's  3 the network's  4 the name's known networks (zset)
-- ARGV  one map: now, ms; network: network (a digest); before: networks of before this time are forgotten, ms;
--       most: how many are kept
-- Reply welcome
local given = cmsgpack.unpack(ARGV[1])
redis.call('DEL', KEYS[1])
for place = 2, 3 do
  if tonumber(redis.call('HGET', KEYS[place], 'count') or 0) > 0 then redis.call('HINCRBY', KEYS[place], 'count', -1) end
end
redis.call('ZADD', KEYS[4], given.now, given.network)
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', '(' .. given.before)
redis.call('ZREMRANGEBYRANK', KEYS[4], 0, -1 - given.most)
return 'welcome'
