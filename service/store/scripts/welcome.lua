-- Somebody signed in: their attempt is taken back, and the network that they came from is known from now on.
--
-- KEYS  1 the counter of this name and network  2 the name's  3 the network's  4 the name's known networks (zset)
-- ARGV  1 now, ms  2 network (a digest)  3 networks of before this time are forgotten, ms  4 how many are kept
-- Reply welcome
redis.call('DEL', KEYS[1])
for place = 2, 3 do
  if tonumber(redis.call('HGET', KEYS[place], 'count') or 0) > 0 then redis.call('HINCRBY', KEYS[place], 'count', -1) end
end
redis.call('ZADD', KEYS[4], ARGV[1], ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', '(' .. ARGV[3])
redis.call('ZREMRANGEBYRANK', KEYS[4], 0, -1 - tonumber(ARGV[4]))
return 'welcome'
