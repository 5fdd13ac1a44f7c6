-- Count what several sets have in common.
--
-- KEYS  1 scratch  2… the sets
-- Reply how many
local count = redis.call('SINTERSTORE', KEYS[1], unpack(KEYS, 2))
redis.call('DEL', KEYS[1])
return count
