-- A human has looked at a reported comment: its readers were right, or wrong, and their reports are answered.
--
-- KEYS  1 the comment's unanswered reporters  2 those whose reports were answered  3 site:reporters
-- ARGV  1 "right" or "wrong"
-- Reply: how many reports were answered
local readers = redis.call('SMEMBERS', KEYS[1])
for _, reader in ipairs(readers) do
  redis.call('HINCRBY', KEYS[3], ARGV[1] == 'right' and reader or (reader .. ':no'), 1)
  redis.call('SADD', KEYS[2], reader)
end
redis.call('DEL', KEYS[1])
return #readers
