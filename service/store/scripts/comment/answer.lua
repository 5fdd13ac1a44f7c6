-- Remember what a request was answered with, for its repetitions, unless it was forgotten meanwhile: its comment may be erased.
--
-- KEYS  1 idempotency key
-- ARGV  one map: request: the request's fingerprint; answer; lives: its lifetime (ms)
-- Reply kept or forgotten
local given = cmsgpack.unpack(ARGV[1])
if redis.call('HGET', KEYS[1], 'fp') ~= given.request then return 'forgotten' end
redis.call('HSET', KEYS[1], 'answer', given.answer)
redis.call('PEXPIRE', KEYS[1], given.lives)
return 'kept'
