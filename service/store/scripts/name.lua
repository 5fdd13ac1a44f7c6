-- Remember a platform's name of a comment, for as long as there is the comment: they are erased together.
--
-- KEYS  1 name  2 comment  3 the comment's names
-- ARGV  1 name (a digest)  2 comment id
-- Reply named, or missing when there is no such comment (any more)
local state = redis.call('HGET', KEYS[2], 'state')
if not state or state == 'erased' then return 'missing' end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('SADD', KEYS[3], ARGV[1])
return 'named'
