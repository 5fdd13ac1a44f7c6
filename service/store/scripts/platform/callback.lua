-- Note where a platform wants to hear of a comment later, and whether it is owed a word, because it was answered without one.
--
-- KEYS  1 comment
-- ARGV  one map: address: return address (JSON); owed_in: states in which a word is owed
-- Reply {state, human}: the state that the comment is in now: what is promised here can't be missed by a decision that
--       comes after, and one that came before is seen here. {"", ""}: there is no such comment.
local given = cmsgpack.unpack(ARGV[1])
local state, human = unpack(redis.call('HMGET', KEYS[1], 'state', 'human'))
if not state then return {'', ''} end
if state ~= 'erased' then
  local owed = given.owed_in[state] and '1' or '0'
  redis.call('HSET', KEYS[1], 'back', given.address, 'owed', owed)
end
return {state, human or ''}
