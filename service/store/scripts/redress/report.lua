-- Note a reader's report of a comment, once a reader, and weigh what has been reported since a human last looked.
--
-- A report weighs twice the share of a reader's earlier reports that moderators found right, counted as if there had been
-- one right and one wrong: 1 for somebody new, towards 2 for who is always right, towards 0 for who never is.
--
-- KEYS  1 comment  2 its reporters  3 those whose reports a human has answered  4 site:reports
--       5 site:reporters (reader -> how often right, reader .. ":no" -> how often wrong)
-- ARGV  one map: comment: comment id; reader; reason: a code, or ""
-- A comment's hash has, beyond what comment/submit.lua says: as:<code> (how many readers gave this reason).
-- Reply {word, how many readers, weight of the unanswered reports in thousandths, revision, state}
--       noted, known (this reader had reported it), gone (it was erased), missing
local given = cmsgpack.unpack(ARGV[1])
local state, rev = unpack(redis.call('HMGET', KEYS[1], 'state', 'rev'))
if not state then return {'missing', 0, 0, 0, ''} end
if state == 'erased' then return {'gone', 0, 0, tonumber(rev), state} end
local word = 'known'
if redis.call('SISMEMBER', KEYS[3], given.reader) == 0 and redis.call('SADD', KEYS[2], given.reader) == 1 then word = 'noted' end
if word == 'noted' and given.reason ~= '' then redis.call('HINCRBY', KEYS[1], 'as:' .. given.reason, 1) end
local weight = 0
for _, reader in ipairs(redis.call('SMEMBERS', KEYS[2])) do
  local right, wrong = unpack(redis.call('HMGET', KEYS[5], reader, reader .. ':no'))
  right, wrong = tonumber(right or 0), tonumber(wrong or 0)
  weight = weight + 2 * (right + 1) / (right + wrong + 2)
end
local count = redis.call('SCARD', KEYS[2]) + redis.call('SCARD', KEYS[3])
if redis.call('SCARD', KEYS[2]) > 0 then redis.call('ZADD', KEYS[4], count, given.comment) end
return {word, count, math.floor(weight * 1000 + 0.5), tonumber(rev), state}
