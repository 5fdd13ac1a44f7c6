-- Remember what a comment of a platform without ids is known by, for as long as there is the comment: they are erased together.
--
-- KEYS  1 the comment's names  2 comment  3 site prefix "…s:<site>:"
-- ARGV  one map: comment: comment id; name: the platform's own name of it (a digest), or ""; now;
--       kin: the indexes of its author on its page (digests) that it stands in; most: how many such an index keeps
-- Reply named, or missing when there is no such comment (any more)
-- uses: name kin
local given = cmsgpack.unpack(ARGV[1])
local state = redis.call('HGET', KEYS[2], 'state')
if not state or state == 'erased' then return 'missing' end
if given.name ~= '' then
  redis.call('SET', KEYS[3] .. K.name .. given.name, given.comment)
  redis.call('SADD', KEYS[1], given.name)
end
for _, index in ipairs(given.kin) do
  local key = KEYS[3] .. K.kin .. index
  redis.call('ZADD', key, 'NX', given.now, given.comment)
  redis.call('ZREMRANGEBYRANK', key, 0, -given.most - 1)
  redis.call('SADD', KEYS[1], K.kin .. index)
end
return 'named'
