-- Keep an example that belongs to no comment of ours, once. It ends by itself, since no comment takes it along.
--
-- KEYS  1 example  2 site prefix "…s:<site>:"
-- ARGV  one map: example: example id; taught_at: when it was taught (ms); lesson: example (MessagePack);
--       text: digest of its text; now; lives: how long it lives (ms)
-- Reply added, or same when it was here
-- uses: examples suggested said
local given = cmsgpack.unpack(ARGV[1])
local id, site, now = given.example, KEYS[2], given.now
if not redis.call('SET', KEYS[1], given.lesson, 'NX', 'PX', given.lives) then return 'same' end
redis.call('ZADD', site .. K.examples, given.taught_at, id)
redis.call('ZADD', site .. K.suggested, now + given.lives, id)
redis.call('SADD', site .. K.said .. given.text, id)
redis.call('PEXPIRE', site .. K.said .. given.text, given.lives)

-- Of those that have ended, the index still has the names: some go with each that comes.
for _, ended in ipairs(redis.call('ZRANGEBYSCORE', site .. K.suggested, '-inf', now, 'LIMIT', 0, 100)) do
  redis.call('ZREM', site .. K.suggested, ended)
  redis.call('ZREM', site .. K.examples, ended)
end
return 'added'
