-- Note where a platform wants to hear of a comment later, and whether it is owed a word, because it was answered without one.
--
-- KEYS  1 comment
-- ARGV  1 return address (JSON)  2 states in which a word is owed, " a b "
-- Reply {state, human}: the state that the comment is in now: what is promised here can't be missed by a decision that
--       comes after, and one that came before is seen here. {"", ""}: there is no such comment.
local state, human = unpack(redis.call('HMGET', KEYS[1], 'state', 'human'))
if not state then return {'', ''} end
if state ~= 'erased' then
  local owed = string.find(ARGV[2], ' ' .. state .. ' ', 1, true) and '1' or '0'
  redis.call('HSET', KEYS[1], 'back', ARGV[1], 'owed', owed)
end
return {state, human or ''}
