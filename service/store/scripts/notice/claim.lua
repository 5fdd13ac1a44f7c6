-- Take it upon oneself to tell a notice, unless somebody else is at it, or it was told a short while ago.
--
-- KEYS  1 notice
-- ARGV  one map: now; every: milliseconds between two messages; upto: what the caller saw as told; lease: for how long it is theirs
-- Reply yours, or wait
local given = cmsgpack.unpack(ARGV[1])
local at, upto, not_before = unpack(redis.call('HMGET', KEYS[1], 'at', 'upto', 'not_before'))
if tonumber(upto or 0) ~= given.upto then return 'wait' end
if at and given.now - tonumber(at) < given.every then return 'wait' end
if given.now < tonumber(not_before or 0) then return 'wait' end
redis.call('HSET', KEYS[1], 'not_before', string.format('%d', given.now + given.lease))
return 'yours'
