-- Keep a changed moderator, unless they were removed meanwhile.
--
-- KEYS  1 staff
-- ARGV  1 name  2 Member (MessagePack)
-- Reply changed or missing
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 'missing' end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 'changed'
