-- Note what became of some steps of a bulk decision, all at once, and go on behind them. Whoever comes second changes nothing.
--
-- KEYS  1 bulk decision  2 skipped
-- ARGV  one map: state: in which it must be; field: the one that says how far it is; seen: where the caller found it, if
--       anywhere; at: where it is now; done, undone: how many were decided and taken back; skipped: "comment why" of each
--       that was left alone; most: lines of those that are kept; lives: how long (ms)
-- Reply advanced, or other when somebody else did, or when it is in another state
local given = cmsgpack.unpack(ARGV[1])
local state, at = unpack(redis.call('HMGET', KEYS[1], 'state', given.field))
if state ~= given.state or tonumber(at or nil) ~= given.seen then return 'other' end
redis.call('HSET', KEYS[1], given.field, given.at)
redis.call('HINCRBY', KEYS[1], 'done', given.done)
redis.call('HINCRBY', KEYS[1], 'undone', given.undone)
redis.call('HINCRBY', KEYS[1], 'skipped', #given.skipped)
if #given.skipped > 0 then
  redis.call('RPUSH', KEYS[2], unpack(given.skipped))
  redis.call('LTRIM', KEYS[2], 0, given.most - 1)
  redis.call('PEXPIRE', KEYS[2], given.lives)
end
return 'advanced'
